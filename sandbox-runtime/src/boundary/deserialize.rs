//! A value of JavaScript as what serde reads.

use std::any::TypeId;

use deno_core::v8;
use serde::de::{self, IntoDeserializer, Visitor};
use serde_json::Value as Json;

use super::access::{ErrorFields, Taken, Variant};
use super::fault::ValueError;
use super::forms::Forms;
use super::numbers::{big_integers, known_numbers, small_integers};
use super::read::{Reader, safe_integer};
use super::rich::{DATE, ERROR};
use super::shape::Shape;
use crate::isolate::engine;

impl<'de> de::Deserializer<'de> for Reader<'_, '_, '_> {
    type Error = ValueError;

    known_numbers!();

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.shape() {
            Shape::Nothing => visitor.visit_unit(),
            Shape::Bool(value) => visitor.visit_bool(value),
            // serde_json would make null of it.
            Shape::Number(number)
                if !number.is_finite() && typeid::of::<V::Value>() == TypeId::of::<Json>() =>
            {
                Err(self.unexpected("a finite number, as JSON has"))
            }
            Shape::Number(number) => match safe_integer(number) {
                None if number.abs() > f64::from(f32::MAX) => {
                    self.budget.doubt();
                    visitor.visit_f64(number)
                }
                Some(0) if number.is_sign_negative() => visitor.visit_f64(number),
                Some(integer) => visit_integer(visitor, i128::from(integer)),
                None => visitor.visit_f64(number),
            },
            Shape::BigInt(_) => {
                self.budget.doubt();
                match (self.big::<i128>("i128"), self.big::<u128>("u128")) {
                    (Ok(integer), _) => visit_integer(visitor, integer),
                    (_, Ok(integer)) => visitor.visit_u128(integer),
                    (_, Err(error)) => Err(error),
                }
            }
            Shape::Text(string) => visitor.visit_string(self.text(string)?),
            Shape::Array(_) | Shape::Set(_) | Shape::Numbers(_) => self.seq(visitor, "an array"),
            Shape::Bytes(_) => {
                self.budget.doubt();
                visitor.visit_byte_buf(self.bytes()?)
            }
            Shape::Map(_) | Shape::Object(_) => self.map(visitor, "an object"),
            Shape::Date(_) | Shape::Error(_) if typeid::of::<V::Value>() == TypeId::of::<Json>() => {
                Err(self.unexpected("a value that JSON has"))
            }
            Shape::Date(_) => self.date(visitor),
            Shape::Error(object) => visitor.visit_newtype_struct(ErrorFields { reader: self, object }),
            Shape::Exotic => Err(self.unexpected("a value that can be copied")),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value.is_boolean() {
            true => visitor.visit_bool(self.value.is_true()),
            false => Err(self.unexpected("a boolean")),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let refused = || self.unexpected("a string of one character");
        // A character is at most two units, so a longer string need not be read.
        match self.shape() {
            Shape::Text(string) if engine::length(self.scope, string) <= 2 => {
                let text = self.text(string)?;
                let mut characters = text.chars();
                match (characters.next(), characters.next()) {
                    (Some(character), None) => visitor.visit_char(character),
                    _ => Err(refused()),
                }
            }
            _ => Err(refused()),
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
        match self.shape() {
            Shape::Nothing => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.shape() {
            Shape::Nothing => visitor.visit_unit(),
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
            ERROR => match self.shape() {
                Shape::Error(object) => visitor.visit_newtype_struct(ErrorFields { reader: self, object }),
                _ => Err(self.unexpected("an Error")),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.seq(visitor, "an array")
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ValueError> {
        self.seq(visitor, &format!("an array of {length} elements"))
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

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.shape() {
            // A struct has named fields on both sides, so a Map or an array is not one.
            Shape::Object(object) => match Forms::take(self.scope, object, fields)? {
                Some(values) => {
                    self.budget.items(fields.len())?;
                    visitor.visit_map(Taken { reader: self.inside()?, values, fields, next: 0, value: None })
                }
                None => self.map_of(object, visitor),
            },
            _ => Err(self.unexpected(format!("an object ({name})"))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.shape() {
            Shape::Text(string) => visitor.visit_enum(self.text(string)?.into_deserializer()),
            Shape::Object(object) => {
                let names = self.names(object)?;
                if names.length() != 1 {
                    let found = format!("an object with {} properties", names.length());
                    return Err(ValueError::new(
                        format!("an object with one property, the variant ({name})"),
                        found,
                    ));
                }
                let key = self.get(names.into(), v8::Integer::new(self.scope, 0).into())?;
                visitor.visit_enum(Variant { reader: self.inside()?, object, key })
            }
            _ => Err(self.unexpected(format!("a variant's name, or an object with one property ({name})"))),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_string(self.string("a name")?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_unit()
    }
}

/// An integer whose type only the visitor knows.
pub(super) fn visit_integer<'de, V: Visitor<'de>>(visitor: V, value: i128) -> Result<V::Value, ValueError> {
    match (u64::try_from(value), i64::try_from(value)) {
        (Ok(value), _) => visitor.visit_u64(value),
        (_, Ok(value)) => visitor.visit_i64(value),
        _ => visitor.visit_i128(value),
    }
}
