//! The host is killed, and its processes end with it: one that waits, one that computes, and the one that is kept ready.
//!
//! This executable is the host as well.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sandbox_runtime::process::Process;
use sandbox_runtime::{Limits, Result, Sandbox, Script, sandbox_api};

const HOST: &str = "--host";

#[sandbox_api(guest)]
pub trait Act {
    fn act(&self) -> Result<f64>;
}

/// Says that the guest runs.
#[sandbox_api(host)]
pub trait Report {
    fn runs(&self);
}

impl Report for () {
    fn runs(&self) {
        println!("runs");
    }
}

fn host() -> Result<()> {
    let limits = Limits { wall: Duration::from_secs(300), ..Limits::default() };
    let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));
    let idle = Sandbox::builder().transport(process.clone()).build()?;
    let busy = Sandbox::builder().limits(limits).transport(process).host::<dyn Report>(()).build()?;
    let script =
        "export const act = () => { Report.runs(); return [].indexOf.call({ length: 2 ** 53 - 1 }, 1); };";
    println!("{} {}", idle.pid().unwrap(), busy.pid().unwrap());
    busy.load::<dyn Act>(Script::new("act.js", script))?.act()?;
    Ok(())
}

/// The processes whose parent is this one.
fn children_of(parent: u32) -> BTreeSet<u32> {
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let words = stat.rsplit(") ").next().unwrap_or_default();
        words.split(' ').nth(1).is_some_and(|word| word == parent.to_string())
    };
    let all =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(is_child).collect()
}

/// Its children are taken by another process, which may not reap them.
fn has_ended(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !Path::new(&format!("/proc/{pid}")).exists() || state.starts_with(['Z', 'X'])
}

fn test() {
    let exe = std::env::current_exe().unwrap();
    let mut host = Command::new(exe).arg(HOST).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines().map(Result::unwrap);
    let pids = lines.next().unwrap();
    let known = pids.split(' ').map(|pid| pid.parse().unwrap()).collect::<BTreeSet<u32>>();
    assert_eq!(lines.next().as_deref(), Some("runs"));
    // With the one that is kept ready.
    let deadline = Instant::now() + Duration::from_secs(100);
    let all = loop {
        let all = children_of(host.id());
        if all.len() == 3 {
            break all;
        }
        assert!(Instant::now() < deadline, "{all:?}");
        std::thread::yield_now();
    };
    assert!(all.is_superset(&known), "{known:?} {all:?}");
    host.kill().unwrap();
    host.wait().unwrap();
    // Much less than the guest that computes has.
    let deadline = Instant::now() + Duration::from_secs(100);
    while !all.iter().all(|pid| has_ended(*pid)) {
        assert!(Instant::now() < deadline, "{all:?} live on");
        std::thread::yield_now();
    }
    println!("test children_end_with_their_host ... ok");
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some(HOST) => host().unwrap(),
        Some("--list") => {}
        _ => test(),
    }
}
