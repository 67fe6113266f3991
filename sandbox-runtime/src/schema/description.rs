//! A contract as data that can be kept: what every description is made from, and what two versions are compared by.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// A contract with its types, as data: exported with serde, kept beside the scripts that were written for it, and
/// compared with a later version by [`compat`](super::compat()).
///
/// Schemas are JSON Schema 2020-12, made by schemars. What JavaScript has and JSON has not is said by the formats of
/// integers (`int64`, `uint64`, `int128`, `uint128`, `int` and `uint` are BigInts) and by the keyword `x-js`
/// (`"Uint8Array"`, `"Date"`, `"Map"`, `"Set"`, `"Error"`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Description {
    /// The name of the contract in JavaScript.
    pub contract: String,
    /// The doc comment of the trait.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub docs: String,
    /// A guest can implement it: its exports are the methods.
    pub guest: bool,
    /// The host can implement it: the guest has a global of the contract's name.
    pub host: bool,
    /// The methods, in the order of the trait.
    pub methods: Vec<MethodDescription>,
    /// The named types of values that go to the guest, as `$defs`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub to_guest: Map<String, Json>,
    /// The named types of values that come from the guest, as `$defs`. They differ from those of the same name in
    /// `to_guest` where serde reads more than it writes, as for a field with a default.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub to_host: Map<String, Json>,
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
    /// A guest need not export it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Its result is a promise for a guest that calls it, and may be one of a guest that implements it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_async: bool,
    /// The parameters in order.
    pub params: Vec<ParamDescription>,
    /// What it returns; of an `async` method, what its promise gives.
    pub returns: TypeDescription,
}

/// A parameter of a [`MethodDescription`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParamDescription {
    /// The name in JavaScript.
    pub name: String,
    /// What can be passed.
    #[serde(flatten)]
    pub schema: TypeDescription,
}

/// The schema of a parameter or a result, in each direction in which its values go.
///
/// An argument goes to the guest when the guest implements the method, and comes from it when the host does; of a
/// result the opposite holds. `None` where values do not go; `true` (as JSON Schema has it: anything) for a type that
/// does not implement `schemars::JsonSchema`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TypeDescription {
    /// Of values that the host makes, with references to [`Description::to_guest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_guest: Option<Json>,
    /// Of values that the guest makes, with references to [`Description::to_host`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_host: Option<Json>,
}
