//! The checks of values without parts, and of the kinds of values.

use super::CheckDirection;
use super::integer::{Integer, MAX_SAFE};
use super::node::{IntegerRule, Js, Kinds, Node, NumberRule};
use crate::value::js_value::JsValue;
use crate::value::{JsKind, Unrepresentable};
use serde_json::{Number, Value as Json};

/// Whether the node accepts values of this kind, apart from its other demands.
pub(super) fn accepts_kind(node: &Node, value: &JsValue, direction: CheckDirection) -> bool {
    let kinds = node.kinds;
    match (value, node.js) {
        (JsValue::Undefined | JsValue::Null, _) => kinds.has(Kinds::NULL),
        (_, Some(Js::Handle)) => node.handle.as_ref().is_some_and(|handle| handle.accepts(value)),
        (_, Some(js)) => accepts_js(js, value, direction),
        (JsValue::Bool(_), _) => kinds.has(Kinds::BOOLEAN),
        (JsValue::Number(_), _) => kinds.has(Kinds::NUMBER) || kinds.has(Kinds::INTEGER),
        (JsValue::BigInt { .. }, _) => kinds.has(Kinds::INTEGER),
        (JsValue::String(_), _) => kinds.has(Kinds::STRING),
        (JsValue::Array(_), _) => kinds.has(Kinds::ARRAY),
        (JsValue::Set(_) | JsValue::Bytes(_) | JsValue::Numbers { .. }, _) => {
            kinds.has(Kinds::EXOTIC)
                || kinds.has(Kinds::ARRAY) && !node.is_json() && direction == CheckDirection::ToHost
        }
        (JsValue::Object(_), _) => kinds.has(Kinds::OBJECT),
        (JsValue::Map(_), _) => {
            let is_map = kinds.has(Kinds::OBJECT) && node.object.is_map && !node.is_json();
            kinds.has(Kinds::EXOTIC) || is_map && direction == CheckDirection::ToHost
        }
        (JsValue::Buffer { .. } | JsValue::Date(_) | JsValue::Error { .. } | JsValue::Other(_), _) => {
            kinds.has(Kinds::EXOTIC)
        }
    }
}

fn accepts_js(js: Js, value: &JsValue, direction: CheckDirection) -> bool {
    let to_host = direction == CheckDirection::ToHost;
    match (js, value) {
        (Js::Bytes, JsValue::Bytes(_) | JsValue::Buffer { .. })
        | (Js::Map { .. }, JsValue::Map(_))
        | (Js::Set(_), JsValue::Set(_))
        | (Js::Error, JsValue::Error { .. }) => true,
        (Js::Date, JsValue::Date(ms)) => !ms.is_nan(),
        // Data do not tell whether a Proxy can be called, and whether a value is iterable. The readers do.
        (Js::Function, JsValue::Other(Unrepresentable::Kind(kind))) => {
            matches!(kind, JsKind::Function | JsKind::Proxy)
        }
        (Js::Function, JsValue::Other(other)) => matches!(other, Unrepresentable::Handle(_)),
        (
            Js::Stream { .. },
            JsValue::Bool(_) | JsValue::Number(_) | JsValue::BigInt { .. } | JsValue::String(_),
        ) => false,
        (Js::Stream { .. }, _) => true,
        (Js::Set(_), JsValue::Array(_)) | (Js::Map { .. }, JsValue::Object(_)) => to_host,
        _ => false,
    }
}

/// Whether a number is in the range that the node demands. Any other value passes.
pub(super) fn scalar_holds(node: &Node, value: &JsValue, direction: CheckDirection) -> bool {
    match *value {
        JsValue::Number(value) if node.kinds.has(Kinds::NUMBER) => number_holds(&node.number, value),
        JsValue::Number(value) => safe_integer_holds(&node.integer, value, direction),
        JsValue::BigInt { negative, magnitude } => {
            node.integer.format.big && integer_holds(&node.integer, Integer::new(negative, magnitude))
        }
        _ => true,
    }
}

fn number_holds(rule: &NumberRule, value: f64) -> bool {
    // In this form, NaN satisfies no bound.
    rule.min.is_none_or(|min| value >= min)
        && rule.max.is_none_or(|max| value <= max)
        && rule.above.is_none_or(|above| value > above)
        && rule.below.is_none_or(|below| value < below)
        && rule.multiple.is_none_or(|multiple| is_multiple(value, multiple))
        && !(rule.single && value.is_finite() && value.abs() > f32::MAX.into())
}

/// Up to the rounding of the division: 0.3 is a multiple of 0.1.
fn is_multiple(value: f64, divisor: f64) -> bool {
    let quotient = value / divisor;
    (quotient - quotient.round()).abs() <= quotient.abs().max(1.0) * f64::EPSILON * 4.0
}

fn safe_integer_holds(rule: &IntegerRule, value: f64, direction: CheckDirection) -> bool {
    let has_form = !rule.format.big || direction == CheckDirection::ToHost && value.abs() <= MAX_SAFE;
    has_form && value.is_finite() && value.fract() == 0.0 && integer_holds(rule, Integer::from_f64(value))
}

fn integer_holds(rule: &IntegerRule, value: Integer) -> bool {
    let is_multiple = rule.multiple.is_none_or(|multiple| value.is_multiple_of(multiple));
    value >= rule.min && value <= rule.max && is_multiple
}

/// Whether a value is the one that JSON writes as `json`.
pub(super) fn is_literal(value: &JsValue, json: &Json) -> bool {
    match (value, json) {
        (JsValue::Undefined | JsValue::Null, Json::Null) => true,
        (JsValue::Bool(value), Json::Bool(json)) => value == json,
        (JsValue::String(value), Json::String(json)) => value == json,
        (JsValue::Number(value), Json::Number(json)) => Some(*value) == json.as_f64(),
        (JsValue::BigInt { negative, magnitude }, Json::Number(json)) => {
            let exact = |json: &Number| json.is_i64() || json.is_u64();
            exact(json) && Integer::new(*negative, *magnitude) == Integer::at_least(json)
        }
        (JsValue::Array(items), Json::Array(jsons)) => {
            items.len() == jsons.len() && items.iter().zip(jsons).all(|(item, json)| is_literal(item, json))
        }
        (JsValue::Object(entries), Json::Object(jsons)) => {
            entries.len() == jsons.len()
                && entries
                    .iter()
                    .all(|(name, value)| jsons.get(name).is_some_and(|json| is_literal(value, json)))
        }
        _ => false,
    }
}

/// The key of a Map as the name of a property, if the key is a string or an integer.
pub(super) fn key_text(key: &JsValue) -> Option<String> {
    match key {
        JsValue::String(text) => Some(text.clone()),
        JsValue::BigInt { negative, magnitude } => Some(Integer::new(*negative, *magnitude).to_string()),
        JsValue::Number(value) if value.fract() == 0.0 && value.abs() <= MAX_SAFE => {
            Some(Integer::from_f64(*value).to_string())
        }
        _ => None,
    }
}
