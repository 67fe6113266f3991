//! What can go wrong, as values. A guest can make every one of these happen but [`Error::Build`], and none of
//! them is more than an error: the host goes on.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use crate::boundary::JsValue;
use crate::guest_error::Kept;

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
    Guest(Box<Thrown>),
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
    /// A call that would wait where waiting stops what it waits for. It was not made.
    #[error("the call would block: {reason}")]
    #[non_exhaustive]
    Blocking {
        /// What would wait for what, and what to do instead.
        reason: String,
    },
    /// A pool has no room for the call, or its turn has not come in time. It was not made.
    #[error("the sandbox of {tenant} is overloaded: {reason}")]
    #[non_exhaustive]
    Overloaded {
        /// The key of the tenant.
        tenant: String,
        /// Which bound was met.
        reason: String,
    },
    /// The process of the guest has ended, or was killed, and with it the sandbox.
    #[cfg(feature = "process")]
    #[error("{}the process of the guest {death}", prefix(place.as_ref()))]
    #[non_exhaustive]
    Process {
        /// How it ended.
        death: Death,
        /// What was being called; `None` while a script was evaluated, or the sandbox made.
        place: Option<Place>,
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

impl From<Box<Error>> for Error {
    fn from(error: Box<Error>) -> Self {
        *error
    }
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

    pub(crate) fn blocking(reason: impl Into<String>) -> Self {
        Self::Blocking { reason: reason.into() }
    }

    pub(crate) fn build(reason: impl Into<String>) -> Self {
        Self::Build { reason: reason.into() }
    }

    /// The error with which a host method failed, when the guest let it pass; see [`Thrown::host_error`].
    ///
    /// ```
    /// use sandbox_runtime::{LocalSandbox, Result, Script, sandbox_api};
    ///
    /// #[derive(Debug, PartialEq, thiserror::Error)]
    /// #[error("the shop is closed")]
    /// pub struct Closed;
    ///
    /// #[sandbox_api(host)]
    /// pub trait Shop { fn open(&self) -> Result<(), Closed>; }
    /// impl Shop for () { fn open(&self) -> Result<(), Closed> { Err(Closed) } }
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Visit { fn visit(&self) -> Result<()>; }
    ///
    /// let sandbox = LocalSandbox::builder().host::<dyn Shop>(()).build()?;
    /// let guest = sandbox.load::<dyn Visit>(Script::new("visit.js", "export const visit = () => Shop.open();"))?;
    /// let error = guest.visit().unwrap_err();
    /// assert_eq!(error.host_error::<Closed>(), Some(&Closed));
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn host_error<E: 'static>(&self) -> Option<&E> {
        match self {
            Self::Guest(thrown) => thrown.host_error(),
            _ => None,
        }
    }

    /// The error of a host method that the guest let pass, when it is an `E` of the host and held by nobody else.
    pub(crate) fn into_own<E: 'static>(self) -> Result<E, Self> {
        let mut thrown = match self {
            Self::Guest(thrown) if TypeId::of::<E>() != TypeId::of::<Self>() => thrown,
            other => return Err(other),
        };
        let mut own = None;
        if let Some(Source(source)) = thrown.source.take() {
            match try_own::<E>(source) {
                Ok(error) => own = Some(error),
                Err(source) => thrown.source = Some(Source(source)),
            }
        }
        own.ok_or(Self::Guest(thrown))
    }

    /// The kind of the error in a word, for logs and metrics: `guest`, `value`, `limit.wall`, `overloaded` and so on.
    ///
    /// ```
    /// # use sandbox_runtime::Error;
    /// assert_eq!(Error::public("no such currency").kind(), "host");
    /// ```
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Build { .. } => "build",
            Self::Syntax { .. } => "syntax",
            Self::Mismatch { .. } => "mismatch",
            Self::Guest(_) => "guest",
            Self::Value(_) => "value",
            Self::Limit { kind, .. } => match kind {
                LimitKind::Wall => "limit.wall",
                LimitKind::Cpu => "limit.cpu",
                LimitKind::TotalCpu => "limit.total_cpu",
                LimitKind::Heap => "limit.heap",
                LimitKind::Buffers => "limit.buffers",
                LimitKind::Stack => "limit.stack",
                LimitKind::Script => "limit.script",
                LimitKind::HostCalls => "limit.host_calls",
                LimitKind::Pending => "limit.pending",
                LimitKind::Deadline => "limit.deadline",
            },
            Self::Discarded { .. } => "discarded",
            Self::Blocking { .. } => "blocking",
            Self::Overloaded { .. } => "overloaded",
            #[cfg(feature = "process")]
            Self::Process { death, .. } => death.kind(),
            Self::Host { .. } => "host",
        }
    }

    /// Whether the sandbox can be called again after this error.
    #[must_use]
    pub fn is_final(&self) -> bool {
        #[cfg(feature = "process")]
        if matches!(self, Self::Process { .. }) {
            return true;
        }
        matches!(self, Self::Discarded { .. } | Self::Limit { kind: LimitKind::Heap, .. })
    }
}

fn try_own<E: 'static>(source: Arc<dyn Any + Send + Sync>) -> Result<E, Arc<dyn Any + Send + Sync>> {
    let mut source = source;
    match Arc::get_mut(&mut source)
        .and_then(|own| own.downcast_mut::<Kept<E>>())
        .and_then(|kept| kept.0.take())
    {
        Some(error) => Ok(error),
        None => Err(source),
    }
}

/// How the process of a guest ended.
#[cfg(feature = "process")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Death {
    /// A signal ended it: 6 when the engine gave up, 9 when somebody killed it, 11 when its memory was wrong, 31 when it called
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
    /// It said what no child of this crate says, and was killed.
    #[non_exhaustive]
    Protocol {
        /// What it said.
        reason: String,
    },
}

#[cfg(feature = "process")]
impl Death {
    fn kind(&self) -> &'static str {
        match self {
            Self::Signal { .. } => "process.signal",
            Self::Exit { .. } => "process.exit",
            Self::Memory { .. } => "process.memory",
            Self::Overdue => "process.overdue",
            Self::Protocol { .. } => "process.protocol",
        }
    }
}

#[cfg(feature = "process")]
impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal { signal } => write!(f, "was ended by signal {signal}"),
            Self::Exit { code } => write!(f, "exited with code {code}"),
            Self::Memory { resident, limit } if resident <= limit => {
                write!(f, "ended: it had {resident} bytes in memory, may have {limit}, and was refused more")
            }
            Self::Memory { resident, limit } => {
                write!(f, "was killed: it had {resident} bytes in memory, and may have {limit}")
            }
            Self::Overdue => f.write_str("was killed: it did not end the call in time"),
            Self::Protocol { reason } => write!(f, "was killed: it broke the protocol with {reason}"),
        }
    }
}

/// A limit of [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitKind {
    /// Wall time of a call. The sandbox can be called again.
    Wall,
    /// CPU time of a call. The sandbox can be called again.
    Cpu,
    /// CPU time of all calls. The sandbox can be called again once it has been reset.
    TotalCpu,
    /// Size of the heap. The sandbox is discarded.
    Heap,
    /// Memory of ArrayBuffers: the guest let the RangeError pass. The sandbox can be called again.
    Buffers,
    /// Depth of the stack. The sandbox can be called again.
    Stack,
    /// Length of a script. It was not evaluated.
    Script,
    /// Calls of host methods in one call. The sandbox can be called again.
    HostCalls,
    /// Calls of `async` host methods that were pending at once. The sandbox can be called again.
    Pending,
    /// The deadline of the caller; see [`Sandbox::with_deadline`](crate::Sandbox::with_deadline). The sandbox can be called
    /// again.
    Deadline,
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

/// What a guest threw, read while its time limit still held. Every part of it is bounded, so that what a guest throws
/// cannot fill the host's memory or its log.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Thrown {
    /// What was being called; `None` while a script was evaluated, and of a cause.
    pub place: Option<Place>,
    /// The `name` of the Error, its first 256 characters; `None` when something else was thrown.
    pub name: Option<String>,
    /// The `message` of the Error, its first 4,096 characters; or a description of the value that was thrown.
    pub message: String,
    /// Where it was made: guest files only, innermost first, at most 32 frames.
    pub stack: Vec<StackFrame>,
    /// The value that was thrown, when it was no Error, and small enough to copy: 1,000 values and 64 KiB of text.
    pub value: Option<JsValue>,
    /// The `cause` of the Error; the chain is at most 8 errors long.
    pub cause: Option<Box<Thrown>>,
    pub(crate) source: Option<Source>,
}

/// An error of a host method, as it was before the guest saw it.
#[derive(Clone)]
pub(crate) struct Source(pub(crate) Arc<dyn Any + Send + Sync>);

impl Source {
    pub(crate) fn of<E: Send + Sync + 'static>(error: E) -> Self {
        Self(Arc::new(Kept(Some(error))))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error of a host method")
    }
}

impl Thrown {
    /// An Error that the runtime makes in the guest's place.
    pub(crate) fn new(name: Option<String>, message: String) -> Self {
        Self { place: None, name, message, stack: Vec::new(), value: None, cause: None, source: None }
    }

    /// The error with which a host method failed, when it is this very error that the guest threw, or one of its causes.
    ///
    /// A call that was refused for one of its values failed with a [`BoundaryError`], and one that panicked with a
    /// [`HostPanic`](crate::HostPanic).
    ///
    /// An error that is not `Send + Sync` is not kept, and so not found here; nor is one that the guest caught more than
    /// 16 failures ago.
    #[must_use]
    pub fn host_error<E: 'static>(&self) -> Option<&E> {
        let kept = self.source.as_ref().and_then(|source| source.0.downcast_ref::<Kept<E>>());
        kept.and_then(|kept| kept.0.as_ref()).or_else(|| self.cause.as_ref()?.host_error())
    }
}

#[cfg(feature = "process")]
impl Thrown {
    /// The error with which a host method failed, when it is this very one and no cause of it.
    pub(crate) fn host_error_here<E: 'static>(&self) -> Option<&E> {
        self.source.as_ref()?.0.downcast_ref::<Kept<E>>()?.0.as_ref()
    }
}

impl std::error::Error for Thrown {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&prefix(self.place.as_ref()))?;
        match &self.name {
            Some(name) if self.message.is_empty() => f.write_str(name)?,
            Some(name) => write!(f, "{name}: {}", self.message)?,
            None => write!(f, "threw {}", self.message)?,
        }
        self.stack.iter().try_for_each(|frame| write!(f, "\n    at {frame}"))?;
        self.cause.iter().try_for_each(|cause| write!(f, "\n  caused by {cause}"))
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

/// Values that are not what their contract says, and where in the argument or result that is.
///
/// All violations are there, up to sixteen. They are told from the description of the type, so a type that does not
/// implement `schemars::JsonSchema` has the first one only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoundaryError {
    /// The method whose argument or result it is.
    pub place: Place,
    /// Which way it was going.
    pub direction: Direction,
    /// What is wrong: at least one.
    pub violations: Vec<Violation>,
    /// There are more violations than these.
    pub truncated: bool,
}

/// A value that is not what its contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
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
        write!(f, "{} → ", self.place)?;
        for (index, violation) in self.violations.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            violation.fmt(f)?;
        }
        f.write_str(if self.truncated { "; and more" } else { "" })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, expected, found } = self;
        write!(f, "{path}: expected {expected}, got {found}")
    }
}
