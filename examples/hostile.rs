//! A server goes on pricing while tenants take their processes down.
//!
//! Each tenant has a process, which is this executable started again. Five of them upload one line that ends the process in which it
//! runs, or would never end; the sixth is a shop, whose prices are asked for all the while.

use std::time::{Duration, Instant};

use sandbox_runtime::{Error, LimitKind, Limits, Result, SandboxPool, Script, Trust, process, sandbox_api};

/// What a tenant uploads.
#[sandbox_api(guest)]
pub trait PricingRule {
    /// The price of so many.
    fn price(&self, quantity: u32) -> Result<f64>;
}

/// One line each, known from the public issues of sandboxes that run in the process of their host.
const KILLERS: [(&str, &str); 5] = [
    ("an array of holes", "const a = []; a.length = 2 ** 26; return a.fill(0.5).map((x) => ({ x })).length;"),
    ("a text in pieces", "return 'x'.repeat(2 ** 28).split('').length;"),
    ("a great number", "return (2n ** 60000000n).toString().length;"),
    ("a heap that grows", "const a = []; for (;;) a.push(new Array(1e6).fill(a.length));"),
    ("a loop", "for (;;);"),
];

fn main() -> Result<()> {
    process::init();

    let limits = Limits { wall: Duration::from_millis(200), ..Limits::default() };
    // A thread waits for the process of its tenant: as many run at once as there are threads.
    let pool = SandboxPool::builder().limits(limits).trust(Trust::Hostile).threads(8).build()?;
    let load = |tenant: &str, body: &str| {
        let script = Script::new("rule.js", format!("export const price = (quantity) => {{ {body} }};"));
        pool.tenant(tenant).load::<dyn PricingRule>(script)
    };

    let shop = load("the shop", "return Math.round(quantity * 9.5 * 100) / 100;")?;
    let attackers = std::thread::spawn({
        let guests = KILLERS.map(|(name, body)| load(name, body).map(|guest| (name, guest)));
        move || -> Result<Vec<(&str, Error, Duration)>> {
            let mut ends = Vec::new();
            for guest in guests {
                let (name, guest) = guest?;
                let began = Instant::now();
                if let Err(error) = guest.price(1) {
                    ends.push((name, error, began.elapsed()));
                }
            }
            Ok(ends)
        }
    });

    let (mut prices, mut late, mut slowest) = (0_u32, 0_u32, Duration::ZERO);
    while !attackers.is_finished() {
        let began = Instant::now();
        match shop.price(3) {
            Ok(price) => assert_eq!(price, 28.5),
            // On a busy machine any call may meet the limit of time.
            Err(Error::Limit { kind: LimitKind::Wall, .. }) => late += 1,
            Err(error) => return Err(error),
        }
        slowest = slowest.max(began.elapsed());
        prices += 1;
    }
    let ends = attackers.join().expect("it does not panic")?;
    for (name, error, took) in &ends {
        println!("{name:<20} {took:>7.0?}  {error}");
    }
    assert_eq!(ends.len(), KILLERS.len());
    assert!(late < prices, "the shop got no price");
    println!(
        "meanwhile the shop was asked {prices} times; the slowest answer took {slowest:.1?}; {late} were too late"
    );
    println!("this process is {}, and lives", std::process::id());
    Ok(())
}
