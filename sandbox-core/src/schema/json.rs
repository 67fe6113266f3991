//! JSON Schema 2020-12 for the arguments and the result of each method.

use schemars::Schema;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde_json::{Map, Value as Json, json};

use super::description::{Description, MethodDescription, TypeDescription};
use super::generate::{is_function, keep_used};

/// `{ "<method>": { "guest": { "arguments": …, "result": … }, "host": … } }`, and the methods of handles by their contracts
/// as `x-handles`.
pub(super) fn schemas(description: &Description) -> Json {
    let mut all = methods(description);
    if !description.handles.is_empty() {
        let handles = description.handles.iter();
        let handles =
            handles.map(|handle| (handle.contract.clone(), methods(&description.of_handle(handle)).into()));
        all.insert("x-handles".into(), Json::Object(handles.collect()));
    }
    Json::Object(all)
}

fn methods(description: &Description) -> Map<String, Json> {
    let methods = description.methods.iter().map(|method| {
        let mut sides = Map::new();
        if description.guest {
            sides.insert("guest".into(), side(description, method, true));
        }
        if description.host {
            sides.insert("host".into(), side(description, method, false));
        }
        (method.name.clone(), Json::Object(sides))
    });
    methods.collect()
}

/// The schemas of a method that the guest implements, or else the host.
fn side(description: &Description, method: &MethodDescription, guest: bool) -> Json {
    let place = format!("{}.{}", description.contract, method.name);
    let sent = |ty: &TypeDescription| ty.to_guest.clone().unwrap_or(true.into());
    let received = |ty: &TypeDescription| ty.to_host.clone().unwrap_or(true.into());
    let (argument, result): (&dyn Fn(&TypeDescription) -> Json, Json) = match guest {
        true => (&sent, received(&method.returns)),
        false => (&received, sent(&method.returns)),
    };
    let (before, after) = match guest {
        true => (&description.to_guest, &description.to_host),
        false => (&description.to_host, &description.to_guest),
    };
    let items = method.params.iter().map(|param| titled(argument(&param.schema), &param.name));
    let count = method.params.len();
    let mut arguments = json!({ "type": "array", "minItems": count, "maxItems": count });
    if count > 0 {
        arguments["prefixItems"] = items.collect::<Vec<_>>().into();
        arguments["items"] = false.into();
    }
    json!({
        "arguments": document(&format!("The arguments of {place}"), arguments, [before, after]),
        "result": document(&format!("The result of {place}"), result, [after, before]),
    })
}

/// The schema with the parameter's name as its title, unless it has a title.
fn titled(schema: Json, name: &str) -> Json {
    match schema {
        Json::Object(mut object) => {
            object.entry("title").or_insert_with(|| name.into());
            Json::Object(object)
        }
        anything => anything,
    }
}

/// A schema document that needs no other. `defs` are the types of the document's direction, and those of the other one.
fn document(title: &str, schema: Json, defs: [&Map<String, Json>; 2]) -> Json {
    let mut document = Map::new();
    document.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    document.insert("title".into(), title.into());
    // The only boolean schema here is `true`: anything.
    if let Json::Object(words) = schema {
        words.into_iter().for_each(|(word, value)| {
            document.entry(word).or_insert(value);
        });
    }
    let [mut own, other] =
        keep_used(defs.map(Clone::clone), &[vec![&Json::Object(document.clone())], Vec::new()]);
    let suffix = free_suffix(&own, &other);
    let mut document = Json::Object(document);
    own.values_mut().chain([&mut document]).for_each(|schema| refer(schema, false, &suffix));
    for (name, mut def) in other {
        refer(&mut def, true, &suffix);
        own.insert(name + &suffix, def);
    }
    if let (Json::Object(document), false) = (&mut document, own.is_empty()) {
        document.insert("$defs".into(), Json::Object(own));
    }
    let Json::Object(document) = document else { return document };
    let mut document = Schema::from(document);
    RecursiveTransform(with_range).transform(&mut document);
    document.to_value()
}

/// The end of the names of types that go the other way, as the arguments of a function do. No name of `own` is one of them.
fn free_suffix(own: &Map<String, Json>, other: &Map<String, Json>) -> String {
    let mut suffix = "Opposite".to_owned();
    while other.keys().any(|name| own.contains_key(&format!("{name}{suffix}"))) {
        suffix.push('2');
    }
    suffix
}

/// Renames the references to types of the other direction. `is_other` says that the schema is of that direction.
fn refer(schema: &mut Json, is_other: bool, suffix: &str) {
    match schema {
        Json::Object(object) => {
            let is_function = is_function(object);
            for (keyword, inner) in object {
                match (keyword.as_str(), inner) {
                    ("$ref", Json::String(reference)) if is_other => reference.push_str(suffix),
                    ("x-function", Json::Object(function)) if is_function => {
                        for (part, inner) in function {
                            refer(inner, is_other != (part == "parameters"), suffix);
                        }
                    }
                    (_, inner) => refer(inner, is_other, suffix),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| refer(item, is_other, suffix)),
        _ => {}
    }
}

/// Adds the range of an integer, for a validator that does not know the format. JSON has none of 128 bits.
fn with_range(schema: &mut Schema) {
    for inner in inner_schemas(schema) {
        RecursiveTransform(with_range).transform(inner);
    }
    let [min, max] = match schema.get("format").and_then(Json::as_str) {
        Some("int32") => [i32::MIN.into(), i32::MAX.into()],
        Some("uint32") => [0.into(), u32::MAX.into()],
        Some("int64" | "int") => [i64::MIN.into(), i64::MAX.into()],
        Some("uint64" | "uint") => [0.into(), Json::from(u64::MAX)],
        _ => return,
    };
    if let Some(object) = schema.as_object_mut() {
        object.entry("minimum").or_insert(min);
        object.entry("maximum").or_insert(max);
    }
}

/// The schemas in the keywords of functions and streams, which schemars does not know.
fn inner_schemas(schema: &mut Schema) -> Vec<&mut Schema> {
    let keywords = schema.as_object_mut().into_iter().flatten();
    let parts = keywords.filter(|(keyword, _)| matches!(keyword.as_str(), "x-function" | "x-stream"));
    let parts = parts.filter_map(|(_, part)| part.as_object_mut()).flatten();
    let schemas = parts.flat_map(|(_, inner)| match inner {
        Json::Array(all) => all.iter_mut().collect(),
        one => vec![one],
    });
    schemas.filter_map(|inner| inner.try_into().ok()).collect()
}
