//! `async` host methods of a guest at the other end of a link.
//!
//! The host's driver polls them: `site::wired::session::host_call` adds a method when the
//! peer's frame arrives, and polls the set.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::guest_error::HostError;
use crate::isolate::state::future_set::{FutureSet, HostFuture};
use crate::isolate::state::plain_op::{KeptAnswer, Started, Unanswered};
use crate::observe::teller::OpenHostCall;

/// A method that has not answered.
pub(crate) struct PendingHostCall {
    /// The number of the host call.
    pub(crate) id: u64,
    /// The numbers of the contract and of the method.
    method: (usize, usize),
    /// The host call as observers know it.
    open: Option<OpenHostCall>,
    future: HostFuture<Result<Box<dyn KeptAnswer>, Unanswered>>,
}

impl PendingHostCall {
    pub(crate) fn new(id: u64, method: (usize, usize), future: Started, open: Option<OpenHostCall>) -> Self {
        Self { id, method, open, future: HostFuture::new(future) }
    }
}

impl Future for PendingHostCall {
    type Output = (u64, (usize, usize), Option<OpenHostCall>, Result<Box<dyn KeptAnswer>, Unanswered>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.future).poll(cx).map(|outcome| {
            let outcome = outcome.unwrap_or_else(|| Err(Unanswered::Host(HostError::panicked())));
            (self.id, self.method, self.open.take(), outcome)
        })
    }
}

/// The pending methods of one call.
pub(crate) type Pendings = FutureSet<PendingHostCall>;
