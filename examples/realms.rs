//! The many rules of one tenant in one sandbox: each in a realm of its own, so that none gets in another's way.
//!
//! ```sh
//! cargo run --example realms
//! ```

use std::time::{Duration, Instant};

use sandbox_runtime::{Engine, Error, LimitKind, Limits, Result, Sandbox, Script, sandbox_api};

#[sandbox_api(guest)]
pub trait Rule {
    fn allows(&self, amount: f64) -> Result<bool>;
}

/// Each is written as if it were alone. The second one would break the others, if they were in its realm.
const RULES: [(&str, &str); 3] = [
    ("limit.js", "globalThis.most = 100; export const allows = (amount) => amount <= most;"),
    ("count.js", "globalThis.most = 2; Math.max = null; let n = 0; export const allows = () => ++n <= most;"),
    ("round.js", "export const allows = (amount) => amount === Math.max(1, Math.round(amount));"),
];

fn main() -> Result<()> {
    // On a machine that does other work, a call that computes little can take long. Its CPU time stays the same.
    let (wall, cpu) = (Duration::from_secs(5), Duration::from_millis(500));
    let limits = Limits { wall, cpu, ..Limits::default() };
    let sandbox = Sandbox::builder().limits(limits).build()?;
    let load = |(name, source): (&str, &str)| sandbox.realm()?.load::<dyn Rule>(Script::new(name, source));
    let rules = RULES.into_iter().map(load).collect::<Result<Vec<_>>>()?;
    for amount in [20.0, 99.5, 120.0] {
        let answers = rules.iter().map(|rule| rule.allows(amount)).collect::<Result<Vec<_>>>()?;
        println!("{amount}: {answers:?}");
    }

    // A rule that does not end is ended, and the others go on.
    let endless = load(("endless.js", "export const allows = () => { for (;;); };"))?;
    let error = endless.allows(1.0).expect_err("it does not end");
    assert!(matches!(error, Error::Limit { kind: LimitKind::Cpu | LimitKind::Wall, .. }));
    println!("{error}");
    assert!(rules[0].allows(1.0)?);

    let began = Instant::now();
    // The small engine keeps them for as long as the sandbox.
    let count: u32 = if Engine::CURRENT == Engine::V8 { 1000 } else { 20 };
    (0..count).try_for_each(|_| sandbox.realm().map(drop))?;
    println!("a realm takes {} µs", began.elapsed().as_micros() / u128::from(count));
    Ok(())
}
