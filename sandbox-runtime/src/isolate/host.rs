//! The host's implementations of contracts.

use std::any::{Any, TypeId};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use super::ops::HostOp;
use crate::contract::{Contract, ContractSpec, HostContract};
use crate::schema::ContractChecks;

/// A host's implementation of a contract.
#[derive(Clone)]
pub(crate) struct Host {
    pub(super) contract: TypeId,
    pub(super) spec: &'static ContractSpec,
    pub(super) ops: &'static [HostOp],
    /// The checks of its methods' arguments and results.
    pub(super) checks: Arc<ContractChecks>,
    /// A `Box<C>`, where `C` is the contract.
    object: Rc<dyn Any>,
    /// How often each method was called, and in which call of the guest.
    counts: Rc<[Cell<(u64, u64)>]>,
}

impl Host {
    pub(crate) fn new<C: ?Sized + HostContract>(object: Box<C>) -> Result<Self, String> {
        let checks = ContractChecks::of::<C>()?;
        let counts = C::SPEC.methods.iter().map(|_| Cell::default()).collect();
        let (contract, object) = (TypeId::of::<C>(), Rc::new(object));
        Ok(Self { contract, spec: &C::SPEC, ops: C::OPS, checks, object, counts })
    }

    /// Counts a call of a method, and says which it is within this call of the guest.
    pub(super) fn count(&self, method: usize, call: u64) -> u64 {
        let Some(count) = self.counts.get(method) else { return 0 };
        let (last, so_far) = count.get();
        let now = if last == call { so_far + 1 } else { 1 };
        count.set((call, now));
        now
    }

    /// The implementation, when it is one of `C`.
    pub(super) fn object<C: ?Sized + Contract>(&self) -> Option<&C> {
        self.object.downcast_ref::<Box<C>>().map(|object| &**object)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.spec.name
    }
}
