//! The errors of host methods: the view that a guest gets, and the error that the host keeps.
//!
//! `isolate` and `site::wired` of `sandbox-runtime` make a [`HostError`] of each failure. The texts of a host's error never reach a guest,
//! unless its type implements [`GuestError`].

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Display;
use std::hash::{BuildHasher as _, RandomState};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::boundary::plain;
use crate::error::{BoundaryError, Error, KeptError, Place, Source, chain};
use crate::shown::Shown;
use crate::value::JsValue;

/// An error of a host method that decides what a guest may see.
///
/// Without it, a guest sees an opaque Error with a reference, under which the host's log (`tracing`) has the text.
/// `#[derive(GuestError)]` implements it:
///
/// ```
/// use sandbox_runtime::GuestError;
///
/// #[derive(Debug, thiserror::Error, GuestError)]
/// pub enum StoreError {
///     /// The guest sees a RangeError with the property `sku`; `shard` stays here.
///     #[error("no product {sku} in shard {shard}")]
///     #[guest(class = "RangeError", message = "no such product: {sku}")]
///     NotFound { #[guest] sku: String, shard: u32 },
///     /// The guest sees an Error with the same text.
///     #[guest]
///     #[error("the store is busy")]
///     Busy,
///     /// The guest sees a reference.
///     #[error("database: {0}")]
///     Database(String),
/// }
///
/// let error = StoreError::NotFound { sku: "A-1".into(), shard: 7 };
/// let seen = error.for_guest().expect("it is visible");
/// assert_eq!((seen.class(), seen.message()), ("RangeError", "no such product: A-1"));
/// assert!(StoreError::Database("password=…".into()).for_guest().is_none());
/// ```
pub trait GuestError {
    /// The view of the guest; `None` for an opaque Error with a reference.
    fn for_guest(&self) -> Option<GuestView>;
}

/// The view that a guest gets of an error: an Error of its own realm.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestView {
    class: Cow<'static, str>,
    message: String,
    fields: Vec<(&'static str, JsValue)>,
}

impl GuestView {
    /// An Error of a class of ECMAScript: `Error`, `TypeError`, `RangeError`, `SyntaxError` or `ReferenceError`. Any other
    /// name is set as `name` of an `Error`.
    #[must_use]
    pub fn new(class: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { class: class.into(), message: message.into(), fields: Vec::new() }
    }

    /// Adds a property. A value that cannot be serialized is left out, with a warning in the log.
    #[must_use]
    pub fn with<T: ?Sized + Serialize>(mut self, name: &'static str, value: &T) -> Self {
        match plain(value) {
            Ok(value) => self.fields.push((name, value)),
            Err(error) => {
                tracing::error!(%error, name, "a property of an error cannot be given to the guest")
            }
        }
        self
    }

    /// The class or name.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The properties beside the text.
    #[must_use]
    pub fn fields(&self) -> &[(&'static str, JsValue)] {
        &self.fields
    }
}

/// An error of [`Error::public`] shows its text. No other error of the runtime is shown.
impl GuestError for Error {
    fn for_guest(&self) -> Option<GuestView> {
        match self {
            Self::Host { message, visible: true, .. } => Some(GuestView::new("Error", message.clone())),
            _ => None,
        }
    }
}

/// A host method panicked. The guest saw an opaque Error. When the guest does not catch it, the host finds this in the
/// [`host_error`](Error::host_error).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the method panicked")]
#[non_exhaustive]
pub struct HostPanic;

impl HostPanic {
    /// A panic as an error.
    #[doc(hidden)]
    #[must_use]
    pub fn error() -> Error {
        Error::host(Self)
    }
}

/// The known facts about the error type of a method.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct ErrorSpec {
    view: Option<ViewOf>,
    chain: Option<ChainOf>,
    keep: Option<KeepOf>,
}

/// The text of an error and of all that caused it.
type ChainOf = fn(&dyn Any) -> Option<String>;
/// Makes the view of an error that the guest may see.
type ViewOf = fn(&dyn Any) -> Option<GuestView>;
/// Takes an error out of an `Option` of it.
type KeepOf = fn(&mut dyn Any) -> Option<Arc<dyn Any + Send + Sync>>;

impl ErrorSpec {
    #[must_use]
    pub const fn new(view: Option<ViewOf>, chain: Option<ChainOf>, keep: Option<KeepOf>) -> Self {
        Self { view, chain, keep }
    }
}

/// Finds the facts about the error of the return type `R`: an inherent constant is preferred over one of a trait.
#[doc(hidden)]
pub struct ErrorProbe<R>(PhantomData<R>);

/// The fallbacks of [`ErrorProbe`].
#[doc(hidden)]
pub trait Opaque {
    const VIEW: Option<ViewOf> = None;
    const CHAIN: Option<ChainOf> = None;
    const KEEP: Option<KeepOf> = None;
}

impl<R> Opaque for ErrorProbe<R> {}

impl<T, E: GuestError + 'static> ErrorProbe<Result<T, E>> {
    pub const VIEW: Option<ViewOf> = Some(|error| error.downcast_ref::<E>()?.for_guest());
}

impl<T, E: std::error::Error + 'static> ErrorProbe<Result<T, E>> {
    pub const CHAIN: Option<ChainOf> = Some(|error| Some(chain(error.downcast_ref::<E>()?)));
}

impl<T, E: Send + Sync + 'static> ErrorProbe<Result<T, E>> {
    pub const KEEP: Option<KeepOf> = Some(|error| {
        let error = error.downcast_mut::<Option<E>>()?.take()?;
        Some(Arc::new(KeptError(Some(error))))
    });
}

/// The failure of a host method on its way to the guest.
#[doc(hidden)]
#[derive(Debug)]
pub struct HostError {
    pub view: Option<GuestView>,
    /// The full text, for the log.
    text: String,
    /// The error itself, which the host gets back when the guest does not catch it.
    pub source: Option<Source>,
}

impl HostError {
    pub fn new<E: Display + 'static>(error: E, of: ErrorSpec) -> Self {
        // Only a hidden text is written to the log, so only that text is made.
        let view = of.view.and_then(|view| view(&error));
        let text = || of.chain.and_then(|chain| chain(&error)).unwrap_or_else(|| error.to_string());
        let text = if view.is_none() { text() } else { String::new() };
        let source = of.keep.and_then(|keep| keep(&mut Some(error))).map(Source);
        Self { view, text, source }
    }

    /// A failure of which the guest sees a reference.
    pub fn hidden(text: String) -> Self {
        Self { view: None, text, source: None }
    }

    /// A result that breaks the method's own contract.
    pub fn broken(error: BoundaryError) -> Self {
        let text = format!("its result breaks its contract: {error}");
        Self { view: None, text, source: Some(Source::of(error)) }
    }

    pub fn panicked() -> Self {
        Self { view: None, text: HostPanic.to_string(), source: Some(Source::of(HostPanic)) }
    }

    /// The guest's view. An opaque failure is given a reference, under which the log has its text.
    pub fn shown(&mut self, place: &Place) -> GuestView {
        self.view.take().unwrap_or_else(|| {
            if cfg!(sandbox_leaky) {
                return GuestView::new("Error", std::mem::take(&mut self.text));
            }
            let reference = next_reference();
            tracing::error!(%place, reference, error = %Shown(&self.text), "a host method failed");
            GuestView::new("Error", format!("{place} failed (reference {reference})"))
        })
    }
}

/// A reference for one failure, unique in the log of this process. The reference is a keyed hash of a count. The count
/// itself would tell a guest of other guests' failures.
fn next_reference() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    format!("E{:016x}", KEY.hash_one(NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Answers a call with what the host method returned: `settle!(Result<u32, StoreError>, Store::count(host), reply, At)`.
///
/// The value of a `Result` that does not cross is reported at `At`. A plain result is reported at the whole macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __settle {
    ($returns:ty, $returned:expr, $reply:ident, $at:expr) => {
        $crate::__private::ReturnProbe::<$returns>::settle(
            { $returned },
            $crate::__private::ErrorSpec::new(
                $crate::__private::ErrorProbe::<$returns>::VIEW,
                $crate::__private::ErrorProbe::<$returns>::CHAIN,
                $crate::__private::ErrorProbe::<$returns>::KEEP,
            ),
            $reply,
            $at,
        )
    };
}
