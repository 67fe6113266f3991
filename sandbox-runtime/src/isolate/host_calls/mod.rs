//! The common part of all calls of the host by a guest: counts, ends, and promises.
//!
//! `ops` and `untyped_contract` answer V8 through this module. The code here does not know the types of a method.

pub(crate) mod begun;
pub(crate) mod promises;
pub(crate) mod refused;

use std::any::TypeId;

use deno_core::v8;
use sandbox_core::contract::Contract;

use crate::error::Place;
use crate::isolate::Isolate;
use crate::isolate::limits::exceeded::Exceeded;
use crate::isolate::state::host::{ContractKey, Host};
use crate::isolate::state::method_info::MethodInfo;
use crate::isolate::state::refusal::Refusal;
use crate::schema::MethodChecks;
pub(super) use begun::begin;

impl Isolate {
    /// The host of a method, or the facts of its contract when only handles of the contract cross.
    #[inline]
    pub(in crate::isolate) fn host(&self, method: &MethodInfo) -> Option<&Host> {
        if let Some(nth) = method.nth {
            return self.host_numbered(nth);
        }
        self.host_of(method.contract).or_else(|| self.handles.contract(ContractKey::Typed(method.contract)))
    }

    /// The contract with this number: of a host, or of handles.
    pub(in crate::isolate) fn host_numbered(&self, nth: u16) -> Option<&Host> {
        self.hosts.get(usize::from(nth)).or_else(|| self.handles.numbered(nth))
    }

    /// The checks of a host method.
    pub(in crate::isolate) fn checks(&self, method: &MethodInfo) -> Result<&MethodChecks, Refusal> {
        self.host(method).and_then(|host| host.checks.methods.get(method.index)).ok_or(Refusal::Absent)
    }

    /// The host of a contract.
    #[inline]
    fn host_of(&self, contract: TypeId) -> Option<&Host> {
        self.hosts.iter().find(|host| host.contract == contract)
    }

    /// The host's implementation of a contract.
    #[inline]
    pub(super) fn implementation<C: ?Sized + Contract>(&self) -> Option<&C> {
        self.host_of(TypeId::of::<C>()).map(Host::object::<C>)
    }
}

/// Counts a call of a host method, and returns whether the call may be made. Beyond a limit the guest is ended, because it
/// could catch an exception and go on.
#[inline]
pub(super) fn count(isolate: &Isolate, method: &MethodInfo) -> bool {
    let most = method.spec.max_calls;
    let own = most.is_none_or(|most| {
        // Without a host there is nothing to call. The caller reports this later.
        let host = isolate.host(method);
        host.is_none_or(|host| {
            host.count(method.index, isolate.flights.family(isolate.call.number())) <= most
        })
    });
    let is_allowed = isolate.call.count_host_call() && own;
    if !is_allowed {
        let most = most.filter(|_| !own);
        isolate.exceed(most.map_or(Exceeded::All, Exceeded::Method), Some(method.place()));
    }
    is_allowed
}

/// Answers a call by V8. Returns deno_core's status: 0 for a value, 1 for an exception.
pub(super) fn answer<F>(info: *const v8::FunctionCallbackInfo, place: &Place, serve: F) -> usize
where
    F: for<'s, 'i> FnOnce(
        &mut v8::PinScope<'s, 'i>,
        &v8::FunctionCallbackArguments<'s>,
    ) -> Result<v8::Local<'s, v8::Value>, Refusal>,
{
    // SAFETY: V8 calls this with a pointer that is valid until this function returns.
    let info = unsafe { &*info };
    v8::callback_scope!(unsafe scope, info);
    let arguments = v8::FunctionCallbackArguments::from_function_callback_info(info);
    let mut result = v8::ReturnValue::from_function_callback_info(info);
    match serve(scope, &arguments) {
        Ok(value) => {
            result.set(value);
            0
        }
        Err(refusal) => {
            refusal.throw(scope, place);
            1
        }
    }
}
