//! Values that a schema refuses.
//!
//! `testing::violating_arguments` and the fuzzers use them. Each is a valid value with one change.

use super::shrink::{ShrinkBound, Shrinking};
use super::source::{SchemaSource, asks_nothing};
use super::valid::{anything, valid_value};
use crate::schema::check::integer::Integer;
use crate::schema::check::node::{Arena, Id, Node};
use crate::value::{JsKind, JsValue, TextFault, Unrepresentable};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::Union;
use std::sync::Arc;

/// The greatest length of strings and lists that are made.
const LONGEST: usize = 4096;

/// The greatest size of a value that copies of a part make, in values and characters.
const LARGEST: usize = 1 << 16;

/// Argument lists with at least one violation: valid lists with one value changed at one place. `None` where the schemas
/// accept anything, as `true` does.
///
/// A change makes a value of another type, a number next to a bound, or a string or list of a wrong length. In an
/// object, a field is removed, renamed or added.
pub(in crate::testing) fn violating(
    sources: Arc<[Arc<SchemaSource>]>,
    bound: ShrinkBound,
) -> Option<BoxedStrategy<Vec<JsValue>>> {
    let picky = (0..sources.len()).filter(|&at| !accepts_anything(sources[at].arena(), 0, &mut Vec::new()));
    let each = picky.map(|at| {
        let all = sources.iter().map(valid_value).collect::<Vec<_>>();
        let place = prop_oneof![Just(None), any::<Index>().prop_map(Some)];
        let changed = (all, place, changes(sources[at].arena())).prop_map(move |(mut all, place, change)| {
            let place = place.map_or(0, |place| place.index(places(&all[at])));
            change_at(&mut all[at], &mut Some(place), &change);
            all
        });
        changed.boxed()
    });
    let each = each.collect::<Vec<_>>();
    (!each.is_empty())
        .then(|| Shrinking { values: Union::new(each).boxed(), sources, accepted: false, bound }.boxed())
}

fn accepts_anything(arena: &Arena, id: Id, within: &mut Vec<Id>) -> bool {
    if within.contains(&id) {
        return false;
    }
    within.push(id);
    let node = arena.node(id);
    let holds = asks_nothing(node)
        && node.all.iter().all(|&part| accepts_anything(arena, part, within))
        && node.unions.iter().all(|union| {
            !union.exactly_one && union.alternatives.iter().any(|&id| accepts_anything(arena, id, within))
        });
    within.pop();
    holds
}

#[derive(Clone, Debug)]
enum Mutation {
    Replace(JsValue),
    /// To a number.
    Add(f64),
    /// To the length of a string or a list.
    Resize(usize),
    DropField(Index),
    RenameField(Index, String),
    AddField(String, JsValue),
}

fn changes(arena: &Arena) -> BoxedStrategy<Mutation> {
    let mut strange = strange_values();
    if arena.nodes.iter().any(|node| may_be_map(arena, node)) {
        strange.retain(|value| !matches!(value, JsValue::Map(_)));
    }
    let strange = prop_oneof![select(strange), anything(true, 1)];
    let numbers: Vec<_> = arena.nodes.iter().flat_map(beyond_bounds).collect();
    let strange =
        if numbers.is_empty() { strange.boxed() } else { prop_oneof![strange, select(numbers)].boxed() };
    let lengths: Vec<_> = arena.nodes.iter().flat_map(beyond_lengths).chain([0, 1, 2]).collect();
    let name = "[a-z]{1,8}";
    prop_oneof![
        3 => strange.prop_map(Mutation::Replace),
        1 => select(vec![0.5, 1.0, -1.0, 1e3, -1e3, 1e20, f64::NAN]).prop_map(Mutation::Add),
        2 => select(lengths).prop_map(Mutation::Resize),
        1 => any::<Index>().prop_map(Mutation::DropField),
        1 => (any::<Index>(), name).prop_map(|(index, name)| Mutation::RenameField(index, name)),
        1 => (name, anything(true, 1)).prop_map(|(name, value)| Mutation::AddField(name, value)),
    ]
    .boxed()
}

/// schemars describes a Rust map whose keys are an enum's variants like a struct without required fields. The boundary
/// accepts a Map for such a map.
fn may_be_map(arena: &Arena, node: &Node) -> bool {
    let rule = &node.object;
    let is_closed = rule.additional.is_some_and(|id| arena.node(id).is_never());
    is_closed && !rule.properties.is_empty() && !rule.properties.iter().any(|property| property.required)
}

/// One value of each kind, and values that are no data.
fn strange_values() -> Vec<JsValue> {
    let number = JsValue::Number;
    let kind = |kind| JsValue::Other(Unrepresentable::Kind(kind));
    vec![
        JsValue::Null,
        JsValue::Undefined,
        JsValue::Bool(true),
        number(-1.0),
        number(0.5),
        number(f64::NAN),
        number(f64::INFINITY),
        number(9_007_199_254_740_992.0),
        number(1e300),
        JsValue::bigint(1),
        JsValue::bigint(i128::MAX),
        JsValue::String(String::new()),
        JsValue::String("😀".into()),
        JsValue::Array(Vec::new()),
        JsValue::Object(Vec::new()),
        JsValue::Map(Vec::new()),
        JsValue::Set(Vec::new()),
        JsValue::Bytes(vec![255]),
        JsValue::Numbers { kind: "Float64", values: vec![0.5] },
        JsValue::Date(f64::NAN),
        JsValue::Date(0.0),
        JsValue::Error { name: "Error".into(), message: String::new(), rest: Vec::new() },
        kind(JsKind::Function),
        kind(JsKind::Symbol),
        kind(JsKind::Promise),
        JsValue::Other(Unrepresentable::Text(TextFault::LoneSurrogate { index: 0 })),
        JsValue::Other(Unrepresentable::BigInt),
    ]
}

fn beyond_bounds(node: &Node) -> Vec<JsValue> {
    let integers = [node.integer.min.previous(), node.integer.max.next()];
    let asked = integers.into_iter().filter(|bound| *bound > Integer::MIN && *bound < Integer::MAX);
    let integers = asked.flat_map(|bound| [bound.to_bigint(), JsValue::Number(bound.to_f64())]);
    let rule = &node.number;
    let below =
        [rule.min, rule.above].into_iter().flatten().flat_map(|bound| [bound.next_down(), bound - 1.0]);
    let above = [rule.max, rule.below].into_iter().flatten().flat_map(|bound| [bound.next_up(), bound + 1.0]);
    integers.chain(below.chain(above).map(JsValue::Number)).collect()
}

fn beyond_lengths(node: &Node) -> Vec<usize> {
    let lengths = [node.string.lengths, node.array.lengths, node.object.lengths];
    let beyond =
        lengths.into_iter().flat_map(|lengths| [lengths.min.checked_sub(1), lengths.max.map(|max| max + 1)]);
    beyond.flatten().filter(|&length| length <= LONGEST).collect()
}

/// The number of values within a value that can be changed, itself included.
fn places(value: &JsValue) -> usize {
    let inner: usize = match value {
        JsValue::Array(items) | JsValue::Set(items) => items.iter().map(places).sum(),
        JsValue::Object(entries) => entries.iter().map(|(_, value)| places(value)).sum(),
        JsValue::Map(entries) => entries.iter().map(|(key, value)| places(key) + places(value)).sum(),
        _ => 0,
    };
    inner + 1
}

/// Counts `left` down to the place, in the order of [`places`]; `None` once the change is made.
fn change_at(value: &mut JsValue, left: &mut Option<usize>, change: &Mutation) {
    let Some(count) = *left else { return };
    *left = count.checked_sub(1);
    if left.is_none() {
        return apply(value, change);
    }
    let inner: Vec<&mut JsValue> = match value {
        JsValue::Array(items) | JsValue::Set(items) => items.iter_mut().collect(),
        JsValue::Object(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
        JsValue::Map(entries) => entries.iter_mut().flat_map(|(key, value)| [key, value]).collect(),
        _ => Vec::new(),
    };
    inner.into_iter().for_each(|inner| change_at(inner, left, change));
}

fn apply(value: &mut JsValue, change: &Mutation) {
    match (change, value) {
        (Mutation::Replace(other), value) => *value = other.clone(),
        (Mutation::Add(delta), JsValue::Number(number)) => *number += delta,
        (Mutation::Resize(length), value) => resize(value, *length),
        (Mutation::DropField(index), JsValue::Object(entries)) if !entries.is_empty() => {
            entries.remove(index.index(entries.len()));
        }
        (Mutation::RenameField(index, name), JsValue::Object(entries))
            if !entries.is_empty() && !entries.iter().any(|(known, _)| known == name) =>
        {
            let place = index.index(entries.len());
            entries[place].0.clone_from(name);
        }
        (Mutation::AddField(name, new), JsValue::Object(entries))
            if !entries.iter().any(|(known, _)| known == name) =>
        {
            entries.push((name.clone(), new.clone()));
        }
        _ => {}
    }
}

/// The element that fills a collection up to a length: null where copies would exceed every sandbox's budget.
fn copied(part: JsValue, length: usize) -> JsValue {
    if size(&part).saturating_mul(length) <= LARGEST { part } else { JsValue::Null }
}

/// The size in values, characters and bytes.
fn size(value: &JsValue) -> usize {
    let inner: usize = match value {
        JsValue::String(text) => text.len(),
        JsValue::Bytes(bytes) | JsValue::Buffer { bytes, .. } => bytes.len(),
        JsValue::Numbers { values, .. } => values.len(),
        JsValue::Array(items) | JsValue::Set(items) => items.iter().map(size).sum(),
        JsValue::Object(entries) => entries.iter().map(|(name, value)| name.len() + size(value)).sum(),
        JsValue::Map(entries) => entries.iter().map(|(key, value)| size(key) + size(value)).sum(),
        _ => 0,
    };
    inner + 1
}

fn resize(value: &mut JsValue, length: usize) {
    match value {
        JsValue::String(text) => {
            let filler = std::iter::repeat('x');
            *text = text.chars().chain(filler).take(length).collect();
        }
        JsValue::Array(items) => {
            let last = items.last().cloned().unwrap_or(JsValue::Null);
            items.resize(length, copied(last, length));
        }
        JsValue::Bytes(bytes) | JsValue::Buffer { bytes, .. } => bytes.resize(length, 0),
        JsValue::Set(items) => items.truncate(length),
        JsValue::Map(entries) => entries.truncate(length),
        JsValue::Object(entries) => {
            entries.truncate(length);
            for index in entries.len()..length {
                let value = entries.first().map_or(JsValue::Null, |(_, value)| value.clone());
                entries.push((format!("field{index}"), copied(value, length)));
            }
        }
        _ => {}
    }
}
