//! The events of which observers are told, as data and as lines of text.
//!
//! Fields have a guest's text as it is. `Display` escapes and bounds each text of a guest, so an event is one line of a log.

use std::fmt;

use super::bill::Bill;
use super::console::ConsoleLine;
use crate::error::{Error, Place};
use crate::shown::Shown;

/// Defines the number of a call or of a host call.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            pub(crate) fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// The number of a call. Calls and host calls of one sandbox are counted together, from 1 on, also over a reset.
    CallId;
    /// The number of a host call. Calls and host calls of one sandbox are counted together, from 1 on, also over a reset.
    HostCallId;
}

/// The sandbox that an event is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Origin<'e> {
    /// The number of the sandbox, which is unique in the process. A reset keeps the number.
    pub sandbox: u64,
    /// The key of the tenant, in a [`SandboxPool`](crate::SandboxPool). `None` with
    /// [`Trust::SameTenant`](crate::Trust::SameTenant), where keys share a sandbox.
    pub tenant: Option<&'e str>,
}

/// The work of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallKind<'e> {
    /// Calls a method of the guest.
    Method(&'e Place),
    /// Evaluates a script.
    #[non_exhaustive]
    Evaluation {
        /// The name of the script.
        script: &'e str,
    },
    /// Binds a contract to what a script exports, which may run getters of the guest.
    #[non_exhaustive]
    Binding {
        /// The name of the contract.
        contract: &'e str,
    },
    /// Makes a realm.
    Realm,
}

impl<'e> CallKind<'e> {
    /// The method that is called, if one is.
    #[must_use]
    pub fn place(&self) -> Option<&'e Place> {
        match self {
            Self::Method(place) => Some(place),
            _ => None,
        }
    }
}

impl fmt::Display for CallKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(place) => place.fmt(f),
            Self::Evaluation { script } => write!(f, "evaluation of {}", Shown(script)),
            Self::Binding { contract } => write!(f, "binding of {contract}"),
            Self::Realm => f.write_str("a realm"),
        }
    }
}

/// A sandbox exists, and can be called.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SandboxBegin<'e> {
    /// The sandbox.
    pub origin: Origin<'e>,
}

impl fmt::Display for SandboxBegin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sandbox {} begins", self.origin.sandbox)
    }
}

/// The isolate of a sandbox is gone, or its process is. Calls that are under way end after this.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SandboxEnd<'e> {
    /// The sandbox.
    pub origin: Origin<'e>,
    /// Why the isolate is gone.
    pub cause: EndCause<'e>,
}

impl fmt::Display for SandboxEnd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sandbox {} ends: ", self.origin.sandbox)?;
        match self.cause {
            EndCause::Closed => f.write_str("closed"),
            EndCause::Reset => f.write_str("reset"),
            EndCause::Fault(error) => f.write_str(error.kind()),
        }
    }
}

/// Why the isolate of a sandbox is gone.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum EndCause<'e> {
    /// The last handle was dropped, or the pool has discarded the sandbox.
    Closed,
    /// The sandbox was reset. The next isolate has a [`SandboxBegin`] of its own.
    Reset,
    /// A fault ended the isolate: a full heap, or the end of the process.
    Fault(&'e Error),
}

/// A call has its turn.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CallBegin<'e> {
    /// The sandbox.
    pub origin: Origin<'e>,
    /// The number of the call.
    pub call: CallId,
    /// The work of the call.
    pub kind: CallKind<'e>,
    /// The number of the realm whose code runs: 0 is the realm that the sandbox begins with, and the others are numbered
    /// in the order of their making. For [`CallKind::Realm`], the number of the new realm.
    pub realm: u64,
    /// The host call whose method makes this call, while the guest waits for the method. `None` for an outermost call.
    pub inside: Option<HostCallId>,
    /// Whether the call can wait for promises.
    pub is_async: bool,
}

impl fmt::Display for CallBegin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {} begins: {}", self.call, self.kind)
    }
}

/// A call is over.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CallEnd<'e> {
    /// The sandbox.
    pub origin: Origin<'e>,
    /// The number of the call.
    pub call: CallId,
    /// The work of the call.
    pub kind: CallKind<'e>,
    /// How the call ended.
    pub outcome: CallOutcome<'e>,
    /// The part of the call in the sandbox's usage. All fields are 0 for a nested call, whose part is the outer call's, and
    /// for a call that ended before code of the guest could run.
    pub bill: &'e Bill,
}

impl fmt::Display for CallEnd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {} ends: {}: {}", self.call, self.kind, self.outcome.word())
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum CallOutcome<'e> {
    /// The call has a result.
    Returned,
    /// The call failed. The caller gets this error, or one of the same [`kind`](Error::kind) that names the script as well.
    Failed(&'e Error),
    /// The caller dropped the call's future.
    Dropped,
}

impl<'e> CallOutcome<'e> {
    pub(crate) fn of<R>(result: &'e Result<R, Error>) -> Self {
        result.as_ref().err().map_or(Self::Returned, Self::Failed)
    }

    /// The outcome in a word, for logs and metrics: `ok`, `cancelled`, or the [`kind`](Error::kind) of the error.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Returned => "ok",
            Self::Failed(error) => error.kind(),
            Self::Dropped => "cancelled",
        }
    }
}

/// A guest calls a host method. The call is counted, and no argument has been read.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HostCallBegin<'e> {
    /// The sandbox.
    pub origin: Origin<'e>,
    /// The call of the guest whose code calls the host; `None` if that call is over.
    pub call: Option<CallId>,
    /// The number of the host call.
    pub host_call: HostCallId,
    /// The method.
    pub place: &'e Place,
    /// Whether the method is `async`.
    pub is_async: bool,
}

impl fmt::Display for HostCallBegin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host call {} begins: {}", self.host_call, self.place)
    }
}

/// A guest gets the answer of a host method. For an `async` method this is the settlement of the promise.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HostCallEnd<'e> {
    /// The sandbox.
    pub origin: Origin<'e>,
    /// The call of the guest whose code called the host; `None` if that call was over.
    pub call: Option<CallId>,
    /// The number of the host call.
    pub host_call: HostCallId,
    /// The method.
    pub place: &'e Place,
    /// Whether the method is `async`.
    pub is_async: bool,
    /// How the method was answered.
    pub outcome: HostOutcome,
}

impl fmt::Display for HostCallEnd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host call {} ends: {}: {}", self.host_call, self.place, self.outcome.word())
    }
}

/// How a host method was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostOutcome {
    /// The guest gets a result.
    Returned,
    /// The arguments violate the contract, or a getter of them threw. The method was not called.
    Refused,
    /// The method failed or panicked, or its result violates the contract.
    Failed,
    /// The guest gets no answer: its call has ended.
    Dropped,
}

impl HostOutcome {
    /// The outcome in a word, for logs and metrics: `ok`, `refused`, `failed` or `cancelled`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Returned => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Dropped => "cancelled",
        }
    }
}

/// A guest has written a line to its console.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConsoleEvent<'e> {
    /// The sandbox.
    pub origin: Origin<'e>,
    /// The call whose code wrote the line, if it is known.
    pub call: Option<CallId>,
    /// The line.
    pub line: &'e ConsoleLine,
}

impl fmt::Display for ConsoleEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "console: {}", Shown(&self.line.text))
    }
}
