//! The functions that a script gives to its host, and the errors of a text, for all files that evaluate scripts.

use deno_core::v8;

use crate::error::{Error, LimitKind};
use crate::isolate::engine;
use crate::isolate::engine::text::{js_string, preview};
use crate::isolate::realm::callbacks;
use crate::isolate::run::thrown::{self, STACK_FULL};
use crate::isolate::state::{Catch, Isolate};
use crate::script::ScriptModule;

/// The functions that a script gives to its host.
#[derive(Default)]
pub(in crate::isolate) struct Exported {
    /// The objects that functions are looked up in, in this order.
    pub(in crate::isolate) places: Vec<Exporter>,
    /// The function that the script is or exports as a whole.
    pub(in crate::isolate) only: Option<OnlyFunction>,
}

pub(in crate::isolate) struct Exporter {
    pub(in crate::isolate) object: v8::Global<v8::Object>,
    /// Whether the object is the `this` of its functions. A module's functions have none.
    pub(in crate::isolate) is_receiver: bool,
}

/// A function that has no name among exports. Such a function implements the method that the host names, or that of a contract
/// with one method.
pub(in crate::isolate) struct OnlyFunction {
    pub(in crate::isolate) function: v8::Global<v8::Function>,
    /// The method that the host named.
    pub(in crate::isolate) method: Option<String>,
    /// The form of the function, for errors.
    pub(in crate::isolate) label: &'static str,
}

impl Exported {
    /// Adds an object with functions, or a function with its members. Other values export nothing.
    pub(super) fn add(
        &mut self,
        scope: &v8::PinScope<'_, '_>,
        value: v8::Local<'_, v8::Value>,
        script: &ScriptModule,
        label: &'static str,
    ) {
        if let Ok(object) = value.try_cast::<v8::Object>() {
            self.places.push(Exporter { object: v8::Global::new(scope, object), is_receiver: true });
        }
        if let Ok(function) = value.try_cast::<v8::Function>() {
            let (function, method) = (v8::Global::new(scope, function), script.method().map(str::to_owned));
            self.only = Some(OnlyFunction { function, method, label });
        }
    }
}

/// A text as a string of the engine.
pub(super) fn text<'s>(
    scope: &v8::PinScope<'s, '_>,
    text: &str,
    script: &ScriptModule,
) -> Result<v8::Local<'s, v8::String>, Error> {
    js_string(scope, text, v8::NewStringType::Normal)
        .map_err(|error| Error::syntax(script.name().to_owned(), error.to_string(), (0, 0), None))
}

/// Answers an `import` of a module, and an `import source`, which V8 expects results of different types for.
pub(super) fn refuse_import<'s, T>(
    context: v8::Local<'s, v8::Context>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
    _referrer: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, T>> {
    // SAFETY: V8 calls this while the context is entered, and the scope ends before this function does.
    v8::callback_scope!(unsafe scope, context);
    scope.throw_exception(callbacks::import_error(scope, specifier));
    None
}

/// The text of an error that a compilation threw.
fn text_of(scope: &v8::PinScope<'_, '_>, message: v8::Local<'_, v8::Message>) -> String {
    let text = preview(scope, message.get(scope), thrown::TEXT);
    text.strip_prefix("Uncaught ").map(str::to_owned).unwrap_or(text)
}

/// The parser of V8 recurses, and throws the error of a full stack. V8 calls no accessor of the guest for this text.
fn is_of_full_stack(text: &str, script: &ScriptModule) -> bool {
    text.strip_prefix("RangeError: ").unwrap_or(text) == STACK_FULL
        || engine::hides_full_stack(text, script.source())
}

/// Whether a compilation threw because the stack is full.
pub(super) fn is_full_stack(scope: &Catch<'_, '_, '_, '_>, script: &ScriptModule) -> bool {
    scope.message().is_some_and(|message| is_of_full_stack(&text_of(scope, message), script))
}

pub(super) fn syntax_error(
    scope: &Catch<'_, '_, '_, '_>,
    script: &ScriptModule,
    lines_before: usize,
) -> Error {
    let Some(message) = scope.message() else {
        let message = "the script cannot be compiled".to_owned();
        return Error::syntax(script.name().to_owned(), message, (0, 0), None);
    };
    let text = text_of(scope, message);
    if is_of_full_stack(&text, script)
        && let Some(isolate) = Isolate::current(scope)
    {
        return isolate.over(LimitKind::Stack, None);
    }
    // No engine calls an accessor for the name of an error. With frozen intrinsics, the name can be one.
    let is_nameless = Isolate::current(scope).is_some_and(Isolate::is_frozen) && !text.contains("Error: ");
    let message_text = format!("{}{text}", if is_nameless { "SyntaxError: " } else { "" });
    let (line, column) = engine::syntax_position(scope, scope.exception(), message);
    Error::syntax(script.name().to_owned(), message_text, (line.saturating_sub(lines_before), column), None)
}
