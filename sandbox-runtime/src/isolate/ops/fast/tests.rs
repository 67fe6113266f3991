//! Tests of fast calls: of contracts, of methods of handles, and of callbacks.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::{Callback, Engine, Error, Handle, LimitKind, Limits, LocalSandbox, Result, Script, sandbox_api};

thread_local! {
    /// The number of fast calls on this thread, for tests.
    pub(in crate::isolate) static TAKEN: Cell<u64> = const { Cell::new(0) };
}

#[sandbox_api(host, crate = crate)]
trait FastSum: Send + Sync {
    fn sum(&self, a: f64, b: f64) -> f64;
    fn byte(&self, is_wanted: bool, byte: u8) -> Result<bool>;
    #[sandbox(max_calls = 200_000)]
    fn bounded(&self, by: u32);
    fn panics(&self) -> bool;
    fn again(&self, a: f64) -> Result<f64>;
}

type Sums = fn(f64, u8) -> Result<f64>;
type Giver<T> = Callback<fn() -> Result<T>>;
type Fails = Callback<fn(i32) -> Result<bool>>;

#[sandbox_api(host, crate = crate)]
trait FastSource {
    fn handle(&self) -> Result<Handle<dyn FastSum>>;
    fn callback(&self) -> Result<Callback<Sums>>;
    fn failing(&self) -> Result<Fails>;
    fn silent(&self) -> Result<Giver<()>>;
    fn keep(&self, inner: Giver<f64>);
}

#[sandbox_api(guest, crate = crate)]
trait Loop {
    fn run(&self, name: &str, turns: u32) -> Result<String>;
}

/// The function of the guest that `again` calls.
static INNER: Mutex<Option<Giver<f64>>> = Mutex::new(None);

struct FastHost;

impl FastSum for FastHost {
    fn sum(&self, a: f64, b: f64) -> f64 {
        a + b
    }

    fn byte(&self, is_wanted: bool, byte: u8) -> Result<bool> {
        if byte == 255 { Err(Error::public("no such byte")) } else { Ok(is_wanted) }
    }

    fn bounded(&self, _: u32) {}

    fn panics(&self) -> bool {
        panic!("a panic of the host")
    }

    fn again(&self, a: f64) -> Result<f64> {
        let inner = INNER.lock().expect("no test panics with it").clone();
        inner.map_or(Ok(a), |inner| Ok(a + inner.call()?))
    }
}

impl FastSource for FastHost {
    fn handle(&self) -> Result<Handle<dyn FastSum>> {
        Ok(Handle::new(Self))
    }

    fn callback(&self) -> Result<Callback<Sums>> {
        Ok(Callback::new(|a: f64, b: u8| Ok(a + f64::from(b))))
    }

    fn failing(&self) -> Result<Fails> {
        Ok(Callback::new(|a: i32| match a {
            0 => Ok(true),
            1 => Err(Error::public("no one")),
            _ => panic!("a panic of the host"),
        }))
    }

    fn silent(&self) -> Result<Giver<()>> {
        Ok(Callback::new(|| Ok(())))
    }

    fn keep(&self, inner: Giver<f64>) {
        *INNER.lock().expect("no test panics with it") = Some(inner);
    }
}

const SCRIPT: &str = r#"
const held = FastSource.handle(), call = FastSource.callback(), silent = FastSource.silent(), failing = FastSource.failing();
const shown = (run) => { try { return String(run()); } catch (e) { return `${e.name}: ${e.message.replace(/reference .*/, "")}`; } };
const loops = {
    own: (turns) => { let all = 0; for (let i = 0; i < turns; i++) all = FastSum.sum(all, 1); return all; },
    handle: (turns) => { let all = 0; for (let i = 0; i < turns; i++) all = held.sum(all, 1); return all; },
    callback: (turns) => { let all = 0; for (let i = 0; i < turns; i++) all = call(all, 1); return all; },
    bool: (turns) => { let all = 0; for (let i = 0; i < turns; i++) all += held.byte(true, 1) === true; return all; },
    bounded: (turns) => { for (let i = 0; i < turns; i++) if (held.bounded(i) !== void 0) throw 1; return turns; },
    silent: (turns) => { for (let i = 0; i < turns; i++) if (silent() !== void 0) throw 1; return turns; },
    failing: (turns) => { for (let i = 0; i < turns; i++) if (failing(0) !== true) throw 1; return turns; },
};
const odd = {
    byte: () => [shown(() => held.byte(true, 255)), shown(() => held.byte(true, 256)), shown(() => held.byte(1, 1)), shown(() => held.panics())],
    callback: () => [shown(() => call(1, -1)), shown(() => call("1", 1)), shown(() => call(1, 255)), shown(() => failing(1)), shown(() => failing(2))],
    disposed: () => {
        const other = FastSource.handle();
        const sum = (turns) => { let all = 0; for (let i = 0; i < turns; i++) all = other.sum(all, 1); return all; };
        for (let i = 0; i < 200; i++) sum(1000);
        other[Symbol.dispose]();
        return [shown(() => sum(1000)), shown(() => held.sum.call({}, 1, 2)), shown(() => held.sum.call(null, 1, 2)), held.sum(1, 2)];
    },
    nested: () => {
        let inner = 0;
        FastSource.keep(() => { for (let i = 0; i < 10; i++) inner = held.sum(inner, 1); return inner; });
        const again = (turns) => { let all = 0; for (let i = 0; i < turns; i++) all = held.again(1); return all; };
        return [again(1000)];
    },
};
export const run = (name, turns) => String((turns === 0 ? odd[name]().join(";") : loops[name](turns)));
"#;

fn sandbox() -> LocalSandbox {
    // An interpreter needs a second, on a busy machine.
    let limits = Limits { wall: Duration::from_secs(60), cpu: Duration::from_secs(60), ..Limits::default() };
    let builder =
        LocalSandbox::builder().limits(limits).host::<dyn FastSum>(FastHost).host::<dyn FastSource>(FastHost);
    builder.build().expect("it can be built")
}

/// Once a loop is hot, V8 makes a fast call in each of its turns, except in those before the compiled code is there.
#[test]
fn a_hot_loop_takes_the_fast_call() {
    const TURNS: u32 = 100_000;
    let sandbox = sandbox();
    let guest = sandbox.load::<dyn Loop>(Script::new("loop.mjs", SCRIPT)).expect("it implements it");
    for name in ["own", "handle", "callback", "bool", "bounded", "silent", "failing"] {
        for _ in 0..10 {
            guest.run(name, TURNS).expect(name);
        }
        TAKEN.set(0);
        assert_eq!(guest.run(name, TURNS).expect(name), TURNS.to_string(), "{name}");
        let turns = u64::from(TURNS);
        let expected = if Engine::CURRENT == Engine::V8 { turns - turns / 100..=turns } else { 0..=0 };
        assert!(expected.contains(&TAKEN.get()), "{name}: {}", TAKEN.get());
    }
}

/// Hot code gets the errors of code that is not.
#[test]
fn a_fast_call_of_a_handle_fails_as_the_checked_one() {
    let sandbox = sandbox();
    let load = || sandbox.load::<dyn Loop>(Script::new("loop.mjs", SCRIPT)).expect("it implements it");
    let (cold, guest) = (load(), load());
    for (name, hot) in
        [("byte", "bool"), ("callback", "callback"), ("callback", "failing"), ("disposed", "handle")]
    {
        let expected = cold.run(name, 0).expect(name);
        for _ in 0..10 {
            guest.run(hot, 100_000).expect(hot);
        }
        assert_eq!(guest.run(name, 0).expect(name), expected);
    }
    let disposed = cold.run("disposed", 0).expect("it runs");
    assert!(
        disposed.starts_with("TypeError: FastSum.sum: the handle was disposed;TypeError: "),
        "{disposed}"
    );
    assert!(disposed.ends_with(";3"), "{disposed}");
    let bytes = cold.run("byte", 0).expect("it runs");
    let starts = [
        "Error: no such byte",
        "TypeError: FastSum.byte",
        "TypeError: FastSum.byte",
        "Error: FastSum.panics failed (",
    ];
    assert!(bytes.split(';').zip(starts).all(|(found, start)| found.starts_with(start)), "{bytes}");
    let calls = cold.run("callback", 0).expect("it runs");
    let starts = [
        "TypeError: Callback.call",
        "TypeError: Callback.call",
        "256",
        "Error: no one",
        "Error: Callback.call",
    ];
    assert!(calls.split(';').zip(starts).all(|(found, start)| found.starts_with(start)), "{calls}");
}

#[test]
fn a_fast_call_of_a_handle_may_call_the_guest() {
    let sandbox = sandbox();
    let guest = sandbox.load::<dyn Loop>(Script::new("loop.mjs", SCRIPT)).expect("it implements it");
    assert_eq!(guest.run("nested", 0).expect("it runs"), "10001");
    *INNER.lock().expect("no test panics with it") = None;
}

#[test]
fn limits_of_host_calls_hold_for_fast_calls_of_handles() {
    let limits = Limits {
        host_calls: 1_000_000,
        wall: Duration::from_secs(60),
        cpu: Duration::from_secs(60),
        ..Limits::default()
    };
    let builder =
        LocalSandbox::builder().limits(limits).host::<dyn FastSum>(FastHost).host::<dyn FastSource>(FastHost);
    let sandbox = builder.build().expect("it can be built");
    let guest = sandbox.load::<dyn Loop>(Script::new("loop.mjs", SCRIPT)).expect("it implements it");
    for name in ["handle", "callback", "bounded"] {
        let error = guest.run(name, 2_000_000).expect_err(name);
        assert!(matches!(error, Error::Limit { kind: LimitKind::HostCalls, .. }), "{name}: {error:?}");
        assert_eq!(guest.run(name, 100_000).expect(name), "100000");
    }
}

/// The bill of a callback's fast calls is that of its checked calls.
#[test]
fn a_fast_call_of_a_callback_is_billed() {
    let sandbox = sandbox();
    let guest = sandbox.load::<dyn Loop>(Script::new("loop.mjs", SCRIPT)).expect("it implements it");
    let billed = |name: &str| {
        let before = sandbox.usage().total;
        guest.run(name, 100_000).expect(name);
        let bill = sandbox.usage().total;
        (
            bill.host_calls - before.host_calls,
            bill.bytes_in - before.bytes_in,
            bill.bytes_out - before.bytes_out,
        )
    };
    for name in ["callback", "silent", "failing", "handle"] {
        let cold = billed(name);
        for _ in 0..10 {
            assert_eq!(billed(name), cold, "{name}");
        }
    }
}

/// An object whose method panics after its last handle has gone, and whose drop panics as well.
struct Fragile;

/// The function of the guest that may dispose the object, and returns whether it has.
static DISPOSES: Mutex<Option<Giver<bool>>> = Mutex::new(None);
static WAS_DROPPED: AtomicBool = AtomicBool::new(false);

impl Drop for Fragile {
    fn drop(&mut self) {
        WAS_DROPPED.store(true, Ordering::Relaxed);
        panic!("a panic of a drop");
    }
}

#[sandbox_api(host, crate = crate)]
trait BreaksTwice: Send + Sync {
    fn fast(&self) -> bool;
    fn checked(&self, text: &str) -> bool;
}

impl BreaksTwice for Fragile {
    fn fast(&self) -> bool {
        let dispose = DISPOSES.lock().expect("no test panics with it").clone();
        let is_disposed = dispose.is_some_and(|dispose| dispose.call().expect("the guest throws nothing"));
        assert!(!is_disposed, "a panic of the host");
        is_disposed
    }

    fn checked(&self, _: &str) -> bool {
        self.fast()
    }
}

#[sandbox_api(host, crate = crate)]
trait Fragiles {
    fn give(&self) -> Result<Handle<dyn BreaksTwice>>;
    fn keep(&self, dispose: Giver<bool>);
}

impl Fragiles for FastHost {
    fn give(&self) -> Result<Handle<dyn BreaksTwice>> {
        Ok(Handle::new(Fragile))
    }

    fn keep(&self, dispose: Giver<bool>) {
        *DISPOSES.lock().expect("no test panics with it") = Some(dispose);
    }
}

#[test]
fn two_panics_of_one_call_do_not_meet() {
    const BREAKS: &str = r#"
        export const run = (name, turns) => {
            const held = Fragiles.give();
            let isWanted = false;
            Fragiles.keep(() => { if (isWanted) held[Symbol.dispose](); return isWanted; });
            const call = name === "fast" ? () => held.fast() : () => held.checked("text");
            for (let i = 0; i < turns; i++) call();
            isWanted = true;
            try { call(); } catch (e) { return e.message.replace(/ \(.*/, ""); }
        };"#;
    let limits = Limits { wall: Duration::from_secs(60), cpu: Duration::from_secs(60), ..Limits::default() };
    let builder = LocalSandbox::builder().limits(limits).host::<dyn Fragiles>(FastHost);
    let sandbox = builder.build().expect("it can be built");
    let guest = sandbox.load::<dyn Loop>(Script::new("breaks.mjs", BREAKS)).expect("it implements it");
    for name in ["fast", "checked"] {
        WAS_DROPPED.store(false, Ordering::Relaxed);
        TAKEN.set(0);
        assert_eq!(guest.run(name, 20_000).expect(name), format!("BreaksTwice.{name} failed"));
        assert_eq!(TAKEN.get() > 0, name == "fast" && Engine::CURRENT == Engine::V8, "{name}");
        assert!(WAS_DROPPED.load(Ordering::Relaxed), "{name}");
    }
    *DISPOSES.lock().expect("no test panics with it") = None;
}
