//! Futures that end with a proxy.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::Result;

/// A script that is being loaded: the future of `load_async` and of `bind_async`. It is `Send`, whatever the contract is.
///
/// As an `async fn` it would hold the contract, and the compiler would not believe that it can be sent: `dyn Trait` in such a
/// future has a lifetime that it does not remember.
#[must_use = "a script is not loaded before this is awaited"]
pub struct Loads<P>(Pin<Box<dyn Future<Output = Result<P>> + Send>>);

impl<P: 'static> Loads<P> {
    /// `proxy` makes the proxy from its transport.
    pub(crate) fn new<T: 'static>(
        load: impl Future<Output = Result<T>> + Send + 'static,
        proxy: fn(T) -> P,
    ) -> Self {
        Self(Box::pin(async move { load.await.map(proxy) }))
    }
}

impl<P> Future for Loads<P> {
    type Output = Result<P>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<P>> {
        self.0.as_mut().poll(cx)
    }
}
