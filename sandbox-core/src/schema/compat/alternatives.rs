//! A schema as the list of its alternatives.
//!
//! References are followed, unions are flattened, and conditions that hold at once are merged. So each alternative
//! has one type (or one constant) and its own constraints. `graph` makes nodes of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::super::walk::names_null;

/// One alternative of a schema.
#[derive(Clone, Default)]
pub(super) struct Alternative {
    /// The key that distinguishes it from the others of its union: the property of an externally tagged variant, or
    /// the tags.
    pub(super) key: String,
    /// The tag as a path shows it; empty where the path shows the variant as a property.
    pub(super) tag: String,
    /// Keywords with neither references nor unions among them. Without any keyword, every value is allowed.
    pub(super) keywords: BTreeMap<String, Json>,
}

/// Keywords that are merged. All other keywords are notes, and constrain nothing.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "additionalProperties", "const", "exclusiveMaximum", "exclusiveMinimum", "format", "items", "maxItems",
    "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf",
    "pattern", "patternProperties", "prefixItems", "properties", "required", "type", "unevaluatedProperties",
];

/// Keywords of a JavaScript type that JSON does not have. Of the JSON form beside it, only the lengths and null
/// count.
#[rustfmt::skip]
const JS_KEYWORDS: &[&str] = &[
    "x-js", "x-js-key", "x-js-value", "x-contract", "x-function", "x-stream", "items", "minItems", "maxItems",
    "minProperties", "maxProperties",
];

/// The alternatives of `schema`, with references into `defs`.
pub(super) fn of(schema: &Json, defs: &Map<String, Json>) -> Vec<Alternative> {
    expand(schema, defs, &mut Vec::new())
}

/// `trail` has the references that are being followed. A union that contains itself adds nothing to itself.
fn expand<'a>(schema: &'a Json, defs: &'a Map<String, Json>, trail: &mut Vec<&'a str>) -> Vec<Alternative> {
    let Json::Object(schema) = schema else {
        return if schema == &Json::Bool(false) { Vec::new() } else { vec![Alternative::default()] };
    };
    let mut all = own(schema);
    if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
        all = product(&all, &follow(name, defs, trail));
    }
    for member in list(schema, "allOf") {
        all = product(&all, &expand(member, defs, trail));
    }
    for union in ["anyOf", "oneOf"].into_iter().filter(|union| schema.contains_key(*union)) {
        let members = list(schema, union).iter().flat_map(|member| expand(member, defs, trail));
        all = product(&all, &members.map(keyed).collect::<Vec<_>>());
    }
    all
}

fn follow<'a>(name: &'a str, defs: &'a Map<String, Json>, trail: &mut Vec<&'a str>) -> Vec<Alternative> {
    if trail.contains(&name) {
        return Vec::new();
    }
    // A reference without a target constrains nothing.
    let Some(target) = name.strip_prefix("#/$defs/").and_then(|key| defs.get(key)) else {
        return vec![Alternative::default()];
    };
    trail.push(name);
    let alternatives = expand(target, defs, trail);
    trail.pop();
    alternatives
}

fn list<'a>(schema: &'a Map<String, Json>, keyword: &str) -> &'a [Json] {
    schema.get(keyword).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// The keywords of a schema beside references and unions.
fn own(schema: &Map<String, Json>) -> Vec<Alternative> {
    let is_js = schema.contains_key("x-js");
    let relevant = if is_js { JS_KEYWORDS } else { KEYWORDS };
    let mut keywords: BTreeMap<String, Json> = BTreeMap::new();
    for (keyword, value) in schema.iter().filter(|(keyword, _)| relevant.contains(&keyword.as_str())) {
        // Two patterns can hold at once, so patterns are a list.
        let value = if keyword == "pattern" { Json::from(vec![value.clone()]) } else { value.clone() };
        keywords.insert(keyword.clone(), value);
    }
    let split = |keyword: &str, values: &[Json]| {
        let one = |value: &Json| {
            let mut keywords = keywords.clone();
            keywords.insert(keyword.to_owned(), value.clone());
            Alternative { keywords, ..Alternative::default() }
        };
        values.iter().map(one).collect()
    };
    if is_js {
        let null = || Alternative {
            keywords: BTreeMap::from([("type".to_owned(), "null".into())]),
            ..Alternative::default()
        };
        let null = names_null(schema.get("type")).then(null);
        return std::iter::once(Alternative { keywords, ..Alternative::default() }).chain(null).collect();
    }
    match (schema.get("enum"), schema.get("type")) {
        (Some(Json::Array(values)), types) => {
            let mut constants: Vec<Alternative> = split("const", values);
            if types.is_some_and(Json::is_array) {
                for constant in &mut constants {
                    constant.keywords.remove("type");
                }
            }
            constants
        }
        (_, Some(Json::Array(types))) => split("type", types),
        _ => vec![Alternative { keywords, ..Alternative::default() }],
    }
}

/// Every combination of an alternative of both.
fn product(left: &[Alternative], right: &[Alternative]) -> Vec<Alternative> {
    left.iter().flat_map(|left| right.iter().filter_map(|right| merge(left, right))).collect()
}

fn merge(left: &Alternative, right: &Alternative) -> Option<Alternative> {
    let mut both = left.clone();
    for (keyword, value) in &right.keywords {
        let value = match both.keywords.get(keyword) {
            Some(known) if known != value => merge_keyword(keyword, known, value)?,
            _ => value.clone(),
        };
        both.keywords.insert(keyword.clone(), value);
    }
    both.key.push_str(&right.key);
    both.tag.push_str(&right.tag);
    Some(both)
}

/// Merges two values of a keyword that must hold at once; `None` if they cannot.
fn merge_keyword(keyword: &str, left: &Json, right: &Json) -> Option<Json> {
    let by_size = |left_if: fn(f64, f64) -> bool| {
        let (a, b) = (left.as_f64()?, right.as_f64()?);
        Some(if left_if(a, b) { left.clone() } else { right.clone() })
    };
    match keyword {
        "type" if left == "integer" && right == "number" => Some(left.clone()),
        "type" if left == "number" && right == "integer" => Some(right.clone()),
        "type" | "const" | "x-js" => None,
        "properties" | "patternProperties" => {
            let mut all = left.as_object()?.clone();
            all.extend(right.as_object()?.clone());
            Some(Json::Object(all))
        }
        "required" | "pattern" => Some(Json::from([left.as_array()?.as_slice(), right.as_array()?].concat())),
        "additionalProperties" | "unevaluatedProperties" if left == &Json::Bool(false) => Some(left.clone()),
        _ if keyword.contains("min") || keyword.contains("Min") => by_size(|a, b| a >= b),
        _ if keyword.contains("max") || keyword.contains("Max") => by_size(|a, b| a <= b),
        _ => Some(right.clone()),
    }
}

/// Gives a member of a union the key that distinguishes it from the others.
fn keyed(mut member: Alternative) -> Alternative {
    if !member.key.is_empty() {
        return member;
    }
    let Some(Json::Object(properties)) = member.keywords.get("properties") else { return member };
    let is_required = |name: &str| {
        let required = member.keywords.get("required").and_then(Json::as_array);
        required.is_some_and(|required| required.iter().any(|entry| entry == name))
    };
    let mut tags: Vec<(&str, &Json)> =
        properties.iter().filter_map(|(name, schema)| Some((name.as_str(), constant(schema)?))).collect();
    tags.retain(|(name, _)| is_required(name));
    tags.sort_by_key(|(name, _)| *name);
    let texts: Vec<String> = tags.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let values: Vec<String> =
        tags.iter().map(|(_, value)| value.as_str().map_or(value.to_string(), str::to_owned)).collect();
    let (key, tag) = match properties.keys().next() {
        _ if !texts.is_empty() => (texts.join(", "), format!("({})", values.join(", "))),
        Some(name) if properties.len() == 1 && is_required(name) => (name.clone(), String::new()),
        _ => return member,
    };
    (member.key, member.tag) = (key, tag);
    member
}

/// The only value that a schema allows, if the schema names it.
fn constant(schema: &Json) -> Option<&Json> {
    match schema.get("enum").and_then(Json::as_array).map(Vec::as_slice) {
        Some([only]) => Some(only),
        _ => schema.get("const"),
    }
}
