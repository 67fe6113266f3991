//! The types of a contract as data: one description, from which all other forms are made.
//!
//! The parts are below. Nothing here knows an engine or runs a script.
//!
//! schemars makes the schemas, in both directions, because serde reads more than it writes. These forms come from the
//! schemas: the checks of the boundary (`check`), TypeScript, JSON Schema, Zod, the comparison of two versions, and test
//! values.

pub mod check;
mod checks;
mod code;
mod compat;
mod description;
mod functions;
mod generate;
mod global_types;
mod handles;
mod json;
mod names;
mod remarks;
mod signals;
mod times;
mod typescript;
mod walk;
mod zod;

pub use checks::{ContractChecks, MethodChecks, TypeCheck};
pub use compat::{Breaks, Change, Compatibility, compat};
pub use description::{Description, HandleDescription, MethodDescription, ParamDescription, TypeDescription};
pub use functions::{function_schema, stream_schema};
pub use generate::describe;
pub use generate::method_schemas;
pub use global_types::GlobalTypes;
pub use handles::handle_schema;
pub use names::{GLOBALS, is_contract_name, is_method_name, is_variable_name};

impl Description {
    /// A TypeScript declaration module: what a guest must export, what it may call, and the types of both.
    #[must_use]
    pub fn typescript(&self) -> String {
        typescript::module(self)
    }

    /// A module for Zod 4, with a schema for the arguments and the result of each method. The result of an `async` method
    /// is its promise's value.
    #[must_use]
    pub fn zod(&self) -> String {
        zod::module(self)
    }

    /// A JSON Schema 2020-12 for the arguments and for the result of each method, by the method's name. The result of an
    /// `async` method is its promise's value.
    ///
    /// The schemas describe values in their JSON form: a BigInt is an integer, `Bytes` are an array of numbers, a `Date`
    /// is its milliseconds. A handle, a function and a stream have no JSON form, and are objects. `x-handles` has the methods of
    /// the contracts whose handles cross.
    #[must_use]
    pub fn json_schema(&self) -> serde_json::Value {
        json::schemas(self)
    }

    /// A hash, in hexadecimal, of all parts that a script or a host can depend on. Two contracts with the same hash are
    /// compatible in both directions. Docs, and the names of parameters and types, are not part of the hash.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        compat::fingerprint(self)
    }
}
