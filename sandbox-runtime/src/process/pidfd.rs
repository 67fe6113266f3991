//! A child of this process, held by a descriptor: signals, limits and reaping.
//!
//! All other code reaches the process through [`Pid`].
//!
//! A number becomes another process's once its child has been reaped. An application that waits for all its children reaps
//! ours. A descriptor (`pidfd_open`, Linux 5.3; `waitid` takes it since 5.4) stands for one process for ever. Where the
//! kernel has none, or a filter around this process forbids it, the number is used. Then no other code may reap our
//! children.

#![expect(unsafe_code, reason = "calls of the system")]

#[cfg(target_os = "linux")]
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use std::{io, mem};

use super::sys::{again, checked};

/// How a process ended, and its CPU time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) cpu: Duration,
}

/// A child that was started by this process.
#[derive(Debug)]
pub(super) struct Pid {
    number: u32,
    #[cfg(target_os = "linux")]
    descriptor: Option<OwnedFd>,
}

impl Pid {
    /// The child with this number. Call it right after the start.
    pub(super) fn of(number: u32) -> Self {
        Self {
            number,
            #[cfg(target_os = "linux")]
            descriptor: linux::open(number).ok(),
        }
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Sends `SIGKILL`, unless the child has been reaped.
    pub(super) fn kill(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(descriptor) = &self.descriptor {
            return linux::signal(descriptor, libc::SIGKILL);
        }
        let number = libc::pid_t::try_from(self.number).map_err(|_| io::ErrorKind::InvalidInput)?;
        // SAFETY: no memory is involved. The header says whose number it is.
        checked(unsafe { libc::kill(number, libc::SIGKILL) }).map(drop)
    }

    /// Waits for its end and reaps it. Without `waits`, returns at once when it has not ended.
    pub(super) fn reap(&self, waits: bool) -> io::Result<Option<Ended>> {
        #[cfg(target_os = "linux")]
        if let Some(descriptor) = &self.descriptor {
            match again(|| linux::reap(descriptor, waits)) {
                // Linux 5.3 has such descriptors, and no wait for them.
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
                ended => return ended,
            }
        }
        again(|| by_number(self.number, waits))
    }

    /// Waits at most this long for its end, without reaping it.
    pub(super) fn wait(&self, most: Duration, has_ended: impl Fn() -> bool) {
        let end = Instant::now() + most;
        while !has_ended() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.wait_once(left);
        }
    }

    fn wait_once(&self, most: Duration) {
        const MOMENT: Duration = Duration::from_millis(1);
        #[cfg(target_os = "linux")]
        if let Some(descriptor) = &self.descriptor {
            // At least a millisecond, which is the unit of the call.
            _ = super::sys::wait_for_any(&[(descriptor.as_fd(), libc::POLLIN)], most.max(MOMENT));
            return;
        }
        std::thread::sleep(most.min(MOMENT));
    }

    /// An error if the child has been reaped, as far as this process can tell.
    pub(super) fn is_ours(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(descriptor) = &self.descriptor {
            return linux::signal(descriptor, 0);
        }
        Ok(())
    }

    /// Lowers the limit of a resource, for good.
    ///
    /// No such system call takes a descriptor. So the child is checked before and after: it had its number all the while.
    #[cfg(target_os = "linux")]
    pub(super) fn limit(&self, resource: Resource, most: u64) -> io::Result<()> {
        self.is_ours()?;
        let number = libc::pid_t::try_from(self.number).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: a null pointer, which asks only, and one to a variable of this frame.
        checked(unsafe { libc::prlimit(number, resource, std::ptr::null(), &raw mut limit) })?;
        // The limit may be lower already.
        let least = most.min(limit.rlim_max);
        limit = libc::rlimit { rlim_cur: least.min(limit.rlim_cur), rlim_max: least };
        // SAFETY: a pointer to a variable of this frame, and a null pointer.
        checked(unsafe { libc::prlimit(number, resource, &raw const limit, std::ptr::null_mut()) })?;
        self.is_ours()
    }
}

/// The type of a resource, which differs between C libraries.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(all(target_os = "linux", not(target_env = "gnu")))]
type Resource = libc::c_int;

fn by_number(number: u32, waits: bool) -> io::Result<Option<Ended>> {
    let flags = if waits { 0 } else { libc::WNOHANG };
    let number = libc::pid_t::try_from(number).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut status = 0;
    // SAFETY: the fields are numbers, and zero is valid for them.
    let mut usage = unsafe { mem::zeroed::<libc::rusage>() };
    // SAFETY: both pointers are to variables of this frame.
    match unsafe { libc::wait4(number, &raw mut status, flags, &raw mut usage) } {
        0 => Ok(None),
        got if got == number => Ok(Some(Ended { status: ExitStatus::from_raw(status), cpu: cpu(&usage) })),
        _ => Err(io::Error::last_os_error()),
    }
}

fn cpu(usage: &libc::rusage) -> Duration {
    let time = |time: libc::timeval| {
        let micros = u64::try_from(time.tv_usec).unwrap_or_default();
        Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or_default()) + Duration::from_micros(micros)
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::FromRawFd as _;

    use super::*;

    pub(super) fn open(number: u32) -> io::Result<OwnedFd> {
        // SAFETY: numbers.
        let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, number, 0) };
        let descriptor = libc::c_int::try_from(descriptor).unwrap_or(-1);
        checked(descriptor)?;
        // SAFETY: the call above opened it, it closes on exec, and it has no other owner.
        Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
    }

    /// Sends a signal. Signal 0 only checks that the process has not been reaped.
    pub(super) fn signal(descriptor: &OwnedFd, signal: libc::c_int) -> io::Result<()> {
        let (descriptor, none) = (descriptor.as_raw_fd(), std::ptr::null::<libc::siginfo_t>());
        // SAFETY: numbers, and a null pointer, for which the kernel fills in the fields that `kill` does.
        match unsafe { libc::syscall(libc::SYS_pidfd_send_signal, descriptor, signal, none, 0) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    pub(super) fn reap(descriptor: &OwnedFd, waits: bool) -> io::Result<Option<Ended>> {
        let flags = libc::WEXITED | if waits { 0 } else { libc::WNOHANG };
        // SAFETY: both have numbers, and unions of numbers and pointers, for which zero is valid.
        let (mut how, mut usage) =
            unsafe { (mem::zeroed::<libc::siginfo_t>(), mem::zeroed::<libc::rusage>()) };
        // The function of the C library lacks the last argument. SAFETY: both pointers are to variables of this frame, of
        // the types that the kernel writes.
        let got = unsafe {
            let (how, usage) = (&raw mut how, &raw mut usage);
            libc::syscall(libc::SYS_waitid, libc::P_PIDFD, descriptor.as_raw_fd(), how, flags, usage)
        };
        if got == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has filled in the fields of a child's end, or zeros without one.
        let (process, status) = unsafe { (how.si_pid(), how.si_status()) };
        if process == 0 {
            return Ok(None);
        }
        // In the form of `wait4`: the code in the second byte, or the signal in the first, with a flag for a core dump.
        let status = match how.si_code {
            libc::CLD_EXITED => (status & 0xff) << 8,
            libc::CLD_DUMPED => status | 0x80,
            _ => status,
        };
        Ok(Some(Ended { status: ExitStatus::from_raw(status), cpu: cpu(&usage) }))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A child that waits until its standard input ends.
    fn start() -> Child {
        Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts")
    }

    #[test]
    #[expect(clippy::zombie_processes, reason = "what is tested reaps them")]
    fn ends_are_told_as_they_were() {
        for by_number in [false, true] {
            let of = |child: &Child| Pid { descriptor: None, ..Pid::of(child.id()) };
            let pid = |child: &Child| if by_number { of(child) } else { Pid::of(child.id()) };
            let mut child = start();
            let process = pid(&child);
            assert!(process.reap(false).expect("it can be looked at").is_none());
            drop(child.stdin.take());
            let ended = process.reap(true).expect("it has ended").expect("it is waited for");
            assert_eq!(ended.status.code(), Some(0), "{by_number}");
            let child = start();
            let process = pid(&child);
            process.kill().expect("it lives");
            let ended = process.reap(true).expect("it has ended").expect("it is waited for");
            assert_eq!(ended.status.signal(), Some(libc::SIGKILL), "{by_number}");
            let error = process.reap(true).expect_err("there is no such child any more");
            assert_eq!(error.raw_os_error(), Some(libc::ECHILD));
        }
    }

    #[test]
    fn whoever_has_the_number_by_now_is_left_alone() {
        let (mut gone, mut other) = (start(), start());
        // The state after an application has reaped all its children, and the kernel has given the number to another.
        let process = Pid { number: other.id(), ..Pid::of(gone.id()) };
        gone.kill().expect("it lives");
        gone.wait().expect("it is a child");
        assert_eq!(process.kill().expect_err("it is gone").raw_os_error(), Some(libc::ESRCH));
        let limited = process.limit(libc::RLIMIT_DATA, 0).expect_err("it is gone");
        assert_eq!(limited.raw_os_error(), Some(libc::ESRCH));
        assert!(process.reap(false).is_err());
        assert!(other.try_wait().expect("it is a child").is_none(), "it goes on");
        other.kill().expect("it lives");
        other.wait().expect("it is a child");
    }
}
