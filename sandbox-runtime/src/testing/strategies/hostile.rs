//! A strategy of JavaScript expressions for hostile values.
//!
//! `testing::host` and `testing::hostile` use it.

use super::expressions::{LARGE, PLAIN, PROXIES, TEMPLATES, TRAPS};
use crate::value::js_value::quoted;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Names with a meaning in JavaScript, or for a reader of JavaScript values.
const NAMES: [&str; 10] =
    ["a", "value", "__proto__", "constructor", "toString", "toJSON", "then", "length", "size", "0"];

/// JavaScript expressions that make hostile values, such as Proxies, throwing or lying getters, cycles, huge arrays,
/// deep nesting and detached buffers. They are nested at random in plain objects and arrays with the names `fields`.
///
/// Evaluating an expression ends soon and throws nothing. Reading its value may do anything.
pub(in crate::testing) fn hostile(fields: &[String]) -> BoxedStrategy<String> {
    let names = names(fields);
    let leaf = prop_oneof![4 => template(&names), 1 => proxy(&names)];
    let nested = leaf.clone().boxed().prop_recursive(3, 12, 4, {
        let fields = fields.to_vec();
        move |inner| nest(inner, names.clone(), fields.clone())
    });
    prop_oneof![leaf, nested].boxed()
}

/// Field names as literals of JavaScript, those of the contract more often than others.
fn names(fields: &[String]) -> BoxedStrategy<String> {
    let literals =
        |names: Vec<String>| select(names.iter().map(|name| quoted(name, None)).collect::<Vec<_>>());
    let odd = literals(NAMES.map(String::from).to_vec());
    if fields.is_empty() {
        odd.boxed()
    } else {
        prop_oneof![4 => literals(fields.to_vec()), 1 => odd].boxed()
    }
}

fn plain() -> BoxedStrategy<String> {
    select(PLAIN).prop_map(String::from).boxed()
}

fn template(names: &BoxedStrategy<String>) -> BoxedStrategy<String> {
    let one = prop_oneof![600 => select(TEMPLATES), 1 => select(LARGE)];
    (one, names.clone(), names.clone(), plain())
        .prop_map(|(template, name, other, value)| {
            template.replace("@F", &name).replace("@G", &other).replace("@V", &value)
        })
        .boxed()
}

/// Each trap with each body.
fn proxy(names: &BoxedStrategy<String>) -> BoxedStrategy<String> {
    (select(PROXIES), select(TRAPS), names.clone(), plain())
        .prop_map(|(proxy, trap, name, value)| {
            proxy.replace("@T", trap).replace("@F", &name).replace("@V", &value)
        })
        .boxed()
}

/// A hostile value within a plain one.
fn nest(
    inner: BoxedStrategy<String>,
    names: BoxedStrategy<String>,
    fields: Vec<String>,
) -> BoxedStrategy<String> {
    let mixed = prop_oneof![2 => plain(), 1 => inner.clone()].boxed();
    let entry = (names, mixed.clone()).prop_map(|(name, value)| format!("[{name}]: {value}"));
    let object = (vec(entry, 0..4), inner.clone());
    let whole = (vec(mixed.clone(), fields.len()), inner.clone(), any::<prop::sample::Index>());
    let list = (vec(mixed, 0..4), inner.clone());
    prop_oneof![
        object.prop_map(|(mut entries, inner)| {
            entries.push(format!("a: {inner}"));
            format!("({{{}}})", entries.join(", "))
        }),
        whole.prop_map(move |(values, inner, place)| all_fields(&fields, &values, &inner, place)),
        list.prop_map(|(items, inner)| format!("[{}]", [items, vec![inner]].concat().join(", "))),
        inner.clone().prop_map(|inner| format!("new Map([[\"a\", {inner}]])")),
        inner.clone().prop_map(|inner| format!("new Map([[{inner}, 1]])")),
        inner.clone().prop_map(|inner| format!("new Set([{inner}])")),
        inner.prop_map(|inner| format!("Promise.resolve({inner})")),
    ]
    .boxed()
}

/// An object with every field, one of them hostile.
fn all_fields(fields: &[String], values: &[String], inner: &str, place: prop::sample::Index) -> String {
    let hostile = if fields.is_empty() { 0 } else { place.index(fields.len()) };
    let entries = fields.iter().zip(values).enumerate().map(|(index, (name, value))| {
        let value = if index == hostile { inner } else { value };
        format!("[{}]: {value}", quoted(name, None))
    });
    format!("({{{}}})", entries.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn there_are_many_and_no_two_are_the_same() {
        let distinct: HashSet<_> = TEMPLATES.iter().chain(LARGE).chain(PROXIES).collect();
        assert!(distinct.len() >= 80);
        assert_eq!(distinct.len(), TEMPLATES.len() + LARGE.len() + PROXIES.len());
    }
}
