//! The backend of a tenant's sandbox: a realm of an isolate of this thread, a process, or a realm in a process.
//!
//! `tenant_sandbox` owns backends. A backend stays on its thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::contract::GuestMethod;
use crate::error::Result;
use crate::isolate::binding::Binding;
use crate::isolate::meter::Meter;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::watch::Watch;
use crate::isolate::{Isolate, LinkNumber, Realm};
#[cfg(feature = "process")]
use crate::process::{ProcessSite, Processed};
use crate::script::Script;
use crate::site::NamedContract;
#[cfg(feature = "process")]
use crate::site::Site;
use crate::site::typed::worker::thread_is_gone;
use crate::site::untyped::UntypedCall;
#[cfg(feature = "process")]
use crate::site::untyped::UntypedTransport as _;
use crate::time::Deadline;
use crate::value::JsValue;

/// A sandbox with the scripts that were loaded into it.
pub(crate) enum TenantBackend {
    Realm {
        isolate: Rc<Isolate>,
        realm: Rc<Realm>,
        bindings: RefCell<HashMap<u64, Rc<Binding>>>,
    },
    #[cfg(feature = "process")]
    Process {
        sandbox: ProcessSite,
        /// The tenant's realm, where tenants share the process.
        realm: Option<<ProcessSite as Site>::Realm>,
        bindings: RefCell<HashMap<u64, Processed>>,
    },
}

impl TenantBackend {
    pub(super) fn realm(isolate: Rc<Isolate>, realm: Rc<Realm>) -> Self {
        Self::Realm { isolate, realm, bindings: RefCell::default() }
    }

    #[cfg(feature = "process")]
    pub(super) fn process(sandbox: ProcessSite, realm: Option<<ProcessSite as Site>::Realm>) -> Self {
        Self::Process { sandbox, realm, bindings: RefCell::default() }
    }

    /// Evaluates a script and binds it to a contract. Returns which methods the script has.
    pub(super) fn bind(
        &self,
        id: u64,
        script: &Script,
        contract: NamedContract,
        deadline: Deadline,
    ) -> Result<Vec<bool>> {
        match self {
            Self::Realm { isolate, realm, bindings } => {
                let exports = isolate.evaluate(realm, script, deadline)?;
                let binding = isolate.bind(&exports, &contract.spec, contract.checks, deadline)?;
                let exported = binding.exported();
                bindings.borrow_mut().insert(id, Rc::new(binding));
                Ok(exported)
            }
            #[cfg(feature = "process")]
            Self::Process { sandbox, realm, bindings } => {
                let exports = sandbox.evaluate(realm.as_ref(), script.clone(), deadline)?;
                let bound = sandbox.bind(&exports, contract, deadline)?;
                let exported = bound.exported().to_vec();
                bindings.borrow_mut().insert(id, bound);
                Ok(exported)
            }
        }
    }

    /// Whether the script was loaded into this sandbox.
    pub(super) fn has(&self, id: u64) -> bool {
        match self {
            Self::Realm { bindings, .. } => bindings.borrow().contains_key(&id),
            #[cfg(feature = "process")]
            Self::Process { bindings, .. } => bindings.borrow().contains_key(&id),
        }
    }

    /// The binding of a script, in an isolate of this thread.
    pub(super) fn bound(&self, id: u64) -> Result<(Rc<Isolate>, Rc<Binding>)> {
        match self {
            Self::Realm { isolate, bindings, .. } => {
                let binding = bindings.borrow().get(&id).cloned().ok_or_else(thread_is_gone)?;
                Ok((isolate.clone(), binding))
            }
            #[cfg(feature = "process")]
            Self::Process { .. } => Err(thread_is_gone()),
        }
    }

    /// The binding of a script, in a process.
    #[cfg(feature = "process")]
    pub(super) fn away(&self, id: u64, deadline: Deadline) -> Option<Processed> {
        match self {
            Self::Realm { .. } => None,
            Self::Process { bindings, .. } => bindings.borrow().get(&id).map(|bound| bound.within(deadline)),
        }
    }

    /// Calls a method of a loaded script.
    pub(super) fn call<M: GuestMethod>(
        &self,
        id: u64,
        args: M::Owned,
        deadline: Deadline,
    ) -> Result<M::Value> {
        #[cfg(feature = "process")]
        if let Some(bound) = self.away(id, deadline) {
            return bound.make::<M>(args);
        }
        let (isolate, binding) = self.bound(id)?;
        isolate.call(MethodInfo::billed::<M>(), &binding, args, deadline)
    }

    /// Calls a method of a loaded script by its number.
    pub(super) fn call_untyped(&self, id: u64, call: UntypedCall, deadline: Deadline) -> Result<JsValue> {
        #[cfg(feature = "process")]
        if let Some(bound) = self.away(id, deadline) {
            return bound.call_untyped(call);
        }
        let (isolate, binding) = self.bound(id)?;
        isolate.call_untyped(&call.methods.at(call.index), &binding, call.args, deadline)
    }

    pub(super) fn forget(&self, id: u64) {
        match self {
            Self::Realm { bindings, .. } => {
                let binding = bindings.borrow_mut().remove(&id);
                drop(binding);
            }
            #[cfg(feature = "process")]
            Self::Process { bindings, .. } => {
                let bound = bindings.borrow_mut().remove(&id);
                drop(bound);
            }
        }
    }

    pub(super) fn meter(&self) -> Arc<Meter> {
        match self {
            Self::Realm { isolate, .. } => isolate.meter(),
            #[cfg(feature = "process")]
            Self::Process { sandbox, .. } => sandbox.wired.meter(),
        }
    }

    /// The handle that ends a call from another thread, where there is one.
    pub(super) fn watch(&self) -> Result<Option<Arc<Watch>>> {
        match self {
            Self::Realm { isolate, .. } => isolate.watch().map(Some),
            #[cfg(feature = "process")]
            Self::Process { .. } => Ok(None),
        }
    }

    /// Whether a link leads to the isolate.
    pub(super) fn is_at(&self, link: LinkNumber) -> bool {
        match self {
            Self::Realm { isolate, .. } => isolate.link().number() == link,
            #[cfg(feature = "process")]
            Self::Process { .. } => false,
        }
    }

    /// Whether the sandbox can be called.
    pub(super) fn is_live(&self) -> bool {
        match self {
            Self::Realm { isolate, .. } => isolate.is_live(),
            #[cfg(feature = "process")]
            Self::Process { sandbox, .. } => sandbox.wired.is_live(),
        }
    }

    /// Whether a call is under way on the stack, and the guest waits for it.
    pub(crate) fn is_running(&self) -> bool {
        match self {
            Self::Realm { isolate, .. } => isolate.is_running(),
            #[cfg(feature = "process")]
            Self::Process { sandbox, .. } => sandbox.wired.is_running(),
        }
    }

    /// Whether a call is under way, or in flight.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Self::Realm { isolate, .. } => isolate.is_busy(),
            #[cfg(feature = "process")]
            Self::Process { sandbox, .. } => sandbox.wired.is_busy(),
        }
    }

    /// The time until the deadline of the call under way, if there is one.
    pub(crate) fn left(&self) -> Option<Duration> {
        match self {
            Self::Realm { isolate, .. } => isolate.left(),
            #[cfg(feature = "process")]
            Self::Process { sandbox, .. } => sandbox.wired.left(),
        }
    }

    /// The memory in bytes, including that of all tenants which share the backend.
    pub(super) fn memory(&self) -> u64 {
        match self {
            Self::Realm { isolate, .. } => isolate.memory() as u64,
            #[cfg(feature = "process")]
            Self::Process { sandbox, .. } => sandbox.wired.resident(),
        }
    }

    /// Whether a process has made enough calls, or has enough memory, to be replaced.
    #[cfg(feature = "process")]
    pub(super) fn is_due(&self, most: &RecycleCount) -> bool {
        match self {
            Self::Realm { .. } => false,
            Self::Process { sandbox, .. } => most.is_reached_by(sandbox),
        }
    }
}

/// The use after which a process is replaced; `None` is no bound.
#[cfg(feature = "process")]
#[derive(Clone, Copy, Default)]
pub(super) struct RecycleCount {
    pub(super) calls: Option<u64>,
    pub(super) bytes: Option<u64>,
}

#[cfg(feature = "process")]
impl RecycleCount {
    pub(super) fn is_reached_by(&self, sandbox: &ProcessSite) -> bool {
        // The kernel is asked for the memory only if a bound of memory is set. Calls of `async` methods under way
        // keep the process until they are over. New calls begin in the next process.
        !sandbox.wired.is_running()
            && (self.calls.is_some_and(|most| sandbox.wired.meter().usage().total.calls >= most)
                || self.bytes.is_some_and(|most| sandbox.wired.resident() >= most))
    }

    pub(super) fn is_never(&self) -> bool {
        self.calls.is_none() && self.bytes.is_none()
    }
}
