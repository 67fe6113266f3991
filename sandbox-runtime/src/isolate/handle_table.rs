//! Handles: numbers that stand for values of an isolate's thread, and that only their maker resolves.

use std::cell::RefCell;
use std::hash::Hash;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::error::{DiscardCause, Error, Result};

/// Values of the isolate's thread, by keys that are `Send`.
pub(crate) struct HandleTable<T> {
    values: RefCell<(u64, FxHashMap<u64, Rc<T>>)>,
}

impl<T> Default for HandleTable<T> {
    fn default() -> Self {
        Self { values: RefCell::default() }
    }
}

impl<T> HandleTable<T> {
    pub(crate) fn keep(&self, value: T) -> u64 {
        let (next, values) = &mut *self.values.borrow_mut();
        *next += 1;
        values.insert(*next, Rc::new(value));
        *next
    }

    pub(crate) fn get(&self, key: u64) -> Result<Rc<T>> {
        self.values.borrow().1.get(&key).cloned().ok_or_else(|| Error::discarded(DiscardCause::Closed))
    }

    pub(crate) fn drop(&self, key: u64) {
        let value = self.values.borrow_mut().1.remove(&key);
        drop(value);
    }

    pub(crate) fn all(&self) -> Vec<Rc<T>> {
        self.values.borrow().1.values().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let values = std::mem::take(&mut self.values.borrow_mut().1);
        drop(values);
    }
}

/// Values with numbers that are also found by a key, such as the identity of an object. No number comes again.
///
/// The table drops no value: who removes one drops it, where the code of its drop can run.
pub(crate) struct KeyedTable<K, V> {
    last: u64,
    by_number: FxHashMap<u64, (K, V)>,
    by_key: FxHashMap<K, u64>,
}

impl<K, V> Default for KeyedTable<K, V> {
    fn default() -> Self {
        Self { last: 0, by_number: FxHashMap::default(), by_key: FxHashMap::default() }
    }
}

impl<K: Copy + Eq + Hash, V> KeyedTable<K, V> {
    /// The last number that was taken.
    #[cfg(feature = "process")]
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Takes the next number.
    pub(crate) fn take_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Keeps a value under a number that was taken. Returns the value that had the key.
    #[must_use = "the drop of a value can be code of the host"]
    pub(crate) fn insert(&mut self, number: u64, key: K, value: V) -> Option<V> {
        let before = self.by_key.insert(key, number).and_then(|before| self.by_number.remove(&before));
        self.by_number.insert(number, (key, value));
        before.map(|(_, before)| before)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// The number of the value with this key.
    pub(crate) fn number(&self, key: K) -> Option<u64> {
        self.by_key.get(&key).copied()
    }

    pub(crate) fn get(&self, number: u64) -> Option<(K, &V)> {
        self.by_number.get(&number).map(|(key, value)| (*key, value))
    }

    #[cfg(feature = "process")]
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut V> {
        self.by_number.get_mut(&number).map(|(_, value)| value)
    }

    #[must_use = "the drop of a value can be code of the host"]
    pub(crate) fn remove(&mut self, number: u64) -> Option<V> {
        let (key, value) = self.by_number.remove(&number)?;
        if self.by_key.get(&key) == Some(&number) {
            self.by_key.remove(&key);
        }
        Some(value)
    }

    /// Removes the values for which `is_over` holds.
    #[must_use = "the drop of a value can be code of the host"]
    pub(crate) fn remove_if(&mut self, is_over: impl Fn(K, &V) -> bool) -> Vec<V> {
        let over = self.by_number.iter().filter(|(_, (key, value))| is_over(*key, value));
        let over = over.map(|(number, _)| *number).collect::<Vec<_>>();
        over.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    /// Removes all values.
    #[must_use = "the drop of a value can be code of the host"]
    pub(crate) fn remove_all(&mut self) -> Vec<V> {
        self.by_key.clear();
        std::mem::take(&mut self.by_number).into_values().map(|(_, value)| value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_to_its_last_value() {
        let mut table = KeyedTable::default();
        let (first, second) = (table.take_number(), table.take_number());
        assert_eq!(table.insert(first, 'a', "one"), None);
        assert_eq!(table.insert(second, 'a', "two"), Some("one"));
        assert_eq!(
            (table.number('a'), table.get(first), table.get(second)),
            (Some(second), None, Some(('a', &"two")))
        );
        assert_eq!((table.remove(first), table.remove_if(|key, _| key == 'b')), (None, vec![]));
        assert_eq!((table.remove(second), table.number('a'), table.len()), (Some("two"), None, 0));
        assert_eq!(table.take_number(), 3);
    }
}
