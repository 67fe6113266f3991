//! Values without parts, with the edges of what a schema accepts.

use crate::schema::check::integer::{Integer, MAX_SAFE};
use crate::schema::check::node::{IntegerRule, Lengths, NumberRule, StringRule};
use crate::value::JsValue;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// How much longer than the least length strings get, and the greatest upper bound that is tried itself.
const EXTRA: usize = 16;
const LONGEST: usize = 4096;

/// Numbers near the bounds and the limits of the format. The rule does not accept all of them.
pub(super) fn numbers(rule: &NumberRule) -> BoxedStrategy<JsValue> {
    let bounds = [rule.min, rule.max, rule.above, rule.below];
    let near = bounds
        .into_iter()
        .flatten()
        .flat_map(|bound| [bound, bound.next_up(), bound.next_down(), bound + 1.0]);
    let limits =
        [0.0, -0.0, 1.0, -1.0, 0.5, 5e-324, f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let safe = [MAX_SAFE, MAX_SAFE + 1.0, -MAX_SAFE, f64::from(f32::MAX), f64::from(f32::MIN)];
    let edges: Vec<_> = limits.into_iter().chain(near).chain(safe).map(JsValue::Number).collect();
    let low =
        rule.min.or(rule.above).unwrap_or_else(|| rule.max.or(rule.below).map_or(-1e6, |high| high - 1e6));
    let high = rule.max.or(rule.below).unwrap_or(low + 2e6).max(low);
    let multiple = rule.multiple;
    let within = (low..=high).prop_map(move |value| match multiple {
        Some(multiple) => JsValue::Number((value / multiple).round() * multiple),
        None => JsValue::Number(value),
    });
    prop_oneof![within, select(edges)].boxed()
}

/// Integers in the range of the rule, in each form that JavaScript has.
pub(super) fn integers(rule: &IntegerRule, to_host: bool) -> BoxedStrategy<JsValue> {
    let (min, max, big) = (rule.min, rule.max, rule.format.big);
    let multiple = rule.multiple.unwrap_or(1).max(1);
    let form = move |(value, as_number): (Integer, bool)| {
        let number = value.to_f64();
        let is_number = !big || to_host && as_number && number.abs() <= MAX_SAFE;
        if is_number { JsValue::Number(number) } else { value.to_bigint() }
    };
    let safe = Integer::from_f64(MAX_SAFE);
    let zero = Integer::natural(0);
    let edges: Vec<_> = [zero, zero.next(), zero.previous(), min, max, min.next(), max.previous()]
        .into_iter()
        .chain([safe, safe.next(), Integer::from_f64(-MAX_SAFE), Integer::from_f64(-MAX_SAFE).previous()])
        .filter(|edge| *edge >= min && *edge <= max && edge.is_multiple_of(multiple))
        .collect();
    let small = any_integer(min.max(Integer::new(true, 20)), max.min(Integer::natural(300)), multiple);
    let mut kinds = vec![(3, any_integer(min, max, multiple))];
    if min <= Integer::natural(300) && max >= Integer::new(true, 20) {
        kinds.push((2, small));
    }
    if !edges.is_empty() {
        kinds.push((2, select(edges).boxed()));
    }
    let values = (Union::new_weighted(kinds), any::<bool>()).prop_map(form);
    match min <= zero && max >= zero && (!big || to_host) {
        true => prop_oneof![12 => values, 1 => Just(JsValue::Number(-0.0))].boxed(),
        false => values.boxed(),
    }
}

fn any_integer(min: Integer, max: Integer, multiple: u128) -> BoxedStrategy<Integer> {
    let to_multiple =
        move |negative: bool, magnitude: u128| Integer::new(negative, magnitude - magnitude % multiple);
    if min >= Integer::natural(0) {
        let range = natural(min)..=natural(max).max(natural(min));
        return range.prop_map(move |value| to_multiple(false, value)).boxed();
    }
    let range = nearest(min)..=nearest(max).max(nearest(min));
    range.prop_map(move |value| to_multiple(value < 0, value.unsigned_abs())).boxed()
}

/// The sign and the magnitude.
fn parts(integer: Integer) -> (bool, u128) {
    match integer.to_bigint() {
        JsValue::BigInt { negative, magnitude } => (negative, magnitude),
        _ => (false, 0),
    }
}

/// The nearest `u128`.
fn natural(integer: Integer) -> u128 {
    let (negative, magnitude) = parts(integer);
    if negative { 0 } else { magnitude }
}

/// The nearest `i128`.
fn nearest(integer: Integer) -> i128 {
    let (negative, magnitude) = parts(integer);
    let limit = if negative { i128::MIN.unsigned_abs() } else { i128::MAX.unsigned_abs() };
    let size = magnitude.min(limit);
    if negative { 0i128.wrapping_sub_unsigned(size) } else { 0i128.wrapping_add_unsigned(size) }
}

/// Strings that match the pattern, or of the least, the greatest and other lengths.
pub(super) fn strings(rule: &StringRule) -> BoxedStrategy<String> {
    match rule.pattern.as_ref().and_then(|pattern| matching(pattern.as_str())) {
        Some(matching) => matching,
        None => texts(rule.lengths),
    }
}

/// Strings that match a pattern, if the generator supports the pattern.
pub(super) fn matching(pattern: &str) -> Option<BoxedStrategy<String>> {
    // The generator makes whole matches and knows no anchors.
    let start = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = start.strip_suffix('$').filter(|inner| !inner.ends_with('\\')).unwrap_or(start);
    proptest::string::string_regex(inner).ok().map(Strategy::boxed)
}

fn texts(lengths: Lengths) -> BoxedStrategy<String> {
    let high = lengths.max.unwrap_or(lengths.min + EXTRA).max(lengths.min);
    let usual = lengths.min..=high.min(lengths.min + EXTRA);
    let some = vec(characters(), usual).boxed();
    let most = if lengths.max.is_some() && high <= LONGEST { high } else { lengths.min };
    let longest = characters().prop_map(move |character| vec![character; most]);
    prop_oneof![4 => some, 1 => longest].prop_map(String::from_iter).boxed()
}

fn characters() -> impl Strategy<Value = char> {
    let odd = [
        '😀',
        '\u{10ffff}',
        '\0',
        '"',
        '\\',
        '\n',
        '\u{2028}',
        '\u{feff}',
        '\u{301}',
        'ß',
        'İ',
        '\u{ffff}',
        '$',
    ];
    prop_oneof![4 => prop::char::range('a', 'z'), 2 => select(odd.to_vec()), 1 => any::<char>()]
}

/// Names of fields, also those with a meaning in JavaScript.
pub(super) fn names() -> BoxedStrategy<String> {
    let odd = ["__proto__", "constructor", "toString", "then", "length", "0", "", " "].map(String::from);
    prop_oneof![4 => "[a-z]{1,6}", 1 => select(odd.to_vec()), 1 => texts(Lengths::default())].boxed()
}

/// Milliseconds of valid Dates.
pub(super) fn dates() -> BoxedStrategy<JsValue> {
    let limit = 8.64e15;
    let edges = vec![0.0, -1.0, 1.0, limit, -limit, 951_782_400_000.0];
    let any = (-8_640_000_000_000_000i64..=8_640_000_000_000_000).prop_map(|ms| ms as f64);
    prop_oneof![select(edges), any].prop_map(JsValue::Date).boxed()
}
