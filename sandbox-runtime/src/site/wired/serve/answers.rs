//! The answers of the host's methods that the peer waits for.
//!
//! A synchronous call takes its answer from the frames that it reads. A promise waits with an [`AnswerFuture`]. Only the
//! guest's thread uses these types.

use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::isolate::data_host::{DataAnswer, Refused};

/// The result of a host method.
pub(super) type Given = Result<DataAnswer, Refused>;

enum Slot {
    Open(Option<Waker>),
    Given(Given),
}

/// Expected answers, by the numbers of their calls.
#[derive(Default)]
pub(super) struct Answers(RefCell<HashMap<u64, Slot>>);

impl Answers {
    /// Expects the answer to a call that was just sent.
    pub(super) fn expect(self: &Rc<Self>, id: u64) -> AnswerFuture {
        self.0.borrow_mut().insert(id, Slot::Open(None));
        AnswerFuture { answers: self.clone(), id }
    }

    /// Stores an answer. An answer that no future expects is dropped.
    pub(super) fn give(&self, id: u64, given: Given) {
        let before = self.0.borrow_mut().get_mut(&id).map(|slot| std::mem::replace(slot, Slot::Given(given)));
        if let Some(Slot::Open(Some(waker))) = before {
            waker.wake();
        }
    }
}

/// An answer that may not have arrived yet.
pub(super) struct AnswerFuture {
    answers: Rc<Answers>,
    id: u64,
}

impl AnswerFuture {
    /// The answer, if it has arrived. Otherwise the waker is woken when it arrives.
    pub(super) fn take(&self, waker: Option<&Waker>) -> Option<Given> {
        let mut slots = self.answers.0.borrow_mut();
        match slots.remove(&self.id) {
            Some(Slot::Given(given)) => Some(given),
            _ => {
                slots.insert(self.id, Slot::Open(waker.cloned()));
                None
            }
        }
    }
}

impl Future for AnswerFuture {
    type Output = Given;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Given> {
        self.take(Some(cx.waker())).map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for AnswerFuture {
    fn drop(&mut self) {
        let slot = self.answers.0.borrow_mut().remove(&self.id);
        drop(slot);
    }
}

/// Whether the futures of this thread must be polled again. Nothing outside of this thread wakes them: the host tells the
/// peer when a call must end.
pub(super) struct Woken(AtomicBool);

impl Woken {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicBool::default()))
    }

    /// Whether it was woken since the last question.
    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
