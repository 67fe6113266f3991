//! JSON → plain data, as a schema says: a BigInt, bytes, a `Date`, a `Map` or a `Set` in the place of its JSON form.
//!
//! A part that does not fit the schema stays as it is in JSON, and the check of the value reports it.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Number, Value as Json};

use super::Checker;
use super::integer::{Integer, exact};
use super::node::{Id, Js, Kinds, Node, Union};
use crate::value::js_value::{JsValue, error_of};

impl Checker {
    /// The value whose JSON form this is. The schema is one of values that go to the guest.
    pub fn value_of_json(&self, json: &Json) -> JsValue {
        FromJson::new(self).value(0, json)
    }
}

struct FromJson<'a> {
    checker: &'a Checker,
    /// The chosen alternative of a union for a part of the JSON, by the addresses of both. Each is chosen once, so nested
    /// alternatives take no exponential time. `None` also stands for a choice under way, of a schema that refers to itself.
    chosen: RefCell<HashMap<(*const Union, *const Json), Option<Id>>>,
}

impl<'a> FromJson<'a> {
    fn new(checker: &'a Checker) -> Self {
        Self { checker, chosen: RefCell::default() }
    }

    fn value(&self, id: Id, json: &Json) -> JsValue {
        let mut nodes = Vec::new();
        self.nodes(id, json, &mut nodes);
        self.by(&nodes, json)
    }

    /// The nodes that say what the JSON stands for: those of the schema, and those of the alternatives that fit.
    fn nodes(&self, id: Id, json: &Json, nodes: &mut Vec<&'a Node>) {
        for part in self.checker.arena.parts(id) {
            if nodes.iter().any(|known| std::ptr::eq(*known, part)) {
                continue;
            }
            nodes.push(part);
            for union in &part.unions {
                if let Some(alternative) = self.alternative(union, json) {
                    self.nodes(alternative, json, nodes);
                }
            }
        }
    }

    /// The first alternative that accepts the value which it makes of the JSON.
    fn alternative(&self, union: &Union, json: &Json) -> Option<Id> {
        let key = (std::ptr::from_ref(union), std::ptr::from_ref(json));
        if let Some(&known) = self.chosen.borrow().get(&key) {
            return known;
        }
        self.chosen.borrow_mut().insert(key, None);
        let fits = |id: &Id| self.checker.violations_at(*id, &self.value(*id, json), 1).is_empty();
        let found = union.alternatives.iter().copied().find(fits);
        self.chosen.borrow_mut().insert(key, found);
        found
    }

    fn by(&self, nodes: &[&'a Node], json: &Json) -> JsValue {
        let js = nodes.iter().find_map(|node| node.js);
        if let Some(value) = js.and_then(|js| self.native(js, json)) {
            return value;
        }
        match json {
            Json::Null => JsValue::Null,
            Json::Bool(value) => JsValue::Bool(*value),
            Json::String(text) => JsValue::String(text.clone()),
            Json::Number(number) => number_of(nodes, number),
            Json::Array(items) => {
                let items = items.iter().enumerate();
                JsValue::Array(items.map(|(index, item)| self.part(item_of(nodes, index), item)).collect())
            }
            Json::Object(fields) => {
                let fields = fields.iter();
                let field =
                    |(name, value): (&String, &Json)| (name.clone(), self.part(field_of(nodes, name), value));
                JsValue::Object(fields.map(field).collect())
            }
        }
    }

    fn part(&self, id: Option<Id>, json: &Json) -> JsValue {
        id.map_or_else(|| self.by(&[], json), |id| self.value(id, json))
    }

    /// A value of a kind that JSON does not have; `None` if the JSON is not its form.
    fn native(&self, js: Js, json: &Json) -> Option<JsValue> {
        Some(match (js, json) {
            (Js::Bytes, Json::Array(items)) => {
                let byte = |item: &Json| u8::try_from(item.as_u64()?).ok();
                JsValue::Bytes(items.iter().map(byte).collect::<Option<_>>()?)
            }
            (Js::Date, Json::Number(millis)) => JsValue::Date(millis.as_f64()?),
            (Js::Set(item), Json::Array(items)) => {
                JsValue::Set(items.iter().map(|json| self.value(item, json)).collect())
            }
            (Js::Map { key, value }, Json::Object(fields)) => {
                let entry = |(name, json): (&String, &Json)| (self.key(key, name), self.value(value, json));
                JsValue::Map(fields.iter().map(entry).collect())
            }
            // A Map whose keys are no texts.
            (Js::Map { key, value }, Json::Array(pairs)) => {
                let entry = |pair: &Json| match pair.as_array().map(Vec::as_slice) {
                    Some([own, json]) => Some((self.value(key, own), self.value(value, json))),
                    _ => None,
                };
                JsValue::Map(pairs.iter().map(entry).collect::<Option<_>>()?)
            }
            (Js::Error, Json::Object(fields)) => {
                let field = |name| fields.get(name).map_or(JsValue::Undefined, |json| self.by(&[], json));
                error_of(field("name"), field("message"), field("cause"))
            }
            _ => return None,
        })
    }

    /// The key of a Map, from the name of a property.
    fn key(&self, id: Id, name: &str) -> JsValue {
        let as_text = JsValue::String(name.to_owned());
        let fits = |key: &JsValue| self.checker.violations_at(id, key, 1).is_empty();
        let integer = Integer::parse(name).filter(|_| !fits(&as_text));
        let integers = integer.map(|integer| [JsValue::Number(integer.to_f64()), integer.to_bigint()]);
        integers.into_iter().flatten().find(fits).unwrap_or(as_text)
    }
}

fn is_big(nodes: &[&Node]) -> bool {
    let has = |kind| nodes.iter().any(|node| node.kinds != Kinds::ALL && node.kinds.has(kind));
    has(Kinds::INTEGER) && !has(Kinds::NUMBER) && nodes.iter().any(|node| node.integer.format.big)
}

fn number_of(nodes: &[&Node], number: &Number) -> JsValue {
    match exact(number) {
        Some(whole) if is_big(nodes) => whole.to_bigint(),
        _ => JsValue::Number(number.as_f64().unwrap_or(f64::NAN)),
    }
}

fn item_of(nodes: &[&Node], index: usize) -> Option<Id> {
    nodes.iter().find_map(|node| node.array.item(index))
}

fn field_of(nodes: &[&Node], name: &str) -> Option<Id> {
    let named = |node: &&Node| node.object.index.get(name).map(|&at| node.object.properties[at].node);
    let matched = |node: &&Node| {
        let of_pattern = node.object.patterns.iter().find(|(keys, _)| keys.accepts(name));
        of_pattern.map(|(_, id)| *id).or(node.object.additional).or(node.object.unevaluated)
    };
    nodes.iter().find_map(named).or_else(|| nodes.iter().find_map(matched))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;
    use serde::Serialize;
    use serde_json::json;

    use super::*;
    use crate::boundary::plain;
    use crate::schema::check::CheckDirection;
    use crate::value::{AsMap, AsSet, Bytes, Date};

    #[derive(Serialize, JsonSchema)]
    struct All {
        small: u32,
        big: u64,
        below: i64,
        part: f64,
        text: String,
        at: Date,
        data: Bytes,
        maybe_data: [Option<Bytes>; 2],
        list: Vec<u8>,
        tags: AsSet<BTreeSet<i64>>,
        ages: AsMap<BTreeMap<u32, u64>>,
        names: AsMap<BTreeMap<String, Date>>,
        big_names: AsMap<BTreeMap<u64, bool>>,
        plain_names: BTreeMap<String, u64>,
        pair: (u64, Option<f64>),
        any: serde_json::Value,
        kinds: Vec<Tagged>,
        shapes: Vec<Shape>,
        loose: Vec<Loose>,
        #[serde(flatten)]
        flat: Flat,
        inner: Option<Box<All>>,
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(tag = "kind")]
    enum Tagged {
        At { at: Date },
        Many { at: u64 },
    }

    #[derive(Serialize, JsonSchema)]
    enum Shape {
        None,
        One(u64),
        Two(Date, u64),
        Named { at: Bytes },
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(untagged)]
    enum Loose {
        Text(String),
        Big(u64),
        List(Vec<Loose>),
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(untagged)]
    enum Flat {
        Since { since: Date },
        Count { count: u64 },
    }

    fn all(flat: Flat, inner: Option<All>) -> All {
        let date = || Date::from_millis(5).expect("a date");
        All {
            small: 1,
            big: 2,
            below: -3,
            part: 0.5,
            text: "text".into(),
            at: date(),
            data: Bytes::from(vec![1, 2]),
            maybe_data: [None, Some(Bytes::from(vec![3]))],
            list: vec![4, 5],
            tags: AsSet::new(BTreeSet::from([-1, 1])),
            ages: AsMap::new(BTreeMap::from([(1, 2)])),
            names: AsMap::new(BTreeMap::from([("1".into(), date())])),
            big_names: AsMap::new(BTreeMap::from([(u64::MAX, true)])),
            plain_names: BTreeMap::from([("a".into(), 1)]),
            pair: (1, None),
            any: json!({ "a": [1, 0.5, "b", null] }),
            kinds: vec![Tagged::At { at: date() }, Tagged::Many { at: 1 }],
            shapes: vec![
                Shape::None,
                Shape::One(1),
                Shape::Two(date(), 1),
                Shape::Named { at: vec![1].into() },
            ],
            loose: vec![Loose::Text("1".into()), Loose::Big(1), Loose::List(vec![Loose::Big(2)])],
            flat,
            inner: inner.map(Box::new),
        }
    }

    fn checker<T: JsonSchema>() -> Checker {
        let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let schema = generator.subschema_for::<T>().to_value();
        Checker::new(&schema, &generator.take_definitions(true), CheckDirection::ToGuest)
    }

    #[test]
    fn the_json_of_a_value_becomes_the_value_again() {
        let value = all(
            Flat::Since { since: Date::from_millis(7).expect("a date") },
            Some(all(Flat::Count { count: 1 }, None)),
        );
        let (checker, data) = (checker::<All>(), plain(&value).expect("it is data"));
        let json = serde_json::to_value(&value).expect("it is JSON");
        assert_eq!(data.to_json(), json);
        assert_eq!(checker.violations(&data, 9), []);
        assert_eq!(checker.value_of_json(&json), data);
    }

    #[test]
    fn json_that_does_not_fit_is_reported_by_the_check() {
        let checker = checker::<(Date, Bytes, u64, AsMap<BTreeMap<u32, u8>>)>();
        let value = checker.value_of_json(&json!(["then", [1, 256], 0.5, { "a": 1 }]));
        let found = checker.violations(&value, 9).into_iter().map(|violation| violation.found);
        assert_eq!(found.collect::<Vec<_>>(), ["\"then\"", "an array", "0.5", "\"a\""]);
    }

    /// Each level has two alternatives, and both fit until the innermost part is reached.
    #[test]
    fn nested_alternatives_take_no_exponential_time() {
        let defs = json!({ "A": { "anyOf": [
            { "type": "object", "properties": { "a": { "$ref": "#/$defs/A" } } },
            { "type": "object", "properties": { "a": { "$ref": "#/$defs/A" }, "b": { "type": "string" } } },
            { "type": "integer", "format": "uint64" },
            { "$ref": "#/$defs/A" },
        ] } });
        let Json::Object(defs) = defs else { panic!("it is an object") };
        let checker = Checker::new(&json!({ "$ref": "#/$defs/A" }), &defs, CheckDirection::ToGuest);
        let (mut json, mut value) = (json!(true), JsValue::Bool(true));
        for _ in 0..24 {
            json = json!({ "a": json });
            value = JsValue::Object(vec![("a".into(), value)]);
        }
        assert_eq!(checker.value_of_json(&json), value);
    }
}
