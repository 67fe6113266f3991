//! What guests use is counted, and each count has its limit.

use std::time::Duration;

use sandbox_runtime::{
    Bytes, DiscardCause, Engine, Error, LimitKind, Limits, LocalSandbox, Result, Sandbox, Script, Usage,
    sandbox_api,
};
use slack::{LONG, long};

mod slack;

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self, text: &str) -> Result<String>;
    fn ok(&self) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Desk {
    fn add(&self, a: f64, b: f64) -> f64;
    fn join(&self, a: &str, b: &str) -> String;
    #[sandbox(max_calls = 3)]
    fn rare(&self, n: u32) -> u32;
    /// Waits so many milliseconds.
    fn wait(&self, millis: u32);
    fn data(&self, size: u32) -> Bytes;
}

struct Clerk;
impl Desk for Clerk {
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn join(&self, a: &str, b: &str) -> String {
        format!("{a}{b}")
    }
    fn rare(&self, n: u32) -> u32 {
        n
    }
    fn wait(&self, millis: u32) {
        // The time that passes is what is tested.
        std::thread::sleep(Duration::from_millis(millis.into()));
    }
    fn data(&self, size: u32) -> Bytes {
        vec![7; size as usize].into()
    }
}

fn script(body: &str) -> Script {
    Script::new("job.js", format!("export const ok = () => 1; export function run(text) {{ {body} }}"))
}

fn local(limits: Limits) -> LocalSandbox {
    LocalSandbox::builder().limits(limits).host::<dyn Desk>(Clerk).build().unwrap()
}

fn sent(limits: Limits) -> Sandbox {
    Sandbox::builder().limits(limits).host::<dyn Desk>(Clerk).build().unwrap()
}

/// Runs `body` in both kinds of sandbox; what became of it, what it used, and whether the next call works.
fn both(limits: Limits, body: &str) -> [(Result<String>, Usage, bool); 2] {
    let (local, sent) = (local(limits), sent(limits));
    let one = local.load::<dyn Job>(script(body)).unwrap();
    let outcome = one.run("text");
    let local = (outcome, local.usage(), one.ok().is_ok());
    let other = sent.load::<dyn Job>(script(body)).unwrap();
    let outcome = other.run("text");
    [local, (outcome, sent.usage(), other.ok().is_ok())]
}

fn kind(outcome: &Result<String>) -> Option<LimitKind> {
    match outcome {
        Err(Error::Limit { kind, .. }) => Some(*kind),
        _ => None,
    }
}

#[test]
fn a_bill_has_what_a_call_used() {
    let body = "for (let i = 0; i < 500; i++) Desk.add(i, i); return Desk.join(text, 'x'.repeat(96)) ";
    for (outcome, usage, _) in both(long(), body) {
        assert_eq!(outcome.unwrap().len(), 100);
        let bill = usage.last;
        assert_eq!((bill.calls, bill.host_calls), (1, 501));
        // `text` and what `join` gives go in; the arguments of `join` and the result come out.
        assert_eq!((bill.bytes_in, bill.bytes_out), (4 + 8 + 100 + 8, 4 + 96 + 100));
        assert!(bill.wall > Duration::ZERO && bill.cpu <= bill.wall + Duration::from_millis(5), "{bill:?}");
        assert!(
            usage.total.wall >= bill.wall && usage.total.calls == 3,
            "evaluated, bound, called: {usage:?}"
        );
    }
}

#[test]
fn waiting_is_wall_time_of_the_host_and_no_cpu_time() {
    let limits = Limits { cpu: Duration::from_millis(60), ..long() };
    for (outcome, usage, _) in both(limits, "Desk.wait(120); return ''") {
        outcome.unwrap();
        let bill = usage.last;
        assert!(bill.wall >= Duration::from_millis(120), "{bill:?}");
        assert!(bill.host_time >= Duration::from_millis(100), "{bill:?}");
        assert!(bill.cpu < Duration::from_millis(60), "{bill:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn cpu_time_ends_a_call_that_computes() {
    let limits = Limits { cpu: Duration::from_millis(50), ..long() };
    for body in ["for (;;) {}", "Desk.wait(10); for (;;) {}"] {
        let started = std::time::Instant::now();
        for (outcome, usage, goes_on) in both(limits, body) {
            assert_eq!(kind(&outcome), Some(LimitKind::Cpu), "{outcome:?}");
            assert!(goes_on, "the sandbox can be called again");
            assert!(usage.last.cpu >= Duration::from_millis(45), "{usage:?}");
        }
        assert!(started.elapsed() < LONG / 2, "it was not the wall");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn all_calls_together_have_a_limit_until_the_sandbox_is_reset() {
    let limits = Limits { total_cpu: Duration::from_millis(100), ..long() };
    let sandbox = local(limits);
    let job = sandbox.load::<dyn Job>(script("for (;;) {}")).unwrap();
    assert_eq!(kind(&job.run("")), Some(LimitKind::TotalCpu));
    assert!(matches!(job.ok(), Err(Error::Limit { kind: LimitKind::TotalCpu, .. })), "nothing runs any more");
    let calls = sandbox.usage().total.calls;
    assert!(matches!(sandbox.eval(script("")), Err(Error::Limit { kind: LimitKind::TotalCpu, .. })));
    assert_eq!(sandbox.usage().total.calls, calls, "what was not made is not billed");
    sandbox.reset().unwrap();
    assert_eq!(sandbox.usage(), Usage::default());
    assert_eq!(sandbox.load::<dyn Job>(script("return ''")).unwrap().ok().unwrap(), 1.0);
}

#[test]
fn calls_of_the_host_are_limited_whether_they_are_fast_or_not() {
    let limits = Limits { host_calls: 1000, ..long() };
    for body in [
        "for (;;) Desk.add(1, 2)",
        "for (;;) Desk.join('a', 'b')",
        "for (;;) try { Desk.join('a', 'b') } catch {} finally { continue }",
        "function hot(n) { let s = 0; for (let i = 0; i < n; i++) s = Desk.add(s, i); return s } for (;;) hot(300)",
    ] {
        for (outcome, usage, goes_on) in both(limits, body) {
            assert_eq!(kind(&outcome), Some(LimitKind::HostCalls), "{body}: {outcome:?}");
            assert_eq!(usage.last.host_calls, 1000, "{body}");
            assert!(goes_on, "{body}");
        }
    }
}

#[test]
fn a_call_that_is_refused_for_its_arguments_counts() {
    let limits = Limits { host_calls: 1000, ..long() };
    for body in ["for (;;) try { Desk.join(5, 5) } catch {}", "for (;;) try { Desk.add('a', 'b') } catch {}"]
    {
        for (outcome, usage, goes_on) in both(limits, body) {
            assert_eq!(kind(&outcome), Some(LimitKind::HostCalls), "{body}: {outcome:?}");
            assert_eq!((usage.last.host_calls, goes_on), (1000, true), "{body}");
        }
    }
    let refused = "for (let i = 0; i < 9; i++) try { Desk.rare('x') } catch {} return ''";
    for (outcome, ..) in both(long(), refused) {
        assert_eq!(kind(&outcome), Some(LimitKind::HostCalls), "{outcome:?}");
    }
}

#[test]
fn an_error_that_reads_like_a_limit_of_buffers_is_the_guests() {
    for (outcome, ..) in both(long(), "throw new RangeError('Array buffer allocation failed')") {
        assert!(matches!(outcome, Err(Error::Guest(_))), "{outcome:?}");
    }
}

#[test]
fn a_method_can_have_a_limit_of_its_own() {
    let body = "for (let i = 0; i < 3; i++) Desk.rare(i); if (text === '4') Desk.rare(4); return 'done'";
    let sandbox = local(long());
    let job = sandbox.load::<dyn Job>(script(body)).unwrap();
    for _ in 0..3 {
        assert_eq!(job.run("3").unwrap(), "done", "each call of the guest begins anew");
    }
    let error = job.run("4").unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::HostCalls, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "Job.run: the guest called Desk.rare more than 3 times in one call (`#[sandbox(max_calls)]`)"
    );
    assert_eq!(job.run("3").unwrap(), "done");
}

#[test]
fn a_script_that_is_too_long_is_not_evaluated() {
    let sandbox = local(Limits { script_bytes: 100, ..long() });
    let long = Script::new("long.js", format!("export const ok = () => 1; // {}", "x".repeat(100)));
    let error = sandbox.eval(long).map(drop).unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Script, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "long.js: a script has at most 100 bytes (`Limits::script_bytes`), and this one has 130 bytes"
    );
    assert_eq!(sandbox.load::<dyn Job>(script("")).unwrap().ok().unwrap(), 1.0);
}

#[test]
fn buffers_and_the_heap_are_on_the_bill() {
    if Engine::CURRENT == Engine::QuickJs {
        // There they are part of the heap, whose size is not told.
        return;
    }
    let body = "let all = []; for (let i = 0; i < 8; i++) all.push(new Uint8Array(1 << 20).fill(1));
                const kept = []; for (let i = 0; i < 1e5; i++) kept.push([i, [i]]); return String(kept.length)";
    for (outcome, usage, _) in both(long(), body) {
        outcome.unwrap();
        assert!((8 << 20..12 << 20).contains(&usage.last.buffers_peak), "{usage:?}");
        assert!((1 << 20..64 << 20).contains(&usage.last.heap_peak), "{usage:?}");
    }
}

#[test]
fn a_sandbox_that_was_discarded_is_made_anew() {
    let limits = Limits { heap: 16 << 20, ..long() };
    let bomb = "const all = []; for (;;) all.push([all.length])";
    let (local, sent) = (local(limits), sent(limits));
    let dead = local.load::<dyn Job>(script(bomb)).unwrap();
    let dead_too = sent.load::<dyn Job>(script(bomb)).unwrap();
    for round in 0..3 {
        let job = local.load::<dyn Job>(script(bomb)).unwrap();
        assert_eq!(kind(&job.run("")), Some(LimitKind::Heap), "round {round}");
        assert!(matches!(job.ok(), Err(Error::Discarded { .. })));
        local.reset().unwrap();
        let job = sent.load::<dyn Job>(script(bomb)).unwrap();
        assert_eq!(kind(&job.run("")), Some(LimitKind::Heap), "round {round}");
        sent.reset().unwrap();
        assert_eq!(sent.load::<dyn Job>(script("return ''")).unwrap().ok().unwrap(), 1.0);
    }
    for job in [&dead as &dyn Job, &dead_too] {
        let Err(Error::Discarded { cause, .. }) = job.ok() else { panic!("it is of a heap that is gone") };
        assert!(matches!(cause, DiscardCause::Reset), "{cause}");
    }
}

/// What a host does to its own sandbox.
#[sandbox_api(host)]
pub trait Power {
    fn reset(&self) -> Result<()>;
}

struct Button(std::rc::Rc<std::cell::OnceCell<LocalSandbox>>);
impl Power for Button {
    fn reset(&self) -> Result<()> {
        self.0.get().expect("it is set before the call").reset()
    }
}

#[test]
fn a_guest_cannot_have_its_own_sandbox_reset_under_it() {
    let cell = std::rc::Rc::new(std::cell::OnceCell::new());
    let sandbox =
        LocalSandbox::builder().limits(long()).host::<dyn Power>(Button(cell.clone())).build().unwrap();
    assert!(cell.set(sandbox.clone()).is_ok());
    let job = sandbox.load::<dyn Job>(script("Power.reset()")).unwrap();
    let error = job.run("").unwrap_err();
    assert!(
        matches!(&error, Error::Guest(thrown) if matches!(thrown.host_error(), Some(Error::Blocking { .. }))),
        "{error:?}"
    );
    assert_eq!(job.ok().unwrap(), 1.0);
}

#[test]
fn bytes_from_the_host_are_on_the_bill() {
    for (outcome, usage, _) in both(long(), "return String(Desk.data(1000).length)") {
        assert_eq!(outcome.unwrap(), "1000");
        assert!(usage.last.bytes_in >= 1000, "{usage:?}");
    }
}
