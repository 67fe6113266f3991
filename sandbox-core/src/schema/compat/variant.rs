//! The kinds of an alternative, with the nodes of a [`Graph`](super::graph::Graph) as parts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value as Json, json};

use super::graph::NodeId;
use super::numbers::{Numeric, Range};

/// An alternative whose parts are nodes.
pub(super) struct VariantNode {
    pub(super) key: String,
    pub(super) tag: String,
    pub(super) kind: VariantKind,
}

/// The kind of a value.
pub(super) enum VariantKind {
    Any,
    Null,
    Boolean,
    Constant(Json),
    Numeric(Numeric),
    Text(Text),
    List(List),
    Record(Record),
    Js(Js),
    Function(FunctionNode),
    Stream(StreamNode),
}

/// A function. Its arguments go the opposite way of the function itself.
pub(super) struct FunctionNode {
    pub(super) is_async: bool,
    pub(super) params: Vec<NodeId>,
    pub(super) result: NodeId,
}

/// Values that are taken one after the other.
pub(super) struct StreamNode {
    pub(super) is_async: bool,
    pub(super) items: NodeId,
}

/// A JavaScript type that JSON does not have.
pub(super) struct Js {
    pub(super) name: String,
    /// The range of the length, if the type has one.
    pub(super) size: Range,
    pub(super) parts: Vec<Part>,
}

/// A part of a JavaScript type.
pub(super) struct Part {
    /// The part's text in a path.
    pub(super) path: &'static str,
    pub(super) node: NodeId,
}

pub(super) struct Text {
    pub(super) length: Range,
    pub(super) patterns: BTreeSet<String>,
}

pub(super) struct List {
    pub(super) size: Range,
    /// The nodes of the items that have types of their own.
    pub(super) first: Vec<NodeId>,
    /// The node of the further items; `None` if there can be none.
    pub(super) rest: Option<NodeId>,
}

pub(super) struct Record {
    pub(super) size: Range,
    pub(super) properties: BTreeMap<String, VariantProperty>,
    /// Properties by a pattern of their names.
    pub(super) patterns: BTreeMap<String, NodeId>,
    pub(super) rest: Rest,
}

#[derive(Clone, Copy)]
pub(super) struct VariantProperty {
    pub(super) required: bool,
    pub(super) value: NodeId,
}

/// The properties that a record does not name.
#[derive(Clone, Copy)]
pub(super) enum Rest {
    Ignored,
    Refused,
    Of(NodeId),
}

impl VariantKind {
    /// The structure, with a number in place of each node.
    pub(super) fn canonical(&self, numbers: &[usize]) -> Json {
        match self {
            Self::Any => json!("any"),
            Self::Null => json!("null"),
            Self::Boolean => json!("boolean"),
            Self::Constant(value) => json!(["constant", value]),
            Self::Numeric(numeric) => json!(["number", numeric.canonical()]),
            Self::Text(text) => json!(["string", text.length.canonical(), text.patterns]),
            Self::List(list) => list.canonical(numbers),
            Self::Record(record) => record.canonical(numbers),
            Self::Js(js) => js.canonical(numbers),
            Self::Function(FunctionNode { is_async, params, result }) => {
                let params = params.iter().map(|param| numbers[*param]).collect::<Vec<_>>();
                json!(["function", is_async, params, numbers[*result]])
            }
            Self::Stream(StreamNode { is_async, items }) => json!(["stream", is_async, numbers[*items]]),
        }
    }

    /// The nodes that a value of this kind is made of.
    pub(super) fn parts(&self) -> Vec<NodeId> {
        match self {
            Self::List(list) => list.first.iter().copied().chain(list.rest).collect(),
            Self::Record(record) => {
                let properties = record.properties.values().map(|property| property.value);
                let rest = if let Rest::Of(rest) = record.rest { Some(rest) } else { None };
                properties.chain(record.patterns.values().copied()).chain(rest).collect()
            }
            Self::Js(js) => js.parts.iter().map(|part| part.node).collect(),
            Self::Function(function) => function.params.iter().copied().chain([function.result]).collect(),
            Self::Stream(stream) => vec![stream.items],
            _ => Vec::new(),
        }
    }

    /// Whether both are the same type, apart from constraints.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Js(js), Self::Js(other)) => js.name == other.name,
            (Self::Numeric(_), Self::Numeric(_))
            | (Self::Text(_), Self::Text(_))
            | (Self::List(_), Self::List(_))
            | (Self::Function(_), Self::Function(_))
            | (Self::Stream(_), Self::Stream(_))
            | (Self::Record(_), Self::Record(_)) => true,
            _ => false,
        }
    }

    /// Whether a value of this kind can be the constant.
    fn contains(&self, constant: &Json) -> bool {
        match (self, constant) {
            (Self::Boolean, Json::Bool(_)) => true,
            (Self::Text(text), Json::String(value)) => {
                text.patterns.is_empty() && text.length.contains(&Json::from(value.chars().count()))
            }
            (Self::Numeric(numeric), Json::Number(_)) => numeric.contains(constant),
            _ => false,
        }
    }

    /// Whether this is a constant that one of the others includes.
    pub(super) fn is_within(&self, others: &[VariantNode]) -> bool {
        match self {
            Self::Constant(value) => others.iter().any(|other| other.kind.contains(value)),
            _ => false,
        }
    }
}

impl Js {
    /// Without a bound of its size, the form is the one of versions before sizes counted, and so is the fingerprint.
    fn canonical(&self, numbers: &[usize]) -> Json {
        let parts: Vec<usize> = self.parts.iter().map(|part| numbers[part.node]).collect();
        match self.size.is_any_size() {
            true => json!(["js", self.name, parts]),
            false => json!(["js", self.name, parts, self.size.canonical()]),
        }
    }
}

impl List {
    fn canonical(&self, numbers: &[usize]) -> Json {
        let mut first: Vec<usize> = self.first.iter().map(|item| numbers[*item]).collect();
        // A tuple of one type is an array of it: the last item's node also stands for the items that follow.
        let rest = self.rest.map(|rest| numbers[rest]).or(first.last().copied());
        first.truncate(first.iter().rposition(|item| Some(*item) != rest).map_or(0, |last| last + 1));
        json!(["array", self.size.canonical(), first, rest])
    }

    /// The node of the item at this index.
    pub(super) fn item(&self, index: usize) -> Option<NodeId> {
        self.first
            .get(index)
            .copied()
            .or(self.rest)
            .filter(|_| self.size.most().is_none_or(|most| index < most))
    }
}

impl Record {
    fn canonical(&self, numbers: &[usize]) -> Json {
        let properties: Vec<_> =
            self.properties.iter().map(|(key, own)| json!([key, own.required, numbers[own.value]])).collect();
        let patterns: Vec<_> =
            self.patterns.iter().map(|(key, value)| json!([key, numbers[*value]])).collect();
        let rest = match self.rest {
            Rest::Ignored => json!(true),
            Rest::Refused => json!(false),
            Rest::Of(node) => json!(numbers[node]),
        };
        json!(["object", self.size.canonical(), properties, patterns, rest])
    }
}

impl VariantProperty {
    pub(super) fn word(self) -> &'static str {
        if self.required { "required property" } else { "optional property" }
    }
}

impl Rest {
    pub(super) fn is_refused(self) -> bool {
        matches!(self, Self::Refused)
    }
}

impl fmt::Display for VariantNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            VariantKind::Any => f.write_str("anything"),
            VariantKind::Null => f.write_str("null"),
            VariantKind::Boolean => f.write_str("boolean"),
            VariantKind::Constant(value) => value.fmt(f),
            VariantKind::Numeric(numeric) => numeric.fmt(f),
            VariantKind::Text(_) => f.write_str("string"),
            VariantKind::List(_) => f.write_str("array"),
            VariantKind::Record(_) if self.key.is_empty() => f.write_str("object"),
            VariantKind::Record(_) => write!(f, "{{ {} }}", self.key),
            VariantKind::Js(js) => f.write_str(&js.name),
            VariantKind::Function(_) => f.write_str("function"),
            VariantKind::Stream(stream) => {
                f.write_str(if stream.is_async { "AsyncIterable" } else { "Iterable" })
            }
        }
    }
}
