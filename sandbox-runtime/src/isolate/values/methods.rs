//! The functions of a guest's object by their names.

use std::borrow::Cow;

use deno_core::v8;
use sandbox_core::contract::ContractSpec;
use sandbox_core::spec::HandleForm;

use super::describe;
use crate::isolate::Isolate;
use crate::isolate::engine::compile::{Object, get};
use crate::isolate::engine::text::js_string;
use crate::isolate::state::binding::BoundMethod;

/// The value that an object has by the name of a method.
pub(in crate::isolate) enum MethodLookup {
    Function(v8::Global<v8::Function>),
    /// A value that is no function, in words.
    Other(String),
    Undefined,
    /// No property has the name.
    Absent,
}

/// The functions of an object for the methods of a contract.
pub(in crate::isolate) struct FoundMethods {
    /// In the order of the contract.
    pub(in crate::isolate) methods: Vec<Option<BoundMethod>>,
    /// The methods that are missing, or the words for the values in their places.
    pub(in crate::isolate) wrong: Vec<(Cow<'static, str>, Option<String>)>,
}

/// Finds the methods of a contract, once. Later calls have the object as `this`. Getters of the guest may run. `None` when code of
/// the guest threw.
pub(in crate::isolate) fn methods_of(
    isolate: &Isolate,
    scope: &v8::PinScope<'_, '_>,
    object: Object<'_>,
    spec: &ContractSpec,
) -> Option<FoundMethods> {
    let mut found = FoundMethods { methods: Vec::with_capacity(spec.methods.len()), wrong: Vec::new() };
    if spec.form == HandleForm::Function {
        let value = v8::Local::<v8::Value>::from(object);
        match (value.try_cast::<v8::Function>(), spec.methods.first()) {
            (Ok(function), _) => {
                let function = v8::Global::new(scope, function);
                found.methods.push(Some(BoundMethod { function, receiver: None }));
            }
            (Err(_), method) => {
                let name = method.map_or(Cow::Borrowed("call"), |method| method.name.clone());
                found.wrong.push((name, Some(describe(scope, value))));
            }
        }
        return Some(found);
    }
    if spec.form.is_stream() {
        let realm = isolate.current_realm(scope)?;
        let is_async = spec.form == HandleForm::Stream;
        match realm.handles.streams.functions(scope, object, is_async, &isolate.settings.limits)? {
            Some(methods) => found.methods = methods,
            None => found.wrong.push((Cow::Borrowed("next"), None)),
        }
        return Some(found);
    }
    let receiver = v8::Global::new(scope, object);
    for method in &*spec.methods {
        let function = match method_of(isolate, scope, object, &method.name)? {
            MethodLookup::Function(function) => {
                Some(BoundMethod { function, receiver: Some(receiver.clone()) })
            }
            MethodLookup::Undefined | MethodLookup::Absent if method.optional => None,
            lookup => {
                let other = match lookup {
                    MethodLookup::Other(found) => Some(found),
                    _ => None,
                };
                found.wrong.push((method.name.clone(), other));
                None
            }
        };
        found.methods.push(function);
    }
    Some(found)
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
