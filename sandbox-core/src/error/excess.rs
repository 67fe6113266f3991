//! [`Excess`]: which limit a guest exceeded, the limit's value, and what was found, as data and as text.

use std::fmt;
use std::time::Duration;

use super::{Error, LimitKind, Place};
use crate::shown::ScriptName;

/// The details of an [`Error::Limit`]. The text is that of the error, without the place.
///
/// ```
/// use std::time::Duration;
/// use sandbox_runtime::{Amount, Error, Limits, LocalSandbox, Phase, Script};
///
/// let limits = Limits { wall: Duration::from_millis(50), ..Limits::default() };
/// let sandbox = LocalSandbox::builder().limits(limits).build()?;
/// let error = sandbox.eval(Script::new("loop.js", "for (;;);")).map(drop).unwrap_err();
/// let Error::Limit { excess, .. } = &error else { panic!("{error}") };
/// assert_eq!((excess.setting, excess.limit), ("Limits::wall", Some(Amount::Time(Duration::from_millis(50)))));
/// assert_eq!(excess.phase, Some(Phase::Running));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excess {
    /// Which limit.
    pub kind: LimitKind,
    /// Where the limit is set: `Limits::wall`, `sandbox(max_calls)`, `with_deadline`.
    pub setting: &'static str,
    /// The value of the limit. `None` for a deadline, for a call that was not made because another did not end, and for a
    /// call from a stack that is not its thread's own.
    pub limit: Option<Amount>,
    /// The value that was found, if it is known: the length of a script, the CPU time of [`Phase::Starved`], or how many of the
    /// [`LimitKind::Handles`] are of guests, and held by the host.
    pub met: Option<Amount>,
    /// The state of the call when its time was over; `None` if that is unknown, and for limits other than time.
    pub phase: Option<Phase>,
    /// The host method that was called too often.
    pub method: Option<Place>,
    /// The name of the script that was evaluated.
    pub script: Option<String>,
}

/// An amount, with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Amount {
    /// A time, shown in milliseconds.
    Time(Duration),
    /// Bytes.
    Bytes(u64),
    /// A count.
    Count(u64),
}

/// The state of a call when its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The call waited for its turn, or had a deadline that had passed, and was not made.
    Queued,
    /// The guest's code was running.
    Running,
    /// The guest's code was running, and host methods that it called took at least half of the time.
    InHost,
    /// The call waited for `async` host methods that had not answered.
    AwaitsHost,
    /// The call waited for a promise that had not settled, and for no host method.
    AwaitsPromise,
    /// The guest's code was to run, and got less than a tenth of the time as CPU time. [`Excess::met`] is the CPU time.
    Starved,
}

impl Phase {
    /// The order in which a peer numbers them.
    #[doc(hidden)]
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::InHost, Self::AwaitsHost, Self::AwaitsPromise, Self::Starved];

    /// Whether the host took the time, and not the guest.
    #[doc(hidden)]
    pub const fn is_of_host(self) -> bool {
        matches!(self, Self::InHost | Self::AwaitsHost)
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Queued => "it waited for its turn, and was not made",
            Self::Running => "the guest's code was running, as in a loop that does not end",
            Self::InHost => "host methods that the guest called took most of the time",
            Self::AwaitsHost => "it waited for `async` host methods that had not answered",
            Self::AwaitsPromise => "it waited for a promise that had not settled",
            Self::Starved => {
                "it got nearly no processor time: the machine is busy, or the tenant is on a slow thread"
            }
        }
    }
}

/// A whole number with separators of thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Time(time) => {
                let whole = grouped(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
                match time.subsec_micros() % 1000 {
                    0 => write!(f, "{whole} ms"),
                    micros => write!(f, "{whole}.{} ms", format!("{micros:03}").trim_end_matches('0')),
                }
            }
            Self::Bytes(bytes) => write!(f, "{} bytes", grouped(bytes)),
            Self::Count(count) => f.write_str(&grouped(count)),
        }
    }
}

impl Excess {
    #[doc(hidden)]
    pub fn new(kind: LimitKind, setting: &'static str, limit: Option<Amount>) -> Self {
        Self { kind, setting, limit, met: None, phase: None, method: None, script: None }
    }

    /// A call that was not made, because the call before it did not end at its limit.
    pub(super) fn queued(kind: LimitKind) -> Self {
        let setting = if kind == LimitKind::Deadline { "with_deadline" } else { "Limits::wall" };
        Self { phase: Some(Phase::Queued), ..Self::new(kind, setting, None) }
    }

    /// A call that was made from a stack that is not its thread's own.
    #[doc(hidden)]
    pub fn other_stack() -> Self {
        Self::new(LimitKind::Stack, "Limits::stack", None)
    }

    /// Calls of a guest inside of each other, more than may be.
    #[doc(hidden)]
    #[must_use]
    pub fn too_deep() -> Self {
        Self::new(LimitKind::Stack, NESTED_CALLS, Some(Amount::Count(u64::from(DEEPEST_CALL))))
    }

    /// Whether the limit is that of calls inside of each other.
    #[doc(hidden)]
    #[must_use]
    pub fn is_too_deep(&self) -> bool {
        self.setting == NESTED_CALLS
    }

    #[doc(hidden)]
    #[must_use]
    pub fn of_method(self, method: &Place) -> Self {
        Self { method: Some(method.clone()), ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn met(self, met: Amount) -> Self {
        Self { met: Some(met), ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub fn in_phase(self, phase: Phase) -> Self {
        Self { phase: Some(phase), ..self }
    }

    #[doc(hidden)]
    pub fn error(self, place: Option<&Place>) -> Error {
        Error::Limit { kind: self.kind, excess: Box::new(self), place: place.cloned() }
    }

    /// The subject of a time limit: a call, or the evaluation of a script.
    fn time(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.script.is_some() { "the evaluation" } else { "the call" };
        match (self.kind, self.phase, self.limit) {
            (LimitKind::Deadline, Some(Phase::Queued), _) => {
                return write!(
                    f,
                    "{what} had not begun at its caller's deadline (`{}`), and was not made",
                    self.setting
                );
            }
            (_, Some(Phase::Queued), _) => {
                return write!(
                    f,
                    "{what} was not made: the call before it runs on beyond `{}`, as in a host method that blocks",
                    self.setting
                );
            }
            (_, _, Some(limit)) => write!(f, "{what} did not end within {limit} (`{}`)", self.setting)?,
            (LimitKind::Wall, ..) => {
                write!(
                    f,
                    "{what} did not end within the time that its caller had left (`{}`)",
                    self.setting
                )?;
            }
            (_, _, None) => write!(f, "{what} did not end by its caller's deadline (`{}`)", self.setting)?,
        }
        match self.phase {
            Some(Phase::Starved) if let (Some(cpu), Some(wall)) = (self.met, self.limit) => {
                write!(
                    f,
                    ": it got {cpu} of processor time in {wall}: the machine is busy, or the tenant is on a slow thread"
                )
            }
            Some(phase) => write!(f, ": {}", phase.words()),
            None => f.write_str(": a loop that does not end, or a promise that had not settled"),
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, setting, limit, met, method, script, .. } = self;
        if let Some(script) = script {
            write!(f, "{}: ", ScriptName(script))?;
        }
        let limit = limit.map_or_else(|| "its limit".into(), |limit| limit.to_string());
        let method = method.as_ref().map_or_else(|| "a host method".into(), ToString::to_string);
        match kind {
            LimitKind::Wall | LimitKind::Deadline => self.time(f),
            LimitKind::Cpu => write!(f, "the call used more than {limit} of CPU time (`{setting}`)"),
            LimitKind::TotalCpu => {
                write!(
                    f,
                    "all calls together used more than {limit} of CPU time (`{setting}`): call `reset` to continue"
                )
            }
            LimitKind::Heap => write!(f, "the guest's heap grew beyond {limit} (`{setting}`)"),
            LimitKind::Buffers => {
                write!(f, "the guest's ArrayBuffers were to take more than {limit} (`{setting}`)")
            }
            LimitKind::Stack if self.limit.is_none() => f.write_str(OTHER_STACK),
            LimitKind::Stack if *setting == NESTED_CALLS => write!(
                f,
                "the guest and `async` host methods called each other {limit} deep (a fixed limit), as in a recursion that does not end"
            ),
            LimitKind::Stack => {
                write!(
                    f,
                    "the guest's stack of at most {limit} (`{setting}`) is full, as by a recursion that does not end"
                )
            }
            LimitKind::Script => match met {
                Some(met) => write!(f, "a script has at most {limit} (`{setting}`), and this one has {met}"),
                None => write!(f, "a script has at most {limit} (`{setting}`)"),
            },
            LimitKind::HostCalls if *setting == MAX_CALLS => {
                write!(f, "the guest called {method} more than {limit} times in one call (`#[{setting}]`)")
            }
            LimitKind::HostCalls => {
                write!(
                    f,
                    "the guest called host methods more than {limit} times in one call (`{setting}`), the last time {method}"
                )
            }
            LimitKind::Pending => {
                write!(
                    f,
                    "the guest waited for more than {limit} `async` calls of the host at once (`{setting}`)"
                )
            }
            LimitKind::Handles => {
                write!(f, "more than {limit} handles of hosts and guests were live at once (`{setting}`)")?;
                if let Some(held) = met {
                    write!(f, ", of which the host held {held} of guests")?;
                }
                f.write_str(
                    ": let the host drop handles that it keeps and guests dispose theirs, or call `reset`",
                )
            }
        }
    }
}

/// Why no guest can run on a stack such as that of `stacker::grow`.
pub const OTHER_STACK: &str = "this is not the thread's own stack, and no guest can run on another, such as one of `stacker::grow` or \
                                      of a coroutine: call the sandbox from the thread's own stack, or use `Sandbox`, which has a thread \
                                      of its own";

/// The setting of a limit of one method.
pub const MAX_CALLS: &str = "sandbox(max_calls)";

/// The setting of the depth of calls of a guest that are inside of each other.
const NESTED_CALLS: &str = "nested_calls";

/// The most calls that are inside of each other through `async` host methods. Debug builds have room for about 50 on the default
/// stack of a thread that polls all of them.
#[doc(hidden)]
pub const DEEPEST_CALL: u32 = 32;

impl Error {
    /// Returns the excess with the state of the call.
    #[doc(hidden)]
    pub fn during(mut self, phase: impl Into<Option<Phase>>) -> Self {
        if let Self::Limit { excess, .. } = &mut self {
            excess.phase = phase.into();
        }
        self
    }

    /// Returns the excess of a call that got this CPU time.
    #[doc(hidden)]
    pub fn starved(mut self, cpu: Duration) -> Self {
        if let Self::Limit { excess, .. } = &mut self {
            let whole = Duration::from_micros(u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX));
            (excess.phase, excess.met) = (Some(Phase::Starved), Some(Amount::Time(whole)));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units_and_separators() {
        let text = |amount: Amount| amount.to_string();
        assert_eq!(text(Amount::Bytes(0)), "0 bytes");
        assert_eq!(text(Amount::Bytes(999)), "999 bytes");
        assert_eq!(text(Amount::Bytes(16 << 20)), "16,777,216 bytes");
        assert_eq!(text(Amount::Count(u64::MAX)), "18,446,744,073,709,551,615");
        assert_eq!(text(Amount::Time(Duration::from_millis(200))), "200 ms");
        assert_eq!(text(Amount::Time(Duration::from_secs(86_400))), "86,400,000 ms");
        assert_eq!(text(Amount::Time(Duration::from_micros(1_250))), "1.25 ms");
    }
}
