//! `cargo xtask package`: what `cargo publish` would send is whole, and has nothing else in it.
//!
//! - A crate is published unless its manifest says `publish = false`.
//! - Cargo may give no warning but one: tests stay in the repository, because they read its other folders.
//! - Each file that is packed is of a known kind ([`is_wanted`]), and what a reader of crates.io looks for is there ([`NEEDED`]).
//! - What was packed is compiled: unpacked into a workspace of its own, where each crate finds the other packed ones.
//! - `--verify` has cargo do the same by its own means. That builds all dependencies once more, with other settings.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::engine::{self, Choice};
use crate::{Result, cargo_program, say, target, tools, workspace};

/// What every crate has.
const NEEDED: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];
/// What crates.io shows, and what a build of the crate must know.
const FIELDS: [&str; 7] =
    ["description", "license", "repository", "readme", "rust_version", "keywords", "categories"];

/// Packs and checks all published crates.
///
/// # Errors
///
/// All that is wrong with the packages; else what cargo says about a crate that cannot be packed or compiled.
pub(crate) fn run(verify: bool) -> Result<()> {
    let metadata = metadata()?;
    let crates = published(&metadata);
    let mut problems = crates.iter().flat_map(|package| problems_of_manifest(package)).collect::<Vec<_>>();
    problems.extend(problems_of_log(&pack(&crates, verify)?));
    for package in &crates {
        let name = name(package);
        let files = files(name)?;
        say(&format!("{name}: {} files, {} KiB packed", files.len(), size(package) / 1024));
        problems.extend(problems_of_files(&files).into_iter().map(|problem| format!("{name}: {problem}")));
    }
    if !problems.is_empty() {
        return Err(format!("the packages are not ready to be published:\n  {}", problems.join("\n  ")));
    }
    if !verify {
        compile(&crates)?;
    }
    say("the published crates are packed, and what was packed compiles");
    Ok(())
}

fn metadata() -> Result<Value> {
    let mut cargo = Command::new(cargo_program());
    cargo.args(["metadata", "--format-version=1", "--no-deps", "--locked"]).current_dir(workspace());
    let output = tools::output(cargo.stderr(Stdio::inherit()))?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("`cargo metadata`: {error}"))
}

/// The crates of the workspace that are published.
fn published(metadata: &Value) -> Vec<&Value> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    packages.iter().filter(|package| package["publish"].is_null()).collect()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap_or_default()
}

/// The name of the packed file, without `.crate`.
fn stem(package: &Value) -> String {
    format!("{}-{}", name(package), package["version"].as_str().unwrap_or_default())
}

fn problems_of_manifest(package: &Value) -> Vec<String> {
    let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    let fields = FIELDS.iter().filter(|field| is_empty(&package[**field]));
    let mut problems = fields.map(|field| format!("its manifest has no `{field}`")).collect::<Vec<_>>();
    // More than five are refused by crates.io.
    let keywords = package["keywords"].as_array().map_or(0, Vec::len);
    if keywords > 5 {
        problems.push(format!("it has {keywords} keywords, and crates.io takes 5"));
    }
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        // Those for tests are left out of what is packed.
        if dependency["kind"] != "dev" && dependency["req"] == "*" {
            problems.push(format!("its dependency `{}` has no version", name(dependency)));
        }
    }
    problems.into_iter().map(|problem| format!("{}: {problem}", name(package))).collect()
}

/// Has cargo pack the crates. Gives what cargo says.
fn pack(crates: &[&Value], verify: bool) -> Result<String> {
    // What is not committed is packed too: this is a check, and `cargo publish` itself refuses it.
    let mut arguments = vec!["package", "--locked", "--allow-dirty"];
    arguments.extend(crates.iter().flat_map(|package| ["--package", name(package)]));
    arguments.extend((!verify).then_some("--no-verify"));
    say(&format!("cargo {}", arguments.join(" ")));
    let mut cargo = Command::new(cargo_program());
    cargo.args(&arguments).args(["--color", "never"]).current_dir(workspace());
    let output = tools::output(&mut cargo)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(said) } else { Err(format!("`cargo package` failed:\n{said}")) }
}

fn problems_of_log(said: &str) -> Vec<String> {
    let warnings = said.lines().filter(|line| line.starts_with("warning:"));
    warnings.filter(|line| !line.starts_with("warning: ignoring test `")).map(str::to_owned).collect()
}

/// What is packed of a crate.
fn files(name: &str) -> Result<BTreeSet<String>> {
    let mut cargo = Command::new(cargo_program());
    cargo.args(["package", "--list", "--allow-dirty", "--package", name]).current_dir(workspace());
    let output = tools::output(cargo.stderr(Stdio::null()))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(|line| line.replace('\\', "/")).collect())
}

fn problems_of_files(files: &BTreeSet<String>) -> Vec<String> {
    let missing = NEEDED.iter().filter(|needed| !files.contains(**needed));
    let missing = missing.map(|file| format!("`{file}` is missing"));
    let unwanted = files.iter().filter(|file| !is_wanted(file));
    let unwanted =
        unwanted.map(|file| format!("`{file}` is not needed; name it in `exclude` of the manifest"));
    missing.chain(unwanted).collect()
}

/// Whether it is a file that the crate is built from, or that its documentation is.
fn is_wanted(file: &str) -> bool {
    // Cargo writes these itself.
    let by_cargo = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml.orig"];
    NEEDED.contains(&file)
        || by_cargo.contains(&file)
        || file == "build.rs"
        || file.strip_prefix("guide/").is_some_and(|page| page.ends_with(".md") && !page.contains('/'))
        || file.starts_with("src/") && (file.ends_with(".rs") || file.ends_with(".js"))
}

fn size(package: &Value) -> u64 {
    let file = target().join("package").join(format!("{}.crate", stem(package)));
    fs::metadata(file).map_or(0, |file| file.len())
}

/// Compiles what was packed, without and with the features that add code.
fn compile(crates: &[&Value]) -> Result<()> {
    let folder = target().join("package/unpacked");
    _ = fs::remove_dir_all(&folder);
    tools::make(&folder)?;
    for package in crates {
        let file = target().join("package").join(format!("{}.crate", stem(package)));
        tools::run(Command::new("tar").arg("-xzf").arg(file).arg("-C").arg(&folder))?;
    }
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write("Cargo.toml", &manifest(crates))?;
    let lock = fs::read_to_string(workspace().join("Cargo.lock")).map_err(|error| error.to_string())?;
    write("Cargo.lock", &lock)?;
    for engine in engine::choose(Choice::Auto)? {
        engine.prepare()?;
        let of_engine = engine.feature_arguments();
        check(&folder, &[&["--package", "sandbox-runtime"], of_engine].concat())?;
        let more = ["--workspace", "--features", "sandbox-runtime/process,sandbox-runtime/testing"];
        check(&folder, &[&more, of_engine].concat())?;
    }
    Ok(())
}

fn check(folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut cargo = Command::new(cargo_program());
    // From the workspace's folder, whose settings are in force there, and in its folder of builds, where the dependencies are.
    cargo.arg("check").args(arguments).arg("--manifest-path").arg(folder.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(target()).current_dir(workspace());
    say(&format!("cargo check {}, of what was packed", arguments.join(" ")));
    let status = cargo.status().map_err(|error| format!("cargo cannot be run: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("what was packed does not compile; cargo's words are above".into())
    }
}

/// A workspace of the packed crates. The profile is the repository's, so that dependencies are not built again.
fn manifest(crates: &[&Value]) -> String {
    let members = crates.iter().map(|package| format!("{:?}", stem(package))).collect::<Vec<_>>();
    let patch = |package: &&Value| format!("{} = {{ path = {:?} }}\n", name(package), stem(package));
    format!(
        "[workspace]\nmembers = [{}]\nresolver = \"3\"\n\n[patch.crates-io]\n{}\n[profile.dev]\ndebug = \"line-tables-only\"\n\n\
         [profile.dev.package.\"*\"]\ndebug = false\n",
        members.join(", "),
        crates.iter().map(patch).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_crates_are_ready() {
        let metadata = metadata().unwrap();
        let crates = published(&metadata);
        let names = crates.iter().map(|package| name(package)).collect::<BTreeSet<_>>();
        assert_eq!(
            names,
            BTreeSet::from(["sandbox-core", "sandbox-macros", "sandbox-runtime", "sandbox-worker"])
        );
        for package in crates {
            assert_eq!(problems_of_manifest(package), Vec::<String>::new());
            assert_eq!(problems_of_files(&files(name(package)).unwrap()), Vec::<String>::new());
        }
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let package = serde_json::json!({
            "name": "it", "license": "MIT", "keywords": [],
            "dependencies": [{ "name": "a", "req": "*" }, { "name": "b", "req": "*", "kind": "dev" }],
        });
        let problems = problems_of_manifest(&package).join("\n");
        assert!(problems.contains("it: its manifest has no `readme`") && problems.contains("no `keywords`"));
        assert!(
            problems.contains("`a` has no version")
                && !problems.contains("`b`")
                && !problems.contains("license")
        );

        let files = ["Cargo.toml", "README.md", "LICENSE-MIT", "src/lib.rs", "guide/a.md", "tests/a.rs"];
        let problems = problems_of_files(&files.map(str::to_owned).into());
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("`LICENSE-APACHE` is missing"));
        assert!(problems[1].contains("`tests/a.rs` is not needed"));
    }

    #[test]
    fn a_warning_is_a_problem_but_for_tests_that_are_left_out() {
        let said = "   Packaging it v0.1.0\nwarning: ignoring test `a` as `tests/a.rs` is not included\n\
            warning: manifest has no description\n";
        assert_eq!(problems_of_log(said), ["warning: manifest has no description"]);
    }
}
