//! Why a sandbox is gone, and why the outcome of a call is unknown.
//!
//! [`DiscardCause`] belongs to calls that were not made, and [`LossReason`] to calls that were. The two are separate,
//! because only a caller who knows that the guest did not run can repeat the call.

use std::fmt;

use super::Error;
use crate::shown::Shown;

/// Why a sandbox, or what was loaded into it, does not exist any more.
///
/// ```
/// use sandbox_runtime::{DiscardCause, Error, LocalSandbox, Result, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Job { fn run(&self) -> Result<f64>; }
///
/// let sandbox = LocalSandbox::builder().build()?;
/// let script = Script::new("job.js", "export const run = () => 1;");
/// let job = sandbox.load::<dyn Job>(script.clone())?;
/// sandbox.reset()?;
/// let error = job.run().unwrap_err();
/// assert!(matches!(error, Error::Discarded { cause: DiscardCause::Reset, .. }));
/// assert_eq!(sandbox.load::<dyn Job>(script)?.run()?, 1.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DiscardCause {
    /// A fault ended the sandbox. The error is the one of the call that met the fault. `reset` makes the sandbox anew.
    Fault(Box<Error>),
    /// The sandbox was reset after the script was loaded, or after the realm was made. The sandbox can be called: load the
    /// script again.
    Reset,
    /// The sandbox was closed: its thread has ended.
    Closed,
    /// The object of a guest ended with the call in which it crossed, because the method is `#[sandbox(scoped)]`. The sandbox can
    /// be called.
    CallEnded,
    /// The object of a guest was released before the call of it began, in the process of its guest. The sandbox can be called: let the
    /// guest give the object again.
    Released,
}

impl DiscardCause {
    /// Whether the sandbox itself is gone, and not only what was loaded into it.
    pub(super) fn is_final(&self) -> bool {
        !matches!(self, Self::Reset | Self::CallEnded | Self::Released)
    }

    /// The words before those of the cause.
    pub(super) fn prefix(&self) -> &'static str {
        if matches!(self, Self::CallEnded | Self::Released) { "" } else { "the sandbox was discarded: " }
    }
}

impl fmt::Display for DiscardCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(error) => error.fmt(f),
            Self::Reset => {
                f.write_str("it was reset after the script had been loaded: load the script again")
            }
            Self::Closed => f.write_str("it was closed, and its thread has ended"),
            Self::Released => f.write_str(
                "the object was released before the call of it began: let the guest give the object again",
            ),
            Self::CallEnded => f.write_str(
                "the object ended with its call, because a method with `#[sandbox(scoped)]` gave it: call it before that call \
                 returns, or remove `scoped`",
            ),
        }
    }
}

/// Why the outcome of a call is unknown; see [`Error::Lost`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LossReason {
    /// The sandbox was discarded or reset while the call was under way.
    Discarded(DiscardCause),
    /// Code of the host panicked on the thread that served the call, such as the destructor of an argument.
    Panicked,
    /// The thread or task that drove the sandbox's calls has ended. The process of the guest was ended with it.
    Driver,
    /// The system could not watch the process of the guest, so the process was ended.
    #[non_exhaustive]
    Unwatched {
        /// The system's error.
        error: String,
    },
    /// The call's future was polled away from the thread of its `LocalSandbox`, after it had begun.
    OtherThread,
    /// The call's future was polled by a synchronous host method for which its guest waits, after it had begun.
    InsideHost,
}

impl LossReason {
    #[doc(hidden)]
    #[must_use]
    pub fn unwatched(error: String) -> Self {
        Self::Unwatched { error }
    }

    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Discarded(cause) => cause.is_final(),
            Self::Driver | Self::Unwatched { .. } => true,
            Self::Panicked | Self::OtherThread | Self::InsideHost => false,
        }
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Discarded(cause) => write!(f, "the sandbox was discarded meanwhile: {cause}"),
            Self::Panicked => f.write_str("code of the host panicked on the thread that served the call"),
            Self::Driver => f.write_str("the thread or task that drove the sandbox's calls has ended"),
            Self::Unwatched { error } => {
                write!(f, "the process of the guest could not be watched: {}", Shown(error))
            }
            Self::OtherThread => f.write_str(
                "its future was polled on another thread than that of its `LocalSandbox`: await it where it began, or use \
                 `Sandbox`",
            ),
            Self::InsideHost => f.write_str(
                "its future was polled by a synchronous host method that its guest waits for: make the method `async`",
            ),
        }
    }
}

/// The step of a call in which code of the host panicked; see [`Error::Panicked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conversion {
    /// The arguments were checked and written. The guest was not called.
    Arguments,
    /// The result was read and checked. The guest had returned.
    Result,
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arguments => "while the arguments were checked and written, before the guest was called",
            Self::Result => "while the result was read and checked, after the guest had returned",
        })
    }
}
