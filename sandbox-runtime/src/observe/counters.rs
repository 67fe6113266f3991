//! [`Counters`]: an observer that counts, for metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    CallBegin, CallEnd, CallOutcome, ConsoleEvent, EndCause, HostCallBegin, HostCallEnd, HostOutcome,
    Observer, SandboxBegin, SandboxEnd,
};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counts of [`Counters`], since it was made.
        ///
        /// Each begin has one end. So `calls` less `calls_ended` are under way, and sandboxes are counted alike.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        #[derive(Default)]
        struct Sums {
            $($name: AtomicU64,)*
        }

        impl Sums {
            fn read(&self) -> Counts {
                Counts { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Isolates or processes that were made. A reset makes one more.
    sandboxes,
    /// Isolates or processes that are gone.
    sandboxes_ended,
    /// Isolates or processes among these that a fault ended, such as a full heap.
    sandboxes_failed,
    /// Calls that had their turn: methods, evaluations, bindings and realms, nested ones included.
    calls,
    /// Calls that are over.
    calls_ended,
    /// Calls among these that failed.
    calls_failed,
    /// Calls among these whose caller dropped the future.
    calls_dropped,
    /// Calls of host methods.
    host_calls,
    /// Host calls that are over.
    host_calls_ended,
    /// Host calls among these whose method failed, or whose result broke its contract.
    host_calls_failed,
    /// Host calls among these whose arguments broke the contract.
    host_calls_refused,
    /// Lines that guests have written to consoles.
    console_lines,
}

/// An observer that counts the events of all sandboxes which have it. A clone is another handle of the same counts.
///
/// Any thread may read them. A pool counts besides what no observer is told: see [`PoolMetrics`](crate::PoolMetrics).
///
/// ```
/// use sandbox_runtime::observe::Counters;
/// use sandbox_runtime::{Sandbox, Script};
///
/// let counters = Counters::default();
/// let sandbox = Sandbox::builder().observer(counters.clone()).build()?;
/// sandbox.eval(Script::new("a.js", "export const a = 1;"))?;
/// assert!(sandbox.eval(Script::new("b.js", "export const b = null.c;")).is_err());
/// let counts = counters.read();
/// assert_eq!((counts.sandboxes, counts.calls, counts.calls_failed), (1, 2, 1));
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Counters(Arc<Sums>);

impl Counters {
    /// The counts now. Each of them only grows.
    #[must_use]
    pub fn read(&self) -> Counts {
        self.0.read()
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Observer for Counters {
    fn on_sandbox_begin(&self, _: &SandboxBegin<'_>) {
        add(&self.0.sandboxes);
    }

    fn on_sandbox_end(&self, event: &SandboxEnd<'_>) {
        add(&self.0.sandboxes_ended);
        if let EndCause::Fault(_) = event.cause {
            add(&self.0.sandboxes_failed);
        }
    }

    fn on_call_begin(&self, _: &CallBegin<'_>) {
        add(&self.0.calls);
    }

    fn on_call_end(&self, event: &CallEnd<'_>) {
        add(&self.0.calls_ended);
        match event.outcome {
            CallOutcome::Returned => {}
            CallOutcome::Failed(_) => add(&self.0.calls_failed),
            CallOutcome::Dropped => add(&self.0.calls_dropped),
        }
    }

    fn on_host_call_begin(&self, _: &HostCallBegin<'_>) {
        add(&self.0.host_calls);
    }

    fn on_host_call_end(&self, event: &HostCallEnd<'_>) {
        add(&self.0.host_calls_ended);
        match event.outcome {
            HostOutcome::Failed => add(&self.0.host_calls_failed),
            HostOutcome::Refused => add(&self.0.host_calls_refused),
            HostOutcome::Returned | HostOutcome::Dropped => {}
        }
    }

    fn on_console_line(&self, _: &ConsoleEvent<'_>) {
        add(&self.0.console_lines);
    }
}
