//! The facts of a method that do not depend on its types.
//!
//! `ops`, `guest` and `host` take a [`MethodInfo`] in the place of a type parameter, so that their code is compiled once.

use std::any::TypeId;
use std::marker::PhantomData;
#[cfg(feature = "process")]
use std::sync::Arc;

#[cfg(feature = "process")]
use sandbox_core::contract::ContractSpec;
use sandbox_core::contract::{Contract, Method, MethodSpec, written};

use crate::boundary::ValueError;
use crate::error::{Direction, Error, ExportProblem, Place};

/// Identifies a method for code that does the same for every method of one signature. Code that is generic over the method
/// itself is compiled once for each method.
#[derive(Clone, Copy)]
pub(crate) struct MethodInfo<'a> {
    pub(in crate::isolate) contract: TypeId,
    place: &'a Place,
    pub(crate) index: usize,
    pub(crate) spec: &'a MethodSpec,
    /// Whether calls are billed. A method with a fast call is not billed, on its slow path either.
    pub(in crate::isolate) is_billed: bool,
    /// The number of the contract among the sandbox's hosts, when its types are in another process.
    #[cfg(feature = "process")]
    pub(in crate::isolate) nth: Option<u16>,
}

/// The facts of a method of the program, as constants.
struct Known<M>(PhantomData<M>);

impl<M: Method> Known<M> {
    const SPEC: &'static MethodSpec = M::Contract::SPEC.method(M::INDEX);
    const PLACE: &'static Place =
        &Place::new(written(&<M::Contract as Contract>::SPEC.name), written(&Self::SPEC.name));
}

impl MethodInfo<'static> {
    pub(in crate::isolate) const fn of<M: Method>(is_billed: bool) -> Self {
        Self {
            contract: TypeId::of::<M::Contract>(),
            place: Known::<M>::PLACE,
            index: M::INDEX,
            spec: Known::<M>::SPEC,
            is_billed,
            #[cfg(feature = "process")]
            nth: None,
        }
    }

    /// A method that the guest implements, or an `async` one of the host.
    pub(crate) const fn billed<M: Method>() -> &'static Self {
        const { &Self::of::<M>(true) }
    }
}

impl<'a> MethodInfo<'a> {
    #[inline]
    pub(crate) const fn place(&self) -> &'a Place {
        self.place
    }

    /// The error of a call of an optional method that the script does not export.
    pub(crate) fn not_exported(&self) -> Error {
        let problems = vec![ExportProblem::missing(self.spec.name.clone(), &[])];
        Error::mismatch(self.place.contract.clone(), String::new(), problems, Vec::new())
    }

    /// Turns a value that cannot be written into the error of a call.
    pub(crate) fn write_error(&self, error: ValueError) -> Error {
        error.into_error(self.place(), Direction::ToGuest)
    }
}

/// Stands for the type of a contract that no type of this process is.
#[cfg(feature = "process")]
pub(in crate::isolate) struct Elsewhere;

/// The methods of a contract that is known as data alone.
#[cfg(feature = "process")]
pub(crate) struct UntypedMethods {
    pub(crate) spec: Arc<ContractSpec>,
    /// In the order of the methods.
    places: Box<[Place]>,
    /// The number of the contract among the sandbox's hosts, if it is one of theirs.
    nth: Option<u16>,
}

#[cfg(feature = "process")]
impl UntypedMethods {
    pub(crate) fn new(spec: Arc<ContractSpec>, nth: Option<u16>) -> Self {
        let places = spec.methods.iter().map(|method| Place::named(&spec.name, &method.name)).collect();
        Self { spec, places, nth }
    }

    /// The method with this number.
    pub(crate) fn get(&self, index: usize) -> Option<MethodInfo<'_>> {
        let (spec, place) = (self.spec.methods.get(index)?, self.places.get(index)?);
        let contract = TypeId::of::<Elsewhere>();
        Some(MethodInfo { contract, place, index, spec, is_billed: true, nth: self.nth })
    }
}
