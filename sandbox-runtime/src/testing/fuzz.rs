//! Fuzzing of guests and hosts: how much is tried, and the report.
//!
//! [`Fuzz`] is the builder. `guest` and `host` say what one call must do, and `strategies` make the values.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::Duration;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::strategies::ShrinkBound;
use super::{guest, host};
use crate::client::LocalSandbox;
use crate::contract::{GuestContract, HostContract, Implements};
use crate::error::{Error, Violation};
use crate::guest_error::HostPanic;
use crate::script::Script;
use crate::site::builder::Builder;

/// Tells whether a guest keeps its contract. For arguments that the contract allows, every method must return what the
/// contract allows, throw nothing, and stay within its limits. This is [`Fuzz::guest`] with the defaults.
///
/// ```
/// use sandbox_runtime::testing::fuzz_guest;
/// use sandbox_runtime::{Result, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Discount {
///     fn percent(&self, quantity: u32) -> Result<u8>;
/// }
///
/// let script = Script::new("discount.js", "export const percent = (quantity) => quantity / 100;");
/// let found = fuzz_guest::<dyn Discount>(script).unwrap_err();
/// assert_eq!(found.call, "percent(1)");
/// assert_eq!(
///     found.error.to_string(),
///     "Discount.percent → result: expected an integer from 0 to 255 (u8), got 0.01"
/// );
/// ```
///
/// # Errors
///
/// The simplest failing call that was found.
pub fn fuzz_guest<C: ?Sized + GuestContract>(script: Script) -> Result<Report, Counterexample> {
    Fuzz::new().guest::<C>(script)
}

/// Tells whether a host's implementation keeps its contract. This is [`Fuzz::host`] with the defaults.
///
/// ```
/// use sandbox_runtime::testing::fuzz_host;
/// use sandbox_runtime::{HostPanic, sandbox_api};
///
/// #[sandbox_api(host)]
/// pub trait Average {
///     fn average(&self, sum: u32, count: u32) -> u32;
/// }
///
/// struct Careless;
/// impl Average for Careless {
///     fn average(&self, sum: u32, count: u32) -> u32 {
///         sum / count
///     }
/// }
///
/// let found = fuzz_host::<dyn Average>(Careless).unwrap_err();
/// assert_eq!(found.call, "Average.average(0, 0)");
/// assert!(found.error.host_error::<HostPanic>().is_some());
/// ```
///
/// # Errors
///
/// The simplest failing call that was found.
pub fn fuzz_host<C: ?Sized + HostContract>(
    host: impl Implements<C> + 'static,
) -> Result<Report, Counterexample> {
    Fuzz::new().host::<C>(host)
}

/// The settings of a fuzz run.
///
/// ```
/// use std::time::Duration;
/// use sandbox_runtime::testing::Fuzz;
/// use sandbox_runtime::{Limits, LocalSandbox, Result, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Rule {
///     fn price(&self, quantity: u16, currency: String) -> Result<f64>;
/// }
///
/// #[sandbox_api(host)]
/// pub trait Rates {
///     fn rate(&self, currency: &str) -> f64;
/// }
/// struct Table;
/// impl Rates for Table {
///     fn rate(&self, currency: &str) -> f64 {
///         if currency == "EUR" { 0.5 } else { 1.0 }
///     }
/// }
///
/// let source = "export const price = (quantity, currency) => quantity * Rates.rate(currency);";
/// let limits = Limits { wall: Duration::from_millis(50), ..Limits::default() };
/// let report = Fuzz::new()
///     .cases(100)
///     .sandbox(move || LocalSandbox::builder().limits(limits).host::<dyn Rates>(Table))
///     .guest::<dyn Rule>(Script::new("rule.js", source))
///     .unwrap();
/// assert_eq!(report.to_string(), "price: 100 calls\n");
/// ```
#[must_use = "nothing is tried until `guest` or `host` is called"]
pub struct Fuzz {
    cases: u32,
    seed: u64,
    pub(super) allow_throws: bool,
    pub(super) shrinking: ShrinkBound,
    pub(super) sandbox: Box<dyn Fn() -> Builder<LocalSandbox>>,
}

impl Default for Fuzz {
    fn default() -> Self {
        let (shrinking, sandbox) = (ShrinkBound::default(), Box::new(LocalSandbox::builder));
        Self { cases: 256, seed: 0, allow_throws: false, shrinking, sandbox }
    }
}

impl Fuzz {
    /// 256 cases, in sandboxes with the default limits and without hosts.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of argument lists for each method, of each kind.
    pub fn cases(self, cases: u32) -> Self {
        Self { cases, ..self }
    }

    /// Uses other values than the default, which is seed 0. Equal seeds give equal values.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// How many simpler values are examined after a failing call, whether they are tried or not. Default: 20,000.
    ///
    /// Shrinking that reaches this bound reports the simplest failing call so far.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sandbox_runtime::testing::Fuzz;
    ///
    /// let fuzz = Fuzz::new().max_shrink_iters(1_000).max_shrink_time(Duration::from_secs(2));
    /// # drop(fuzz);
    /// ```
    pub fn max_shrink_iters(mut self, iters: u32) -> Self {
        self.shrinking.iters = iters;
        self
    }

    /// How long simpler values are searched for after a failing call. Default: 10 seconds. A call under way at the end is
    /// awaited.
    pub fn max_shrink_time(mut self, time: Duration) -> Self {
        self.shrinking.time = time;
        self
    }

    /// Allows a guest to throw. Only its results must be what the contract allows.
    pub fn allow_throws(self) -> Self {
        Self { allow_throws: true, ..self }
    }

    /// Sets the builder of the sandboxes in which calls are made: limits, and the hosts that a guest needs. A new one is
    /// made after each call that hits a limit.
    pub fn sandbox(self, sandbox: impl Fn() -> Builder<LocalSandbox> + 'static) -> Self {
        Self { sandbox: Box::new(sandbox), ..self }
    }

    /// Calls every method that the guest exports, with arguments as the host may pass them. A call fails when it ends in any
    /// [`Error`]; see also [`allow_throws`](Self::allow_throws).
    ///
    /// One guest gets all calls of a method. A guest with a state may fail at another call than the last.
    ///
    /// Handles, callbacks and streams of a host are not generated, because what they do is the host's: a method that needs one
    /// among its arguments is an error. A guest gets handles of the hosts of its [`sandbox`](Self::sandbox).
    ///
    /// # Errors
    ///
    /// The simplest failing call that was found. A script that cannot be loaded is an error too, and so is a method for
    /// which no arguments could be made.
    pub fn guest<C: ?Sized + GuestContract>(&self, script: Script) -> Result<Report, Counterexample> {
        guest::run::<C>(self, &script)
    }

    /// Makes a guest call every method, with arguments that the contract allows, with some that it does not allow, and with
    /// hostile ones. A call goes wrong when
    ///
    /// - the method panics, takes longer than the limit of the sandbox, or returns what the contract does not allow;
    /// - arguments that the contract does not allow reach the method.
    ///
    /// Callbacks, streams and objects of guests are made as well. Some of them throw, and some change when they are used again.
    /// Objects of the host cannot be made: a method that takes one gets hostile arguments alone. Objects that the host gives are
    /// misused: their methods are called with odd arguments, on other objects and after the end.
    ///
    /// A method may return an `Err`. Arguments can be too large for the sandbox, so that a limit ends the call before the
    /// method is called. That is no fault of the host. `Limits::script_bytes` does not apply to the script of the calls.
    ///
    /// # Errors
    ///
    /// The simplest failing call that was found. A sandbox that cannot be built is an error too, and so is a method for
    /// which no arguments could be made.
    pub fn host<C: ?Sized + HostContract>(
        &self,
        host: impl Implements<C> + 'static,
    ) -> Result<Report, Counterexample> {
        host::run::<C>(self, host.into_host())
    }

    /// Tries `cases` values of a strategy, and shrinks the first that fails.
    pub(super) fn search<V: Clone + fmt::Debug>(
        &self,
        method: &'static str,
        values: &impl Strategy<Value = V>,
        try_one: impl Fn(&V) -> Outcome,
        as_call: impl Fn(&V) -> String,
    ) -> Result<MethodReport, Counterexample> {
        let report = RefCell::new(MethodReport::new(method));
        // The last failure is the simplest. Until a failure is found, one refusal is kept for the report.
        let (failure, refusal) = (RefCell::new(None), RefCell::new(None));
        let found = |value: &V, error| Counterexample { method: Some(method), call: as_call(value), error };
        let is_shrinking = Cell::new(false);
        let result = self.runner().run(values, |value| {
            let outcome = try_one(&value);
            if !is_shrinking.get() {
                report.borrow_mut().count(&outcome);
            }
            match outcome {
                Outcome::Kept | Outcome::Failed | Outcome::Repelled => Ok(()),
                Outcome::Refused(error) => {
                    *refusal.borrow_mut() = Some(error);
                    Err(TestCaseError::reject("refused"))
                }
                Outcome::Wrong(error) => {
                    is_shrinking.set(true);
                    *failure.borrow_mut() = Some(found(&value, error));
                    Err(TestCaseError::fail("wrong"))
                }
            }
        });
        if let Some(failure) = failure.into_inner() {
            return Err(failure);
        }
        let report = report.into_inner();
        // Arguments that had to be refused count as tried. A wrong refusal is in `refusal`.
        let is_tried = report.calls > 0 || report.refused > 0 && refusal.borrow().is_none();
        match result {
            Err(TestError::Abort(reason)) if !is_tried => {
                let why = refusal.into_inner().map_or_else(|| reason.to_string(), |error| uncovered(&error));
                let error = Error::public(format!("no arguments of `{method}` could be made: {why}"));
                Err(Counterexample::before(format!("{method}(…)"), error))
            }
            _ => Ok(report),
        }
    }

    fn runner(&self) -> TestRunner {
        let config = Config {
            cases: self.cases,
            max_global_rejects: self.cases.saturating_mul(4).max(64),
            max_shrink_iters: self.shrinking.iters,
            // In milliseconds; 0 is no bound.
            max_shrink_time: u32::try_from(self.shrinking.time.as_millis()).unwrap_or(u32::MAX).max(1),
            failure_persistence: None,
            ..Config::default()
        };
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
    }
}

/// Why each list of arguments was refused. `error` is the last refusal.
fn uncovered(error: &Error) -> String {
    const REMEDY: &str = "derive `JsonSchema` where a type has no schema, add a rule that the schema has, such as `pattern`, or make values with `proptest` and make the calls yourself. Handles, callbacks and streams of a host are never generated";
    let (Error::Value(error) | Error::HostValue(error)) = error else { return error.to_string() };
    let each = error.violations.iter().map(|violation| {
        let Violation { path, expected, .. } = violation;
        format!("the rule of `{path}` is code, or narrower than its schema (expected {expected})")
    });
    format!("{}: {REMEDY}", each.collect::<Vec<_>>().join("; "))
}

/// The outcome of one call.
pub(super) enum Outcome {
    /// The call kept the contract.
    Kept,
    /// The call failed in a way that the contract allows.
    Failed,
    /// The arguments were refused before the method got them, and other arguments are tried.
    Refused(Error),
    /// The arguments were refused, as they had to be.
    Repelled,
    /// The call broke the contract.
    Wrong(Error),
}

/// The counts of a run without failures.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The methods in the order of the contract. Optional methods that a guest does not export are left out.
    pub methods: Vec<MethodReport>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.methods.iter().try_for_each(|method| writeln!(f, "{method}"))
    }
}

/// The counts of one method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodReport {
    /// The name in JavaScript.
    pub method: &'static str,
    /// The calls that reached the method.
    pub calls: u32,
    /// The calls that failed as the contract allows: a guest threw, or a host returned an `Err`.
    pub failed: u32,
    /// The argument lists that were refused before the method got them. These are all that violate the contract, most
    /// hostile ones, and those that match the schema of a type but not its rules.
    pub refused: u32,
}

impl MethodReport {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Refused(_) | Outcome::Repelled => self.refused += 1,
            Outcome::Kept | Outcome::Wrong(_) => self.calls += 1,
            Outcome::Failed => (self.calls, self.failed) = (self.calls + 1, self.failed + 1),
        }
    }

    /// The report of a method that was not called.
    pub(super) fn new(method: &'static str) -> Self {
        Self { method, calls: 0, failed: 0, refused: 0 }
    }

    pub(super) fn and(self, other: &Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            failed: self.failed + other.failed,
            refused: self.refused + other.refused,
            ..self
        }
    }
}

impl fmt::Display for MethodReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} calls", self.method, self.calls)?;
        if self.failed > 0 {
            write!(f, ", of which {} failed", self.failed)?;
        }
        if self.refused > 0 {
            write!(f, "; {} were refused", self.refused)?;
        }
        Ok(())
    }
}

/// A call that breaks the contract, or a set-up that failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counterexample {
    /// The name of the method in JavaScript; `None` when the set-up failed: the script could not be loaded, or no arguments of
    /// a method could be made.
    pub method: Option<&'static str>,
    /// The call in JavaScript: `add(1, NaN)`. After a failed set-up, the name of the script, or `add(…)`.
    pub call: String,
    /// The error of the call.
    pub error: Error,
}

impl Counterexample {
    pub(super) fn before(what: impl Into<String>, error: Error) -> Self {
        Self { method: None, call: what.into(), error }
    }
}

impl std::error::Error for Counterexample {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, error, .. } = self;
        match error.host_error::<HostPanic>() {
            Some(panic) => write!(f, "{call}: {panic}"),
            None => write!(f, "{call}: {error}"),
        }
    }
}
