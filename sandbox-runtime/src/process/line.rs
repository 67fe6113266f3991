//! The parent's end of a channel.
//!
//! Reads and writes wait no longer than the child's time limit, and the guard checks the child's memory meanwhile.

use std::io::{self, Read, Write};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use super::guard::Guard;
use super::spin::Spin;
use super::sys;
use crate::site::wired::channel::Channel;
use crate::site::wired::link::{Interest, Keeper as _};
use crate::wire::frame::Hasty;

/// The interval of the guard's checks.
const LOOK: Duration = Duration::from_millis(1);

/// A channel whose reads and writes fail when the guard reports a violation.
pub(super) struct ParentChannel {
    stream: UnixStream,
    spin: Spin,
    guard: Arc<Guard>,
    /// Non-blocking: reads the available bytes, writes as many as there is room for, and does not wait.
    is_hasty: bool,
}

impl ParentChannel {
    /// Both directions.
    pub(super) fn pair(stream: UnixStream, guard: &Arc<Guard>) -> io::Result<(Self, Self)> {
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(LOOK))?;
        let other = stream.try_clone()?;
        let line = |stream| Self { stream, spin: Spin::default(), guard: guard.clone(), is_hasty: false };
        Ok((line(stream), line(other)))
    }
}

impl Channel for ParentChannel {
    /// Returns at intervals, so that the guard is checked.
    fn wait_for(&self, interest: Interest) -> io::Result<()> {
        match sys::wait_for_any(&[(self.stream.as_fd(), interest.events())], LOOK)? {
            true => Ok(()),
            false => self.guard.look(),
        }
    }
}

/// Repeats `act`, as long as the guard reports no violation.
fn patiently<R>(guard: &Guard, mut act: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match act() {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                guard.look()?;
            }
            done => return done,
        }
    }
}

impl Hasty for ParentChannel {
    fn make_hasty(&mut self, is_hasty: bool) {
        self.is_hasty = is_hasty;
    }
}

impl Read for ParentChannel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { stream, spin, guard, is_hasty } = self;
        if *is_hasty {
            return sys::receive_now(stream, buffer);
        }
        spin.read(stream, buffer, |buffer| patiently(guard, || (&*stream).read(buffer)))
    }
}

impl Write for ParentChannel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.is_hasty {
            true => sys::send_now(&self.stream, bytes),
            false => patiently(&self.guard, || (&self.stream).write(bytes)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
