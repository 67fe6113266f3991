//! Encodes plain data into bytes.

use super::aside::number_bytes;
use super::{
    ARRAY, ARRAY_BUFFER, ASIDE, BIGINT, BYTES, DATA_VIEW, DATE, ERROR, FALSE, KINDS, MAP, NAN, NEGATIVE,
    NULL, NUMBER, NUMBERS, OBJECT, OTHER, OTHER_BIGINT, OTHER_BYTES, OTHER_GIVEN, OTHER_HANDLE, OTHER_KIND,
    OTHER_LONG, OTHER_MUCH, OTHER_NAME, OTHER_NUMBERS, OTHER_TEXT, Out, SET, STRING, TRUE, UNDEFINED,
};
use crate::value::{CrossingBudget, GivenNumber, JsKind, JsValue, TextFault, Unrepresentable};

/// A value as bytes, without a window.
pub fn encoded(value: &JsValue) -> Vec<u8> {
    let mut out = Out::default();
    encode(value, &mut out);
    out.into_bytes()
}

/// Appends a value.
pub fn encode(value: &JsValue, out: &mut Out) {
    match value {
        JsValue::Undefined => out.push(UNDEFINED),
        JsValue::Null => out.push(NULL),
        JsValue::Bool(value) => put_bool(*value, out),
        JsValue::Number(value) => put_number(*value, out),
        JsValue::BigInt { negative, magnitude } => put_bigint(*negative, *magnitude, out),
        JsValue::String(text) => put_string(text, out),
        JsValue::Array(items) => put_items(ARRAY, items, out),
        JsValue::Set(items) => put_items(SET, items, out),
        JsValue::Object(_) if let Some((number, data)) = value.as_given() => put_given(number, data, out),
        JsValue::Object(fields) => {
            put_head(OBJECT, fields.len(), out);
            for (name, value) in fields {
                put_text(name, out);
                encode(value, out);
            }
        }
        JsValue::Map(pairs) => {
            put_head(MAP, pairs.len(), out);
            for (key, value) in pairs {
                encode(key, out);
                encode(value, out);
            }
        }
        JsValue::Bytes(bytes) => put_bytes(BYTES, bytes, out),
        JsValue::Buffer { kind: "DataView", bytes } => put_bytes(DATA_VIEW, bytes, out),
        JsValue::Buffer { bytes, .. } => put_bytes(ARRAY_BUFFER, bytes, out),
        JsValue::Numbers { kind, values } => put_numbers(kind, values, out),
        JsValue::Date(millis) => {
            out.push(DATE);
            put_double(*millis, out);
        }
        JsValue::Error { name, message, rest } => put_error(name, message, rest, out),
        // Another reader has other objects of the same numbers.
        JsValue::Other(what @ Unrepresentable::Handle(_)) if !out.has_numbers() => {
            put_string(&what.to_string(), out);
        }
        JsValue::Other(what) => put_other(*what, out),
    }
}

/// Appends an object of a guest.
fn put_given(number: GivenNumber, data: &JsValue, out: &mut Out) {
    if out.has_numbers() {
        put_other(Unrepresentable::Given(number), out);
    }
    encode(data, out);
}

/// Appends several values after their number.
pub fn encode_list(values: &[JsValue], out: &mut Out) {
    put_length(values.len(), out);
    values.iter().for_each(|value| encode(value, out));
}

/// Appends a length. A length beyond 32 bits is cut, and the reader refuses it. Such a value does not exist.
pub fn put_length(length: usize, out: &mut Out) {
    let mut left = u32::try_from(length).unwrap_or(u32::MAX);
    while let [byte, ..] = left.to_le_bytes()
        && left >= 0x80
    {
        out.push(byte | 0x80);
        left >>= 7;
    }
    out.push(left.to_le_bytes()[0]);
}

/// Appends a text after its length.
pub(super) fn put_text(text: &str, out: &mut Out) {
    put_length(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn put_head(tag: u8, length: usize, out: &mut Out) {
    out.push(tag);
    put_length(length, out);
}

pub(super) fn put_bool(value: bool, out: &mut Out) {
    out.push(if value { TRUE } else { FALSE });
}

pub(super) fn put_number(value: f64, out: &mut Out) {
    out.push(NUMBER);
    put_double(value, out);
}

pub(super) fn put_double(value: f64, out: &mut Out) {
    let bits = if value.is_nan() { NAN } else { value.to_bits() };
    out.extend_from_slice(&bits.to_le_bytes());
}

pub(super) fn put_bigint(negative: bool, magnitude: u128, out: &mut Out) {
    out.push(if negative && magnitude != 0 { NEGATIVE } else { BIGINT });
    let length = 16 - magnitude.leading_zeros() / 8;
    out.push(length.to_le_bytes()[0]);
    out.extend(magnitude.to_le_bytes().iter().take(length as usize));
}

pub(super) fn put_string(text: &str, out: &mut Out) {
    put_bytes(STRING, text.as_bytes(), out);
}

pub(super) fn put_bytes(tag: u8, bytes: &[u8], out: &mut Out) {
    match out.lay_aside(bytes) {
        Some(at) => {
            out.extend([ASIDE, tag]);
            put_length(at, out);
            put_length(bytes.len(), out);
        }
        None => {
            put_head(tag, bytes.len(), out);
            out.extend_from_slice(bytes);
        }
    }
}

fn put_items(tag: u8, items: &[JsValue], out: &mut Out) {
    put_head(tag, items.len(), out);
    items.iter().for_each(|item| encode(item, out));
}

/// An unknown kind is written as one that holds every number.
fn put_numbers(kind: &str, values: &[f64], out: &mut Out) {
    let known = KINDS.iter().zip(0..).find(|(known, _)| **known == kind);
    out.push(NUMBERS);
    out.push(known.map_or(7, |(_, number)| number));
    put_length(values.len(), out);
    values.iter().for_each(|value| put_double(*value, out));
}

fn put_error(name: &str, message: &str, rest: &[(&'static str, JsValue)], out: &mut Out) {
    let other = |wanted: &str| rest.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    out.push(ERROR);
    for (field, text) in [("name", Some(name)), ("message", Some(message)), ("cause", None)] {
        match (other(field), text) {
            (Some(value), _) => encode(value, out),
            (None, Some(text)) => put_string(text, out),
            (None, None) => out.push(UNDEFINED),
        }
    }
}

/// Writes a value that is no data: a byte for the kind, and fields.
fn put_other(what: Unrepresentable, out: &mut Out) {
    out.push(OTHER);
    match what {
        Unrepresentable::Kind(kind) => out.extend([OTHER_KIND, kind_number(kind)]),
        Unrepresentable::BigInt => out.push(OTHER_BIGINT),
        Unrepresentable::Text(fault) => put_fault(OTHER_TEXT, fault, out),
        Unrepresentable::PropertyName(fault) => put_fault(OTHER_NAME, fault, out),
        Unrepresentable::DetachedNumbers => out.push(OTHER_NUMBERS),
        Unrepresentable::DetachedBytes => out.push(OTHER_BYTES),
        Unrepresentable::Handle(handle) => {
            out.push(OTHER_HANDLE);
            out.extend_from_slice(&number_bytes(handle));
        }
        Unrepresentable::Given(GivenNumber { crossing, object }) => {
            out.push(OTHER_GIVEN);
            put_u64(crossing, out);
            put_u64(object, out);
        }
        Unrepresentable::ExcessiveText { length, budget } => {
            out.push(OTHER_LONG);
            put_u64(length, out);
            put_budget(budget, out);
        }
        Unrepresentable::Excessive { kind, budget } => {
            out.extend([OTHER_MUCH, kind_number(kind)]);
            put_budget(budget, out);
        }
    }
}

fn put_u64(number: u64, out: &mut Out) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn kind_number(kind: JsKind) -> u8 {
    let known = JsKind::ALL.iter().zip(0..).find(|(known, _)| **known == kind);
    known.map_or(0, |(_, number)| number)
}

fn put_fault(what: u8, fault: TextFault, out: &mut Out) {
    let (fault, number) = match fault {
        TextFault::LoneSurrogate { index } => (0, index),
        TextFault::Unreadable { length } => (1, length),
    };
    out.extend([what, fault]);
    put_u64(number, out);
}

fn put_budget(budget: CrossingBudget, out: &mut Out) {
    match budget {
        CrossingBudget::Values => out.push(0),
        CrossingBudget::Items { found } => {
            out.push(1);
            put_u64(found, out);
        }
        CrossingBudget::Text { found } => {
            out.push(2);
            put_u64(found, out);
        }
        CrossingBudget::Bytes => out.push(3),
        CrossingBudget::Depth => out.push(4),
        CrossingBudget::Stack => out.push(5),
    }
}
