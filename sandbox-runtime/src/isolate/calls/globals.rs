//! Defines the free globals of a script, and those of its builder, in the realm of the script.
//!
//! `script` calls it before a script runs. A global is a constant of the realm, so a realm has one value under a name. The
//! values are written by definition and frozen by the captured `Object.freeze`, and no code of a guest runs. Guests may have
//! run in the realm before. A property that a guest has defined is replaced, unless it is a constant.

use std::rc::Rc;

use deno_core::v8;

use crate::boundary::{Budget, ValueError};
use crate::error::Error;
use crate::isolate::engine::compile::own;
use crate::isolate::engine::text::js_string;
use crate::isolate::intrinsics;
use crate::isolate::state::realm::Realm;
use crate::isolate::state::{Catch, Isolate};
use crate::isolate::values::tree_to_guest;
use crate::script::{Global, Script};
use crate::wire::{DecodeBounds, decode};

/// Gives the realm the globals that it does not have. All of them together are one crossing.
pub(super) fn give(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    realm: &Rc<Realm>,
    script: &Script,
) -> Result<(), Error> {
    let (of_all, own) = (isolate.settings.globals.all(), script.globals().all());
    if of_all.is_empty() && own.is_empty() {
        return Ok(());
    }
    let budget = isolate.budget();
    v8::tc_scope!(let scope, scope);
    for global in of_all.iter().chain(own) {
        let known = realm.globals.borrow().get(global.name()).cloned();
        match known {
            Some(known) if known == *global => {}
            Some(_) => {
                return Err(Error::global(
                    global.name(),
                    "the realm of the script has another value under this name: load the script into a realm of its own",
                ));
            }
            None => {
                define(isolate, scope, (realm, &budget), global)?;
                realm.globals.borrow_mut().add(global.clone());
            }
        }
    }
    isolate.call.add_in(budget.spent());
    Ok(())
}

/// Defines one global.
fn define(
    isolate: &Isolate,
    scope: &Catch<'_, '_, '_, '_>,
    (realm, budget): (&Realm, &Budget<'_>),
    global: &Global,
) -> Result<(), Error> {
    let failed = || match isolate.is_ended() || scope.has_caught() {
        true => isolate.thrown(scope, None),
        false => Error::global(
            global.name(),
            "a contract or the code of a guest has defined a constant of this name: take another name, or another realm",
        ),
    };
    let refused = |error: ValueError| match isolate.is_ended() {
        true => isolate.ended(None),
        false => Error::global(global.name(), error.inside(global.name()).to_string()),
    };
    let value = decode(global.value(), DecodeBounds::TRUSTED);
    let value = value.map_err(|error| Error::global(global.name(), error.to_string()))?;
    let value = tree_to_guest(scope, budget, value).map_err(refused)?;
    freeze(scope, v8::Local::new(scope, &realm.handles.freeze), value).ok_or_else(failed)?;
    let key = js_string(scope, global.name(), v8::NewStringType::Internalized).map_err(refused)?;
    let attributes = v8::PropertyAttribute::READ_ONLY | v8::PropertyAttribute::DONT_DELETE;
    let object = scope.get_current_context().global(scope);
    match object.define_own_property(scope, key.into(), value, attributes) {
        Some(true) => Ok(()),
        _ => Err(failed()),
    }
}

/// Freezes a value that no guest has seen, and all that it consists of. The memory of bytes cannot be frozen.
fn freeze(
    scope: &v8::PinScope<'_, '_>,
    freezer: v8::Local<'_, v8::Value>,
    value: v8::Local<'_, v8::Value>,
) -> Option<()> {
    let Ok(object) = value.try_cast::<v8::Object>() else { return Some(()) };
    if object.is_array_buffer_view() || object.is_array_buffer() {
        return Some(());
    }
    let function = freezer.try_cast::<v8::Function>().ok()?;
    function.call(scope, v8::undefined(scope).into(), &[object.into()])?;
    let each = |list: v8::Local<'_, v8::Array>| {
        (0..list.length()).try_for_each(|index| freeze(scope, freezer, list.get_index(scope, index)?))
    };
    if let Ok(map) = object.try_cast::<v8::Map>() {
        return each(intrinsics::map_items(scope, map)?);
    }
    if let Ok(set) = object.try_cast::<v8::Set>() {
        return each(intrinsics::set_items(scope, set)?);
    }
    if let Ok(array) = object.try_cast::<v8::Array>() {
        return each(array);
    }
    if object.is_native_error()
        && let Some(cause) = own(scope, object, "cause")
    {
        freeze(scope, freezer, cause)?;
    }
    let names = intrinsics::names(scope, object)?;
    (0..names.length())
        .try_for_each(|index| freeze(scope, freezer, object.get(scope, names.get_index(scope, index)?)?))
}
