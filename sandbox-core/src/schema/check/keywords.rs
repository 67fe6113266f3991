//! The forms of JSON Schema's keywords: finds a keyword whose value no schema can have.
//!
//! `compile` leaves such a keyword out, so a rule would be lost. `contract::owned` refuses a contract that came as data for
//! one. Keywords that the compiler does not know have any form.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::compile::natural;
use super::node::Kinds;
use crate::schema::generate::definition;
use crate::value::js_value::quoted;
use crate::value::text::SHOWN;

/// The values of `x-js`.
const NATIVES: [&str; 9] =
    ["Uint8Array", "Date", "Map", "Set", "Error", "Handle", "Function", "AsyncIterable", "Iterable"];

/// The form of a keyword's value.
#[derive(Clone, Copy)]
enum Form {
    Schema,
    Schemas,
    /// An object of schemas.
    NamedSchemas,
    /// One of the names of types, or a list of them.
    Types,
    Native,
    Values,
    Texts,
    Text,
    Number,
    Divisor,
    Length,
}

impl Form {
    /// The form of a keyword; `None` for a keyword that no check reads.
    fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "items"
            | "additionalProperties"
            | "unevaluatedProperties"
            | "not"
            | "x-js-key"
            | "x-js-value" => Self::Schema,
            "prefixItems" | "allOf" | "anyOf" | "oneOf" => Self::Schemas,
            "properties" | "patternProperties" => Self::NamedSchemas,
            "type" => Self::Types,
            "x-js" => Self::Native,
            "enum" => Self::Values,
            "required" => Self::Texts,
            "pattern" | "format" | "$ref" | "title" | "description" | "x-contract" => Self::Text,
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => Self::Number,
            "multipleOf" => Self::Divisor,
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                Self::Length
            }
            _ => return None,
        })
    }

    fn words(self) -> String {
        match self {
            Self::Schema => "a schema, which is an object, `true` or `false`".into(),
            Self::Schemas => "a list of schemas".into(),
            Self::NamedSchemas => "an object of schemas".into(),
            Self::Types => format!("one of {}, or a list of them", Kinds::NAMES.join(", ")),
            Self::Native => format!("one of {}", NATIVES.join(", ")),
            Self::Values => "a list of values".into(),
            Self::Texts => "a list of texts".into(),
            Self::Text => "a text".into(),
            Self::Number => "a number".into(),
            Self::Divisor => "a number above 0, and an integer where the type is `integer`".into(),
            Self::Length => "an integer from 0".into(),
        }
    }

    /// Whether the value of a keyword of `schema` has the form. The schemas inside of the value are not read.
    fn fits(self, value: &Json, schema: &Json) -> bool {
        let all = |is: fn(&Json) -> bool| value.as_array().is_some_and(|items| items.iter().all(is));
        let is_type = |name: &Json| name.as_str().is_some_and(|name| Kinds::NAMES.contains(&name));
        match self {
            Self::Schema => is_schema(value),
            Self::Schemas | Self::Values => value.is_array(),
            Self::NamedSchemas => value.is_object(),
            Self::Types => {
                is_type(value) || value.as_array().is_some_and(|names| !names.is_empty()) && all(is_type)
            }
            Self::Native => value.as_str().is_some_and(|name| NATIVES.contains(&name)),
            Self::Texts => all(Json::is_string),
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Divisor => {
                value.as_f64().is_some_and(|divisor| divisor > 0.0)
                    && (!names_integer(schema) || natural(value).is_some())
            }
            Self::Length => natural(value).is_some(),
        }
    }
}

fn is_schema(value: &Json) -> bool {
    value.is_object() || value.is_boolean()
}

/// Whether the keyword `type` of a schema has integers, and no other numbers.
fn names_integer(schema: &Json) -> bool {
    let names = |wanted: &str| match schema.get("type") {
        Some(Json::Array(names)) => names.iter().any(|name| name == wanted),
        Some(name) => name == wanted,
        None => false,
    };
    names("integer") && !names("number")
}

/// A schema inside of another.
struct SubSchema<'a> {
    schema: &'a Json,
    /// The index of the schema around it; `None` for the whole, and for a type in `$defs`.
    above: Option<usize>,
    /// The way from the schema around it.
    step: String,
}

/// The first keyword of a schema, or of the `defs` that it leads to, whose value has a wrong form, in words.
pub fn malformed(schema: &Json, defs: &Map<String, Json>) -> Option<String> {
    if !is_schema(schema) {
        return Some(format!("its schema must be an object, `true` or `false`, and is {}", told(schema)));
    }
    let mut parts = vec![SubSchema { schema, above: None, step: String::new() }];
    let mut known = HashSet::new();
    let mut at = 0;
    // A loop and no recursion: a schema can be nested more deeply than the stack allows.
    while let Some(&SubSchema { schema, .. }) = parts.get(at) {
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            let Some(form) = Form::of(keyword) else { continue };
            if !form.fits(value, schema) {
                return Some(wrong(&parts, Some(at), keyword, form, value));
            }
            let first = parts.len();
            inner(&mut parts, at, keyword, form, value);
            if keyword == "$ref" {
                let found = value.as_str().and_then(definition).and_then(|name| defs.get_key_value(&name));
                let found = found.filter(|(name, _)| known.insert(*name));
                let part =
                    |(name, schema)| SubSchema { schema, above: None, step: format!("#/$defs/{name}") };
                parts.extend(found.map(part));
            }
            if let Some(part) = parts[first..].iter().find(|part| !is_schema(part.schema)) {
                return Some(wrong(&parts, part.above, &part.step, Form::Schema, part.schema));
            }
        }
        at += 1;
    }
    None
}

/// Adds the schemas that a keyword has.
fn inner<'a>(parts: &mut Vec<SubSchema<'a>>, at: usize, keyword: &str, form: Form, value: &'a Json) {
    let mut add = |schema, step| parts.push(SubSchema { schema, above: Some(at), step });
    match (form, value) {
        (Form::Schema, schema) => add(schema, keyword.to_owned()),
        (Form::Schemas, Json::Array(schemas)) => {
            schemas.iter().enumerate().for_each(|(index, schema)| add(schema, format!("{keyword}/{index}")));
        }
        (Form::NamedSchemas, Json::Object(schemas)) => {
            schemas.iter().for_each(|(name, schema)| add(schema, format!("{keyword}/{name}")));
        }
        _ => {}
    }
}

/// The text for the keyword `last` of the part `above`, or for a type in `$defs`.
fn wrong(parts: &[SubSchema<'_>], mut above: Option<usize>, last: &str, form: Form, value: &Json) -> String {
    let mut steps = vec![last];
    while let Some(SubSchema { above: next, step, .. }) = above.and_then(|at| parts.get(at)) {
        steps.extend((!step.is_empty()).then_some(&**step));
        above = *next;
    }
    steps.reverse();
    let keyword = steps.join("/");
    format!("the keyword `{keyword}` of its schema must be {}, and is {}", form.words(), told(value))
}

/// A value of JSON, shortly.
fn told(value: &Json) -> String {
    match value {
        Json::String(text) => quoted(text, SHOWN),
        Json::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            let mut items = items.iter().map(told).collect::<Vec<_>>();
            if items.len() > 8 {
                items.truncate(8);
                items.push("…".into());
            }
            format!("[{}]", items.join(", "))
        }
        Json::Array(_) => "a list".into(),
        Json::Object(_) => "an object".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told_of(schema: Json) -> Option<String> {
        let defs = json!({ "Good": { "type": "string" }, "Bad": { "properties": { "a": { "minLength": -1 } } }, "No": 5 });
        let Json::Object(defs) = defs else { panic!("it is an object") };
        malformed(&schema, &defs)
    }

    /// The keywords with a form, and values that each of them can have.
    fn good() -> Vec<(&'static str, Vec<Json>)> {
        vec![
            (
                "items additionalProperties unevaluatedProperties not x-js-key x-js-value",
                vec![json!(true), json!({}), json!({ "type": "null" })],
            ),
            ("prefixItems allOf anyOf oneOf", vec![json!([]), json!([true, {}])]),
            ("properties patternProperties", vec![json!({}), json!({ "a": false })]),
            ("type", vec![json!("integer"), json!(["string", "null"])]),
            ("x-js", NATIVES.iter().map(|name| json!(name)).collect()),
            ("enum", vec![json!([]), json!([1, null])]),
            ("required", vec![json!([]), json!(["a"])]),
            ("pattern format title description x-contract", vec![json!(""), json!("int32")]),
            ("$ref", vec![json!("#/$defs/Good"), json!("#")]),
            (
                "minimum maximum exclusiveMinimum exclusiveMaximum",
                vec![json!(-1), json!(0.5), json!(u64::MAX)],
            ),
            ("multipleOf", vec![json!(2), json!(0.1)]),
            (
                "minLength maxLength minItems maxItems minProperties maxProperties",
                vec![json!(0), json!(7), json!(2.0)],
            ),
        ]
    }

    #[test]
    fn each_keyword_has_its_form_only() {
        let others = [
            json!(null),
            json!(true),
            json!(-1),
            json!(1.5),
            json!("five"),
            json!([5]),
            json!([["a"]]),
            json!({ "a": 5 }),
        ];
        let good = good();
        let each = good
            .iter()
            .flat_map(|(keywords, values)| keywords.split(' ').map(move |keyword| (keyword, values)));
        for (keyword, values) in each {
            for value in values {
                assert_eq!(told_of(json!({ keyword: value })), None, "{keyword}");
            }
            let refused = others.iter().filter_map(|value| {
                let told = told_of(json!({ keyword: value }))?;
                assert!(told.starts_with(&format!("the keyword `{keyword}")), "{told}");
                assert!(told.contains("` of its schema must be "), "{told}");
                Some(())
            });
            assert!(refused.count() >= 4, "{keyword}");
        }
        for unknown in ["uniqueItems", "default", "x-more", "readOnly", "const", "nullable"] {
            for value in &others {
                assert_eq!(told_of(json!({ unknown: value })), None, "{unknown}");
            }
        }
    }

    #[test]
    fn the_place_and_the_form_are_named() {
        for (schema, expected) in [
            (json!(5), "its schema must be an object, `true` or `false`, and is 5"),
            (json!("number"), "its schema must be an object, `true` or `false`, and is \"number\""),
            (
                json!({ "minimum": "five" }),
                "the keyword `minimum` of its schema must be a number, and is \"five\"",
            ),
            (
                json!({ "maxLength": -1 }),
                "the keyword `maxLength` of its schema must be an integer from 0, and is -1",
            ),
            (
                json!({ "maxLength": 1.5 }),
                "the keyword `maxLength` of its schema must be an integer from 0, and is 1.5",
            ),
            (json!({ "enum": 5 }), "the keyword `enum` of its schema must be a list of values, and is 5"),
            (
                json!({ "x-js": "Weird" }),
                "the keyword `x-js` of its schema must be one of Uint8Array, Date, Map, Set, Error, Handle, Function, AsyncIterable, Iterable, and is \"Weird\"",
            ),
            (
                json!({ "type": ["number", "nonsense"] }),
                "the keyword `type` of its schema must be one of null, boolean, number, integer, string, array, object, or a \
                 list of them, and is [\"number\", \"nonsense\"]",
            ),
            (
                json!({ "properties": 5 }),
                "the keyword `properties` of its schema must be an object of schemas, and is 5",
            ),
            (
                json!({ "required": "a" }),
                "the keyword `required` of its schema must be a list of texts, and is \"a\"",
            ),
            (
                json!({ "items": [{}] }),
                "the keyword `items` of its schema must be a schema, which is an object, `true` or `false`, and is a list",
            ),
            (
                json!({ "type": "integer", "multipleOf": 1.5 }),
                "the keyword `multipleOf` of its schema must be a number above 0, and an integer where the type is \
                 `integer`, and is 1.5",
            ),
            (
                json!({ "anyOf": [{}, { "properties": { "a": { "items": { "minimum": [] } } } }] }),
                "the keyword `anyOf/1/properties/a/items/minimum` of its schema must be a number, and is []",
            ),
            (
                json!({ "anyOf": [{}, "string"] }),
                "the keyword `anyOf/1` of its schema must be a schema, which is an object, `true` or `false`, and is \"string\"",
            ),
            (
                json!({ "items": { "$ref": "#/$defs/Bad" } }),
                "the keyword `#/$defs/Bad/properties/a/minLength` of its schema must be an integer from 0, and is -1",
            ),
            (
                json!({ "$ref": "#/$defs/No" }),
                "the keyword `#/$defs/No` of its schema must be a schema, which is an object, `true` or `false`, and is 5",
            ),
        ] {
            assert_eq!(told_of(schema).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_type_that_refers_to_itself_is_read_once() {
        let defs = json!({ "A": { "items": { "$ref": "#/$defs/A" }, "maxItems": [] } });
        let Json::Object(defs) = defs else { panic!("it is an object") };
        assert!(malformed(&json!({ "$ref": "#/$defs/A" }), &defs).is_some());
        let defs = json!({ "A": { "items": { "$ref": "#/$defs/A" } } });
        let Json::Object(defs) = defs else { panic!("it is an object") };
        assert_eq!(malformed(&json!({ "$ref": "#/$defs/A" }), &defs), None);
    }
}
