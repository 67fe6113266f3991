//! Ends of calls that arrive at methods of handles and at functions that crossed, at every site.

#![allow(missing_docs, unused_macros, clippy::unwrap_used, reason = "tests")]

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use sandbox_runtime::{
    AsyncCallback, Cancellation, Error, Handle, LimitKind, Limits, LocalSandbox, Permission, Result, Sandbox,
    Script, sandbox_api,
};
use slack::long;

mod sites;
mod slack;

#[sandbox_api(host)]
pub trait Query: Send + Sync {
    async fn rows(&self, what: &str, ends: Cancellation) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Store: Send + Sync {
    fn query(&self) -> Handle<dyn Query>;
    async fn open(&self) -> Handle<dyn Query>;
    /// The futures that wait.
    fn live(&self) -> u32;
    async fn each(
        &self,
        step: AsyncCallback<fn(u32) -> Result<String>>,
        ends: Cancellation,
    ) -> Result<String>;
    /// A function that never answers.
    fn loader(&self) -> AsyncCallback<fn(String) -> Result<String>>;
}

#[sandbox_api(guest)]
pub trait Job {
    async fn guest(&self, source: &str) -> Result<String>;
    async fn run(&self, query: Handle<dyn Query>, ends: Cancellation) -> Result<String>;
    async fn loads(&self, ends: Cancellation) -> Result<String>;
}

const SOURCE: &str = r#"
    export const guest = async (source) => String(await eval(`(async () => { ${source} })()`));
    export const run = (query, signal) => query.rows("never", signal);
    export const loads = (signal) => Store.loader()("a");
"#;

#[derive(Clone, Default)]
struct Host {
    live: Arc<(Mutex<u32>, Condvar)>,
    begun: Arc<AtomicUsize>,
    cancellations: Arc<Mutex<Vec<Cancellation>>>,
}

/// A future of the host that waits.
struct Live(Host);

impl Live {
    fn new(host: &Host) -> Self {
        host.count(|live| live + 1);
        Self(host.clone())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.count(|live| live - 1);
    }
}

impl Host {
    fn count(&self, change: impl FnOnce(u32) -> u32) {
        let mut live = self.live.0.lock().unwrap();
        *live = change(*live);
        self.live.1.notify_all();
    }

    /// Waits until so many futures wait.
    fn until(&self, count: u32) {
        drop(self.live.1.wait_while(self.live.0.lock().unwrap(), |live| *live != count).unwrap());
    }

    fn all_are_cancelled(&self) -> bool {
        self.cancellations.lock().unwrap().iter().all(Cancellation::is_cancelled)
    }
}

#[sandbox_api]
impl Query for Host {
    async fn rows(&self, what: &str, ends: Cancellation) -> Result<String> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        if what == "now" {
            return Ok("now".to_owned());
        }
        self.cancellations.lock().unwrap().push(ends);
        let _live = Live::new(self);
        pending().await
    }
}

#[sandbox_api]
impl Store for Host {
    fn query(&self) -> Handle<dyn Query> {
        Handle::new(self.clone())
    }
    async fn open(&self) -> Handle<dyn Query> {
        Handle::new(self.clone())
    }
    fn live(&self) -> u32 {
        *self.live.0.lock().unwrap()
    }
    async fn each(
        &self,
        step: AsyncCallback<fn(u32) -> Result<String>>,
        ends: Cancellation,
    ) -> Result<String> {
        self.cancellations.lock().unwrap().push(ends);
        let _live = Live::new(self);
        Ok(step.call(1).await? + &step.call(2).await?)
    }
    fn loader(&self) -> AsyncCallback<fn(String) -> Result<String>> {
        let host = self.clone();
        AsyncCallback::new(move |_: String| {
            let host = host.clone();
            async move {
                let _live = Live::new(&host);
                pending().await
            }
        })
    }
}

/// A sandbox of one site.
struct Case<'s> {
    site: &'static str,
    job: &'s dyn Job,
    /// The guest in a sandbox whose limits end calls soon.
    short: &'s dyn Job,
    host: Host,
}

impl Case<'_> {
    /// Code of the guest in an `async` function, and its result as a text.
    fn guest(&self, source: &str) -> String {
        block_on(self.job.guest(source)).unwrap_or_else(|error| panic!("{}: {error}", self.site))
    }
}

fn block_on<R>(future: impl Future<Output = R>) -> R {
    sites::runtime().block_on(future)
}

macro_rules! run {
    ($site:expr, $builder:expr, $program:expr) => {{
        let host = Host::default();
        let sandbox = $builder
            .limits(Limits { cpu: std::time::Duration::MAX, ..long() })
            .allow(Permission::Eval)
            .host::<dyn Store>(host.clone())
            .build()
            .unwrap();
        let job = sandbox.load::<dyn Job>(Script::new("job.js", SOURCE)).unwrap();
        let short = job.with_deadline(std::time::Instant::now() + std::time::Duration::from_secs(3));
        $program(&Case { site: $site, job: &job, short: &short, host });
    }};
}

fn everywhere(program: impl Fn(&Case<'_>)) {
    run!("in the caller's thread", LocalSandbox::builder(), program);
    run!("in a thread", Sandbox::builder(), program);
    for (site, link) in sites::links() {
        run!(site, Sandbox::builder().transport(link), program);
    }
}

/// The handle goes on after the end of one of its calls.
#[test]
fn an_abort_drops_the_future_of_a_handles_method() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const seen = [];
            for (const query of [Store.query(), await Store.open()]) {
                const controller = new AbortController(), { signal } = controller;
                const calls = [query.rows("never", signal), query.rows("never", AbortSignal.any([signal]))];
                await query.rows("now");
                seen.push(Store.live());
                controller.abort();
                seen.push(Store.live(), ...(await Promise.allSettled(calls)).map(({ reason }) => reason === signal.reason));
                seen.push(await query.rows("now", signal).catch(({ name }) => name), await query.rows("now", undefined));
            }
            return seen;"#,
        );
        let each = "2,0,true,true,AbortError,now";
        assert_eq!(seen, format!("{each},{each}"), "{}", case.site);
        assert!(case.host.all_are_cancelled(), "{}", case.site);
    });
}

/// A disposed handle leaves its calls alone, and their signals end them.
#[test]
fn a_signal_ends_a_call_of_a_handle_that_was_disposed() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const query = Store.query(), controller = new AbortController();
            const never = query.rows("never", controller.signal);
            query[Symbol.dispose ?? "valueOf"]?.();
            await (await Store.open()).rows("now");
            const before = Store.live();
            controller.abort("enough");
            return [before, await never.catch((reason) => reason), Store.live()];"#,
        );
        assert_eq!(seen, "1,enough,0", "{}", case.site);
        assert!(case.host.all_are_cancelled(), "{}", case.site);
    });
}

/// The host ends a guest's call that waits for a method of a handle, or for a function of the host.
#[test]
fn an_end_of_the_caller_reaches_what_the_guest_waits_for() {
    everywhere(|case| {
        type Run<'c> = Box<dyn Fn(Cancellation) -> Result<String> + 'c>;
        let (of_handle, of_function): (Run<'_>, Run<'_>) = (
            Box::new(|ends| block_on(case.job.run(Handle::new(case.host.clone()), ends))),
            Box::new(|ends| block_on(case.job.loads(ends))),
        );
        for run in [of_handle, of_function] {
            let (ends, host) = (Cancellation::new(), case.host.clone());
            let other = ends.clone();
            let cancels = std::thread::spawn(move || {
                host.until(1);
                other.cancel();
            });
            let outcome = run(ends);
            assert!(
                matches!(outcome, Err(Error::Cancelled { was_made: true, .. })),
                "{}: {outcome:?}",
                case.site
            );
            cancels.join().unwrap();
            case.host.until(0);
        }
        assert!(case.host.all_are_cancelled(), "{}", case.site);
        assert_eq!(case.guest("return await Store.query().rows('now')"), "now", "{}", case.site);
    });
}

/// A host method that waits for a function of the guest ends with its signal, and so does the call of the function.
#[test]
fn an_abort_drops_a_host_method_that_waits_for_the_guest() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const controller = new AbortController(), steps = [];
            const step = (n) => { steps.push(n); return n === 2 ? new Promise(() => {}) : String(n); };
            const waits = Store.each(step, controller.signal);
            while (steps.length < 2) await Store.query().rows("now");
            const before = Store.live();
            controller.abort("enough");
            const reason = await waits.catch((reason) => reason);
            const aborted = await Store.each(step, controller.signal).catch((reason) => reason);
            return [before, reason, steps, aborted, Store.live(), await Store.each((n) => `${n}`)];"#,
        );
        assert_eq!(seen, "1,enough,1,2,enough,0,12", "{}", case.site);
        let all = case.host.cancellations.lock().unwrap().clone();
        assert_eq!(all.iter().filter(|one| one.is_cancelled()).count(), all.len() - 1, "{}", case.site);
    });
}

/// A function of the guest that aborts the method that waits for it. In a thread, that is the end of its own turn, and of what
/// would follow in it; the call of the guest ends with its limits at the latest.
#[test]
fn a_function_can_abort_the_host_method_that_waits_for_it() {
    const ABORTS: &str = r#"
        const controller = new AbortController();
        return await Store.each((n) => { controller.abort("enough"); return `${n}`; }, controller.signal).catch((reason) => reason);"#;
    run!("in the caller's thread", LocalSandbox::builder(), |case: &Case<'_>| {
        assert_eq!(case.guest(ABORTS), "enough");
        assert!(case.host.all_are_cancelled());
    });
    run!("in a thread", Sandbox::builder(), |case: &Case<'_>| {
        let outcome = block_on(case.short.guest(ABORTS));
        assert!(
            matches!(&outcome, Ok(reason) if reason == "enough")
                || matches!(&outcome, Err(Error::Limit { kind: LimitKind::Deadline, .. })),
            "{outcome:?}"
        );
        case.host.until(0);
        assert!(case.host.all_are_cancelled());
        assert_eq!(case.guest("return await Store.query().rows('now')"), "now");
    });
}
