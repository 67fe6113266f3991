//! A Rust value as plain data, as the guest would see it.
//!
//! Constraints of host values are checked on it. The serde format here mirrors the engine's writer in `sandbox-runtime`.

use serde::ser::{self, Serialize};

use super::keys::KeyWriter;
use super::value_error::ValueError;
use crate::value::handle::{HANDLE, numbered, offered};
use crate::value::number::{MAX_SAFE, is_json};
use crate::value::{DATE, ERROR, HandleNumber, JsValue, MAP, SET, Unrepresentable};

/// The greatest depth of a value that crosses; see [`Limits::value_depth`](crate::Limits::value_depth).
pub const DEEPEST: usize = 260;

/// The value as plain data.
pub fn plain<T: ?Sized + Serialize>(value: &T) -> Result<JsValue, ValueError> {
    PlainWriter { depth: 0, json: false, map: false }.write(value)
}

/// The content of a newtype of this name as plain data, from a depth on.
pub fn plain_inside<T: ?Sized + Serialize>(
    name: &'static str,
    value: &T,
    depth: usize,
) -> Result<JsValue, ValueError> {
    ser::Serializer::serialize_newtype_struct(PlainWriter { depth, json: false, map: false }, name, value)
}

#[derive(Clone, Copy)]
struct PlainWriter {
    depth: usize,
    json: bool,
    /// A map becomes a `Map`.
    map: bool,
}

impl PlainWriter {
    fn write<T: ?Sized + Serialize>(self, value: &T) -> Result<JsValue, ValueError> {
        value.serialize(Self { json: self.json || is_json::<T>(), ..self })
    }

    fn inside(self) -> Result<Self, ValueError> {
        match self.depth < DEEPEST {
            true => Ok(Self { depth: self.depth + 1, map: false, ..self }),
            false => Err(ValueError::new(format!("at most {DEEPEST} levels of nesting"), "more")),
        }
    }

    fn items(self, tag: Option<&'static str>) -> Result<PlainItems, ValueError> {
        Ok(PlainItems { plain: self.inside()?, values: Vec::new(), tag })
    }

    fn fields(self, tag: Option<&'static str>) -> Result<PlainFields, ValueError> {
        Ok(PlainFields {
            plain: self.inside()?,
            map: self.map,
            key: None,
            entries: Vec::new(),
            pairs: Vec::new(),
            tag,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "the value is at most 2^53 - 1")]
fn integer(json: bool, negative: bool, magnitude: u128) -> JsValue {
    match u64::try_from(magnitude) {
        Ok(small) if json && small <= MAX_SAFE => {
            JsValue::Number(if negative { -(small as f64) } else { small as f64 })
        }
        _ => JsValue::BigInt { negative, magnitude },
    }
}

fn tagged(tag: Option<&'static str>, value: JsValue) -> JsValue {
    match tag {
        Some(variant) => JsValue::Object(vec![(variant.to_owned(), value)]),
        None => value,
    }
}

macro_rules! numbers {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<JsValue, ValueError> {
            Ok(JsValue::Number(value.into()))
        }
    )*};
}

impl ser::Serializer for PlainWriter {
    type Ok = JsValue;
    type Error = ValueError;
    type SerializeSeq = PlainItems;
    type SerializeTuple = PlainItems;
    type SerializeTupleStruct = PlainItems;
    type SerializeTupleVariant = PlainItems;
    type SerializeMap = PlainFields;
    type SerializeStruct = PlainFields;
    type SerializeStructVariant = PlainFields;

    numbers!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_u8 u8, serialize_u16 u16,
        serialize_u32 u32, serialize_f32 f32, serialize_f64 f64);

    fn serialize_bool(self, value: bool) -> Result<JsValue, ValueError> {
        Ok(JsValue::Bool(value))
    }
    fn serialize_i64(self, value: i64) -> Result<JsValue, ValueError> {
        Ok(integer(self.json, value < 0, value.unsigned_abs().into()))
    }
    fn serialize_u64(self, value: u64) -> Result<JsValue, ValueError> {
        Ok(integer(self.json, false, value.into()))
    }
    fn serialize_i128(self, value: i128) -> Result<JsValue, ValueError> {
        Ok(integer(false, value < 0, value.unsigned_abs()))
    }
    fn serialize_u128(self, value: u128) -> Result<JsValue, ValueError> {
        Ok(integer(false, false, value))
    }
    fn serialize_char(self, value: char) -> Result<JsValue, ValueError> {
        Ok(JsValue::String(value.into()))
    }
    fn serialize_str(self, value: &str) -> Result<JsValue, ValueError> {
        Ok(JsValue::String(value.to_owned()))
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<JsValue, ValueError> {
        Ok(JsValue::Bytes(value.to_vec()))
    }
    fn serialize_none(self) -> Result<JsValue, ValueError> {
        Ok(JsValue::Null)
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<JsValue, ValueError> {
        self.write(value)
    }
    fn serialize_unit(self) -> Result<JsValue, ValueError> {
        Ok(JsValue::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<JsValue, ValueError> {
        Ok(JsValue::Null)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<JsValue, ValueError> {
        Ok(JsValue::String(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<JsValue, ValueError> {
        if name == HANDLE {
            let number = offered().map(|_| HandleNumber::new(0, 0)).or_else(numbered);
            return number.map_or_else(
                || self.write(value),
                |number| Ok(JsValue::Other(Unrepresentable::Handle(number))),
            );
        }
        let inner = Self { json: self.json || name == DATE, map: self.map || name == MAP, ..self };
        Ok(match (name, inner.write(value)?) {
            (DATE, JsValue::Number(millis)) => JsValue::Date(millis),
            (SET, JsValue::Array(items)) => JsValue::Set(items),
            (ERROR, JsValue::Object(fields)) => {
                let text = |wanted: &str| match fields.iter().find(|(name, _)| name == wanted) {
                    Some((_, JsValue::String(text))) => text.clone(),
                    _ => String::new(),
                };
                let (name, message) = (text("name"), text("message"));
                let mut cause = fields.into_iter().filter(|(name, _)| name == "cause");
                let rest = cause.next().map(|(_, cause)| ("cause", cause)).into_iter().collect();
                JsValue::Error { name, message, rest }
            }
            (_, value) => value,
        })
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<JsValue, ValueError> {
        Ok(tagged(Some(variant), self.inside()?.write(value)?))
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<PlainItems, ValueError> {
        self.items(None)
    }
    fn serialize_tuple(self, _: usize) -> Result<PlainItems, ValueError> {
        self.items(None)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<PlainItems, ValueError> {
        self.items(None)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<PlainItems, ValueError> {
        self.items(Some(variant))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<PlainFields, ValueError> {
        self.fields(None)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<PlainFields, ValueError> {
        Self { map: false, ..self }.fields(None)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<PlainFields, ValueError> {
        Self { map: false, ..self }.fields(Some(variant))
    }
}

struct PlainItems {
    plain: PlainWriter,
    values: Vec<JsValue>,
    tag: Option<&'static str>,
}

/// An object or a Map being made.
struct PlainFields {
    plain: PlainWriter,
    map: bool,
    key: Option<JsValue>,
    entries: Vec<(String, JsValue)>,
    pairs: Vec<(JsValue, JsValue)>,
    tag: Option<&'static str>,
}

impl PlainFields {
    fn finish(self) -> JsValue {
        match self.pairs.is_empty() && !self.map {
            true => tagged(self.tag, JsValue::Object(self.entries)),
            false => JsValue::Map(self.pairs),
        }
    }
}

impl ser::SerializeMap for PlainFields {
    type Ok = JsValue;
    type Error = ValueError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), ValueError> {
        let name = (!self.map).then(|| key.serialize(KeyWriter).ok()).flatten();
        self.map = name.is_none();
        self.key = Some(match name {
            Some(name) => JsValue::String(name),
            None => self.plain.write(key)?,
        });
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        let value = self.plain.write(value)?;
        match self.key.take() {
            Some(key) if self.map => self.pairs.push((key, value)),
            Some(JsValue::String(name)) => self.entries.push((name, value)),
            _ => {
                return Err(<ValueError as ser::Error>::custom(
                    "the serde type wrote a map's value before its key",
                ));
            }
        }
        Ok(())
    }

    fn end(self) -> Result<JsValue, ValueError> {
        Ok(self.finish())
    }
}

macro_rules! finish {
    ($($trait:ident $method:ident),*) => {$(
        impl ser::$trait for PlainItems {
            type Ok = JsValue;
            type Error = ValueError;
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
                self.values.push(self.plain.write(value)?);
                Ok(())
            }
            fn end(self) -> Result<JsValue, ValueError> {
                Ok(tagged(self.tag, JsValue::Array(self.values)))
            }
        }
    )*};
}
finish!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field);

macro_rules! finish_fields {
    ($($trait:ident),*) => {$(
        impl ser::$trait for PlainFields {
            type Ok = JsValue;
            type Error = ValueError;
            fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), ValueError> {
                self.entries.push((name.to_owned(), self.plain.write(value)?));
                Ok(())
            }
            fn end(self) -> Result<JsValue, ValueError> {
                Ok(self.finish())
            }
        }
    )*};
}
finish_fields!(SerializeStruct, SerializeStructVariant);
