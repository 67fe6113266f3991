//! Observers are told the same events at every site: each begin has one end, in the order that is promised, and the bills
//! of the calls are what `usage` counts.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sandbox_runtime::observe::{
    CallBegin, CallEnd, ConsoleEvent, Counters, EndCause, HostCallBegin, HostCallEnd, Observer, SandboxBegin,
    SandboxEnd,
};
use sandbox_runtime::{
    Bill, Console, Error, Limits, LocalSandbox, Result, Sandbox, SandboxPool, Script, Trust, sandbox_api,
};
use sites::runtime;
use slack::long as limits;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self, what: &str) -> Result<String>;
    async fn later(&self, what: &str) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Host {
    fn get(&self, number: u32) -> u32;
    fn fail(&self) -> Result<u32>;
    fn nest(&self) -> Result<String>;
    async fn after(&self, turn: u32) -> u32;
    async fn never(&self);
}

const SOURCE: &str = r#"
    export const run = (what) => {
        switch (what) {
            case "hosts": return String(Host.get(1) + Host.get(2));
            case "throws": throw new Error("no");
            case "fails": return Host.fail();
            case "refused": return Host.get("one");
            case "nests": return Host.nest();
            case "logs": console.log("a\u001b[0m"); return "";
            case "loops": for (;;);
            case "fills": const all = []; for (;;) all.push(new Array(1000).fill(all));
            default: return what;
        }
    };
    export const later = async (what) => {
        switch (what) {
            case "settles": return String(await Promise.all([Host.after(2), Host.after(1)]));
            case "waits": return await Host.never();
            case "hosts": return String(Host.get(5));
            default: return what;
        }
    };
"#;

/// Keeps each event as a line, and the sum of the bills.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Recording>>);

#[derive(Default)]
struct Recording {
    lines: Vec<String>,
    /// Calls, nanoseconds of CPU time, host calls, bytes in and out.
    billed: [u128; 5],
    tenants: Vec<String>,
}

fn numbers(bill: &Bill) -> [u128; 5] {
    let counts = [bill.host_calls, bill.bytes_in, bill.bytes_out].map(u128::from);
    [bill.calls.into(), bill.cpu.as_nanos(), counts[0], counts[1], counts[2]]
}

impl Recorder {
    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, line: impl ToString) {
        self.recording().lines.push(line.to_string());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.recording().lines)
    }

    fn billed(&self) -> [u128; 5] {
        self.recording().billed
    }
}

impl Observer for Recorder {
    fn on_sandbox_begin(&self, event: &SandboxBegin<'_>) {
        self.recording().tenants.extend(event.origin.tenant.map(str::to_owned));
        self.note("sandbox begins");
    }
    fn on_sandbox_end(&self, event: &SandboxEnd<'_>) {
        let cause = match event.cause {
            EndCause::Closed => "closed",
            EndCause::Reset => "reset",
            EndCause::Fault(error) => error.kind(),
            _ => "another cause",
        };
        self.note(format!("sandbox ends: {cause}"));
    }
    fn on_call_begin(&self, event: &CallBegin<'_>) {
        let inside = event.inside.map(|call| format!(", inside of {call}")).unwrap_or_default();
        let realm = if event.realm > 0 { format!(", realm {}", event.realm) } else { String::new() };
        self.note(format!("{event}{inside}{realm}"));
    }
    fn on_call_end(&self, event: &CallEnd<'_>) {
        let more = numbers(event.bill);
        self.recording().billed.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        self.note(event);
    }
    fn on_host_call_begin(&self, event: &HostCallBegin<'_>) {
        self.note(format!("{event}, by {}", event.call.map_or(0, |call| call.get())));
    }
    fn on_host_call_end(&self, event: &HostCallEnd<'_>) {
        self.note(event);
    }
    fn on_console_line(&self, event: &ConsoleEvent<'_>) {
        self.note(format!("{event}, by {}", event.call.map_or(0, |call| call.get())));
    }
}

/// The method of a guest that stays on its thread.
type Inner = Box<dyn Fn() -> Result<String>>;

thread_local! {
    /// The method of a guest for `Host::nest`, where it must not leave the thread.
    static INNER: RefCell<Option<Inner>> = const { RefCell::new(None) };
}

/// The method of a guest for `Host::nest`, where any thread may call it.
type Shared = Arc<Mutex<Option<Box<dyn Fn() -> Result<String> + Send>>>>;

#[derive(Clone, Default)]
struct Hosted {
    inner: Shared,
    entered: Arc<Notify>,
    /// The first of two host calls is over.
    first: Arc<Notify>,
}

impl Hosted {
    /// Sets the method of a guest for `Host::nest`.
    fn nests(&self, call: impl Fn() -> Result<String> + Send + 'static) {
        *self.inner.lock().unwrap() = Some(Box::new(call));
    }
}

#[sandbox_runtime::async_trait]
impl Host for Hosted {
    fn get(&self, number: u32) -> u32 {
        number
    }
    fn fail(&self) -> Result<u32> {
        Err(Error::public("down"))
    }
    fn nest(&self) -> Result<String> {
        let here = INNER.with_borrow(|inner| inner.as_ref().map(|inner| inner()));
        here.unwrap_or_else(|| self.inner.lock().unwrap().as_ref().unwrap()())
    }
    async fn after(&self, turn: u32) -> u32 {
        match turn {
            1 => self.first.notify_one(),
            _ => self.first.notified().await,
        }
        turn
    }
    async fn never(&self) {
        self.entered.notify_one();
        std::future::pending().await
    }
}

fn short() -> Limits {
    Limits { heap: 16 << 20, ..limits() }
}

fn script() -> Script {
    Script::new("job.js", SOURCE)
}

/// The events of `load`, and of the calls of `synchronous`.
const SYNCHRONOUS: &[&str] = &[
    "sandbox begins",
    "call 1 begins: evaluation of job.js",
    "call 1 ends: evaluation of job.js: ok",
    "call 2 begins: binding of Job",
    "call 2 ends: binding of Job: ok",
    "call 3 begins: Job.run",
    "host call 4 begins: Host.get, by 3",
    "host call 4 ends: Host.get: ok",
    "host call 5 begins: Host.get, by 3",
    "host call 5 ends: Host.get: ok",
    "call 3 ends: Job.run: ok",
    "call 6 begins: Job.run",
    "call 6 ends: Job.run: guest",
    "call 7 begins: Job.run",
    "host call 8 begins: Host.fail, by 7",
    "host call 8 ends: Host.fail: failed",
    "call 7 ends: Job.run: guest",
    "call 9 begins: Job.run",
    "host call 10 begins: Host.get, by 9",
    "host call 10 ends: Host.get: refused",
    "call 9 ends: Job.run: guest",
    "call 11 begins: Job.run",
    "host call 12 begins: Host.nest, by 11",
    "call 13 begins: Job.run, inside of 12",
    "host call 14 begins: Host.get, by 13",
    "host call 14 ends: Host.get: ok",
    "host call 15 begins: Host.get, by 13",
    "host call 15 ends: Host.get: ok",
    "call 13 ends: Job.run: ok",
    "host call 12 ends: Host.nest: ok",
    "call 11 ends: Job.run: ok",
    "call 16 begins: Job.run",
    "console: a\\u{1b}[0m, by 16",
    "call 16 ends: Job.run: ok",
];

fn synchronous(job: &dyn Job) {
    assert_eq!(job.run("hosts").unwrap(), "3");
    assert_eq!(job.run("throws").unwrap_err().kind(), "guest");
    assert_eq!(job.run("fails").unwrap_err().kind(), "guest");
    assert_eq!(job.run("refused").unwrap_err().kind(), "guest");
    assert_eq!(job.run("nests").unwrap(), "3");
    job.run("logs").unwrap();
}

const ASYNCHRONOUS: &[&str] = &[
    "call 17 begins: Job.later",
    "host call 18 begins: Host.after, by 17",
    "host call 19 begins: Host.after, by 17",
    "host call 19 ends: Host.after: ok",
    "host call 18 ends: Host.after: ok",
    "call 17 ends: Job.later: ok",
    "call 20 begins: Job.later",
    "host call 21 begins: Host.get, by 20",
    "host call 21 ends: Host.get: ok",
    "call 20 ends: Job.later: ok",
    "call 22 begins: Job.later",
    "host call 23 begins: Host.never, by 22",
    "host call 23 ends: Host.never: cancelled",
    "call 22 ends: Job.later: cancelled",
];

async fn asynchronous(job: &dyn Job, entered: &Notify) {
    assert_eq!(job.later("settles").await.unwrap(), "2,1");
    assert_eq!(job.later("hosts").await.unwrap(), "5");
    let mut waits = job.later("waits");
    until_it_waits(&mut waits, entered).await;
}

/// Polls a call until its guest waits for the host.
async fn until_it_waits<F: Future<Output: Debug> + Unpin>(waits: &mut F, entered: &Notify) {
    tokio::select! {
        over = waits => panic!("nobody answers: {over:?}"),
        () = entered.notified() => {}
    }
}

/// Waits until an event with this beginning is told, which may happen on another thread.
async fn until_told(recorder: &Recorder, begin: &str) {
    while !recorder.recording().lines.iter().any(|line| line.starts_with(begin)) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Makes the calls of all sites, and compares the events.
fn tells_its_calls(job: &dyn Job, hosted: &Hosted, recorder: &Recorder, runtime: &Runtime) {
    synchronous(job);
    assert_eq!(recorder.take(), SYNCHRONOUS);
    runtime.block_on(async {
        asynchronous(job, &hosted.entered).await;
        until_told(recorder, "call 22 ends").await;
    });
    assert_eq!(recorder.take(), ASYNCHRONOUS);
}

const ENDS: &[&str] = &[
    "call 24 begins: Job.run",
    "call 24 ends: Job.run: limit.deadline",
    "call 25 begins: a realm, realm 1",
    "call 25 ends: a realm: ok",
    "call 26 begins: evaluation of job.js, realm 1",
    "call 26 ends: evaluation of job.js: ok",
    "call 27 begins: binding of Job, realm 1",
    "call 27 ends: binding of Job: ok",
    "call 28 begins: Job.run, realm 1",
    "call 28 ends: Job.run: ok",
    "call 29 begins: Job.run",
    "sandbox ends: limit.heap",
    "call 29 ends: Job.run: limit.heap",
    "sandbox begins",
    "call 30 begins: evaluation of job.js",
    "call 30 ends: evaluation of job.js: ok",
    "call 31 begins: binding of Job",
    "call 31 ends: binding of Job: ok",
    "call 32 begins: Job.later",
    "host call 33 begins: Host.never, by 32",
    "sandbox ends: reset",
    "sandbox begins",
    "host call 33 ends: Host.never: cancelled",
    "call 32 ends: Job.later: lost",
    "sandbox ends: closed",
];

/// Runs all programs with a sandbox, and compares the events that its observer got.
macro_rules! tells {
    ($builder:expr, |$hosted:ident, $again:ident| $keep:expr) => {{
        let (recorder, $hosted) = (Recorder::default(), Hosted::default());
        let builder = $builder.limits(short()).console(Console::Capture).observer(recorder.clone());
        let sandbox = builder.host::<dyn Host>($hosted.clone()).build().unwrap();
        let job = sandbox.load::<dyn Job>(script()).unwrap();
        let $again = job.clone();
        $keep;
        let runtime = runtime();
        tells_its_calls(&job, &$hosted, &recorder, &runtime);
        let soon = job.with_deadline(Instant::now() + Duration::from_secs(1));
        assert_eq!(soon.run("loops").unwrap_err().kind(), "limit.deadline");
        drop(soon);
        let realm = sandbox.realm().unwrap();
        realm.load::<dyn Job>(script()).unwrap().run("").unwrap();
        drop(realm);
        assert_eq!(numbers(&sandbox.usage().total), recorder.billed());
        assert_eq!(job.run("fills").unwrap_err().kind(), "limit.heap");
        sandbox.reset().unwrap();
        let late = sandbox.load::<dyn Job>(script()).unwrap();
        runtime.block_on(async {
            let mut waits = late.later("waits");
            until_it_waits(&mut waits, &$hosted.entered).await;
            sandbox.reset_async().await.unwrap();
            assert_eq!(waits.await.unwrap_err().kind(), "lost");
            until_told(&recorder, "call 32 ends").await;
        });
        INNER.take();
        $hosted.inner.lock().unwrap().take();
        drop((job, late, sandbox));
        runtime.block_on(until_told(&recorder, "sandbox ends: closed"));
        assert_eq!(recorder.take(), ENDS);
    }};
}

#[test]
fn a_local_sandbox_tells() {
    tells!(LocalSandbox::builder(), |hosted, again| INNER.set(Some(Box::new(move || again.run("hosts")))));
}

#[test]
fn a_sandbox_with_a_thread_tells() {
    tells!(Sandbox::builder(), |hosted, again| hosted.nests(move || again.run("hosts")));
}

#[test]
fn a_sandbox_at_the_other_end_of_a_link_tells() {
    for (_, link) in sites::links() {
        tells!(Sandbox::builder().transport(link), |hosted, again| hosted.nests(move || again.run("hosts")));
    }
}

/// A process that is killed while its guest waits for the host ends the host call, the call and the sandbox, each once.
#[test]
fn a_killed_process_ends_all_that_was_begun() {
    let (recorder, hosted) = (Recorder::default(), Hosted::default());
    let builder = Sandbox::builder().limits(short()).observer(recorder.clone()).transport(slack::worker());
    let sandbox = builder.host::<dyn Host>(hosted.clone()).build().unwrap();
    let job = sandbox.load::<dyn Job>(script()).unwrap();
    recorder.take();
    runtime().block_on(async {
        let mut waits = job.later("waits");
        until_it_waits(&mut waits, &hosted.entered).await;
        let pid = i32::try_from(sandbox.pid().unwrap()).unwrap();
        // SAFETY: the number is that of a child of this process, which nobody has waited for.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
        assert!(matches!(waits.await, Err(Error::Process { .. })));
        until_told(&recorder, "call 3 ends").await;
    });
    let lines = recorder.take();
    let [begins, host, gone, cancelled, ends] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!([&**begins, &**host], ["call 3 begins: Job.later", "host call 4 begins: Host.never, by 3"]);
    assert!(gone.starts_with("sandbox ends: process"), "{gone}");
    assert_eq!(cancelled, "host call 4 ends: Host.never: cancelled");
    assert!(ends.starts_with("call 3 ends: Job.later: process"), "{ends}");
    assert_eq!(numbers(&sandbox.usage().total), recorder.billed());
}

/// The sandboxes of a pool tell whose they are, and a tenant's sandbox tells the programs of all others.
#[test]
fn a_pool_tells_whose_sandbox_it_is() {
    for process in [false, true] {
        let (recorder, hosted) = (Recorder::default(), Hosted::default());
        let builder = SandboxPool::builder().limits(short()).console(Console::Capture);
        let counters = Counters::default();
        let builder = builder.observer(recorder.clone()).observer(counters.clone());
        let builder = builder.threads(1).trust(Trust::Tenants);
        let own = hosted.clone();
        let pool = builder.host::<dyn Host>(move |_| Box::new(own.clone()));
        let pool = if process { pool.transport(slack::worker()) } else { pool }.build().unwrap();
        let tenant = pool.tenant("acme");
        let job = tenant.load::<dyn Job>(script()).unwrap();
        let again = job.clone();
        hosted.nests(move || again.run("hosts"));
        tells_its_calls(&job, &hosted, &recorder, &runtime());
        assert_eq!(numbers(&tenant.usage().total), recorder.billed());
        assert_eq!(recorder.recording().tenants, ["acme"]);
        // The load is two calls of the sandbox and one of the pool, which does not count the call that was dropped.
        let counts = counters.read();
        let calls = [counts.calls, counts.calls_ended, counts.calls_failed, counts.calls_dropped];
        assert_eq!(calls, [12, 12, 3, 1]);
        let host_calls = [counts.host_calls, counts.host_calls_ended];
        assert_eq!(host_calls, [11, 11]);
        assert_eq!([counts.host_calls_failed, counts.host_calls_refused, counts.console_lines], [1, 1, 1]);
        assert_eq!([counts.sandboxes, counts.sandboxes_ended], [1, 0]);
        assert_eq!((pool.metrics().calls, pool.metrics().failed), (10, 3));
        hosted.inner.lock().unwrap().take();
        drop((job, tenant, pool));
    }
}

/// A pool counts calls as an application makes them, and `Counters` what happens in the sandboxes.
#[test]
fn a_call_without_a_sandbox_is_counted_by_the_pool_alone() {
    let counters = Counters::default();
    let builder = SandboxPool::builder().limits(short()).observer(counters.clone());
    let pool = builder.host::<dyn Host>(|_| panic!("on purpose")).build().unwrap();
    let loaded = pool.tenant("acme").load::<dyn Job>(script()).map(drop);
    assert!(matches!(loaded, Err(Error::Build { .. })), "{loaded:?}");
    assert_eq!((pool.metrics().calls, pool.metrics().failed), (1, 1));
    assert_eq!(counters.read(), Default::default());
}

/// A fault of a sandbox is counted, and so is the sandbox that takes its place.
#[test]
fn sandboxes_that_a_fault_ends_are_counted() {
    let counters = Counters::default();
    let sandbox = Sandbox::builder().limits(short()).observer(counters.clone()).build().unwrap();
    let job = sandbox.load::<dyn Job>(script()).unwrap();
    assert!(matches!(job.run("fills"), Err(Error::Limit { .. })));
    sandbox.reset().unwrap();
    let counts = counters.read();
    assert_eq!([counts.sandboxes, counts.sandboxes_ended, counts.sandboxes_failed], [2, 1, 1]);
    assert_eq!([counts.calls, counts.calls_ended, counts.calls_failed], [3, 3, 1]);
}

/// Calls its sandbox from each event, and panics at some.
#[derive(Clone, Default)]
struct Intruder {
    sandbox: Arc<Mutex<Option<Sandbox>>>,
    refused: Arc<Mutex<u32>>,
}

impl Observer for Intruder {
    fn on_call_begin(&self, _: &CallBegin<'_>) {
        let sandbox = self.sandbox.lock().unwrap().clone();
        let Some(sandbox) = sandbox else { return };
        let realm = sandbox.realm().map(drop);
        for refused in [sandbox.eval(script()).map(drop), sandbox.reset(), sandbox.cancel_all(), realm] {
            assert!(matches!(refused, Err(Error::Blocking { .. })), "{refused:?}");
            *self.refused.lock().unwrap() += 1;
        }
    }
    fn on_call_end(&self, _: &CallEnd<'_>) {
        panic!("on purpose");
    }
    fn on_host_call_begin(&self, _: &HostCallBegin<'_>) {
        panic!("on purpose");
    }
    fn on_console_line(&self, _: &ConsoleEvent<'_>) {
        panic!("on purpose");
    }
}

#[test]
fn an_observer_that_calls_or_panics_ends_nothing() {
    let (intruder, hosted) = (Intruder::default(), Hosted::default());
    let builder = Sandbox::builder().limits(short()).console(Console::Capture).observer(intruder.clone());
    let sandbox = builder.host::<dyn Host>(hosted.clone()).build().unwrap();
    let job = sandbox.load::<dyn Job>(script()).unwrap();
    *intruder.sandbox.lock().unwrap() = Some(sandbox.clone());
    assert_eq!(job.run("hosts").unwrap(), "3");
    job.run("logs").unwrap();
    runtime().block_on(asynchronous(&job, &hosted.entered));
    assert_eq!(*intruder.refused.lock().unwrap(), 5 * 4);
    intruder.sandbox.lock().unwrap().take();
    assert_eq!(job.run("hosts").unwrap(), "3");
}
