//! The compiler from a JSON Schema to the nodes of a check.
//!
//! `Checker::new` calls it once for each type of a contract.

use super::super::generate::definition;
use super::integer::{Integer, IntegerFormat};
use super::node::{
    Arena, ArrayRule, HandleRule, Id, IntegerRule, Js, KeyRule, Kinds, Lengths, Node, NumberRule, ObjectRule,
    PropertyRule, StringRule, Union,
};
use crate::value::number::safe_integer;
use regex::Regex;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

impl Arena {
    /// Compiles a schema and every one of `defs` that it leads to. The schema itself is node 0.
    pub fn compile(schema: &Json, defs: &Map<String, Json>) -> Self {
        let mut compiler =
            Compiler { arena: Self::default(), defs, named: HashMap::new(), waiting: Vec::new() };
        compiler.reserve(schema);
        // A loop and no recursion: a schema can be nested more deeply than the stack allows.
        while let Some((id, schema)) = compiler.waiting.pop() {
            let node = compiler.node(schema);
            compiler.arena.nodes[id] = node;
        }
        compiler.arena
    }
}

struct Compiler<'a> {
    arena: Arena,
    defs: &'a Map<String, Json>,
    /// The nodes of named types, by their names.
    named: HashMap<String, Id>,
    /// Nodes that have an index and are not compiled yet.
    waiting: Vec<(Id, &'a Json)>,
}

const ANYTHING: &Json = &Json::Bool(true);

/// Keywords that constrain a value and that schemars does not generate by itself.
const UNKNOWN: [&str; 9] = [
    "if",
    "contains",
    "minContains",
    "maxContains",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedItems",
    "$dynamicRef",
];

impl<'a> Compiler<'a> {
    fn reserve(&mut self, schema: &'a Json) -> Id {
        let id = self.arena.nodes.len();
        self.arena.nodes.push(Node::of(Kinds::ALL));
        self.waiting.push((id, schema));
        id
    }

    fn reserve_key(&mut self, schema: &'a Json, key: &str) -> Option<Id> {
        schema.get(key).map(|inner| self.reserve(inner))
    }

    fn reserve_all(&mut self, schema: &'a Json, key: &str) -> Vec<Id> {
        let list = schema.get(key).and_then(Json::as_array);
        list.into_iter().flatten().map(|inner| self.reserve(inner)).collect()
    }

    fn node(&mut self, schema: &'a Json) -> Node {
        match schema {
            Json::Bool(false) => return Node::of(Kinds::NONE),
            Json::Object(_) => {}
            _ => return Node::of(Kinds::ALL),
        }
        // schemars says of `NonZeroI32` and similar types that they are not 0. The type enforces this by itself.
        if schema.get("not").is_some_and(|not| not.get("const").is_none()) {
            self.arena.unchecked.push("the keyword `not`".into());
        }
        let unknown = UNKNOWN.iter().filter(|key| schema.get(key).is_some());
        self.arena.unchecked.extend(unknown.map(|key| format!("the keyword `{key}`")));
        let mut node = Node::of(kinds(schema));
        node.allowed = allowed(schema);
        node.js = self.js(schema);
        node.handle = node.js.filter(|js| *js == Js::Handle).map(|_| HandleRule::of(schema));
        node.number = NumberRule::of(schema);
        node.integer = IntegerRule::of(schema);
        node.string = self.string(schema);
        node.array = self.array(schema);
        node.object = self.object(schema);
        if schema.get("title").and_then(Json::as_str) == Some("AnyValue") && node.kinds == Kinds::ALL {
            self.json_only(&mut node);
        }
        if let Some(Json::String(reference)) = schema.get("$ref") {
            node.all.push(self.reference(reference));
        }
        node.all.extend(self.reserve_all(schema, "allOf"));
        for (key, exactly_one) in [("oneOf", true), ("anyOf", false)] {
            if schema.get(key).is_some() {
                node.unions.push(Union { alternatives: self.reserve_all(schema, key), exactly_one });
            }
        }
        node
    }

    /// A node for JSON data at every depth: the elements and the fields have the same schema.
    fn json_only(&mut self, node: &mut Node) {
        const ANY_VALUE: &str = "AnyValue";
        let id = match self.named.get(ANY_VALUE) {
            Some(&id) => id,
            None => {
                let id = self.arena.nodes.len();
                self.arena.nodes.push(Node::json(id));
                self.named.insert(ANY_VALUE.into(), id);
                id
            }
        };
        *node = Node::json(id);
    }

    fn reference(&mut self, reference: &str) -> Id {
        if reference == "#" {
            return 0;
        }
        if let Some(&id) = self.named.get(reference) {
            return id;
        }
        let found = definition(reference).and_then(|name| self.defs.get(&name));
        if found.is_none() {
            self.arena.unchecked.push(format!("the reference `{reference}`"));
        }
        let id = self.reserve(found.unwrap_or(ANYTHING));
        self.named.insert(reference.into(), id);
        id
    }

    fn js(&mut self, schema: &'a Json) -> Option<Js> {
        let js = match schema.get("x-js")?.as_str()? {
            "Uint8Array" => Js::Bytes,
            "Date" => Js::Date,
            "Error" => Js::Error,
            "Handle" => Js::Handle,
            "Function" => Js::Function,
            name @ ("AsyncIterable" | "Iterable") => Js::Stream { is_async: name == "AsyncIterable" },
            "Set" => Js::Set(self.reserve(schema.get("items").unwrap_or(ANYTHING))),
            "Map" => Js::Map {
                key: self.reserve(schema.get("x-js-key").unwrap_or(ANYTHING)),
                value: self.reserve(schema.get("x-js-value").unwrap_or(ANYTHING)),
            },
            _ => return None,
        };
        Some(js)
    }

    fn string(&mut self, schema: &'a Json) -> StringRule {
        let pattern = schema.get("pattern").and_then(Json::as_str).and_then(|pattern| self.regex(pattern));
        StringRule { lengths: lengths(schema, "minLength", "maxLength"), pattern }
    }

    fn regex(&mut self, pattern: &str) -> Option<Regex> {
        let regex = Regex::new(pattern).ok();
        if regex.is_none() {
            self.arena.unchecked.push(format!("the pattern /{pattern}/"));
        }
        regex
    }

    fn array(&mut self, schema: &'a Json) -> ArrayRule {
        ArrayRule {
            prefix: self.reserve_all(schema, "prefixItems"),
            items: self.reserve_key(schema, "items"),
            lengths: lengths(schema, "minItems", "maxItems"),
        }
    }

    fn object(&mut self, schema: &'a Json) -> ObjectRule {
        let mut rule =
            ObjectRule { lengths: lengths(schema, "minProperties", "maxProperties"), ..Default::default() };
        for (name, inner) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
            let node = self.reserve(inner);
            rule.add(PropertyRule { name: name.clone(), node, required: false });
        }
        let required = schema.get("required").and_then(Json::as_array).into_iter().flatten();
        for name in required.filter_map(Json::as_str) {
            match rule.index.get(name) {
                Some(&place) => rule.properties[place].required = true,
                None => {
                    let node = self.reserve(ANYTHING);
                    rule.add(PropertyRule { name: name.into(), node, required: true });
                }
            }
        }
        for (pattern, inner) in
            schema.get("patternProperties").and_then(Json::as_object).into_iter().flatten()
        {
            if let Some(keys) = self.key_rule(pattern) {
                rule.patterns.push((keys, self.reserve(inner)));
            }
        }
        rule.additional = self.reserve_key(schema, "additionalProperties");
        rule.unevaluated = self.reserve_key(schema, "unevaluatedProperties");
        let open = schema.get("additionalProperties").is_some_and(|inner| *inner != Json::Bool(false));
        rule.is_map = rule.properties.is_empty() && (open || !rule.patterns.is_empty());
        rule
    }

    fn key_rule(&mut self, pattern: &str) -> Option<KeyRule> {
        match pattern {
            r"^\d+$" => Some(KeyRule::Integer { signed: false }),
            r"^-?\d+$" => Some(KeyRule::Integer { signed: true }),
            _ => self.regex(pattern).map(KeyRule::Matches),
        }
    }
}

impl ObjectRule {
    fn add(&mut self, property: PropertyRule) {
        self.index.insert(property.name.clone(), self.properties.len());
        self.properties.push(property);
    }
}

impl Node {
    fn of(kinds: Kinds) -> Self {
        Self {
            kinds,
            allowed: None,
            js: None,
            handle: None,
            number: NumberRule::default(),
            integer: IntegerRule::of(&Json::Null),
            string: StringRule::default(),
            array: ArrayRule::default(),
            object: ObjectRule::default(),
            all: Vec::new(),
            unions: Vec::new(),
        }
    }

    fn json(inner: Id) -> Self {
        let array = ArrayRule { items: Some(inner), ..Default::default() };
        let object = ObjectRule { additional: Some(inner), ..Default::default() };
        Self { array, object, ..Self::of(Kinds::ALL.without(Kinds::EXOTIC)) }
    }
}

impl NumberRule {
    fn of(schema: &Json) -> Self {
        let single = schema.get("format").and_then(Json::as_str) == Some("float");
        // The bound of an `f32` is the nearest `f32`, because its values are rounded too.
        #[expect(clippy::cast_possible_truncation, reason = "rounding is what is meant")]
        let nearest = |bound: f64| if single { f64::from(bound as f32) } else { bound };
        let bound = |key: &str| schema.get(key).and_then(Json::as_f64).map(nearest);
        Self {
            single,
            min: bound("minimum"),
            max: bound("maximum"),
            above: bound("exclusiveMinimum"),
            below: bound("exclusiveMaximum"),
            multiple: bound("multipleOf"),
        }
    }
}

impl IntegerRule {
    fn of(schema: &Json) -> Self {
        let typed = schema.get("type").is_some();
        let format = match typed {
            true => IntegerFormat::of(schema.get("format").and_then(Json::as_str)),
            false => IntegerFormat::ANY,
        };
        let bound = |key: &str| schema.get(key).and_then(Json::as_number);
        let lower = [
            bound("minimum").map(Integer::at_least),
            bound("exclusiveMinimum").map(|n| Integer::at_most(n).next()),
        ];
        let upper = [
            bound("maximum").map(Integer::at_most),
            bound("exclusiveMaximum").map(|n| Integer::at_least(n).previous()),
        ];
        Self {
            format,
            min: lower.into_iter().flatten().fold(format.min, Integer::max),
            max: upper.into_iter().flatten().fold(format.max, Integer::min),
            multiple: schema.get("multipleOf").and_then(natural).map(u128::from),
        }
    }
}

fn kinds(schema: &Json) -> Kinds {
    match schema.get("type") {
        Some(Json::String(name)) => Kinds::named(name),
        Some(Json::Array(names)) => {
            names.iter().filter_map(Json::as_str).map(Kinds::named).fold(Kinds::NONE, Kinds::with)
        }
        _ => Kinds::ALL,
    }
}

fn allowed(schema: &Json) -> Option<Vec<Json>> {
    let constant = schema.get("const").map(|only| vec![only.clone()]);
    constant.or_else(|| schema.get("enum").and_then(Json::as_array).cloned())
}

fn lengths(schema: &Json, min: &str, max: &str) -> Lengths {
    let length =
        |key: &str| schema.get(key).and_then(natural).and_then(|length| usize::try_from(length).ok());
    Lengths { min: length(min).unwrap_or(0), max: length(max) }
}

/// An integer from 0. As in JSON Schema, `2.0` is one.
pub(super) fn natural(value: &Json) -> Option<u64> {
    value.as_u64().or_else(|| u64::try_from(safe_integer(value.as_f64()?)?).ok())
}
