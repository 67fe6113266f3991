//! Converts an exception of the guest into an error of the host.
//!
//! Reading an exception may run code of the guest. So `run` does this while the guest's limits are armed,
//! and never after a termination. Every text, stack and chain of causes is cut at the bounds below.

use std::cell::Cell;

use deno_core::v8;

use crate::boundary::Budget;
use crate::error::{Error, LimitKind, MOST_ERRORS, MOST_PROPERTIES, Place, Thrown};
use crate::isolate::engine::compile::{get, own};
use crate::isolate::engine::text::preview;
use crate::isolate::state::realm::Realm;
use crate::isolate::state::{Catch, Isolate};
use crate::isolate::values::{describe, observed};
use crate::isolate::{engine, shim};
use crate::limits::Limits;
use crate::stack::StackEnd;
use crate::value::JsValue;

/// How many characters of a message are kept.
pub(in crate::isolate) const TEXT: usize = 4096;
/// How many characters of a name are kept.
const NAME: usize = 256;
/// How many frames of a stack are kept.
const FRAMES: usize = 32;
/// How many errors of a chain of causes are kept, with the first error.
const CAUSES: usize = 8;
/// How many names of properties are looked at, in an exception with its causes and errors.
const NAMES: usize = 1000;

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
    let isolate = Isolate::current(scope);
    let (limits, stack) = (limits(), isolate.map_or_else(StackEnd::of_thread, |isolate| isolate.stack()));
    let values = &Budget::new(&limits, stack);
    let (errors, names) = (&Cell::new(MOST_ERRORS), &Cell::new(NAMES));
    let most = Most { causes: CAUSES, errors, names, values };
    let mut thrown = thrown(scope, exception, message, most);
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

/// The bounds of what is read and kept of an exception.
#[derive(Clone, Copy)]
struct Most<'m> {
    /// The errors of a chain of causes, with the first. An error of an AggregateError counts as a cause.
    causes: usize,
    /// The errors of AggregateErrors in all.
    errors: &'m Cell<usize>,
    /// The names of properties that are looked at in all. A property that is not kept counts too.
    names: &'m Cell<usize>,
    /// The values and the properties of all errors.
    values: &'m Budget<'m>,
}

impl Most<'_> {
    /// The bounds of an error that is a part of another; `None` if no further one is kept.
    fn below(self) -> Option<Self> {
        (self.causes > 1).then(|| Self { causes: self.causes - 1, ..self })
    }
}

/// An exception as a value.
fn thrown(
    scope: &v8::PinScope<'_, '_>,
    exception: v8::Local<'_, v8::Value>,
    message: Option<v8::Local<'_, v8::Message>>,
    most: Most<'_>,
) -> Thrown {
    let (name, text) = name_and_message(scope, exception);
    let object = exception.try_cast::<v8::Object>().ok().filter(|_| exception.is_native_error());
    let isolate = Isolate::current(scope);
    let told = header(name.as_deref().unwrap_or_default(), &text);
    let mut thrown = Thrown::new(name, text);
    isolate.inspect(|isolate| _ = isolate.told_header.replace(Some(told)));
    thrown.stack = engine::stack_of(scope, exception, message, FRAMES, |frame| !shim::is_shim(&frame.file));
    isolate.inspect(|isolate| _ = isolate.told_header.take());
    if let Some(realm) = Realm::current(scope) {
        realm.maps.place(&mut thrown.stack);
    }
    thrown.value = match object {
        None => value(scope, exception, most.values),
        Some(_) => None,
    };
    if let Some((object, isolate)) = object.zip(isolate) {
        thrown.cause = cause(scope, object, most);
        thrown.errors = errors(scope, object, most);
        thrown.properties = properties(scope, isolate, object, most).unwrap_or_default();
        thrown.source = isolate.source_of(scope, object);
    }
    thrown
}

/// The own property `cause` of an Error.
fn cause(
    scope: &v8::PinScope<'_, '_>,
    error: v8::Local<'_, v8::Object>,
    most: Most<'_>,
) -> Option<Box<Thrown>> {
    let most = most.below()?;
    let cause = own(scope, error, "cause")?;
    (!cause.is_undefined()).then(|| Box::new(thrown(scope, cause, None, most)))
}

/// The errors of an AggregateError: the elements of its own property `errors`, if that is an Array.
fn errors(scope: &v8::PinScope<'_, '_>, error: v8::Local<'_, v8::Object>, most: Most<'_>) -> Vec<Thrown> {
    let list = || own(scope, error, "errors")?.try_cast::<v8::Array>().ok();
    let Some((most, list)) = most.below().and_then(|most| Some((most, list()?))) else { return Vec::new() };
    let mut errors = Vec::new();
    for index in 0..list.length() {
        if Isolate::current(scope).is_some_and(|isolate| isolate.is_ended()) {
            break;
        }
        let Some(left) = most.errors.get().checked_sub(1) else { break };
        most.errors.set(left);
        let Some(error) = list.get_index(scope, index) else { break };
        errors.push(thrown(scope, error, None, most));
    }
    errors
}

/// The own enumerable properties of an Error that are plain data. V8 collects all names of an object at once, so no further
/// error is asked for its names once the bound is reached.
fn properties(
    scope: &v8::PinScope<'_, '_>,
    isolate: &Isolate,
    error: v8::Local<'_, v8::Object>,
    most: Most<'_>,
) -> Option<Vec<(String, JsValue)>> {
    let left = most.names.get();
    if left == 0 || isolate.is_ended() {
        return None;
    }
    let enumerable = v8::GetPropertyNamesArgsBuilder::new()
        .mode(v8::KeyCollectionMode::OwnOnly)
        .property_filter(v8::PropertyFilter::ONLY_ENUMERABLE | v8::PropertyFilter::SKIP_SYMBOLS)
        .key_conversion(v8::KeyConversionMode::ConvertToString)
        .build();
    let names = error.get_own_property_names(scope, enumerable)?;
    let seen = left.min(usize::try_from(names.length()).unwrap_or(left));
    most.names.set(left - seen);
    let mut properties = Vec::new();
    for index in (0..).take(seen) {
        if properties.len() == MOST_PROPERTIES || isolate.is_ended() {
            break;
        }
        let key = names.get_index(scope, index)?;
        let name = preview(scope, key.try_cast::<v8::String>().ok()?, NAME);
        if ["name", "message", "stack", "cause", "errors"].contains(&&*name) {
            continue;
        }
        let Some(value) = error.get(scope, key) else { break };
        match observed(scope, most.values, value) {
            Ok(JsValue::Other(_)) | Err(_) => {}
            Ok(value) => properties.push((name, value)),
        }
    }
    Some(properties)
}

/// The limits of a thrown value that is kept in an error, whatever the sandbox's limits are.
pub(crate) fn limits() -> Limits {
    Limits { value_nodes: 1000, value_bytes: 64 << 10, value_depth: 32, ..Limits::default() }
}

/// A copy of a value that is no Error, if it is small.
fn value(
    scope: &v8::PinScope<'_, '_>,
    value: v8::Local<'_, v8::Value>,
    budget: &Budget<'_>,
) -> Option<JsValue> {
    let value = v8::Local::new(scope, value);
    match observed(scope, budget, value) {
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

/// The first line of an Error's stack.
pub(in crate::isolate) fn header(name: &str, message: &str) -> String {
    match (name, message) {
        (name, "") => name.to_owned(),
        ("", message) => message.to_owned(),
        (name, message) => format!("{name}: {message}"),
    }
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
