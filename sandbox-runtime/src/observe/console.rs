//! The console of a sandbox: where its lines go.
//!
//! `isolate` makes the lines, and a session passes on those of its peer.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::trace;
use crate::error::StackFrame;

/// Where the output of a guest's `console` goes. The format of a line is for people, and may change.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Console {
    /// There is no `console`.
    Off,
    /// There is a `console`, so that a script which writes to one runs. Its lines are dropped, and counted in
    /// [`Bill::console_dropped`](crate::Bill::console_dropped). Arguments are not read.
    #[default]
    Discard,
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

    /// Whether lines go anywhere.
    pub(crate) fn takes_lines(&self) -> bool {
        !matches!(self, Self::Off | Self::Discard)
    }

    /// Passes a line to its destination, and to `tell` unless there is no room for the line. Returns whether the line was
    /// kept. A sink may call the sandbox, so observers are told of the line before the sink gets it.
    pub(crate) fn write(
        &self,
        line: ConsoleLine,
        captured: &Captured,
        most: usize,
        tell: Option<impl FnOnce(&ConsoleLine)>,
    ) -> bool {
        match self {
            Self::Off | Self::Discard => false,
            Self::Capture => {
                // No lock is held while observers are told.
                let told = tell.map(|tell| (tell, line.clone()));
                let is_kept = captured.keep(line, most);
                if is_kept && let Some((tell, line)) = told {
                    tell(&line);
                }
                is_kept
            }
            Self::Tracing => {
                tell.into_iter().for_each(|tell| tell(&line));
                trace::line(&line);
                true
            }
            Self::Sink(Sink(sink)) => {
                tell.into_iter().for_each(|tell| tell(&line));
                catch_unwind(AssertUnwindSafe(|| sink(line))).is_ok()
            }
        }
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Discard => "Discard",
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
    /// The place that the method was called at, with the place in the source that the script was made from.
    ///
    /// `None` on QuickJS, and where the engine has called the method, as in `promise.then(console.log)`. [`Console::Capture`]
    /// keeps the names of places up to [`Limits::console_bytes`](crate::Limits::console_bytes); further lines have none.
    ///
    /// ```
    /// use sandbox_runtime::{Console, LocalSandbox, Script};
    ///
    /// let sandbox = LocalSandbox::builder().console(Console::Capture).build()?;
    /// sandbox.eval(Script::new("total.js", "\nconsole.log('made'); export {};"))?;
    /// let place = sandbox.take_console().lines.remove(0).place;
    /// assert!(place.is_none_or(|place| place.to_string() == "total.js:2:9"));
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    pub place: Option<StackFrame>,
}

impl ConsoleLine {
    pub(crate) fn new(level: Level, text: String, place: Option<StackFrame>) -> Self {
        Self { level, text, place }
    }
}

/// The bytes of the names in a place.
fn names(place: &StackFrame) -> usize {
    let original = place.original.as_ref().map_or(0, |original| original.file.len());
    place.function.as_ref().map_or(0, String::len) + place.file.len() + original
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
    /// The bytes of the names of places.
    names: usize,
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

    fn keep(&self, mut line: ConsoleLine, most: usize) -> bool {
        let mut held = self.held();
        // An empty line counts as one byte.
        let bytes = held.bytes.saturating_add(line.text.len().max(1));
        if bytes > most {
            held.output.dropped += 1;
            return false;
        }
        held.bytes = bytes;
        let names = held.names.saturating_add(line.place.as_ref().map_or(0, names));
        match names <= most {
            true => held.names = names,
            false => line.place = None,
        }
        held.output.lines.push(line);
        true
    }
}
