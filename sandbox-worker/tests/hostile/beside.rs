//! Children that are called by several at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sandbox_runtime::process::Process;
use sandbox_runtime::{Death, Error, SandboxPool, Script, Trust};
use tokio::runtime::Runtime;

use crate::slack::{LONG, is_in_time, long};
use crate::{Big, Later, SHORT, Ticks, sandbox_of};

fn script() -> Script {
    Script::new("rule.js", "")
}

/// A call waits, and another has more to send than there is room for: what the child says meanwhile is kept, and that has an end.
pub(crate) fn a_flood_is_not_kept(program: PathBuf, runtime: &Runtime) {
    let ticks = Ticks::default();
    // A child that another call waits for may take as long as that, before its turn.
    let wall = Duration::from_secs(5);
    let sandbox = sandbox_of(&program, u64::MAX, wall, ticks.clone()).unwrap();
    let (later, big) = (sandbox.load::<dyn Later>(script()), sandbox.load::<dyn Big>(script()).unwrap());
    let later = later.unwrap();
    let waits = runtime.spawn(async move { later.later().await });
    ticks.is_there();
    let (before, began) = (resident(), Instant::now());
    let error = big.with_deadline(began + SHORT).big(vec![7; 4 << 20].into()).unwrap_err();
    let (grown, took) = (resident().saturating_sub(before), began.elapsed());
    println!("test a-flood-is-not-kept ... {error} ({took:?}, {} MiB)", grown >> 20);
    assert!(matches!(&error, Error::Process { .. }), "{error:?}");
    assert!(is_in_time(took, SHORT + wall + Duration::from_secs(1)), "{took:?}");
    // What is kept, and what an allocator makes of it.
    assert!(grown < 400 << 20, "{grown}");
    // Its own time may have been over before.
    let error = runtime.block_on(waits).unwrap().unwrap_err();
    assert!(matches!(error, Error::Process { .. } | Error::Limit { .. }), "{error:?}");
}

/// A method that may be called ten times in a call is not called more often in one, however many calls there were.
pub(crate) fn each_call_has_its_own(program: PathBuf, runtime: &Runtime) {
    let ticks = Ticks::default();
    let sandbox = sandbox_of(&program, u64::MAX, LONG, ticks.clone()).unwrap();
    let later = [(); 2].map(|()| Arc::new(sandbox.load::<dyn Later>(script()).unwrap()));
    let call = |nth: usize| {
        let later = later[nth % 2].clone();
        runtime.spawn(async move { later.later().await })
    };
    let first = call(0);
    ticks.is_there();
    for nth in 1..9 {
        assert_eq!(runtime.block_on(call(nth)).unwrap().unwrap(), 1.0);
    }
    let error = runtime.block_on(call(9)).unwrap().unwrap_err();
    println!("test each-call-has-its-own ... {error}");
    assert!(matches!(&error, Error::Process { death: Death::Protocol { .. }, .. }), "{error:?}");
    assert!(runtime.block_on(first).unwrap().is_err());
    assert_eq!(ticks.few.load(Ordering::SeqCst), 1 + 10);
}

/// On a pool's thread, which has others to poll, somebody goes on to look at the time.
pub(crate) fn a_pool_is_told(program: PathBuf, runtime: &Runtime) {
    let pool = SandboxPool::builder().trust(Trust::Hostile).limits(long()).patience(LONG);
    let pool = pool.transport(Process::new().program(program)).host::<dyn crate::Shop>(|_| Box::new(()));
    let pool = pool.host::<dyn crate::Clock>(|_| Box::new(Ticks::default()));
    let pool = pool.host::<dyn crate::Slow>(|_| Box::new(())).build().unwrap();
    let tenant = pool.tenant("a");
    let later = [(); 2].map(|()| tenant.load::<dyn Later>(script()).unwrap());
    let (began, time) = (Instant::now(), Duration::from_secs(3));
    let error = runtime.block_on(later[0].with_deadline(began + time).later()).unwrap_err();
    println!("test a-pool-is-told ... {error} ({:?})", began.elapsed());
    assert!(matches!(&error, Error::Process { death: Death::Overdue, .. }), "{error:?}");
    assert!(is_in_time(began.elapsed(), time + Duration::from_secs(3)));
}

impl Ticks {
    /// Returns once a child has told the host that its first call is there.
    fn is_there(&self) {
        let deadline = Instant::now() + LONG;
        while self.few.load(Ordering::SeqCst) == 0 {
            assert!(Instant::now() < deadline, "it does not say so");
            std::thread::yield_now();
        }
    }
}

/// What this process has in memory, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() << 12
}
