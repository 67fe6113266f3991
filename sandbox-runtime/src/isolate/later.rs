//! `async` host methods of a guest in another process, which the caller's thread waits for.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::group::Group;
use super::ops::caught;
use super::plainly::{KeptAnswer, Started, Unanswered};
use super::run::drop_of_host;
use crate::guest_error::HostError;

/// A method that has not answered.
pub(crate) struct Pending {
    /// The number of its call.
    pub(crate) id: u64,
    /// Those of its contract and of itself.
    pub(crate) method: (usize, usize),
    /// Taken when it is over.
    future: Option<Started>,
}

impl Pending {
    pub(crate) fn new(id: u64, method: (usize, usize), future: Started) -> Self {
        Self { id, method, future: Some(future) }
    }
}

impl Future for Pending {
    type Output = (u64, (usize, usize), Result<Box<dyn KeptAnswer>, Unanswered>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let panicked = || Err(Unanswered::Host(HostError::panicked()));
        let outcome = match self.future.as_mut().map(|future| caught(|| future.as_mut().poll(cx))) {
            Some(Ok(Poll::Pending)) => return Poll::Pending,
            Some(Ok(Poll::Ready(outcome))) => outcome,
            Some(Err(_)) | None => panicked(),
        };
        drop_of_host(self.future.take());
        Poll::Ready((self.id, self.method, outcome))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        drop_of_host(self.future.take());
    }
}

/// Those of a call.
pub(crate) type Pendings = Group<Pending>;

impl Pendings {
    /// All of them are given up. These are the numbers of their calls.
    pub(crate) fn give_up(&self) -> Vec<u64> {
        self.take().iter().map(|pending| pending.id).collect()
    }
}
