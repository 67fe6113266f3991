//! The future of `load_async` and `bind_async`, which ends with a proxy.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::Result;

/// A script that is being loaded: the future of `load_async` and of `bind_async`. The future is `Send`, whatever the
/// contract is.
///
/// An `async fn` would store the contract's type in its future. The compiler would then not accept the future as `Send`,
/// because it forgets the lifetime of `dyn Trait` there.
#[must_use = "a script is not loaded before this is awaited"]
pub struct Loads<P>(Pin<Box<dyn Future<Output = Result<P>> + Send>>);

impl<P: 'static> Loads<P> {
    /// Makes the future. `proxy` makes the proxy from its transport.
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
