//! `async` calls with their types erased, for the driver.

use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::super::call_head::{LimitData, OuterCall};
use super::call::{CallAnswer, Request};
use super::call_end::HostCounts;
use super::{About, Handle};
use crate::error::{Error, Result};
use crate::isolate::cancels::Period;
use crate::observe::CallOutcome;
use crate::observe::teller::OpenCall;
use crate::time::Deadline;
use crate::wire::Out;
use crate::wire::frame::Frame;

/// A call with a caller that awaits it.
pub(in super::super) trait ErasedCall: Send {
    fn terms(&self) -> &CallTerms;

    /// The call is made in this period.
    fn is_made_in(&mut self, period: Period);

    /// Writes the body of the request.
    fn write(&mut self, limit: LimitData, out: &mut Out) -> Result<()>;

    /// Whether the caller is gone. Otherwise the task is woken when the caller goes.
    fn is_dropped(&mut self, cx: &mut Context<'_>) -> bool;

    /// Adds the call's usage to the bill, and passes the peer's answer to the caller. Marks the peer as dead, if the answer
    /// ends the sandbox.
    fn arrive(self: Box<Self>, call: &Request<'_>, frame: &Frame, end: &HostCounts, open: Option<OpenCall>);

    /// Passes an error to the caller in the place of an answer.
    fn fail(self: Box<Self>, error: Error);
}

/// The terms of a call.
#[derive(Clone)]
pub(in super::super) struct CallTerms {
    pub(in super::super) about: About,
    /// The kind of its frame.
    pub(in super::super) kind: u8,
    /// The handle that the call needs.
    pub(in super::super) handle: Option<Handle>,
    /// How long the caller waits.
    pub(in super::super) deadline: Deadline,
    /// The call that this one is inside of.
    pub(in super::super) outer: OuterCall,
    /// The period in which the call was made. A call is made when it is given to the driver.
    pub(in super::super) made_in: Period,
}

/// A call with a result of one type.
pub(in super::super) struct TypedCall<T, W, R> {
    pub(in super::super) terms: CallTerms,
    /// Writes the body; `None` once it is sent.
    pub(in super::super) write: Option<W>,
    pub(in super::super) read: R,
    pub(in super::super) answer: oneshot::Sender<Result<T>>,
}

impl<T, W, R> ErasedCall for TypedCall<T, W, R>
where
    T: Send,
    W: FnOnce(LimitData, &mut Out) -> Result<()> + Send,
    R: FnOnce(CallAnswer<'_>) -> Option<Result<T>> + Send,
{
    fn terms(&self) -> &CallTerms {
        &self.terms
    }

    fn is_made_in(&mut self, period: Period) {
        self.terms.made_in = period;
    }

    fn write(&mut self, limit: LimitData, out: &mut Out) -> Result<()> {
        self.write.take().map_or(Ok(()), |write| write(limit, out))
    }

    fn is_dropped(&mut self, cx: &mut Context<'_>) -> bool {
        matches!(self.answer.poll_closed(cx), Poll::Ready(()))
    }

    fn arrive(self: Box<Self>, call: &Request<'_>, frame: &Frame, end: &HostCounts, open: Option<OpenCall>) {
        let Self { read, answer, .. } = *self;
        let (outcome, bill) = call.arrived(frame, end, read);
        open.into_iter().for_each(|open| open.end(CallOutcome::of(&outcome), &bill));
        // The caller may be gone.
        _ = answer.send(outcome);
    }

    fn fail(self: Box<Self>, error: Error) {
        _ = self.answer.send(Err(error));
    }
}
