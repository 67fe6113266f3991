//! The `tracing` of calls and consoles: each span and each event of them is made here.
//!
//! The log of the host's own faults is made where the faults are found.

use tracing::Span;

use super::console::{ConsoleLine, Level};
use super::event::CallOutcome;
use crate::error::Place;
use crate::shown::Shown;

/// The span of a call of a pool's tenant.
pub(crate) fn span(tenant: &str, place: Option<&Place>) -> Span {
    let (contract, method) = place.map_or(("", ""), |place| (&*place.contract, &*place.method));
    tracing::info_span!("sandbox_call", tenant, contract, method, outcome = tracing::field::Empty)
}

/// Notes how the call of a span has ended.
pub(crate) fn outcome(span: &Span, outcome: CallOutcome<'_>) {
    span.record("outcome", outcome.word());
}

/// A line of a guest's console.
pub(crate) fn line(ConsoleLine { level, text, place }: &ConsoleLine) {
    let (text, place) = (Shown(text), place.as_ref().map(tracing::field::display));
    match level {
        Level::Debug => tracing::debug!(target: "sandbox::console", place, "{text}"),
        Level::Info => tracing::info!(target: "sandbox::console", place, "{text}"),
        Level::Warn => tracing::warn!(target: "sandbox::console", place, "{text}"),
        Level::Error => tracing::error!(target: "sandbox::console", place, "{text}"),
    }
}

/// An observer has panicked.
pub(crate) fn panicked(observer: usize) {
    tracing::error!(
        observer,
        "an observer of a sandbox panicked; the observer is told the events that follow"
    );
}
