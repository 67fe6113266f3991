//! The promises that a guest gets for `async` host methods.

use std::pin::Pin;
use std::rc::Rc;

use deno_core::v8;

use super::begun::outcome;
use crate::boundary::ValueError;
use crate::error::{Direction, Error, Place};
use crate::isolate::Isolate;
use crate::isolate::engine::{CallSite, Resolver};
use crate::isolate::limits::exceeded::Exceeded;
use crate::isolate::state::aborts::CancelledBy;
use crate::isolate::state::flight::Flight;
use crate::isolate::state::future_set::HostFuture;
use crate::isolate::state::method_info::MethodInfo;
#[cfg(feature = "deno_core")]
use crate::isolate::state::pending::EventLoop;
use crate::isolate::state::pending::{AskedPromise, PendingPromise, Settled, SettledAnswer};
use crate::isolate::state::refusal::Refusal;
use crate::isolate::state::signals::GivenSignal;
use crate::isolate::values::describe;
use crate::observe::teller::OpenHostCall;

impl SettledAnswer {
    /// Settles the guest's promise. The reactions of the promise are microtasks.
    pub(in crate::isolate) fn tell(
        self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'_, '_>,
    ) -> Result<(), Error> {
        let Some(AskedPromise { resolver, place, call_site, open }) = self.asked else { return Ok(()) };
        // The guest's code may throw, and no caller wants that exception. Without this scope, V8 would print it to the
        // host's output.
        v8::tc_scope!(let scope, scope);
        let resolver = resolver.local(scope);
        let written = self.settled.and_then(|answer| answer.write(scope));
        let told = outcome(&written);
        open.into_iter().for_each(|open| open.end(told));
        let outcome = match written {
            Ok(value) => Some(Ok(value)),
            Err(refusal) => {
                let is_of_guest = matches!(refusal, Refusal::Aborted(_));
                let exception = refusal.exception(scope, &place);
                if let Some(exception) = exception.filter(|_| !is_of_guest) {
                    call_site.give(scope, exception);
                }
                exception.map(Err)
            }
        };
        // The lookup of `then` may run code of the guest. An exception of that code rejects the promise.
        let settled = outcome.and_then(|outcome| resolver.settle(scope, outcome));
        settled.ok_or_else(|| isolate.ended(Some(&place)))
    }
}

/// Starts a method, and makes a promise for its result.
pub(in crate::isolate) fn promised<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    place: &Place,
    mut open: Option<OpenHostCall>,
    start: impl FnOnce(&mut v8::PinScope<'s, '_>) -> Result<StartedPromise, Refusal>,
) -> Result<v8::Local<'s, v8::Value>, Refusal> {
    let resolver = Resolver::new(scope).ok_or(Refusal::Ended)?;
    let started = start(scope);
    if started.is_err() {
        open.take().into_iter().for_each(|open| open.end(outcome(&started)));
    }
    match started {
        Ok(StartedPromise { poller, future, by }) => {
            let (resolver, call_site) = (resolver.keep(scope), CallSite::here(scope));
            let asked = AskedPromise { resolver, place: place.clone(), call_site, open };
            poller.poll(match by {
                None => {
                    PendingPromise { asked: Some(asked), abortable: None, future: HostFuture::new(future) }
                }
                Some(by) => Isolate::current(scope).ok_or(Refusal::Absent)?.aborts.pending(asked, future, by),
            });
        }
        Err(refusal @ (Refusal::Ended | Refusal::Stack | Refusal::Thrown)) => return Err(refusal),
        Err(refusal) => {
            let exception = refusal.exception(scope, place).ok_or(Refusal::Ended)?;
            resolver.settle(scope, Err(exception)).ok_or(Refusal::Ended)?;
        }
    }
    Ok(resolver.promise(scope).into())
}

/// The flight of the running code, if its limit allows one more pending method.
pub(in crate::isolate) fn flight<'r>(
    scope: &'r v8::PinScope<'_, '_>,
) -> Result<(&'r Isolate, Rc<Flight>), Refusal> {
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    let flight = isolate.current_flight(scope).ok_or(Refusal::NoFlight)?;
    let most = isolate.settings.limits.pending;
    if flight.all_waits() >= most {
        isolate.exceed(Exceeded::Pending, None);
        return Err(Refusal::Ended);
    }
    Ok((isolate, flight))
}

/// The code that polls a pending method.
pub(in crate::isolate) enum Poller {
    /// The flight of the guest's code that made the call.
    Flight(Rc<Flight>),
    /// The event loop of the application's runtime.
    #[cfg(feature = "deno_core")]
    EventLoop(Rc<EventLoop>),
}

impl Poller {
    /// The poller for a call of the running code.
    pub(in crate::isolate) fn of<'r>(
        scope: &'r v8::PinScope<'_, '_>,
    ) -> Result<(&'r Isolate, Self), Refusal> {
        #[cfg(feature = "deno_core")]
        if let Some(isolate) = Isolate::current(scope)
            && let Some(event_loop) = &isolate.event_loop
        {
            return Ok((isolate, Self::EventLoop(event_loop.clone())));
        }
        flight(scope).map(|(isolate, flight)| (isolate, Self::Flight(flight)))
    }

    fn poll(self, pending: PendingPromise) {
        match self {
            Self::Flight(flight) => flight.wait_for(pending),
            #[cfg(feature = "deno_core")]
            Self::EventLoop(event_loop) => event_loop.started.borrow_mut().push_back(pending),
        }
    }
}

/// A method that has begun.
pub(in crate::isolate) struct StartedPromise {
    /// The code that polls it.
    pub(in crate::isolate) poller: Poller,
    pub(in crate::isolate) future: Pin<Box<dyn Future<Output = Settled>>>,
    /// The signal and the cancellation that end it, if it takes one.
    pub(in crate::isolate) by: Option<CancelledBy>,
}

/// The number of the signal that a guest gives to a method that takes a cancellation; 0 if it gives none. A signal that was
/// aborted refuses the call. No code of the guest runs.
pub(in crate::isolate) fn signal_of(
    scope: &v8::PinScope<'_, '_>,
    arguments: &v8::FunctionCallbackArguments<'_>,
    method: &MethodInfo,
) -> Result<u64, Refusal> {
    let index = i32::try_from(method.spec.params.len()).unwrap_or(i32::MAX);
    let value = v8::Local::new(scope, arguments.get(index));
    if value.is_undefined() {
        return Ok(0);
    }
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    let realm = isolate.current_realm(scope).ok_or(Refusal::Absent)?;
    let signals = realm.signals.get().ok_or(Refusal::Absent)?;
    match signals.identify(scope, value, isolate.aborts.next()).ok_or(Refusal::Ended)? {
        GivenSignal::Live(number) => Ok(number),
        GivenSignal::Aborted(reason) => Err(Refusal::Aborted(v8::Global::new(scope, reason))),
        GivenSignal::Other => {
            let error = ValueError::new("an AbortSignal, or undefined", describe(scope, value));
            Err(Refusal::Value(error.inside("signal"), Direction::ToHost))
        }
    }
}
