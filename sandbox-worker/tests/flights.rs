//! Calls of `async` methods that are under way in a process side by side.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use sandbox_runtime::process::{Process, ProcessSandbox, Processed};
use sandbox_runtime::{
    Builder, Bytes, Death, Error, LimitKind, Limits, Result, Sandbox, SandboxPool, Script, Trust, sandbox_api,
};
use tokio::sync::{Barrier, Notify};
use tokio::task::{JoinSet, spawn, spawn_blocking};

fn worker() -> Process {
    Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"))
}

fn builder() -> Builder<ProcessSandbox> {
    Sandbox::builder().transport(worker())
}

#[sandbox_api(guest)]
pub trait Flow {
    async fn run(&self, n: u32) -> Result<u32>;
}

#[sandbox_api(guest)]
pub trait Count {
    fn count(&self) -> Result<u32>;
}

/// Calls the host so many times.
#[sandbox_api(guest)]
pub trait Ask {
    fn ask(&self, times: u32) -> Result<u32>;
}

/// Ends the process.
#[sandbox_api(guest)]
pub trait End {
    fn end(&self) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Net {
    async fn echo(&self, bytes: Bytes) -> Bytes;
    fn one(&self) -> u32;
    /// Calls the guest.
    fn nested(&self, times: u32) -> Result<u32>;
    /// Answers when three wait.
    async fn meet(&self) -> u32;
    async fn never(&self);
    /// Answers when it is let.
    async fn gate(&self);
    /// Calls the guest from another task, and waits for that.
    async fn spawns(&self, n: u32) -> Result<u32>;
    fn waiting(&self) -> u32;
}

struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone)]
struct Host {
    barrier: Arc<Barrier>,
    gate: Arc<Notify>,
    held: Arc<AtomicUsize>,
    flow: Arc<Mutex<Option<Arc<dyn Flow + Send + Sync>>>>,
    /// How often it was asked who waits.
    asked: Arc<AtomicUsize>,
    ask: Arc<Mutex<Option<Arc<dyn Ask + Send + Sync>>>>,
}

impl Host {
    fn new() -> Self {
        let (barrier, gate) = (Arc::new(Barrier::new(3)), Arc::default());
        let (held, flow, asked) = (Arc::default(), Arc::default(), Arc::default());
        Self { barrier, gate, held, flow, asked, ask: Arc::default() }
    }

    fn hold(&self) -> Held {
        self.held.fetch_add(1, Ordering::SeqCst);
        Held(self.held.clone())
    }

    /// Returns once so many methods wait.
    async fn holds(&self, count: usize) {
        let is_there = async {
            while self.held.load(Ordering::SeqCst) != count {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), is_there).await;
        waited.unwrap_or_else(|_| panic!("{} wait, and not {count}", self.held.load(Ordering::SeqCst)));
    }
}

#[sandbox_runtime::async_trait]
impl Net for Host {
    async fn echo(&self, bytes: Bytes) -> Bytes {
        bytes
    }

    fn one(&self) -> u32 {
        1
    }

    fn nested(&self, times: u32) -> Result<u32> {
        let ask = self.ask.lock().unwrap().clone().unwrap();
        ask.ask(times)
    }

    async fn meet(&self) -> u32 {
        let _held = self.hold();
        self.barrier.wait().await;
        1
    }

    async fn never(&self) {
        let _held = self.hold();
        pending().await
    }

    async fn gate(&self) {
        let _held = self.hold();
        self.gate.notified().await;
    }

    async fn spawns(&self, n: u32) -> Result<u32> {
        let flow = self.flow.lock().unwrap().clone().unwrap();
        spawn(async move { flow.run(n).await }).await.unwrap()
    }

    fn waiting(&self) -> u32 {
        self.asked.fetch_add(1, Ordering::SeqCst);
        u32::try_from(self.held.load(Ordering::SeqCst)).unwrap()
    }
}

const SOURCE: &str = "
    let done = 0;
    export const count = () => done;
    export const ask = (times) => { let sum = 0; for (let n = 0; n < times; n++) sum += Net.one(); return sum; };
    export const end = () => 'x'.repeat(2 ** 29 - 24).split('').length;
    export const run = async (n) => {
        if (n === 1) await Net.meet();
        if (n === 2) await Net.never();
        if (n === 3) await Net.gate();
        if (n === 4) for (;;);
        if (n === 5) return await Net.spawns(0) + await Net.spawns(6);
        if (n === 6) return Net.waiting();
        if (n === 7) { const all = []; for (;;) all.push(new Array(10_000).fill(n)); }
        if (n === 8) { for (let turn = 0; turn < 20_000; turn++) await null; }
        if (n === 9) await new Promise(() => {});
        if (n === 10) return end();
        if (n === 12) {
            let sum = 0;
            for (let turn = 0; turn < 5; turn++) sum += (await Net.echo(new Uint8Array(1))).length + Net.one();
            return sum;
        }
        if (n === 15) { let sum = 0; for (let turn = 0; turn < 10; turn++) sum += Net.one(); return sum + Net.nested(7); }
        if (n === 13) for (;;) await Net.echo(new Uint8Array(1));
        if (n === 14) { for (let turn = 0; turn < 3000; turn++) await Net.echo(new Uint8Array(1)); return 14; }
        if (n === 11) for (let turn = 0; turn < 900; turn++) { Net.waiting(); void Net.never(); }
        if (n > 100) {
            await Net.gate();
            return (await Net.echo(new Uint8Array(n))).length;
        }
        done += 1;
        return done;
    };";

struct Guest {
    sandbox: ProcessSandbox,
    flow: Arc<FlowProxy<Processed>>,
    count: Arc<CountProxy<Processed>>,
    host: Host,
}

async fn guest(limits: Limits) -> Guest {
    let host = Host::new();
    let sandbox = builder().limits(limits).host::<dyn Net>(host.clone()).build().unwrap();
    let guest = sandbox.eval_async(Script::new("flow.mjs", SOURCE)).await.unwrap();
    let bound =
        spawn_blocking(move || (guest.bind::<dyn Flow>().unwrap(), guest.bind::<dyn Count>().unwrap()));
    let (flow, count) = bound.await.unwrap();
    Guest { sandbox, flow: Arc::new(flow), count: Arc::new(count), host }
}

fn wall(millis: u64) -> Limits {
    Limits { wall: Duration::from_millis(millis), ..Limits::default() }
}

impl Guest {
    /// Begins a call.
    fn begin(&self, n: u32) -> tokio::task::JoinHandle<Result<u32>> {
        let flow = self.flow.clone();
        spawn(async move { flow.run(n).await })
    }

    async fn count(&self) -> u32 {
        let count = self.count.clone();
        spawn_blocking(move || count.count()).await.unwrap().unwrap()
    }
}

/// The host answers none of three before all of them wait.
#[tokio::test(flavor = "multi_thread")]
async fn calls_wait_for_the_host_together() {
    let guest = guest(wall(20_000)).await;
    let before = guest.sandbox.usage().total;
    for _ in 0..5 {
        let calls = [guest.begin(1), guest.begin(1), guest.begin(1)];
        for call in calls {
            call.await.unwrap().unwrap();
        }
    }
    assert_eq!(guest.count().await, 15);
    let after = guest.sandbox.usage().total;
    assert_eq!((after.calls - before.calls, after.host_calls - before.host_calls), (15 + 1, 15));
}

/// The same on the one thread of a runtime, where the callers are.
#[tokio::test]
async fn calls_of_one_task_wait_together() {
    let guest = guest(wall(20_000)).await;
    let calls = (0..3).map(|_| guest.flow.run(1));
    let all = futures_util::future::join_all(calls).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_call_has_its_turn_while_others_wait() {
    let guest = guest(wall(20_000)).await;
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    for _ in 0..50 {
        assert_eq!(guest.count().await, 0);
    }
    guest.host.gate.notify_one();
    assert_eq!(gate.await.unwrap().unwrap(), 1);
}

/// While the turn of another waits for the host, too: that goes on first.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_all_kinds_call_the_host() {
    let guest = guest(wall(60_000)).await;
    let ask = guest.sandbox.load_async::<dyn Ask>(Script::new("ask.mjs", SOURCE)).await.unwrap();
    let ask = Arc::new(ask);
    let mut all = JoinSet::new();
    for nth in 0..6_u32 {
        let (flow, ask) = (guest.flow.clone(), ask.clone());
        match nth % 3 {
            0 => all.spawn_blocking(move || (0..200).for_each(|_| assert_eq!(ask.ask(20).unwrap(), 20))),
            _ => all.spawn(async move {
                for _ in 0..100 {
                    assert_eq!(flow.run(12).await.unwrap(), 10);
                }
            }),
        };
    }
    while let Some(over) = all.join_next().await {
        over.unwrap();
    }
}

/// A call inside of another is on its bill, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_of_the_host_calls_the_guest_that_waits_for_it() {
    let guest = guest(Limits { host_calls: 18, ..wall(20_000) }).await;
    let ask = guest.sandbox.load_async::<dyn Ask>(Script::new("ask.mjs", SOURCE)).await.unwrap();
    *guest.host.ask.lock().unwrap() = Some(Arc::new(ask));
    for others in [0, 3] {
        let waits = (0..others).map(|_| guest.begin(3)).collect::<Vec<_>>();
        guest.host.holds(others).await;
        let before = guest.sandbox.usage().total;
        for _ in 0..10 {
            assert_eq!(guest.flow.run(15).await.unwrap(), 17);
        }
        let after = guest.sandbox.usage().total;
        assert_eq!(after.host_calls - before.host_calls, 10 * (10 + 1 + 7));
        guest.host.gate.notify_waiters();
        for call in waits {
            call.await.unwrap().unwrap();
        }
    }
    guest.host.ask.lock().unwrap().take();
}

/// What it takes to wait for the host so often is not the guest's CPU time.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_cpu_is_a_calls_own() {
    let limits = Limits { cpu: Duration::from_millis(300), ..wall(60_000) };
    let guest = guest(limits).await;
    let pid = guest.sandbox.pid();
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    let often = guest.begin(14);
    let error = guest.flow.run(13).await.unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Cpu, .. }), "{error}");
    let often = often.await.unwrap();
    assert!(matches!(often, Ok(14) | Err(Error::Limit { kind: LimitKind::Cpu, .. })), "{often:?}");
    guest.host.gate.notify_one();
    gate.await.unwrap().unwrap();
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
}

/// Turns of calls, and synchronous calls between them, from several threads.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_all_kinds_mix() {
    let guest = guest(wall(60_000)).await;
    let mut all = JoinSet::new();
    for nth in 0..60_u32 {
        let (flow, count) = (guest.flow.clone(), guest.count.clone());
        match nth % 3 {
            0 => all.spawn(async move {
                _ = flow.run(1).await.unwrap();
            }),
            1 => all.spawn(async move {
                _ = flow.run(8).await.unwrap();
            }),
            _ => all.spawn_blocking(move || (0..20).for_each(|_| _ = count.count().unwrap())),
        };
    }
    // Twenty, of which two have nobody to meet.
    all.spawn({
        let flow = guest.flow.clone();
        async move {
            _ = flow.run(1).await.unwrap();
        }
    });
    while let Some(over) = all.join_next().await {
        over.unwrap();
    }
    assert_eq!(guest.count().await, 41);
}

/// A guest whose caller has gone does not go on, and what it waits for is dropped.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_ends() {
    let guest = guest(wall(20_000)).await;
    let others = [guest.begin(3), guest.begin(3)];
    guest.host.holds(2).await;
    let dropped = [guest.begin(3), guest.begin(2)];
    guest.host.holds(4).await;
    dropped.iter().for_each(tokio::task::JoinHandle::abort);
    guest.host.holds(2).await;
    guest.host.gate.notify_waiters();
    for call in others {
        call.await.unwrap().unwrap();
    }
    assert_eq!(guest.flow.run(0).await.unwrap(), 3, "two were let, and the dropped ones did not go on");
    guest.host.holds(0).await;
}

/// Also while it calls the host, without waiting and with.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_while_it_calls_the_host_ends() {
    let guest = guest(wall(20_000)).await;
    let pid = guest.sandbox.pid();
    for nth in 0..40 {
        let call = guest.begin(11);
        let before = guest.host.asked.load(Ordering::SeqCst);
        while guest.host.asked.load(Ordering::SeqCst) < before + nth {
            if call.is_finished() {
                break;
            }
            tokio::task::yield_now().await;
        }
        call.abort();
        guest.flow.run(0).await.unwrap();
    }
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
    guest.host.holds(0).await;
}

/// Whatever else is dropped in the same moment.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn many_calls_that_are_dropped_at_once_end() {
    let limits = Limits { cpu: Duration::MAX, ..wall(30_000) };
    let guest = guest(limits).await;
    let began = Instant::now();
    for first in [4, 2] {
        let calls = (0..600).map(|nth| guest.begin(if nth == 0 { first } else { 4 })).collect::<Vec<_>>();
        tokio::time::sleep(Duration::from_millis(100)).await;
        calls.iter().for_each(tokio::task::JoinHandle::abort);
        guest.flow.run(0).await.unwrap();
    }
    // Those that have no turn before they are dropped have none after it.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(guest.count().await, 2);
    guest.host.holds(0).await;
}

/// Not only when it awaits something.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_while_it_computes_ends() {
    let limits = Limits { cpu: Duration::MAX, ..wall(30_000) };
    let guest = guest(limits).await;
    let pid = guest.sandbox.pid();
    for _ in 0..3 {
        let began = Instant::now();
        let endless = tokio::time::timeout(Duration::from_millis(50), guest.flow.run(4)).await;
        assert!(endless.is_err(), "{endless:?}");
        guest.flow.run(0).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        // One that is not begun before the other ends.
        let calls = [guest.begin(4), guest.begin(4)];
        tokio::time::sleep(Duration::from_millis(20)).await;
        calls.iter().for_each(tokio::task::JoinHandle::abort);
        guest.flow.run(0).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    assert_eq!(guest.count().await, 6);
    assert_eq!(guest.sandbox.pid(), pid);
}

/// Each ends at its own time, and the others are not disturbed.
#[tokio::test(flavor = "multi_thread")]
async fn each_call_has_its_own_end() {
    let guest = guest(wall(3_000)).await;
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    for n in [2, 9] {
        let began = Instant::now();
        let short = guest.flow.with_deadline(began + Duration::from_millis(50));
        let error = short.run(n).await.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
        assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    }
    let pid = guest.sandbox.pid();
    let error = guest.flow.run(2).await.unwrap_err();
    let Error::Limit { kind: LimitKind::Wall, limit, place: Some(_), .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(limit, "the call took longer than 3s");
    // It began before.
    assert!(matches!(gate.await.unwrap(), Err(Error::Limit { kind: LimitKind::Wall, .. })));
    assert_eq!(guest.flow.run(0).await.unwrap(), 1);
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
    guest.host.holds(0).await;
}

/// It takes a while to end so many, and that is no fault.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_calls_end_at_one_moment() {
    let guest = guest(wall(60_000)).await;
    let pid = guest.sandbox.pid();
    let deadline = Instant::now() + Duration::from_millis(1500);
    let short = guest.flow.with_deadline(deadline);
    let calls = (0..4000).map(|nth| short.run(if nth % 2 == 0 { 9 } else { 2 }));
    for outcome in futures_util::future::join_all(calls).await {
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{outcome:?}");
    }
    assert!(deadline.elapsed() < Duration::from_secs(10), "{:?}", deadline.elapsed());
    assert_eq!(guest.flow.run(0).await.unwrap(), 1);
    guest.host.holds(0).await;
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
}

/// More of them than there is room for in the stream to a child that computes.
#[tokio::test(flavor = "multi_thread")]
async fn calls_end_in_time_while_another_computes() {
    let limits = Limits { cpu: Duration::MAX, ..wall(5_000) };
    let guest = guest(limits).await;
    let pid = guest.sandbox.pid();
    let endless = guest.begin(4);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let began = Instant::now();
    let short = guest.flow.with_deadline(began + Duration::from_millis(200));
    let calls = (0..600).map(|_| short.run(0));
    for outcome in futures_util::future::join_all(calls).await {
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{outcome:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let error = endless.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{error}");
    assert_eq!(guest.flow.run(0).await.unwrap(), 1);
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
}

/// Also while a synchronous call waits for its turn.
#[tokio::test(flavor = "multi_thread")]
async fn calls_end_in_time_while_a_synchronous_one_waits() {
    let limits = Limits { cpu: Duration::MAX, ..wall(5_000) };
    let guest = guest(limits).await;
    let endless = guest.begin(4);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let count = guest.count.clone();
    let synchronous = spawn_blocking(move || count.count());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let began = Instant::now();
    let calls = (0..50).map(async |nth| {
        let short = guest.flow.with_deadline(began + Duration::from_millis(10 * nth));
        short.run(0).await
    });
    for outcome in futures_util::future::join_all(calls).await {
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Deadline, .. })), "{outcome:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let error = endless.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{error}");
    assert_eq!(synchronous.await.unwrap().unwrap(), 0);
}

/// One that computes for as long as it may delays the others, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_computes_without_end_ends_alone() {
    let limits = Limits { cpu: Duration::from_millis(200), ..wall(20_000) };
    let guest = guest(limits).await;
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    let pid = guest.sandbox.pid();
    let endless = guest.begin(4);
    let error = endless.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Cpu, .. }), "{error}");
    guest.host.gate.notify_one();
    assert_eq!(gate.await.unwrap().unwrap(), 1);
    assert_eq!(guest.sandbox.pid(), pid);
}

/// Time that others compute is a call's own: it may end before it has had a turn, but the process goes on.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_all_compute_without_end_meet_their_limits() {
    let limits = Limits { cpu: Duration::MAX, ..wall(400) };
    let guest = guest(limits).await;
    let pid = guest.sandbox.pid();
    let calls = [(); 4].map(|()| guest.begin(4));
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{error}");
    }
    assert_eq!(guest.flow.run(0).await.unwrap(), 1);
    assert_eq!(guest.sandbox.pid(), pid, "no process was ended for it");
}

/// The heap is everybody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_heap_ends_all_calls() {
    let limits = Limits { heap: 16 << 20, ..wall(20_000) };
    let guest = guest(limits).await;
    let waits = [guest.begin(2), guest.begin(9)];
    guest.host.holds(1).await;
    let error = guest.flow.run(7).await.unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Heap, .. }), "{error}");
    for call in waits {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Discarded { .. }), "{error}");
    }
    guest.host.holds(0).await;
    guest.sandbox.reset_async().await.unwrap();
    assert!(guest.sandbox.pid().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_process_ends_all_calls() {
    let guest = guest(wall(20_000)).await;
    let before = guest.sandbox.usage().total.calls;
    let waits = [guest.begin(2), guest.begin(2), guest.begin(9)];
    guest.host.holds(2).await;
    let pid = i32::try_from(guest.sandbox.pid().unwrap()).unwrap();
    // SAFETY: it is a child of this process that nobody has reaped.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    for call in waits {
        let error = call.await.unwrap().unwrap_err();
        assert!(
            matches!(error, Error::Process { death: Death::Signal { signal: 9, .. }, place: Some(_), .. }),
            "{error:?}"
        );
    }
    guest.host.holds(0).await;
    assert!(matches!(guest.flow.run(0).await, Err(Error::Discarded { .. })));
    assert_eq!(guest.sandbox.usage().total.calls - before, 3);
}

/// Whoever was the end of it.
#[cfg(not(feature = "quickjs"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_call_that_ends_the_process_ends_all_calls() {
    let guest = guest(wall(20_000)).await;
    let end = guest.sandbox.load_async::<dyn End>(Script::new("end.mjs", SOURCE)).await.unwrap();
    let waits = [guest.begin(2), guest.begin(9)];
    guest.host.holds(1).await;
    let before = guest.sandbox.usage().total.calls;
    let error = spawn_blocking(move || end.end()).await.unwrap().unwrap_err();
    let Error::Process { death: expected, .. } = error else { panic!("{error:?}") };
    for call in waits {
        let error = call.await.unwrap().unwrap_err();
        let Error::Process { death, place: Some(place), .. } = &error else { panic!("{error:?}") };
        assert_eq!((death, place.to_string()), (&expected, "Flow.run".to_owned()));
    }
    assert_eq!(guest.sandbox.usage().total.calls - before, 1 + 2);
    guest.host.holds(0).await;
}

/// More at once than is kept of what a child says in one turn.
#[tokio::test(flavor = "multi_thread")]
async fn calls_with_long_values_do_not_stand_in_each_others_way() {
    const LONG: u32 = 12 << 20;
    let guest = guest(Limits { buffers: 1 << 30, cpu: Duration::MAX, ..wall(60_000) }).await;
    let calls = [(); 14].map(|()| guest.begin(LONG));
    // All of them go on at once.
    guest.host.holds(14).await;
    guest.host.gate.notify_waiters();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), LONG);
    }
}

/// Whatever the contract.
#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_loaded_by_any_task() {
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let flow = spawn(async move { sandbox.load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await });
    assert_eq!(flow.await.unwrap().unwrap().run(0).await.unwrap(), 1);
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let flow = spawn(async move {
        let realm = sandbox.realm_async().await.unwrap();
        let guest = realm.eval_async(Script::new("flow.mjs", SOURCE)).await.unwrap();
        guest.bind_async::<dyn Flow>().await
    });
    assert_eq!(flow.await.unwrap().unwrap().run(0).await.unwrap(), 1);
}

/// It does not wait for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_all_calls() {
    for asynchronous in [true, false] {
        let guest = guest(wall(20_000)).await;
        let waits = [guest.begin(2), guest.begin(9)];
        guest.host.holds(1).await;
        let began = Instant::now();
        let sandbox = guest.sandbox.clone();
        match asynchronous {
            true => sandbox.reset_async().await.unwrap(),
            false => spawn_blocking(move || sandbox.reset()).await.unwrap().unwrap(),
        }
        for call in waits {
            let error = call.await.unwrap().unwrap_err();
            assert!(matches!(error, Error::Discarded { .. }), "{error}");
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        guest.host.holds(0).await;
        assert!(matches!(guest.flow.run(0).await, Err(Error::Discarded { .. })));
        assert_eq!(guest.sandbox.usage().total.calls, 0);
    }
}

/// A method of the host may leave the call of its own sandbox to somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn another_task_may_call_the_guest_for_a_method_that_it_waits_for() {
    let guest = guest(wall(20_000)).await;
    *guest.host.flow.lock().unwrap() = Some(guest.flow.clone());
    let gate = guest.begin(3);
    guest.host.holds(1).await;
    assert_eq!(guest.flow.run(5).await.unwrap(), 1 + 1);
    guest.host.gate.notify_one();
    gate.await.unwrap().unwrap();
    guest.host.flow.lock().unwrap().take();
}

/// How many threads this process has.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_that_wait_have_one_thread() {
    const CALLS: usize = 300;
    let guest = guest(wall(60_000)).await;
    let first = guest.begin(3);
    guest.host.holds(1).await;
    let before = threads();
    let calls = (1..CALLS).map(|_| guest.begin(3)).collect::<Vec<_>>();
    guest.host.holds(CALLS).await;
    // Others of these tests come and go.
    assert!(threads() < before + CALLS / 2, "{} after {before}", threads());
    guest.host.gate.notify_waiters();
    for call in calls.into_iter().chain([first]) {
        call.await.unwrap().unwrap();
    }
    assert_eq!(guest.count().await, u32::try_from(CALLS).unwrap());
}

/// Calls that nobody can begin, because a synchronous one takes all the time there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_has_not_begun_when_it_has_to_be_over_never_does() {
    let host = Host::new();
    let sandbox = builder().limits(wall(5_000)).host::<dyn Net>(host.clone()).build().unwrap();
    let source = "let runs = 0; export const run = async () => { runs += 1; return runs; };
        export const count = () => { while (Net.waiting() === 0); return runs; };";
    let guest = sandbox.eval_async(Script::new("flow.mjs", source)).await.unwrap();
    let bound =
        spawn_blocking(move || (guest.bind::<dyn Flow>().unwrap(), guest.bind::<dyn Count>().unwrap()));
    let (flow, count) = bound.await.unwrap();
    let busy = spawn_blocking(move || count.count());
    while host.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let short = flow.with_deadline(Instant::now() + Duration::from_millis(100));
    let mut call = short.run(0);
    assert!(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await);
    let mut dropped = flow.run(0);
    assert!(poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx).is_pending())).await);
    drop(dropped);
    tokio::time::sleep(Duration::from_millis(150)).await;
    let held = host.hold();
    busy.await.unwrap().unwrap();
    let error = call.await.unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
    assert_eq!(flow.run(0).await.unwrap(), 1);
    drop(held);
}

/// One thread has the tenants of a pool, and all of them wait at once.
#[tokio::test(flavor = "multi_thread")]
async fn tenants_of_one_thread_wait_together() {
    for trust in [Trust::Hostile, Trust::SameTenant] {
        let host = Host::new();
        let own = host.clone();
        let pool = SandboxPool::builder().trust(trust).threads(1).limits(wall(20_000)).transport(worker());
        let pool = pool.host::<dyn Net>(move |_| Box::new(own.clone())).build().unwrap();
        let mut flows = Vec::new();
        for key in ["a", "b", "c"] {
            flows.push(
                pool.tenant(key).load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap(),
            );
        }
        for _ in 0..3 {
            let all = futures_util::future::join_all(flows.iter().map(|flow| flow.run(1))).await;
            assert!(all.iter().all(Result::is_ok), "{all:?}");
        }
        // What computes on another tenant's turn ends, and one whose caller has gone.
        let gone = tokio::time::timeout(Duration::from_millis(50), flows[1].run(2)).await;
        assert!(gone.is_err());
        host.holds(0).await;
        let error =
            flows[0].with_deadline(Instant::now() + Duration::from_millis(50)).run(2).await.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
        assert_eq!(flows[2].run(0).await.unwrap(), 4);
        assert_eq!(pool.metrics().waiting, 0);
    }
}

/// A guest that ends its process ends its own calls, and nobody's else.
#[cfg(not(feature = "quickjs"))]
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_tenants_process_is_its_own() {
    let host = Host::new();
    let own = host.clone();
    let pool =
        SandboxPool::builder().trust(Trust::Hostile).threads(1).limits(wall(20_000)).transport(worker());
    let pool = pool.host::<dyn Net>(move |_| Box::new(own.clone())).build().unwrap();
    let load = async |key: &str| {
        let flow = pool.tenant(key).load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap();
        Arc::new(flow)
    };
    let (killer, other) = (load("a").await, load("b").await);
    for turn in 1..4 {
        let waits = [&killer, &other].map(|flow| {
            let flow = flow.clone();
            spawn(async move { flow.run(3).await })
        });
        host.holds(2).await;
        let error = killer.run(10).await.unwrap_err();
        assert!(matches!(error, Error::Process { .. }), "{error:?}");
        host.holds(1).await;
        host.gate.notify_waiters();
        let [killed, waited] = waits;
        assert!(matches!(killed.await.unwrap().unwrap_err(), Error::Process { .. }));
        assert_eq!(waited.await.unwrap().unwrap(), turn);
        // Whose time is up is told that, so somebody looks.
        let short = other.with_deadline(Instant::now() + Duration::from_millis(30));
        let error = short.run(2).await.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
    }
    assert_eq!(pool.metrics().waiting, 0);
}

/// Calls that have not begun when it is seen that the process has ended are not forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_lost_when_a_process_is_killed() {
    let host = Host::new();
    let sandbox = builder().limits(wall(20_000)).host::<dyn Net>(host).build().unwrap();
    for _ in 0..5 {
        let flow = sandbox.load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap();
        let pid = sandbox.pid().unwrap();
        // SAFETY: it is a child of this process that nobody has reaped.
        unsafe { libc::kill(pid.cast_signed(), libc::SIGKILL) };
        let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        while stat().rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')) {
            tokio::task::yield_now().await;
        }
        let calls = futures_util::future::join_all((0..50).map(|_| flow.run(0)));
        let over = tokio::time::timeout(Duration::from_secs(10), calls).await;
        for outcome in over.expect("all of them are over") {
            assert!(matches!(outcome, Err(Error::Process { .. } | Error::Discarded { .. })), "{outcome:?}");
        }
        sandbox.reset_async().await.unwrap();
    }
}

/// A call that waits has its process until it is over; others have the next one meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_replaced_while_a_call_waits() {
    let host = Host::new();
    let own = host.clone();
    let pool =
        SandboxPool::builder().trust(Trust::Hostile).threads(1).limits(wall(20_000)).transport(worker());
    let pool = pool.recycle(6, 1 << 40).host::<dyn Net>(move |_| Box::new(own.clone())).build().unwrap();
    let flow = pool.tenant("a").load_async::<dyn Flow>(Script::new("flow.mjs", SOURCE)).await.unwrap();
    let flow = Arc::new(flow);
    let waits = spawn({
        let flow = flow.clone();
        async move { flow.run(3).await }
    });
    host.holds(1).await;
    let mut counts = Vec::new();
    for _ in 0..12 {
        counts.push(flow.run(0).await.unwrap());
    }
    // To load counts as two.
    assert_eq!(counts, [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
    host.gate.notify_one();
    assert_eq!(waits.await.unwrap().unwrap(), 5, "in the first one");
}
