//! How the process of a guest ended.

use std::fmt;

use super::grouped;
use crate::shown::Shown;

/// How the process of a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Death {
    /// A signal ended it: 5 or 6 when the engine gave up, 9 when somebody killed it, 11 when its memory was wrong, 31 when it called
    /// the kernel for something that it may not.
    #[non_exhaustive]
    Signal {
        /// The number of the signal.
        signal: i32,
    },
    /// It ended by itself.
    #[non_exhaustive]
    Exit {
        /// Its exit code.
        code: i32,
    },
    /// It ended, and its exit status could not be read: the application ignores `SIGCHLD`, or waits for all its children.
    Unobserved,
    /// It had more memory than it may, and was killed; or it asked for so much that it was refused, and ended itself.
    #[non_exhaustive]
    Memory {
        /// Bytes that were resident when it was looked at: of one that was killed, more than `limit`.
        resident: u64,
        /// Bytes that may be.
        limit: u64,
    },
    /// It did not end a call in time, and was killed.
    Overdue,
    /// It said or did what no child of this crate does, and was killed: a wrong frame, too many threads, or computing while
    /// nobody calls.
    #[non_exhaustive]
    Protocol {
        /// What it said.
        reason: String,
    },
}

impl Death {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Signal { .. } => "process.signal",
            Self::Exit { .. } => "process.exit",
            Self::Unobserved => "process.unobserved",
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
            Self::Memory { resident, limit } if resident <= limit => {
                let (resident, limit) = (grouped(*resident), grouped(*limit));
                write!(
                    f,
                    "ended: it had {resident} bytes in memory, may have {limit} (`Process::memory`), and was refused what it asked for"
                )
            }
            Self::Memory { resident, limit } => {
                let (resident, limit) = (grouped(*resident), grouped(*limit));
                write!(f, "was killed: it had {resident} bytes in memory, and may have {limit} (`Process::memory`)")
            }
            Self::Overdue => f.write_str("was killed: it did not end the call within the grace (`Process::grace`) after its limit of time, as in a built-in that the engine cannot interrupt"),
            Self::Protocol { reason } => {
                write!(f, "was killed: it broke the protocol with {}", Shown(reason))
            }
        }
    }
}
