//! Decides whether a synchronous call may wait on this thread.
//!
//! All transports wait through [`wait`].
//!
//! A thread of an async runtime that waits stalls the tasks that it has to poll. A runtime of several threads can be told:
//! it hands the thread's tasks to another. A runtime of a single thread cannot do this. The call is refused, because it
//! may wait for a task of that thread.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::error::Result;
use crate::site::SiteRefusal;

/// Runs `wait` as the thread allows, or refuses it.
pub(crate) fn wait<R>(wait: impl FnOnce() -> Result<R>) -> Result<R> {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Err(_) => wait(),
        Ok(RuntimeFlavor::CurrentThread) if polls_tasks() => Err(SiteRefusal::StopsRuntime.error()),
        Ok(RuntimeFlavor::CurrentThread) => wait(),
        Ok(_) => in_place(wait),
    }
}

/// Runs `wait` after the thread's tasks were handed over. In a `LocalSet`, the runtime has no other thread for the tasks,
/// and panics before `wait` runs.
fn in_place<R>(wait: impl FnOnce() -> Result<R>) -> Result<R> {
    let mut has_begun = false;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        tokio::task::block_in_place(|| {
            has_begun = true;
            wait()
        })
    }));
    match outcome {
        Ok(outcome) => outcome,
        Err(panic) if has_begun => resume_unwind(panic),
        Err(_) => Err(SiteRefusal::StopsRuntime.error()),
    }
}

/// Whether this thread polls tasks of its runtime. Threads of `spawn_blocking` belong to a runtime and poll none.
///
/// A task that yields is woken at once where no scheduler could wake it later.
fn polls_tasks() -> bool {
    struct Woken(AtomicBool);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(woken.clone());
    let polled = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&waker));
    polled.is_pending() && !woken.0.load(Ordering::SeqCst)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn waits() -> bool {
        match wait(|| Ok(())) {
            Ok(()) => true,
            Err(Error::Blocking { .. }) => false,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_thread_without_a_runtime_waits() {
        assert!(waits());
    }

    #[test]
    fn the_only_thread_of_a_runtime_does_not_wait_but_others_do() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (own, blocking) = runtime.block_on(async {
            let own = waits();
            (own, tokio::task::spawn_blocking(waits).await.expect("no panic"))
        });
        assert_eq!((own, blocking), (false, true));
        assert!(!runtime.block_on(async { tokio::spawn(async { waits() }).await.expect("no panic") }));
        let _entered = runtime.enter();
        assert!(waits(), "nothing is polled on this thread");
    }

    #[test]
    fn a_runtime_of_several_threads_waits_everywhere_but_in_a_local_set() {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let (own, spawned, blocking) = runtime.block_on(async {
            let spawned = tokio::spawn(async { waits() }).await.expect("no panic");
            let blocking = tokio::task::spawn_blocking(waits).await.expect("no panic");
            (waits(), spawned, blocking)
        });
        assert_eq!((own, spawned, blocking), (true, true, true));
        let local = tokio::task::LocalSet::new();
        assert!(!local.block_on(&runtime, async { waits() }));
    }
}
