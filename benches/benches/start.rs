//! What it takes until a guest has been called first, beside a bare isolate and a bare context of V8, from V8's own
//! snapshot.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::env;
use std::process::Command;

use criterion::Criterion;
use sandbox_benches::contracts::{Direct, First, GUEST, Guest, Host};
use sandbox_benches::floor::bare::{Bare, start_v8};
use sandbox_benches::ours::{called_sandbox, first};
use sandbox_benches::pair::{criterion, pair, timed};
use sandbox_runtime::{Intrinsics, LocalRealm, LocalSandbox, Script};

/// Says what a child is to be.
const CHILD: &str = "START_CHILD";

/// A process that makes its first call, and ends.
fn child(side: &str) {
    if side == "ours" {
        drop(called_sandbox());
    } else {
        start_v8();
        assert_eq!(Bare::new().first_call(), 5.0);
    }
}

fn processes(criterion: &mut Criterion) {
    let run = |side: &str| {
        let status = Command::new(env::current_exe().unwrap()).env(CHILD, side).status().unwrap();
        assert!(status.success());
    };
    let mut group = pair(criterion, "start/process");
    for side in ["ours", "floor"] {
        group.bench_function(side, |b| b.iter(|| run(side)));
    }
    group.finish();
}

fn bare_first_call() -> Bare {
    let mut bare = Bare::new();
    assert_eq!(bare.first_call(), 5.0);
    bare
}

fn sandboxes(criterion: &mut Criterion) {
    let frozen = || {
        let sandbox = LocalSandbox::builder().intrinsics(Intrinsics::Frozen).build().unwrap();
        let guest = sandbox.load::<dyn First>(first()).unwrap();
        assert_eq!(guest.add(2.0, 3.0).unwrap(), 5.0);
        (sandbox, guest)
    };
    let mut group = pair(criterion, "start/sandbox");
    group.bench_function("ours", |b| b.iter_custom(|turns| timed(turns, called_sandbox)));
    group.bench_function("floor", |b| b.iter_custom(|turns| timed(turns, bare_first_call)));
    group.finish();
    let mut group = pair(criterion, "start/frozen");
    group.bench_function("ours", |b| b.iter_custom(|turns| timed(turns, frozen)));
    group.bench_function("floor", |b| b.iter_custom(|turns| timed(turns, bare_first_call)));
    group.finish();
}

fn realms(criterion: &mut Criterion) {
    let plain = LocalSandbox::builder().build().unwrap();
    let hosted = LocalSandbox::builder().host::<dyn Host>(Direct).build().unwrap();
    let realm_of = |sandbox: &LocalSandbox| -> LocalRealm {
        let realm = sandbox.realm().unwrap();
        assert_eq!(realm.load::<dyn First>(first()).unwrap().add(2.0, 3.0).unwrap(), 5.0);
        realm
    };
    for (id, sandbox) in [("start/realm", plain), ("start/realm-with-host", hosted)] {
        let mut group = pair(criterion, id);
        group.bench_function("ours", |b| b.iter_custom(|turns| timed(turns, || realm_of(&sandbox))));
        let mut bare = Bare::new();
        let mut context = || {
            let context = bare.context();
            assert_eq!(bare.first_call_in(&context), 5.0);
            context
        };
        group.bench_function("floor", |b| b.iter_custom(|turns| timed(turns, &mut context)));
        group.finish();
    }
}

fn binds(criterion: &mut Criterion) {
    let sandbox = LocalSandbox::builder().build().unwrap();
    let script = Script::new("guest.mjs", format!("export default {GUEST};"));
    let guest = sandbox.eval(script).unwrap();
    let mut bare = Bare::new();
    let exports = bare.object(GUEST);
    let mut group = pair(criterion, "start/bind");
    group.bench_function("ours", |b| {
        b.iter_custom(|turns| timed(turns, || guest.bind::<dyn Guest>().unwrap()))
    });
    let mut bind = || ["add", "greet", "order", "lines", "size"].map(|name| bare.bind(&exports, name));
    group.bench_function("floor", |b| b.iter_custom(|turns| timed(turns, &mut bind)));
    group.finish();
}

fn main() {
    if let Ok(side) = env::var(CHILD) {
        return child(&side);
    }
    let mut criterion = criterion();
    // V8 is started with this project's flags.
    drop(called_sandbox());
    processes(&mut criterion);
    sandboxes(&mut criterion);
    realms(&mut criterion);
    binds(&mut criterion);
    criterion.final_summary();
}
