//! [`Thrown`]: the exception of a guest.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::kept::KeptError;
use super::{BoundaryError, Direction, Place, prefix};
use crate::script::OriginalPlace;
use crate::shown::{ScriptName, Shown};
use crate::value::JsValue;

/// The most errors of AggregateErrors that an exception has, with those of its causes.
#[doc(hidden)]
pub const MOST_ERRORS: usize = 32;
/// The most own properties of an Error that are kept.
#[doc(hidden)]
pub const MOST_PROPERTIES: usize = 16;

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
    /// The exception, when it is no Error, and small enough to copy. The values and properties of an exception with its
    /// causes and errors have at most 1,000 values and 64 KiB of text in all.
    pub value: Option<JsValue>,
    /// The `cause` of the Error; the chain is at most 8 errors long.
    pub cause: Option<Box<Thrown>>,
    /// The `errors` of an AggregateError, in their order. An exception with its causes has at most 32 of them in all.
    pub errors: Vec<Thrown>,
    /// The own enumerable properties of the Error that are plain data, such as `code` and `status`, at most 16. In an
    /// exception with its causes and errors, 1,000 names of properties are looked at.
    ///
    /// ```
    /// use sandbox_runtime::{Error, JsValue, LocalSandbox, Script};
    ///
    /// let source = "throw Object.assign(new Error('no stock'), { code: 'E_STOCK', status: 409 });";
    /// let error = LocalSandbox::builder().build()?.eval(Script::new("a.js", source)).map(drop).unwrap_err();
    /// let Error::Guest(thrown) = error else { panic!("the guest threw") };
    /// assert_eq!(thrown.properties[0], ("code".into(), JsValue::String("E_STOCK".into())));
    /// # Ok::<(), Error>(())
    /// ```
    pub properties: Vec<(String, JsValue)>,
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
        Self {
            place: None,
            name,
            message,
            stack: Vec::new(),
            value: None,
            cause: None,
            errors: Vec::new(),
            properties: Vec::new(),
            source: None,
        }
    }

    /// Gives each frame that has no original place to `give`, those of causes and of errors among them.
    #[doc(hidden)]
    pub fn for_each_frame(&mut self, give: &mut dyn FnMut(&mut StackFrame)) {
        self.stack.iter_mut().filter(|frame| frame.original.is_none()).for_each(&mut *give);
        self.cause.iter_mut().for_each(|cause| cause.for_each_frame(give));
        self.errors.iter_mut().for_each(|error| error.for_each_frame(give));
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
        self.cause.iter().try_for_each(|cause| write!(f, "\n  caused by {cause}"))?;
        self.errors.iter().try_for_each(|error| write!(f, "\n  one of its errors: {error}"))
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
    /// The place that this one was made from, by the source map of the script. `Display` shows both.
    pub original: Option<OriginalPlace>,
}

/// A place in a script, with the place that it was made from before it.
pub(super) struct ShownPlace<'p>(
    pub(super) &'p str,
    pub(super) (usize, usize),
    pub(super) Option<&'p OriginalPlace>,
);

impl fmt::Display for ShownPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(file, (line, column), original) = self;
        if let Some(OriginalPlace { file, line, column }) = original {
            write!(f, "{}:{line}:{column} in ", ScriptName(file))?;
        }
        write!(f, "{}:{line}:{column}", ScriptName(file))
    }
}

impl StackFrame {
    #[doc(hidden)]
    #[must_use]
    pub fn new(function: Option<String>, file: String, (line, column): (usize, usize)) -> Self {
        Self { function, file, line, column, original: None }
    }
}

impl fmt::Display for StackFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = ShownPlace(&self.file, (self.line, self.column), self.original.as_ref());
        match &self.function {
            Some(function) => write!(f, "{} ({place})", Shown(function)),
            None => place.fmt(f),
        }
    }
}
