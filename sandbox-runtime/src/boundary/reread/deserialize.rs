//! Plain data as what serde reads.

use std::any::TypeId;

use serde::de::{self, IntoDeserializer, Visitor};
use serde_json::Value as Json;

use super::access::Variant;
use super::odd::Odd;
use super::{TreeReader, malformed, units};
use crate::boundary::deserialize::visit_integer;
use crate::boundary::fault::ValueError;
use crate::boundary::numbers::{big_integers, known_numbers, small_integers};
use crate::boundary::read::safe_integer;
use crate::boundary::rich::{DATE, ERROR};
use crate::boundary::tree::JsValue;

/// The kinds of values that can be too much.
const ALL: &[&str] =
    &["a string", "an array", "a Set", "a typed array", "an ArrayBuffer", "a Map", "an object", "an Error"];

impl<'de> de::Deserializer<'de> for TreeReader<'_> {
    type Error = ValueError;

    known_numbers!();

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let is_json = typeid::of::<V::Value>() == TypeId::of::<Json>();
        match self.value {
            JsValue::Undefined | JsValue::Null => visitor.visit_unit(),
            JsValue::Bool(value) => visitor.visit_bool(value),
            // serde_json would make null of it.
            JsValue::Number(number) if !number.is_finite() && is_json => {
                Err(self.unexpected("a finite number, as JSON has"))
            }
            JsValue::Number(number) => match safe_integer(number) {
                None if number.abs() > f64::from(f32::MAX) => {
                    self.budget.doubt();
                    visitor.visit_f64(number)
                }
                Some(0) if number.is_sign_negative() => visitor.visit_f64(number),
                Some(integer) => visit_integer(visitor, i128::from(integer)),
                None => visitor.visit_f64(number),
            },
            JsValue::BigInt { .. } => self.any_bigint(visitor),
            JsValue::String(_) => visitor.visit_string(self.string("a string")?),
            JsValue::Array(_) | JsValue::Set(_) | JsValue::Numbers { .. } => self.seq(visitor, "an array"),
            JsValue::Bytes(_) | JsValue::Buffer { .. } => {
                self.budget.doubt();
                visitor.visit_byte_buf(self.bytes()?)
            }
            JsValue::Map(_) | JsValue::Object(_) => self.map(visitor, "an object"),
            JsValue::Date(_) | JsValue::Error { .. } if is_json => {
                Err(self.unexpected("a value that JSON has"))
            }
            JsValue::Date(_) => self.date(visitor),
            JsValue::Error { .. } => self.error(visitor),
            JsValue::Other(ref description) => match Odd::of(description) {
                Odd::BigInt => self.any_bigint(visitor),
                Odd::Text => Err(malformed(description)),
                Odd::Numbers => Err(self.unexpected("numbers that are still there")),
                Odd::Bytes => {
                    self.budget.doubt();
                    Err(self.unexpected("bytes that are still there"))
                }
                Odd::Cut => Err(self.refused("a value that can be copied", ALL)),
                Odd::Object => self.map(visitor, "an object"),
                Odd::Exotic => Err(self.unexpected("a value that can be copied")),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            JsValue::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.unexpected("a boolean")),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let refused = |reader: &Self| reader.unexpected("a string of one character");
        match &self.value {
            JsValue::String(text) if text.len() <= 6 && units(text) <= 2 => {
                self.budget.text(units(text))?;
                let mut characters = text.chars();
                match (characters.next(), characters.next()) {
                    (Some(character), None) => visitor.visit_char(character),
                    _ => Err(refused(&self)),
                }
            }
            JsValue::Other(description) if Odd::of(description) == Odd::Text => Err(malformed(description)),
            _ => Err(refused(&self)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_string(self.string("a string")?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_byte_buf(self.bytes()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            JsValue::Undefined | JsValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            JsValue::Undefined | JsValue::Null => visitor.visit_unit(),
            _ => Err(self.unexpected("nothing (undefined or null)")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match name {
            DATE => self.date(visitor),
            ERROR => self.error(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.seq(visitor, "an array")
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ValueError> {
        self.seq(visitor, format_args!("an array of {length} elements"))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.map(visitor, "an object or a Map")
    }

    /// A struct has named fields on both sides, so a Map or an array is not one.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.properties(visitor, || format!("an object ({name})"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match &self.value {
            JsValue::String(_) => visitor.visit_enum(self.string("a string")?.into_deserializer()),
            JsValue::Object(fields) if fields.len() != 1 => Err(ValueError::new(
                format!("an object with one property, the variant ({name})"),
                format!("an object with {} properties", fields.len()),
            )),
            JsValue::Object(_) => visitor.visit_enum(Variant { inside: self.inside()?, object: self.value }),
            JsValue::Other(description) if Odd::of(description).is_misspelt() => Err(malformed(description)),
            _ => {
                let expected = format!("a variant's name, or an object with one property ({name})");
                Err(self.refused(expected, &["a string", "an object"]))
            }
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_string(self.string("a name")?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_unit()
    }
}

impl TreeReader<'_> {
    /// An integer for whoever takes what there is.
    fn any_bigint<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.budget.doubt();
        match (self.big::<i128>("i128"), self.big::<u128>("u128")) {
            (Ok(integer), _) => visit_integer(visitor, integer),
            (_, Ok(integer)) => visitor.visit_u128(integer),
            (_, Err(error)) => Err(error),
        }
    }
}
