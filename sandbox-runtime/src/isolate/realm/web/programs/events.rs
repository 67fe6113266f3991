//! Events, and the signals that end calls of the host.

use deno_core::v8;

use super::{Natives, WebProgram, function};
use crate::isolate::engine::Resolver;
use crate::isolate::state::Isolate;
use crate::options::Web;

/// `Event`, `CustomEvent` and `EventTarget`.
pub(super) const EVENTS: WebProgram =
    WebProgram { name: "events", source: include_str!("events.js"), natives: of_events };

/// `AbortController` and `AbortSignal`.
pub(super) const SIGNALS: WebProgram =
    WebProgram { name: "signals", source: include_str!("signals.js"), natives: of_signals };

type Arguments<'s> = v8::FunctionCallbackArguments<'s>;

fn of_events<'s>(scope: &v8::PinScope<'s, '_>) -> Option<Natives<'s>> {
    Some(vec![("report", function(scope, "report", report)?.into())])
}

fn of_signals<'s>(scope: &v8::PinScope<'s, '_>) -> Option<Natives<'s>> {
    let has_timers = Isolate::current(scope)?.settings.web.contains(Web::TIMERS);
    let has_timers = v8::Boolean::new(scope, has_timers).into();
    Some(vec![("stop", function(scope, "stop", stop)?.into()), ("timers", has_timers)])
}

/// Reports what a listener has thrown, as a rejection that nothing handles.
pub(super) fn report(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: v8::ReturnValue<'_>) {
    if let Some(resolver) = Resolver::new(scope) {
        _ = resolver.settle(scope, Err(arguments.get(0)));
    }
}

/// Ends the host calls of a signal: its number, and the reason.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of signals")]
fn stop(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: v8::ReturnValue<'_>) {
    let number = arguments.get(0).try_cast::<v8::Number>().map_or(0.0, |number| number.value());
    let Some(aborts) = Isolate::current(scope).map(|isolate| isolate.aborts.clone()) else { return };
    aborts.abort(scope, number as u64, arguments.get(1));
    // A host's code may have called a guest meanwhile.
    if let Some(isolate) = Isolate::current(scope) {
        isolate.keep_terminating();
    }
}
