//! The place of a call relative to its sandbox: outside, between turns, or within a host method.
//!
//! A thread-local stack knows the sandboxes whose host methods run on the thread.

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use super::super::call_head::OuterCall;
use super::live_peer::LivePeer;
use super::state::SessionState;
use super::{About, Session};
use crate::isolate::ticket::is_own;
use crate::time::Deadline;

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
    /// The sandboxes with host methods on the stack, the relation to them, and the call that the method belongs to.
    static STACK: RefCell<Vec<(*const Session, CallScope, u64)>> = const { RefCell::new(Vec::new()) };
}

/// Marks a host method on the stack, until it is dropped.
pub(super) struct HostFrames(());

impl HostFrames {
    pub(super) fn of(session: &Session, here: CallScope) -> Self {
        Self::enter(session, here, 0)
    }

    /// Code of an `async` host method of a call.
    pub(super) fn between(session: &Session, call: u64) -> Self {
        Self::enter(session, CallScope::Between, call)
    }

    fn enter(session: &Session, here: CallScope, call: u64) -> Self {
        STACK.with_borrow_mut(|stack| stack.push((std::ptr::from_ref(session), here, call)));
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
        self.innermost().map_or(CallScope::Elsewhere, |(here, _)| here)
    }

    fn innermost(&self) -> Option<(CallScope, u64)> {
        STACK.with_borrow(|stack| {
            let found = stack.iter().rev().find(|(session, ..)| std::ptr::eq(*session, self));
            found.map(|(_, here, call)| (*here, *call))
        })
    }

    /// The call that a call is inside of which is made here.
    pub(in super::super) fn outer_call(&self, about: &About, deadline: Deadline) -> OuterCall {
        match self.innermost() {
            Some((CallScope::Between, number)) if number != 0 => {
                OuterCall::Inside { number, is_own_deadline: is_own(deadline) }
            }
            None if about.is_of_object => OuterCall::Apart,
            _ => OuterCall::None,
        }
    }
}
