//! serde's access to the parts of plain data: elements of an array, entries of an object or a Map, the content of a
//! variant.
//!
//! [`TreeReader`] makes these. The tree is taken apart on the way, so texts and bytes are moved.

use std::vec::IntoIter;

use serde::de::{self, DeserializeSeed, Visitor};

use super::{TreeInside, TreeReader, paid};
use crate::boundary::content::{Content, ReadFields};
use crate::boundary::keys::KeyName;
use crate::boundary::value_error::ValueError;
use crate::value::JsValue;

/// The elements of an array, or of data that is read as an array.
pub(super) struct TreeItems<'b> {
    pub(super) inside: TreeInside<'b>,
    pub(super) left: Left,
    pub(super) length: usize,
    pub(super) next: usize,
}

pub(super) enum Left {
    Values(IntoIter<JsValue>),
    Numbers(IntoIter<f64>),
    Bytes(IntoIter<u8>),
}

impl From<JsValue> for Left {
    fn from(value: JsValue) -> Self {
        match value {
            JsValue::Array(items) | JsValue::Set(items) => Self::Values(items.into_iter()),
            JsValue::Numbers { values, .. } => Self::Numbers(values.into_iter()),
            JsValue::Bytes(bytes) => Self::Bytes(bytes.into_iter()),
            _ => Self::Values(Vec::new().into_iter()),
        }
    }
}

impl Iterator for Left {
    type Item = JsValue;

    fn next(&mut self) -> Option<JsValue> {
        match self {
            Self::Values(values) => values.next(),
            Self::Numbers(values) => values.next().map(JsValue::Number),
            Self::Bytes(bytes) => bytes.next().map(|byte| JsValue::Number(byte.into())),
        }
    }
}

impl<'de> de::SeqAccess<'de> for TreeItems<'_> {
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ValueError> {
        let Some(value) = self.left.next() else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(self.inside.of(value)).map(Some).map_err(|error| error.at(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.length - self.next)
    }
}

/// The name of a property. The text is copied only for a visitor that keeps it.
struct TreeKey<'n>(&'n str);

impl TreeKey<'_> {
    fn copied(self) -> KeyName {
        KeyName(self.0.to_owned())
    }
}

macro_rules! copied {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            self.copied().$method(visitor)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for TreeKey<'_> {
    type Error = ValueError;

    copied!(deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_char deserialize_string);

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.copied().deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.copied().deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        f32 f64 str bytes byte_buf option unit unit_struct seq tuple tuple_struct map struct ignored_any
    }
}

fn no_key() -> ValueError {
    <ValueError as de::Error>::custom("the serde type asked for a map's value before its key")
}

/// The properties of an object.
pub(super) struct Properties<'b> {
    pub(super) inside: TreeInside<'b>,
    pub(super) fields: IntoIter<(String, JsValue)>,
    pub(super) value: Option<(String, JsValue)>,
}

impl<'de> de::MapAccess<'de> for Properties<'_> {
    type Error = ValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ValueError> {
        for (name, value) in self.fields.by_ref() {
            let name = paid(self.inside.budget, name)?;
            // As in JSON, a property that is `undefined` counts as missing.
            if matches!(value, JsValue::Undefined) {
                continue;
            }
            let key = seed.deserialize(TreeKey(&name)).map_err(|error| error.inside(name.clone()))?;
            self.value = Some((name, value));
            return Ok(Some(key));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ValueError> {
        let (name, value) = self.value.take().ok_or_else(no_key)?;
        seed.deserialize(self.inside.of(value)).map_err(|error| error.inside(name))
    }
}

/// The entries of a Map.
pub(super) struct Pairs<'b> {
    pub(super) inside: TreeInside<'b>,
    pub(super) pairs: IntoIter<(JsValue, JsValue)>,
    pub(super) next: usize,
    pub(super) value: Option<(JsValue, TreePlace)>,
}

/// Where a value is, for an error.
pub(super) enum TreePlace {
    Named(String),
    Nth(usize),
}

impl<'de> de::MapAccess<'de> for Pairs<'_> {
    type Error = ValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ValueError> {
        let Some((key, value)) = self.pairs.next() else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        let place = match &key {
            JsValue::String(name) => TreePlace::Named(name.clone()),
            JsValue::Number(_) | JsValue::BigInt { .. } => TreePlace::Named(key.describe()),
            _ => TreePlace::Nth(index),
        };
        let key = seed.deserialize(self.inside.of(key)).map_err(|error| error.at_key(index))?;
        self.value = Some((value, place));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ValueError> {
        let (value, place) = self.value.take().ok_or_else(no_key)?;
        seed.deserialize(self.inside.of(value)).map_err(|error| match place {
            TreePlace::Named(name) => error.inside(name),
            TreePlace::Nth(index) => error.at(index),
        })
    }
}

/// An Error as its `name`, `message` and `cause`.
pub(super) struct TreeErrorFields<'b>(pub(super) TreeReader<'b>);

impl<'de> de::Deserializer<'de> for TreeErrorFields<'_> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_map(error_properties(self.0)?)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The properties of an Error. This function is separate, so that it takes no stack in the frame of each nested level.
#[inline(never)]
fn error_properties(reader: TreeReader<'_>) -> Result<Properties<'_>, ValueError> {
    reader.budget.nodes(3)?;
    let inside = reader.inside()?;
    let [name, message, cause] = reader.value.into_error_parts();
    let parts = [("name", name), ("message", message), ("cause", cause)];
    let fields = parts.map(|(name, part)| (name.to_owned(), part)).into_iter();
    Ok(Properties { inside, fields: fields.collect::<Vec<_>>().into_iter(), value: None })
}

/// An object with one property: the variant's name and its content.
pub(super) struct TreeVariant<'b> {
    pub(super) inside: TreeInside<'b>,
    pub(super) object: JsValue,
}

impl<'de, 'b> de::EnumAccess<'de> for TreeVariant<'b> {
    type Error = ValueError;
    type Variant = Content<TreeReader<'b>>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), ValueError> {
        let field = if let JsValue::Object(fields) = self.object { fields.into_iter().next() } else { None };
        let (name, value) = field.ok_or_else(|| ValueError::new("a variant", "none"))?;
        let name = paid(self.inside.budget, name)?;
        let variant = seed.deserialize(KeyName(name.clone()))?;
        self.inside.budget.nodes(1)?;
        Ok((variant, Content { reader: self.inside.of(value), name }))
    }
}

impl<'de> ReadFields<'de> for TreeReader<'_> {
    fn fields<V: Visitor<'de>>(self, visitor: V, expected: &str) -> Result<V::Value, ValueError> {
        self.map(visitor, expected)
    }
}
