//! `crypto`: random numbers of the sandbox, and digests. Seeded numbers are those of `Math.random`'s sequence; they are for tests, and no
//! secret. Others are the system's.

use deno_core::v8;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::ops::{Arguments, bytes, give_buffer, give_bytes, give_text, natives, number, span_of, text};
use super::{Value, WebProgram};
use crate::isolate::realm::realm_globals::next_random;
use crate::isolate::state::Isolate;
use crate::options::Random;

pub(super) const PROGRAM: WebProgram =
    WebProgram { name: "crypto", source: include_str!("crypto.js"), natives };

natives! { digest, integers, random, uuid }

/// The digest of a name, of bytes; `undefined` for another name.
fn digest<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let hash: fn(&[u8]) -> Vec<u8> = match text(scope, arguments.get(0))?.to_ascii_uppercase().as_str() {
        "SHA-1" => |bytes| Sha1::digest(bytes).to_vec(),
        "SHA-256" => |bytes| Sha256::digest(bytes).to_vec(),
        "SHA-384" => |bytes| Sha384::digest(bytes).to_vec(),
        "SHA-512" => |bytes| Sha512::digest(bytes).to_vec(),
        _ => return None,
    };
    Some(give_buffer(scope, hash(&bytes(scope, arguments.get(1))?))?.into())
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
fn uuid<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
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
