//! Guests in a process: the same contracts, hosts and proxies.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, UNIX_EPOCH};

use sandbox_runtime::process::{Hardening, Measure, Process, ProcessSandbox, Processed};
use sandbox_runtime::{Builder, Bytes, Error, LimitKind, Result, Sandbox, Script, sandbox_api};
use slack::{long, worker};

mod slack;

/// Nothing is ended here but what has a deadline.
fn builder() -> Builder<ProcessSandbox> {
    Sandbox::builder().transport(worker()).limits(long())
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    pub name: String,
    pub amount: u32,
    pub price: Option<f64>,
}

#[sandbox_api(guest)]
pub trait Rule {
    fn add(&self, a: f64, b: f64) -> Result<f64>;
    fn line(&self, line: Line) -> Result<Line>;
    fn greet(&self, name: &str) -> Result<String>;
    fn ask(&self, n: u32) -> Result<u32>;
    fn endless(&self) -> Result<()>;
    fn bad(&self) -> Result<u32>;
    fn fail(&self) -> Result<()>;
    fn refused(&self) -> Result<()>;
}

#[sandbox_api(host)]
pub trait Shop {
    fn stock(&self, n: u32) -> Result<u32, Closed>;
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the shop is closed")]
pub struct Closed;

struct Open;
impl Shop for Open {
    fn stock(&self, n: u32) -> Result<u32, Closed> {
        if n == 0 { Err(Closed) } else { Ok(n * 2) }
    }
}

const SCRIPT: &str = "
    export const add = (a, b) => a + b;
    export const line = (line) => ({ ...line, amount: line.amount + 1 });
    export const greet = (name) => `Hello, ${name}!`;
    export const ask = (n) => Shop.stock(n);
    export const endless = () => { for (;;); };
    export const bad = () => -1;
    export const fail = () => { throw new RangeError('no'); };
    export const refused = () => Shop.stock('x');
";

fn rule(sandbox: &ProcessSandbox) -> RuleProxy<Processed> {
    sandbox.load::<dyn Rule>(Script::new("rule.js", SCRIPT)).unwrap()
}

#[test]
fn values_go_there_and_back() {
    let sandbox = builder().host::<dyn Shop>(Open).build().unwrap();
    let rule = rule(&sandbox);
    assert_eq!(rule.add(1.0, 2.5).unwrap(), 3.5);
    let line = Line { name: "äöü 🦀".into(), amount: 1, price: None };
    assert_eq!(rule.line(line.clone()).unwrap(), Line { amount: 2, ..line });
    assert_eq!(rule.greet("Ada").unwrap(), "Hello, Ada!");
    assert_eq!(rule.ask(21).unwrap(), 42);
    assert!(sandbox.usage().total.calls >= 5, "{:?}", sandbox.usage());
    println!("{}", sandbox.hardening().unwrap());
}

#[test]
fn what_goes_wrong_is_the_same_error() {
    let sandbox = builder().host::<dyn Shop>(Open).build().unwrap();
    let rule = rule(&sandbox);
    let short = rule.with_deadline(Instant::now() + Duration::from_millis(200));
    assert!(matches!(short.endless(), Err(Error::Limit { kind: LimitKind::Deadline, .. })));
    assert_eq!(rule.ask(0).unwrap_err().host_error::<Closed>(), Some(&Closed));
    let Err(Error::Value(error)) = rule.bad() else { panic!("it is no u32") };
    assert_eq!(
        error.to_string(),
        "Rule.bad → result: expected an integer from 0 to 4294967295 (u32), got -1"
    );
    let Err(Error::Guest(thrown)) = rule.fail() else { panic!("it throws") };
    assert_eq!((thrown.name.as_deref(), thrown.message.as_str()), (Some("RangeError"), "no"));
    assert_eq!(thrown.stack[0].file, "rule.js");
    let error = rule.refused().unwrap_err().to_string();
    assert!(
        error
            .contains("TypeError: Shop.stock → n: expected an integer from 0 to 4294967295 (u32), got \"x\""),
        "{error}"
    );
    assert_eq!(rule.add(1.0, 1.0).unwrap(), 2.0);
}

#[sandbox_api(guest)]
pub trait Big {
    fn back(&self, bytes: Bytes) -> Result<Bytes>;
    fn through(&self, text: String) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Store {
    fn keep(&self, text: String) -> String;
}

impl Store for () {
    fn keep(&self, text: String) -> String {
        text
    }
}

/// Long bodies go through memory that both processes have; each size is sent after a longer and after a shorter one.
#[test]
fn long_values_cross() {
    let sandbox = builder().host::<dyn Store>(()).build().unwrap();
    let source = "export const back = (bytes) => bytes.reverse(); export const through = (text) => Store.keep(text) + '!';";
    let big = sandbox.load::<dyn Big>(Script::new("big.js", source)).unwrap();
    for size in [0, 1, 40_000, 32_767, 32_768, 1 << 20, 5 << 20, 100, 16_000_000, 33_000] {
        let bytes = (0..size).map(|n: u32| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect::<Vec<_>>();
        let back = big.back(Bytes::from(bytes.as_slice())).unwrap();
        assert!(back.iter().eq(bytes.iter().rev()), "{size}");
        let text = "ä".repeat(size as usize / 4);
        assert_eq!(big.through(text.clone()).unwrap(), text + "!");
    }
    let error = big.back(Bytes::from(vec![0; 17 << 20])).unwrap_err();
    assert!(matches!(error, Error::Value(_)), "{error}");
    assert_eq!(big.back(Bytes::from(vec![1, 2])).unwrap().as_ref(), [2, 1]);
}

#[test]
fn an_executable_that_was_not_asked_whether_it_is_a_child_is_not_started() {
    let error = Sandbox::builder().transport(Process::new()).build().map(drop).unwrap_err();
    assert!(matches!(&error, Error::Build { reason, .. } if reason.contains("process::init()")), "{error}");
    let error = Sandbox::builder()
        .transport(Process::new().program("/no/such/worker"))
        .build()
        .map(drop)
        .unwrap_err();
    assert!(matches!(&error, Error::Build { reason, .. } if reason.contains("/no/such/worker")), "{error}");
    let error = builder().host::<dyn Store>(()).host::<dyn Store>(()).build().map(drop).unwrap_err();
    let Error::Build { reason, .. } = error else { panic!("{error}") };
    assert!(reason.starts_with("two contracts named `Store` are hosted"), "{reason}");
}

#[test]
fn hosts_are_given_before_and_after_the_transport() {
    let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker"));
    let builder = Sandbox::builder().host::<dyn Store>(()).transport(process).limits(long());
    let sandbox = builder.host::<dyn Ladder>(Rungs(Guest::default())).build().unwrap();
    let source = "export const back = () => new Uint8Array(); export const through = (t) => Store.keep(t) + typeof Ladder;";
    let big = sandbox.load::<dyn Big>(Script::new("big.js", source)).unwrap();
    assert_eq!(big.through("a ".into()).unwrap(), "a object");
}

/// A kernel may lack a layer. Then it is an error, and otherwise the report has them all.
#[test]
fn hardening_can_be_required() {
    let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker")).hardening(Hardening::Required);
    match Sandbox::builder().transport(process).build() {
        Ok(sandbox) => {
            let report = sandbox.hardening().unwrap();
            assert!(report.is_complete() && report.is_active(Measure::Seccomp), "{report}");
        }
        Err(Error::Build { reason, .. }) => {
            assert!(reason.contains("is required and not available here"), "{reason}")
        }
        Err(error) => panic!("{error}"),
    }
}

#[sandbox_api(guest)]
pub trait Steps {
    fn down(&self, n: u32) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Ladder {
    fn step(&self, n: u32) -> Result<u32>;
}

type Guest = Arc<Mutex<Option<Arc<dyn Steps + Send + Sync>>>>;

struct Rungs(Guest);

impl Ladder for Rungs {
    fn step(&self, n: u32) -> Result<u32> {
        let guest = self.0.lock().unwrap().clone().unwrap();
        guest.down(n)
    }
}

const STEPS: &str = "export const down = (n) => n === 0 ? 0 : Ladder.step(n - 1) + 1;";

#[test]
fn calls_inside_of_calls() {
    let guest = Guest::default();
    let sandbox = builder().host::<dyn Ladder>(Rungs(guest.clone())).build().unwrap();
    let steps = Arc::new(sandbox.load::<dyn Steps>(Script::new("steps.js", STEPS)).unwrap());
    *guest.lock().unwrap() = Some(steps.clone());
    assert_eq!(steps.down(20).unwrap(), 20);
    // Without an end it meets a limit, and the sandbox can be called again.
    let error = steps.down(1_000_000).unwrap_err();
    assert!(!error.is_final(), "{error}");
    assert_eq!(steps.down(3).unwrap(), 3);
    // The stack of the caller may be shorter than that of the guest.
    let small = std::thread::Builder::new().stack_size(768 << 10);
    let own = steps.clone();
    let error = small.spawn(move || own.down(1_000_000).unwrap_err()).unwrap().join().unwrap();
    // It is the failure of a host method, as often as one was called.
    assert!(!error.is_final(), "{error}");
    assert_eq!(steps.down(3).unwrap(), 3);
    guest.lock().unwrap().take();
}

/// Two sandboxes that call each other, which is one chain of calls of one thread.
#[test]
fn calls_through_another_process() {
    let [there, back] = [Guest::default(), Guest::default()];
    let one = builder().host::<dyn Ladder>(Rungs(there.clone())).build().unwrap();
    let other = builder().host::<dyn Ladder>(Rungs(back.clone())).build().unwrap();
    let load = |sandbox: &ProcessSandbox| {
        Arc::new(sandbox.load::<dyn Steps>(Script::new("steps.js", STEPS)).unwrap())
    };
    let (first, second) = (load(&one), load(&other));
    *there.lock().unwrap() = Some(second.clone());
    *back.lock().unwrap() = Some(first.clone());
    assert_eq!(first.down(9).unwrap(), 9);
    assert_eq!(second.down(8).unwrap(), 8);
    there.lock().unwrap().take();
    back.lock().unwrap().take();
}

#[sandbox_api(guest)]
pub trait Deep {
    fn down(&self, n: u32, bytes: Bytes) -> Result<Bytes>;
}

#[sandbox_api(host)]
pub trait Well {
    fn deeper(&self, n: u32, bytes: Bytes) -> Result<Bytes>;
}

struct Bucket(Arc<Mutex<Option<Arc<dyn Deep + Send + Sync>>>>);

impl Well for Bucket {
    fn deeper(&self, n: u32, bytes: Bytes) -> Result<Bytes> {
        let guest = self.0.lock().unwrap().clone().unwrap();
        let longer = [&bytes[..], &[n as u8; 1000]].concat();
        guest.down(n, Bytes::from(longer))
    }
}

/// The memory that both processes have is used anew by each call inside of another.
#[test]
fn long_values_in_calls_inside_of_calls() {
    let guest = Arc::default();
    let sandbox = builder().host::<dyn Well>(Bucket(Arc::clone(&guest))).build().unwrap();
    let source = "export const down = (n, bytes) => {
        const below = n === 0 ? bytes : Well.deeper(n - 1, bytes);
        const all = new Uint8Array(below.length + bytes.length);
        all.set(below);
        all.set(bytes, below.length);
        return all;
    };";
    let deep: Arc<dyn Deep + Send + Sync> =
        Arc::new(sandbox.load::<dyn Deep>(Script::new("deep.js", source)).unwrap());
    *guest.lock().unwrap() = Some(deep.clone());
    fn expected(n: u8, bytes: Vec<u8>) -> Vec<u8> {
        let below = match n {
            0 => bytes.clone(),
            n => expected(n - 1, [&bytes[..], &[n - 1; 1000]].concat()),
        };
        [below, bytes].concat()
    }
    let bytes = (0..40_000_u32).map(|n| n.to_le_bytes()[0]).collect::<Vec<_>>();
    assert_eq!(*deep.down(6, Bytes::from(bytes.clone())).unwrap(), *expected(6, bytes));
    guest.lock().unwrap().take();
}

/// Calls of several threads take turns.
#[test]
fn calls_of_several_threads() {
    let sandbox = builder().host::<dyn Shop>(Open).build().unwrap();
    let rule = Arc::new(rule(&sandbox));
    std::thread::scope(|scope| {
        for thread in 0_u32..4 {
            let rule = rule.clone();
            scope.spawn(move || {
                for n in 0_u32..200 {
                    assert_eq!(rule.add(f64::from(thread), f64::from(n)).unwrap(), f64::from(thread + n));
                    assert_eq!(rule.ask(n + 1).unwrap(), 2 * (n + 1));
                }
            });
        }
    });
}

#[test]
fn the_world_of_a_guest_is_what_the_builder_says() {
    use sandbox_runtime::{Clock, Console, Random, VirtualClock};
    let clock = VirtualClock::new(UNIX_EPOCH + Duration::from_secs(5));
    let make = || {
        let builder = builder().clock(Clock::Virtual(clock.clone())).random(Random::Seeded(7));
        builder.console(Console::Capture).host::<dyn Shop>(Open).build().unwrap()
    };
    let script = |body: &str| {
        Script::new("rule.js", format!("{SCRIPT}\nglobalThis.never = 0;").replace("a + b", body))
    };
    let sandbox = make();
    let rule = sandbox.load::<dyn Rule>(script("(console.log('called with', a), Date.now())")).unwrap();
    assert_eq!(rule.add(1.0, 1.0).unwrap(), 5000.0);
    clock.advance(Duration::from_secs(1));
    assert_eq!(rule.add(2.0, 1.0).unwrap(), 6000.0);
    let lines = sandbox.take_console().lines.into_iter().map(|line| line.text).collect::<Vec<_>>();
    assert_eq!(lines, ["called with 1", "called with 2"]);
    let numbers = [make(), make()].map(|sandbox| {
        let rule = sandbox.load::<dyn Rule>(script("Math.random()")).unwrap();
        rule.add(0.0, 0.0).unwrap()
    });
    assert_eq!(numbers[0], numbers[1]);
}

#[sandbox_api(guest)]
pub trait Patience {
    async fn wait(&self, n: u32) -> Result<u32>;
}

#[sandbox_api(host)]
pub trait Slow {
    async fn never(&self);
    async fn soon(&self) -> u32;
}

/// Says when a method that never ends was dropped.
struct Never(Arc<AtomicBool>);

struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[sandbox_runtime::async_trait]
impl Slow for Never {
    async fn never(&self) {
        let _dropped = Dropped(self.0.clone());
        std::future::pending::<()>().await;
    }

    async fn soon(&self) -> u32 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        7
    }
}

/// A host method that never ends is waited for until the limit of the call, with a runtime and without.
#[test]
fn an_asynchronous_host_method_is_bounded() {
    let source = "export const wait = async (n) => n === 0 ? await Slow.soon() : (await Slow.never(), 1);";
    let is_dropped = Arc::<AtomicBool>::default();
    let sandbox = builder().host::<dyn Slow>(Never(is_dropped.clone())).build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let guest = sandbox.load::<dyn Patience>(Script::new("wait.js", source)).unwrap();
    let calls =
        |guest: &PatienceProxy<Processed>,
         block: &dyn Fn(sandbox_runtime::__private::Boxed<'_, Result<u32>>) -> Result<u32>| {
            is_dropped.store(false, Ordering::SeqCst);
            assert_eq!(block(guest.wait(0)).unwrap(), 7);
            let short = guest.with_deadline(Instant::now() + Duration::from_millis(500));
            let error = block(short.wait(1)).unwrap_err();
            assert!(matches!(error, Error::Limit { kind: LimitKind::Deadline, .. }), "{error}");
            assert!(is_dropped.load(Ordering::SeqCst));
            assert_eq!(block(guest.wait(0)).unwrap(), 7);
        };
    calls(&guest, &|call| runtime.block_on(call));
}

#[test]
fn values_beyond_the_limits_are_refused_before_they_are_sent() {
    let sandbox = builder().host::<dyn Store>(()).build().unwrap();
    let source = "export const back = (bytes) => bytes; export const through = (text) => text;";
    let big = sandbox.load::<dyn Big>(Script::new("big.js", source)).unwrap();
    let pid = sandbox.pid();
    let error = big.through("x".repeat(64 << 20)).unwrap_err();
    assert!(
        matches!(&error, Error::Value(error) if error.to_string().contains("bytes in one crossing")),
        "{error}"
    );
    assert_eq!(big.through("x".into()).unwrap(), "x");
    assert_eq!(sandbox.pid(), pid);
    let process = Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker")).memory(1 << 20);
    let error = Sandbox::builder().transport(process).build().map(drop).unwrap_err();
    assert!(matches!(&error, Error::Build { reason, .. } if reason.contains("at least 64 MiB")), "{error}");
}

/// The parser of the child's engine tells the host that its stack is full, and the child goes on.
#[test]
fn a_script_that_is_nested_too_deep_is_a_matter_of_the_stack() {
    let sandbox = builder().build().unwrap();
    for text in ["(", "[", "{", "`${", "try{", "x=>", "!", "a?", "new "] {
        for name in ["deep.js", "deep.mjs", "deep.cjs"] {
            let start = if name.ends_with("cjs") { "" } else { "export const run = () => 1; " };
            let deep = Script::new(name, format!("{start}{}", text.repeat(100_000)));
            let error = sandbox.eval(deep).map(drop).unwrap_err();
            assert!(
                matches!(error, Error::Limit { kind: LimitKind::Stack, .. }),
                "{name}, {text}: {error:?}"
            );
        }
        assert!(sandbox.eval(Script::new("flat.js", "export const run = () => 1;")).is_ok(), "{text}");
    }
}
