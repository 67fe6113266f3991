//! Serializes a Rust value into bytes, without plain data in between.
//!
//! The bytes equal those of [`encode`](super::encode()) for [`plain`](crate::boundary::plain). A test compares the two.

use std::any::TypeId;

use serde::ser::{self, Serialize};

use super::encode::{encode, put_bigint, put_bool, put_bytes, put_length, put_number, put_string, put_text};
use super::{
    ARRAY, BYTES, DATE as DATE_TAG, MAP as MAP_TAG, NULL, NUMBER, OBJECT, OTHER, OTHER_HANDLE, Out,
    SET as SET_TAG, UNDEFINED,
};
use crate::boundary::keys::KeyWriter;
use crate::boundary::{DEEPEST, ValueError, plain_inside};
use crate::value::handle::{HANDLE, HostObject, SharedObject, offered};
use crate::value::number::{MAX_SAFE, is_json};
use crate::value::{DATE, ERROR, MAP, SET};

/// Appends a value.
pub fn serialize<T: ?Sized + Serialize>(value: &T, out: &mut Out) -> Result<(), ValueError> {
    ByteSerializer { out, at: Where { depth: 0, json: false, map: false } }.write(value)
}

/// Appends a whole argument or result. There the unit is `undefined`; inside of a collection it is `null`.
pub fn serialize_top<T: ?Sized + Serialize>(value: &T, out: &mut Out) -> Result<(), ValueError> {
    if typeid::of::<T>() == TypeId::of::<()>() {
        out.push(UNDEFINED);
        return Ok(());
    }
    serialize(value, out)
}

/// Appends an object of the host, without its number.
fn handle(host: HostObject, out: &mut Out) -> Result<(), ValueError> {
    let HostObject { contract, object, address } = host;
    let object = (contract.share)(&*object).ok_or_else(|| {
        let expected =
            format!("a handle of `{}: Send + Sync`, for a sandbox of another process", contract.name);
        ValueError::new(expected, "one of a contract that one thread may use")
    })?;
    out.extend([OTHER, OTHER_HANDLE]);
    out.put_object(SharedObject { contract, object, address });
    Ok(())
}

#[derive(Clone, Copy)]
struct Where {
    depth: usize,
    /// Inside of a `serde_json::Value`.
    json: bool,
    /// A map becomes a `Map`.
    map: bool,
}

struct ByteSerializer<'o> {
    out: &'o mut Out,
    at: Where,
}

impl<'o> ByteSerializer<'o> {
    fn write<T: ?Sized + Serialize>(self, value: &T) -> Result<(), ValueError> {
        let at = Where { json: self.at.json || is_json::<T>(), ..self.at };
        value.serialize(ByteSerializer { out: self.out, at })
    }

    fn inside(self) -> Result<Self, ValueError> {
        match self.at.depth < DEEPEST {
            true => Ok(Self { at: Where { depth: self.at.depth + 1, map: false, ..self.at }, ..self }),
            false => Err(ValueError::new(format!("at most {DEEPEST} levels of nesting"), "more")),
        }
    }

    /// The beginning of `{ [variant]: value }`.
    fn tagged(self, variant: Option<&'static str>) -> Self {
        if let Some(variant) = variant {
            self.out.extend([OBJECT, 1]);
            put_text(variant, self.out);
        }
        self
    }

    fn open(self, tag: u8, length: usize, variant: Option<&'static str>) -> Result<Open<'o>, ValueError> {
        let map = self.at.map;
        let Self { out, at } = self.inside()?.tagged(variant);
        let start = out.len();
        out.push(tag);
        put_length(length, out);
        Ok(Open { out, at, start, said: length, written: 0, map, name: String::new() })
    }

    fn integer(self, negative: bool, magnitude: u64) {
        match self.at.json && magnitude <= MAX_SAFE {
            #[expect(clippy::cast_precision_loss, reason = "the value is at most 2^53 - 1")]
            true => put_number(if negative { -(magnitude as f64) } else { magnitude as f64 }, self.out),
            false => put_bigint(negative, magnitude.into(), self.out),
        }
    }
}

/// A collection being written. Its length is certain at its end.
struct Open<'o> {
    out: &'o mut Out,
    at: Where,
    start: usize,
    said: usize,
    written: usize,
    map: bool,
    /// The name of the property whose value comes next.
    name: String,
}

impl Open<'_> {
    fn part(&mut self) -> ByteSerializer<'_> {
        ByteSerializer { out: self.out, at: self.at }
    }

    fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        self.written += 1;
        self.part().write(value)
    }

    fn item<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        let index = self.written;
        self.value(value).map_err(|error| error.at(index))
    }

    fn field<T: ?Sized + Serialize>(&mut self, name: &str, value: &T) -> Result<(), ValueError> {
        put_text(name, self.out);
        self.value(value).map_err(|error| error.inside(name))
    }

    fn tag(&mut self, tag: u8) {
        if let Some(at) = self.out.get_mut(self.start) {
            *at = tag;
        }
    }

    fn close(self) {
        if self.written != self.said {
            let (mut old, mut new) = (Out::default(), Out::default());
            put_length(self.said, &mut old);
            put_length(self.written, &mut new);
            self.out.replace(self.start + 1..self.start + 1 + old.len(), new.into_bytes());
        }
    }
}

macro_rules! numbers {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), ValueError> {
            put_number(value.into(), self.out);
            Ok(())
        }
    )*};
}

impl<'o> ser::Serializer for ByteSerializer<'o> {
    type Ok = ();
    type Error = ValueError;
    type SerializeSeq = Open<'o>;
    type SerializeTuple = Open<'o>;
    type SerializeTupleStruct = Open<'o>;
    type SerializeTupleVariant = Open<'o>;
    type SerializeMap = Open<'o>;
    type SerializeStruct = Open<'o>;
    type SerializeStructVariant = Open<'o>;

    numbers!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_u8 u8, serialize_u16 u16,
        serialize_u32 u32, serialize_f32 f32, serialize_f64 f64);

    fn serialize_bool(self, value: bool) -> Result<(), ValueError> {
        put_bool(value, self.out);
        Ok(())
    }
    fn serialize_i64(self, value: i64) -> Result<(), ValueError> {
        self.integer(value < 0, value.unsigned_abs());
        Ok(())
    }
    fn serialize_u64(self, value: u64) -> Result<(), ValueError> {
        self.integer(false, value);
        Ok(())
    }
    fn serialize_i128(self, value: i128) -> Result<(), ValueError> {
        put_bigint(value < 0, value.unsigned_abs(), self.out);
        Ok(())
    }
    fn serialize_u128(self, value: u128) -> Result<(), ValueError> {
        put_bigint(false, value, self.out);
        Ok(())
    }
    fn serialize_char(self, value: char) -> Result<(), ValueError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, value: &str) -> Result<(), ValueError> {
        put_string(value, self.out);
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), ValueError> {
        put_bytes(BYTES, value, self.out);
        Ok(())
    }
    fn serialize_none(self) -> Result<(), ValueError> {
        self.serialize_unit()
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), ValueError> {
        self.write(value)
    }
    fn serialize_unit(self) -> Result<(), ValueError> {
        self.out.push(NULL);
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), ValueError> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), ValueError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        let Self { out, at } = self;
        if name == ERROR {
            // A small value, whose encoding differs from that of its fields.
            encode(&plain_inside(name, value, at.depth)?, out);
            return Ok(());
        }
        if let Some(object) = (name == HANDLE).then(offered).flatten() {
            return handle(object, out);
        }
        let start = out.len();
        let at = Where { json: at.json || name == DATE, map: at.map || name == MAP, ..at };
        ByteSerializer { out: &mut *out, at }.write(value)?;
        match (name, out.get_mut(start)) {
            (DATE, Some(tag @ &mut NUMBER)) => *tag = DATE_TAG,
            (SET, Some(tag @ &mut ARRAY)) => *tag = SET_TAG,
            _ => {}
        }
        Ok(())
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        self.inside()?.tagged(Some(variant)).write(value)
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Open<'o>, ValueError> {
        self.open(ARRAY, length.unwrap_or(0), None)
    }
    fn serialize_tuple(self, length: usize) -> Result<Open<'o>, ValueError> {
        self.open(ARRAY, length, None)
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Open<'o>, ValueError> {
        self.open(ARRAY, length, None)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Open<'o>, ValueError> {
        self.open(ARRAY, length, Some(variant))
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Open<'o>, ValueError> {
        let tag = if self.at.map { MAP_TAG } else { OBJECT };
        self.open(tag, length.unwrap_or(0), None)
    }
    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Open<'o>, ValueError> {
        self.open(OBJECT, length, None)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Open<'o>, ValueError> {
        self.open(OBJECT, length, Some(variant))
    }
}

/// The first key decides between an object and a `Map`.
impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = ValueError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), ValueError> {
        match (!self.map).then(|| key.serialize(KeyWriter).ok()).flatten() {
            Some(name) => {
                put_text(&name, self.out);
                self.name = name;
            }
            None if self.map || self.written == 0 => {
                self.map = true;
                self.tag(MAP_TAG);
                self.part().write(key)?;
            }
            None => {
                let mixed = "a map whose keys are names and other values";
                return Err(<ValueError as ser::Error>::custom(mixed));
            }
        }
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        self.value(value).map_err(|error| match self.map {
            true => error.inside("value"),
            false => error.inside(std::mem::take(&mut self.name)),
        })
    }

    fn end(self) -> Result<(), ValueError> {
        self.close();
        Ok(())
    }
}

macro_rules! items {
    ($($trait:ident $method:ident),*) => {$(
        impl ser::$trait for Open<'_> {
            type Ok = ();
            type Error = ValueError;
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
                self.item(value)
            }
            fn end(self) -> Result<(), ValueError> {
                self.close();
                Ok(())
            }
        }
    )*};
}
items!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field);

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Open<'_> {
            type Ok = ();
            type Error = ValueError;
            fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), ValueError> {
                self.field(name, value)
            }
            fn end(self) -> Result<(), ValueError> {
                self.close();
                Ok(())
            }
        }
    )*};
}
fields!(SerializeStruct, SerializeStructVariant);
