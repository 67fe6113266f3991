//! Guests in a process that wait for several methods of the host at once.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sandbox_runtime::process::ProcessSandbox;
use sandbox_runtime::{
    Builder, Bytes, Error, LimitKind, Limits, Result, Sandbox, SandboxPool, Script, Trust, sandbox_api,
};
use slack::{LONG, is_in_time, long, worker};
use tokio::sync::Barrier;

mod slack;

fn builder() -> Builder<ProcessSandbox> {
    Sandbox::builder().transport(worker()).limits(long())
}

#[sandbox_api(guest)]
pub trait Flow {
    async fn run(&self, n: u32) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Now {
    fn now(&self) -> Result<u32>;
    fn back(&self, bytes: &[u8]) -> Result<Bytes>;
}

#[derive(Debug, thiserror::Error)]
#[error("closed at {0}")]
pub struct Closed(u32);

#[sandbox_api(host)]
pub trait Net {
    /// Answers when three wait.
    async fn meet(&self, n: u32) -> u32;
    /// Never answers.
    async fn never(&self) -> u32;
    async fn fails(&self, n: u32) -> Result<u32, Closed>;
    async fn panics(&self) -> u32;
    async fn bytes(&self, bytes: Bytes) -> Bytes;
    /// Calls the guest while it waits.
    async fn calls(&self) -> Result<u32>;
    /// The same, with so many bytes.
    async fn sends(&self, length: u32) -> Result<Bytes>;
    async fn sleep(&self, millis: u32);
    /// Calls an asynchronous method of the guest.
    async fn again(&self, n: u32) -> Result<String>;
    /// The same without waiting as it should.
    fn blocks(&self) -> Result<String>;
    fn count(&self) -> u32;
    fn same(&self, bytes: Bytes) -> Bytes;
}

/// Counts itself out.
struct Held(Arc<AtomicUsize>);

impl Held {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

type Guest = Arc<Mutex<Option<Box<dyn Now + Send + Sync>>>>;

#[derive(Clone)]
struct Host {
    barrier: Arc<Barrier>,
    held: Arc<AtomicUsize>,
    guest: Guest,
    flow: Arc<Mutex<Option<Arc<dyn Flow + Send + Sync>>>>,
}

/// Polls a future once, which has to be enough.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

impl Host {
    fn new() -> Self {
        Self {
            barrier: Arc::new(Barrier::new(3)),
            held: Arc::default(),
            guest: Guest::default(),
            flow: Arc::default(),
        }
    }

    /// What it calls when a guest asks for that.
    async fn will_call(&self, sandbox: &ProcessSandbox, source: &str) {
        let now = sandbox.load_async::<dyn Now>(Script::new("now.mjs", source)).await.unwrap();
        *self.guest.lock().unwrap() = Some(Box::new(now));
    }

    /// The same for what it awaits.
    fn will_await(&self, flow: impl Flow + Send + Sync + 'static) -> Arc<dyn Flow + Send + Sync> {
        let flow: Arc<dyn Flow + Send + Sync> = Arc::new(flow);
        *self.flow.lock().unwrap() = Some(flow.clone());
        flow
    }
}

#[sandbox_runtime::async_trait]
impl Net for Host {
    async fn meet(&self, n: u32) -> u32 {
        let _held = Held::new(&self.held);
        self.barrier.wait().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        n * 2
    }

    async fn never(&self) -> u32 {
        let _held = Held::new(&self.held);
        pending().await
    }

    async fn fails(&self, n: u32) -> Result<u32, Closed> {
        tokio::task::yield_now().await;
        Err(Closed(n))
    }

    async fn panics(&self) -> u32 {
        tokio::task::yield_now().await;
        panic!("it is meant to")
    }

    async fn bytes(&self, bytes: Bytes) -> Bytes {
        tokio::task::yield_now().await;
        Bytes::from(bytes.iter().rev().copied().collect::<Vec<_>>())
    }

    async fn calls(&self) -> Result<u32> {
        tokio::task::yield_now().await;
        self.guest.lock().unwrap().as_ref().unwrap().now()
    }

    async fn sends(&self, length: u32) -> Result<Bytes> {
        tokio::task::yield_now().await;
        let bytes = vec![length.to_le_bytes()[0]; length as usize];
        let back = self.guest.lock().unwrap().as_ref().unwrap().back(&bytes)?;
        assert!(*back == *bytes, "{length}");
        tokio::task::yield_now().await;
        Ok(back)
    }

    async fn again(&self, n: u32) -> Result<String> {
        let flow = self.flow.lock().unwrap().clone().unwrap();
        flow.run(n).await
    }

    fn blocks(&self) -> Result<String> {
        let flow = self.flow.lock().unwrap().clone().unwrap();
        at_once(flow.run(0))
    }

    async fn sleep(&self, millis: u32) {
        let _held = Held::new(&self.held);
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
    }

    fn same(&self, bytes: Bytes) -> Bytes {
        bytes
    }

    fn count(&self) -> u32 {
        u32::try_from(self.held.load(Ordering::SeqCst)).unwrap()
    }
}

fn script(body: &str) -> Script {
    Script::new("flow.mjs", format!("export const run = async (n) => {{ {body} }};"))
}

async fn run(sandbox: &ProcessSandbox, body: &str) -> Result<String> {
    sandbox.load_async::<dyn Flow>(script(body)).await?.run(7).await
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_of_the_host_wait_together() {
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let all = "return (await Promise.all([Net.meet(n), Net.meet(n + 1), Net.meet(n + 2)])).join();";
    assert_eq!(run(&sandbox, all).await.unwrap(), "14,16,18");
    // Whatever else the guest does meanwhile.
    let busy = "const all = [1, 2, 3].map(Net.meet); let most = 0;
        for (let i = 0; i < 9; i++) { await null; most = Math.max(most, Net.count()); }
        return `${await Promise.all(all)},${Net.count()}`;";
    assert_eq!(run(&sandbox, busy).await.unwrap(), "2,4,6,0");
    let first = "const [a, b] = [Net.never(), Net.fails(n)];
        return await Promise.race([a, b]).catch((error) => `${error.name}: ${error.message}`);";
    let text = run(&sandbox, first).await.unwrap();
    assert!(text.starts_with("Error: Net.fails failed"), "{text}");
}

/// The same on a thread of a pool, which has no runtime, and on a runtime that has one thread.
#[tokio::test]
async fn wherever_the_guest_is_called() {
    let all = "return (await Promise.all([Net.meet(n), Net.meet(n + 1), Net.meet(n + 2)])).join();";
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    assert_eq!(run(&sandbox, all).await.unwrap(), "14,16,18");
    let host = Host::new();
    let pool = SandboxPool::builder().trust(Trust::Hostile).limits(long()).patience(LONG).transport(worker());
    let pool = pool.host::<dyn Net>(move |_| Box::new(host.clone())).build().unwrap();
    let flow = pool.tenant("a").load_async::<dyn Flow>(script(all)).await.unwrap();
    assert_eq!(flow.run(1).await.unwrap(), "2,4,6");
}

#[tokio::test(flavor = "multi_thread")]
async fn top_level_code_may_wait_for_several() {
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let source = "const all = await Promise.all([Net.meet(1), Net.meet(2), Net.meet(3)]);
        export const run = async (n) => all.join() + n;";
    let flow = sandbox.load_async::<dyn Flow>(Script::new("flow.mjs", source)).await.unwrap();
    assert_eq!(flow.run(4).await.unwrap(), "2,4,64");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_the_guests_to_catch() {
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let error = run(&sandbox, "await Promise.all([Net.never(), Net.fails(n)]);").await.unwrap_err();
    let Error::Guest(thrown) = &error else { panic!("{error}") };
    assert_eq!(thrown.host_error::<Closed>().unwrap().0, 7);
    let body = "return await Net.panics().catch((error) => error.message);";
    assert!(run(&sandbox, body).await.unwrap().starts_with("Net.panics failed"));
    let body = "return await Net.fails('x').catch((error) => error.name);";
    assert_eq!(run(&sandbox, body).await.unwrap(), "TypeError");
    let body = "return String(await Promise.allSettled([Net.fails(1), Net.fails(2)]).then((all) => all.map((one) => one.status)));";
    assert_eq!(run(&sandbox, body).await.unwrap(), "rejected,rejected");
}

/// Each has its own place in the memory that both processes have, or waits until that is free.
#[tokio::test(flavor = "multi_thread")]
async fn long_values_do_not_mix() {
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let body = "const all = [1, 2, 3, 4, 5].map((n) => new Uint8Array(50_000 + n).fill(n));
        all.forEach((bytes, index) => { bytes[0] = 10 + index; });
        const back = await Promise.all(all.map(Net.bytes));
        return back.map((bytes) => `${bytes.length}:${bytes[0]}:${bytes.at(-1)}`).join();";
    let expected = "50001:1:10,50002:2:11,50003:3:12,50004:4:13,50005:5:14";
    assert_eq!(run(&sandbox, body).await.unwrap(), expected);
}

/// A call that is over leaves nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_over_drops_what_it_waits_for() {
    let host = Host::new();
    let sandbox = builder().host::<dyn Net>(host.clone()).build().unwrap();
    assert_eq!(run(&sandbox, "Net.never(); Net.never(); await null; return `${n}`;").await.unwrap(), "7");
    assert_eq!(host.held.load(Ordering::SeqCst), 0);
    for body in
        ["await Net.never();", "Net.never(); await new Promise(() => {});", "await new Promise(() => {});"]
    {
        let flow = sandbox.load_async::<dyn Flow>(script(body)).await.unwrap();
        let short = flow.with_deadline(Instant::now() + Duration::from_millis(300));
        let error = short.run(7).await.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{body}: {error}");
        assert_eq!(host.held.load(Ordering::SeqCst), 0, "{body}");
    }
    assert_eq!(run(&sandbox, "return `${await Net.fails(3).catch(() => 4)}`;").await.unwrap(), "4");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_wait_at_once_than_may() {
    let host = Host::new();
    let limits = Limits { pending: 4, ..long() };
    let sandbox = builder().limits(limits).host::<dyn Net>(host.clone()).build().unwrap();
    let many = "let done = 0; for (let i = 0; i < 50; i++) { await Promise.all([1, 2, 3].map(Net.meet)); done += 3; } return `${done}`;";
    assert_eq!(run(&sandbox, many).await.unwrap(), "150");
    let error = run(&sandbox, "await Promise.all([1, 2, 3, 4, 5].map(Net.never));").await.unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Pending, .. }), "{error}");
    assert_eq!(host.held.load(Ordering::SeqCst), 0);
    assert_eq!(run(&sandbox, "return 'on';").await.unwrap(), "on");
}

/// The guest is called by a method that it waits for, while it waits for others.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_may_call_the_guest_meanwhile() {
    let host = Host::new();
    let sandbox = builder().host::<dyn Net>(host.clone()).build().unwrap();
    let source = "export const back = (bytes) => bytes; let calls = 0; export const now = () => { void Promise.resolve().then(() => { calls += 1; }); return calls; };";
    host.will_call(&sandbox, source).await;
    let body = "const met = [1, 2, 3].map(Net.meet);
        const calls = [await Net.calls(), ...(await Promise.all([Net.calls(), Net.calls()]))];
        return `${calls} ${await Promise.all(met)}`;";
    assert_eq!(run(&sandbox, body).await.unwrap(), "0,1,2 2,4,6");
    host.guest.lock().unwrap().take();
}

/// What goes through memory that both processes have is not written over before it is read, whichever way calls are nested.
#[tokio::test(flavor = "multi_thread")]
async fn long_values_of_calls_inside_of_calls_do_not_mix() {
    let host = Host::new();
    let sandbox = builder().host::<dyn Net>(host.clone()).build().unwrap();
    let source = "export const back = (bytes) => bytes; export const now = () => 0;";
    host.will_call(&sandbox, source).await;
    let body = "let wrong = 0;
        const check = (bytes, length) => { if (bytes.length !== length || bytes.some((byte) => byte !== length % 256)) wrong += 1; };
        const sends = async (length) => check(await Net.sends(length), length);
        const same = (length) => check(Net.same(new Uint8Array(length).fill(length)), length);
        const bytes = async (length) => check(await Net.bytes(new Uint8Array(length).fill(length)), length);
        for (let turn = 0; turn < 40; turn++) {
            const all = [sends(40_001 + turn), bytes(40_002), sends(40_003)];
            same(40_004); await null; same(40_005 + turn);
            all.push(bytes(40_006), sends(40_007)); await all[0]; same(40_008);
            await Promise.all(all); same(40_009);
        }
        return `${wrong}`;";
    assert_eq!(run(&sandbox, body).await.unwrap(), "0");
    host.guest.lock().unwrap().take();
}

/// As in one process: a call that a method makes ends with the call that waits for the method.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_method_calls_ends_with_the_call() {
    let host = Host::new();
    let other = builder().build().unwrap();
    let endless = "export const now = () => { for (;;); }; export const back = (bytes) => bytes;";
    host.will_call(&other, endless).await;
    let sandbox = builder().host::<dyn Net>(host.clone()).build().unwrap();
    let flow = sandbox.load_async::<dyn Flow>(script("await Net.calls();")).await.unwrap();
    let began = Instant::now();
    let error = flow.with_deadline(began + Duration::from_millis(300)).run(7).await.unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. } | Error::Guest(_)), "{error}");
    assert!(began.elapsed() < LONG / 2, "it was not the limit: {:?}", began.elapsed());
    host.guest.lock().unwrap().take();
}

/// More than a stream holds, in both directions at once: neither side waits for the other to read.
#[tokio::test(flavor = "multi_thread")]
async fn much_is_said_in_both_directions_at_once() {
    let host = Host::new();
    let sandbox = builder().host::<dyn Net>(host.clone()).build().unwrap();
    let body = "const all = Array.from({ length: 60 }, (_, index) => Net.bytes(new Uint8Array(200_000).fill(index)));
        const back = await Promise.all(all);
        return `${back.every((bytes, index) => bytes.length === 200_000 && bytes.every((byte) => byte === index))}`;";
    assert_eq!(run(&sandbox, body).await.unwrap(), "true");
    // A call that is over, with much that it has not read, and much that it gives.
    let body = "for (let n = 0; n < 40; n++) Net.bytes(new Uint8Array(200_000)); await null; return 'x'.repeat(500_000);";
    assert_eq!(run(&sandbox, body).await.unwrap().len(), 500_000);
    assert_eq!(run(&sandbox, "return 'on';").await.unwrap(), "on");
    // The guest is called with much while it says much.
    let source = "export const back = (bytes) => bytes; export const now = () => 0;";
    host.will_call(&sandbox, source).await;
    let body = "const all = Array.from({ length: 30 }, (_, index) =>
            index % 2 ? Net.sends(400_000 + index) : Net.bytes(new Uint8Array(300_000)));
        return `${(await Promise.all(all)).reduce((sum, bytes) => sum + bytes.length, 0)}`;";
    assert_eq!(run(&sandbox, body).await.unwrap(), format!("{}", 15 * 300_000 + 15 * 400_000 + 225));
    host.guest.lock().unwrap().take();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_a_call_that_waits_for_the_host() {
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let body = "if (n === 0) return 'on'; await Net.never();";
    let flow = sandbox.load_async::<dyn Flow>(script(body)).await.unwrap();
    let mut least = Duration::MAX;
    for _ in 0..9 {
        let began = Instant::now();
        let deadline = Duration::from_millis(60);
        let error = flow.with_deadline(began + deadline).run(1).await.unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
        least = least.min(began.elapsed().checked_sub(deadline).unwrap());
    }
    assert!(is_in_time(least, Duration::from_millis(15)), "{least:?}");
    assert_eq!(flow.run(0).await.unwrap(), "on", "and the next one is not taken for late");
}

/// On the only thread of a runtime nothing could go on, not even what the call waits for.
#[tokio::test]
async fn a_synchronous_call_does_not_stall_a_runtime() {
    let sandbox = builder().host::<dyn Net>(Host::new()).build().unwrap();
    let source = "export const back = (bytes) => bytes; export const now = () => 7;";
    let load = || sandbox.load::<dyn Now>(Script::new("now.mjs", source));
    assert!(matches!(load().map(drop), Err(Error::Blocking { .. })));
    assert!(matches!(sandbox.reset(), Err(Error::Blocking { .. })));
    let now = sandbox.load_async::<dyn Now>(Script::new("now.mjs", source)).await.unwrap();
    assert!(matches!(now.now(), Err(Error::Blocking { .. })));
    assert_eq!(tokio::task::spawn_blocking(move || now.now()).await.unwrap().unwrap(), 7);
    sandbox.reset_async().await.unwrap();
    assert_eq!(run(&sandbox, "return 'new';").await.unwrap(), "new");
}

#[test]
fn a_synchronous_call_hands_its_tasks_to_another_thread() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let host = Host::new();
    let sandbox = builder().host::<dyn Net>(host.clone()).build().unwrap();
    let source = "export const back = (bytes) => bytes; export const now = () => { while (Net.count() === 0); return 1; };";
    let now = sandbox.load::<dyn Now>(Script::new("now.mjs", source)).unwrap();
    // The guest waits until another task of the only worker has run.
    runtime.block_on(async {
        let held = host.held.clone();
        let call = tokio::spawn(async move {
            tokio::spawn(async move { std::mem::forget(Held::new(&held)) });
            now.now()
        });
        assert_eq!(call.await.unwrap().unwrap(), 1);
    });
}

/// A method that the guest waits for may await the guest.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_may_await_its_own_sandbox() {
    let host = Host::new();
    let sandbox = builder().host::<dyn Net>(host.clone()).build().unwrap();
    let source = "
        if (n === 0) return 'end';
        if (n > 100) return await Net.sleep(10).then(() => `slow${n}`);
        if (n > 50) { globalThis.resolve?.(n); return 'resolved'; }
        if (n === 50) return `${await Promise.all([new Promise((done) => { globalThis.resolve = done; }), Net.again(51)])}`;
        if (n === 49) { Net.again(101); await null; return 'left'; }
        if (n === 48) return `${await Promise.all([101, 102, 103].map((n) => Net.again(n)))}`;
        return `${n}${await Net.again(n - 1)}`;";
    let flow = host.will_await(sandbox.load_async::<dyn Flow>(script(source)).await.unwrap());
    assert_eq!(flow.run(5).await.unwrap(), "54321end");
    assert_eq!(flow.run(30).await.unwrap().len(), "end".len() + 21 * 2 + 9);
    assert_eq!(flow.run(48).await.unwrap(), "slow101,slow102,slow103");
    // The one that is called inside settles what the outer one waits for.
    assert_eq!(flow.run(50).await.unwrap(), "51,resolved");
    assert_eq!(flow.run(49).await.unwrap(), "left");
    assert_eq!(flow.run(1).await.unwrap(), "1end", "what was left behind is in nobody's way");
    let calls = sandbox.usage().total.calls;
    assert!((45..=60).contains(&calls), "{calls}");
    host.flow.lock().unwrap().take();
}

/// The same in a pool, where the thread of the tenant drives the guest's call.
#[tokio::test(flavor = "multi_thread")]
async fn a_method_may_await_its_own_tenant() {
    for trust in [Trust::Hostile, Trust::SameTenant] {
        let host = Host::new();
        let own = host.clone();
        let pool = SandboxPool::builder().trust(trust).threads(1).limits(long()).patience(LONG);
        let pool = pool.transport(worker());
        let pool = pool.host::<dyn Net>(move |_| Box::new(own.clone())).build().unwrap();
        let source =
            "if (n === 0) return 'end'; if (n > 100) return await Net.sleep(10).then(() => `slow${n}`);
            if (n === 48) return `${await Promise.all([101, 102, 103].map((n) => Net.again(n)))}`;
            return `${n}${await Net.again(n - 1)}`;";
        let flow = host.will_await(pool.tenant("a").load_async::<dyn Flow>(script(source)).await.unwrap());
        assert_eq!(flow.run(5).await.unwrap(), "54321end");
        assert_eq!(flow.run(48).await.unwrap(), "slow101,slow102,slow103");
        // A call of another tenant, on the same thread.
        host.will_await(pool.tenant("b").load_async::<dyn Flow>(script("return `b${n}`;")).await.unwrap());
        assert_eq!(flow.run(5).await.unwrap(), "5b4");
        assert_eq!(pool.metrics().waiting, 0);
        host.flow.lock().unwrap().take();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_inside_ends_with_the_call() {
    let host = Host::new();
    let sandbox = builder().host::<dyn Net>(host.clone()).build().unwrap();
    let source =
        "if (n === 1) await Net.never(); if (n === 2) throw new RangeError('no'); if (n === 4) for (;;);
        return n === 3 ? await Net.again(2).catch((error) => error.name) : await Net.again(n - 4);";
    let flow = sandbox.load_async::<dyn Flow>(script(source)).await.unwrap();
    host.will_await(flow.clone());
    for n in [5, 8] {
        let began = Instant::now();
        let error = flow.with_deadline(began + Duration::from_millis(300)).run(n).await.unwrap_err();
        let is_over = matches!(error, Error::Limit { kind: LimitKind::Deadline, .. } | Error::Guest(_));
        assert!(is_over, "{n}: {error}");
        assert!(began.elapsed() < LONG / 2, "it was not the limit: {:?}", began.elapsed());
        assert_eq!(flow.run(3).await.unwrap(), "Error");
    }
    // One that does not wait as it should is told.
    let blocks = sandbox.load_async::<dyn Flow>(script("return Net.blocks();")).await.unwrap();
    let error = blocks.run(1).await.unwrap_err();
    let Error::Guest(thrown) = &error else { panic!("{error}") };
    assert!(matches!(thrown.host_error::<Error>(), Some(Error::Blocking { .. })), "{error}");
    host.flow.lock().unwrap().take();
}
