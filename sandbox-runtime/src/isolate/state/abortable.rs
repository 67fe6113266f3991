//! [`Abortable`]: the future of a host method that the guest can end.
//!
//! A set of futures gives none of them out. So the future is shared by the set and by an [`AbortHandle`], which drops it in its
//! place. The set removes what is left at its next poll.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::panic::{drop_of_host, of_host};
use crate::value::Cancellation;

/// The future of a host method; its output is `None` once it is aborted.
///
/// The method's cancellation is cancelled when the future is aborted, and when it is dropped before the method has answered.
pub(in crate::isolate) struct Abortable<T>(Rc<AbortableParts<T>>);

/// Ends the future of a host method.
pub(crate) struct AbortHandle<T>(Rc<AbortableParts<T>>);

struct AbortableParts<T> {
    /// `None` while it is polled, and once it is over.
    future: RefCell<Option<Pin<Box<dyn Future<Output = T>>>>>,
    waker: RefCell<Option<Waker>>,
    state: Cell<AbortState>,
    cancellation: Cancellation,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum AbortState {
    Pending,
    Answered,
    Aborted,
    /// The future was dropped, or has panicked.
    Dropped,
}

/// Makes a future that can be aborted.
pub(in crate::isolate) fn abortable<T>(
    future: Pin<Box<dyn Future<Output = T>>>,
    cancellation: Cancellation,
) -> (Abortable<T>, AbortHandle<T>) {
    let (future, waker, state) =
        (RefCell::new(Some(future)), RefCell::default(), Cell::new(AbortState::Pending));
    let parts = Rc::new(AbortableParts { future, waker, state, cancellation });
    (Abortable(parts.clone()), AbortHandle(parts))
}

impl<T> AbortableParts<T> {
    /// Ends the future, unless it is over. A future that is being polled is dropped after the poll. Returns whether it was ended.
    fn end(&self) -> bool {
        if self.state.get() != AbortState::Pending {
            return false;
        }
        self.state.set(AbortState::Aborted);
        of_host(|| self.cancellation.cancel());
        let future = self.future.borrow_mut().take();
        drop_of_host(future);
        true
    }
}

impl<T> Clone for AbortHandle<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> AbortHandle<T> {
    /// Whether a call of [`abort`](Self::abort) has dropped the future.
    pub(crate) fn is_aborted(&self) -> bool {
        self.0.state.get() == AbortState::Aborted
    }

    /// Drops the future, unless the method has answered. Returns whether it was dropped.
    pub(crate) fn abort(&self) -> bool {
        let is_ended = self.0.end();
        let waker = self.0.waker.borrow_mut().take();
        if let Some(waker) = waker.filter(|_| is_ended) {
            of_host(|| waker.wake());
        }
        is_ended
    }
}

impl<T> Future for Abortable<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let parts = &*self.0;
        // Taken out, because the method may have its guest abort it.
        let future = parts.future.borrow_mut().take();
        let Some(mut future) = future else { return Poll::Ready(None) };
        match future.as_mut().poll(cx) {
            Poll::Ready(answer) => {
                let is_aborted = parts.state.get() == AbortState::Aborted;
                if !is_aborted {
                    parts.state.set(AbortState::Answered);
                }
                drop_of_host(future);
                Poll::Ready(Some(answer).filter(|_| !is_aborted))
            }
            Poll::Pending if parts.state.get() == AbortState::Aborted => {
                drop_of_host(future);
                Poll::Ready(None)
            }
            Poll::Pending => {
                let waker = parts.waker.replace(Some(cx.waker().clone()));
                parts.future.replace(Some(future));
                drop_of_host(waker);
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Abortable<T> {
    fn drop(&mut self) {
        let parts = &*self.0;
        if parts.state.get() == AbortState::Pending {
            parts.state.set(AbortState::Dropped);
            drop_of_host(parts.future.take());
            of_host(|| parts.cancellation.cancel());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};

    use super::*;

    /// Notes its drop.
    struct Noted(Rc<Cell<bool>>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }

    fn polled<T>(future: &mut Abortable<T>) -> Poll<Option<T>> {
        Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_abort_drops_the_future_at_once_and_an_answer_is_no_abort() {
        let (dropped, cancellation) = (Rc::new(Cell::new(false)), Cancellation::new());
        let noted = Noted(dropped.clone());
        let future = Box::pin(async move {
            let _noted = noted;
            pending::<u32>().await
        });
        let (mut future, handle) = abortable(future, cancellation.clone());
        assert!(polled(&mut future).is_pending() && !cancellation.is_cancelled());
        assert!(handle.abort() && dropped.get() && cancellation.is_cancelled() && !handle.abort());
        assert_eq!(polled(&mut future), Poll::Ready(None));

        let cancellation = Cancellation::new();
        let (mut future, handle) = abortable(Box::pin(ready(1)), cancellation.clone());
        assert_eq!(polled(&mut future), Poll::Ready(Some(1)));
        assert!(!handle.abort());
        drop(future);
        assert!(!cancellation.is_cancelled());
    }

    #[test]
    fn a_dropped_future_cancels() {
        let cancellation = Cancellation::new();
        let (future, handle) = abortable(Box::pin(pending::<()>()), cancellation.clone());
        drop(future);
        assert!(cancellation.is_cancelled() && !handle.abort());
    }

    #[test]
    fn a_method_that_is_aborted_while_it_is_polled_is_dropped_after_the_poll() {
        let shared = Rc::new(RefCell::new(None::<AbortHandle<()>>));
        let own = shared.clone();
        let future = poll_fn(move |_| {
            assert!(own.borrow().as_ref().expect("a handle").abort());
            Poll::Pending
        });
        let (mut future, handle) = abortable(Box::pin(future), Cancellation::new());
        shared.replace(Some(handle));
        assert_eq!(polled(&mut future), Poll::Ready(None));
        shared.take();
    }
}
