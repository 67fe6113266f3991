//! [`Cancellation`]: the end of a call that one side asks for, as the other side sees it.
//!
//! A contract names it as the last parameter of an `async` method. The boundary makes an `AbortSignal` of it for a guest, and
//! makes one for the host of a guest's `AbortSignal`. A cancellation is no data: no value of another type can hold one across.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a value with a cancellation in it does not cross.
const ALONE: &str =
    "a `Cancellation` crosses as the last parameter of an `async` method alone, and not inside of a value";

/// Tells one side of a call that the other side wants it to end.
///
/// An `async` method of a contract can have one as its last parameter. JavaScript has an `AbortSignal` in its place.
///
/// - In a method that a guest implements, the caller makes one, and gives a clone to the call. [`cancel`](Self::cancel) aborts
///   the guest's signal, and ends the call with `Error::Cancelled`.
/// - In a method that the host implements, the guest gives a signal, or none. An abort drops the method's future at once. The
///   cancellation is for work of the method that outlives its future, such as a task: it is cancelled by the abort, and when the
///   guest's call ends before the method.
///
/// A clone is the same cancellation.
///
/// ```
/// use sandbox_runtime::Cancellation;
///
/// let cancellation = Cancellation::new();
/// let task = cancellation.clone();
/// assert!(!task.is_cancelled());
/// cancellation.cancel();
/// assert!(task.is_cancelled());
/// ```
#[derive(Clone, Default)]
pub struct Cancellation(Arc<CancellationState>);

#[derive(Default)]
struct CancellationState {
    is_cancelled: AtomicBool,
    waiting: Mutex<WakerList>,
}

/// The wakers of those that wait, by their numbers.
#[derive(Default)]
struct WakerList {
    wakers: BTreeMap<u64, Waker>,
    last: u64,
}

impl Cancellation {
    /// A cancellation that nothing has cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels. All clones are cancelled, and those that wait are woken. A second call does nothing.
    pub fn cancel(&self) {
        let wakers = {
            let mut waiting = self.waiting();
            self.0.is_cancelled.store(true, Ordering::SeqCst);
            std::mem::take(&mut waiting.wakers)
        };
        // A waker is code of an executor, which may use the cancellation.
        wakers.into_values().for_each(Waker::wake);
    }

    /// Whether it is cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::SeqCst)
    }

    /// Waits until it is cancelled. The future borrows nothing.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + Sync + Unpin + 'static {
        Cancelled { of: self.clone(), number: None }
    }

    fn waiting(&self) -> MutexGuard<'_, WakerList> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellation").field("is_cancelled", &self.is_cancelled()).finish_non_exhaustive()
    }
}

struct Cancelled {
    of: Cancellation,
    /// The number of its waker, once it waits.
    number: Option<u64>,
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut waiting = this.of.waiting();
        if this.of.is_cancelled() {
            return Poll::Ready(());
        }
        let number = this.number.unwrap_or(waiting.last + 1);
        if this.number.is_none() {
            (waiting.last, this.number) = (number, Some(number));
        }
        let known = waiting.wakers.get(&number).is_some_and(|waker| waker.will_wake(cx.waker()));
        let before = if known { None } else { waiting.wakers.insert(number, cx.waker().clone()) };
        drop(waiting);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waker = self.of.waiting().wakers.remove(&number);
            drop(waker);
        }
    }
}

impl Serialize for Cancellation {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(ALONE))
    }
}

impl<'de> Deserialize<'de> for Cancellation {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(ALONE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_wait_are_woken_and_forgotten() {
        let cancellation = Cancellation::new();
        let mut cx = Context::from_waker(Waker::noop());
        let mut waits = (0..3).map(|_| cancellation.cancelled()).collect::<Vec<_>>();
        for wait in &mut waits {
            assert!(
                Pin::new(&mut *wait).poll(&mut cx).is_pending() && Pin::new(wait).poll(&mut cx).is_pending()
            );
        }
        assert_eq!(cancellation.waiting().wakers.len(), 3);
        waits.pop();
        assert_eq!(cancellation.waiting().wakers.len(), 2);
        cancellation.clone().cancel();
        cancellation.cancel();
        assert!(cancellation.is_cancelled() && cancellation.waiting().wakers.is_empty());
        assert!(waits.iter_mut().all(|wait| Pin::new(wait).poll(&mut cx).is_ready()));
        assert!(Pin::new(&mut cancellation.cancelled()).poll(&mut cx).is_ready());
    }

    #[test]
    fn no_value_holds_one() {
        let error = serde_json::to_string(&vec![Cancellation::new()]).expect_err("no data").to_string();
        assert!(error.contains("last parameter"), "{error}");
        let error = serde_json::from_str::<Vec<Cancellation>>("[null]").expect_err("no data").to_string();
        assert!(error.contains("last parameter"), "{error}");
    }
}
