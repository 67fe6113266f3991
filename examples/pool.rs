//! A hundred tenants on a few threads, in memory for twenty; a tenth of them is hostile.
//!
//!     cargo run --example pool

use std::collections::BTreeMap;
use std::time::Duration;

use sandbox_runtime::{Error, Limits, Result, SandboxPool, Script, Trust, sandbox_api};

#[sandbox_api(guest)]
pub trait Rule {
    fn price(&self, quantity: f64) -> Result<f64>;
}

/// The rules that tenants upload.
fn script(tenant: u32) -> Script {
    let source = match tenant % 20 {
        7 => "export function price() { for (;;) {} }".to_owned(),
        13 => "const all = []; export function price() { for (;;) all.push(new Array(1000).fill(0)); }"
            .to_owned(),
        _ => format!("export const price = (quantity) => quantity * {tenant};"),
    };
    Script::new("rule.js", source)
}

fn main() -> Result<()> {
    let pool = SandboxPool::builder()
        .trust(Trust::Tenants)
        // On a machine that does other work, a call that computes little can take long. Its CPU time stays the same.
        .limits(Limits {
            wall: Duration::from_secs(5),
            cpu: Duration::from_millis(250),
            heap: 16 << 20,
            ..Limits::default()
        })
        .memory(64 << 20)
        .build()?;
    let rules =
        (0..100).map(|tenant| pool.tenant(&format!("tenant-{tenant}")).load::<dyn Rule>(script(tenant)));
    // To load a script is a call with the same limits: a tenant whose script does not load is without a rule, and no other is.
    let rules = rules.collect::<Vec<_>>();

    let mut outcomes = BTreeMap::<String, u32>::new();
    for _ in 0..3 {
        for (tenant, rule) in rules.iter().enumerate() {
            let price = rule.as_ref().map_err(Error::clone).and_then(|rule| rule.price(2.0));
            let outcome = match price {
                Ok(price) if price == 2.0 * tenant as f64 => "priced".to_owned(),
                Ok(price) => format!("wrong: {price}"),
                Err(Error::Limit { kind, .. }) => format!("ended: {kind:?}"),
                Err(other) => other.to_string(),
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    println!("{outcomes:#?}");
    println!("{:#?}", pool.metrics());
    Ok(())
}
