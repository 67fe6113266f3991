//! A guest whose calls wait for a host, which counts who waits.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sandbox_runtime::process::{ProcessSandbox, Processed};
use sandbox_runtime::{Builder, Bytes, Limits, Result, Sandbox, Script, sandbox_api};
use tokio::sync::{Barrier, Notify};
use tokio::task::{spawn, spawn_blocking};

use crate::slack::{LONG, worker};

pub(crate) fn builder() -> Builder<ProcessSandbox> {
    Sandbox::builder().transport(worker())
}

#[sandbox_api(guest)]
pub(crate) trait Flow {
    async fn run(&self, n: u32) -> Result<u32>;
}

#[sandbox_api(guest)]
pub(crate) trait Count {
    fn count(&self) -> Result<u32>;
}

/// Calls the host so many times.
#[sandbox_api(guest)]
pub(crate) trait Ask {
    fn ask(&self, times: u32) -> Result<u32>;
}

#[sandbox_api(host)]
pub(crate) trait Net {
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

pub(crate) struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) barrier: Arc<Barrier>,
    pub(crate) gate: Arc<Notify>,
    pub(crate) held: Arc<AtomicUsize>,
    pub(crate) flow: Arc<Mutex<Option<Arc<dyn Flow + Send + Sync>>>>,
    /// How often it was asked who waits.
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) ask: Arc<Mutex<Option<Arc<dyn Ask + Send + Sync>>>>,
}

impl Host {
    pub(crate) fn new() -> Self {
        let (barrier, gate) = (Arc::new(Barrier::new(3)), Arc::default());
        let (held, flow, asked) = (Arc::default(), Arc::default(), Arc::default());
        Self { barrier, gate, held, flow, asked, ask: Arc::default() }
    }

    pub(crate) fn hold(&self) -> Held {
        self.held.fetch_add(1, Ordering::SeqCst);
        Held(self.held.clone())
    }

    /// Returns once so many methods wait, and fails long before a time limit would end their calls.
    pub(crate) async fn holds(&self, count: usize) {
        let is_there = async {
            while self.held.load(Ordering::SeqCst) != count {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(LONG / 2, is_there).await;
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

pub(crate) const SOURCE: &str = "
    let done = 0;
    export const count = () => done;
    export const ask = (times) => { let sum = 0; for (let n = 0; n < times; n++) sum += Net.one(); return sum; };
    export const endAfter = (times) => ask(times) + end();
    export const end = () => 'x'.repeat(2 ** 29 - 24).split('').length;
    export const run = async (n) => {
        if (n === 1) await Net.meet();
        if (n === 2) await Net.never();
        if (n === 3) await Net.gate();
        if (n === 4) for (;;);
        if (n === 17) { Net.waiting(); for (;;); }
        if (n === 5) return await Net.spawns(0) + await Net.spawns(6);
        if (n === 6) return Net.waiting();
        if (n === 7) { const all = []; for (;;) all.push(new Array(10_000).fill(n)); }
        if (n === 8) { for (let turn = 0; turn < 20_000; turn++) await null; }
        if (n === 9) { Net.waiting(); await new Promise(() => {}); }
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
        if (n === 16) {
            for (let turn = 0; turn < 5; turn++) Net.waiting();
            await Net.never();
        }
        if (n > 100) {
            await Net.gate();
            return (await Net.echo(new Uint8Array(n))).length;
        }
        done += 1;
        return done;
    };";

pub(crate) struct Guest {
    pub(crate) sandbox: ProcessSandbox,
    pub(crate) flow: Arc<FlowProxy<Processed>>,
    pub(crate) count: Arc<CountProxy<Processed>>,
    pub(crate) host: Host,
}

pub(crate) async fn guest(limits: Limits) -> Guest {
    let host = Host::new();
    let sandbox = builder().limits(limits).host::<dyn Net>(host.clone()).build().unwrap();
    let guest = sandbox.eval_async(Script::new("flow.mjs", SOURCE)).await.unwrap();
    let bound =
        spawn_blocking(move || (guest.bind::<dyn Flow>().unwrap(), guest.bind::<dyn Count>().unwrap()));
    let (flow, count) = bound.await.unwrap();
    Guest { sandbox, flow: Arc::new(flow), count: Arc::new(count), host }
}

pub(crate) fn wall(millis: u64) -> Limits {
    Limits { wall: Duration::from_millis(millis), ..Limits::default() }
}

impl Guest {
    /// Begins a call that computes for so long, and returns once it does.
    pub(crate) async fn begin_endless(&self, time: Duration) -> tokio::task::JoinHandle<Result<u32>> {
        let flow = self.flow.with_deadline(Instant::now() + time);
        self.once_it_asks(async move { flow.run(17).await }).await
    }

    /// Begins a call that never settles and waits for no host, and returns once the guest runs it.
    ///
    /// No other call may ask who waits at that time.
    pub(crate) async fn begin_unsettled(&self) -> tokio::task::JoinHandle<Result<u32>> {
        let flow = self.flow.clone();
        self.once_it_asks(async move { flow.run(9).await }).await
    }

    /// Begins a call that asks who waits, and returns when the question arrives.
    async fn once_it_asks(
        &self,
        call: impl Future<Output = Result<u32>> + Send + 'static,
    ) -> tokio::task::JoinHandle<Result<u32>> {
        let before = self.host.asked.load(Ordering::SeqCst);
        let call = spawn(call);
        while self.host.asked.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
        call
    }

    /// Begins a call.
    pub(crate) fn begin(&self, n: u32) -> tokio::task::JoinHandle<Result<u32>> {
        let flow = self.flow.clone();
        spawn(async move { flow.run(n).await })
    }

    pub(crate) async fn count(&self) -> u32 {
        let count = self.count.clone();
        spawn_blocking(move || count.count()).await.unwrap().unwrap()
    }
}
