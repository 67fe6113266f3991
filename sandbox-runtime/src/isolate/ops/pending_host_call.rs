//! `async` host methods of a guest at the other end of a link.
//!
//! The host's driver polls them: `site::wired::session::host_call` adds a method when the
//! peer's frame arrives, and polls the set.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use rustc_hash::FxHashMap;

use crate::guest_error::HostError;
use crate::isolate::state::abortable::{AbortHandle, abortable};
use crate::isolate::state::future_set::{EndsEarly, FutureSet, HostFuture};
use crate::isolate::state::plain_op::{Kept, KeptAnswer, StartedMethod, Unanswered};
use crate::observe::teller::OpenHostCall;

/// A method that has not answered.
struct PendingHostCall {
    /// The number of the host call.
    id: u64,
    /// The numbers of the contract and of the method.
    method: (usize, usize),
    /// The host call as observers know it.
    open: Option<OpenHostCall>,
    /// The output is `None` when the guest has ended the call.
    future: HostFuture<Option<Kept>>,
    /// The handle with which the guest can end the call.
    handle: Option<AbortHandle<Kept>>,
}

impl EndsEarly for PendingHostCall {
    fn is_over(&self) -> bool {
        self.handle.as_ref().is_some_and(AbortHandle::is_aborted)
    }
}

/// A method that has answered: its number, those of the contract and of the method, and the result.
pub(crate) type AnsweredHostCall =
    (u64, (usize, usize), Option<OpenHostCall>, Result<Box<dyn KeptAnswer>, Unanswered>);

impl Future for PendingHostCall {
    /// The number, whether the guest has ended the call, and the answer.
    type Output = (u64, bool, Option<AnsweredHostCall>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.future).poll(cx).map(|outcome| {
            let outcome = outcome.unwrap_or_else(|| Some(Err(Unanswered::Host(HostError::panicked()))));
            let answered = outcome.map(|outcome| (self.id, self.method, self.open.take(), outcome));
            (self.id, self.is_over(), answered)
        })
    }
}

/// The pending methods of one call.
#[derive(Default)]
pub(crate) struct Pendings {
    all: FutureSet<PendingHostCall>,
    /// The methods that the guest can end, by the numbers of their calls.
    abortable: RefCell<FxHashMap<u64, AbortHandle<Kept>>>,
}

impl Pendings {
    /// The number of methods that have not answered.
    pub(crate) fn count(&self) -> usize {
        self.all.count()
    }

    /// Adds a method that has begun.
    pub(crate) fn push(
        &self,
        id: u64,
        method: (usize, usize),
        started: StartedMethod,
        open: Option<OpenHostCall>,
    ) {
        let StartedMethod { future, cancellation } = started;
        let mut ends = None;
        let future = match cancellation {
            None => HostFuture::new(Box::pin(future.map(Some))),
            Some(cancellation) => {
                let (future, handle) = abortable(future, cancellation);
                ends = Some(handle.clone());
                self.abortable.borrow_mut().insert(id, handle);
                HostFuture::new(Box::pin(future))
            }
        };
        self.all.push_early(PendingHostCall { id, method, open, future, handle: ends });
    }

    /// The next method that has answered.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Option<AnsweredHostCall> {
        loop {
            let (id, is_over, answered) = self.all.poll(cx)?;
            if is_over {
                self.all.removed_early();
            }
            let handle = self.abortable.borrow_mut().remove(&id);
            drop(handle);
            if answered.is_some() {
                return answered;
            }
        }
    }

    /// Drops the future of a method, because the guest has ended the call. A method that has answered is not here.
    pub(crate) fn abort(&self, id: u64) {
        let handle = self.abortable.borrow_mut().remove(&id);
        if handle.is_some_and(|handle| handle.abort()) {
            self.all.ends_early();
        }
    }

    /// Takes all methods out, to be dropped.
    pub(crate) fn take(&self) -> impl Sized + use<> {
        (self.all.take(), self.abortable.take())
    }
}
