//! What ends the process of a guest, and that nothing else ends.

// What ends these guests is V8's.
#![cfg(not(feature = "quickjs"))]
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sandbox_runtime::process::{Process, ProcessSandbox, Processed};
use sandbox_runtime::{
    Builder, Death, Error, LimitKind, Limits, Permission, Result, Sandbox, Script, sandbox_api,
};
use slack::{LONG, is_in_time, long};

mod slack;

fn builder() -> Builder<ProcessSandbox> {
    Sandbox::builder().transport(Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker")))
}

#[sandbox_api(guest)]
pub trait Act {
    fn act(&self) -> Result<f64>;
}

fn load(sandbox: &ProcessSandbox, body: &str) -> ActProxy<Processed> {
    let script = format!("export const act = () => {{ {body} }};");
    sandbox.load::<dyn Act>(Script::new("act.js", script)).unwrap()
}

fn act(sandbox: &ProcessSandbox, body: &str) -> Result<f64> {
    load(sandbox, body).act()
}

/// Calls what does not end by itself. Only this call has little time.
fn end(sandbox: &ProcessSandbox, body: &str) -> (Error, Duration) {
    let (outcome, took) = end_after(sandbox, body, SHORT);
    (outcome.unwrap_err(), took)
}

/// Makes a call that may end by itself, and ends it after `most`.
fn end_after(sandbox: &ProcessSandbox, body: &str, most: Duration) -> (Result<f64>, Duration) {
    let act = load(sandbox, body);
    let began = Instant::now();
    let outcome = act.with_deadline(began + most).act();
    let took = began.elapsed();
    println!("{took:?} {outcome:?}   {body:.100}");
    (outcome, took)
}

/// What a call has that does not end by itself.
const SHORT: Duration = Duration::from_millis(600);

/// A call ended by its time: by the engine if that has looked in time, else with its process. Then the sandbox goes on.
fn ended_by_time(sandbox: &ProcessSandbox, error: &Error) {
    match error {
        Error::Process { death: Death::Overdue, .. } => recovers(sandbox),
        Error::Limit { kind: LimitKind::Deadline | LimitKind::Cpu, .. } => {
            assert_eq!(act(sandbox, "return 2;").unwrap(), 2.0);
        }
        other => panic!("{other}"),
    }
}

/// Has a process killed from outside as soon as its guest says that it runs.
#[sandbox_api(host)]
pub trait Report {
    fn runs(&self);
}

/// Sends a signal to a process.
#[derive(Clone, Default)]
struct Killer(Arc<(AtomicU32, AtomicI32)>);

impl Report for Killer {
    fn runs(&self) {
        let (pid, signal) = (self.0.0.load(Ordering::SeqCst).cast_signed(), self.0.1.load(Ordering::SeqCst));
        // SAFETY: a number and a signal. The sandbox waits for the end of its call, so the process has not been reaped.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }
}

/// The signals that end a process, but for those that a shell has its background processes ignore.
const SIGNALS: [libc::c_int; 8] = [
    libc::SIGKILL,
    libc::SIGTERM,
    libc::SIGABRT,
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGFPE,
];

/// The most that a child of this process has had in memory, in bytes. Those that live do not count.
fn peak() -> u64 {
    // SAFETY: zero is a value of each of its fields, and the call writes no more than it is long.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage), 0);
        usage
    };
    u64::try_from(usage.ru_maxrss).unwrap() << 10
}

/// What a process may have, in bytes, as it is when nothing else is said.
const MEMORY: u64 = 224 << 20;

/// The sandbox is discarded, and is there again in another process.
fn recovers(sandbox: &ProcessSandbox) {
    let again = sandbox.load::<dyn Act>(Script::new("act.js", "export const act = () => 1;"));
    assert!(matches!(again.map(drop), Err(Error::Discarded { .. })));
    assert_eq!(sandbox.pid(), None);
    let began = Instant::now();
    sandbox.reset().unwrap();
    assert_eq!(act(sandbox, "return 2;").unwrap(), 2.0);
    println!("there again after {:?}", began.elapsed());
}

#[test]
fn a_signal_from_outside() {
    let killer = Killer::default();
    let sandbox = builder().limits(long()).host::<dyn Report>(killer.clone()).build().unwrap();
    for sent in SIGNALS {
        killer.0.0.store(sandbox.pid().unwrap(), Ordering::SeqCst);
        killer.0.1.store(sent, Ordering::SeqCst);
        let error = act(&sandbox, "for (let i = 0; i < 1e7; i++); Report.runs(); for (;;);").unwrap_err();
        let Error::Process { death: Death::Signal { signal, .. }, .. } = error else {
            panic!("{sent}: {error}")
        };
        assert_eq!(signal, sent);
        assert!(sandbox.usage().last.cpu > Duration::ZERO);
        recovers(&sandbox);
    }
}

/// One line each, known from the issues of sandboxes that run in the host's process.
const KILLERS: &[&str] = &[
    // Steps that V8 does not interrupt.
    "return new Array(1e8).fill(0).length;",
    "return 'x'.repeat(1e8).replace(/x/g, 'ab').length;",
    "return [].indexOf.call({ length: 2 ** 53 - 1 }, 1);",
    // Checks of V8 that end the process.
    "return 'x'.repeat(5e8).split('').length;",
    "return [].toSorted.call({ length: 2 ** 28 }).length;",
    // Memory that is part of no heap.
    "const all = []; for (;;) all.push(new Intl.NumberFormat('de', { style: 'unit', unit: 'liter' }));",
    "const all = []; for (;;) { const b = new ArrayBuffer(1, { maxByteLength: 2 ** 28 }); b.resize(2 ** 26); new Uint8Array(b).fill(1); all.push(b); }",
    "return 'x'.repeat(2 ** 28).split('').length;",
    "const a = []; a.length = 2 ** 26; return a.fill(0.5).map((x) => ({ x })).length;",
    "return (2n ** 60000000n).toString().length;",
    "return new Array(2 ** 25).fill('a').join('b'.repeat(20)).length;",
    "const a = []; for (;;) a.push(new Array(1e6).fill(a.length));",
    "return JSON.stringify(new Array(2 ** 24).fill('\\u0000'.repeat(64))).length;",
];

#[test]
fn one_line_killers() {
    let ends = |killer: &str| {
        let sandbox = builder().limits(long()).build().unwrap();
        let (error, took) = end(&sandbox, killer);
        match error {
            Error::Process { death: Death::Memory { resident, limit, .. }, .. } => {
                assert_eq!(limit, MEMORY);
                assert!(resident <= limit * 5 / 4, "{resident} of {limit}");
                recovers(&sandbox);
            }
            Error::Process { .. } | Error::Limit { kind: LimitKind::Heap, .. } => recovers(&sandbox),
            Error::Limit { kind: LimitKind::Deadline | LimitKind::Buffers, .. } | Error::Guest(_) => {
                assert_eq!(act(&sandbox, "return 2;").unwrap(), 2.0);
            }
            other => panic!("{other}"),
        }
        let peak = peak();
        assert!(peak <= MEMORY * 5 / 4, "{peak} of {MEMORY}");
        took
    };
    for killer in KILLERS {
        let promised = SHORT + Duration::from_millis(250);
        assert!((0..5).any(|_| is_in_time(ends(killer), promised)), "{killer}");
    }
}

/// V8 cannot have it, and says so: it is not merely gone.
#[test]
fn what_v8_has_no_memory_for() {
    let sandbox = builder().limits(long()).build().unwrap();
    let error = act(&sandbox, "return [].toSorted.call({ length: 2 ** 28 }).length;").unwrap_err();
    let Error::Process { death: death @ Death::Memory { resident, limit, .. }, .. } = &error else {
        panic!("{error}");
    };
    println!("{death}");
    assert!(*resident < MEMORY && *limit == MEMORY, "{error}");
    assert!(error.to_string().contains("the system refused a single allocation"), "{error}");
    recovers(&sandbox);
}

/// Its memory is that of the process, and no other limit sees it.
#[test]
fn the_memory_of_web_assembly() {
    let sandbox = builder().limits(long()).allow(Permission::WebAssembly).build().unwrap();
    let filled = |pages: u32| {
        format!(
            "const m = new WebAssembly.Memory({{ initial: {pages} }}); const b = new Uint8Array(m.buffer); for (let i = 0; i < 50; i++) b.fill(i); return 1;"
        )
    };
    // Of 64 KiB each: 1 GiB, which the kernel refuses.
    let error = act(&sandbox, &filled(1 << 14)).unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Heap, .. }), "{error}");
    recovers(&sandbox);
    // And 240 MiB, which are too much once they are used.
    let error = act(&sandbox, &filled(240 << 4)).unwrap_err();
    assert!(matches!(error, Error::Process { death: Death::Memory { .. }, .. }), "{error}");
    recovers(&sandbox);
    let peak = peak();
    assert!(peak <= MEMORY * 5 / 4, "{peak} of {MEMORY}");
}

/// A loop whose turns call nothing of the guest, in a function so long that V8 does not compile it and looks at limits seldom. Whether
/// it looks before the process is overdue, the machine decides.
#[test]
fn slow_turns_in_a_long_function() {
    let sandbox = builder().limits(long()).build().unwrap();
    let long = "x += 1; ".repeat(30_000);
    let body = format!(
        "let x = 0; const s = 'a'.repeat(1e5); if (globalThis.never) {{ {long} }} for (;;) s.toUpperCase();"
    );
    let (error, took) = end(&sandbox, &body);
    ended_by_time(&sandbox, &error);
    assert!(took < LONG / 2, "{took:?}");
}

/// A step that V8 does not interrupt, by the CPU time that it takes.
#[test]
fn a_step_that_takes_too_much_cpu_time() {
    let limits = Limits { cpu: Duration::from_millis(500), ..long() };
    let sandbox = builder().limits(limits).build().unwrap();
    let began = Instant::now();
    let error = act(&sandbox, "return [].indexOf.call({ length: 2 ** 53 - 1 }, 1);").unwrap_err();
    assert!(matches!(error, Error::Process { death: Death::Overdue, .. }), "{error}");
    assert!(began.elapsed() < LONG / 2, "it was not the wall: {:?}", began.elapsed());
    recovers(&sandbox);
    ended_by_time(&sandbox, &act(&sandbox, "for (;;);").unwrap_err());
}

/// What calls before it were billed is not on the bill of the call in which the process ends.
#[test]
fn the_bill_of_the_last_call() {
    let limits = Limits { cpu: Duration::from_millis(500), ..long() };
    let sandbox = builder().limits(limits).build().unwrap();
    let busy = load(&sandbox, "for (let i = 0; i < 1e7; i++); return 1;");
    while sandbox.usage().total.cpu < Duration::from_secs(2) {
        busy.act().unwrap();
    }
    let before = sandbox.usage().total.cpu;
    let error = act(&sandbox, "return [].indexOf.call({ length: 2 ** 53 - 1 }, 1);").unwrap_err();
    assert!(matches!(error, Error::Process { death: Death::Overdue, .. }), "{error}");
    let usage = sandbox.usage();
    println!("{before:?} {usage:?}");
    // The kernel counts in steps of some milliseconds, and the threads of the engine as well.
    assert!(usage.last.cpu <= usage.last.wall + Duration::from_millis(150), "{usage:?}");
    // What the kernel counts in ticks, and ends the process by, is up to a half more than it bills at the end.
    assert!(usage.last.cpu > Duration::from_millis(200), "{usage:?}");
    assert!(usage.last.cpu < before, "{before:?} {usage:?}");
    // To load the script is a call as well.
    let loading = usage.total.cpu - before - usage.last.cpu;
    assert!(loading < before / 2, "{loading:?} of {before:?} {usage:?}");
}

/// Memory that is refused to code which only aborts then: ICU, the allocator of C++, the compilers, and Rust.
const REFUSED: &[&str] = &[
    "const a = [], s = 'x'.repeat(1e6), z = new Intl.Segmenter('en', { granularity: 'word' }); for (;;) a.push(z.segment(s));",
    "const a = []; for (;;) a.push(new Intl.NumberFormat('de', { style: 'unit', unit: 'liter' }));",
    "const a = []; for (;;) a.push(new Intl.DateTimeFormat('de', { dateStyle: 'full' }));",
    "const a = []; for (;;) a.push(new Intl.Collator('de'));",
    "return eval('{}'.repeat(2 ** 21));",
    "return eval('[' + '[],'.repeat(2 ** 20) + ']').length;",
    "return eval('(' + 'a=>'.repeat(2 ** 17) + '1').length;",
    "const s = 'x'.repeat(2 ** 28); return s.normalize('NFD').length + s.localeCompare(s + 'y') + s.toLocaleUpperCase('tr').length;",
    "return [].toSorted.call({ length: 2 ** 28 }).length;",
];

#[test]
fn a_native_death_for_want_of_memory_says_so() {
    for body in REFUSED {
        let sandbox = builder().limits(long()).allow(Permission::Eval).build().unwrap();
        let (outcome, _) = end_after(&sandbox, body, LONG / 4);
        match outcome {
            Err(Error::Process { death: Death::Memory { limit, .. }, .. }) => {
                assert_eq!(limit, MEMORY);
                recovers(&sandbox);
            }
            Err(Error::Limit { kind: LimitKind::Heap, .. }) => recovers(&sandbox),
            Ok(_) | Err(Error::Limit { .. } | Error::Guest(_)) => {
                assert_eq!(act(&sandbox, "return 2;").unwrap(), 2.0);
            }
            Err(other) => panic!("{body}: {other}"),
        }
    }
}
