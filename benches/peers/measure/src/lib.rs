//! How every peer written in Rust is measured: one round to warm up, then seven, of which the median and the best
//! are printed as a line of JSON.

use std::hint::black_box;
use std::time::{Duration, Instant};

const ROUNDS: usize = 7;

/// An engine that is measured.
pub struct Peer {
    name: &'static str,
    version: String,
}

impl Peer {
    /// The engine's crate; its version is what this workspace is locked to, so that no line can name another.
    pub fn of_crate(name: &'static str) -> Self {
        let lock = include_str!("../../Cargo.lock");
        let version = lock
            .split_once(&format!("name = \"{name}\"\nversion = \""))
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(version, _)| version.to_owned())
            .unwrap_or_else(|| panic!("{name} is not in Cargo.lock"));
        Self { name, version }
    }

    /// The same engine, used in another way.
    pub fn used_as(&self, name: &'static str) -> Self {
        Self { name, version: self.version.clone() }
    }

    /// Measures `call`, `calls` times a round.
    pub fn calls<R>(&self, work: &str, note: &str, calls: u32, mut call: impl FnMut() -> R) {
        self.rounds(work, note, calls, || {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(call());
            }
            start.elapsed()
        });
    }

    /// Measures `run`, which makes `turns` turns in the guest, once a round.
    pub fn turns<R>(&self, work: &str, note: &str, turns: u32, mut run: impl FnMut(u32) -> R) {
        self.rounds(work, note, turns, || {
            let start = Instant::now();
            black_box(run(black_box(turns)));
            start.elapsed()
        });
    }

    /// Measures `start`, `starts` times a round. What it returns is dropped while the clock stands, and so is what
    /// `clean` does.
    pub fn starts<R>(&self, note: &str, starts: u32, mut start: impl FnMut() -> R, mut clean: impl FnMut()) {
        self.rounds("start", note, starts, || {
            let mut total = Duration::ZERO;
            for _ in 0..starts {
                let begun = Instant::now();
                let made = black_box(start());
                total += begun.elapsed();
                drop(made);
                clean();
            }
            total
        });
    }

    /// Each round tells how long its `units` took.
    fn rounds(&self, work: &str, note: &str, units: u32, mut round: impl FnMut() -> Duration) {
        round();
        let mut each = [0.0; ROUNDS];
        for each in &mut each {
            *each = round().as_nanos() as f64 / f64::from(units);
        }
        each.sort_by(f64::total_cmp);
        let Self { name, version } = self;
        let (best, median) = (each[0], each[ROUNDS / 2]);
        // A `str`'s debug form is JSON as long as it is ASCII.
        assert!(note.is_ascii());
        let note = if note.is_empty() { String::new() } else { format!(",\"note\":{note:?}") };
        println!(
            "{{\"peer\":\"{name}\",\"version\":\"{version}\",\"work\":\"{work}\",\"unit\":\"ns\",\
             \"median\":{median:.1},\"best\":{best:.1}{note}}}"
        );
    }
}
