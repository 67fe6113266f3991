//! A guest turns a stream of measurements into a stream of alerts. The guest runs only when the host asks for an alert, and the
//! host makes no more measurements than the guest asks for.
//!
//!     cargo run --example stream

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{StreamExt as _, stream};
use sandbox_runtime::{Items, Result, Sandbox, Script, Stream, sandbox_api};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct Measurement {
    pub sensor: u32,
    pub degrees: f64,
}

/// The host of the guest.
#[sandbox_api(host)]
pub trait Plant {
    /// The names of the sensors.
    fn sensors(&self) -> Result<Items<String>>;
}

/// The work of the tenant's script.
#[sandbox_api(guest)]
pub trait Watch {
    /// Makes alerts of measurements.
    async fn watch(&self, measurements: Stream<Measurement>) -> Result<Stream<String>>;
}

struct Oven;

impl Plant for Oven {
    fn sensors(&self) -> Result<Items<String>> {
        Ok(Items::new(["left", "middle", "right"].map(|name| Ok(name.to_owned()))))
    }
}

/// The measurements from now on. They have no end. Counts those that were made.
fn measurements(made: Arc<AtomicU32>) -> Stream<Measurement> {
    // Stands for a queue or a socket: code that runs only when a measurement is asked for.
    Stream::new(stream::unfold(made, async |made| {
        let number = made.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let degrees = 180.0 + f64::from(number % 50);
        Some((Ok(Measurement { sensor: number % 3, degrees }), made))
    }))
}

const SCRIPT: &str = "
export async function* watch(measurements) {
    const names = [...Plant.sensors()];
    for await (const { sensor, degrees } of measurements)
        if (degrees > 225) yield `${names[sensor]}: ${degrees} degrees`;
}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let made = Arc::new(AtomicU32::new(0));
    let sandbox = Sandbox::builder().host::<dyn Plant>(Oven).build()?;
    let watch = sandbox.load_async::<dyn Watch>(Script::new("acme.js", SCRIPT)).await?;
    // The guest's generator ends when this is dropped, and drops the measurements.
    let mut alerts = watch.watch(measurements(made.clone())).await?.take(6);
    while let Some(alert) = alerts.next().await {
        println!("{} (of {} measurements)", alert?, made.load(Ordering::Relaxed));
    }
    Ok(())
}
