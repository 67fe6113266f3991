//! Memory that both sides have, for bodies that are too long for a stream to be quick with.

use std::io;

/// The bit of a kind that says: the body is in the window, and in its place is its length as a `u64`.
pub(crate) const IN_WINDOW: u8 = 0x40;

/// How long a body is, in bytes, that goes through the window.
pub(crate) const BIG: usize = 32 << 10;

/// One direction of it. It holds one body: whoever has sent one waits for an answer before the next.
pub(crate) trait Window: Send {
    /// How long a body may be.
    fn room(&self) -> usize;
    fn put(&mut self, body: &[u8]) -> io::Result<()>;
    /// A copy, which the other side cannot change any more.
    fn take(&mut self, length: usize) -> io::Result<Vec<u8>>;
}
