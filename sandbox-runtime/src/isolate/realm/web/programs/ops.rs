//! The parts that the functions of the programs share: texts and bytes of a guest, bounded, and exceptions.

use deno_core::v8;

use super::Value;
use crate::isolate::engine;
use crate::isolate::engine::list;
use crate::isolate::engine::text::{js_string, rust_string};
use crate::isolate::state::Isolate;

pub(super) type Arguments<'s> = v8::FunctionCallbackArguments<'s>;

/// Makes the list of a program's functions. Each takes a scope and the arguments; `None` when an exception is under way, or for
/// `undefined`.
macro_rules! natives {
    ($($name:ident),* $(,)?) => {
        fn natives<'s>(scope: &v8::PinScope<'s, '_>) -> Option<super::Natives<'s>> {
            Some(vec![$((stringify!($name), {
                fn callback<'s>(
                    scope: &mut v8::PinScope<'s, '_>,
                    arguments: v8::FunctionCallbackArguments<'s>,
                    mut result: v8::ReturnValue<'s>,
                ) {
                    if let Some(value) = $name(scope, &arguments) {
                        result.set(value);
                    }
                }
                super::function(scope, stringify!($name), callback)?.into()
            })),*])
        }
    };
}
pub(super) use natives;

/// Throws a RangeError.
pub(super) fn throw_range_error(scope: &v8::PinScope<'_, '_>, message: &str) {
    if let Ok(message) = js_string(scope, message, v8::NewStringType::Normal) {
        scope.throw_exception(v8::Exception::range_error(scope, message));
    }
}

/// A string of the guest, unless it is longer than `Limits::value_text`.
fn bounded<'s>(scope: &v8::PinScope<'s, '_>, value: Value<'s>) -> Option<v8::Local<'s, v8::String>> {
    let string = value.try_cast::<v8::String>().ok()?;
    let most = Isolate::current(scope)?.settings.limits.value_text;
    if engine::length(scope, string) <= most {
        return Some(string);
    }
    throw_range_error(
        scope,
        &format!("the text is longer than a function of the sandbox reads: {most} characters"),
    );
    None
}

/// The text of a string, with U+FFFD in the place of each lone surrogate.
pub(super) fn text<'s>(scope: &v8::PinScope<'s, '_>, value: Value<'s>) -> Option<String> {
    let string = bounded(scope, value)?;
    let repaired = || String::from_utf16_lossy(&units_of(scope, string));
    Some(rust_string(scope, string).unwrap_or_else(|_| repaired()))
}

fn units_of(scope: &v8::PinScope<'_, '_>, string: v8::Local<'_, v8::String>) -> Vec<u16> {
    engine::units(scope, string, engine::length(scope, string))
}

/// The 16-bit units of a string.
pub(super) fn units<'s>(scope: &v8::PinScope<'s, '_>, value: Value<'s>) -> Option<Vec<u16>> {
    Some(units_of(scope, bounded(scope, value)?))
}

/// The characters of a string as bytes; the inner `None` if one is above U+00FF.
pub(super) fn latin1<'s>(scope: &v8::PinScope<'s, '_>, value: Value<'s>) -> Option<Option<Vec<u8>>> {
    let string = bounded(scope, value)?;
    Some(engine::latin1(scope, string).or_else(|| {
        let units = units_of(scope, string);
        units.into_iter().map(|unit| u8::try_from(unit).ok()).collect()
    }))
}

/// Throws for a string that is longer than the engine's longest.
pub(super) fn too_long<'s>(scope: &v8::PinScope<'s, '_>) -> Option<Value<'s>> {
    throw_range_error(scope, "Invalid string length");
    None
}

/// A string of the guest.
pub(super) fn give_text<'s>(scope: &v8::PinScope<'s, '_>, text: &str) -> Option<Value<'s>> {
    match js_string(scope, text, v8::NewStringType::Normal) {
        Ok(text) => Some(text.into()),
        Err(_) => too_long(scope),
    }
}

/// The memory of an ArrayBuffer or of a view of one, as a view of bytes. A TypeError for other values, and for shared memory.
pub(super) fn view<'s>(
    scope: &v8::PinScope<'s, '_>,
    value: Value<'s>,
) -> Option<v8::Local<'s, v8::Uint8Array>> {
    let part = match value.try_cast::<v8::ArrayBufferView>() {
        Ok(view) => view.buffer(scope).map(|buffer| (buffer, view.byte_offset(), view.byte_length())),
        Err(_) => value.try_cast::<v8::ArrayBuffer>().ok().map(|buffer| (buffer, 0, buffer.byte_length())),
    };
    let part = part.filter(|(buffer, ..)| {
        let buffer: Value<'_> = (*buffer).into();
        !buffer.is_shared_array_buffer()
    });
    let Some((buffer, start, length)) = part else {
        engine::text::throw_type_error(scope, "the argument must be an ArrayBuffer or a view of one");
        return None;
    };
    // The view of a buffer that was detached or has shrunk is empty.
    let start = start.min(buffer.byte_length());
    v8::Uint8Array::new(scope, buffer, start, length.min(buffer.byte_length() - start))
}

/// A list of [`view`] and the number of its bytes.
pub(super) fn span_of<'s>(scope: &v8::PinScope<'s, '_>, value: Value<'s>) -> Option<Value<'s>> {
    let view = view(scope, value)?;
    list(scope, &[view.into(), length(scope, view.byte_length())]).map(Into::into)
}

/// [`span_of`] an argument.
pub(super) fn span<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    span_of(scope, arguments.get(0))
}

/// Defines a property as errors have it: data that is not enumerable.
pub(super) fn hide<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let holder = arguments.get(0).try_cast::<v8::Object>().ok()?;
    let key = arguments.get(1).try_cast::<v8::Name>().ok()?;
    holder.define_own_property(scope, key, arguments.get(2), v8::PropertyAttribute::DONT_ENUM)?;
    None
}

/// A copy of the memory of an ArrayBuffer or of a view of one, unless it is longer than `Limits::value_bytes`.
pub(super) fn bytes<'s>(scope: &v8::PinScope<'s, '_>, value: Value<'s>) -> Option<Vec<u8>> {
    let view = view(scope, value)?;
    let most = Isolate::current(scope)?.settings.limits.value_bytes;
    if view.byte_length() > most {
        throw_range_error(
            scope,
            &format!("the buffer is longer than a function of the sandbox reads: {most} bytes"),
        );
        return None;
    }
    let mut bytes = vec![0; view.byte_length()];
    let length = view.copy_contents(&mut bytes);
    bytes.truncate(length);
    Some(bytes)
}

/// An ArrayBuffer of the guest, within the limit of buffers.
pub(super) fn give_buffer<'s>(
    scope: &v8::PinScope<'s, '_>,
    bytes: Vec<u8>,
) -> Option<v8::Local<'s, v8::ArrayBuffer>> {
    let Some(store) = Isolate::current(scope)?.store(bytes) else {
        throw_range_error(scope, "Array buffer allocation failed");
        return None;
    };
    Some(v8::ArrayBuffer::with_backing_store(scope, &store.make_shared()))
}

/// A Uint8Array of the guest, within the limit of buffers.
pub(super) fn give_bytes<'s>(scope: &v8::PinScope<'s, '_>, bytes: Vec<u8>) -> Option<Value<'s>> {
    let length = bytes.len();
    let buffer = give_buffer(scope, bytes)?;
    v8::Uint8Array::new(scope, buffer, 0, length).map(Into::into)
}

/// A Uint8Array with a copy of the memory of an ArrayBuffer or of a view.
pub(super) fn copied<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    give_bytes(scope, bytes(scope, arguments.get(0))?)
}

/// An ArrayBuffer with a copy of bytes.
pub(super) fn buffered<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    give_buffer(scope, bytes(scope, arguments.get(0))?).map(Into::into)
}

/// A small whole number of the program.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number of the program")]
pub(super) fn number(value: Value<'_>) -> usize {
    value.try_cast::<v8::Number>().map_or(0, |number| number.value() as usize)
}

/// A length for the program.
#[expect(clippy::cast_precision_loss, reason = "a length is below 2^53")]
pub(super) fn length<'s>(scope: &v8::PinScope<'s, '_>, length: usize) -> Value<'s> {
    v8::Number::new(scope, length as f64).into()
}
