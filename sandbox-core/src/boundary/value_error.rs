//! [`ValueError`]: what is wrong with a value, and where in the value.
//!
//! Both readers, both writers and the checks make these errors. `error` puts them into `Error::Value` or
//! `Error::HostValue`, with the method's name.

use std::fmt::{self, Display, Write as _};

use serde::de::{Expected, Unexpected};

use super::violation::{CheckViolation, Step};
use crate::error::{self, BoundaryError, Direction, Error, Place};
use crate::shown::Shown;
use crate::value::{CrossingBudget, TextFault, text};

/// The violations of a value. Paths grow from the inside out while the error is returned, so a correct value pays
/// nothing for them.
#[doc(hidden)]
#[derive(Debug)]
pub struct ValueError(Box<ErrorState>);

#[derive(Debug)]
struct ErrorState {
    kind: FaultKind,
    /// At least one.
    faults: Vec<ValueFault>,
    /// Whether there are more violations than these.
    truncated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FaultKind {
    /// The value is not of its type. A diagnosis may find more.
    Value,
    /// The value exceeds a limit, so no more of it is read. `None` stands for a budget of writing, which no read has.
    Budget(Option<CrossingBudget>),
    /// The violations are complete.
    Complete,
}

#[derive(Debug)]
struct ValueFault {
    /// From the innermost step to the outermost.
    path: Vec<Step>,
    expected: String,
    found: String,
}

impl ValueError {
    pub fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::of(FaultKind::Value, expected, found)
    }

    /// The error when code of the guest threw during the read. A second read would throw again.
    pub fn thrown() -> Self {
        Self::of(FaultKind::Complete, "a value", "a getter that threw")
    }

    /// The error of a used-up budget of the crossing.
    pub fn over(
        budget: Option<CrossingBudget>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::of(FaultKind::Budget(budget), expected, found)
    }

    fn of(kind: FaultKind, expected: impl Into<String>, found: impl Into<String>) -> Self {
        let fault = ValueFault { path: Vec::new(), expected: expected.into(), found: found.into() };
        Self(Box::new(ErrorState { kind, faults: vec![fault], truncated: false }))
    }

    /// All violations of a value; `None` when there are none.
    pub fn all(violations: Vec<CheckViolation>) -> Option<Self> {
        let truncated = violations.len() > MOST;
        let faults = violations.into_iter().take(MOST).map(|CheckViolation { mut path, expected, found }| {
            path.reverse();
            ValueFault { path, expected, found }
        });
        let faults = faults.collect::<Vec<_>>();
        (!faults.is_empty())
            .then(|| Self(Box::new(ErrorState { kind: FaultKind::Complete, faults, truncated })))
    }

    pub fn inside(self, field: impl Into<String>) -> Self {
        self.under(Step::Field(field.into()))
    }

    pub fn at(self, index: usize) -> Self {
        self.under(Step::Index(index))
    }

    /// The key of the nth entry of a Map.
    pub fn at_key(self, index: usize) -> Self {
        self.under(Step::Key(index))
    }

    fn under(mut self, step: Step) -> Self {
        if let Some((last, others)) = self.0.faults.split_last_mut() {
            others.iter_mut().for_each(|fault| fault.path.push(step.clone()));
            last.path.push(step);
        }
        self
    }

    /// Whether a diagnosis of the value can find more than this.
    pub fn is_first_of_many(&self) -> bool {
        self.0.kind == FaultKind::Value
    }

    pub fn is_budget(&self) -> bool {
        matches!(self.0.kind, FaultKind::Budget(_))
    }

    /// The budget that is used up, if a value that is read can be too much for it.
    pub fn crossing_budget(&self) -> Option<CrossingBudget> {
        match self.0.kind {
            FaultKind::Budget(budget) => budget,
            _ => None,
        }
    }

    /// Joins the violations of both.
    pub fn and(mut self, other: Self) -> Self {
        self.0.truncated |= other.0.truncated || self.0.faults.len() + other.0.faults.len() > MOST;
        self.0.faults.extend(other.0.faults);
        self.0.faults.truncate(MOST);
        self
    }

    /// Adds the violations of a diagnosis. The first violation is kept when the diagnosis missed it.
    pub fn with(self, mut violations: Vec<CheckViolation>) -> Self {
        let first = self.0.faults.into_iter().next();
        if let Some(ValueFault { mut path, expected, found }) = first {
            path.reverse();
            let seen = |violation: &CheckViolation| is_beside(&violation.path, &path);
            if !violations.iter().any(seen) {
                violations.insert(0, CheckViolation { path, expected, found });
            }
        }
        Self::all(violations).unwrap_or_else(|| Self::new("a value of the contract's type", "another"))
    }

    pub fn into_error(self, place: &Place, direction: Direction) -> Error {
        Error::Value(Box::new(self.into_boundary_error(place, direction)))
    }

    pub fn into_boundary_error(self, place: &Place, direction: Direction) -> BoundaryError {
        let ErrorState { faults, truncated, .. } = *self.0;
        let violations = faults.into_iter().map(|fault| {
            let path = path_text(&fault.path);
            error::Violation { path, expected: fault.expected, found: fault.found }
        });
        BoundaryError { place: place.clone(), direction, violations: violations.collect(), truncated }
    }
}

/// How many violations of one crossing are reported.
pub const MOST: usize = 16;

/// Whether a violation is about a place, or about one inside or around it. Two readers of the same mistake can name
/// different places, as with a missing field or the key of an entry.
fn is_beside(a: &[Step], b: &[Step]) -> bool {
    let is_key = |step: &Step| matches!(step, Step::Key(_));
    a.iter().zip(b).all(|(a, b)| a == b || is_key(a) || is_key(b))
}

fn path_text(steps: &[Step]) -> String {
    /// The longest path that is shown whole, in steps. The middle of a longer path, such as that of a cycle, is left
    /// out.
    const STEPS: usize = 24;
    let mut path = String::new();
    for (at, step) in steps.iter().rev().enumerate() {
        match step {
            _ if at == STEPS / 2 && steps.len() > STEPS => path.push('…'),
            _ if at > STEPS / 2 && at + STEPS / 2 < steps.len() => {}
            Step::Index(index) => _ = write!(path, "[{index}]"),
            Step::Key(index) => _ = write!(path, "[{index}].key"),
            Step::Field(name) if path.is_empty() => path.push_str(name),
            Step::Field(name) if is_identifier(name) => _ = write!(path, ".{name}"),
            Step::Field(name) => _ = write!(path, "[{:?}]", text::shorten(name)),
        }
    }
    path
}

fn is_identifier(name: &str) -> bool {
    name.len() <= text::SHOWN
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
}

impl std::error::Error for ValueError {}

impl Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.0.faults.iter().map(|fault| {
            let ValueFault { path, expected, found } = fault;
            format!("{}: expected {}, got {}", Shown(&path_text(path)), Shown(expected), Shown(found))
        });
        f.write_str(&each.collect::<Vec<_>>().join("; "))
    }
}

impl serde::ser::Error for ValueError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new("a value that can be serialized", message.to_string())
    }
}

impl serde::de::Error for ValueError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new("a value of the contract's type", format!("one that it refuses ({message})"))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string(), shown(found))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string(), shown(found))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string(), format!("{length} elements"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(one_of("variant", expected), format!("{:?}", text::shorten(variant)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(one_of("field", expected), format!("{:?}", text::shorten(field)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}`"), "none")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` once"), "it twice")
    }
}

fn one_of(what: &str, names: &[&str]) -> String {
    match names {
        [] => format!("no {what}"),
        [only] => format!("the {what} {only:?}"),
        many => {
            let names = many.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>();
            format!("one of the {what}s {}", names.join(", "))
        }
    }
}

/// Translates serde's word for the found value into a word of JavaScript.
fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Char(value) => format!("{:?}", value.to_string()),
        Unexpected::Str(value) => format!("{:?}", text::shorten(value)),
        Unexpected::Bytes(_) => "bytes".into(),
        Unexpected::Unit | Unexpected::Option => "null".into(),
        Unexpected::Seq => "an array".into(),
        Unexpected::Map => "an object".into(),
        Unexpected::NewtypeStruct => "a Date or an Error".into(),
        other => other.to_string(),
    }
}

/// The string is refused where a text is wanted.
impl From<TextFault> for ValueError {
    fn from(fault: TextFault) -> Self {
        let expected = match fault {
            TextFault::LoneSurrogate { .. } => "well-formed Unicode text",
            TextFault::Unreadable { .. } => "text that the engine has the memory to read",
        };
        Self::new(expected, fault.to_string())
    }
}
