//! Programs of calls, polls, drops, kills, resets and late answers, in an order that a seed decides.
//!
//! Each outcome is checked against what is allowed: a call ends once, with its own answer or with an error that something in
//! the program explains; nothing of the host lives on after its call; the bill has every call; and after all of it the
//! sandbox answers. `SEED=17 cargo test --test interleavings` runs one program, `SEEDS=100000` so many.

#[path = "interleavings/driver.rs"]
mod driver;
#[path = "interleavings/flood.rs"]
mod flood;
#[path = "interleavings/host.rs"]
mod host;
#[allow(dead_code, reason = "programs need some of the numbers")]
#[path = "endless/random.rs"]
mod random;
#[path = "interleavings/regressions.rs"]
mod regressions;
mod slack;

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};

use driver::Kind;
use sandbox_runtime::Engine;

/// The seeds of a test, of which there are so many by default.
fn seeds(default: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        // A process that has made 270 sandboxes of QuickJS can make no more.
        None if Engine::CURRENT == Engine::QuickJs => 0..number("SEEDS").unwrap_or(20),
        None => 0..number("SEEDS").unwrap_or(default),
    }
}

/// Runs programs on all processors, and says which went wrong.
fn run_all(kind: Kind, default: u64) {
    let seeds = seeds(default);
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut wrong = Vec::new();
        let mut ended = driver::Ends::default();
        while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds.end) {
            match driver::run(seed, kind) {
                Ok(ends) => ended.add(&ends),
                Err(error) => wrong.push(format!("SEED={seed}: {error}")),
            }
        }
        (wrong, ended)
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (mut wrong, mut ended) = (Vec::new(), driver::Ends::default());
    std::thread::scope(|scope| {
        let workers = (0..threads).map(|_| scope.spawn(work)).collect::<Vec<_>>();
        for worker in workers {
            let (some, ends) = worker.join().expect("a program is guarded");
            wrong.extend(some);
            ended.add(&ends);
        }
    });
    assert!(wrong.is_empty(), "{} programs went wrong ({kind:?}):\n{}", wrong.len(), wrong.join("\n"));
    if seeds.end - seeds.start >= 200 {
        ended.assert_all_happened();
    }
}

#[test]
#[cfg_attr(
    feature = "quickjs",
    ignore = "sandboxes that run on several threads at once corrupt memory there"
)]
fn a_local_sandbox_in_any_order() {
    run_all(Kind::Local, 1_500);
}

#[test]
#[cfg_attr(
    feature = "quickjs",
    ignore = "sandboxes that run on several threads at once corrupt memory there"
)]
fn a_shared_sandbox_in_any_order() {
    run_all(Kind::Shared, 500);
}
