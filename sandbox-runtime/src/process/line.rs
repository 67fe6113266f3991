//! The parent's end of a channel: it waits no longer than the child may take, and looks at its memory meanwhile.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::error::Death;
use crate::isolate::clock;

/// How long it waits before it looks whether it waits for too long.
const LOOK: Duration = Duration::from_millis(5);

/// What a child is held to.
pub(super) struct Guard {
    /// When the call has to be over; `u64::MAX` for never.
    end: AtomicU64,
    /// Bytes of memory that may be resident.
    memory: u64,
    peak: AtomicU64,
    statm: Option<File>,
    /// Why it is to be killed.
    verdict: Mutex<Option<Death>>,
}

impl Guard {
    pub(super) fn new(pid: u32, memory: u64) -> Arc<Self> {
        let statm = File::open(format!("/proc/{pid}/statm")).ok();
        let (end, peak) = (AtomicU64::new(u64::MAX), AtomicU64::default());
        Arc::new(Self { end, memory, peak, statm, verdict: Mutex::default() })
    }

    pub(super) fn until(&self, end: u64) {
        self.end.store(end, Ordering::Relaxed);
    }

    pub(super) fn end(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    pub(super) fn condemn(&self, death: Death) {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(death);
    }

    pub(super) fn verdict(&self) -> Option<Death> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has in memory, in bytes; where the system does not say, 0.
    pub(super) fn resident(&self) -> u64 {
        let mut text = [0; 128];
        let read = self.statm.as_ref().and_then(|statm| statm.read_at(&mut text, 0).ok()).unwrap_or_default();
        let pages = std::str::from_utf8(&text[..read])
            .ok()
            .and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
        pages.unwrap_or_default().saturating_mul(4096)
    }

    /// Whether it has had its time. It is to be killed then.
    pub(super) fn is_over(&self) -> bool {
        let is_over = clock::now() >= self.end();
        if is_over {
            self.condemn(Death::Overdue);
        }
        is_over
    }

    fn look(&self) -> io::Result<()> {
        let resident = self.resident();
        self.peak.fetch_max(resident, Ordering::Relaxed);
        if resident > self.memory {
            self.condemn(Death::Memory { resident, limit: self.memory });
        } else {
            self.is_over();
        }
        match self.verdict() {
            Some(_) => Err(io::Error::other("the child is to be killed")),
            None => Ok(()),
        }
    }
}

/// A channel whose reads and writes end when the guard says so.
pub(super) struct Line {
    stream: UnixStream,
    guard: Arc<Guard>,
}

impl Line {
    /// Both directions.
    pub(super) fn pair(stream: UnixStream, guard: &Arc<Guard>) -> io::Result<(Self, Self)> {
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(LOOK))?;
        let other = stream.try_clone()?;
        Ok((Self { stream, guard: guard.clone() }, Self { stream: other, guard: guard.clone() }))
    }

    fn patiently<R>(&self, mut act: impl FnMut(&UnixStream) -> io::Result<R>) -> io::Result<R> {
        loop {
            match act(&self.stream) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    self.guard.look()?;
                }
                done => return done,
            }
        }
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.patiently(|mut stream| stream.read(buffer))
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(|mut stream| stream.write(bytes))
    }

    fn write_vectored(&mut self, bytes: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.patiently(|mut stream| stream.write_vectored(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
