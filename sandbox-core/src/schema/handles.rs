//! The schema of a handle, and the contracts that the schemas of a contract lead to.
//!
//! schemars makes a schema by the type alone, and has no place for a contract. So [`handle_schema`] notes the contract in a
//! list of the thread, and [`noted`] takes the list of what it ran.

use std::any::TypeId;
use std::cell::RefCell;

use schemars::{Schema, json_schema};
use serde_json::{Map, Value as Json};

use super::generate::keep_used;
use crate::spec::{ContractSpec, GivenKinds};

/// A contract whose handles cross.
#[derive(Clone, Copy)]
pub(super) struct NotedContract {
    /// The type id of the contract.
    pub id: TypeId,
    /// The contract as data.
    pub spec: &'static ContractSpec,
}

thread_local! {
    static NOTED: RefCell<Vec<NotedContract>> = const { RefCell::new(Vec::new()) };
}

/// The schema of a handle of a contract, for an implementation of `JsonSchema`.
#[must_use]
pub fn handle_schema(id: TypeId, spec: &'static ContractSpec) -> Schema {
    NOTED.with_borrow_mut(|noted| {
        if noted.iter().all(|known| known.id != id) {
            noted.push(NotedContract { id, spec });
        }
    });
    let mut schema = json_schema!({ "type": "object", "x-js": "Handle", "x-contract": &*spec.name });
    if spec.guest {
        let required = spec.methods.iter().filter(|method| !method.optional);
        schema.insert("x-guest".into(), required.map(|method| &*method.name).collect());
    }
    schema
}

/// Which values of a schema, and of the definitions that it leads to, may be handles of a guest's objects.
pub(super) fn given_by(schema: &Json, defs: &Map<String, Json>) -> GivenKinds {
    const WORDS: [(&str, GivenKinds); 3] = [
        ("x-guest", GivenKinds::Objects),
        ("x-function", GivenKinds::Objects),
        ("x-stream", GivenKinds::Lists),
    ];
    fn of(schema: &Json) -> GivenKinds {
        let inner = match schema {
            Json::Object(object) => {
                let words = WORDS.iter().filter(|(word, _)| object.contains_key(*word));
                words.map(|(_, gives)| *gives).chain(object.values().map(of)).max()
            }
            Json::Array(items) => items.iter().map(of).max(),
            _ => None,
        };
        inner.unwrap_or_default()
    }
    // The arguments of a function do not come from the guest.
    let [reached, _] = keep_used([defs.clone(), Map::new()], &[vec![schema], Vec::new()]);
    reached.values().map(of).fold(of(schema), Ord::max)
}

/// Runs `make`, and adds the contracts that were noted meanwhile to a list, each once.
pub(super) fn noted<R>(contracts: &mut Vec<NotedContract>, make: impl FnOnce() -> R) -> R {
    NOTED.with_borrow_mut(Vec::clear);
    let made = make();
    for contract in NOTED.take() {
        if contracts.iter().all(|known| known.id != contract.id) {
            contracts.push(contract);
        }
    }
    made
}
