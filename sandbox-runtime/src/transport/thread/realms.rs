//! Further realms of a [`Sandbox`].

use std::rc::Rc;
use std::sync::Arc;

use super::super::loads::Loads;
use super::{Guest, GuestRealm, HandleInner, IsolateSlot, Remote, Sandbox};
use crate::contract::GuestContract;
use crate::error::Result;
use crate::script::Script;
use crate::time::Deadline;

/// One more realm of a [`Sandbox`]: a global and intrinsics of its own, with the same host contracts and settings.
///
/// No object of one realm is reachable from another. So a script of another realm sees no change of `globalThis` or
/// `Array.prototype`. A realm costs a fraction of a sandbox, in time and in memory. In return, the realms of a sandbox share
/// its thread and its heap. One realm at a time runs, and limits hold for all of them together where they hold for a
/// sandbox. When one has filled the heap, all are discarded. So realms are for scripts of **one trust level**, such as the
/// rules of one tenant. Another tenant gets a sandbox of its own. All realms share one sequence of seeded random numbers,
/// and one console.
///
/// A clone is another handle of the same realm. When the last handle, [`Guest`] and proxy of a realm is gone, its memory is
/// collected in time. After [`Sandbox::reset`], an earlier realm returns [`Error::Discarded`](crate::Error::Discarded).
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
pub struct Realm {
    realm: Arc<HandleInner>,
    deadline: Deadline,
}

impl Sandbox {
    /// Makes one more realm, with a global and intrinsics of its own; see [`Realm`]. A host method may call this too.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit), because making a realm counts as a call, which takes some milliseconds with
    /// [`Intrinsics::Frozen`](crate::Intrinsics::Frozen); [`Error::Discarded`](crate::Error::Discarded).
    pub fn realm(&self) -> Result<Realm> {
        self.handle.run(self.make_realm())
    }

    fn make_realm(&self) -> impl FnOnce(&IsolateSlot) -> Result<Realm> + Send + 'static {
        let (handle, deadline) = (self.handle.clone(), self.deadline);
        move |slot| {
            let realm = HandleInner::realm(handle, slot, slot.isolate.make_realm()?);
            Ok(Realm { realm: Arc::new(realm), deadline })
        }
    }

    /// [`realm`](Self::realm) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`realm`](Self::realm).
    pub async fn realm_async(&self) -> Result<Realm> {
        self.handle.ask(self.make_realm()).await
    }
}

fn get(slot: &IsolateSlot, key: u64) -> Result<Rc<GuestRealm>> {
    slot.realms.get(key).map(|realm| (*realm).clone())
}

impl Realm {
    /// Evaluates a script that implements several contracts; see [`Guest::bind`].
    ///
    /// # Errors
    ///
    /// As of [`Sandbox::eval`]; [`Error::Discarded`](crate::Error::Discarded) also when the sandbox was reset.
    pub fn eval(&self, script: Script) -> Result<Guest> {
        let key = self.realm.key;
        Guest::evaluate(&self.realm.handle, self.deadline, move |slot| get(slot, key), script)
    }

    /// [`eval`](Self::eval) for a task, without blocking it; see [`Sandbox::eval_async`].
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval).
    pub async fn eval_async(&self, script: Script) -> Result<Guest> {
        let key = self.realm.key;
        Guest::evaluate_async(&self.realm.handle, self.deadline, move |slot| get(slot, key), script).await
    }

    /// [`load`](Self::load) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> Loads<C::Proxy<Remote>> {
        let realm = self.clone();
        let load = async move { realm.eval_async(script).await?.bind_later(super::bind::<C>).await };
        Loads::new(load, C::proxy)
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval), and [`Error::Mismatch`](crate::Error::Mismatch) that names every export that is missing.
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Remote>> {
        self.eval(script)?.bind::<C>()
    }
}
