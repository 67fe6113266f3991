//! The clock of limits and bills. The clock begins near the start of the process.
//!
//! The watchdog, the meter and the sites read it on any thread. [`calibrate`] is for the watchdog's thread alone.
//!
//! A call reads the clock twice, and the system's clock would be a tenth of a short call. Some systems tell the time by the
//! processor's time stamp counter. There this clock reads the counter as well, once its rate has been measured against the
//! system's clock ([`calibrate`]). From then on the two clocks can differ: NTP slews the system's clock, by at most 0.05 %.

use crate::time::{Deadline, Nanos, Timestamp};
use std::sync::OnceLock;
use std::time::Instant;

/// The time.
#[inline]
pub(crate) fn now() -> Timestamp {
    counter::now().unwrap_or_else(by_the_system)
}

/// The deadline of a caller that waits until an instant. An interruption of this thread between the two readings makes the
/// result too late, and never too early.
pub(crate) fn deadline(instant: Instant) -> Deadline {
    let here = Instant::now();
    let now = now();
    match instant.checked_duration_since(here) {
        Some(left) => Deadline::after(now, Nanos::of(left)),
        None => Deadline::at(now.saturating_sub(Nanos::of(here.duration_since(instant)))),
    }
}

/// The instant of a time.
pub(crate) fn instant(at: Timestamp) -> Instant {
    Instant::now() + at.since(now()).duration()
}

#[cold]
fn by_the_system() -> Timestamp {
    Timestamp::new(Nanos::of(start().elapsed()))
}

fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// Measures the counter's rate, once enough time has passed since the first call. One thread calls this, now and then.
pub(crate) fn calibrate() {
    counter::calibrate();
}

/// Uses the system's clock for the rest of this process, although a reading takes longer. Counts of instructions need this,
/// because they must be equal on every machine. Does nothing once a sandbox was started.
pub fn by_the_system_only() {
    counter::distrust();
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod counter {
    use super::Timestamp;

    #[inline]
    pub(super) fn now() -> Option<Timestamp> {
        None
    }

    pub(super) fn calibrate() {}

    pub(super) fn distrust() {}
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod counter {
    use std::arch::x86_64::_rdtsc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::{Instant, Nanos, OnceLock, Timestamp, by_the_system};

    /// A reading of the system's clock is off by less than a microsecond, so the rate is by less than 1 in 10^5.
    const MEASURED: Duration = Duration::from_millis(100);

    /// Nanoseconds of 2^32 steps; 0 until the rate is measured, or when the counter is not trusted.
    static RATE: AtomicU64 = AtomicU64::new(0);
    /// The counter's value at the time 0.
    static ZERO: AtomicU64 = AtomicU64::new(0);
    /// Both clocks when the measurement began; `None` when the counter is not trusted.
    static FIRST: OnceLock<Option<(Instant, u64)>> = OnceLock::new();

    #[inline]
    fn read() -> u64 {
        // SAFETY: every processor of this architecture has it. A process that has forbidden it to itself (`PR_SET_TSC`) cannot ask for
        // the system's time either, where the kernel's source is the counter, and elsewhere this is not called.
        unsafe { _rdtsc() }
    }

    #[inline]
    pub(super) fn now() -> Option<Timestamp> {
        match RATE.load(Ordering::Acquire) {
            0 => None,
            rate => {
                let steps = read().wrapping_sub(ZERO.load(Ordering::Relaxed));
                Some(Timestamp::new(Nanos::new(scaled(steps, rate))))
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "2^64 nanoseconds are 584 years")]
    #[inline]
    fn scaled(steps: u64, rate: u64) -> u64 {
        ((u128::from(steps) * u128::from(rate)) >> 32) as u64
    }

    /// Whether the counter has one rate on all processors. The kernel tests this before it uses the counter as its own
    /// clock.
    fn is_trusted() -> bool {
        const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        std::fs::read_to_string(SOURCE).is_ok_and(|source| source.trim() == "tsc")
    }

    /// A reading of both clocks at one moment: of several readings, the one that took the least time.
    fn both() -> (Instant, u64) {
        let reading = |_| {
            let before = read();
            let instant = Instant::now();
            let after = read();
            (after.wrapping_sub(before), instant, before.wrapping_add(after.wrapping_sub(before) / 2))
        };
        let best = (0..8).map(reading).min_by_key(|(took, ..)| *took);
        best.map_or_else(|| (Instant::now(), read()), |(_, instant, steps)| (instant, steps))
    }

    pub(super) fn distrust() {
        _ = FIRST.set(None);
    }

    pub(super) fn calibrate() {
        let Some((started, first)) = *FIRST.get_or_init(|| is_trusted().then(both)) else { return };
        if RATE.load(Ordering::Relaxed) != 0 || started.elapsed() < MEASURED {
            return;
        }
        let (instant, steps) = both();
        let taken = u128::from(Nanos::of(instant.duration_since(started)).get());
        let Ok(rate) = u64::try_from((taken << 32) / u128::from(steps.wrapping_sub(first).max(1))) else {
            return;
        };
        // The counter continues from the time of the system's clock.
        let so_far =
            (u128::from(by_the_system().since(Timestamp::START).get()) << 32) / u128::from(rate.max(1));
        ZERO.store(read().wrapping_sub(u64::try_from(so_far).unwrap_or(0)), Ordering::Relaxed);
        RATE.store(rate, Ordering::Release);
    }

    #[cfg(test)]
    mod tests {
        use super::super::{calibrate, now};
        use super::*;

        #[test]
        fn the_counter_goes_on_where_the_systems_clock_was_and_at_its_rate() {
            // One reading before and one after, so a wait of this thread for a processor does not matter.
            let outer = Instant::now();
            let before = now();
            let inner = Instant::now();
            while RATE.load(Ordering::Relaxed) == 0 && is_trusted() {
                calibrate();
                std::thread::yield_now();
            }
            let least = Nanos::of(inner.elapsed()).get();
            let spent = now().since(before).get();
            let most = Nanos::of(outer.elapsed()).get();
            let apart = |part: u64| part + part / 1000 + 200_000;
            assert!(least <= apart(spent) && spent <= apart(most), "{least} <= {spent} <= {most}");
        }

        #[test]
        fn steps_become_nanoseconds() {
            assert_eq!(scaled(3_000_000_000, (1 << 32) / 3), 999_999_999);
            assert_eq!(scaled(u64::MAX, 1 << 32), u64::MAX);
        }
    }
}
