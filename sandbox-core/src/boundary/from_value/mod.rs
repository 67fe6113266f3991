//! Plain data → Rust: reads values of a guest that came over a wire.
//!
//! The host's side of a link uses it. The data are as untrusted as a guest's values.
//!
//! This reader does to a [`JsValue`] what the `Reader` of `sandbox-runtime` does to an engine value: it refuses the same
//! values, with the same texts, at the same cost. The two readers are separate for a reason. A reader of engine values
//! copies handles, and may run guest code between two steps. This reader takes a tree apart, so that texts and bytes are
//! moved. `tests/process_values.rs` compares the two.

mod access;
mod deserialize;
mod read_with_diagnosis;
mod unrepresentable;

use std::fmt::Display;

use serde::de::{DeserializeOwned, Visitor};

use crate::boundary::budget::Budget;
use crate::boundary::value_error::ValueError;
use crate::value::handle::{NoGuestObject, accepted, expected};
use crate::value::number::safe_integer;
use crate::value::wide;
use crate::value::{GivenNumber, HandleNumber, JsKind, JsValue, Unrepresentable};
use access::{Pairs, Properties, TreeErrorFields, TreeItems};
pub use read_with_diagnosis::read_with_diagnosis;
pub use unrepresentable::is_whole;
use unrepresentable::{Readable, found, too_much};

/// Reads plain data of the guest as a type. The value is taken apart. A caller that may diagnose it later keeps the bytes,
/// or a copy.
pub fn from_tree<T: DeserializeOwned>(budget: &Budget<'_>, value: JsValue) -> Result<T, ValueError> {
    T::deserialize(TreeReader::new(budget, 0, value))
}

/// Plain data of the guest, which are untrusted.
pub(super) struct TreeReader<'b> {
    pub(super) budget: &'b Budget<'b>,
    depth: usize,
    pub(super) value: JsValue,
    /// The value is this handle. Its object has no properties.
    handle: Option<HandleNumber>,
    /// The value is this object of the guest.
    given: Option<GivenNumber>,
}

/// The state of a reader of nested values.
#[derive(Clone, Copy)]
pub(super) struct TreeInside<'b> {
    pub(super) budget: &'b Budget<'b>,
    depth: usize,
}

impl<'b> TreeInside<'b> {
    pub(super) fn of(self, value: JsValue) -> TreeReader<'b> {
        TreeReader::new(self.budget, self.depth, value)
    }
}

impl<'b> TreeReader<'b> {
    fn new(budget: &'b Budget<'b>, depth: usize, value: JsValue) -> Self {
        let (given, value) = value.into_given();
        match value {
            JsValue::Other(Unrepresentable::Handle(handle)) => {
                Self { budget, depth, value: JsValue::Object(Vec::new()), handle: Some(handle), given }
            }
            value => Self { budget, depth, value, handle: None, given },
        }
    }

    /// Reads a handle of the contract that is expected.
    fn handle<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let Some(contract) = expected() else { return visitor.visit_newtype_struct(self) };
        let Some(handles) = self.budget.handles() else {
            return Err(self.unexpected(format!("a {} that the host gave", contract.name)));
        };
        let object = match self.handle.filter(|handle| handles.is_of(*handle, &contract)) {
            Some(handle) => handles
                .object(handle)
                .ok_or_else(|| ValueError::new(format!("a {}", contract.name), "one that was disposed"))?,
            None if self.given.is_some() && self.budget.is_scoped() => {
                let expected = format!("a {} that ends with its call", contract.name);
                return Err(ValueError::new(expected, "an object of a guest in another process"));
            }
            None => {
                let object = handles.guest(self.given, &contract, &self.value);
                object.map_err(|NoGuestObject { expected, found }| match found {
                    Some(found) => ValueError::new(expected, found),
                    None => self.unexpected(expected),
                })?
            }
        };
        accepted(object);
        visitor.visit_unit()
    }

    pub(super) fn unexpected(&self, expected: impl Into<String>) -> ValueError {
        ValueError::new(expected, found(&self.value))
    }

    /// The error of a value that may have exceeded a budget as one of these kinds.
    fn refused(&self, expected: impl Into<String>, readable: Readable) -> ValueError {
        too_much(&self.value, self.budget, readable).unwrap_or_else(|| self.unexpected(expected))
    }

    pub(super) fn inside(&self) -> Result<TreeInside<'b>, ValueError> {
        Ok(TreeInside { budget: self.budget, depth: self.budget.deeper(self.depth)? })
    }

    /// An integer with 32 bits or fewer: an integral Number in range.
    fn small(&self, min: f64, max: f64, name: &str) -> Result<f64, ValueError> {
        match self.value {
            JsValue::Number(number) if number.fract() == 0.0 && (min..=max).contains(&number) => Ok(number),
            _ => Err(self.unexpected(format!("an integer from {min} to {max} ({name})"))),
        }
    }

    /// A 64-bit or 128-bit integer: a BigInt, or a Number that is exact.
    fn big<T: TryFrom<i128> + TryFrom<u128>>(&self, name: &str) -> Result<T, ValueError> {
        let integer = match self.value {
            JsValue::Number(number) => {
                safe_integer(number).and_then(|exact| T::try_from(i128::from(exact)).ok())
            }
            JsValue::BigInt { negative: false, magnitude } => T::try_from(magnitude).ok(),
            JsValue::BigInt { negative: true, magnitude } => {
                0_i128.checked_sub_unsigned(magnitude).and_then(|negative| T::try_from(negative).ok())
            }
            _ => None,
        };
        integer.ok_or_else(|| self.unexpected(format!("{} ({name})", wide::accepted(name))))
    }

    fn float(&self) -> Result<f64, ValueError> {
        match self.value {
            JsValue::Number(number) => Ok(number),
            _ => Err(self.unexpected("a number")),
        }
    }

    fn string(self, expected: &str) -> Result<String, ValueError> {
        match self.value {
            JsValue::String(text) => paid(self.budget, text),
            JsValue::Other(Unrepresentable::Text(fault)) => Err(fault.into()),
            JsValue::Other(_) => Err(self.refused(expected, Readable::TEXT)),
            _ => Err(self.unexpected(expected)),
        }
    }

    fn bytes(self) -> Result<Vec<u8>, ValueError> {
        match self.value {
            JsValue::Bytes(bytes) | JsValue::Buffer { bytes, .. } => {
                self.budget.bytes(bytes.len())?;
                Ok(bytes)
            }
            JsValue::Other(Unrepresentable::DetachedBytes) => {
                Err(self.unexpected("bytes that are still there"))
            }
            _ => {
                const BYTES: Readable = Readable::of(&[JsKind::TypedArray, JsKind::ArrayBuffer]);
                Err(self.refused("a Uint8Array or an ArrayBuffer", BYTES))
            }
        }
    }

    fn date<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            JsValue::Date(millis) if !millis.is_nan() => {
                visitor.visit_newtype_struct(Self { value: JsValue::Number(millis), ..self })
            }
            JsValue::Date(_) => Err(ValueError::new("a Date", "one that is invalid")),
            _ => Err(self.unexpected("a Date")),
        }
    }

    pub(super) fn seq<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        expected: impl Display,
    ) -> Result<V::Value, ValueError> {
        let length = match &self.value {
            JsValue::Array(items) | JsValue::Set(items) => items.len(),
            JsValue::Numbers { values, .. } => values.len(),
            JsValue::Bytes(bytes) => bytes.len(),
            JsValue::Other(Unrepresentable::DetachedNumbers | Unrepresentable::DetachedBytes) => {
                return Err(self.unexpected("numbers that are still there"));
            }
            _ => {
                const LISTS: Readable = Readable::of(&[JsKind::Array, JsKind::Set, JsKind::TypedArray]);
                return Err(self.refused(expected.to_string(), LISTS));
            }
        };
        match &self.value {
            JsValue::Set(_) => self.budget.members(length)?,
            _ => self.budget.items(length)?,
        }
        let mut items = TreeItems { inside: self.inside()?, left: self.value.into(), length, next: 0 };
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
        match &self.value {
            JsValue::Map(pairs) => {
                self.budget.entries(pairs.len())?;
                let inside = self.inside()?;
                let JsValue::Map(pairs) = self.value else { return Err(self.unexpected(expected)) };
                visitor.visit_map(Pairs { inside, pairs: pairs.into_iter(), next: 0, value: None })
            }
            value => match too_much(value, self.budget, Readable::of(&[JsKind::Map])) {
                Some(error) => Err(error),
                None => self.properties(visitor, || expected.to_owned()),
            },
        }
    }

    /// The properties of an object, one at a time.
    fn properties<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        expected: impl FnOnce() -> String,
    ) -> Result<V::Value, ValueError> {
        match &self.value {
            JsValue::Object(fields) => {
                self.budget.items(fields.len())?;
                let inside = self.inside()?;
                let JsValue::Object(fields) = self.value else { return Err(self.unexpected(expected())) };
                visitor.visit_map(Properties { inside, fields: fields.into_iter(), value: None })
            }
            JsValue::Other(Unrepresentable::PropertyName(fault)) => Err((*fault).into()),
            _ => Err(self.refused(expected(), Readable::of(&[JsKind::Object]))),
        }
    }

    fn error<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.value {
            JsValue::Error { .. } => visitor.visit_newtype_struct(TreeErrorFields(self)),
            _ => Err(self.refused("an Error", Readable::of(&[JsKind::Error]))),
        }
    }
}

/// A text, by its length in the units of JavaScript.
pub(super) fn paid(budget: &Budget<'_>, text: String) -> Result<String, ValueError> {
    budget.text(units(&text))?;
    Ok(text)
}

/// The length of a text in JavaScript, in 16-bit units.
pub fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}
