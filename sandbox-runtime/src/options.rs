//! The settings of a guest's world: its clock, its random numbers, its console, and its permissions.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::limits::Limits;
use crate::shown::Shown;

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
    /// Whether each call reads the thread's CPU clock, however short the call is.
    pub(crate) exact_cpu: bool,
    /// The lines of a console that captures.
    pub(crate) captured: Arc<Captured>,
}

/// Where the output of a guest's `console` goes. The format of a line is for people, and may change.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Console {
    /// There is no `console`.
    #[default]
    Off,
    /// Lines are kept until `take_console` of the sandbox, up to [`Limits::console_bytes`](crate::Limits::console_bytes).
    Capture,
    /// Lines go to `tracing`, with the target `sandbox::console`.
    Tracing,
    /// Lines go to a function of the host; see [`Console::sink`].
    Sink(Sink),
}

/// A function that takes the lines of a console.
#[derive(Clone)]
pub struct Sink(Arc<dyn Fn(ConsoleLine) + Send + Sync>);

impl Console {
    /// A console whose lines `sink` takes, on the thread of the isolate and inside of the guest's call. The function must
    /// not wait. If it panics, only the line is lost.
    ///
    /// ```
    /// use sandbox_runtime::{Console, Sandbox, Script};
    ///
    /// let (lines, received) = std::sync::mpsc::channel();
    /// let console = Console::sink(move |line| _ = lines.send(line.text));
    /// let sandbox = Sandbox::builder().console(console).build()?;
    /// sandbox.eval(Script::new("hello.js", "console.log('hello', { to: ['all'] }); export {};"))?;
    /// assert_eq!(received.recv().unwrap(), r#"hello {"to": ["all"]}"#);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    pub fn sink(sink: impl Fn(ConsoleLine) + Send + Sync + 'static) -> Self {
        Self::Sink(Sink(Arc::new(sink)))
    }

    pub(crate) fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }

    /// Passes a line to its destination. Returns whether it was kept.
    pub(crate) fn write(&self, line: ConsoleLine, captured: &Captured, most: usize) -> bool {
        match self {
            Self::Off => false,
            Self::Capture => captured.keep(line, most),
            Self::Tracing => {
                trace(&line);
                true
            }
            Self::Sink(Sink(sink)) => catch_unwind(AssertUnwindSafe(|| sink(line))).is_ok(),
        }
    }
}

fn trace(ConsoleLine { level, text }: &ConsoleLine) {
    let text = Shown(text);
    match level {
        Level::Debug => tracing::debug!(target: "sandbox::console", "{text}"),
        Level::Info => tracing::info!(target: "sandbox::console", "{text}"),
        Level::Warn => tracing::warn!(target: "sandbox::console", "{text}"),
        Level::Error => tracing::error!(target: "sandbox::console", "{text}"),
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Capture => "Capture",
            Self::Tracing => "Tracing",
            Self::Sink(_) => "Sink",
        })
    }
}

/// The level of a console's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// `console.debug` and `console.trace`.
    Debug,
    /// `console.log` and `console.info`.
    Info,
    /// `console.warn`.
    Warn,
    /// `console.error`.
    Error,
}

/// One line of a guest's `console`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsoleLine {
    /// The level, by the method that was called.
    pub level: Level,
    /// The arguments as text, with a space between them. The text may have line breaks.
    pub text: String,
}

impl ConsoleLine {
    pub(crate) fn new(level: Level, text: String) -> Self {
        Self { level, text }
    }
}

/// The captured output of a console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsoleOutput {
    /// The first lines.
    pub lines: Vec<ConsoleLine>,
    /// The number of dropped lines.
    pub dropped: u64,
}

/// The captured lines.
#[derive(Default)]
pub(crate) struct Captured(Mutex<Held>);

#[derive(Default)]
struct Held {
    output: ConsoleOutput,
    bytes: usize,
}

impl Captured {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self) -> ConsoleOutput {
        std::mem::take(&mut *self.held()).output
    }

    /// Counts lines that were dropped before their text was made.
    pub(crate) fn drop_lines(&self, count: u64) {
        let dropped = &mut self.held().output.dropped;
        *dropped = dropped.saturating_add(count);
    }

    fn keep(&self, line: ConsoleLine, most: usize) -> bool {
        let mut held = self.held();
        // An empty line counts as one byte.
        let bytes = held.bytes.saturating_add(line.text.len().max(1));
        if bytes > most {
            held.output.dropped += 1;
            return false;
        }
        held.bytes = bytes;
        held.output.lines.push(line);
        true
    }
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
pub struct VirtualClock(Arc<AtomicI64>);

impl VirtualClock {
    /// A clock that shows `time`.
    #[must_use]
    pub fn new(time: SystemTime) -> Self {
        Self(Arc::new(AtomicI64::new(millis(time))))
    }

    /// Shows `time` from now on.
    pub fn set(&self, time: SystemTime) {
        self.0.store(millis(time), Ordering::Relaxed);
    }

    /// Milliseconds since 1970.
    #[cfg(feature = "process")]
    pub(crate) fn set_millis(&self, millis: i64) {
        self.0.store(millis, Ordering::Relaxed);
    }

    /// Moves the time on by `by`.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

impl Clock {
    /// The steps of [`Clock::Coarse`], in milliseconds.
    const STEP: i64 = 100;

    /// Milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        match self {
            Self::Real => millis(SystemTime::now()),
            Self::Coarse => millis(SystemTime::now()).div_euclid(Self::STEP) * Self::STEP,
            Self::Frozen(time) => millis(*time),
            Self::Virtual(VirtualClock(time)) => time.load(Ordering::Relaxed),
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
    /// as before, and can assign a property that a frozen prototype has (`object.toString = …`).
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
