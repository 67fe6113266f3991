//! `cargo xtask soak`: minutes of faults, kills and races; with `--full` an hour of them, and a page about it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::engine::Engine;
use crate::{Result, cargo, cargo_command, test, workspace};

/// Faults of child processes at full length.
const PROCESS_FAULTS: &str = "100000";

/// The arguments of cargo for the soak in threads.
const THREADS: [&str; 3] = ["--release", "--example", "soak"];

/// Runs the soak, and then the suites that say how soon calls end. Says whether all is well.
pub(crate) fn run(engine: &Engine, options: &[&str]) -> Result<bool> {
    let rest = [&["--"], options].concat();
    let soak = match options.contains(&"--full") {
        true => full(engine, &rest)?,
        false => cargo("run", engine, &THREADS, &rest, None)?,
    };
    Ok(test::on_a_quiet_machine(engine)? && soak)
}

/// The soak at full length, in threads and in processes. The reports become `docs/soak.md`, even when something is broken.
fn full(engine: &Engine, rest: &[&str]) -> Result<bool> {
    let threads = said("run", engine, &THREADS, rest, &[])?;
    // The guests of this suite end as V8 ends them.
    let Engine::V8(_) = engine else { return Ok(threads.is_well) };
    let suite = ["--package", "sandbox-worker", "--test", "soak"];
    let faults = [("SANDBOX_FAULTS", PROCESS_FAULTS)];
    let processes = said("test", engine, &suite, &["--", "--nocapture"], &faults)?;
    let path = workspace().join("docs/soak.md");
    let page = page(&threads.lines, &processes.lines);
    fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()))?;
    crate::say(&format!("the report is in {}", path.display()));
    Ok(threads.is_well && processes.is_well)
}

/// The lines that a run of cargo printed.
struct Said {
    lines: Vec<String>,
    is_well: bool,
}

/// Runs cargo, and keeps what it prints, which is also shown.
fn said(
    command: &str,
    engine: &Engine,
    arguments: &[&str],
    rest: &[&str],
    variables: &[(&str, &str)],
) -> Result<Said> {
    let mut cargo = cargo_command(command, engine, arguments, rest);
    cargo.envs(variables.iter().copied()).stdout(Stdio::piped());
    let mut child = cargo.spawn().map_err(|error| format!("cargo cannot be run: {error}"))?;
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().expect("it is piped")).lines() {
        let line = line.map_err(|error| format!("cargo: {error}"))?;
        println!("{line}");
        lines.push(line);
    }
    let status = child.wait().map_err(|error| format!("cargo: {error}"))?;
    Ok(Said { lines, is_well: status.success() })
}

/// The page about a soak at full length.
fn page(threads: &[String], processes: &[String]) -> String {
    let counts = processes.iter().filter(|line| line.starts_with("descriptors") || line.starts_with("test "));
    let counts = counts.map(String::as_str).collect::<Vec<_>>();
    format!(
        "# Soak

`cargo xtask soak --full` makes this page. The soak makes each fault on purpose, and looks whether the host goes on: the next call is
right, nothing hangs, nothing leaks. A part that does not hold is printed as `BROKEN`, with the seed that repeats it.
[Promises](guide/promises.md) has the tests of each promise. They run in the gate, and the soak does not.

## Threads

```text
{}
```

## Child processes

{PROCESS_FAULTS} faults, alone and several at once: endless loops, full heaps and stacks, signals from outside, dropped calls. The
counts are those of the parent, before and after all faults.

```text
{}
```
",
        threads.join("\n"),
        counts.join("\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_both_reports() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let threads = lines("soak of 60 minutes\nkills: BROKEN\n  broken: seed 4");
        let processes = lines("running 1 test\ndescriptors: [4] before\ntest faults ... ok\n");
        let page = page(&threads, &processes);
        assert!(page.contains("```text\nsoak of 60 minutes\nkills: BROKEN\n  broken: seed 4\n```"), "{page}");
        assert!(page.contains("```text\ndescriptors: [4] before\ntest faults ... ok\n```"), "{page}");
    }
}
