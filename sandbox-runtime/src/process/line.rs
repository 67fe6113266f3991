//! The parent's end of a channel: it waits no longer than the child may take, and looks at its memory meanwhile.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::spin::Spin;
use super::sys;
use crate::error::Death;
use crate::isolate::clock;
use crate::isolate::meter::nanos;

/// How long it waits before it looks whether it waits for too long.
const LOOK: Duration = Duration::from_millis(1);

/// What a child is held to.
pub(super) struct Guard {
    /// When the call has to be over; `u64::MAX` for never.
    end: AtomicU64,
    /// Bytes of memory that may be resident.
    memory: u64,
    /// The CPU time that all its threads together may have had, in nanoseconds; `u64::MAX` for any.
    cpu_end: AtomicU64,
    statm: Option<File>,
    stat: Option<File>,
    /// Why it is to be killed.
    verdict: Mutex<Option<Death>>,
}

impl Guard {
    pub(super) fn new(pid: u32, memory: u64) -> Arc<Self> {
        // That of another namespace of processes has other numbers.
        let own = std::fs::read_link("/proc/self")
            .is_ok_and(|own| own.as_os_str() == std::process::id().to_string().as_str());
        let open = |what: &str| own.then(|| File::open(format!("/proc/{pid}/{what}")).ok()).flatten();
        let (statm, stat) = (open("statm"), open("stat"));
        let [end, cpu_end] = [(); 2].map(|()| AtomicU64::new(u64::MAX));
        Arc::new(Self { end, memory, cpu_end, statm, stat, verdict: Mutex::default() })
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
        let pages = text(self.statm.as_ref()).and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
        pages.unwrap_or_default().saturating_mul(sys::page_size())
    }

    /// The CPU time that all its threads have had, to some ten milliseconds; where the system does not say, 0.
    pub(super) fn cpu(&self) -> Duration {
        // Its name, in parentheses, may hold anything.
        let times = text(self.stat.as_ref()).and_then(|text| {
            let mut words = text.rsplit_once(") ")?.1.split(' ').skip(11);
            Some(words.next()?.parse::<u64>().ok()? + words.next()?.parse::<u64>().ok()?)
        });
        Duration::from_millis(times.unwrap_or_default().saturating_mul(1000) / sys::ticks())
    }

    /// Lets it have so much CPU time from now on.
    pub(super) fn allow_cpu(&self, more: Option<Duration>) {
        let end = more.map_or(u64::MAX, |more| nanos(self.cpu().saturating_add(more)));
        self.cpu_end.store(end, Ordering::Relaxed);
    }

    /// Whether it has more memory than it may. It is to be killed then.
    pub(super) fn exceeds(&self) -> bool {
        let resident = self.resident();
        let exceeds = resident > self.memory;
        if exceeds {
            self.condemn(Death::Memory { resident, limit: self.memory });
        }
        exceeds
    }

    /// Whether it has had its time. It is to be killed then.
    pub(super) fn is_over(&self) -> bool {
        let cpu_end = self.cpu_end.load(Ordering::Relaxed);
        let is_over = clock::now() >= self.end() || (cpu_end < u64::MAX && nanos(self.cpu()) >= cpu_end);
        if is_over {
            self.condemn(Death::Overdue);
        }
        is_over
    }

    fn look(&self) -> io::Result<()> {
        match self.exceeds() || self.is_over() || self.verdict().is_some() {
            true => Err(io::Error::other("the child is to be killed")),
            false => Ok(()),
        }
    }
}

/// A file of the kernel's about a process, as it is now.
fn text(file: Option<&File>) -> Option<String> {
    let mut text = [0; 1024];
    let read = file?.read_at(&mut text, 0).ok()?;
    std::str::from_utf8(text.get(..read)?).ok().map(str::to_owned)
}

/// A channel whose reads and writes end when the guard says so.
pub(super) struct Line {
    stream: UnixStream,
    spin: Spin,
    guard: Arc<Guard>,
}

impl Line {
    /// Both directions.
    pub(super) fn pair(stream: UnixStream, guard: &Arc<Guard>) -> io::Result<(Self, Self)> {
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(LOOK))?;
        let other = stream.try_clone()?;
        let line = |stream| Self { stream, spin: Spin::new(), guard: guard.clone() };
        Ok((line(stream), line(other)))
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

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { stream, spin, guard } = self;
        spin.read(stream, buffer, |buffer| patiently(guard, || (&*stream).read(buffer)))
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        patiently(&self.guard, || (&self.stream).write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
