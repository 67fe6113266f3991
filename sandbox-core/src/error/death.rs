//! [`Death`]: how the process of a guest ended.

use std::fmt;

use super::grouped;
use crate::shown::Shown;

/// How the process of a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Death {
    /// A signal ended the process. The signal is 5 or 6 when the engine aborts, 9 for a kill from outside, 11 for an invalid
    /// memory access, and 31 for a forbidden system call.
    #[non_exhaustive]
    Signal {
        /// The number of the signal.
        signal: i32,
    },
    /// The process ended by itself.
    #[non_exhaustive]
    Exit {
        /// Its exit code.
        code: i32,
    },
    /// The process ended, and its exit status could not be read: the application ignores `SIGCHLD`, or waits for all its
    /// children.
    Unobserved,
    /// The other end of the link hung up, and the link does not tell why. A link to a process of this machine always tells.
    Disconnected,
    /// The process exceeded its memory limit and was killed, or its request for memory was refused and it ended itself.
    #[non_exhaustive]
    Memory {
        /// The resident memory at the last check, in bytes. A process that was killed had more than `limit`.
        resident: u64,
        /// The memory limit, in bytes.
        limit: u64,
    },
    /// The process did not end a call in time, and was killed.
    Overdue,
    /// The process broke the protocol, and was killed. Examples are a malformed frame, too many threads, and computing
    /// without a call.
    #[non_exhaustive]
    Protocol {
        /// The breach, in words.
        reason: String,
    },
}

impl Death {
    #[doc(hidden)]
    #[must_use]
    pub fn memory(resident: u64, limit: u64) -> Self {
        Self::Memory { resident, limit }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn protocol(reason: impl Into<String>) -> Self {
        Self::Protocol { reason: reason.into() }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn signal(signal: i32) -> Self {
        Self::Signal { signal }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn exit(code: i32) -> Self {
        Self::Exit { code }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Signal { .. } => "process.signal",
            Self::Exit { .. } => "process.exit",
            Self::Unobserved => "process.unobserved",
            Self::Disconnected => "process.disconnected",
            Self::Memory { .. } => "process.memory",
            Self::Overdue => "process.overdue",
            Self::Protocol { .. } => "process.protocol",
        }
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal { signal } => write!(f, "was ended by signal {signal}"),
            Self::Exit { code } => write!(f, "exited with code {code}"),
            Self::Unobserved => f.write_str(
                "ended, and its exit status could not be read: this program ignores `SIGCHLD`, or waits for all its children",
            ),
            Self::Disconnected => f.write_str("hung up: the other end closed the link, and the link does not tell why"),
            Self::Memory { resident, limit } if resident <= limit => {
                let (resident, limit) = (grouped(*resident), grouped(*limit));
                write!(
                    f,
                    "ended: the system refused a single allocation, whose size is unknown. The process had {resident} bytes in memory, \
                     and may have {limit} bytes (`Process::memory`)"
                )
            }
            Self::Memory { resident, limit } => {
                let (resident, limit) = (grouped(*resident), grouped(*limit));
                write!(f, "was killed: it had {resident} bytes in memory, and may have {limit} bytes (`Process::memory`)")
            }
            Self::Overdue => f.write_str("was killed: it did not end the call within the grace (`Process::grace`) after its limit of time, as in a built-in that the engine cannot interrupt"),
            Self::Protocol { reason } => {
                write!(f, "was killed: it broke the protocol with {}", Shown(reason))
            }
        }
    }
}
