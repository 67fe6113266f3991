//! The budget of a crossing: what of values, bytes, levels and stack is left.

use std::cell::Cell;

use super::value_error::ValueError;
use crate::error::grouped;
use crate::limits::Limits;
use crate::stack::StackEnd;
use crate::value::CrossingBudget;
use crate::value::handle::HandleNumbers;

/// The least number of values that an Array or an object counts as.
pub const LEAST: usize = 4;
/// The least number of values that a Map or a Set counts as.
pub const LEAST_LISTED: usize = 8;

/// The remaining budget of a crossing.
pub struct Budget<'l> {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
    /// serde's buffer holds a value that it may also give to another type: a BigInt as a float, rounded; bytes as text; a
    /// great number as an `f32`.
    is_in_doubt: Cell<bool>,
    limits: &'l Limits,
    stack: StackEnd,
    handles: Option<&'l dyn HandleNumbers>,
    is_scoped: bool,
}

impl<'l> Budget<'l> {
    #[inline]
    pub fn new(limits: &'l Limits, stack: StackEnd) -> Self {
        Self {
            nodes: Cell::new(limits.value_nodes),
            bytes: Cell::new(limits.value_bytes),
            is_in_doubt: Cell::new(false),
            limits,
            stack,
            handles: None,
            is_scoped: false,
        }
    }

    /// Whether handles among the values end with the guest's call.
    #[inline]
    #[must_use]
    pub fn scoped(self, is_scoped: bool) -> Self {
        Self { is_scoped, ..self }
    }

    /// Whether handles among the values end with the guest's call.
    pub fn is_scoped(&self) -> bool {
        self.is_scoped
    }

    /// Values can be these handles.
    #[must_use]
    pub fn with_handles(self, handles: Option<&'l dyn HandleNumbers>) -> Self {
        Self { handles, ..self }
    }

    /// The handles that values can be.
    pub(super) fn handles(&self) -> Option<&'l dyn HandleNumbers> {
        self.handles
    }

    /// The error of more handles than may be live.
    pub fn no_handle(&self) -> ValueError {
        over_handles(self.limits.handles)
    }

    /// The spent part in bytes: the bytes, and 8 for each value.
    #[inline]
    pub fn spent(&self) -> usize {
        const VALUE: usize = 8;
        let values = self.limits.value_nodes - self.nodes.get();
        (self.limits.value_bytes - self.bytes.get()).saturating_add(values.saturating_mul(VALUE))
    }

    /// Whether the result needs a second check against its schema.
    #[inline]
    pub fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.get()
    }

    /// Notes that serde's buffer may give a value to another type.
    pub fn doubt(&self) {
        self.is_in_doubt.set(true);
    }

    /// Spends the budget of `count` values.
    #[inline]
    pub fn nodes(&self, count: usize) -> Result<(), ValueError> {
        let Some(left) = self.nodes.get().checked_sub(count) else {
            return Err(self.over(CrossingBudget::Values));
        };
        self.nodes.set(left);
        Ok(())
    }

    /// Spends the budget of a list or an object of the guest: its elements, or [`LEAST`] values if it has fewer.
    ///
    /// A record of some fields costs no more than its fields. Reading an empty collection takes as long as reading some
    /// values, and a value that contains one collection many times is cheap to make. So empty collections have a price.
    pub fn items(&self, count: usize) -> Result<(), ValueError> {
        self.length(count)?;
        self.nodes(count.max(LEAST))
    }

    /// Spends the budget of a Set, which is copied to a list before it is read.
    pub fn members(&self, count: usize) -> Result<(), ValueError> {
        self.length(count)?;
        self.nodes(count.max(LEAST_LISTED))
    }

    /// Spends the budget of a Map's keys and values, which are copied to a list before they are read.
    pub fn entries(&self, count: usize) -> Result<(), ValueError> {
        self.length(count)?;
        self.nodes(count.saturating_mul(2).max(LEAST_LISTED))
    }

    /// Checks the length of a collection.
    pub fn length(&self, count: usize) -> Result<(), ValueError> {
        let limit = self.limits.value_items;
        match count <= limit {
            true => Ok(()),
            false => Err(self.over(CrossingBudget::Items { found: count as u64 })),
        }
    }

    /// Spends the budget of a text. The length is in units of the side that the text comes from: V8's 16-bit units, or bytes
    /// of UTF-8.
    #[inline]
    pub fn text(&self, length: usize) -> Result<(), ValueError> {
        let limit = self.limits.value_text;
        if length > limit {
            return Err(self.over(CrossingBudget::Text { found: length as u64 }));
        }
        self.bytes(length)
    }

    /// Spends the budget of `count` bytes.
    #[inline]
    pub fn bytes(&self, count: usize) -> Result<(), ValueError> {
        let Some(left) = self.bytes.get().checked_sub(count) else {
            return Err(self.over(CrossingBudget::Bytes));
        };
        self.bytes.set(left);
        Ok(())
    }

    /// The error when there is no memory for one more buffer.
    pub fn no_buffer(&self) -> ValueError {
        over(None, "bytes of ArrayBuffers", "buffers", (self.limits.buffers, "more".into()))
    }

    /// The depth of the next level; an error beyond the limit.
    pub fn deeper(&self, depth: usize) -> Result<usize, ValueError> {
        if depth >= self.limits.value_depth {
            return Err(self.over(CrossingBudget::Depth));
        }
        if !self.stack.allows_step() {
            return Err(self.over(CrossingBudget::Stack));
        }
        Ok(depth + 1)
    }

    /// The error of a value that is too much for a budget.
    #[cold]
    pub fn over(&self, budget: CrossingBudget) -> ValueError {
        let limits = self.limits;
        let (what, limit, found) = match budget {
            CrossingBudget::Values => ("values in one crossing", limits.value_nodes, "more".into()),
            CrossingBudget::Items { found } => {
                ("elements in one collection", limits.value_items, grouped(found))
            }
            CrossingBudget::Text { found } => ("units in one text", limits.value_text, grouped(found)),
            CrossingBudget::Bytes => return over_bytes(limits.value_bytes),
            CrossingBudget::Depth => ("levels of nesting", limits.value_depth, "more, or a cycle".into()),
            CrossingBudget::Stack => {
                let expected = "a value that fits on the stack that is left";
                return ValueError::over(Some(budget), expected, "one nested deeper");
            }
        };
        over(Some(budget), what, budget.setting().unwrap_or_default(), (limit, found))
    }
}

/// The error of a used-up budget: the counted unit, the name of the limit, the limit, and the value found.
#[cold]
fn over(
    budget: Option<CrossingBudget>,
    what: &str,
    name: &str,
    (limit, found): (usize, String),
) -> ValueError {
    let expected = format!("at most {} {what} (`Limits::{name}`)", grouped(limit as u64));
    ValueError::over(budget, expected, found)
}

/// The error of objects beyond `Limits::handles`.
#[cold]
pub fn over_handles(limit: usize) -> ValueError {
    over(None, "handles of hosts and guests at once", "handles", (limit, "more".into()))
}

/// The error of text and bytes beyond `Limits::value_bytes`.
#[cold]
pub fn over_bytes(limit: usize) -> ValueError {
    let budget = CrossingBudget::Bytes;
    over(Some(budget), "bytes in one crossing", budget.setting().unwrap_or_default(), (limit, "more".into()))
}
