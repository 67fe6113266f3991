//! serde's `Deserializer` for plain data.
//!
//! [`TreeReader`] implements it.

use serde::de::{self, IntoDeserializer, Visitor};

use super::access::TreeVariant;
use super::unrepresentable::{Readable, text_fault};
use super::{TreeReader, units};
use crate::boundary::deserialize_common::{
    big_integers, is_for_json, known_kinds, small_integers, visit_bigint, visit_number,
};
use crate::boundary::value_error::ValueError;
use crate::value::handle::HANDLE;
use crate::value::{DATE, ERROR, JsKind, JsValue, Unrepresentable};

/// The kinds of values that can exceed a budget.
const ALL: Readable = Readable {
    text: true,
    kinds: &[
        JsKind::Array,
        JsKind::Set,
        JsKind::TypedArray,
        JsKind::ArrayBuffer,
        JsKind::Map,
        JsKind::Object,
        JsKind::Error,
    ],
};

impl<'de> de::Deserializer<'de> for TreeReader<'_> {
    type Error = ValueError;

    known_kinds!();

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let is_json = is_for_json::<V::Value>();
        match self.value {
            JsValue::Undefined | JsValue::Null => visitor.visit_unit(),
            JsValue::Bool(value) => visitor.visit_bool(value),
            JsValue::Number(number) => {
                visit_number(visitor, number, self.budget, |expected| self.unexpected(expected))
            }
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
            JsValue::Other(what) => match what {
                Unrepresentable::BigInt => self.any_bigint(visitor),
                Unrepresentable::Text(fault) => Err(fault.into()),
                Unrepresentable::DetachedNumbers => Err(self.unexpected("numbers that are still there")),
                Unrepresentable::DetachedBytes => {
                    self.budget.doubt();
                    Err(self.unexpected("bytes that are still there"))
                }
                Unrepresentable::ExcessiveText { .. } | Unrepresentable::Excessive { .. } => {
                    Err(self.refused("a value that can be copied", ALL))
                }
                Unrepresentable::PropertyName(_) => self.map(visitor, "an object"),
                Unrepresentable::Kind(_) | Unrepresentable::Handle(_) | Unrepresentable::Given(_) => {
                    Err(self.unexpected("a value that can be copied"))
                }
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
            JsValue::Other(Unrepresentable::Text(fault)) => Err((*fault).into()),
            _ => Err(refused(&self)),
        }
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

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match name {
            DATE => self.date(visitor),
            ERROR => self.error(visitor),
            HANDLE => self.handle(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
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
            JsValue::Object(_) => {
                visitor.visit_enum(TreeVariant { inside: self.inside()?, object: self.value })
            }
            value => {
                if let Some(fault) = text_fault(value) {
                    return Err(fault.into());
                }
                const VARIANTS: Readable = Readable { text: true, kinds: &[JsKind::Object] };
                let expected = format!("a variant's name, or an object with one property ({name})");
                Err(self.refused(expected, VARIANTS))
            }
        }
    }
}

impl TreeReader<'_> {
    /// Gives an integer to a visitor that takes any value.
    fn any_bigint<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.budget.doubt();
        visit_bigint(visitor, (self.big("i128"), self.big("u128")))
    }
}
