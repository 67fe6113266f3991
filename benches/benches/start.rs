//! What it takes until a guest has been called first, beside a bare isolate and a bare context of V8, from V8's own
//! snapshot.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::env;
use std::process::Command;

use sandbox_benches::contracts::{Direct, FIRST, First, GUEST, Guest, Host};
use sandbox_benches::floor::bare::{Bare, start_v8};
use sandbox_benches::ours::{called_sandbox, first, limits};
use sandbox_benches::pair::{Pairs, guest_loop, looped, timed};
use sandbox_runtime::{Intrinsics, LocalRealm, LocalSandbox, Modules, Script};

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

/// As many functions as a bundle of some libraries has, about 200 KiB.
fn functions(from: usize, count: usize) -> String {
    let one = |n: usize| {
        format!(
            "export function f{n}(a, b) {{ const all = [a, b, {n}]; return all.reduce((x, y) => x + y, 0) * {n}; }}\n"
        )
    };
    (from..from + count).map(one).collect()
}

/// A script and its clone, which V8's code is kept for. The other side is a script of an equal text.
fn again(pairs: &mut Pairs) {
    let sandbox = LocalSandbox::builder().build().unwrap();
    let load = |script: Script| {
        let realm = sandbox.realm().unwrap();
        assert_eq!(realm.load::<dyn First>(script).unwrap().add(2.0, 3.0).unwrap(), 5.0);
        realm
    };
    let source = format!("{FIRST}\n{}", functions(0, 2_000));
    let script = || Script::new("long.mjs", source.as_str());
    let kept = script();
    pairs.add("start/script-again", timed(|| load(kept.clone())), timed(|| load(script())));

    let files = (0..20).map(|nth| (format!("m{nth}.mjs"), functions(nth * 100, 100)));
    let imports = (0..20).map(|nth| format!("import './m{nth}.mjs';\n")).collect::<String>();
    let files = files.chain([("main.mjs".to_owned(), imports + FIRST)]).collect::<Vec<_>>();
    let script = || {
        let files = files.iter().fold(Modules::new(), |modules, (name, text)| modules.file(name, text));
        Script::modules(files, "main.mjs").unwrap()
    };
    let kept = script();
    pairs.add("start/modules-again", timed(|| load(kept.clone())), timed(|| load(script())));
}

/// Errors of a guest whose stacks are read, ten calls deep.
fn stacks(pairs: &mut Pairs) {
    const DEEP: &str = "(turns) => {
        const deep = (n) => (n === 0 ? new Error('x').stack.length : deep(n - 1) + 0);
        let all = 0;
        for (let i = 0; i < turns; i++) all += deep(10);
        return all;
    }";
    let sandbox = LocalSandbox::builder().limits(limits()).build().unwrap();
    let script = Script::new("stack.mjs", format!("export const add = {DEEP};"));
    let guest = sandbox.load::<dyn First>(script).unwrap();
    let mut bare = Bare::new();
    let function = bare.function(&format!("({DEEP})"));
    let floor = guest_loop(|turns| bare.add_entered(&function, turns, 0.0));
    pairs.add("start/error-stack", guest_loop(|turns| guest.add(turns, 0.0).unwrap()), floor);
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
    again(&mut pairs);
    stacks(&mut pairs);
    pairs.finish();
}
