//! What can go wrong, as values. A guest can make every one of these happen but [`Error::Build`], and none of
//! them is more than an error: the host goes on.

use std::fmt;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a sandbox could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sandbox could not be made as its builder was told.
    #[error("the sandbox cannot be built: {reason}")]
    #[non_exhaustive]
    Build {
        /// What is wrong, and how to put it right.
        reason: String,
    },
    /// A script is not JavaScript.
    #[error("{script}:{line}:{column}: {message}")]
    #[non_exhaustive]
    Syntax {
        /// The name of the script.
        script: String,
        /// V8's message, such as `SyntaxError: Unexpected token '}'`.
        message: String,
        /// The line, from 1; 0 when unknown.
        line: usize,
        /// The column, from 1; 0 when unknown.
        column: usize,
    },
    /// A script does not export what its contract asks for. Nothing of it has been called.
    #[error("{script} does not implement {contract}: {}", list(problems))]
    #[non_exhaustive]
    Mismatch {
        /// The name of the contract.
        contract: &'static str,
        /// The name of the script.
        script: String,
        /// Every export that is missing or no function.
        problems: Vec<ExportProblem>,
    },
    /// The guest threw, and did not catch.
    #[error(transparent)]
    Guest(Box<GuestError>),
    /// A value that crossed is not what the contract says.
    #[error(transparent)]
    Value(Box<BoundaryError>),
    /// The guest used more than it may.
    #[error("{}{limit}", prefix(place.as_ref()))]
    #[non_exhaustive]
    Limit {
        /// Which limit.
        kind: LimitKind,
        /// The limit in words, with its value and unit.
        limit: String,
        /// What was being called; `None` while a script was evaluated.
        place: Option<Place>,
    },
    /// The sandbox was given up after an earlier fault, and no guest code runs in it any more.
    #[error("the sandbox was discarded: {cause}")]
    #[non_exhaustive]
    Discarded {
        /// The fault that made its heap unusable.
        cause: Box<Error>,
    },
    /// A host method refused. Made by [`Error::public`] and [`Error::host`].
    #[error("{message}")]
    #[non_exhaustive]
    Host {
        /// The text.
        message: String,
        /// Whether the guest may see the text; else it sees a reference only.
        visible: bool,
    },
}

impl Error {
    /// An error of a host method whose text the guest may see.
    ///
    /// ```
    /// # use sandbox_runtime::Error;
    /// assert_eq!(Error::public("no such currency").to_string(), "no such currency");
    /// ```
    #[must_use]
    pub fn public(message: impl Into<String>) -> Self {
        Self::Host { message: message.into(), visible: true }
    }

    /// An error of a host method whose text stays with the host: the guest sees a reference, the log has the text.
    #[must_use]
    pub fn host(message: impl Into<String>) -> Self {
        Self::Host { message: message.into(), visible: false }
    }

    pub(crate) fn build(reason: impl Into<String>) -> Self {
        Self::Build { reason: reason.into() }
    }

    /// Whether the sandbox can be called again after this error.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Discarded { .. } | Self::Limit { kind: LimitKind::Heap, .. })
    }
}

/// A limit of [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitKind {
    /// Wall time of a call. The sandbox can be called again.
    Wall,
    /// Size of the heap. The sandbox is discarded.
    Heap,
    /// Depth of the stack. The sandbox can be called again.
    Stack,
}

/// A method of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The name of the contract.
    pub contract: &'static str,
    /// The JavaScript name of the method.
    pub method: &'static str,
}

impl Place {
    pub(crate) const fn new(contract: &'static str, method: &'static str) -> Self {
        Self { contract, method }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.contract, self.method)
    }
}

fn prefix(place: Option<&Place>) -> String {
    place.map(|place| format!("{place}: ")).unwrap_or_default()
}

/// An export that a contract asks for and a script does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportProblem {
    /// The JavaScript name.
    pub export: &'static str,
    /// What was found in its place; `None` when there is no such export.
    pub found: Option<String>,
}

impl fmt::Display for ExportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            None => write!(f, "no export `{}`", self.export),
            Some(found) => write!(f, "export `{}` is {found}, not a function", self.export),
        }
    }
}

fn list(problems: &[ExportProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What a guest threw, read while its time limit still held.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GuestError {
    /// What was being called; `None` while a script was evaluated.
    pub place: Option<Place>,
    /// The `name` of the Error; `None` when something else was thrown.
    pub name: Option<String>,
    /// The `message` of the Error, or a description of the value that was thrown.
    pub message: String,
    /// Where it was made: guest files only, innermost first.
    pub stack: Vec<StackFrame>,
}

impl std::error::Error for GuestError {}

impl fmt::Display for GuestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&prefix(self.place.as_ref()))?;
        match &self.name {
            Some(name) if self.message.is_empty() => f.write_str(name)?,
            Some(name) => write!(f, "{name}: {}", self.message)?,
            None => write!(f, "threw {}", self.message)?,
        }
        self.stack.iter().try_for_each(|frame| write!(f, "\n    at {frame}"))
    }
}

/// A line of a guest's stack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackFrame {
    /// The name of the function; `None` for the top level and for functions without one.
    pub function: Option<String>,
    /// The name of the script.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl fmt::Display for StackFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, .. } = self;
        match &self.function {
            Some(function) => write!(f, "{function} ({file}:{line}:{column})"),
            None => write!(f, "{file}:{line}:{column}"),
        }
    }
}

/// Which way a value was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// An argument of a guest's method, or the result of a host's.
    ToGuest,
    /// The result of a guest's method, or an argument of a host's.
    ToHost,
}

/// A value that is not what its contract says, and where in the value that is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoundaryError {
    /// The method whose argument or result it is.
    pub place: Place,
    /// Which way it was going.
    pub direction: Direction,
    /// Where in the value: `result.lines[2].amount`.
    pub path: String,
    /// What the contract asks for.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl std::error::Error for BoundaryError {}

impl fmt::Display for BoundaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, path, expected, found, .. } = self;
        write!(f, "{place} → {path}: expected {expected}, got {found}")
    }
}

/// The failure of a host method on its way to the guest.
#[doc(hidden)]
#[derive(Debug)]
pub struct HostError {
    message: String,
    visible: bool,
}

impl HostError {
    pub(crate) fn opaque(message: String) -> Self {
        Self { message, visible: false }
    }

    /// What the guest is told. An opaque failure is given a reference, under which the log has its text.
    pub(crate) fn message_for_guest(self, place: Place) -> String {
        if self.visible {
            return self.message;
        }
        let reference = next_reference();
        tracing::error!(%place, reference, error = self.message, "a host method failed");
        format!("{place} failed (reference {reference})")
    }
}

impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        match error {
            Error::Host { message, visible } => Self { message, visible },
            other => Self::opaque(other.to_string()),
        }
    }
}

/// A reference that tells one failure from another in the log of this process.
fn next_reference() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("E{:06}", NEXT.fetch_add(1, Ordering::Relaxed))
}
