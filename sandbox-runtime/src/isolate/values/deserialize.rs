//! serde's `Deserializer` for an engine value.
//!
//! [`Reader`] implements it. `deserialize_common` has the methods that the reader of plain data shares.

use deno_core::v8;
use serde::de::{self, IntoDeserializer, Visitor};

use super::access::{ErrorFields, Taken, Variant};
use super::read::Reader;
use super::seen::Opened;
use super::shapes;
use super::value_kind::ValueKind;
use crate::boundary::ValueError;
use crate::boundary::deserialize_common::{
    big_integers, is_for_json, known_kinds, small_integers, visit_bigint, visit_number,
};
use crate::isolate::engine;
use crate::value::handle::HANDLE;
use crate::value::{DATE, ERROR};

impl<'de> de::Deserializer<'de> for Reader<'_, '_, '_> {
    type Error = ValueError;

    known_kinds!();

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.shape() {
            ValueKind::Nothing => visitor.visit_unit(),
            ValueKind::Bool(value) => visitor.visit_bool(value),
            ValueKind::Number(number) => {
                visit_number(visitor, number, self.budget, |expected| self.unexpected(expected))
            }
            ValueKind::BigInt(_) => {
                self.budget.doubt();
                visit_bigint(visitor, (self.big("i128"), self.big("u128")))
            }
            ValueKind::Text(string) => visitor.visit_string(self.text(string)?),
            ValueKind::Array(_) | ValueKind::Set(_) | ValueKind::Numbers(_) => self.seq(visitor, "an array"),
            ValueKind::Bytes(_) => {
                self.budget.doubt();
                visitor.visit_byte_buf(self.bytes()?)
            }
            ValueKind::Map(_) | ValueKind::Object(_) => self.map(visitor, "an object"),
            ValueKind::Date(_) | ValueKind::Error(_) if is_for_json::<V::Value>() => {
                Err(self.unexpected("a value that JSON has"))
            }
            ValueKind::Date(_) => self.date(visitor),
            ValueKind::Error(object) => visitor.visit_newtype_struct(ErrorFields { reader: self, object }),
            ValueKind::Exotic => Err(self.unexpected("a value that can be copied")),
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
        // A character is at most two units, so a longer string is not read.
        match self.shape() {
            ValueKind::Text(string) if engine::length(self.scope, string) <= 2 => {
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

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.shape() {
            ValueKind::Nothing => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.shape() {
            ValueKind::Nothing => visitor.visit_unit(),
            _ => Err(self.unexpected("nothing (undefined or null)")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match name {
            DATE => self.date(visitor),
            ERROR => match self.shape() {
                ValueKind::Error(object) => {
                    visitor.visit_newtype_struct(ErrorFields { reader: self, object })
                }
                _ => Err(self.unexpected("an Error")),
            },
            HANDLE => self.handle(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.shape() {
            // A struct has named fields on both sides, so a Map or an array is not one.
            ValueKind::Object(object) => match shapes::take(self.scope, object, fields)? {
                Some(values) => {
                    self.budget.items(fields.len())?;
                    self.opens(|_| Opened::Taken { values, fields });
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
            ValueKind::Text(string) => visitor.visit_enum(self.text(string)?.into_deserializer()),
            ValueKind::Object(object) => {
                let names = self.names(object)?;
                if names.length() != 1 {
                    let found = format!("an object with {} properties", names.length());
                    return Err(ValueError::new(
                        format!("an object with one property, the variant ({name})"),
                        found,
                    ));
                }
                let key = self.get(names.into(), v8::Integer::new(self.scope, 0).into())?;
                self.opens(|_| Opened::Named { object, names });
                visitor.visit_enum(Variant { reader: self.inside()?, object, key })
            }
            _ => Err(self.unexpected(format!("a variant's name, or an object with one property ({name})"))),
        }
    }
}
