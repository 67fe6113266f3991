//! Libraries of npm in a frozen realm give what they give in an open one. They are installed when the test runs; without npm,
//! or without its registry, the test says so and passes over.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use sandbox_runtime::{Engine, Error, Intrinsics, LocalSandbox, Permission, Result, Script, sandbox_api};
use slack::long;

#[allow(dead_code, reason = "each test uses some of it")]
mod node;
mod slack;

/// The bundler, with its version.
const BUNDLER: &str = "esbuild@0.28.2";

#[sandbox_api(guest)]
pub trait Program {
    fn start(&self) -> Result<()>;
    /// The result as JSON, or what was thrown.
    fn outcome(&self) -> Result<String>;
}

/// A library and what is done with it.
struct Library {
    name: &'static str,
    package: &'static str,
    body: &'static str,
}

fn libraries() -> Vec<Library> {
    let sections = include_str!("libraries/programs.txt").split("\n# ").skip(1);
    let library = |section: &'static str| {
        let (head, body) = section.split_once('\n')?;
        let (name, package) = head.split_once(" (")?;
        Some(Library { name, package: package.strip_suffix(')')?, body: body.trim() })
    };
    sections.map(|section| library(section).expect("a name, a package and a body")).collect()
}

impl Library {
    /// The module that the bundler begins with. A module without a default export is the namespace.
    fn entry(&self) -> String {
        let (name, body) = (self.name, self.body);
        format!(
            "import './shims.mjs';
             import * as all from {name:?};
             const lib = all.default ?? all;
             let outcome = 'pending';
             export const start = () => {{
                 (async () => {{ {body} }})().then((value) => {{ outcome = JSON.stringify(value); }}, (error) => {{ outcome = `threw ${{error}}`; }});
             }};
             export const outcome_ = () => outcome;
             export {{ outcome_ as outcome }};"
        )
    }

    fn file(&self) -> String {
        format!("{}.js", self.name.replace(['@', '/'], "-"))
    }
}

/// Bundles of the libraries as modules without imports, in a folder; `None` without npm or its registry.
fn bundles(libraries: &[Library]) -> Option<std::path::PathBuf> {
    let npm = Command::new("npm").arg("--version").output();
    if !npm.is_ok_and(|npm| npm.status.success()) {
        eprintln!("npm is not there: the libraries are not tested");
        return None;
    }
    let packages = libraries.iter().map(|library| library.package).chain([BUNDLER]).collect::<BTreeSet<_>>();
    let packages = packages.into_iter().collect::<Vec<_>>();
    let Ok(folder) = node::folder_with("libraries", "node-libraries", &packages) else {
        eprintln!("npm cannot install packages: the libraries are not tested");
        return None;
    };
    fs::write(folder.join("shims.mjs"), include_str!("libraries/shims.js")).unwrap();
    for library in libraries {
        fs::write(folder.join(library.file()), library.entry()).unwrap();
    }
    let options = serde_json::json!({
        "entryPoints": libraries.iter().map(Library::file).collect::<Vec<_>>(),
        "outdir": "out",
        "bundle": true,
        "format": "esm",
        "platform": "browser",
        "logLevel": "error",
        "define": { "global": "globalThis", "self": "globalThis", "process.env.NODE_ENV": "\"production\"" },
    });
    let bundler = "require('esbuild').buildSync(JSON.parse(process.argv[1]))";
    node::run("node", &["-e", bundler, &options.to_string()], &folder);
    Some(folder.join("out"))
}

/// The result of a library in a realm. Templates and validators compile text.
fn outcome(bundle: &Path, intrinsics: Intrinsics) -> Result<String> {
    let builder = LocalSandbox::builder().limits(long()).intrinsics(intrinsics).allow(Permission::Eval);
    let source = fs::read_to_string(bundle).unwrap();
    let program = builder.build()?.load::<dyn Program>(Script::new("library.mjs", source))?;
    program.start()?;
    program.outcome()
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "libraries take minutes without a compiler")]
fn libraries_give_in_a_frozen_realm_what_they_give_in_an_open_one() {
    let libraries = libraries();
    let Some(folder) = bundles(&libraries) else { return };
    let shown = |outcome: Result<String, Error>| outcome.unwrap_or_else(|error| format!("fails: {error}"));
    let mut problems = Vec::new();
    for library in &libraries {
        let bundle = folder.join(library.file());
        let [open, frozen] =
            [Intrinsics::Open, Intrinsics::Frozen].map(|intrinsics| shown(outcome(&bundle, intrinsics)));
        let is_fine = open.starts_with(['[', '{', '"']);
        if open != frozen || !is_fine {
            problems.push(format!("{}\n  open:   {open}\n  frozen: {frozen}", library.name));
        }
    }
    assert!(problems.is_empty(), "{:?}:\n{}", Engine::CURRENT, problems.join("\n"));
}
