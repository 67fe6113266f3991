//! A sandbox at the other end of a link does what one in a thread does: the same programs, and the same results.
//!
//! The links are a process and pipes in memory; see `sites`.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sandbox_runtime::process::Process;
use sandbox_runtime::{
    Console, Error, GuestError, HostPanic, LimitKind, Limits, Phase, Result, Sandbox, Script, sandbox_api,
};
use serde::{Deserialize, Deserializer, Serialize};
use slack::{LONG, long as limits};

#[macro_use]
mod sites;
mod slack;

#[sandbox_api(guest)]
pub trait Job {
    fn run(&self, what: &str) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Later {
    async fn run(&self, what: &str) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Own {
    fn run(&self, what: &str) -> Result<String, Failure>;
}

#[sandbox_api(guest)]
pub trait OwnLater {
    async fn run(&self, what: &str) -> Result<String, Failure>;
}

#[derive(Debug, thiserror::Error, GuestError)]
pub enum Failure {
    #[guest]
    #[error("mine: {0}")]
    Mine(u32),
    #[error(transparent)]
    Sandbox(#[from] Error),
}

/// An error with a property of any length.
#[derive(Debug, thiserror::Error, GuestError)]
#[error("long")]
#[guest]
pub struct Long {
    #[guest]
    text: String,
    #[guest]
    length: u32,
}

/// A number that is not everything.
#[derive(Clone, Copy, Serialize)]
pub struct Odd(u32);

impl<'de> Deserialize<'de> for Odd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            13 => panic!("on purpose"),
            number => Ok(Self(number)),
        }
    }
}

#[sandbox_api(host)]
pub trait Host {
    fn mine(&self) -> Result<u32, Failure>;
    fn take(&self, odd: Odd) -> u32;
    fn many(&self, count: u32) -> Vec<u32>;
    fn long(&self, length: u32) -> Result<(), Long>;
    fn sleep(&self, millis: u32);
    fn hold(&self);
    async fn later(&self, odd: Odd) -> u32;
    async fn never(&self);
}

struct Hosted;

/// A method of the host waits until nobody says so any more.
static HOLDS: AtomicBool = AtomicBool::new(false);

#[sandbox_runtime::async_trait]
impl Host for Hosted {
    fn mine(&self) -> Result<u32, Failure> {
        Err(Failure::Mine(4))
    }

    fn take(&self, odd: Odd) -> u32 {
        odd.0
    }

    fn many(&self, count: u32) -> Vec<u32> {
        (0..count).collect()
    }

    fn long(&self, length: u32) -> Result<(), Long> {
        Err(Long { text: "x".repeat(length as usize), length })
    }

    fn sleep(&self, millis: u32) {
        std::thread::sleep(Duration::from_millis(millis.into()));
    }

    fn hold(&self) {
        let until = Instant::now() + LONG / 3;
        HOLDS.store(true, Ordering::SeqCst);
        while HOLDS.load(Ordering::SeqCst) && Instant::now() < until {
            std::thread::yield_now();
        }
        HOLDS.store(false, Ordering::SeqCst);
    }

    async fn later(&self, odd: Odd) -> u32 {
        odd.0
    }

    async fn never(&self) {
        std::future::pending().await
    }
}

fn script(body: &str) -> Script {
    Script::new("job.js", format!("export const run = (what) => {{ {body} }};"))
}

/// What an error says, and whether it is of the host.
fn told<T: std::fmt::Debug>(outcome: &Result<T>) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{}: {error}", error.kind()),
    }
}

/// However little may cross the boundary, a thrown value is part of an error.
#[test]
fn what_is_thrown_is_told_whatever_may_cross() {
    let small = [
        (Limits { value_text: 10, ..limits() }, "throw 'x'.repeat(20)"),
        (Limits { value_nodes: 3, ..limits() }, "throw [1, 2, 3, 4]"),
        (Limits { value_items: 2, ..limits() }, "throw [1, 2, 3, 4]"),
        (Limits { value_depth: 1, ..limits() }, "throw [[[1]]]"),
        (Limits { value_bytes: 40, ..limits() }, "throw { abcdefghijklmnop: 'x'.repeat(100) }"),
        (Limits { value_text: 10, ..limits() }, "throw new Error('a', { cause: [[['x'.repeat(30)]]] })"),
    ];
    for (limits, body) in small {
        let error = alike!(|builder| builder.limits(limits), |sandbox| {
            let job = sandbox
                .load::<dyn Job>(script(&format!("if (what === 'go on') return what; {body}")))
                .unwrap();
            let error = job.run("").unwrap_err();
            assert_eq!(job.run("go on").unwrap(), "go on", "{error}");
            format!("{error:?}")
        });
        assert!(error.starts_with("Guest"), "{error}");
    }
}

#[sandbox_api(host)]
pub trait Careless {
    #[sandbox(returns(range(max = 10)))]
    fn bound(&self) -> f64;
    #[sandbox(returns(range(max = 10)))]
    async fn later(&self) -> f64;
    fn long(&self) -> String;
}

struct Broken;

#[sandbox_runtime::async_trait]
impl Careless for Broken {
    fn bound(&self) -> f64 {
        11.0
    }
    async fn later(&self) -> f64 {
        11.0
    }
    fn long(&self) -> String {
        "x".repeat(1 << 20)
    }
}

/// What a host gives against its contract, or beyond the budget, is the host's fault: the guest sees a reference.
#[tokio::test(flavor = "multi_thread")]
async fn a_hosts_result_that_breaks_its_contract_is_the_hosts_fault() {
    let few = Limits { value_bytes: 1000, value_text: 1000, value_nodes: 10, ..limits() };
    let table = [
        ("Careless.bound()", "Careless.bound → result: expected a number ≤ 10, got 11"),
        ("await Careless.later()", "Careless.later → result: expected a number ≤ 10, got 11"),
        ("Careless.long()", "Careless.long → result: expected "),
    ];
    for (call, expected) in table {
        let body = format!(
            "if (what === 'go on') return what;
             if (what === 'pass') return `${{{call}}}`;
             try {{ return `${{{call}}}`; }} catch (e) {{ return `${{e.name}}: ${{e.message}}`.replace(/E[0-9a-f]{{16}}/, 'E'); }}"
        );
        let script = Script::new("job.js", format!("export const run = async (what) => {{ {body} }};"));
        let found = alike!(|builder| builder.limits(few).host::<dyn Careless>(Broken), |sandbox| {
            let job = sandbox.load::<dyn Later>(script.clone()).unwrap();
            let seen = job.run("").await.unwrap();
            let error = job.run("pass").await.unwrap_err();
            assert!(matches!(error, Error::HostValue(_)), "{call}: {error:?}");
            assert_eq!(job.run("go on").await.unwrap(), "go on", "{call}");
            // Which budget it is beyond is told as each site counts.
            let text = error.to_string();
            assert!(text.starts_with(&format!("a host method broke its contract: {expected}")), "{text}");
            seen
        });
        assert!(found.ends_with(" failed (reference E)"), "{call}: {found}");
    }
}

#[test]
fn an_error_of_the_host_comes_back_as_its_own() {
    let error = alike!(|builder| builder.limits(limits()).host::<dyn Host>(Hosted), |sandbox| {
        let own = sandbox.load::<dyn Own>(script("return `${Host.mine()}`;")).unwrap();
        let caught = script("try { Host.mine(); } catch (error) { throw new Error('x', { cause: error }); }");
        let other = sandbox.load::<dyn Own>(caught).unwrap();
        (0..20).for_each(|_| _ = other.run(""));
        format!("{:?}", own.run("").unwrap_err())
    });
    assert_eq!(error, "Mine(4)");
}

/// The same of calls side by side, of which each has its own.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_host_comes_back_from_calls_side_by_side() {
    let source = "export const run = async (what) => `${Host.mine()}`;";
    let errors = alike!(|builder| builder.limits(limits()).host::<dyn Host>(Hosted), |sandbox| {
        let own = sandbox.load_async::<dyn OwnLater>(Script::new("own.mjs", source)).await.unwrap();
        let mut errors = Vec::new();
        for width in [1, 2, 8] {
            for _ in 0..40 {
                let all = futures_util::future::join_all((0..width).map(|_| own.run(""))).await;
                errors.extend(all.into_iter().map(|outcome| format!("{:?}", outcome.unwrap_err())));
            }
        }
        errors.sort();
        errors.dedup();
        errors
    });
    assert_eq!(errors, ["Mine(4)"]);
}

/// Nothing of it is printed, for which a process has no means.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_getters_of_a_reason_throw_is_nobodys() {
    let bodies = [
        "const e = new Error('a'); Object.defineProperty(e, 'message', { get() { throw 3; } }); throw e;",
        "const e = new Error('a'); Object.defineProperty(e, 'cause', { get() { throw 3; } }); throw e;",
        "const e = new Error('a'); Object.defineProperty(e, 'name', { get() { throw 3; } }); throw e;",
        "throw { get message() { throw 3; }, toString() { throw 4; } };",
        "Error.prepareStackTrace = () => { throw 5; }; throw new Error('a');",
    ];
    for body in bodies {
        let source = format!("export const run = async (what) => {{ if (what) return what; {body} }};");
        let kind = alike!(|builder| builder.limits(limits()), |sandbox| {
            let later =
                sandbox.load_async::<dyn Later>(Script::new("odd.mjs", source.clone())).await.unwrap();
            let error = later.run("").await.unwrap_err();
            assert_eq!(later.run("on").await.unwrap(), "on", "{error:?}");
            error.kind()
        });
        assert_eq!(kind, "guest", "{body}");
    }
}

/// To read the arguments of a method runs code of the host.
#[test]
fn a_panic_while_arguments_are_read_is_the_methods() {
    let told = alike!(|builder| builder.limits(limits()).host::<dyn Host>(Hosted), |sandbox| {
        let job =
            sandbox.load::<dyn Job>(script("return `${Host.take(what === 'panic' ? 13 : 3)}`;")).unwrap();
        let error = job.run("panic").unwrap_err();
        let Error::Guest(thrown) = &error else { panic!("{error:?}") };
        assert!(thrown.host_error::<HostPanic>().is_some(), "{error:?}");
        let message = thrown.message.split(" (").next().unwrap().to_owned();
        (message, job.run("").unwrap())
    });
    assert_eq!(told, ("Host.take failed".to_owned(), "3".to_owned()));
}

/// And others that wait beside it go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_arguments_of_an_async_method_are_read_is_the_methods() {
    let body = "async (what) => `${await Host.later(what === 'panic' ? 13 : 3)}`";
    let source = format!("export const run = {body};");
    let told = alike!(|builder| builder.limits(limits()).host::<dyn Host>(Hosted), |sandbox| {
        let later = sandbox.load_async::<dyn Later>(Script::new("later.mjs", source.clone())).await.unwrap();
        let (error, other) = futures_util::future::join(later.run("panic"), later.run("")).await;
        let Error::Guest(thrown) = error.as_ref().unwrap_err() else { panic!("{error:?}") };
        assert!(thrown.host_error::<HostPanic>().is_some(), "{error:?}");
        (other.unwrap(), later.run("").await.unwrap())
    });
    assert_eq!(told, ("3".to_owned(), "3".to_owned()));
}

/// Whoever waits for its turn waits as long as it takes, if nobody is late: all turns together take longer than a call waits that sees
/// nobody's turn end. Whether a turn is over in its own time, the machine decides.
#[test]
fn turns_are_waited_for() {
    const TURNS: u32 = 40;
    let limits = Limits { wall: Duration::from_secs(1), ..Limits::default() };
    let had_its_turn = |outcome: &Result<String>| match outcome {
        Err(Error::Limit { kind: LimitKind::Wall, excess, .. }) => excess.phase != Some(Phase::Queued),
        outcome => outcome.is_ok(),
    };
    let outcomes = alike!(|builder| builder.limits(limits).host::<dyn Host>(Hosted), |sandbox| {
        let job = Arc::new(sandbox.load::<dyn Job>(script("Host.sleep(100); return what;")).unwrap());
        let calls = (0..TURNS).map(|nth| {
            let job = job.clone();
            std::thread::spawn(move || job.run(&nth.to_string()))
        });
        let calls = calls.collect::<Vec<_>>();
        let outcomes = calls.into_iter().map(|call| call.join().unwrap());
        outcomes.filter(|outcome| !had_its_turn(outcome)).map(|outcome| told(&outcome)).collect::<Vec<_>>()
    });
    assert_eq!(outcomes, Vec::<String>::new());
}

/// Who took the time of a call that is ended: its guest, or the host.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_late_says_what_it_was_in() {
    let limits = Limits { wall: Duration::from_secs(1), ..Limits::default() };
    for (body, phase) in [
        ("Host.sleep(2000);", Phase::InHost),
        ("await Host.never();", Phase::AwaitsHost),
        ("Host.never(); await new Promise(() => {});", Phase::AwaitsHost),
        ("await new Promise(() => {});", Phase::AwaitsPromise),
        ("for (;;);", Phase::Running),
        ("await Host.later(1); for (;;);", Phase::Running),
        ("Host.never(); for (;;);", Phase::Running),
    ] {
        let source = format!("export async function run(what) {{ if (what) return what; {body} }}");
        let source = Script::new("late.mjs", source);
        alike!(|builder| builder.limits(limits).host::<dyn Host>(Hosted), |sandbox| {
            let later = sandbox.load_async::<dyn Later>(source.clone()).await.unwrap();
            let in_phase = |error: &Error, ended: LimitKind| {
                let Error::Limit { kind, excess, .. } = error else { panic!("{body}: {error:?}") };
                assert_eq!(*kind, ended, "{body}: {error}");
                // A guest that gets no processor time on a busy machine does not run.
                let is_busy = phase == Phase::Running && excess.phase == Some(Phase::Starved);
                assert!(is_busy || excess.phase == Some(phase), "{body}: {error}");
            };
            in_phase(&later.run("").await.unwrap_err(), LimitKind::Wall);
            let deadline = Instant::now() + Duration::from_millis(700);
            in_phase(&later.with_deadline(deadline).run("").await.unwrap_err(), LimitKind::Deadline);
            assert_eq!(later.run("on").await.unwrap(), "on");
        });
    }
}

/// Likewise for calls that block.
#[test]
fn a_blocking_call_that_is_late_says_what_it_was_in() {
    let limits = Limits { wall: Duration::from_secs(1), ..Limits::default() };
    let bodies = [("Host.sleep(2000);", Phase::InHost), ("for (;;);", Phase::Running)];
    for (body, phase) in bodies {
        alike!(|builder| builder.limits(limits).host::<dyn Host>(Hosted), |sandbox| {
            let job = sandbox.load::<dyn Job>(script(&format!("if (what) return what; {body}"))).unwrap();
            let error = job.run("").unwrap_err();
            let Error::Limit { kind: LimitKind::Wall, excess, .. } = &error else { panic!("{error:?}") };
            let is_busy = phase == Phase::Running && excess.phase == Some(Phase::Starved);
            assert!(is_busy || excess.phase == Some(phase), "{body}: {error}");
            assert_eq!(job.run("on").unwrap(), "on");
        });
    }
}

/// And no longer than until their own deadline.
#[test]
fn turns_are_waited_for_until_the_deadline() {
    alike!(|builder| builder.limits(limits()).host::<dyn Host>(Hosted), |sandbox| {
        let job = sandbox.load::<dyn Job>(script("if (what) Host.hold(); return what;")).unwrap();
        let job = Arc::new(job);
        let other = job.clone();
        let busy = std::thread::spawn(move || other.run("busy").unwrap());
        while !HOLDS.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let began = Instant::now();
        let late = job.with_deadline(began + Duration::from_millis(40)).run("").unwrap_err();
        assert!(HOLDS.swap(false, Ordering::SeqCst), "it waited for the turn of the other");
        assert!(matches!(late, Error::Limit { kind: LimitKind::Deadline, .. }), "{late:?}");
        assert_eq!(job.with_deadline(began + LONG).run("").unwrap(), "");
        busy.join().unwrap();
    });
}

#[test]
fn a_result_of_the_host_that_is_too_much_names_its_method() {
    let limits = Limits { value_items: 10, ..limits() };
    let error = alike!(|builder| builder.limits(limits).host::<dyn Host>(Hosted), |sandbox| {
        let job = sandbox.load::<dyn Job>(script("return `${Host.many(20)}`;")).unwrap();
        job.run("").unwrap_err().to_string()
    });
    assert!(error.contains("Host.many"), "{error}");
}

/// A property of an error that is too long is left out, and the others are not.
#[test]
fn properties_of_errors_are_bounded() {
    let body = "try { Host.long(Number(what)); } catch (error) { return JSON.stringify([error.text?.length, error.length]); }";
    let told = alike!(|builder| builder.limits(limits()).host::<dyn Host>(Hosted), |sandbox| {
        let job = sandbox.load::<dyn Job>(script(body)).unwrap();
        ["10", "1000000", "20000000"].map(|length| job.run(length).unwrap())
    });
    assert_eq!(told, ["[10,10]", "[1000000,1000000]", "[null,20000000]"]);
}

#[test]
fn lines_that_are_too_many_are_counted() {
    let limits = Limits { console_bytes: 100, ..limits() };
    let (all, dropped) = alike!(|builder| builder.limits(limits).console(Console::Capture), |sandbox| {
        let job =
            sandbox.load::<dyn Job>(script("console.log('x'.repeat(Number(what))); return what;")).unwrap();
        let mut all = Vec::new();
        for length in ["101", "90", "90", "10"] {
            job.run(length).unwrap();
            let last = sandbox.usage().last;
            all.push((last.console_bytes, last.console_dropped));
        }
        (all, sandbox.take_console().dropped)
    });
    assert_eq!((all, dropped), (vec![(0, 1), (90, 0), (0, 1), (10, 0)], 2));
}

/// In a process it cannot have the sandbox, and says so.
#[test]
fn a_sink_that_calls_its_own_sandbox_is_told() {
    let found = Arc::<Mutex<Vec<String>>>::default();
    let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));
    let own = Arc::<Mutex<Option<Arc<dyn Job + Send + Sync>>>>::default();
    let (into, sees) = (found.clone(), own.clone());
    let console = Console::sink(move |line| {
        let job = sees.lock().unwrap().clone();
        let outcome = job.map(|job| told(&job.run("inside")));
        into.lock().unwrap().push(format!("{}: {outcome:?}", line.text));
    });
    let sandbox = Sandbox::builder().limits(limits()).console(console).transport(process).build().unwrap();
    let job = sandbox.load::<dyn Job>(script("console.log(what); return what;")).unwrap();
    let job = Arc::new(job);
    *own.lock().unwrap() = Some(job.clone());
    assert_eq!(job.run("a").unwrap(), "a");
    assert_eq!(job.run("b").unwrap(), "b");
    let found = found.lock().unwrap().clone();
    assert!(
        found.iter().all(|line| line.contains("blocking") && line.contains("another thread")),
        "{found:?}"
    );
    assert_eq!(found.len(), 2);
    own.lock().unwrap().take();
}

#[test]
fn a_script_that_is_nested_too_deep_is_a_matter_of_the_stack() {
    for text in ["(", "`${", "x=>", "function f(){"] {
        let source = format!("export const run = () => 1; {}", text.repeat(50_000));
        let error = alike!(|builder| builder.limits(limits()), |sandbox| {
            let error = sandbox.eval(Script::new("deep.js", source.clone())).map(drop).unwrap_err();
            assert!(matches!(error, Error::Limit { kind: LimitKind::Stack, .. }), "{text}: {error:?}");
            let job = sandbox.load::<dyn Job>(script("return what;")).unwrap();
            assert_eq!(job.run("on").unwrap(), "on");
            error.to_string()
        });
        assert!(error.contains("deep.js"), "{error}");
    }
}
