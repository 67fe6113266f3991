//! [`Description`]: a contract as data that can be kept.
//!
//! Every generated description is made from it, and `compat` compares two of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// A contract with its types, as data.
///
/// Export it with serde, keep it beside the scripts that were written for it, and compare it with a later version by
/// [`compat`](super::compat()).
///
/// Schemas are JSON Schema 2020-12, made by schemars. Two extensions name the types that JSON does not have. The
/// formats `int64`, `uint64`, `int128`, `uint128`, `int` and `uint` are BigInts. The keyword `x-js` is
/// `"Uint8Array"`, `"Date"`, `"Map"`, `"Set"`, `"Error"`, `"Handle"`, `"Function"`, `"AsyncIterable"` or `"Iterable"`.
///
/// A handle names its contract by `x-contract`, and has `x-guest`, the names of the methods that an object must have, if guests
/// can implement the contract. A function has `x-function`, an object with the schemas `parameters` and `result`, and with
/// `"async": true` if the function is `async`. The schemas of its parameters refer to the types of the opposite direction. A
/// stream has `x-stream`, an object with the schema `items`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Description {
    /// The name of the contract in JavaScript.
    pub contract: String,
    /// The doc comment of the trait.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Whether a guest can implement it. The exports of the script are then the methods.
    pub guest: bool,
    /// Whether the host can implement it. The guest then has a global of the contract's name.
    pub host: bool,
    /// Whether that global is the only method itself, and no object with methods.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_function: bool,
    /// The methods, in the order of the trait.
    pub methods: Vec<MethodDescription>,
    /// The contracts whose handles cross, by their names. A contract that is reached through the handles of another one is
    /// among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handles: Vec<HandleDescription>,
    /// The named types of values that go to the guest, as `$defs`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub to_guest: Map<String, Json>,
    /// The named types of values that come from the guest, as `$defs`. A type can differ from the one of the same
    /// name in `to_guest`, where serde reads more than it writes, as for a field with a default.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub to_host: Map<String, Json>,
}

/// A contract whose handles cross, as a part of a [`Description`], which has the named types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandleDescription {
    /// The name of the contract.
    pub contract: String,
    /// The doc comment of the trait.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Whether a guest can implement it, and give its objects to the host.
    pub guest: bool,
    /// Whether the host can implement it, and give its objects to the guest.
    pub host: bool,
    /// The methods, in the order of the trait.
    pub methods: Vec<MethodDescription>,
}

impl Description {
    /// The contract of a handle as a description of its own, with the named types of this one.
    pub(super) fn of_handle(&self, handle: &HandleDescription) -> Self {
        let HandleDescription { contract, docs, guest, host, methods } = handle.clone();
        let (to_guest, to_host) = (self.to_guest.clone(), self.to_host.clone());
        let (is_function, handles) = (false, Vec::new());
        Self { contract, docs, guest, host, is_function, methods, handles, to_guest, to_host }
    }
}

/// A method of a [`Description`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodDescription {
    /// The name in JavaScript.
    pub name: String,
    /// The doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// Whether a guest may leave it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether the method is `async`. A guest that calls it gets a promise, and a guest that implements it may return
    /// one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_async: bool,
    /// Whether the method takes a `Cancellation`, which is not among its parameters: an `AbortSignal` after them. A guest that
    /// calls the method may leave it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cancellable: bool,
    /// Whether handles, functions and streams that cross in a call of the method end with the guest's call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_scoped: bool,
    /// Whether the guest's function takes a callback `(error, value)` after its arguments, and gives its result by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub calls_back: bool,
    /// How often a guest may call the host's method in one call. [`compat`](super::compat()) does not compare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_calls: Option<u64>,
    /// The parameters in order.
    pub params: Vec<ParamDescription>,
    /// The type of the result; of an `async` method, the type of the promise's value.
    pub returns: TypeDescription,
}

impl MethodDescription {
    /// The types of the parameters, and of the result.
    pub(super) fn types(&self) -> impl Iterator<Item = &TypeDescription> {
        self.params.iter().map(|param| &param.schema).chain([&self.returns])
    }
}

/// A parameter of a [`MethodDescription`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParamDescription {
    /// The name in JavaScript.
    pub name: String,
    /// The type of the argument.
    #[serde(flatten)]
    pub schema: TypeDescription,
}

/// The schema of a parameter or a result, in each direction in which its values go.
///
/// An argument goes to the guest when the guest implements the method, and comes from it when the host does. The
/// opposite holds for a result. `None` stands for a direction in which no value goes. `true`, which is JSON Schema
/// for anything, stands for a type that does not implement `schemars::JsonSchema`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TypeDescription {
    /// The schema of values that the host makes, with references to [`Description::to_guest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_guest: Option<Json>,
    /// The schema of values that the guest makes, with references to [`Description::to_host`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_host: Option<Json>,
}
