//! Compares two versions of a contract as data, and reports what a change breaks. No script runs.
//!
//! The comparison works on a graph (`graph`) of alternatives (`alternatives`), for methods (`methods`) and values
//! (`values`). `fingerprint` uses the same graph.

use std::fmt;

use super::description::Description;

mod alternatives;
mod fingerprint;
mod graph;
mod methods;
mod numbers;
#[cfg(test)]
mod tests;
mod values;
mod variant;

pub(super) use self::fingerprint::fingerprint;

/// The changes between two versions of a contract, made by [`compat`]. Its `Display` has one line a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compatibility {
    /// The changes: those of the contract, then those of its methods in the order of the old trait, then the new
    /// methods. Properties come in the order of their names.
    pub changes: Vec<Change>,
}

/// A change of a [`Compatibility`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The place of the change: `PricingRule.compute → order.lines[].amount`, with the contract, the method, the
    /// parameter (or `result`), and the way into the value. `[]` is any item, `[0]` the first of a tuple, `{}` any
    /// value of a map, and `(circle)` the variant with this tag.
    pub path: String,
    /// The difference, such as `uint8 became uint32`.
    pub what: String,
    /// Which side the change breaks.
    pub breaks: Breaks,
}

/// Which sides a [`Change`] breaks. Both are `false` for a harmless change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breaks {
    /// A script written for the old version may fail when a host of the new version runs it.
    pub guests: bool,
    /// An application built with the old version may fail when it runs a script written for the new version.
    pub hosts: bool,
}

impl Compatibility {
    /// Whether a script written for the old version may fail when a host of the new version runs it.
    #[must_use]
    pub fn breaks_guests(&self) -> bool {
        self.changes.iter().any(|change| change.breaks.guests)
    }

    /// Whether an application built with the old version may fail when it runs a script written for the new version.
    #[must_use]
    pub fn breaks_hosts(&self) -> bool {
        self.changes.iter().any(|change| change.breaks.hosts)
    }

    /// Adds a change. In a contract that both sides can implement, most changes are found once in each direction, and
    /// become one.
    fn push(&mut self, path: &str, what: impl Into<String>, breaks: Breaks) {
        let what = what.into();
        match self.changes.iter_mut().find(|change| change.path == path && change.what == what) {
            Some(known) => known.breaks = known.breaks.and(breaks),
            None => self.changes.push(Change { path: path.to_owned(), what, breaks }),
        }
    }
}

impl Breaks {
    fn guests(guests: bool) -> Self {
        Self { guests, hosts: false }
    }

    fn hosts(hosts: bool) -> Self {
        Self { guests: false, hosts }
    }

    fn and(self, other: Self) -> Self {
        Self { guests: self.guests || other.guests, hosts: self.hosts || other.hosts }
    }

    /// Which sides the opposite change breaks.
    fn swapped(self) -> Self {
        Self { guests: self.hosts, hosts: self.guests }
    }
}

impl fmt::Display for Compatibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes.iter().try_for_each(|change| writeln!(f, "{change}"))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.path, self.what, self.breaks)
    }
}

impl fmt::Display for Breaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.guests, self.hosts) {
            (true, true) => "breaks guests and hosts",
            (true, false) => "breaks guests",
            (false, true) => "breaks hosts",
            (false, false) => "breaks nobody",
        })
    }
}

/// Compares two versions of a contract.
///
/// A change *breaks guests* if a script written for `old` may fail when a host of `new` runs it. A change *breaks
/// hosts* if an application built with `old` may fail when it runs a script written for `new`. Swapping the two
/// versions swaps the two words.
///
/// # Values
///
/// Where a value goes to the guest, a type that allows more than before breaks guests. A type that allows less breaks
/// hosts, because an old host still sends values that new scripts do not expect. Where a value comes from the guest,
/// the opposite holds. Names of types and of parameters, docs and titles do not matter. A property that may be absent
/// does not matter either, unless unknown properties are refused.
///
/// # Methods
///
/// | change | a guest implements the contract | the host implements it |
/// |---|---|---|
/// | method added | breaks guests, unless it is optional | breaks hosts |
/// | method removed | breaks hosts, unless it was optional | breaks guests |
/// | method became required | breaks guests | – |
/// | method became optional | breaks hosts | – |
/// | parameter added | breaks hosts, unless it can be null | breaks guests, unless it can be null |
/// | parameter removed | breaks guests, unless it could be null | breaks hosts, unless it could be null |
///
/// A side that can no longer implement the contract counts as having lost all its methods. A side that now can counts
/// as having gained them. In the first case an old host calls what new scripts no longer export, or an old script
/// uses a global that is gone. A new name of the contract is another global, which breaks guests and hosts. If only
/// guests implement the contract, no script contains the name.
///
/// # Handles
///
/// A handle is known by the name of its contract. The contracts of handles are compared in the same way, each as one that
/// the host or a guest implements. So a method that the host adds to an object breaks hosts, and one that it removes breaks
/// guests.
///
/// # Examples
///
/// ```
/// use sandbox_runtime::{Contract, Result, compat, sandbox_api};
///
/// mod published {
///     # use super::*;
///     #[sandbox_api(guest)]
///     pub trait Rule { fn price(&self, amount: u8) -> Result<f64>; }
/// }
/// mod current {
///     # use super::*;
///     #[sandbox_api(guest)]
///     pub trait Rule { fn price(&self, amount: u32) -> Result<f64>; }
/// }
///
/// # fn main() {
/// let change = compat(&<dyn published::Rule as Contract>::describe(), &<dyn current::Rule as Contract>::describe());
/// assert!(change.breaks_guests() && !change.breaks_hosts());
/// assert_eq!(change.changes[0].path, "Rule.price → amount");
/// # }
/// ```
#[must_use]
pub fn compat(old: &Description, new: &Description) -> Compatibility {
    methods::compare(old, new)
}
