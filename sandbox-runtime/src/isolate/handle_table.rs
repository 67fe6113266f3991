//! Handles: numbers that stand for values of an isolate's thread, and that only their maker resolves.

use std::cell::RefCell;
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
