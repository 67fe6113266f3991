//! The part of a `Deserializer` that is equal for engine values and for plain data.
//!
//! A reader that uses the macro has the methods `small`, `big`, `float`, `string`, `bytes`, `seq` and `map`. Each
//! returns the value of that kind, or the error that names the value.

use std::any::TypeId;

use serde::de::Visitor;
use serde_json::Value as Json;

use super::budget::Budget;
use super::value_error::ValueError;
use crate::value::number::safe_integer;

#[doc(hidden)]
#[macro_export]
macro_rules! __small_integers {
    ($($method:ident $visit:ident $type:ident),*) => {$(
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value was found in range")]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            let value = self.small(f64::from($type::MIN), f64::from($type::MAX), stringify!($type))?;
            visitor.$visit(value as $type)
        }
    )*};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __big_integers {
    ($($method:ident $visit:ident $type:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            visitor.$visit(self.big::<$type>(stringify!($type))?)
        }
    )*};
}

/// The methods of a `Deserializer` that read a value of a known kind.
#[doc(hidden)]
#[macro_export]
macro_rules! __known_kinds {
    () => {
        small_integers!(deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
            deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32);
        big_integers!(deserialize_i64 visit_i64 i64, deserialize_u64 visit_u64 u64,
            deserialize_i128 visit_i128 i128, deserialize_u128 visit_u128 u128);

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

        fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            self.deserialize_string(visitor)
        }

        fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            visitor.visit_string(self.string("a string")?)
        }

        fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            visitor.visit_string(self.string("a name")?)
        }

        fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            self.deserialize_byte_buf(visitor)
        }

        fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            visitor.visit_byte_buf(self.bytes()?)
        }

        fn deserialize_unit_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, ValueError> {
            self.deserialize_unit(visitor)
        }

        fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            self.seq(visitor, "an array")
        }

        fn deserialize_tuple<V: Visitor<'de>>(
            self,
            length: usize,
            visitor: V,
        ) -> Result<V::Value, ValueError> {
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

        fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            visitor.visit_unit()
        }
    };
}

pub use {__big_integers as big_integers, __known_kinds as known_kinds, __small_integers as small_integers};

/// Whether the visitor makes a JSON value.
pub fn is_for_json<V>() -> bool {
    typeid::of::<V>() == TypeId::of::<Json>()
}

/// Gives a Number to a visitor that takes any value. `refused` is the error for a number that must not be rounded.
pub fn visit_number<'de, V: Visitor<'de>>(
    visitor: V,
    number: f64,
    budget: &Budget<'_>,
    refused: impl FnOnce(&str) -> ValueError,
) -> Result<V::Value, ValueError> {
    match safe_integer(number) {
        // serde_json would turn it into null.
        None if !number.is_finite() && is_for_json::<V::Value>() => {
            Err(refused("a finite number, as JSON has"))
        }
        None if number.abs() > f64::from(f32::MAX) => {
            budget.doubt();
            visitor.visit_f64(number)
        }
        Some(0) if number.is_sign_negative() => visitor.visit_f64(number),
        Some(integer) => visit_integer(visitor, i128::from(integer)),
        None => visitor.visit_f64(number),
    }
}

/// Gives a BigInt to a visitor that takes any value, as a signed or an unsigned integer.
pub fn visit_bigint<'de, V: Visitor<'de>>(
    visitor: V,
    integers: (Result<i128, ValueError>, Result<u128, ValueError>),
) -> Result<V::Value, ValueError> {
    match integers {
        (Ok(integer), _) => visit_integer(visitor, integer),
        (_, Ok(integer)) => visitor.visit_u128(integer),
        (_, Err(error)) => Err(error),
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
