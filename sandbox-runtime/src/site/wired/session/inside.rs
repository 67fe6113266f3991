//! The place of a call relative to its sandbox: outside, between turns, or within a host method.
//!
//! A thread-local stack knows the sandboxes whose host methods run on the thread.

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use super::Session;
use super::live_peer::LivePeer;
use super::state::SessionState;

/// The relation of the current code to a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum CallScope {
    Elsewhere,
    /// An `async` method of its host is being polled.
    Between,
    /// The guest waits for a host method to return.
    Within,
    /// A line of the guest's console is being written, and the guest continues.
    Console,
}

thread_local! {
    /// The sandboxes with host methods on the stack, and their relation to them.
    static STACK: RefCell<Vec<(*const Session, CallScope)>> = const { RefCell::new(Vec::new()) };
}

/// Marks a host method on the stack, until it is dropped.
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

/// Marks a request on the stack, until it is dropped. A panic of the code that writes its values drops it too.
pub(super) struct EnteredSession<'s> {
    session: &'s Session,
    state: &'s SessionState,
    live: &'s LivePeer,
}

impl<'s> EnteredSession<'s> {
    pub(super) fn into(session: &'s Session, state: &'s SessionState, live: &'s LivePeer) -> Self {
        session.depth.fetch_add(1, Ordering::SeqCst);
        Self { session, state, live }
    }
}

impl Drop for EnteredSession<'_> {
    fn drop(&mut self) {
        self.session.depth.fetch_sub(1, Ordering::SeqCst);
        self.session.ends(self.state, self.live);
    }
}

impl Session {
    /// The relation of the current code to this sandbox.
    pub(in super::super) fn here(&self) -> CallScope {
        let innermost = |stack: &Vec<(*const Self, CallScope)>| {
            stack.iter().rev().find(|(session, _)| std::ptr::eq(*session, self)).map(|(_, here)| *here)
        };
        STACK.with_borrow(innermost).unwrap_or(CallScope::Elsewhere)
    }
}
