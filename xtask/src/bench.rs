//! `cargo xtask bench`: runs the benchmarks, counts instructions, and has the page written.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use serde_json::{Value, json};

use crate::engine::{self, Choice};
use crate::{HELP, Result, cargo_program, say, target, tools, workspace};

/// The benchmarks, and what each is about.
const BENCHES: [(&str, &str); 10] = [
    ("calls", "host → guest"),
    ("ops", "guest → host"),
    ("handles", "handles, callbacks and streams"),
    ("bulk", "a gibibyte through a stream, and cancellation"),
    ("start", "processes, sandboxes, realms"),
    ("web", "the names of the web"),
    ("transports", "threads and pools"),
    ("process", "processes"),
    ("memory", "resident bytes"),
    ("compile", "the macro at compile time"),
];

/// The benchmarks with guests in a process of their own.
const WITH_PROCESSES: [&str; 2] = ["process", "bulk"];

/// The paths whose instructions are counted, and how many calls are.
const PATHS: [(&str, u32); 3] =
    [("host-to-guest/add", 10_000), ("host-to-guest/greet", 10_000), ("guest-to-host/add", 100_000)];

/// How much more instructions than the budget are too many.
const TOLERANCE: f64 = 1.05;

/// What is measured.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    quick: bool,
    peers: bool,
    instructions: bool,
    bless: bool,
}

impl Options {
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for word in words {
            match *word {
                "--quick" => options.quick = true,
                "--peers" => options.peers = true,
                "--instructions" => options.instructions = true,
                "--bless" => options.bless = true,
                other => return Err(format!("`cargo xtask bench` has no argument `{other}`\n\n{HELP}")),
            }
        }
        match options {
            Self { bless: true, instructions: false, .. } => {
                Err("`--bless` needs `--instructions`: together they write the budget".to_owned())
            }
            Self { instructions: true, quick: true, .. } | Self { instructions: true, peers: true, .. } => {
                Err("`--instructions` cannot be combined with `--quick` or `--peers`".to_owned())
            }
            options => Ok(options),
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    // The floors are V8's.
    for engine in engine::choose(Choice::V8)? {
        engine.prepare()?;
    }
    match options.instructions {
        true => instructions(options.bless),
        false => measure(options),
    }
}

/// A command of cargo on the package of the benchmarks.
fn cargo(command: &str, arguments: &[&str]) -> Command {
    let mut cargo = Command::new(cargo_program());
    // What is only measured with the feature is measured without it elsewhere: it is more to compile.
    let features =
        if arguments.iter().any(|argument| WITH_PROCESSES.contains(argument)) { "v8,process" } else { "v8" };
    cargo.args([command, "--quiet", "--package", "sandbox-benches", "--features", features]);
    cargo.args(arguments).current_dir(workspace()).env("BENCH_RESULTS", results());
    cargo
}

fn results() -> PathBuf {
    target().join("bench")
}

/// Runs a command to its end.
fn must(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().map_err(|error| format!("{what}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{what} failed; its output is above")) }
}

fn measure(options: &Options) -> Result<ExitCode> {
    let quick = |command: &mut Command| {
        if options.quick {
            command.env("BENCH_QUICK", "1");
        }
    };
    let steps = BENCHES.len() + 1 + usize::from(options.peers);
    say(&format!("0/{steps} build"));
    must(&mut cargo("bench", &["--no-run", "--benches"]), "the build of the benchmarks")?;
    for (at, (bench, about)) in BENCHES.iter().enumerate() {
        say(&format!("{}/{steps} {bench}: {about}", at + 1));
        let mut command = cargo("bench", &["--bench", bench]);
        quick(&mut command);
        must(&mut command, &format!("the benchmark `{bench}`"))?;
    }
    if options.peers {
        say(&format!("{}/{steps} peers", BENCHES.len() + 1));
        peers()?;
    }
    say(&format!("{steps}/{steps} report"));
    let mut command = cargo("run", &["--release", "--bin", "report"]);
    quick(&mut command);
    must(&mut command, "the report")?;
    Ok(ExitCode::SUCCESS)
}

/// Keeps what `benches/peers/run` prints.
fn peers() -> Result<()> {
    let program = workspace().join("benches/peers/run");
    if !program.exists() {
        return Err("`--peers` needs the program `benches/peers/run`, which does not exist".to_owned());
    }
    let mut command = Command::new(program);
    let output = command.current_dir(workspace()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("benches/peers/run: {error}"))?;
    if !output.status.success() {
        return Err("benches/peers/run failed; its output is above".to_owned());
    }
    fs::create_dir_all(results())
        .and_then(|()| fs::write(results().join("peers.jsonl"), output.stdout))
        .map_err(|error| format!("the results of the peers cannot be written: {error}"))
}

// ---------------------------------------------------------------------------------------------------------
// Instructions

/// Instructions of a call of this project and of the floor, by path.
type Counts = BTreeMap<String, [f64; 2]>;

fn budget_file() -> PathBuf {
    workspace().join("benches/instructions.json")
}

fn instructions(bless: bool) -> Result<ExitCode> {
    tools::need("counting instructions", &[tools::VALGRIND])?;
    must(&mut cargo("build", &["--release", "--bin", "count"]), "the build of what is counted")?;
    let mut counts = Counts::new();
    for (at, (path, calls)) in PATHS.iter().enumerate() {
        say(&format!("{}/{} {path}", at + 1, PATHS.len()));
        let of = |side| -> Result<f64> { Ok(count(path, side, *calls)? / f64::from(*calls)) };
        counts.insert((*path).to_owned(), [of("ours")?, of("floor")?]);
    }
    if bless {
        fs::write(budget_file(), written(&counts))
            .map_err(|error| format!("benches/instructions.json cannot be written: {error}"))?;
    }
    let budget = fs::read_to_string(budget_file())
        .map_err(|error| format!("benches/instructions.json: {error}; `--bless` writes it"))?;
    let budget = parsed(&budget)?;
    println!("{:<22} {:>8} {:>8} {:>8} {:>8}", "instructions a call", "ours", "budget", "floor", "ratio");
    for (path, [ours, floor]) in &counts {
        let allowed = budget.get(path).map_or("none".to_owned(), |[allowed, _]| format!("{allowed:.0}"));
        println!("{path:<22} {ours:>8.0} {allowed:>8} {floor:>8.0} {:>8.2}", ours / floor);
    }
    let over = beyond(&counts, &budget);
    if over.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(format!(
        "{}; if that is meant, `cargo xtask bench --instructions --bless` writes the budget anew",
        over.join("; ")
    ))
}

/// The instructions of so many calls: what their thread does from the first to the last, and nothing of other threads.
fn count(path: &str, side: &str, calls: u32) -> Result<f64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*counted_calls*"]);
    // Code that V8 compiles is written where other code was.
    valgrind.arg("--smc-check=all-non-file");
    valgrind.arg(target().join("release/count")).args([path, side, &calls.to_string()]);
    let output = valgrind.output().map_err(|error| {
        format!("valgrind cannot be run: {error}; install it with the system's package manager")
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    collected(&said).ok_or_else(|| format!("valgrind printed no count for `{path}`:\n{said}"))
}

/// The number that callgrind ends with.
fn collected(said: &str) -> Option<f64> {
    let (_, rest) = said.rsplit_once("Collected :")?;
    rest.lines().next()?.trim().parse().ok()
}

/// The budget as a file.
fn written(counts: &Counts) -> String {
    let side = |value: f64| json!(value.round() as u64);
    let lines = counts.iter().map(|(path, [ours, floor])| {
        let sides = json!({ "ours": side(*ours), "floor": side(*floor) });
        format!("  {}: {sides}", Value::from(path.clone()))
    });
    format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
}

fn parsed(text: &str) -> Result<Counts> {
    let wrong = || {
        "benches/instructions.json is damaged; write it anew with `cargo xtask bench --instructions --bless`"
            .to_owned()
    };
    let value: Value = serde_json::from_str(text).map_err(|_| wrong())?;
    let entry = |(path, sides): (&String, &Value)| {
        Some((path.clone(), [sides["ours"].as_f64()?, sides["floor"].as_f64()?]))
    };
    value.as_object().and_then(|paths| paths.iter().map(entry).collect()).ok_or_else(wrong)
}

/// What takes more than its budget, or has none.
fn beyond(counts: &Counts, budget: &Counts) -> Vec<String> {
    let verdict = |(path, [ours, _]): (&String, &[f64; 2])| match budget.get(path) {
        None => Some(format!("{path} has no budget; add one with `--bless`")),
        Some([allowed, _]) if *ours > allowed * TOLERANCE => {
            Some(format!("{path} takes {ours:.0} instructions, and its budget is {allowed:.0}"))
        }
        Some(_) => None,
    };
    counts.iter().filter_map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_do_not_go_together_are_refused() {
        let quick = Options { quick: true, ..Options::default() };
        assert_eq!(Options::parse(&["--quick"]), Ok(quick));
        assert!(Options::parse(&["--instructions", "--bless"]).is_ok());
        for wrong in [&["--bless"][..], &["--instructions", "--quick"], &["--fast"]] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn five_percent_more_is_allowed() {
        let counts = |ours: f64| Counts::from([("a".to_owned(), [ours, 1.0])]);
        assert_eq!(beyond(&counts(105.0), &counts(100.0)), [""; 0]);
        assert_eq!(
            beyond(&counts(106.0), &counts(100.0)),
            ["a takes 106 instructions, and its budget is 100"]
        );
        assert_eq!(beyond(&counts(1.0), &Counts::new()), ["a has no budget; add one with `--bless`"]);
    }

    #[test]
    fn the_budget_is_read_as_it_was_written() {
        let counts = Counts::from([("a/b".to_owned(), [4002.0, 1328.0]), ("c".to_owned(), [1.0, 2.0])]);
        assert_eq!(parsed(&written(&counts)), Ok(counts));
        assert!(parsed("[]").is_err());
    }

    #[test]
    fn the_total_is_what_callgrind_says_last() {
        let said =
            "==1== Events    : Ir\n==1== Collected : 52525642\n==1== \n==1== I   refs:      52,525,642\n";
        assert_eq!(collected(said), Some(52_525_642.0));
        assert_eq!(collected("valgrind: no such tool"), None);
    }
}
