//! node, with the packages that the descriptions are checked with: the TypeScript compiler and Zod.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The exact versions, so that a release of theirs changes no result here.
const PACKAGES: [&str; 2] = ["typescript@7.0.2", "zod@4.6.7"];

/// How long a program may run. On a quiet machine the longest takes ten seconds.
const MOST: Duration = Duration::from_secs(300);

/// Runs a program in a process group of its own. The whole group is killed when its time is over, and when the test that
/// started it is gone: then the pipe of the standard input is closed.
const KEEPER: &str = r"
const { spawn } = require('node:child_process');
const [time, program, ...rest] = process.argv.slice(1);
const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
const kill = () => { try { process.kill(-child.pid, 'SIGKILL'); } catch {} };
setTimeout(() => { kill(); console.error(`${program} did not end within ${time} ms, and was killed`); }, time);
process.stdin.on('end', kill).resume();
child.on('error', (error) => { console.error(`${program} cannot be run: ${error.message}`); process.exit(1); });
child.on('exit', (code) => process.exit(code ?? 1));
";

/// An empty folder under which the packages are found. It is this process's own: the suite may run twice at once.
///
/// # Panics
///
/// When the packages cannot be installed.
pub fn folder(name: &str) -> PathBuf {
    folder_with(name, "node-tools", &PACKAGES).unwrap_or_else(|said| panic!("npm failed:\n{said}"))
}

/// The same with other packages, which are installed in a folder of that name.
///
/// # Errors
///
/// The text of npm when the packages cannot be installed.
pub fn folder_with(name: &str, tools: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let work = installed(tools, packages)?.join("work");
    let folder = work.join(format!("{name}-{}", std::process::id()));
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    remove_old(&work);
    Ok(folder)
}

/// Removes the folders of earlier runs. Another process may remove them at the same time.
fn remove_old(work: &Path) {
    const DAY: Duration = Duration::from_secs(86_400);
    for folder in fs::read_dir(work).into_iter().flatten().flatten() {
        let age = folder.metadata().and_then(|of| of.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > DAY) {
            _ = fs::remove_dir_all(folder.path());
        }
    }
}

/// The folder with the packages, installed once.
fn installed(tools: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(tools);
    fs::create_dir_all(&folder).unwrap();
    // Tests of other binaries may be here at the same time.
    let lock = fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let stamp = folder.join("installed");
    let wanted = packages.join(" ");
    if fs::read_to_string(&stamp).ok().as_deref() != Some(&*wanted) {
        fs::write(folder.join("package.json"), "{ \"private\": true }").unwrap();
        let mut arguments = vec!["install", "--no-audit", "--no-fund", "--save-exact"];
        arguments.extend(packages);
        let (said, ok) = try_run("npm", &arguments, &folder);
        if !ok {
            return Err(said);
        }
        fs::write(&stamp, wanted).unwrap();
    }
    Ok(folder)
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

/// Runs a program, and gives what it printed and whether it succeeded. One that does not end is killed, and says so.
pub fn try_run(program: &str, arguments: &[&str], folder: &Path) -> (String, bool) {
    try_run_for(MOST, program, arguments, folder)
}

/// The same, for no longer than `time`.
pub fn try_run_for(time: Duration, program: &str, arguments: &[&str], folder: &Path) -> (String, bool) {
    let mut command = Command::new("node");
    command.args(["-e", KEEPER, &time.as_millis().to_string(), program]).args(arguments).current_dir(folder);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!("`node` cannot be run: {error}; these tests need node 20 or later, with npm: `cargo xtask test` sees to it")
    });
    // Closed when this test ends, in whatever way.
    let alive = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(alive);
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (said, output.status.success())
}
