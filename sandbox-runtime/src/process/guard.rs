//! The limits of a child: time, CPU time and memory, as the kernel reports them.
//!
//! A [`Guard`] is the [`Keeper`] of one child's link. The thread of a call, the idle supervisor and the readiness task check
//! it. A violation becomes a verdict, and the child is killed.
//!
//! The memory of a child is all memory that the machine lacks because of it. This includes resident and swapped pages, page
//! tables, and the windows. The windows keep their content when the child has dropped its pages. The kernel does not count
//! page tables as resident. Reading one byte in each 2 MiB of reserved addresses makes 4 KiB of them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::pidfd::Pid;
use super::spin::{MOMENT, SpinTurn};
use super::sys;
use crate::error::Death;
use crate::isolate::clock;
use crate::site::wired::link::{Keeper, PeerLimit, Windows};
use crate::time::{AtomicTime, CpuTime, Deadline, Nanos, Timestamp};

/// The greatest number of an engine's threads that compute during a call: the guest's, and those that compile for it.
const THREADS: u64 = 4;

/// The limits of a child, and the checks of them.
pub(super) struct Guard {
    /// When the calls under way must be over, and why the child must be killed.
    limit: PeerLimit,
    /// The calls under way count for all readers that spin.
    turn: Mutex<Option<SpinTurn>>,
    /// The CPU time of calls that are over.
    allowed: AtomicTime<Nanos>,
    /// The CPU time that is on a bill, or that no bill needs.
    paid: AtomicTime<Nanos>,
    /// The memory limit, in bytes.
    memory: u64,
    /// The greatest memory that was seen, in bytes.
    peak: AtomicU64,
    /// The CPU time that all its threads together may have used.
    cpu_end: AtomicTime<Deadline<CpuTime>>,
    /// When the process must have ended whose memory could not be read.
    hidden_until: AtomicTime<Deadline>,
    status: Option<File>,
    stat: Option<File>,
    /// The memory that the child shares with this process.
    windows: Option<Windows>,
}

impl Guard {
    pub(super) fn new(pid: &Pid, memory: u64, windows: Option<Windows>, end: Deadline) -> Arc<Self> {
        // A `/proc` of another PID namespace has other numbers.
        let own = std::fs::read_link("/proc/self")
            .is_ok_and(|own| own.as_os_str() == std::process::id().to_string().as_str());
        let open = |what: &str| {
            let file = own.then(|| File::open(format!("/proc/{}/{what}", pid.number())).ok()).flatten();
            // An open file stands for one process for ever. The number is checked once more, after the open.
            file.filter(|_| pid.is_ours().is_ok())
        };
        let (status, stat) = (open("status"), open("stat"));
        let (limit, cpu_end) = (PeerLimit::new(end), AtomicTime::new(Deadline::NEVER));
        let (allowed, paid) = (AtomicTime::default(), AtomicTime::default());
        let (peak, turn) = (AtomicU64::new(0), Mutex::default());
        let hidden_until = AtomicTime::new(Deadline::NEVER);
        Arc::new(Self {
            limit,
            turn,
            allowed,
            paid,
            memory,
            peak,
            cpu_end,
            hidden_until,
            status,
            stat,
            windows,
        })
    }

    /// The CPU time that its calls so far allow.
    pub(super) fn allowed_cpu(&self) -> Duration {
        self.allowed.load(Ordering::Relaxed).duration()
    }

    /// The part of its total CPU time that is on no bill.
    pub(super) fn unpaid(&self, cpu: Duration) -> Duration {
        cpu.saturating_sub(self.paid.load(Ordering::Relaxed).duration())
    }

    /// The memory in bytes; `None` where the system does not report it.
    fn memory(&self) -> Option<u64> {
        let [own, file, shared, swapped, tables] =
            self.status([b"RssAnon:", b"RssFile:", b"RssShmem:", b"VmSwap:", b"VmPTE:"])?;
        let resident = own + file + shared;
        // In its page tables, the pages of the windows count as shared.
        let windows = self.windows.as_ref().map_or(0, |both| both.to_peer.held() + both.to_host.held());
        let held = match resident {
            // The process is ending, or hides its memory. Its windows may still have memory.
            0 => 0,
            _ => own + file + shared.max(windows) + swapped + tables,
        };
        self.peak.fetch_max(held, Ordering::Relaxed);
        Some(held)
    }

    /// Numbers of `/proc/<pid>/status`, in bytes; 0 for a missing one. The kernel escapes line breaks in a process's name
    /// there.
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

    /// Sets the kernel's limit of the process's own memory, a quarter above its memory limit. Returns the limit in bytes.
    ///
    /// The other checks happen at intervals, and a guest may be quicker, or the machine slow. The kernel's limit is never
    /// late. But `RLIMIT_DATA` counts memory that may be written, used or not. An empty isolate of V8 150 has 88 MiB of it,
    /// of which 64 MiB are for code. So the limit is set once the sandbox exists, to its current amount and the growth that
    /// is allowed.
    ///
    /// `RLIMIT_AS` counts reserved addresses, which are 16 GiB for an empty isolate. That limit bounds page tables, to a
    /// 512th of the addresses.
    #[cfg(target_os = "linux")]
    pub(super) fn stop_growth(&self, pid: &Pid) -> io::Result<u64> {
        /// Addresses that a guest may reserve: some memories of WebAssembly, or one long resizable buffer.
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

    /// The death of a process whose request for memory was refused.
    pub(super) fn refused_memory(&self) -> Death {
        Death::memory(self.peak.load(Ordering::Relaxed), self.memory)
    }

    /// The CPU time of all its threads, to some ten milliseconds; 0 where the system does not report it.
    pub(super) fn cpu(&self) -> Duration {
        let ticks = self.stat([11, 12]).map_or(0, |[user, system]| user.saturating_add(system));
        Duration::from_millis(ticks.saturating_mul(1000) / sys::ticks())
    }

    fn cpu_clock(&self) -> Timestamp<CpuTime> {
        Timestamp::new(Nanos::of(self.cpu()))
    }

    /// Numbers of `/proc/<pid>/stat`, counted from the field after the name.
    fn stat<const N: usize>(&self, which: [usize; N]) -> Option<[u64; N]> {
        let stat = contents(self.stat.as_ref())?;
        // The name, in parentheses, may have any bytes.
        let end = stat.iter().rposition(|byte| *byte == b')')?;
        let words = stat.get(end + 2..)?.split(|byte| *byte == b' ').collect::<Vec<_>>();
        let mut numbers = [0; N];
        for (slot, nth) in numbers.iter_mut().zip(which) {
            *slot = number(words.get(nth)?)?;
        }
        Some(numbers)
    }

    /// Whether it has more threads than an engine has. If so, the child must be killed.
    pub(super) fn has_many_threads(&self) -> bool {
        /// V8 has at most one for each processor, and some others.
        const MOST: u64 = 64;
        let most = MOST.max(4 * std::thread::available_parallelism().map_or(0, |count| count.get() as u64));
        let has_many = self.stat([17]).is_some_and(|[threads]| threads > most);
        if has_many {
            self.condemn(Death::protocol("more threads than an engine has"));
        }
        has_many
    }

    /// Whether its memory has been hidden for longer than an ending process takes: its first thread has ended, and others go
    /// on.
    ///
    /// The first thread of a process that is killed may end before the others, and a process with much memory takes long on a
    /// machine that computes much else. The checks do not wait for either.
    fn is_hidden(&self, resident: u64) -> bool {
        /// How long an ending process may take.
        const ENDING: Nanos = Nanos::of(Duration::from_secs(2));
        if resident > 0 {
            self.hidden_until.store(Deadline::NEVER, Ordering::Relaxed);
            return false;
        }
        if self.stat([17]).is_none_or(|[threads]| threads < 2) {
            return false;
        }
        let now = clock::now();
        let until = self.hidden_until.load(Ordering::Relaxed);
        if until.is_never() {
            self.hidden_until.store(Deadline::after(now, ENDING), Ordering::Relaxed);
        }
        until.is_over(now)
    }

    /// No call is under way any more, for readers that spin.
    pub(super) fn leaves_turn(&self) {
        self.turn(None);
    }

    fn turn(&self, turn: Option<SpinTurn>) {
        let before = std::mem::replace(&mut *self.turn.lock().unwrap_or_else(PoisonError::into_inner), turn);
        drop(before);
    }
}

impl Keeper for Guard {
    fn limit(&self) -> &PeerLimit {
        &self.limit
    }

    fn begins(&self, cpu: Option<Duration>) {
        self.turn(Some(SpinTurn::begin()));
        let end = cpu.map_or(Deadline::NEVER, |cpu| Deadline::after(self.cpu_clock(), Nanos::of(cpu)));
        self.cpu_end.store(end, Ordering::Relaxed);
        self.windows
            .iter()
            .flat_map(|both| [&both.to_peer, &both.to_host])
            .for_each(|window| window.settle());
    }

    fn allow_more_cpu(&self, more: Option<Duration>) {
        let before = self.cpu_end.load(Ordering::Relaxed);
        let end = more.map_or(Deadline::NEVER, |more| before.extended(Nanos::of(more)));
        self.cpu_end.store(end, Ordering::Relaxed);
    }

    /// A guest that often waits for the host may take long for frames.
    fn allow_frame(&self, bytes: usize) {
        /// For a debug build, on a slow machine.
        const FRAME: u64 = 200_000;
        const BYTE: u64 = 20;
        if !self.cpu_end.load(Ordering::Relaxed).is_never() {
            self.allow_more_cpu(Some(Duration::from_nanos(FRAME + BYTE * bytes as u64)));
        }
    }

    fn called(&self, took: Nanos) {
        self.turn(None);
        self.until(Deadline::NEVER);
        self.allowed
            .fetch_add(took.saturating_mul(THREADS).saturating_add(Nanos::of(MOMENT)), Ordering::Relaxed);
    }

    fn paid(&self, cpu: Nanos) {
        self.paid.fetch_add(cpu, Ordering::Relaxed);
    }

    fn resident(&self) -> u64 {
        self.memory().unwrap_or_default()
    }

    fn memory_limit(&self) -> Option<u64> {
        Some(self.memory)
    }

    /// Also when its memory cannot be read.
    fn exceeds(&self) -> bool {
        let Some(resident) = self.memory() else { return false };
        if resident > self.memory {
            self.condemn(Death::memory(resident, self.memory));
        } else if self.is_hidden(resident) {
            self.condemn(Death::protocol("the end of its first thread while others run"));
        } else {
            return false;
        }
        true
    }

    /// The kernel is asked for the CPU time only if that is limited.
    fn is_over(&self) -> bool {
        let cpu_end = self.cpu_end.load(Ordering::Relaxed);
        let is_over =
            self.end().is_over(clock::now()) || (!cpu_end.is_never() && cpu_end.is_over(self.cpu_clock()));
        if is_over {
            self.condemn(Death::Overdue);
        }
        is_over
    }
}

/// The current content of a kernel's file about a process.
fn contents(file: Option<&File>) -> Option<Vec<u8>> {
    /// The usual size of such a file. Only a user of hundreds of groups makes a longer one.
    const USUAL: usize = 4096;
    let (file, mut contents) = (file?, vec![0; USUAL]);
    loop {
        // One read, so that all numbers are of one moment.
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
