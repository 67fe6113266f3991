//! The facts of a method that do not depend on its types.
//!
//! `ops`, `guest` and `host` take a [`MethodInfo`] in the place of a type parameter, so that their code is compiled once.

use std::any::TypeId;

#[cfg(feature = "process")]
use sandbox_core::contract::ContractSpec;
use sandbox_core::contract::{Contract, Method, MethodSpec};

use crate::boundary::ValueError;
use crate::error::{Direction, Error, ExportProblem, Place};

/// Identifies a method for code that does the same for every method of one signature. Code that is generic over the method
/// itself is compiled once for each method.
#[derive(Clone, Copy)]
pub(crate) struct MethodInfo {
    pub(in crate::isolate) contract: TypeId,
    name: &'static str,
    pub(crate) index: usize,
    pub(crate) spec: &'static MethodSpec,
    /// Whether calls are billed. A method with a fast call is not billed, on its slow path either.
    pub(in crate::isolate) is_billed: bool,
    /// The number of the contract among the sandbox's hosts, when its types are in another process.
    #[cfg(feature = "process")]
    pub(in crate::isolate) nth: Option<u16>,
}

impl MethodInfo {
    pub(in crate::isolate) const fn of<M: Method>(is_billed: bool) -> Self {
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
        let contract = TypeId::of::<Elsewhere>();
        Self { contract, name: spec.name, index, spec: &spec.methods[index], is_billed: true, nth }
    }

    /// A method that the guest implements, or an `async` one of the host.
    pub(crate) const fn billed<M: Method>() -> &'static Self {
        const { &Self::of::<M>(true) }
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

/// A contract that no type of this process has.
#[cfg(feature = "process")]
pub(in crate::isolate) struct Elsewhere;
