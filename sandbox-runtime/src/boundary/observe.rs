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
        Shape::Array(array) => JsValue::Array(items(reader, array.into(), array.length())?),
        Shape::Set(set) => {
            reader.budget.length(engine::set_size(reader.scope, set))?;
            let array = engine::set_items(reader.scope, set).ok_or_else(ValueError::thrown)?;
            JsValue::Set(items(reader, array.into(), array.length())?)
        }
        Shape::Numbers(numbers) => match reader.numbers(numbers) {
            Ok(numbers) => {
                let length = u32::try_from(numbers.length()).unwrap_or(u32::MAX);
                typed(reader.value, items(reader, numbers.into(), length)?)
            }
            Err(_) => JsValue::Other("a typed array whose memory is gone".into()),
        },
        Shape::Bytes(_) => match reader.bytes() {
            Ok(bytes) => JsValue::Bytes(bytes),
            Err(error) if error.is_budget() => return Err(error),
            Err(_) => JsValue::Other("bytes whose memory is gone".into()),
        },
        Shape::Date(millis) => JsValue::Date(millis),
        Shape::Error(object) => error(reader, object)?,
        Shape::Map(map) => {
            reader.budget.length(engine::map_size(reader.scope, map))?;
            let array = engine::map_items(reader.scope, map).ok_or_else(ValueError::thrown)?;
            JsValue::Map(pairs(items(reader, array.into(), array.length())?))
        }
        Shape::Object(object) => JsValue::Object(fields(reader, object)?),
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
) -> Result<Vec<JsValue>, ValueError> {
    reader.budget.items(length as usize)?;
    let inside = reader.inside()?;
    let thrown = || ValueError::thrown();
    (0..length)
        .map(|index| {
            let item = object.get_index(reader.scope, index).ok_or_else(|| thrown().at(index as usize))?;
            observe(inside.of(item))
        })
        .collect()
}

fn pairs(items: Vec<JsValue>) -> Vec<(JsValue, JsValue)> {
    let mut items = items.into_iter();
    std::iter::from_fn(|| Some((items.next()?, items.next()?))).collect()
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

fn error<'s>(reader: Reader<'_, 's, '_>, object: v8::Local<'s, v8::Object>) -> Result<JsValue, ValueError> {
    let text = |name: &str| {
        let key = super::js_string(reader.scope, name, v8::NewStringType::Internalized)?;
        let value = observe(reader.inside()?.of(reader.get(object, key.into())?))?;
        Ok::<_, ValueError>(if let JsValue::String(text) = value { text } else { String::new() })
    };
    Ok(JsValue::Error { name: text("name")?, message: text("message")? })
}

fn fields<'s>(
    reader: Reader<'_, 's, '_>,
    object: v8::Local<'s, v8::Object>,
) -> Result<Vec<(String, JsValue)>, ValueError> {
    let names = reader.names(object)?;
    reader.budget.items(names.length() as usize)?;
    let inside = reader.inside()?;
    let mut fields = Vec::with_capacity(names.length() as usize);
    for index in 0..names.length() {
        let key = names.get_index(reader.scope, index);
        let key = key.ok_or_else(|| ValueError::new("a property's name", "none"))?;
        let JsValue::String(name) = observe(inside.of(key))? else { continue };
        let value =
            observe(inside.of(reader.get(object, key)?)).map_err(|error| error.inside(name.clone()))?;
        fields.push((name, value));
    }
    Ok(fields)
}
