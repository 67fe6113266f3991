//! Strategies of JavaScript expressions for what is no data: functions, streams, and objects with the methods of a contract.
//!
//! Their results and items are values that their types allow. Some throw, or are not what they seem when they are used again.
//! `testing::host` uses them.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json};

use super::source::SchemaSource;
use super::valid::valid_value;
use crate::schema::check::CheckDirection;
use crate::value::JsValue;
use crate::value::js_value::quoted;

/// Functions, whose result is `@V`.
const FUNCTIONS: [&str; 5] = [
    "() => @V",
    "(...all) => { all.length = 0; return @V; }",
    "function () { return this === undefined ? @V : this; }",
    "((turns) => () => { if (turns++ > 1) throw new Error('no more'); return @V; })(0)",
    "() => { throw new TypeError('no'); }",
];
/// Functions of which the host awaits the result.
const ASYNC_FUNCTIONS: [&str; 3] =
    ["async () => @V", "async () => { await null; return @V; }", "() => Promise.reject(new Error('no'))"];
/// Iterables of the list `@V`.
const ITERABLES: [&str; 6] = [
    "@V.values()",
    "(function* () { yield* @V; })()",
    "({ [Symbol.iterator]: () => @V.values() })",
    "(function* () { yield* @V; throw new Error('the end'); })()",
    "(function* () { try { yield* @V; } finally { throw new Error('left'); } })()",
    "({ [Symbol.iterator]() { return { next: () => ({ done: true }), get return() { throw 1; } }; } })",
];
/// Iterables whose values are awaited.
const ASYNC_ITERABLES: [&str; 4] = [
    "(async function* () { yield* @V; })()",
    "(async function* () { for (const value of @V) { await null; yield value; } })()",
    "(async function* () { yield* @V; throw new Error('the end'); })()",
    "({ [Symbol.asyncIterator]: () => { const all = @V.values(); return { next: async () => all.next(), return: 5 }; } })",
];
/// Results of the methods of an object, whose types its schema does not have.
const RESULTS: [&str; 7] =
    ["all[0]", "undefined", "1", "'x'", "[]", "this", "(() => { throw new Error('no'); })()"];

/// Expressions for a schema; `None` for a schema of no function, stream or object of a guest.
pub(in crate::testing) fn live(schema: &Json, defs: &Map<String, Json>) -> Option<BoxedStrategy<String>> {
    if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
        return live(defs.get(name.strip_prefix("#/$defs/")?)?, defs);
    }
    if let Some(function) = schema.get("x-function") {
        let is_async = function.get("async").is_some();
        let result = values(function.get("result")?, defs).prop_map(|value| format!("({})", value.to_js()));
        return Some(filled(FUNCTIONS, ASYNC_FUNCTIONS, is_async, result));
    }
    if let Some(stream) = schema.get("x-stream") {
        let is_async = schema.get("x-js").is_some_and(|name| name == "AsyncIterable");
        let items = vec(values(stream.get("items")?, defs), 0..5);
        let list = items.prop_map(|items| {
            format!("[{}]", items.iter().map(JsValue::to_js).collect::<Vec<_>>().join(", "))
        });
        return Some(filled(ITERABLES, ASYNC_ITERABLES, is_async, list));
    }
    let names = schema.get("x-guest")?.as_array()?.iter();
    Some(object(names.filter_map(Json::as_str).map(str::to_owned).collect()))
}

/// Values that a schema allows.
fn values(schema: &Json, defs: &Map<String, Json>) -> BoxedStrategy<JsValue> {
    valid_value(&Arc::new(SchemaSource::new(schema, defs, CheckDirection::ToHost)))
}

/// One of the templates with a value in its place.
fn filled<const N: usize, const M: usize>(
    plain: [&'static str; N],
    awaited: [&'static str; M],
    is_async: bool,
    value: impl Strategy<Value = String> + 'static,
) -> BoxedStrategy<String> {
    let awaited = awaited.into_iter().filter(|_| is_async);
    let templates = plain.into_iter().chain(awaited).collect::<Vec<_>>();
    (select(templates), value).prop_map(|(template, value)| template.replace("@V", &value)).boxed()
}

/// Objects with methods of these names.
fn object(names: Vec<String>) -> BoxedStrategy<String> {
    (vec(select(&RESULTS[..]), names.len()), any::<bool>())
        .prop_map(move |(results, is_class)| {
            let methods = names.iter().zip(results);
            let methods = methods
                .map(|(name, result)| format!("[{}](...all) {{ return {result}; }}", quoted(name, None)));
            match is_class {
                true => format!("new (class {{ {} }})()", methods.collect::<Vec<_>>().join(" ")),
                false => format!("({{ {} }})", methods.collect::<Vec<_>>().join(", ")),
            }
        })
        .boxed()
}
