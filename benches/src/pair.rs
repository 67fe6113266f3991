//! A pair of measurements by criterion, one right after the other.

use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};

use crate::measure::{folder, is_quick};

/// Criterion, with times that suit so many benchmarks.
#[must_use]
pub fn criterion() -> Criterion {
    let (samples, warm_up, measurement) = if is_quick() { (10, 100, 300) } else { (30, 500, 2000) };
    Criterion::default()
        .without_plots()
        .output_directory(&folder().join("criterion"))
        .nresamples(10_000)
        .sample_size(samples)
        .warm_up_time(Duration::from_millis(warm_up))
        .measurement_time(Duration::from_millis(measurement))
        .configure_from_args()
}

/// A group with the sides `ours` and `floor`.
pub fn pair<'c>(criterion: &'c mut Criterion, id: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(id);
    // Each sample has as many turns as the next, so that a median of samples is one of equals.
    group.sampling_mode(SamplingMode::Flat);
    group
}

/// The time of so many turns, without that of dropping what they give.
pub fn timed<T>(turns: u64, mut turn: impl FnMut() -> T) -> Duration {
    let mut all = Duration::ZERO;
    for _ in 0..turns {
        let began = Instant::now();
        let made = turn();
        all += began.elapsed();
        drop(made);
    }
    all
}
