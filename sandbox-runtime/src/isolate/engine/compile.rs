//! Compiles scripts and functions, on both engines.
//!
//! `calls::script` compiles what guests bring along. The runtime compiles its own programs here: shims, the functions of a
//! realm, and what QuickJS needs.

use deno_core::v8;

use crate::isolate::engine::text::js_string;

pub(crate) type Object<'s> = v8::Local<'s, v8::Object>;

pub(crate) fn origin<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::String>,
    is_module: bool,
) -> v8::ScriptOrigin<'s> {
    v8::ScriptOrigin::new(scope, name.into(), 0, 0, false, -1, None, false, false, is_module, None)
}

pub(crate) fn compile_function<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::String>,
    source: v8::Local<'s, v8::String>,
    parameters: &[v8::Local<'s, v8::String>],
) -> Option<v8::Local<'s, v8::Function>> {
    compile_with(scope, name, source, parameters, None)
}

pub(crate) fn compile_with<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::String>,
    source: v8::Local<'s, v8::String>,
    parameters: &[v8::Local<'s, v8::String>],
    code: Option<&[u8]>,
) -> Option<v8::Local<'s, v8::Function>> {
    let (mut source, options) = super::source(source, &origin(scope, name, false), code);
    let reason = v8::script_compiler::NoCacheReason::NoReason;
    v8::script_compiler::compile_function(scope, &mut source, parameters, &[], options, reason)
}

/// A property of an object; `None` when code of the guest threw.
pub(crate) fn get<'s>(
    scope: &v8::PinScope<'s, '_>,
    object: Object<'_>,
    name: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    let key = js_string(scope, name, v8::NewStringType::Internalized).ok()?;
    object.get(scope, key.into())
}
