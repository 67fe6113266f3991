//! A tenant's report that computes, logs, and is billed: what it may use, what it used, and how the host goes on when it
//! wants too much.
//!
//! ```sh
//! cargo run --example limits
//! ```

use std::time::{Duration, UNIX_EPOCH};

use sandbox_runtime::{
    Clock, Console, Error, LimitKind, Limits, Random, Result, Sandbox, Script, sandbox_api,
};

#[sandbox_api(guest)]
pub trait Report {
    fn estimate(&self, samples: u32) -> Result<f64>;
    fn hoard(&self) -> Result<()>;
}

/// What the report may ask of the host.
#[sandbox_api(host)]
pub trait Audit {
    #[sandbox(max_calls = 10)]
    fn note(&self, text: &str);
}

struct Notes;
impl Audit for Notes {
    fn note(&self, text: &str) {
        println!("  noted: {text}");
    }
}

const SOURCE: &str = "
    export function estimate(samples) {
        let inside = 0;
        for (let i = 0; i < samples; i++) inside += Math.hypot(Math.random(), Math.random()) < 1;
        console.log('samples', samples, 'on', new Date());
        Audit.note(`${samples} samples`);
        return 4 * inside / samples;
    }
    export function hoard() {
        const all = [];
        for (;;) all.push([all.length]);
    }";

fn main() -> Result<()> {
    let limits =
        Limits { wall: Duration::from_secs(5), heap: 32 << 20, console_bytes: 1 << 10, ..Limits::default() };
    let sandbox = Sandbox::builder()
        .limits(limits)
        .console(Console::Capture)
        .clock(Clock::Frozen(UNIX_EPOCH))
        .random(Random::Seeded(7))
        .host::<dyn Audit>(Notes)
        .build()?;
    let load = || sandbox.load::<dyn Report>(Script::new("report.js", SOURCE));

    let report = load()?;
    let (first, again) = (report.estimate(10_000)?, report.estimate(10_000)?);
    println!("estimates: {first} and {again}");
    for line in sandbox.take_console().lines {
        println!("  {:?}: {}", line.level, line.text);
    }
    let bill = sandbox.usage().total;
    println!("{} calls, {} of the host, {} bytes in", bill.calls, bill.host_calls, bill.bytes_in);

    let error = report.hoard().expect_err("no heap is endless");
    assert!(matches!(error, Error::Limit { kind: LimitKind::Heap, .. }));
    println!("{error}");
    println!("{}", report.estimate(1).expect_err("its heap is gone"));

    sandbox.reset()?;
    assert_eq!(load()?.estimate(10_000)?, first, "the numbers begin anew");
    println!("after a reset: {first}");
    Ok(())
}
