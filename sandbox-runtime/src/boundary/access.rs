//! What is inside of a value: the elements of an array, the entries of an object or a Map, the content of a variant.

use deno_core::v8;
use serde::de::{self, DeserializeSeed, Visitor};

use super::fault::ValueError;
use super::keys::Name;
use super::read::{Reader, Value};

/// The elements of an array.
pub(super) struct Items<'r, 's, 'i> {
    pub(super) reader: Reader<'r, 's, 'i>,
    pub(super) object: v8::Local<'s, v8::Object>,
    pub(super) length: usize,
    pub(super) next: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'_, '_, '_> {
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ValueError> {
        let index = self.next;
        if index >= self.length {
            return Ok(None);
        }
        self.next += 1;
        let reader = self.reader;
        let at = u32::try_from(index).unwrap_or(u32::MAX);
        let value = self.object.get_index(reader.scope, at);
        let value = value.ok_or_else(|| ValueError::new("a value", "a getter that threw").at(index))?;
        seed.deserialize(reader.of(value)).map(Some).map_err(|error| error.at(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.length - self.next)
    }
}

/// The entries of an object (its names, and where they are looked up) or of a Map (keys and values in turn).
pub(super) struct Entries<'r, 's, 'i> {
    pub(super) reader: Reader<'r, 's, 'i>,
    pub(super) entries: v8::Local<'s, v8::Array>,
    pub(super) object: Option<v8::Local<'s, v8::Object>>,
    pub(super) next: u32,
    pub(super) value: Option<(Value<'s>, Option<String>)>,
}

impl<'s> Entries<'_, 's, '_> {
    fn take(&mut self) -> Result<Value<'s>, ValueError> {
        let value = self.entries.get_index(self.reader.scope, self.next);
        self.next += 1;
        value.ok_or_else(|| ValueError::new("an entry", "none"))
    }

    fn next_property<'de, K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
        object: v8::Local<'s, v8::Object>,
    ) -> Result<Option<K::Value>, ValueError> {
        let reader = self.reader;
        while self.next < self.entries.length() {
            let key = self.take()?;
            let name = reader.of(key).string("a property's name")?;
            let value = reader.get(object, key).map_err(|error| error.inside(name.clone()))?;
            // As in JSON, a property that is `undefined` is one that is not there.
            if value.is_undefined() {
                continue;
            }
            let key = seed.deserialize(Name(name.clone())).map_err(|error| error.inside(name.clone()))?;
            self.value = Some((value, Some(name)));
            return Ok(Some(key));
        }
        Ok(None)
    }

    fn next_pair<'de, K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ValueError> {
        if self.next >= self.entries.length() {
            return Ok(None);
        }
        let index = self.next as usize / 2;
        let key = self.reader.of(self.take()?);
        let key = seed.deserialize(key).map_err(|error| error.inside("key").at(index))?;
        self.value = Some((self.take()?, None));
        Ok(Some(key))
    }
}

impl<'de> de::MapAccess<'de> for Entries<'_, '_, '_> {
    type Error = ValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ValueError> {
        match self.object {
            Some(object) => self.next_property(seed, object),
            None => self.next_pair(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ValueError> {
        let Some((value, name)) = self.value.take() else {
            return Err(<ValueError as de::Error>::custom("a map's value before its key"));
        };
        let index = self.next as usize / 2;
        let read = seed.deserialize(self.reader.of(value));
        read.map_err(|error| match name {
            Some(name) => error.inside(name),
            None => error.inside("value").at(index.saturating_sub(1)),
        })
    }
}

/// An object with one property: the variant's name and its content.
pub(super) struct Variant<'r, 's, 'i> {
    pub(super) reader: Reader<'r, 's, 'i>,
    pub(super) object: v8::Local<'s, v8::Object>,
    pub(super) key: Value<'s>,
}

impl<'de, 'r, 's, 'i> de::EnumAccess<'de> for Variant<'r, 's, 'i> {
    type Error = ValueError;
    type Variant = Content<'r, 's, 'i>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), ValueError> {
        let reader = self.reader;
        let name = reader.of(self.key).string("a variant's name")?;
        let variant = seed.deserialize(Name(name.clone()))?;
        let value = reader.get(self.object, self.key).map_err(|error| error.inside(name.clone()))?;
        Ok((variant, Content { reader: reader.child(value)?, name }))
    }
}

/// What a variant holds.
pub(super) struct Content<'r, 's, 'i> {
    pub(super) reader: Reader<'r, 's, 'i>,
    pub(super) name: String,
}

impl<'de> de::VariantAccess<'de> for Content<'_, '_, '_> {
    type Error = ValueError;

    fn unit_variant(self) -> Result<(), ValueError> {
        let read = <() as serde::Deserialize>::deserialize(self.reader);
        read.map_err(|error| error.inside(self.name))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ValueError> {
        seed.deserialize(self.reader).map_err(|error| error.inside(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ValueError> {
        let expected = format!("an array of {length} elements");
        self.reader.seq(visitor, &expected).map_err(|error| error.inside(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.reader.map(visitor, "an object").map_err(|error| error.inside(self.name))
    }
}
