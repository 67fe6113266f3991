//! Frames onto a stream.

use std::io::Write;

use super::window::{BIG, IN_WINDOW, Window};
use super::{BESIDE, FrameError, HEADER};

/// What is kept for the next frame.
const KEPT: usize = 1 << 20;

/// Writes frames, each with one call of the stream's `write` if that takes all of it.
pub(crate) struct FrameWriter<W> {
    stream: W,
    /// Of a body.
    limit: usize,
    buffer: Vec<u8>,
    window: Option<Box<dyn Window>>,
}

impl<W: Write> FrameWriter<W> {
    /// Frames with bodies of at most so many bytes.
    pub(crate) fn new(stream: W, limit: usize) -> Self {
        Self { stream, limit, buffer: Vec::new(), window: None }
    }

    /// Sends long bodies through memory that both sides have.
    pub(crate) fn with_window(self, window: Option<Box<dyn Window>>) -> Self {
        Self { window, ..self }
    }

    /// Writes a frame whose body is appended to what it is given, behind the header: it is made where it is sent from. When the body
    /// cannot be made, nothing is sent.
    pub(crate) fn send<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.buffer.clear();
        self.buffer.extend_from_slice(&[0; HEADER]);
        body(&mut self.buffer)?;
        let sent = self.sent(kind, call);
        if self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        }
        Ok(sent?)
    }

    fn sent(&mut self, kind: u8, call: u64) -> Result<(), FrameError> {
        let length = self.buffer.len().saturating_sub(HEADER);
        if length > self.limit {
            return Err(FrameError::TooLong { claimed: length, limit: self.limit });
        }
        let kind = match &mut self.window {
            Some(window) if (BIG..=window.room()).contains(&length) => {
                window.put(self.buffer.get(HEADER..).unwrap_or_default()).map_err(FrameError::Io)?;
                self.buffer.truncate(HEADER);
                self.buffer.extend_from_slice(&(length as u64).to_le_bytes());
                kind | IN_WINDOW
            }
            _ => kind,
        };
        let claimed = self.buffer.len().saturating_sub(HEADER);
        let too_long = || FrameError::TooLong { claimed, limit: self.limit };
        let length = u32::try_from(claimed + BESIDE).ok().filter(|_| claimed <= self.limit);
        let [a, b, c, d] = length.ok_or_else(too_long)?.to_le_bytes();
        let mut header = [a, b, c, d, kind, 0, 0, 0, 0, 0, 0, 0, 0];
        header[5..].copy_from_slice(&call.to_le_bytes());
        if let Some(place) = self.buffer.first_chunk_mut::<HEADER>() {
            *place = header;
        }
        // Interrupted writes are tried again by it.
        self.stream.write_all(&self.buffer).and_then(|()| self.stream.flush()).map_err(FrameError::Io)
    }
}
