//! Reads frames off an untrusted stream.

use std::io::{ErrorKind, Read};

use super::{BESIDE, Frame, FrameError, HEADER, Hasty};

/// The bytes of one read between bodies, which can hold many small frames.
const BUFFER: usize = 8 << 10;
/// The first allocation for a body whose bytes have not arrived.
const STEP: usize = 64 << 10;

/// Reads frames. After [`FrameError::Io`] the reader continues where it was, so that a stream may have a timeout.
pub struct FrameReader<R> {
    stream: R,
    /// The greatest length of a body.
    limit: usize,
    buffer: Box<[u8]>,
    /// The part of the buffer that was read, and is not part of a frame yet.
    filled: std::ops::Range<usize>,
    partial: Option<Partial>,
}

/// A frame whose body is incomplete.
struct Partial {
    kind: u8,
    call: u64,
    length: usize,
    /// Longer than the part that has arrived, by the room for a read.
    body: Vec<u8>,
    there: usize,
}

impl<R: Read> FrameReader<R> {
    /// Reads frames with bodies of at most `limit` bytes.
    pub fn new(stream: R, limit: usize) -> Self {
        Self { stream, limit, buffer: vec![0; BUFFER].into(), filled: 0..0, partial: None }
    }

    /// The next frame. Waits for it.
    #[expect(clippy::should_implement_trait, reason = "an error ends the stream, and is no item")]
    pub fn next(&mut self) -> Result<Frame, FrameError> {
        let mut partial = match self.partial.take() {
            Some(partial) => partial,
            None => self.begun()?,
        };
        match self.complete(&mut partial) {
            Ok(()) => {
                partial.body.truncate(partial.length);
                Ok(Frame { kind: partial.kind, call: partial.call, body: partial.body })
            }
            Err(error) => {
                self.partial = Some(partial);
                Err(error)
            }
        }
    }

    /// The next frame, if it has arrived.
    pub fn next_now(&mut self) -> Result<Option<Frame>, FrameError>
    where
        R: Hasty,
    {
        self.stream.make_hasty(true);
        let frame = self.next();
        self.stream.make_hasty(false);
        match frame {
            Err(FrameError::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            frame => frame.map(Some),
        }
    }

    /// Parses the header, and takes the part of the body that has arrived.
    fn begun(&mut self) -> Result<Partial, FrameError> {
        let header = loop {
            let there = self.buffer.get(self.filled.clone()).unwrap_or_default();
            if let Some(header) = there.first_chunk::<HEADER>() {
                break *header;
            }
            self.fill()?;
        };
        let [a, b, c, d, kind, call @ ..] = header;
        let claimed = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let length = claimed.checked_sub(BESIDE).ok_or(FrameError::TooShort { claimed })?;
        if length > self.limit {
            return Err(FrameError::TooLong { claimed: length, limit: self.limit });
        }
        self.filled.start += HEADER;
        let with = self.filled.len().min(length);
        let body = self.buffer.get(self.filled.start..self.filled.start + with).unwrap_or_default().to_vec();
        self.filled.start += with;
        Ok(Partial { kind, call: u64::from_le_bytes(call), length, there: body.len(), body })
    }

    /// Reads the available bytes into the buffer.
    fn fill(&mut self) -> Result<(), FrameError> {
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..self.filled.len();
        let room = self.buffer.get_mut(self.filled.end..).unwrap_or_default();
        match some(&mut self.stream, room)? {
            0 if self.filled.is_empty() => Err(FrameError::Closed),
            0 => Err(FrameError::Truncated),
            read => {
                self.filled.end += read;
                Ok(())
            }
        }
    }

    /// Reads the rest of a body. The memory grows with the bytes that arrive, so a claimed length alone allocates little.
    fn complete(&mut self, partial: &mut Partial) -> Result<(), FrameError> {
        while partial.there < partial.length {
            if partial.body.len() == partial.there {
                let more = partial.there.max(STEP).min(partial.length - partial.there);
                partial.body.reserve_exact(more);
                partial.body.resize(partial.there + more, 0);
            }
            let room = partial.body.get_mut(partial.there..).unwrap_or_default();
            match some(&mut self.stream, room)? {
                0 => return Err(FrameError::Truncated),
                read => partial.there += read,
            }
        }
        Ok(())
    }
}

/// One read, repeated when a signal interrupts it.
fn some(stream: &mut impl Read, room: &mut [u8]) -> Result<usize, FrameError> {
    loop {
        match stream.read(room) {
            // A stream that reports more bytes than there is room for is not trusted.
            Ok(read) => return Ok(read.min(room.len())),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(FrameError::Io(error)),
        }
    }
}
