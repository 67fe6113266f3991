//! Further realms of a [`LocalSandbox`].

use std::rc::Rc;

use super::{Local, LocalGuest, LocalSandbox};
use crate::contract::GuestContract;
use crate::error::Result;
use crate::isolate::{Isolate, Realm};
use crate::script::Script;
use crate::time::Deadline;

/// One more realm of a [`LocalSandbox`]; see [`Realm`](crate::Realm).
///
/// ```
/// use sandbox_runtime::{LocalSandbox, Result, Script, sandbox_api};
///
/// #[sandbox_api]
/// pub trait Counter {
///     fn next(&self) -> Result<u32>;
/// }
///
/// let sandbox = LocalSandbox::builder().build()?;
/// let script = || Script::new("counter.js", "globalThis.n = 0; export const next = () => ++n;");
/// let one = sandbox.realm()?.load::<dyn Counter>(script())?;
/// let other = sandbox.realm()?.load::<dyn Counter>(script())?;
/// assert_eq!((one.next()?, one.next()?, other.next()?), (1, 2, 1));
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct LocalRealm {
    isolate: Rc<Isolate>,
    realm: Rc<Realm>,
    deadline: Deadline,
}

impl LocalSandbox {
    /// Makes one more realm, with a global and intrinsics of its own; see [`Realm`](crate::Realm). A host method may call
    /// this too.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit), because making a realm counts as a call, which takes some milliseconds with
    /// [`Intrinsics::Frozen`](crate::Intrinsics::Frozen); [`Error::Discarded`](crate::Error::Discarded).
    pub fn realm(&self) -> Result<LocalRealm> {
        let realm = self.isolate.make_realm()?;
        Ok(LocalRealm { isolate: self.isolate.clone(), realm, deadline: self.deadline })
    }
}

impl LocalRealm {
    /// Evaluates a script that implements several contracts; see [`LocalGuest::bind`].
    ///
    /// # Errors
    ///
    /// As of [`LocalSandbox::eval`]; [`Error::Discarded`](crate::Error::Discarded) also when the sandbox was reset.
    pub fn eval(&self, script: Script) -> Result<LocalGuest> {
        LocalGuest::evaluate(&self.isolate, &self.realm, &script, self.deadline)
    }

    /// [`eval`](Self::eval) of a script whose top level may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval).
    pub async fn eval_async(&self, script: Script) -> Result<LocalGuest> {
        LocalGuest::evaluate_async(&self.isolate, self.realm.clone(), script, self.deadline).await
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval), and [`Error::Mismatch`](crate::Error::Mismatch) that names every export that is missing.
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Local>> {
        self.eval(script)?.bind::<C>()
    }
}
