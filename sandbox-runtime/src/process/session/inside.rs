//! Where a call is made, as far as a sandbox is concerned.

use std::cell::RefCell;

use super::Session;

/// What of a sandbox is on this thread's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum CallScope {
    Elsewhere,
    /// An `async` method of its host is being polled.
    Between,
    /// The guest waits for a method of its host to return.
    Within,
    /// A line of the guest is being written, and the guest goes on.
    Console,
}

thread_local! {
    /// The sandboxes whose methods are on the stack, and where they were called.
    static STACK: RefCell<Vec<(*const Session, CallScope)>> = const { RefCell::new(Vec::new()) };
}

/// A method of a sandbox's host is on the stack until this is dropped.
pub(super) struct HostFrames(());

impl HostFrames {
    pub(super) fn of(session: &Session, here: CallScope) -> Self {
        STACK.with_borrow_mut(|stack| stack.push((std::ptr::from_ref(session), here)));
        Self(())
    }
}

impl Drop for HostFrames {
    fn drop(&mut self) {
        STACK.with_borrow_mut(|stack| _ = stack.pop());
    }
}

impl Session {
    /// Where this thread is.
    pub(in super::super) fn here(&self) -> CallScope {
        let innermost = |stack: &Vec<(*const Self, CallScope)>| {
            stack.iter().rev().find(|(session, _)| std::ptr::eq(*session, self)).map(|(_, here)| *here)
        };
        STACK.with_borrow(innermost).unwrap_or(CallScope::Elsewhere)
    }
}
