//! Ranges of numbers and sizes, and which of two ranges allows more.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use super::values::Effect;

/// The range between two limits. A missing limit is no limit on that side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Range {
    low: Option<NumberLimit>,
    high: Option<NumberLimit>,
}

/// A number, and the distance of the limit from it. An exclusive limit is an imagined smallest step away.
#[derive(Clone, Copy, Debug, PartialEq)]
struct NumberLimit {
    number: Exact,
    step: i8,
}

/// Integers stay exact, because 64 bits have more digits than a float.
#[derive(Clone, Copy, Debug)]
enum Exact {
    Integer(i128),
    Real(f64),
}

/// A numeric type.
#[derive(Clone, Debug)]
pub(super) struct Numeric {
    /// The format, or the type without one; for messages only.
    name: String,
    /// Whether the guest gets BigInts.
    big: bool,
    integral: bool,
    range: Range,
    /// The range of the format alone.
    whole: Range,
    step: Option<Exact>,
}

impl Exact {
    fn of(json: &Json) -> Option<Self> {
        let integer = json.as_i64().map(i128::from).or_else(|| json.as_u64().map(i128::from));
        integer.map(Self::Integer).or_else(|| json.as_f64().map(Self::real))
    }

    /// `0.0` equals `0`: schemas have both.
    fn real(number: f64) -> Self {
        const SAFE: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() <= SAFE {
            return Self::Integer(number as i128);
        }
        Self::Real(number)
    }

    fn as_f64(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Real(real) => real,
        }
    }

    fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(&right),
            _ => self.as_f64().total_cmp(&other.as_f64()),
        }
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.order(*other).is_eq()
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(f),
            Self::Real(real) => real.fmt(f),
        }
    }
}

impl NumberLimit {
    fn at(number: Exact) -> Self {
        Self { number, step: 0 }
    }

    fn order(self, other: Self) -> Ordering {
        self.number.order(other.number).then(self.step.cmp(&other.step))
    }

    /// The next integer within the limit: upwards for a lower limit.
    fn integral(self, up: bool) -> Self {
        let number = match self.number {
            Exact::Integer(integer) => Exact::Integer(integer.saturating_add(i128::from(self.step))),
            Exact::Real(real) => Exact::real(if up { real.ceil() } else { real.floor() }),
        };
        Self::at(number)
    }
}

impl Range {
    fn new(low: i128, high: i128) -> Self {
        let limit = |number| Some(NumberLimit::at(Exact::Integer(number)));
        Self { low: limit(low), high: limit(high) }
    }

    fn real(low: f64, high: f64) -> Self {
        let limit = |number| Some(NumberLimit::at(Exact::real(number)));
        Self { low: limit(low), high: limit(high) }
    }

    /// The limits under these two keywords.
    pub(super) fn of(keywords: &BTreeMap<String, Json>, low: &str, high: &str) -> Self {
        let limit =
            |keyword: &str, step| Some(NumberLimit { number: Exact::of(keywords.get(keyword)?)?, step });
        Self { low: limit(low, 0), high: limit(high, 0) }
    }

    /// The range of a size. A size is at least 0.
    pub(super) fn of_size(keywords: &BTreeMap<String, Json>, low: &str, high: &str) -> Self {
        let zero = Self { low: Some(NumberLimit::at(Exact::Integer(0))), high: None };
        Self::of(keywords, low, high).within(zero)
    }

    /// Whether the range has all sizes.
    pub(super) fn is_any_size(self) -> bool {
        self.effect(Self::of_size(&BTreeMap::new(), "", "")) == Effect::NONE
    }

    fn of_values(keywords: &BTreeMap<String, Json>, integral: bool) -> Self {
        let mut exclusive = Self::of(keywords, "exclusiveMinimum", "exclusiveMaximum");
        exclusive.low.iter_mut().for_each(|limit| limit.step = 1);
        exclusive.high.iter_mut().for_each(|limit| limit.step = -1);
        let range = Self::of(keywords, "minimum", "maximum").within(exclusive);
        if !integral {
            return range;
        }
        let rounded = |limit: Option<NumberLimit>, up| limit.map(|limit| limit.integral(up));
        Self { low: rounded(range.low, true), high: rounded(range.high, false) }
    }

    /// The intersection of both ranges.
    pub(super) fn within(self, other: Self) -> Self {
        let stricter = |a: Option<NumberLimit>, b: Option<NumberLimit>, wanted| match (a, b) {
            (Some(a), Some(b)) => Some(if a.order(b) == wanted { a } else { b }),
            (a, b) => a.or(b),
        };
        Self {
            low: stricter(self.low, other.low, Ordering::Greater),
            high: stricter(self.high, other.high, Ordering::Less),
        }
    }

    pub(super) fn effect(self, new: Self) -> Effect {
        let moved = |old: Option<NumberLimit>, new: Option<NumberLimit>| match (old, new) {
            (Some(old), Some(new)) => Some(new.order(old)),
            (None, None) => Some(Ordering::Equal),
            _ => None,
        };
        let low = moved(self.low, new.low).unwrap_or(if new.low.is_some() {
            Ordering::Greater
        } else {
            Ordering::Less
        });
        let high = moved(self.high, new.high).unwrap_or(if new.high.is_some() {
            Ordering::Less
        } else {
            Ordering::Greater
        });
        Effect { wider: low.is_lt() || high.is_gt(), narrower: low.is_gt() || high.is_lt() }
    }

    /// The highest size, if there is one.
    pub(super) fn most(self) -> Option<usize> {
        match self.high?.number {
            Exact::Integer(most) => usize::try_from(most).ok(),
            Exact::Real(_) => None,
        }
    }

    pub(super) fn contains(self, json: &Json) -> bool {
        let Some(limit) = Exact::of(json).map(NumberLimit::at) else { return false };
        !self.low.is_some_and(|low| limit.order(low).is_lt())
            && !self.high.is_some_and(|high| limit.order(high).is_gt())
    }

    /// A canonical form: equal for equal ranges only.
    pub(super) fn canonical(self) -> Json {
        let limit = |limit: Option<NumberLimit>| limit.map(|limit| (limit.number.to_string(), limit.step));
        serde_json::json!([limit(self.low), limit(self.high)])
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |limit: NumberLimit, exclusive: &str, inclusive: &str| {
            format!("{}{}", if limit.step == 0 { inclusive } else { exclusive }, limit.number)
        };
        match (self.low, self.high) {
            (Some(low), Some(high)) if low == high => write!(f, "exactly {}", low.number),
            (None, None) => f.write_str("any"),
            (low, high) => {
                let low = low.map(|low| words(low, "more than ", "at least "));
                let high = high.map(|high| words(high, "less than ", "at most "));
                f.write_str(&low.into_iter().chain(high).collect::<Vec<_>>().join(" and "))
            }
        }
    }
}

/// The range of a format, and whether the guest gets BigInts. An integer without a known format counts as `int64`.
fn integers(format: &str) -> (Range, bool) {
    match format {
        "int8" => (Range::new(i8::MIN.into(), i8::MAX.into()), false),
        "int16" => (Range::new(i16::MIN.into(), i16::MAX.into()), false),
        "int32" => (Range::new(i32::MIN.into(), i32::MAX.into()), false),
        "uint8" => (Range::new(0, u8::MAX.into()), false),
        "uint16" => (Range::new(0, u16::MAX.into()), false),
        "uint32" => (Range::new(0, u32::MAX.into()), false),
        "uint64" | "uint" => (Range::new(0, u64::MAX.into()), true),
        "int128" => (Range::new(i128::MIN, i128::MAX), true),
        "uint128" => (Range::real(0.0, u128::MAX as f64), true),
        _ => (Range::new(i64::MIN.into(), i64::MAX.into()), true),
    }
}

impl Numeric {
    /// The type `integer` or `number` with its constraints.
    pub(super) fn of(keywords: &BTreeMap<String, Json>, integral: bool) -> Self {
        let format = keywords.get("format").and_then(Json::as_str).unwrap_or_default();
        let (whole, big) = match format {
            _ if integral => integers(format),
            "float" => (Range::real(f32::MIN.into(), f32::MAX.into()), false),
            _ => (Range::default(), false),
        };
        let name = if format.is_empty() { if integral { "integer" } else { "number" } } else { format };
        let range = Range::of_values(keywords, integral).within(whole);
        let step = keywords.get("multipleOf").and_then(Exact::of);
        Self { name: name.to_owned(), big, integral, range, whole, step }
    }

    /// `accepts_both`: where BigInts come from the guest, integral Numbers are accepted too.
    pub(super) fn effect(&self, new: &Self, accepts_both: bool) -> Effect {
        let carrier = match (self.big, new.big) {
            (false, true) if accepts_both => Effect::WIDER,
            (true, false) if accepts_both => Effect::NARROWER,
            (old, new) if old != new => Effect::REPLACED,
            _ => Effect::NONE,
        };
        let fractions =
            Effect { wider: self.integral && !new.integral, narrower: !self.integral && new.integral };
        let step = match (self.step, new.step) {
            (None, Some(_)) => Effect::NARROWER,
            (Some(_), None) => Effect::WIDER,
            (old, new) if old != new => Effect::REPLACED,
            _ => Effect::NONE,
        };
        carrier.and(fractions).and(step).and(self.range.effect(new.range))
    }

    /// Whether a JSON number is of this type.
    pub(super) fn contains(&self, json: &Json) -> bool {
        let whole = json.as_f64().is_some_and(|number| number.fract() == 0.0);
        (whole || !self.integral) && self.step.is_none() && self.range.contains(json)
    }

    /// A canonical form: equal for equal types only. The name of the format is not part of it.
    pub(super) fn canonical(&self) -> Json {
        let step = self.step.map(|step| step.to_string());
        serde_json::json!([self.big, self.integral, self.range.canonical(), step])
    }
}

impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |limit: Option<NumberLimit>, whole: Option<NumberLimit>| limit.filter(|_| limit != whole);
        let range =
            Range { low: told(self.range.low, self.whole.low), high: told(self.range.high, self.whole.high) };
        f.write_str(&self.name)?;
        if range != Range::default() {
            write!(f, " of {range}")?;
        }
        self.step.map_or(Ok(()), |step| write!(f, " in steps of {step}"))
    }
}
