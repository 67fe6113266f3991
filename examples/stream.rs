//! A guest turns a stream of measurements into a few alerts. The host makes no more measurements than the guest asks for.
//!
//!     cargo run --example stream

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::stream;
use sandbox_runtime::{Items, Result, Sandbox, Script, Stream, sandbox_api};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct Measurement {
    pub sensor: u32,
    pub degrees: f64,
}

/// The readings that the guest gets.
#[sandbox_api(host)]
pub trait Plant {
    /// The measurements from now on. They have no end.
    async fn measurements(&self) -> Result<Stream<Measurement>>;
    /// The names of the sensors.
    fn sensors(&self) -> Result<Items<String>>;
    /// Takes an alert. Returns when somebody has seen it.
    async fn alert(&self, text: &str);
}

/// The work of the tenant's script.
#[sandbox_api(guest)]
pub trait Watch {
    /// Gives this many alerts.
    async fn watch(&self, alerts: u32) -> Result<u32>;
}

#[derive(Clone, Default)]
struct Oven {
    made: Arc<AtomicU32>,
}

#[sandbox_api]
impl Plant for Oven {
    async fn measurements(&self) -> Result<Stream<Measurement>> {
        // Stands for a queue or a socket: code that runs only when a measurement is asked for.
        Ok(Stream::new(stream::unfold(self.made.clone(), async |made| {
            let number = made.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            let degrees = 180.0 + f64::from(number % 50);
            Some((Ok(Measurement { sensor: number % 3, degrees }), made))
        })))
    }

    fn sensors(&self) -> Result<Items<String>> {
        Ok(Items::new(["left", "middle", "right"].map(|name| Ok(name.to_owned()))))
    }

    async fn alert(&self, text: &str) {
        let made = self.made.load(Ordering::Relaxed);
        println!("{text} (the host has made {made} measurements)");
    }
}

const SCRIPT: &str = "
async function* hot(measurements) {
    for await (const { sensor, degrees } of measurements) if (degrees > 225) yield { sensor, degrees };
}
export async function watch(alerts) {
    const names = [...Plant.sensors()];
    let count = 0;
    for await (const { sensor, degrees } of hot(await Plant.measurements())) {
        await Plant.alert(`${names[sensor]}: ${degrees} degrees`);
        if (++count === alerts) break; // the host drops its stream
    }
    return count;
}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let oven = Oven::default();
    let sandbox = Sandbox::builder().host::<dyn Plant>(oven.clone()).build()?;
    let watch = sandbox.load_async::<dyn Watch>(Script::new("acme.js", SCRIPT)).await?;
    let alerts = watch.watch(6).await?;
    println!("{alerts} alerts of {} measurements", oven.made.load(Ordering::Relaxed));
    Ok(())
}
