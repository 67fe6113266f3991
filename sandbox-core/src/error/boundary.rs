//! [`BoundaryError`]: values that violate the contract, and the places of the violations.

use std::fmt;

use super::Place;
use crate::shown::Shown;

/// The direction of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// An argument of a guest's method, or the result of a host's.
    ToGuest,
    /// The result of a guest's method, or an argument of a host's.
    ToHost,
}

/// Values that violate their contract, with the place of each violation.
///
/// The list is complete up to sixteen violations. The description of the type finds them, so a type that does not
/// implement `schemars::JsonSchema` has the first one only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoundaryError {
    /// The method whose argument or result was refused.
    pub place: Place,
    /// The direction of the value.
    pub direction: Direction,
    /// The violations: at least one.
    pub violations: Vec<Violation>,
    /// Whether there are more violations than these.
    pub truncated: bool,
}

/// A violation of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The place in the value: `result.lines[2].amount`.
    pub path: String,
    /// The values that the contract allows there.
    pub expected: String,
    /// The value that was found.
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
