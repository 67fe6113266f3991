//! A set of futures that are polled together on one thread. A future may add others to the set while it is polled.
//!
//! Sets are kept by `isolate::state::flight` (the host methods of a flight), and over a link by
//! `isolate::ops::pending_host_call` and `site::wired::serve::flights`.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream as _;
use futures_util::stream::FuturesUnordered;

use super::refusal::caught;
use crate::panic::drop_of_host;

/// A set of futures.
pub(crate) struct FutureSet<F> {
    /// `None` until there is a future to poll.
    all: RefCell<Option<FuturesUnordered<F>>>,
    /// Futures that were added since the last poll, or during it.
    arriving: RefCell<Vec<F>>,
    count: Cell<usize>,
    /// How many of them are over, and wait for a poll that removes them.
    over: Cell<usize>,
    /// How many arriving futures there are when those that are over are removed next.
    sweep: Cell<usize>,
}

/// The number of arriving futures below which none are searched for those that are over.
const SWEPT: usize = 64;

/// A future that another part can end before its set is polled.
pub(crate) trait EndsEarly {
    /// Whether the future is over, and [`FutureSet::ends_early`] was told.
    fn is_over(&self) -> bool;
}

impl<F> Default for FutureSet<F> {
    fn default() -> Self {
        Self {
            all: RefCell::default(),
            arriving: RefCell::default(),
            count: Cell::default(),
            over: Cell::default(),
            sweep: Cell::new(SWEPT),
        }
    }
}

impl<F: Future + Unpin> FutureSet<F> {
    /// The number of futures that are not over.
    pub(crate) fn count(&self) -> usize {
        self.count.get().saturating_sub(self.over.get())
    }

    /// A future of the set is over before a poll. The future counts no more, and its next poll must be ready.
    pub(crate) fn ends_early(&self) {
        self.over.set(self.over.get() + 1);
    }

    /// A poll or a sweep has removed a future that was over.
    pub(crate) fn removed_early(&self) {
        self.over.set(self.over.get().saturating_sub(1));
    }

    /// Adds a future. The next [`poll`](Self::poll) polls it with the others.
    pub(crate) fn push(&self, future: F) {
        self.count.set(self.count.get() + 1);
        self.arriving.borrow_mut().push(future);
    }

    /// Adds a future that may be over before the next poll. Futures that are over take no memory until then.
    pub(crate) fn push_early(&self, future: F)
    where
        F: EndsEarly,
    {
        self.push(future);
        let mut arriving = self.arriving.borrow_mut();
        if arriving.len() < self.sweep.get() {
            return;
        }
        let all = std::mem::take(&mut *arriving);
        let (over, live): (Vec<_>, Vec<_>) = all.into_iter().partition(EndsEarly::is_over);
        self.sweep.set(2 * live.len() + SWEPT);
        *arriving = live;
        drop(arriving);
        self.count.set(self.count.get() - over.len());
        over.iter().for_each(|_| self.removed_early());
        drop(over);
    }

    /// The output of the next future that is over. No future of the set may poll the set.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Option<F::Output> {
        let mut all = self.all.borrow_mut();
        loop {
            // Not in the loop's head, because a polled future may add another.
            let arriving = self.arriving.take();
            let is_last = arriving.is_empty();
            if is_last && all.is_none() {
                return None;
            }
            let all = all.get_or_insert_default();
            all.extend(arriving);
            match Pin::new(all).poll_next(cx) {
                Poll::Ready(Some(output)) => {
                    self.count.set(self.count.get() - 1);
                    return Some(output);
                }
                _ if is_last => return None,
                _ => {}
            }
        }
    }

    /// Takes all futures out, to be dropped.
    pub(crate) fn take(&self) -> Vec<F> {
        self.count.set(0);
        self.over.set(0);
        let (all, arriving) = (self.all.take(), self.arriving.take());
        all.into_iter().flatten().chain(arriving).collect()
    }
}

/// A future of the host, which runs the host's code. A panic of the future gives no output. A panic
/// of its destructor ends there.
pub(in crate::isolate) struct HostFuture<T>(Option<Pin<Box<dyn Future<Output = T>>>>);

impl<T> HostFuture<T> {
    pub(in crate::isolate) fn new(future: Pin<Box<dyn Future<Output = T>>>) -> Self {
        Self(Some(future))
    }
}

impl<T> Future for HostFuture<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let output = match self.0.as_mut().map(|future| caught(|| future.as_mut().poll(cx))) {
            Some(Ok(Poll::Pending)) => return Poll::Pending,
            Some(Ok(Poll::Ready(output))) => Some(output),
            Some(Err(_)) | None => None,
        };
        drop_of_host(self.0.take());
        Poll::Ready(output)
    }
}

impl<T> Drop for HostFuture<T> {
    fn drop(&mut self) {
        drop_of_host(self.0.take());
    }
}
