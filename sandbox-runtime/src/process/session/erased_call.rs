//! Calls of whatever type, as those see them who drive them.

use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::bill::Served;
use super::call::{CallAnswer, Request};
use super::{About, Handle};
use crate::error::{Error, Result};
use crate::process::frame::Frame;
use crate::process::message::LimitData;
use crate::process::wire::Out;
use crate::time::Deadline;

/// A call that somebody awaits.
pub(in super::super) trait ErasedCall: Send {
    fn terms(&self) -> CallTerms;

    /// Writes what is sent.
    fn write(&mut self, limit: LimitData, out: &mut Out) -> Result<()>;

    /// Whether nobody awaits it any more. Otherwise the task is woken when that is so.
    fn is_dropped(&mut self, cx: &mut Context<'_>) -> bool;

    /// Puts what it has used on the bill, with how often it has called the host, and tells what the child answered. Gives the error that
    /// was told, if the sandbox ends with it.
    ///
    /// # Errors
    ///
    /// When the answer means nothing.
    fn arrive(
        self: Box<Self>,
        call: &Request<'_>,
        frame: &Frame,
        served: &Served,
        by_caller: bool,
    ) -> Result<Option<Error>>;

    /// Tells why there is no answer.
    fn fail(self: Box<Self>, error: Error);
}

/// What a call is.
#[derive(Clone, Copy)]
pub(in super::super) struct CallTerms {
    pub(in super::super) about: About,
    /// Of its frame.
    pub(in super::super) kind: u8,
    /// What it is done with.
    pub(in super::super) handle: Option<Handle>,
    /// Until when its caller waits.
    pub(in super::super) deadline: Deadline,
}

/// A call that gives a value of one type.
pub(in super::super) struct TypedCall<T, W, R> {
    pub(in super::super) terms: CallTerms,
    /// Until it is sent.
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
    fn terms(&self) -> CallTerms {
        self.terms
    }

    fn write(&mut self, limit: LimitData, out: &mut Out) -> Result<()> {
        self.write.take().map_or(Ok(()), |write| write(limit, out))
    }

    fn is_dropped(&mut self, cx: &mut Context<'_>) -> bool {
        matches!(self.answer.poll_closed(cx), Poll::Ready(()))
    }

    fn arrive(
        self: Box<Self>,
        call: &Request<'_>,
        frame: &Frame,
        served: &Served,
        by_caller: bool,
    ) -> Result<Option<Error>> {
        let Self { read, answer, .. } = *self;
        let Some((bill, outcome)) = call.understand(frame, read) else {
            let error = call.broken("an answer that means nothing");
            _ = answer.send(Err(error.clone()));
            return Err(error);
        };
        call.charge(bill, frame, served);
        let outcome = outcome.map_err(|error| call.session.ended_by(error, by_caller));
        // Whoever gets an error of the host is to have it alone.
        let error = outcome.as_ref().err().filter(|error| error.is_final()).cloned();
        // Nobody may be there any more.
        _ = answer.send(outcome);
        Ok(error)
    }

    fn fail(self: Box<Self>, error: Error) {
        _ = self.answer.send(Err(error));
    }
}
