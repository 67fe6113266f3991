//! Further realms of a [`ProcessSandbox`].

use std::sync::Arc;

use super::guest::{Evaluating, KeptHandle, ProcessCall, ProcessGuest, Processed};
use super::message::{kind, to_json};
use super::sandbox::ProcessSandbox;
use super::session::{About, What};
use crate::contract::GuestContract;
use crate::error::Result;
use crate::script::Script;
use crate::time::Deadline;
use crate::transport::loads::Loads;

/// One more realm of a [`ProcessSandbox`], like a [`Realm`](crate::Realm) of a [`Sandbox`](crate::Sandbox). The realm has a
/// global and intrinsics of its own, and shares the process and its heap. Realms are for scripts of **one trust level**.
///
/// A clone is another handle of the same realm. When the last handle, [`ProcessGuest`] and proxy of a realm is gone, its
/// memory is collected in time. After [`ProcessSandbox::reset`], or when its process has ended, a realm returns
/// [`Error::Discarded`](crate::Error::Discarded).
///
/// ```no_run
/// use sandbox_runtime::process::{self, Process};
/// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Counter { fn next(&self) -> Result<u32>; }
///
/// fn main() -> Result<()> {
///     process::init();
///     let sandbox = Sandbox::builder().transport(Process::new()).build()?;
///     let script = || Script::new("counter.js", "globalThis.n = 0; export const next = () => ++n;");
///     let one = sandbox.realm()?.load::<dyn Counter>(script())?;
///     let other = sandbox.realm()?.load::<dyn Counter>(script())?;
///     assert_eq!((one.next()?, one.next()?, other.next()?), (1, 2, 1));
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct ProcessRealm {
    realm: Arc<KeptHandle>,
    deadline: Deadline,
}

impl ProcessSandbox {
    /// Makes one more realm, with a global and intrinsics of its own; see [`ProcessRealm`]. A host method may call this too.
    ///
    /// # Errors
    ///
    /// As of [`Sandbox::realm`](crate::Sandbox::realm), and [`Error::Process`](crate::Error::Process).
    pub fn realm(&self) -> Result<ProcessRealm> {
        let handle = self.session.request(
            About { builds: true, ..About::default() },
            (kind::REALM, None),
            self.deadline,
            |limit, out| to_json(&limit, out),
            |answer| answer.handle(What::Realm),
        )?;
        let realm = Arc::new(KeptHandle { session: self.session.clone(), handle });
        Ok(ProcessRealm { realm, deadline: self.deadline })
    }

    /// [`realm`](Self::realm) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`realm`](Self::realm).
    pub async fn realm_async(&self) -> Result<ProcessRealm> {
        let sandbox = self.clone();
        ProcessCall::work(&self.session, move || sandbox.realm()).await
    }
}

impl ProcessRealm {
    pub(crate) fn within(&self, deadline: Deadline) -> Self {
        Self { deadline, ..self.clone() }
    }

    fn evaluating(&self, script: Script) -> Evaluating<'_> {
        let KeptHandle { session, handle } = &*self.realm;
        Evaluating { session, realm: Some(*handle), script, deadline: self.deadline }
    }

    /// Evaluates a script that implements several contracts; see [`ProcessGuest::bind`].
    ///
    /// # Errors
    ///
    /// As of [`ProcessSandbox::eval`].
    pub fn eval(&self, script: Script) -> Result<ProcessGuest> {
        self.evaluating(script).now()
    }

    /// [`eval`](Self::eval) of a script whose top level may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval).
    pub async fn eval_async(&self, script: Script) -> Result<ProcessGuest> {
        self.evaluating(script).later().await
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`ProcessSandbox::load`].
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Processed>> {
        self.eval(script)?.bind::<C>()
    }

    /// [`load`](Self::load) of a script whose top level may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> Loads<C::Proxy<Processed>> {
        let own = self.clone();
        let load =
            async move { own.eval_async(script).await?.bind_later(ProcessGuest::transport::<C>).await };
        Loads::new(load, C::proxy)
    }
}
