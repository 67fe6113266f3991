//! Futures of one thread in a form that is `Send`.
//!
//! The future of an `async` method is `Send`, because most callers need that. The call of a `LocalSandbox` is not. So the
//! proxy's future is a key, and the call is in a table of the thread. On another thread the key fails with a panic.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};

use super::local::LocalCall;
use crate::error::{Error, LossReason, Result};
use crate::site::SiteRefusal;

thread_local! {
    /// Leaked at the end of the thread: the destructors may need thread-local values that are already dropped.
    static FUTURES: ManuallyDrop<RefCell<HashMap<u64, Box<dyn Any>>>> = ManuallyDrop::default();
}

/// Futures that were dropped on another thread. Their own thread drops them later.
static STRAYS: Mutex<Option<HashMap<ThreadId, Vec<u64>>>> = Mutex::new(None);

fn strays() -> MutexGuard<'static, Option<HashMap<ThreadId, Vec<u64>>>> {
    STRAYS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call of a [`LocalSandbox`](crate::LocalSandbox) that can be sent, but not polled, away from the thread that made it.
#[must_use = "a call does nothing until it is awaited"]
pub struct Pinned<R> {
    key: u64,
    thread: ThreadId,
    has_begun: bool,
    result: PhantomData<fn() -> R>,
}

impl<R: 'static> Pinned<R> {
    pub(crate) fn new(future: LocalCall<R>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (key, thread) = (NEXT.fetch_add(1, Ordering::Relaxed), thread::current().id());
        let lost = strays().as_mut().and_then(|strays| strays.remove(&thread));
        lost.into_iter().flatten().for_each(|key| drop(remove(key)));
        FUTURES.with(|futures| futures.borrow_mut().insert(key, Box::new(future)));
        Self { key, thread, has_begun: false, result: PhantomData }
    }
}

impl<R> Pinned<R> {
    /// The error of a call that is polled on another thread than its own.
    fn away(&self) -> Error {
        match self.has_begun {
            true => Error::lost(LossReason::OtherThread, None),
            false => SiteRefusal::OtherThread.error(),
        }
    }
}

fn remove(key: u64) -> Option<Box<dyn Any>> {
    FUTURES.with(|futures| futures.borrow_mut().remove(&key))
}

impl<R: 'static> Future for Pinned<R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R>> {
        // Taken out of the table, because polling may add futures.
        let future = if self.thread == thread::current().id() { remove(self.key) } else { None };
        let Some(mut future) = future.and_then(|future| future.downcast::<LocalCall<R>>().ok()) else {
            return Poll::Ready(Err(self.away()));
        };
        self.has_begun = true;
        let polled = Pin::new(&mut *future).poll(cx);
        if polled.is_pending() {
            FUTURES.with(|futures| futures.borrow_mut().insert(self.key, future));
        }
        polled
    }
}

impl<R> Drop for Pinned<R> {
    fn drop(&mut self) {
        if self.thread == thread::current().id() {
            drop(remove(self.key));
        } else {
            strays().get_or_insert_default().entry(self.thread).or_default().push(self.key);
        }
    }
}
