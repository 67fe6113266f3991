//! Which numbers are exact in JavaScript, and which types have no width of their own.

use std::any::TypeId;

/// The greatest integer up to which every integer is exact as a Number: 2^53 − 1.
pub const MAX_SAFE: u64 = (1 << 53) - 1;

/// An integral Number that is exact.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "in range: at most 2^53 - 1"
)]
pub fn safe_integer(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= MAX_SAFE as f64).then_some(number as i64)
}

/// Whether the type is one of `serde_json`, whose integers have no width. Integers that are exact as Numbers become Numbers.
pub fn is_json<T: ?Sized>() -> bool {
    let id = typeid::of::<T>();
    id == TypeId::of::<serde_json::Value>()
        || id == TypeId::of::<serde_json::Number>()
        || id == TypeId::of::<serde_json::Map<String, serde_json::Value>>()
}
