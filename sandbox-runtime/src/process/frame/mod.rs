//! Frames: what bytes of a stream belong together.
//!
//! A frame is a length (`u32`), a kind (`u8`), the number of a call (`u64`) and a body, all little-endian; the length is that of
//! all after it, so 9 and the body's.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::FrameReader;
pub(crate) use write::FrameWriter;

/// The length, the kind and the call.
const HEADER: usize = 13;
/// What the length counts beside the body.
const BESIDE: usize = 9;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) call: u64,
    pub(crate) body: Vec<u8>,
}

/// A stream that can be told not to wait.
pub(crate) trait Hasty {
    /// Whether reads and writes fail with `WouldBlock` where they would wait.
    fn make_hasty(&mut self, is_hasty: bool);
}

/// Why there is no further frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The other side is gone, and has not said half of anything.
    #[error("the other side has closed the stream")]
    Closed,
    #[error("the stream ends inside of a frame")]
    Truncated,
    /// Nothing can be read any more, since nobody knows where the next frame begins.
    #[error("a frame with a body of {claimed} bytes, where {limit} are the most")]
    TooLong { claimed: usize, limit: usize },
    #[error("a frame of {claimed} bytes, which is less than its header takes")]
    TooShort { claimed: usize },
    #[error("the stream failed: {0}")]
    Io(std::io::Error),
}
