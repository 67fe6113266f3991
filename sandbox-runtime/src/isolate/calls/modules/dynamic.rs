//! `import()` of a module of the script.
//!
//! A microtask loads the module, so the code that asks has gone on by then. The promise gets the namespace, or the error of the
//! module. A name without a module rejects it.

use std::rc::Rc;

use deno_core::v8;

use super::link::{self, Attributes};
use super::{common_js, evaluated, specifier_name};
use crate::isolate::engine::text::type_error;
use crate::isolate::engine::{self, Resolver};
use crate::isolate::state::modules::LoadedModules;
use crate::isolate::state::{Catch, Isolate};
use crate::script::Naming;

/// The part of a function's data behind the numbers of a module: the promise's functions.
const RESOLVER: u32 = 2;

/// Answers `import()`; `None` when the engine failed.
pub(super) fn import<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    loaded: &Rc<LoadedModules>,
    from: usize,
    specifier: v8::Local<'s, v8::String>,
    attributes: v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>> {
    let resolver = Resolver::new(scope)?;
    let attributes = Attributes { list: attributes, step: 2 };
    let target = specifier_name(scope, specifier, Naming::Import).and_then(|specifier| {
        let target = link::resolve(loaded, from, &specifier, Naming::Import)?;
        attributes.check(scope, &specifier, loaded.source(target)).map(|()| target)
    });
    match target {
        Ok(target) => {
            let load = function(scope, loaded, target, resolver, load)?;
            scope.enqueue_microtask(load);
        }
        // The engine aborts when there is neither a promise nor an exception, so the end of the call waits for the next look at it.
        Err(message) => resolver.settle(scope, Err(type_error(scope, &message)))?,
    }
    Some(resolver.promise(scope))
}

/// A function with the numbers of a module and a resolver as its data.
fn function<'s>(
    scope: &v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
    resolver: Resolver<'s>,
    callback: impl v8::MapFnTo<v8::FunctionCallback>,
) -> Option<v8::Local<'s, v8::Function>> {
    let [load, member] = loaded.numbers(member).map(|number| v8::Integer::new(scope, number).into());
    let data = engine::list(scope, &[load, member, resolver.value()])?;
    v8::Function::builder(callback).data(data.into()).build(scope)
}

/// The module and the resolver of a function's data. The promise of a load that failed meanwhile is rejected.
fn of_data<'s>(
    scope: &v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Option<(Rc<LoadedModules>, usize, Resolver<'s>)> {
    let data = arguments.data().try_cast::<v8::Object>().ok()?;
    // SAFETY: `function` has put the value of a resolver there, and no guest reaches the data of a function.
    let resolver = unsafe { Resolver::of_value(data.get_index(scope, RESOLVER)?)? };
    let Some((loaded, member)) = common_js::of_data(scope, arguments.data()) else {
        let error = type_error(scope, "import() of a module of a script that failed");
        _ = resolver.settle(scope, Err(error));
        return None;
    };
    Some((loaded, member, resolver))
}

/// Rejects a promise with the exception that the scope has caught; `None` when the guest is ended.
fn reject(scope: &Catch<'_, '_, '_, '_>, resolver: Resolver<'_>) -> Option<()> {
    if scope.has_terminated() || Isolate::current(scope).is_none_or(Isolate::is_ended) {
        return None;
    }
    resolver.settle(scope, Err(scope.exception()?))
}

/// The microtask that loads a module.
fn load<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    _: v8::ReturnValue<'_>,
) {
    let Some((loaded, member, resolver)) = of_data(scope, &arguments) else { return };
    v8::tc_scope!(let scope, scope);
    if evaluate(scope, &loaded, member, resolver).is_none() {
        let ended = reject(scope, resolver).is_none();
        if ended && scope.has_terminated() {
            scope.rethrow();
        }
    }
}

/// Evaluates a module, and settles the promise when that is over. `None` when an exception is there.
fn evaluate(
    scope: &mut v8::PinScope<'_, '_>,
    loaded: &LoadedModules,
    member: usize,
    resolver: Resolver<'_>,
) -> Option<()> {
    let in_cycle = "import() of a module whose evaluation waits for this call";
    let (module, promise) = evaluated(scope, loaded, member, in_cycle)?;
    match promise.state() {
        v8::PromiseState::Fulfilled => resolver.settle(scope, Ok(module.get_module_namespace())),
        v8::PromiseState::Rejected => resolver.settle(scope, Err(promise.result(scope))),
        v8::PromiseState::Pending => {
            let fulfilled = function(scope, loaded, member, resolver, fulfilled)?;
            let rejected = function(scope, loaded, member, resolver, rejected)?;
            promise.then2(scope, fulfilled, rejected).map(drop)
        }
    }
}

fn fulfilled<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    _: v8::ReturnValue<'_>,
) {
    let Some((loaded, member, resolver)) = of_data(scope, &arguments) else { return };
    if let Some(module) = loaded.module(scope, member) {
        _ = resolver.settle(scope, Ok(module.get_module_namespace()));
    }
}

fn rejected<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    _: v8::ReturnValue<'_>,
) {
    let Some((_, _, resolver)) = of_data(scope, &arguments) else { return };
    _ = resolver.settle(scope, Err(arguments.get(0)));
}
