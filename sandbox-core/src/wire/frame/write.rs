//! Writes frames onto a stream.

use std::io::{ErrorKind, Write};
use std::sync::Arc;

use super::{BESIDE, FrameError, HEADER};
use crate::wire::{Out, Window};

/// The capacity that is kept for the next frame, in bytes.
const KEPT: usize = 1 << 20;

/// Makes frames. The body is appended behind the header, in the buffer that the frame is sent from.
pub struct FrameBuilder {
    /// The greatest length of a body.
    limit: usize,
    out: Out,
}

impl FrameBuilder {
    /// Makes frames with bodies of at most `limit` bytes. Long values go through the window, if there is one.
    pub fn new(limit: usize, window: Option<Arc<dyn Window>>) -> Self {
        Self { limit, out: Out::new(window) }
    }

    /// Sets whether long values go into frames. The shared memory belongs to one frame, until that frame must have been
    /// read.
    pub fn keep_together(&mut self, together: bool) {
        self.out.keep_together(together);
    }

    /// Makes a frame.
    pub fn make<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Out) -> Result<(), E>,
    ) -> Result<&[u8], E> {
        self.out.restart(KEPT);
        self.out.extend_from_slice(&[0; HEADER]);
        body(&mut self.out)?;
        self.finish(kind, call)?;
        Ok(&self.out)
    }

    /// The length of the last frame, in bytes.
    pub fn length(&self) -> usize {
        self.out.len()
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

/// Sends the bytes of frames, each with one call of the stream's `write` if that takes all of it.
pub struct FrameSender<W> {
    stream: W,
    /// Bytes to be written first, and how many of them were written.
    backlog: Vec<u8>,
    done: usize,
}

impl<W: Write> FrameSender<W> {
    pub fn new(stream: W) -> Self {
        Self { stream, backlog: Vec::new(), done: 0 }
    }

    /// The stream of the frames.
    pub fn stream(&mut self) -> &mut W {
        &mut self.stream
    }

    /// Sends a frame. When the stream has no room, `blocked` runs, and the write is tried again.
    pub fn send_while<E: From<FrameError>>(
        &mut self,
        frame: &[u8],
        mut blocked: impl FnMut(&mut W) -> Result<(), E>,
    ) -> Result<(), E> {
        while !self.push_on()? {
            blocked(&mut self.stream)?;
        }
        let mut sent = 0;
        while sent < frame.len() {
            sent += write_some(&mut self.stream, frame.get(sent..).unwrap_or_default())?;
            if sent < frame.len() {
                blocked(&mut self.stream)?;
            }
        }
        Ok(self.stream.flush().map_err(FrameError::Io)?)
    }

    /// Sends a frame as far as the stream has room. [`push_on`](Self::push_on) sends the rest.
    pub fn send_soon(&mut self, frame: &[u8]) -> Result<(), FrameError> {
        let sent = if self.push_on()? { write_some(&mut self.stream, frame)? } else { 0 };
        self.backlog.extend_from_slice(frame.get(sent..).unwrap_or_default());
        Ok(())
    }

    /// The number of bytes to be written before the next frame.
    pub fn backlog(&self) -> usize {
        self.backlog.len() - self.done
    }

    /// Writes the rest of earlier frames, as far as there is room. Returns whether all is written.
    pub fn push_on(&mut self) -> Result<bool, FrameError> {
        self.done += write_some(&mut self.stream, self.backlog.get(self.done..).unwrap_or_default())?;
        // Written bytes are removed when they are the larger part, so each byte is moved once at most.
        if self.done > self.backlog.len() / 2 {
            self.backlog.drain(..self.done);
            self.backlog.shrink_to(self.backlog.len().max(KEPT));
            self.done = 0;
        }
        Ok(self.backlog() == 0)
    }
}

/// Makes frames and sends them onto a stream.
pub struct FrameWriter<W> {
    builder: FrameBuilder,
    sender: FrameSender<W>,
}

impl<W: Write> FrameWriter<W> {
    /// Writes frames with bodies of at most `limit` bytes.
    pub fn new(stream: W, limit: usize) -> Self {
        Self { builder: FrameBuilder::new(limit, None), sender: FrameSender::new(stream) }
    }

    /// Sends long values through shared memory.
    pub fn with_window(self, window: Option<Arc<dyn Window>>) -> Self {
        Self { builder: FrameBuilder::new(self.builder.limit, window), ..self }
    }

    /// Writes the numbers of handles.
    pub fn with_numbers(self) -> Self {
        let FrameBuilder { limit, out } = self.builder;
        Self { builder: FrameBuilder { limit, out: out.with_numbers() }, ..self }
    }

    /// See [`FrameBuilder::keep_together`].
    pub fn keep_together(&mut self, together: bool) {
        self.builder.keep_together(together);
    }

    /// The stream of the frames.
    pub fn stream(&mut self) -> &mut W {
        self.sender.stream()
    }

    /// Writes a frame. When the body cannot be made, nothing is sent.
    pub fn send<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Out) -> Result<(), E>,
    ) -> Result<(), E> {
        self.send_while(kind, call, body, |_| Err(FrameError::Io(ErrorKind::WouldBlock.into()).into()))
    }

    /// Writes a frame like [`send`](Self::send). When the stream has no room, `blocked` runs, and the write is tried again.
    pub fn send_while<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Out) -> Result<(), E>,
        blocked: impl FnMut(&mut W) -> Result<(), E>,
    ) -> Result<(), E> {
        let frame = self.builder.make(kind, call, body)?;
        self.sender.send_while(frame, blocked)
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
