//! The writers of arrays, objects and Maps, from Rust to JavaScript.
//!
//! `write` makes them. An object is defined at its end, all properties at once where that is possible.

use deno_core::v8;
use serde::ser::{self, Serialize};

use super::shapes;
use super::write::{Value, ValueWriter, terminated};
use crate::boundary::ValueError;
use crate::boundary::keys::KeyWriter;
use crate::isolate::engine::list;
use crate::isolate::state::struct_shapes::{Names, PropertyName, Values};

/// An array being made.
pub(super) struct ItemsWriter<'w, 's, 'i> {
    pub(super) writer: ValueWriter<'w, 's, 'i>,
    pub(super) values: Vec<Value<'s>>,
    pub(super) tag: Option<&'static str>,
}

impl<'s> ItemsWriter<'_, 's, '_> {
    fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        let index = self.values.len();
        self.writer.budget.length(index + 1)?;
        self.values.push(self.writer.write(value).map_err(|error| error.at(index))?);
        Ok(())
    }

    fn finish(self) -> Result<Value<'s>, ValueError> {
        let array = list(self.writer.scope, &self.values).ok_or_else(terminated)?.into();
        match self.tag {
            Some(variant) => self.writer.tagged(variant, array),
            None => Ok(array),
        }
    }
}

/// An object of known fields being made.
pub(super) struct FieldsWriter<'w, 's, 'i> {
    pub(super) writer: ValueWriter<'w, 's, 'i>,
    pub(super) names: Names,
    pub(super) values: Values<'s>,
    pub(super) tag: Option<&'static str>,
}

impl<'s> FieldsWriter<'_, 's, '_> {
    fn define<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), ValueError> {
        let value = self.writer.write(value).map_err(|error| error.inside(name))?;
        self.names.push(PropertyName(name));
        self.values.push(value);
        Ok(())
    }

    fn finish(self) -> Result<Value<'s>, ValueError> {
        let object = match shapes::make(self.writer.scope, &self.names, &self.values)? {
            Some(object) => object,
            None => self.one_at_a_time()?,
        };
        match self.tag {
            Some(variant) => self.writer.tagged(variant, object),
            None => Ok(object),
        }
    }

    fn one_at_a_time(&self) -> Result<Value<'s>, ValueError> {
        let object = v8::Object::new(self.writer.scope);
        for (PropertyName(name), value) in self.names.iter().zip(&self.values) {
            self.writer.define(object, self.writer.name(name)?, *value)?;
        }
        Ok(object.into())
    }
}

/// A map in the making: an object when all keys are names, otherwise a `Map`.
pub(super) struct EntriesWriter<'w, 's, 'i> {
    pub(super) writer: ValueWriter<'w, 's, 'i>,
    pub(super) made: Made<'s>,
    pub(super) length: usize,
    pub(super) key: Option<KeyState<'s>>,
}

#[derive(Clone, Copy)]
pub(super) enum Made<'s> {
    Nothing,
    Object(v8::Local<'s, v8::Object>),
    Map(v8::Local<'s, v8::Map>),
}

pub(super) enum KeyState<'s> {
    Name(String),
    Value(Value<'s>),
}

impl<'s> EntriesWriter<'_, 's, '_> {
    fn insert<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        let writer = self.writer;
        let Some(key) = self.key.take() else {
            return Err(<ValueError as ser::Error>::custom(
                "the serde type wrote a map's value before its key",
            ));
        };
        let step = match &key {
            KeyState::Name(name) => name.clone(),
            KeyState::Value(_) => "value".to_owned(),
        };
        let value = writer.write(value).map_err(|error| error.inside(step))?;
        match (key, self.made) {
            (KeyState::Name(name), Made::Object(object)) => {
                writer.budget.bytes(name.len())?;
                writer.define(object, writer.name(&name)?, value)
            }
            (KeyState::Value(key), Made::Map(map)) => {
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

impl<'s> ser::SerializeMap for EntriesWriter<'_, 's, '_> {
    type Ok = Value<'s>;
    type Error = ValueError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), ValueError> {
        let scope = self.writer.scope;
        self.length += 1;
        self.writer.budget.length(self.length)?;
        let is_map = matches!(self.made, Made::Map(_));
        let (key, made) = match (!is_map).then(|| key.serialize(KeyWriter).ok()).flatten() {
            Some(name) => (KeyState::Name(name), Made::Object(v8::Object::new(scope))),
            None if is_map => (KeyState::Value(self.writer.write(key)?), self.made),
            None => (KeyState::Value(self.writer.write(key)?), Made::Map(v8::Map::new(scope))),
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
        impl<'s> ser::$trait for ItemsWriter<'_, 's, '_> {
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
        impl<'s> ser::$trait for FieldsWriter<'_, 's, '_> {
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
