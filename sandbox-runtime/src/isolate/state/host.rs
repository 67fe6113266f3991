//! The host's implementations of contracts.
//!
//! A [`Host`] belongs to one isolate and stays on its thread. `ops`, `untyped_contract` and `owned_host` make it. `host_calls` finds it, by the
//! contract's type id or by its number.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use sandbox_core::contract::{Contract, SpecRef};

use super::data_host::UntypedContract;
use super::op::HostOp;
use crate::schema::ContractChecks;

/// Identifies the contract of handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::isolate) enum ContractKey {
    /// The contract has this type.
    Typed(TypeId),
    /// The contract is known as data alone, and has this number.
    Numbered(u16),
}

/// A host's implementation of a contract.
#[derive(Clone)]
pub(crate) struct Host {
    pub(in crate::isolate) contract: TypeId,
    pub(in crate::isolate) spec: SpecRef,
    pub(in crate::isolate) ops: Cow<'static, [HostOp]>,
    /// The checks of its methods' arguments and results.
    pub(in crate::isolate) checks: Arc<ContractChecks>,
    /// A `Box<C>`, where `C` is the contract; an `UntypedContract`, if the contract is known as data alone.
    pub(in crate::isolate) object: Rc<dyn Any>,
    /// The address of that box.
    place: *const (),
    /// The number of calls of each method, by the call of the guest that is under way.
    counts: Rc<RefCell<FxHashMap<u64, Vec<u64>>>>,
}

impl Host {
    /// Makes a host. `object` is a `Box<C>`, if `contract` is the id of a `C`.
    pub(in crate::isolate) fn of<T: 'static>(
        contract: TypeId,
        spec: SpecRef,
        ops: Cow<'static, [HostOp]>,
        checks: Arc<ContractChecks>,
        object: Rc<T>,
    ) -> Self {
        let place = Rc::as_ptr(&object).cast();
        Self { contract, spec, ops, checks, object, place, counts: Rc::default() }
    }

    /// Counts a call of a method, and returns its number within this call of the guest.
    pub(in crate::isolate) fn count(&self, method: usize, call: u64) -> u64 {
        let mut counts = self.counts.borrow_mut();
        let methods = counts.entry(call).or_insert_with(|| vec![0; self.spec.methods.len()]);
        let Some(count) = methods.get_mut(method) else { return 0 };
        *count += 1;
        *count
    }

    /// Drops the counts of a call of the guest that is over.
    pub(in crate::isolate) fn forget(&self, call: u64) {
        let mut counts = self.counts.borrow_mut();
        if !counts.is_empty() {
            counts.remove(&call);
        }
    }

    /// The implementation of `C`, which is this host's contract.
    #[inline]
    pub(in crate::isolate) fn object<C: ?Sized + Contract>(&self) -> &C {
        debug_assert_eq!(self.contract, TypeId::of::<C>(), "this host implements another contract");
        // SAFETY: `of` made the host, with the address of the object. Its callers give the id of a `C` for a `Box<C>` only: an
        // untyped host has the id of `Elsewhere`, which is no contract. The caller found the host by its id. The object is
        // dropped with the host, and is not moved.
        unsafe { &*self.place.cast::<Box<C>>() }
    }

    /// The contract, for handles.
    pub(in crate::isolate) fn key(&self) -> ContractKey {
        let untyped = self.object.downcast_ref::<UntypedContract>();
        untyped.map_or(ContractKey::Typed(self.contract), |untyped| {
            ContractKey::Numbered(untyped.methods.number())
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.spec.name
    }
}
