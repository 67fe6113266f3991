//! Runs test262 in realms whose intrinsics are frozen by `Object.freeze`, and in realms that the runtime froze. No script that passes in
//! the first may fail in the second. `cargo xtask test262 FOLDER` runs it, with a checkout of <https://github.com/tc39/test262>.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sandbox_runtime::{Intrinsics, Limits, LocalSandbox, Permission, Result, Script, sandbox_api};

#[sandbox_api(guest)]
pub trait Test262 {
    fn begin(&self, is_plain: bool, harness: &str, source: &str, waits: bool) -> Result<String>;
    fn end(&self) -> Result<String>;
}

/// A script of test262, and what the comment at its head says of it.
struct Test {
    name: String,
    source: String,
    includes: Vec<String>,
    flags: Vec<String>,
    /// The name of the error that it must end with.
    negative: Option<String>,
}

impl Test {
    /// `None` for what is no script: modules, and files that others read.
    fn read(root: &Path, path: &Path) -> Option<Self> {
        let source = fs::read_to_string(path).ok()?;
        let name = path.strip_prefix(root).ok()?.to_str()?.to_owned();
        let head = source
            .split_once("/*---")
            .and_then(|(_, rest)| rest.split_once("---*/"))
            .map_or("", |(head, _)| head);
        let flags = list(head, "flags");
        if name.contains("_FIXTURE") || flags.iter().any(|flag| flag == "module") {
            return None;
        }
        let negative = head.split_once("negative:").and_then(|(_, rest)| rest.split_once("type:"));
        let negative = negative.and_then(|(_, rest)| rest.split_whitespace().next()).map(str::to_owned);
        let includes = list(head, "includes");
        Some(Self { name, source, includes, flags, negative })
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|own| own == flag)
    }

    /// Strict or not, as the script asks; both where it does not.
    fn modes(&self) -> &'static [bool] {
        match (self.has("onlyStrict"), self.has("noStrict") || self.has("raw")) {
            (true, _) => &[true],
            (_, true) => &[false],
            _ => &[false, true],
        }
    }
}

/// A list of the head: `key: [a, b]`, or a line with a dash for each.
fn list(head: &str, key: &str) -> Vec<String> {
    let Some((_, rest)) = head.split_once(&format!("\n{key}:")) else { return Vec::new() };
    let rest = rest.trim_start_matches([' ', '\r']);
    if let Some(inside) = rest.strip_prefix('[') {
        let inside = inside.split_once(']').map_or("", |(inside, _)| inside);
        return inside
            .split(',')
            .map(|item| item.trim().to_owned())
            .filter(|item| !item.is_empty())
            .collect();
    }
    let lines = rest.lines().skip_while(|line| line.trim().is_empty());
    lines.map_while(|line| line.trim().strip_prefix("- ")).map(|item| item.trim().to_owned()).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "js") {
            into.push(path);
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Realm {
    Plain,
    Frozen,
}

/// The outcome of a script: nothing where it passed.
fn outcome(test: &Test, harness: &str, is_strict: bool, realm: Realm) -> std::result::Result<(), String> {
    let intrinsics = if realm == Realm::Frozen { Intrinsics::Frozen } else { Intrinsics::Open };
    let limits = Limits { wall: Duration::from_secs(60), ..Limits::default() };
    let builder = LocalSandbox::builder().limits(limits).intrinsics(intrinsics);
    let sandbox = builder.allow(Permission::Eval).build().map_err(|error| error.to_string())?;
    let script = Script::new("test262.mjs", include_str!("program.js"));
    let guest = sandbox.load::<dyn Test262>(script).map_err(|error| error.to_string())?;
    let strict = if is_strict { "'use strict';\n" } else { "" };
    let source = format!("{strict}{}", test.source);
    let waits = test.has("async");
    let thrown = guest.begin(realm == Realm::Plain, harness, &source, waits);
    let thrown = thrown.and_then(|thrown| if thrown.is_empty() { guest.end() } else { Ok(thrown) });
    let thrown = thrown.map_err(|error| error.to_string())?;
    match &test.negative {
        None if thrown.is_empty() => Ok(()),
        Some(name) if thrown.starts_with(name.as_str()) => Ok(()),
        None => Err(thrown),
        Some(name) => Err(format!("it did not end with {name}: {thrown}")),
    }
}

fn harness(root: &Path, test: &Test, files: &HashMap<String, String>) -> String {
    if test.has("raw") {
        return String::new();
    }
    let mut names = vec!["assert.js", "sta.js"];
    names.extend(test.includes.iter().map(String::as_str));
    let text = |name: &str| {
        files.get(name).cloned().unwrap_or_else(|| panic!("{}: no harness/{name}", root.display()))
    };
    names.into_iter().map(text).collect::<Vec<_>>().join("\n")
}

#[derive(Default)]
struct Counts {
    scripts: usize,
    plain: usize,
    frozen: usize,
    /// The scripts that pass in the plain realm alone.
    lost: Vec<String>,
    /// The scripts that pass in the runtime's realm alone.
    won: usize,
}

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let Some(root) =
        arguments.first().map(PathBuf::from).filter(|root| root.join("harness/assert.js").exists())
    else {
        eprintln!(
            "the argument is a folder with a checkout of https://github.com/tc39/test262, and a part of a path of scripts may follow"
        );
        return ExitCode::FAILURE;
    };
    let part = arguments.get(1).cloned().unwrap_or_default();
    let mut paths = Vec::new();
    collect(&root.join("test"), &mut paths);
    let files = fs::read_dir(root.join("harness")).into_iter().flatten().flatten().filter_map(|entry| {
        Some((entry.file_name().into_string().ok()?, fs::read_to_string(entry.path()).ok()?))
    });
    let files = files.collect::<HashMap<_, _>>();
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(Counts::default());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(test) = Test::read(&root, path).filter(|test| test.name.contains(&part)) else {
                        continue;
                    };
                    let harness = harness(&root, &test, &files);
                    for &is_strict in test.modes() {
                        let [plain, frozen] = [Realm::Plain, Realm::Frozen]
                            .map(|realm| outcome(&test, &harness, is_strict, realm));
                        let mut counts = counts.lock().expect("no thread panics while it counts");
                        counts.scripts += 1;
                        counts.plain += usize::from(plain.is_ok());
                        counts.frozen += usize::from(frozen.is_ok());
                        match (plain, frozen) {
                            (Ok(()), Err(error)) => {
                                let mode = if is_strict { "strict" } else { "sloppy" };
                                counts.lost.push(format!("{} ({mode}): {error}", test.name));
                            }
                            (Err(_), Ok(())) => counts.won += 1,
                            _ => {}
                        }
                        if counts.scripts.is_multiple_of(10_000) {
                            eprintln!("test262: {} runs, {} lost", counts.scripts, counts.lost.len());
                        }
                    }
                }
            });
        }
    });
    let mut counts = counts.into_inner().expect("no thread panicked");
    counts.lost.sort();
    println!("{} runs of scripts, strict and sloppy", counts.scripts);
    println!("{} pass where `Object.freeze` froze the intrinsics", counts.plain);
    println!("{} pass in a frozen realm, {} of them only there", counts.frozen, counts.won);
    println!("{} pass only where `Object.freeze` froze the intrinsics", counts.lost.len());
    for line in &counts.lost {
        println!("  {}", line.chars().take(300).collect::<String>().replace('\n', " "));
    }
    if counts.lost.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
