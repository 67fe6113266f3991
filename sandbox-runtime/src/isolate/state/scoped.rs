//! Handles that end with calls: those that crossed in calls of methods with `#[sandbox(scoped)]`, and in no other.
//!
//! The tables of handles have one each: `host_handles` for objects of the host, and `guest_objects` for those of guests.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

/// The numbers of the handles, each with the calls of the guest in which it crossed.
#[derive(Default)]
pub(in crate::isolate) struct ScopedHandles(RefCell<FxHashMap<u64, Vec<u64>>>);

impl ScopedHandles {
    /// Notes a new handle. `call` is the call with which it ends, if it does.
    pub(in crate::isolate) fn begins(&self, number: u64, call: Option<u64>) {
        if let Some(call) = call {
            self.0.borrow_mut().insert(number, vec![call]);
        }
    }

    /// A handle that is there crosses again. The handle ends with the last of its calls, or with none, if it crosses without a scope.
    pub(in crate::isolate) fn crosses_again(&self, number: u64, call: Option<u64>) {
        let mut all = self.0.borrow_mut();
        match call {
            None => drop(all.remove(&number)),
            Some(call) => {
                let calls = all.get_mut(&number).filter(|calls| !calls.contains(&call));
                calls.into_iter().for_each(|calls| calls.push(call));
            }
        }
    }

    /// Takes the handles that end with a call.
    pub(in crate::isolate) fn end(&self, call: u64) -> Vec<u64> {
        let mut over = Vec::new();
        self.0.borrow_mut().retain(|number, calls| {
            calls.retain(|other| *other != call);
            if calls.is_empty() {
                over.push(*number);
            }
            !calls.is_empty()
        });
        over
    }

    /// Whether no handle ends with a call.
    pub(in crate::isolate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// A handle is over before its calls.
    pub(in crate::isolate) fn forget(&self, number: u64) {
        self.0.borrow_mut().remove(&number);
    }

    /// All handles are over.
    pub(in crate::isolate) fn clear(&self) {
        self.0.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_ends_with_the_last_of_its_calls() {
        let scoped = ScopedHandles::default();
        scoped.begins(1, Some(10));
        scoped.begins(2, Some(10));
        scoped.begins(3, None);
        scoped.begins(4, Some(10));
        // Another call has the first as well, and the second crosses without a scope.
        scoped.crosses_again(1, Some(11));
        scoped.crosses_again(2, None);
        // A handle without a scope gets none.
        scoped.crosses_again(3, Some(10));
        assert_eq!(scoped.end(10), [4]);
        assert_eq!((scoped.end(10), scoped.end(11), scoped.end(11)), (vec![], vec![1], vec![]));
    }
}
