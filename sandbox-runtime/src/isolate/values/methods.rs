//! The functions of a guest's object by their names.

use deno_core::v8;

use super::describe;
use crate::isolate::Isolate;
use crate::isolate::engine::compile::{Object, get};
use crate::isolate::engine::text::js_string;

/// The value that an object has by the name of a method.
pub(in crate::isolate) enum MethodLookup {
    Function(v8::Global<v8::Function>),
    /// A value that is no function, in words.
    Other(String),
    Undefined,
    /// No property has the name.
    Absent,
}

/// Finds a method of an object. Getters of the guest may run, and the traps of a Proxy. `None` when code of the guest threw.
pub(in crate::isolate) fn method_of(
    isolate: &Isolate,
    scope: &v8::PinScope<'_, '_>,
    object: Object<'_>,
    name: &str,
) -> Option<MethodLookup> {
    if !has_name(isolate, scope, object, name)? {
        return Some(MethodLookup::Absent);
    }
    let value = get(scope, object, name)?;
    Some(match value.try_cast::<v8::Function>() {
        Ok(function) => MethodLookup::Function(v8::Global::new(scope, function)),
        Err(_) if value.is_undefined() => MethodLookup::Undefined,
        Err(_) => MethodLookup::Other(describe(scope, value)),
    })
}

/// Whether an object or one of its classes has the property. Properties of `Object.prototype` do not count.
/// Otherwise every object would implement a contract with a method `to_string`.
fn has_name(isolate: &Isolate, scope: &v8::PinScope<'_, '_>, object: Object<'_>, name: &str) -> Option<bool> {
    const DEEPEST: usize = 64;
    let key: v8::Local<'_, v8::Name> = js_string(scope, name, v8::NewStringType::Internalized).ok()?.into();
    let mut object = object;
    for _ in 0..DEEPEST {
        if isolate.is_root_prototype(scope, object) {
            return Some(false);
        }
        if object.has_own_property(scope, key)? {
            return Some(true);
        }
        match object.get_prototype(scope)?.try_cast::<v8::Object>() {
            Ok(prototype) => object = v8::Local::new(scope, prototype),
            Err(_) => return Some(false),
        }
    }
    Some(false)
}
