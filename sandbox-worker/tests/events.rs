//! No site tells its observers of calls that were not made and of lines that were dropped. The end of a pool is no fault.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use sandbox_runtime::observe::{CallBegin, CallEnd, ConsoleEvent, Observer, SandboxEnd};
use sandbox_runtime::{
    Console, Error, LimitKind, Limits, LocalSandbox, Phase, Result, Sandbox, SandboxPool, Script, Trust,
    sandbox_api,
};
use sites::runtime;
use slack::{LONG, long, worker};

mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self, count: u32) -> Result<u32>;
    async fn later(&self, count: u32) -> Result<u32>;
    async fn never(&self) -> Result<()>;
    async fn spin(&self) -> Result<()>;
}

const SOURCE: &str = "let runs = 0;
    export const run = (count) => { for (let i = 0; i < count; i++) console.log('0123456789'); return ++runs; };
    export const later = async (count) => run(count);
    export const never = () => new Promise(() => {});
    export const spin = async () => { for (;;); };";

fn script() -> Script {
    Script::new("job.js", SOURCE)
}

/// Sends each event as a line.
#[derive(Clone)]
struct Recorder(Sender<String>);

impl Recorder {
    fn new() -> (Self, Receiver<String>) {
        let (told, lines) = channel();
        (Self(told), lines)
    }
}

impl Observer for Recorder {
    fn on_call_begin(&self, event: &CallBegin<'_>) {
        _ = self.0.send(event.to_string());
    }
    fn on_call_end(&self, event: &CallEnd<'_>) {
        _ = self.0.send(event.to_string());
    }
    fn on_console_line(&self, event: &ConsoleEvent<'_>) {
        _ = self.0.send(event.to_string());
    }
    fn on_sandbox_end(&self, event: &SandboxEnd<'_>) {
        _ = self.0.send(event.to_string());
    }
}

/// Runs the same with a sandbox of each kind: on this thread, on a thread of its own, and at the end of each link.
macro_rules! each_site {
    ($limits:expr, |$site:ident, $sandbox:ident, $lines:ident| $body:expr) => {{
        macro_rules! with {
            ($name:expr, $builder:expr) => {{
                let (recorder, $lines) = Recorder::new();
                let builder = $builder.limits($limits).console(Console::Capture).observer(recorder);
                let ($site, $sandbox) = ($name, builder.build().unwrap());
                $body
            }};
        }
        with!("LocalSandbox", LocalSandbox::builder());
        with!("Sandbox", Sandbox::builder());
        for (name, link) in sites::links() {
            with!(name, Sandbox::builder().transport(link));
        }
    }};
}

/// A pool whose tenants have this trust, and its events as lines.
fn pool(trust: Trust, limits: Limits) -> (SandboxPool, Receiver<String>) {
    let (recorder, lines) = Recorder::new();
    let builder =
        SandboxPool::builder().trust(trust).threads(1).limits(limits).patience(LONG).observer(recorder);
    let builder = if trust == Trust::Hostile { builder.transport(worker()) } else { builder };
    (builder.build().unwrap(), lines)
}

/// No call begins or ends in these lines.
fn is_silent(site: &str, lines: &Receiver<String>) {
    let told = lines.try_iter().collect::<Vec<_>>();
    assert!(told.is_empty(), "{site}: {told:?}");
}

/// The length of a script is asked before anything is sent, in the same way at every site.
#[test]
fn a_script_that_is_too_long_is_not_sent() {
    let limits = || Limits { script_bytes: 1 << 10, ..long() };
    let long = Script::new("long.js", " ".repeat(8 << 20));
    let text = "long.js: a script has at most 1,024 bytes (`Limits::script_bytes`), and this one has 8,388,608 bytes";
    let runtime = runtime();
    each_site!(limits(), |site, sandbox, lines| {
        let realm = sandbox.realm().unwrap();
        lines.try_iter().for_each(drop);
        let refused = [
            sandbox.eval(long.clone()).map(drop),
            sandbox.load::<dyn Job>(long.clone()).map(drop),
            realm.eval(long.clone()).map(drop),
            realm.load::<dyn Job>(long.clone()).map(drop),
            runtime.block_on(sandbox.eval_async(long.clone())).map(drop),
            runtime.block_on(sandbox.load_async::<dyn Job>(long.clone())).map(drop),
            runtime.block_on(realm.load_async::<dyn Job>(long.clone())).map(drop),
        ];
        for error in refused.map(Result::unwrap_err) {
            assert!(matches!(error, Error::Limit { kind: LimitKind::Script, .. }), "{site}: {error:?}");
            assert_eq!(error.to_string(), text, "{site}");
        }
        is_silent(site, &lines);
        assert_eq!(sandbox.load::<dyn Job>(script()).unwrap().run(0).unwrap(), 1, "{site}");
    });
    for trust in [Trust::SameTenant, Trust::Tenants, Trust::Hostile] {
        let (pool, lines) = pool(trust, limits());
        let tenant = pool.tenant("acme");
        assert_eq!(tenant.load::<dyn Job>(script()).unwrap().run(0).unwrap(), 1, "{trust:?}");
        lines.try_iter().for_each(drop);
        let refused = [
            tenant.load::<dyn Job>(long.clone()).map(drop),
            runtime.block_on(tenant.load_async::<dyn Job>(long.clone())).map(drop),
        ];
        for error in refused.map(Result::unwrap_err) {
            assert_eq!(error.to_string(), text, "{trust:?}");
        }
        is_silent("a pool", &lines);
    }
}

/// A call whose deadline has passed is not made, and every site says so in the same way.
#[test]
fn a_call_after_its_deadline_is_not_made() {
    const CALL: &str = "the call had not begun at its caller's deadline (`with_deadline`), and was not made";
    const EVALUATION: &str =
        "job.js: the evaluation had not begun at its caller's deadline (`with_deadline`), and was not made";
    let (passed, runtime) = (Instant::now(), runtime());
    each_site!(long(), |site, sandbox, lines| {
        let job = sandbox.load::<dyn Job>(script()).unwrap();
        let exports = sandbox.eval(script()).unwrap();
        let before = sandbox.usage().total.calls;
        lines.try_iter().for_each(drop);
        let (late, late_job) = (sandbox.with_deadline(passed), job.with_deadline(passed));
        let calls = [
            (CALL, late_job.run(0).map(drop)),
            (CALL, runtime.block_on(late_job.later(0)).map(drop)),
            (CALL, late.realm().map(drop)),
            (EVALUATION, late.eval(script()).map(drop)),
            (EVALUATION, late.load::<dyn Job>(script()).map(drop)),
            (EVALUATION, runtime.block_on(late.eval_async(script())).map(drop)),
            (EVALUATION, runtime.block_on(late.load_async::<dyn Job>(script())).map(drop)),
        ];
        for (nth, (text, outcome)) in calls.into_iter().enumerate() {
            let error = outcome.unwrap_err();
            assert_eq!(error.to_string(), text, "{site}, call {nth}");
            let Error::Limit { kind: LimitKind::Deadline, excess, place: None, .. } = error else {
                panic!("{site}, call {nth}: {error:?}")
            };
            assert_eq!(excess.phase, Some(Phase::Queued), "{site}, call {nth}");
        }
        is_silent(site, &lines);
        assert_eq!(sandbox.usage().total.calls, before, "{site}");
        assert_eq!(job.run(0).unwrap(), 1, "{site}");
        assert_eq!(exports.bind::<dyn Job>().unwrap().run(0).unwrap(), 1, "{site}");
    });
    for trust in [Trust::SameTenant, Trust::Tenants, Trust::Hostile] {
        let (pool, lines) = pool(trust, long());
        let job = pool.tenant("acme").load::<dyn Job>(script()).unwrap();
        lines.try_iter().for_each(drop);
        let late = job.with_deadline(passed);
        for outcome in [late.run(0), runtime.block_on(late.later(0))] {
            assert_eq!(outcome.unwrap_err().to_string(), CALL, "{trust:?}");
        }
        is_silent("a pool", &lines);
        assert_eq!(job.run(0).unwrap(), 1, "{trust:?}");
    }
}

/// A line is an event if the console keeps it.
#[test]
fn a_dropped_line_of_the_console_is_no_event() {
    /// The number of lines that a console keeps.
    const KEPT: usize = 100;
    let limits = || Limits { console_bytes: 10 * KEPT, ..long() };
    each_site!(limits(), |site, sandbox, lines| {
        let job = sandbox.load::<dyn Job>(script()).unwrap();
        let told = |expected: usize| {
            let bill = sandbox.usage().last;
            let lines = lines.try_iter().filter(|line| line.starts_with("console: ")).count();
            assert_eq!((lines, bill.console_bytes), (expected, 10 * expected as u64), "{site}");
            assert_eq!(bill.console_dropped, 2 * KEPT as u64 - expected as u64, "{site}");
        };
        job.run(2 * KEPT as u32).unwrap();
        told(KEPT);
        job.run(2 * KEPT as u32).unwrap();
        told(0);
        let output = sandbox.take_console();
        assert_eq!((output.lines.len(), output.dropped), (KEPT, 3 * KEPT as u64), "{site}");
        job.run(2 * KEPT as u32).unwrap();
        told(KEPT);
    });
}

/// A call that nobody awaits any more is cancelled, and the sandbox is closed, also if both happen at once.
#[test]
fn a_pool_that_is_dropped_with_a_call_under_way_has_no_fault() {
    let runtime = runtime();
    let trusts = [Trust::Tenants, Trust::SameTenant, Trust::Hostile];
    for (trust, is_busy) in trusts.map(|trust| [(trust, false), (trust, true)]).into_iter().flatten() {
        let (recorder, lines) = Recorder::new();
        let builder = SandboxPool::builder().trust(trust).threads(1).limits(long()).observer(recorder);
        let pool =
            if trust == Trust::Tenants { builder } else { builder.transport(worker()) }.build().unwrap();
        let job = pool.tenant("acme").load::<dyn Job>(script()).unwrap();
        let mut never = if is_busy { job.spin() } else { job.never() };
        let told = |line: &str| {
            let waits = lines.iter().take_while(|told| !told.contains(line)).collect::<Vec<_>>();
            assert!(!waits.iter().any(|told| told.contains("lost")), "{trust:?}: {waits:?}");
        };
        runtime.block_on(async {
            let soon = tokio::time::timeout(Duration::from_millis(1), &mut never);
            assert!(soon.await.is_err());
        });
        let method = if is_busy { "Job.spin" } else { "Job.never" };
        told(&format!("begins: {method}"));
        drop(never);
        drop((job, pool));
        let rest = lines.iter().collect::<Vec<_>>();
        let ends = rest.iter().filter_map(|line| line.split_once(&format!("{method}: "))).map(|(_, end)| end);
        assert_eq!(ends.collect::<Vec<_>>(), ["cancelled"], "{trust:?}: {rest:?}");
        assert!(rest.last().unwrap().ends_with("closed"), "{trust:?}: {rest:?}");
    }
}
