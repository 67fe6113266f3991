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

/// So many times the median of single turns, each with what `prepare` gives, which is not timed: what seldom comes, such as a
/// collection of garbage, is left out.
pub fn typical<P, T>(turns: u64, mut prepare: impl FnMut() -> P, mut turn: impl FnMut(P) -> T) -> Duration {
    let one = |_| {
        let prepared = prepare();
        let began = Instant::now();
        let made = turn(prepared);
        let took = began.elapsed();
        drop(made);
        took
    };
    let mut times = (0..turns).map(one).collect::<Vec<_>>();
    times.sort_unstable();
    times[times.len() / 2] * u32::try_from(turns).unwrap_or(u32::MAX)
}
