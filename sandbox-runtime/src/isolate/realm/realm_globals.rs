//! The globals of a realm beside ECMAScript, by the settings of its sandbox: a clock, random numbers, a console. `realm` calls
//! [`install`] before the contracts' globals are defined. The host's functions that are made here ask the isolate for its
//! settings when they are called.

use deno_core::v8;

use crate::boundary::Budget;
use crate::isolate::engine::compile::{compile_function, get};
use crate::isolate::engine::text::{js_string, preview};
use crate::isolate::run::thrown;
use crate::isolate::shim;
use crate::isolate::state::Isolate;
use crate::isolate::values::{describe, observed};
use crate::limits::Limits;
use crate::options::{Clock, ConsoleLine, Level, Random, Settings};
use crate::value::JsValue;

/// Changes `Math` and `Date`, and makes a console. Runs before the contracts' globals are defined.
pub(in crate::isolate) fn install(scope: &v8::PinScope<'_, '_>, settings: &Settings) -> Option<()> {
    if !matches!(settings.clock, Clock::Real) {
        let now = function(scope, "now", now)?;
        program(scope, "clock", include_str!("clock.js"), &[("now", now.into())])?;
    }
    if settings.random != Random::Real {
        let math = get(scope, scope.get_current_context().global(scope), "Math")?;
        hide(scope, math.try_cast().ok()?, "random", function(scope, "random", random)?.into())?;
    }
    if !settings.console.is_off() {
        let global = scope.get_current_context().global(scope);
        hide(scope, global, "console", console(scope)?.into())?;
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
    let text = |text: &str| js_string(scope, text, v8::NewStringType::Normal).ok();
    let parameters = names.iter().map(|(name, _)| text(name)).collect::<Option<Vec<_>>>()?;
    let values = names.iter().map(|(_, value)| v8::Local::new(scope, *value)).collect::<Vec<_>>();
    let function = compile_function(scope, text(&shim::script(name))?, text(source)?, &parameters)?;
    function.call(scope, v8::undefined(scope).into(), &values)
}

pub(super) fn key<'s>(scope: &v8::PinScope<'s, '_>, name: &str) -> Option<v8::Local<'s, v8::Name>> {
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

#[expect(clippy::cast_precision_loss, reason = "a time beyond 2^53 ms is none that `Date` can have")]
fn now(
    scope: &mut v8::PinScope<'_, '_>,
    _: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    if let Some(isolate) = Isolate::current(scope) {
        result.set_double(isolate.settings.clock.now() as f64);
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). The upper 53 bits are the
/// fraction.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn random(
    scope: &mut v8::PinScope<'_, '_>,
    _: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    let Some(isolate) = Isolate::current(scope) else { return };
    let live = isolate.live.borrow();
    let Some(live) = &*live else { return };
    let state = live.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    live.random.set(state);
    let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    result.set_double(((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 53) as f64);
}

/// An object with a function for each level.
fn console<'s>(scope: &v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::Object>> {
    let methods = [
        ("debug", function(scope, "debug", log::<DEBUG>)?),
        ("trace", function(scope, "trace", log::<DEBUG>)?),
        ("log", function(scope, "log", log::<INFO>)?),
        ("info", function(scope, "info", log::<INFO>)?),
        ("warn", function(scope, "warn", log::<WARN>)?),
        ("error", function(scope, "error", log::<ERROR>)?),
    ];
    let console = v8::Object::new(scope);
    for (name, method) in methods {
        console.create_data_property(scope, key(scope, name)?, method.into())?;
    }
    Some(console)
}

const LEVELS: [Level; 4] = [Level::Debug, Level::Info, Level::Warn, Level::Error];
const DEBUG: usize = 0;
const INFO: usize = 1;
const WARN: usize = 2;
const ERROR: usize = 3;

fn log<const LEVEL: usize>(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    _: v8::ReturnValue<'_>,
) {
    write(scope, LEVELS[LEVEL], &arguments);
}

/// Writes a line. Once the cap of the call is reached, arguments are not read any more.
fn write(scope: &mut v8::PinScope<'_, '_>, level: Level, arguments: &v8::FunctionCallbackArguments<'_>) {
    let Some(isolate) = Isolate::current(scope) else { return };
    if !isolate.stack().allows_call() || isolate.is_ended() {
        return;
    }
    let Some(call) = isolate.call.get() else { return };
    let most = isolate.settings.limits.console_bytes;
    let left = most.saturating_sub(call.console_bytes());
    let text = (left > 0).then(|| line(scope, arguments, left)).filter(|text| text.len() <= left);
    let Some(isolate) = Isolate::current(scope) else { return };
    let Some(call) = isolate.call.get() else { return };
    let Some(text) = text else {
        call.drop_line();
        isolate.settings.captured.drop_lines(1);
        return;
    };
    // An empty line counts as one byte.
    let length = text.len().max(1);
    let line = ConsoleLine::new(level, text);
    let tell = isolate.observed.as_ref().map(|observed| |line: &ConsoleLine| observed.console_line(line));
    match isolate.settings.console.write(line, &isolate.settings.captured, most, tell) {
        true => call.keep_line(length),
        false => call.drop_line(),
    }
}

/// The arguments as text. Getters of the guest may run, within its limits. Their exceptions are discarded.
fn line(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: &v8::FunctionCallbackArguments<'_>,
    left: usize,
) -> String {
    v8::tc_scope!(let scope, scope);
    let mut text = String::new();
    for index in 0..arguments.length() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(&shown(scope, arguments.get(index), left.saturating_sub(text.len())));
        if text.len() > left {
            break;
        }
    }
    text
}

/// How many characters of one argument are read.
const LONGEST: usize = 1 << 20;

/// A value as text: a string itself, an error's name and message, all of other data if it is small.
fn shown(scope: &v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>, left: usize) -> String {
    if let Ok(string) = value.try_cast::<v8::String>() {
        // One unit more than fits, so that a line which is cut is seen to be too long.
        return preview(scope, string, left.saturating_add(1).min(LONGEST));
    }
    if value.is_native_error() {
        let (name, message) = thrown::name_and_message(scope, value);
        return format!("{}: {message}", name.unwrap_or_default());
    }
    let Some(isolate) = Isolate::current(scope).filter(|_| value.is_object()) else {
        return describe(scope, value);
    };
    let limits = Limits { value_nodes: 1000, value_bytes: left, value_depth: 16, ..Limits::default() };
    let copy = v8::Local::new(scope, value);
    match observed(scope, &Budget::new(&limits, isolate.stack()), copy) {
        Ok(JsValue::Other(_)) | Err(_) => describe(scope, value),
        Ok(data) => {
            let text = data.to_js();
            text.strip_prefix('(')
                .and_then(|text| text.strip_suffix(')'))
                .map_or_else(|| text.clone(), Into::into)
        }
    }
}
