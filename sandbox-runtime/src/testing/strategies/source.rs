//! A schema as a source of values, with the depth of its smallest values.
//!
//! The strategies ask [`SchemaSource`], so that values of recursive types end.

use crate::schema::check::node::{Arena, Id, Js, Kinds, Lengths, Node};
use crate::schema::check::{CheckDirection, Checker};
use crate::value::JsValue;
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

/// A schema, with the depths that make finite values.
#[derive(Debug)]
pub(in crate::testing) struct SchemaSource {
    pub(super) checker: Checker,
    /// The depth of the smallest values of each node; `None` for nodes without finite values.
    heights: Vec<Option<u32>>,
}

impl SchemaSource {
    pub(in crate::testing) fn new(
        schema: &Json,
        defs: &Map<String, Json>,
        direction: CheckDirection,
    ) -> Self {
        let checker = Checker::new(schema, defs, direction);
        let heights = heights(&checker.arena);
        Self { checker, heights }
    }

    /// The names of all fields in the schema.
    pub(in crate::testing) fn fields(&self) -> Vec<String> {
        let properties = self.arena().nodes.iter().flat_map(|node| &node.object.properties);
        let names: BTreeSet<_> = properties.map(|property| property.name.clone()).collect();
        names.into_iter().collect()
    }

    /// Whether handles occur, which no data can stand for.
    pub(in crate::testing) fn has_handles(&self) -> bool {
        self.arena().nodes.iter().any(|node| node.js.is_some_and(Js::is_live))
    }

    pub(super) fn arena(&self) -> &Arena {
        &self.checker.arena
    }

    pub(super) fn is_to_host(&self) -> bool {
        self.checker.direction == CheckDirection::ToHost
    }

    pub(super) fn height(&self, id: Id) -> Option<u32> {
        self.heights[id]
    }

    pub(super) fn accepts(&self, id: Id, value: &JsValue) -> bool {
        self.checker.violations_at(id, value, 1).is_empty()
    }
}

fn heights(arena: &Arena) -> Vec<Option<u32>> {
    let mut heights = vec![None; arena.nodes.len()];
    // Each round finds the nodes whose values are one level deeper, until no more are found.
    loop {
        let next: Vec<_> = arena.nodes.iter().map(|node| height(node, &heights)).collect();
        if next == heights {
            return heights;
        }
        heights = next;
    }
}

/// The height of a node, if the heights of the nodes that it needs are known.
fn height(node: &Node, known: &[Option<u32>]) -> Option<u32> {
    let needed = needed(node);
    let inner = needed.into_iter().map(|id| known[id].map(|height| height + 1));
    let beside = node.all.iter().map(|&id| known[id]);
    let unions = node.unions.iter().map(|union| union.alternatives.iter().filter_map(|&id| known[id]).min());
    let mut most = if node.is_never() { None } else { Some(0) };
    for height in inner.chain(beside).chain(unions) {
        most = most.zip(height).map(|(most, height)| most.max(height));
    }
    most
}

/// The nodes of the parts that each value of the node has.
fn needed(node: &Node) -> Vec<Id> {
    if node.allowed.is_some() || is_nullable(node) {
        return Vec::new();
    }
    let items = if node.array.lengths.min > node.array.prefix.len() { node.array.items } else { None };
    let fields =
        node.object.properties.iter().filter(|property| property.required).map(|property| property.node);
    match node.js {
        Some(Js::Set(_)) => items.into_iter().collect(),
        Some(Js::Map { key, value }) if node.array.lengths.min > 0 => vec![key, value],
        Some(_) => Vec::new(),
        None if asks_nothing(node) => Vec::new(),
        None => node.array.prefix.iter().copied().chain(items).chain(fields).collect(),
    }
}

/// Whether the node itself accepts anything, as the schema `true` does.
pub(super) fn asks_nothing(node: &Node) -> bool {
    let object = &node.object;
    node.kinds == Kinds::ALL
        && node.allowed.is_none()
        && node.js.is_none()
        && !node.asks_more_than_its_type()
        && node.string.lengths == Lengths::default()
        && node.array.items.is_none()
        && node.array.prefix.is_empty()
        && object.properties.is_empty()
        && object.patterns.is_empty()
        && object.additional.is_none()
        && object.unevaluated.is_none()
}

/// Whether the node accepts `null`, alone or beside other values.
pub(super) fn is_nullable(node: &Node) -> bool {
    node.kinds.has(Kinds::NULL) && !asks_nothing(node) && !node.is_json()
}
