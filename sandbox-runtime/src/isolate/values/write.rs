//! Rust → JavaScript, as a serde format.
//!
//! Objects and arrays get own data properties only, by definition and not by assignment. So a setter that a guest
//! planted on a prototype is never called, and no code of the guest runs here.

use std::any::{Any, TypeId};

use deno_core::v8;
use serde::ser::{self, Serialize};

use super::collect::{EntriesWriter, FieldsWriter, ItemsWriter, Made};
use crate::boundary::{Budget, ValueError};
use crate::isolate::engine::compile::own;
use crate::isolate::engine::text::js_string;
use crate::isolate::state::struct_shapes::{Names, Values};
use crate::isolate::{Isolate, intrinsics};
use crate::value::handle::{BATCH, HANDLE};
use crate::value::number::{MAX_SAFE, is_json};
use crate::value::{Bytes, DATE, ERROR, MAP, SET};

pub(super) type Value<'s> = v8::Local<'s, v8::Value>;

#[derive(Clone, Copy)]
pub(super) struct ValueWriter<'w, 's, 'i> {
    pub(super) scope: &'w v8::PinScope<'s, 'i>,
    pub(super) budget: &'w Budget<'w>,
    depth: usize,
    /// Inside of a `serde_json::Value`, whose integers have no width. Integers that are exact as Numbers become
    /// Numbers.
    json: bool,
    /// A map becomes a `Map`, whatever its keys are.
    map: bool,
}

impl<'w, 's, 'i> ValueWriter<'w, 's, 'i> {
    #[inline]
    pub(super) fn new(scope: &'w v8::PinScope<'s, 'i>, budget: &'w Budget<'w>) -> Self {
        Self { scope, budget, depth: 0, json: false, map: false }
    }

    /// Writes a whole value that the caller gives away. Its `Bytes` are moved.
    #[inline]
    pub(super) fn owned<T: Serialize + 'static>(self, value: T) -> Result<Value<'s>, ValueError> {
        let mut value = Some(value);
        if let Some(bytes) = (&mut value as &mut dyn Any).downcast_mut::<Option<Bytes>>() {
            let bytes = bytes.take().unwrap_or_default();
            self.budget.nodes(1)?;
            return self.bytes(bytes.len(), || bytes.into_vec());
        }
        value.map_or_else(|| Err(terminated()), |value| self.top(&value))
    }

    /// Writes a whole value. The unit is `undefined` here, and `null` inside of a collection.
    #[inline]
    pub(super) fn top<T: ?Sized + Serialize>(self, value: &T) -> Result<Value<'s>, ValueError> {
        if typeid::of::<T>() == TypeId::of::<()>() {
            return Ok(v8::undefined(self.scope).into());
        }
        self.write(value)
    }

    #[inline]
    pub(super) fn write<T: ?Sized + Serialize>(self, value: &T) -> Result<Value<'s>, ValueError> {
        self.budget.nodes(1)?;
        value.serialize(Self { json: self.json || is_json::<T>(), ..self })
    }

    pub(super) fn inside(self) -> Result<Self, ValueError> {
        Ok(Self { depth: self.budget.deeper(self.depth)?, map: false, ..self })
    }

    fn text(self, text: &str) -> Result<v8::Local<'s, v8::String>, ValueError> {
        self.budget.text(text.len())?;
        js_string(self.scope, text, v8::NewStringType::Normal)
    }

    /// A property's name. Names are interned, so V8 keeps one copy of each.
    pub(super) fn name(self, text: &str) -> Result<v8::Local<'s, v8::Name>, ValueError> {
        Ok(js_string(self.scope, text, v8::NewStringType::Internalized)?.into())
    }

    #[inline]
    fn number(self, value: f64) -> Value<'s> {
        v8::Number::new(self.scope, value).into()
    }

    pub(super) fn define(
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
    pub(super) fn tagged(self, variant: &str, value: Value<'s>) -> Result<Value<'s>, ValueError> {
        let object = v8::Object::new(self.scope);
        self.define(object, self.name(variant)?, value)?;
        Ok(object.into())
    }

    fn items(self, length: usize, tag: Option<&'static str>) -> Result<ItemsWriter<'w, 's, 'i>, ValueError> {
        // The length is a hint of the serializer, so the first allocation is bounded.
        let values = Vec::with_capacity(length.min(1024));
        Ok(ItemsWriter { writer: self.inside()?, values, tag })
    }

    fn fields(self, tag: Option<&'static str>) -> Result<FieldsWriter<'w, 's, 'i>, ValueError> {
        Ok(FieldsWriter { writer: self.inside()?, names: Names::new(), values: Values::new(), tag })
    }
}

/// An Error of the current realm: of the class of that name that the engine or the builder has, or else an `Error` with its
/// own `name`.
pub(crate) fn new_error<'s>(
    scope: &v8::PinScope<'s, '_>,
    class: &str,
    message: v8::Local<'s, v8::String>,
) -> Option<v8::Local<'s, v8::Object>> {
    let error = match class {
        "TypeError" => v8::Exception::type_error(scope, message),
        "RangeError" => v8::Exception::range_error(scope, message),
        "SyntaxError" => v8::Exception::syntax_error(scope, message),
        "ReferenceError" => v8::Exception::reference_error(scope, message),
        _ => v8::Exception::error(scope, message),
    };
    let error = error.try_cast::<v8::Object>().ok()?;
    if !matches!(class, "Error" | "TypeError" | "RangeError" | "SyntaxError" | "ReferenceError") {
        let key = js_string(scope, "name", v8::NewStringType::Internalized).ok()?;
        let name = js_string(scope, class, v8::NewStringType::Internalized).ok()?;
        error.define_own_property(scope, key.into(), name.into(), v8::PropertyAttribute::DONT_ENUM)?;
        let realm = Isolate::current(scope)?.current_realm(scope);
        if let Some(prototype) = realm.and_then(|realm| realm.errors.of(scope, class)) {
            error.set_prototype(scope, prototype.into())?;
        }
    }
    Some(error)
}

/// The error of a definition. On an object that only the host holds, a definition fails only while the isolate is
/// being terminated.
pub(super) fn terminated() -> ValueError {
    ValueError::new("a running call", "a call that is being ended")
}

macro_rules! small_numbers {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<Value<'s>, ValueError> {
            Ok(self.number(f64::from(value)))
        }
    )*};
}

impl<'w, 's, 'i> ser::Serializer for ValueWriter<'w, 's, 'i> {
    type Ok = Value<'s>;
    type Error = ValueError;
    type SerializeSeq = ItemsWriter<'w, 's, 'i>;
    type SerializeTuple = ItemsWriter<'w, 's, 'i>;
    type SerializeTupleStruct = ItemsWriter<'w, 's, 'i>;
    type SerializeTupleVariant = ItemsWriter<'w, 's, 'i>;
    type SerializeMap = EntriesWriter<'w, 's, 'i>;
    type SerializeStruct = FieldsWriter<'w, 's, 'i>;
    type SerializeStructVariant = FieldsWriter<'w, 's, 'i>;

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
        self.bytes(value.len(), || value.to_vec())
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
        name: &'static str,
        value: &T,
    ) -> Result<Value<'s>, ValueError> {
        match name {
            DATE => self.date(value),
            SET => self.set(value),
            ERROR => self.error(value),
            HANDLE => self.handle(value),
            BATCH => self.batch(value),
            MAP => Self { map: true, ..self }.write(value),
            _ => self.write(value),
        }
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
        let made = if self.map { Made::Map(v8::Map::new(self.scope)) } else { Made::Nothing };
        Ok(EntriesWriter { writer: self.inside()?, made, length: 0, key: None })
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

impl<'s> ValueWriter<'_, 's, '_> {
    /// Moves bytes into a buffer of the guest, without a copy.
    pub(super) fn bytes(
        self,
        length: usize,
        bytes: impl FnOnce() -> Vec<u8>,
    ) -> Result<Value<'s>, ValueError> {
        self.budget.bytes(length)?;
        let isolate = Isolate::current(self.scope).ok_or_else(terminated)?;
        let store = isolate.store(bytes()).ok_or_else(|| self.budget.no_buffer())?;
        let buffer = v8::ArrayBuffer::with_backing_store(self.scope, &store.make_shared());
        v8::Uint8Array::new(self.scope, buffer, 0, length).map(Into::into).ok_or_else(terminated)
    }

    fn date<T: ?Sized + Serialize>(self, millis: &T) -> Result<Value<'s>, ValueError> {
        let millis = Self { json: true, ..self }.write(millis)?.try_cast::<v8::Number>();
        let date = millis.ok().and_then(|millis| v8::Date::new(self.scope, millis.value()));
        date.map(Into::into).ok_or_else(terminated)
    }

    fn set<T: ?Sized + Serialize>(self, items: &T) -> Result<Value<'s>, ValueError> {
        let items = self.write(items)?.try_cast::<v8::Array>();
        let items = items.map_err(|_| {
            <ValueError as ser::Error>::custom("the content of an `AsSet` must serialize as a sequence")
        })?;
        let set = v8::Set::new(self.scope);
        for index in 0..items.length() {
            let item = items.get_index(self.scope, index).ok_or_else(terminated)?;
            set.add(self.scope, item).ok_or_else(terminated)?;
        }
        Ok(set.into())
    }

    fn error<T: ?Sized + Serialize>(self, fields: &T) -> Result<Value<'s>, ValueError> {
        let fields = self.write(fields)?.try_cast::<v8::Object>().map_err(|_| terminated())?;
        let field = |name: &str| own(self.scope, fields, name).ok_or_else(terminated);
        let text = |name: &str| field(name)?.try_cast::<v8::String>().map_err(|_| terminated());
        let name = text("name")?;
        let error = new_error(self.scope, &name.to_rust_string_lossy(self.scope), text("message")?);
        let error = error.ok_or_else(terminated)?;
        // A cause that is left out is not asked of a prototype.
        if let Some(cause) = own(self.scope, fields, "cause").filter(|cause| !cause.is_undefined()) {
            error
                .define_own_property(self.scope, self.name("cause")?, cause, v8::PropertyAttribute::DONT_ENUM)
                .ok_or_else(terminated)?;
        }
        Ok(error.into())
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves are taken apart")]
    fn big(self, negative: bool, magnitude: u128) -> Result<Value<'s>, ValueError> {
        let words = [magnitude as u64, (magnitude >> 64) as u64];
        intrinsics::big(self.scope, negative, words).map(Into::into).ok_or_else(terminated)
    }
}
