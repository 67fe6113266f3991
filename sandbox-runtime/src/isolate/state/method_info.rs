//! The facts of a method that do not depend on its types.
//!
//! `ops`, `calls` and `host_calls` take a [`MethodInfo`] in the place of a type parameter, so that their code is compiled once.

use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;

use sandbox_core::contract::{Contract, ContractSpec, Method, MethodSpec, written};

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
    /// The number of the contract, when it is known as data alone. The sandbox's hosts have the first numbers, and contracts
    /// of handles the next.
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

/// Stands for the type of a contract that is known as data alone.
pub(in crate::isolate) struct Elsewhere;

/// The methods of a contract that is known as data alone.
pub(crate) struct UntypedMethods {
    pub(crate) spec: Arc<ContractSpec>,
    /// In the order of the methods.
    places: Box<[Place]>,
    /// The number of the contract, if the host implements it.
    nth: Option<u16>,
}

impl UntypedMethods {
    /// The methods of a contract that guests implement.
    pub(crate) fn of_guest(spec: Arc<ContractSpec>) -> Self {
        #[cfg(test)]
        tests::note(&spec);
        let places = spec.methods.iter().map(|method| Place::named(&spec.name, &method.name)).collect();
        Self { spec, places, nth: None }
    }

    /// The methods of a contract that the host implements, and that has this number.
    pub(crate) fn of_host(spec: Arc<ContractSpec>, nth: u16) -> Self {
        Self { nth: Some(nth), ..Self::of_guest(spec) }
    }

    /// The number of the contract, which is 0 for a contract of guests.
    pub(in crate::isolate) fn number(&self) -> u16 {
        self.nth.unwrap_or_default()
    }

    /// The method with a number that the contract has.
    pub(crate) fn at(&self, index: usize) -> MethodInfo<'_> {
        MethodInfo {
            contract: TypeId::of::<Elsewhere>(),
            place: &self.places[index],
            index,
            spec: &self.spec.methods[index],
            is_billed: true,
            nth: self.nth,
        }
    }

    /// The method with this number.
    pub(crate) fn get(&self, index: usize) -> Option<MethodInfo<'_>> {
        (index < self.places.len()).then(|| self.at(index))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex, PoisonError, Weak};

    use sandbox_core::contract::ContractSpec;

    /// The contracts that were made with such a name, whether they are still there or not.
    pub(crate) const COUNTED: &str = "Freed";
    static MADE: Mutex<Vec<Weak<ContractSpec>>> = Mutex::new(Vec::new());

    pub(super) fn note(spec: &Arc<ContractSpec>) {
        if spec.name.starts_with(COUNTED) {
            MADE.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(spec));
        }
    }

    /// How many were made, and how many of them are still there.
    pub(crate) fn made_and_live() -> (usize, usize) {
        let made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        (made.len(), made.iter().filter(|spec| spec.strong_count() > 0).count())
    }
}
