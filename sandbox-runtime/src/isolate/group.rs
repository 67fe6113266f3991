//! Futures that are polled together, on one thread, and may add to their number while they are.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream as _;
use futures_util::stream::FuturesUnordered;

/// Some futures.
pub(crate) struct Group<F> {
    /// But for those that are being polled.
    all: RefCell<FuturesUnordered<F>>,
    count: Cell<usize>,
}

impl<F> Default for Group<F> {
    fn default() -> Self {
        Self { all: RefCell::default(), count: Cell::default() }
    }
}

impl<F: Future + Unpin> Group<F> {
    /// How many are not over.
    pub(crate) fn count(&self) -> usize {
        self.count.get()
    }

    pub(crate) fn push(&self, future: F) {
        self.all.borrow().push(future);
        self.count.set(self.count.get() + 1);
    }

    /// What the next one gives that is over.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Option<F::Output> {
        loop {
            let mut all = self.all.take();
            let polled = Pin::new(&mut all).poll_next(cx);
            let arrived = self.all.replace(all);
            let is_last = arrived.is_empty();
            self.all.borrow_mut().extend(arrived);
            match polled {
                Poll::Ready(Some(output)) => {
                    self.count.set(self.count.get() - 1);
                    return Some(output);
                }
                _ if is_last => return None,
                _ => {}
            }
        }
    }

    /// Takes them all, to be dropped.
    pub(crate) fn take(&self) -> FuturesUnordered<F> {
        self.count.set(0);
        self.all.take()
    }
}
