//! `TextEncoder` and `TextDecoder`.

use deno_core::v8;

use super::decoder::{DecoderMode, DecoderState, Encoding};
use super::ops::{Arguments, bytes, give_bytes, give_text, length, natives, number, span, text};
use super::{Value, WebProgram};
use crate::isolate::engine::list;

pub(super) const PROGRAM: WebProgram =
    WebProgram { name: "encoding", source: include_str!("encoding.js"), natives };

natives! { encode, find, decode, prefix, span }

/// The UTF-8 of a text.
fn encode<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    give_bytes(scope, text(scope, arguments.get(0))?.into_bytes())
}

/// The UTF-8 of as many characters as fit into a number of bytes, and the number of 16-bit units that were read.
fn prefix<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let (text, room) = (text(scope, arguments.get(0))?, number(arguments.get(1)));
    let fits = text.floor_char_boundary(room);
    let units = text[..fits].encode_utf16().count();
    let read = length(scope, units);
    let bytes = give_bytes(scope, text.as_bytes()[..fits].to_vec())?;
    list(scope, &[bytes, read, length(scope, fits)]).map(Into::into)
}

/// The name of the encoding that a label has.
fn find<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let (_, name) = Encoding::of(&text(scope, arguments.get(0))?)?;
    give_text(scope, name)
}

/// Decodes bytes: the name of the encoding, whether errors are fatal, whether a mark is kept, whether more follows, the state,
/// and the bytes. Returns the text and the next state; `undefined` for malformed bytes.
#[expect(clippy::cast_possible_truncation, reason = "the state is a number of 32 bits")]
fn decode<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let (encoding, _) = Encoding::of(&text(scope, arguments.get(0))?)?;
    let [fatal, keeps_mark, stream] = [1, 2, 3].map(|index| arguments.get(index).is_true());
    let mut rest = DecoderState::from_bits(number(arguments.get(4)) as u32);
    let bytes = match arguments.get(5) {
        input if input.is_undefined() => Vec::new(),
        input => bytes(scope, input)?,
    };
    let text = DecoderMode { encoding, fatal, keeps_mark, stream }.decode(&mut rest, &bytes).ok()?;
    let text = give_text(scope, &text)?;
    list(scope, &[text, v8::Integer::new_from_unsigned(scope, rest.to_bits()).into()]).map(Into::into)
}
