//! The texts of a schema's demands, such as `an integer from 0 to 255 (u8)`.
//!
//! `run` puts them into violations. No value is read here.

use super::CheckDirection;
use super::integer::IntegerFormat;
use super::node::{
    Arena, HandleRule, Id, IntegerRule, Js, KeyRule, Kinds, Lengths, Node, NumberRule, ObjectRule, StringRule,
};
use crate::value::js_value::{number_text, quoted};
use crate::value::wide;
use serde_json::Value as Json;

/// How many alternatives are named before the rest is left out.
const NAMED: usize = 12;

/// How deeply alternatives of alternatives are named.
const DEPTH: usize = 4;

/// Describes schemas.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub arena: &'a Arena,
    pub direction: CheckDirection,
}

impl Words<'_> {
    /// The demands of a node on a value as a whole: its type with its constraints. `null` says that null is accepted besides.
    pub(super) fn node(self, node: &Node, null: bool) -> String {
        match (self.without_null(node), null || accepts_null(node)) {
            (Some(words), null) => or_null(words, null),
            (None, true) if node.allowed.is_some() => "null".into(),
            (None, true) => "nothing (undefined or null)".into(),
            (None, false) => "nothing: no value is accepted".into(),
        }
    }

    /// The demands of a node on all values but null; `None` where no other value is accepted.
    fn without_null(self, node: &Node) -> Option<String> {
        if node.is_json() && node.js.is_none() {
            return Some("JSON-like data".into());
        }
        if let Some(allowed) = &node.allowed {
            return one_of(allowed.iter().filter(|value| !value.is_null()).map(literal));
        }
        let kinds = match node.js {
            Some(js) => vec![self.exotic(js, node)],
            None => self.kinds(node),
        };
        (!kinds.is_empty()).then(|| kinds.join(" or "))
    }

    fn kinds(self, node: &Node) -> Vec<String> {
        let words: [(Kinds, &dyn Fn() -> String); 6] = [
            (Kinds::BOOLEAN, &|| "a boolean".into()),
            (Kinds::NUMBER, &|| number(&node.number)),
            (Kinds::INTEGER, &|| self.integer(&node.integer)),
            (Kinds::STRING, &|| string(&node.string)),
            (Kinds::ARRAY, &|| format!("an array{}", of(node.array.lengths, "element"))),
            (Kinds::OBJECT, &|| self.object(&node.object)),
        ];
        words.iter().filter(|(kind, _)| node.kinds.has(*kind)).map(|(_, words)| words()).collect()
    }

    fn exotic(self, js: Js, node: &Node) -> String {
        let lengths =
            if node.array.lengths == Lengths::default() { node.object.lengths } else { node.array.lengths };
        match js {
            Js::Bytes => format!("a Uint8Array{}", of(lengths, "byte")),
            Js::Date => "a Date".into(),
            Js::Error => "an Error".into(),
            Js::Set(_) if self.direction == CheckDirection::ToHost => {
                format!("a Set or an array{}", of(lengths, "element"))
            }
            Js::Set(_) => format!("a Set{}", of(lengths, "element")),
            Js::Map { .. } => format!("a Map{}", of(lengths, "entry")),
            Js::Handle => node.handle.as_ref().map_or_else(|| "a handle".into(), HandleRule::words),
            Js::Function | Js::Stream { .. } => js.live().unwrap_or_default().into(),
        }
    }

    pub(super) fn integer(self, rule: &IntegerRule) -> String {
        let IntegerFormat { name, big, min, max } = rule.format;
        let to_guest = self.direction == CheckDirection::ToGuest;
        let rust = if name.is_empty() { String::new() } else { format!(" ({name})") };
        let multiple =
            rule.multiple.map(|multiple| format!(" that is a multiple of {multiple}")).unwrap_or_default();
        let range = match (big && !name.is_empty(), rule.min > min, rule.max < max) {
            (true, above, below) if to_guest || above || below => {
                let [least, greatest] = wide::ends(name);
                let least = if above { rule.min.to_string() } else { least.into() };
                format!(" from {least} to {}", if below { rule.max.to_string() } else { greatest.into() })
            }
            (_, false, false) if big => String::new(),
            (_, true, false) if big => format!(" ≥ {}", rule.min),
            (_, false, true) if big => format!(" ≤ {}", rule.max),
            _ => format!(" from {} to {}", rule.min, rule.max),
        };
        match (big, to_guest) {
            (true, true) => format!("a BigInt{range}{multiple}{rust}"),
            (true, false) if range.is_empty() && name.is_empty() => {
                format!("a BigInt, or an integer up to 2^53 - 1{multiple}")
            }
            (true, false) if range.is_empty() => format!("{}{multiple}{rust}", wide::accepted(name)),
            (true, false) => format!("a BigInt or an integer{range}{multiple}{rust}"),
            (false, _) => format!("an integer{range}{multiple}{rust}"),
        }
    }

    fn object(self, rule: &ObjectRule) -> String {
        match (rule.is_map, self.direction) {
            (true, CheckDirection::ToHost) => format!("an object or a Map{}", of(rule.lengths, "entry")),
            (true, CheckDirection::ToGuest) => format!("an object{}", of(rule.lengths, "entry")),
            (false, _) => format!("an object{}", of(rule.lengths, "field")),
        }
    }

    /// The alternatives, each named shortly. `null` says that null is accepted besides.
    pub(super) fn alternatives(self, alternatives: &[Id], null: bool) -> String {
        let mut named = Alternatives { names: Vec::new(), null };
        self.name_all(alternatives, DEPTH, &mut named);
        match one_of(named.names.into_iter()) {
            Some(words) => or_null(words, named.null),
            None => "null".into(),
        }
    }

    fn name_all(self, alternatives: &[Id], depth: usize, named: &mut Alternatives) {
        for &id in alternatives {
            if named.names.len() > NAMED || depth == 0 {
                return;
            }
            let parts = self.arena.parts(id);
            let unions = parts.iter().flat_map(|part| &part.unions);
            let speaks =
                parts.iter().copied().find(|part| part.kinds != Kinds::ALL || part.allowed.is_some());
            match speaks {
                Some(_) => self.name(&parts, named),
                None => unions.for_each(|union| self.name_all(&union.alternatives, depth - 1, named)),
            }
        }
        named.names.dedup();
    }

    /// A literal, the shape of an object, or the type.
    fn name(self, parts: &[&Node], named: &mut Alternatives) {
        let objects = parts.iter().filter(|part| part.allowed.is_none() && part.js.is_none());
        let properties: Vec<_> = objects
            .filter(|part| part.kinds.has(Kinds::OBJECT))
            .flat_map(|part| &part.object.properties)
            .filter(|property| property.required)
            .collect();
        let tag = properties.iter().find_map(|property| {
            let tag = self.arena.node(property.node).constant()?;
            Some(format!("{{ {}: {} }}", property.name, literal(tag)))
        });
        let names: Vec<_> = properties.iter().take(3).map(|property| property.name.as_str()).collect();
        let more = if properties.len() > names.len() { ", …" } else { "" };
        let name = match (tag, parts.iter().find(|part| part.kinds != Kinds::ALL || part.allowed.is_some())) {
            (Some(tag), _) => Some(tag),
            (None, _) if !names.is_empty() => Some(format!("{{ {}{more} }}", names.join(", "))),
            (None, Some(part)) => {
                named.null |= accepts_null(part);
                self.without_null(part)
            }
            (None, None) => Some("anything".into()),
        };
        named.names.extend(name);
    }
}

/// The names of alternatives, and whether null is one.
struct Alternatives {
    names: Vec<String>,
    null: bool,
}

/// Whether null is accepted beside what the words of a node say.
fn accepts_null(node: &Node) -> bool {
    let is_allowed = node.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(Json::is_null));
    node.kinds.has(Kinds::NULL) && is_allowed && !(node.is_json() && node.js.is_none())
}

/// `x or null` where null is accepted.
fn or_null(words: String, null: bool) -> String {
    if null { words + " or null" } else { words }
}

/// `a`, or `one of a, b`; `None` when there are no names.
pub(super) fn one_of(names: impl Iterator<Item = String>) -> Option<String> {
    let mut names: Vec<_> = names.collect();
    let total = names.len();
    names.truncate(NAMED);
    let mut list = names.join(", ");
    if total > NAMED {
        list += ", …";
    }
    match total {
        0 => None,
        1 => Some(list),
        _ => Some(format!("one of {list}")),
    }
}

/// A value of `const` or `enum` as JavaScript writes it.
pub(super) fn literal(value: &Json) -> String {
    match value {
        Json::String(text) => quoted(text, None),
        other => other.to_string(),
    }
}

fn number(rule: &NumberRule) -> String {
    let single = if rule.single { " in the range of f32" } else { "" };
    let multiple = rule.multiple.map(|multiple| format!(" that is a multiple of {}", number_text(multiple)));
    let range = match (rule.min, rule.max, rule.above, rule.below) {
        (Some(min), Some(max), None, None) => format!(" from {} to {}", number_text(min), number_text(max)),
        (min, max, above, below) => {
            let bounds = [("≥", min), (">", above), ("≤", max), ("<", below)];
            let bounds = bounds
                .into_iter()
                .filter_map(|(sign, bound)| Some(format!("{sign} {}", number_text(bound?))));
            let bounds: Vec<_> = bounds.collect();
            if bounds.is_empty() { String::new() } else { format!(" {}", bounds.join(" and ")) }
        }
    };
    format!("a number{range}{}{single}", multiple.unwrap_or_default())
}

fn string(rule: &StringRule) -> String {
    let length = of(rule.lengths, "character");
    let pattern = rule.pattern.as_ref().map(|pattern| format!(" that matches /{}/", pattern.as_str()));
    format!("a string{length}{}", pattern.unwrap_or_default())
}

/// ` of 1 to 64 characters`; empty where any length is allowed.
fn of(lengths: Lengths, unit: &str) -> String {
    match lengths {
        Lengths { min: 0, max: None } => String::new(),
        Lengths { min, max: None } => format!(" of at least {}", count(min, unit)),
        Lengths { min, max: Some(max) } if min == max => format!(" of {}", count(max, unit)),
        Lengths { min: 0, max: Some(max) } => format!(" of at most {}", count(max, unit)),
        Lengths { min, max: Some(max) } => format!(" of {min} to {}", count(max, unit)),
    }
}

/// `1 element`, `2 elements`, `2 entries`.
pub(super) fn count(number: usize, unit: &str) -> String {
    match (number, unit.strip_suffix('y')) {
        (1, _) => format!("1 {unit}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {unit}s"),
    }
}

/// The keys that match one of the patterns.
pub(super) fn key_words(patterns: &[(KeyRule, Id)]) -> String {
    let words: Vec<_> = patterns
        .iter()
        .map(|(keys, _)| match keys {
            KeyRule::Integer { signed: true } => "an integer as the key".into(),
            KeyRule::Integer { signed: false } => "an integer ≥ 0 as the key".into(),
            KeyRule::Matches(regex) => format!("a key that matches /{}/", regex.as_str()),
        })
        .collect();
    if words.is_empty() { "a string as the key".into() } else { words.join(" or ") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::schema::check::Checker;
    use crate::value::JsValue;

    #[test]
    fn a_text_names_what_the_schema_accepts_and_no_more() {
        for (schema, expected) in [
            (json!({ "const": 1 }), "1"),
            (json!({ "const": null }), "null"),
            (json!({ "enum": [1, null] }), "1 or null"),
            (json!({ "enum": ["a", "b"] }), "one of \"a\", \"b\""),
            (json!({ "type": ["string", "null"], "enum": ["a"] }), "\"a\""),
            (json!({ "type": ["string", "null"], "enum": ["a", null] }), "\"a\" or null"),
            (json!({ "type": "string", "enum": ["a", null] }), "\"a\""),
            (json!({ "anyOf": [{ "const": 1 }, { "type": "null" }] }), "1 or null"),
            (json!({ "anyOf": [{ "const": 1 }, { "const": 2 }] }), "one of 1, 2"),
            (json!({ "type": "integer" }), "a BigInt from -2^63 to 2^63 - 1 (i64)"),
            (json!({ "type": "integer", "format": "uint64" }), "a BigInt from 0 to 2^64 - 1 (u64)"),
            (json!({ "type": "integer", "format": "uint" }), "a BigInt from 0 to 2^64 - 1 (usize)"),
            (json!({ "type": "integer", "format": "int128" }), "a BigInt from -2^127 to 2^127 - 1 (i128)"),
            (json!({ "type": "integer", "format": "uint128" }), "a BigInt from 0 to 2^128 - 1 (u128)"),
            (
                json!({ "type": "integer", "format": "uint64", "minimum": 1 }),
                "a BigInt from 1 to 2^64 - 1 (u64)",
            ),
            (json!({ "type": "integer", "maximum": 9 }), "a BigInt from -2^63 to 9 (i64)"),
            (json!({ "type": "integer", "format": "uint8" }), "an integer from 0 to 255 (u8)"),
            (
                json!({ "type": "integer", "format": "uint64", "maximum": u64::MAX }),
                "a BigInt from 0 to 2^64 - 1 (u64)",
            ),
        ] {
            let checker = Checker::new(&schema, &Map::new(), CheckDirection::ToGuest);
            let found = checker.violations(&JsValue::Bool(true), 9);
            let [only] = &*found else { panic!("{schema}: {found:?}") };
            assert_eq!(only.expected, expected, "{schema}");
            for value in [JsValue::Null, JsValue::Undefined] {
                let accepts_null = checker.violations(&value, 9).is_empty();
                assert_eq!(accepts_null, expected.contains("null"), "{schema}");
            }
        }
    }

    #[test]
    fn a_guest_is_told_the_range_of_a_bigint() {
        for (schema, expected) in [
            (
                json!({ "format": "uint64" }),
                "a BigInt from 0 to 2^64 - 1, or an integer up to 2^53 - 1 (u64)",
            ),
            (
                json!({ "format": "int128" }),
                "a BigInt from -2^127 to 2^127 - 1, or an integer up to 2^53 - 1 (i128)",
            ),
            (json!({ "format": "uint64", "maximum": 9 }), "a BigInt or an integer from 0 to 9 (u64)"),
            (json!({ "format": "int", "minimum": 9 }), "a BigInt or an integer from 9 to 2^63 - 1 (isize)"),
        ] {
            let mut schema = schema;
            schema["type"] = "integer".into();
            let checker = Checker::new(&schema, &Map::new(), CheckDirection::ToHost);
            let found = checker.violations(&JsValue::Bool(true), 9);
            assert_eq!(found.first().map(|violation| &*violation.expected), Some(expected), "{schema}");
        }
    }
}
