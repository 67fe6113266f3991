//! Frames onto a stream.

use std::io::{ErrorKind, Write};
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
    /// What is to be written before all else, and how much of it was.
    backlog: Vec<u8>,
    done: usize,
}

impl<W: Write> FrameWriter<W> {
    /// Frames with bodies of at most so many bytes.
    pub(crate) fn new(stream: W, limit: usize) -> Self {
        Self { stream, limit, out: Out::default(), backlog: Vec::new(), done: 0 }
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

    /// What frames are written to.
    pub(crate) fn stream(&mut self) -> &mut W {
        &mut self.stream
    }

    /// Writes a frame whose body is appended to what it is given, behind the header: it is made where it is sent from. When the body
    /// cannot be made, nothing is sent.
    pub(crate) fn send<E: From<FrameError>>(
        &mut self,
        kind: u8,
        call: u64,
        body: impl FnOnce(&mut Out) -> Result<(), E>,
    ) -> Result<(), E> {
        self.send_while(kind, call, body, |_| Err(FrameError::Io(ErrorKind::WouldBlock.into()).into()))
    }

    /// The same. `blocked` is called when the stream would have to wait for room, and it is tried again after that.
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

    /// Writes a frame as far as the stream has room for it now, and what is left when [`push_on`](Self::push_on) is called.
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

    /// How long the last frame is, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.out.len()
    }

    /// How many bytes are to be written before the next frame.
    pub(crate) fn backlog(&self) -> usize {
        self.backlog.len() - self.done
    }

    /// Writes what is left of frames that were to be sent soon, as far as there is room. Says whether nothing is left.
    pub(crate) fn push_on(&mut self) -> Result<bool, FrameError> {
        self.done += write_some(&mut self.stream, self.backlog.get(self.done..).unwrap_or_default())?;
        // What was written is given up when it is the larger part, so each byte is moved once at most.
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

/// Writes what a stream has room for, or what it takes when it waits. Says how much that was.
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
