//! The bounds of a batch of a stream's values.

use crate::limits::Limits;

/// The most that a batch has. The first value of a batch is always there, so a large value crosses alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchBounds {
    pub items: usize,
    /// Values, with those inside of the items.
    pub values: usize,
    /// Bytes of texts and buffers.
    pub bytes: usize,
    /// Levels inside of an item.
    pub depth: usize,
}

impl BatchBounds {
    /// One item of any size.
    pub const ONE: Self = Self { items: 1, values: 0, bytes: 0, depth: 0 };

    /// Of any batch.
    pub const MOST: Self = Self { items: 1024, values: 4096, bytes: 64 << 10, depth: 16 };

    /// Of a batch that crosses under these limits. A batch takes half of a crossing's budget at most. Then no item is refused in
    /// a batch that would cross alone.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        // The array has one element more.
        let values = (limits.value_nodes / 2).min(limits.value_items.saturating_sub(1));
        let bytes = (limits.value_bytes / 2).min(limits.value_text);
        let depth = limits.value_depth.saturating_sub(1);
        Self { items: values.max(1), values, bytes, depth }.within(Self::MOST)
    }

    /// The lesser of each bound. There is one item at least.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self {
            items: self.items.min(other.items).max(1),
            values: self.values.min(other.values),
            bytes: self.bytes.min(other.bytes),
            depth: self.depth.min(other.depth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_limits_make_small_batches() {
        assert_eq!(BatchBounds::of(&Limits::default()), BatchBounds::MOST);
        let limits = Limits {
            value_nodes: 20,
            value_bytes: 1000,
            value_text: 300,
            value_items: 8,
            value_depth: 3,
            ..Limits::default()
        };
        assert_eq!(BatchBounds::of(&limits), BatchBounds { items: 7, values: 7, bytes: 300, depth: 2 });
        let none = Limits { value_nodes: 0, value_items: 0, ..Limits::default() };
        assert_eq!(BatchBounds::of(&none).items, 1);
    }
}
