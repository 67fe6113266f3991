//! How each intrinsic is reached, and what is done with it.
//!
//! A plan is made by a walk over the intrinsics of a realm in which no code of a guest has run. The walk takes some
//! milliseconds. Realms with the same globals have the same plan, so the walk is made once in a process for each set.

use std::sync::{Arc, OnceLock};

use deno_core::v8;
use serde::Deserialize;

use super::NAMES;
use crate::isolate::engine::plain_intrinsics;
use crate::isolate::engine::text::js_string;
use crate::isolate::realm::realm_globals::program;
use crate::options::{Clock, Settings};

/// How all intrinsics of a realm are reached, and what is done with them. Keys are indexes of [`FreezePlan::keys`].
#[derive(Deserialize)]
pub(super) struct FreezePlan {
    /// Names of properties; `@@` begins the name of a symbol of `Symbol`.
    pub(super) keys: Vec<String>,
    pub(super) steps: Vec<Reach>,
    pub(super) assignable: Vec<Assignable>,
    /// The globals that become constants.
    pub(super) globals: Vec<usize>,
    /// The properties of `RegExp` that are removed.
    pub(super) legacy: Vec<usize>,
}

/// How one object is reached: its parent, the key there, the part of the property, and whether the object is sealed and not
/// frozen. The parent is an earlier object, or one of [`GLOBAL`] and [`HIDDEN`].
#[derive(Deserialize)]
pub(super) struct Reach(pub(super) i32, pub(super) usize, pub(super) u8, pub(super) bool);

/// A property that becomes assignable on objects that inherit it: the object, the key, whether it is enumerable, and whether
/// an assignment on the object itself is ignored and not refused.
#[derive(Deserialize)]
pub(super) struct Assignable(pub(super) usize, pub(super) usize, pub(super) bool, pub(super) bool);

/// The parent of a global's value.
pub(super) const GLOBAL: i32 = -1;
/// The parent of an intrinsic without a name.
pub(super) const HIDDEN: i32 = -2;
/// The parts of a property that lead to an object.
pub(super) const VALUE: u8 = 0;
pub(super) const GETTER: u8 = 1;
pub(super) const SETTER: u8 = 2;

/// The plan for the scope's realm. `contracts` are the names of globals that are no intrinsics: those of contracts are frozen
/// already, and those of the web when they are made.
pub(super) fn of(
    scope: &v8::PinScope<'_, '_>,
    settings: &Settings,
    contracts: &[&str],
) -> Option<Arc<FreezePlan>> {
    static PLANS: [OnceLock<Arc<FreezePlan>>; 4] = [const { OnceLock::new() }; 4];
    // A contract can take the name of an intrinsic.
    if contracts.iter().any(|name| super::super::GLOBALS.contains(name)) {
        return walk(scope, contracts).map(Arc::new);
    }
    let bits = [!matches!(settings.clock, Clock::Real), settings.wasm];
    let place = &PLANS[bits.iter().fold(0, |index, bit| index << 1 | usize::from(*bit))];
    if let Some(plan) = place.get() {
        return Some(plan.clone());
    }
    let plan = Arc::new(walk(scope, contracts)?);
    Some(place.get_or_init(|| plan).clone())
}

fn walk(scope: &v8::PinScope<'_, '_>, contracts: &[&str]) -> Option<FreezePlan> {
    let source = format!("\"use strict\";\n{NAMES}\n{}", include_str!("walk.js"));
    let parse = |json: serde_json::Value| {
        v8::json::parse(scope, js_string(scope, &json.to_string(), v8::NewStringType::Normal).ok()?)
    };
    let names = [("rows", parse(plain_intrinsics::rows())?), ("contracts", parse(contracts.into())?)];
    let text = program(scope, "frozen", &source, &names)?;
    serde_json::from_str(&text.to_rust_string_lossy(scope)).ok().filter(FreezePlan::is_sound)
}

impl FreezePlan {
    /// Whether all indexes are those of keys, and of objects.
    fn is_sound(&self) -> bool {
        let keys =
            self.steps.iter().map(|step| step.1).chain(self.assignable.iter().map(|property| property.1));
        let keys = keys.chain(self.globals.iter().copied()).chain(self.legacy.iter().copied());
        let objects = self.assignable.iter().map(|property| property.0);
        keys.max() < Some(self.keys.len()) && objects.max() < Some(self.steps.len())
    }
}
