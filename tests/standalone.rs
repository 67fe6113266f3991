//! Applications of their own, outside of this workspace: one that depends on `sandbox-runtime` alone and calls it by another
//! name, and one of all examples of the guide with the dependencies that the guide lists.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox_runtime::Engine;

const MAIN: &str = r#"
use boxed::{Result, Sandbox, Script, sandbox_api};

#[sandbox_api(crate = boxed)]
pub trait MathApi {
    fn add(&self, a: f64, b: f64) -> Result<f64>;
}

#[sandbox_api(host, crate = ::boxed)]
pub trait Clock {
    fn hour(&self) -> u32;
}

struct Noon;
impl Clock for Noon {
    fn hour(&self) -> u32 {
        12
    }
}

fn main() -> Result<()> {
    let sandbox = Sandbox::builder().host::<dyn Clock>(Noon).build()?;
    let script = Script::new("math.js", "export const add = (a, b) => a + b + Clock.hour();");
    let math: Box<dyn MathApi> = Box::new(sandbox.load::<dyn MathApi>(script)?);
    println!("{}", math.add(2.0, 3.0)?);
    Ok(())
}
"#;

/// The folder of an application with these dependencies, in the profile of this workspace, so that what has been built for it
/// is not built again.
fn application(name: &str, dependencies: &str, main: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{dependencies}\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.\"*\"]\ndebug = false\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/main.rs"), main).unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

/// What cargo's command prints, when it succeeds.
fn cargo(command: &str, application: &Path) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args([command, "--quiet"])
        .current_dir(application)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Where the runtime is, and its features, which are the same for all applications: it is built once. Pages about a feature name it.
fn runtime() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox-runtime");
    let engine = if Engine::CURRENT == Engine::QuickJs { "quickjs" } else { "v8" };
    format!(
        "path = {path:?}, default-features = false, features = [{engine:?}, \"process\", \"fetch\", \"typescript\"]"
    )
}

#[test]
fn an_application_depends_on_the_runtime_alone() {
    let dependencies = format!("boxed = {{ package = \"sandbox-runtime\", {} }}", runtime());
    assert_eq!(cargo("run", &application("application", &dependencies, MAIN)), "17\n");
}

/// What the list of dependencies is said to be for, and no example shows.
const PATTERN: &str = r#"
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, garde::Validate)]
struct Code(#[garde(pattern("^[A-Z]+$"))] String);
"#;

/// The examples of a page as functions of one program, each in a module.
fn examples(page: &str) -> Vec<String> {
    let blocks =
        page.split("\n```rust").skip(1).filter_map(|block| block.split("\n```").next()?.split_once('\n'));
    let compiled = blocks.filter(|(attributes, _)| ["", ",no_run"].contains(attributes));
    let shown =
        |line: &str| line.strip_prefix("# ").unwrap_or(if line == "#" { "" } else { line }).to_owned();
    let function = |code: String| match code.lines().last().unwrap_or_default() {
        _ if code.contains("fn main()") => code,
        last if last.starts_with("Ok::<") => {
            format!("fn main() -> Result<(), impl std::fmt::Debug> {{\n{code}\n}}")
        }
        _ => format!("fn main() {{\n{code}\n}}"),
    };
    compiled.map(|(_, code)| function(code.lines().map(shown).collect::<Vec<_>>().join("\n"))).collect()
}

#[test]
fn the_examples_of_the_guide_need_the_dependencies_that_it_lists() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide");
    let read = |path: PathBuf| fs::read_to_string(path).unwrap();
    let list = read(guide.join("application.md"));
    let list = list.split("[dependencies]\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    // The published crate is the one that is here.
    let version = env!("CARGO_PKG_VERSION").rsplit_once('.').unwrap().0;
    let published = format!("version = \"{version}\", features = [\"process\"]");
    assert!(list.contains(&published), "{list}");
    let dependencies = list.replace(&published, &runtime());

    let mut pages = vec![guide.join("../../README.md")];
    pages.extend(fs::read_dir(&guide).unwrap().map(|entry| entry.unwrap().path()));
    let mut all = vec![PATTERN.to_owned()];
    all.extend(pages.into_iter().flat_map(|page| examples(&read(page))));
    assert!(all.len() > 14, "{} examples", all.len());
    let modules = all.iter().enumerate().map(|(at, code)| format!("mod example_{at} {{\n{code}\n}}\n"));
    let main = format!("#![allow(warnings)]\n{}fn main() {{}}\n", modules.collect::<String>());
    cargo("build", &application("guide-examples", &dependencies, &main));
}

#[allow(dead_code, reason = "the build script's `main`")]
#[path = "../sandbox-runtime/build.rs"]
mod build_script;

#[test]
fn at_most_one_engine_is_on() {
    for engines in [(true, false), (false, true)] {
        assert_eq!(build_script::problem(engines, Some("process")), None);
    }
    assert_eq!(build_script::problem((false, false), None), None);
    assert!(build_script::problem((true, true), None).unwrap().contains("both on"));
    // As cargo says it: without an engine there is little to build.
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--no-default-features", "--features", "testing", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox-runtime/Cargo.toml"))
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let expected = build_script::problem((false, false), Some("testing")).unwrap();
    assert!(!output.status.success() && error.contains(&expected), "{error}");
}

// As cargo says it: `cargo xtask check-platforms`.
#[test]
fn processes_are_refused_where_there_is_no_unix() {
    assert_eq!(build_script::without_unix(true, true), None);
    assert_eq!(build_script::without_unix(false, false), None);
    assert!(build_script::without_unix(true, false).unwrap().contains("needs Unix"));
}
