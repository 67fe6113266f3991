//! Frames onto a stream.

use std::io::Write;
use std::sync::Arc;

use super::{BESIDE, FrameError, HEADER};
use crate::process::wire::{Out, Window};

/// What is kept for the next frame.
const KEPT: usize = 1 << 20;

/// Writes frames, each with one call of the stream's `write` if that takes all of it.
pub(crate) struct FrameWriter<W> {
    stream: W,
    /// Of a body.
    limit: usize,
    out: Out,
}

impl<W: Write> FrameWriter<W> {
    /// Frames with bodies of at most so many bytes.
    pub(crate) fn new(stream: W, limit: usize) -> Self {
        Self { stream, limit, out: Out::default() }
    }

    /// Sends what is long through memory that both sides have.
    pub(crate) fn with_window(self, window: Option<Arc<dyn Window>>) -> Self {
        Self { out: Out::new(window), ..self }
    }

    /// Whether what is long goes with all else from now on. Memory that both sides have holds what belongs to one frame, and is
    /// taken as long as it may not have been read.
    pub(crate) fn keep_together(&mut self, together: bool) {
        self.out.keep_together(together);
    }

    /// Writes a frame whose body is appended to what it is given, behind the header: it is made where it is sent from. When the body
    /// cannot be made, nothing is sent.
    pub(crate) fn send<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Out) -> Result<(), E>,
    ) -> Result<(), E> {
        self.out.restart(KEPT);
        self.out.extend_from_slice(&[0; HEADER]);
        body(&mut self.out)?;
        Ok(self.sent(kind, call)?)
    }

    fn sent(&mut self, kind: u8, call: u64) -> Result<(), FrameError> {
        let claimed = self.out.len().saturating_sub(HEADER);
        let too_long = || FrameError::TooLong { claimed, limit: self.limit };
        let length = u32::try_from(claimed + BESIDE).ok().filter(|_| claimed <= self.limit);
        let [a, b, c, d] = length.ok_or_else(too_long)?.to_le_bytes();
        let mut header = [a, b, c, d, kind, 0, 0, 0, 0, 0, 0, 0, 0];
        header[5..].copy_from_slice(&call.to_le_bytes());
        if let Some(place) = self.out.first_chunk_mut::<HEADER>() {
            *place = header;
        }
        // Interrupted writes are tried again by it.
        self.stream.write_all(&self.out).and_then(|()| self.stream.flush()).map_err(FrameError::Io)
    }
}
