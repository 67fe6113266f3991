//! An order goes through a guest that waits for the host, many at a time; one client goes away, and one guest waits for ever.
//!
//!     cargo run --example asynchronous

use std::time::{Duration, Instant};

use sandbox_runtime::{Limits, Result, Sandbox, Script, sandbox_api};

/// The work of the tenant's script.
#[sandbox_api(guest)]
pub trait Workflow {
    async fn order(&self, sku: &str) -> Result<String>;
}

/// What the host lets it wait for.
#[sandbox_api(host)]
pub trait Warehouse {
    async fn stock(&self, sku: &str) -> u32;
}

struct Remote;

#[sandbox_api]
impl Warehouse for Remote {
    async fn stock(&self, sku: &str) -> u32 {
        // Stands for a request over the network.
        tokio::time::sleep(Duration::from_millis(50)).await;
        u32::try_from(sku.len()).unwrap_or(u32::MAX)
    }
}

const SCRIPT: &str = "export async function order(sku) {
    if (sku === 'never') await new Promise(() => {});
    const stock = await Warehouse.stock(sku);
    return stock > 3 ? `${sku}: sent` : `${sku}: only ${stock} left`;
}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let sandbox = Sandbox::builder()
        .limits(Limits { wall: Duration::from_millis(500), ..Limits::default() })
        .host::<dyn Warehouse>(Remote)
        .build()?;
    let workflow = sandbox.load_async::<dyn Workflow>(Script::new("acme.js", SCRIPT)).await?;

    let began = Instant::now();
    let (a, b, c) = tokio::join!(workflow.order("pen"), workflow.order("chair"), workflow.order("lamp"));
    println!("{}\n{}\n{}", a?, b?, c?);
    println!(
        "three orders, which each wait 50 ms, took less than 150: {}",
        began.elapsed().as_millis() < 150
    );

    let gone = tokio::time::timeout(Duration::from_millis(10), workflow.order("sofa")).await;
    println!("a client that went away: {}", gone.is_err());

    let soon = workflow.with_deadline(Instant::now() + Duration::from_millis(20));
    println!("a client in a hurry: {}", soon.order("table").await.unwrap_err());
    println!("a promise that never settles: {}", workflow.order("never").await.unwrap_err());
    println!("{}", workflow.order("stool").await?);
    Ok(())
}
