//! A compiled schema: references are indices, and patterns are compiled.
//!
//! `compile` builds the [`Arena`], and `run`, `expect` and `fit` read it.

use super::integer::{Integer, IntegerFormat};
use regex::Regex;
use serde_json::Value as Json;
use std::collections::HashMap;

/// The index of a [`Node`] in an [`Arena`].
pub(crate) type Id = usize;

/// All nodes that a schema refers to.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    pub(crate) nodes: Vec<Node>,
    /// The parts of the schema that are not checked, in words.
    pub(crate) unchecked: Vec<String>,
}

/// The kinds of values that a schema names in `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const NUMBER: Self = Self(4);
    pub(crate) const INTEGER: Self = Self(8);
    pub(crate) const STRING: Self = Self(16);
    pub(crate) const ARRAY: Self = Self(32);
    pub(crate) const OBJECT: Self = Self(64);
    /// Values for which JSON has no type. Allowed where a schema names no type.
    pub(crate) const EXOTIC: Self = Self(128);
    pub(crate) const ALL: Self = Self(255);
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn named(name: &str) -> Self {
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
pub(crate) struct Node {
    pub(crate) kinds: Kinds,
    /// `const` and `enum`.
    pub(crate) allowed: Option<Vec<Json>>,
    /// `x-js`: replaces every kind but null.
    pub(crate) js: Option<Js>,
    pub(crate) number: NumberRule,
    pub(crate) integer: IntegerRule,
    pub(crate) string: StringRule,
    pub(crate) array: ArrayRule,
    pub(crate) object: ObjectRule,
    /// `$ref` and `allOf`: a value must meet all of them.
    pub(crate) all: Vec<Id>,
    pub(crate) unions: Vec<Union>,
}

/// `anyOf`; and `oneOf`, of which exactly one must hold.
#[derive(Debug)]
pub(crate) struct Union {
    pub(crate) alternatives: Vec<Id>,
    pub(crate) exactly_one: bool,
}

/// The kinds that JavaScript has and JSON does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Js {
    Bytes,
    Date,
    Set(Id),
    Map { key: Id, value: Id },
    Error,
}

#[derive(Debug, Default)]
pub(crate) struct NumberRule {
    /// `f32`: finite values outside of its range are refused.
    pub(crate) single: bool,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) above: Option<f64>,
    pub(crate) below: Option<f64>,
    pub(crate) multiple: Option<f64>,
}

#[derive(Debug)]
pub(crate) struct IntegerRule {
    pub(crate) format: IntegerFormat,
    /// Inclusive, and within the format.
    pub(crate) min: Integer,
    pub(crate) max: Integer,
    pub(crate) multiple: Option<u128>,
}

/// Bounds of a length, in code points, elements or fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
}

#[derive(Debug, Default)]
pub(crate) struct StringRule {
    pub(crate) lengths: Lengths,
    pub(crate) pattern: Option<Regex>,
}

#[derive(Debug, Default)]
pub(crate) struct ArrayRule {
    pub(crate) prefix: Vec<Id>,
    /// The node of the elements after the prefix.
    pub(crate) items: Option<Id>,
    pub(crate) lengths: Lengths,
}

#[derive(Debug, Default)]
pub(crate) struct ObjectRule {
    pub(crate) properties: Vec<PropertyRule>,
    /// The place of each name in `properties`.
    pub(crate) index: HashMap<String, usize>,
    pub(crate) patterns: Vec<(KeyRule, Id)>,
    /// The node of fields that are no properties and match no pattern.
    pub(crate) additional: Option<Id>,
    /// The node of fields that no part of the schema names.
    pub(crate) unevaluated: Option<Id>,
    pub(crate) lengths: Lengths,
    /// Whether the type is a Rust map, and not a struct.
    pub(crate) is_map: bool,
}

#[derive(Debug)]
pub(crate) struct PropertyRule {
    pub(crate) name: String,
    pub(crate) node: Id,
    pub(crate) required: bool,
}

/// Which keys a pattern of `patternProperties` stands for.
#[derive(Debug)]
pub(crate) enum KeyRule {
    /// Integers: schemars has these for maps with integers for keys.
    Integer {
        signed: bool,
    },
    Matches(Regex),
}

impl KeyRule {
    pub(crate) fn accepts(&self, key: &str) -> bool {
        match self {
            Self::Integer { signed } => (*signed || !key.starts_with('-')) && Integer::parse(key).is_some(),
            Self::Matches(regex) => regex.is_match(key),
        }
    }
}

impl Lengths {
    pub(crate) fn hold(self, length: usize) -> bool {
        length >= self.min && self.max.is_none_or(|max| length <= max)
    }

    fn are_asked(self) -> bool {
        self != Self::default()
    }
}

impl Node {
    /// The only value that the node allows.
    pub(crate) fn constant(&self) -> Option<&Json> {
        self.allowed.as_deref().and_then(|allowed| match allowed {
            [one] => Some(one),
            _ => None,
        })
    }

    /// Whether the node accepts no value, as the schema `false` does.
    pub(crate) fn is_never(&self) -> bool {
        self.kinds == Kinds::NONE && self.js.is_none()
    }

    /// Whether the node accepts `null` only.
    pub(crate) fn is_only_null(&self) -> bool {
        self.kinds == Kinds::NULL && self.js.is_none()
    }

    /// Whether the node accepts any JSON and nothing else, as `serde_json::Value` does.
    pub(crate) fn is_json(&self) -> bool {
        self.kinds == Kinds::ALL.without(Kinds::EXOTIC)
    }

    /// Whether the node has a constraint that the Rust type does not enforce by itself.
    pub(crate) fn asks_more_than_its_type(&self) -> bool {
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
    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// The node, and all nodes that must hold beside it by `$ref` and `allOf`, each once.
    pub(crate) fn parts(&self, id: Id) -> Vec<&Node> {
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
