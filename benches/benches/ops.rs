//! Guest → host in hot loops: the methods of a contract, beside ops of deno_core that are written by hand.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use sandbox_benches::contracts::{LOOP_NAMES, Loops};
use sandbox_benches::floor::ops::BareLoops;
use sandbox_benches::ours;
use sandbox_benches::pair::{criterion, pair};

/// The time of a loop.
fn time<T>(run: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    black_box(run());
    began.elapsed()
}

fn main() {
    let mut criterion = criterion();
    let ours = ours::hot_loops();
    let ours: &dyn Loops = &ours;
    let mut floor = BareLoops::new();
    for name in LOOP_NAMES {
        assert_eq!(ours.run(name, 3.0).unwrap(), floor.run(name, 3.0), "{name}");
        let mut group = pair(&mut criterion, &format!("guest-to-host/{name}"));
        group.bench_function("ours", |b| {
            b.iter_custom(|turns| time(|| ours.run(name, turns as f64).unwrap()));
        });
        group.bench_function("floor", |b| {
            b.iter_custom(|turns| time(|| floor.run(name, turns as f64)));
        });
        group.finish();
    }
    criterion.final_summary();
}
