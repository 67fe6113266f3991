//! `async` host methods: the guest gets a promise, and its flight polls the method's future.

use std::marker::PhantomData;

use deno_core::v8;

use super::{handle_of, read_arguments, write_result};
use crate::contract::{Arguments as _, AsyncHostMethod, Crosses, Hosted, Reply};
use crate::guest_error::HostError;
use crate::isolate::host_calls::promises::{Poller, StartedPromise, promised, signal_of};
use crate::isolate::host_calls::{answer, begin};
use crate::isolate::state::aborts::CancelledBy;
use crate::isolate::state::host_handles::HostHandles;
use crate::isolate::state::method_info::MethodInfo;
use crate::isolate::state::pending::{HostAnswer, Settled};
use crate::isolate::state::refusal::{Refusal, caught};
use crate::isolate::{Host, Isolate};

struct Value<M, V> {
    value: V,
    method: PhantomData<M>,
}

impl<M: AsyncHostMethod, V: Crosses> HostAnswer for Value<M, V> {
    fn write<'s>(self: Box<Self>, scope: &v8::PinScope<'s, '_>) -> Result<v8::Local<'s, v8::Value>, Refusal> {
        let isolate = Isolate::current(scope).ok_or(Refusal::Absent)?;
        let check = &isolate.checks(MethodInfo::billed::<M>())?.returns;
        write_result(scope, isolate, check, self.value, MethodInfo::billed::<M>())
    }
}

/// Takes the result of a method that is over.
struct LaterReply<M>(PhantomData<M>);

impl<M: AsyncHostMethod> Reply for LaterReply<M> {
    type Done = Settled;

    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Settled {
        let value = outcome.map_err(Refusal::Host)?;
        Ok(Box::new(Value { value, method: self.0 }))
    }
}

pub(in crate::isolate) unsafe extern "C" fn slow<M: AsyncHostMethod>(info: *const v8::FunctionCallbackInfo) {
    slow_impl::<M>(info);
}

pub(in crate::isolate) fn slow_impl<M: AsyncHostMethod>(info: *const v8::FunctionCallbackInfo) -> usize {
    answer(info, MethodInfo::billed::<M>().place(), promise::<M>)
}

/// Makes the promise for the guest. Wrong arguments reject it, as in any `async` function. A refusal that ends the guest
/// is thrown.
fn promise<'s, M: AsyncHostMethod>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Result<v8::Local<'s, v8::Value>, Refusal> {
    let mut call = begin(scope, MethodInfo::billed::<M>())?;
    promised(scope, MethodInfo::billed::<M>().place(), call.open(), |scope| start::<M>(scope, arguments))
}

/// Reads the arguments and makes the method's future. The flight polls the future after the guest's turn, with nothing of
/// V8 borrowed.
fn start<'s, M: AsyncHostMethod>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Result<StartedPromise, Refusal> {
    let args = read_arguments::<M::Owned>(scope, arguments, MethodInfo::billed::<M>())?;
    let by = match args.cancellation() {
        None => None,
        Some(cancellation) => {
            let signal = signal_of(scope, arguments, MethodInfo::billed::<M>())?;
            Some(CancelledBy { signal, cancellation: cancellation.clone() })
        }
    };
    let (isolate, poller) = Poller::of(scope)?;
    let host = match handle_of(arguments, MethodInfo::billed::<M>())? {
        None => isolate
            .host(MethodInfo::billed::<M>())
            .and_then(Host::hold::<M::Contract>)
            .ok_or(Refusal::Absent)?,
        Some(handle) => Hosted::Handle({
            let host = isolate.handles.implementation(handle);
            host.ok_or_else(|| HostHandles::refusal(handle))?
        }),
    };
    let reply = LaterReply::<M>(PhantomData);
    let future = caught(|| M::start(host, args, reply))?;
    Ok(StartedPromise { poller, future: Box::pin(future), by })
}
