//! The encoding and decoding of wire values and frames, for this repository's own tests and fuzz targets.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use super::wire_roundtrip::{Raw, Wired};
pub use crate::process::scripted_peer;
pub use crate::site::wired::in_memory::RawFrame;

/// The name and the number of each kind of frame.
pub const KINDS: &[(&str, u8)] = crate::site::wired::message::kind::ALL;

use crate::boundary::{Budget, from_tree, plain};
use crate::limits::Limits;
use crate::stack::StackEnd;
pub use crate::value::GivenNumber;
use crate::value::handle::HandleNumbers;
use crate::value::{HandleNumber, JsValue};
use crate::wire::frame::{FrameError, FrameReader, FrameWriter};
use crate::wire::{self, Encoded, Out, Window};

/// A value as bytes.
#[must_use]
pub fn encode(value: &JsValue) -> Vec<u8> {
    let mut out = Out::default().with_numbers();
    wire::encode(value, &mut out);
    out.into_bytes()
}

/// Several values as bytes.
#[must_use]
pub fn encode_list(values: &[JsValue]) -> Vec<u8> {
    let mut out = Out::default().with_numbers();
    wire::encode_list(values, &mut out);
    out.into_bytes()
}

/// Bytes as a value.
///
/// # Errors
///
/// The error of the bytes, and its place.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<JsValue, String> {
    let encoded = Encoded::from(bytes).with_handles(&AllHandles);
    wire::decode(encoded, limits).map_err(|error| error.to_string())
}

/// Any number is a handle.
struct AllHandles;

impl HandleNumbers for AllHandles {
    fn admits(&self, _: HandleNumber) -> bool {
        true
    }

    fn gives(&self, _: GivenNumber) -> bool {
        true
    }
}

/// Bytes as a value. Parts of the value are in memory beside the bytes.
///
/// # Errors
///
/// As for [`decode`].
pub fn decode_beside(bytes: &[u8], memory: &[u8], limits: &Limits) -> Result<JsValue, String> {
    let window = Beside(memory.to_vec());
    wire::decode(Encoded::new(bytes, Some(&window)), limits).map_err(|error| error.to_string())
}

/// Memory that no other process writes.
#[derive(Debug)]
struct Beside(Vec<u8>);

impl Window for Beside {
    fn room(&self) -> usize {
        self.0.len()
    }

    fn put(&self, _: usize, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn take(&self, at: usize, length: usize) -> io::Result<Vec<u8>> {
        let end = at.checked_add(length).ok_or(io::ErrorKind::InvalidInput)?;
        self.0.get(at..end).map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }
}

/// Bytes as several values.
///
/// # Errors
///
/// As for [`decode`].
pub fn decode_list(bytes: &[u8], limits: &Limits) -> Result<Vec<JsValue>, String> {
    let encoded = Encoded::from(bytes).with_handles(&AllHandles);
    wire::decode_list(encoded, limits).map_err(|error| error.to_string())
}

/// A Rust value as bytes: in one step, and through plain data.
///
/// # Errors
///
/// The reason why it cannot be written.
pub fn serialized<T: Serialize>(value: &T) -> Result<[Vec<u8>; 2], String> {
    let mut out = Out::default();
    wire::serialize(value, &mut out).map_err(|error| error.to_string())?;
    let plain = plain(value).map_err(|error| error.to_string())?;
    Ok([out.into_bytes(), encode(&plain)])
}

/// A value as a type.
///
/// # Errors
///
/// The reason why the value is not of the type.
pub fn read<T: DeserializeOwned>(value: JsValue, limits: &Limits) -> Result<T, String> {
    let budget = Budget::new(limits, StackEnd::of_thread());
    from_tree(&budget, value).map_err(|error| error.to_string())
}

/// The kinds, calls and bodies of a stream's frames, up to the first error.
pub fn frames(stream: impl Read, limit: usize) -> impl Iterator<Item = Result<(u8, u64, Vec<u8>), String>> {
    let mut reader = Some(FrameReader::new(stream, limit));
    std::iter::from_fn(move || match reader.as_mut()?.next() {
        Ok(frame) => Some(Ok((frame.kind, frame.call, frame.body))),
        Err(error) => {
            reader = None;
            (!matches!(error, FrameError::Closed)).then(|| Err(error.to_string()))
        }
    })
}

/// Writes a frame.
///
/// # Errors
///
/// When it is too long, or the stream fails.
pub fn frame(stream: impl Write, (kind, call, body): (u8, u64, &[u8]), limit: usize) -> Result<(), String> {
    let sent = FrameWriter::new(stream, limit).send(kind, call, |out| {
        out.extend_from_slice(body);
        Ok::<_, FrameError>(())
    });
    sent.map_err(|error| error.to_string())
}
