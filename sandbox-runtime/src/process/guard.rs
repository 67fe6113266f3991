//! What a child is held to: time, CPU time and memory, as the kernel tells them of it.
//!
//! Its memory is all that the machine has less of because of it: resident and swapped pages, page tables, and the windows, which keep
//! what was written to them when the child has dropped its pages. Page tables are not resident memory to the kernel, and a read of
//! one byte in each 2 MiB of reserved addresses makes 4 KiB of them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::pidfd::Pid;
use super::spin::MOMENT;
use super::sys;
use super::wire::Window;
use crate::error::Death;
use crate::isolate::clock;
use crate::time::{AtomicTime, CpuTime, Deadline, Nanos, Timestamp};

/// How many threads of an engine compute during a call, at most: the guest's, and those that compile for it.
const THREADS: u64 = 4;

/// What a child is held to.
pub(super) struct Guard {
    /// When the call has to be over.
    end: AtomicTime<Deadline>,
    /// CPU time for calls that are over.
    allowed: AtomicTime<Nanos>,
    /// CPU time that is on a bill, or on nobody's.
    paid: AtomicTime<Nanos>,
    /// Bytes of memory that it may have.
    memory: u64,
    /// How many it had, when it had most of those times that somebody looked.
    peak: AtomicU64,
    /// The CPU time that all its threads together may have had.
    cpu_end: AtomicTime<Deadline<CpuTime>>,
    status: Option<File>,
    stat: Option<File>,
    /// Memory that the child has together with this process.
    windows: Vec<Arc<dyn Window>>,
    /// Why it is to be killed.
    verdict: Mutex<Option<Death>>,
}

impl Guard {
    pub(super) fn new(pid: &Pid, memory: u64, windows: Vec<Arc<dyn Window>>) -> Arc<Self> {
        // That of another namespace of processes has other numbers.
        let own = std::fs::read_link("/proc/self")
            .is_ok_and(|own| own.as_os_str() == std::process::id().to_string().as_str());
        let open = |what: &str| {
            let file = own.then(|| File::open(format!("/proc/{}/{what}", pid.number())).ok()).flatten();
            // Opened, it is of one process for ever. This one, if that has its number still.
            file.filter(|_| pid.is_ours().is_ok())
        };
        let (status, stat) = (open("status"), open("stat"));
        let (end, cpu_end) = (AtomicTime::new(Deadline::NEVER), AtomicTime::new(Deadline::NEVER));
        let (allowed, paid) = (AtomicTime::default(), AtomicTime::default());
        let (peak, verdict) = (AtomicU64::new(0), Mutex::default());
        Arc::new(Self { end, allowed, paid, memory, peak, cpu_end, status, stat, windows, verdict })
    }

    pub(super) fn until(&self, end: Deadline) {
        self.end.store(end, Ordering::Relaxed);
    }

    /// Has it be over then at the earliest.
    pub(super) fn until_at_least(&self, end: Deadline) {
        self.until(self.end().max(end));
    }

    /// Has it have so long from now on, at the least.
    pub(super) fn for_at_least(&self, time: Duration) {
        self.until_at_least(Deadline::after(clock::now(), Nanos::of(time)));
    }

    /// A call is over that has taken so long.
    pub(super) fn called(&self, took: Nanos) {
        self.until(Deadline::NEVER);
        self.allowed
            .fetch_add(took.saturating_mul(THREADS).saturating_add(Nanos::of(MOMENT)), Ordering::Relaxed);
    }

    /// The CPU time that it may have had for its calls so far.
    pub(super) fn allowed_cpu(&self) -> Duration {
        self.allowed.load(Ordering::Relaxed).duration()
    }

    /// So much of its CPU time is on a bill, or on nobody's.
    pub(super) fn paid(&self, cpu: Nanos) {
        self.paid.fetch_add(cpu, Ordering::Relaxed);
    }

    /// What is on no bill of the CPU time that it had in all.
    pub(super) fn unpaid(&self, cpu: Duration) -> Duration {
        cpu.saturating_sub(self.paid.load(Ordering::Relaxed).duration())
    }

    pub(super) fn end(&self) -> Deadline {
        self.end.load(Ordering::Relaxed)
    }

    pub(super) fn condemn(&self, death: Death) {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(death);
    }

    pub(super) fn verdict(&self) -> Option<Death> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The memory that it has, in bytes; where the system does not say, 0.
    pub(super) fn resident(&self) -> u64 {
        self.memory().unwrap_or_default()
    }

    /// The same; `None` where the system does not say.
    fn memory(&self) -> Option<u64> {
        let [own, file, shared, swapped, tables] =
            self.status([b"RssAnon:", b"RssFile:", b"RssShmem:", b"VmSwap:", b"VmPTE:"])?;
        let resident = own + file + shared;
        // The pages of the windows that it has in its own tables are shared ones.
        let windows = self.windows.iter().map(|window| window.held()).sum::<u64>();
        let held = match resident {
            // It ends, or hides. Its windows may still be there.
            0 => 0,
            _ => own + file + shared.max(windows) + swapped + tables,
        };
        self.peak.fetch_max(held, Ordering::Relaxed);
        Some(held)
    }

    /// Numbers of `/proc/<pid>/status`, in bytes; 0 where there is none. A name of its own that has an end of a line is escaped there.
    fn status<const N: usize>(&self, names: [&[u8]; N]) -> Option<[u64; N]> {
        let status = contents(self.status.as_ref())?;
        let mut numbers = [0; N];
        for line in status.split(|byte| *byte == b'\n') {
            let named = names.iter().zip(&mut numbers).find(|(name, _)| line.starts_with(name));
            if let Some((name, slot)) = named {
                let digits = line.get(name.len()..)?.trim_ascii().strip_suffix(b" kB")?;
                *slot = number(digits)?.saturating_mul(1024);
            }
        }
        Some(numbers)
    }

    /// Has the kernel refuse the process memory of its own that goes beyond what it may have by a quarter. Says how much it gets.
    ///
    /// What it has is looked at now and then, and a guest may be quick, or the machine slow. This is never late, but it
    /// counts what may be written, used or not (`RLIMIT_DATA`): of V8 150 an empty isolate has 88 MiB, of which 64 MiB are for its
    /// code. So it is set when the sandbox is there, to what that has, and what its memory may grow by.
    ///
    /// `RLIMIT_AS` counts what is reserved, which is 16 GiB for an empty isolate: it bounds no memory, but the tables that addresses
    /// need, to a 512th of them.
    #[cfg(target_os = "linux")]
    pub(super) fn stop_growth(&self, pid: &Pid) -> io::Result<u64> {
        /// Of what a guest may reserve: some memories of WebAssembly, or one long buffer that can grow.
        const ADDRESSES: u64 = 32 << 30;
        let most = self.memory.saturating_add(self.memory / 4);
        let [data, addresses] = self.status([b"VmData:", b"VmSize:"]).ok_or(io::ErrorKind::NotFound)?;
        let data = data.saturating_add(most.saturating_sub(self.resident()));
        pid.limit(libc::RLIMIT_AS, addresses.saturating_add(ADDRESSES))?;
        pid.limit(libc::RLIMIT_DATA, data).map(|()| data)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn stop_growth(&self, _: &Pid) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// How the process ended that could not have the memory it asked for.
    pub(super) fn refused_memory(&self) -> Death {
        Death::Memory { resident: self.peak.load(Ordering::Relaxed), limit: self.memory }
    }

    /// The CPU time that all its threads have had, to some ten milliseconds; where the system does not say, 0.
    pub(super) fn cpu(&self) -> Duration {
        let ticks = self.stat([11, 12]).map_or(0, |[user, system]| user.saturating_add(system));
        Duration::from_millis(ticks.saturating_mul(1000) / sys::ticks())
    }

    fn cpu_clock(&self) -> Timestamp<CpuTime> {
        Timestamp::new(Nanos::of(self.cpu()))
    }

    /// Numbers of `/proc/<pid>/stat`, counted from what follows the name.
    fn stat<const N: usize>(&self, which: [usize; N]) -> Option<[u64; N]> {
        let stat = contents(self.stat.as_ref())?;
        // The name, in parentheses, may hold anything, which need not be text.
        let end = stat.iter().rposition(|byte| *byte == b')')?;
        let words = stat.get(end + 2..)?.split(|byte| *byte == b' ').collect::<Vec<_>>();
        let mut numbers = [0; N];
        for (slot, nth) in numbers.iter_mut().zip(which) {
            *slot = number(words.get(nth)?)?;
        }
        Some(numbers)
    }

    /// Whether it has more threads than an engine has. It is to be killed then.
    pub(super) fn has_many_threads(&self) -> bool {
        /// Of V8, one for each processor at the most, and some.
        const MOST: u64 = 64;
        let most = MOST.max(4 * std::thread::available_parallelism().map_or(0, |count| count.get() as u64));
        let has_many = self.stat([17]).is_some_and(|[threads]| threads > most);
        if has_many {
            self.condemn(Death::Protocol { reason: "more threads than an engine has".into() });
        }
        has_many
    }

    /// Lets it have so much CPU time from now on.
    pub(super) fn allow_cpu(&self, more: Option<Duration>) {
        let end = more.map_or(Deadline::NEVER, |more| Deadline::after(self.cpu_clock(), Nanos::of(more)));
        self.cpu_end.store(end, Ordering::Relaxed);
    }

    /// Lets it have so much more than it was let have before.
    pub(super) fn allow_more_cpu(&self, more: Option<Duration>) {
        let before = self.cpu_end.load(Ordering::Relaxed);
        let end = more.map_or(Deadline::NEVER, |more| before.extended(Nanos::of(more)));
        self.cpu_end.store(end, Ordering::Relaxed);
    }

    /// Lets it have what it takes to write, or to read, a frame of so many bytes: that is on nobody's bill, and may be much for a guest that
    /// often waits for the host.
    pub(super) fn allow_frame(&self, bytes: usize) {
        /// Of a build that is not optimised, on a slow machine.
        const FRAME: u64 = 200_000;
        const BYTE: u64 = 20;
        if !self.cpu_end.load(Ordering::Relaxed).is_never() {
            self.allow_more_cpu(Some(Duration::from_nanos(FRAME + BYTE * bytes as u64)));
        }
    }

    /// Whether it has more memory than it may, or is such that nobody can tell. It is to be killed then.
    pub(super) fn exceeds(&self) -> bool {
        let Some(resident) = self.memory() else { return false };
        if resident > self.memory {
            self.condemn(Death::Memory { resident, limit: self.memory });
        } else if resident == 0 && self.is_hidden() {
            self.condemn(Death::Protocol { reason: "the end of its first thread, and not of others".into() });
        } else {
            return false;
        }
        true
    }

    /// Whether what it has cannot be seen, for its first thread has ended and others go on. Not that of a process which is ending.
    #[cold]
    fn is_hidden(&self) -> bool {
        /// How long a process may take to end, in looks.
        const LOOKS: u32 = 50;
        (0..LOOKS).all(|look| {
            if look > 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            self.memory() == Some(0) && self.stat([17]).is_some_and(|[threads]| threads > 1)
        })
    }

    /// Whether it has had its time. It is to be killed then.
    pub(super) fn is_over(&self) -> bool {
        let cpu_end = self.cpu_end.load(Ordering::Relaxed);
        // The kernel is asked for the CPU time only where that matters.
        let is_over =
            self.end().is_over(clock::now()) || (!cpu_end.is_never() && cpu_end.is_over(self.cpu_clock()));
        if is_over {
            self.condemn(Death::Overdue);
        }
        is_over
    }

    pub(super) fn look(&self) -> io::Result<()> {
        match self.exceeds() || self.is_over() || self.verdict().is_some() {
            true => Err(io::Error::other("the child is to be killed")),
            false => Ok(()),
        }
    }
}

/// A file of the kernel's about a process, as it is now.
fn contents(file: Option<&File>) -> Option<Vec<u8>> {
    /// As much as such a file has, unless its user is of hundreds of groups.
    const USUAL: usize = 4096;
    let (file, mut contents) = (file?, vec![0; USUAL]);
    loop {
        // In one go, so that all of it is of one moment.
        let read = file.read_at(&mut contents, 0).ok()?;
        if read < contents.len() {
            contents.truncate(read);
            return Some(contents);
        }
        contents.resize(contents.len().checked_mul(4)?, 0);
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.trim_end().parse().ok()
}
