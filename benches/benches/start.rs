//! What it takes until a guest has been called first, beside a bare isolate and a bare context of V8, from V8's own
//! snapshot.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::env;
use std::process::Command;

use sandbox_benches::contracts::{Direct, First, GUEST, Guest, Host};
use sandbox_benches::floor::bare::{Bare, start_v8};
use sandbox_benches::ours::{called_sandbox, first};
use sandbox_benches::pair::{Pairs, looped, timed};
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

fn processes(pairs: &mut Pairs) {
    let run = |side: &'static str| {
        looped(move || {
            let status = Command::new(env::current_exe().unwrap()).env(CHILD, side).status().unwrap();
            assert!(status.success());
        })
    };
    pairs.add("start/process", run("ours"), run("floor"));
}

fn bare_first_call() -> Bare {
    let mut bare = Bare::new();
    assert_eq!(bare.first_call(), 5.0);
    bare
}

fn sandboxes(pairs: &mut Pairs) {
    let frozen = || {
        let sandbox = LocalSandbox::builder().intrinsics(Intrinsics::Frozen).build().unwrap();
        let guest = sandbox.load::<dyn First>(first()).unwrap();
        assert_eq!(guest.add(2.0, 3.0).unwrap(), 5.0);
        (sandbox, guest)
    };
    pairs.add("start/sandbox", timed(called_sandbox), timed(bare_first_call));
    pairs.add("start/frozen", timed(frozen), timed(bare_first_call));
}

fn realms(pairs: &mut Pairs) {
    let plain = LocalSandbox::builder().build().unwrap();
    let hosted = LocalSandbox::builder().host::<dyn Host>(Direct).build().unwrap();
    let realm_of = |sandbox: &LocalSandbox| -> LocalRealm {
        let realm = sandbox.realm().unwrap();
        assert_eq!(realm.load::<dyn First>(first()).unwrap().add(2.0, 3.0).unwrap(), 5.0);
        realm
    };
    for (id, sandbox) in [("start/realm", plain), ("start/realm-with-host", hosted)] {
        let mut bare = Bare::new();
        let context = || {
            let context = bare.context();
            assert_eq!(bare.first_call_in(&context), 5.0);
            context
        };
        pairs.add(id, timed(|| realm_of(&sandbox)), timed(context));
    }
}

fn binds(pairs: &mut Pairs) {
    let sandbox = LocalSandbox::builder().build().unwrap();
    let script = Script::new("guest.mjs", format!("export default {GUEST};"));
    let guest = sandbox.eval(script).unwrap();
    let mut bare = Bare::new();
    let exports = bare.object(GUEST);
    let bind = || ["add", "greet", "order", "lines", "size"].map(|name| bare.bind(&exports, name));
    pairs.add("start/bind", looped(|| guest.bind::<dyn Guest>().unwrap()), looped(bind));
}

fn main() {
    if let Ok(side) = env::var(CHILD) {
        return child(&side);
    }
    let mut pairs = Pairs::new("start");
    // V8 is started with this project's flags.
    drop(called_sandbox());
    processes(&mut pairs);
    sandboxes(&mut pairs);
    realms(&mut pairs);
    binds(&mut pairs);
    pairs.finish();
}
