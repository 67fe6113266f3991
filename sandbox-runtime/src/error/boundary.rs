//! Values that are not what the contract says.

use std::fmt;

use super::Place;
use crate::shown::Shown;

/// Which way a value was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// An argument of a guest's method, or the result of a host's.
    ToGuest,
    /// The result of a guest's method, or an argument of a host's.
    ToHost,
}

/// Values that are not what their contract says, and where in the argument or result that is.
///
/// All violations are there, up to sixteen. They are told from the description of the type, so a type that does not
/// implement `schemars::JsonSchema` has the first one only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoundaryError {
    /// The method whose argument or result it is.
    pub place: Place,
    /// Which way it was going.
    pub direction: Direction,
    /// What is wrong: at least one.
    pub violations: Vec<Violation>,
    /// There are more violations than these.
    pub truncated: bool,
}

/// A value that is not what its contract says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Where in the value: `result.lines[2].amount`.
    pub path: String,
    /// What the contract asks for.
    pub expected: String,
    /// What was there.
    pub found: String,
}

impl std::error::Error for BoundaryError {}

impl fmt::Display for BoundaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → ", self.place)?;
        for (index, violation) in self.violations.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            violation.fmt(f)?;
        }
        f.write_str(if self.truncated { "; and more" } else { "" })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [path, expected, found] = [&self.path, &self.expected, &self.found].map(|text| Shown(text));
        write!(f, "{path}: expected {expected}, got {found}")
    }
}
