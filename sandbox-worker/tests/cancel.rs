//! `cancel_all` at every site: each call that was made before ends, whatever the guest does, and the sandbox goes on.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use sandbox_runtime::observe::{CallBegin, CallEnd, Observer};
use sandbox_runtime::{
    CancelHandle, DiscardCause, Error, Limits, LocalSandbox, LossReason, Result, Sandbox, Script, sandbox_api,
};
use slack::long;

mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self, what: &str) -> Result<u32>;
    async fn later(&self, what: &str) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Host {
    /// The guest runs.
    fn begun(&self);
    /// Calls `Job.run("computes")`, and keeps the kind of the error.
    fn nest(&self) -> u32;
    /// Cancels all calls of the guest's sandbox.
    fn cancel(&self);
    async fn never(&self);
}

const SOURCE: &str = r#"
    let count = 0;
    const stubborn = () => {
        for (;;) {
            try { for (;;); } catch { for (;;); } finally { for (;;); }
        }
    };
    export const run = (what) => {
        if (what === "count") return ++count;
        if (what === "nests") return Host.nest();
        Host.begun();
        if (what === "cancels") Host.cancel();
        if (what === "stubborn") stubborn();
        for (;;);
    };
    export const later = async (what) => {
        if (what === "count") return ++count;
        Host.begun();
        switch (what) {
            case "computes": for (;;);
            case "stubborn": stubborn();
            case "cancels": Host.cancel(); for (;;);
            case "waits for nothing": return new Promise(() => {});
            case "computes in a reaction": await 0; stubborn();
            default:
                // No code after the end of the call runs, so neither of these goes on.
                try { await Host.never(); } catch { count = 1000; } finally { count = 2000; }
        }
    };
"#;

/// The method of a guest for `Host::nest`.
type Nested = Box<dyn Fn() -> Result<u32> + Send>;

/// The method for `Host::nest` of a guest that stays on its thread.
type NestedHere = Box<dyn Fn() -> Result<u32>>;

thread_local! {
    /// The method of a guest that stays on its thread.
    static NESTED: RefCell<Option<NestedHere>> = const { RefCell::new(None) };
}

/// How many guests have said that they run.
#[derive(Default)]
struct Begun(Mutex<usize>, Condvar);

impl Begun {
    /// Waits for so many guests, and forgets them.
    fn wait(&self, count: usize) {
        let begun = self.1.wait_while(self.0.lock().unwrap(), |begun| *begun < count);
        *begun.unwrap() -= count;
    }
}

#[derive(Clone, Default)]
struct Hosted {
    begun: Arc<Begun>,
    cancels: Arc<Mutex<Option<CancelHandle>>>,
    nested: Arc<Mutex<Option<Nested>>>,
    /// The kinds of errors of nested calls.
    kinds: Arc<Mutex<Vec<&'static str>>>,
}

#[sandbox_runtime::async_trait]
impl Host for Hosted {
    fn begun(&self) {
        *self.begun.0.lock().unwrap() += 1;
        self.begun.1.notify_all();
    }
    fn nest(&self) -> u32 {
        let here = NESTED.with_borrow(|nested| nested.as_ref().map(|nested| nested()));
        let outcome = here.unwrap_or_else(|| self.nested.lock().unwrap().as_ref().unwrap()());
        self.kinds.lock().unwrap().push(outcome.unwrap_err().kind());
        0
    }
    fn cancel(&self) {
        self.cancels.lock().unwrap().as_ref().unwrap().cancel_all().unwrap();
    }
    async fn never(&self) {
        std::future::pending().await
    }
}

/// Counts the calls that have begun and ended, and those on the bills.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<[u64; 3]>>);

impl Observer for Recorder {
    fn on_call_begin(&self, _: &CallBegin<'_>) {
        self.0.lock().unwrap()[0] += 1;
    }
    fn on_call_end(&self, event: &CallEnd<'_>) {
        let mut told = self.0.lock().unwrap();
        told[1] += 1;
        told[2] += event.bill.calls;
    }
}

/// A sandbox of one site.
struct Case<'s> {
    site: &'static str,
    /// Whether the link can mark a call as cancelled while its guest computes.
    ends_computing: bool,
    job: &'s dyn Job,
    eval: &'s dyn Fn(Script) -> Result<()>,
    calls: &'s dyn Fn() -> u64,
    cancels: CancelHandle,
    hosted: Hosted,
    recorder: Recorder,
}

impl Case<'_> {
    /// Makes calls, and cancels all from another thread once so many of their guests run.
    fn cancelled<R>(&self, guests: usize, calls: impl FnOnce() -> R) -> R {
        let (cancels, begun) = (self.cancels.clone(), self.hosted.begun.clone());
        let other = std::thread::spawn(move || {
            begun.wait(guests);
            cancels.cancel_all().unwrap();
        });
        let outcome = calls();
        other.join().unwrap();
        outcome
    }

    fn block_on<R>(&self, calls: impl Future<Output = R>) -> R {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(calls)
    }

    fn count(&self) -> u32 {
        self.job.run("count").unwrap()
    }

    /// The sandbox has kept its state, and its calls end as before.
    fn goes_on(&self, count: u32) {
        assert_eq!(self.count(), count + 1, "{}", self.site);
        assert_eq!(self.block_on(self.job.later("count")).unwrap(), count + 2, "{}", self.site);
        let [begun, mut ended, billed] = *self.recorder.0.lock().unwrap();
        // The end of a call at the other end of a link is told when the link has answered.
        while ended < begun {
            std::thread::yield_now();
            ended = self.recorder.0.lock().unwrap()[1];
        }
        assert_eq!(ended, begun, "{}", self.site);
        assert_eq!(billed, (self.calls)(), "{}", self.site);
    }
}

fn is_cancelled<T: std::fmt::Debug>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::Cancelled { was_made: true, place: Some(place), .. }) if place.contract == "Job")
}

fn script() -> Script {
    Script::new("job.js", SOURCE)
}

fn limits() -> Limits {
    Limits { cpu: Duration::MAX, ..long() }
}

/// Runs a program with a sandbox.
macro_rules! run {
    ($site:expr, $ends:expr, $builder:expr, $nest:expr, $program:expr) => {{
        let (hosted, recorder) = (Hosted::default(), Recorder::default());
        let builder = $builder.limits(limits()).observer(recorder.clone());
        let sandbox = builder.host::<dyn Host>(hosted.clone()).build().unwrap();
        let job = sandbox.load::<dyn Job>(script()).unwrap();
        let inner = job.clone();
        $nest(&hosted, Box::new(move || inner.run("computes")));
        *hosted.cancels.lock().unwrap() = Some(sandbox.cancel_handle());
        $program(&Case {
            site: $site,
            ends_computing: $ends,
            job: &job,
            eval: &|script| sandbox.eval(script).map(drop),
            calls: &|| sandbox.usage().total.calls,
            cancels: sandbox.cancel_handle(),
            hosted: hosted.clone(),
            recorder,
        });
        hosted.nested.lock().unwrap().take();
        NESTED.take();
    }};
}

/// Runs a program with a sandbox of each site.
fn everywhere(program: impl Fn(&Case<'_>)) {
    let nest = |hosted: &Hosted, nested: Nested| *hosted.nested.lock().unwrap() = Some(nested);
    let nest_here = |_: &Hosted, nested: NestedHere| NESTED.set(Some(nested));
    run!("in the caller's thread", true, LocalSandbox::builder(), nest_here, program);
    run!("in a thread", true, Sandbox::builder(), nest, program);
    let [(process, worker), (pipes, in_memory)] = sites::links();
    run!(process, cfg!(target_os = "linux"), Sandbox::builder().transport(worker), nest, program);
    run!(pipes, false, Sandbox::builder().transport(in_memory), nest, program);
}

#[test]
fn a_synchronous_call_that_computes_is_cancelled() {
    everywhere(|case| {
        if !case.ends_computing {
            return;
        }
        let count = case.count();
        for what in ["computes", "stubborn", "nests"] {
            let outcome = case.cancelled(1, || case.job.run(what));
            assert!(is_cancelled(&outcome), "{}: {what}: {outcome:?}", case.site);
        }
        assert_eq!(*case.hosted.kinds.lock().unwrap(), ["cancelled"], "{}", case.site);
        let evaluated = case.cancelled(1, || (case.eval)(Script::new("a.js", "Host.begun(); for (;;);")));
        assert!(
            matches!(evaluated, Err(Error::Cancelled { was_made: true, place: None, .. })),
            "{}: {evaluated:?}",
            case.site
        );
        case.goes_on(count);
    });
}

#[test]
fn a_host_method_cancels_the_call_of_its_guest() {
    everywhere(|case| {
        if !case.ends_computing {
            return;
        }
        let count = case.count();
        let outcome = case.job.run("cancels");
        assert!(is_cancelled(&outcome), "{}: {outcome:?}", case.site);
        let outcome = case.block_on(case.job.later("cancels"));
        assert!(is_cancelled(&outcome), "{}: {outcome:?}", case.site);
        case.goes_on(count);
    });
}

#[test]
fn calls_in_flight_are_cancelled() {
    everywhere(|case| {
        let count = case.count();
        let waits = ["waits for the host", "waits for nothing"];
        let computes = ["computes", "stubborn", "computes in a reaction"];
        let all = waits.iter().chain(computes.iter().take(if case.ends_computing { 3 } else { 0 }));
        for what in all {
            let outcome = case.cancelled(1, || case.block_on(case.job.later(what)));
            assert!(is_cancelled(&outcome), "{}: {what}: {outcome:?}", case.site);
        }
        // Many at once, with one that computes at the end.
        let last = if case.ends_computing { "stubborn" } else { waits[0] };
        let calls = waits.iter().cycle().take(10).copied().chain([last]);
        let calls = calls.map(|what| case.job.later(what));
        let outcomes = case.cancelled(11, || case.block_on(join_all(calls)));
        assert!(outcomes.iter().all(is_cancelled), "{}: {outcomes:?}", case.site);
        case.goes_on(count);
    });
}

#[test]
fn a_cancellation_of_nothing_does_nothing() {
    everywhere(|case| {
        let count = case.count();
        for _ in 0..3 {
            case.cancels.cancel_all().unwrap();
        }
        case.goes_on(count);
        // A future that was not polled is no call yet.
        let later = case.job.later("count");
        case.cancels.cancel_all().unwrap();
        assert_eq!(case.block_on(later).unwrap(), count + 3, "{}", case.site);
    });
}

/// A call that ends while all calls are cancelled has either outcome, and the next call has its own.
#[test]
fn a_cancellation_races_with_the_ends_of_calls() {
    everywhere(|case| {
        let is_over = Arc::new(AtomicBool::new(false));
        let (cancels, ends) = (case.cancels.clone(), is_over.clone());
        let other = std::thread::spawn(move || {
            while !ends.load(Ordering::SeqCst) {
                cancels.cancel_all().unwrap();
                std::thread::yield_now();
            }
        });
        let is_either = |outcome: &Result<u32>| matches!(outcome, Ok(_) | Err(Error::Cancelled { .. }));
        for _ in 0..100 {
            let outcome = case.job.run("count");
            assert!(is_either(&outcome), "{}: {outcome:?}", case.site);
            let outcomes = case.block_on(join_all((0..3).map(|_| case.job.later("count"))));
            assert!(outcomes.iter().all(is_either), "{}: {outcomes:?}", case.site);
        }
        is_over.store(true, Ordering::SeqCst);
        other.join().unwrap();
        case.goes_on(case.count());
    });
}

/// Calls that wait behind one that computes are not made. A reset that waits there is no call.
#[test]
fn calls_that_wait_for_their_turn_are_cancelled() {
    everywhere(|case| {
        if !case.ends_computing || case.site == "in the caller's thread" {
            return;
        }
        let count = case.count();
        let outcomes = case.block_on(async {
            let mut computes = case.job.later("computes");
            let mut waits = (0..4).map(|_| case.job.later("count")).collect::<Vec<_>>();
            poll_fn(|cx| {
                assert!(computes.as_mut().poll(cx).is_pending());
                case.hosted.begun.wait(1);
                assert!(waits.iter_mut().all(|call| call.as_mut().poll(cx).is_pending()));
                Poll::Ready(())
            })
            .await;
            case.cancels.cancel_all().unwrap();
            assert!(is_cancelled(&computes.await), "{}", case.site);
            join_all(waits).await
        });
        for outcome in outcomes {
            match case.site {
                "in a thread" => assert!(
                    matches!(outcome, Err(Error::Cancelled { was_made: false, place: None, .. })),
                    "{outcome:?}"
                ),
                // The host has sent them.
                _ => assert!(matches!(outcome, Err(Error::Cancelled { .. })), "{outcome:?}"),
            }
        }
        case.goes_on(count);
    });
}

/// Synchronous callers that wait for the sandbox are told as well. Each is cancelled once it is there.
#[test]
fn synchronous_callers_that_wait_are_cancelled() {
    let [(_, worker), _] = sites::links();
    let here = Sandbox::builder().limits(limits()).host::<dyn Host>(Hosted::default()).build().unwrap();
    let away = Sandbox::builder().limits(limits()).host::<dyn Host>(Hosted::default()).transport(worker);
    let (first, second) = (here.load::<dyn Job>(script()).unwrap(), here.cancel_handle());
    callers_that_wait(&(Arc::new(first) as Arc<dyn Job + Send + Sync>), &second);
    if cfg!(target_os = "linux") {
        let away = away.build().unwrap();
        let (first, second) = (away.load::<dyn Job>(script()).unwrap(), away.cancel_handle());
        callers_that_wait(&(Arc::new(first) as Arc<dyn Job + Send + Sync>), &second);
    }
}

fn callers_that_wait(job: &Arc<dyn Job + Send + Sync>, cancels: &CancelHandle) {
    let count = job.run("count").unwrap();
    let call = |_| {
        let job = job.clone();
        std::thread::spawn(move || job.run("stubborn"))
    };
    let callers = (0..4).map(call).collect::<Vec<_>>();
    while !callers.iter().all(std::thread::JoinHandle::is_finished) {
        cancels.cancel_all().unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    for caller in callers {
        let outcome = caller.join().unwrap();
        assert!(matches!(outcome, Err(Error::Cancelled { .. })), "{outcome:?}");
    }
    assert_eq!(job.run("count").unwrap(), count + 1);
}

/// A reset is no call: a cancellation lets it have its turn. A process is reset at once, so there the reset may come first.
#[test]
fn a_reset_is_not_cancelled() {
    let [(_, worker), _] = sites::links();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    macro_rules! resets {
        ($builder:expr, $may_be_first:literal) => {{
            let hosted = Hosted::default();
            let sandbox = $builder.limits(limits()).host::<dyn Host>(hosted.clone()).build().unwrap();
            runtime.block_on(async {
                let job = sandbox.load_async::<dyn Job>(script()).await.unwrap();
                let mut computes = Box::pin(job.later("computes"));
                let mut reset = Box::pin(sandbox.reset_async());
                poll_fn(|cx| {
                    assert!(computes.as_mut().poll(cx).is_pending());
                    hosted.begun.wait(1);
                    assert!(reset.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                sandbox.cancel_all().unwrap();
                reset.await.unwrap();
                let outcome = computes.await;
                let was_reset = matches!(
                    &outcome,
                    Err(Error::Lost { reason: LossReason::Discarded(DiscardCause::Reset), .. })
                );
                assert!(is_cancelled(&outcome) || ($may_be_first && was_reset), "{outcome:?}");
                let job = sandbox.load_async::<dyn Job>(script()).await.unwrap();
                assert_eq!(job.later("count").await.unwrap(), 1);
            });
        }};
    }
    resets!(Sandbox::builder(), false);
    if cfg!(target_os = "linux") {
        resets!(Sandbox::builder().transport(worker), true);
    }
}

/// A handle does not keep a sandbox, and does nothing after its end.
#[test]
fn a_handle_outlives_its_sandbox() {
    let [(_, worker), _] = sites::links();
    let local = LocalSandbox::builder().limits(limits()).build().unwrap().cancel_handle();
    let thread = Sandbox::builder().limits(limits()).build().unwrap().cancel_handle();
    let process = Sandbox::builder().limits(limits()).transport(worker).build().unwrap().cancel_handle();
    for cancels in [local, thread, process] {
        cancels.clone().cancel_all().unwrap();
    }
}
