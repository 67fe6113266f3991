//! Plain data in the words of the engine: what a value is called when it is refused, and why one is that was not copied.

use crate::boundary::budget::Budget;
use crate::boundary::value_error::ValueError;
use crate::value::{JsKind, JsValue, TextFault, Unrepresentable, text};

/// The fault of a string, or of a property's name, that is no text.
pub(super) fn text_fault(value: &JsValue) -> Option<TextFault> {
    match value {
        JsValue::Other(Unrepresentable::Text(fault) | Unrepresentable::PropertyName(fault)) => Some(*fault),
        _ => None,
    }
}

/// Which values are refused for being too much, by a reader that could have read them.
#[derive(Clone, Copy, Default)]
pub(super) struct Readable {
    pub(super) text: bool,
    pub(super) kinds: &'static [JsKind],
}

impl Readable {
    pub(super) const TEXT: Self = Self { text: true, kinds: &[] };

    pub(super) const fn of(kinds: &'static [JsKind]) -> Self {
        Self { text: false, kinds }
    }
}

/// Why a value is too much, for a reader of these.
pub(super) fn too_much(value: &JsValue, budget: &Budget<'_>, readable: Readable) -> Option<ValueError> {
    match *value {
        JsValue::Other(Unrepresentable::ExcessiveText { budget: over, .. }) if readable.text => {
            Some(budget.over(over))
        }
        JsValue::Other(Unrepresentable::Excessive { kind, budget: over })
            if readable.kinds.contains(&kind) =>
        {
            Some(budget.over(over))
        }
        _ => None,
    }
}

/// Whether all of a value was copied. Of another nobody knows all that is wrong with it.
pub fn is_whole(value: &JsValue) -> bool {
    match value {
        JsValue::Other(what) => {
            !matches!(what, Unrepresentable::ExcessiveText { .. } | Unrepresentable::Excessive { .. })
        }
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

/// Says what a value is, as [`describe`](crate::value::describe) says it of one of the engine.
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
        JsValue::Bytes(_) | JsValue::Numbers { .. } => JsKind::TypedArray.to_string(),
        JsValue::Buffer { kind: "DataView", .. } => JsKind::Object.to_string(),
        JsValue::Date(_) => JsKind::Date.to_string(),
        JsValue::Other(what) => match what {
            Unrepresentable::BigInt => "a BigInt of more than 64 bits".into(),
            Unrepresentable::DetachedNumbers | Unrepresentable::DetachedBytes => {
                JsKind::TypedArray.to_string()
            }
            Unrepresentable::PropertyName(_) | Unrepresentable::Handle(_) | Unrepresentable::Given(_) => {
                JsKind::Object.to_string()
            }
            Unrepresentable::ExcessiveText { length, .. } => format!("{:?}", long(length)),
            Unrepresentable::Excessive { kind, .. } => kind.to_string(),
            Unrepresentable::Text(_) | Unrepresentable::Kind(_) => what.to_string(),
        },
        value => value.describe(),
    }
}
