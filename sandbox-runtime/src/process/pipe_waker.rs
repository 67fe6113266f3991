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

    /// Takes back all wake-ups so far.
    pub(super) fn take(&self) {
        let mut taken = [0; 8];
        while matches!((&self.stream_end).read(&mut taken), Ok(read) if read == taken.len()) {}
    }
}
