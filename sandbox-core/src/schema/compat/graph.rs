//! Schemas as a graph: a node is a list of alternatives, whose parts are nodes again.
//!
//! Names of types do not occur in the graph, and recursive types are cycles. `values` compares nodes of two versions
//! in one graph.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;

use serde_json::{Map, Value as Json};

use super::super::walk::{FunctionType, stream_items};
use super::alternatives::{self, Alternative};
use super::numbers::{Numeric, Range};
use super::variant::{
    FunctionNode, Js, List, Part, Record, Rest, StreamNode, Text, VariantKind, VariantNode, VariantProperty,
};

/// The index of a node.
pub(super) type NodeId = usize;

/// The nodes of all compared schemas.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Vec<VariantNode>>,
}

/// The named types of one version, with the nodes made so far: those of one direction, and those of the opposite one.
pub(super) struct Types<'a> {
    own: NamedTypes<'a>,
    opposite: NamedTypes<'a>,
}

struct NamedTypes<'a> {
    defs: &'a Map<String, Json>,
    nodes: HashMap<String, NodeId>,
}

impl<'a> Types<'a> {
    pub(super) fn new(own: &'a Map<String, Json>, opposite: &'a Map<String, Json>) -> Self {
        let [own, opposite] = [own, opposite].map(|defs| NamedTypes { defs, nodes: HashMap::new() });
        Self { own, opposite }
    }

    /// Runs `make` with the types of the opposite direction.
    pub(super) fn opposite<R>(&mut self, make: impl FnOnce(&mut Self) -> R) -> R {
        mem::swap(&mut self.own, &mut self.opposite);
        let made = make(self);
        mem::swap(&mut self.own, &mut self.opposite);
        made
    }
}

impl Graph {
    pub(super) fn variants(&self, node: NodeId) -> &[VariantNode] {
        &self.nodes[node]
    }

    /// Whether the node can be null. An argument that is not passed becomes null.
    pub(super) fn is_nullable(&self, node: NodeId) -> bool {
        self.nodes[node].iter().any(|variant| matches!(variant.kind, VariantKind::Null))
    }

    fn is_anything(&self, node: NodeId) -> bool {
        self.nodes[node].iter().any(|variant| matches!(variant.kind, VariantKind::Any))
    }

    /// The node of a schema. Makes it if it is new.
    pub(super) fn node(&mut self, schema: &Json, types: &mut Types<'_>) -> NodeId {
        let text = sorted(schema).to_string();
        if let Some(known) = types.own.nodes.get(&text) {
            return *known;
        }
        let node = self.nodes.len();
        self.nodes.push(Vec::new());
        types.own.nodes.insert(text, node);
        let all = alternatives::of(schema, types.own.defs);
        let mut variants: Vec<VariantNode> =
            all.into_iter().map(|alternative| self.variant(alternative, types)).collect();
        simplify(&mut variants);
        self.nodes[node] = variants;
        node
    }

    fn variant(&mut self, alternative: Alternative, types: &mut Types<'_>) -> VariantNode {
        let Alternative { key, tag, keywords } = alternative;
        let kind = match (keywords.get("x-js"), keywords.get("const"), keywords.get("type")) {
            (Some(name), ..) => self.js(name.as_str().unwrap_or_default(), &keywords, types),
            (_, Some(value), _) => constant(value),
            (.., Some(name)) => self.typed(name.as_str().unwrap_or_default(), &keywords, types),
            _ => VariantKind::Any,
        };
        VariantNode { key, tag, kind }
    }

    fn typed(&mut self, name: &str, keywords: &BTreeMap<String, Json>, types: &mut Types<'_>) -> VariantKind {
        match name {
            "null" => VariantKind::Null,
            "boolean" => VariantKind::Boolean,
            "integer" | "number" => VariantKind::Numeric(Numeric::of(keywords, name == "integer")),
            "string" => VariantKind::Text(text(keywords)),
            "array" => VariantKind::List(self.list(keywords, types)),
            "object" => VariantKind::Record(self.record(keywords, types)),
            _ => VariantKind::Any,
        }
    }

    fn js(&mut self, name: &str, keywords: &BTreeMap<String, Json>, types: &mut Types<'_>) -> VariantKind {
        match name {
            "Function" => return self.function(&FunctionType::of(keywords.get("x-function")), types),
            "AsyncIterable" | "Iterable" => {
                let items = self.node(stream_items(keywords.get("x-stream")), types);
                return VariantKind::Stream(StreamNode { is_async: name == "AsyncIterable", items });
            }
            _ => {}
        }
        let parts: &[(&str, &'static str)] = match name {
            "Set" => &[("items", "[]")],
            "Map" => &[("x-js-key", "{key}"), ("x-js-value", "{}")],
            _ => &[],
        };
        let part = |(keyword, path): &(&str, &'static str)| {
            let schema = keywords.get(*keyword).unwrap_or(&Json::Bool(true));
            Part { path, node: self.node(schema, types) }
        };
        let parts = parts.iter().map(part).collect();
        let [items, properties] = [("minItems", "maxItems"), ("minProperties", "maxProperties")]
            .map(|(low, high)| Range::of_size(keywords, low, high));
        let contract = keywords.get("x-contract").and_then(Json::as_str).filter(|_| name == "Handle");
        let name = contract.map_or_else(|| name.to_owned(), |contract| format!("handle of `{contract}`"));
        VariantKind::Js(Js { name, size: items.within(properties), parts })
    }

    fn function(&mut self, function: &FunctionType<'_>, types: &mut Types<'_>) -> VariantKind {
        let params = types.opposite(|types| {
            function.params.iter().map(|param| self.node(param, types)).collect::<Vec<_>>()
        });
        let result = self.node(function.result, types);
        VariantKind::Function(FunctionNode { is_async: function.is_async, params, result })
    }

    fn list(&mut self, keywords: &BTreeMap<String, Json>, types: &mut Types<'_>) -> List {
        let size = Range::of_size(keywords, "minItems", "maxItems");
        let first = keywords.get("prefixItems").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let has_room = |count: usize| size.most().is_none_or(|most| count < most);
        let first = first.iter().zip(0..).take_while(|(_, count)| has_room(*count));
        let first: Vec<NodeId> = first.map(|(item, _)| self.node(item, types)).collect();
        let rest = keywords.get("items").unwrap_or(&Json::Bool(true));
        let rest = has_room(first.len()).then(|| self.node(rest, types));
        List { size, first, rest }
    }

    fn record(&mut self, keywords: &BTreeMap<String, Json>, types: &mut Types<'_>) -> Record {
        let size = Range::of_size(keywords, "minProperties", "maxProperties");
        let named = |keyword: &str| keywords.get(keyword).and_then(Json::as_object).into_iter().flatten();
        let mut properties = BTreeMap::new();
        for (name, schema) in named("properties") {
            properties
                .insert(name.clone(), VariantProperty { required: false, value: self.node(schema, types) });
        }
        let required = keywords.get("required").and_then(Json::as_array).into_iter().flatten();
        for name in required.filter_map(Json::as_str) {
            let value = self.node(&Json::Bool(true), types);
            properties.entry(name.to_owned()).or_insert(VariantProperty { required: true, value }).required =
                true;
        }
        let patterns = named("patternProperties")
            .map(|(name, schema)| (name.clone(), self.node(schema, types)))
            .collect();
        Record { size, properties, patterns, rest: self.rest(keywords, types) }
    }

    /// All parts of a schema were merged, so both keywords refer to the same properties.
    fn rest(&mut self, keywords: &BTreeMap<String, Json>, types: &mut Types<'_>) -> Rest {
        let said = ["additionalProperties", "unevaluatedProperties"].map(|keyword| keywords.get(keyword));
        if said.contains(&Some(&Json::Bool(false))) {
            return Rest::Refused;
        }
        let nodes = said.into_iter().flatten().map(|schema| self.node(schema, types)).collect::<Vec<_>>();
        nodes.into_iter().find(|node| !self.is_anything(*node)).map_or(Rest::Ignored, Rest::Of)
    }

    /// A number for each node that depends on its structure only. Nodes of `among` that allow the same values have
    /// the same number, and equal structures have equal numbers in every graph.
    ///
    /// All numbers start equal, and are refined until no more nodes can be distinguished.
    pub(super) fn numbers(&self, among: &BTreeSet<NodeId>) -> Vec<usize> {
        let mut numbers = vec![0; self.nodes.len()];
        let mut distinct = 0;
        loop {
            let texts = self.texts(among, &numbers);
            let ordered: BTreeSet<&String> = texts.iter().collect();
            let count = ordered.len();
            let places: HashMap<&String, usize> = ordered.into_iter().zip(0..).collect();
            for (node, text) in among.iter().zip(&texts) {
                numbers[*node] = places[text];
            }
            if count == distinct {
                return numbers;
            }
            distinct = count;
        }
    }

    /// Each of these nodes as text, with a number for each node in it.
    pub(super) fn texts(&self, nodes: &BTreeSet<NodeId>, numbers: &[usize]) -> Vec<String> {
        let text = |node: &NodeId| {
            let kinds = self.nodes[*node].iter().map(|variant| variant.kind.canonical(numbers).to_string());
            Json::from_iter(kinds.collect::<BTreeSet<_>>()).to_string()
        };
        nodes.iter().map(text).collect()
    }

    /// These nodes, and all nodes that their values are made of.
    pub(super) fn reached(&self, mut from: Vec<NodeId>) -> BTreeSet<NodeId> {
        let mut reached = BTreeSet::new();
        while let Some(node) = from.pop() {
            if reached.insert(node) {
                from.extend(self.parts(node));
            }
        }
        reached
    }

    /// Whether a value of this node can contain another value of it.
    pub(super) fn is_recursive(&self, node: NodeId) -> bool {
        self.reached(self.parts(node)).contains(&node)
    }

    fn parts(&self, node: NodeId) -> Vec<NodeId> {
        self.nodes[node].iter().flat_map(|variant| variant.kind.parts()).collect()
    }

    pub(super) fn all(&self) -> BTreeSet<NodeId> {
        (0..self.nodes.len()).collect()
    }
}

fn constant(value: &Json) -> VariantKind {
    if value.is_null() { VariantKind::Null } else { VariantKind::Constant(sorted(value)) }
}

fn text(keywords: &BTreeMap<String, Json>) -> Text {
    let patterns = keywords.get("pattern").and_then(Json::as_array).into_iter().flatten();
    Text {
        length: Range::of_size(keywords, "minLength", "maxLength"),
        patterns: patterns.filter_map(|pattern| pattern.as_str().map(str::to_owned)).collect(),
    }
}

/// Removes alternatives whose values the others allow anyway.
fn simplify(variants: &mut Vec<VariantNode>) {
    if let Some(any) = variants.iter().position(|variant| matches!(variant.kind, VariantKind::Any)) {
        *variants = vec![variants.swap_remove(any)];
    }
    let kept: Vec<bool> = variants.iter().map(|variant| !variant.kind.is_within(variants)).collect();
    let mut kept = kept.into_iter();
    variants.retain(|_| kept.next().unwrap_or(true));
}

/// The JSON with the keys of all objects in order.
fn sorted(json: &Json) -> Json {
    match json {
        Json::Object(map) => {
            let ordered: BTreeMap<&String, Json> =
                map.iter().map(|(key, value)| (key, sorted(value))).collect();
            ordered.into_iter().map(|(key, value)| (key.clone(), value)).collect()
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
