//! Each class of `Error` is true, and the same wherever the guest is: the variant is asserted, and then that the sandbox goes on.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use garde::Validate;
use sandbox_runtime::process::ProcessSandbox;
use sandbox_runtime::{
    Conversion, DiscardCause, Error, GuestContract, HostPanic, LimitKind, Limits, LocalSandbox, LossReason,
    Result, Sandbox, SandboxPool, Script, Trust, sandbox_api,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use slack::{LONG, long, worker};
use tokio::sync::Notify;

mod slack;

/// Panics when it is written.
pub struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        panic!("on purpose")
    }
}

impl<'de> Deserialize<'de> for Unwritable {
    fn deserialize<D: Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        Ok(Self)
    }
}

/// Panics when it is read.
#[derive(Serialize)]
pub struct Unreadable(u32);

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        panic!("on purpose")
    }
}

/// Panics when it is dropped.
#[derive(Serialize, Deserialize)]
pub struct Undroppable(u32);

impl Drop for Undroppable {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "on purpose");
    }
}

/// Panics when 13 is checked.
#[derive(Clone, Serialize, Deserialize, Validate)]
pub struct Ruled {
    #[garde(custom(lucky))]
    number: u32,
}

fn lucky(number: &u32, _: &()) -> garde::Result {
    assert_ne!(*number, 13, "on purpose");
    Ok(())
}

/// Panics when it is described.
#[derive(Serialize, Deserialize)]
pub struct Undescribed(u32);

impl JsonSchema for Undescribed {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Undescribed".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        panic!("on purpose")
    }
}

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self, what: &str) -> Result<String>;
    fn takes(&self, value: Unwritable) -> Result<u32>;
    fn drops(&self, value: Undroppable) -> Result<u32>;
    fn gives(&self) -> Result<Unreadable>;
    fn takes_ruled(&self, value: Ruled) -> Result<u32>;
    fn gives_ruled(&self) -> Result<Ruled>;
}

#[sandbox_api(guest)]
pub trait Later {
    async fn takes(&self, value: Unwritable) -> Result<u32>;
    async fn drops(&self, value: Undroppable) -> Result<u32>;
    async fn gives(&self) -> Result<Unreadable>;
    async fn takes_ruled(&self, value: Ruled) -> Result<u32>;
    async fn gives_ruled(&self) -> Result<Ruled>;
    async fn waits(&self) -> Result<u32>;
}

#[sandbox_api(guest)]
pub trait Nameless {
    fn run(&self, value: Undescribed) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Host {
    fn panics(&self) -> u32;
    fn acts(&self) -> Result<u32>;
    #[sandbox(returns(range(max = 1)))]
    fn breaks(&self) -> u32;
    async fn holds(&self) -> u32;
}

/// The action of a host method, on the thread that the method is called on.
type Act = Box<dyn Fn() -> Result<()>>;
/// Such an action, on any thread.
type SentAct = Box<dyn Fn() -> Result<()> + Send>;

thread_local! {
    static HERE: RefCell<Option<Act>> = const { RefCell::new(None) };
}

#[derive(Clone, Default)]
struct Hosted {
    entered: Arc<Notify>,
    elsewhere: Arc<Mutex<Option<SentAct>>>,
}

#[sandbox_runtime::async_trait]
impl Host for Hosted {
    fn panics(&self) -> u32 {
        panic!("on purpose")
    }
    fn acts(&self) -> Result<u32> {
        if let Some(act) = &*self.elsewhere.lock().unwrap() {
            return act().map(|()| 1);
        }
        HERE.with_borrow(|act| act.as_ref().map_or(Ok(()), |act| act())).map(|()| 1)
    }
    fn breaks(&self) -> u32 {
        2
    }
    async fn holds(&self) -> u32 {
        self.entered.notify_one();
        std::future::pending().await
    }
}

const SOURCE: &str = "
    export const run = (what) => {
        if (what === 'panic') return `${Host.panics()}`;
        if (what === 'break') return `${Host.breaks()}`;
        if (what === 'throw') throw new TypeError('mine');
        if (what === 'number') return 1;
        if (what === 'recurse') return run(what) + run(what);
        if (what === 'act') return `${Host.acts()}`;
        if (what === 'fill') { for (const all = [];;) all.push(new Array(1e4).fill(all.length)); }
        return what;
    };
    export const takes = () => 1;
    export const drops = () => 1;
    export const gives = () => 1;
    export const takesRuled = () => 1;
    export const givesRuled = () => ({ number: 13 });
    export const waits = () => Host.holds();";

fn script() -> Script {
    Script::new("job.mjs", SOURCE)
}

/// Where guests are.
struct Sites {
    local: LocalSandbox,
    thread: Sandbox,
    process: ProcessSandbox,
    pools: [(&'static str, SandboxPool); 2],
    host: Hosted,
}

impl Sites {
    fn new() -> Self {
        let host = Hosted::default();
        let limits = Limits { heap: 32 << 20, ..long() };
        let pool = |trust| {
            let (pool, host) = (SandboxPool::builder().trust(trust).limits(limits), host.clone());
            let pool = if trust == Trust::Hostile { pool.transport(worker()) } else { pool };
            pool.patience(LONG).host::<dyn Host>(move |_| Box::new(host.clone())).build().unwrap()
        };
        let process = Sandbox::builder().limits(limits).transport(worker());
        Self {
            local: LocalSandbox::builder().limits(limits).host::<dyn Host>(host.clone()).build().unwrap(),
            thread: Sandbox::builder().limits(limits).host::<dyn Host>(host.clone()).build().unwrap(),
            process: process.host::<dyn Host>(host.clone()).build().unwrap(),
            pools: [("pool", pool(Trust::Tenants)), ("pool of processes", pool(Trust::Hostile))],
            host,
        }
    }

    fn jobs(&self) -> Vec<(&'static str, Box<dyn Job>)> {
        let mut jobs: Vec<(_, Box<dyn Job>)> = vec![
            ("local", Box::new(self.local.load::<dyn Job>(script()).unwrap())),
            ("thread", Box::new(self.thread.load::<dyn Job>(script()).unwrap())),
            ("process", Box::new(self.process.load::<dyn Job>(script()).unwrap())),
        ];
        for (name, pool) in &self.pools {
            jobs.push((name, Box::new(pool.tenant("a").load::<dyn Job>(script()).unwrap())));
        }
        jobs
    }

    /// The error of each site, none of which loads this script.
    fn refusals<C: ?Sized + GuestContract>(&self, script: &Script) -> Vec<(&'static str, Error)> {
        let mut errors = vec![
            ("local", self.local.load::<C>(script.clone()).map(drop).unwrap_err()),
            ("thread", self.thread.load::<C>(script.clone()).map(drop).unwrap_err()),
            ("process", self.process.load::<C>(script.clone()).map(drop).unwrap_err()),
        ];
        for (name, pool) in &self.pools {
            errors.push((name, pool.tenant("a").load::<C>(script.clone()).map(drop).unwrap_err()));
        }
        errors
    }

    async fn later(&self) -> Vec<(&'static str, Box<dyn Later>)> {
        let mut all: Vec<(_, Box<dyn Later>)> = vec![
            ("local", Box::new(self.local.load_async::<dyn Later>(script()).await.unwrap())),
            ("thread", Box::new(self.thread.load_async::<dyn Later>(script()).await.unwrap())),
            ("process", Box::new(self.process.load_async::<dyn Later>(script()).await.unwrap())),
        ];
        for (name, pool) in &self.pools {
            let later = pool.tenant("a").load_async::<dyn Later>(script()).await.unwrap();
            all.push((name, Box::new(later)));
        }
        all
    }
}

/// A panic of a value of `method` is one error, with one text.
fn assert_panicked<T>(case: &str, outcome: Result<T>, method: &str, expected: Conversion) {
    let error = outcome.map(drop).unwrap_err();
    let Error::Panicked { place, during, message, .. } = &error else { panic!("{case}: {error:?}") };
    assert_eq!((place.to_string(), *during), (method.to_owned(), expected), "{case}");
    assert!(message.contains("on purpose"), "{case}: {message}");
    assert_eq!(
        error.to_string(),
        format!("{method}: code of the host panicked {during}: {message}"),
        "{case}"
    );
    assert!(!error.is_final() && error.kind() == "panicked", "{case}");
}

#[test]
fn a_value_that_panics_is_one_error_everywhere() {
    let sites = Sites::new();
    for (site, job) in sites.jobs() {
        for _ in 0..3 {
            use Conversion::{Arguments, Result};
            assert_panicked(site, job.takes(Unwritable), "Job.takes", Arguments);
            assert_panicked(site, job.drops(Undroppable(1)), "Job.drops", Arguments);
            assert_panicked(site, job.gives(), "Job.gives", Result);
            assert_panicked(site, job.takes_ruled(Ruled { number: 13 }), "Job.takesRuled", Arguments);
            assert_panicked(site, job.gives_ruled(), "Job.givesRuled", Result);
            assert_eq!(job.takes_ruled(Ruled { number: 1 }).unwrap(), 1, "{site}");
            assert_eq!(job.run("on").unwrap(), "on", "{site}");
        }
    }
    sites.pools.iter().for_each(|(site, pool)| assert_eq!(pool.metrics().created, 1, "{site}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_panics_is_one_error_of_async_methods_everywhere() {
    let sites = Sites::new();
    for (site, later) in sites.later().await {
        for _ in 0..3 {
            use Conversion::{Arguments, Result};
            assert_panicked(site, later.takes(Unwritable).await, "Later.takes", Arguments);
            assert_panicked(site, later.drops(Undroppable(1)).await, "Later.drops", Arguments);
            assert_panicked(site, later.gives().await, "Later.gives", Result);
            let ruled = later.takes_ruled(Ruled { number: 13 }).await;
            assert_panicked(site, ruled, "Later.takesRuled", Arguments);
            assert_panicked(site, later.gives_ruled().await, "Later.givesRuled", Result);
            assert_eq!(later.takes_ruled(Ruled { number: 1 }).await.unwrap(), 1, "{site}");
        }
    }
    sites.pools.iter().for_each(|(site, pool)| assert_eq!(pool.metrics().created, 1, "{site}"));
}

#[test]
fn a_host_method_that_panics_is_one_error_everywhere() {
    for (site, job) in Sites::new().jobs() {
        let error = job.run("panic").unwrap_err();
        let Error::Guest(thrown) = &error else { panic!("{site}: {error:?}") };
        assert!(thrown.host_error::<HostPanic>().is_some(), "{site}: {error:?}");
        assert!(thrown.message.starts_with("Host.panics failed (reference E"), "{site}: {error}");
        assert_eq!(job.run("on").unwrap(), "on", "{site}");
    }
}

/// Nothing of the guest's is wrong, and it was not called.
#[test]
fn a_description_that_panics_is_of_its_contract_everywhere() {
    let sites = Sites::new();
    for (site, error) in sites.refusals::<dyn Nameless>(&script()) {
        assert!(
            matches!(&error, Error::Contract { contract, .. } if contract == "Nameless"),
            "{site}: {error:?}"
        );
        assert_eq!(
            error.to_string(),
            "the contract Nameless cannot be used: the description (`JsonSchema`) of one of its types panicked: on purpose",
            "{site}"
        );
        assert!(!error.is_final(), "{site}");
    }
    sites.jobs().into_iter().for_each(|(site, job)| assert_eq!(job.run("on").unwrap(), "on", "{site}"));
}

#[test]
fn a_sandbox_that_is_gone_says_why_everywhere() {
    let sites = Sites::new();
    let (local, thread, process) = (sites.local.clone(), sites.thread.clone(), sites.process.clone());
    let reset: [Act; 3] = [
        Box::new(move || local.reset()),
        Box::new(move || thread.reset()),
        Box::new(move || process.reset()),
    ];
    let jobs = sites.jobs();
    for ((site, job), reset) in jobs.iter().zip(&reset) {
        let fault = job.run("fill").unwrap_err();
        let is_fault = |error: &Error| {
            matches!(error, Error::Limit { kind: LimitKind::Heap, .. } | Error::Process { .. })
        };
        assert!(is_fault(&fault) && fault.is_final(), "{site}: {fault:?}");
        let gone = job.run("on").unwrap_err();
        let Error::Discarded { cause: DiscardCause::Fault(cause), .. } = &gone else {
            panic!("{site}: {gone:?}")
        };
        assert_eq!((cause.to_string(), gone.is_final()), (fault.to_string(), true), "{site}");
        reset().unwrap();
        let stale = job.run("on").unwrap_err();
        assert!(matches!(stale, Error::Discarded { cause: DiscardCause::Reset, .. }), "{site}: {stale:?}");
        assert!(!stale.is_final(), "{site}: the sandbox can be called");
        assert_eq!(
            stale.to_string(),
            "the sandbox was discarded: it was reset after the script had been loaded: load the script again"
        );
    }
    // A pool makes another sandbox.
    for (site, job) in &jobs[reset.len()..] {
        assert!(job.run("fill").unwrap_err().is_final(), "{site}");
        assert_eq!(job.run("on").unwrap(), "on", "{site}");
    }
    drop(jobs);
    sites.jobs().into_iter().for_each(|(site, job)| assert_eq!(job.run("on").unwrap(), "on", "{site}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_made_is_lost_by_a_reset_everywhere() {
    let sites = Sites::new();
    for (site, later) in sites.later().await.into_iter().take(3) {
        let reset = async {
            sites.host.entered.notified().await;
            match site {
                "local" => sites.local.reset(),
                "thread" => sites.thread.reset_async().await,
                _ => sites.process.reset_async().await,
            }
        };
        let (lost, reset) = tokio::join!(later.waits(), reset);
        reset.unwrap();
        let error = lost.unwrap_err();
        let Error::Lost { reason: LossReason::Discarded(DiscardCause::Reset), place: Some(place), .. } =
            &error
        else {
            panic!("{site}: {error:?}")
        };
        assert_eq!(place.to_string(), "Later.waits", "{site}");
        assert!(!error.is_final() && error.kind() == "lost", "{site}");
        // A call that was not made is not lost.
        let stale = later.gives_ruled().await.map(drop);
        assert!(
            matches!(stale, Err(Error::Discarded { cause: DiscardCause::Reset, .. })),
            "{site}: {stale:?}"
        );
    }
    for (site, later) in sites.later().await {
        assert_eq!(later.takes_ruled(Ruled { number: 1 }).await.unwrap(), 1, "{site}");
    }
}

/// The reset is refused before anything is done, and so it is a call that was not made.
#[test]
fn a_guest_whose_host_resets_its_sandbox_is_told_everywhere() {
    let sites = Sites::new();
    let (thread, process, local) = (sites.thread.clone(), sites.process.clone(), sites.local.clone());
    HERE.set(Some(Box::new(move || local.reset())));
    let mut jobs = sites.jobs().into_iter();
    let mut told = |act: Option<SentAct>| {
        *sites.host.elsewhere.lock().unwrap() = act;
        let (site, job) = jobs.next().unwrap();
        let error = job.run("act").unwrap_err();
        let refused = error.host_error::<Error>();
        assert!(matches!(refused, Some(Error::Blocking { .. })), "{site}: {error:?}");
        assert!(refused.unwrap().to_string().contains("reset the sandbox after the call"), "{site}");
        assert_eq!(job.run("on").unwrap(), "on", "{site}");
    };
    told(None);
    told(Some(Box::new(move || thread.reset())));
    told(Some(Box::new(move || process.reset())));
    sites.host.elsewhere.lock().unwrap().take();
    HERE.take();
}

/// Of a call that has begun elsewhere nobody says that it was not made.
#[test]
fn a_local_call_that_is_polled_elsewhere_after_it_began_is_lost() {
    let sites = Sites::new();
    let later = sites.local.load::<dyn Later>(script()).unwrap();
    let (mut begun, mut fresh) = (later.waits(), later.waits());
    assert!(begun.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let [begun, fresh] = std::thread::scope(|scope| {
        scope
            .spawn(move || {
                [&mut begun, &mut fresh].map(|call| {
                    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                        Poll::Ready(outcome) => outcome.unwrap_err(),
                        Poll::Pending => panic!("it is polled elsewhere"),
                    }
                })
            })
            .join()
            .unwrap()
    });
    assert!(matches!(begun, Error::Lost { reason: LossReason::OtherThread, .. }), "{begun:?}");
    assert!(matches!(fresh, Error::Blocking { .. }), "{fresh:?}");
    let job = sites.local.load::<dyn Job>(script()).unwrap();
    assert_eq!(job.run("on").unwrap(), "on");
}

/// A synchronous host method polls a call of its own sandbox that began before.
#[test]
fn a_call_that_a_synchronous_host_method_polls_after_it_began_is_lost() {
    type Call = Pin<Box<dyn Future<Output = Result<u32>> + Send>>;
    let sites = Sites::new();
    let (job, later) =
        (sites.local.load::<dyn Job>(script()).unwrap(), sites.local.load::<dyn Later>(script()).unwrap());
    let later: &'static _ = Box::leak(Box::new(later));
    let call: RefCell<Call> = RefCell::new(later.waits());
    assert!(call.borrow_mut().as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    HERE.set(Some(Box::new(move || {
        match call.borrow_mut().as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome.map(drop),
            Poll::Pending => Ok(()),
        }
    })));
    let error = job.run("act").unwrap_err();
    HERE.take();
    let lost = error.host_error::<Error>();
    let is_lost = matches!(lost, Some(Error::Lost { reason: LossReason::InsideHost, place: Some(_), .. }));
    assert!(is_lost, "{error:?}");
    assert_eq!(job.run("on").unwrap(), "on");
}

/// A class, as its name and a look at an error.
type Class = (&'static str, fn(&Error) -> bool);

#[test]
fn scripts_that_are_not_loaded_have_one_class_everywhere() {
    let sites = Sites::new();
    let cases: [(&str, Class); 2] = [
        ("export const = 1;", ("Syntax", |error| matches!(error, Error::Syntax { line: 1, .. }))),
        (
            "export const other = 1;",
            (
                "Mismatch",
                |error| matches!(error, Error::Mismatch { problems, .. } if problems.iter().any(|problem| problem.export == "run")),
            ),
        ),
    ];
    for (source, (class, is_it)) in cases {
        for (site, error) in sites.refusals::<dyn Job>(&Script::new("bad.mjs", source)) {
            assert!(is_it(&error) && !error.is_final(), "{site}: {class}: {error:?}");
        }
        for (site, job) in sites.jobs() {
            assert_eq!(job.run("on").unwrap(), "on", "{site}, after {class}");
        }
    }
}

#[test]
fn calls_that_fail_have_one_class_everywhere() {
    let sites = Sites::new();
    let cases: [(&str, Class); 4] = [
        ("throw", ("Guest", |error| matches!(error, Error::Guest(thrown) if thrown.message == "mine"))),
        (
            "number",
            ("Value", |error| matches!(error, Error::Value(error) if error.violations[0].path == "result")),
        ),
        (
            "break",
            ("HostValue", |error| matches!(error, Error::HostValue(error) if error.place.method == "breaks")),
        ),
        ("recurse", ("Limit", |error| matches!(error, Error::Limit { kind: LimitKind::Stack, .. }))),
    ];
    for (site, job) in sites.jobs() {
        for (what, (class, is_it)) in cases {
            let error = job.run(what).unwrap_err();
            assert!(is_it(&error) && !error.is_final(), "{site}: {class}: {error:?}");
            assert_eq!(job.run("on").unwrap(), "on", "{site}, after {class}");
        }
    }
}
