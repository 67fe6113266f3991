//! `async` host methods of a guest in another process, which the caller's thread waits for.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream as _;
use futures_util::stream::FuturesUnordered;

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
#[derive(Default)]
pub(crate) struct Pendings {
    /// But for those that are being polled.
    all: RefCell<FuturesUnordered<Pending>>,
    count: Cell<usize>,
}

impl Pendings {
    /// How many have not answered.
    pub(crate) fn count(&self) -> usize {
        self.count.get()
    }

    pub(crate) fn push(&self, pending: Pending) {
        self.all.borrow().push(pending);
        self.count.set(self.count.get() + 1);
    }

    /// The next one that has answered, if one has. It may call the guest while it is polled, and that another method.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Option<<Pending as Future>::Output> {
        loop {
            let mut all = self.all.take();
            let polled = Pin::new(&mut all).poll_next(cx);
            let arrived = self.all.replace(all);
            let is_last = arrived.is_empty();
            self.all.borrow_mut().extend(arrived);
            match polled {
                Poll::Ready(Some(answered)) => {
                    self.count.set(self.count.get() - 1);
                    return Some(answered);
                }
                _ if is_last => return None,
                _ => {}
            }
        }
    }

    /// All of them are given up. These are the numbers of their calls, with those of the methods.
    pub(crate) fn give_up(&self) -> Vec<(u64, (usize, usize))> {
        let all = self.all.take();
        self.count.set(0);
        all.iter().map(|pending| (pending.id, pending.method)).collect()
    }
}
