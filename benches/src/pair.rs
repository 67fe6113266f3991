//! A pair of measurements: their times by criterion, and their ratio by turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};

use crate::measure::{Sample, Side, folder, is_quick, keep};

/// Criterion, with times that suit so many benchmarks.
fn criterion() -> Criterion {
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

/// Pairs, and their ratios so far.
pub struct Pairs {
    bench: &'static str,
    criterion: Criterion,
    ratios: Vec<Sample>,
}

impl Pairs {
    /// The pairs of a benchmark of this name.
    #[must_use]
    pub fn new(bench: &'static str) -> Self {
        Self { bench, criterion: criterion(), ratios: Vec::new() }
    }

    /// Measures both sides, each of which says how long so many turns took.
    ///
    /// Criterion has the times of one after those of the other, and what else the machine does meanwhile is not the same for
    /// both. So the ratio is taken from short slices by turns: it is the median of the ratios of neighbours.
    pub fn add(
        &mut self,
        id: &str,
        mut ours: impl FnMut(u64) -> Duration,
        mut floor: impl FnMut(u64) -> Duration,
    ) {
        let mut group = self.criterion.benchmark_group(id);
        // Each sample has as many turns as the next, so that a median of samples is one of equals.
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function("ours", |b| b.iter_custom(&mut ours));
        group.bench_function("floor", |b| b.iter_custom(&mut floor));
        group.finish();

        let (rounds, slice) = if is_quick() { (11, 0.005) } else { (41, 0.015) };
        let turns = |side: &mut dyn FnMut(u64) -> Duration| {
            let mut turns = 1;
            while side(turns).as_secs_f64() < slice && turns < 1 << 30 {
                turns *= 2;
            }
            turns
        };
        let (of_ours, of_floor) = (turns(&mut ours), turns(&mut floor));
        let mut ratios = (0..rounds)
            .map(|_| {
                let took = ours(of_ours).as_secs_f64() / of_ours as f64;
                took / (floor(of_floor).as_secs_f64() / of_floor as f64)
            })
            .collect::<Vec<_>>();
        ratios.sort_by(f64::total_cmp);
        self.ratios.push(Sample::new(id, Side::Ratio, ratios[rounds / 2]));
    }

    /// Keeps the ratios.
    pub fn finish(self) {
        self.criterion.final_summary();
        keep(&format!("ratios-{}", self.bench), &self.ratios).unwrap();
    }
}

/// The time of so many turns in a row.
pub fn looped<T>(mut turn: impl FnMut() -> T) -> impl FnMut(u64) -> Duration {
    move |turns| {
        let began = Instant::now();
        for _ in 0..turns {
            black_box(turn());
        }
        began.elapsed()
    }
}

/// The time of one call of a guest whose loop has so many turns.
pub fn guest_loop<T>(mut run: impl FnMut(f64) -> T) -> impl FnMut(u64) -> Duration {
    move |turns| {
        let began = Instant::now();
        black_box(run(turns as f64));
        began.elapsed()
    }
}

/// The time of so many turns, each with what `prepare` gives, which is not timed. It is prepared for some turns at a time, so
/// that the clock is not read for each.
pub fn prepared<P, T>(
    batch: u64,
    mut prepare: impl FnMut() -> P,
    mut turn: impl FnMut(P) -> T,
) -> impl FnMut(u64) -> Duration {
    move |turns| {
        let mut all = Duration::ZERO;
        let mut left = turns;
        while left > 0 {
            let now = left.min(batch);
            let given = (0..now).map(|_| prepare()).collect::<Vec<_>>();
            let mut made = Vec::with_capacity(given.len());
            let began = Instant::now();
            made.extend(given.into_iter().map(&mut turn));
            all += began.elapsed();
            drop(made);
            left -= now;
        }
        all
    }
}

/// The time of so many turns, without that of dropping what they give.
pub fn timed<T>(mut turn: impl FnMut() -> T) -> impl FnMut(u64) -> Duration {
    prepared(1, || (), move |()| turn())
}

/// So many times the median of single turns, each with what `prepare` gives, which is not timed: what seldom comes, such as a
/// collection of garbage, is left out.
pub fn typical<P, T>(prepare: impl FnMut() -> P, turn: impl FnMut(P) -> T) -> impl FnMut(u64) -> Duration {
    let mut one = prepared(1, prepare, turn);
    move |turns| {
        let mut times = (0..turns).map(|_| one(1)).collect::<Vec<_>>();
        times.sort_unstable();
        times[times.len() / 2] * u32::try_from(turns).unwrap_or(u32::MAX)
    }
}
