//! Reads data, and diagnoses them in a second pass where needed.
//!
//! The host's side of a link reads arguments and results so.

use crate::boundary::budget::Budget;
use crate::boundary::value_error::ValueError;
use crate::boundary::violation::CheckViolation;

/// Reads data that are taken apart as they are read: first without a copy, and where a diagnosis is needed, a second time
/// with a copy.
///
/// `data` may return another value each time, so the value that is read last is also the one that is diagnosed. Data that
/// were read are checked even when they are truncated, because no missing part was read. Truncated data that were not read
/// are not diagnosed.
pub fn read_with_diagnosis<'b, D: Clone, V, E>(
    is_always_needed: bool,
    budget: impl Fn() -> Budget<'b>,
    data: impl Fn() -> Result<D, E>,
    read: impl Fn(&Budget<'b>, D) -> Result<V, ValueError>,
    (is_whole, violations): (impl FnOnce(&D) -> bool, impl FnOnce(&D) -> Vec<CheckViolation>),
) -> Result<Result<V, ValueError>, E> {
    if !is_always_needed {
        let budget = budget();
        match read(&budget, data()?) {
            Ok(value) if !budget.is_in_doubt() => return Ok(Ok(value)),
            Err(error) if !error.is_first_of_many() => return Ok(Err(error)),
            _ => {}
        }
    }
    let data = data()?;
    Ok(match read(&budget(), data.clone()) {
        Ok(value) => ValueError::all(violations(&data)).map_or(Ok(value), Err),
        Err(error) if error.is_first_of_many() && is_whole(&data) => Err(error.with(violations(&data))),
        Err(error) => Err(error),
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use super::*;
    use crate::limits::Limits;
    use crate::stack::StackEnd;

    /// Data that is 1 in the first read, 2 in the second, and so on. A number of `bad` violates the contract.
    fn of_changing_data(is_always_needed: bool, doubts: bool, bad: u32) -> Result<u32, String> {
        let (limits, next) = (Limits::default(), Cell::new(0));
        let budget = || Budget::new(&limits, StackEnd::of_thread());
        let data = || {
            next.set(next.get() + 1);
            Ok::<_, Infallible>(next.get())
        };
        let read = |budget: &Budget<'_>, number| {
            if doubts {
                budget.doubt();
            }
            Ok(number)
        };
        let violations = |number: &u32| match *number == bad {
            true => {
                vec![CheckViolation { path: Vec::new(), expected: "another".into(), found: bad.to_string() }]
            }
            false => Vec::new(),
        };
        let Ok(read) =
            read_with_diagnosis(is_always_needed, budget, data, read, (|_: &u32| true, violations));
        read.map_err(|error| error.to_string())
    }

    fn found(bad: &str) -> String {
        format!(": expected another, got {bad}")
    }

    #[test]
    fn what_is_given_is_what_was_looked_at() {
        assert_eq!(of_changing_data(false, false, 1), Ok(1));
        assert_eq!(of_changing_data(false, true, 1), Ok(2));
        assert_eq!(of_changing_data(true, false, 2), Ok(1));
        assert_eq!(of_changing_data(false, true, 2), Err(found("2")));
        assert_eq!(of_changing_data(true, true, 1), Err(found("1")));
    }
}
