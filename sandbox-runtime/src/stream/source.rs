//! The internal contract of the host's streams: one method, which gives the next batch. The stream of a guest is a source as well,
//! which `guest` makes with a contract of its own.
//!
//! A [`StreamSource`] is what the table of handles keeps. Its drop closes the stream: the host's stream is dropped, and a call that
//! waits for it ends. So such a call keeps the shared part only.
//!
//! No lock is held while code of the host runs. The host's stream is taken out while it is polled. A request that comes
//! meanwhile is refused.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use sandbox_core::boundary::BatchBounds;
use sandbox_core::contract::{
    Contract, ContractSpec, Crosses, Kind, Method, MethodSpec, ParamSpec, Reply, Val, checks, index_of,
};
use sandbox_core::guest_error::{ErrorProbe, ErrorSpec, HostError};
use sandbox_core::panic::{drop_of_host, of_host};
use sandbox_core::spec::{HandleForm, TypeSpec};

use super::batch::{Batch, Producer};
use super::{WithoutWaiting, guest};
use crate::contract::{
    AsyncHostMethod, ByHandle, HostContract, HostMethod, Hosted, MakeChecks, MakeObject, Share, Sharing,
};
use crate::engine_types::{FastCall, HostOp, HostParts, ObjectTransport};
use crate::{Error, HostPanic, Result};

/// How a guest iterates.
pub(crate) trait Iteration: Send + Sync + Sized + 'static {
    /// The contract of a host's stream.
    const SPEC: &'static ContractSpec;
    /// The contract of a guest's stream.
    const OF_GUEST: &'static ContractSpec;
    /// The values that a guest gives.
    fn of_guest<T: Crosses + Send>(transport: ObjectTransport) -> HostStream<T>;
}

/// The values of a stream, wherever they come from.
pub(super) type HostStream<T> = Pin<Box<dyn futures_core::Stream<Item = Result<T>> + Send>>;

/// The form of `Stream`.
pub(crate) enum Asynchronous {}

/// The form of `Items`.
pub(crate) enum Sequential {}

/// The bounds of a batch, which the class of the guest passes. A guest at the other end of a link may pass anything.
const PARAMS: &[ParamSpec] = &[param("items"), param("values"), param("bytes"), param("depth")];

const fn param(name: &'static str) -> ParamSpec {
    ParamSpec::new(name, Kind::Value, TypeSpec::UNKNOWN)
}

const fn next() -> MethodSpec {
    MethodSpec::new("next", "next", "").takes(PARAMS).returns(TypeSpec::UNKNOWN)
}

impl Iteration for Asynchronous {
    const SPEC: &'static ContractSpec = &ContractSpec::new("Stream", "", const { &[next().asynchronous()] })
        .host_only()
        .form(HandleForm::Stream);
    const OF_GUEST: &'static ContractSpec = guest::STREAM;

    fn of_guest<T: Crosses + Send>(transport: ObjectTransport) -> HostStream<T> {
        Box::pin(guest::GuestStream::new(transport))
    }
}

impl Iteration for Sequential {
    const SPEC: &'static ContractSpec =
        &ContractSpec::new("Items", "", const { &[next()] }).host_only().form(HandleForm::Items);
    const OF_GUEST: &'static ContractSpec = guest::ITEMS;

    fn of_guest<T: Crosses + Send>(transport: ObjectTransport) -> HostStream<T> {
        Box::pin(WithoutWaiting(guest::GuestItems::new(transport)))
    }
}

/// A stream of the host.
pub(crate) struct StreamSource<T, F>(Arc<StreamCore<T>>, PhantomData<F>);

/// The part of a source that a call keeps while it waits.
struct StreamCore<T>(Mutex<Guarded<T>>);

struct Guarded<T> {
    state: ProducerState<T>,
    /// Of the call that waits.
    waker: Option<Waker>,
}

enum ProducerState<T> {
    Idle(Producer<T>),
    /// A call polls the producer at this moment.
    Polled,
    Over,
}

impl<T, F> StreamSource<T, F> {
    pub(super) fn new(stream: HostStream<T>) -> Self {
        let slot = Guarded { state: ProducerState::Idle(Producer::new(stream)), waker: None };
        Self(Arc::new(StreamCore(Mutex::new(slot))), PhantomData)
    }
}

impl<T: Crosses + Send, F> StreamSource<T, F> {
    /// The next value, for the host.
    pub(super) fn poll_one(&self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.0.poll_with(cx, |producer, cx| producer.next(cx).map(Option::transpose)).map(Result::transpose)
    }
}

impl<T, F> Drop for StreamSource<T, F> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<T> StreamCore<T> {
    fn slot(&self) -> MutexGuard<'_, Guarded<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the stream. A call that waits gets the end.
    fn close(&self) {
        let (state, waker) = {
            let mut slot = self.slot();
            (std::mem::replace(&mut slot.state, ProducerState::Over), slot.waker.take())
        };
        drop_of_host(state);
        waker.into_iter().for_each(|waker| of_host(|| waker.wake()));
    }

    /// Takes the producer out; `None` at the end.
    fn begin(&self) -> Result<Option<Polling<'_, T>>> {
        let mut slot = self.slot();
        match std::mem::replace(&mut slot.state, ProducerState::Polled) {
            ProducerState::Idle(producer) => {
                Ok(Some(Polling { shared: self, producer: Some(producer), goes_on: false }))
            }
            ProducerState::Polled => Err(Error::public(
                "the stream is being read: code that makes its next value cannot take one of its values",
            )),
            ProducerState::Over => {
                slot.state = ProducerState::Over;
                Ok(None)
            }
        }
    }
}

impl<T: Crosses + Send> StreamCore<T> {
    /// The next batch. At the end, the batch is empty.
    fn poll(&self, cx: &mut Context<'_>, bounds: BatchBounds) -> Poll<Result<Batch<T>>> {
        let batch = self.poll_with(cx, |producer, cx| producer.poll(cx, bounds).map_ok(Some));
        batch.map_ok(|batch| batch.unwrap_or(Batch::END))
    }

    /// Polls the producer. `None` at the end.
    fn poll_with<R>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Producer<T>, &mut Context<'_>) -> Poll<Result<Option<R>>>,
    ) -> Poll<Result<Option<R>>> {
        let mut polling = match self.begin() {
            Ok(Some(polling)) => polling,
            Ok(None) => return Poll::Ready(Ok(None)),
            Err(error) => return Poll::Ready(Err(error)),
        };
        let Some(producer) = &mut polling.producer else { return Poll::Ready(Ok(None)) };
        let polled = poll(producer, cx);
        polling.goes_on = !producer.is_over();
        if polled.is_pending() {
            self.slot().waker = Some(cx.waker().clone());
        }
        polled
    }
}

/// A producer that is out while it is polled.
struct Polling<'s, T> {
    shared: &'s StreamCore<T>,
    producer: Option<Producer<T>>,
    /// Whether the producer has more. A producer whose code panicked has no more.
    goes_on: bool,
}

impl<T> Drop for Polling<'_, T> {
    fn drop(&mut self) {
        let (producer, goes_on) = (self.producer.take(), self.goes_on);
        let (over, waker) = {
            let mut slot = self.shared.slot();
            match (&slot.state, producer) {
                (ProducerState::Polled, Some(producer)) if goes_on => {
                    slot.state = ProducerState::Idle(producer);
                    (None, None)
                }
                // At the end, or the stream was closed meanwhile.
                (_, producer) => {
                    slot.state = ProducerState::Over;
                    (producer, slot.waker.take())
                }
            }
        };
        drop_of_host(over);
        waker.into_iter().for_each(|waker| of_host(|| waker.wake()));
    }
}

/// Closes the stream of a call that is dropped before its end, for its guest waits for a batch that never comes.
struct ClosedUnlessAnswered<T>(Option<Arc<StreamCore<T>>>);

impl<T> Drop for ClosedUnlessAnswered<T> {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(|shared| shared.close());
    }
}

impl<T: Crosses + Send, F: Iteration> Contract for StreamSource<T, F> {
    const SPEC: &'static ContractSpec = F::SPEC;
}

/// The method of the contract.
pub(crate) struct NextBatch<T, F>(PhantomData<(T, F)>);

type Asked = (Val<u32>, (Val<u32>, (Val<u32>, (Val<u32>, ()))));

impl<T: Crosses + Send, F: Iteration> Method for NextBatch<T, F> {
    type Contract = StreamSource<T, F>;
    type Args<'a> = Asked;
    type Owned = Asked;
    const PARAMS: &'static [ParamSpec] = PARAMS;
    const INDEX: usize = index_of(F::SPEC, "next");
}

fn bounds((Val(items), (Val(values), (Val(bytes), (Val(depth), ())))): Asked) -> BatchBounds {
    let [items, values, bytes, depth] = [items, values, bytes, depth].map(|asked| asked as usize);
    BatchBounds { items, values, bytes, depth }.within(BatchBounds::MOST)
}

fn failure(error: Error) -> HostError {
    if std::error::Error::source(&error).is_some_and(|source| source.is::<HostPanic>()) {
        return HostError::panicked();
    }
    type FailedBatch = Result<()>;
    let (view, chain, keep) =
        (ErrorProbe::<FailedBatch>::VIEW, ErrorProbe::<FailedBatch>::CHAIN, ErrorProbe::<FailedBatch>::KEEP);
    HostError::new(error, ErrorSpec::new(view, chain, keep))
}

impl<T: Crosses + Send> HostMethod for NextBatch<T, Sequential> {
    const FAST: Option<FastCall> = None;

    fn invoke<R: Reply>(host: &Self::Contract, asked: Asked, reply: R) -> R::Done {
        let polled = host.0.poll(&mut Context::from_waker(Waker::noop()), bounds(asked));
        // An iterator never waits.
        let batch = if let Poll::Ready(batch) = polled { batch } else { Ok(Batch::END) };
        reply.done(batch.map_err(failure))
    }
}

impl<T: Crosses + Send> AsyncHostMethod for NextBatch<T, Asynchronous> {
    fn start<R: Reply + 'static>(
        host: Hosted<Self::Contract>,
        asked: Asked,
        reply: R,
    ) -> impl Future<Output = R::Done> + 'static {
        let (shared, bounds) = (host.0.clone(), bounds(asked));
        async move {
            let mut waiting = ClosedUnlessAnswered(Some(shared.clone()));
            let batch = poll_fn(|cx| shared.poll(cx, bounds)).await;
            waiting.0 = None;
            reply.done(batch.map_err(failure))
        }
    }
}

impl<T: Crosses + Send, F: Iteration> ByHandle for StreamSource<T, F>
where
    Self: HostContract,
{
    const HOST: Option<HostParts> = Some(HostParts::of::<Self>());
    const OBJECT: MakeObject<Self> = Some(|transport| Arc::new(Self::new(F::of_guest(transport))));
    const OF_GUEST: &'static ContractSpec = F::OF_GUEST;
    const CHECKS: MakeChecks = checks::<guest::GuestSource<T, F>>;
    const SHARE: Share<Self> = Some(Sharing::OF);
}

impl<T: Crosses + Send> HostContract for StreamSource<T, Asynchronous> {
    const OPS: &'static [HostOp] = &[HostOp::of_async::<NextBatch<T, Asynchronous>>()];
}

impl<T: Crosses + Send> HostContract for StreamSource<T, Sequential> {
    const OPS: &'static [HostOp] = &[HostOp::of::<NextBatch<T, Sequential>>()];
}

#[cfg(test)]
mod tests;
