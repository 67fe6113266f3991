//! A compiled schema: references are indices, and patterns are compiled.
//!
//! `compile` builds the [`Arena`], and `run`, `expect` and `fit` read it.

use super::integer::{Integer, IntegerFormat};
use crate::value::handle::wanted;
use crate::value::{JsValue, Unrepresentable};
use regex::Regex;
use serde_json::Value as Json;
use std::collections::HashMap;

/// The index of a [`Node`] in an [`Arena`].
pub type Id = usize;

/// All nodes that a schema refers to.
#[derive(Debug, Default)]
pub struct Arena {
    pub nodes: Vec<Node>,
    /// The parts of the schema that are not checked, in words.
    pub unchecked: Vec<String>,
}

/// The kinds of values that a schema names in `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    pub const NULL: Self = Self(1);
    pub const BOOLEAN: Self = Self(2);
    pub const NUMBER: Self = Self(4);
    pub const INTEGER: Self = Self(8);
    pub const STRING: Self = Self(16);
    pub const ARRAY: Self = Self(32);
    pub const OBJECT: Self = Self(64);
    /// Values for which JSON has no type. Allowed where a schema names no type.
    pub const EXOTIC: Self = Self(128);
    pub const ALL: Self = Self(255);
    pub const NONE: Self = Self(0);

    /// The names that `type` can have.
    pub const NAMES: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];

    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn named(name: &str) -> Self {
        match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "number" => Self::NUMBER,
            "integer" => Self::INTEGER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => Self::NONE,
        }
    }
}

/// The demands of one schema.
#[derive(Debug)]
pub struct Node {
    pub kinds: Kinds,
    /// `const` and `enum`.
    pub allowed: Option<Vec<Json>>,
    /// `x-js`: replaces every kind but null.
    pub js: Option<Js>,
    /// The contract of a handle.
    pub handle: Option<HandleRule>,
    pub number: NumberRule,
    pub integer: IntegerRule,
    pub string: StringRule,
    pub array: ArrayRule,
    pub object: ObjectRule,
    /// `$ref` and `allOf`: a value must meet all of them.
    pub all: Vec<Id>,
    pub unions: Vec<Union>,
}

/// `anyOf`; and `oneOf`, of which exactly one must hold.
#[derive(Debug)]
pub struct Union {
    pub alternatives: Vec<Id>,
    pub exactly_one: bool,
}

/// The kinds that JavaScript has and JSON does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Js {
    Bytes,
    Date,
    Set(Id),
    Map {
        key: Id,
        value: Id,
    },
    Error,
    Handle,
    Function,
    /// A stream; `is_async` says that a reader waits for its values.
    Stream {
        is_async: bool,
    },
}

impl Js {
    /// The words for a value that is no data, and is not an object with the methods of a contract.
    pub fn live(self) -> Option<&'static str> {
        match self {
            Self::Function => Some("a function"),
            Self::Stream { is_async: true } => Some("an async iterable, or an iterable"),
            Self::Stream { is_async: false } => Some("an iterable"),
            _ => None,
        }
    }

    /// Whether the type stands for values that are no data.
    pub fn is_live(self) -> bool {
        self == Self::Handle || self.live().is_some()
    }
}

/// The contract of a handle.
#[derive(Debug)]
pub struct HandleRule {
    contract: String,
    /// The methods that an object of a guest has, if guests can implement the contract.
    guest: Option<Vec<String>>,
}

impl HandleRule {
    pub fn of(schema: &Json) -> Self {
        let contract = schema.get("x-contract").and_then(Json::as_str).unwrap_or_default().to_owned();
        let methods = schema.get("x-guest").and_then(Json::as_array);
        let names = methods.map(|names| names.iter().filter_map(Json::as_str).map(str::to_owned).collect());
        Self { contract, guest: names }
    }

    pub fn words(&self) -> String {
        wanted(&self.contract, self.guest.as_deref())
    }

    /// Whether a value may be such a handle. The data of a handle do not tell its contract, and data of a guest's object do not
    /// tell its methods. The reader of handles tells what is wrong with them.
    pub fn accepts(&self, value: &JsValue) -> bool {
        self.guest.is_some() || matches!(value, JsValue::Other(Unrepresentable::Handle(_)))
    }
}

#[derive(Debug, Default)]
pub struct NumberRule {
    /// `f32`: finite values outside of its range are refused.
    pub single: bool,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub above: Option<f64>,
    pub below: Option<f64>,
    pub multiple: Option<f64>,
}

#[derive(Debug)]
pub struct IntegerRule {
    pub format: IntegerFormat,
    /// Inclusive, and within the format.
    pub min: Integer,
    pub max: Integer,
    pub multiple: Option<u128>,
}

/// Bounds of a length, in code points, elements or fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    pub min: usize,
    pub max: Option<usize>,
}

#[derive(Debug, Default)]
pub struct StringRule {
    pub lengths: Lengths,
    pub pattern: Option<Regex>,
}

#[derive(Debug, Default)]
pub struct ArrayRule {
    pub prefix: Vec<Id>,
    /// The node of the elements after the prefix.
    pub items: Option<Id>,
    pub lengths: Lengths,
}

#[derive(Debug, Default)]
pub struct ObjectRule {
    pub properties: Vec<PropertyRule>,
    /// The place of each name in `properties`.
    pub index: HashMap<String, usize>,
    pub patterns: Vec<(KeyRule, Id)>,
    /// The node of fields that are no properties and match no pattern.
    pub additional: Option<Id>,
    /// The node of fields that no part of the schema names.
    pub unevaluated: Option<Id>,
    pub lengths: Lengths,
    /// Whether the type is a Rust map, and not a struct.
    pub is_map: bool,
}

#[derive(Debug)]
pub struct PropertyRule {
    pub name: String,
    pub node: Id,
    pub required: bool,
}

/// Which keys a pattern of `patternProperties` stands for.
#[derive(Debug)]
pub enum KeyRule {
    /// Integers: schemars has these for maps with integers for keys.
    Integer {
        signed: bool,
    },
    Matches(Regex),
}

impl ArrayRule {
    /// The node of an element.
    pub fn item(&self, index: usize) -> Option<Id> {
        self.prefix.get(index).copied().or(self.items)
    }
}

impl KeyRule {
    pub fn accepts(&self, key: &str) -> bool {
        match self {
            Self::Integer { signed } => (*signed || !key.starts_with('-')) && Integer::parse(key).is_some(),
            Self::Matches(regex) => regex.is_match(key),
        }
    }
}

impl Lengths {
    pub fn hold(self, length: usize) -> bool {
        length >= self.min && self.max.is_none_or(|max| length <= max)
    }

    fn are_asked(self) -> bool {
        self != Self::default()
    }
}

impl Node {
    /// The only value that the node allows.
    pub fn constant(&self) -> Option<&Json> {
        self.allowed.as_deref().and_then(|allowed| match allowed {
            [one] => Some(one),
            _ => None,
        })
    }

    /// The words for the values of the node that are no data, if there are any.
    pub fn live(&self) -> Option<String> {
        let handle = || self.handle.as_ref().map(|handle| format!("{}, a handle", handle.words()));
        self.js.and_then(Js::live).map(str::to_owned).or_else(handle)
    }

    /// Whether the node accepts no value, as the schema `false` does.
    pub fn is_never(&self) -> bool {
        self.kinds == Kinds::NONE && self.js.is_none()
    }

    /// Whether the node accepts `null` only.
    pub fn is_only_null(&self) -> bool {
        self.kinds == Kinds::NULL && self.js.is_none()
    }

    /// Whether the node accepts any JSON and nothing else, as `serde_json::Value` does.
    pub fn is_json(&self) -> bool {
        self.kinds == Kinds::ALL.without(Kinds::EXOTIC)
    }

    /// Whether the node has a constraint that the Rust type does not enforce by itself.
    pub fn asks_more_than_its_type(&self) -> bool {
        let number = &self.number;
        let bounds = [number.min, number.max, number.above, number.below, number.multiple];
        let integer = &self.integer;
        self.kinds.has(Kinds::NUMBER) && bounds.iter().any(Option::is_some)
            || self.kinds.has(Kinds::INTEGER)
                && (integer.min != integer.format.min
                    || integer.max != integer.format.max
                    || integer.multiple.is_some())
            || self.string.lengths.are_asked()
            || self.string.pattern.is_some()
            || self.array.lengths.are_asked() && self.array.prefix.is_empty()
            || self.object.lengths.are_asked()
            // serde checks the names of an enum's variants. No Rust type has a few numbers as its values.
            || self.allowed.as_ref().is_some_and(|values| !values.iter().all(|value| value.is_string() || value.is_null()))
    }
}

impl Arena {
    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// The node, and all nodes that must hold beside it by `$ref` and `allOf`, each once.
    pub fn parts(&self, id: Id) -> Vec<&Node> {
        let mut ids = vec![id];
        let mut next = 0;
        while let Some(&id) = ids.get(next) {
            for &part in &self.node(id).all {
                if !ids.contains(&part) {
                    ids.push(part);
                }
            }
            next += 1;
        }
        ids.into_iter().map(|id| self.node(id)).collect()
    }
}
