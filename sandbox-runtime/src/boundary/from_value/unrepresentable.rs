//! Plain data in the words of the engine: what a description stands for, and what a value is called when it is refused.

use crate::boundary::js_value::JsValue;
use crate::boundary::observe::{CUT, GOT, MISNAMED, NAME, STRING};
use crate::boundary::text;
use crate::boundary::value_error::ValueError;

/// What the engine had where plain data have a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unrepresentable {
    /// A BigInt of more than 128 bits.
    BigInt,
    /// A string with a lone surrogate.
    Text,
    /// A typed array whose memory is gone.
    Numbers,
    /// Bytes whose memory is gone.
    Bytes,
    /// An object with a property whose name has a lone surrogate.
    Object,
    /// What was too much to be copied.
    Cut,
    /// Nothing that can be copied.
    Exotic,
}

impl Unrepresentable {
    pub(super) fn of(description: &str) -> Self {
        match description {
            "a BigInt of more than 128 bits" => Self::BigInt,
            "a typed array whose memory is gone" => Self::Numbers,
            "bytes whose memory is gone" => Self::Bytes,
            _ if description.starts_with("a string with a lone surrogate at index ") => Self::Text,
            _ if description.starts_with(MISNAMED) && description.ends_with(NAME) => Self::Object,
            _ if parts(description).is_some() => Self::Cut,
            _ => Self::Exotic,
        }
    }

    /// Whether it was an array of numbers.
    pub(super) fn is_gone(self) -> bool {
        matches!(self, Self::Numbers | Self::Bytes)
    }

    /// Whether it is refused for its text, where a text or an object is wanted.
    pub(super) fn is_misspelt(self) -> bool {
        matches!(self, Self::Text | Self::Object)
    }

    /// What is wrong with a text, or with the name of a property.
    pub(super) fn fault(description: &str) -> String {
        let name = description.strip_prefix(MISNAMED).and_then(|description| description.strip_suffix(NAME));
        name.map_or_else(|| description.to_owned(), |fault| format!("a string with {fault}"))
    }
}

/// What a value is that was too much to be copied; what was expected of it, and what was found.
fn parts(description: &str) -> Option<(&str, &str, &str)> {
    let (what, fault) = description.split_once(CUT)?;
    let (expected, found) = fault.rsplit_once(GOT)?;
    Some((what, expected, found))
}

/// Why a value is too much, for a reader of one of these.
pub(super) fn too_much(value: &JsValue, kinds: &[&str]) -> Option<ValueError> {
    let JsValue::Other(description) = value else { return None };
    let (what, expected, found) = parts(description)?;
    let kind = if what.starts_with(STRING) { "a string" } else { what };
    kinds.contains(&kind).then(|| ValueError::budget(expected, found))
}

/// Whether all of a value was copied. Of another nobody knows all that is wrong with it.
pub(crate) fn is_whole(value: &JsValue) -> bool {
    match value {
        JsValue::Other(description) => Unrepresentable::of(description) != Unrepresentable::Cut,
        JsValue::Array(items) | JsValue::Set(items) => items.iter().all(is_whole),
        JsValue::Object(fields) => fields.iter().all(|(_, value)| is_whole(value)),
        JsValue::Map(pairs) => pairs.iter().all(|(key, value)| is_whole(key) && is_whole(value)),
        JsValue::Error { rest, .. } => rest.iter().all(|(_, value)| is_whole(value)),
        _ => true,
    }
}

/// A text of which the engine shows no more.
fn long(length: impl std::fmt::Display) -> String {
    format!("… {length} characters …")
}

/// Says what a value is, as [`describe`](crate::boundary::describe) says it of one of the engine.
pub(super) fn found(value: &JsValue) -> String {
    /// A longer text may be a rope that the engine has not made flat.
    const FLATTENED: usize = 1 << 16;
    match value {
        JsValue::String(text) => match super::units(text) {
            length if length > FLATTENED => format!("{:?}", long(length)),
            _ => format!("{:?}", text::shorten(text)),
        },
        JsValue::Number(value) => text::number(*value),
        JsValue::BigInt { magnitude, .. } if u64::try_from(*magnitude).is_err() => {
            "a BigInt of more than 64 bits".into()
        }
        JsValue::Bytes(_) | JsValue::Numbers { .. } => "a typed array".into(),
        JsValue::Buffer { kind: "DataView", .. } => "an object".into(),
        JsValue::Date(_) => "a Date".into(),
        JsValue::Other(description) => match Unrepresentable::of(description) {
            Unrepresentable::BigInt => "a BigInt of more than 64 bits".into(),
            Unrepresentable::Numbers | Unrepresentable::Bytes => "a typed array".into(),
            Unrepresentable::Object => "an object".into(),
            Unrepresentable::Cut => {
                let (what, ..) = parts(description).unwrap_or_default();
                let length = what.strip_prefix(STRING).map(|length| format!("{:?}", long(length)));
                length.unwrap_or_else(|| what.to_owned())
            }
            Unrepresentable::Text | Unrepresentable::Exotic => description.clone(),
        },
        value => value.describe(),
    }
}
