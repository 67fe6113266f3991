//! Resident memory of a sandbox and of a realm, beside a bare isolate and a bare context. Each number of them is made in a
//! process of its own, and each of them has been called.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a benchmark")]

use std::process::Command;
use std::{env, fs, process};

use sandbox_benches::contracts::First;
use sandbox_benches::floor::bare::{Bare, start_v8};
use sandbox_benches::measure::{Sample, Side, is_quick, keep};
use sandbox_benches::ours::{called_sandbox, every_name, first};
use sandbox_runtime::{Limits, LocalSandbox, Script, Web};

/// Says what a child is to make, and how many.
const CHILD: &str = "MEMORY_CHILD";

/// How many are made.
const COUNTS: &[usize] = &[1, 100, 1000];

/// A pair whose sides are compared.
struct Pair {
    id: &'static str,
    /// The kinds that the two sides make.
    sides: [(Side, &'static str); 2],
    /// How many of them are made.
    counts: &'static [usize],
}

const PAIRS: [Pair; 4] = [
    Pair { id: "memory/sandbox", sides: [(Side::Ours, "sandbox"), (Side::Floor, "isolate")], counts: COUNTS },
    Pair { id: "memory/realm", sides: [(Side::Ours, "realm"), (Side::Floor, "context")], counts: COUNTS },
    Pair { id: "memory/web", sides: [(Side::Ours, "realm-web"), (Side::Floor, "realm")], counts: &[100] },
    Pair {
        id: "memory/web-read",
        sides: [(Side::Ours, "realm-web-read"), (Side::Floor, "realm")],
        counts: &[100],
    },
];

/// Memory of this process that is of no file: what is mapped from its program is shared with others, and given back.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Prints the bytes of each, and ends at once, without taking anything down.
fn finish(before: u64, count: usize) -> ! {
    println!("{}", resident().saturating_sub(before) as f64 / count as f64);
    process::exit(0)
}

fn called_realm(sandbox: &LocalSandbox, script: Script) -> impl Sized + use<> {
    let realm = sandbox.realm().unwrap();
    let guest = realm.load::<dyn First>(script).unwrap();
    assert_eq!(guest.add(2.0, 3.0).unwrap(), 5.0);
    (realm, guest)
}

fn child(kind: &str, count: usize) -> ! {
    match kind {
        "sandbox" => {
            let before = resident();
            let _all = (0..count).map(|_| called_sandbox()).collect::<Vec<_>>();
            finish(before, count)
        }
        "isolate" => {
            start_v8();
            let before = resident();
            let one = |_| {
                let mut bare = Bare::new();
                assert_eq!(bare.first_call(), 5.0);
                bare
            };
            let _all = (0..count).map(one).collect::<Vec<_>>();
            finish(before, count)
        }
        "realm" | "realm-web" | "realm-web-read" => {
            let limits = Limits { heap: 2 << 30, ..Limits::default() };
            let web = if kind == "realm" { Web::none() } else { Web::node() };
            let script = if kind == "realm-web-read" { every_name } else { first };
            let sandbox = LocalSandbox::builder().limits(limits).web(web).build().unwrap();
            let before = resident();
            let _all = (0..count).map(|_| called_realm(&sandbox, script())).collect::<Vec<_>>();
            finish(before, count)
        }
        "context" => {
            start_v8();
            let mut bare = Bare::new();
            let before = resident();
            let one = |_| {
                let context = bare.context();
                assert_eq!(bare.first_call_in(&context), 5.0);
                context
            };
            let _all = (0..count).map(one).collect::<Vec<_>>();
            finish(before, count)
        }
        other => panic!("there is no `{other}`"),
    }
}

/// Bytes of each of so many, the median of some processes.
fn measure(kind: &str, count: usize) -> f64 {
    let times = if is_quick() || count > 100 { 1 } else { 5 };
    let one = |_| {
        let program = env::current_exe().unwrap();
        let output = Command::new(program).env(CHILD, format!("{kind} {count}")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().parse::<f64>().unwrap()
    };
    let mut all = (0..times).map(one).collect::<Vec<_>>();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() {
    if let Ok(child_of) = env::var(CHILD) {
        let (kind, count) = child_of.split_once(' ').unwrap();
        child(kind, count.parse().unwrap());
    }
    let mut samples = Vec::new();
    for Pair { id, sides, counts } in PAIRS {
        for &count in counts {
            eprintln!("{id}/{count}");
            samples.extend(
                sides.map(|(side, kind)| Sample::new(format!("{id}/{count}"), side, measure(kind, count))),
            );
        }
    }
    keep("memory", &samples).unwrap();
}
