//! The clock of the CPU time of one thread, which any thread of the process can read.
//!
//! Time in which the thread waits does not count. The watchdog reads the clocks of isolates' threads. Only Linux has such
//! clocks.

#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use crate::time::Nanos;
use crate::time::{CpuTime, Timestamp};

/// Gives this thread the lowest scheduling class, so that it runs when no other thread of the system wants the processor.
/// Does nothing where the system has no such class.
#[cfg(target_os = "linux")]
pub(crate) fn yield_to_others() {
    // The kernel's `struct sched_param` is the priority alone.
    let priority: libc::c_int = 0;
    // `SCHED_IDLE` and not the lowest nice value, because any other thread then interrupts this one at once. The system call by its
    // number, because musl's function only fails: POSIX sets the policy of a process, and the kernel that of a thread.
    // SAFETY: the pointer is to a local variable. 0 is the calling thread, which may always take this policy.
    if unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, libc::SCHED_IDLE, &raw const priority) } != 0 {
        tracing::warn!("the thread of slow tenants keeps the normal priority: `SCHED_IDLE` was refused");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn yield_to_others() {}

/// The CPU clock of the thread that made it.
#[derive(Clone, Copy)]
pub(in crate::isolate) struct CpuClock(#[cfg(target_os = "linux")] libc::clockid_t);

#[cfg(target_os = "linux")]
impl CpuClock {
    /// The clock of this thread; `None` where threads have none.
    pub(in crate::isolate) fn of_this_thread() -> Option<Self> {
        let mut clock = 0;
        // SAFETY: the thread is the calling one, so it exists, and the pointer is to a local variable.
        let failed = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) };
        (failed == 0).then_some(Self(clock))
    }

    /// The CPU time of the thread since it began; `None` once the thread has ended.
    pub(in crate::isolate) fn read(self) -> Option<Timestamp<CpuTime>> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a local variable. The clock of an ended thread is an error, or the clock of another thread of this
        // process that got its number.
        let failed = unsafe { libc::clock_gettime(self.0, &raw mut time) };
        let (seconds, nanos) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
        (failed == 0).then(|| Timestamp::new(Nanos::of(Duration::new(seconds, nanos))))
    }
}

#[cfg(not(target_os = "linux"))]
impl CpuClock {
    pub(in crate::isolate) fn of_this_thread() -> Option<Self> {
        None
    }

    pub(in crate::isolate) fn read(self) -> Option<Timestamp<CpuTime>> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_the_threads_own_work_is_on_its_clock() {
        let clock = CpuClock::of_this_thread().expect("Linux has one");
        let before = clock.read().expect("the thread lives");
        while clock.read().expect("the thread lives")
            < before.saturating_add(Nanos::of(Duration::from_millis(2)))
        {}
        let other =
            std::thread::spawn(CpuClock::of_this_thread).join().expect("no panic").expect("Linux has one");
        assert!(
            other.read().is_none_or(|used| used < before.saturating_add(Nanos::of(Duration::from_secs(1))))
        );
    }
}
