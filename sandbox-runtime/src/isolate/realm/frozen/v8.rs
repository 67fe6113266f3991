//! Freezes the intrinsics of a realm of V8 by a [`FreezePlan`].

use deno_core::v8;

use super::plan::{self, Assignable, FreezePlan, GETTER, GLOBAL, HIDDEN, Reach, SETTER, VALUE};
use super::{NAMES, guard};
use crate::isolate::engine::bootstrap;
use crate::isolate::engine::compile::get;
use crate::isolate::realm::realm_globals::{key, program};
use crate::options::{Intrinsics, Settings};

/// Makes the context of a realm, before any of its code runs.
pub(in crate::isolate) fn context<'s>(
    scope: &v8::PinScope<'s, '_, ()>,
    settings: &Settings,
) -> Option<v8::Local<'s, v8::Context>> {
    match settings.intrinsics {
        Intrinsics::Frozen => bootstrap::context(scope),
        Intrinsics::Open => Some(v8::Context::new(scope, v8::ContextOptions::default())),
    }
}

/// Freezes the intrinsics of the scope's realm, in which no code of a guest has run.
pub(in crate::isolate) fn freeze(
    scope: &v8::PinScope<'_, '_>,
    settings: &Settings,
    contracts: &[&str],
) -> Option<()> {
    let guarded = guard::install(scope)?;
    let plan = &*plan::of(scope, settings, contracts)?;
    let keys = keys(scope, plan)?;
    let global = scope.get_current_context().global(scope);
    let regexp = member(scope, global, "RegExp")?;
    for key in &plan.legacy {
        regexp.delete(scope, keys[*key].into())?;
    }
    let objects = objects(scope, plan, &keys)?;
    for property in &plan.assignable {
        make_assignable(scope, objects[property.0], keys[property.1], property)?;
    }
    for (object, Reach(.., sealed)) in objects.iter().zip(&plan.steps) {
        let level = if *sealed { v8::IntegrityLevel::Sealed } else { v8::IntegrityLevel::Frozen };
        done(object.set_integrity_level(scope, level))?;
        if *sealed {
            guarded.add(scope, (*object).into())?;
        }
    }
    for key in &plan.globals {
        make_constant(scope, global, keys[*key])?;
    }
    Some(())
}

fn done(outcome: Option<bool>) -> Option<()> {
    (outcome == Some(true)).then_some(())
}

pub(super) fn member<'s>(
    scope: &v8::PinScope<'s, '_>,
    object: v8::Local<'_, v8::Object>,
    name: &str,
) -> Option<v8::Local<'s, v8::Object>> {
    get(scope, object, name)?.try_cast().ok()
}

fn keys<'s>(scope: &v8::PinScope<'s, '_>, plan: &FreezePlan) -> Option<Vec<v8::Local<'s, v8::Name>>> {
    let symbol = member(scope, scope.get_current_context().global(scope), "Symbol")?;
    let named = |text: &String| match text.strip_prefix("@@") {
        Some(text) => get(scope, symbol, text)?.try_cast().ok(),
        None => key(scope, text),
    };
    plan.keys.iter().map(named).collect()
}

fn objects<'s>(
    scope: &v8::PinScope<'s, '_>,
    plan: &FreezePlan,
    keys: &[v8::Local<'s, v8::Name>],
) -> Option<Vec<v8::Local<'s, v8::Object>>> {
    let source = format!(
        "\"use strict\";\n{NAMES}\nfor (const name in hidden) hidden[name] = hidden[name]();\nreturn hidden;"
    );
    let hidden: v8::Local<'_, v8::Object> = program(scope, "frozen", &source, &[])?.try_cast().ok()?;
    let global = scope.get_current_context().global(scope);
    let (get, set) = (key(scope, "get")?, key(scope, "set")?);
    let mut objects = Vec::<v8::Local<'s, v8::Object>>::with_capacity(plan.steps.len());
    for Reach(parent, key, via, _) in &plan.steps {
        let parent = match *parent {
            GLOBAL => global,
            HIDDEN => hidden,
            earlier => *objects.get(usize::try_from(earlier).ok()?)?,
        };
        let key = keys[*key];
        let accessor = |part: v8::Local<'s, v8::Name>| {
            let descriptor = parent.get_own_property_descriptor(scope, key)?;
            descriptor.try_cast::<v8::Object>().ok()?.get(scope, part.into())
        };
        let value = match *via {
            VALUE => parent.get(scope, key.into()),
            GETTER => accessor(get),
            SETTER => accessor(set),
            _ => parent.get_prototype(scope),
        };
        objects.push(value?.try_cast().ok()?);
    }
    Some(objects)
}

/// Makes a property assignable on objects that inherit it, and on no other.
fn make_assignable(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    key: v8::Local<'_, v8::Name>,
    Assignable(_, _, enumerable, ignores): &Assignable,
) -> Option<()> {
    let value = object.get(scope, key.into())?;
    let visible = if *enumerable { v8::PropertyAttribute::NONE } else { v8::PropertyAttribute::DONT_ENUM };
    let attributes = visible | v8::PropertyAttribute::DONT_DELETE;
    match ignores {
        true => bootstrap::define_native(scope, object, key, (value_of, ignore), value, attributes),
        false => bootstrap::define_native(scope, object, key, (value_of, refuse), value, attributes),
    }
}

fn make_constant(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    key: v8::Local<'_, v8::Name>,
) -> Option<()> {
    let value = object.get(scope, key.into())?;
    let attributes = object.get_real_named_property_attributes(scope, key)?;
    let constant = attributes | v8::PropertyAttribute::READ_ONLY | v8::PropertyAttribute::DONT_DELETE;
    done(object.define_own_property(scope, key, value, constant))
}

fn value_of(
    _: &mut v8::PinScope<'_, '_>,
    _: v8::Local<'_, v8::Name>,
    arguments: v8::PropertyCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_, v8::Value>,
) {
    result.set(arguments.data());
}

/// V8 calls this for an assignment to the intrinsic itself alone, and treats the refusal like that of a read-only property.
fn refuse(
    _: &mut v8::PinScope<'_, '_>,
    _: v8::Local<'_, v8::Name>,
    _: v8::Local<'_, v8::Value>,
    _: v8::PropertyCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_, ()>,
) {
    result.set_bool(false);
}

/// Ignores an assignment of `Error.stackTraceLimit`. Libraries set that property for a while, in strict code.
fn ignore(
    _: &mut v8::PinScope<'_, '_>,
    _: v8::Local<'_, v8::Name>,
    _: v8::Local<'_, v8::Value>,
    _: v8::PropertyCallbackArguments<'_>,
    _: v8::ReturnValue<'_, ()>,
) {
}
