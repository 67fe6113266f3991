//! JavaScript → Rust, as a serde format.
//!
//! Nothing is converted in silence, and no value is believed before it is looked at. Reading a property can run
//! a getter of the guest, so whoever reads has the guest's limits armed and borrows nothing of the host.

use std::any::TypeId;

use deno_core::v8;
use serde::de::{self, IntoDeserializer, Visitor};
use serde_json::Value as Json;

use super::Budget;
use super::access::{Entries, ErrorFields, Items, Taken, Variant};
use super::exotic::is_detached;
use super::fault::ValueError;
use super::forms::Forms;
use super::rich::{DATE, ERROR};
use super::shape::Shape;
use super::text::rust_string;
use super::write::MAX_SAFE;
use crate::isolate::engine;

pub(super) type Value<'s> = v8::Local<'s, v8::Value>;

#[derive(Clone, Copy)]
pub(super) struct Reader<'r, 's, 'i> {
    pub(super) scope: &'r v8::PinScope<'s, 'i>,
    pub(super) budget: &'r Budget<'r>,
    depth: usize,
    pub(super) value: Value<'s>,
}

impl<'r, 's, 'i> Reader<'r, 's, 'i> {
    #[inline]
    pub(super) fn new(scope: &'r v8::PinScope<'s, 'i>, budget: &'r Budget<'r>, value: Value<'s>) -> Self {
        Self { scope, budget, depth: 0, value }
    }

    pub(super) fn unexpected(&self, expected: impl Into<String>) -> ValueError {
        ValueError::found(expected, self.scope, self.value)
    }

    /// The same reader, of another value.
    pub(super) fn of(self, value: Value<'s>) -> Self {
        Self { value, ..self }
    }

    /// A reader of a value inside of this one.
    pub(super) fn child(self, value: Value<'s>) -> Result<Self, ValueError> {
        self.budget.nodes(1)?;
        Ok(self.of(value))
    }

    pub(super) fn inside(self) -> Result<Self, ValueError> {
        Ok(Self { depth: self.budget.deeper(self.depth)?, ..self })
    }

    pub(super) fn text(&self, string: v8::Local<'s, v8::String>) -> Result<String, ValueError> {
        // Paid before the text is looked at: a rope of half a gigabyte is refused without being made flat.
        self.budget.text(engine::length(self.scope, string))?;
        rust_string(self.scope, string)
    }

    /// The numbers of a typed array, unless its memory has been taken away.
    pub(super) fn numbers(
        &self,
        numbers: v8::Local<'s, v8::TypedArray>,
    ) -> Result<v8::Local<'s, v8::TypedArray>, ValueError> {
        let there =
            (!is_detached(self.scope, numbers)).then(|| engine::settled(self.scope, numbers)).flatten();
        there.ok_or_else(|| self.unexpected("numbers that are still there"))
    }

    /// An own property. A getter of it may run and may throw.
    pub(super) fn get(
        &self,
        object: v8::Local<'s, v8::Object>,
        key: Value<'s>,
    ) -> Result<Value<'s>, ValueError> {
        object.get(self.scope, key).ok_or_else(ValueError::thrown)
    }

    /// The names of an object's own enumerable properties; symbols are not data and are left out.
    pub(super) fn names(
        &self,
        object: v8::Local<'s, v8::Object>,
    ) -> Result<v8::Local<'s, v8::Array>, ValueError> {
        let wanted = v8::GetPropertyNamesArgsBuilder::new()
            .mode(v8::KeyCollectionMode::OwnOnly)
            .property_filter(v8::PropertyFilter::ONLY_ENUMERABLE | v8::PropertyFilter::SKIP_SYMBOLS)
            .index_filter(v8::IndexFilter::IncludeIndices)
            .key_conversion(v8::KeyConversionMode::ConvertToString)
            .build();
        object
            .get_own_property_names(self.scope, wanted)
            .ok_or_else(|| ValueError::new("an object", "one whose properties cannot be listed"))
    }

    /// A Number, without asking first what else the value might be.
    #[inline]
    fn number(&self) -> Option<f64> {
        self.value.try_cast::<v8::Number>().ok().map(|number| number.value())
    }

    /// An integer with 32 bits or fewer: an integral Number in range.
    fn small(&self, min: f64, max: f64, name: &str) -> Result<f64, ValueError> {
        match self.number() {
            Some(number) if number.fract() == 0.0 && (min..=max).contains(&number) => Ok(number),
            _ => Err(self.unexpected(format!("an integer from {min} to {max} ({name})"))),
        }
    }

    /// A 64-bit or 128-bit integer: a BigInt, or a Number that is exact.
    fn big<T: TryFrom<i128> + TryFrom<u128>>(&self, name: &str) -> Result<T, ValueError> {
        let refused = || self.unexpected(format!("a BigInt, or an integer up to 2^53 - 1 ({name})"));
        match self.shape() {
            Shape::Number(number) => {
                let exact = safe_integer(number).ok_or_else(refused)?;
                T::try_from(i128::from(exact)).map_err(|_| refused())
            }
            Shape::BigInt(bigint) => match engine::big_value(self.scope, bigint) {
                Some((false, magnitude)) => T::try_from(magnitude).map_err(|_| refused()),
                Some((true, magnitude)) => {
                    let negative = 0_i128.checked_sub_unsigned(magnitude).ok_or_else(refused)?;
                    T::try_from(negative).map_err(|_| refused())
                }
                None => Err(refused()),
            },
            _ => Err(refused()),
        }
    }

    #[inline]
    fn float(&self) -> Result<f64, ValueError> {
        self.number().ok_or_else(|| self.unexpected("a number"))
    }

    pub(super) fn string(&self, expected: &str) -> Result<String, ValueError> {
        match self.value.try_cast::<v8::String>() {
            Ok(string) => self.text(string),
            Err(_) => Err(self.unexpected(expected)),
        }
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>, ValueError> {
        let Shape::Bytes(value) = self.shape() else {
            return Err(self.unexpected("a Uint8Array or an ArrayBuffer"));
        };
        let view = self.byte_view(value).ok_or_else(|| self.unexpected("bytes that are still there"))?;
        let length = view.byte_length();
        self.budget.bytes(length)?;
        let mut bytes = vec![0; length];
        let copied = view.copy_contents(&mut bytes);
        bytes.truncate(copied);
        Ok(bytes)
    }

    /// The bytes of a buffer or of a view of one, unless the memory has been taken away.
    fn byte_view(&self, value: Value<'s>) -> Option<v8::Local<'s, v8::TypedArray>> {
        if let Ok(numbers) = value.try_cast::<v8::TypedArray>() {
            return self.numbers(numbers).ok();
        }
        let (buffer, start, end) = match value.try_cast::<v8::DataView>() {
            Ok(view) => {
                let (start, view): (usize, v8::Local<'_, v8::ArrayBufferView>) =
                    (view.byte_offset(), view.into());
                (view.buffer(self.scope)?, start, start + view.byte_length())
            }
            Err(_) => {
                let buffer = value.try_cast::<v8::ArrayBuffer>().ok()?;
                (buffer, 0, buffer.byte_length())
            }
        };
        // What a view says of its length may be older than its buffer.
        let length = end.min(buffer.byte_length()).checked_sub(start).filter(|_| !buffer.was_detached())?;
        let view = v8::Uint8Array::new(self.scope, buffer, start, length)?;
        engine::settled(self.scope, view.into())
    }

    fn date<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.shape() {
            Shape::Date(millis) if !millis.is_nan() => {
                visitor.visit_newtype_struct(self.of(v8::Number::new(self.scope, millis).into()))
            }
            Shape::Date(_) => Err(ValueError::new("a Date", "one that is invalid")),
            _ => Err(self.unexpected("a Date")),
        }
    }

    pub(super) fn seq<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        expected: &str,
    ) -> Result<V::Value, ValueError> {
        let shape = match self.shape() {
            Shape::Numbers(numbers) => Shape::Numbers(self.numbers(numbers)?),
            // Bytes are numbers to whoever asks for a list.
            Shape::Bytes(bytes) => match bytes.try_cast::<v8::TypedArray>() {
                Ok(numbers) => Shape::Numbers(self.numbers(numbers)?),
                Err(_) => Shape::Bytes(bytes),
            },
            shape => shape,
        };
        let length = match shape {
            Shape::Array(array) => array.length() as usize,
            Shape::Set(set) => engine::set_size(self.scope, set),
            Shape::Numbers(numbers) => numbers.length(),
            _ => return Err(self.unexpected(expected)),
        };
        // Paid before anything is read or listed: `length = 2**32 - 1` costs nothing to refuse.
        self.budget.items(length)?;
        let object = match shape {
            Shape::Set(set) => engine::set_items(self.scope, set).ok_or_else(ValueError::thrown)?.into(),
            Shape::Numbers(numbers) => numbers.into(),
            _ => self.value.try_cast().map_err(|_| self.unexpected(expected))?,
        };
        let mut items = Items { reader: self.inside()?, object, length, next: 0 };
        let value = visitor.visit_seq(&mut items)?;
        match length - items.next {
            0 => Ok(value),
            _ => Err(ValueError::new(expected, format!("an array of {length} elements"))),
        }
    }

    pub(super) fn map<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        expected: &str,
    ) -> Result<V::Value, ValueError> {
        match self.shape() {
            Shape::Map(map) => {
                let size = engine::map_size(self.scope, map);
                self.budget.items(size)?;
                self.budget.nodes(size)?;
                let entries = engine::map_items(self.scope, map).ok_or_else(ValueError::thrown)?;
                visitor.visit_map(Entries {
                    reader: self.inside()?,
                    entries,
                    object: None,
                    next: 0,
                    value: None,
                })
            }
            Shape::Object(object) => self.map_of(object, visitor),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// The properties of an object, one at a time.
    fn map_of<'de, V: Visitor<'de>>(
        self,
        object: v8::Local<'s, v8::Object>,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let entries = self.names(object)?;
        self.budget.items(entries.length() as usize)?;
        let object = Some(object);
        visitor.visit_map(Entries { reader: self.inside()?, entries, object, next: 0, value: None })
    }
}

/// An integral Number that no other integer is rounded to.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "in range: at most 2^53 - 1"
)]
fn safe_integer(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= MAX_SAFE as f64).then_some(number as i64)
}

macro_rules! small_integers {
    ($($method:ident $visit:ident $type:ident),*) => {$(
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value was found in range")]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            let value = self.small(f64::from($type::MIN), f64::from($type::MAX), stringify!($type))?;
            visitor.$visit(value as $type)
        }
    )*};
}

macro_rules! big_integers {
    ($($method:ident $visit:ident $type:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            visitor.$visit(self.big::<$type>(stringify!($type))?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader<'_, '_, '_> {
    type Error = ValueError;

    small_integers!(deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32);
    big_integers!(deserialize_i64 visit_i64 i64, deserialize_u64 visit_u64 u64,
        deserialize_i128 visit_i128 i128, deserialize_u128 visit_u128 u128);

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

    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding to f32 is what `Math.fround` does; overflow is refused"
    )]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let wide = self.float()?;
        let narrow = wide as f32;
        match narrow.is_infinite() && wide.is_finite() {
            true => Err(self.unexpected("a number in the range of f32")),
            false => visitor.visit_f32(narrow),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_f64(self.float()?)
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
            Shape::Object(object) => match Forms::take(self.scope, object, fields) {
                None => self.map_of(object, visitor),
                Some(None) => Err(ValueError::thrown()),
                Some(Some(taken)) => match taken.try_cast() {
                    Ok(values) => {
                        self.budget.items(fields.len())?;
                        visitor.visit_map(Taken {
                            reader: self.inside()?,
                            values,
                            fields,
                            next: 0,
                            value: None,
                        })
                    }
                    Err(_) => self.map_of(object, visitor),
                },
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
fn visit_integer<'de, V: Visitor<'de>>(visitor: V, value: i128) -> Result<V::Value, ValueError> {
    match (u64::try_from(value), i64::try_from(value)) {
        (Ok(value), _) => visitor.visit_u64(value),
        (_, Ok(value)) => visitor.visit_i64(value),
        _ => visitor.visit_i128(value),
    }
}
