//! What a guest threw, as a value of the host. Reading it may run code of the guest, so it is done while the
//! guest's limits are armed, and never after a termination.

use deno_core::v8;

use super::{engine, shim};
use crate::boundary::{describe, js_string, preview};
use crate::error::{Error, GuestError, Place};

/// How much of a text that a guest threw is kept, in characters.
const TEXT: usize = 4096;
/// How many frames of a stack are kept.
const FRAMES: usize = 32;

/// What V8 says when the stack is full.
pub(super) const STACK_FULL: &str = "Maximum call stack size exceeded";

/// The exception as an error of the host.
pub(super) fn error(
    scope: &v8::PinScope<'_, '_>,
    exception: v8::Local<'_, v8::Value>,
    message: Option<v8::Local<'_, v8::Message>>,
    place: Option<Place>,
) -> Error {
    let (name, text) = name_and_message(scope, exception);
    if name.as_deref() == Some("RangeError") && text == STACK_FULL {
        return super::stack_full(place);
    }
    let stack = engine::stack_of(scope, exception, message, FRAMES, |frame| !shim::is_shim(&frame.file));
    Error::Guest(Box::new(GuestError { place, name, message: text, stack }))
}

/// An Error's `name` and `message`; for any other value no name, and what it is.
pub(super) fn name_and_message(
    scope: &v8::PinScope<'_, '_>,
    thrown: v8::Local<'_, v8::Value>,
) -> (Option<String>, String) {
    match thrown.try_cast::<v8::Object>() {
        Ok(object) if thrown.is_native_error() => {
            let name = property(scope, object, "name").unwrap_or_else(|| "Error".into());
            (Some(name), property(scope, object, "message").unwrap_or_default())
        }
        _ => (None, describe(scope, thrown)),
    }
}

/// A property that is text; anything else is as good as none.
fn property(scope: &v8::PinScope<'_, '_>, object: v8::Local<'_, v8::Object>, name: &str) -> Option<String> {
    let key = js_string(scope, name, v8::NewStringType::Internalized).ok()?;
    let text = object.get(scope, key.into())?.try_cast::<v8::String>().ok()?;
    Some(preview(scope, text, TEXT))
}
