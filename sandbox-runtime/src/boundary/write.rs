//! Rust → JavaScript, as a serde format.
//!
//! Objects and arrays get own data properties only, by definition and not by assignment, so a setter that a
//! guest planted on a prototype is never called: no code of the guest runs here.

use std::any::TypeId;

use deno_core::v8;
use serde::ser::{self, Serialize};

use super::Budget;
use super::fault::ValueError;
use super::keys::KeyWriter;
use super::text::js_string;
use crate::isolate::engine;

/// The greatest integer up to which every integer is a Number of its own: 2^53 − 1.
pub(super) const MAX_SAFE: u64 = (1 << 53) - 1;

type Value<'s> = v8::Local<'s, v8::Value>;

#[derive(Clone, Copy)]
pub(super) struct Writer<'w, 's, 'i> {
    scope: &'w v8::PinScope<'s, 'i>,
    budget: &'w Budget,
    depth: usize,
    /// Inside of a `serde_json::Value`, whose integers have no width and are Numbers wherever that is exact.
    json: bool,
}

impl<'w, 's, 'i> Writer<'w, 's, 'i> {
    pub(super) fn new(scope: &'w v8::PinScope<'s, 'i>, budget: &'w Budget) -> Self {
        Self { scope, budget, depth: 0, json: false }
    }

    /// A whole value. The unit is `undefined` here, and `null` inside of a collection.
    pub(super) fn top<T: ?Sized + Serialize>(self, value: &T) -> Result<Value<'s>, ValueError> {
        if typeid::of::<T>() == TypeId::of::<()>() {
            return Ok(v8::undefined(self.scope).into());
        }
        self.write(value)
    }

    fn write<T: ?Sized + Serialize>(self, value: &T) -> Result<Value<'s>, ValueError> {
        self.budget.nodes(1)?;
        value.serialize(Self { json: self.json || is_json::<T>(), ..self })
    }

    fn inside(self) -> Result<Self, ValueError> {
        Ok(Self { depth: self.budget.deeper(self.depth)?, ..self })
    }

    fn text(self, text: &str) -> Result<v8::Local<'s, v8::String>, ValueError> {
        self.budget.bytes(text.len())?;
        js_string(self.scope, text, v8::NewStringType::Normal)
    }

    /// A property's name; V8 keeps one copy of each, so names are interned.
    fn name(self, text: &str) -> Result<v8::Local<'s, v8::Name>, ValueError> {
        Ok(js_string(self.scope, text, v8::NewStringType::Internalized)?.into())
    }

    fn number(self, value: f64) -> Value<'s> {
        v8::Number::new(self.scope, value).into()
    }

    fn define(
        self,
        object: v8::Local<'s, v8::Object>,
        name: v8::Local<'s, v8::Name>,
        value: Value<'s>,
    ) -> Result<(), ValueError> {
        match object.create_data_property(self.scope, name, value) {
            Some(true) => Ok(()),
            _ => Err(terminated()),
        }
    }

    /// `{ [variant]: value }`
    fn tagged(self, variant: &str, value: Value<'s>) -> Result<Value<'s>, ValueError> {
        let object = v8::Object::new(self.scope);
        self.define(object, self.name(variant)?, value)?;
        Ok(object.into())
    }

    fn items(self, length: usize, tag: Option<&'static str>) -> Result<Items<'w, 's, 'i>, ValueError> {
        // What a caller says of a length is a hint, and no reason to allocate much.
        let values = Vec::with_capacity(length.min(1024));
        Ok(Items { writer: self.inside()?, values, tag })
    }

    fn fields(self, tag: Option<&'static str>) -> Result<Fields<'w, 's, 'i>, ValueError> {
        Ok(Fields { writer: self.inside()?, object: v8::Object::new(self.scope), tag })
    }
}

/// A definition on an object that nobody else holds fails only while the isolate is being terminated.
fn terminated() -> ValueError {
    ValueError::new("a call that goes on", "one that was ended")
}

fn is_json<T: ?Sized>() -> bool {
    let id = typeid::of::<T>();
    id == TypeId::of::<serde_json::Value>()
        || id == TypeId::of::<serde_json::Number>()
        || id == TypeId::of::<serde_json::Map<String, serde_json::Value>>()
}

macro_rules! small_numbers {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<Value<'s>, ValueError> {
            Ok(self.number(f64::from(value)))
        }
    )*};
}

impl<'w, 's, 'i> ser::Serializer for Writer<'w, 's, 'i> {
    type Ok = Value<'s>;
    type Error = ValueError;
    type SerializeSeq = Items<'w, 's, 'i>;
    type SerializeTuple = Items<'w, 's, 'i>;
    type SerializeTupleStruct = Items<'w, 's, 'i>;
    type SerializeTupleVariant = Items<'w, 's, 'i>;
    type SerializeMap = Entries<'w, 's, 'i>;
    type SerializeStruct = Fields<'w, 's, 'i>;
    type SerializeStructVariant = Fields<'w, 's, 'i>;

    small_numbers!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_u8 u8, serialize_u16 u16,
        serialize_u32 u32, serialize_f32 f32, serialize_f64 f64);

    fn serialize_bool(self, value: bool) -> Result<Value<'s>, ValueError> {
        Ok(v8::Boolean::new(self.scope, value).into())
    }

    #[expect(clippy::cast_precision_loss, reason = "the value is at most 2^53 - 1")]
    fn serialize_i64(self, value: i64) -> Result<Value<'s>, ValueError> {
        if self.json && value.unsigned_abs() <= MAX_SAFE {
            return Ok(self.number(value as f64));
        }
        Ok(v8::BigInt::new_from_i64(self.scope, value).into())
    }

    #[expect(clippy::cast_precision_loss, reason = "the value is at most 2^53 - 1")]
    fn serialize_u64(self, value: u64) -> Result<Value<'s>, ValueError> {
        if self.json && value <= MAX_SAFE {
            return Ok(self.number(value as f64));
        }
        Ok(v8::BigInt::new_from_u64(self.scope, value).into())
    }

    fn serialize_i128(self, value: i128) -> Result<Value<'s>, ValueError> {
        self.big(value < 0, value.unsigned_abs())
    }

    fn serialize_u128(self, value: u128) -> Result<Value<'s>, ValueError> {
        self.big(false, value)
    }

    fn serialize_char(self, value: char) -> Result<Value<'s>, ValueError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<Value<'s>, ValueError> {
        Ok(self.text(value)?.into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Value<'s>, ValueError> {
        self.budget.bytes(value.len())?;
        let store = v8::ArrayBuffer::new_backing_store_from_vec(value.to_vec()).make_shared();
        let buffer = v8::ArrayBuffer::with_backing_store(self.scope, &store);
        let view = v8::Uint8Array::new(self.scope, buffer, 0, value.len());
        view.map(Into::into).ok_or_else(terminated)
    }

    fn serialize_none(self) -> Result<Value<'s>, ValueError> {
        Ok(v8::null(self.scope).into())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<Value<'s>, ValueError> {
        self.write(value)
    }

    fn serialize_unit(self) -> Result<Value<'s>, ValueError> {
        Ok(v8::null(self.scope).into())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value<'s>, ValueError> {
        Ok(v8::null(self.scope).into())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value<'s>, ValueError> {
        Ok(self.name(variant)?.into())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value<'s>, ValueError> {
        self.write(value)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value<'s>, ValueError> {
        let value = self.inside()?.write(value).map_err(|error| error.inside(variant))?;
        self.tagged(variant, value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, ValueError> {
        self.items(length.unwrap_or(0), None)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, ValueError> {
        self.items(length, None)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, ValueError> {
        self.items(length, None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, ValueError> {
        self.items(length, Some(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, ValueError> {
        Ok(Entries { writer: self.inside()?, made: Made::Nothing, key: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, ValueError> {
        self.fields(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, ValueError> {
        self.fields(Some(variant))
    }
}

impl<'s> Writer<'_, 's, '_> {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are taken apart")]
    fn big(self, negative: bool, magnitude: u128) -> Result<Value<'s>, ValueError> {
        let words = [magnitude as u64, (magnitude >> 64) as u64];
        engine::big(self.scope, negative, words).map(Into::into).ok_or_else(terminated)
    }
}

/// An array being made.
pub(super) struct Items<'w, 's, 'i> {
    writer: Writer<'w, 's, 'i>,
    values: Vec<Value<'s>>,
    tag: Option<&'static str>,
}

impl<'s> Items<'_, 's, '_> {
    fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        let index = self.values.len();
        self.values.push(self.writer.write(value).map_err(|error| error.at(index))?);
        Ok(())
    }

    fn finish(self) -> Result<Value<'s>, ValueError> {
        let array = v8::Array::new_with_elements(self.writer.scope, &self.values).into();
        match self.tag {
            Some(variant) => self.writer.tagged(variant, array),
            None => Ok(array),
        }
    }
}

/// An object of known fields being made.
pub(super) struct Fields<'w, 's, 'i> {
    writer: Writer<'w, 's, 'i>,
    object: v8::Local<'s, v8::Object>,
    tag: Option<&'static str>,
}

impl<'s> Fields<'_, 's, '_> {
    fn define<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), ValueError> {
        let value = self.writer.write(value).map_err(|error| error.inside(name))?;
        self.writer.define(self.object, self.writer.name(name)?, value)
    }

    fn finish(self) -> Result<Value<'s>, ValueError> {
        match self.tag {
            Some(variant) => self.writer.tagged(variant, self.object.into()),
            None => Ok(self.object.into()),
        }
    }
}

/// A map being made: an object when its keys are names, else a `Map`.
pub(super) struct Entries<'w, 's, 'i> {
    writer: Writer<'w, 's, 'i>,
    made: Made<'s>,
    key: Option<Key<'s>>,
}

#[derive(Clone, Copy)]
enum Made<'s> {
    Nothing,
    Object(v8::Local<'s, v8::Object>),
    Map(v8::Local<'s, v8::Map>),
}

enum Key<'s> {
    Name(String),
    Value(Value<'s>),
}

impl<'s> Entries<'_, 's, '_> {
    fn insert<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        let writer = self.writer;
        let Some(key) = self.key.take() else {
            return Err(<ValueError as ser::Error>::custom("a map's value before its key"));
        };
        let step = match &key {
            Key::Name(name) => name.clone(),
            Key::Value(_) => "value".to_owned(),
        };
        let value = writer.write(value).map_err(|error| error.inside(step))?;
        match (key, self.made) {
            (Key::Name(name), Made::Object(object)) => {
                writer.budget.bytes(name.len())?;
                writer.define(object, writer.name(&name)?, value)
            }
            (Key::Value(key), Made::Map(map)) => {
                map.set(writer.scope, key, value).map(drop).ok_or_else(terminated)
            }
            _ => Err(<ValueError as ser::Error>::custom("a map whose keys are names and other values")),
        }
    }

    fn finish(self) -> Value<'s> {
        match self.made {
            Made::Nothing => v8::Object::new(self.writer.scope).into(),
            Made::Object(object) => object.into(),
            Made::Map(map) => map.into(),
        }
    }
}

impl<'s> ser::SerializeMap for Entries<'_, 's, '_> {
    type Ok = Value<'s>;
    type Error = ValueError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), ValueError> {
        let scope = self.writer.scope;
        let (key, made) = match key.serialize(KeyWriter).ok() {
            Some(name) => (Key::Name(name), Made::Object(v8::Object::new(scope))),
            None => (Key::Value(self.writer.write(key)?), Made::Map(v8::Map::new(scope))),
        };
        if matches!(self.made, Made::Nothing) {
            self.made = made;
        }
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        self.insert(value)
    }

    fn end(self) -> Result<Value<'s>, ValueError> {
        Ok(self.finish())
    }
}

macro_rules! finish_items {
    ($($trait:ident $method:ident),*) => {$(
        impl<'s> ser::$trait for Items<'_, 's, '_> {
            type Ok = Value<'s>;
            type Error = ValueError;
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
                self.push(value)
            }
            fn end(self) -> Result<Value<'s>, ValueError> {
                self.finish()
            }
        }
    )*};
}
finish_items!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field);

macro_rules! finish_fields {
    ($($trait:ident),*) => {$(
        impl<'s> ser::$trait for Fields<'_, 's, '_> {
            type Ok = Value<'s>;
            type Error = ValueError;
            fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), ValueError> {
                self.define(name, value)
            }
            fn end(self) -> Result<Value<'s>, ValueError> {
                self.finish()
            }
        }
    )*};
}
finish_fields!(SerializeStruct, SerializeStructVariant);
