//! Shrinking by the value's kind, whatever strategy made it.
//!
//! A value of a union shrinks to one of another alternative, and an edge to a number that is no edge. The trees of
//! the strategies cannot do this.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::strategy::{BoxedStrategy, NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::source::SchemaSource;
use crate::value::JsValue;
use crate::value::js_value::number_text;

/// How far a value is shrunk. A large value has more simpler values than can be examined.
#[derive(Clone, Copy, Debug)]
pub(in crate::testing) struct ShrinkBound {
    /// How many simpler values are examined, whether they are tried or not.
    pub(in crate::testing) iters: u32,
    /// The time from the first of them on.
    pub(in crate::testing) time: Duration,
}

impl Default for ShrinkBound {
    fn default() -> Self {
        Self { iters: 20_000, time: Duration::from_secs(10) }
    }
}

/// The argument lists of a strategy that the schemas of the parameters accept, or those that they refuse.
#[derive(Debug)]
pub(super) struct Shrinking {
    pub(super) values: BoxedStrategy<Vec<JsValue>>,
    pub(super) sources: Arc<[Arc<SchemaSource>]>,
    /// Whether they are accepted. Otherwise a schema refuses at least one value.
    pub(super) accepted: bool,
    pub(super) bound: ShrinkBound,
}

impl Strategy for Shrinking {
    type Tree = ShrinkTree;
    type Value = Vec<JsValue>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        loop {
            let current = self.values.new_tree(runner)?.current();
            if are_accepted(&self.sources, &current) == self.accepted {
                return Ok(ShrinkTree::new(current, self.sources.clone(), self.accepted, self.bound));
            }
            runner.reject_local("the schema does not decide so")?;
        }
    }
}

fn are_accepted(sources: &[Arc<SchemaSource>], values: &[JsValue]) -> bool {
    sources.iter().zip(values).all(|(source, value)| source.accepts(0, value))
}

pub(super) struct ShrinkTree {
    current: Vec<JsValue>,
    /// The simplest failing values so far.
    best: Vec<JsValue>,
    /// The simpler values that are not tried yet; `None` before the values are known to fail.
    simpler: Option<Box<dyn Iterator<Item = Vec<JsValue>>>>,
    is_done: bool,
    sources: Arc<[Arc<SchemaSource>]>,
    accepted: bool,
    /// The remaining bound.
    bound: ShrinkBound,
    /// The end, set at the first simpler value; the inner `None` is no end.
    deadline: Option<Option<Instant>>,
}

impl ShrinkTree {
    fn new(
        values: Vec<JsValue>,
        sources: Arc<[Arc<SchemaSource>]>,
        accepted: bool,
        bound: ShrinkBound,
    ) -> Self {
        let best = values.clone();
        let (simpler, deadline) = (None, None);
        Self { current: values, best, simpler, is_done: false, sources, accepted, bound, deadline }
    }

    /// Takes the next simpler value that the schemas accept, or refuse, as they do these.
    fn advance(&mut self) -> bool {
        let time = self.bound.time;
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now().checked_add(time));
        while self.bound.iters > 0 && deadline.is_none_or(|deadline| Instant::now() < deadline) {
            self.bound.iters -= 1;
            let Some(next) = self.simpler.as_mut().and_then(Iterator::next) else { break };
            if are_accepted(&self.sources, &next) == self.accepted {
                self.current = next;
                return true;
            }
        }
        self.is_done = true;
        false
    }
}

impl ValueTree for ShrinkTree {
    type Value = Vec<JsValue>;

    fn current(&self) -> Vec<JsValue> {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.is_done {
            return false;
        }
        self.best = self.current.clone();
        self.simpler = Some(Box::new(replaced(self.best.clone().into(), simpler)));
        self.advance()
    }

    fn complicate(&mut self) -> bool {
        if self.is_done || self.simpler.is_none() {
            return false;
        }
        if !self.advance() {
            // The best value fails once more. After that, other values beside these are shrunk.
            self.current = self.best.clone();
        }
        true
    }
}

type Values = Box<dyn Iterator<Item = JsValue>>;

/// Simpler values, the simplest first. The list is finite, and so are those of its members.
fn simpler(value: &JsValue) -> Values {
    let nothing = (!matches!(value, JsValue::Null | JsValue::Undefined)).then_some(JsValue::Null);
    let others: Values = match value.clone() {
        JsValue::Undefined | JsValue::Null | JsValue::Bool(false) | JsValue::Other(_) => {
            Box::new(std::iter::empty())
        }
        JsValue::Bool(true) => Box::new(std::iter::once(JsValue::Bool(false))),
        JsValue::Number(value) => Box::new(numbers(value).map(JsValue::Number)),
        JsValue::Date(millis) => Box::new(numbers(millis).map(JsValue::Date)),
        JsValue::BigInt { negative, magnitude } => Box::new(integers(negative, magnitude)),
        JsValue::String(text) => Box::new(texts(&text).map(JsValue::String)),
        JsValue::Error { name, message, rest } => {
            let error = |name, message| JsValue::Error { name, message, rest: Vec::new() };
            let alone = (!rest.is_empty()).then(|| error(name.clone(), message.clone()));
            let named = (name != "Error").then(|| error("Error".into(), message.clone()));
            let messages = texts(&message).map(move |message| error(name.clone(), message));
            Box::new(alone.into_iter().chain(named).chain(messages))
        }
        JsValue::Array(items) => Box::new(lists(items, simpler).map(JsValue::Array)),
        JsValue::Set(items) => {
            let array = JsValue::Array(items.clone());
            Box::new(std::iter::once(array).chain(lists(items, simpler).map(JsValue::Set)))
        }
        JsValue::Object(fields) => Box::new(lists(fields, fields_of).map(JsValue::Object)),
        JsValue::Map(entries) => Box::new(lists(entries, entries_of).map(JsValue::Map)),
        JsValue::Bytes(bytes) => {
            let halves = |byte: &u8| halves((*byte).into()).map(|byte| byte.to_le_bytes()[0]);
            Box::new(lists(bytes, halves).map(JsValue::Bytes))
        }
        JsValue::Buffer { bytes, .. } => Box::new(std::iter::once(JsValue::Bytes(bytes))),
        JsValue::Numbers { kind, values } => {
            let array = JsValue::Array(values.iter().copied().map(JsValue::Number).collect());
            let simpler = lists(values, |value| numbers(*value));
            let simpler = simpler.map(move |values| JsValue::Numbers { kind, values });
            Box::new(std::iter::once(array).chain(simpler))
        }
    };
    Box::new(nothing.into_iter().chain(others))
}

fn fields_of((name, value): &(String, JsValue)) -> impl Iterator<Item = (String, JsValue)> + use<> {
    let (old, new) = (name.clone(), value.clone());
    let values = simpler(value).map(move |value| (old.clone(), value));
    texts(name).map(move |name| (name, new.clone())).chain(values)
}

fn entries_of((key, value): &(JsValue, JsValue)) -> impl Iterator<Item = (JsValue, JsValue)> + use<> {
    let (old, new) = (key.clone(), value.clone());
    let values = simpler(value).map(move |value| (old.clone(), value));
    simpler(key).map(move |key| (key, new.clone())).chain(values)
}

/// Lists with fewer elements, the shortest first; then those of the same length with a simpler element.
fn lists<T, I>(items: Vec<T>, simpler: fn(&T) -> I) -> impl Iterator<Item = Vec<T>> + use<T, I>
where
    T: Clone + 'static,
    I: Iterator<Item = T> + 'static,
{
    let items: Arc<[T]> = items.into();
    let length = items.len();
    let sizes = std::iter::successors(Some(length), |size| Some(size / 2)).take_while(|size| *size > 0);
    let cuts = sizes.flat_map(move |size| (0..length).step_by(size).map(move |from| (from, size)));
    let all = items.clone();
    let shorter = cuts.map(move |(from, size)| {
        let to = (from + size).min(all.len());
        [&all[..from], &all[to..]].concat()
    });
    shorter.chain(replaced(items, simpler))
}

/// Lists of the same length with a simpler element.
fn replaced<T, I>(items: Arc<[T]>, simpler: fn(&T) -> I) -> impl Iterator<Item = Vec<T>> + use<T, I>
where
    T: Clone + 'static,
    I: Iterator<Item = T> + 'static,
{
    (0..items.len()).flat_map(move |index| {
        let items = items.clone();
        simpler(&items[index]).map(move |item| {
            let mut items = items.to_vec();
            items[index] = item;
            items
        })
    })
}

fn texts(text: &str) -> impl Iterator<Item = String> + use<> {
    let simple = |character: &char| (*character != 'a').then_some('a').into_iter();
    lists(text.chars().collect(), simple).map(String::from_iter)
}

/// Smaller natural numbers: 0, a half, three quarters, …, the predecessor.
fn halves(value: u128) -> impl Iterator<Item = u128> + use<> {
    let steps = std::iter::successors(Some(value), |step| Some(step / 2));
    steps.take_while(|step| *step > 0).map(move |step| value - step)
}

fn integers(negative: bool, magnitude: u128) -> impl Iterator<Item = JsValue> + use<> {
    let positive = negative.then_some(JsValue::BigInt { negative: false, magnitude });
    let smaller = halves(magnitude)
        .map(move |magnitude| JsValue::BigInt { negative: negative && magnitude > 0, magnitude });
    positive.into_iter().chain(smaller)
}

/// Numbers that are simpler: without a fraction, or with a shorter one; smaller; and positive.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "what is cut off or rounded is only another number to try"
)]
fn numbers(value: f64) -> impl Iterator<Item = f64> + use<> {
    let whole = value.trunc();
    let near = [0.0, -0.0, 1.0, -1.0, 0.5, -value, whole];
    let tenths = [10.0, 100.0, 1000.0].map(|scale| (value * scale).round() / scale);
    let sizes = halves(whole.abs().min(u64::MAX as f64) as u128).map(|size| size as f64);
    let smaller = sizes.flat_map(|size| [size, size + 0.5]).map(move |size| size.copysign(value));
    let all = near.into_iter().chain(tenths).chain(smaller);
    all.filter(move |other| difficulty(*other) < difficulty(value))
}

/// How hard a number is to read. The order is well-founded.
fn difficulty(value: f64) -> (u8, usize, u64, bool) {
    let size = value.abs().to_bits();
    match value {
        _ if value.is_nan() => (3, 0, 0, false),
        _ if value.is_infinite() => (2, 0, 0, value < 0.0),
        _ if value.fract() != 0.0 => (1, number_text(value).len(), size, value < 0.0),
        _ => (0, 0, size, value.is_sign_negative()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The simplest failing value, as proptest finds it.
    fn shrunk(value: JsValue, fails: impl Fn(&JsValue) -> bool) -> JsValue {
        let fails = |values: &[JsValue]| fails(&values[0]);
        all_shrunk(vec![value], fails).remove(0)
    }

    fn all_shrunk(values: Vec<JsValue>, fails: impl Fn(&[JsValue]) -> bool) -> Vec<JsValue> {
        let schema = serde_json::Value::Bool(true);
        let source = Arc::new(source_of(&schema));
        let sources = values.iter().map(|_| source.clone()).collect();
        let mut tree = ShrinkTree::new(values.clone(), sources, true, ShrinkBound::default());
        let mut is_going = tree.simplify();
        while is_going {
            is_going = if fails(&tree.current()) { tree.simplify() } else { tree.complicate() };
        }
        assert!(fails(&tree.current()));
        tree.current()
    }

    fn js(value: JsValue, fails: impl Fn(&JsValue) -> bool) -> String {
        shrunk(value, fails).to_js()
    }

    #[test]
    fn numbers_shrink_to_the_bound() {
        let over = |bound: f64| move |value: &JsValue| matches!(value, JsValue::Number(n) if n.abs() > bound);
        assert_eq!(js(JsValue::Number(2_147_483_647.0), over(1000.0)), "1001");
        assert_eq!(js(JsValue::Number(-1e300), over(99.5)), "100");
        assert_eq!(js(JsValue::Number(f64::INFINITY), over(1e9)), "1000000001");
        let negative = |value: &JsValue| matches!(value, JsValue::Number(n) if *n < -2.0);
        assert_eq!(js(JsValue::Number(-77.25), negative), "-3");
        let odd = |value: &JsValue| matches!(value, JsValue::Number(n) if n.fract() != 0.0);
        assert_eq!(js(JsValue::Number(123.456), odd), "0.5");
        let special = |value: &JsValue| matches!(value, JsValue::Number(n) if n.is_nan());
        assert_eq!(js(JsValue::Number(f64::NAN), special), "NaN");
        let endless = |value: &JsValue| matches!(value, JsValue::Number(n) if n.is_infinite());
        assert_eq!(js(JsValue::Number(f64::NEG_INFINITY), endless), "Infinity");
        let half = |value: &JsValue| matches!(value, JsValue::Number(n) if n.fract() != 0.0 && *n > 1e6);
        assert_eq!(js(JsValue::Number(4e9 + 0.125), half), "1000000.5");
        let minus_zero = |value: &JsValue| matches!(value, JsValue::Number(n) if n.is_sign_negative());
        assert_eq!(js(JsValue::Number(-5.0), minus_zero), "-0");
        let big = |value: &JsValue| matches!(value, JsValue::BigInt { magnitude: 500.., .. });
        assert_eq!(js(JsValue::bigint(i128::MIN), big), "500n");
    }

    #[test]
    fn collections_shrink_to_what_matters() {
        let text = |value: &str| JsValue::String(value.into());
        let fields = vec![("other".into(), text("x")), ("name".into(), text("Grüße 😀!"))];
        let value = JsValue::Array(vec![JsValue::Null, JsValue::Object(fields), JsValue::Bool(true)]);
        let has_face = |value: &JsValue| format!("{value:?}").contains('😀');
        assert_eq!(js(value, has_face), "[{\"\": \"😀\"}]");
        let many = JsValue::Set((0..50).map(|n| JsValue::Number(n.into())).collect());
        let long = |value: &JsValue| match value {
            JsValue::Array(items) | JsValue::Set(items) => items.len() > 2,
            _ => false,
        };
        assert_eq!(js(many, long), "[null, null, null]");
    }

    /// Each element has simpler ones, and the schema accepts none of them.
    #[test]
    fn shrinking_ends_where_no_simpler_value_is_one() {
        let schema =
            serde_json::json!({ "type": "array", "minItems": 400, "items": { "const": "abcdefgh" } });
        let values = vec![JsValue::Array(vec![JsValue::String("abcdefgh".into()); 400])];
        assert!(source_of(&schema).accepts(0, &values[0]));
        for bound in [
            ShrinkBound { iters: 100, time: Duration::MAX },
            ShrinkBound { iters: u32::MAX, time: Duration::from_millis(1) },
        ] {
            let mut tree =
                ShrinkTree::new(values.clone(), Arc::from([Arc::new(source_of(&schema))]), true, bound);
            assert!(!tree.simplify(), "{bound:?}");
            assert_eq!(tree.current(), values);
            assert!(tree.bound.iters == 0 || bound.iters == u32::MAX);
        }
    }

    fn source_of(schema: &serde_json::Value) -> SchemaSource {
        SchemaSource::new(schema, &serde_json::Map::new(), crate::schema::check::CheckDirection::ToHost)
    }

    #[test]
    fn arguments_shrink_together() {
        let of = |value: &JsValue| if let JsValue::Number(number) = value { *number } else { 0.0 };
        let fails = |values: &[JsValue]| of(&values[1]) > 0.0 && of(&values[0]) >= 2.0 * of(&values[1]);
        let shrunk = all_shrunk(vec![JsValue::Number(255.0), JsValue::Number(127.0)], fails);
        assert_eq!(shrunk, [JsValue::Number(2.0), JsValue::Number(1.0)]);
    }
}
