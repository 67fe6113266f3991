//! Converts an exception of the guest into an error of the host.
//!
//! Reading an exception may run code of the guest. So `run` does this while the guest's limits are armed,
//! and never after a termination. Every text, stack and chain of causes is cut at the bounds below.

use deno_core::v8;

use crate::boundary::Budget;
use crate::error::{Error, LimitKind, Place, Thrown};
use crate::isolate::engine::compile::get;
use crate::isolate::engine::text::{js_string, preview};
use crate::isolate::state::{Catch, Isolate};
use crate::isolate::values::{describe, observed};
use crate::isolate::{engine, shim};
use crate::limits::Limits;
use crate::value::JsValue;

/// How many characters of a message are kept.
pub(in crate::isolate) const TEXT: usize = 4096;
/// How many characters of a name are kept.
const NAME: usize = 256;
/// How many frames of a stack are kept.
const FRAMES: usize = 32;
/// How many errors of a chain of causes are kept, with the first error.
const CAUSES: usize = 8;

/// V8's text for a full stack.
pub(crate) const STACK_FULL: &str = "Maximum call stack size exceeded";

/// V8's text for an ArrayBuffer that gets no memory.
const NO_BUFFER: &str = "Array buffer allocation failed";

impl Isolate {
    /// The error of a call for which V8 returned nothing.
    pub(crate) fn thrown(&self, scope: &Catch<'_, '_, '_, '_>, place: Option<&Place>) -> Error {
        match scope.exception() {
            Some(exception) if !scope.has_terminated() && !self.is_ended() => {
                let message = scope.message();
                error(scope, exception, message, place)
            }
            _ => self.ended(place),
        }
    }
}

/// The exception as an error of the host.
pub(in crate::isolate) fn error(
    scope: &v8::PinScope<'_, '_>,
    exception: v8::Local<'_, v8::Value>,
    message: Option<v8::Local<'_, v8::Message>>,
    place: Option<&Place>,
) -> Error {
    let mut thrown = thrown(scope, exception, message, CAUSES);
    thrown.place = place.cloned();
    if let Some(isolate) = Isolate::current(scope)
        && thrown.name.as_deref() == Some("RangeError")
        && thrown.message == STACK_FULL
    {
        return isolate.over(LimitKind::Stack, place);
    }
    if let Some(isolate) = Isolate::current(scope)
        && isolate.buffers.were_denied()
        && thrown.name.as_deref() == Some("RangeError")
        && thrown.message == NO_BUFFER
    {
        return isolate.over(LimitKind::Buffers, place);
    }
    Error::of_guest(thrown)
}

/// An exception as a value, with at most so many errors in its chain of causes.
fn thrown(
    scope: &v8::PinScope<'_, '_>,
    exception: v8::Local<'_, v8::Value>,
    message: Option<v8::Local<'_, v8::Message>>,
    causes: usize,
) -> Thrown {
    let (name, text) = name_and_message(scope, exception);
    let object = exception.try_cast::<v8::Object>().ok().filter(|_| exception.is_native_error());
    let isolate = Isolate::current(scope);
    let mut thrown = Thrown::new(name, text);
    thrown.stack = engine::stack_of(scope, exception, message, FRAMES, |frame| !shim::is_shim(&frame.file));
    thrown.value = isolate.filter(|_| object.is_none()).and_then(|isolate| value(scope, isolate, exception));
    thrown.cause = object.filter(|_| causes > 1).and_then(|object| cause(scope, object, causes - 1));
    thrown.source = object.and_then(|object| isolate?.source_of(scope, object));
    thrown
}

/// The own property `cause` of an Error.
fn cause(
    scope: &v8::PinScope<'_, '_>,
    error: v8::Local<'_, v8::Object>,
    causes: usize,
) -> Option<Box<Thrown>> {
    let key = js_string(scope, "cause", v8::NewStringType::Internalized).ok()?;
    if !error.has_own_property(scope, key.into())? {
        return None;
    }
    let cause = error.get(scope, key.into())?;
    (!cause.is_undefined()).then(|| Box::new(thrown(scope, cause, None, causes)))
}

/// The limits of a thrown value that is kept in an error, whatever the sandbox's limits are.
pub(crate) fn limits() -> Limits {
    Limits { value_nodes: 1000, value_bytes: 64 << 10, value_depth: 32, ..Limits::default() }
}

/// A copy of a value that is no Error, if it is small.
fn value(
    scope: &v8::PinScope<'_, '_>,
    isolate: &Isolate,
    value: v8::Local<'_, v8::Value>,
) -> Option<JsValue> {
    let value = v8::Local::new(scope, value);
    match observed(scope, &Budget::new(&limits(), isolate.stack()), value) {
        Ok(JsValue::Other(_)) | Err(_) => None,
        Ok(value) => Some(value),
    }
}

/// An Error's `name` and `message`. Any other value has no name, and its text describes it.
pub(in crate::isolate) fn name_and_message(
    scope: &v8::PinScope<'_, '_>,
    thrown: v8::Local<'_, v8::Value>,
) -> (Option<String>, String) {
    match thrown.try_cast::<v8::Object>() {
        Ok(object) if thrown.is_native_error() => {
            let (name, message) = as_error(scope, object);
            (Some(name), message)
        }
        _ => (None, describe(scope, thrown)),
    }
}

/// `name` and `message` as an Error's, of any object: one that was given a stack need not be an Error.
pub(in crate::isolate) fn as_error(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
) -> (String, String) {
    let name = property(scope, object, "name", NAME).unwrap_or_else(|| "Error".into());
    (name, property(scope, object, "message", TEXT).unwrap_or_default())
}

/// A property that is text; `None` for any other value.
fn property(
    scope: &v8::PinScope<'_, '_>,
    object: v8::Local<'_, v8::Object>,
    name: &str,
    most: usize,
) -> Option<String> {
    let text = get(scope, object, name)?.try_cast::<v8::String>().ok()?;
    Some(preview(scope, text, most))
}
