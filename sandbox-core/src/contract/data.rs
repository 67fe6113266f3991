//! Plain data that goes to a guest or comes from one, of a contract that came as data.
//!
//! `owned` asks it. The schemas are checked first, and what no schema says of a value is here.

use crate::boundary::{CheckViolation, Step};
use crate::schema::check::Checker;
use crate::value::JsValue;

/// The violations of a value. All of the value goes to the other side, so a part that is no data is one of them, also where
/// the schema accepts anything.
pub(super) fn violations(check: &Checker, value: &JsValue, name: &str) -> Vec<CheckViolation> {
    let mut found = check.violations_below(value, name);
    if found.is_empty() {
        not_data(value, &mut vec![Step::Field(name.to_owned())], &mut found);
    }
    found
}

/// Finds the first part of a value that is no data, or that is too much for a limit.
fn not_data(value: &JsValue, path: &mut Vec<Step>, found: &mut Vec<CheckViolation>) {
    let mut part = |step: Step, value: &JsValue| {
        if found.is_empty() {
            path.push(step);
            not_data(value, path, found);
            path.pop();
        }
    };
    match value {
        JsValue::Other(what) => {
            let expected = "a value that can cross".to_owned();
            found.push(CheckViolation { path: path.clone(), expected, found: what.to_string() });
        }
        JsValue::Array(items) | JsValue::Set(items) => {
            items.iter().enumerate().for_each(|(index, item)| part(Step::Index(index), item));
        }
        JsValue::Object(fields) => {
            fields.iter().for_each(|(name, value)| part(Step::Field(name.clone()), value));
        }
        JsValue::Map(entries) => entries.iter().enumerate().for_each(|(index, (key, value))| {
            part(Step::Key(index), key);
            part(Step::Index(index), value);
        }),
        JsValue::Error { rest, .. } => {
            rest.iter().for_each(|(name, value)| part(Step::Field((*name).to_owned()), value));
        }
        _ => {}
    }
}

/// The form that Rust writes, which has no `undefined`: a list has `null` in its place, and an object has no such field.
pub(super) fn written(value: &mut JsValue) {
    match value {
        JsValue::Undefined => *value = JsValue::Null,
        JsValue::Array(items) | JsValue::Set(items) => items.iter_mut().for_each(written),
        JsValue::Object(fields) => {
            fields.retain(|(_, value)| *value != JsValue::Undefined);
            fields.iter_mut().for_each(|(_, value)| written(value));
        }
        JsValue::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            written(key);
            written(value);
        }),
        _ => {}
    }
}
