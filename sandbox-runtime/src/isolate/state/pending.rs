//! `async` host methods that have not answered, as data.
//!
//! `ops` begins them. A flight polls them between its turns, and settles their promises in a turn: see `host_calls::promises`.
//! In a runtime of the application, its event loop does both: see `extension`.

#[cfg(feature = "deno_core")]
use std::cell::RefCell;
#[cfg(feature = "deno_core")]
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use deno_core::v8;

use super::aborts::AbortableCall;
use super::future_set::{EndsEarly, HostFuture};
use super::refusal::Refusal;
use crate::error::Place;
use crate::isolate::engine::{CallSite, KeptResolver};
use crate::observe::teller::OpenHostCall;

/// The result of a host method, to be written as a value of the guest.
pub(in crate::isolate) type Settled = Result<Box<dyn HostAnswer>, Refusal>;

pub(in crate::isolate) trait HostAnswer {
    fn write<'s>(self: Box<Self>, scope: &v8::PinScope<'s, '_>) -> Result<v8::Local<'s, v8::Value>, Refusal>;
}

/// The promise that a guest has for a host method.
pub(in crate::isolate) struct AskedPromise {
    pub(in crate::isolate) resolver: KeptResolver,
    pub(in crate::isolate) place: Place,
    pub(in crate::isolate) call_site: CallSite,
    pub(in crate::isolate) open: Option<OpenHostCall>,
}

/// A host method that has not answered.
pub(in crate::isolate) struct PendingPromise {
    /// The promise, until the method has answered.
    pub(in crate::isolate) asked: Option<AskedPromise>,
    /// The call that has the promise, if the guest can end it.
    pub(in crate::isolate) abortable: Option<Rc<AbortableCall>>,
    pub(in crate::isolate) future: HostFuture<Settled>,
}

impl Future for PendingPromise {
    type Output = SettledAnswer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<SettledAnswer> {
        Pin::new(&mut self.future).poll(cx).map(|settled| {
            let settled = settled.unwrap_or_else(|| Err(Refusal::panicked()));
            let shared = self.abortable.as_ref().and_then(|call| call.answered());
            let is_aborted = self.is_over();
            SettledAnswer { asked: self.asked.take().or(shared), settled, is_aborted }
        })
    }
}

impl EndsEarly for PendingPromise {
    fn is_over(&self) -> bool {
        self.abortable.as_ref().is_some_and(|call| call.is_aborted())
    }
}

/// A host method that has answered.
pub(in crate::isolate) struct SettledAnswer {
    pub(in crate::isolate) asked: Option<AskedPromise>,
    pub(in crate::isolate) settled: Settled,
    /// Whether the guest has ended the call.
    pub(in crate::isolate) is_aborted: bool,
}

/// The pending methods that code of the application's runtime has called.
#[cfg(feature = "deno_core")]
#[derive(Default)]
pub(in crate::isolate) struct EventLoop {
    /// The methods that no op polls yet.
    pub(in crate::isolate) started: RefCell<VecDeque<PendingPromise>>,
    /// The methods whose promises are to be settled.
    answered: RefCell<VecDeque<SettledAnswer>>,
}

#[cfg(feature = "deno_core")]
impl EventLoop {
    /// Polls the method that was called first of those that no op polls.
    pub(in crate::isolate) async fn wait(&self) {
        let started = self.started.borrow_mut().pop_front();
        if let Some(started) = started {
            let answer = started.await;
            self.answered.borrow_mut().push_back(answer);
        }
    }

    /// The next method that has answered.
    pub(in crate::isolate) fn answered(&self) -> Option<SettledAnswer> {
        self.answered.borrow_mut().pop_front()
    }

    /// Takes all methods out, to be dropped.
    pub(in crate::isolate) fn take(&self) -> (VecDeque<PendingPromise>, VecDeque<SettledAnswer>) {
        (self.started.take(), self.answered.take())
    }
}
