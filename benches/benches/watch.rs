//! What a call costs the watchdog: `arm` and `disarm`, beside one read of the clock.
//! `cargo bench -p sandbox-benches --features v8 --bench watch` prints the best of several rounds.
#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::print_stdout, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use sandbox_runtime::__private::WatchProbe;

const ROUNDS: u32 = 15;
const TURNS: u32 = 1_000_000;

fn best(mut turn: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        (0..TURNS).for_each(|_| turn());
        best = best.min(started.elapsed());
    }
    best.as_secs_f64() * 1e9 / f64::from(TURNS)
}

fn main() {
    let probe = WatchProbe::new();
    println!("nanoseconds, best of {ROUNDS} rounds");
    println!("  a read of the clock     {:6.1}", best(|| _ = black_box(Instant::now())));
    println!("  arm and disarm          {:6.1}", best(|| probe.call(Duration::from_secs(1))));
}
