//! The kind of a guest's value.
//!
//! The engine tells the kind, and no property of the value does, so no code of the guest runs. `read`, `exotic` and
//! `observe` start with it.

use deno_core::v8;

use super::exotic::{is_bytes, is_plain};
use super::read::Reader;

/// The kind of a value, as the boundary treats it.
pub(super) enum ValueKind<'s> {
    Nothing,
    Bool(bool),
    Number(f64),
    BigInt(v8::Local<'s, v8::BigInt>),
    Text(v8::Local<'s, v8::String>),
    Array(v8::Local<'s, v8::Array>),
    Set(v8::Local<'s, v8::Set>),
    Bytes(v8::Local<'s, v8::Value>),
    Numbers(v8::Local<'s, v8::TypedArray>),
    Map(v8::Local<'s, v8::Map>),
    /// Milliseconds since 1970, or NaN.
    Date(f64),
    Error(v8::Local<'s, v8::Object>),
    Object(v8::Local<'s, v8::Object>),
    /// Functions, symbols, promises, proxies and others, which cannot be copied.
    Exotic,
}

impl<'s> Reader<'_, 's, '_> {
    pub(super) fn shape(&self) -> ValueKind<'s> {
        let value = self.value;
        if value.is_null_or_undefined() {
            ValueKind::Nothing
        } else if let Ok(string) = value.try_cast::<v8::String>() {
            ValueKind::Text(string)
        } else if let Ok(number) = value.try_cast::<v8::Number>() {
            ValueKind::Number(number.value())
        } else if value.is_boolean() {
            ValueKind::Bool(value.is_true())
        } else if let Ok(bigint) = value.try_cast::<v8::BigInt>() {
            ValueKind::BigInt(bigint)
        } else {
            self.object_shape()
        }
    }

    fn object_shape(&self) -> ValueKind<'s> {
        let value = self.value;
        if value.is_proxy() {
            ValueKind::Exotic
        } else if let Ok(array) = value.try_cast::<v8::Array>() {
            ValueKind::Array(array)
        } else if is_bytes(value) {
            ValueKind::Bytes(value)
        } else if let Ok(numbers) = value.try_cast::<v8::TypedArray>() {
            ValueKind::Numbers(numbers)
        } else if let Ok(map) = value.try_cast::<v8::Map>() {
            ValueKind::Map(map)
        } else if let Ok(set) = value.try_cast::<v8::Set>() {
            ValueKind::Set(set)
        } else if let Ok(date) = value.try_cast::<v8::Date>() {
            ValueKind::Date(date.value_of())
        } else if value.is_native_error() {
            value.try_cast::<v8::Object>().map_or(ValueKind::Exotic, ValueKind::Error)
        } else if is_plain(self.scope, value) {
            value.try_cast::<v8::Object>().map_or(ValueKind::Exotic, ValueKind::Object)
        } else {
            ValueKind::Exotic
        }
    }
}
