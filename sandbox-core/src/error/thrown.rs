//! [`Thrown`]: the exception of a guest.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::kept::KeptError;
use super::{BoundaryError, Direction, Place, prefix};
use crate::shown::{ScriptName, Shown};
use crate::value::JsValue;

/// The exception of a guest, read while the guest's time limit was armed. Every part is bounded, so that an exception
/// cannot fill the host's memory or log.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Thrown {
    /// The called method; `None` while a script was evaluated, and for a cause.
    pub place: Option<Place>,
    /// The `name` of the Error, its first 256 characters; `None` when the exception is no Error.
    pub name: Option<String>,
    /// The `message` of the Error, its first 4,096 characters; or a description of the exception. A message of more than
    /// 65,536 characters is not read: the field is its length alone, such as `… 70000 characters …`.
    pub message: String,
    /// The stack: frames of guest files only, innermost first, at most 32.
    pub stack: Vec<StackFrame>,
    /// The exception, when it is no Error, and small enough to copy: 1,000 values and 64 KiB of text.
    pub value: Option<JsValue>,
    /// The `cause` of the Error; the chain is at most 8 errors long.
    pub cause: Option<Box<Thrown>>,
    #[doc(hidden)]
    pub source: Option<Source>,
}

/// An error of a host method, before it went to the guest.
#[derive(Clone)]
pub struct Source(pub Arc<dyn Any + Send + Sync>);

impl Source {
    pub fn of<E: Send + Sync + 'static>(error: E) -> Self {
        Self(Arc::new(KeptError(Some(error))))
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
    #[doc(hidden)]
    pub fn new(name: Option<String>, message: String) -> Self {
        Self { place: None, name, message, stack: Vec::new(), value: None, cause: None, source: None }
    }

    /// The error of a host method, when the exception stands for it, or one of the exception's causes does.
    ///
    /// A call that was refused for an argument, or whose result broke the contract, failed with a [`BoundaryError`]. A
    /// call that panicked failed with a [`HostPanic`](crate::HostPanic).
    ///
    /// An error that is not `Send + Sync` is not kept, so it is not found here. An error that the guest caught more than
    /// 16 failures ago is not found either.
    #[must_use]
    pub fn host_error<E: 'static>(&self) -> Option<&E> {
        let kept = self.source.as_ref().and_then(|source| source.0.downcast_ref::<KeptError<E>>());
        kept.and_then(|kept| kept.0.as_ref()).or_else(|| self.cause.as_ref()?.host_error())
    }
}

impl Thrown {
    /// The violations of a host method's result, when the exception stands for them.
    pub(super) fn broken_contract(&self) -> Option<&BoundaryError> {
        let kept = self.source.as_ref()?.0.downcast_ref::<KeptError<BoundaryError>>()?;
        kept.0.as_ref().filter(|error| error.direction == Direction::ToGuest)
    }
}

impl Thrown {
    /// The start of the text `message` of a thrown object that is no Error.
    fn own_message(&self) -> Option<String> {
        let Some(JsValue::Object(fields)) = &self.value else { return None };
        let (_, message) = fields.iter().find(|(name, _)| name == "message")?;
        matches!(message, JsValue::String(_)).then(|| message.describe())
    }

    /// The error of a host method, when the exception itself stands for it, and no cause does.
    #[doc(hidden)]
    pub fn host_error_here<E: 'static>(&self) -> Option<&E> {
        self.source.as_ref()?.0.downcast_ref::<KeptError<E>>()?.0.as_ref()
    }
}

impl std::error::Error for Thrown {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let cause = self.cause.as_deref().map(|cause| cause as _);
        // The guest did not catch an `Error::host`, whose source is behind it.
        cause.or_else(|| Some(self.host_error_here::<super::Error>()? as _))
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&prefix(self.place.as_ref()))?;
        match &self.name {
            Some(name) if self.message.is_empty() => Shown(name).fmt(f)?,
            Some(name) => write!(f, "{}: {}", Shown(name), Shown(&self.message))?,
            None => {
                write!(f, "threw {}", Shown(&self.message))?;
                if let Some(message) = self.own_message() {
                    write!(f, " with the message {message}")?;
                }
            }
        }
        self.stack.iter().try_for_each(|frame| write!(f, "\n    at {frame}"))?;
        if let Some(hint) = super::hints::of_thrown(self.name.as_deref(), &self.message) {
            write!(f, "\n  hint: {hint}")?;
        }
        self.cause.iter().try_for_each(|cause| write!(f, "\n  caused by {cause}"))
    }
}

/// A frame of a guest's stack.
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

impl StackFrame {
    #[doc(hidden)]
    #[must_use]
    pub fn new(function: Option<String>, file: String, (line, column): (usize, usize)) -> Self {
        Self { function, file, line, column }
    }
}

impl fmt::Display for StackFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, .. } = self;
        let file = ScriptName(&self.file);
        match &self.function {
            Some(function) => write!(f, "{} ({file}:{line}:{column})", Shown(function)),
            None => write!(f, "{file}:{line}:{column}"),
        }
    }
}
