//! The callbacks that V8 calls in the middle of guest code: promise rejections, `import()`, `import.meta` and stack
//! texts.
//!
//! Each callback replaces one of deno_core's, because those expect the realm that deno_core made. A callback runs no
//! code of the guest that it can avoid, and catches every exception that it causes. `Isolate::new` installs them.

use deno_core::v8;

use crate::error::StackFrame;
use crate::isolate::engine::compile::{TextAnswer, get};
use crate::isolate::engine::text::{js_string, preview, type_error};
use crate::isolate::engine::{self, Resolver};
use crate::isolate::limits::exceeded::Exceeded;
use crate::isolate::run::thrown;
use crate::isolate::state::Isolate;
use crate::isolate::state::realm::Realm;
use crate::isolate::values::describe;
use crate::isolate::{disabled_defenses, shim};

/// How much of a name in a stack is kept, in characters. A guest chooses the names of functions, and each name is host
/// memory on every line.
const NAME: usize = 256;
/// How long the text of a stack grows, in bytes, to the end of a line. The guest sets `Error.stackTraceLimit`, so the
/// number of lines is no bound.
const STACK: usize = 64 << 10;

/// Puts these callbacks in the place of deno_core's.
pub(in crate::isolate) fn install(isolate: &mut v8::Isolate, wasm: bool) {
    isolate.set_promise_reject_callback(promise_rejected);
    isolate.set_prepare_stack_trace_callback(stack_trace);
    isolate.set_host_initialize_import_meta_object_callback(import_meta);
    isolate.set_host_import_module_dynamically_callback(import);
    isolate.set_host_import_module_with_phase_dynamically_callback(import_with_phase);
    let wasm = wasm || disabled_defenses::ALL_GLOBALS;
    isolate.set_allow_wasm_code_generation_callback(if wasm { any_wasm } else { no_wasm });
}

/// Counts an unhandled rejection. The rejection is the guest's own affair, so its reason is not kept.
unsafe extern "C" fn promise_rejected(message: v8::PromiseRejectMessage<'_>) {
    v8::callback_scope!(unsafe scope, &message);
    let Some(call) = Isolate::current(scope).and_then(|isolate| isolate.call.get()) else { return };
    match message.get_event() {
        v8::PromiseRejectEvent::PromiseRejectWithNoHandler => call.unhandled(),
        v8::PromiseRejectEvent::PromiseHandlerAddedAfterReject => call.handled_late(),
        _ => {}
    }
}

/// `import.meta` is an object without a prototype. A module of several has the members `url`, which is its name, and `main`,
/// which tells whether it is the one that is evaluated.
unsafe extern "C" fn import_meta(
    context: v8::Local<'_, v8::Context>,
    module: v8::Local<'_, v8::Module>,
    meta: v8::Local<'_, v8::Object>,
) {
    // SAFETY: V8 calls this while the context is entered, and the scope ends before this function does.
    v8::callback_scope!(unsafe scope, context);
    let found = Realm::current(scope).and_then(|realm| realm.modules.of_module(scope, module));
    let Some((loaded, member)) = found else { return };
    let text = |text: &str| js_string(scope, text, v8::NewStringType::Internalized).ok();
    if let (Some(url), Some(main), Some(name)) =
        (text("url"), text("main"), text(loaded.source(member).name()))
    {
        let is_main = v8::Boolean::new(scope, member == loaded.script.entry_index());
        _ = meta.create_data_property(scope, url.into(), name.into());
        _ = meta.create_data_property(scope, main.into(), is_main.into());
    }
}

/// Ends the call of a guest that makes code from a text beyond the limit of scripts. A value that is no text is given back by
/// `eval` as it is.
pub(super) unsafe extern "C" fn code_from_text(
    context: v8::Local<'_, v8::Context>,
    source: v8::Local<'_, v8::Value>,
    _is_code_like: bool,
) -> TextAnswer {
    // SAFETY: V8 calls this while the context is entered, and the scope ends before this function does.
    v8::callback_scope!(unsafe scope, context);
    let Some(isolate) = Isolate::current(scope) else { return TextAnswer::new(false) };
    let most = isolate.settings.limits.script_bytes;
    // The units of a text are no more than its bytes, and are known without a look at the text.
    let bytes = source.try_cast::<v8::String>().map_or(0, |text| match text.length() {
        units if units > most => units,
        _ => text.utf8_length(scope),
    });
    let is_allowed = bytes <= most;
    if !is_allowed {
        isolate.exceed(Exceeded::Text(bytes as u64), None);
    }
    TextAnswer::new(is_allowed)
}

unsafe extern "C" fn no_wasm(_: v8::Local<'_, v8::Context>, _: v8::Local<'_, v8::String>) -> bool {
    false
}

unsafe extern "C" fn any_wasm(_: v8::Local<'_, v8::Context>, _: v8::Local<'_, v8::String>) -> bool {
    true
}

fn import<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    options: v8::Local<'s, v8::Data>,
    _referrer: v8::Local<'s, v8::Value>,
    specifier: v8::Local<'s, v8::String>,
    attributes: v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>> {
    match Realm::current(scope).and_then(|realm| realm.modules.of_options(scope, options)) {
        Some((loaded, member)) => (loaded.import)(scope, &loaded, member, specifier, attributes),
        None => refused_import(scope, specifier),
    }
}

/// V8 asks here for `import()` too, which is the phase of an evaluation.
fn import_with_phase<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    options: v8::Local<'s, v8::Data>,
    referrer: v8::Local<'s, v8::Value>,
    specifier: v8::Local<'s, v8::String>,
    phase: v8::ModuleImportPhase,
    attributes: v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>> {
    match phase {
        v8::ModuleImportPhase::kEvaluation => import(scope, options, referrer, specifier, attributes),
        _ => refused_import(scope, specifier),
    }
}

/// `import()` gives a promise that is rejected.
fn refused_import<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    specifier: v8::Local<'s, v8::String>,
) -> Option<v8::Local<'s, v8::Promise>> {
    let resolver = Resolver::new(scope)?;
    let error = import_error(scope, specifier);
    resolver.settle(scope, Err(error))?;
    Some(resolver.promise(scope))
}

/// The error of an import, whatever its form.
pub(in crate::isolate) fn import_error<'s>(
    scope: &v8::PinScope<'s, '_>,
    specifier: v8::Local<'_, v8::String>,
) -> v8::Local<'s, v8::Value> {
    let specifier = describe(scope, specifier.into());
    let text = format!(
        "import of {specifier}: a sandbox has no modules but the script itself; bundle what it needs into it"
    );
    type_error(scope, &text)
}

/// The text of `error.stack`: guest files only, and `Error.prepareStackTrace` is never called.
fn stack_trace<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    error: v8::Local<'s, v8::Value>,
    sites: v8::Local<'s, v8::Array>,
) -> v8::Local<'s, v8::Value> {
    if Isolate::current(scope).is_none_or(|isolate| !isolate.stack().allows_step()) {
        return v8::String::empty(scope).into();
    }
    v8::tc_scope!(let scope, scope);
    if let Some(prepared) =
        disabled_defenses::CALL_SITES.then(|| disabled_defenses::prepared(scope, error, sites)).flatten()
    {
        return prepared;
    }
    let mut text = header(scope, error);
    let mut frames = Vec::new();
    for index in 0..sites.length() {
        if text.len() > STACK {
            break;
        }
        if let Some((frame, shown)) = sites.get_index(scope, index).and_then(|site| frame(scope, site)) {
            text.push_str("\n    at ");
            text.push_str(&shown);
            frames.push(frame);
        }
    }
    if let Ok(error) = error.try_cast::<v8::Object>() {
        engine::tell_frames(scope, error, &frames);
    }
    if Isolate::current(scope).is_some_and(Isolate::is_ended) {
        // A termination that came meanwhile was caught here. V8 would let the guest go on without this.
        scope.terminate_execution();
    }
    match js_string(scope, &text, v8::NewStringType::Normal) {
        Ok(text) => text.into(),
        Err(_) => v8::String::empty(scope).into(),
    }
}

/// `Name: message`, read from own data or from the prototypes as any reader of the error would.
fn header(scope: &v8::PinScope<'_, '_>, error: v8::Local<'_, v8::Value>) -> String {
    if let Some(told) = Isolate::current(scope).and_then(|isolate| isolate.told_header.take()) {
        return told;
    }
    let Ok(object) = error.try_cast::<v8::Object>() else {
        return describe(scope, error);
    };
    let (name, message) = thrown::as_error(scope, object);
    thrown::header(&name, &message)
}

/// A frame, and its line in the text of a stack; `None` for frames of a shim. CallSites are reachable from here only, so their methods are
/// those of V8. V8's own text of a method call names the receiver's class and method. To find them, V8 searches all
/// properties of the guest's object, in each frame, and no time limit ends that search.
fn frame<'s>(scope: &v8::PinScope<'s, '_>, site: v8::Local<'s, v8::Value>) -> Option<(StackFrame, String)> {
    let site = site.try_cast::<v8::Object>().ok()?;
    let ask = |method: &str| -> Option<v8::Local<'s, v8::Value>> {
        get(scope, site, method)?.try_cast::<v8::Function>().ok()?.call(scope, site.into(), &[])
    };
    let text = |method: &str| -> Option<String> {
        let text = ask(method)?.try_cast::<v8::String>().ok()?;
        (text.length() > 0).then(|| preview(scope, text, NAME))
    };
    let number = |method: &str| ask(method).and_then(|n| n.uint32_value(scope)).unwrap_or(0);
    let file = text("getFileName").unwrap_or_else(|| "<native>".to_owned());
    if shim::is_shim(&file) {
        return None;
    }
    let (line, column) = (number("getLineNumber"), number("getColumnNumber"));
    let realm = Realm::current(scope);
    let original = realm.and_then(|realm| realm.maps.original(&file, (line as usize, column as usize)));
    let position = match original {
        Some(original) => format!("{}:{}:{}", original.file, original.line, original.column),
        None => format!("{file}:{line}:{column}"),
    };
    let function = text("getFunctionName");
    let shown = match &function {
        Some(function) => format!("{function} ({position})"),
        None => position,
    };
    Some((StackFrame::new(function, file, (line as usize, column as usize)), shown))
}
