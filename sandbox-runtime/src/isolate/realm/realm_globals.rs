//! The globals of a realm that ECMAScript has as well, by the settings of its sandbox: a clock and random numbers. `realm` calls
//! [`install`] before the contracts' globals are defined. The host's functions that are made here ask the isolate for its
//! settings when they are called.

use deno_core::v8;

use crate::isolate::engine::compile::get;
use crate::isolate::engine::text::js_string;
use crate::isolate::shim;
use crate::isolate::state::Isolate;
use crate::options::{Clock, Random, Settings};

/// Changes `Math`, `Date` and `WebAssembly`. Runs before the contracts' globals are defined.
pub(in crate::isolate) fn install(scope: &v8::PinScope<'_, '_>, settings: &Settings) -> Option<()> {
    if !matches!(settings.clock, Clock::Real) {
        let now = function(scope, "now", now)?;
        program(scope, "clock", include_str!("clock.js"), &[("now", now.into())])?;
    }
    if settings.wasm {
        let wasm = get(scope, scope.get_current_context().global(scope), "WebAssembly")?;
        let is_module = function(scope, "isModule", is_module)?.into();
        program(scope, "wasm", include_str!("wasm.js"), &[("wasm", wasm), ("isModule", is_module)])?;
    }
    if settings.random != Random::Real {
        let math = get(scope, scope.get_current_context().global(scope), "Math")?;
        hide(scope, math.try_cast().ok()?, "random", function(scope, "random", random)?.into())?;
    }
    Some(())
}

/// Runs a program of the runtime with these names, and returns its result. No stack shows its frames.
pub(in crate::isolate) fn program<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: &str,
    source: &str,
    names: &[(&str, v8::Local<'_, v8::Value>)],
) -> Option<v8::Local<'s, v8::Value>> {
    let (parameters, values): (Vec<_>, Vec<_>) =
        names.iter().map(|(name, value)| (*name, v8::Local::new(scope, *value))).unzip();
    let name = js_string(scope, &shim::script(name), v8::NewStringType::Normal).ok()?;
    let function = Isolate::current(scope)?.programs.function(scope, name, source, &parameters)?;
    function.call(scope, v8::undefined(scope).into(), &values)
}

pub(in crate::isolate::realm) fn key<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: &str,
) -> Option<v8::Local<'s, v8::Name>> {
    js_string(scope, name, v8::NewStringType::Internalized).ok().map(Into::into)
}

/// Defines a property like ECMAScript's own: not enumerable, and the guest may change it.
pub(super) fn hide(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    name: &str,
    value: v8::Local<'_, v8::Value>,
) -> Option<()> {
    let defined =
        object.define_own_property(scope, key(scope, name)?, value, v8::PropertyAttribute::DONT_ENUM);
    (defined == Some(true)).then_some(())
}

pub(super) fn function<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: &str,
    callback: impl v8::MapFnTo<v8::FunctionCallback>,
) -> Option<v8::Local<'s, v8::Function>> {
    let function = v8::FunctionTemplate::builder(callback)
        .constructor_behavior(v8::ConstructorBehavior::Throw)
        .length(0)
        .build(scope)
        .get_function(scope)?;
    function.set_name(js_string(scope, name, v8::NewStringType::Internalized).ok()?);
    Some(function)
}

fn is_module(
    _: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    result.set_bool(arguments.get(0).is_wasm_module_object());
}

#[expect(clippy::cast_precision_loss, reason = "a time beyond 2^53 ms is none that `Date` can have")]
pub(super) fn now(
    scope: &mut v8::PinScope<'_, '_>,
    _: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    if let Some(isolate) = Isolate::current(scope) {
        result.set_double(isolate.settings.clock.now() as f64);
    }
}

#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn random(
    scope: &mut v8::PinScope<'_, '_>,
    _: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    // The upper 53 bits are the fraction.
    if let Some(bits) = Isolate::current(scope).and_then(next_random) {
        result.set_double((bits >> 11) as f64 / (1_u64 << 53) as f64);
    }
}

/// The next 64 bits of the seeded sequence: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub(super) fn next_random(isolate: &Isolate) -> Option<u64> {
    let live = isolate.live.borrow();
    let live = live.as_ref()?;
    let state = live.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    live.random.set(state);
    let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    Some(mixed ^ mixed >> 31)
}
