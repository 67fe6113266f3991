//! One type for the integers of every Rust type, and the `format`s that schemas have for those types.

use crate::value::js_value::JsValue;
use serde_json::Number;
use std::cmp::Ordering;
use std::fmt;

/// The greatest integer up to which every integer is exact as a Number: 2^53 - 1.
pub const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// An integer from -(2^128 - 1) to 2^128 - 1: it holds both `i128` and `u128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    negative: bool,
    magnitude: u128,
}

impl Integer {
    pub const MIN: Self = Self::below_zero(u128::MAX);
    pub const MAX: Self = Self::natural(u128::MAX);

    pub const fn natural(magnitude: u128) -> Self {
        Self { negative: false, magnitude }
    }

    const fn below_zero(magnitude: u128) -> Self {
        Self { negative: true, magnitude }
    }

    pub fn new(negative: bool, magnitude: u128) -> Self {
        Self { negative: negative && magnitude != 0, magnitude }
    }

    /// The number rounded down. A number outside of the range becomes the nearest end.
    pub fn from_f64(value: f64) -> Self {
        Self::new(value < 0.0, value.floor().abs() as u128)
    }

    pub fn to_f64(self) -> f64 {
        let size = self.magnitude as f64;
        if self.negative { -size } else { size }
    }

    /// The least integer that is not below the number.
    pub fn at_least(bound: &Number) -> Self {
        exact(bound).unwrap_or_else(|| Self::from_f64(bound.as_f64().unwrap_or(f64::NEG_INFINITY).ceil()))
    }

    /// The greatest integer that is not above the number.
    pub fn at_most(bound: &Number) -> Self {
        exact(bound).unwrap_or_else(|| Self::from_f64(bound.as_f64().unwrap_or(f64::INFINITY)))
    }

    /// The next integer; the greatest stays as it is.
    pub fn next(self) -> Self {
        match self.negative {
            true => Self::new(true, self.magnitude - 1),
            false => Self::natural(self.magnitude.saturating_add(1)),
        }
    }

    /// The previous integer; the least stays as it is.
    pub fn previous(self) -> Self {
        match self {
            Self { negative: false, magnitude: 1.. } => Self::natural(self.magnitude - 1),
            _ => Self::below_zero(self.magnitude.saturating_add(1)),
        }
    }

    pub fn is_multiple_of(self, divisor: u128) -> bool {
        self.magnitude.checked_rem(divisor) == Some(0)
    }

    pub fn to_bigint(self) -> JsValue {
        JsValue::BigInt { negative: self.negative, magnitude: self.magnitude }
    }

    /// Parses decimal digits, within 128 bits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let magnitude = digits.parse().ok().filter(|_| all_digits)?;
        Some(Self::new(text.starts_with('-'), magnitude))
    }
}

/// The number as an integer, if JSON has it as one.
pub(super) fn exact(number: &Number) -> Option<Integer> {
    let natural = number.as_u64().map(|value| Integer::natural(value.into()));
    natural.or_else(|| number.as_i64().map(|value| Integer::new(value < 0, value.unsigned_abs().into())))
}

impl Ord for Integer {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, true) => other.magnitude.cmp(&self.magnitude),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

impl PartialOrd for Integer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negative { "-" } else { "" }, self.magnitude)
    }
}

/// A Rust type of integers.
#[derive(Clone, Copy, Debug)]
pub struct IntegerFormat {
    /// The name in Rust; empty for integers of no Rust type.
    pub name: &'static str,
    /// Whether JavaScript has it as a BigInt.
    pub big: bool,
    pub min: Integer,
    pub max: Integer,
}

impl IntegerFormat {
    /// Any BigInt, for a schema that names no type.
    pub const ANY: Self = Self { name: "", big: true, min: Integer::MIN, max: Integer::MAX };

    /// The format of a schema's keyword `format`. An integer without a known format counts as `i64`.
    pub fn of(format: Option<&str>) -> Self {
        match format.unwrap_or_default() {
            "int8" => Self::signed("i8", 8),
            "int16" => Self::signed("i16", 16),
            "int32" => Self::signed("i32", 32),
            "int" => Self::signed("isize", 64),
            "int128" => Self::signed("i128", 128),
            "uint8" => Self::unsigned("u8", 8),
            "uint16" => Self::unsigned("u16", 16),
            "uint32" => Self::unsigned("u32", 32),
            "uint" => Self::unsigned("usize", 64),
            "uint64" => Self::unsigned("u64", 64),
            "uint128" => Self::unsigned("u128", 128),
            _ => Self::signed("i64", 64),
        }
    }

    fn signed(name: &'static str, bits: u32) -> Self {
        let half = 1 << (bits - 1);
        Self { name, big: bits > 32, min: Integer::below_zero(half), max: Integer::natural(half - 1) }
    }

    fn unsigned(name: &'static str, bits: u32) -> Self {
        Self {
            name,
            big: bits > 32,
            min: Integer::natural(0),
            max: Integer::natural(u128::MAX >> (128 - bits)),
        }
    }
}
