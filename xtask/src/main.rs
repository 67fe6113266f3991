//! Sets a machine up for this workspace, and runs its demo and its tests: `cargo xtask help`.
//!
//! It has no part of an engine in it, so it is there before one is.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what it does is said on the terminal")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that cannot go on fails"))]

mod age;
mod archive;
mod audit;
mod bench;
mod engine;
mod fetch;
mod layers;
mod libraries;
mod node;
mod package;
#[cfg(test)]
mod patience;
mod platforms;
mod progress;
mod prose;
mod pypi;
#[cfg(test)]
mod sentinels;
mod soak;
mod source_build;
mod test;
mod test262;
mod tools;
mod v8;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use engine::{Choice, Engine};

/// What went wrong, and what to do next.
type Result<T, E = String> = std::result::Result<T, E>;

const HELP: &str = "\
Sets this machine up, and runs the workspace's demo and tests.

  cargo xtask demo [--engine E]             runs the example `pricing_rules`
  cargo xtask test [--engine E] [-- ARGS]   runs all tests, with node for some; ARGS are those of `cargo test`
  cargo xtask soak [--engine E] [--minutes N] [--seed S]   faults, endless programs, leaks and races, for five minutes;
                                            then how soon calls end, on a machine that does nothing else
  cargo xtask soak --full [--only threads|processes] [--seed S]
                                            the same for an hour and more, and 100,000 faults in processes; writes docs/soak.md
  cargo xtask load [--engine E]             what hostile tenants of a pool cost the honest ones, a thousand of them all together
  cargo xtask bench [--quick] [--peers]     measures beside hand-written floors, in ten minutes or two, and writes docs/benchmarks.md
  cargo xtask bench --instructions [--bless]   counts instructions of a call with valgrind, against benches/instructions.json
  cargo xtask libraries                     runs programs that use libraries of npm, all of them, and writes docs/libraries.md
  cargo xtask test262 FOLDER [PART]         runs the conformance suite in frozen realms, from a checkout, and writes docs/test262.md
  cargo xtask layers                        prints the circles between files, and the arrows that go up
  cargo xtask prose                         counts long sentences, sentences without a subject, headers and double names
  cargo xtask package [--verify]            packs the published crates, checks what is in them, and compiles what was packed;
                                            with --verify cargo builds them as `cargo publish` does, which takes minutes
  cargo xtask check-platforms [TARGET...]   checks the types of the published crates for macOS, Windows and other Linux
  cargo xtask audit                         checks licences, sources and published advisories of all crates, with cargo-deny
  cargo xtask engine [--engine E]           sets the machine up, and prints a line of arguments for cargo for each engine
  cargo xtask v8 status                     prints where V8's library would come from, and why
  cargo xtask v8 age [--most DAYS]          prints how old V8 is, and what is newer; fails when it is older than this
  cargo xtask v8 build                      builds V8 from source, in about two hours on two cores, and keeps it in cargo's cache

  --engine auto      V8 where it is available, else QuickJS (the default)
  --engine v8        V8, or an error that says why not
  --engine quickjs   QuickJS
  --engine all       QuickJS, and V8 where it is available";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if std::env::var_os(platforms::STAND_IN).is_some() {
        return platforms::stand_in(&arguments);
    }
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A command, as it was understood. Options behind `--` are another program's.
#[derive(Debug, PartialEq, Eq)]
enum Command<'a> {
    Demo(Choice, Vec<&'a str>),
    Test(Choice, Vec<&'a str>),
    Soak(Choice, Vec<&'a str>),
    Load(Choice, Vec<&'a str>),
    Bench(bench::Options),
    Engine(Choice),
    Layers,
    Libraries,
    Prose,
    Test262 { folder: &'a str, part: Option<&'a str> },
    Package { verify: bool },
    CheckPlatforms(Vec<platforms::Platform>),
    Audit,
    V8Status,
    V8Age { most: Option<u64> },
    V8Build,
    Help,
}

impl<'a> Command<'a> {
    fn parse(words: &[&'a str]) -> Result<Self> {
        let with = |command: fn(Choice, Vec<&'a str>) -> Self, (choice, rest)| command(choice, rest);
        match words {
            ["demo", options @ ..] => Ok(with(Self::Demo, options_of(options)?)),
            ["test", options @ ..] => Ok(with(Self::Test, options_of(options)?)),
            ["soak", options @ ..] => Ok(with(Self::Soak, soak_options(options)?)),
            ["load", options @ ..] => Ok(with(Self::Load, options_of(options)?)),
            ["bench", options @ ..] => bench::Options::parse(options).map(Self::Bench),
            ["engine", options @ ..] => Ok(Self::Engine(options_of(options)?.0)),
            ["layers"] => Ok(Self::Layers),
            ["libraries"] => Ok(Self::Libraries),
            ["prose"] => Ok(Self::Prose),
            ["test262", folder] => Ok(Self::Test262 { folder, part: None }),
            ["test262", folder, part] => Ok(Self::Test262 { folder, part: Some(part) }),
            ["package"] => Ok(Self::Package { verify: false }),
            ["package", "--verify"] => Ok(Self::Package { verify: true }),
            ["check-platforms", names @ ..] => platforms::chosen(names).map(Self::CheckPlatforms),
            ["audit"] => Ok(Self::Audit),
            ["v8", "status"] => Ok(Self::V8Status),
            ["v8", "age"] => Ok(Self::V8Age { most: None }),
            ["v8", "age", "--most", days] => days.parse().map_or_else(
                |_| Err(format!("`--most {days}` is no number of days")),
                |most| Ok(Self::V8Age { most: Some(most) }),
            ),
            ["v8", "build"] => Ok(Self::V8Build),
            ["help" | "--help" | "-h"] | [] => Ok(Self::Help),
            _ => Err(format!("`{}` is not a command of `cargo xtask`\n\n{HELP}", words.join(" "))),
        }
    }
}

fn exit(is_well: bool) -> ExitCode {
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match Command::parse(&words)? {
        Command::Demo(choice, rest) => {
            on_engines(choice, |engine| cargo("run", engine, &["--example", "pricing_rules"], &rest, None))
        }
        Command::Test(choice, rest) => test::run(choice, &rest),
        Command::Soak(choice, rest) => on_engines(choice, |engine| soak::run(engine, &rest)),
        Command::Load(choice, rest) => {
            let rest = [&["--", "--full"], &rest[..]].concat();
            on_engines(choice, |engine| {
                cargo("run", engine, &["--release", "--example", "load"], &rest, None)
            })
        }
        Command::Bench(options) => bench::run(&options),
        Command::Engine(choice) => on_engines(choice, |engine| {
            println!("{}", engine.feature_arguments().join(" "));
            Ok(true)
        }),
        Command::Package { verify } => package::run(verify).map(|()| ExitCode::SUCCESS),
        Command::CheckPlatforms(platforms) => platforms::run(&platforms),
        Command::Layers => layers::print().map(|()| ExitCode::SUCCESS),
        Command::Libraries => libraries::run().map(exit),
        Command::Test262 { folder, part } => test262::run(folder, part).map(exit),
        Command::Prose => prose::print().map(|()| ExitCode::SUCCESS),
        Command::Audit => audit::run().map(|()| ExitCode::SUCCESS),
        Command::V8Age { most } => age::print(most).map(|()| ExitCode::SUCCESS),
        Command::V8Status => v8::status().map(|()| ExitCode::SUCCESS),
        Command::V8Build => source_build::build().map(|()| ExitCode::SUCCESS),
        Command::Help => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// `--engine E` and what stands behind `--`.
fn options_of<'a>(options: &[&'a str]) -> Result<(Choice, Vec<&'a str>)> {
    let (own, rest) = match options.iter().position(|word| *word == "--") {
        Some(at) => (&options[..at], &options[at + 1..]),
        None => (options, &[][..]),
    };
    let choice = match own {
        [] => Choice::Auto,
        ["--engine", name] => name.parse()?,
        [one] if one.starts_with("--engine=") => one["--engine=".len()..].parse()?,
        _ => return Err(format!("the arguments `{}` are unknown\n\n{HELP}", own.join(" "))),
    };
    Ok((choice, rest.to_vec()))
}

/// The same for the soak, whose own options need no `--` before them.
fn soak_options<'a>(options: &[&'a str]) -> Result<(Choice, Vec<&'a str>)> {
    let own = options
        .iter()
        .position(|word| matches!(*word, "--full" | "--minutes" | "--seed"))
        .unwrap_or(options.len());
    let (before, rest) = options.split_at(own);
    let (choice, more) = options_of(before)?;
    Ok((choice, [&more[..], rest].concat()))
}

/// Runs `run` on each engine that is asked for; the exit code is that of the last one that failed.
fn on_engines(choice: Choice, mut run: impl FnMut(&Engine) -> Result<bool>) -> Result<ExitCode> {
    let mut failed = false;
    for engine in engine::choose(choice)? {
        engine.prepare()?;
        failed |= !run(&engine)?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs cargo in the workspace, with one more folder on `PATH`. Says whether it succeeded.
fn cargo(
    command: &str,
    engine: &Engine,
    arguments: &[&str],
    rest: &[&str],
    programs: Option<&Path>,
) -> Result<bool> {
    let path = programs.map(|folder| with_path(folder).map(|path| ("PATH", path))).transpose()?;
    let condition = programs.map(|folder| format!(", with {} on PATH", folder.display())).unwrap_or_default();
    let is_well = cargo_with(command, engine, arguments, rest, path.as_slice())?;
    let words = [&[command], arguments, engine.cargo_arguments(), rest].concat().join(" ");
    match is_well {
        true => say(&format!("done; from now on `cargo {words}` works by itself{condition}")),
        false => say(&format!("`cargo {words}` failed; what it says is above")),
    }
    Ok(is_well)
}

/// The same with variables, and without a last word.
fn cargo_with(
    command: &str,
    engine: &Engine,
    arguments: &[&str],
    rest: &[&str],
    variables: &[(&str, OsString)],
) -> Result<bool> {
    let mut cargo = cargo_command(command, engine, arguments, rest);
    let status = cargo
        .envs(variables.iter().cloned())
        .status()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    Ok(status.success())
}

/// Cargo in the workspace. The command line is shown.
fn cargo_command(command: &str, engine: &Engine, arguments: &[&str], rest: &[&str]) -> process::Command {
    let mut all = vec![command];
    all.extend(arguments);
    all.extend(engine.cargo_arguments());
    all.extend(rest);
    say(&format!("cargo {}", all.join(" ")));
    let mut cargo = process::Command::new(cargo_program());
    cargo.args(&all).current_dir(workspace());
    cargo
}

/// `PATH`, with one more folder before the others.
fn with_path(folder: &Path) -> Result<OsString> {
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&others));
    std::env::join_paths(all).map_err(|error| format!("{}: {error}", folder.display()))
}

fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The folder of the workspace.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The folder that cargo builds in.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// A line about a step.
/// Writes a page of `docs` that a command makes, and says so.
fn write_page(name: &str, text: &str) -> Result<()> {
    let path = workspace().join("docs").join(name);
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    say(&format!("the report is in {}", path.display()));
    Ok(())
}

fn say(step: &str) {
    eprintln!("xtask: {step}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_those_of_the_help() {
        assert_eq!(options_of(&[]).unwrap(), (Choice::Auto, vec![]));
        assert_eq!(options_of(&["--engine", "v8"]).unwrap(), (Choice::V8, vec![]));
        let (choice, rest) = options_of(&["--engine=all", "--", "--test", "limits"]).unwrap();
        assert_eq!((choice, rest), (Choice::All, vec!["--test", "limits"]));
        let soak = soak_options(&["--engine", "v8", "--minutes", "2"]).unwrap();
        assert_eq!(soak, (Choice::V8, vec!["--minutes", "2"]));
        for wrong in [&["--engine"][..], &["--engine", "spidermonkey"], &["limits"]] {
            let error = options_of(wrong).unwrap_err();
            assert!(error.contains("--engine"), "{wrong:?}: {error}");
        }
        assert!(Command::parse(&["dmeo"]).unwrap_err().starts_with("`dmeo` is not a command"));
    }

    /// What follows `cargo xtask` in a text, up to the end of the code that it stands in, without a remark.
    fn commands(text: &str) -> impl Iterator<Item = Vec<&str>> {
        let lines =
            text.split("cargo xtask").skip(1).map(|rest| rest.split(['`', '\n', '"']).next().unwrap());
        lines.map(|line| line.split('#').next().unwrap().split_whitespace().collect())
    }

    #[test]
    fn commands_end_with_their_code() {
        let text = "`cargo xtask bench --quick` and\ncargo xtask test  # all\n";
        assert_eq!(commands(text).collect::<Vec<_>>(), [vec!["bench", "--quick"], vec!["test"]]);
    }

    #[test]
    fn every_command_of_the_documents_is_understood() {
        let mut seen = 0;
        let mut documents = prose::files(&workspace().join("docs"), ".md").unwrap();
        documents.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| workspace().join(name)));
        for path in documents {
            let text = std::fs::read_to_string(&path).unwrap();
            for words in commands(&text) {
                let understood = Command::parse(&words);
                assert!(understood.is_ok(), "{}: `cargo xtask {}`", path.display(), words.join(" "));
                seen += 1;
            }
        }
        assert!(seen >= 25, "{seen} commands");
    }

    #[test]
    fn every_command_is_in_the_help() {
        for line in HELP.lines().filter_map(|line| line.strip_prefix("  cargo xtask ")) {
            let command = line.split("  ").next().unwrap().split('[').next().unwrap();
            let words = command.split_whitespace().collect::<Vec<_>>();
            assert!(Command::parse(&words).is_ok(), "`{command}`");
        }
    }
}
