//! Checks a value against a schema, and collects all that is wrong with it.
//!
//! A [`Checker`] is compiled once a type (`compile`, `node`) and runs on plain data (`run`). `schema::checks` keeps
//! the checkers of a contract. The time is bounded by the value's size.

mod collections;
mod compile;
mod expect;
mod fit;
mod from_json;
pub mod integer;
mod keywords;
pub mod node;
mod run;
mod scalar;

use crate::boundary::{CheckViolation, MOST, Step};
use crate::value::js_value::JsValue;
pub use keywords::malformed;
use node::{Arena, Id, Node};
use run::Run;
use serde_json::{Map, Value as Json};

/// The steps that any check may take, and the steps that each part of the value adds.
const STEPS: u64 = 1 << 20;
const STEPS_PER_PART: u64 = 256;

/// Where values go. Both directions accept the forms that the other side makes of a Rust type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckDirection {
    /// From Rust to JavaScript: every type has one form there.
    ToGuest,
    /// From JavaScript to Rust: some types have several forms, as a list can come as an Array, a Set or a typed array.
    ToHost,
}

/// A schema, ready to check values.
#[derive(Debug)]
pub struct Checker {
    pub arena: Arena,
    pub direction: CheckDirection,
}

impl Checker {
    /// Compiles a schema of schemars with the `$defs` that it refers to.
    ///
    /// Parts of the schema that cannot be checked are listed by [`Checker::unchecked`].
    pub fn new(schema: &Json, defs: &Map<String, Json>, direction: CheckDirection) -> Self {
        Self { arena: Arena::compile(schema, defs), direction }
    }

    /// The parts of the schema that are not checked: patterns outside of the crate `regex`'s syntax, unknown keywords,
    /// and references without a target.
    pub fn unchecked(&self) -> &[String] {
        &self.arena.unchecked
    }

    /// Whether the schema demands more than the Rust type enforces by itself: bounds, lengths, patterns.
    ///
    /// Without such demands, a value that was read as the Rust type has no violations.
    pub fn has_constraints(&self) -> bool {
        self.arena.nodes.iter().any(Node::asks_more_than_its_type)
    }

    /// The violations of a value, in the order of the value, at most `cap`.
    ///
    /// The time is linear in the size of the value. A value whose nested alternatives take too many steps has a
    /// violation for that.
    pub fn violations(&self, value: &JsValue, cap: usize) -> Vec<CheckViolation> {
        self.violations_at(0, value, cap)
    }

    /// The violations of a value as a `ValueError` takes them, each below the name `root`.
    pub fn violations_below(&self, value: &JsValue, root: &str) -> Vec<CheckViolation> {
        let mut found = self.violations(value, MOST + 1);
        found.iter_mut().for_each(|violation| violation.path.insert(0, Step::Field(root.to_owned())));
        found
    }

    /// The violations of a value against a part of the schema.
    pub fn violations_at(&self, id: Id, value: &JsValue, cap: usize) -> Vec<CheckViolation> {
        let steps = STEPS.saturating_add(STEPS_PER_PART.saturating_mul(parts_of(value)));
        let mut run = Run::new(self, cap, steps);
        run.visit(id, value, false);
        let (mut found, is_complete) = run.finish();
        if !is_complete {
            let expected = "a value that takes fewer steps to check".into();
            found.truncate(cap.saturating_sub(1));
            found.push(CheckViolation { path: Vec::new(), expected, found: value.describe() });
        }
        found
    }
}

/// The number of values in a value.
fn parts_of(value: &JsValue) -> u64 {
    let mut waiting = vec![value];
    let mut total = 0u64;
    while let Some(value) = waiting.pop() {
        total += match value {
            JsValue::Bytes(bytes) | JsValue::Buffer { bytes, .. } => bytes.len() as u64,
            JsValue::Numbers { values, .. } => values.len() as u64,
            _ => 1,
        };
        match value {
            JsValue::Array(items) | JsValue::Set(items) => waiting.extend(items),
            JsValue::Object(entries) => waiting.extend(entries.iter().map(|(_, value)| value)),
            JsValue::Map(entries) => waiting.extend(entries.iter().flat_map(|(key, value)| [key, value])),
            _ => {}
        }
    }
    total
}
