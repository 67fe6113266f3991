//! Calls of `async` methods of the guest that methods of the host make while the guest waits for them.
//!
//! They cannot wait for the turn of the call that waits for them. They are sent by the thread that makes that call, which hands their
//! answers on.

use std::cell::RefCell;

use super::call::{Answered, Call};
use super::{About, Handle, Session};
use crate::error::{Error, Result};
use crate::isolate::clock;
use crate::isolate::ticket::within;
use crate::process::frame::Frame;
use crate::process::message::{Limit, kind};
use crate::process::wire::Out;

/// Does what is to be done with the answer to a call.
pub(super) type Slot = Box<dyn FnOnce(&Call<'_>, &Frame) -> Result<()> + Send>;

/// Where a call is made, as far as a sandbox is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Here {
    /// Nothing on this thread's stack is of the sandbox.
    Elsewhere,
    /// A method of the host that the guest waits for is being polled.
    Between,
    /// The guest waits for a method of the host to return.
    Within,
}

thread_local! {
    /// The sandboxes whose methods are on the stack, and where they were called.
    static STACK: RefCell<Vec<(*const Session, Here)>> = const { RefCell::new(Vec::new()) };
}

/// Methods of a sandbox's host are on the stack until this is dropped.
pub(super) struct Frames(());

impl Frames {
    pub(super) fn of(session: &Session, here: Here) -> Self {
        STACK.with_borrow_mut(|stack| stack.push((std::ptr::from_ref(session), here)));
        Self(())
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        STACK.with_borrow_mut(|stack| _ = stack.pop());
    }
}

impl Session {
    /// Where this thread is.
    pub(in super::super) fn here(&self) -> Here {
        let innermost = |stack: &Vec<(*const Self, Here)>| {
            stack.iter().rev().find(|(session, _)| std::ptr::eq(*session, self)).map(|(_, here)| *here)
        };
        STACK.with_borrow(innermost).unwrap_or(Here::Elsewhere)
    }

    /// Calls a method where [`here`](Self::here) is [`Here::Between`]. `done` is told what it gave, and given back when it could not be
    /// called; it is dropped when nothing is known before the call is over that waits for it.
    pub(in super::super) fn call_inside<T: 'static, D: FnOnce(Result<T>) + Send + 'static>(
        &self,
        about: About,
        handle: Handle,
        deadline: Option<u64>,
        body: impl FnOnce(Limit, &mut Out) -> Result<()>,
        taken: impl FnOnce(Answered<'_>) -> Option<Result<T>> + Send + 'static,
        done: D,
    ) -> Result<(), (Error, D)> {
        let (deadline, began) = (within(deadline), clock::now());
        let begun = self.lock(deadline).and_then(|state| {
            let live = self.ready(&state, Some(handle))?;
            let call = Call { session: self, state: &state, live: &live, about, began };
            let id = call.begin(kind::CALL, |out| body(self.limit(deadline), out))?;
            Ok((state, id))
        });
        let (state, id) = match begun {
            Ok(begun) => begun,
            Err(error) => return Err((error, done)),
        };
        let slot = move |outer: &Call<'_>, frame: &Frame| {
            let call = Call { about, began, ..*outer };
            let (bill, outcome) =
                call.understand(frame, taken).ok_or_else(|| call.broken("an answer that means nothing"))?;
            call.charge(bill);
            done(outcome);
            Ok(())
        };
        state.inside.borrow_mut().insert(id, Box::new(slot));
        Ok(())
    }
}
