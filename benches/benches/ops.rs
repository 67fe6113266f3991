//! Guest → host in hot loops: the methods of a contract, beside ops of deno_core that are written by hand.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use sandbox_benches::contracts::{LOOP_NAMES, Loops};
use sandbox_benches::floor::ops::BareLoops;
use sandbox_benches::ours;
use sandbox_benches::pair::Pairs;

/// The time of one call of a guest, whose loop makes so many of the host.
fn time<T>(mut run: impl FnMut(f64) -> T) -> impl FnMut(u64) -> Duration {
    move |turns| {
        let began = Instant::now();
        black_box(run(turns as f64));
        began.elapsed()
    }
}

fn main() {
    let mut pairs = Pairs::new("ops");
    let ours = ours::hot_loops();
    let ours: &dyn Loops = &ours;
    let mut floor = BareLoops::new();
    for name in LOOP_NAMES {
        assert_eq!(ours.run(name, 3.0).unwrap(), floor.run(name, 3.0), "{name}");
        pairs.add(
            &format!("guest-to-host/{name}"),
            time(|turns| ours.run(name, turns).unwrap()),
            time(|turns| floor.run(name, turns)),
        );
    }
    pairs.finish();
}
