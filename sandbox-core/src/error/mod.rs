//! The errors of the crate, as values. `Display` escapes unprintable characters in a guest's text, and the fields have the
//! text unchanged. No error ends the host.
//!
//! Each variant says whether the call was made. A call that was not made is never [`Error::Lost`], and one that was made is never
//! [`Error::Blocking`], [`Error::Overloaded`], [`Error::System`], [`Error::Contract`] or [`Error::Discarded`]. [`Error::Build`] is of
//! sandboxes and realms that cannot be made, and never of a call. `docs/guide/errors.md` has the table.

mod boundary;
mod code_frame;
mod death;
mod excess;
mod hints;
mod kept;
mod lost;
mod make;
mod mismatch;
mod thrown;

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::script::OriginalPlace;
use crate::shown::{ScriptName, Shown};
pub use boundary::{BoundaryError, Direction, Violation};
pub use death::Death;
pub use excess::{Amount, DEEPEST_CALL, Excess, MAX_CALLS, OTHER_STACK, Phase, grouped};
pub use hints::{Hint, of_syntax};
pub use kept::{HostSource, KeptError, chain};
pub use lost::{Conversion, DiscardCause, LossReason};
pub use mismatch::ExportProblem;
use mismatch::{exported, list};
use thrown::ShownPlace;
pub use thrown::{MOST_ERRORS, MOST_PROPERTIES, Source, StackFrame, Thrown};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a sandbox could not do a request.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sandbox, or a realm of it, could not be made: by the builder, by `reset`, or for a tenant of a pool.
    #[error("the sandbox cannot be built: {}", lines(reason))]
    #[non_exhaustive]
    Build {
        /// The cause, and the remedy.
        reason: String,
    },
    /// A script is not JavaScript.
    #[error("{}: {}{}", ShownPlace(script, (*line, *column), original.as_deref()), Shown(message), note(*hint))]
    #[non_exhaustive]
    Syntax {
        /// The name of the script.
        script: String,
        /// V8's message, such as `SyntaxError: Unexpected token '}'`, its first 4,096 characters.
        message: String,
        /// The line, from 1; 0 when unknown.
        line: usize,
        /// The column, from 1; 0 when unknown.
        column: usize,
        /// The remedy of a common cause: TypeScript, or exports of a module in a `.cjs` script.
        hint: Option<Hint>,
        /// The place that this one was made from, by the source map of the script.
        original: Option<Box<OriginalPlace>>,
    },
    /// A value cannot be given to guests as a global. No code of the script ran.
    ///
    /// ```
    /// # use sandbox_runtime::{Error, Script};
    /// let error = Script::new("a.js", "export {};").global("Object", &1.5).unwrap_err();
    /// assert!(matches!(error, Error::Global { name, .. } if name == "Object"));
    /// ```
    #[error("the global {} cannot be given: {}", Shown(name), lines(reason))]
    #[non_exhaustive]
    Global {
        /// The name of the global.
        name: String,
        /// The cause, and the remedy.
        reason: String,
    },
    /// A script does not export what its contract needs. No method was called.
    #[error(
        "{} does not implement {contract}: {}{}",
        ScriptName(script),
        list(problems),
        exported(problems, exports)
    )]
    #[non_exhaustive]
    Mismatch {
        /// The name of the contract.
        contract: Cow<'static, str>,
        /// The name of the script.
        script: String,
        /// Every export that is missing or no function.
        problems: Box<Vec<ExportProblem>>,
        /// The names that it exports, the first 32. `default` is one only if there is no other.
        exports: Box<Vec<String>>,
    },
    /// The guest threw an exception and did not catch it.
    #[error(transparent)]
    Guest(Box<Thrown>),
    /// A value that crossed violates the contract.
    #[error(transparent)]
    Value(Box<BoundaryError>),
    /// The result of a host method violates the method's own contract, or exceeds the budget of a crossing. The guest did
    /// not catch the error of that call. The fault is the host's, and the place is the host method.
    ///
    /// The guest got a reference only. The log (`tracing`) has the text under it.
    ///
    /// ```
    /// use sandbox_runtime::{Error, LocalSandbox, Result, Script, sandbox_api};
    ///
    /// #[sandbox_api(host)]
    /// pub trait Rates {
    ///     #[sandbox(returns(range(min = 0)))]
    ///     fn rate(&self) -> f64;
    /// }
    /// impl Rates for f64 { fn rate(&self) -> f64 { *self } }
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Price { fn price(&self) -> Result<f64>; }
    ///
    /// let sandbox = LocalSandbox::builder().host::<dyn Rates>(-1.0).build()?;
    /// let guest = sandbox.load::<dyn Price>(Script::new("price.js", "export const price = () => Rates.rate();"))?;
    /// let Err(Error::HostValue(error)) = guest.price() else { panic!("the host broke its contract") };
    /// assert_eq!(error.to_string(), "Rates.rate → result: expected a number ≥ 0, got -1");
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[error("a host method broke its contract: {0}")]
    HostValue(Box<BoundaryError>),
    /// The guest exceeded a limit.
    #[error("{}{excess}", prefix(place.as_ref()))]
    #[non_exhaustive]
    Limit {
        /// Which limit.
        kind: LimitKind,
        /// The limit, its value and what was met.
        excess: Box<Excess>,
        /// The called method; `None` while a script was evaluated.
        place: Option<Place>,
    },
    /// The sandbox was discarded after a fault, or has ended, or the script was loaded before the last reset. The call was
    /// not made.
    #[error("{}{cause}", cause.prefix())]
    #[non_exhaustive]
    Discarded {
        /// The fault, or the other reason.
        cause: DiscardCause,
    },
    /// The call was made, and its outcome is unknown. The guest may have run, and may have called the host.
    #[error("{}the call was made, and its outcome is lost: {reason}", prefix(place.as_ref()))]
    #[non_exhaustive]
    Lost {
        /// Why.
        reason: LossReason,
        /// The called method; `None` while a script was evaluated.
        place: Option<Place>,
    },
    /// Code of the host that converts or checks values panicked: a `Serialize`, a `Deserialize`, or a rule of garde. The
    /// sandbox can be called again.
    ///
    /// ```
    /// use sandbox_runtime::{Conversion, Error, LocalSandbox, Result, Script, sandbox_api};
    ///
    /// #[derive(Clone, serde::Serialize, serde::Deserialize)]
    /// #[serde(into = "f64", from = "f64")]
    /// pub struct Odd(u32);
    /// impl From<Odd> for f64 { fn from(odd: Odd) -> f64 { odd.0.into() } }
    /// impl From<f64> for Odd { fn from(number: f64) -> Odd { panic!("no number is odd enough: {number}") } }
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Job { fn run(&self) -> Result<Odd>; }
    ///
    /// let sandbox = LocalSandbox::builder().build()?;
    /// let job = sandbox.load::<dyn Job>(Script::new("job.js", "export const run = () => 1;"))?;
    /// let Err(Error::Panicked { during, message, .. }) = job.run() else { panic!("it panics") };
    /// assert_eq!((during, &*message), (Conversion::Result, "no number is odd enough: 1"));
    /// # Ok::<(), Error>(())
    /// ```
    #[error("{place}: code of the host panicked {during}: {}", lines(message))]
    #[non_exhaustive]
    Panicked {
        /// The called method.
        place: Place,
        /// The step of the call.
        during: Conversion,
        /// The text of the panic.
        message: String,
    },
    /// A contract cannot be used: the description of its types is faulty, or panicked. The call was not made.
    #[error("the contract {} cannot be used: {}", Shown(contract), lines(reason))]
    #[non_exhaustive]
    Contract {
        /// The name of the contract.
        contract: Cow<'static, str>,
        /// The cause, and the remedy.
        reason: String,
    },
    /// The call was cancelled: by its [`Cancellation`](crate::Cancellation), or with all calls of its sandbox by `cancel_all`. The
    /// sandbox can be called again.
    #[error("{}the call was cancelled, and {}", prefix(place.as_ref()), made(*was_made))]
    #[non_exhaustive]
    Cancelled {
        /// Whether the call had begun, and the guest may have run. Otherwise the call was not made.
        was_made: bool,
        /// The called method; `None` while a script was evaluated, and for a call that was not made.
        place: Option<Place>,
    },
    /// The system refused what a call needs. The call was not made, and can be made again.
    #[error("the call was not made: the system has no {what} for it ({})", Shown(error))]
    #[non_exhaustive]
    System {
        /// The resource that the call needs.
        what: &'static str,
        /// The system's error.
        error: String,
    },
    /// The call would block the thread that it waits for. The call was not made.
    #[error("the call would block: {}", Shown(reason))]
    #[non_exhaustive]
    Blocking {
        /// The wait that would block, and the alternative.
        reason: String,
    },
    /// A pool has no room for the call, or its turn has not come in time. The call was not made.
    #[error("the sandbox of {} is overloaded: {}", Shown(tenant), Shown(reason))]
    #[non_exhaustive]
    Overloaded {
        /// The key of the tenant.
        tenant: String,
        /// The exceeded bound.
        reason: String,
    },
    /// The process of the guest has ended or was killed, and the sandbox with it.
    #[error("{}the process of the guest {death}", prefix(place.as_ref()))]
    #[non_exhaustive]
    Process {
        /// How it ended.
        death: Death,
        /// The called method; `None` while a script was evaluated, or the sandbox made.
        place: Option<Place>,
    },
    /// A host method returned an error. Made by [`Error::public`] and [`Error::host`].
    #[error("{}", lines(message))]
    #[non_exhaustive]
    Host {
        /// The text.
        message: String,
        /// Whether the guest may see the text. Otherwise the guest sees a reference only.
        visible: bool,
        /// The error that this was made from; `None` when it was made from a text.
        source: Option<HostSource>,
    },
}

impl From<Box<Error>> for Error {
    fn from(error: Box<Error>) -> Self {
        *error
    }
}

impl Error {
    /// An error of a host method whose text the guest may see. Made from a text, or from an error, which is kept as its
    /// `source()`. The guest sees the text of the error alone, and not its causes.
    ///
    /// ```
    /// # use sandbox_runtime::Error;
    /// assert_eq!(Error::public("no such currency").to_string(), "no such currency");
    /// ```
    #[must_use]
    pub fn public<E: Into<Box<dyn std::error::Error + Send + Sync>>>(error: E) -> Self {
        kept::error(error, true)
    }

    /// An error of a host method whose text stays with the host. Made from a text, or from an error, which is kept as its
    /// `source()`. The guest sees a reference. Under that reference, the log has the text and the texts of all causes.
    ///
    /// ```
    /// use std::error::Error as _;
    /// # use sandbox_runtime::Error;
    ///
    /// let error = "1.5 EUR".parse::<f64>().map_err(Error::host).unwrap_err();
    /// assert_eq!(error.to_string(), "invalid float literal");
    /// assert!(error.source().is_some_and(|source| source.is::<std::num::ParseFloatError>()));
    /// assert!(Error::host("the database is down").source().is_none());
    /// ```
    #[must_use]
    pub fn host<E: Into<Box<dyn std::error::Error + Send + Sync>>>(error: E) -> Self {
        kept::error(error, false)
    }

    /// The error of a call that had begun. An error of a call that was not made becomes [`Error::Lost`].
    #[doc(hidden)]
    #[cold]
    pub fn of_begun(self, place: Option<&Place>) -> Self {
        match self {
            Self::Discarded { cause } => Self::lost(LossReason::Discarded(cause), place),
            other => other,
        }
    }

    /// Adds the method, for errors that were made without it.
    #[doc(hidden)]
    #[cold]
    pub fn at(self, place: &Place) -> Self {
        match self {
            Self::Lost { reason, place: None } => Self::lost(reason, Some(place)),
            other => other,
        }
    }

    /// The error of a host method that the guest did not catch; see [`Thrown::host_error`]. For an [`Error::host`] or
    /// [`Error::public`], the error that it was made from, or a cause of that.
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
    pub fn host_error<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match self {
            Self::Guest(thrown) => thrown.host_error().or_else(|| kept::find(thrown.host_error::<Self>()?)),
            Self::HostValue(error) => (&**error as &dyn Any).downcast_ref(),
            Self::Host { .. } => kept::find(self),
            _ => None,
        }
    }

    /// The error of a guest's exception. If the exception stands for a host method that broke its contract, the fault is the
    /// host's.
    #[doc(hidden)]
    pub fn of_guest(thrown: Thrown) -> Self {
        match thrown.broken_contract() {
            Some(error) => Self::HostValue(Box::new(error.clone())),
            None => Self::Guest(Box::new(thrown)),
        }
    }

    /// The host method's error that the guest did not catch, if it is an `E` with no other owner.
    #[doc(hidden)]
    pub fn into_own<E: 'static>(self) -> Result<E, Self> {
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
            Self::Global { .. } => "global",
            Self::Mismatch { .. } => "mismatch",
            Self::Guest(_) => "guest",
            Self::Value(_) => "value",
            Self::HostValue(_) => "host.value",
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
                LimitKind::Handles => "limit.handles",
                LimitKind::Deadline => "limit.deadline",
            },
            Self::Discarded { .. } => "discarded",
            Self::Lost { .. } => "lost",
            Self::Panicked { .. } => "panicked",
            Self::Contract { .. } => "contract",
            Self::Cancelled { .. } => "cancelled",
            Self::System { .. } => "system",
            Self::Blocking { .. } => "blocking",
            Self::Overloaded { .. } => "overloaded",
            Self::Process { death, .. } => death.kind(),
            Self::Host { .. } => "host",
        }
    }

    /// Whether the sandbox is lost: after this error, no call is made until it is reset. The answer is false for
    /// [`LimitKind::TotalCpu`], although that needs a reset as well. The answer is also false for [`DiscardCause::Reset`],
    /// after which the script must be loaded again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        if matches!(self, Self::Process { .. }) {
            return true;
        }
        match self {
            Self::Discarded { cause } => cause.is_final(),
            Self::Lost { reason, .. } => reason.is_final(),
            _ => matches!(self, Self::Limit { kind: LimitKind::Heap, .. }),
        }
    }
}

/// A text of the host that may contain a guest's text. Its line breaks are the host's own.
fn lines(text: &str) -> String {
    text.split('\n').map(|line| Shown(line).to_string()).collect::<Vec<_>>().join("\n")
}

fn try_own<E: 'static>(source: Arc<dyn Any + Send + Sync>) -> Result<E, Arc<dyn Any + Send + Sync>> {
    let mut source = source;
    match Arc::get_mut(&mut source)
        .and_then(|own| own.downcast_mut::<KeptError<E>>())
        .and_then(|kept| kept.0.take())
    {
        Some(error) => Ok(error),
        None => Err(source),
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
    /// Memory of ArrayBuffers, if the guest did not catch the RangeError. The sandbox can be called again.
    Buffers,
    /// Depth of the stack. The sandbox can be called again.
    Stack,
    /// Length of a script. The script was not evaluated.
    Script,
    /// Calls of host methods in one call. The sandbox can be called again.
    HostCalls,
    /// Calls of `async` host methods that were pending at once. The sandbox can be called again.
    Pending,
    /// Handles that were live at once. The sandbox can be called again, and what the guest still holds is live.
    Handles,
    /// The deadline of the caller; see `Sandbox::with_deadline`. The sandbox can be called
    /// again.
    Deadline,
}

/// A method of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The name of the contract.
    pub contract: Cow<'static, str>,
    /// The JavaScript name of the method.
    pub method: Cow<'static, str>,
}

impl Place {
    #[doc(hidden)]
    pub const fn new(contract: &'static str, method: &'static str) -> Self {
        Self { contract: Cow::Borrowed(contract), method: Cow::Borrowed(method) }
    }

    /// A place whose names may be owned.
    #[doc(hidden)]
    #[expect(clippy::ptr_arg, reason = "the clone of a constant name is constant")]
    pub fn named(contract: &Cow<'static, str>, method: &Cow<'static, str>) -> Self {
        Self { contract: contract.clone(), method: method.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", Shown(&self.contract), Shown(&self.method))
    }
}

fn prefix(place: Option<&Place>) -> String {
    place.map(|place| format!("{place}: ")).unwrap_or_default()
}

fn made(was_made: bool) -> &'static str {
    if was_made { "the guest may have run" } else { "was not made" }
}

fn note(hint: Option<Hint>) -> String {
    hint.map(|hint| format!(" ({hint})")).unwrap_or_default()
}
