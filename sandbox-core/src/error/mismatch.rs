//! Exports that a contract needs and a script does not have: the problems, near misses among the names, and the texts.
//!
//! Names of exports are a guest's text, so `Display` escapes them. [`Error::Mismatch`](super::Error::Mismatch) holds the problems.

use std::borrow::Cow;
use std::fmt;

use crate::shown::Shown;

/// An export that a contract needs and a script does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportProblem {
    /// The JavaScript name.
    pub export: Cow<'static, str>,
    /// The value in its place; `None` when there is no such export.
    pub found: Option<String>,
    /// An export with a similar name, when there is no such export.
    pub similar: Option<String>,
}

impl ExportProblem {
    /// A missing export, with a similar one among the exports.
    #[doc(hidden)]
    #[must_use]
    pub fn not_a_function(export: Cow<'static, str>, found: String) -> Self {
        Self { export, found: Some(found), similar: None }
    }

    #[doc(hidden)]
    pub fn missing(export: Cow<'static, str>, exports: &[String]) -> Self {
        let near = exports.iter().filter(|name| is_near(&export, name));
        let similar = near.min_by_key(|name| name.len().abs_diff(export.len())).cloned();
        Self { export, found: None, similar }
    }
}

/// Whether two names differ only in case, separators, or one or two characters.
fn is_near(a: &str, b: &str) -> bool {
    let plain = |name: &str| {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<Vec<_>>()
    };
    let (a, b) = (plain(a), plain(b));
    let most = if a.len().min(b.len()) < 4 { 1 } else { 2 };
    a.len().min(b.len()) > 1 && distance(&a, &b) <= most
}

/// The edit distance of two names, in characters.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row = (0..=b.len()).collect::<Vec<_>>();
    for (i, x) in a.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let here = (before + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            before = std::mem::replace(&mut row[j + 1], here);
        }
    }
    row.last().copied().unwrap_or_default()
}

impl fmt::Display for ExportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            None => {
                write!(f, "no export `{}`", self.export)?;
                self.similar.iter().try_for_each(|similar| write!(f, " (`{}` is one)", Shown(similar)))
            }
            Some(found) => write!(f, "export `{}` is {}, not a function", self.export, Shown(found)),
        }
    }
}

/// The list of a script's exports, for the text of a mismatch.
pub(super) fn exported(problems: &[ExportProblem], exports: &[String]) -> String {
    let name = problems.first().map_or("f", |problem| &*problem.export);
    match exports {
        [] => format!("; it exports nothing: write `export` before the function `{name}`"),
        [only] if only == "default" => {
            format!(
                "; it exports `default` alone: write `export function {name}(…)`, or `export default {{ {name} }}`"
            )
        }
        [only] if ["module.exports", "a body", "an expression", "a last value"].contains(&only.as_str()) => {
            format!(
                "; it is one function ({only}), which implements a contract of one method: name the method of another contract by `Script::implementing`"
            )
        }
        names => {
            let names = names.iter().map(|name| Shown(name).to_string()).collect::<Vec<_>>();
            format!("; it exports {}", names.join(", "))
        }
    }
}

/// The problems, in one line.
pub(super) fn list(problems: &[ExportProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
