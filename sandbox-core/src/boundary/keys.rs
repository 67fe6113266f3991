//! The keys of maps as names of properties, in both directions.
//!
//! `plain`, `wire` and the engine's writer in `sandbox-runtime` write keys, and both readers read them. A key that has no
//! name is no error: the map crosses as a `Map`.

use serde::de::value::StringDeserializer;
use serde::de::{self, IntoDeserializer, Visitor};
use serde::ser::{self, Serialize};

use super::value_error::ValueError;

/// Writes the key of a map as the name of a property. Text, a character, an integer, a boolean and a variant without
/// content have names.
pub struct KeyWriter;

macro_rules! keys {
    (names: $($name:ident $type:ty),*; others: $($other:ident($($argument:ty),*)),*) => {
        $(fn $name(self, value: $type) -> Result<String, NoName> {
            Ok(value.to_string())
        })*
        $(fn $other(self $(, _: $argument)*) -> Result<String, NoName> {
            Err(NoName)
        })*
    };
}

/// The key has no name, so the map becomes a `Map`.
#[derive(Debug, thiserror::Error)]
#[error("the key cannot be a property's name")]
pub struct NoName;

impl ser::Error for NoName {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

type Never = ser::Impossible<String, NoName>;

impl ser::Serializer for KeyWriter {
    type Ok = String;
    type Error = NoName;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    keys!(names: serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128, serialize_char char, serialize_str &str;
        others: serialize_f32(f32), serialize_f64(f64), serialize_bytes(&[u8]), serialize_none(), serialize_unit(),
        serialize_unit_struct(&'static str));

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<String, NoName> {
        Ok(variant.to_owned())
    }
    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<String, NoName> {
        value.serialize(self)
    }
    fn serialize_some<T: ?Sized + Serialize>(self, _: &T) -> Result<String, NoName> {
        Err(NoName)
    }
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String, NoName> {
        Err(NoName)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Never, NoName> {
        Err(NoName)
    }
    fn serialize_tuple(self, _: usize) -> Result<Never, NoName> {
        Err(NoName)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, NoName> {
        Err(NoName)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, NoName> {
        Err(NoName)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Never, NoName> {
        Err(NoName)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Never, NoName> {
        Err(NoName)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, NoName> {
        Err(NoName)
    }
}

/// The name of a property as the key of a map: text, or a value that was written as that text.
pub struct KeyName(pub String);

macro_rules! parsed_keys {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            match self.0.parse::<$type>() {
                // Each key has one spelling: "01" and "1" must not be the same key.
                Ok(key) if key.to_string() == self.0 => visitor.$visit(key),
                _ => Err(ValueError::new(concat!("a key that is of type ", stringify!($type)), format!("{:?}", self.0))),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for KeyName {
    type Error = ValueError;

    parsed_keys!(deserialize_bool visit_bool bool, deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_u128 visit_u128 u128, deserialize_char visit_char char);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_string(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let name: StringDeserializer<ValueError> = self.0.into_deserializer();
        visitor.visit_enum(name)
    }

    serde::forward_to_deserialize_any! {
        f32 f64 str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
