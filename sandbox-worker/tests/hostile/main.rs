//! Children that do not keep to the protocol: they are killed and reported, and the host goes on.
//!
//! This executable is the child as well. What it does is the name by which it was started.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

mod beside;
mod children;
mod counts;
mod line;
#[path = "../slack/mod.rs"]
mod slack;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use children::{AWAITED, BILLS, CHILDREN, IDLERS, NUMBERED, OLDER, STILLBORN, child};
use sandbox_runtime::process::Process;
use sandbox_runtime::{
    Bytes, Console, Death, Error, Handle, Items, Limits, Result, Sandbox, SandboxPool, Script, Trust,
    sandbox_api,
};
use slack::{LONG, is_in_time, long};

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

#[sandbox_api(guest)]
pub trait Big {
    fn big(&self, bytes: Bytes) -> Result<f64>;
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
pub trait File: Send + Sync {
    fn read(&self) -> u32;
}

/// An object of the guest.
#[sandbox_api(guest)]
pub trait Row: Send + Sync {
    fn get(&self) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Files {
    fn open(&self) -> Handle<dyn File>;
    fn take(&self, file: Handle<dyn File>);
    /// Keeps the row.
    fn keep(&self, row: Handle<dyn Row>);
    /// Keeps the stream.
    fn list(&self, items: Items<f64>);
}

impl File for Arc<()> {
    fn read(&self) -> u32 {
        1
    }
}

/// Counts the files that live.
#[derive(Clone, Default)]
struct Folder(Arc<()>, Arc<Mutex<Vec<Handle<dyn Row>>>>, Arc<Mutex<Vec<Items<f64>>>>);

impl Files for Folder {
    fn open(&self) -> Handle<dyn File> {
        Handle::new(self.0.clone())
    }

    fn take(&self, _: Handle<dyn File>) {}

    fn keep(&self, row: Handle<dyn Row>) {
        self.1.lock().unwrap().push(row);
    }

    fn list(&self, items: Items<f64>) {
        self.2.lock().unwrap().push(items);
    }
}

#[sandbox_api(host)]
pub trait Clock {
    #[sandbox(max_calls = 10)]
    fn few(&self);
    fn tick(&self);
    fn slow(&self);
    /// Calls the guest.
    fn again(&self);
}

/// Counts what it is called for.
#[derive(Clone, Default)]
struct Ticks {
    few: Arc<AtomicUsize>,
    files: Folder,
    rule: Arc<Mutex<Option<Arc<dyn Rule + Send + Sync>>>>,
}

impl Clock for Ticks {
    fn few(&self) {
        self.few.fetch_add(1, Ordering::SeqCst);
    }

    fn tick(&self) {}

    fn slow(&self) {
        std::thread::sleep(Duration::from_millis(20));
    }

    fn again(&self) {
        let rule = self.rule.lock().unwrap().clone();
        _ = rule.unwrap().price(1.0);
    }
}

impl Shop for () {
    fn stock(&self, n: u32) -> u32 {
        n
    }
}

/// How long a child is waited for that is to be killed while nobody calls it.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many files a guest may hold.
const MOST_FILES: usize = 10;
/// What a call has that a child does not end by itself.
const SHORT: Duration = Duration::from_millis(300);

fn sandbox(program: &Path, calls: u64) -> Result<sandbox_runtime::ProcessSandbox> {
    sandbox_of(program, calls, LONG, Ticks::default())
}

fn sandbox_of(
    program: &Path,
    calls: u64,
    wall: Duration,
    ticks: Ticks,
) -> Result<sandbox_runtime::ProcessSandbox> {
    let limits =
        Limits { wall, host_calls: calls, console_bytes: 1 << 10, handles: MOST_FILES, ..Limits::default() };
    let process = Process::new().program(program);
    let files = ticks.files.clone();
    Sandbox::builder()
        .limits(limits)
        .console(Console::Capture)
        .transport(process)
        .host::<dyn Shop>(())
        .host::<dyn Clock>(ticks)
        .host::<dyn Slow>(())
        .host::<dyn Files>(files)
        .build()
}

/// Whether it is there, and has not ended.
fn lives(pid: f64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn called_children_are_killed(program: impl Fn(&str) -> PathBuf) {
    for (name, _, is_expected) in CHILDREN {
        // What a child does at once is not to be cut short.
        let time = if is_expected(&Death::Overdue) { SHORT } else { LONG };
        let calls = if *name == "host-calls-without-end" { u64::MAX } else { 1000 };
        let ticks = Ticks::default();
        let sandbox = sandbox_of(&program(name), calls, LONG, ticks.clone());
        let sandbox = sandbox.unwrap_or_else(|error| panic!("{name}: {error}"));
        let end = || {
            let rule = Arc::new(sandbox.load::<dyn Rule>(Script::new("rule.js", "")).unwrap());
            *ticks.rule.lock().unwrap() = Some(rule.clone());
            let pid = sandbox.pid().unwrap();
            let began = Instant::now();
            let error = rule.with_deadline(began + time).price(1.0);
            let error = error.map(|value| panic!("{name}: {value}")).unwrap_err();
            let took = began.elapsed();
            println!("test {name} ... {error} ({took:?})");
            assert!(
                matches!(&error, Error::Process { death, .. } if is_expected(death)),
                "{name}: {error:?}"
            );
            // It has been reaped, so there is no such process, not even a zombie.
            assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{name}");
            assert!(matches!(rule.price(1.0), Err(Error::Discarded { .. })), "{name}");
            let rows = std::mem::take(&mut *ticks.files.1.lock().unwrap());
            assert!(rows.iter().all(|row| matches!(row.get(), Err(Error::Discarded { .. }))), "{name}");
            let mut lists = std::mem::take(&mut *ticks.files.2.lock().unwrap());
            let ended = |items: &mut Items<f64>| matches!(items.next(), Some(Err(Error::Discarded { .. })));
            assert!(lists.len() <= MOST_FILES && lists.iter_mut().all(ended), "{name}");
            // One is in this function, and one in the sandbox's host.
            assert_eq!(Arc::strong_count(&ticks.files.0), 3, "{name} left files");
            sandbox.reset().unwrap();
            took
        };
        let promised = SHORT + Duration::from_millis(250);
        assert!((0..5).any(|_| is_in_time(end(), promised)), "{name}");
    }
}

/// The CPU time that a process has had.
fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
    let stat = String::from_utf8_lossy(&stat);
    let ticks = stat.rsplit_once(") ").map_or(0, |(_, rest)| {
        rest.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    });
    // SAFETY: it asks for a number.
    Duration::from_millis(ticks * 1000 / u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).unwrap())
}

fn idle_children_are_killed(program: impl Fn(&str) -> PathBuf) {
    'each: for (name, _) in IDLERS {
        let sandbox = sandbox(&program(name), 1000).unwrap();
        let rule = sandbox.load::<dyn Rule>(Script::new("rule.js", "")).unwrap();
        assert_eq!(rule.price(1.0).unwrap(), 1.0);
        let pid = sandbox.pid().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while Path::new(&format!("/proc/{pid}")).exists() {
            if Instant::now() >= deadline {
                // An engine may compute for two fifths of the time, and on a machine that is busy nobody can do more.
                assert!(cpu(pid) < PATIENCE * 2 / 5, "{name} lives on");
                println!("test {name} ... had no processor");
                sandbox.reset().unwrap();
                continue 'each;
            }
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
}

fn stillborn_children_are_told(program: impl Fn(&str) -> PathBuf) {
    for (name, _) in STILLBORN {
        let error = sandbox(&program(name), 0).map(|_| panic!("{name}")).unwrap_err();
        println!("test {name} ... {error}");
        assert!(matches!(error, Error::Process { .. } | Error::Build { .. }), "{name}: {error:?}");
        assert_eq!(error.to_string().contains("of another version"), *name == OLDER, "{name}: {error}");
    }
}

fn a_pool_replaces_what_has_ended(program: impl Fn(&str) -> PathBuf) {
    // In a pool it is no caller's affair: another takes the place of one that has ended while nobody called it.
    let pool = SandboxPool::builder().trust(Trust::Hostile);
    let pool = pool.limits(long()).patience(LONG);
    let pool = pool.transport(Process::new().program(program(NUMBERED))).build().unwrap();
    let rule = pool.tenant("a").load::<dyn Rule>(Script::new("rule.js", "")).unwrap();
    let mut all = HashSet::new();
    for _ in 0..5 {
        let pid = rule.price(1.0).unwrap();
        assert!(all.insert(pid.to_string()), "{pid} has ended before");
        let deadline = Instant::now() + LONG;
        while lives(pid) {
            assert!(Instant::now() < deadline, "it lives on");
            std::thread::yield_now();
        }
    }
    println!("test another-in-its-place ... ok");
    drop((rule, pool));
}

fn awaited_children_are_killed(program: impl Fn(&str) -> PathBuf, runtime: &tokio::runtime::Runtime) {
    for (name, _, is_expected) in AWAITED {
        let time = match is_expected(&Death::Overdue) {
            // To say much takes a while, in a build that is not optimised.
            true if *name == "much-to-say-and-nothing-to-hear" => Duration::from_secs(4),
            true => SHORT,
            false => LONG,
        };
        let sandbox = sandbox(&program(name), u64::MAX).unwrap();
        let later = sandbox.load::<dyn Later>(Script::new("rule.js", "")).unwrap();
        let began = Instant::now();
        let error = runtime.block_on(later.with_deadline(began + time).later()).unwrap_err();
        println!("test {name} ... {error} ({:?})", began.elapsed());
        assert!(matches!(&error, Error::Process { death, .. } if is_expected(death)), "{name}: {error:?}");
        assert!(is_in_time(began.elapsed(), time + Duration::from_secs(2)), "{name}");
        sandbox.reset().unwrap();
    }
}

fn parent() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program = |name: &str| {
        let path = folder.join(name);
        std::os::unix::fs::symlink(std::env::current_exe().unwrap(), &path).unwrap();
        path
    };
    called_children_are_killed(program);
    idle_children_are_killed(program);
    stillborn_children_are_told(program);
    a_pool_replaces_what_has_ended(program);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    awaited_children_are_killed(program, &runtime);
    beside::a_flood_is_not_kept(program("lines-of-nothing-without-end"), &runtime);
    beside::each_call_has_its_own(program("what-all-may-have-for-one"), &runtime);
    beside::a_pool_is_told(program("much-to-say-and-an-end-of-it"), &runtime);
    #[cfg(target_os = "linux")]
    counts::memory_that_is_not_resident_is_counted(program);
    counts::bills_are_held_to_what_the_parent_counts(program(BILLS), &runtime);
    // Where the kernel forgets how children end, that they do is seen all the same.
    // SAFETY: there is no other thread that handles signals.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let sandbox = sandbox(&folder.join("an-abort"), 0).unwrap();
    let rule = sandbox.load::<dyn Rule>(Script::new("rule.js", "")).unwrap();
    let error = rule.price(1.0).unwrap_err();
    println!("test nobody-can-tell ... {error}");
    assert!(matches!(&error, Error::Process { death: Death::Unobserved, .. }), "{error:?}");
    assert!(error.to_string().contains("ignores `SIGCHLD`"), "{error}");
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
