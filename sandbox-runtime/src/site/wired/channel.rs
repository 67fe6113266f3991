//! Links over a stream of bytes.
//!
//! A [`Channel`] is one end of such a stream. [`Framed`] cuts the channel of a host into the frames of a
//! [`Link`](super::link::Link). A server of guests reads and writes its channels itself.

use std::io::{self, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::link::{Frames, Interest, Sending};
use crate::wire::frame::{Frame, FrameError, FrameReader, FrameSender, Hasty};

/// One end of a stream of bytes in both directions.
pub(crate) trait Channel: Read + Write + Hasty + Send {
    /// Waits for what is of interest. May return earlier.
    fn wait_for(&self, interest: Interest) -> io::Result<()>;
}

impl Hasty for Box<dyn Channel> {
    fn make_hasty(&mut self, is_hasty: bool) {
        (**self).make_hasty(is_hasty);
    }
}

/// The frames of a host's channel, which has one handle for each direction.
pub(crate) struct Framed<C> {
    reader: Mutex<FrameReader<C>>,
    sender: Mutex<FrameSender<C>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<C: Channel> Framed<C> {
    /// Reads no frame with a body of more than `longest` bytes.
    pub(crate) fn new(input: C, output: C, longest: usize) -> Self {
        let (reader, sender) = (FrameReader::new(input, longest), FrameSender::new(output));
        Self { reader: Mutex::new(reader), sender: Mutex::new(sender) }
    }
}

impl<C: Channel> Frames for Framed<C> {
    fn send(&self, frame: &[u8], how: Sending<'_>) -> Result<(), FrameError> {
        let mut sender = locked(&self.sender);
        sender.stream().make_hasty(!matches!(how, Sending::Wait));
        let wait = |channel: &mut C, frames| {
            channel.wait_for(Interest { frames, room: true }).map_err(FrameError::Io)
        };
        match how {
            Sending::Soon => sender.send_soon(frame),
            Sending::Wait => sender.send_while(frame, |channel| wait(channel, false)),
            Sending::While(blocked) => {
                sender.send_while(frame, |channel| wait(channel, blocked().map_err(FrameError::Io)?))
            }
        }
    }

    fn push_on(&self) -> Result<usize, FrameError> {
        let mut sender = locked(&self.sender);
        sender.stream().make_hasty(true);
        sender.push_on()?;
        Ok(sender.backlog())
    }

    fn backlog(&self) -> usize {
        locked(&self.sender).backlog()
    }

    fn next(&self) -> Result<Frame, FrameError> {
        locked(&self.reader).next()
    }

    fn next_now(&self) -> Result<Option<Frame>, FrameError> {
        locked(&self.reader).next_now()
    }
}
