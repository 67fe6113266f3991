//! Many faults, one after the other and at the same time: the host lives, no call hangs, and nothing is left behind.
//!
//! A hundred by default; `SANDBOX_FAULTS=10000 cargo test -p sandbox-worker --test soak` for as many as are asked for.

// What ends these guests is V8's.
#![cfg(not(feature = "quickjs"))]
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sandbox_runtime::process::{ProcessSandbox, Processed};
use sandbox_runtime::{Death, Error, LimitKind, Limits, Result, Sandbox, Script, sandbox_api};
use slack::{LONG, is_in_time, long, worker};

mod slack;

#[sandbox_api(guest)]
pub trait Act {
    fn act(&self, what: u32) -> Result<f64>;
}

/// A guest says that it runs, and is killed while it does.
#[sandbox_api(host)]
pub trait Report {
    fn runs(&self);
}

/// A process and a signal.
#[derive(Clone, Default)]
struct Victim(Arc<(AtomicU32, AtomicI32)>);

impl Report for Victim {
    fn runs(&self) {
        let (pid, signal) = (self.0.0.load(Ordering::SeqCst).cast_signed(), self.0.1.load(Ordering::SeqCst));
        // SAFETY: numbers. The sandbox waits for the end of its call, so the process has not been reaped.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }
}

const SCRIPT: &str = "
    const acts = [
        () => 1,
        () => { throw new TypeError('no'); },
        () => { for (;;); },
        () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); },
        () => { const a = []; a.length = 2 ** 26; return a.fill(0.5).map((x) => ({ x })).length; },
        () => 'x'.repeat(2 ** 28).split('').length,
        () => { Report.runs(); for (;;); },
        () => { const f = () => f() + 1; return f(); },
        () => new Uint8Array(2 ** 33).length,
    ];
    export const act = (what) => acts[what]();
";

const WALL: Duration = Duration::from_millis(50);
const SIGNALS: [i32; 4] = [libc::SIGKILL, libc::SIGABRT, libc::SIGILL, libc::SIGTERM];

fn fault(nth: u32, sandbox: &ProcessSandbox, guest: &ActProxy<Processed>, victim: &Victim) {
    let what = nth % 9;
    if what == 6 {
        victim.0.0.store(sandbox.pid().unwrap(), Ordering::SeqCst);
        victim.0.1.store(SIGNALS[(nth / 9) as usize % SIGNALS.len()], Ordering::SeqCst);
    }
    let began = Instant::now();
    // A guest that is killed when it says that it runs has to come so far.
    let outcome = if what == 6 { guest.act(what) } else { guest.with_deadline(began + WALL).act(what) };
    let took = began.elapsed();
    // The machine runs several of them.
    assert!(is_in_time(took, WALL + Duration::from_secs(2)), "{what}: {took:?}");
    let is_expected = match (&outcome, what) {
        (Err(Error::Limit { kind: LimitKind::Deadline, .. }), 0..=5 | 7..) => true,
        (Ok(1.0), 0) => true,
        (Err(Error::Guest(_)), 1 | 8) => true,
        (Err(Error::Limit { kind: LimitKind::Heap, .. }), 3) => true,
        (Err(Error::Limit { .. } | Error::Process { .. }), 4 | 5) => true,
        (Err(Error::Process { death: Death::Signal { signal, .. }, .. }), 6) => SIGNALS.contains(signal),
        (Err(Error::Limit { kind: LimitKind::Stack, .. }), 7) => true,
        (Err(Error::Limit { kind: LimitKind::Buffers, .. }), 8) => true,
        _ => false,
    };
    assert!(is_expected, "{what}: {outcome:?}");
}

fn one(faults: &AtomicU32) {
    let victim = Victim::default();
    let limits = Limits { heap: 16 << 20, ..long() };
    let builder = Sandbox::builder().limits(limits).transport(worker());
    let sandbox = builder.host::<dyn Report>(victim.clone()).build().unwrap();
    let load = || sandbox.load::<dyn Act>(Script::new("act.js", SCRIPT)).unwrap();
    let mut guest = load();
    while let Ok(left) = faults.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
        fault(left, &sandbox, &guest, &victim);
        match guest.act(0) {
            Ok(value) => assert_eq!(value, 1.0),
            Err(Error::Discarded { .. }) => {
                let began = Instant::now();
                sandbox.reset().unwrap();
                guest = load();
                assert!(is_in_time(began.elapsed(), Duration::from_secs(2)), "{:?}", began.elapsed());
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[sandbox_api(guest)]
pub trait Acts {
    async fn act(&self, what: u32, after: u32) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Waits {
    async fn wait(&self, millis: u32);
}

/// Counts who waits.
#[derive(Clone, Default)]
struct Waiting(Arc<AtomicU32>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A host with the count of those who wait.
struct Waiter(Arc<AtomicU32>);

#[sandbox_runtime::async_trait]
impl Waits for Waiter {
    async fn wait(&self, millis: u32) {
        self.0.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(self.0.clone());
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
    }
}

/// Several calls at once in one process, of which some are dropped, some wait, and one may be its end.
async fn together(faults: &AtomicU32) {
    const AT_ONCE: u32 = 6;
    let count = Arc::<AtomicU32>::default();
    let limits = Limits { wall: WALL, heap: 16 << 20, ..Limits::default() };
    let builder = Sandbox::builder().limits(limits).transport(worker());
    let sandbox = builder.host::<dyn Waits>(Waiter(count.clone())).build().unwrap();
    let source = SCRIPT.replace("Report.runs(); for (;;);", "return new Promise(() => {});");
    let source = source.replace(
        "export const act = (what) => acts[what]();",
        "export const act = async (what, after) => { await Waits.wait(after); return await acts[what](); };",
    );
    let load = async || {
        loop {
            match sandbox.load_async::<dyn Acts>(Script::new("acts.js", &source)).await {
                Ok(guest) => return guest,
                // Others may have all processors for that long.
                Err(Error::Limit { kind: LimitKind::Wall, .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
    let mut guest = load().await;
    while let Ok(left) = faults.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
        let began = Instant::now();
        let calls = (0..AT_ONCE).map(|nth| {
            // One that does harm, at most, beside those that do not.
            let what = if nth == left % AT_ONCE { left % 9 } else { [0, 1, 6][(nth % 3) as usize] };
            let patience = if (left + nth) % 4 == 0 { Duration::from_millis(3) } else { LONG };
            tokio::time::timeout(patience, guest.act(what, (left + nth) % 5))
        });
        let mut is_over = false;
        for outcome in futures_util::future::join_all(calls).await.into_iter().flatten() {
            match outcome {
                Ok(value) => assert_eq!(value, 1.0),
                Err(Error::Guest(_)) => {}
                Err(
                    error @ (Error::Limit { .. }
                    | Error::Process { .. }
                    | Error::Discarded { .. }
                    | Error::Lost { .. }),
                ) => {
                    is_over |= error.is_final();
                }
                Err(error) => panic!("{error}"),
            }
        }
        let promised = WALL * AT_ONCE + Duration::from_secs(2);
        assert!(is_in_time(began.elapsed(), promised), "{left}: {:?}", began.elapsed());
        let outcome = guest.act(0, 0).await;
        assert_eq!(count.load(Ordering::SeqCst), 0, "methods of the host that wait for nobody");
        match outcome {
            Ok(value) => assert!(value == 1.0 && !is_over),
            Err(Error::Discarded { .. }) => {
                sandbox.reset_async().await.unwrap();
                guest = load().await;
            }
            Err(Error::Limit { kind: LimitKind::Wall, .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// The children of this process that there are, with those that have not been reaped.
fn children() -> Vec<(u32, bool)> {
    let own = std::process::id().to_string();
    let child = |entry: fs::DirEntry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let mut words = stat.rsplit_once(") ")?.1.split(' ');
        let (state, parent) = (words.next()?, words.next()?);
        (parent == own).then_some((entry.file_name().to_str()?.parse().ok()?, state == "Z"))
    };
    fs::read_dir("/proc").unwrap().filter_map(|entry| child(entry.ok()?)).collect()
}

/// One that is kept ready, and that somebody kills, is missed by nobody and does not stay.
fn the_spare_is_killed() {
    let sandbox = Sandbox::builder()
        .transport(worker())
        .limits(long())
        .host::<dyn Report>(Victim::default())
        .build()
        .unwrap();
    fn until(is_so: impl Fn(&[(u32, bool)]) -> bool) {
        let deadline = Instant::now() + LONG;
        while !is_so(&children()) {
            assert!(Instant::now() < deadline, "{:?}", children());
            std::thread::yield_now();
        }
    }
    until(|children| children.len() == 2);
    let own = sandbox.pid().unwrap();
    let spare = children().iter().find(|(pid, _)| *pid != own).unwrap().0;
    // SAFETY: it is a child of this process that nobody has reaped.
    unsafe { libc::kill(i32::try_from(spare).unwrap(), libc::SIGKILL) };
    until(|children| children == [(own, false)]);
    sandbox.reset().unwrap();
    assert_ne!(sandbox.pid(), Some(own));
    until(|children| children.len() == 2);
}

/// Open descriptors, threads, children that have not been reaped, and resident pages of this process.
fn held() -> [usize; 4] {
    let count = |path: &str| fs::read_dir(path).unwrap().count();
    let zombies = children().iter().filter(|(_, is_zombie)| *is_zombie).count();
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages = statm.split(' ').nth(1).unwrap().parse().unwrap();
    [count("/proc/self/fd"), count("/proc/self/task"), zombies, pages]
}

#[test]
fn faults() {
    let total = std::env::var("SANDBOX_FAULTS").map_or(100, |text| text.parse().unwrap());
    let run = |total: u32| {
        let faults = AtomicU32::new(total);
        std::thread::scope(|scope| {
            scope.spawn(|| one(&faults));
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(together(&faults));
            });
        });
    };
    the_spare_is_killed();
    // What is made once is there.
    run(20);
    let before = held();
    run(total);
    let deadline = Instant::now() + LONG;
    let mut after = held();
    // Threads of calls end in a moment.
    while after[1] > before[1] && Instant::now() < deadline {
        std::thread::yield_now();
        after = held();
    }
    println!("descriptors, threads, zombies, pages: {before:?} before, {after:?} after {total} faults");
    assert!(after[0] <= before[0] + 2, "descriptors: {before:?} {after:?}");
    assert!(after[1] <= before[1] + 1, "threads: {before:?} {after:?}");
    assert_eq!(after[2], 0, "zombies");
    assert!(after[3] <= before[3] + 2048, "8 MiB of memory: {before:?} {after:?}");
}
