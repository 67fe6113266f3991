//! `atob` and `btoa`, by the forgiving decoder of the Infra Standard.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use deno_core::v8;

use super::ops::{Arguments, give_text, latin1, natives};
use super::{Value, WebProgram};

pub(super) const PROGRAM: WebProgram =
    WebProgram { name: "base64", source: include_str!("base64.js"), natives };

natives! { decode, encode }

/// Base64 without padding. Bits beyond the last byte are passed over.
pub(super) const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The characters that Base64 stands for; `undefined` for a text that is none.
fn decode<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let bytes = forgiving(latin1(scope, arguments.get(0))??)?;
    v8::String::new_from_one_byte(scope, &bytes, v8::NewStringType::Normal).map(Into::into)
}

/// The Base64 of characters; `undefined` if one is above U+00FF.
fn encode<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    give_text(scope, &base64::engine::general_purpose::STANDARD.encode(latin1(scope, arguments.get(0))??))
}

/// The bytes of a text without white space, whose padding is whole or absent.
fn forgiving(mut text: Vec<u8>) -> Option<Vec<u8>> {
    text.retain(|byte| !matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' '));
    if text.len().is_multiple_of(4) {
        let padding = text.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
        text.truncate(text.len() - padding);
    }
    ENGINE.decode(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoder_forgives_what_the_standard_forgives() {
        let decoded = |text: &str| forgiving(text.into());
        for (text, expected) in
            [("", ""), (" YQ = = ", "a"), ("YQ", "a"), ("YR==", "a"), ("YWI=", "ab"), ("YWI", "ab")]
        {
            assert_eq!(decoded(text).as_deref(), Some(expected.as_bytes()), "{text}");
        }
        for text in ["Y", "YQ=", "=", "YQ===", "Y=Q=", "-_", "é"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
