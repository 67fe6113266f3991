//! Frames: the messages on a stream of bytes.
//!
//! The readers and writers here know nothing of the frames' content. `site::wired::message` defines the kinds.
//!
//! A frame is a length (`u32`), a kind (`u8`), the number of a call (`u64`) and a body, all little-endian. The length counts
//! all bytes after it: 9, and the body's.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::FrameReader;
pub use write::{FrameBuilder, FrameSender, FrameWriter};

/// The length, the kind and the call.
const HEADER: usize = 13;
/// The bytes beside the body that the length counts.
const BESIDE: usize = 9;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub call: u64,
    pub body: Vec<u8>,
}

/// A stream with a non-blocking mode.
pub trait Hasty {
    /// Whether reads and writes fail with `WouldBlock` where they would wait.
    fn make_hasty(&mut self, is_hasty: bool);
}

/// Why there is no further frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The other side closed the stream between two frames.
    #[error("the other side has closed the stream")]
    Closed,
    #[error("the stream ends inside of a frame")]
    Truncated,
    /// No frame can be read any more, because the start of the next one is unknown.
    #[error("a frame with a body of {} bytes, and at most {} bytes are allowed", crate::error::grouped(*claimed as u64), crate::error::grouped(*limit as u64))]
    TooLong { claimed: usize, limit: usize },
    #[error("a frame of {claimed} bytes, which is shorter than its header")]
    TooShort { claimed: usize },
    #[error("the stream failed: {0}")]
    Io(std::io::Error),
}
