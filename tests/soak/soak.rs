//! The soak: minutes of faults, endless programs, kills, leaks, tenants and races. `cargo xtask soak` runs it.
//!
//! Each part has a share of the time, and says in the report how much it did and whether what is promised held.

#[path = "../endless/kills.rs"]
mod kills;
#[path = "../endless/memory.rs"]
mod memory;
#[path = "../endless/mod.rs"]
mod programs;
#[path = "../endless/races.rs"]
mod races;
#[path = "../endless/run.rs"]
mod run;
#[path = "../slack/mod.rs"]
mod slack;

mod faults;
mod parts;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use sandbox_runtime::Engine;

/// The options of the command line.
struct Options {
    /// The time of all parts. At full length a part that has not done its work goes on.
    minutes: f64,
    seed: u64,
    is_full: bool,
}

/// The time of all parts at full length.
const FULL_MINUTES: f64 = 60.0;

fn options() -> Result<Options, String> {
    let mut options = Options { minutes: 5.0, seed: 1, is_full: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--full" {
            options = Options { minutes: FULL_MINUTES, is_full: true, ..options };
            continue;
        }
        let value = words.next().ok_or_else(|| format!("`{word}` needs a value"))?;
        let wrong = |_| format!("`{word} {value}` is not understood");
        match word.as_str() {
            "--minutes" => options.minutes = value.parse().map_err(|_| wrong(()))?,
            "--seed" => options.seed = value.parse().map_err(|_| wrong(()))?,
            _ => {
                return Err(format!(
                    "`{word}` is not understood; there are `--full`, `--minutes N` and `--seed S`"
                ));
            }
        }
    }
    Ok(options)
}

/// What a part has until when, and what it starts from.
#[derive(Clone, Copy)]
pub(crate) struct Share {
    pub(crate) until: Instant,
    pub(crate) seed: u64,
    /// The part goes on until its time is over and its work is done. Otherwise the first of both is its end.
    pub(crate) is_full: bool,
}

impl Share {
    /// Whether the part goes on, which has done `done` of the `work` that it has at full length.
    pub(crate) fn goes_on(&self, done: u64, work: u64) -> bool {
        let has_time = Instant::now() < self.until;
        if self.is_full { has_time || done < work } else { has_time && done < work }
    }
}

/// What a part did, and what did not hold.
pub(crate) struct Report {
    pub(crate) lines: Vec<String>,
    pub(crate) broken: Vec<String>,
}

type Part = (&'static str, f64, fn(Share) -> Report);

const PARTS: &[Part] = &[
    ("leaks", 0.12, parts::leaks),
    ("mixed faults", 0.2, faults::faults),
    ("endless programs", 0.28, parts::endless),
    ("kills", 0.2, parts::kills),
    ("tenants", 0.08, parts::tenants),
    ("races", 0.12, parts::races),
];

/// Those that the parts make on purpose are caught, and thousands of their messages would hide the report.
fn silence_the_hosts_panics() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some(HOSTS_MISTAKE) {
            hook(info);
        }
    }));
}

/// What a host panics with on purpose.
const HOSTS_MISTAKE: &str = "the host's own mistake";

fn main() -> ExitCode {
    let Options { minutes, seed, is_full } = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("soak: {error}");
            return ExitCode::FAILURE;
        }
    };
    silence_the_hosts_panics();
    let mut reports = Vec::new();
    for (name, share, part) in PARTS {
        let time = Duration::from_secs_f64(minutes * 60.0 * share);
        eprintln!("soak: {name}, for {time:.0?}");
        reports.push((name, part(Share { until: Instant::now() + time, seed, is_full })));
    }
    println!("soak of {minutes} minutes with seed {seed} on {}", Engine::version());
    for (name, report) in &reports {
        println!("{name}: {}", if report.broken.is_empty() { "holds" } else { "BROKEN" });
        report.lines.iter().for_each(|line| println!("  {line}"));
        report.broken.iter().take(20).for_each(|broken| println!("  broken: {broken}"));
    }
    match reports.iter().all(|(_, report)| report.broken.is_empty()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
