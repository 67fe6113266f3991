//! A corpus of hostile guests, `escape/<class>/<name>.js`, and one oracle for all of them.
//!
//! Each case runs in a sandbox of its own, between two neighbours. It may return, throw or be ended as it says in its first
//! lines; it may not reach an op that no contract declares, read the canary file, say `ESCAPED: `, leave a realm whose
//! objects come from elsewhere, or change anything for a neighbour.
//!
//! `RUSTFLAGS="--cfg sandbox_leaky" cargo test --test escape --target-dir target/leaky` takes
//! defences away and checks that the corpus notices.
//! `BLESS=1 cargo test --test escape` writes `golden/graph.txt` and the tables of `docs/guide/advisories.md` anew; `ESCAPE=species` runs the cases whose path has that word.

#[cfg(not(any(sandbox_canary, sandbox_leaky)))]
compile_error!(
    "this test needs `--cfg sandbox_canary`, which `.cargo/config.toml` sets; RUSTFLAGS of the environment take its place: add it there"
);

#[cfg(not(sandbox_leaky))]
#[path = "escape/advisories.rs"]
mod advisories;
#[path = "escape/corpus.rs"]
mod corpus;
#[path = "escape/graph.rs"]
mod graph;
#[path = "escape/host.rs"]
mod host;
#[path = "escape/oracle.rs"]
mod oracle;
#[cfg(not(sandbox_leaky))]
#[path = "escape/processes.rs"]
mod processes;
#[path = "escape/report.rs"]
mod report;
#[path = "escape/secrets.rs"]
mod secrets;
mod slack;
#[path = "escape/tenants.rs"]
mod tenants;

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use corpus::Case;
use host::Transport;
use oracle::Verdict;

/// The stack of the threads that the cases run on.
const STACK: usize = 8 << 20;
/// Fewer cases than this were lost, and not removed.
const LEAST_CASES: usize = 430;
/// How many cases must use what a runtime without defences leaves to them, from how many classes, and how many advisories.
#[cfg(sandbox_leaky)]
const LEAST_CAUGHT: (usize, usize, usize) = (170, 24, 45);

/// The verdicts on the corpus, from as many threads as there are processors.
fn judge_all(transport: Transport, cases: &[Case]) -> Vec<(Case, Verdict)> {
    /// The processors are for one test at a time: the cases have limits of time.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    secrets::prepare();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    let work = || {
        let neighbour = tenants::Neighbour::new();
        let mut mine = Vec::new();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            mine.push((case.clone(), oracle::judge(case, transport, &neighbour)));
        }
        mine
    };
    let mut verdicts = thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let workers = (0..threads).map(spawn).collect::<Vec<_>>();
        let join = |worker: std::io::Result<thread::ScopedJoinHandle<'_, _>>| {
            worker.expect("a thread").join().expect("the oracle holds")
        };
        workers.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    verdicts.sort_by(|(one, _), (other, _)| one.path.cmp(&other.path));
    verdicts
}

#[test]
#[cfg(not(sandbox_leaky))]
fn no_guest_escapes() {
    let cases = corpus::read();
    assert!(corpus::filter().is_some() || cases.len() >= LEAST_CASES, "the corpus has lost cases");
    match has_processes() {
        true => processes::run("no_guest_escapes", &cases),
        false => assert_none_escapes(Transport::Local, &cases),
    }
}

/// The same over a thread of its own, for what that thread could change: whatever does not just return, and attacks that are
/// known by number.
#[test]
#[cfg(not(sandbox_leaky))]
fn no_guest_escapes_from_a_thread_of_its_own() {
    let mut cases = corpus::read();
    cases.retain(|case| case.expected != [corpus::Outcome::Ok] || case.class() == "advisories");
    match has_processes() {
        true => processes::run("no_guest_escapes_from_a_thread_of_its_own", &cases),
        false => assert_none_escapes(Transport::Thread, &cases),
    }
}

/// The names of the web give nothing to any attack. Left out are those that ask whether such names are there.
#[test]
#[cfg(not(any(sandbox_leaky, feature = "quickjs")))]
fn no_guest_escapes_by_the_web() {
    let mut cases = corpus::read();
    cases.retain(|case| case.class() != "advisories" && case.path != "imports/require.js");
    assert_none_escapes(Transport::Web, &cases);
}

/// Attacks over a link, where objects, functions, streams and signals cross by numbers.
#[test]
#[cfg(not(sandbox_leaky))]
fn no_guest_escapes_over_a_link() {
    let mut cases = corpus::read();
    cases.retain(|case| ["handles", "streams", "callbacks", "awaited"].contains(&case.class()));
    match has_processes() {
        true => processes::run("no_guest_escapes_over_a_link", &cases),
        false => assert_none_escapes(Transport::Link, &cases),
    }
}

/// QuickJS makes some 270 sandboxes in a process and then no more, so each class has a process there.
#[cfg(not(sandbox_leaky))]
fn has_processes() -> bool {
    sandbox_runtime::Engine::CURRENT == sandbox_runtime::Engine::QuickJs && corpus::filter().is_none()
}

#[cfg(not(sandbox_leaky))]
fn assert_none_escapes(transport: Transport, cases: &[Case]) {
    let verdicts = judge_all(transport, cases);
    report::print(&verdicts);
    report::assert_none_escaped(&verdicts);
    assert_eq!(sandbox_runtime::testing::canary::calls(), 0);
    assert!(!secrets::were_logged(), "the log has the text of the canary file");
}

/// The positive control: what the corpus would say of a runtime without its defences.
#[test]
#[cfg(sandbox_leaky)]
fn a_runtime_without_defences_is_caught() {
    let verdicts = judge_all(Transport::Local, &corpus::read());
    report::print(&verdicts);
    assert!(verdicts.len() >= LEAST_CASES || corpus::filter().is_some(), "the corpus has lost cases");
    // A look around finds the host's realm in every sandbox, so only what a case used itself counts.
    let caught = verdicts.iter().filter(|(_, verdict)| verdict.used_it).map(|(case, _)| case);
    let missed = verdicts.iter().filter(|(_, verdict)| !verdict.used_it).map(|(case, _)| case);
    for case in missed.filter(|case| case.class() == "advisories") {
        eprintln!("{} gains nothing from a runtime without defences", case.path);
    }
    let caught = caught.collect::<Vec<_>>();
    let classes = caught.iter().map(|case| case.class()).collect::<std::collections::BTreeSet<_>>();
    let advisories = caught.iter().filter(|case| case.class() == "advisories").count();
    let found = (caught.len(), classes.len(), advisories);
    eprintln!("cases that used what they gained, their classes, and those of advisories: {found:?}");
    assert!(
        found.0 >= LEAST_CAUGHT.0 && found.1 >= LEAST_CAUGHT.1 && found.2 >= LEAST_CAUGHT.2,
        "{found:?} of {LEAST_CAUGHT:?}: {classes:?}"
    );
    assert!(sandbox_runtime::testing::canary::calls() > 0, "no case called the undeclared op");
}
