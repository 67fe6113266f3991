//! Strings across the boundary.
//!
//! JavaScript's strings are sequences of 16-bit units, in which a lone surrogate is legal. Rust's strings are Unicode
//! text. A string that is not well formed is refused, and never repaired silently.

use deno_core::v8;

use super as engine;
use crate::boundary::ValueError;
use crate::value::TextFault;
use crate::value::text::cut;

/// V8's bound on the length of a string, in 16-bit units.
const MAX_LENGTH: usize = v8::String::MAX_LENGTH;

/// A string of JavaScript as a string of Rust.
pub(crate) fn rust_string(
    scope: &v8::PinScope<'_, '_>,
    string: v8::Local<'_, v8::String>,
) -> Result<String, TextFault> {
    let length = engine::length(scope, string);
    if let Some(latin1) = engine::latin1(scope, string) {
        return Ok(from_latin1(latin1));
    }
    let units = engine::units(scope, string, length);
    if units.len() != length {
        return Err(TextFault::Unreadable { length: length as u64 });
    }
    String::from_utf16(&units)
        .map_err(|_| TextFault::LoneSurrogate { index: first_lone_surrogate(&units) as u64 })
}

fn from_latin1(latin1: Vec<u8>) -> String {
    if latin1.is_ascii() {
        // SAFETY: ASCII is UTF-8.
        return unsafe { String::from_utf8_unchecked(latin1) };
    }
    latin1.into_iter().map(char::from).collect()
}

fn first_lone_surrogate(units: &[u16]) -> usize {
    let mut at = 0;
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok(character) => at += character.len_utf16(),
            Err(_) => break,
        }
    }
    at
}

/// A string of Rust as a string of JavaScript.
pub(crate) fn js_string<'s>(
    scope: &v8::PinScope<'s, '_, ()>,
    text: &str,
    kind: v8::NewStringType,
) -> Result<v8::Local<'s, v8::String>, ValueError> {
    let string = match text.is_ascii() {
        // ASCII needs no decoding by the engine.
        true => v8::String::new_from_one_byte(scope, text.as_bytes(), kind),
        false => v8::String::new_from_utf8(scope, text.as_bytes(), kind),
    };
    string.ok_or_else(|| {
        ValueError::new(format!("text of at most {MAX_LENGTH} characters"), format!("{} bytes", text.len()))
    })
}

/// A TypeError. A message that is too long for the engine is left out.
pub(crate) fn type_error<'s>(scope: &v8::PinScope<'s, '_>, message: &str) -> v8::Local<'s, v8::Value> {
    let message = js_string(scope, message, v8::NewStringType::Normal);
    let message = message.unwrap_or_else(|_| v8::String::empty(scope));
    v8::Exception::type_error(scope, message)
}

/// Throws a TypeError with this message in the guest.
pub(crate) fn throw_type_error(scope: &v8::PinScope<'_, '_>, message: &str) {
    scope.throw_exception(type_error(scope, message));
}

/// Throws a TypeError with the text that a program of the runtime passes.
pub(crate) fn fail(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    _: v8::ReturnValue<'_>,
) {
    if let Ok(text) = arguments.get(0).try_cast::<v8::String>() {
        scope.throw_exception(v8::Exception::type_error(scope, text));
    }
}

/// The first `shown` characters of a string. A long rope is not flattened.
pub(crate) fn preview(
    scope: &v8::PinScope<'_, '_>,
    string: v8::Local<'_, v8::String>,
    shown: usize,
) -> String {
    const FLATTENED: usize = 1 << 16;
    let length = engine::length(scope, string);
    if length > FLATTENED {
        return format!("… {length} characters …");
    }
    // A character is one or two units. One more unit tells whether there are more.
    let units = engine::units(scope, string, length.min(2 * shown + 1));
    cut(&String::from_utf16_lossy(&units), shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_lone_surrogate_counts_units() {
        assert_eq!(first_lone_surrogate(&[0x61, 0xd83d, 0xde00, 0xd800, 0x62]), 3);
        assert_eq!(first_lone_surrogate(&[0xdc00]), 0);
    }

    #[test]
    fn latin1_becomes_utf8() {
        assert_eq!(from_latin1(vec![b'a', 0xe9]), "aé");
    }
}
