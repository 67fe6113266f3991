//! The other side of the comparison: a context as the engine makes it.

use deno_core::v8;

use super::Program;

/// What becomes of a program in an isolate and a context of its own. The engine must have been started.
///
/// The steps are those of a sandbox: the text is a module, or the body of a function of `module` and `exports`, and
/// microtasks run at the end of each call.
pub fn outcome(program: &Program) -> Result<String, String> {
    let isolate = &mut v8::Isolate::new(v8::CreateParams::default());
    isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
    v8::scope!(let scope, isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    v8::tc_scope!(let scope, scope);
    match run(scope, program) {
        Some(outcome) => Ok(outcome),
        None => Err(message(scope)),
    }
}

fn run(scope: &mut v8::PinScope<'_, '_>, program: &Program) -> Option<String> {
    let text = v8::String::new(scope, &program.text())?;
    let name = v8::String::new(scope, program.file())?.into();
    let is_module = program.is_module;
    let origin = v8::ScriptOrigin::new(scope, name, 0, 0, false, -1, None, false, false, is_module, None);
    let source = v8::script_compiler::Source::new(text, Some(&origin));
    let exports = if is_module { module(scope, source)? } else { common_js(scope, source)? };
    call(scope, exports, "start")?;
    let outcome = call(scope, exports, "outcome")?;
    Some(outcome.to_rust_string_lossy(scope))
}

fn common_js<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    mut source: v8::script_compiler::Source,
) -> Option<v8::Local<'s, v8::Object>> {
    let (module, exports) = (v8::Object::new(scope), v8::Object::new(scope));
    let parameters = [v8::String::new(scope, "module")?, v8::String::new(scope, "exports")?];
    module.set(scope, parameters[1].into(), exports.into())?;
    let function = v8::script_compiler::compile_function(
        scope,
        &mut source,
        &parameters,
        &[],
        v8::script_compiler::CompileOptions::NoCompileOptions,
        v8::script_compiler::NoCacheReason::NoReason,
    )?;
    function.call(scope, exports.into(), &[module.into(), exports.into()])?;
    Some(exports)
}

fn module<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    mut source: v8::script_compiler::Source,
) -> Option<v8::Local<'s, v8::Object>> {
    let module = v8::script_compiler::compile_module(scope, &mut source)?;
    module.instantiate_module(scope, |_, _, _, _| None)?;
    module.evaluate(scope)?;
    module.get_module_namespace().try_cast().ok()
}

fn call<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    exports: v8::Local<'s, v8::Object>,
    name: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    let name = v8::String::new(scope, name)?;
    let function = exports.get(scope, name.into())?.try_cast::<v8::Function>().ok()?;
    let result = function.call(scope, exports.into(), &[]);
    microtasks(scope);
    result
}

#[cfg(not(feature = "quickjs"))]
fn microtasks(scope: &mut v8::PinScope<'_, '_>) {
    scope.perform_microtask_checkpoint();
}

/// One turn of the message loop is one microtask of this engine.
#[cfg(feature = "quickjs")]
fn microtasks(scope: &mut v8::PinScope<'_, '_>) {
    let platform = v8::V8::get_current_platform();
    while scope.has_pending_background_tasks() {
        v8::Platform::pump_message_loop(&platform, scope, false);
    }
}

/// Of what was thrown before the program could begin: a syntax error.
fn message(scope: &v8::PinnedRef<'_, v8::TryCatch<'_, '_, v8::HandleScope<'_>>>) -> String {
    let message = scope.message().map(|message| message.get(scope).to_rust_string_lossy(scope));
    let message = message.unwrap_or_else(|| "nothing was thrown".into());
    message.strip_prefix("Uncaught ").unwrap_or(&message).to_owned()
}
