//! The clock of the CPU time of one thread, which any thread of the process can read. Time in which the thread waits is
//! not on it.

use std::time::Duration;

/// Lets this thread have the processor only when no other of the system wants it much, where the system allows that.
#[cfg(target_os = "linux")]
pub(crate) fn yield_to_others() {
    let parameters = libc::sched_param { sched_priority: 0 };
    // With this policy, and not with the least priority of the ordinary one, a thread is interrupted at once for any other.
    // SAFETY: the pointer is to a local variable. 0 is the calling thread, which may always take this policy.
    if unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameters) } != 0 {
        tracing::warn!("the priority of a thread for slow tenants cannot be lowered");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn yield_to_others() {}

/// The CPU clock of the thread that made it.
#[derive(Clone, Copy)]
pub(super) struct CpuClock(#[cfg(target_os = "linux")] libc::clockid_t);

#[cfg(target_os = "linux")]
impl CpuClock {
    /// The clock of this thread; `None` where threads have none.
    pub(super) fn of_this_thread() -> Option<Self> {
        let mut clock = 0;
        // SAFETY: the thread is this one, so it lives, and the pointer is to a local variable.
        let failed = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) };
        (failed == 0).then_some(Self(clock))
    }

    /// What the thread has used since it began; `None` once it has ended.
    pub(super) fn read(self) -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a local variable. A clock of a thread that has ended is an error and no more.
        let failed = unsafe { libc::clock_gettime(self.0, &raw mut time) };
        let (seconds, nanos) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
        (failed == 0).then(|| Duration::new(seconds, nanos))
    }
}

#[cfg(not(target_os = "linux"))]
impl CpuClock {
    pub(super) fn of_this_thread() -> Option<Self> {
        None
    }

    pub(super) fn read(self) -> Option<Duration> {
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
        while clock.read().expect("the thread lives") < before + Duration::from_millis(2) {}
        let other =
            std::thread::spawn(CpuClock::of_this_thread).join().expect("no panic").expect("Linux has one");
        assert!(other.read().is_none_or(|used| used < before + Duration::from_secs(1)));
    }
}
