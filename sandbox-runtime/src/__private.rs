//! The only surface that generated code may touch. Not public API: it changes with the macro.

pub use async_trait::async_trait;

pub use sandbox_core::__private::*;

pub use crate::contract::{
    AsyncHostMethod, ByHandle, GuestContract, HostContract, HostMethod, Hosted, HostedBy, MakeObject,
    NoObject, NoShare, ObjectProbe, Share, ShareProbe,
};
pub use crate::engine_types::{FastCall, FastCallback, GuestCall, HostOp, HostParts, ObjectTransport};
#[cfg(feature = "_engine")]
pub use crate::isolate::{
    clock::by_the_system_only,
    fast::{FastProbe, NoFast},
    watchdog::WatchProbe,
};
#[cfg(not(feature = "_engine"))]
pub use crate::no_engine::{NeverFast as NoFast, NoProbe as FastProbe};
pub use crate::transport::{AsyncTransport, Exports, LocalAsyncTransport, Transport, WithDeadline};

/// For the tests of a process's hardening.
#[cfg(all(feature = "process", feature = "testing"))]
pub mod harden {
    pub use crate::process::harden::{Plan, early, late};
}

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use sandbox_core::Cancellation;

use crate::error::{Error, Place};

/// Calls the guest, for a method that returns a `Result`.
pub fn call<M, T>(_: M, transport: &T, args: M::Args<'_>) -> M::Returns
where
    M: GuestMethod<Returns: GuestReturn<Value = M::Value>>,
    T: Transport<M>,
{
    M::Returns::from_call(transport.call(args))
}

/// Calls the guest, for a method that returns a plain value. Its policy turns a failure into a value.
pub fn call_or<M, T>(
    _: M,
    transport: &T,
    args: M::Args<'_>,
    on_failure: impl FnOnce(Error) -> M::Value,
) -> M::Value
where
    M: GuestMethod,
    T: Transport<M>,
{
    transport.call(args).unwrap_or_else(|error| failed(error, on_failure))
}

/// Calls an `async` method of the guest that returns a `Result`.
pub fn call_async<M, T>(
    _: M,
    transport: &T,
    args: M::Args<'_>,
) -> impl Future<Output = M::Returns> + use<M, T>
where
    M: GuestMethod<Returns: GuestReturn<Value = M::Value>>,
    T: AsyncTransport<M>,
{
    let cancellation = args.cancellation().cloned();
    let call = transport.call_async(args);
    async move { M::Returns::from_call(until::<M, _>(cancellation, call).await) }
}

/// Calls an `async` method of the guest that returns a plain value. Its policy turns a failure into a value.
pub fn call_async_or<M, T, F>(
    _: M,
    transport: &T,
    args: M::Args<'_>,
    on_failure: F,
) -> impl Future<Output = M::Value> + use<M, T, F>
where
    M: GuestMethod,
    T: AsyncTransport<M>,
    F: FnOnce(Error) -> M::Value,
{
    let cancellation = args.cancellation().cloned();
    let call = transport.call_async(args);
    async move { until::<M, _>(cancellation, call).await.unwrap_or_else(|error| failed(error, on_failure)) }
}

/// Like [`call_async`], for a contract of one thread.
pub fn call_local<M, T>(
    _: M,
    transport: &T,
    args: M::Args<'_>,
) -> impl Future<Output = M::Returns> + use<M, T>
where
    M: GuestMethod<Returns: GuestReturn<Value = M::Value>>,
    T: LocalAsyncTransport<M>,
{
    let cancellation = args.cancellation().cloned();
    let call = transport.call_local(args);
    async move { M::Returns::from_call(until::<M, _>(cancellation, call).await) }
}

/// Like [`call_async_or`], for a contract of one thread.
pub fn call_local_or<M, T, F>(
    _: M,
    transport: &T,
    args: M::Args<'_>,
    on_failure: F,
) -> impl Future<Output = M::Value> + use<M, T, F>
where
    M: GuestMethod,
    T: LocalAsyncTransport<M>,
    F: FnOnce(Error) -> M::Value,
{
    let cancellation = args.cancellation().cloned();
    let call = transport.call_local(args);
    async move { until::<M, _>(cancellation, call).await.unwrap_or_else(|error| failed(error, on_failure)) }
}

/// A call that ends when its caller's cancellation is cancelled.
async fn until<M: GuestMethod, V>(
    cancellation: Option<Cancellation>,
    call: impl Future<Output = Result<V, Error>>,
) -> Result<V, Error> {
    let Some(cancellation) = cancellation else { return call.await };
    let cancelled = |was_made| {
        let place = Place::named(&M::Contract::SPEC.name, &M::spec().name);
        Err(Error::cancelled(was_made, Some(&place)))
    };
    if cancellation.is_cancelled() {
        return cancelled(false);
    }
    // A dropped call aborts the guest's signal.
    let mut call = Some(Box::pin(call));
    let mut ends = cancellation.cancelled();
    poll_fn(|cx| {
        if Pin::new(&mut ends).poll(cx).is_ready() {
            call = None;
        }
        let Some(call) = &mut call else { return Poll::Ready(cancelled(true)) };
        let polled = call.as_mut().poll(cx);
        match polled {
            // The cancellation has ended the turn of the guest.
            Poll::Ready(Err(_)) if cancellation.is_cancelled() => Poll::Ready(cancelled(true)),
            polled => polled,
        }
    })
    .await
}

fn failed<V>(error: Error, on_failure: impl FnOnce(Error) -> V) -> V {
    tracing::warn!(%error, "a guest failed; the contract's policy answers for it");
    on_failure(error)
}

/// The policy `on_failure = panic`.
///
/// # Panics
///
/// Always, with the text of the error.
#[track_caller]
pub fn fail<V>(error: Error) -> V {
    panic!("{error}")
}

/// The return type of a method that a guest implements.
pub type Returns<M> = <M as GuestMethod>::Returns;

/// The C function of a host method with scalars only, for V8's fast calls.
pub type Fast = Option<FastCall>;

/// The return type of an `async` method of a contract, as `async_trait` writes it.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The return type of an `async` method of a contract of one thread.
pub type BoxedLocal<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
