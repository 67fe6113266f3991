//! Reads the schemas of a description, in one place for all generated forms.
//!
//! `typescript`, `zod`, `remarks`, and `testing` of `sandbox-runtime` ask it. A schema is a list of [`TypePart`]s.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::description::{Description, TypeDescription};
use super::generate::definition;

pub(super) type Object = Map<String, Json>;

/// The schema of anything.
static ANYTHING: Json = Json::Bool(true);

/// How many references are followed to resolve a schema. Only a schema that refers to itself has more.
const DEPTH: usize = 64;

/// Where values go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SchemaDirection {
    ToGuest,
    ToHost,
}

impl SchemaDirection {
    /// The direction of the arguments of a function that goes this way.
    pub(super) fn opposite(self) -> Self {
        match self {
            Self::ToGuest => Self::ToHost,
            Self::ToHost => Self::ToGuest,
        }
    }

    /// The named types of values that go this way.
    pub(super) fn types(self, description: &Description) -> &Object {
        match self {
            Self::ToGuest => &description.to_guest,
            Self::ToHost => &description.to_host,
        }
    }

    /// The schema of values that go this way; anything, where the description has no schema.
    pub(super) fn schema(self, of: &TypeDescription) -> &Json {
        let schema = match self {
            Self::ToGuest => &of.to_guest,
            Self::ToHost => &of.to_host,
        };
        schema.as_ref().unwrap_or(&ANYTHING)
    }
}

/// One condition of a schema. A value fits the schema when it meets all of them; without any, everything fits.
pub(super) enum TypePart<'a> {
    Never,
    /// The name in `$defs`.
    Reference(String),
    /// One of several types, with the schema that has their keywords.
    Types(Vec<Type<'a>>, &'a Object),
    /// One of several values. Integers have the width, if the schema has one.
    Literals(Vec<&'a Json>, Option<Width>),
    Not(&'a Json),
    OneOf(&'a [Json]),
    AnyOf(&'a [Json]),
}

/// A type of JSON Schema, as finely as JavaScript needs it, or a type that JSON does not have (`x-js`).
pub(super) enum Type<'a> {
    Null,
    Boolean,
    Number {
        single: bool,
    },
    Integer(Width),
    Text,
    List(&'a Json),
    Tuple(&'a [Json]),
    Struct,
    Record,
    Bytes,
    Date,
    Error,
    Set(&'a Json),
    Map(&'a Json, &'a Json),
    /// A handle of the contract with this name.
    Handle(&'a str),
    Function(FunctionType<'a>),
    /// The schema of the items, and whether a reader waits for them.
    Stream(&'a Json, bool),
}

/// A function. Its arguments go the opposite way of the function itself.
pub(super) struct FunctionType<'a> {
    pub params: &'a [Json],
    pub result: &'a Json,
    pub is_async: bool,
}

/// A property of a struct.
pub(super) struct Field<'a> {
    pub name: &'a str,
    pub schema: &'a Json,
    pub required: bool,
}

/// The properties that are no fields.
pub(super) struct Others<'a> {
    /// By the pattern of their names.
    pub patterns: Vec<(&'a str, &'a Json)>,
    /// All others: `None` if they are ignored.
    pub rest: Option<&'a Json>,
    /// Names that are not among them, because other parts of the schema define them.
    pub known: Vec<String>,
}

/// The conditions of a schema.
pub(super) fn parts(schema: &Json) -> Vec<TypePart<'_>> {
    let Some(object) = schema.as_object() else {
        return if schema == &Json::Bool(false) { vec![TypePart::Never] } else { Vec::new() };
    };
    if let Some(types) = natives(object) {
        return vec![TypePart::Types(types, object)];
    }
    let mut parts: Vec<TypePart<'_>> = reference(object).map(TypePart::Reference).into_iter().collect();
    parts.extend(list(object, "oneOf").map(TypePart::OneOf));
    parts.extend(list(object, "anyOf").map(TypePart::AnyOf));
    parts.extend(list(object, "allOf").into_iter().flatten().flat_map(super::walk::parts));
    parts.extend(object.get("not").map(TypePart::Not));
    // Beside the parts of an object, or beside listed values, `type` adds nothing.
    match literals(object) {
        Some(values) => parts.insert(0, TypePart::Literals(values, width(object))),
        None if parts.iter().all(|part| matches!(part, TypePart::Not(_))) || has_properties(object) => {
            parts.splice(0..0, types(object).map(|types| TypePart::Types(types, object)));
        }
        None => {}
    }
    parts
}

/// The name that a schema refers to.
fn reference(object: &Object) -> Option<String> {
    definition(object.get("$ref")?.as_str()?)
}

fn list<'a>(object: &'a Object, keyword: &str) -> Option<&'a [Json]> {
    object.get(keyword)?.as_array().map(Vec::as_slice)
}

fn literals(object: &Object) -> Option<Vec<&Json>> {
    match object.get("const") {
        Some(value) => Some(vec![value]),
        None => Some(list(object, "enum")?.iter().collect()),
    }
}

/// A type that JSON does not have. The JavaScript type stands for every type that the schema names beside it, except
/// null.
fn natives(object: &Object) -> Option<Vec<Type<'_>>> {
    let item = |keyword| object.get(keyword).unwrap_or(&ANYTHING);
    let native = match object.get("x-js")?.as_str()? {
        "Uint8Array" => Type::Bytes,
        "Date" => Type::Date,
        "Error" => Type::Error,
        "Set" => Type::Set(item("items")),
        "Map" => Type::Map(item("x-js-key"), item("x-js-value")),
        "Handle" => Type::Handle(object.get("x-contract").and_then(Json::as_str).unwrap_or_default()),
        "Function" => Type::Function(FunctionType::of(object.get("x-function"))),
        name @ ("AsyncIterable" | "Iterable") => {
            Type::Stream(stream_items(object.get("x-stream")), name == "AsyncIterable")
        }
        _ => return None,
    };
    let null = names_null(object.get("type")).then_some(Type::Null);
    Some(std::iter::once(native).chain(null).collect())
}

impl<'a> FunctionType<'a> {
    /// Reads the keyword `x-function`.
    pub(super) fn of(function: Option<&'a Json>) -> Self {
        let function = function.and_then(Json::as_object);
        let part = |keyword: &str| function.and_then(|function| function.get(keyword));
        Self {
            params: function.and_then(|function| list(function, "parameters")).unwrap_or_default(),
            result: part("result").unwrap_or(&ANYTHING),
            is_async: part("async") == Some(&Json::Bool(true)),
        }
    }
}

/// The schema of a stream's items, from the keyword `x-stream`.
pub(super) fn stream_items(stream: Option<&Json>) -> &Json {
    stream.and_then(|stream| stream.get("items")).unwrap_or(&ANYTHING)
}

/// Whether the keyword `type` has null beside other types, as that of an `Option` does.
pub(super) fn names_null(types: Option<&Json>) -> bool {
    types.and_then(Json::as_array).is_some_and(|names| names.iter().any(|name| name == "null"))
}

fn has_properties(object: &Object) -> bool {
    ["properties", "required", "additionalProperties", "patternProperties", "unevaluatedProperties"]
        .iter()
        .any(|keyword| object.contains_key(*keyword))
}

fn types(object: &Object) -> Option<Vec<Type<'_>>> {
    if let Some(types) = natives(object) {
        return Some(types);
    }
    let names = match object.get("type") {
        Some(Json::String(name)) => vec![name.as_str()],
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ if has_properties(object) => vec!["object"],
        _ if object.contains_key("items") || object.contains_key("prefixItems") => vec!["array"],
        _ => return None,
    };
    Some(names.into_iter().filter_map(|name| type_named(name, object)).collect())
}

fn type_named<'a>(name: &str, object: &'a Object) -> Option<Type<'a>> {
    let named = |keyword: &str| object.get(keyword).and_then(Json::as_object).is_some_and(|o| !o.is_empty());
    Some(match name {
        "null" => Type::Null,
        "boolean" => Type::Boolean,
        "number" => Type::Number { single: object.get("format").is_some_and(|format| format == "float") },
        "integer" => Type::Integer(Width::of(object)),
        "string" => Type::Text,
        "array" => match list(object, "prefixItems") {
            Some(items) => Type::Tuple(items),
            None => Type::List(object.get("items").unwrap_or(&ANYTHING)),
        },
        "object" if named("properties") || object.contains_key("required") => Type::Struct,
        "object" if named("patternProperties") || object.get("additionalProperties").is_some_and(allows) => {
            Type::Record
        }
        "object" => Type::Struct,
        _ => return None,
    })
}

fn allows(schema: &Json) -> bool {
    schema != &Json::Bool(false)
}

/// The fields of a struct, in their order.
pub(super) fn fields(object: &Object) -> Vec<Field<'_>> {
    let required: Vec<&str> =
        list(object, "required").into_iter().flatten().filter_map(Json::as_str).collect();
    let properties = object.get("properties").and_then(Json::as_object);
    let described = properties.into_iter().flatten().map(|(name, schema)| Field {
        name,
        schema,
        required: required.contains(&name.as_str()),
    });
    let bare = required.iter().filter(|name| properties.is_none_or(|fields| !fields.contains_key(**name)));
    described.chain(bare.map(|name| Field { name, schema: &ANYTHING, required: true })).collect()
}

/// The properties of an object that are no fields; `types` are those that it may refer to.
pub(super) fn others<'a>(object: &'a Object, types: &Object) -> Others<'a> {
    let patterns = object.get("patternProperties").and_then(Json::as_object);
    let unevaluated = object.get("unevaluatedProperties");
    let rest = object.get("additionalProperties").or(unevaluated);
    let mut known = BTreeSet::new();
    if rest.is_some() && !object.contains_key("additionalProperties") {
        names_of_parts(object, types, DEPTH, &mut known);
    }
    Others {
        patterns: patterns
            .into_iter()
            .flatten()
            .map(|(pattern, schema)| (pattern.as_str(), schema))
            .collect(),
        rest,
        known: known.into_iter().collect(),
    }
}

/// The names of properties that the parts of a schema have, in any of their forms.
fn names_of_parts(object: &Object, types: &Object, depth: usize, names: &mut BTreeSet<String>) {
    let target = reference(object).and_then(|name| types.get(&name));
    let listed =
        ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|keyword| list(object, keyword)).flatten();
    for part in target.into_iter().chain(listed).filter_map(Json::as_object) {
        names.extend(fields(part).iter().map(|field| field.name.to_owned()));
        if let Some(depth) = depth.checked_sub(1) {
            names_of_parts(part, types, depth, names);
        }
    }
}

/// The target of a schema that only refers to another, after all references.
pub(super) fn resolved<'a>(schema: &'a Json, types: &'a Object) -> &'a Json {
    let mut schema = schema;
    for _ in 0..DEPTH {
        let found = parts(schema);
        let [TypePart::Reference(name)] = &*found else { break };
        let Some(target) = types.get(name) else { break };
        schema = target;
    }
    schema
}

/// Whether a schema is that of `()`.
pub(super) fn is_unit(schema: &Json, types: &Object) -> bool {
    matches!(&*parts(resolved(schema, types)), [TypePart::Types(types, _)] if matches!(**types, [Type::Null]))
}

/// Whether a schema says that null is allowed. A schema without keywords, as of an undescribed type, does not say so.
pub(super) fn admits_null(schema: &Json, types: &Object) -> bool {
    admits_null_within(schema, types, DEPTH)
}

fn admits_null_within(schema: &Json, types: &Object, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let admits = |schema: &Json| admits_null_within(schema, types, depth);
    let parts = parts(schema);
    !parts.is_empty()
        && parts.iter().all(|part| match part {
            TypePart::Types(types, _) => types.iter().any(|of| matches!(of, Type::Null)),
            TypePart::Literals(values, _) => values.iter().any(|value| value.is_null()),
            TypePart::OneOf(options) | TypePart::AnyOf(options) => options.iter().any(admits),
            TypePart::Reference(name) => types.get(name).is_some_and(admits),
            _ => false,
        })
}

/// How the key of a map is written as the name of a property.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Text,
    Number,
    BigInt,
}

/// The kind of a map's keys, if they can be the names of properties.
pub(super) fn key_kind(key: &Json, types: &Object) -> Option<KeyKind> {
    let object = resolved(key, types).as_object()?;
    match &*self::types(object)? {
        [Type::Text] => Some(KeyKind::Text),
        [Type::Integer(width)] if width.is_big() => Some(KeyKind::BigInt),
        [Type::Integer(_)] => Some(KeyKind::Number),
        _ => None,
    }
}

/// Whether properties whose names match a pattern have integers as their keys in Rust.
pub(super) fn is_integral(pattern: &str) -> bool {
    matches!(pattern, r"^\d+$" | r"^-?\d+$")
}

fn width(object: &Object) -> Option<Width> {
    let types = types(object)?;
    types.iter().find_map(|of| match of {
        Type::Integer(width) => Some(*width),
        _ => None,
    })
}

/// The range of an integer type.
#[derive(Clone, Copy)]
pub(super) struct Width {
    /// The Rust type.
    pub name: &'static str,
    signed: bool,
    bits: u32,
}

impl Width {
    fn of(object: &Object) -> Self {
        let (name, signed, bits) = match object.get("format").and_then(Json::as_str).unwrap_or_default() {
            "int8" => ("i8", true, 8),
            "int16" => ("i16", true, 16),
            "int32" => ("i32", true, 32),
            "uint8" => ("u8", false, 8),
            "uint16" => ("u16", false, 16),
            "uint32" => ("u32", false, 32),
            "uint64" | "uint" => ("u64", false, 64),
            "int128" => ("i128", true, 128),
            "uint128" => ("u128", false, 128),
            _ => ("i64", true, 64),
        };
        Self { name, signed, bits }
    }

    /// Whether JavaScript has the type as a BigInt.
    pub(super) fn is_big(self) -> bool {
        self.bits > 32
    }

    /// The range in words, such as `0 to 255`.
    pub(super) fn range(self) -> String {
        let power = self.bits - u32::from(self.signed);
        match (self.is_big(), self.signed) {
            (true, true) => format!("-2^{power} to 2^{power} - 1"),
            (true, false) => format!("0 to 2^{power} - 1"),
            (false, true) => format!("{} to {}", -(1_i64 << power), (1_i64 << power) - 1),
            (false, false) => format!("0 to {}", (1_i64 << power) - 1),
        }
    }

    /// Whether a bound is the type's own, and so adds nothing.
    pub(super) fn implies(self, keyword: &str, bound: &Json) -> bool {
        let power = self.bits - u32::from(self.signed);
        let bound = bound.as_i64().map(i128::from).or(bound.as_u64().map(i128::from));
        match (keyword, bound) {
            ("minimum", Some(bound)) if self.signed => bound <= -(1_i128 << power.min(126)),
            ("minimum", Some(bound)) => bound <= 0,
            ("maximum", Some(bound)) => bound >= (1_i128 << power.min(126)) - 1,
            _ => false,
        }
    }
}
