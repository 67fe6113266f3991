//! serde's access to the parts of an engine value: elements of an array, entries of an object or a Map, the content
//! of a variant.
//!
//! [`Reader`] makes these. Each step can run a getter of the guest, so nothing of the host is borrowed.
//! `from_value::access` does the same for plain data.

use deno_core::v8;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Visitor};

use super::observe::observe;
use super::read::{Reader, Value};
use super::seen::Opened;
use super::write::terminated;
use crate::boundary::ValueError;
use crate::boundary::content::{Content, ReadFields};
use crate::boundary::keys::KeyName;
use crate::isolate::engine::list;
use crate::isolate::engine::text::js_string;
use crate::value::JsValue;

/// The elements of an array.
pub(super) struct ElementAccess<'r, 's, 'i> {
    pub(super) reader: Reader<'r, 's, 'i>,
    pub(super) object: v8::Local<'s, v8::Object>,
    pub(super) length: usize,
    pub(super) next: usize,
}

impl<'de> de::SeqAccess<'de> for ElementAccess<'_, '_, '_> {
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
        let value = value.ok_or_else(|| ValueError::thrown().at(index))?;
        seed.deserialize(reader.part(value)).map(Some).map_err(|error| error.at(index))
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
    /// The value that belongs to the key which was read last.
    pub(super) value: Option<(Reader<'r, 's, 'i>, ElementPlace<'s>)>,
}

/// Where a value is, for an error.
pub(super) enum ElementPlace<'s> {
    /// In the property of this name.
    Property(String),
    /// Behind this key, in the nth entry of a Map.
    Entry(Value<'s>, usize),
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
            let value = reader.part(value);
            // As in JSON, a property that is `undefined` counts as missing.
            if value.value.is_undefined() {
                continue;
            }
            let key = seed.deserialize(KeyName(name.clone())).map_err(|error| error.inside(name.clone()))?;
            self.value = Some((value, ElementPlace::Property(name)));
            return Ok(Some(key));
        }
        Ok(None)
    }

    fn next_pair<'de, K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ValueError> {
        if self.next >= self.entries.length() {
            return Ok(None);
        }
        let index = self.next as usize / 2;
        let name = self.take()?;
        let key = seed.deserialize(self.reader.part(name)).map_err(|error| error.at_key(index))?;
        let value = self.take()?;
        self.value = Some((self.reader.part(value), ElementPlace::Entry(name, index)));
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
        let Some((value, place)) = self.value.take() else {
            return Err(<ValueError as de::Error>::custom(
                "the serde type asked for a map's value before its key",
            ));
        };
        seed.deserialize(value).map_err(|error| match place {
            ElementPlace::Property(name) => error.inside(name),
            // The content of a key was read and checked before.
            ElementPlace::Entry(key, index) if key.is_object() => error.at(index),
            ElementPlace::Entry(key, index) => match observe(self.reader.of(key)) {
                Ok(JsValue::String(name)) => error.inside(name),
                Ok(key @ (JsValue::Number(_) | JsValue::BigInt { .. })) => error.inside(key.describe()),
                _ => error.at(index),
            },
        })
    }
}

/// The fields of an object that has been taken apart.
pub(super) struct Taken<'r, 's, 'i> {
    pub(super) reader: Reader<'r, 's, 'i>,
    pub(super) values: v8::Local<'s, v8::Array>,
    pub(super) fields: &'static [&'static str],
    pub(super) next: usize,
    pub(super) value: Option<Reader<'r, 's, 'i>>,
}

impl<'de> de::MapAccess<'de> for Taken<'_, '_, '_> {
    type Error = ValueError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ValueError> {
        while let Some(name) = self.fields.get(self.next) {
            let at = u32::try_from(self.next).unwrap_or(u32::MAX);
            let value = self.values.get_index(self.reader.scope, at).ok_or_else(ValueError::thrown)?;
            self.next += 1;
            let value = self.reader.part(value);
            // As in JSON, a property that is `undefined` counts as missing.
            if !value.value.is_undefined() {
                self.value = Some(value);
                let key = seed.deserialize(BorrowedStrDeserializer::new(name));
                return key.map(Some).map_err(|error: ValueError| error.inside(*name));
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ValueError> {
        let Some(value) = self.value.take() else {
            return Err(<ValueError as de::Error>::custom(
                "the serde type asked for a map's value before its key",
            ));
        };
        seed.deserialize(value).map_err(|error| error.inside(self.fields[self.next - 1]))
    }
}

/// An Error as its `name`, `message` and `cause`, which may be on its prototypes.
pub(super) struct ErrorFields<'r, 's, 'i> {
    pub(super) reader: Reader<'r, 's, 'i>,
    pub(super) object: v8::Local<'s, v8::Object>,
}

impl<'de> de::Deserializer<'de> for ErrorFields<'_, '_, '_> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let Self { reader, object } = self;
        let mut names = Vec::with_capacity(3);
        for name in ["name", "message", "cause"] {
            names.push(js_string(reader.scope, name, v8::NewStringType::Internalized)?.into());
        }
        reader.budget.nodes(names.len())?;
        let entries = list(reader.scope, &names).ok_or_else(terminated)?;
        reader.opens(|_| Opened::Named { object, names: entries });
        visitor.visit_map(Entries {
            reader: reader.inside()?,
            entries,
            object: Some(object),
            next: 0,
            value: None,
        })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
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
    type Variant = Content<Reader<'r, 's, 'i>>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), ValueError> {
        let reader = self.reader;
        let name = reader.of(self.key).string("a variant's name")?;
        let variant = seed.deserialize(KeyName(name.clone()))?;
        let value = reader.get(self.object, self.key).map_err(|error| error.inside(name.clone()))?;
        reader.budget.nodes(1)?;
        Ok((variant, Content { reader: reader.part(value), name }))
    }
}

impl<'de> ReadFields<'de> for Reader<'_, '_, '_> {
    fn fields<V: Visitor<'de>>(self, visitor: V, expected: &str) -> Result<V::Value, ValueError> {
        self.map(visitor, expected)
    }
}
