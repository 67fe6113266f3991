//! What `#[sandbox_api]` costs the compiler, beside ops that are written by hand: seconds and lines of crates that differ in
//! nothing but the number of methods, less those of a crate without any. The crates are not linked and not optimised, as
//! those that one is at work on; what they depend on is.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a benchmark")]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use sandbox_benches::measure::{Sample, Side, is_quick, keep, target, workspace};

/// How many methods a contract has.
const COUNTS: [usize; 3] = [1, 10, 100];

/// One of the four kinds of methods, by turns: in a contract, in its host, and as an op by hand, whose number is `@`.
const METHODS: [[&str; 3]; 4] = [
    [
        "fn m@(&self, a: f64, b: f64) -> f64;",
        "fn m@(&self, a: f64, b: f64) -> f64 { a + b }",
        "#[op2(fast)]
         fn op_m@(state: &OpState, a: f64, b: f64) -> f64 { state.borrow::<Implementation>().m@(a, b) }",
    ],
    [
        "fn m@(&self, name: &str) -> String;",
        "fn m@(&self, name: &str) -> String { name.to_owned() }",
        "#[op2]
         #[string]
         fn op_m@(state: &OpState, #[string] name: &str) -> String { state.borrow::<Implementation>().m@(name) }",
    ],
    [
        "fn m@(&self, line: Line) -> Line;",
        "fn m@(&self, line: Line) -> Line { line }",
        "#[op2]
         #[serde]
         fn op_m@(state: &OpState, #[serde] line: Line) -> Line { state.borrow::<Implementation>().m@(line) }",
    ],
    [
        "fn m@(&self, bytes: &[u8]) -> u32;",
        "fn m@(&self, bytes: &[u8]) -> u32 { bytes.len() as u32 }",
        "#[op2(fast)]
         fn op_m@(state: &OpState, #[buffer] bytes: &[u8]) -> u32 { state.borrow::<Implementation>().m@(bytes) }",
    ],
];

const HEAD: &str = "
    use deno_core::{Extension, JsRuntime, OpState, RuntimeOptions, op2};
    use sandbox_runtime::{LocalSandbox, sandbox_api};
    #[derive(Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    pub struct Line { pub label: String, pub amount: f64, pub tax: f64, pub count: u32 }
    pub struct Implementation;
";

/// So many methods, in the form of this number of [`METHODS`].
fn methods(count: usize, form: usize, head: &str) -> String {
    let one = |n: usize| format!("{head}{}\n", METHODS[n % METHODS.len()][form]).replace('@', &n.to_string());
    (0..count).map(one).collect()
}

/// The source of a crate. Both have the contract and its implementation as Rust; they differ in what makes it callable.
fn source(side: Side, count: usize) -> String {
    let (declared, implemented) = (methods(count, 0, ""), methods(count, 1, ""));
    let mut source = format!("#![allow(unused_imports)]{HEAD}");
    match (side, count) {
        (_, 0) => {
            source += "pub fn host() -> LocalSandbox { LocalSandbox::builder().build().unwrap() }
                       pub fn runtime() -> JsRuntime { JsRuntime::new(RuntimeOptions::default()) }";
        }
        (Side::Ours, _) => {
            let _ = write!(
                source,
                "#[sandbox_api(host)] pub trait Contract {{ {declared} }}
                 impl Contract for Implementation {{ {implemented} }}
                 pub fn host() -> LocalSandbox {{
                     LocalSandbox::builder().host::<dyn Contract>(Implementation).build().unwrap()
                 }}
                 pub fn runtime() -> JsRuntime {{ JsRuntime::new(RuntimeOptions::default()) }}"
            );
        }
        _ => {
            let ops = methods(count, 2, "");
            let list = (0..count).map(|n| format!("op_m{n}(), ")).collect::<String>();
            let _ = write!(
                source,
                "pub trait Contract {{ {declared} }}
                 impl Contract for Implementation {{ {implemented} }}
                 {ops}
                 pub fn host() -> LocalSandbox {{ LocalSandbox::builder().build().unwrap() }}
                 pub fn runtime() -> JsRuntime {{
                     let extension = Extension {{
                         name: \"floor\",
                         ops: vec![{list}].into(),
                         op_state_fn: Some(Box::new(|state| state.put(Implementation))),
                         ..Extension::default()
                     }};
                     JsRuntime::new(RuntimeOptions {{ extensions: vec![extension], ..RuntimeOptions::default() }})
                 }}"
            );
        }
    }
    source
}

/// A workspace of crates in the folder that cargo builds in.
struct Crates {
    folder: PathBuf,
}

impl Crates {
    fn write(all: &[(String, String)]) -> Self {
        let folder = target().join("bench-compile");
        fs::create_dir_all(&folder).unwrap();
        let members = all.iter().map(|(name, _)| format!("\"{name}\", ")).collect::<String>();
        write(&folder.join("Cargo.toml"), &format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n"));
        // The same versions as here, so that what is built already is used.
        fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        for (name, source) in all {
            fs::create_dir_all(folder.join(name).join("src")).unwrap();
            write(&folder.join(name).join("Cargo.toml"), &manifest(name));
            write(&folder.join(name).join("src/lib.rs"), source);
        }
        let script = "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec \"$@\" -Zunpretty=expanded\n";
        write(&folder.join("expand.sh"), script);
        let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
        fs::set_permissions(folder.join("expand.sh"), mode).unwrap();
        Self { folder }
    }

    fn cargo(&self, name: &str) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        cargo.args(["rustc", "--quiet", "--release", "--lib", "--package", name]);
        cargo.arg("--manifest-path").arg(self.folder.join("Cargo.toml"));
        cargo
            .args(["--", "-C", "opt-level=0", "-C", "debug-assertions=off"])
            .env("CARGO_TARGET_DIR", target());
        cargo
    }

    /// Has the crate compiled once more.
    fn touch(&self, name: &str) {
        let file = self.folder.join(name).join("src/lib.rs");
        let source = fs::read_to_string(&file).unwrap();
        fs::write(file, source).unwrap();
    }

    /// Seconds, the least of several.
    fn seconds(&self, name: &str, times: usize) -> f64 {
        let one = |_| {
            self.touch(name);
            let began = Instant::now();
            assert!(self.cargo(name).status().unwrap().success());
            began.elapsed().as_secs_f64()
        };
        (0..times).map(one).fold(f64::MAX, f64::min)
    }

    /// Lines after all macros are expanded.
    fn lines(&self, name: &str) -> f64 {
        self.touch(name);
        let mut cargo = self.cargo(name);
        let output = cargo.env("RUSTC_WORKSPACE_WRAPPER", self.folder.join("expand.sh")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().count() as f64
    }
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
}

fn manifest(name: &str) -> String {
    let runtime = workspace().join("sandbox-runtime");
    // The features are those of this package, so that what is built already is used.
    format!(
        "[package]
name = \"{name}\"
version = \"0.0.0\"
edition = \"2024\"

[dependencies]
deno_core = {{ version = \"=0.413.0\", default-features = false, features = [\"reactor-tokio\"] }}
sandbox-runtime = {{ path = {runtime:?}, default-features = false, features = [\"v8\"] }}
schemars = \"1\"
serde = {{ version = \"1\", features = [\"derive\", \"rc\"] }}
"
    )
}

fn name_of(side: Side, count: usize) -> String {
    format!("compile-{}-{count}", if side == Side::Ours { "ours" } else { "floor" })
}

fn main() {
    let sides = [Side::Ours, Side::Floor];
    let all = COUNTS.iter().flat_map(|count| sides.map(|side| (side, *count)));
    let all = std::iter::once((Side::Floor, 0)).chain(all).collect::<Vec<_>>();
    let sources = all.iter().map(|(side, count)| (name_of(*side, *count), source(*side, *count)));
    let crates = Crates::write(&sources.collect::<Vec<_>>());
    let times = if is_quick() { 1 } else { 3 };
    let empty = name_of(Side::Floor, 0);
    // What all depend on is built by the first.
    crates.seconds(&empty, 1);
    let (seconds, lines) = (crates.seconds(&empty, times.max(2)), crates.lines(&empty));
    let mut samples = Vec::new();
    for (side, count) in all.into_iter().skip(1) {
        let name = name_of(side, count);
        eprintln!("{name}");
        let took = crates.seconds(&name, times) - seconds;
        samples.push(Sample::new(format!("compile/seconds-{count}"), side, took.max(0.001)));
        samples.push(Sample::new(format!("compile/lines-{count}"), side, crates.lines(&name) - lines));
    }
    keep("compile", &samples).unwrap();
}
