//! Interrupts a thread that waits for a stream.
//!
//! A driver's thread polls the pipe together with its child's stream.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;

/// A pipe that is readable once the waiting thread is to be woken.
pub(super) struct PipeWaker {
    stream_end: UnixStream,
    stream: UnixStream,
}

impl PipeWaker {
    pub(super) fn new() -> io::Result<Self> {
        let (stream_end, stream) = UnixStream::pair()?;
        stream_end.set_nonblocking(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream_end, stream })
    }

    /// Readable once [`wake`](Self::wake) was called.
    pub(super) fn stream(&self) -> BorrowedFd<'_> {
        self.stream_end.as_fd()
    }

    pub(super) fn wake(&self) {
        // A full pipe is readable already.
        _ = (&self.stream).write(&[0]);
    }

    /// Takes a wake-up back, if there was one.
    pub(super) fn clear(&self) {
        // Nothing is there if the pipe could not be written.
        _ = (&self.stream_end).read(&mut [0; 8]);
    }
}
