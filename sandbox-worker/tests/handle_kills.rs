//! Guests that are ended at any moment while handles, callbacks and streams cross: nothing of theirs is left in the host.
//!
//! Forty ends by default; `SANDBOX_KILLS=10000 cargo test -p sandbox-worker --test handle_kills` for as many as are asked for.

// V8 has the limits that end these guests.
#![cfg(not(feature = "quickjs"))]
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;

use futures_util::{StreamExt as _, stream};
use sandbox_runtime::{
    AsyncCallback, Callback, Error, Handle, Items, Result, Sandbox, Script, Stream, sandbox_api,
};
use slack::{LONG, long, worker};

mod slack;

#[sandbox_api(host)]
pub trait Token: Send + Sync {
    fn next(&self) -> u32;
    fn another(&self) -> Handle<dyn Token>;
}

/// An object that a guest gives.
#[sandbox_api(guest)]
pub trait Own: Send + Sync {
    fn value(&self, add: u32) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Desk: Send + Sync {
    fn token(&self) -> Handle<dyn Token>;
    fn same(&self, token: Handle<dyn Token>) -> Handle<dyn Token>;
    fn call(&self, own: Handle<dyn Own>, step: Callback<fn(u32) -> Result<u32>>) -> Result<u32>;
    fn adder(&self) -> Callback<fn(u32) -> Result<u32>>;
    fn items(&self) -> Items<u32>;
    async fn numbers(&self) -> Stream<u32>;
    async fn sum(&self, numbers: Stream<u32>) -> Result<u32>;
    async fn each(&self, step: AsyncCallback<fn(u32) -> Result<u32>>) -> Result<u32>;
}

#[sandbox_api(guest)]
pub trait Work {
    /// Works until the guest is ended.
    async fn work(&self, seed: u32) -> Result<u32>;
}

const SCRIPT: &str = "
    const kept = [];
    const steps = [
        () => { kept.push(Desk.token()); return kept.at(-1).next(); },
        () => { const token = Desk.token(); kept.push(token.another()); token[Symbol.dispose](); return 1; },
        () => { const token = Desk.token(); return Desk.same(token) === token ? 1 : 'another'; },
        () => Desk.call({ value: (add) => add + Desk.token().next() }, (n) => n + 1),
        () => { kept.push(Desk.adder()); return kept.at(-1)(2); },
        () => { let sum = 0; for (const item of Desk.items()) { sum += item; if (sum > 20) break; } return sum; },
        () => { const list = Desk.items()[Symbol.iterator](); kept.push(list); return list.next().value; },
        async () => { let sum = 0; for await (const item of await Desk.numbers()) { sum += item; if (sum > 20) break; } return sum; },
        async () => { const list = (await Desk.numbers())[Symbol.asyncIterator](); kept.push(list); return (await list.next()).value; },
        () => Desk.sum((async function* () { for (let i = 0; i < 9; i++) { kept.push(Desk.token()); yield i; } })()),
        () => Desk.each(async (n) => n + Desk.token().next()),
        () => { kept.length = 0; return 1; },
    ];
    export const work = async (seed) => {
        for (let at = seed; ; at = (at * 1103515245 + 12345) % 2147483648) {
            const found = await steps[at % steps.length]();
            if (typeof found !== 'number') return found;
            if (kept.length > 50) kept.length = 0;
        }
    };";

/// The state that all objects of the host share: how many of them live, and when the guest is to be ended.
#[derive(Default)]
struct Shared {
    live: Mutex<i64>,
    changed: Condvar,
    /// How many calls of the host are left until the end.
    left: AtomicU32,
    ends: Mutex<Option<Box<dyn FnMut() + Send>>>,
}

impl Shared {
    fn count(&self, change: i64) {
        *self.live.lock().unwrap() += change;
        self.changed.notify_all();
    }

    /// Something of the guest has reached the host. May end the guest.
    fn reached(&self) {
        let before = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if before == Ok(1)
            && let Some(end) = &mut *self.ends.lock().unwrap()
        {
            end();
        }
    }

    /// Waits until no object lives.
    fn until_none(&self) {
        let live = self.live.lock().unwrap();
        let (live, wait) = self.changed.wait_timeout_while(live, LONG, |live| *live != 0).unwrap();
        assert!(!wait.timed_out(), "{live} objects are left");
    }
}

/// An object of the host.
struct Live(Arc<Shared>);

impl Live {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.count(1);
        Self(shared.clone())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.count(-1);
    }
}

#[sandbox_api]
impl Token for Live {
    fn next(&self) -> u32 {
        self.0.reached();
        1
    }
    fn another(&self) -> Handle<dyn Token> {
        self.0.reached();
        Handle::new(Self::new(&self.0))
    }
}

struct Host(Arc<Shared>);

#[sandbox_api]
impl Desk for Host {
    fn token(&self) -> Handle<dyn Token> {
        self.0.reached();
        Handle::new(Live::new(&self.0))
    }
    fn same(&self, token: Handle<dyn Token>) -> Handle<dyn Token> {
        self.0.reached();
        token
    }
    fn call(&self, own: Handle<dyn Own>, step: Callback<fn(u32) -> Result<u32>>) -> Result<u32> {
        let _live = Live::new(&self.0);
        self.0.reached();
        step.call(own.value(1)?)
    }
    fn adder(&self) -> Callback<fn(u32) -> Result<u32>> {
        let live = Live::new(&self.0);
        Callback::new(move |n: u32| {
            live.0.reached();
            Ok(n + 1)
        })
    }
    fn items(&self) -> Items<u32> {
        let live = Live::new(&self.0);
        Items::new((1..100).map(move |n| {
            live.0.reached();
            Ok(n)
        }))
    }
    async fn numbers(&self) -> Stream<u32> {
        let live = Live::new(&self.0);
        Stream::new(stream::iter(1..100).then(move |n| {
            live.0.reached();
            async move {
                tokio::task::yield_now().await;
                Ok(n)
            }
        }))
    }
    async fn sum(&self, mut numbers: Stream<u32>) -> Result<u32> {
        let _live = Live::new(&self.0);
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            self.0.reached();
            sum += number?;
        }
        Ok(sum)
    }
    async fn each(&self, step: AsyncCallback<fn(u32) -> Result<u32>>) -> Result<u32> {
        let _live = Live::new(&self.0);
        let mut sum = 0;
        for n in 0..5 {
            self.0.reached();
            sum += step.call(n).await?;
        }
        Ok(sum)
    }
}

fn total() -> u32 {
    std::env::var("SANDBOX_KILLS").map_or(40, |text| text.parse().unwrap())
}

/// A number for each seed (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
fn mixed(seed: u32) -> u32 {
    let mixed = (u64::from(seed) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ mixed >> 27) as u32 >> 1
}

/// Ends at once, within the call of the host, or from another thread, when the guest has gone on meanwhile.
fn end_by(nth: u32, end: impl Fn() + Clone + Send + 'static) -> Box<dyn FnMut() + Send> {
    if nth.is_multiple_of(2) {
        return Box::new(end);
    }
    let (tells, told) = mpsc::channel();
    thread::spawn(move || {
        if told.recv().is_ok() {
            end();
        }
    });
    Box::new(move || _ = tells.send(()))
}

/// Has the guest work until it is ended at its nth call of the host.
fn ended(shared: &Shared, nth: u32, work: &impl Work, end: impl Fn() + Clone + Send + 'static) -> Error {
    *shared.ends.lock().unwrap() = Some(end_by(nth, end));
    shared.left.store(mixed(nth) % 200 + 1, Ordering::SeqCst);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let outcome = runtime.block_on(work.work(mixed(nth)));
    shared.ends.lock().unwrap().take();
    outcome.unwrap_err()
}

#[test]
fn nothing_is_left_of_a_process_that_is_killed_at_any_moment() {
    let shared = Arc::<Shared>::default();
    let builder = Sandbox::builder().limits(long()).transport(worker());
    let sandbox = builder.host::<dyn Desk>(Host(shared.clone())).build().unwrap();
    let script = Script::new("work.mjs", SCRIPT);
    for nth in 0..total() {
        let guest = sandbox.load::<dyn Work>(script.clone()).unwrap();
        let pid = i32::try_from(sandbox.pid().unwrap()).unwrap();
        // SAFETY: numbers. The sandbox has not reaped the process, which is replaced below.
        let error = ended(&shared, nth, &guest, move || _ = unsafe { libc::kill(pid, libc::SIGKILL) });
        assert!(matches!(error, Error::Process { .. } | Error::Discarded { .. }), "{nth}: {error:?}");
        sandbox.reset().unwrap();
        shared.until_none();
    }
    drop(sandbox);
    shared.until_none();
}

#[test]
fn nothing_is_left_of_a_thread_whose_calls_are_cancelled_at_any_moment() {
    let shared = Arc::<Shared>::default();
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Desk>(Host(shared.clone())).build().unwrap();
    let script = Script::new("work.mjs", SCRIPT);
    for nth in 0..total() {
        let guest = sandbox.load::<dyn Work>(script.clone()).unwrap();
        let handle = sandbox.cancel_handle();
        let error = ended(&shared, nth, &guest, move || handle.cancel_all().unwrap());
        assert!(matches!(error, Error::Cancelled { .. }), "{nth}: {error:?}");
        sandbox.reset().unwrap();
        shared.until_none();
    }
    drop(sandbox);
    shared.until_none();
}
