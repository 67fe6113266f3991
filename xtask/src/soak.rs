//! `cargo xtask soak`: minutes of faults, kills and races; with `--full` an hour of them, and a page about it.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::engine::Engine;
use crate::{Result, cargo, cargo_command, test, workspace, write_page};

/// Faults of child processes at full length.
const PROCESS_FAULTS: &str = "100000";

/// The arguments of cargo for the soak in threads.
const THREADS: [&str; 3] = ["--release", "--example", "soak"];

/// Where a soak at full length runs its faults. Each is a section of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Section {
    Threads,
    Processes,
}

impl Section {
    const ALL: [Self; 2] = [Self::Threads, Self::Processes];

    fn named(name: &str) -> Result<Self> {
        match name {
            "threads" => Ok(Self::Threads),
            "processes" => Ok(Self::Processes),
            _ => Err(format!("`--only {name}` is not understood; there are `threads` and `processes`")),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Threads => "## Threads",
            Self::Processes => "## Child processes",
        }
    }
}

/// Runs the soak, and then the suites that say how soon calls end. Says whether all is well.
pub(crate) fn run(engine: &Engine, options: &[&str]) -> Result<bool> {
    if !options.contains(&"--full") {
        let soak = cargo("run", engine, &THREADS, &[&["--"], options].concat(), None)?;
        return Ok(test::on_a_quiet_machine(engine)? && soak);
    }
    let (sections, options) = sections(options)?;
    let soak = full(engine, &sections, &options)?;
    // One section alone is the soak's alone.
    Ok((sections.len() == 1 || test::on_a_quiet_machine(engine)?) && soak)
}

/// The sections that `--only NAME` asks for, or all of them, and the other options.
fn sections<'a>(options: &[&'a str]) -> Result<(Vec<Section>, Vec<&'a str>)> {
    let Some(at) = options.iter().position(|option| *option == "--only") else {
        return Ok((Section::ALL.to_vec(), options.to_vec()));
    };
    let name = options.get(at + 1).ok_or("`--only` needs `threads` or `processes`")?;
    Ok((vec![Section::named(name)?], [&options[..at], &options[at + 2..]].concat()))
}

/// The soak at full length. A section that was run takes its place in `docs/soak.md`, even when something is broken.
fn full(engine: &Engine, sections: &[Section], options: &[&str]) -> Result<bool> {
    let mut is_well = true;
    for &section in sections {
        let said = match (section, engine) {
            (Section::Threads, _) => said("run", engine, &THREADS, &[&["--"], options].concat(), &[])?,
            // The guests of this suite end as V8 ends them.
            (Section::Processes, Engine::V8(_)) => {
                let suite = ["--release", "--package", "sandbox-worker", "--test", "soak"];
                let faults = [("SANDBOX_FAULTS", PROCESS_FAULTS.into())];
                said("test", engine, &suite, &["--", "--nocapture"], &faults)?
            }
            (Section::Processes, _) => continue,
        };
        is_well &= said.is_well;
        let before = fs::read_to_string(workspace().join("docs/soak.md")).unwrap_or_default();
        write_page("soak.md", &page(&before, section, &said.lines))?;
    }
    Ok(is_well)
}

/// The lines that a run of cargo printed.
pub(crate) struct Said {
    pub(crate) lines: Vec<String>,
    pub(crate) is_well: bool,
}

/// Runs cargo, and keeps what it prints, which is also shown.
pub(crate) fn said(
    command: &str,
    engine: &Engine,
    arguments: &[&str],
    rest: &[&str],
    variables: &[(&str, OsString)],
) -> Result<Said> {
    let mut cargo = cargo_command(command, engine, arguments, rest);
    cargo.envs(variables.iter().cloned()).stdout(Stdio::piped());
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

/// The page about a soak at full length: `before` with what a section printed in the place of what it had.
fn page(before: &str, ran: Section, lines: &[String]) -> String {
    let head = "# Soak

`cargo xtask soak --full` makes this page, and `--only threads` or `--only processes` one half of it. The soak makes each fault on
purpose, and looks whether the host goes on: the next call is right, nothing hangs, nothing leaks. A part that does not hold is printed
as `BROKEN`, with the seed that repeats it. [Promises](guide/promises.md) has the tests of each promise. They run in the gate, and the
soak does not.
";
    let mut page = head.to_owned();
    for section in Section::ALL {
        let text = if section == ran { Some(text(section, lines)) } else { kept(before, section) };
        if let Some(text) = text {
            page.push_str(&format!("\n{}\n\n{text}\n", section.title()));
        }
    }
    page
}

/// The text of a section.
fn text(section: Section, lines: &[String]) -> String {
    match section {
        Section::Threads => format!("```text\n{}\n```", lines.join("\n").trim_end()),
        Section::Processes => {
            let counts =
                lines.iter().filter(|line| line.starts_with("descriptors") || line.starts_with("test "));
            let counts = counts.map(String::as_str).collect::<Vec<_>>().join("\n");
            format!(
                "{PROCESS_FAULTS} faults, alone and several at once: endless loops, full heaps and stacks, signals from outside, dropped
calls. The counts are those of the parent, before and after all faults.

```text
{counts}
```"
            )
        }
    }
}

/// The text of a section in a page that was made before.
fn kept(page: &str, section: Section) -> Option<String> {
    let (_, after) = page.split_once(&format!("\n{}\n", section.title()))?;
    let end = after.find("\n## ").unwrap_or(after.len());
    Some(after[..end].trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_section_that_was_run_takes_its_place_and_the_other_stays() {
        let threads = lines("soak of 60 minutes\nkills: BROKEN\n  broken: seed 4");
        let first = page("", Section::Threads, &threads);
        let section = "## Threads\n\n```text\nsoak of 60 minutes\nkills: BROKEN\n  broken: seed 4\n```\n";
        assert!(first.ends_with(section), "{first}");

        let processes = lines("running 1 test\ndescriptors: [4] before\ntest faults ... ok\n");
        let both = page(&first, Section::Processes, &processes);
        assert!(both.contains(section), "{both}");
        assert!(both.ends_with("```text\ndescriptors: [4] before\ntest faults ... ok\n```\n"), "{both}");

        let again = page(&both, Section::Threads, &lines("soak of 61 minutes"));
        assert!(again.contains("```text\nsoak of 61 minutes\n```\n\n## Child processes"), "{again}");
        assert_eq!(again.matches("descriptors: [4] before").count(), 1, "{again}");
        assert!(!again.contains("BROKEN\n"), "{again}");
    }

    #[test]
    fn one_section_is_asked_for_by_name() {
        assert_eq!(
            sections(&["--full", "--only", "processes", "--seed", "2"]),
            Ok((vec![Section::Processes], vec!["--full", "--seed", "2"]))
        );
        assert_eq!(sections(&["--full"]), Ok((Section::ALL.to_vec(), vec!["--full"])));
        assert!(sections(&["--only", "pools"]).unwrap_err().contains("`threads` and `processes`"));
        assert!(sections(&["--only"]).is_err());
    }
}
