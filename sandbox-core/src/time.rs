//! Times: spans, points on a clock, and deadlines.
//!
//! [`Nanos`] is a span, [`Timestamp`] a point on a clock, and [`Deadline`] such a point or never. Each is one `u64` of nanoseconds,
//! so a call pays nothing for them. Rules:
//!
//! - A point and a span become a point, and two points become a span, by methods alone. Two points have no sum.
//! - The type of a point names its clock. Points of two clocks do not compare; [`Deadline::on_clock`] alone goes from one to the other.
//! - All arithmetic saturates: a span that is too long is the longest, and a deadline that is too late is [`Deadline::NEVER`].
//! - "Never" and "none" have one encoding, `ABSENT`, which this module alone knows.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The encoding of a deadline that never comes, and of a point that there is not. A clock that begins at 0 reads it after 584 years,
/// and it is greater than all other points, so that the earlier one of two deadlines is their minimum.
const ABSENT: u64 = u64::MAX;

/// The clock of this process: `clock::now` of `sandbox-runtime`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProcessClock;

/// The clock that all processes of a system have: `CLOCK_MONOTONIC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SystemClock;

/// The CPU time of one thread, or of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpuTime;

/// A span of time, in nanoseconds.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Nanos(u64);

impl Nanos {
    pub const ZERO: Self = Self(0);
    /// The longest span, 584 years. A limit of [`Duration::MAX`] is it, and no call uses it up.
    pub const MAX: Self = Self(u64::MAX);

    #[inline]
    pub const fn new(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A duration as a span; the longest one for a duration that is longer.
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is the longest span")]
    #[inline]
    pub const fn of(duration: Duration) -> Self {
        let nanos = duration.as_nanos();
        if nanos > u64::MAX as u128 { Self::MAX } else { Self(nanos as u64) }
    }

    /// The number of nanoseconds.
    #[inline]
    pub const fn get(self) -> u64 {
        self.0
    }

    #[inline]
    pub const fn duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub const fn saturating_add(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }

    #[inline]
    pub const fn saturating_sub(self, less: Self) -> Self {
        Self(self.0.saturating_sub(less.0))
    }

    #[inline]
    pub const fn saturating_mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl fmt::Debug for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.duration().fmt(f)
    }
}

/// A point on a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Timestamp<C = ProcessClock>(u64, PhantomData<C>);

impl<C> Timestamp<C> {
    /// Where the clock begins.
    pub const START: Self = Self(0, PhantomData);

    /// The point at which the clock has run for so long.
    #[inline]
    pub const fn new(since_start: Nanos) -> Self {
        Self(since_start.0, PhantomData)
    }

    /// The span from an earlier point to this one; zero when that one is later.
    #[inline]
    pub const fn since(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }

    #[inline]
    pub const fn saturating_add(self, span: Nanos) -> Self {
        Self(self.0.saturating_add(span.0), PhantomData)
    }

    #[inline]
    pub const fn saturating_sub(self, span: Nanos) -> Self {
        Self(self.0.saturating_sub(span.0), PhantomData)
    }
}

impl<C> Default for Timestamp<C> {
    fn default() -> Self {
        Self::START
    }
}

/// When something has to be over: a point on a clock, or never. The earlier one of two is their minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent, bound = "")]
#[repr(transparent)]
pub struct Deadline<C = ProcessClock>(u64, PhantomData<C>);

impl<C: Copy> Deadline<C> {
    pub const NEVER: Self = Self(ABSENT, PhantomData);
    /// A deadline that has passed at any time.
    pub const PASSED: Self = Self(0, PhantomData);

    #[inline]
    pub const fn at(time: Timestamp<C>) -> Self {
        Self(time.0, PhantomData)
    }

    /// The deadline of what begins now, and may take so long.
    #[inline]
    pub const fn after(now: Timestamp<C>, limit: Nanos) -> Self {
        Self::at(now.saturating_add(limit))
    }

    /// The point; `None` for never.
    #[inline]
    pub fn time(self) -> Option<Timestamp<C>> {
        (!self.is_never()).then_some(Timestamp(self.0, PhantomData))
    }

    #[inline]
    pub const fn is_never(self) -> bool {
        self.0 == ABSENT
    }

    #[inline]
    pub const fn is_over(self, now: Timestamp<C>) -> bool {
        self.0 <= now.0
    }

    /// The time left, zero when the deadline has passed; `None` for never.
    #[inline]
    pub fn remaining(self, now: Timestamp<C>) -> Option<Nanos> {
        self.time().map(|time| time.since(now))
    }

    /// The deadline so much later.
    #[inline]
    pub const fn extended(self, span: Nanos) -> Self {
        Self(self.0.saturating_add(span.0), PhantomData)
    }

    /// The deadline on another clock. Neither clock is read for one that never comes.
    pub fn on_clock<D: Copy>(
        self,
        now: impl FnOnce() -> Timestamp<C>,
        there: impl FnOnce() -> Timestamp<D>,
    ) -> Deadline<D> {
        match self.is_never() {
            true => Deadline::NEVER,
            false => Deadline::after(there(), Nanos(self.0.saturating_sub(now().0))),
        }
    }
}

/// A time as one word: in an atomic, and a deadline on the wire.
pub trait Word: Copy {
    fn bits(self) -> u64;
    fn from_bits(bits: u64) -> Self;
}

impl Word for Nanos {
    #[inline]
    fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl<C: Copy> Word for Timestamp<C> {
    #[inline]
    fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    fn from_bits(bits: u64) -> Self {
        Self(bits, PhantomData)
    }
}

impl<C: Copy> Word for Option<Timestamp<C>> {
    #[inline]
    fn bits(self) -> u64 {
        self.map_or(ABSENT, |time| time.0)
    }

    #[inline]
    fn from_bits(bits: u64) -> Self {
        Deadline::from_bits(bits).time()
    }
}

impl<C: Copy> Word for Deadline<C> {
    #[inline]
    fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    fn from_bits(bits: u64) -> Self {
        Self(bits, PhantomData)
    }
}

/// A time that threads share: [`Nanos`], a [`Timestamp`], an optional one, or a [`Deadline`].
#[repr(transparent)]
pub struct AtomicTime<T>(AtomicU64, PhantomData<T>);

impl<T: Word> AtomicTime<T> {
    #[inline]
    pub fn new(time: T) -> Self {
        Self(AtomicU64::new(time.bits()), PhantomData)
    }

    #[inline]
    pub fn load(&self, order: Ordering) -> T {
        T::from_bits(self.0.load(order))
    }

    #[inline]
    pub fn store(&self, time: T, order: Ordering) {
        self.0.store(time.bits(), order);
    }

    #[inline]
    pub fn swap(&self, time: T, order: Ordering) -> T {
        T::from_bits(self.0.swap(time.bits(), order))
    }
}

impl<C: Copy> AtomicTime<Timestamp<C>> {
    /// For a `static`.
    pub const fn at_start() -> Self {
        Self(AtomicU64::new(0), PhantomData)
    }
}

impl<C: Copy> AtomicTime<Option<Timestamp<C>>> {
    /// For a `static`.
    pub const fn none() -> Self {
        Self(AtomicU64::new(ABSENT), PhantomData)
    }

    /// Stores a time, unless there is one.
    pub fn set_if_none(&self, time: Timestamp<C>, order: Ordering) {
        _ = self.0.compare_exchange(ABSENT, time.0, order, order);
    }
}

impl AtomicTime<Nanos> {
    /// For the only thread that writes, or for spans that are far from the longest.
    #[inline]
    pub fn fetch_add(&self, more: Nanos, order: Ordering) {
        self.0.fetch_add(more.0, order);
    }
}

impl<C: Copy> Default for AtomicTime<Option<Timestamp<C>>> {
    fn default() -> Self {
        Self::none()
    }
}

impl Default for AtomicTime<Nanos> {
    fn default() -> Self {
        Self::new(Nanos::ZERO)
    }
}

impl<T: Word + fmt::Debug> fmt::Debug for AtomicTime<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load(Ordering::Relaxed).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(nanos: u64) -> Timestamp {
        Timestamp::new(Nanos::new(nanos))
    }

    #[test]
    fn spans_saturate() {
        assert_eq!(Nanos::of(Duration::MAX), Nanos::MAX);
        assert_eq!(Nanos::of(Duration::from_nanos(u64::MAX)), Nanos::MAX);
        assert_eq!(Nanos::of(Duration::from_micros(3)).get(), 3000);
        assert_eq!(Nanos::of(Duration::from_millis(7)).duration(), Duration::from_millis(7));
        assert_eq!(Nanos::MAX.saturating_add(Nanos::new(1)), Nanos::MAX);
        assert_eq!(Nanos::MAX.saturating_mul(2), Nanos::MAX);
        assert!(Nanos::new(1).saturating_sub(Nanos::new(2)).is_zero());
    }

    #[test]
    fn points_have_a_distance_and_no_sum() {
        assert_eq!(at(7).since(at(3)), Nanos::new(4));
        assert_eq!(at(3).since(at(7)), Nanos::ZERO);
        assert_eq!(at(3).saturating_add(Nanos::new(4)), at(7));
        assert_eq!(at(3).saturating_sub(Nanos::new(4)), Timestamp::START);
    }

    #[test]
    fn never_is_later_than_any_time_and_stays_so() {
        let (never, soon) = (Deadline::NEVER, Deadline::at(at(5)));
        assert_eq!((never.min(soon), soon.min(never), never.max(soon)), (soon, soon, never));
        assert_eq!(never.extended(Nanos::new(9)), never);
        assert_eq!(Deadline::after(at(5), Nanos::MAX), never);
        assert!(!never.is_over(at(u64::MAX - 1)));
        assert_eq!((never.time(), never.remaining(at(1))), (None, None));
    }

    #[test]
    fn a_deadline_is_over_at_its_time() {
        let soon = Deadline::after(at(5), Nanos::new(2));
        assert_eq!([6, 7, 8].map(|now| soon.is_over(at(now))), [false, true, true]);
        assert_eq!([6, 7, 8].map(|now| soon.remaining(at(now)).map(Nanos::get)), [Some(1), Some(0), Some(0)]);
    }

    #[test]
    fn an_atomic_holds_each_kind_of_time() {
        let deadline = AtomicTime::new(Deadline::<ProcessClock>::NEVER);
        assert!(deadline.load(Ordering::Relaxed).is_never());
        deadline.store(Deadline::at(at(3)), Ordering::Relaxed);
        assert_eq!(deadline.swap(Deadline::NEVER, Ordering::Relaxed), Deadline::at(at(3)));
        let since = AtomicTime::<Option<Timestamp>>::default();
        assert_eq!(since.load(Ordering::Relaxed), None);
        // The clock's first moment is a time.
        since.store(Some(Timestamp::START), Ordering::Relaxed);
        assert_eq!(since.load(Ordering::Relaxed), Some(Timestamp::START));
    }

    #[test]
    fn a_deadline_goes_from_one_clock_to_another() {
        let there = || Timestamp::<SystemClock>::new(Nanos::new(1_000));
        let on_system = |deadline: Deadline| deadline.on_clock(|| at(10), there);
        assert_eq!(on_system(Deadline::at(at(30))).bits(), 1_020);
        assert_eq!(on_system(Deadline::at(at(3))).bits(), 1_000);
        assert!(on_system(Deadline::NEVER).is_never());
        let is_kept =
            serde_json::to_string(&on_system(Deadline::at(at(30)))).is_ok_and(|json| json == "1020");
        assert!(is_kept, "a deadline is written as its number");
    }
}
