//! Runs programs that never end, and ends the process should one of them really not.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use sandbox_runtime::{Error, LimitKind, Limits, LocalSandbox, Result, Script, sandbox_api};

use crate::slack::{LONG, again};

/// What every program exports.
#[sandbox_api(guest)]
pub trait Program {
    fn warm(&self) -> Result<f64>;
    fn run(&self) -> Result<f64>;
    fn ok(&self) -> Result<f64>;
}

/// What takes longer than this will never end.
const HANG: Duration = LONG;

/// Runs `body`. When it hangs there is no thread left that could fail a test, so what hangs is printed and the process
/// ends.
pub fn guarded<R>(what: &str, body: impl FnOnce() -> R) -> R {
    let (done, is_done) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if is_done.recv_timeout(HANG) == Err(RecvTimeoutError::Timeout) {
                // Not `eprintln!`, which a test's output would swallow.
                _ = writeln!(std::io::stderr(), "cannot be ended, after {HANG:?}:\n{what}");
                std::process::abort();
            }
        });
        let _until_here = done;
        body()
    })
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    pub kind: LimitKind,
    /// How long it ran.
    pub elapsed: Duration,
}

/// Runs a program hot and then without end, and says how it ended; an error when it ended in another way than by a
/// limit, or the sandbox does not do afterwards what it should.
pub fn end(source: &str, limits: Limits, warm_up: Duration) -> Result<Ended, String> {
    guarded(source, || {
        let sandbox = LocalSandbox::builder().limits(limits).build().map_err(|error| error.to_string())?;
        let script = Script::new("endless.mjs", source);
        let program = again(|| sandbox.load::<dyn Program>(script.clone()));
        let program = program.map_err(|error| format!("{error:?}"))?;
        warm(&program, warm_up)?;
        let started = Instant::now();
        let result = program.run();
        let elapsed = started.elapsed();
        let (kind, is_final) = match result {
            Err(error @ Error::Limit { kind, .. }) => (kind, error.is_final()),
            other => return Err(format!("it did not end at a limit: {other:?}")),
        };
        match again(|| program.ok()) {
            Ok(1.0) if !is_final => Ok(Ended { kind, elapsed }),
            Err(Error::Discarded { .. }) if is_final => Ok(Ended { kind, elapsed }),
            other => Err(format!("after its end by {kind:?}: {other:?}")),
        }
    })
}

/// Calls the loop until the compilers have had it. A busy machine may not get there within the limit of a call.
fn warm(program: &dyn Program, time: Duration) -> Result<(), String> {
    let started = Instant::now();
    while started.elapsed() < time {
        match program.warm() {
            Ok(_) => {}
            Err(Error::Limit { kind: LimitKind::Wall, .. }) => break,
            Err(error) => return Err(format!("while it was run hot: {error:?}")),
        }
    }
    Ok(())
}

/// Gives each number below `count` to `work`, on all processors.
pub fn on_all_processors<R: Send>(count: u64, work: impl Fn(u64) -> R + Sync) -> Vec<R> {
    let (next, results) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let result = work(number);
                    results.lock().unwrap().push(result);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

/// What went well, and what did not.
pub fn parted<T, E>(results: Vec<Result<T, E>>) -> (Vec<T>, Vec<E>) {
    let (mut well, mut wrong) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => well.push(value),
            Err(error) => wrong.push(error),
        }
    }
    (well, wrong)
}

/// The value that so many of a hundred are not above.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * percent / 100).min(last)).copied().unwrap_or_default()
}
