//! [`Realm`]: one more realm of a sandbox.

use super::Guest;
use crate::contract::GuestContract;
use crate::error::Result;
use crate::script::Script;
use crate::site::{Load, Site, ThreadSite};
use crate::time::Deadline;

/// One more realm of a sandbox: a global and intrinsics of its own, with the same host contracts and settings.
///
/// No object of one realm is reachable from another. So a script of another realm sees no change of `globalThis` or
/// `Array.prototype`. A realm costs a fraction of a sandbox, in time and in memory. In return, the realms of a sandbox share
/// its thread or process, and its heap. One realm at a time runs, and limits hold for all of them together where they hold
/// for a sandbox. When one has filled the heap, all are discarded. So realms are for scripts of **one trust level**, such as
/// the rules of one tenant. Another tenant gets a sandbox of its own. All realms share one sequence of seeded random
/// numbers, and one console.
///
/// A clone is another handle of the same realm. When the last handle, [`Guest`] and proxy of a realm is gone, its memory is
/// collected in time. After [`reset`](crate::Client::reset) of the sandbox, or when its process has ended, an earlier
/// realm returns [`Error::Discarded`](crate::Error::Discarded).
///
/// ```
/// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api]
/// pub trait Counter {
///     fn next(&self) -> Result<u32>;
/// }
///
/// let sandbox = Sandbox::builder().build()?;
/// let script = || Script::new("counter.js", "globalThis.n = 0; export const next = () => ++n;");
/// let one = sandbox.realm()?.load::<dyn Counter>(script())?;
/// let other = sandbox.realm()?.load::<dyn Counter>(script())?;
/// assert_eq!((one.next()?, one.next()?, other.next()?), (1, 2, 1));
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Realm<S: Site = ThreadSite> {
    site: S,
    realm: S::Realm,
    deadline: Deadline,
}

impl<S: Site> Realm<S> {
    pub(super) fn new(site: S, realm: S::Realm, deadline: Deadline) -> Self {
        Self { site, realm, deadline }
    }

    /// Evaluates a script that implements several contracts; see [`Guest::bind`].
    ///
    /// # Errors
    ///
    /// As of [`Client::eval`](crate::Client::eval); [`Error::Discarded`](crate::Error::Discarded) also when the
    /// sandbox was reset.
    pub fn eval(&self, script: Script) -> Result<Guest<S>> {
        Guest::evaluate(&self.site, Some(&self.realm), script, self.deadline)
    }

    /// [`eval`](Self::eval) for a task, without blocking it. The top level of a module may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval).
    pub async fn eval_async(&self, script: Script) -> Result<Guest<S>> {
        Guest::evaluate_async(self.site.clone(), Some(self.realm.clone()), script, self.deadline).await
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval), and [`Error::Mismatch`](crate::Error::Mismatch) that names every export that is missing.
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<S::Transport>> {
        self.eval(script)?.bind::<C>()
    }

    /// [`load`](Self::load) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> S::Loads<C::Proxy<S::Transport>> {
        Load::script::<C>(self.site.clone(), Some(self.realm.clone()), script, self.deadline)
    }
}
