//! Children that do not keep to the protocol: they are killed and reported, and the host goes on.
//!
//! This executable is the child as well. What it does is the name by which it was started.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::Path;
use std::time::{Duration, Instant};

use sandbox_runtime::process::Process;
use sandbox_runtime::{
    Bytes, Console, Death, Error, Limits, Result, Sandbox, SandboxPool, Script, Trust, sandbox_api,
};

#[sandbox_api(guest)]
pub trait Rule {
    fn price(&self, n: f64) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Shop {
    fn stock(&self, n: u32) -> u32;
}

#[sandbox_api(guest)]
pub trait Later {
    async fn later(&self) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Slow {
    async fn never(&self);
    async fn same(&self, bytes: Bytes) -> Bytes;
}

#[sandbox_runtime::async_trait]
impl Slow for () {
    async fn never(&self) {
        std::future::pending().await
    }

    async fn same(&self, bytes: Bytes) -> Bytes {
        bytes
    }
}

#[sandbox_api(host)]
pub trait Clock {
    #[sandbox(max_calls = 10)]
    fn few(&self);
    fn tick(&self);
}

impl Clock for () {
    fn few(&self) {}
    fn tick(&self) {}
}

impl Shop for () {
    fn stock(&self, n: u32) -> u32 {
        n
    }
}

const WALL: Duration = Duration::from_millis(300);

/// A name, what the child does when it is called, and whether it has to end so.
type Child = (&'static str, fn(&mut Line, u64), fn(&Death) -> bool);

const CHILDREN: &[Child] = &[
    ("garbage", |line, _| line.raw(&[0xff; 64]), is_protocol),
    ("half-a-frame", |line, call| line.raw(&frame(0x83, call, &[0; 105])[..50]), is_overdue),
    (
        "half-a-frame-and-gone",
        |line, call| {
            line.raw(&frame(0x83, call, &[0; 105])[..50]);
            std::process::exit(7);
        },
        |death| matches!(death, Death::Exit { code: 7, .. }),
    ),
    ("a-frame-too-short", |line, _| line.raw(&[8, 0, 0, 0, 0x83, 0, 0, 0, 0, 0, 0, 0, 0]), is_protocol),
    (
        "a-frame-of-four-gigabytes",
        |line, _| line.raw(&[0xff, 0xff, 0xff, 0xff, 0x83, 0, 0, 0, 0, 0, 0, 0, 0]),
        is_protocol,
    ),
    ("a-closed-channel", |line, _| line.close(), is_protocol),
    ("another-call", |line, call| line.frame(0x83, call + 1, &value(1.0)), is_protocol),
    ("an-aside-beyond-the-window", |line, call| line.aside(call, 12, 64 << 20, 32 << 10), is_protocol),
    ("an-aside-too-short", |line, call| line.aside(call, 12, 0, 100), is_protocol),
    (
        "an-aside-without-a-length",
        |line, call| line.frame(0x83, call, &[&[0; 96][..], &[19, 12]].concat()),
        is_protocol,
    ),
    ("an-aside-of-a-number", |line, call| line.aside(call, 4, 0, 32 << 10), is_protocol),
    ("an-aside-of-everything", |line, call| line.aside(call, 12, 0, 64 << 20), is_protocol),
    ("an-unknown-kind", |line, call| line.frame(0x99, call, &[]), is_protocol),
    ("a-kind-of-the-parent", |line, call| line.frame(5, call, &[]), is_protocol),
    ("no-value", |line, call| line.frame(0x83, call, &[0; 96]), is_protocol),
    ("an-unknown-tag", |line, call| line.frame(0x83, call, &[0xee; 97]), is_protocol),
    (
        "something-after-the-value",
        |line, call| line.frame(0x83, call, &[value(1.0), vec![0]].concat()),
        is_protocol,
    ),
    (
        "a-done-in-the-place-of-a-value",
        |line, call| {
            line.frame(0x82, call, br#"{"handle":1,"exported":[],"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}"#);
        },
        is_protocol,
    ),
    ("no-json", |line, call| line.frame(0x84, call, b"{"), is_protocol),
    (
        "a-limit-that-there-is-not",
        |line, call| {
            line.frame(0x84, call, br#"{"fault":{"Limit":{"kind":99,"limit":"","place":null}},"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}"#);
        },
        is_protocol,
    ),
    (
        "a-place-that-there-is-not",
        |line, call| {
            line.frame(0x84, call, br#"{"fault":{"Limit":{"kind":0,"limit":"","place":["Bank","transfer"]}},"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}"#);
        },
        is_protocol,
    ),
    (
        "faults-in-faults",
        |line, call| {
            let fault =
                format!(r#"{}{{"Build":""}}{}"#, r#"{"Discarded":"#.repeat(100_000), "}".repeat(100_000));
            line.frame(
                0x84,
                call,
                format!(r#"{{"fault":{fault},"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}}"#).as_bytes(),
            );
        },
        is_protocol,
    ),
    ("a-host-that-there-is-not", |line, _| line.frame(0x85, 1, &[9, 0, 0, 0, 0]), is_protocol),
    ("a-method-that-there-is-not", |line, _| line.frame(0x85, 1, &[0, 0, 9, 0, 0]), is_protocol),
    ("a-host-call-of-nothing", |line, _| line.frame(0x85, 1, &[]), is_protocol),
    ("a-method-to-wait-for-where-nobody-does", |line, _| line.frame(0x85, 1, NEVER), is_protocol),
    (
        "a-flood-of-host-calls",
        |line, _| loop {
            line.frame(0x85, 1, &[0, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
            line.skip();
        },
        is_protocol,
    ),
    (
        "too-many-calls-of-one-method",
        |line, _| loop {
            line.frame(0x85, 1, &[1, 0, 0, 0, 0]);
            line.skip();
        },
        is_protocol,
    ),
    (
        "host-calls-without-end",
        |line, _| loop {
            line.frame(0x85, 1, &[1, 0, 1, 0, 0]);
            line.skip();
        },
        is_overdue,
    ),
    (
        "a-flood-of-the-console",
        |line, _| loop {
            line.frame(0x86, 0, format!(r#"{{"level":0,"text":"{}"}}"#, "x".repeat(60_000)).as_bytes());
        },
        is_protocol,
    ),
    (
        "a-flood-of-nothing",
        |line, _| loop {
            line.raw(&frame(0x86, 0, br#"{"level":0,"text":""}"#).repeat(1000));
        },
        |death| is_protocol(death) || is_overdue(death),
    ),
    (
        "a-byte-now-and-then",
        |line, call| {
            for byte in frame(0x83, call, &value(1.0)) {
                line.raw(&[byte]);
                std::thread::sleep(Duration::from_millis(10));
            }
        },
        is_overdue,
    ),
    (
        "silence",
        |_, _| loop {
            std::thread::park();
        },
        is_overdue,
    ),
    // In one step, which no look from outside comes in time for.
    #[cfg(target_os = "linux")]
    ("memory-at-once", |_, _| at_once(1 << 30), |death| matches!(death, Death::Exit { code: REFUSED, .. })),
    #[cfg(target_os = "linux")]
    (
        "memory-that-it-may-have",
        |_, _| at_once(64 << 20),
        |death| matches!(death, Death::Exit { code: GIVEN, .. }),
    ),
    ("no-memory", |_, _| std::process::exit(12), |death| matches!(death, Death::Memory { .. })),
    ("an-end", |_, _| std::process::exit(3), |death| matches!(death, Death::Exit { code: 3, .. })),
    (
        "an-abort",
        |_, _| std::process::abort(),
        |death| matches!(death, Death::Signal { signal: libc::SIGABRT, .. }),
    ),
    (
        "a-wrong-address",
        |_, _| {
            // SAFETY: there is none: this is what is to be caught.
            unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) };
        },
        |death| matches!(death, Death::Signal { signal: libc::SIGSEGV, .. }),
    ),
    (
        "a-full-stack",
        |_, _| {
            println!("{}", deeper(0));
        },
        |death| matches!(death, Death::Signal { signal: libc::SIGABRT | libc::SIGSEGV, .. }),
    ),
    (
        "too-much-memory",
        |_, _| {
            let mut all = Vec::new();
            loop {
                all.push(vec![1_u8; 1 << 20]);
            }
        },
        |death| matches!(death, Death::Memory { .. }),
    ),
];

type Stillborn = (&'static str, fn(&mut Line));

/// Children that answer well, and then do something else.
const IDLERS: &[Stillborn] = &[
    ("computing-when-idle", |_| {
        loop {
            std::hint::spin_loop();
        }
    }),
    ("filling-memory-when-idle", |_| {
        let mut all = Vec::new();
        loop {
            all.push(vec![1_u8; 1 << 20]);
            // Not so quick that the kernel stops it first.
            std::thread::sleep(Duration::from_millis(4));
        }
    }),
    ("an-end-when-idle", |_| std::process::exit(3)),
];

/// The numbers of the method that never answers, and no arguments.
const NEVER: &[u8] = &[2, 0, 0, 0, 0];

/// The same, when they are called by somebody who waits for a promise.
const AWAITED: &[Child] = &[
    (
        "more-to-wait-for-than-may-be",
        |line, _| {
            for id in 1..100_000 {
                line.frame(0x85, id, NEVER);
            }
        },
        is_protocol,
    ),
    (
        // Calls that are answered, and the answers are not read.
        "much-to-say-and-nothing-to-hear",
        |line, _| {
            let body = [&[2, 0, 1, 0, 1, 12, 0x80, 0x80, 0x80, 0x04][..], &vec![7; 8 << 20]].concat();
            for id in 1..1000 {
                line.frame(0x85, id, &body);
            }
        },
        is_protocol,
    ),
    (
        "the-same-number-twice",
        |line, call| {
            line.frame(0x85, 1, NEVER);
            line.frame(0x85, 1, NEVER);
            line.frame(0x83, call + 1, &value(1.0));
        },
        is_protocol,
    ),
    (
        "silence-while-it-is-waited-for-a-method",
        |line, _| {
            line.frame(0x85, 1, NEVER);
            // It is told that it takes too long, and says nothing.
            line.skip();
        },
        is_overdue,
    ),
    (
        "half-a-frame-while-it-is-waited-for-a-method",
        |line, call| {
            line.frame(0x85, 1, NEVER);
            line.raw(&frame(0x83, call, &[0; 105])[..50]);
        },
        is_overdue,
    ),
    (
        "an-end-while-it-is-waited-for-a-method",
        |line, _| {
            line.frame(0x85, 1, NEVER);
            std::process::exit(7);
        },
        |death| matches!(death, Death::Exit { code: 7, .. }),
    ),
];

/// Children that do not come as far as being called.
const STILLBORN: &[Stillborn] = &[
    ("no-hello", |line| line.frame(0x82, 0, b"{}")),
    ("a-hello-of-another-version", |line| line.frame(0x81, 0, br#"{"version":0,"refusal":null}"#)),
    ("a-hello-of-nothing", |line| line.frame(0x81, 0, b"")),
    ("an-end-before-hello", |_| {}),
];

fn is_protocol(death: &Death) -> bool {
    matches!(death, Death::Protocol { .. })
}

fn is_overdue(death: &Death) -> bool {
    matches!(death, Death::Overdue)
}

#[expect(unconditional_recursion, reason = "it is to fill the stack")]
fn deeper(n: u64) -> u64 {
    std::hint::black_box([n; 64])[0] + deeper(std::hint::black_box(n + 1))
}

fn frame(kind: u8, call: u64, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 9).unwrap();
    [&length.to_le_bytes()[..], &[kind], &call.to_le_bytes(), body].concat()
}

/// What a child exits with that was refused memory, or was not.
const REFUSED: i32 = 40;
const GIVEN: i32 = 41;

/// Asks for so many bytes that can be written.
fn at_once(bytes: usize) {
    let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: the kernel chooses a place that nothing else has.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, flags, -1, 0) };
    std::process::exit(if start == libc::MAP_FAILED { REFUSED } else { GIVEN });
}

/// An empty bill and a number.
fn value(number: f64) -> Vec<u8> {
    [&[0; 96][..], &[4], &number.to_le_bytes()].concat()
}

/// The child's end of the channel.
struct Line(File);

impl Line {
    fn raw(&mut self, bytes: &[u8]) {
        // When the parent has had enough, this is over.
        if self.0.write_all(bytes).is_err() {
            std::process::exit(9);
        }
    }

    fn frame(&mut self, kind: u8, call: u64, body: &[u8]) {
        self.raw(&frame(kind, call, body));
    }

    /// A value of this tag and length that is said to be there in the window.
    fn aside(&mut self, call: u64, tag: u8, at: usize, length: usize) {
        let lengths = [at, length].map(|number| {
            [0, 7, 14, 21, 28].map(|shift| (number >> shift) as u8 & 0x7f | if shift < 28 { 0x80 } else { 0 })
        });
        // In its shortest form.
        let lengths = lengths.map(|long| {
            let end = (1..5).rev().find(|end| long[*end] & 0x7f != 0).unwrap_or(0);
            let mut short = long[..=end].to_vec();
            short[end] &= 0x7f;
            short
        });
        self.frame(0x83, call, &[&[0; 96][..], &[19, tag], &lengths.concat()].concat());
    }

    /// Without ending itself.
    fn close(&self) {
        // SAFETY: both are of this process; what reads or writes them next gets an error.
        unsafe { (libc::close(self.0.as_raw_fd()), libc::close(0)) };
    }

    /// The kind and the call of the next frame.
    fn next(&mut self) -> (u8, u64, Vec<u8>) {
        let mut length = [0; 4];
        if self.0.read_exact(&mut length).is_err() {
            std::process::exit(9);
        }
        let mut rest = vec![0; u32::from_le_bytes(length) as usize];
        self.0.read_exact(&mut rest).unwrap();
        (rest[0], u64::from_le_bytes(rest[1..9].try_into().unwrap()), rest[9..].to_vec())
    }

    fn skip(&mut self) {
        self.next();
    }
}

fn child(name: &str) {
    let mut line = Line(File::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap()));
    if let Some((_, act)) = STILLBORN.iter().find(|(known, _)| *known == name) {
        return act(&mut line);
    }
    let idler = IDLERS.iter().find(|(known, _)| *known == name);
    let act = CHILDREN.iter().chain(AWAITED).find(|(known, ..)| *known == name).map(|child| child.1);
    line.frame(0x81, 0, br#"{"version":2,"refusal":null}"#);
    let (1, call, _) = line.next() else { panic!("a setup") };
    line.frame(0x87, call, br#"{"report":{"layers":[]}}"#);
    loop {
        match line.next() {
            (2 | 3, call, _) => {
                line.frame(0x82, call, br#"{"handle":1,"exported":[true],"bill":[0,0,0,0,0,0,0,0,0,0,0,0]}"#);
            }
            (4, call, _) => {
                if let Some((_, act)) = idler {
                    line.frame(0x83, call, &value(1.0));
                    act(&mut line);
                }
                act.unwrap()(&mut line, call);
                std::thread::sleep(Duration::from_secs(10));
            }
            _ => {}
        }
    }
}

fn sandbox(program: &Path, calls: u64) -> Result<sandbox_runtime::ProcessSandbox> {
    let limits = Limits { wall: WALL, host_calls: calls, console_bytes: 1 << 10, ..Limits::default() };
    let process = Process::new().program(program);
    Sandbox::builder()
        .limits(limits)
        .console(Console::Capture)
        .transport(process)
        .host::<dyn Shop>(())
        .host::<dyn Clock>(())
        .host::<dyn Slow>(())
        .build()
}

/// The children of this process.
fn children() -> Vec<i32> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let of = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default()
    };
    let all = tasks.map(of).collect::<Vec<_>>().join(" ");
    all.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// Whether it is there, and has not ended.
fn lives(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn parent() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program = |name: &str| {
        let path = folder.join(name);
        std::os::unix::fs::symlink(std::env::current_exe().unwrap(), &path).unwrap();
        path
    };
    for (name, _, is_expected) in CHILDREN {
        let calls = if *name == "host-calls-without-end" { u64::MAX } else { 1000 };
        let sandbox = sandbox(&program(name), calls).unwrap_or_else(|error| panic!("{name}: {error}"));
        let end = || {
            let rule = sandbox.load::<dyn Rule>(Script::new("rule.js", "")).unwrap();
            let pid = sandbox.pid().unwrap();
            let began = Instant::now();
            let error = rule.price(1.0).map(|value| panic!("{name}: {value}")).unwrap_err();
            let took = began.elapsed();
            println!("test {name} ... {error} ({took:?})");
            assert!(
                matches!(&error, Error::Process { death, .. } if is_expected(death)),
                "{name}: {error:?}"
            );
            // It has been reaped, so there is no such process, not even a zombie.
            assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{name}");
            assert!(matches!(rule.price(1.0), Err(Error::Discarded { .. })), "{name}");
            sandbox.reset().unwrap();
            took
        };
        // What else the machine does may delay one of them.
        assert!((0..5).any(|_| end() < WALL + Duration::from_millis(250)), "{name}");
    }
    for (name, _) in IDLERS {
        let sandbox = sandbox(&program(name), 1000).unwrap();
        let rule = sandbox.load::<dyn Rule>(Script::new("rule.js", "")).unwrap();
        assert_eq!(rule.price(1.0).unwrap(), 1.0);
        let pid = sandbox.pid().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while Path::new(&format!("/proc/{pid}")).exists() {
            assert!(Instant::now() < deadline, "{name} lives on");
            std::thread::yield_now();
        }
        let error = rule.price(1.0).unwrap_err();
        println!("test {name} ... {error}");
        assert!(
            matches!(
                &error,
                Error::Process {
                    death: Death::Memory { .. } | Death::Protocol { .. } | Death::Exit { code: 3, .. },
                    ..
                }
            ),
            "{error:?}"
        );
        sandbox.reset().unwrap();
    }
    for (name, _) in STILLBORN {
        let error = sandbox(&program(name), 0).map(|_| panic!("{name}")).unwrap_err();
        println!("test {name} ... {error}");
        assert!(matches!(error, Error::Process { .. } | Error::Build { .. }), "{name}: {error:?}");
    }
    // In a pool it is no caller's affair: another takes the place of one that has ended while nobody called it.
    let pool = SandboxPool::builder().trust(Trust::Hostile);
    let pool = pool.transport(Process::new().program(folder.join("an-end-when-idle"))).build().unwrap();
    let rule = pool.tenant("a").load::<dyn Rule>(Script::new("rule.js", "")).unwrap();
    for _ in 0..5 {
        let before = children();
        assert_eq!(rule.price(1.0).unwrap(), 1.0);
        let deadline = Instant::now() + Duration::from_secs(20);
        while before.iter().all(|pid| lives(*pid)) {
            assert!(Instant::now() < deadline, "it lives on");
            std::thread::yield_now();
        }
    }
    println!("test another-in-its-place ... ok");
    drop((rule, pool));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (name, _, is_expected) in AWAITED {
        let sandbox = sandbox(&program(name), u64::MAX).unwrap();
        let later = sandbox.load::<dyn Later>(Script::new("rule.js", "")).unwrap();
        let began = Instant::now();
        let error = runtime.block_on(later.later()).unwrap_err();
        println!("test {name} ... {error} ({:?})", began.elapsed());
        assert!(matches!(&error, Error::Process { death, .. } if is_expected(death)), "{name}: {error:?}");
        assert!(began.elapsed() < WALL + Duration::from_secs(2), "{name}");
        sandbox.reset().unwrap();
    }
    // Where the kernel forgets how children end, that they do is seen all the same.
    // SAFETY: there is no other thread that handles signals.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let sandbox = sandbox(&folder.join("an-abort"), 0).unwrap();
    let rule = sandbox.load::<dyn Rule>(Script::new("rule.js", "")).unwrap();
    let error = rule.price(1.0).unwrap_err();
    println!("test nobody-can-tell ... {error}");
    let Error::Process { death: Death::Protocol { reason, .. }, .. } = &error else { panic!("{error:?}") };
    assert!(reason.contains("ignores `SIGCHLD`"), "{error}");
    sandbox.reset().unwrap();
    drop(sandbox);
    std::fs::remove_dir_all(&folder).unwrap();
    println!("test result: ok. {} passed", CHILDREN.len() + AWAITED.len() + IDLERS.len() + STILLBORN.len());
}

fn main() {
    let args = std::env::args().collect::<Vec<_>>();
    match args.get(1).map(String::as_str) {
        Some("--typed-sandbox-worker") => child(Path::new(&args[0]).file_name().unwrap().to_str().unwrap()),
        // Who lists tests finds none.
        Some("--list") => {}
        _ => parent(),
    }
}
