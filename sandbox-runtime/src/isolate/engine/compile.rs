//! Compiles scripts and functions, on both engines.
//!
//! `calls::script` compiles what guests bring along. The runtime compiles its own programs here: shims, the functions of a
//! realm, and what QuickJS needs.

#[cfg(not(feature = "quickjs"))]
use std::cell::RefCell;
use std::ffi::c_void;

use deno_core::v8;
#[cfg(not(feature = "quickjs"))]
use rustc_hash::FxHashMap;

use crate::isolate::engine::text::js_string;

pub(crate) type Object<'s> = v8::Local<'s, v8::Object>;

/// The origin of a text whose first line is the first. The code of a module of several has `options`.
pub(crate) fn origin<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::String>,
    is_module: bool,
    options: Option<v8::Local<'s, v8::Data>>,
) -> v8::ScriptOrigin<'s> {
    v8::ScriptOrigin::new(scope, name.into(), 0, 0, false, -1, None, false, false, is_module, options)
}

/// The origin of a text whose first line has the number `line`, from 0.
fn origin_at<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::String>,
    line: i32,
) -> v8::ScriptOrigin<'s> {
    v8::ScriptOrigin::new(scope, name.into(), line, 0, false, -1, None, false, false, false, None)
}

/// Looks whether a program parses, and does not run it. The program has a line before the text of the guest, and lines are
/// counted from that text on. QuickJS counts from the program.
pub(crate) fn parses(
    scope: &v8::PinScope<'_, '_>,
    name: v8::Local<'_, v8::String>,
    program: v8::Local<'_, v8::String>,
) -> bool {
    v8::Script::compile(scope, program, Some(&origin_at(scope, name, -1))).is_some()
}

/// Runs a program, and returns the value of its last statement. The first line of the program has the number `line`.
pub(crate) fn run_program<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: v8::Local<'_, v8::String>,
    program: v8::Local<'_, v8::String>,
    line: i32,
) -> Option<v8::Local<'s, v8::Value>> {
    v8::Script::compile(scope, program, Some(&origin_at(scope, name, line)))?.run(scope)
}

/// The programs of the runtime that an isolate has compiled, by their texts. Each further realm has their code, which V8's own
/// cache would keep for scripts of guests as well.
#[derive(Default)]
pub(crate) struct Programs(
    #[cfg(not(feature = "quickjs"))] RefCell<FxHashMap<String, v8::Global<v8::UnboundScript>>>,
);

impl Programs {
    /// A function of a program with these parameters. QuickJS keeps no code for another realm.
    #[cfg_attr(feature = "quickjs", expect(clippy::unused_self, reason = "V8 keeps code"))]
    pub(crate) fn function<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        name: v8::Local<'s, v8::String>,
        source: &str,
        parameters: &[&str],
    ) -> Option<v8::Local<'s, v8::Function>> {
        let string = |text: &str| js_string(scope, text, v8::NewStringType::Normal).ok();
        #[cfg(feature = "quickjs")]
        {
            let parameters = parameters.iter().map(|name| string(name)).collect::<Option<Vec<_>>>()?;
            compile_function(scope, name, string(source)?, &parameters)
        }
        #[cfg(not(feature = "quickjs"))]
        {
            let text = format!("(function ({}) {{{source}\n}})", parameters.join(", "));
            let known = self.0.borrow().get(&text).map(|known| v8::Local::new(scope, known));
            let unbound = match known {
                Some(known) => known,
                None => {
                    let made = compile_unbound(scope, string(&text)?, &origin_at(scope, name, 0))?;
                    self.0.borrow_mut().insert(text, v8::Global::new(scope, made));
                    made
                }
            };
            unbound.bind_to_current_context(scope).run(scope)?.try_cast().ok()
        }
    }

    /// Lets go of all code, before the end of the isolate.
    pub(crate) fn clear(&self) {
        #[cfg(not(feature = "quickjs"))]
        self.0.take();
    }
}

/// Compiles a script that can run in any realm of the isolate.
#[cfg(not(feature = "quickjs"))]
fn compile_unbound<'s>(
    scope: &v8::PinScope<'s, '_>,
    source: v8::Local<'s, v8::String>,
    origin: &v8::ScriptOrigin<'s>,
) -> Option<v8::Local<'s, v8::UnboundScript>> {
    let mut source = v8::script_compiler::Source::new(source, Some(origin));
    let options = v8::script_compiler::CompileOptions::NoCompileOptions;
    let reason = v8::script_compiler::NoCacheReason::NoReason;
    v8::script_compiler::compile_unbound_script(scope, &mut source, options, reason)
}

pub(crate) fn compile_function<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::String>,
    source: v8::Local<'s, v8::String>,
    parameters: &[v8::Local<'s, v8::String>],
) -> Option<v8::Local<'s, v8::Function>> {
    compile_with(scope, name, source, parameters, (None, 0))
}

/// Compiles a function, with the engine's code of a former compilation. The first line of the text has the number `line`.
pub(crate) fn compile_with<'s>(
    scope: &v8::PinScope<'s, '_>,
    name: v8::Local<'s, v8::String>,
    source: v8::Local<'s, v8::String>,
    parameters: &[v8::Local<'s, v8::String>],
    (code, line): (Option<&[u8]>, i32),
) -> Option<v8::Local<'s, v8::Function>> {
    compile_at(scope, source, parameters, &origin_at(scope, name, line), code)
}

/// Compiles a function of this origin, with the engine's code of a former compilation.
pub(crate) fn compile_at<'s>(
    scope: &v8::PinScope<'s, '_>,
    source: v8::Local<'s, v8::String>,
    parameters: &[v8::Local<'s, v8::String>],
    origin: &v8::ScriptOrigin<'s>,
    code: Option<&[u8]>,
) -> Option<v8::Local<'s, v8::Function>> {
    let (mut source, options) = super::source(source, origin, code);
    let reason = v8::script_compiler::NoCacheReason::NoReason;
    v8::script_compiler::compile_function(scope, &mut source, parameters, &[], options, reason)
}

/// The answer of a [`TextCallback`].
/// V8 reads the fields.
#[repr(C)]
#[cfg_attr(feature = "quickjs", allow(dead_code, reason = "QuickJS does not ask"))]
pub(crate) struct TextAnswer {
    is_allowed: bool,
    /// Another text to compile; null for the text itself.
    instead: *const c_void,
}

impl TextAnswer {
    pub(crate) const fn new(is_allowed: bool) -> Self {
        Self { is_allowed, instead: std::ptr::null() }
    }
}

/// Called with each text or other value that a guest gives to `eval`, or that a constructor of functions has made.
pub(crate) type TextCallback =
    unsafe extern "C" fn(v8::Local<'_, v8::Context>, v8::Local<'_, v8::Value>, bool) -> TextAnswer;

/// An own property of an object. A prototype, which a guest can change, is not asked.
pub(crate) fn own<'s>(
    scope: &v8::PinScope<'s, '_>,
    object: Object<'_>,
    name: &str,
) -> Option<v8::Local<'s, v8::Value>> {
    let key = js_string(scope, name, v8::NewStringType::Internalized).ok()?;
    match object.has_own_property(scope, key.into())? {
        true => object.get(scope, key.into()),
        false => None,
    }
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
