//! `cargo xtask check-platforms`: checks the types of the published crates for systems that this machine is not.
//!
//! - `cargo check` links nothing. So a check needs the target's standard library, and neither V8's library nor a C compiler for the target.
//! - Build scripts of dependencies ask for both. They get an empty archive, and this program in place of a compiler ([`stand_in`]).
//! - A variable such as `CC_aarch64_apple_darwin` still names a real compiler.
//! - A target whose standard library or crates is not available is named, with the reason, and passed over.
//! - A warning is an error, and `process` must be refused where the system has no child processes for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use crate::{Result, cargo_program, say, target, tools, workspace};

/// Has this program be [`stand_in`], whatever its arguments are.
pub(crate) const STAND_IN: &str = "XTASK_STANDS_IN_FOR_A_COMPILER";
/// A static library with nothing in it, on all systems.
const EMPTY_ARCHIVE: &str = "!<arch>\n";
/// What the build script of `sandbox-runtime` says where there are no child processes.
const REFUSAL: &str = "the feature `process` needs Unix";

/// A system, and whether guests can have child processes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Platform {
    triple: &'static str,
    has_process: bool,
}

/// The systems of the guide's table that have a library of V8; the tests run on x86-64 Linux.
const PLATFORMS: [Platform; 6] = [
    Platform { triple: "aarch64-apple-darwin", has_process: true },
    Platform { triple: "x86_64-pc-windows-msvc", has_process: false },
    Platform { triple: "aarch64-unknown-linux-gnu", has_process: true },
    Platform { triple: "x86_64-unknown-linux-musl", has_process: true },
    Platform { triple: "aarch64-unknown-linux-musl", has_process: true },
    Platform { triple: "aarch64-pc-windows-msvc", has_process: false },
];
/// So many of them are checked when none is named: a system each, for the others differ from these by the processor alone.
const USUAL: usize = 4;

/// The platforms that are named, or the usual ones.
pub(crate) fn chosen(names: &[&str]) -> Result<Vec<Platform>> {
    if names.is_empty() {
        return Ok(PLATFORMS[..USUAL].to_vec());
    }
    let known = PLATFORMS.map(|platform| platform.triple).join("`, `");
    let find = |name: &&str| {
        let found = PLATFORMS.iter().find(|platform| platform.triple == *name).copied();
        found.ok_or_else(|| format!("`{name}` is no platform of this command; there are `{known}`"))
    };
    names.iter().map(find).collect()
}

/// Checks each platform with each engine, and says of each what became of it.
pub(crate) fn run(platforms: &[Platform]) -> Result<ExitCode> {
    let stage = Stage::set()?;
    let mut lines = Vec::new();
    let mut is_well = true;
    for platform in platforms {
        if let Err(reason) = obtain(platform.triple) {
            lines.push(format!("{}: not available: {reason}", platform.triple));
            continue;
        }
        for check in platform.checks() {
            let began = Instant::now();
            let outcome = stage.check(platform.triple, &check)?;
            is_well &= outcome;
            let (word, seconds) = (check.word(outcome), began.elapsed().as_secs());
            lines.push(format!("{}, {}: {word} in {seconds} s", platform.triple, check.name));
        }
    }
    say("platforms:");
    for line in lines {
        say(&format!("  {line}"));
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One run of cargo for a target.
#[derive(Debug)]
struct Check {
    name: &'static str,
    arguments: Vec<&'static str>,
    /// It must fail, with [`REFUSAL`].
    is_refused: bool,
}

impl Check {
    fn word(&self, is_well: bool) -> &'static str {
        match (is_well, self.is_refused) {
            (true, false) => "checked",
            (true, true) => "refused, as it must be",
            (false, false) => "FAILED",
            (false, true) => "NOT REFUSED",
        }
    }
}

impl Platform {
    fn checks(self) -> Vec<Check> {
        let check = |name, features: &[&'static str], is_refused| Check {
            name,
            arguments: [&["--package", "sandbox-runtime", "--no-default-features", "--features"], features]
                .concat(),
            is_refused,
        };
        if !self.has_process {
            return vec![
                check("V8", &["v8,testing"], false),
                check("QuickJS", &["quickjs,testing"], false),
                check("the feature `process`", &["v8,process"], true),
            ];
        }
        // The program of a child has no feature of its own but the engine.
        let worker = ["--package", "sandbox-worker"];
        let with_worker = |mut check: Check| {
            check.arguments.extend(worker);
            check
        };
        vec![
            with_worker(check("V8", &["v8,sandbox-runtime/process,sandbox-runtime/testing"], false)),
            with_worker(check(
                "QuickJS",
                &["quickjs,sandbox-runtime/process,sandbox-runtime/testing"],
                false,
            )),
        ]
    }
}

/// What the build scripts of dependencies are given in place of a compiler and of libraries.
struct Stage {
    folder: PathBuf,
    archive: PathBuf,
    this_program: PathBuf,
}

impl Stage {
    fn set() -> Result<Self> {
        let folder = target().join("platforms");
        let archive = folder.join("empty.a");
        let made = fs::create_dir_all(&folder).and_then(|()| fs::write(&archive, EMPTY_ARCHIVE));
        made.map_err(|error| format!("{}: {error}", archive.display()))?;
        let this_program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
        Ok(Self { folder, archive, this_program })
    }

    /// Says whether it is well.
    fn check(&self, triple: &str, check: &Check) -> Result<bool> {
        let mut cargo = Command::new(cargo_program());
        cargo.args(["check", "--locked", "--target", triple]).args(&check.arguments);
        cargo.current_dir(workspace()).env("RUSTFLAGS", "-D warnings");
        // The crate `v8` has the declarations for all systems in it; a mirror and a build from source would give others.
        cargo.env("RUSTY_V8_ARCHIVE", &self.archive);
        for variable in ["RUSTY_V8_MIRROR", "RUSTY_V8_SRC_BINDING_PATH", "V8_FROM_SOURCE"] {
            cargo.env_remove(variable);
        }
        cargo.envs([("QUICKJS_NG_LIB_DIR", &self.folder), ("WAMR_LIB_DIR", &self.folder)]);
        cargo.env(STAND_IN, "1");
        cargo.envs([("TARGET_CC", &self.this_program), ("TARGET_AR", &self.this_program)]);
        say(&format!("cargo check --target {triple} {}", check.arguments.join(" ")));
        if !check.is_refused {
            cargo.stderr(Stdio::inherit());
        }
        let output = tools::output(&mut cargo)?;
        if !check.is_refused {
            return Ok(output.status.success());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let is_well = !output.status.success() && said.contains(REFUSAL);
        if !is_well {
            say(&format!("it does not say \"{REFUSAL}\":\n{said}"));
        }
        Ok(is_well)
    }
}

/// Sees to the target's standard library and crates. The error is why they are not available.
fn obtain(triple: &str) -> Result<()> {
    if !has_std(triple) {
        said_by(Command::new("rustup").args(["target", "add", triple]))?;
    }
    said_by(Command::new(cargo_program()).args(["fetch", "--locked", "--target", triple]))
}

fn has_std(triple: &str) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", triple]).current_dir(workspace());
    let folder = rustc.stderr(Stdio::null()).output().ok().filter(|output| output.status.success());
    folder.is_some_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// Runs a program in the workspace. The error is the program's first line that names one, else its last line.
fn said_by(command: &mut Command) -> Result<()> {
    let program = tools::program(command);
    let output = tools::output(command.current_dir(workspace()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let reason = lines.clone().find(|line| line.starts_with("error")).or(lines.next_back());
    let reason = reason.unwrap_or("it says nothing");
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {reason}")) }
}

/// What a compiler or an archiver is asked for, of which nothing is looked at: each file is an empty archive.
pub(crate) fn stand_in(arguments: &[String]) -> ExitCode {
    // The crate `cc` asks by this which compiler it is.
    if arguments.iter().any(|word| word == "-E") {
        println!("gcc");
    }
    let is_well = outputs(arguments).into_iter().all(|path| fs::write(path, EMPTY_ARCHIVE).is_ok());
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The files that these arguments of a compiler or an archiver ask for.
fn outputs(arguments: &[String]) -> Vec<&str> {
    let mut outputs = Vec::new();
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word.strip_prefix("-out:") {
            _ if word == "-o" => outputs.extend(words.next()),
            Some(path) => outputs.push(path),
            None if word.ends_with(".a") => outputs.push(word),
            None => {}
        }
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn each_platform_is_one_that_v8_has_a_library_for() {
        for platform in PLATFORMS {
            assert!(crate::v8::TARGETS.contains(&platform.triple), "{}", platform.triple);
        }
        assert_eq!(chosen(&[]).unwrap(), PLATFORMS[..USUAL]);
        assert_eq!(chosen(&["aarch64-pc-windows-msvc"]).unwrap(), PLATFORMS[5..]);
        assert!(chosen(&["sparc"]).unwrap_err().contains("`x86_64-pc-windows-msvc`"));
    }

    #[test]
    fn the_guide_names_the_targets_that_are_checked() {
        let page = include_str!("../../docs/guide/application.md");
        let row = page.lines().find(|line| line.starts_with("| targets |")).unwrap();
        let named = row.split('`').skip(1).step_by(2).filter(|target| *target != "x86_64-unknown-linux-gnu");
        let mut checked = PLATFORMS[..USUAL].iter().map(|platform| platform.triple).collect::<Vec<_>>();
        checked.sort_unstable();
        let mut named = named.collect::<Vec<_>>();
        named.sort_unstable();
        assert_eq!(named, checked);
    }

    #[test]
    fn where_there_are_no_child_processes_their_feature_is_refused() {
        for platform in PLATFORMS {
            let checks = platform.checks();
            assert_eq!(checks.iter().any(|check| check.is_refused), !platform.has_process);
            assert_eq!(platform.has_process, !platform.triple.contains("windows"));
        }
        let build_script = include_str!("../../sandbox-runtime/build.rs");
        assert!(build_script.contains(REFUSAL));
    }

    #[test]
    fn a_stand_in_writes_what_it_is_asked_for() {
        assert_eq!(outputs(&words("-O0 -Wall -o one.o -c src/one.s")), ["one.o"]);
        assert_eq!(outputs(&words("cqD libone.a one.o")), ["libone.a"]);
        assert_eq!(outputs(&words("-out:one.lib -nologo one.o")), ["one.lib"]);
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libone.a");
        stand_in(&words(&format!("cq {} one.o", library.display())));
        assert_eq!(fs::read_to_string(library).unwrap(), EMPTY_ARCHIVE);
    }

    #[test]
    fn what_is_not_available_has_its_reason() {
        let error = said_by(Command::new("cargo").args(["fetch", "--target"])).unwrap_err();
        assert!(error.starts_with("cargo: error: "), "{error}");
        assert!(
            said_by(&mut Command::new("no-such-program-anywhere")).unwrap_err().contains("cannot be run")
        );
        assert!(!has_std("no-such-target"));
    }
}
