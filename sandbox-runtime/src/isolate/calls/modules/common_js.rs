//! Files that are no ES modules: CommonJS with its `require`, data, and texts.
//!
//! Each is evaluated once in a load, and kept under `module.exports`. A cycle finds the exports so far. A file that throws is run
//! again by the next `require`.

use std::rc::Rc;

use deno_core::v8;

use super::super::forms::CommonJsFile;
use super::link::{self, string};
use super::{evaluated, specifier_name, throw_fault};
use crate::isolate::engine;
use crate::isolate::engine::compile::{compile_at, get, origin};
use crate::isolate::engine::text::throw_type_error;
use crate::isolate::run::thrown::STACK_FULL;
use crate::isolate::state::Isolate;
use crate::isolate::state::modules::LoadedModules;
use crate::isolate::state::realm::Realm;
use crate::isolate::values::describe;
use crate::script::{CodeKind, Naming, ScriptFormat};

type Function<'s> = v8::Local<'s, v8::Function>;

/// Makes the values that a file of CommonJS is called with. A cycle finds its exports from here on.
pub(super) fn file<'s>(
    scope: &v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
) -> Option<CommonJsFile<'s>> {
    let numbers = loaded.numbers(member).map(|number| v8::Integer::new(scope, number).into());
    let require = v8::Function::builder(require)
        .data(engine::list(scope, &numbers)?.into())
        .length(1)
        .constructor_behavior(v8::ConstructorBehavior::Throw)
        .build(scope)?;
    require.set_name(string(scope, "require")?);
    let exports = v8::Object::new(scope);
    let module = keep(scope, loaded, member, exports.into())?;
    Some(CommonJsFile { options: loaded.options(scope, member), module, exports, require })
}

/// Keeps a value under `exports` of an object.
fn keep<'s>(
    scope: &v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
    value: v8::Local<'_, v8::Value>,
) -> Option<v8::Local<'s, v8::Object>> {
    let module = v8::Object::new(scope);
    module.create_data_property(scope, string(scope, "exports")?.into(), value)?;
    *loaded.member(member).common_js.borrow_mut() = Some(v8::Global::new(scope, module));
    Some(module)
}

/// Compiles a file as the body of a function of `module`, `exports` and `require`.
pub(super) fn compile<'s>(
    scope: &v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
) -> Option<Function<'s>> {
    let source = loaded.source(member);
    let parameters = [string(scope, "module")?, string(scope, "exports")?, string(scope, "require")?];
    let (name, text) = (string(scope, source.name())?, string(scope, source.source())?);
    let origin = origin(scope, name, false, Some(loaded.options(scope, member)));
    compile_at(scope, text, &parameters, &origin, source.code().get(CodeKind::Function))
}

/// The value of a file that is no ES module; `None` when code of the guest threw.
pub(super) fn value<'s>(
    scope: &v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
) -> Option<v8::Local<'s, v8::Value>> {
    let known = loaded.member(member).common_js.borrow().clone();
    if let Some(module) = known {
        return get(scope, v8::Local::new(scope, module), "exports");
    }
    let source = loaded.source(member);
    match source.format() {
        Some(ScriptFormat::Json) => {
            let value = v8::json::parse(scope, string(scope, source.source())?)?;
            keep(scope, loaded, member, value).map(|_| value)
        }
        Some(ScriptFormat::Text) => Some(string(scope, source.source())?.into()),
        _ => run(scope, loaded, member),
    }
}

fn run<'s>(
    scope: &v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
) -> Option<v8::Local<'s, v8::Value>> {
    if Isolate::current(scope).is_none_or(|isolate| !isolate.stack().allows_call()) {
        let error = v8::Exception::range_error(scope, string(scope, STACK_FULL)?);
        scope.throw_exception(error);
        return None;
    }
    let function = compile(scope, loaded, member)?;
    let CommonJsFile { module, exports, require, .. } = file(scope, loaded, member)?;
    let result = function.call(scope, exports.into(), &[module.into(), exports.into(), require.into()]);
    if result.is_none() {
        loaded.member(member).common_js.take();
        return None;
    }
    let source = loaded.source(member);
    let code = || engine::code_of_function(scope, function);
    source.code().offer(CodeKind::Function, source.source().len(), code);
    get(scope, module, "exports")
}

/// `require`. The exception of a file that throws is passed on.
fn require<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut result: v8::ReturnValue<'_>,
) {
    if let Some(value) = required(scope, &arguments) {
        result.set(value);
    }
}

fn required<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Option<v8::Local<'s, v8::Value>> {
    let Some((loaded, from)) = of_data(scope, arguments.data()) else {
        throw_type_error(scope, "require of a module of a script that failed");
        return None;
    };
    let Ok(specifier) = arguments.get(0).try_cast::<v8::String>() else {
        let given = describe(scope, arguments.get(0));
        throw_type_error(scope, &format!("require of {given}: the name of a module is a text"));
        return None;
    };
    let found = specifier_name(scope, specifier, Naming::Require).and_then(|specifier| {
        link::resolve(&loaded, from, &specifier, Naming::Require).map(|target| (specifier, target))
    });
    let (specifier, target) = match found {
        Ok(found) => found,
        Err(message) => {
            throw_type_error(scope, &message);
            return None;
        }
    };
    match link::is_es_module(scope, &loaded, target) {
        Ok(false) => value(scope, &loaded, target),
        Ok(true) => namespace(scope, &loaded, target, &specifier),
        Err(fault) => {
            throw_fault(scope, fault);
            None
        }
    }
}

/// The load and the module of a function's data, which the guest cannot reach.
pub(super) fn of_data(
    scope: &v8::PinScope<'_, '_>,
    data: v8::Local<'_, v8::Value>,
) -> Option<(Rc<LoadedModules>, usize)> {
    let data = data.try_cast::<v8::Object>().ok()?;
    let number = |at| {
        let number = data.get_index(scope, at)?.try_cast::<v8::Integer>().ok()?;
        usize::try_from(number.value()).ok()
    };
    let (loaded, member) = (Realm::current(scope)?.modules.get(number(0)?)?, number(1)?);
    loaded.has(member).then_some((loaded, member))
}

/// The namespace of an ES module that is required. Such a module does not wait at its top level.
fn namespace<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
    specifier: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    let in_cycle =
        format!("require of \"{specifier}\": the ES module waits for this file, in a cycle; import it");
    let (module, promise) = evaluated(scope, loaded, member, &in_cycle)?;
    match promise.state() {
        v8::PromiseState::Fulfilled => Some(module.get_module_namespace()),
        v8::PromiseState::Rejected => {
            scope.throw_exception(promise.result(scope));
            None
        }
        v8::PromiseState::Pending => {
            throw_type_error(
                scope,
                &format!(
                    "require of \"{specifier}\": the ES module waits at its top level; await import() of it"
                ),
            );
            None
        }
    }
}
