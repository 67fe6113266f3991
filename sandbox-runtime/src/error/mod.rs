//! What can go wrong, as values. `Display` shows text of guests with its unseen characters escaped; the fields have it as it is.
//! None ends the host.
//!
//! Each variant says whether the call was made. A call that was not made is never [`Error::Lost`], and one that was made is never
//! [`Error::Blocking`], [`Error::Overloaded`], [`Error::System`], [`Error::Contract`] or [`Error::Discarded`]. [`Error::Build`] is of
//! sandboxes and realms that cannot be made, and never of a call. `docs/guide/errors.md` has the table.

mod boundary;
#[cfg(feature = "process")]
mod death;
mod excess;
mod hints;
mod kept;
mod lost;
mod thrown;

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use crate::contract::Contract;
use crate::guest_error::KeptError;
use crate::shown::Shown;
pub use boundary::{BoundaryError, Direction, Violation};
#[cfg(feature = "process")]
pub use death::Death;
pub use excess::{Amount, Excess, Phase};
pub(crate) use excess::{MAX_CALLS, OTHER_STACK, grouped};
pub use hints::Hint;
pub(crate) use hints::of_syntax;
pub use kept::HostSource;
pub(crate) use kept::chain;
pub use lost::{Conversion, DiscardCause, LossReason};
pub(crate) use thrown::Source;
pub use thrown::{StackFrame, Thrown};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a sandbox could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sandbox, or a realm of it, could not be made as its builder was told: at first, by `reset`, or for a tenant of a pool.
    #[error("the sandbox cannot be built: {}", lines(reason))]
    #[non_exhaustive]
    Build {
        /// What is wrong, and how to put it right.
        reason: String,
    },
    /// A script is not JavaScript.
    #[error("{}:{line}:{column}: {}{}", Shown(script), Shown(message), note(*hint))]
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
        /// What to do about it, where its cause is a common one: TypeScript, or exports of a module in a `.cjs` script.
        hint: Option<Hint>,
    },
    /// A script does not export what its contract asks for. Nothing of it has been called.
    #[error("{} does not implement {contract}: {}{}", Shown(script), list(problems), exported(exports))]
    #[non_exhaustive]
    Mismatch {
        /// The name of the contract.
        contract: &'static str,
        /// The name of the script.
        script: String,
        /// Every export that is missing or no function.
        problems: Vec<ExportProblem>,
        /// The names that it exports, the first 32.
        exports: Box<Vec<String>>,
    },
    /// The guest threw, and did not catch.
    #[error(transparent)]
    Guest(Box<Thrown>),
    /// A value that crossed is not what the contract says.
    #[error(transparent)]
    Value(Box<BoundaryError>),
    /// A host method gave a value that its own contract does not allow, or that is more than may cross. The guest let the error of
    /// that pass. The fault is the host's, and the place is the host method.
    ///
    /// The guest was told a reference only. The log (`tracing`) has the text under it.
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
    /// The guest used more than it may.
    #[error("{}{excess}", prefix(place.as_ref()))]
    #[non_exhaustive]
    Limit {
        /// Which limit.
        kind: LimitKind,
        /// The limit, its value and what was met.
        excess: Box<Excess>,
        /// What was being called; `None` while a script was evaluated.
        place: Option<Place>,
    },
    /// The sandbox was given up after a fault or has ended, or what was called was loaded before its last reset. The call was
    /// not made.
    #[error("the sandbox was discarded: {cause}")]
    #[non_exhaustive]
    Discarded {
        /// The fault, or what else ended it.
        cause: DiscardCause,
    },
    /// The call was made, and nobody knows what became of it. The guest may have run, and may have called the host.
    #[error("{}the call was made, and its outcome is lost: {reason}", prefix(place.as_ref()))]
    #[non_exhaustive]
    Lost {
        /// Why.
        reason: LossReason,
        /// What was being called; `None` while a script was evaluated.
        place: Option<Place>,
    },
    /// Code of the host panicked that converts or checks the values of a call: a `Serialize`, a `Deserialize`, or a rule of
    /// garde. The sandbox can be called again.
    ///
    /// ```
    /// use sandbox_runtime::{Conversion, Error, LocalSandbox, Result, Script, sandbox_api};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize)]
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
        /// What was being called.
        place: Place,
        /// What was done with the values.
        during: Conversion,
        /// The text of the panic.
        message: String,
    },
    /// A contract cannot be used: a description of its types cannot be checked, or panicked. The call was not made.
    #[error("the contract {contract} cannot be used: {}", lines(reason))]
    #[non_exhaustive]
    Contract {
        /// The name of the contract.
        contract: &'static str,
        /// What is wrong, and how to put it right.
        reason: String,
    },
    /// The system refused what a call needs. The call was not made, and can be made again.
    #[error("the call was not made: the system has no {what} for it ({})", Shown(error))]
    #[non_exhaustive]
    System {
        /// What the call needs.
        what: &'static str,
        /// What the system said.
        error: String,
    },
    /// A call that would wait where waiting stops what it waits for. It was not made.
    #[error("the call would block: {}", Shown(reason))]
    #[non_exhaustive]
    Blocking {
        /// What would wait for what, and what to do instead.
        reason: String,
    },
    /// A pool has no room for the call, or its turn has not come in time. It was not made.
    #[error("the sandbox of {} is overloaded: {}", Shown(tenant), Shown(reason))]
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
    #[error("{}", lines(message))]
    #[non_exhaustive]
    Host {
        /// The text.
        message: String,
        /// Whether the guest may see the text; else it sees a reference only.
        visible: bool,
        /// The error that it was made from; `None` when it was made from a text.
        source: Option<HostSource>,
    },
}

impl From<Box<Error>> for Error {
    fn from(error: Box<Error>) -> Self {
        *error
    }
}

impl Error {
    /// An error of a host method whose text the guest may see: a text, or an error, which is kept as its `source()`. The
    /// guest sees the text of the error alone, and nothing of what caused it.
    ///
    /// ```
    /// # use sandbox_runtime::Error;
    /// assert_eq!(Error::public("no such currency").to_string(), "no such currency");
    /// ```
    #[must_use]
    pub fn public<E: Into<Box<dyn std::error::Error + Send + Sync>>>(error: E) -> Self {
        kept::error(error, true)
    }

    /// An error of a host method whose text stays with the host: a text, or an error, which is kept as its `source()`. The
    /// guest sees a reference; the log has, under that reference, the text and the texts of all that caused it.
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

    pub(crate) fn blocking(reason: impl Into<String>) -> Self {
        Self::Blocking { reason: reason.into() }
    }

    pub(crate) fn build(reason: impl Into<String>) -> Self {
        Self::Build { reason: reason.into() }
    }

    /// A call was not made, for a fault has ended the sandbox.
    #[cfg(feature = "process")]
    pub(crate) fn after(fault: Self) -> Self {
        Self::Discarded { cause: DiscardCause::Fault(Box::new(fault)) }
    }

    pub(crate) fn lost(reason: LossReason, place: Option<Place>) -> Self {
        Self::Lost { reason, place }
    }

    pub(crate) fn system(what: &'static str, error: &std::io::Error) -> Self {
        Self::System { what, error: error.to_string() }
    }

    pub(crate) fn contract<C: ?Sized + Contract>(reason: String) -> Self {
        Self::Contract { contract: C::SPEC.name, reason }
    }

    /// The error of a call that had begun. Of one that was not made, it says that it was lost.
    #[cold]
    pub(crate) fn of_begun(self, place: Option<Place>) -> Self {
        match self {
            Self::Discarded { cause } => Self::lost(LossReason::Discarded(cause), place),
            other => other,
        }
    }

    /// The error of a call of a method, for those who did not know which it was.
    #[cold]
    pub(crate) fn at(self, place: Place) -> Self {
        match self {
            Self::Lost { reason, place: None } => Self::lost(reason, Some(place)),
            other => other,
        }
    }

    /// The error with which a host method failed, when the guest let it pass; see [`Thrown::host_error`]. Of an
    /// [`Error::host`] or [`Error::public`], the error that it was made from, or one that caused that.
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

    /// What a guest threw. When that is the error of a host method that broke its contract, it is the host's fault.
    pub(crate) fn of_guest(thrown: Thrown) -> Self {
        match thrown.broken_contract() {
            Some(error) => Self::HostValue(Box::new(error.clone())),
            None => Self::Guest(Box::new(thrown)),
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
                LimitKind::Deadline => "limit.deadline",
            },
            Self::Discarded { .. } => "discarded",
            Self::Lost { .. } => "lost",
            Self::Panicked { .. } => "panicked",
            Self::Contract { .. } => "contract",
            Self::System { .. } => "system",
            Self::Blocking { .. } => "blocking",
            Self::Overloaded { .. } => "overloaded",
            #[cfg(feature = "process")]
            Self::Process { death, .. } => death.kind(),
            Self::Host { .. } => "host",
        }
    }

    /// Whether the sandbox is lost: after this error no call is made until it is reset. It is false for
    /// [`LimitKind::TotalCpu`], although that needs a reset as well, and for [`DiscardCause::Reset`], after which the script is to
    /// be loaded again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        #[cfg(feature = "process")]
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

/// A text of the host in which a guest's may be: the lines are the host's own.
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
    /// An export with a name that is almost the same, when there is no such export.
    pub similar: Option<String>,
}

impl ExportProblem {
    /// An export that is not there, among those that are.
    pub(crate) fn missing(export: &'static str, exports: &[String]) -> Self {
        let near = exports.iter().filter(|name| is_near(export, name));
        Self {
            export,
            found: None,
            similar: near.min_by_key(|name| name.len().abs_diff(export.len())).cloned(),
        }
    }
}

/// Whether two names are the same but for case, separators, or one or two characters.
fn is_near(a: &str, b: &str) -> bool {
    let plain = |name: &str| {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<Vec<_>>()
    };
    let (a, b) = (plain(a), plain(b));
    let most = if a.len().min(b.len()) < 4 { 1 } else { 2 };
    a.len().min(b.len()) > 1 && distance(&a, &b) <= most
}

/// How many characters are to be put in, left out or exchanged to make one of the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row = (0..=b.len()).collect::<Vec<_>>();
    for (i, x) in a.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let here = (before + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            before = std::mem::replace(&mut row[j + 1], here);
        }
    }
    row.last().copied().unwrap_or_default()
}

impl fmt::Display for ExportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            None => {
                write!(f, "no export `{}`", self.export)?;
                self.similar.iter().try_for_each(|similar| write!(f, " (`{}` is one)", Shown(similar)))
            }
            Some(found) => write!(f, "export `{}` is {}, not a function", self.export, Shown(found)),
        }
    }
}

fn note(hint: Option<Hint>) -> String {
    hint.map(|hint| format!(" ({hint})")).unwrap_or_default()
}

/// What a script exports, beside what it does not.
fn exported(exports: &[String]) -> String {
    match exports {
        [] => "; it exports nothing".to_owned(),
        names => {
            let names = names.iter().map(|name| Shown(name).to_string()).collect::<Vec<_>>();
            format!("; it exports {}", names.join(", "))
        }
    }
}

fn list(problems: &[ExportProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
