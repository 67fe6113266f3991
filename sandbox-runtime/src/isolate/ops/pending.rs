//! `async` host methods that a guest calls: the guest gets a promise, and its flight polls the method's future.
//!
//! `ops` defines the slow function. `flights` polls the futures between turns, and settles promises in a turn. In a runtime of
//! the application, its event loop does both: see `extension`.

#[cfg(feature = "deno_core")]
use std::cell::RefCell;
#[cfg(feature = "deno_core")]
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use deno_core::v8;

use crate::contract::{AsyncHostMethod, Crosses, Reply};
use crate::error::{Error, Place};
use crate::guest_error::HostError;
use crate::isolate::Isolate;
use crate::isolate::engine::{KeptResolver, Resolver};
use crate::isolate::exceeded::Exceeded;
use crate::isolate::flights::Flight;
use crate::isolate::future_set::HostFuture;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::ops::{Refusal, answer, begin, caught, read_arguments, write_result};

/// The result of a host method, to be written as a value of the guest.
pub(in crate::isolate) type Settled = Result<Box<dyn HostAnswer>, Refusal>;

pub(in crate::isolate) trait HostAnswer {
    fn write<'s>(
        self: Box<Self>,
        scope: &v8::PinScope<'s, '_>,
        isolate: &Isolate,
    ) -> Result<v8::Local<'s, v8::Value>, Refusal>;
}

struct Value<M, V> {
    value: V,
    method: std::marker::PhantomData<M>,
}

impl<M: AsyncHostMethod, V: Crosses> HostAnswer for Value<M, V> {
    fn write<'s>(
        self: Box<Self>,
        scope: &v8::PinScope<'s, '_>,
        isolate: &Isolate,
    ) -> Result<v8::Local<'s, v8::Value>, Refusal> {
        let check = &isolate.checks(MethodInfo::billed::<M>())?.returns;
        write_result(scope, isolate, check, self.value, true)
    }
}

/// Takes the result of a method that is over.
struct LaterReply<M>(std::marker::PhantomData<M>);

impl<M: AsyncHostMethod> Reply for LaterReply<M> {
    type Done = Settled;

    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Settled {
        let value = outcome.map_err(Refusal::Host)?;
        Ok(Box::new(Value { value, method: self.0 }))
    }
}

/// A host method that has not answered.
pub(in crate::isolate) struct PendingPromise {
    resolver: Option<KeptResolver>,
    place: Place,
    future: HostFuture<Settled>,
}

impl Future for PendingPromise {
    type Output = SettledAnswer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<SettledAnswer> {
        Pin::new(&mut self.future).poll(cx).map(|settled| {
            let settled = settled.unwrap_or_else(|| Err(Refusal::panicked()));
            SettledAnswer { resolver: self.resolver.take(), place: self.place, settled }
        })
    }
}

/// A host method that has answered.
pub(in crate::isolate) struct SettledAnswer {
    resolver: Option<KeptResolver>,
    place: Place,
    settled: Settled,
}

impl SettledAnswer {
    /// Settles the guest's promise. The reactions of the promise are microtasks.
    pub(in crate::isolate) fn tell(
        self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'_, '_>,
    ) -> Result<(), Error> {
        let Some(resolver) = self.resolver else { return Ok(()) };
        // The guest's code may throw, and no caller wants that exception. Without this scope, V8 would print it to the
        // host's output.
        v8::tc_scope!(let scope, scope);
        let resolver = resolver.local(scope);
        let written = self.settled.and_then(|answer| answer.write(scope, isolate));
        let outcome = match written {
            Ok(value) => Some(Ok(value)),
            Err(refusal) => refusal.exception(scope, self.place).map(Err),
        };
        // The lookup of `then` may run code of the guest. An exception of that code rejects the promise.
        let settled = outcome.and_then(|outcome| resolver.settle(scope, outcome));
        settled.ok_or_else(|| isolate.ended(Some(self.place)))
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
    let _call = begin(scope, MethodInfo::billed::<M>())?;
    promised(scope, MethodInfo::billed::<M>().place(), |scope| start::<M>(scope, arguments))
}

/// Starts a method, and makes a promise for its result.
pub(in crate::isolate) fn promised<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    place: Place,
    start: impl FnOnce(&mut v8::PinScope<'s, '_>) -> Result<Started, Refusal>,
) -> Result<v8::Local<'s, v8::Value>, Refusal> {
    let resolver = Resolver::new(scope).ok_or(Refusal::Ended)?;
    match start(scope) {
        Ok((poller, future)) => {
            let resolver = Some(resolver.keep(scope));
            poller.poll(PendingPromise { resolver, place, future: HostFuture::new(future) });
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
    let flight = isolate.flights.current(scope, isolate.running.call()).ok_or(Refusal::NoFlight)?;
    let most = isolate.settings.limits.pending;
    if flight.waits_for() >= most {
        isolate.exceed(Exceeded::Pending);
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
    fn of<'r>(scope: &'r v8::PinScope<'_, '_>) -> Result<(&'r Isolate, Self), Refusal> {
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

/// The future of a method, and the code that polls it.
pub(in crate::isolate) type Started = (Poller, Pin<Box<dyn Future<Output = Settled>>>);

/// The pending methods that code of the application's runtime has called.
#[cfg(feature = "deno_core")]
#[derive(Default)]
pub(in crate::isolate) struct EventLoop {
    /// The methods that no op polls yet.
    started: RefCell<VecDeque<PendingPromise>>,
    /// The methods whose promises are to be settled.
    answered: RefCell<VecDeque<SettledAnswer>>,
}

#[cfg(feature = "deno_core")]
impl EventLoop {
    /// Polls the method that was called first of those that no op polls.
    pub(in crate::isolate) async fn wait(&self) {
        let started = self.started.borrow_mut().pop_front();
        if let Some(started) = started {
            let answer = started.await;
            self.answered.borrow_mut().push_back(answer);
        }
    }

    /// The next method that has answered.
    pub(in crate::isolate) fn answered(&self) -> Option<SettledAnswer> {
        self.answered.borrow_mut().pop_front()
    }

    /// Takes all methods out, to be dropped.
    pub(in crate::isolate) fn take(&self) -> (VecDeque<PendingPromise>, VecDeque<SettledAnswer>) {
        (self.started.take(), self.answered.take())
    }
}

/// Reads the arguments and makes the method's future. The flight polls the future after the guest's turn, with nothing of
/// V8 borrowed.
fn start<'s, M: AsyncHostMethod>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Result<Started, Refusal> {
    let args = read_arguments::<M::Owned>(scope, arguments, MethodInfo::billed::<M>())?;
    let (isolate, poller) = Poller::of(scope)?;
    let host = isolate.host(MethodInfo::billed::<M>()).ok_or(Refusal::Absent)?;
    let host = host.hold::<M::Contract>().ok_or(Refusal::Absent)?;
    let reply = LaterReply::<M>(std::marker::PhantomData);
    let future = caught(|| M::start(host, args, reply))?;
    Ok((poller, Box::pin(future)))
}
