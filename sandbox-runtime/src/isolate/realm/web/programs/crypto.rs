//! `crypto`: random numbers of the sandbox, digests and HMAC. Seeded numbers are those of `Math.random`'s sequence; they are for tests, and no
//! secret. Others are the system's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deno_core::v8;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::ops::{
    Arguments, buffered, bytes, copied, give_buffer, give_bytes, give_text, length, natives, number, span,
    span_of, text,
};
use super::{Value, WebProgram};
use crate::isolate::realm::realm_globals::next_random;
use crate::isolate::state::Isolate;
use crate::options::Random;

pub(super) const PROGRAM: WebProgram =
    WebProgram { name: "crypto", source: include_str!("crypto.js"), natives };

natives! {
    base64url, buffered, copied, digest, integers, of_base64url, random, sign, size, span, upper, uuid, verify,
}

/// The digests, by their names.
#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(scope: &v8::PinScope<'_, '_>, name: Value<'_>) -> Option<Self> {
        Some(match text(scope, v8::Local::new(scope, name))?.as_str() {
            "SHA-1" => Self::Sha1,
            "SHA-256" => Self::Sha256,
            "SHA-384" => Self::Sha384,
            "SHA-512" => Self::Sha512,
            _ => return None,
        })
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// HMAC (RFC 2104) of bytes, by a key.
    fn signature(self, key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
        fn of<M: Mac + KeyInit>(key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
            let mac = <M as KeyInit>::new_from_slice(key).ok()?;
            Some(mac.chain_update(bytes).finalize().into_bytes().to_vec())
        }
        match self {
            Self::Sha1 => of::<Hmac<Sha1>>(key, bytes),
            Self::Sha256 => of::<Hmac<Sha256>>(key, bytes),
            Self::Sha384 => of::<Hmac<Sha384>>(key, bytes),
            Self::Sha512 => of::<Hmac<Sha512>>(key, bytes),
        }
    }

    /// The bytes of the blocks that the digest reads, which is the length of a new key.
    fn block(self) -> usize {
        match self {
            Self::Sha1 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }
}

/// The digest of a name, of bytes.
fn digest<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let hash = Hash::of(scope, arguments.get(0))?;
    Some(give_buffer(scope, hash.digest(&bytes(scope, arguments.get(1))?))?.into())
}

/// The bytes of the blocks of a digest; `undefined` for a name that is none.
fn size<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    Some(length(scope, Hash::of(scope, arguments.get(0))?.block()))
}

/// The HMAC of a digest, a key and bytes.
fn signature_of<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Vec<u8>> {
    let hash = Hash::of(scope, arguments.get(0))?;
    hash.signature(&bytes(scope, arguments.get(1))?, &bytes(scope, arguments.get(2))?)
}

/// [`signature_of`] the arguments.
fn sign<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    Some(give_buffer(scope, signature_of(scope, arguments)?)?.into())
}

/// Whether a fourth argument is [`signature_of`] the others. The time does not depend on where they differ.
fn verify<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let (own, given) = (signature_of(scope, arguments)?, bytes(scope, arguments.get(3))?);
    let differs = own.iter().zip(&given).fold(0, |differs, (one, other)| differs | (one ^ other));
    Some(v8::Boolean::new(scope, own.len() == given.len() && differs == 0).into())
}

/// A text in upper case.
fn upper<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    give_text(scope, &text(scope, arguments.get(0))?.to_ascii_uppercase())
}

/// The Base64 of bytes, in the alphabet for URLs.
fn base64url<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    give_text(scope, &URL_SAFE_NO_PAD.encode(bytes(scope, arguments.get(0))?))
}

/// The bytes of Base64 in the alphabet for URLs; `undefined` for a text that is none.
fn of_base64url<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    give_bytes(scope, URL_SAFE_NO_PAD.decode(text(scope, arguments.get(0))?).ok()?)
}

/// The bytes of a typed array of integers, in a view of their own, and their number; `undefined` for another value.
fn integers<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let value = arguments.get(0);
    let is_other = value.is_float16_array() || value.is_float32_array() || value.is_float64_array();
    if !value.is_typed_array() || is_other {
        return None;
    }
    span_of(scope, value)
}

/// Random bytes.
fn random<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let mut bytes = vec![0; number(arguments.get(0))];
    fill(Isolate::current(scope)?, &mut bytes)?;
    give_bytes(scope, bytes)
}

/// A random UUID of version 4.
pub(super) fn uuid<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
    let mut bytes = [0; 16];
    fill(Isolate::current(scope)?, &mut bytes)?;
    let number = u128::from_be_bytes(bytes) & !(0xf000_u128 << 64) & !(0xc000_u128 << 48);
    let text = format!("{:032x}", number | 0x4000_u128 << 64 | 0x8000_u128 << 48);
    let [a, b, c, d, e] = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &text[part]);
    give_text(scope, &format!("{a}-{b}-{c}-{d}-{e}"))
}

/// Fills bytes with random ones.
fn fill(isolate: &Isolate, bytes: &mut [u8]) -> Option<()> {
    match isolate.settings.random {
        Random::Real => getrandom::fill(bytes).ok(),
        Random::Seeded(_) => {
            for part in bytes.chunks_mut(8) {
                let random = next_random(isolate)?.to_le_bytes();
                part.copy_from_slice(&random[..part.len()]);
            }
            Some(())
        }
    }
}
