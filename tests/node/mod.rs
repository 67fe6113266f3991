//! node, with the packages that the descriptions are checked with: the TypeScript compiler and Zod.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The exact versions, so that a release of theirs changes no result here.
const PACKAGES: [&str; 2] = ["typescript@7.0.2", "zod@4.6.7"];

/// An empty folder under which the packages are found.
pub fn folder(name: &str) -> PathBuf {
    let folder = tools().join("work").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The folder with the packages, installed once.
fn tools() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node-tools");
    fs::create_dir_all(&folder).unwrap();
    // Tests of other binaries may be here at the same time.
    let lock = fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let stamp = folder.join("installed");
    let wanted = PACKAGES.join(" ");
    if fs::read_to_string(&stamp).ok().as_deref() != Some(&*wanted) {
        fs::write(folder.join("package.json"), "{ \"private\": true }").unwrap();
        let mut arguments = vec!["install", "--no-audit", "--no-fund", "--save-exact"];
        arguments.extend(PACKAGES);
        run("npm", &arguments, &folder);
        fs::write(&stamp, wanted).unwrap();
    }
    folder
}

/// Runs a program, and gives what it printed.
///
/// # Panics
///
/// When it is not there, or fails.
pub fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let (said, ok) = try_run(program, arguments, folder);
    assert!(ok, "{program} {} failed:\n{said}", arguments.join(" "));
    said
}

/// Runs a program, and gives what it printed and whether it succeeded.
pub fn try_run(program: &str, arguments: &[&str], folder: &Path) -> (String, bool) {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| {
        panic!("`{program}` cannot be run: {error}; these tests need node 20 or later, with npm: `cargo xtask test` sees to it")
    });
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (said, output.status.success())
}
