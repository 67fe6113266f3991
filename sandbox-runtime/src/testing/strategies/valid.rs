//! Values that a schema accepts.
//!
//! `testing::arguments` and the fuzzers use them.

use super::scalars::{dates, integers, matching, names, numbers, strings};
use super::shrink::{ShrinkBound, Shrinking};
use super::source::{SchemaSource, asks_nothing, is_nullable};
use crate::schema::check::integer::Integer;
use crate::schema::check::node::{
    ArrayRule, Id, Js, KeyRule, Kinds, Lengths, Node, ObjectRule, PropertyRule,
};
use crate::value::{HandleNumber, JsValue, Unrepresentable};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::{NewTree, Union, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value as Json;
use std::sync::Arc;

/// The greatest depth of values where the schema sets none.
const DEPTH: u32 = 4;

/// The greatest upper bound of a length that is tried itself.
const MOST_ELEMENTS: usize = 64;

/// Argument lists that the schemas accept, with preference for the edges: bounds, lengths, NaN, -0, 2^53 and characters beyond
/// the basic plane.
///
/// The values go in one direction. To the host they come in every form that JavaScript may use. Some patterns are not
/// supported, such as one with anchors within. A schema with such a pattern gives up after many tries.
pub(in crate::testing) fn valid(
    sources: Arc<[Arc<SchemaSource>]>,
    bound: ShrinkBound,
) -> BoxedStrategy<Vec<JsValue>> {
    let values = sources.iter().map(valid_value).collect::<Vec<_>>().boxed();
    Shrinking { values, sources, accepted: true, bound }.boxed()
}

pub(super) fn valid_value(source: &Arc<SchemaSource>) -> BoxedStrategy<JsValue> {
    At { source: source.clone(), id: 0, depth: DEPTH, place: ValuePlace::Whole }.boxed()
}

/// The place of a value. `undefined` has a different meaning in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValuePlace {
    Whole,
    Element,
    Field,
}

/// The values of a node. Their strategy is built when a value is needed, because a recursive type would have an endless one.
#[derive(Clone, Debug)]
struct At {
    source: Arc<SchemaSource>,
    id: Id,
    depth: u32,
    place: ValuePlace,
}

impl Strategy for At {
    type Tree = Box<dyn ValueTree<Value = JsValue>>;
    type Value = JsValue;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        self.build().new_tree(runner)
    }
}

type Values = BoxedStrategy<JsValue>;
type Fields = BoxedStrategy<Vec<(String, JsValue)>>;

impl At {
    fn below(&self, id: Id, place: ValuePlace) -> Values {
        Self { id, place, depth: self.depth.saturating_sub(1), ..self.clone() }.boxed()
    }

    fn build(&self) -> Values {
        let arena = self.source.arena();
        if self.source.height(self.id).is_none() {
            return Just(JsValue::Undefined).boxed();
        }
        let parts = arena.parts(self.id);
        let mut sources: Vec<Values> =
            parts.iter().filter(|part| speaks(part)).map(|part| self.of_node(part)).collect();
        sources.extend(
            parts.iter().flat_map(|part| &part.unions).map(|union| self.of_union(&union.alternatives)),
        );
        let values = match sources.len() {
            0 => anything(self.source.is_to_host(), self.depth),
            1 => sources.remove(0),
            _ => sources.prop_map(merged).boxed(),
        };
        let (source, id) = (self.source.clone(), self.id);
        values.prop_filter("the schema accepts this part", move |value| source.accepts(id, value)).boxed()
    }

    fn of_union(&self, alternatives: &[Id]) -> Values {
        let height = |id: &Id| self.source.height(*id);
        let least = alternatives.iter().filter_map(height).min();
        // At the greatest depth, only the alternatives with the smallest values are left.
        let fits = |id: &&Id| height(id).is_some() && (self.depth > 0 || height(id) == least);
        let chosen: Vec<_> =
            alternatives.iter().filter(fits).map(|&id| Self { id, ..self.clone() }.boxed()).collect();
        if chosen.is_empty() { Just(JsValue::Undefined).boxed() } else { Union::new(chosen).boxed() }
    }

    fn of_node(&self, node: &Node) -> Values {
        if let Some(allowed) = &node.allowed {
            let big =
                node.integer.format.big && node.kinds.has(Kinds::INTEGER) && !node.kinds.has(Kinds::NUMBER);
            let literals: Vec<_> = allowed.iter().map(|json| of_json(json, big)).collect();
            return select(literals).boxed();
        }
        let mut kinds = match node.js {
            Some(js) => vec![self.exotic(js, node)],
            None => self.kinds(node),
        };
        if is_nullable(node) {
            kinds.insert(0, self.nothing(node.is_only_null()));
        }
        if kinds.is_empty() { Just(JsValue::Undefined).boxed() } else { Union::new(kinds).boxed() }
    }

    fn kinds(&self, node: &Node) -> Vec<Values> {
        let has = |kind| node.kinds.has(kind);
        let to_host = self.source.is_to_host();
        let mut kinds = Vec::new();
        if has(Kinds::BOOLEAN) {
            kinds.push(any::<bool>().prop_map(JsValue::Bool).boxed());
        }
        if has(Kinds::NUMBER) {
            kinds.push(numbers(&node.number));
        }
        if has(Kinds::INTEGER) {
            kinds.push(integers(&node.integer, to_host));
        }
        if has(Kinds::STRING) {
            kinds.push(strings(&node.string).prop_map(JsValue::String).boxed());
        }
        if has(Kinds::ARRAY) {
            let forms = (self.elements(&node.array), 0..8u8);
            let is_listed = to_host && !node.is_json();
            kinds.push(
                forms.prop_map(move |(items, form)| list(items, if is_listed { form } else { 0 })).boxed(),
            );
        }
        if has(Kinds::OBJECT) {
            kinds.push(self.object(&node.object));
        }
        kinds
    }

    fn nothing(&self, is_unit: bool) -> Values {
        match (self.place, self.source.is_to_host()) {
            (ValuePlace::Whole, false) if is_unit => Just(JsValue::Undefined).boxed(),
            (_, false) | (ValuePlace::Field, true) => Just(JsValue::Null).boxed(),
            (_, true) => select(vec![JsValue::Null, JsValue::Undefined]).boxed(),
        }
    }

    fn exotic(&self, js: Js, node: &Node) -> Values {
        let size = self.size(if node.array.lengths == Lengths::default() {
            node.object.lengths
        } else {
            node.array.lengths
        });
        let to_host = self.source.is_to_host();
        match js {
            Js::Bytes => vec(any::<u8>(), size).prop_map(JsValue::Bytes).boxed(),
            Js::Date => dates(),
            // No data are a handle, so the boundary refuses it.
            Js::Handle | Js::Function | Js::Stream { .. } => {
                Just(JsValue::Other(Unrepresentable::Handle(HandleNumber::new(0, 0)))).boxed()
            }
            Js::Error => {
                let names =
                    select(vec!["Error", "TypeError", "RangeError", "SyntaxError"]).prop_map(String::from);
                (names, super::scalars::names())
                    .prop_map(|(name, message)| JsValue::Error { name, message, rest: Vec::new() })
                    .boxed()
            }
            Js::Set(item) => {
                let items = vec(self.below(item, ValuePlace::Element), size);
                (items, any::<bool>()).prop_map(move |(items, array)| set(items, to_host && array)).boxed()
            }
            Js::Map { key, value } => {
                let entry = (self.below(key, ValuePlace::Element), self.below(value, ValuePlace::Element));
                vec(entry, size).prop_map(|entries| JsValue::Map(unique_keys(entries))).boxed()
            }
        }
    }

    /// Fewer elements at greater depth, and rarely as many as are allowed.
    fn size(&self, lengths: Lengths) -> std::ops::RangeInclusive<usize> {
        let usual = lengths.min + usize::try_from(self.depth).unwrap_or(0);
        let most = lengths.max.filter(|&max| max <= MOST_ELEMENTS && self.depth == DEPTH).unwrap_or(usual);
        lengths.min..=lengths.max.map_or(usual, |max| max.min(usual.max(most))).max(lengths.min)
    }

    fn elements(&self, rule: &ArrayRule) -> BoxedStrategy<Vec<JsValue>> {
        let prefix: Vec<_> = rule.prefix.iter().map(|&id| self.below(id, ValuePlace::Element)).collect();
        let (fixed, lengths) = (prefix.len(), rule.lengths);
        let rest = Lengths {
            min: lengths.min.saturating_sub(fixed),
            max: lengths.max.map(|max| max.saturating_sub(fixed)),
        };
        let item = match rule.items {
            Some(id) if self.source.height(id).is_none() => return prefix.boxed(),
            Some(id) => self.below(id, ValuePlace::Element),
            None if fixed > 0 => return prefix.boxed(),
            None => anything(self.source.is_to_host(), self.depth.saturating_sub(1)),
        };
        (prefix, vec(item, self.size(rest))).prop_map(|(prefix, rest)| [prefix, rest].concat()).boxed()
    }

    fn object(&self, rule: &ObjectRule) -> Values {
        if rule.is_map {
            let as_map = (self.entries(rule), any::<bool>(), any::<bool>());
            let to_host = self.source.is_to_host();
            let integers = !rule.patterns.is_empty();
            return as_map
                .prop_map(move |(entries, map, number)| {
                    if map && to_host {
                        map_of(entries, number && integers)
                    } else {
                        JsValue::Object(entries)
                    }
                })
                .boxed();
        }
        let fields: Vec<_> = rule.properties.iter().map(|property| self.field(property)).collect();
        let more = self.entries(rule);
        (fields, more)
            .prop_map(|(fields, more)| {
                let fields = fields.into_iter().flatten();
                JsValue::Object(unique_names(fields.chain(more).collect()))
            })
            .boxed()
    }

    fn field(&self, property: &PropertyRule) -> BoxedStrategy<Option<(String, JsValue)>> {
        let name = property.name.clone();
        let value =
            self.below(property.node, ValuePlace::Field).prop_map(move |value| Some((name.clone(), value)));
        let absent = match self.source.is_to_host() {
            true => select(vec![None, Some((property.name.clone(), JsValue::Undefined))]).boxed(),
            false => Just(None).boxed(),
        };
        match (property.required, self.depth) {
            (true, _) => value.boxed(),
            (false, 0) => absent,
            (false, _) => prop_oneof![1 => absent, 2 => value].boxed(),
        }
    }

    /// Fields beside the properties: the entries of a map, or fields that the host ignores.
    fn entries(&self, rule: &ObjectRule) -> Fields {
        let to_host = self.source.is_to_host();
        let open = |id: Id| self.source.height(id).is_some();
        let own = rule.properties.iter().filter(|property| property.required).count();
        let lengths = Lengths {
            min: rule.lengths.min.saturating_sub(own),
            max: rule.lengths.max.map(|max| max.saturating_sub(rule.properties.len())),
        };
        let mut kinds: Vec<BoxedStrategy<(String, JsValue)>> = Vec::new();
        for (keys, id) in rule.patterns.iter().filter(|(_, id)| open(*id)) {
            kinds.push((keys_of(keys), self.below(*id, ValuePlace::Field)).boxed());
        }
        match (rule.additional, rule.unevaluated) {
            (Some(id), _) | (None, Some(id)) if open(id) => {
                kinds.push((names(), self.below(id, ValuePlace::Field)).boxed())
            }
            (None, None) if to_host => kinds.push((names(), anything(true, 0)).boxed()),
            _ => {}
        }
        if kinds.is_empty() || self.depth == 0 && lengths.min == 0 {
            return Just(Vec::new()).boxed();
        }
        vec(Union::new(kinds), self.size(lengths)).prop_map(unique_names).boxed()
    }
}

/// Whether the node itself determines its values.
fn speaks(node: &Node) -> bool {
    node.kinds != Kinds::ALL || node.allowed.is_some() || node.js.is_some() || !asks_nothing(node)
}

/// Data as JSON has it, and BigInts to the host.
pub(super) fn anything(to_host: bool, depth: u32) -> Values {
    let number = any::<i32>().prop_map(|value| JsValue::Number(value.into()));
    let text = names().prop_map(JsValue::String);
    let mut leaves = vec![Just(JsValue::Null).boxed(), any::<bool>().prop_map(JsValue::Bool).boxed()];
    leaves.extend([number.boxed(), text.boxed()]);
    if to_host {
        leaves.push(any::<i64>().prop_map(|value| JsValue::bigint(value.into())).boxed());
    }
    Union::new(leaves)
        .prop_recursive(depth.min(3), 16, 4, |inner| {
            let list = vec(inner.clone(), 0..4).prop_map(JsValue::Array);
            let fields = vec((names(), inner), 0..4).prop_map(unique_names);
            prop_oneof![list, fields.prop_map(JsValue::Object)]
        })
        .boxed()
}

fn keys_of(keys: &KeyRule) -> BoxedStrategy<String> {
    match keys {
        // The schema does not tell the number of bits. These integers fit every width.
        KeyRule::Integer { signed } => {
            let least = if *signed { i8::MIN } else { 0 };
            (least..=i8::MAX).prop_map(|key| key.to_string()).boxed()
        }
        KeyRule::Matches(regex) => matching(regex.as_str()).unwrap_or_else(names),
    }
}

/// One object with the fields of all values; the first value where they are no objects.
fn merged(values: Vec<JsValue>) -> JsValue {
    let mut fields = Vec::new();
    for value in &values {
        match value {
            JsValue::Object(entries) => fields.extend(entries.iter().cloned()),
            _ => return value.clone(),
        }
    }
    JsValue::Object(unique_names(fields))
}

fn unique_names(entries: Vec<(String, JsValue)>) -> Vec<(String, JsValue)> {
    let mut known = std::collections::HashSet::new();
    entries.into_iter().filter(|(name, _)| known.insert(name.clone())).collect()
}

/// Whether a Set or a Map of JavaScript may take the two values for one.
fn may_be_one(one: &JsValue, other: &JsValue) -> bool {
    one == other
        || matches!((one, other), (JsValue::Number(one), JsValue::Number(other)) if one.is_nan() && other.is_nan())
}

fn unique_keys(entries: Vec<(JsValue, JsValue)>) -> Vec<(JsValue, JsValue)> {
    let mut kept: Vec<(JsValue, JsValue)> = Vec::new();
    for entry in entries {
        if !kept.iter().any(|(key, _)| may_be_one(key, &entry.0)) {
            kept.push(entry);
        }
    }
    kept
}

fn set(items: Vec<JsValue>, as_array: bool) -> JsValue {
    if as_array {
        return JsValue::Array(items);
    }
    let keys = items.into_iter().map(|item| (item, JsValue::Null)).collect();
    JsValue::Set(unique_keys(keys).into_iter().map(|(item, _)| item).collect())
}

/// An Array, or another collection of the same elements: a Set for form 1, a typed array for form 2.
fn list(items: Vec<JsValue>, form: u8) -> JsValue {
    let numbers: Option<Vec<f64>> = items
        .iter()
        .map(|item| if let JsValue::Number(value) = item { Some(*value) } else { None })
        .collect();
    let is_byte =
        |value: &f64| (0.0..=255.0).contains(value) && value.fract() == 0.0 && value.is_sign_positive();
    match (form, numbers) {
        (1, _) => match set(items.clone(), false) {
            JsValue::Set(distinct) if distinct.len() == items.len() => JsValue::Set(distinct),
            _ => JsValue::Array(items),
        },
        (2, Some(values)) if values.iter().all(is_byte) => {
            JsValue::Bytes(values.into_iter().map(|value| value as u8).collect())
        }
        (2, Some(values)) => JsValue::Numbers { kind: "Float64", values },
        _ => JsValue::Array(items),
    }
}

fn map_of(entries: Vec<(String, JsValue)>, integers: bool) -> JsValue {
    let key = |name: String| match Integer::parse(&name).filter(|_| integers) {
        Some(integer) => JsValue::Number(integer.to_f64()),
        None => JsValue::String(name),
    };
    JsValue::Map(entries.into_iter().map(|(name, value)| (key(name), value)).collect())
}

fn of_json(json: &Json, big: bool) -> JsValue {
    match json {
        Json::Null => JsValue::Null,
        Json::Bool(value) => JsValue::Bool(*value),
        Json::Number(value) if big => Integer::at_most(value).to_bigint(),
        Json::Number(value) => JsValue::Number(value.as_f64().unwrap_or(f64::NAN)),
        Json::String(value) => JsValue::String(value.clone()),
        Json::Array(items) => JsValue::Array(items.iter().map(|item| of_json(item, big)).collect()),
        Json::Object(entries) => {
            JsValue::Object(entries.iter().map(|(name, value)| (name.clone(), of_json(value, big))).collect())
        }
    }
}
