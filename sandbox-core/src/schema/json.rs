//! JSON Schema 2020-12 for the arguments and the result of each method.

use schemars::Schema;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde_json::{Map, Value as Json, json};

use super::description::{Description, MethodDescription, TypeDescription};
use super::generate::keep_used;

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
        "arguments": document(&format!("The arguments of {place}"), arguments, before),
        "result": document(&format!("The result of {place}"), result, after),
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

/// A schema document that needs no other.
fn document(title: &str, schema: Json, defs: &Map<String, Json>) -> Json {
    let mut document = Map::new();
    document.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    document.insert("title".into(), title.into());
    // The only boolean schema here is `true`: anything.
    if let Json::Object(words) = schema {
        words.into_iter().for_each(|(word, value)| {
            document.entry(word).or_insert(value);
        });
    }
    let defs = keep_used(defs.clone(), &[&Json::Object(document.clone())]);
    if !defs.is_empty() {
        document.insert("$defs".into(), Json::Object(defs));
    }
    let mut document = Schema::from(document);
    RecursiveTransform(with_range).transform(&mut document);
    document.to_value()
}

/// Adds the range of an integer, for a validator that does not know the format. JSON has none of 128 bits.
fn with_range(schema: &mut Schema) {
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
