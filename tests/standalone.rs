//! An application of its own, outside of this workspace, that depends on `sandbox-runtime` alone and calls it by
//! another name.

use std::fs;
use std::path::Path;
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

#[test]
fn an_application_depends_on_the_runtime_alone() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let application = Path::new(env!("CARGO_TARGET_TMPDIR")).join("application");
    fs::create_dir_all(application.join("src")).unwrap();
    let runtime = repository.join("sandbox-runtime");
    let engine = if Engine::CURRENT == Engine::QuickJs { "quickjs" } else { "v8" };
    // The profile of this workspace, so that what has been built for it is not built again.
    let manifest = format!(
        "[package]\nname = \"application\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nboxed = {{ package = \"sandbox-runtime\", path = {runtime:?}, \
         default-features = false, features = [{engine:?}] }}\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.\"*\"]\ndebug = false\n"
    );
    fs::write(application.join("Cargo.toml"), manifest).unwrap();
    fs::write(application.join("src/main.rs"), MAIN).unwrap();
    fs::copy(repository.join("Cargo.lock"), application.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet"])
        .current_dir(&application)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{error}");
    assert_eq!(out, "17\n");
}

#[allow(dead_code, reason = "the build script's `main`")]
#[path = "../sandbox-runtime/build.rs"]
mod build_script;

#[test]
fn exactly_one_engine_is_on() {
    assert_eq!(build_script::problem(true, false), None);
    assert_eq!(build_script::problem(false, true), None);
    assert!(build_script::problem(true, true).unwrap().contains("both on"));
    // As cargo says it: without an engine there is little to build.
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--no-default-features", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox-runtime/Cargo.toml"))
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let expected = build_script::problem(false, false).unwrap();
    assert!(!output.status.success() && error.contains(expected), "{error}");
}
