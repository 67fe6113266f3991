//! Makes errors. The variants are `#[non_exhaustive]`, so no other crate can write one down.

use std::borrow::Cow;

use super::{
    Conversion, Death, DiscardCause, Error, Excess, ExportProblem, Hint, LimitKind, LossReason, Place,
};
use crate::script::{ModulesError, Refusal, Script};

impl Error {
    #[doc(hidden)]
    pub fn blocking(reason: impl Into<String>) -> Self {
        Self::Blocking { reason: reason.into() }
    }

    /// The error of a call that is awaited where its turn cannot come.
    #[doc(hidden)]
    pub fn waits_for_itself() -> Self {
        Self::blocking(
            "a synchronous host method waits for a call of its own sandbox, or of one on the same thread, and the guest that \
             called it waits for the method: make the method `async`",
        )
    }

    #[doc(hidden)]
    pub fn discarded(cause: DiscardCause) -> Self {
        Self::Discarded { cause }
    }

    #[doc(hidden)]
    pub fn mismatch(
        contract: Cow<'static, str>,
        script: String,
        problems: Vec<ExportProblem>,
        exports: Vec<String>,
    ) -> Self {
        Self::Mismatch { contract, script, problems: Box::new(problems), exports: Box::new(exports) }
    }

    #[doc(hidden)]
    pub fn overloaded(tenant: String, reason: String) -> Self {
        Self::Overloaded { tenant, reason }
    }

    #[doc(hidden)]
    pub fn panicked(place: &Place, during: Conversion, message: String) -> Self {
        Self::Panicked { place: place.clone(), during, message }
    }

    #[doc(hidden)]
    pub fn process(death: Death, place: Option<&Place>) -> Self {
        Self::Process { death, place: place.cloned() }
    }

    /// The error of a script that the parser refuses at a line and a column; 0 where these are unknown.
    #[doc(hidden)]
    pub fn syntax(
        script: String,
        message: String,
        (line, column): (usize, usize),
        hint: Option<Hint>,
    ) -> Self {
        Self::Syntax { script, message, line, column, hint, original: None }
    }

    /// The error, with the places that its script's source maps have.
    #[doc(hidden)]
    #[must_use]
    pub fn with_originals(mut self, script: &Script) -> Self {
        let of = |name: &str, place| script.member(name).filter(|module| module.has_map())?.original(place);
        match &mut self {
            Self::Syntax { script, line, column, original: original @ None, .. } => {
                *original = of(script, (*line, *column)).map(Box::new);
            }
            Self::Guest(thrown) => {
                thrown.for_each_frame(&mut |frame| {
                    frame.original = of(&frame.file, (frame.line, frame.column))
                });
            }
            _ => {}
        }
        self
    }

    /// The error of a script whose types cannot be stripped.
    #[doc(hidden)]
    pub fn not_stripped(script: String, Refusal { message, place, kind }: Refusal) -> Self {
        Self::syntax(script, message, place, kind.map(Hint::NotStripped))
    }

    #[doc(hidden)]
    pub fn build(reason: impl Into<String>) -> Self {
        Self::Build { reason: reason.into() }
    }

    #[doc(hidden)]
    pub fn global(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Global { name: name.into(), reason: reason.into() }
    }

    /// The error of a call that was not made, because a fault has ended the sandbox.
    #[doc(hidden)]
    pub fn after(fault: Self) -> Self {
        Self::Discarded { cause: DiscardCause::Fault(Box::new(fault)) }
    }

    #[doc(hidden)]
    pub fn lost(reason: LossReason, place: Option<&Place>) -> Self {
        Self::Lost { reason, place: place.cloned() }
    }

    /// The error of a call that `cancel_all` has ended. The place is that of a call that had begun.
    #[doc(hidden)]
    pub fn cancelled(was_made: bool, place: Option<&Place>) -> Self {
        Self::Cancelled { was_made, place: place.filter(|_| was_made).cloned() }
    }

    #[doc(hidden)]
    pub fn system(what: &'static str, error: &std::io::Error) -> Self {
        Self::System { what, error: error.to_string() }
    }

    #[doc(hidden)]
    pub fn contract(contract: Cow<'static, str>, reason: String) -> Self {
        Self::Contract { contract, reason }
    }

    /// The error of a call that was not made, because its turn has not come in time.
    #[doc(hidden)]
    pub fn queued(kind: LimitKind) -> Self {
        Excess::queued(kind).error(None)
    }
}

/// The files of a script are refused before anything is loaded, so the error is that of a script that cannot be read.
impl From<ModulesError> for Error {
    fn from(fault: ModulesError) -> Self {
        let ModulesError { file, reason, line, column, .. } = fault;
        Self::syntax(file, reason, (line, column), None)
    }
}
