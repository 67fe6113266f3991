//! A host call that has begun: counted, measured, and told to observers.

use std::rc::Rc;

use deno_core::v8;

use super::count;
use crate::error::Direction;
use crate::isolate::Isolate;
use crate::isolate::limits::call::{CallSlot, HostCall};
use crate::isolate::state::method_info::MethodInfo;
use crate::isolate::state::observed::{Observed, WaitedHostCall};
use crate::isolate::state::refusal::Refusal;
use crate::observe::HostOutcome;
use crate::observe::teller::OpenHostCall;

/// A host call that has begun. The time of the host ends when this is dropped.
pub(in crate::isolate) struct BegunCall {
    _timed: HostCall<Rc<CallSlot>>,
    told: Option<ToldHostCall>,
}

/// A host call that observers know of.
enum ToldHostCall {
    Waited(WaitedHostCall),
    Async(OpenHostCall),
}

/// Begins a call of the host.
pub(in crate::isolate) fn begin(
    scope: &v8::PinScope<'_, '_>,
    method: &MethodInfo,
) -> Result<BegunCall, Refusal> {
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    if !isolate.stack().allows_call() {
        return Err(Refusal::Stack);
    }
    match count(isolate, method) {
        true => {
            let told = isolate.observed.as_ref().map(|observed| tell(scope, isolate, observed, method));
            Ok(BegunCall { _timed: HostCall::begin(isolate.call.clone()), told })
        }
        false => Err(Refusal::Ended),
    }
}

#[cold]
fn tell(
    scope: &v8::PinScope<'_, '_>,
    isolate: &Isolate,
    observed: &Rc<Observed>,
    method: &MethodInfo,
) -> ToldHostCall {
    if !method.spec.is_async {
        return ToldHostCall::Waited(observed.host_call_begins(method.place()));
    }
    let call = isolate.current_flight(scope).and_then(|flight| flight.call());
    ToldHostCall::Async(observed.async_host_call_begins(call, method.place()))
}

impl BegunCall {
    /// The method has been answered, and the guest gets the answer now.
    pub(in crate::isolate) fn end<T>(self, answer: &Result<T, Refusal>) {
        if let Some(ToldHostCall::Waited(call)) = self.told {
            call.end(outcome(answer));
        }
    }

    /// The part of an `async` method's call that is told at its end.
    pub(in crate::isolate) fn open(&mut self) -> Option<OpenHostCall> {
        match self.told.take()? {
            ToldHostCall::Async(open) => Some(open),
            ToldHostCall::Waited(_) => None,
        }
    }
}

/// The answer of a host method, as observers are told.
pub(in crate::isolate) fn outcome<T>(answer: &Result<T, Refusal>) -> HostOutcome {
    match answer {
        Ok(_) => HostOutcome::Returned,
        Err(Refusal::Ended) => HostOutcome::Dropped,
        Err(
            Refusal::Value(_, Direction::ToHost)
            | Refusal::Thrown
            | Refusal::Stack
            | Refusal::Absent
            | Refusal::Disposed
            | Refusal::CallEnded
            | Refusal::Aborted(_)
            | Refusal::NoFlight,
        ) => HostOutcome::Refused,
        Err(_) => HostOutcome::Failed,
    }
}
