//! [`Guest`]: a script that has been evaluated.

use sandbox_core::OwnedContract;

use crate::contract::GuestContract;
use crate::error::Result;
use crate::script::Script;
use crate::site::untyped_guest::UntypedGuest;
use crate::site::{Load, NamedContract, Site, ThreadSite};
use crate::time::Deadline;

/// A script that has been evaluated in a sandbox on the site `S`.
///
/// A script that implements several contracts is evaluated once and bound to each of them:
///
/// ```
/// use sandbox_runtime::{Guest, Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Price { fn price(&self, quantity: f64) -> Result<f64>; }
/// #[sandbox_api(guest)]
/// pub trait Label { fn label(&self) -> Result<String>; }
///
/// let sandbox = Sandbox::builder().build()?;
/// let source = "export const price = (quantity) => quantity / 4; export const label = () => 'small';";
/// let guest: Guest = sandbox.eval(Script::new("rule.js", source))?;
/// let (price, label) = (guest.bind::<dyn Price>()?, guest.bind::<dyn Label>()?);
/// assert_eq!((price.price(2.0)?, label.label()?), (0.5, "small".to_owned()));
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Guest<S: Site = ThreadSite> {
    site: S,
    exports: S::Exports,
    deadline: Deadline,
}

impl<S: Site> Guest<S> {
    /// Evaluates a script in a realm; `None` is the realm that the sandbox begins with.
    pub(super) fn evaluate(
        site: &S,
        realm: Option<&S::Realm>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Self> {
        let exports = site.evaluate(realm, script, deadline)?;
        Ok(Self { site: site.clone(), exports, deadline })
    }

    /// Evaluates a script whose top level may wait for `async` host methods.
    pub(super) async fn evaluate_async(
        site: S,
        realm: Option<S::Realm>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Self> {
        let exports = site.clone().evaluate_async(realm, script, deadline).await?;
        Ok(Self { site, exports, deadline })
    }

    /// Checks the script against the contract `C`, and returns the proxy that implements it.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`](crate::Error::Mismatch) that names every export that is missing. A getter of the guest can cause
    /// other errors.
    pub fn bind<C: ?Sized + GuestContract>(&self) -> Result<C::Proxy<S::Transport>> {
        self.transport::<C>().map(C::proxy)
    }

    /// [`bind`](Self::bind) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`bind`](Self::bind).
    pub fn bind_async<C: ?Sized + GuestContract>(&self) -> S::Loads<C::Proxy<S::Transport>> {
        Load::exports::<C>(self.site.clone(), self.exports.clone(), self.deadline)
    }

    /// Checks the script against a contract that came as data, and returns a handle whose methods are called by name.
    ///
    /// # Errors
    ///
    /// As of [`bind`](Self::bind), and [`Error::Contract`](crate::Error::Contract) when no guest can implement the contract.
    pub fn bind_untyped(&self, contract: &OwnedContract) -> Result<UntypedGuest<S::Transport>> {
        let transport = self.site.bind(&self.exports, NamedContract::untyped(contract)?, self.deadline)?;
        Ok(UntypedGuest::new(contract.clone(), transport))
    }

    /// [`bind_untyped`](Self::bind_untyped) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`bind_untyped`](Self::bind_untyped).
    pub async fn bind_untyped_async(&self, contract: &OwnedContract) -> Result<UntypedGuest<S::Transport>> {
        let (site, exports) = (self.site.clone(), self.exports.clone());
        let transport = site.bind_async(exports, NamedContract::untyped(contract)?, self.deadline).await?;
        Ok(UntypedGuest::new(contract.clone(), transport))
    }

    /// The transport of a proxy of `C`.
    #[doc(hidden)]
    pub fn transport<C: ?Sized + GuestContract>(&self) -> Result<S::Transport> {
        self.site.bind(&self.exports, NamedContract::of::<C>(), self.deadline)
    }
}
