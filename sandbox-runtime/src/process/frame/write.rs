//! Writes frames onto a stream.

use std::io::{ErrorKind, Write};
use std::sync::Arc;

use super::{BESIDE, FrameError, HEADER};
use crate::process::wire::{Out, Window};

/// The capacity that is kept for the next frame, in bytes.
const KEPT: usize = 1 << 20;

/// Writes frames, each with one call of the stream's `write` if that takes all of it.
pub(crate) struct FrameWriter<W> {
    stream: W,
    /// The greatest length of a body.
    limit: usize,
    out: Out,
    /// Bytes to be written first, and how many of them were written.
    backlog: Vec<u8>,
    done: usize,
}

impl<W: Write> FrameWriter<W> {
    /// Writes frames with bodies of at most `limit` bytes.
    pub(crate) fn new(stream: W, limit: usize) -> Self {
        Self { stream, limit, out: Out::default(), backlog: Vec::new(), done: 0 }
    }

    /// Sends long values through shared memory.
    pub(crate) fn with_window(self, window: Option<Arc<dyn Window>>) -> Self {
        Self { out: Out::new(window), ..self }
    }

    /// Sets whether long values go into frames. The shared memory belongs to one frame, until that frame must have been
    /// read.
    pub(crate) fn keep_together(&mut self, together: bool) {
        self.out.keep_together(together);
    }

    /// The stream of the frames.
    pub(crate) fn stream(&mut self) -> &mut W {
        &mut self.stream
    }

    /// Writes a frame. The body is appended behind the header, in the buffer that it is sent from. When the body cannot be
    /// made, nothing is sent.
    pub(crate) fn send<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Out) -> Result<(), E>,
    ) -> Result<(), E> {
        self.send_while(kind, call, body, |_| Err(FrameError::Io(ErrorKind::WouldBlock.into()).into()))
    }

    /// Writes a frame like [`send`](Self::send). When the stream has no room, `blocked` runs, and the write is tried again.
    pub(crate) fn send_while<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Out) -> Result<(), E>,
        mut blocked: impl FnMut(&mut W) -> Result<(), E>,
    ) -> Result<(), E> {
        self.make(kind, call, body)?;
        while !self.push_on()? {
            blocked(&mut self.stream)?;
        }
        let mut sent = 0;
        while sent < self.out.len() {
            sent += write_some(&mut self.stream, self.out.get(sent..).unwrap_or_default())?;
            if sent < self.out.len() {
                blocked(&mut self.stream)?;
            }
        }
        Ok(self.stream.flush().map_err(FrameError::Io)?)
    }

    /// Writes a frame as far as the stream has room. [`push_on`](Self::push_on) writes the rest.
    pub(crate) fn send_soon<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Out) -> Result<(), E>,
    ) -> Result<(), E> {
        self.make(kind, call, body)?;
        let sent = if self.push_on()? { write_some(&mut self.stream, &self.out)? } else { 0 };
        self.backlog.extend_from_slice(self.out.get(sent..).unwrap_or_default());
        Ok(())
    }

    /// The length of the last frame, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.out.len()
    }

    /// The number of bytes to be written before the next frame.
    pub(crate) fn backlog(&self) -> usize {
        self.backlog.len() - self.done
    }

    /// Writes the rest of earlier frames, as far as there is room. Returns whether all is written.
    pub(crate) fn push_on(&mut self) -> Result<bool, FrameError> {
        self.done += write_some(&mut self.stream, self.backlog.get(self.done..).unwrap_or_default())?;
        // Written bytes are removed when they are the larger part, so each byte is moved once at most.
        if self.done > self.backlog.len() / 2 {
            self.backlog.drain(..self.done);
            self.backlog.shrink_to(self.backlog.len().max(KEPT));
            self.done = 0;
        }
        Ok(self.backlog() == 0)
    }

    /// Makes a frame whose body is appended behind the header.
    fn make<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Out) -> Result<(), E>,
    ) -> Result<(), E> {
        self.out.restart(KEPT);
        self.out.extend_from_slice(&[0; HEADER]);
        body(&mut self.out)?;
        Ok(self.finish(kind, call)?)
    }

    /// Writes the header.
    fn finish(&mut self, kind: u8, call: u64) -> Result<(), FrameError> {
        let claimed = self.out.len().saturating_sub(HEADER);
        let too_long = || FrameError::TooLong { claimed, limit: self.limit };
        let length = u32::try_from(claimed + BESIDE).ok().filter(|_| claimed <= self.limit);
        let [a, b, c, d] = length.ok_or_else(too_long)?.to_le_bytes();
        let mut header = [a, b, c, d, kind, 0, 0, 0, 0, 0, 0, 0, 0];
        header[5..].copy_from_slice(&call.to_le_bytes());
        if let Some(place) = self.out.first_chunk_mut::<HEADER>() {
            *place = header;
        }
        Ok(())
    }
}

/// Writes as many bytes as the stream accepts. Returns how many.
fn write_some(stream: &mut impl Write, bytes: &[u8]) -> Result<usize, FrameError> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(bytes.get(sent..).unwrap_or_default()) {
            Ok(0) => return Err(FrameError::Io(ErrorKind::WriteZero.into())),
            Ok(written) => sent += written,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(FrameError::Io(error)),
        }
    }
    Ok(sent)
}
