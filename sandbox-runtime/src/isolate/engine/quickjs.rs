//! QuickJS-ng under the interface of V8, by the crate `v8x`.
//!
//! That layer was made to run programs, not to hold hostile ones, so some of it must not be touched: a stack trace
//! of V8's kind, for one, is a pointer that it reads from a property of the error, where a guest can put any
//! number. What is used of it here was read first.

use std::sync::{Mutex, Once, PoisonError};

use deno_core::{JsRuntime, v8};

use super::Engine;
use crate::boundary::{js_string, preview};
use crate::error::StackFrame;
use crate::isolate::stack::StackEnd;
use crate::limits::Limits;

pub(super) const CURRENT: Engine = Engine::QuickJs;

pub(super) fn version() -> String {
    format!("QuickJS {}", v8::V8::get_version())
}

/// With this in the environment, compiled scripts are not written to a cache on disk, and not read from one.
const NO_CACHE: &str = "V82JSC_NO_BC_CACHE";

/// Refuses what this engine cannot promise.
pub(crate) fn check(limits: &Limits) -> Result<(), String> {
    if std::env::var_os(NO_CACHE).is_none() {
        return Err(format!(
            "the engine QuickJS keeps compiled scripts in a cache on disk, where one tenant's script can be taken for \
             another's; set {NO_CACHE}=1 in the environment of this process"
        ));
    }
    if limits.buffers < limits.heap {
        return Err(format!(
            "the engine QuickJS counts ArrayBuffers as part of the heap, so a limit of {} bytes for them alone does not \
             hold; set `Limits::buffers` to at least `Limits::heap`, {} bytes",
            limits.buffers, limits.heap
        ));
    }
    Ok(())
}

/// Starts the engine. Later calls do nothing.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| JsRuntime::init_platform(None));
}

/// Makes a runtime whose guests' stack ends at `end`.
///
/// The size of the stack is a flag of the process that is read when a runtime is made, from whose frame it counts.
pub(crate) fn with_stack<E>(
    end: StackEnd,
    make: impl FnOnce() -> Result<JsRuntime, E>,
) -> Result<JsRuntime, E> {
    static FLAG: Mutex<()> = Mutex::new(());
    let _one_at_a_time = FLAG.lock().unwrap_or_else(PoisonError::into_inner);
    v8::V8::set_flags_from_string(&format!("--stack-size={}", (end.room() >> 10).max(1)));
    make()
}

/// `eval` and the constructors of functions throw an EvalError for text.
///
/// Refused by the engine are only `eval` and `Function`, by name. The constructors of functions are also reached
/// from every function, so each is replaced where it is found.
pub(crate) fn refuse_code_from_text(scope: &v8::PinScope<'_, '_>, context: v8::Local<'_, v8::Context>) -> Option<()> {
    const SOURCE: &str = r#"
        "use strict";
        const { defineProperty, getPrototypeOf } = Object;
        const refusal = { throw() { throw new error("Code generation from strings disallowed for this context"); } };
        const error = EvalError;
        const refuse = (name, prototype) => {
            const refused = { [name]: function () { refusal.throw(); } }[name];
            defineProperty(refused, "prototype", { value: prototype, writable: false });
            defineProperty(refused, "length", { value: 1 });
            return refused;
        };
        const samples = [function () {}, async () => {}, function* () {}, async function* () {}];
        const [Function, ...others] = samples.map((sample) => {
            const prototype = getPrototypeOf(sample);
            const refused = refuse(prototype.constructor.name, prototype);
            const { writable, enumerable } = Object.getOwnPropertyDescriptor(prototype, "constructor");
            defineProperty(prototype, "constructor", { value: refused, writable, enumerable, configurable: true });
            return refused;
        });
        for (const other of others) Object.setPrototypeOf(other, Function);
        const refused = (name, value) =>
            defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
        refused("Function", Function);
        refused("eval", { eval() { refusal.throw(); } }.eval);
    "#;
    context.set_allow_generation_from_strings(false);
    let name = js_string(scope, "sandbox:realm", v8::NewStringType::Normal).ok()?;
    let source = js_string(scope, SOURCE, v8::NewStringType::Normal).ok()?;
    let function = crate::isolate::script::compile_function(scope, name, source, &[])?;
    function.call(scope, v8::undefined(scope).into(), &[]).map(drop)
}

/// The frames that the text of `error.stack` names. It is an ordinary property, so a guest can write what it likes
/// there; a getter is not called.
pub(crate) fn stack_of(
    scope: &v8::PinScope<'_, '_>,
    exception: v8::Local<'_, v8::Value>,
    _: Option<v8::Local<'_, v8::Message>>,
) -> Vec<StackFrame> {
    const TEXT: usize = 16 << 10;
    let text = || {
        let error = exception.try_cast::<v8::Object>().ok().filter(|_| exception.is_native_error())?;
        let key = js_string(scope, "stack", v8::NewStringType::Internalized).ok()?;
        let descriptor = error.get_own_property_descriptor(scope, key.into())?.try_cast::<v8::Object>().ok()?;
        let key = js_string(scope, "value", v8::NewStringType::Internalized).ok()?;
        let text = descriptor.get(scope, key.into())?.try_cast::<v8::String>().ok()?;
        Some(preview(scope, text, TEXT))
    };
    text().map_or_else(Vec::new, |text| text.lines().filter_map(frame).collect())
}

/// A line such as `    at price (acme.js:3:14)` or `    at acme.js:3:14`.
fn frame(line: &str) -> Option<StackFrame> {
    let place = line.trim_start().strip_prefix("at ")?;
    let (function, place) = match place.strip_suffix(')').and_then(|place| place.rsplit_once(" (")) {
        Some((function, place)) => (Some(function.to_owned()), place),
        None => (None, place),
    };
    let (place, column) = place.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    Some(StackFrame { function, file: file.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_stack_are_frames() {
        let found = |line| frame(line).map(|f| (f.function, f.file, f.line, f.column));
        assert_eq!(found("    at price (a b.js:3:14)"), Some((Some("price".into()), "a b.js".into(), 3, 14)));
        assert_eq!(found("at a.js:1:2"), Some((None, "a.js".into(), 1, 2)));
        for other in ["Error: at home", "    at native", "    at f (native)", "    at f (a:b:c)", ""] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
