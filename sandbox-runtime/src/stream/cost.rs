//! The cost of a value in a crossing's budget, found by serializing the value to nothing.
//!
//! The counts are those of `boundary::Budget`, where the value is written. A count takes no time for a number, and for a text no
//! more than its length.

use std::fmt;

use sandbox_core::value::handle::{HANDLE, offered};
use serde::ser::{self, Serialize};

/// The cost of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cost {
    pub(super) values: usize,
    pub(super) bytes: usize,
    /// The levels of nesting; 0 for a value that has no parts.
    pub(super) depth: usize,
    /// The level of the value that is being counted.
    level: usize,
}

impl Cost {
    /// Of a value; `None` when the value cannot be serialized.
    pub(super) fn of<T: ?Sized + Serialize>(value: &T) -> Option<Self> {
        let mut cost = Self::default();
        cost.value(value).ok()?;
        Some(cost)
    }

    fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Uncounted> {
        self.values += 1;
        value.serialize(self)
    }

    fn text(&mut self, length: usize) -> Result<(), Uncounted> {
        self.bytes += length;
        Ok(())
    }

    /// Goes one level deeper.
    fn open(&mut self) -> Result<&mut Self, Uncounted> {
        self.level += 1;
        self.depth = self.depth.max(self.level);
        Ok(self)
    }

    /// Opens the content of a variant, whose name is its key.
    fn variant(&mut self, name: &'static str) -> Result<&mut Self, Uncounted> {
        self.text(name.len())?;
        self.open()
    }

    fn close(&mut self) -> Result<(), Uncounted> {
        self.level -= 1;
        Ok(())
    }
}

/// A value that cannot be serialized. The crossing says why.
#[derive(Debug)]
pub(super) struct Uncounted;

impl fmt::Display for Uncounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that cannot be serialized")
    }
}

impl std::error::Error for Uncounted {}

impl ser::Error for Uncounted {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! nothing_more {
    ($($method:ident $type:ty),*) => {$(
        #[inline]
        fn $method(self, _: $type) -> Result<(), Uncounted> {
            Ok(())
        }
    )*};
}

impl ser::Serializer for &mut Cost {
    type Ok = ();
    type Error = Uncounted;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    nothing_more!(serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128, serialize_f32 f32, serialize_f64 f64);

    fn serialize_char(self, value: char) -> Result<(), Uncounted> {
        self.text(value.len_utf8())
    }
    fn serialize_str(self, value: &str) -> Result<(), Uncounted> {
        self.text(value.len())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Uncounted> {
        self.text(value.len())
    }
    fn serialize_none(self) -> Result<(), Uncounted> {
        Ok(())
    }
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Uncounted> {
        self.value(value)
    }
    fn serialize_unit(self) -> Result<(), Uncounted> {
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Uncounted> {
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Uncounted> {
        self.text(variant.len())
    }
    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Uncounted> {
        if name == HANDLE {
            // A handle that nobody takes refuses the format.
            drop(offered());
        }
        self.value(value)
    }
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Uncounted> {
        self.variant(variant)?.value(value)?;
        self.close()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Uncounted> {
        self.open()
    }
    fn serialize_tuple(self, _: usize) -> Result<Self, Uncounted> {
        self.open()
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Uncounted> {
        self.open()
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Uncounted> {
        self.variant(variant)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self, Uncounted> {
        self.open()
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Uncounted> {
        self.open()
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Uncounted> {
        self.variant(variant)
    }
}

macro_rules! parts {
    ($($trait:ident $method:ident [$($key:ident)?]),*) => {$(
        impl ser::$trait for &mut Cost {
            type Ok = ();
            type Error = Uncounted;
            fn $method<T: ?Sized + Serialize>(&mut self, $($key: &'static str,)? value: &T) -> Result<(), Uncounted> {
                $(self.text($key.len())?;)?
                self.value(value)
            }
            fn end(self) -> Result<(), Uncounted> {
                self.close()
            }
        }
    )*};
}
parts!(SerializeSeq serialize_element [], SerializeTuple serialize_element [], SerializeTupleStruct serialize_field [],
    SerializeTupleVariant serialize_field [], SerializeStruct serialize_field [name],
    SerializeStructVariant serialize_field [name]);

impl ser::SerializeMap for &mut Cost {
    type Ok = ();
    type Error = Uncounted;
    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Uncounted> {
        self.value(key)
    }
    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Uncounted> {
        self.value(value)
    }
    fn end(self) -> Result<(), Uncounted> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn cost(values: usize, bytes: usize, depth: usize) -> Option<Cost> {
        Some(Cost { values, bytes, depth, level: 0 })
    }

    #[test]
    fn every_part_of_a_value_is_counted() {
        assert_eq!(Cost::of(&1.5), cost(1, 0, 0));
        assert_eq!(Cost::of("four"), cost(1, 4, 0));
        assert_eq!(Cost::of(&vec![(1, "é"), (2, "")]), cost(7, 2, 2));
        assert_eq!(Cost::of(&Some(BTreeMap::from([("key", vec![1])]))), cost(5, 3, 2));
    }

    #[test]
    fn a_value_that_refuses_has_no_cost() {
        struct Refuses;
        impl Serialize for Refuses {
            fn serialize<S: ser::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(ser::Error::custom("no"))
            }
        }
        assert_eq!(Cost::of(&Refuses), None);
    }
}
