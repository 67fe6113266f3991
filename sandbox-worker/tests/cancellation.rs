//! `Cancellation` at every site: an end that one side of a call asks for arrives at the other side.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use sandbox_runtime::{
    Cancellation, Error, JsValue, LimitKind, Limits, LocalSandbox, OwnedContract, Permission, Result,
    Sandbox, SandboxPool, Script, UntypedAnswer, UntypedHost, UntypedHostCall, sandbox_api,
};
use slack::long;

mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Job {
    async fn run(&self, what: &str, cancel: Cancellation) -> Result<String>;
    async fn guest(&self, source: &str) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Host {
    fn note(&self, what: &str);
    /// The futures of `fetch` that wait.
    fn live(&self) -> u32;
    /// Notes the time.
    fn stamp(&self);
    async fn fetch(&self, url: &str, cancel: Cancellation) -> Result<String>;
}

const SOURCE: &str = r#"
    let count = 0, aborts = 0;
    const told = (signal, what) => signal.addEventListener("abort", (event) => {
        Host.note(`${what} ${event.type} ${event.target === signal} ${signal.aborted} ${signal.reason.name}`);
    });
    export const run = async (what, signal) => {
        if (what === "count") return String(++count);
        if (what === "aborts") return String(aborts);
        if (!(signal instanceof AbortSignal)) throw new Error("no signal");
        told(signal, what);
        switch (what) {
            case "waits for the host":
                try { await Host.fetch("never", signal); } catch (error) { Host.note(`caught ${error === signal.reason}`); }
                finally { Host.note("finally"); }
                await Host.fetch("now");
                Host.note("went on");
                return "late";
            case "waits for nothing": Host.note("begun"); return new Promise(() => {});
            case "computes": Host.note("begun"); for (;;);
            case "never ends": signal.onabort = () => { for (;;); }; Host.note("begun"); return new Promise(() => {});
            case "throws": signal.onabort = () => { throw new Error("of a listener"); }; Host.note("begun"); return new Promise(() => {});
            case "is counted": signal.onabort = () => { aborts++; }; Host.note("begun"); return new Promise(() => {});
            case "stamps": signal.onabort = () => Host.stamp(); Host.note("begun"); return new Promise(() => {});
            case "returns": await Host.fetch("now", signal); return String(signal.aborted);
        }
    };
    export const guest = async (source) => String(await eval(`(async () => { ${source} })()`));
"#;

#[derive(Clone, Default)]
struct Hosted {
    notes: Arc<(Mutex<Vec<String>>, Condvar)>,
    live: Arc<AtomicUsize>,
    begun: Arc<AtomicUsize>,
    cancellations: Arc<Mutex<Vec<Cancellation>>>,
    stamps: Arc<Mutex<Vec<Instant>>>,
}

/// A future of `fetch`.
struct Live(Hosted);
impl Drop for Live {
    fn drop(&mut self) {
        self.0.stamp();
        self.0.live.fetch_sub(1, Ordering::SeqCst);
    }
}

#[sandbox_runtime::async_trait]
impl Host for Hosted {
    fn note(&self, what: &str) {
        self.notes.0.lock().unwrap().push(what.to_owned());
        self.notes.1.notify_all();
    }
    fn stamp(&self) {
        self.stamps.lock().unwrap().push(Instant::now());
    }
    fn live(&self) -> u32 {
        u32::try_from(self.live.load(Ordering::SeqCst)).unwrap()
    }
    async fn fetch(&self, url: &str, cancel: Cancellation) -> Result<String> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.cancellations.lock().unwrap().push(cancel);
        if url == "now" {
            return Ok("now".to_owned());
        }
        self.live.fetch_add(1, Ordering::SeqCst);
        let _live = Live(self.clone());
        self.note("begun");
        pending().await
    }
}

impl Hosted {
    /// Waits for a note, and forgets it.
    fn wait_for(&self, what: &str) {
        let notes = self.notes.0.lock().unwrap();
        let mut notes =
            self.notes.1.wait_while(notes, |notes| notes.iter().all(|note| note != what)).unwrap();
        let at = notes.iter().position(|note| note == what).unwrap();
        notes.remove(at);
    }

    fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.0.lock().unwrap())
    }

    /// Waits until the cancellation of the last call is cancelled.
    fn last_is_cancelled(&self) {
        let last = self.cancellations.lock().unwrap().last().cloned().unwrap();
        block_on(last.cancelled());
    }

    /// Waits until no future of `fetch` is there.
    fn all_are_dropped(&self) {
        while self.live.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
    }
}

/// A sandbox of one site.
struct Case<'s> {
    site: &'static str,
    /// Whether the link can mark a call as cancelled while its guest computes.
    ends_computing: bool,
    job: &'s dyn Job,
    reset: &'s dyn Fn(),
    hosted: Hosted,
}

fn block_on<R>(future: impl Future<Output = R>) -> R {
    sites::runtime().block_on(future)
}

impl Case<'_> {
    fn run(&self, what: &str) -> Result<String> {
        block_on(self.job.run(what, Cancellation::new()))
    }

    /// Code of the guest in an `async` function, and its result as a text.
    fn guest(&self, source: &str) -> String {
        block_on(self.job.guest(source)).unwrap_or_else(|error| panic!("{}: {error}", self.site))
    }

    /// Makes a call, and ends it by `end` once its guest has noted that it runs. The end is given the future, and drops it or
    /// polls it to its end.
    fn cancelled(&self, what: &str) -> Result<String> {
        let (cancellation, hosted) = (Cancellation::new(), self.hosted.clone());
        let ends = cancellation.clone();
        let other = std::thread::spawn(move || {
            hosted.wait_for("begun");
            ends.cancel();
        });
        let outcome = block_on(self.job.run(what, cancellation));
        other.join().unwrap();
        outcome
    }

    /// Makes a call, and drops it once its guest has noted that it runs.
    fn dropped(&self, what: &str) {
        block_on(async {
            let mut call = self.job.run(what, Cancellation::new());
            poll_fn(|cx| {
                assert!(call.as_mut().poll(cx).is_pending());
                let has_begun = self.hosted.notes.0.lock().unwrap().iter().any(|note| note == "begun");
                if !has_begun {
                    cx.waker().wake_by_ref();
                }
                if has_begun { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            self.hosted.wait_for("begun");
        });
    }

    /// The sandbox has kept its state.
    fn goes_on(&self, count: u32) {
        assert_eq!(self.run("count").unwrap(), count.to_string(), "{}", self.site);
    }
}

fn is_cancelled(outcome: &Result<String>) -> bool {
    matches!(outcome, Err(Error::Cancelled { was_made: true, place: Some(place), .. })
        if place.contract == "Job" && place.method == "run")
}

fn limits() -> Limits {
    Limits { cpu: Duration::MAX, ..long() }
}

/// Runs a program with a sandbox.
macro_rules! run {
    ($site:expr, $ends:expr, $builder:expr, $limits:expr, $program:expr) => {{
        let hosted = Hosted::default();
        let sandbox = $builder
            .limits($limits)
            .allow(Permission::Eval)
            .host::<dyn Host>(hosted.clone())
            .build()
            .unwrap();
        let job = sandbox.load::<dyn Job>(Script::new("job.js", SOURCE)).unwrap();
        let reset = || sandbox.reset().unwrap();
        $program(&Case { site: $site, ends_computing: $ends, job: &job, reset: &reset, hosted });
    }};
}

/// Runs a program with a sandbox of each site.
fn everywhere_within(limits: Limits, program: impl Fn(&Case<'_>)) {
    run!("in the caller's thread", true, LocalSandbox::builder(), limits, program);
    run!("in a thread", true, Sandbox::builder(), limits, program);
    let [(process, worker), (pipes, in_memory)] = sites::links();
    run!(process, cfg!(target_os = "linux"), Sandbox::builder().transport(worker), limits, program);
    run!(pipes, false, Sandbox::builder().transport(in_memory), limits, program);
}

fn everywhere(program: impl Fn(&Case<'_>)) {
    everywhere_within(limits(), program);
}

#[test]
fn an_abort_of_the_guest_drops_the_future_of_the_host() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const controller = new AbortController(), { signal } = controller;
            const never = Host.fetch("never", signal);
            await Host.fetch("now");
            const before = Host.live();
            controller.abort();
            const after = Host.live();
            try { await never; } catch (error) {
                return [before, after, error === signal.reason, error.name, error.message, error instanceof Error];
            }"#,
        );
        assert_eq!(seen, "1,0,true,AbortError,This operation was aborted,true", "{}", case.site);
        let all = case.hosted.cancellations.lock().unwrap().clone();
        let cancelled = all.iter().filter(|cancellation| cancellation.is_cancelled()).count();
        assert_eq!((all.len(), cancelled), (2, 1), "{}", case.site);
        case.goes_on(1);
    });
}

/// The reason is the guest's own value. A call with a signal that was aborted is not made.
#[test]
fn promises_are_rejected_with_the_reason() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const given = { of: "the guest" };
            const controller = new AbortController();
            const never = Host.fetch("never", controller.signal);
            controller.abort(given);
            controller.abort("a second time");
            const reason = await never.catch((reason) => reason);
            const before = await Host.fetch("never", controller.signal).catch((reason) => reason);
            const made = await Host.fetch("never", AbortSignal.abort("made")).catch((reason) => reason);
            const last = await Host.fetch("never", AbortSignal.any([new AbortController().signal, controller.signal])).catch((r) => r);
            return [reason === given, before === given, made, last === given];"#,
        );
        assert_eq!(seen, "true,true,made,true", "{}", case.site);
        // The first future of the host was dropped before its first poll. Over a link the abort may come after it.
        let is_here = ["in the caller's thread", "in a thread"].contains(&case.site);
        let begun = case.hosted.begun.load(Ordering::SeqCst);
        assert!(begun <= usize::from(!is_here), "{}: {begun}", case.site);
        case.goes_on(1);
    });
}

/// An aborted call waits for nothing, in the turn of the abort too.
#[test]
fn calls_that_the_guest_has_ended_do_not_count_as_pending() {
    everywhere_within(Limits { pending: 4, ..limits() }, |case| {
        let one_by_one = r#"
            let ended = 0;
            for (let call = 0; call < 200; call++) {
                const controller = new AbortController();
                const never = Host.fetch("never", controller.signal);
                controller.abort();
                try { await never; } catch { ended++; }
            }
            return ended;"#;
        assert_eq!(case.guest(one_by_one), "200", "{}", case.site);
        let at_once = r#"
            const all = [];
            for (let call = 0; call < 1000; call++) {
                const controller = new AbortController();
                all.push(Host.fetch("never", controller.signal));
                controller.abort();
            }
            const live = Host.live();
            const rejected = (await Promise.allSettled(all)).filter(({ status }) => status === "rejected").length;
            const four = [1, 2, 3].map(() => Host.fetch("now"));
            return [live, rejected, await Host.fetch("now"), (await Promise.all(four)).length];"#;
        assert_eq!(case.guest(at_once), "0,1000,now,3", "{}", case.site);
        case.hosted.all_are_dropped();
        let five = r#"
            const aborted = new AbortController();
            for (let call = 0; call < 100; call++) Host.fetch("never", aborted.signal).catch(() => {}), call % 4 === 3 && aborted.abort();
            for (let call = 0; call < 5; call++) Host.fetch("never");"#;
        let outcome = block_on(case.job.guest(five));
        assert!(
            matches!(outcome, Err(Error::Limit { kind: LimitKind::Pending, .. })),
            "{}: {outcome:?}",
            case.site
        );
        case.goes_on(1);
    });
}

#[test]
fn one_signal_ends_many_calls_and_follows_others() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const one = new AbortController(), other = new AbortController();
            const any = AbortSignal.any([one.signal, AbortSignal.any([other.signal])]);
            const order = [];
            any.addEventListener("abort", () => order.push("any"));
            other.signal.addEventListener("abort", () => order.push(`other ${any.aborted}`));
            const calls = Array.from({ length: 20 }, (_, index) => Host.fetch("never", index % 2 ? any : other.signal));
            await Host.fetch("now");
            const before = Host.live();
            other.abort(1);
            const after = Host.live();
            const all = await Promise.allSettled(calls);
            return [before, after, all.filter(({ reason }) => reason === 1).length, order, one.signal.aborted, any.reason];"#,
        );
        assert_eq!(seen, "20,0,20,other true,any,false,1", "{}", case.site);
        case.goes_on(1);
    });
}

#[test]
fn a_signal_after_the_end_of_its_call_does_nothing() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const controller = new AbortController();
            const texts = [await Host.fetch("now", controller.signal), await Host.fetch("now"), await Host.fetch("now", undefined)];
            controller.abort();
            controller.abort();
            return [...texts, await Host.fetch("now", controller.signal).catch(({ name }) => name)];"#,
        );
        assert_eq!(seen, "now,now,now,AbortError", "{}", case.site);
        let all = case.hosted.cancellations.lock().unwrap().clone();
        assert!(all.len() == 3 && all.iter().all(|one| !one.is_cancelled()), "{}: {all:?}", case.site);
    });
}

#[test]
fn values_that_are_no_signals_are_refused() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const { signal } = new AbortController();
            const forged = [null, 1, "", {}, { aborted: false }, Object.create(AbortSignal.prototype), Object.create(signal),
                new Proxy(signal, {}), new AbortController(), AbortSignal, () => {},
                { get aborted() { throw new Error("looked at"); }, __proto__: signal }];
            const texts = [];
            for (const one of forged) {
                try { await Host.fetch("now", one); texts.push("passed"); } catch (error) { texts.push(String(error)); }
            }
            return texts.join("\n");"#,
        );
        for text in seen.lines() {
            assert!(
                text.starts_with("TypeError: Host.fetch → signal")
                    && text.contains("an AbortSignal, or undefined"),
                "{}: {text}",
                case.site
            );
        }
        assert_eq!(seen.lines().count(), 12, "{}: {seen}", case.site);
        assert_eq!(case.hosted.begun.load(Ordering::SeqCst), 0, "{}", case.site);
        case.goes_on(1);
    });
}

/// The caller ends the call, by its cancellation or by a drop. The listeners of the guest run, and those alone.
#[test]
fn an_end_of_the_caller_aborts_the_signal_of_the_guest() {
    everywhere(|case| {
        for what in ["waits for the host", "waits for nothing", "computes"] {
            if what == "computes" && !case.ends_computing {
                continue;
            }
            let after = |case: &Case<'_>| {
                case.hosted.wait_for(&format!("{what} abort true true AbortError"));
                if what == "waits for the host" {
                    case.hosted.wait_for("caught true");
                    case.hosted.wait_for("finally");
                    case.hosted.last_is_cancelled();
                    case.hosted.all_are_dropped();
                }
            };
            let outcome = case.cancelled(what);
            assert!(is_cancelled(&outcome), "{}: {what}: {outcome:?}", case.site);
            after(case);
            // A future that is polled on the thread of its guest has no drop while the guest computes.
            if what != "computes" {
                case.dropped(what);
                after(case);
            }
        }
        case.goes_on(1);
        assert_eq!(case.hosted.notes(), [""; 0], "{}", case.site);
    });
}

/// The next call of the caller finds that the listeners have run.
#[test]
fn listeners_run_before_the_next_call() {
    everywhere(|case| {
        for ended in 1..=10 {
            let outcome = case.cancelled("is counted");
            assert!(is_cancelled(&outcome), "{}: {outcome:?}", case.site);
            assert_eq!(case.run("aborts").unwrap(), (2 * ended - 1).to_string(), "{}", case.site);
            case.dropped("is counted");
            assert_eq!(case.run("aborts").unwrap(), (2 * ended).to_string(), "{}", case.site);
        }
        case.goes_on(1);
    });
}

#[test]
fn a_call_that_was_cancelled_before_is_not_made() {
    everywhere(|case| {
        let cancellation = Cancellation::new();
        cancellation.cancel();
        let outcome = block_on(case.job.run("returns", cancellation));
        assert!(
            matches!(outcome, Err(Error::Cancelled { was_made: false, .. })),
            "{}: {outcome:?}",
            case.site
        );
        assert_eq!(case.run("returns").unwrap(), "false", "{}", case.site);
        // One cancellation for many calls, and after their end.
        let cancellation = Cancellation::new();
        for _ in 0..3 {
            assert_eq!(
                block_on(case.job.run("returns", cancellation.clone())).unwrap(),
                "false",
                "{}",
                case.site
            );
        }
        cancellation.cancel();
        assert_eq!(case.hosted.notes(), [""; 0], "{}", case.site);
        case.goes_on(1);
    });
}

/// A listener that does not end is ended, and does not keep the caller for long. One that throws keeps no other from its turn.
#[test]
fn hostile_listeners_end() {
    everywhere(|case| {
        let outcome = case.cancelled("throws");
        assert!(is_cancelled(&outcome), "{}: {outcome:?}", case.site);
        case.hosted.wait_for("throws abort true true AbortError");
        let outcome = case.cancelled("never ends");
        assert!(is_cancelled(&outcome), "{}: {outcome:?}", case.site);
        case.hosted.wait_for("never ends abort true true AbortError");
        case.dropped("waits for nothing");
        case.goes_on(1);
    });
}

/// A limit ends the guest as ever: no listener runs. The host's side is told of the end.
#[test]
fn a_limit_cancels_the_host_and_runs_no_listener() {
    everywhere_within(Limits { wall: Duration::from_secs(1), ..limits() }, |case| {
        let outcome = case.run("waits for the host");
        assert!(
            matches!(outcome, Err(Error::Limit { kind: LimitKind::Wall, .. })),
            "{}: {outcome:?}",
            case.site
        );
        case.hosted.last_is_cancelled();
        case.hosted.all_are_dropped();
        // On a busy machine the limit may come before the guest says that it waits.
        let notes = case.hosted.notes();
        assert!(notes.iter().all(|note| note == "begun"), "{}: {notes:?}", case.site);
        case.goes_on(1);
    });
}

#[test]
fn a_reset_cancels_the_host() {
    everywhere(|case| {
        let mut call = case.job.run("waits for the host", Cancellation::new());
        let has_begun = || case.hosted.notes.0.lock().unwrap().iter().any(|note| note == "begun");
        let runtime = sites::runtime();
        runtime.block_on(poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            if has_begun() {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        (case.reset)();
        let outcome = runtime.block_on(call);
        assert!(matches!(outcome, Err(Error::Lost { .. })), "{}: {outcome:?}", case.site);
        case.hosted.last_is_cancelled();
        case.hosted.all_are_dropped();
        assert_eq!(case.hosted.notes(), ["begun"], "{}", case.site);
    });
}

/// `CANCELLATIONS` sets the number of aborts of each kind.
#[test]
fn many_aborts_leave_nothing() {
    let many = std::env::var("CANCELLATIONS").map_or(500, |many| many.parse().unwrap());
    everywhere_within(Limits { host_calls: u64::MAX, ..limits() }, |case| {
        let seen = case.guest(&format!(
            r#"
            const kept = new AbortController();
            let aborted = 0;
            for (let at = 0; at < {many}; at++) {{
                const controller = new AbortController();
                const never = Host.fetch("never", controller.signal);
                if (at % 2) await Host.fetch("now", kept.signal);
                controller.abort(at);
                aborted += (await never.catch((reason) => reason)) === at;
            }}
            return [aborted, Host.live()];"#
        ));
        assert_eq!(seen, format!("{many},0"), "{}", case.site);
        case.goes_on(1);
    });
}

/// How long an end takes to the other side. `CANCELLATION_TIMES=200 cargo test -p sandbox-worker --test cancellation soon -- --nocapture`
/// prints the medians of so many.
#[test]
fn ends_arrive_soon() {
    let many = std::env::var("CANCELLATION_TIMES").map_or(3, |many| many.parse().unwrap());
    everywhere_within(Limits { host_calls: u64::MAX, ..limits() }, |case| {
        let median = |mut spans: Vec<Duration>| {
            spans.sort();
            spans[spans.len() / 2]
        };
        let (mut to_host, mut to_guest) = (Vec::new(), Vec::new());
        for _ in 0..many {
            case.guest(
                "const controller = new AbortController();
                const never = Host.fetch('never', controller.signal);
                await Host.fetch('now');
                Host.stamp();
                controller.abort();
                await never.catch(() => {});",
            );
            case.hosted.all_are_dropped();
            let stamps = std::mem::take(&mut *case.hosted.stamps.lock().unwrap());
            to_host.push(stamps[1] - stamps[0]);
            case.hosted.notes();

            let (cancellation, hosted) = (Cancellation::new(), case.hosted.clone());
            let ends = cancellation.clone();
            let other = std::thread::spawn(move || {
                hosted.wait_for("begun");
                // The guest waits by now, and its executor sleeps.
                std::thread::sleep(Duration::from_millis(2));
                hosted.stamp();
                ends.cancel();
            });
            let outcome = block_on(case.job.run("stamps", cancellation));
            assert!(is_cancelled(&outcome), "{}: {outcome:?}", case.site);
            other.join().unwrap();
            while case.hosted.stamps.lock().unwrap().len() < 2 {
                std::thread::yield_now();
            }
            let stamps = std::mem::take(&mut *case.hosted.stamps.lock().unwrap());
            to_guest.push(stamps[1] - stamps[0]);
        }
        println!("{}: to the host {:?}, to the guest {:?}", case.site, median(to_host), median(to_guest));
    });
}

/// Methods of the classes, as far as the standard goes here.
#[test]
fn the_classes_are_those_of_the_standard() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const all = [];
            const controller = new AbortController(), { signal } = controller;
            all.push(controller.signal === signal, signal.aborted, signal.reason, signal.onabort);
            const listener = () => all.push("removed"), object = { handleEvent(event) { all.push(this === object, event.type); } };
            signal.addEventListener("abort", listener);
            signal.addEventListener("abort", object);
            signal.addEventListener("abort", object);
            signal.addEventListener("other", listener);
            signal.addEventListener("abort", null);
            signal.onabort = function () { all.push(this === signal); };
            signal.onabort = function () { all.push("handler", this === signal); };
            signal.removeEventListener("abort", listener);
            signal.removeEventListener("abort", () => {});
            controller.abort(undefined);
            signal.addEventListener("abort", listener);
            try { signal.throwIfAborted(); } catch (error) { all.push(error === signal.reason); }
            for (const make of [() => new AbortSignal(), () => AbortSignal(), () => AbortController(), () => AbortSignal.any([{}]),
                () => AbortSignal.any(1), () => signal.addEventListener("abort", 1)]) {
                try { make(); all.push("made"); } catch (error) { all.push(error instanceof TypeError); }
            }
            return all;"#,
        );
        let first = "true,false,,,true,abort,handler,true,true";
        assert_eq!(seen, format!("{first},true,true,true,true,true,true"), "{}", case.site);
    });
}

/// A guest that changes intrinsics changes neither the classes nor what the host gets.
#[test]
fn changed_intrinsics_change_nothing() {
    everywhere(|case| {
        let seen = case.guest(
            r#"
            const fail = () => { throw new Error("changed"); };
            Function.prototype.call = Function.prototype.apply = fail;
            Reflect.apply = fail;
            Object.defineProperty(Object.prototype, "next", { get: fail, set: fail, configurable: true });
            Object.defineProperty(Array.prototype, "0", { set: fail, configurable: true });
            AbortSignal.prototype.addEventListener = fail;
            globalThis.AbortSignal = fail;
            const controller = new AbortController();
            controller.signal.onabort = () => { told = true; };
            let told = false;
            const never = Host.fetch("never", controller.signal);
            controller.abort();
            const name = await never.catch(({ name }) => name);
            delete Object.prototype.next;
            delete Array.prototype[0];
            return `${told} ${name}`;"#,
        );
        assert_eq!(seen, "true AbortError", "{}", case.site);
        case.goes_on(1);
    });
}

/// Contracts that came as data: an untyped host finds the cancellation in its call, and an untyped guest is told of a drop.
#[test]
fn contracts_that_came_as_data_have_cancellations() {
    let host = OwnedContract::of::<dyn Host>().unwrap();
    let guest = OwnedContract::of::<dyn Job>().unwrap();
    macro_rules! runs {
        ($site:expr, $builder:expr) => {{
            let hosted = Hosted::default();
            let untyped = Untyped(hosted.clone());
            let sandbox = $builder.limits(limits()).untyped_host(&host, untyped).build().unwrap();
            let job = sandbox.eval(Script::new("job.js", SOURCE)).unwrap().bind_untyped(&guest).unwrap();
            let runs = |what: &str| job.call_async("run", &[JsValue::String(what.to_owned())]);
            let mut call = Box::pin(runs("waits for the host"));
            block_on(poll_fn(|cx| {
                assert!(call.as_mut().poll(cx).is_pending(), "{}", $site);
                if hosted.notes.0.lock().unwrap().iter().any(|note| note == "begun") {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            }));
            drop(call);
            hosted.wait_for("waits for the host abort true true AbortError");
            hosted.wait_for("caught true");
            hosted.last_is_cancelled();
            assert_eq!(block_on(runs("count")).unwrap(), JsValue::String("1".to_owned()), "{}", $site);
            let more = [JsValue::String("count".to_owned()), JsValue::Undefined];
            let error = block_on(job.call_async("run", &more)).unwrap_err();
            assert!(error.to_string().contains("1 argument"), "{}: {error}", $site);
        }};
    }
    runs!("in the caller's thread", LocalSandbox::builder());
    runs!("in a thread", Sandbox::builder());
    for (site, link) in sites::links() {
        runs!(site, Sandbox::builder().transport(link));
    }
}

/// An untyped host whose `fetch` never ends.
struct Untyped(Hosted);

impl UntypedHost for Untyped {
    type Error = Error;

    fn call(&self, call: UntypedHostCall) -> Result<JsValue> {
        assert!(call.cancellation().is_none());
        if let [JsValue::String(note)] = call.args() {
            self.0.note(note);
        }
        Ok(JsValue::Null)
    }

    fn call_async(&self, call: UntypedHostCall) -> UntypedAnswer<Error> {
        assert_eq!(call.args().len(), 1);
        let cancellation = call.cancellation().cloned().unwrap();
        self.0.cancellations.lock().unwrap().push(cancellation);
        self.0.note("begun");
        Box::pin(pending())
    }
}

/// Realms have the classes where a contract needs them.
#[test]
fn realms_have_the_classes_where_a_contract_needs_them() {
    #[sandbox_api(guest)]
    trait Plain {
        fn names(&self) -> Result<String>;
    }
    let source = r#"export const names = () => [typeof AbortController, typeof AbortSignal,
        typeof AbortSignal === "function" && Object.isFrozen(AbortSignal) && Object.isFrozen(AbortSignal.prototype)
            && Object.isFrozen(Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted").get)].join();"#;
    let script = || Script::new("names.js", source);
    let without = LocalSandbox::builder().limits(limits()).build().unwrap();
    assert_eq!(without.load::<dyn Plain>(script()).unwrap().names().unwrap(), "undefined,undefined,false");
    without.load::<dyn Job>(Script::new("job.js", SOURCE)).unwrap();
    assert_eq!(without.load::<dyn Plain>(script()).unwrap().names().unwrap(), "function,function,false");
    for intrinsics in [sandbox_runtime::Intrinsics::Open, sandbox_runtime::Intrinsics::Frozen] {
        let is_frozen = intrinsics == sandbox_runtime::Intrinsics::Frozen;
        let with = LocalSandbox::builder()
            .limits(limits())
            .intrinsics(intrinsics)
            .host::<dyn Host>(Hosted::default());
        let names = with.build().unwrap().load::<dyn Plain>(script()).unwrap().names().unwrap();
        assert_eq!(names, format!("function,function,{is_frozen}"));
    }
}

#[test]
fn tenants_of_a_pool_have_ends_that_arrive() {
    let hosted = Hosted::default();
    let host = hosted.clone();
    let pool = SandboxPool::builder().threads(1).limits(limits()).allow(Permission::Eval);
    let pool = pool.host::<dyn Host>(move |_| Box::new(host.clone())).build().unwrap();
    let sandbox = pool.tenant("one");
    let job = sandbox.load::<dyn Job>(Script::new("job.js", SOURCE)).unwrap();
    let case = Case { site: "in a pool", ends_computing: true, job: &job, reset: &|| {}, hosted };
    let outcome = case.cancelled("waits for the host");
    assert!(is_cancelled(&outcome), "{outcome:?}");
    case.hosted.wait_for("waits for the host abort true true AbortError");
    case.hosted.last_is_cancelled();
    case.goes_on(1);
}
