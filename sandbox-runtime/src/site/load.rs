//! [`Load`]: the work of the futures of `load_async` and `bind_async`, for all sites. [`Loads`]: such a future that is `Send`.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::{NamedContract, Site};
use crate::contract::GuestContract;
use crate::error::Result;
use crate::script::Script;
use crate::time::Deadline;

/// The work of `load_async` and `bind_async`: evaluate a script if there is one, and bind a contract.
#[doc(hidden)]
pub struct Load<S: Site> {
    site: S,
    source: LoadSource<S>,
    contract: NamedContract,
    deadline: Deadline,
}

enum LoadSource<S: Site> {
    Script(Option<S::Realm>, Script),
    Exports(S::Exports),
}

impl<S: Site> Load<S> {
    pub(crate) fn script<C: ?Sized + GuestContract>(
        site: S,
        realm: Option<S::Realm>,
        script: Script,
        deadline: Deadline,
    ) -> S::Loads<C::Proxy<S::Transport>> {
        let (source, contract) = (LoadSource::Script(realm, script), NamedContract::of::<C>());
        S::loads(Self { site, source, contract, deadline }, C::proxy)
    }

    pub(crate) fn exports<C: ?Sized + GuestContract>(
        site: S,
        exports: S::Exports,
        deadline: Deadline,
    ) -> S::Loads<C::Proxy<S::Transport>> {
        let (source, contract) = (LoadSource::Exports(exports), NamedContract::of::<C>());
        S::loads(Self { site, source, contract, deadline }, C::proxy)
    }

    pub(crate) async fn run(self) -> Result<S::Transport> {
        let Self { site, source, contract, deadline } = self;
        let exports = match source {
            LoadSource::Script(realm, script) => site.clone().evaluate_async(realm, script, deadline).await?,
            LoadSource::Exports(exports) => exports,
        };
        site.bind_async(exports, contract, deadline).await
    }
}

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
