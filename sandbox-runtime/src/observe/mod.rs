//! Observers: told what a sandbox does, in the order in which it happens.
//!
//! A recorder, metrics, or spans of a tracing system implement [`Observer`]. [`Counters`] is one. The builder's [`observer`](crate::Builder::observer)
//! takes one. [The page of the guide](crate::guide::observing) has a table of the events, and says what is not promised.
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use std::sync::Arc;
//! use sandbox_runtime::observe::{CallEnd, Observer};
//! use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
//!
//! #[sandbox_api(guest)]
//! pub trait Rule { fn price(&self, quantity: f64) -> Result<f64>; }
//!
//! /// Counts the calls that failed.
//! #[derive(Clone, Default)]
//! struct Failures(Arc<AtomicU64>);
//!
//! impl Observer for Failures {
//!     fn on_call_end(&self, event: &CallEnd<'_>) {
//!         if event.outcome.word() != "ok" {
//!             self.0.fetch_add(1, Ordering::Relaxed);
//!         }
//!     }
//! }
//!
//! let failures = Failures::default();
//! let sandbox = Sandbox::builder().observer(failures.clone()).build()?;
//! let rule = sandbox.load::<dyn Rule>(Script::new("rule.js", "export const price = (n) => n > 1 ? null.x : n;"))?;
//! assert!(rule.price(1.0).is_ok() && rule.price(2.0).is_err());
//! assert_eq!(failures.0.load(Ordering::Relaxed), 1);
//! # Ok::<(), sandbox_runtime::Error>(())
//! ```

pub(crate) mod bill;
pub(crate) mod console;
mod counters;
mod event;
pub(crate) mod teller;
pub(crate) mod trace;

pub use counters::{Counters, Counts};
pub use event::{
    CallBegin, CallEnd, CallId, CallKind, CallOutcome, ConsoleEvent, EndCause, HostCallBegin, HostCallEnd,
    HostCallId, HostOutcome, Origin, SandboxBegin, SandboxEnd,
};

/// A type that is told what happens in a sandbox. Each method does nothing by default.
///
/// The methods run on the thread where the event happens, inside of the call. So an observer delays the call, and its time
/// counts for the limits of the call. An observer must not wait for the sandbox. A call, a reset or a realm of the sandbox
/// that the observer asks for is refused with [`Error::Blocking`](crate::Error::Blocking). A panic of an observer ends
/// there: the host's log (`tracing`) has it, and the observer is told the events that follow.
///
/// Several threads call the methods where several sandboxes have the observer, as in a pool. The events of one sandbox come
/// one after the other.
pub trait Observer: Send + Sync + 'static {
    /// A sandbox exists, and can be called.
    fn on_sandbox_begin(&self, event: &SandboxBegin<'_>) {
        _ = event;
    }

    /// The isolate of a sandbox is gone, or its process is.
    fn on_sandbox_end(&self, event: &SandboxEnd<'_>) {
        _ = event;
    }

    /// A call has its turn. A call that waits for its turn, and one that is refused, has no events.
    fn on_call_begin(&self, event: &CallBegin<'_>) {
        _ = event;
    }

    /// A call is over. Each begin of a call has one end.
    fn on_call_end(&self, event: &CallEnd<'_>) {
        _ = event;
    }

    /// A guest calls a host method.
    fn on_host_call_begin(&self, event: &HostCallBegin<'_>) {
        _ = event;
    }

    /// A guest gets the answer of a host method. Each begin of a host call has one end, before the end of its call. The
    /// order of these events is the order in which promises of `async` methods settle.
    fn on_host_call_end(&self, event: &HostCallEnd<'_>) {
        _ = event;
    }

    /// A guest has written a line to its console. Lines that are dropped because of
    /// [`Limits::console_bytes`](crate::Limits::console_bytes) are no events, also where a console that captures has no room
    /// left from earlier calls. A sandbox without a console has no lines.
    fn on_console_line(&self, event: &ConsoleEvent<'_>) {
        _ = event;
    }
}
