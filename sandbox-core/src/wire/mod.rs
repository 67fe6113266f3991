//! The encoding of plain data as bytes.
//!
//! A value is a tag, one byte, and what the tag says follows. A *length* is an unsigned LEB128 number of at most 32 bits in as
//! few bytes as it takes. All else is little-endian.
//!
//! | tag | value | what follows |
//! |----:|-------|--------------|
//! | 0 | `undefined` | |
//! | 1 | `null` | |
//! | 2, 3 | `false`, `true` | |
//! | 4 | a Number | 8 bytes: the bits of the double; NaN is `0x7ff8_0000_0000_0000` |
//! | 5, 6 | a BigInt, one below zero | a byte, 0 to 16, and as many bytes of its magnitude, of which the last is not 0; zero is tag 5 |
//! | 7 | a string | *text*: a length and as many bytes of UTF-8 |
//! | 8 | an Array | a length and as many values |
//! | 9 | an object | a length and as many pairs of a *text* and a value |
//! | 10 | a Map | a length and as many pairs of values |
//! | 11 | a Set | a length and as many values |
//! | 12, 13, 14 | a Uint8Array, an ArrayBuffer, a DataView | a length and as many bytes |
//! | 15 | another typed array | a byte, its kind; a length and as many doubles of 8 bytes |
//! | 16 | a Date | 8 bytes: milliseconds since 1970 as a double |
//! | 17 | an Error | three values: its `name`, its `message`, its `cause`; `undefined` where there is none |
//! | 18 | what is no data | a byte that says what it is, and what that says follows: the second table |
//! | 19 | what is long, and beside these bytes | a tag, which is 7, 12, 13 or 14; two lengths: where in the window it begins, and its bytes |
//!
//! | after tag 18 | value | what follows |
//! |----:|-------|--------------|
//! | 0 | a value of a kind that is no data | a *kind* |
//! | 1 | a BigInt of more than 128 bits | |
//! | 2 | a string that is no text | a *fault* |
//! | 3 | an object with a property whose name is no text | a *fault* |
//! | 4, 5 | a typed array of numbers, and bytes, whose memory is gone | |
//! | 6 | a string that is more than may cross | 8 bytes: its length; a *budget* |
//! | 7 | another value that is more than may cross | a *kind* and a *budget* |
//! | 8 | an object of the host | 8 bytes: its number; 2 bytes: the number of its contract, which is 65,535 for an object of a guest |
//! | 9 | an object of a guest | 8 bytes: the number of this crossing; 8 bytes: the number of the object; a value: its data |
//!
//! A *kind* is a byte. 0 to 6 are symbol, Proxy, function, Array, Promise, Date and RegExp. 7 to 13 are Map, Set, typed
//! array, ArrayBuffer, Error, module and another object. 14 is unknown. A *fault* is a byte and 8 bytes: 0 and the index of
//! a lone surrogate, or 1 and the length of a string for which there is no memory. A *budget* is a byte: 0 values, 1
//! elements and 8 bytes, their number, 2 units of one text and 8 bytes, their number, 3 bytes, 4 levels, 5 the stack. The
//! reader knows the limits.
//!
//! The kinds of typed arrays are 0 Int8, 1 Int16, 2 Uint16, 3 Int32, 4 Uint32, 5 Float16, 6 Float32, 7 Float64.
//!
//! The decoder trusts no byte: see `decode`. The description in `docs/process.md` is for other implementations.

mod arguments;
mod aside;
#[cfg(test)]
mod aside_tests;
mod decode;
mod encode;
pub mod fault;
pub mod frame;
#[cfg(test)]
mod handle_tests;
mod serialize;
#[cfg(test)]
mod serialize_tests;
#[cfg(test)]
mod tests;

pub use arguments::WireArguments;
pub use aside::{Encoded, Out, Window};
pub use decode::{DecodeBounds, decode, decode_list};
#[cfg(test)]
use decode::{DecodeFault, WireError};
pub use encode::{encode, encode_list, encoded, put_length};
pub use serialize::serialize;
pub use serialize::serialize_top;

pub const UNDEFINED: u8 = 0;
pub const NULL: u8 = 1;
pub const FALSE: u8 = 2;
pub const TRUE: u8 = 3;
pub const NUMBER: u8 = 4;
pub const BIGINT: u8 = 5;
pub const NEGATIVE: u8 = 6;
pub const STRING: u8 = 7;
pub const ARRAY: u8 = 8;
pub const OBJECT: u8 = 9;
pub const MAP: u8 = 10;
pub const SET: u8 = 11;
pub const BYTES: u8 = 12;
pub const ARRAY_BUFFER: u8 = 13;
pub const DATA_VIEW: u8 = 14;
pub const NUMBERS: u8 = 15;
pub const DATE: u8 = 16;
pub const ERROR: u8 = 17;
pub const OTHER: u8 = 18;
pub const ASIDE: u8 = 19;

/// The kinds of typed arrays, each at its number.
const KINDS: [&str; 8] = ["Int8", "Int16", "Uint16", "Int32", "Uint32", "Float16", "Float32", "Float64"];
/// The only NaN that is written.
const NAN: u64 = 0x7ff8_0000_0000_0000;

/// The kinds of values that are no data, after [`OTHER`].
const OTHER_KIND: u8 = 0;
const OTHER_BIGINT: u8 = 1;
const OTHER_TEXT: u8 = 2;
const OTHER_NAME: u8 = 3;
const OTHER_NUMBERS: u8 = 4;
const OTHER_BYTES: u8 = 5;
const OTHER_LONG: u8 = 6;
const OTHER_MUCH: u8 = 7;
const OTHER_HANDLE: u8 = 8;
const OTHER_GIVEN: u8 = 9;
