//! Host contracts that are known as data alone: the functions through which V8 calls their hosts, with plain data.
//!
//! `owned_host` makes hosts whose implementation is here, and checks their values. `site::wired::serve` makes hosts whose
//! implementation is at the other end of a link, which has the types and checks the data.

use std::any::TypeId;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;
use sandbox_core::contract::{ContractSpec, SpecRef};
use sandbox_core::spec::HandleForm;

use super::host_calls::promises::{Poller, StartedPromise, flight, promised, signal_of};
use super::host_calls::{answer, begin};
use super::method_info::{Elsewhere, MethodInfo, UntypedMethods};
use super::ops::handle_of;
use super::state::Isolate;
use super::state::aborts::CancelledBy;
use super::state::data_host::{DataAnswer, DataHost, RemoteObject, UntypedContract};
use super::state::host::{ContractKey, Host};
use super::state::host_handles::HostHandles;
use super::state::op::HostOp;
use super::state::pending::HostAnswer;
use super::state::refusal::{Refusal, caught};
use crate::boundary::ValueError;
use crate::error::{Direction, Place, grouped};
use crate::isolate::values::{observed_for_wire, tree_to_guest, without_prototype};
use crate::schema::ContractChecks;
use crate::value::{Cancellation, JsValue};

impl Host {
    /// The host of a contract, which is the nth of its sandbox.
    pub(crate) fn untyped(
        nth: usize,
        spec: Arc<ContractSpec>,
        host: Rc<dyn DataHost>,
    ) -> Result<Self, String> {
        const MOST: u64 = 1 << 16;
        let too_many = |what: &str, found: usize| {
            Err(format!("{what} can be at most {}, and are {}", grouped(MOST), grouped(found as u64)))
        };
        let methods = spec.methods.len();
        let Ok(number) = u16::try_from(nth) else {
            return too_many("the host contracts of a sandbox", nth + 1);
        };
        if methods as u64 > MOST {
            return too_many(&format!("the methods of the contract {}", spec.name), methods);
        }
        // The address of a method: the contract's number in the upper bits, the method's in the lower.
        let addresses = (0_u32..).take(methods).map(|index| u32::from(number) << 16 | index);
        let ops = Cow::Owned(addresses.map(|address| HostOp::untyped(slow, address)).collect());
        let checks = ContractChecks::elsewhere();
        let methods = UntypedMethods::of_host(spec.clone(), number);
        let object = Rc::new(UntypedContract { host, methods });
        Ok(Self::of(TypeId::of::<Elsewhere>(), SpecRef::Owned(spec), ops, checks, object))
    }
}

/// Answers a call of any untyped method.
unsafe extern "C" fn slow(info: *const v8::FunctionCallbackInfo) {
    slow_impl(info);
}

fn slow_impl(info: *const v8::FunctionCallbackInfo) -> usize {
    const NOWHERE: Place = Place::new("host", "method");
    answer(info, &NOWHERE, |scope, arguments| {
        let address =
            arguments.data().try_cast::<v8::Integer>().ok().and_then(|data| u32::try_from(data.value()).ok());
        let (contract, index) =
            address.map(|address| (address >> 16, address & 0xffff)).ok_or(Refusal::Absent)?;
        let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
        let contract = u16::try_from(contract).map_err(|_| Refusal::Absent)?;
        let host = isolate.host_numbered(contract).ok_or(Refusal::Absent)?;
        let untyped = host.object.clone().downcast::<UntypedContract>().map_err(|_| Refusal::Absent)?;
        let method = &untyped.methods.get(index as usize).ok_or(Refusal::Absent)?;
        serve(scope, arguments, method, &untyped.host).map_err(|refusal| {
            refusal.throw(scope, method.place());
            Refusal::Thrown
        })
    })
}

fn serve<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
    method: &MethodInfo,
    host: &Rc<dyn DataHost>,
) -> Result<v8::Local<'s, v8::Value>, Refusal> {
    let mut call = begin(scope, method)?;
    // The objects that the arguments name live until the call was sent.
    let _pinned = Isolate::current(scope).map(|isolate| isolate.handles.pin());
    if !method.spec.is_async {
        let answer = answered(scope, arguments, method, host);
        call.end(&answer);
        return answer;
    }
    promised(scope, method.place(), call.open(), |scope| {
        let args = read(scope, arguments, method)?;
        let by = match method.spec.is_cancellable {
            false => None,
            true => {
                let signal = signal_of(scope, arguments, method)?;
                Some(CancelledBy { signal, cancellation: Cancellation::new() })
            }
        };
        let (isolate, flight) = flight(scope)?;
        let is_batch = gives_batches(isolate, method);
        let is_scoped = method.spec.is_scoped;
        let host = called(scope, arguments, method, host)?;
        let cancellation = by.as_ref().map(|by| &by.cancellation);
        let later = caught(|| host.begin(method.index, flight.id(), args, cancellation))??;
        let settled = async move {
            later
                .await
                .map(|answer| Box::new(UntypedValue { answer, is_batch, is_scoped }) as Box<dyn HostAnswer>)
                .map_err(Refusal::from)
        };
        Ok(StartedPromise { poller: Poller::Flight(flight), future: Box::pin(settled), by })
    })
}

/// A value of the host.
struct UntypedValue {
    answer: DataAnswer,
    /// Whether the value is a batch of a stream.
    is_batch: bool,
    /// Whether its handles end with the guest's call.
    is_scoped: bool,
}

impl HostAnswer for UntypedValue {
    fn write<'s>(self: Box<Self>, scope: &v8::PinScope<'s, '_>) -> Result<v8::Local<'s, v8::Value>, Refusal> {
        let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
        let exceeded = || {
            isolate.exceeds_handles();
            Refusal::Ended
        };
        let DataAnswer::Value(value, _objects) = self.answer else { return Err(exceeded()) };
        let budget = isolate.budget().scoped(self.is_scoped);
        let written = tree_to_guest(scope, &budget, value);
        let written =
            written.and_then(|value| if self.is_batch { without_prototype(scope, value) } else { Ok(value) });
        let written = written.map_err(|error| error.inside("result"));
        isolate.call.add_in(budget.spent());
        written.map_err(|error| match isolate.is_ended() {
            true => Refusal::Ended,
            false => Refusal::Value(error, Direction::ToGuest),
        })
    }
}

/// Whether a method is that of a stream, whose values come in batches.
fn gives_batches(isolate: &Isolate, method: &MethodInfo) -> bool {
    isolate.host(method).is_some_and(|host| matches!(host.spec.form, HandleForm::Stream | HandleForm::Items))
}

/// The answer of the host. Nothing of V8 is borrowed while the host works, because it may call the guest again.
fn answered<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
    method: &MethodInfo,
    host: &Rc<dyn DataHost>,
) -> Result<v8::Local<'s, v8::Value>, Refusal> {
    let args = read(scope, arguments, method)?;
    let host = called(scope, arguments, method, host)?;
    let own = Isolate::current(scope).ok_or(Refusal::Absent)?;
    // The number of the call whose turn it is, and whose bill counts this host call.
    let call = own.call.number();
    let is_batch = gives_batches(own, method);
    let outcome = caught(|| host.call(method.index, call, args));
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    isolate.keep_terminating();
    Box::new(UntypedValue { answer: outcome??, is_batch, is_scoped: method.spec.is_scoped }).write(scope)
}

/// The object whose method is called: the host, or the object of a handle.
fn called(
    scope: &v8::PinScope<'_, '_>,
    arguments: &v8::FunctionCallbackArguments<'_>,
    method: &MethodInfo,
    host: &Rc<dyn DataHost>,
) -> Result<Rc<dyn DataHost>, Refusal> {
    let Some(number) = handle_of(arguments, method)? else { return Ok(host.clone()) };
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    let contract = ContractKey::Numbered(method.nth.unwrap_or_default());
    let object = isolate.handles.object(number, contract).ok_or_else(|| HostHandles::refusal(number))?;
    let object = object.downcast::<RemoteObject>().map_err(|_| Refusal::Disposed)?;
    Ok(object.host.clone())
}

fn read<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
    method: &MethodInfo,
) -> Result<Vec<JsValue>, Refusal> {
    v8::tc_scope!(let scope, scope);
    let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
    let (budget, params) = (isolate.budget().scoped(method.spec.is_scoped), &method.spec.params);
    let read = params.iter().zip(0..).map(|(param, index)| {
        observed_for_wire(scope, &budget, arguments.get(index), method.spec.gives)
            .map_err(|error| error.inside(&*param.name))
    });
    let read = read.collect::<Result<Vec<_>, ValueError>>();
    isolate.call.add_out(budget.spent());
    read.map_err(|error| {
        if scope.has_caught() {
            scope.rethrow();
            return Refusal::Thrown;
        }
        Refusal::Value(error, Direction::ToHost)
    })
}
