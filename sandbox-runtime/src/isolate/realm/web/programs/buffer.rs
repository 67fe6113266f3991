//! `Buffer` of node: its texts, its memory, and its place below `Uint8Array`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use deno_core::v8;

use super::ops::{
    Arguments, bytes, give_buffer, give_bytes, give_text, hide, length, natives, number, span, text,
    throw_range_error, too_long, units, view,
};
use super::{Value, WebProgram};
use crate::isolate::engine::list;
use crate::isolate::state::Isolate;

pub(super) const PROGRAM: WebProgram =
    WebProgram { name: "buffer", source: include_str!("buffer.js"), natives };

natives! { encoding, encode, decode, counted, zeros, within, numbers, scratch, span, kind, primitive, hide, inherit, extend }

/// The encodings of node, by their numbers in the program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BufferEncoding {
    Utf8,
    Utf16Le,
    Latin1,
    Ascii,
    Hex,
    Base64,
    Base64Url,
}

const ENCODINGS: [(BufferEncoding, &[&str]); 7] = [
    (BufferEncoding::Utf8, &["utf8", "utf-8"]),
    (BufferEncoding::Utf16Le, &["utf16le", "utf-16le", "ucs2", "ucs-2"]),
    (BufferEncoding::Latin1, &["latin1", "binary"]),
    (BufferEncoding::Ascii, &["ascii"]),
    (BufferEncoding::Hex, &["hex"]),
    (BufferEncoding::Base64, &["base64"]),
    (BufferEncoding::Base64Url, &["base64url"]),
];

impl BufferEncoding {
    fn of(value: Value<'_>) -> Option<Self> {
        Some(ENCODINGS.get(number(value))?.0)
    }

    /// The bytes of a text: whole characters, at most so many bytes. Digits that are none are passed over, or end it, as in node.
    fn encode<'s>(
        self,
        scope: &v8::PinScope<'s, '_>,
        value: Value<'s>,
        most: Option<usize>,
    ) -> Option<Vec<u8>> {
        let mut bytes: Vec<u8> = match self {
            Self::Utf8 => {
                let mut text = text(scope, value)?;
                if let Some(most) = most {
                    text.truncate(text.floor_char_boundary(most));
                }
                text.into_bytes()
            }
            Self::Utf16Le => units(scope, value)?.into_iter().flat_map(u16::to_le_bytes).collect(),
            Self::Latin1 | Self::Ascii => {
                units(scope, value)?.into_iter().map(|unit| unit.to_le_bytes()[0]).collect()
            }
            Self::Hex => of_hex(&units(scope, value)?),
            Self::Base64 | Self::Base64Url => of_base64(&units(scope, value)?),
        };
        if let Some(most) = most {
            bytes.truncate(if self == Self::Utf16Le { most & !1 } else { most });
        }
        Some(bytes)
    }

    fn decode<'s>(self, scope: &v8::PinScope<'s, '_>, bytes: &[u8]) -> Option<Value<'s>> {
        let latin = |bytes: &[u8]| -> Option<Value<'s>> {
            let made = v8::String::new_from_one_byte(scope, bytes, v8::NewStringType::Normal);
            made.map(Into::into).or_else(|| too_long(scope))
        };
        match self {
            Self::Utf8 => give_text(scope, &String::from_utf8_lossy(bytes)),
            Self::Utf16Le => {
                let units =
                    bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect::<Vec<_>>();
                let made = v8::String::new_from_two_byte(scope, &units, v8::NewStringType::Normal);
                made.map(Into::into).or_else(|| too_long(scope))
            }
            Self::Latin1 => latin(bytes),
            Self::Ascii => latin(&bytes.iter().map(|byte| byte & 0x7f).collect::<Vec<_>>()),
            Self::Hex => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                latin(&digits.map(|digit| DIGITS[usize::from(digit)]).collect::<Vec<_>>())
            }
            Self::Base64 => latin(STANDARD.encode(bytes).as_bytes()),
            Self::Base64Url => latin(URL_SAFE_NO_PAD.encode(bytes).as_bytes()),
        }
    }
}

/// The bytes of pairs of digits, up to the first that is none.
fn of_hex(units: &[u16]) -> Vec<u8> {
    let digit = |unit: u16| -> Option<u8> { u8::try_from(char::from_u32(unit.into())?.to_digit(16)?).ok() };
    let byte = |[high, low]: &[u16; 2]| -> Option<u8> { Some(digit(*high)? << 4 | digit(*low)?) };
    units.as_chunks().0.iter().map_while(byte).collect()
}

/// The bytes of Base64 in either alphabet, up to the padding. Other characters are passed over.
fn of_base64(units: &[u16]) -> Vec<u8> {
    let digit = |unit: &u16| match u8::try_from(*unit).ok()? {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        byte => (byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')).then_some(byte),
    };
    let text = units.iter().take_while(|unit| **unit != u16::from(b'='));
    let mut digits = text.filter_map(digit).collect::<Vec<_>>();
    // A digit alone is no byte.
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    super::base64::ENGINE.decode(&digits).unwrap_or_default()
}

/// The number of the encoding with a name; `undefined` for others.
fn encoding<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let name = text(scope, arguments.get(0))?.to_ascii_lowercase();
    let at = ENCODINGS.iter().position(|(_, names)| names.contains(&name.as_str()))?;
    Some(length(scope, at))
}

/// The bytes of a text in an encoding; with a third argument, those of its first characters that fit into so many bytes.
fn encode<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let most = arguments.get(2);
    let most = (!most.is_undefined()).then(|| number(most));
    give_bytes(scope, BufferEncoding::of(arguments.get(1))?.encode(scope, arguments.get(0), most)?)
}

/// The text of bytes: the bytes, the number of the encoding, and their part.
fn decode<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let encoding = BufferEncoding::of(arguments.get(1))?;
    let (start, end) = (number(arguments.get(2)), number(arguments.get(3)));
    let part = within_of(scope, arguments.get(0), start, end.saturating_sub(start))?;
    encoding.decode(scope, &bytes(scope, part.into())?)
}

/// The number of bytes of a text in an encoding, as node counts them.
fn counted<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let (value, encoding) = (arguments.get(0), BufferEncoding::of(arguments.get(1))?);
    let count = match encoding {
        BufferEncoding::Utf8 => text(scope, value)?.len(),
        BufferEncoding::Utf16Le => 2 * units(scope, value)?.len(),
        BufferEncoding::Latin1 | BufferEncoding::Ascii => units(scope, value)?.len(),
        BufferEncoding::Hex => units(scope, value)?.len() / 2,
        BufferEncoding::Base64 | BufferEncoding::Base64Url => {
            let units = units(scope, value)?;
            let padding = units.iter().rev().take(2).take_while(|unit| **unit == u16::from(b'=')).count();
            (units.len() - padding) * 3 / 4
        }
    };
    Some(length(scope, count))
}

/// Zeros, within the limit of buffers.
fn zeros<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let count = number(arguments.get(0));
    if count > Isolate::current(scope)?.settings.limits.buffers {
        throw_range_error(scope, "Array buffer allocation failed");
        return None;
    }
    give_bytes(scope, vec![0; count])
}

/// Bytes of an ArrayBuffer or of a view: the offset and the number of bytes, which are cut at its end.
pub(super) fn within_of<'s>(
    scope: &v8::PinScope<'s, '_>,
    value: Value<'s>,
    start: usize,
    count: usize,
) -> Option<v8::Local<'s, v8::Uint8Array>> {
    let view = view(scope, value)?;
    let start = start.min(view.byte_length());
    let count = count.min(view.byte_length() - start);
    v8::Uint8Array::new(scope, view.buffer(scope)?, view.byte_offset() + start, count)
}

/// Bytes in the memory of an ArrayBuffer or of a view: an offset, and a number of bytes.
fn within<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let (start, count) = (number(arguments.get(1)), number(arguments.get(2)));
    within_of(scope, arguments.get(0), start, count).map(Into::into)
}

/// An Array of bytes.
fn numbers<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let bytes = bytes(scope, arguments.get(0))?;
    let numbers = bytes.into_iter().map(|byte| v8::Integer::new(scope, byte.into()).into());
    list(scope, &numbers.collect::<Vec<_>>()).map(Into::into)
}

/// Views of eight bytes: bytes, numbers of 32 and 64 bits, and integers with and without a sign.
fn scratch<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
    let memory = give_buffer(scope, vec![0; 8])?;
    let views: [Value<'s>; 5] = [
        v8::Uint8Array::new(scope, memory, 0, 8)?.into(),
        v8::Float32Array::new(scope, memory, 0, 1)?.into(),
        v8::Float64Array::new(scope, memory, 0, 1)?.into(),
        v8::BigInt64Array::new(scope, memory, 0, 1)?.into(),
        v8::BigUint64Array::new(scope, memory, 0, 1)?.into(),
    ];
    list(scope, &views).map(Into::into)
}

/// The number that the program has for a kind of value.
fn kind<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let kind = match arguments.get(0) {
        value if value.is_uint8_array() => 1,
        value if value.is_array_buffer_view() => 2,
        value if value.is_array_buffer() => 3,
        value if value.is_array() => 4,
        _ => 0,
    };
    Some(v8::Integer::new(scope, kind).into())
}

/// `Symbol.toPrimitive`.
fn primitive<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
    Some(v8::Symbol::get_to_primitive(scope).into())
}

/// An object, with another prototype.
fn inherit<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let object = arguments.get(0).try_cast::<v8::Object>().ok()?;
    object.set_prototype(scope, arguments.get(1))?;
    Some(object.into())
}

/// Has a class and its prototype inherit from `Uint8Array` and its prototype.
fn extend<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let class = arguments.get(0).try_cast::<v8::Object>().ok()?;
    let name = |name: &str| Some(v8::String::new(scope, name)?.into());
    let prototype = class.get(scope, name("prototype")?)?.try_cast::<v8::Object>().ok()?;
    let fresh = v8::Uint8Array::new(scope, v8::ArrayBuffer::new(scope, 0), 0, 0)?;
    let bytes = fresh.get_prototype(scope)?.try_cast::<v8::Object>().ok()?;
    prototype.set_prototype(scope, bytes.into())?;
    let of_bytes = bytes.get(scope, name("constructor")?)?;
    if of_bytes.is_function() {
        class.set_prototype(scope, of_bytes)?;
    }
    None
}
