//! What the world of a guest is like: its clock, its random numbers, its console, and what it may do beyond computing.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::isolate::engine;
use crate::limits::Limits;
use crate::shown::Shown;

/// All that a builder was told, but the hosts.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) console: Console,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) intrinsics: Intrinsics,
    pub(crate) eval: bool,
    pub(crate) wasm: bool,
    /// Whether the CPU time of each call is read off the thread's clock, however short the call.
    pub(crate) exact_cpu: bool,
    /// Where a console that captures keeps its lines.
    pub(crate) captured: Arc<Captured>,
}

impl Settings {
    /// Says what no sandbox can be built with.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.limits.check()?;
        engine::check(self)
    }
}

/// What becomes of what a guest writes to its `console`. The format of a line is for people; it may change.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Console {
    /// There is no `console`.
    #[default]
    Off,
    /// Lines are kept until `take_console` of the sandbox takes them, up to
    /// [`Limits::console_bytes`](crate::Limits::console_bytes).
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
    /// A console whose lines `sink` takes, on the thread of the isolate and inside of the guest's call. It must not wait, and
    /// if it panics, the line is lost and no more.
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

    /// Gives a line to whoever it is for. Says whether it was kept.
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

/// How important a line of a console is.
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

/// What one call of a guest's `console` wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsoleLine {
    /// By which method.
    pub level: Level,
    /// The arguments as text, with a space between them. It may hold line breaks.
    pub text: String,
}

impl ConsoleLine {
    pub(crate) fn new(level: Level, text: String) -> Self {
        Self { level, text }
    }
}

/// What a console captured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsoleOutput {
    /// The first lines.
    pub lines: Vec<ConsoleLine>,
    /// How many more there were.
    pub dropped: u64,
}

/// The lines that wait to be taken.
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

    /// Lines that were dropped before they were made.
    pub(crate) fn drop_lines(&self, count: u64) {
        let dropped = &mut self.held().output.dropped;
        *dropped = dropped.saturating_add(count);
    }

    fn keep(&self, line: ConsoleLine, most: usize) -> bool {
        let mut held = self.held();
        // A line of no text is one, too.
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

/// What time it is for guests: `Date`, and `Intl.DateTimeFormat` without a date. There is no other clock.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Clock {
    /// The time of the system, in milliseconds.
    #[default]
    Real,
    /// The time of the system, in steps of 100 ms: too coarse to measure what a guest should not know.
    Coarse,
    /// Always this time.
    Frozen(SystemTime),
    /// What the host says.
    Virtual(VirtualClock),
}

/// A clock that stands still until the host sets it. A clone is the same clock.
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

    /// Goes on by `by`.
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

/// Where `Math.random` comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Random {
    /// The engine's own numbers: others in each sandbox.
    #[default]
    Real,
    /// The same numbers in each sandbox that has this seed, from its first call or its reset on.
    Seeded(u64),
}

/// Whether guests can change the objects that ECMAScript defines, in their own sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Intrinsics {
    /// They can.
    #[default]
    Open,
    /// They cannot: one script of a sandbox changes nothing for another. What scripts do to objects of their own works as
    /// before, also to assign a property that a frozen prototype has (`object.toString = …`).
    Frozen,
}

/// What a guest may do that is refused otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permission {
    /// Code from text: `eval`, and the constructors of functions. It is code of the same guest, under the same limits.
    Eval,
    /// WebAssembly. Its memory is not part of any limit, so this is for guests that are trusted not to fill it. Not on
    /// QuickJS, which has none.
    WebAssembly,
}
