//! The settings of a guest's world: its clock, its random numbers, its console, and its permissions.

mod web;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::limits::Limits;
pub(crate) use crate::observe::console::Captured;
pub use crate::observe::console::{Console, ConsoleLine, ConsoleOutput, Level, Sink};
use crate::observe::teller::Observers;
use crate::script::{ErrorClasses, Globals};
pub use web::Web;

/// All settings of a builder, without the hosts.
#[derive(Clone, Default)]
pub struct Settings {
    pub(crate) limits: Limits,
    pub(crate) console: Console,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) intrinsics: Intrinsics,
    pub(crate) eval: bool,
    pub(crate) wasm: bool,
    pub(crate) web: Web,
    /// Whether each call reads the thread's CPU clock, however short the call is.
    pub(crate) exact_cpu: bool,
    /// The lines of a console that captures.
    pub(crate) captured: Arc<Captured>,
    pub(crate) observers: Observers,
    /// The free globals of all scripts.
    pub(crate) globals: Globals,
    /// The classes of errors that guests find.
    pub(crate) error_classes: ErrorClasses,
}

/// The time that guests see in `Date`, and in `Intl.DateTimeFormat` without a date. Guests have no other clock.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Clock {
    /// The time of the system, in milliseconds.
    #[default]
    Real,
    /// The time of the system, in steps of 100 ms: too coarse for timing attacks.
    Coarse,
    /// Always this time.
    Frozen(SystemTime),
    /// The time that the host sets.
    Virtual(VirtualClock),
}

/// A clock that stands still until the host sets it. A clone shares the clock.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use sandbox_runtime::{Clock, Sandbox, Result, Script, VirtualClock, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Year { fn year(&self) -> Result<u32>; }
///
/// let clock = VirtualClock::new(UNIX_EPOCH);
/// let sandbox = Sandbox::builder().clock(Clock::Virtual(clock.clone())).build()?;
/// let guest = sandbox.load::<dyn Year>(Script::new("y.js", "export const year = () => new Date().getUTCFullYear();"))?;
/// assert_eq!(guest.year()?, 1970);
/// clock.advance(Duration::from_secs(400 * 24 * 60 * 60));
/// assert_eq!(guest.year()?, 1971);
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<VirtualTime>);

#[derive(Debug)]
struct VirtualTime {
    /// Milliseconds since 1970.
    millis: AtomicI64,
    /// The tasks that wait for a time, in milliseconds since 1970.
    waiting: Mutex<BTreeMap<(i64, u64), Waker>>,
}

impl VirtualTime {
    fn now(&self) -> i64 {
        self.millis.load(Ordering::Relaxed)
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<(i64, u64), Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the tasks whose time has come. A waker is code of an executor, so nothing is locked.
    fn has_moved(&self) {
        let mut waiting = self.waiting();
        let rest = waiting.split_off(&(self.now().saturating_add(1), 0));
        let due = std::mem::replace(&mut *waiting, rest);
        drop(waiting);
        due.into_values().for_each(Waker::wake);
    }
}

/// Waits for a time of a virtual clock.
struct VirtualWait<'c> {
    time: &'c VirtualTime,
    key: (i64, u64),
}

impl Future for VirtualWait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let before = self.time.waiting().insert(self.key, cx.waker().clone());
        drop(before);
        // The clock may have been moved before the task was known.
        if self.time.now() >= self.key.0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for VirtualWait<'_> {
    fn drop(&mut self) {
        let waker = self.time.waiting().remove(&self.key);
        drop(waker);
    }
}

impl VirtualClock {
    /// A clock that shows `time`.
    #[must_use]
    pub fn new(time: SystemTime) -> Self {
        let (millis, waiting) = (AtomicI64::new(millis(time)), Mutex::default());
        Self(Arc::new(VirtualTime { millis, waiting }))
    }

    /// Shows `time` from now on. Timers of guests whose time has come run, in their order.
    pub fn set(&self, time: SystemTime) {
        self.0.millis.store(millis(time), Ordering::Relaxed);
        self.0.has_moved();
    }

    /// Waits until the clock shows a time, in milliseconds since 1970.
    #[expect(clippy::cast_possible_truncation, reason = "a time beyond 2^53 ms is none that `Date` can have")]
    pub(crate) async fn until(&self, millis: f64) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let key = (millis.ceil() as i64, NEXT.fetch_add(1, Ordering::Relaxed));
        VirtualWait { time: &self.0, key }.await;
    }

    /// Milliseconds since 1970.
    #[cfg(feature = "process")]
    pub(crate) fn set_millis(&self, millis: i64) {
        self.0.millis.store(millis, Ordering::Relaxed);
    }

    /// Moves the time on by `by`. Timers of guests whose time has come run, in their order.
    pub fn advance(&self, by: Duration) {
        self.0.millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
        self.0.has_moved();
    }
}

impl Clock {
    /// The steps of [`Clock::Coarse`], in milliseconds.
    const STEP: i64 = 100;

    /// How long the system's clock takes to a time, in steps of [`Clock::Coarse`]; `None` if it is there.
    #[expect(clippy::cast_possible_truncation, reason = "a time beyond 2^53 ms is none that `Date` can have")]
    pub(crate) fn until_coarse(due: f64) -> Option<Duration> {
        let due = (due.ceil() as i64)
            .saturating_add(Self::STEP - 1)
            .div_euclid(Self::STEP)
            .saturating_mul(Self::STEP);
        let left = due.saturating_sub(millis(SystemTime::now()));
        u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
    }

    /// Milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        match self {
            Self::Real => millis(SystemTime::now()),
            Self::Coarse => millis(SystemTime::now()).div_euclid(Self::STEP) * Self::STEP,
            Self::Frozen(time) => millis(*time),
            Self::Virtual(VirtualClock(time)) => time.now(),
        }
    }
}

fn millis(time: SystemTime) -> i64 {
    let whole = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => -whole(before.duration()),
    }
}

/// The source of `Math.random`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Random {
    /// The engine's own numbers, different in each sandbox.
    #[default]
    Real,
    /// A fixed sequence for the seed, from the sandbox's first call or its reset on.
    Seeded(u64),
}

/// Whether guests can change the objects that ECMAScript defines, in their own sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Intrinsics {
    /// Guests can change them.
    #[default]
    Open,
    /// Guests cannot change them, so one script of a sandbox changes nothing for another. Scripts change their own objects
    /// as before, and can assign a property that a frozen object has, where they inherit it (`object.toString = …`). The
    /// guide has a table of the exceptions, on the page of the guest's world.
    Frozen,
}

/// An ability of guests that is refused by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permission {
    /// Code from text: `eval`, and the constructors of functions. Such code belongs to the same guest, under the same
    /// limits.
    Eval,
    /// WebAssembly. Its memory is not part of any limit, so this is for guests that are trusted not to fill it. QuickJS has
    /// no WebAssembly.
    WebAssembly,
}
