//! JavaScript → Rust: reads engine values of a guest.
//!
//! [`Reader`] is the reader of one value. `to_host` and `ArgumentReader` use it, on the isolate's thread.
//!
//! No value is converted silently, and no value is used before it is checked. Reading a property can run a getter of
//! the guest. So the caller has the guest's limits armed, and borrows nothing of the host.

use std::fmt::Display;

use deno_core::v8;
use serde::de::Visitor;

use super::access::{ElementAccess, Entries};
use super::describe::found;
use super::exotic::is_detached;
use super::seen::{Opened, Part, Seen, TOP};
use super::value_kind::ValueKind;
use crate::boundary::{Budget, ValueError};
use crate::isolate::engine::text::rust_string;
use crate::isolate::{engine, intrinsics};
use crate::value::TextFault;
use crate::value::number::safe_integer;
use crate::value::wide;

pub(super) type Value<'s> = v8::Local<'s, v8::Value>;

#[derive(Clone, Copy)]
pub(super) struct Reader<'r, 's, 'i> {
    pub(super) scope: &'r v8::PinScope<'s, 'i>,
    pub(super) budget: &'r Budget<'r>,
    depth: usize,
    pub(super) value: Value<'s>,
    /// Where the observed parts are noted, if they are.
    seen: Option<&'r Seen<'s>>,
    /// The number of the value among the noted parts, or of the value that contains it.
    pub(super) part: Part,
}

impl<'r, 's, 'i> Reader<'r, 's, 'i> {
    #[inline]
    pub(super) fn new(scope: &'r v8::PinScope<'s, 'i>, budget: &'r Budget<'r>, value: Value<'s>) -> Self {
        Self { scope, budget, depth: 0, value, seen: None, part: TOP }
    }

    /// The reader of a top-level value whose parts are noted as they are read.
    #[inline]
    pub(super) fn noted(self, seen: Option<&'r Seen<'s>>) -> Self {
        Self { seen, ..self }.part(self.value)
    }

    pub(super) fn unexpected(&self, expected: impl Into<String>) -> ValueError {
        found(expected, self.scope, self.value)
    }

    /// A reader of another value with the same state.
    pub(super) fn of(self, value: Value<'s>) -> Self {
        Self { value, ..self }
    }

    /// A reader of a value inside of this one.
    #[inline]
    pub(super) fn part(self, value: Value<'s>) -> Self {
        match self.seen {
            Some(seen) => Self { value, part: seen.note(self.part, value), ..self },
            None => self.of(value),
        }
    }

    /// A reader of another value, with this number.
    pub(super) fn at(self, part: Part, value: Value<'s>) -> Self {
        Self { value, part, ..self }
    }

    /// Notes how the value was taken apart.
    #[inline]
    pub(super) fn opens(&self, opened: impl FnOnce(&Seen<'s>) -> Opened<'s>) {
        if let Some(seen) = self.seen {
            seen.opens(self.part, opened(seen));
        }
    }

    pub(super) fn inside(self) -> Result<Self, ValueError> {
        Ok(Self { depth: self.budget.deeper(self.depth)?, ..self })
    }

    pub(super) fn text(&self, string: v8::Local<'s, v8::String>) -> Result<String, ValueError> {
        Ok(self.text_or_fault(string)??)
    }

    /// The text of a string, or what is wrong with the string.
    pub(super) fn text_or_fault(
        &self,
        string: v8::Local<'s, v8::String>,
    ) -> Result<Result<String, TextFault>, ValueError> {
        // The budget is spent before the text is read: a rope of half a gigabyte is refused without being flattened.
        self.budget.text(engine::length(self.scope, string))?;
        Ok(rust_string(self.scope, string))
    }

    /// The numbers of a typed array; an error if its memory is detached.
    pub(super) fn numbers(
        &self,
        numbers: v8::Local<'s, v8::TypedArray>,
    ) -> Result<v8::Local<'s, v8::TypedArray>, ValueError> {
        let there =
            (!is_detached(self.scope, numbers)).then(|| intrinsics::settled(self.scope, numbers)).flatten();
        there.ok_or_else(|| self.unexpected("numbers that are still there"))
    }

    /// An own property. A getter may run and may throw.
    pub(super) fn get(
        &self,
        object: v8::Local<'s, v8::Object>,
        key: Value<'s>,
    ) -> Result<Value<'s>, ValueError> {
        object.get(self.scope, key).ok_or_else(ValueError::thrown)
    }

    /// The names of an object's own enumerable properties. Symbols are not data and are left out.
    pub(super) fn names(
        &self,
        object: v8::Local<'s, v8::Object>,
    ) -> Result<v8::Local<'s, v8::Array>, ValueError> {
        intrinsics::names(self.scope, object)
            .ok_or_else(|| ValueError::new("an object", "one whose properties cannot be listed"))
    }

    /// The value as a Number, without a test of its other kinds.
    #[inline]
    fn number(&self) -> Option<f64> {
        self.value.try_cast::<v8::Number>().ok().map(|number| number.value())
    }

    /// An integer with 32 bits or fewer: an integral Number in range.
    pub(super) fn small(&self, min: f64, max: f64, name: &str) -> Result<f64, ValueError> {
        match self.number() {
            Some(number) if number.fract() == 0.0 && (min..=max).contains(&number) => Ok(number),
            _ => Err(self.unexpected(format!("an integer from {min} to {max} ({name})"))),
        }
    }

    /// A 64-bit or 128-bit integer: a BigInt, or a Number that is exact.
    pub(super) fn big<T: TryFrom<i128> + TryFrom<u128>>(&self, name: &str) -> Result<T, ValueError> {
        let refused = || self.unexpected(format!("{} ({name})", wide::accepted(name)));
        match self.shape() {
            ValueKind::Number(number) => {
                let exact = safe_integer(number).ok_or_else(refused)?;
                T::try_from(i128::from(exact)).map_err(|_| refused())
            }
            ValueKind::BigInt(bigint) => match intrinsics::big_value(self.scope, bigint) {
                Some((false, magnitude)) => T::try_from(magnitude).map_err(|_| refused()),
                Some((true, magnitude)) => {
                    let negative = 0_i128.checked_sub_unsigned(magnitude).ok_or_else(refused)?;
                    T::try_from(negative).map_err(|_| refused())
                }
                None => Err(refused()),
            },
            _ => Err(refused()),
        }
    }

    #[inline]
    pub(super) fn float(&self) -> Result<f64, ValueError> {
        self.number().ok_or_else(|| self.unexpected("a number"))
    }

    pub(super) fn string(&self, expected: &str) -> Result<String, ValueError> {
        match self.value.try_cast::<v8::String>() {
            Ok(string) => self.text(string),
            Err(_) => Err(self.unexpected(expected)),
        }
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>, ValueError> {
        let ValueKind::Bytes(value) = self.shape() else {
            return Err(self.unexpected("a Uint8Array or an ArrayBuffer"));
        };
        let view = self.byte_view(value).ok_or_else(|| self.unexpected("bytes that are still there"))?;
        let length = view.byte_length();
        self.budget.bytes(length)?;
        let mut bytes = vec![0; length];
        let copied = view.copy_contents(&mut bytes);
        bytes.truncate(copied);
        self.opens(|seen| seen.bytes(&bytes));
        Ok(bytes)
    }

    /// The bytes of a buffer or of a view of one, unless the memory is detached.
    fn byte_view(&self, value: Value<'s>) -> Option<v8::Local<'s, v8::TypedArray>> {
        if let Ok(numbers) = value.try_cast::<v8::TypedArray>() {
            return self.numbers(numbers).ok();
        }
        let (buffer, start, end) = match value.try_cast::<v8::DataView>() {
            Ok(view) => {
                let (start, view): (usize, v8::Local<'_, v8::ArrayBufferView>) =
                    (view.byte_offset(), view.into());
                (view.buffer(self.scope)?, start, start + view.byte_length())
            }
            Err(_) => {
                let buffer = value.try_cast::<v8::ArrayBuffer>().ok()?;
                (buffer, 0, buffer.byte_length())
            }
        };
        // The length of a view may be older than its buffer.
        let length = end.min(buffer.byte_length()).checked_sub(start).filter(|_| !buffer.was_detached())?;
        let view = v8::Uint8Array::new(self.scope, buffer, start, length)?;
        intrinsics::settled(self.scope, view.into())
    }

    pub(super) fn date<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.shape() {
            ValueKind::Date(millis) if !millis.is_nan() => {
                self.opens(|_| Opened::Date(millis));
                visitor.visit_newtype_struct(self.of(v8::Number::new(self.scope, millis).into()))
            }
            ValueKind::Date(_) => Err(ValueError::new("a Date", "one that is invalid")),
            _ => Err(self.unexpected("a Date")),
        }
    }

    pub(super) fn seq<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        expected: impl Display,
    ) -> Result<V::Value, ValueError> {
        let shape = match self.shape() {
            ValueKind::Numbers(numbers) => ValueKind::Numbers(self.numbers(numbers)?),
            // For a list, bytes are numbers.
            ValueKind::Bytes(bytes) => match bytes.try_cast::<v8::TypedArray>() {
                Ok(numbers) => ValueKind::Numbers(self.numbers(numbers)?),
                Err(_) => ValueKind::Bytes(bytes),
            },
            shape => shape,
        };
        let length = match shape {
            ValueKind::Array(array) => array.length() as usize,
            ValueKind::Set(set) => intrinsics::set_size(self.scope, set),
            ValueKind::Numbers(numbers) => numbers.length(),
            _ => return Err(self.unexpected(expected.to_string())),
        };
        // The budget is spent before the list is read: refusing `length = 2**32 - 1` costs nothing.
        match shape {
            ValueKind::Set(_) => self.budget.members(length)?,
            _ => self.budget.items(length)?,
        }
        let object = match shape {
            ValueKind::Set(set) => {
                intrinsics::set_items(self.scope, set).ok_or_else(ValueError::thrown)?.into()
            }
            ValueKind::Numbers(numbers) => numbers.into(),
            _ => self.value.try_cast().map_err(|_| self.unexpected(expected.to_string()))?,
        };
        self.opens(|_| Opened::Items { object, length });
        let mut items = ElementAccess { reader: self.inside()?, object, length, next: 0 };
        let value = visitor.visit_seq(&mut items)?;
        match length - items.next {
            0 => Ok(value),
            _ => Err(ValueError::new(expected.to_string(), format!("an array of {length} elements"))),
        }
    }

    pub(super) fn map<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        expected: &str,
    ) -> Result<V::Value, ValueError> {
        match self.shape() {
            ValueKind::Map(map) => {
                let size = intrinsics::map_size(self.scope, map);
                self.budget.entries(size)?;
                let entries = intrinsics::map_items(self.scope, map).ok_or_else(ValueError::thrown)?;
                self.opens(|_| Opened::Pairs(entries));
                visitor.visit_map(Entries {
                    reader: self.inside()?,
                    entries,
                    object: None,
                    next: 0,
                    value: None,
                })
            }
            ValueKind::Object(object) => self.map_of(object, visitor),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// The properties of an object, one at a time.
    pub(super) fn map_of<'de, V: Visitor<'de>>(
        self,
        object: v8::Local<'s, v8::Object>,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let entries = self.names(object)?;
        self.budget.items(entries.length() as usize)?;
        self.opens(|_| Opened::Named { object, names: entries });
        let object = Some(object);
        visitor.visit_map(Entries { reader: self.inside()?, entries, object, next: 0, value: None })
    }
}
