//! `cargo xtask test`: the tests, with lines that say how far they are and how long they take.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::engine::{self, Choice, Engine};
use crate::progress::{Build, Run, Suite, Times, crates};
use crate::{Result, cargo, cargo_with, node, say, target, with_path, workspace};

/// How often a build that takes long says so in a log. On a terminal cargo does.
const OFTEN: Duration = Duration::from_secs(30);

/// Sees to what the tests need, builds them and runs them, on each engine.
pub(crate) fn run(choice: Choice, rest: &[&str]) -> Result<ExitCode> {
    let engines = engine::choose(choice)?;
    let steps = 1 + 2 * engines.len();
    say(&format!("step 1 of {steps}: node and npm"));
    let node = node::prepare()?;
    let mut is_well = true;
    for (nth, engine) in engines.iter().enumerate() {
        engine.prepare()?;
        let step = |more| format!("step {} of {steps}", 2 + 2 * nth + more);
        let tests = Tests { engine, rest, node: node.as_deref() };
        is_well &= match is_watched(rest) {
            true => tests.watched(&step(0), &step(1))?,
            false => cargo("test", engine, &["--workspace"], rest, node.as_deref())?,
        };
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The suites that say how soon calls end. On a machine that does other work they ask only that calls end.
const TIMED: [&str; 11] = [
    "alike",
    "asynchronous",
    "endless",
    "errors",
    "faults",
    "flights",
    "fuzzing",
    "hostile",
    "kills",
    "refusals",
    "soak",
];

/// Runs these suites on a machine that is said to do nothing else, a test at a time.
pub(crate) fn on_a_quiet_machine(engine: &Engine) -> Result<bool> {
    let suites = TIMED.iter().flat_map(|suite| ["--test", suite]);
    let arguments = ["--workspace", "--no-fail-fast"].into_iter().chain(suites).collect::<Vec<_>>();
    cargo_with("test", engine, &arguments, &["--", "--test-threads=1"], &[("SANDBOX_QUIET", "1".into())])
}

/// Whether cargo can be asked for a build of it first, and for messages.
fn is_watched(rest: &[&str]) -> bool {
    let own = own(rest);
    let others = ["--no-run", "--doc", "--help", "-h", "--quiet", "-q"];
    !own.iter().any(|word| others.contains(word) || word.starts_with("--message-format"))
}

/// Whether all tests are built: none is named.
fn is_everything(rest: &[&str]) -> bool {
    own(rest)
        .iter()
        .all(|word| ["--locked", "--offline", "--frozen", "--no-fail-fast", "-v", "--verbose"].contains(word))
}

/// What is for cargo, and not for the tests.
fn own<'a>(rest: &'a [&'a str]) -> &'a [&'a str] {
    let end = rest.iter().position(|word| *word == "--").unwrap_or(rest.len());
    &rest[..end]
}

struct Tests<'a> {
    engine: &'a Engine,
    rest: &'a [&'a str],
    node: Option<&'a Path>,
}

impl Tests<'_> {
    /// Builds the tests, then runs them. Says whether all is well.
    fn watched(&self, build: &str, tests: &str) -> Result<bool> {
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
        let before = self.times();
        let metadata = if is_everything(self.rest) { self.metadata() } else { None };
        let (total, documented) = metadata.unzip();
        say(&format!("{build}: build on {}; {}", self.engine.name(), before.first_build(processors)));
        let began = Instant::now();
        let Some(built) = self.build(total)? else {
            say(&format!("`{}` failed; what it says is above", self.command(&[])));
            return Ok(false);
        };
        let took = began.elapsed();
        say(&format!("{}; {} compiled", built.line(took), built.compiled));
        let is_first = total.is_some_and(|total| built.compiled >= total);
        let suites =
            built.suites.into_iter().chain(documented.into_iter().flatten()).collect::<BTreeSet<_>>();
        let mut run = Run::new(suites, before);
        say(&format!("{tests}: tests on {}; {}", self.engine.name(), run.plan()));
        let began = Instant::now();
        let is_well = self.cargo(&mut run, began)?;
        run.ends(began.elapsed());
        say(&run.summary());
        _ = fs::write(self.times_file(), run.times(is_first.then_some(took)).to_json());
        Ok(is_well)
    }

    /// `None` if it fails.
    fn build(&self, total: Option<usize>) -> Result<Option<Build>> {
        let mut all = vec!["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"];
        all.extend(self.engine.cargo_arguments());
        all.extend(own(self.rest));
        let mut cargo = self.program()?;
        let child = cargo.args(&all).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("cargo cannot be run: {error}"))?;
        let mut build = Build::new(total);
        let (began, mut said) = (Instant::now(), Instant::now());
        let is_log = !std::io::stderr().is_terminal();
        for message in BufReader::new(child.stdout.take().expect("it is piped")).lines() {
            let message = message.map_err(|error| format!("cargo: {error}"))?;
            if build.take(&message) && is_log && said.elapsed() >= OFTEN {
                say(&build.line(began.elapsed()));
                said = Instant::now();
            }
        }
        let status = child.wait().map_err(|error| format!("cargo: {error}"))?;
        Ok(status.success().then_some(build))
    }

    /// The same run as `cargo test`, with what it says handed on.
    fn cargo(&self, run: &mut Run, began: Instant) -> Result<bool> {
        let command = self.command(self.rest);
        say(&command);
        let mut cargo = self.program()?;
        cargo.args(["test", "--workspace"]).args(self.engine.cargo_arguments());
        let has_color = ["CARGO_TERM_COLOR", "NO_COLOR"].iter().any(|name| std::env::var_os(name).is_some());
        // Cargo sees no terminal. A variable would be seen by tests that run cargo.
        if std::io::stderr().is_terminal() && !has_color && !own(self.rest).contains(&"--color") {
            cargo.arg("--color=always");
        }
        let child = cargo.args(self.rest).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("cargo cannot be run: {error}"))?;
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).map_err(|error| format!("cargo: {error}"))? > 0 {
            if let Some(suite) = Suite::announced(&String::from_utf8_lossy(&line)) {
                say(&run.begins(suite, began.elapsed()));
            }
            std::io::stderr().write_all(&line).map_err(|error| error.to_string())?;
            line.clear();
        }
        let is_well = child.wait().map_err(|error| format!("cargo: {error}"))?.success();
        let condition =
            self.node.map(|folder| format!(", with {} on PATH", folder.display())).unwrap_or_default();
        match is_well {
            true => say(&format!("done; from now on `{command}` works by itself{condition}")),
            false => say(&format!("`{command}` failed; what it says is above")),
        }
        Ok(is_well)
    }

    fn metadata(&self) -> Option<(usize, BTreeSet<String>)> {
        let mut cargo = self.program().ok()?;
        cargo.args(["metadata", "--format-version=1"]).args(self.engine.feature_arguments());
        let host = host()?;
        let output = cargo.args(["--filter-platform", &host]).stderr(Stdio::null()).output().ok()?;
        crates(&String::from_utf8_lossy(&output.stdout))
    }

    fn command(&self, rest: &[&str]) -> String {
        [&["cargo", "test", "--workspace"], self.engine.cargo_arguments(), rest].concat().join(" ")
    }

    fn program(&self) -> Result<Command> {
        let mut cargo = Command::new(crate::cargo_program());
        if let Some(programs) = self.node {
            cargo.env("PATH", with_path(programs)?);
        }
        cargo.current_dir(workspace());
        Ok(cargo)
    }

    fn times_file(&self) -> PathBuf {
        target().join(format!("xtask-times-{}.json", self.engine.name()))
    }

    fn times(&self) -> Times {
        fs::read_to_string(self.times_file()).map(|text| Times::from_json(&text)).unwrap_or_default()
    }
}

/// What rustc calls this machine.
fn host() -> Option<String> {
    let output = Command::new("rustc").arg("-vV").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_is_told_says_what_can_be_watched() {
        for rest in [&[][..], &["--locked"], &["--test", "limits", "--", "--doc"], &["--", "-q"]] {
            assert!(is_watched(rest), "{rest:?}");
        }
        for rest in [&["--doc"][..], &["--no-run"], &["--message-format=json"], &["-q", "--", "a"]] {
            assert!(!is_watched(rest), "{rest:?}");
        }
        assert!(is_everything(&["--locked", "--", "limits"]));
        assert!(!is_everything(&["-p", "xtask"]) && !is_everything(&["limits"]));
    }
}
