//! Children that take memory which is not resident, and children that bill what they like.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sandbox_runtime::process::Process;
use sandbox_runtime::{Bill, Death, Error, Limits, Sandbox, SandboxPool, Script, Trust};
use tokio::runtime::Runtime;

use crate::children::BILLS;
use crate::slack::{LONG, long};
use crate::{Later, Rule, sandbox};

fn script() -> Script {
    Script::new("rule.js", "")
}

/// Page tables and windows are memory, whatever the child has dropped from its own count.
#[cfg(target_os = "linux")]
pub(crate) fn memory_that_is_not_resident_is_counted(program: impl Fn(&str) -> PathBuf) {
    for (name, _, is_expected) in crate::children::HOARDERS {
        let process = Process::new().program(program(name)).memory(64 << 20);
        let sandbox = Sandbox::builder().limits(long()).transport(process).build().unwrap();
        let rule = sandbox.load::<dyn Rule>(script()).unwrap();
        let began = Instant::now();
        let error = rule.price(1.0).unwrap_err();
        println!("test {name} ... {error} ({:?})", began.elapsed());
        assert!(
            matches!(&error, Error::Process { death, .. } if is_expected(death)),
            "{name}: {error:?}, which has to be seen before the call is over"
        );
        sandbox.reset().unwrap();
    }
}

/// No number of a bill is larger than it can be.
#[track_caller]
fn assert_true(bill: &Bill, passed: Duration, calls: u64) {
    let limits = Limits::default();
    let counted = u64::try_from(passed.as_nanos()).unwrap() / 10;
    // A script is loaded and bound, and called: a request and an answer each.
    let crossing = (limits.value_bytes + 8 * limits.value_nodes) as u64;
    assert_eq!(bill.calls, calls, "{bill:?}");
    assert!(bill.wall <= passed && bill.cpu <= passed, "{passed:?}: {bill:?}");
    assert_eq!((bill.host_time, bill.console_bytes), (Duration::ZERO, 0), "{bill:?}");
    assert!(bill.host_calls <= counted, "{bill:?}");
    assert!(bill.heap_peak <= 1 << 30 && bill.buffers_peak <= limits.buffers as u64, "{bill:?}");
    assert!(bill.bytes_in <= calls * 2 * crossing && bill.bytes_out <= calls * 2 * crossing, "{bill:?}");
    assert!(bill.console_dropped <= counted && bill.unhandled_rejections <= counted, "{bill:?}");
}

pub(crate) fn bills_are_held_to_what_the_parent_counts(program: PathBuf, runtime: &Runtime) {
    let began = Instant::now();
    let sandbox = sandbox(&program, 1000).unwrap();
    let (rule, later) =
        (sandbox.load::<dyn Rule>(script()).unwrap(), sandbox.load::<dyn Later>(script()).unwrap());
    // Each call two fields more, and all of them in the end.
    for nth in 0..=12 {
        let called = Instant::now();
        assert_eq!(rule.price(1.0).unwrap(), 1.0);
        assert_true(&sandbox.usage().last, called.elapsed(), 1);
        let called = Instant::now();
        assert_eq!(runtime.block_on(later.later()).unwrap(), 1.0);
        assert_true(&sandbox.usage().last, called.elapsed(), 1);
        // Each script was evaluated and bound.
        assert_true(&sandbox.usage().total, began.elapsed(), 4 + 2 * (nth + 1));
    }
    // Of a failure as well, and it can be called again.
    let called = Instant::now();
    assert!(matches!(rule.price(-1.0), Err(Error::Blocking { .. })));
    assert_true(&sandbox.usage().last, called.elapsed(), 1);
    assert_eq!(rule.price(1.0).unwrap(), 1.0);
    println!("test {BILLS} ... {:?}", sandbox.usage().total);
    in_a_pool(program);
}

/// A tenant that bills without end is billed what is true, and the next one has its turn.
fn in_a_pool(program: PathBuf) {
    let pool = SandboxPool::builder().trust(Trust::Hostile).transport(Process::new().program(program));
    let pool = pool.limits(long()).patience(LONG).threads(1).build().unwrap();
    let began = Instant::now();
    let (a, b) = (pool.tenant("a"), pool.tenant("b"));
    let [first, second] = [&a, &b].map(|tenant| tenant.load::<dyn Rule>(script()).unwrap());
    for _ in 0..20 {
        assert_eq!(first.price(1.0).unwrap(), 1.0);
        assert_eq!(second.price(1.0).unwrap(), 1.0);
    }
    for tenant in [a, b] {
        assert_true(&tenant.usage().total, began.elapsed(), 22);
    }
}

#[cfg(target_os = "linux")]
pub(crate) fn is_memory(death: &Death) -> bool {
    matches!(death, Death::Memory { .. })
}
