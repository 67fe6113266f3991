//! [`Load`]: what the futures of `load_async` and `bind_async` do, for all sites.

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
