//! The facts of a method that do not depend on its types.
//!
//! `ops`, `guest` and `host` take a [`MethodInfo`] in the place of a type parameter, so that their code is compiled once.

use std::any::TypeId;

use crate::boundary::ValueError;
#[cfg(feature = "process")]
use crate::contract::ContractSpec;
use crate::contract::{Contract, HostMethod, Method, MethodSpec};
use crate::error::{Direction, Error, ExportProblem, Place};
use crate::isolate::Isolate;
use crate::isolate::host::Host;
use crate::isolate::ops::Refusal;
use crate::schema::MethodChecks;

/// Identifies a method for code that does the same for every method of one signature. Code that is generic over the method
/// itself is compiled once for each method.
#[derive(Clone, Copy)]
pub(crate) struct MethodInfo {
    contract: TypeId,
    name: &'static str,
    pub(crate) index: usize,
    pub(crate) spec: &'static MethodSpec,
    /// Whether calls are billed. A method with a fast call is not billed, on its slow path either.
    pub(in crate::isolate) is_billed: bool,
    /// The number of the contract among the sandbox's hosts, when its types are in another process.
    #[cfg(feature = "process")]
    nth: Option<u16>,
}

impl MethodInfo {
    const fn of<M: Method>(is_billed: bool) -> Self {
        let spec = &<M::Contract as Contract>::SPEC;
        Self {
            contract: TypeId::of::<M::Contract>(),
            name: spec.name,
            index: M::INDEX,
            spec: &spec.methods[M::INDEX],
            is_billed,
            #[cfg(feature = "process")]
            nth: None,
        }
    }

    /// A method of a contract whose types are in another process.
    #[cfg(feature = "process")]
    pub(crate) fn untyped(nth: Option<u16>, spec: &'static ContractSpec, index: usize) -> Self {
        let contract = TypeId::of::<crate::isolate::untyped_contract::Elsewhere>();
        Self { contract, name: spec.name, index, spec: &spec.methods[index], is_billed: true, nth }
    }

    /// A method that the guest implements, or an `async` one of the host.
    pub(crate) const fn billed<M: Method>() -> &'static Self {
        const { &Self::of::<M>(true) }
    }

    /// A method that the host implements.
    pub(in crate::isolate) const fn hosted<M: HostMethod>() -> &'static Self {
        const { &Self::of::<M>(M::FAST.is_none()) }
    }

    #[inline]
    pub(crate) const fn place(&self) -> Place {
        Place::new(self.name, self.spec.name)
    }

    /// The error of a call of an optional method that the script does not export.
    pub(crate) fn not_exported(&self) -> Error {
        let problems = vec![ExportProblem::missing(self.spec.name, &[])];
        Error::mismatch(self.name, String::new(), problems, Vec::new())
    }

    /// Turns a value that cannot be written into the error of a call.
    pub(crate) fn write_error(&self, error: ValueError) -> Error {
        error.into_error(self.place(), Direction::ToGuest)
    }
}

impl Isolate {
    /// The host of a method.
    #[inline]
    pub(in crate::isolate) fn host(&self, method: &MethodInfo) -> Option<&Host> {
        #[cfg(feature = "process")]
        if let Some(nth) = method.nth {
            return self.hosts.get(usize::from(nth));
        }
        self.host_of(method.contract)
    }

    /// The checks of a host method.
    pub(in crate::isolate) fn checks(&self, method: &MethodInfo) -> Result<&MethodChecks, Refusal> {
        self.host(method).and_then(|host| host.checks.methods.get(method.index)).ok_or(Refusal::Absent)
    }
}
