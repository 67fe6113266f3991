//! The parent's end of a channel: it waits no longer than the child may take, and looks at its memory meanwhile.

use std::io::{self, Read, Write};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use super::frame::Hasty;
use super::guard::Guard;
use super::spin::Spin;
use super::sys;

/// How long it waits before it looks whether it waits for too long.
const LOOK: Duration = Duration::from_millis(1);

/// A channel whose reads and writes end when the guard says so.
pub(super) struct ParentChannel {
    stream: UnixStream,
    spin: Spin,
    guard: Arc<Guard>,
    /// It reads what is there and writes what there is room for, and waits for nothing.
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

    /// Waits until something can be read here, or written, but not for long: the guard is to look meanwhile.
    pub(super) fn wait_for_both(&self) -> io::Result<()> {
        self.looked(sys::wait_for_any(&[(self.stream.as_fd(), libc::POLLIN | libc::POLLOUT)], LOOK)?)
    }

    /// The same until something can be written.
    pub(super) fn wait_for_room(&self) -> io::Result<()> {
        self.looked(sys::wait_for_any(&[(self.stream.as_fd(), libc::POLLOUT)], LOOK)?)
    }

    fn looked(&self, is_ready: bool) -> io::Result<()> {
        if is_ready { Ok(()) } else { self.guard.look() }
    }
}

/// Does it again, as long as the guard has nothing against it.
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
