//! A value of the guest as plain data: to say all that is wrong with it, or to keep what was thrown.

use deno_core::v8;

use super::fault::{ValueError, describe};
use super::read::{Reader, Value};
use super::shape::Shape;
use super::tree::JsValue;
use crate::isolate::engine;

/// Copies a value out. What is no data is described in its place; only a budget, or code of the guest that throws,
/// makes an end of it.
pub(super) fn observe(reader: Reader<'_, '_, '_>) -> Result<JsValue, ValueError> {
    seen(reader, false)
}

/// The same for a reader elsewhere, who may never look at what costs too much: it is [`cut`] where it begins to.
#[cfg(feature = "process")]
pub(super) fn observe_affordable(reader: Reader<'_, '_, '_>) -> Result<JsValue, ValueError> {
    seen(reader, true)
}

fn seen(reader: Reader<'_, '_, '_>, cuts: bool) -> Result<JsValue, ValueError> {
    match observe_one(reader, cuts) {
        Err(error) if cuts && error.is_budget() => {
            let what = match reader.value.try_cast::<v8::String>() {
                Ok(string) => format!("{STRING}{}", engine::length(reader.scope, string)),
                Err(_) => describe(reader.scope, reader.value),
            };
            Ok(JsValue::Other(cut(&what, error)))
        }
        observed => observed,
    }
}

/// What a value is that was not copied out, and why.
fn cut(what: &str, error: ValueError) -> String {
    let (expected, found) = error.into_expected_and_found();
    format!("{what}{CUT}{expected}{GOT}{found}")
}

/// What is between the parts of the description of such a value.
pub(super) const CUT: &str = "; expected ";
pub(super) const GOT: &str = ", got ";
/// What is before the length of a string.
pub(super) const STRING: &str = "a string of length ";

fn observe_one(reader: Reader<'_, '_, '_>, cuts: bool) -> Result<JsValue, ValueError> {
    let described = |value| JsValue::Other(describe(reader.scope, value));
    Ok(match reader.shape() {
        Shape::Nothing if reader.value.is_null() => JsValue::Null,
        Shape::Nothing => JsValue::Undefined,
        Shape::Bool(value) => JsValue::Bool(value),
        Shape::Number(value) => JsValue::Number(value),
        Shape::BigInt(bigint) => match engine::big_value(reader.scope, bigint) {
            Some((negative, magnitude)) => JsValue::BigInt { negative, magnitude },
            None => JsValue::Other("a BigInt of more than 128 bits".into()),
        },
        Shape::Text(string) => text(reader, string)?,
        Shape::Array(array) => JsValue::Array(items(reader, array.into(), array.length(), cuts)?),
        Shape::Set(set) => {
            reader.budget.length(engine::set_size(reader.scope, set))?;
            let array = engine::set_items(reader.scope, set).ok_or_else(ValueError::thrown)?;
            JsValue::Set(items(reader, array.into(), array.length(), cuts)?)
        }
        Shape::Numbers(numbers) => match reader.numbers(numbers) {
            Ok(numbers) => {
                let length = u32::try_from(numbers.length()).unwrap_or(u32::MAX);
                typed(reader.value, items(reader, numbers.into(), length, cuts)?)
            }
            Err(_) => JsValue::Other("a typed array whose memory is gone".into()),
        },
        Shape::Bytes(_) => match reader.bytes() {
            Ok(bytes) if reader.value.is_array_buffer() => JsValue::Buffer { kind: "ArrayBuffer", bytes },
            Ok(bytes) if reader.value.is_data_view() => JsValue::Buffer { kind: "DataView", bytes },
            Ok(bytes) => JsValue::Bytes(bytes),
            Err(error) if error.is_budget() => return Err(error),
            Err(_) => JsValue::Other("bytes whose memory is gone".into()),
        },
        Shape::Date(millis) => JsValue::Date(millis),
        Shape::Error(object) => error(reader, object, cuts)?,
        Shape::Map(map) => {
            reader.budget.length(engine::map_size(reader.scope, map))?;
            let array = engine::map_items(reader.scope, map).ok_or_else(ValueError::thrown)?;
            JsValue::Map(pairs(reader, array, cuts)?)
        }
        Shape::Object(object) => fields(reader, object, cuts)?,
        Shape::Exotic => described(reader.value),
    })
}

/// Text, or what is wrong with it.
fn text<'s>(reader: Reader<'_, 's, '_>, string: v8::Local<'s, v8::String>) -> Result<JsValue, ValueError> {
    match reader.text(string) {
        Ok(text) => Ok(JsValue::String(text)),
        Err(error) if error.is_budget() => Err(error),
        Err(error) => Ok(JsValue::Other(error.into_found())),
    }
}

fn items<'s>(
    reader: Reader<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    length: u32,
    cuts: bool,
) -> Result<Vec<JsValue>, ValueError> {
    reader.budget.items(length as usize)?;
    let inside = reader.inside()?;
    let item = |index| {
        let item = object.get_index(reader.scope, index).ok_or_else(ValueError::thrown)?;
        seen(inside.of(item), cuts)
    };
    (0..length).map(|index| item(index).map_err(|error| error.at(index as usize))).collect()
}

/// The entries of a Map, whose keys and values are in turn.
fn pairs<'s>(
    reader: Reader<'_, 's, '_>,
    entries: v8::Local<'s, v8::Array>,
    cuts: bool,
) -> Result<Vec<(JsValue, JsValue)>, ValueError> {
    let size = entries.length() / 2;
    reader.budget.items(size as usize)?;
    reader.budget.nodes(size as usize)?;
    let inside = reader.inside()?;
    let part = |index| {
        let part = entries.get_index(reader.scope, index).ok_or_else(ValueError::thrown)?;
        seen(inside.of(part), cuts)
    };
    let pair = |index| {
        let key = part(2 * index).map_err(|error| error.at_key(index as usize))?;
        let value = part(2 * index + 1).map_err(|error| match &key {
            JsValue::String(name) => error.inside(name.clone()),
            JsValue::Number(_) | JsValue::BigInt { .. } => error.inside(key.describe()),
            _ => error.at(index as usize),
        })?;
        Ok((key, value))
    };
    (0..size).map(pair).collect()
}

/// The elements of a typed array whose kind decides what they are.
fn typed(value: Value<'_>, values: Vec<JsValue>) -> JsValue {
    type Test = fn(&v8::Value) -> bool;
    const KINDS: [(Test, &str); 8] = [
        (v8::Value::is_int8_array, "Int8"),
        (v8::Value::is_int16_array, "Int16"),
        (v8::Value::is_uint16_array, "Uint16"),
        (v8::Value::is_int32_array, "Int32"),
        (v8::Value::is_uint32_array, "Uint32"),
        (v8::Value::is_float16_array, "Float16"),
        (v8::Value::is_float32_array, "Float32"),
        (v8::Value::is_float64_array, "Float64"),
    ];
    let number = |value: &JsValue| if let JsValue::Number(number) = value { Some(*number) } else { None };
    match KINDS.iter().find(|(is, _)| is(&value)) {
        Some((_, kind)) => JsValue::Numbers { kind, values: values.iter().filter_map(number).collect() },
        None => JsValue::Array(values),
    }
}

/// An Error, wherever on its prototypes its parts are.
fn error<'s>(
    reader: Reader<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    cuts: bool,
) -> Result<JsValue, ValueError> {
    reader.budget.nodes(3)?;
    let inside = reader.inside()?;
    let part = |name: &'static str| {
        let key = super::js_string(reader.scope, name, v8::NewStringType::Internalized)?;
        let part = reader.get(object, key.into()).and_then(|value| seen(inside.of(value), cuts));
        part.map_err(|error| error.inside(name))
    };
    Ok(error_of(part("name")?, part("message")?, part("cause")?))
}

/// An Error of its parts, of which any may be something else than it should.
pub(crate) fn error_of(name: JsValue, message: JsValue, cause: JsValue) -> JsValue {
    let mut rest = Vec::new();
    let mut text = |name, value| match value {
        JsValue::String(text) => text,
        other => {
            rest.push((name, other));
            String::new()
        }
    };
    let (name, message) = (text("name", name), text("message", message));
    if !matches!(cause, JsValue::Undefined) {
        rest.push(("cause", cause));
    }
    JsValue::Error { name, message, rest }
}

fn fields<'s>(
    reader: Reader<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
    cuts: bool,
) -> Result<JsValue, ValueError> {
    let names = reader.names(object)?;
    reader.budget.items(names.length() as usize)?;
    let inside = reader.inside()?;
    let mut fields = Vec::with_capacity(names.length() as usize);
    for index in 0..names.length() {
        let key = names.get_index(reader.scope, index);
        let key = key.ok_or_else(|| ValueError::new("a property's name", "none"))?;
        let name = match observe(inside.of(key))? {
            JsValue::String(name) => name,
            // Without it the object would be another.
            key => return Ok(JsValue::Other(misnamed(&key))),
        };
        let value = reader.get(object, key).and_then(|value| seen(inside.of(value), cuts));
        fields.push((name.clone(), value.map_err(|error| error.inside(name))?));
    }
    Ok(JsValue::Object(fields))
}

/// An object with a property whose name is no text.
fn misnamed(name: &JsValue) -> String {
    let name = name.describe();
    let fault = name.strip_prefix("a string with ").unwrap_or(&name);
    format!("{MISNAMED}{fault}{NAME}")
}

/// What is around the fault in the description of such an object.
pub(super) const MISNAMED: &str = "an object with ";
pub(super) const NAME: &str = " of a property's name";
