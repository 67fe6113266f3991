//! The functions by which a script could make an assignable property of an intrinsic read-only.
//!
//! An assignable property is *writable* for V8, although no script can change its value. V8 lets a script make a writable
//! property read-only, and then the property could not be assigned on objects that inherit it, for any script. Four functions
//! can do that: they are replaced before any script runs. The other ways to define a property ask for a configurable one,
//! which V8 refuses.
//!
//! A replacement calls the function of V8, unless its object is one of the intrinsics, or a proxy that leads to one.

use deno_core::v8;

use super::v8::member;
use crate::isolate::engine::list;
use crate::isolate::engine::text::js_string;
use crate::isolate::realm::realm_globals::{hide, program};

/// The functions, in the order of `guard.js`: the object that has each, its name, and its length.
const GUARDED: [(&str, &str, i32); 4] = [
    ("Object", "defineProperty", 3),
    ("Object", "defineProperties", 2),
    ("Object", "freeze", 1),
    ("Reflect", "defineProperty", 3),
];

/// The parts of [`guarded`]'s data.
const INTRINSICS: u32 = 0;
const ORIGINAL: u32 = 1;
const CAREFUL: u32 = 2;

/// Replaces the functions. Returns the set of the intrinsics that they guard, which is empty yet.
pub(super) fn install<'s>(scope: &v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::Set>> {
    let intrinsics = v8::Set::new(scope);
    let careful = program(scope, "guard", include_str!("guard.js"), &[])?.try_cast::<v8::Object>().ok()?;
    let global = scope.get_current_context().global(scope);
    for (index, (object, key, length)) in (0..).zip(GUARDED) {
        let object = member(scope, global, object)?;
        let original = member(scope, object, key)?;
        let data = [intrinsics.into(), original.into(), careful.get_index(scope, index)?];
        let data = list(scope, &data)?;
        let replacement = v8::Function::builder(guarded)
            .data(data.into())
            .length(length)
            .constructor_behavior(v8::ConstructorBehavior::Throw)
            .build(scope)?;
        replacement.set_name(js_string(scope, key, v8::NewStringType::Internalized).ok()?);
        hide(scope, object, key, replacement.into())?;
    }
    Some(intrinsics)
}

fn guarded(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    if let Some(value) = answer(scope, &arguments) {
        result.set(value);
    }
}

/// The result of the replaced function; `None` when that function threw.
fn answer<'s>(
    scope: &v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Option<v8::Local<'s, v8::Value>> {
    let data = arguments.data().try_cast::<v8::Object>().ok()?;
    let intrinsics = data.get_index(scope, INTRINSICS)?.try_cast::<v8::Set>().ok()?;
    let mut target = arguments.get(0);
    while let Ok(proxy) = target.try_cast::<v8::Proxy>() {
        target = proxy.get_target(scope);
    }
    let given = (0..arguments.length()).map(|index| arguments.get(index));
    let (which, given) = if intrinsics.has(scope, target)? {
        (CAREFUL, std::iter::once(target).chain(given).collect::<Vec<_>>())
    } else {
        (ORIGINAL, given.collect())
    };
    let function = data.get_index(scope, which)?.try_cast::<v8::Function>().ok()?;
    function.call(scope, v8::undefined(scope).into(), &given)
}
