//! Values as data: read from what a guest shows, without each of their parts, in JSON and in TypeScript.

use sandbox_runtime::JsValue;
use serde_json::{Value as Json, json};

/// What the script shows of a value.
pub(super) fn decoded(shown: &Json) -> JsValue {
    let items = || shown[1].as_array().unwrap().iter();
    let text = |at: usize| shown[at].as_str().unwrap().to_owned();
    match shown[0].as_str().unwrap() {
        "undefined" => JsValue::Undefined,
        "null" => JsValue::Null,
        "boolean" => JsValue::Bool(shown[1].as_bool().unwrap()),
        "number" => JsValue::Number(text(1).replace("Infinity", "inf").parse().unwrap()),
        "bigint" => JsValue::bigint(text(1).parse().unwrap()),
        "string" => JsValue::String(text(1)),
        "array" => JsValue::Array(items().map(decoded).collect()),
        "date" => JsValue::Date(shown[1].as_f64().unwrap()),
        "bytes" => {
            JsValue::Bytes(items().map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap()).collect())
        }
        "map" => JsValue::Map(items().map(|entry| (decoded(&entry[0]), decoded(&entry[1]))).collect()),
        "set" => JsValue::Set(items().map(decoded).collect()),
        "error" => JsValue::Error { name: text(1), message: text(2), rest: Vec::new() },
        "object" => JsValue::Object(
            items().map(|entry| (entry[0].as_str().unwrap().to_owned(), decoded(&entry[1]))).collect(),
        ),
        other => panic!("no value is a {other}"),
    }
}

/// The value with each of its parts replaced by null, by undefined, and left out where it is a field; and where that was.
pub(super) fn without_each_part(value: &JsValue) -> Vec<(String, JsValue)> {
    let mut all = vec![("=null".to_owned(), JsValue::Null), ("=undefined".to_owned(), JsValue::Undefined)];
    let mut inside = |step: String, part: &JsValue, whole: &dyn Fn(JsValue) -> JsValue| {
        all.extend(
            without_each_part(part).into_iter().map(|(place, part)| (step.clone() + &place, whole(part))),
        );
    };
    match value {
        JsValue::Array(items) | JsValue::Set(items) => {
            for (at, item) in items.iter().enumerate() {
                inside(format!("[{}]", at.min(1)), item, &|item| {
                    let mut items = items.clone();
                    items[at] = item;
                    if matches!(value, JsValue::Set(_)) { JsValue::Set(items) } else { JsValue::Array(items) }
                });
            }
        }
        JsValue::Map(entries) => {
            for (at, (_, item)) in entries.iter().enumerate() {
                inside("{}".to_owned(), item, &|item| {
                    let mut entries = entries.clone();
                    entries[at].1 = item;
                    JsValue::Map(entries)
                });
            }
        }
        JsValue::Object(fields) => {
            for (at, (name, field)) in fields.iter().enumerate() {
                inside(format!(".{name}"), field, &|field| {
                    let mut fields = fields.clone();
                    fields[at].1 = field;
                    JsValue::Object(fields)
                });
            }
            for (at, (name, _)) in fields.iter().enumerate() {
                let others = [&fields[..at], &fields[at + 1..]].concat();
                all.push((format!(".{name}-"), JsValue::Object(others)));
            }
        }
        _ => {}
    }
    all
}

/// The JSON form of a value: a field that is undefined is absent.
pub(super) fn to_json(value: &JsValue) -> Json {
    match value {
        JsValue::Undefined | JsValue::Null => Json::Null,
        JsValue::Bool(value) => json!(value),
        JsValue::Number(value) => match value.fract() == 0.0 && value.abs() < 9e15 {
            true => json!(*value as i64),
            false => json!(value),
        },
        JsValue::BigInt { negative, magnitude } => {
            let magnitude = u64::try_from(*magnitude).unwrap();
            if *negative { json!(0_i64.checked_sub_unsigned(magnitude).unwrap()) } else { json!(magnitude) }
        }
        JsValue::String(text) => json!(text),
        JsValue::Array(items) | JsValue::Set(items) => items.iter().map(to_json).collect(),
        JsValue::Object(fields) => {
            let present = fields.iter().filter(|(_, value)| *value != JsValue::Undefined);
            Json::Object(present.map(|(name, value)| (name.clone(), to_json(value))).collect())
        }
        JsValue::Map(entries) => {
            let name = |key: &JsValue| match to_json(key) {
                Json::String(name) => name,
                other => other.to_string(),
            };
            Json::Object(entries.iter().map(|(key, value)| (name(key), to_json(value))).collect())
        }
        JsValue::Bytes(bytes) => json!(bytes),
        JsValue::Date(millis) => json!(*millis as i64),
        JsValue::Error { name, message, .. } => json!({ "name": name, "message": message }),
        other => panic!("a host gives no {other:?}"),
    }
}

/// Whether JSON has all of the value.
pub(super) fn is_finite(value: &JsValue) -> bool {
    match value {
        JsValue::Number(value) => value.is_finite(),
        JsValue::Array(items) | JsValue::Set(items) => items.iter().all(is_finite),
        JsValue::Object(fields) => fields.iter().all(|(_, value)| is_finite(value)),
        JsValue::Map(entries) => entries.iter().all(|(key, value)| is_finite(key) && is_finite(value)),
        _ => true,
    }
}

/// The expression of a value in TypeScript, of which the compiler infers no more than it has to.
pub(super) fn to_ts(value: &JsValue) -> String {
    let list = |items: &[JsValue]| items.iter().map(to_ts).collect::<Vec<_>>().join(", ");
    match value {
        JsValue::Array(items) => format!("[{}]", list(items)),
        JsValue::Set(items) => format!("set({})", list(items)),
        JsValue::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("[{}, {}]", to_ts(key), to_ts(value)));
            format!("map({})", entries.collect::<Vec<_>>().join(", "))
        }
        JsValue::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                format!("[{}]: {}", JsValue::String(name.clone()).to_js(), to_ts(value))
            });
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_js(),
    }
}
