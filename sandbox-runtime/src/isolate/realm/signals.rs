//! `AbortController` and `AbortSignal`: the globals of a realm where a contract's method takes a cancellation.
//!
//! A realm has them from its start when a host's contract needs them, and else from the first script that is bound to a
//! contract that does. Other realms do not have them. They have no part in the limits: all that they do is code of the guest.

use deno_core::v8;

use super::realm_globals::{function, key, program};
use crate::isolate::engine::Resolver;
use crate::isolate::engine::compile::get;
use crate::isolate::engine::text::{js_string, throw_type_error};
use crate::isolate::state::Isolate;
use crate::isolate::state::realm::Realm;
use crate::isolate::state::signals::Signals;
use crate::isolate::values::new_error;

/// The default reason of an abort: its class, and its message.
const ABORTED: (&str, &str) = ("AbortError", "This operation was aborted");

impl Realm {
    /// Adds the globals, unless the realm has them. `None` when the guest is being ended.
    pub(in crate::isolate) fn add_signals(
        &self,
        scope: &v8::PinScope<'_, '_>,
        isolate: &Isolate,
    ) -> Option<()> {
        if self.signals.get().is_none() {
            _ = self.signals.set(install(scope, isolate.is_frozen())?);
        }
        Some(())
    }
}

fn install(scope: &v8::PinScope<'_, '_>, is_frozen: bool) -> Option<Signals> {
    let names = [
        ("end", function(scope, "end", end)?.into()),
        ("call", function(scope, "call", call)?.into()),
        ("report", function(scope, "report", report)?.into()),
        ("error", function(scope, "error", error)?.into()),
        ("fail", function(scope, "fail", fail)?.into()),
        ("frozen", v8::Boolean::new(scope, is_frozen).into()),
    ];
    let made = program(scope, "signals", include_str!("signals.js"), &names)?;
    let made = made.try_cast::<v8::Object>().ok()?;
    let global = scope.get_current_context().global(scope);
    let attributes = || match is_frozen {
        true => {
            v8::PropertyAttribute::DONT_ENUM
                | v8::PropertyAttribute::READ_ONLY
                | v8::PropertyAttribute::DONT_DELETE
        }
        false => v8::PropertyAttribute::DONT_ENUM,
    };
    for name in ["AbortController", "AbortSignal"] {
        let class = get(scope, made, name)?;
        let key = key(scope, name)?;
        // A guest may have a class of its own by then.
        if !global.has_own_property(scope, key)? {
            global.define_own_property(scope, key, class, attributes())?;
        }
    }
    let own = |name: &str| {
        let function = get(scope, made, name)?.try_cast::<v8::Function>().ok()?;
        Some(v8::Global::new(scope, function))
    };
    Some(Signals {
        make: own("make")?,
        abort: own("abort")?,
        identify: own("identify")?,
        reason: own("reason")?,
    })
}

type Arguments<'s> = v8::FunctionCallbackArguments<'s>;

/// Ends the host calls of a signal.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of signals")]
fn end(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: v8::ReturnValue<'_>) {
    let number = arguments.get(0).try_cast::<v8::Number>().map_or(0.0, |number| number.value());
    let Some(aborts) = Isolate::current(scope).map(|isolate| isolate.aborts.clone()) else { return };
    aborts.abort(scope, number as u64, arguments.get(1));
    // A host's code may have called a guest meanwhile.
    if let Some(isolate) = Isolate::current(scope) {
        isolate.keep_terminating();
    }
}

/// Calls a listener.
fn call(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: v8::ReturnValue<'_>) {
    let Ok(listener) = arguments.get(0).try_cast::<v8::Function>() else {
        return throw_type_error(scope, "a listener's `handleEvent` is no function");
    };
    v8::tc_scope!(let scope, scope);
    if listener.call(scope, arguments.get(1), &[arguments.get(2)]).is_none() && scope.has_caught() {
        scope.rethrow();
    }
}

/// Reports what a listener has thrown, as a rejection that nothing handles.
fn report(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: v8::ReturnValue<'_>) {
    if let Some(resolver) = Resolver::new(scope) {
        _ = resolver.settle(scope, Err(arguments.get(0)));
    }
}

/// The reason of an abort without a reason.
fn error(scope: &mut v8::PinScope<'_, '_>, _: Arguments<'_>, mut result: v8::ReturnValue<'_>) {
    let (class, message) = ABORTED;
    let message = js_string(scope, message, v8::NewStringType::Normal).ok();
    if let Some(error) = message.and_then(|message| new_error(scope, class, message)) {
        result.set(error.into());
    }
}

/// Throws a TypeError with a text of the program.
fn fail(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: v8::ReturnValue<'_>) {
    if let Ok(text) = arguments.get(0).try_cast::<v8::String>() {
        scope.throw_exception(v8::Exception::type_error(scope, text));
    }
}
