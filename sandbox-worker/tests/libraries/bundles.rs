//! Bundles of the programs, and what each gives in node. Both are made once and kept in cargo's folder.
//!
//! The versions are those of `package-lock.json`. Without npm or its registry there are no bundles.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::node;
use crate::table::{Program, is_full, programs};

/// How long npm and the bundler may take on a machine that does other work.
const MOST: Duration = Duration::from_secs(1_800);
const BUNDLER: &str = "esbuild";

/// The outcome of a program in node.
#[derive(Debug, Deserialize)]
pub(crate) struct InNode {
    /// The result as JSON.
    pub(crate) result: Option<String>,
    /// Why there is no bundle or no result.
    pub(crate) problem: Option<String>,
}

pub(crate) struct Bundles {
    folder: PathBuf,
    pub(crate) programs: Vec<Program>,
    in_node: BTreeMap<String, InNode>,
}

impl Bundles {
    /// The source of a program's bundle, if it could be bundled.
    pub(crate) fn source(&self, program: &Program) -> Option<String> {
        fs::read_to_string(self.folder.join("out").join(program.file())).ok()
    }

    pub(crate) fn in_node(&self, program: &Program) -> &InNode {
        &self.in_node[program.name]
    }
}

/// The bundles; `None` without npm or its registry.
pub(crate) fn bundles() -> Option<&'static Bundles> {
    static BUNDLES: OnceLock<Option<Bundles>> = OnceLock::new();
    let made = BUNDLES
        .get_or_init(|| make().inspect_err(|said| eprintln!("the libraries are not tested: {said}")).ok());
    made.as_ref()
}

fn make() -> Result<Bundles, String> {
    let npm = Command::new("npm").arg("--version").output();
    if !npm.is_ok_and(|npm| npm.status.success()) {
        return Err("npm is not there".into());
    }
    let programs = programs();
    let name = if is_full() { "libraries-full" } else { "libraries" };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(folder.join("out")).unwrap();
    let lock = fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    install(&folder, &programs)?;
    bundle(&folder, &programs);
    let in_node = serde_json::from_str(&fs::read_to_string(folder.join("outcomes.json")).unwrap()).unwrap();
    Ok(Bundles { folder, programs, in_node })
}

/// Does what the text says, unless that was done before.
fn once<E>(folder: &Path, stamp: &str, text: &str, make: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    let stamp = folder.join(stamp);
    if fs::read_to_string(&stamp).ok().as_deref() == Some(text) {
        return Ok(());
    }
    _ = fs::remove_file(&stamp);
    make()?;
    fs::write(&stamp, text).unwrap();
    Ok(())
}

/// Installs the packages of the programs, in the versions of the lock file.
fn install(folder: &Path, programs: &[Program]) -> Result<(), String> {
    const LOCK: &str = include_str!("package-lock.json");
    let all: Value = serde_json::from_str(include_str!("package.json")).unwrap();
    let packages = programs.iter().flat_map(Program::packages).chain([BUNDLER]);
    let versions = packages.map(|name| {
        let version = all["dependencies"].get(name);
        (name, version.unwrap_or_else(|| panic!("`package.json` has no `{name}`")))
    });
    let versions = versions.collect::<BTreeMap<_, _>>();
    let package = json!({ "name": "libraries", "private": true, "dependencies": versions }).to_string();
    once(folder, "installed", &(package.clone() + LOCK), || {
        fs::write(folder.join("package.json"), package).unwrap();
        fs::write(folder.join("package-lock.json"), LOCK).unwrap();
        let options = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
        let (said, ok) = node::try_run_for(MOST, "npm", &options, folder);
        ok.then_some(()).ok_or_else(|| format!("npm cannot install them: {said}"))
    })
}

fn bundle(folder: &Path, programs: &[Program]) {
    const BUILD: &str = include_str!("build.mjs");
    const TIMERS: &str = include_str!("timers.mjs");
    let rows = programs.iter().map(
        |program| json!({ "name": program.name, "modules": program.modules, "body": program.body, "file": program.file() }),
    );
    let rows = Value::from_iter(rows).to_string();
    let installed = fs::read_to_string(folder.join("installed")).unwrap();
    let text = [BUILD, TIMERS, &rows, &installed].concat();
    let made = once(folder, "bundled", &text, || {
        for (name, text) in [("build.mjs", BUILD), ("timers.mjs", TIMERS), ("programs.json", &rows)] {
            fs::write(folder.join(name), text).unwrap();
        }
        let (said, ok) = node::try_run_for(MOST, "node", &["build.mjs"], folder);
        ok.then_some(()).ok_or(said)
    });
    made.unwrap_or_else(|said| panic!("the bundler failed:\n{said}"));
}
