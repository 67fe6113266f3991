//! The content of an enum's variant, for the reader of engine values and for the reader of plain data.
//!
//! Both readers implement [`ReadFields`], so that they accept the same spellings of a variant.

use serde::de::{self, DeserializeSeed, Visitor};

use super::value_error::ValueError;

/// A reader of values.
pub trait ReadFields<'de>: de::Deserializer<'de, Error = ValueError> {
    /// Reads an object or a Map. `expected` describes the value in an error.
    fn fields<V: Visitor<'de>>(self, visitor: V, expected: &str) -> Result<V::Value, ValueError>;
}

/// The content of a variant.
pub struct Content<R> {
    pub reader: R,
    pub name: String,
}

impl<'de, R: ReadFields<'de>> de::VariantAccess<'de> for Content<R> {
    type Error = ValueError;

    /// A variant without content is its name alone. An object with the name would be a second spelling of the same
    /// value.
    fn unit_variant(self) -> Result<(), ValueError> {
        Err(ValueError::new(format!("{:?}", self.name), "an object"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ValueError> {
        seed.deserialize(self.reader).map_err(|error| error.inside(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ValueError> {
        self.reader.deserialize_tuple(length, visitor).map_err(|error| error.inside(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.reader.fields(visitor, "an object").map_err(|error| error.inside(self.name))
    }
}
