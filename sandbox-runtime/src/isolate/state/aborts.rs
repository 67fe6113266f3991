//! Host calls of a guest that an `AbortSignal` ends.
//!
//! `host_calls::promises` adds the calls. An abort of the guest comes through `realm::signals`. Each `AbortSignal` that was given
//! to a host method has a number, by which its calls are found. A signal does not know its calls, so calls that are over leave
//! nothing in the guest.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use deno_core::v8;
use futures_util::FutureExt as _;

use super::abortable::{AbortHandle, abortable};
use super::flight::Flight;
use super::future_set::HostFuture;
use super::pending::{AskedPromise, PendingPromise, Settled};
use super::refusal::Refusal;
use crate::observe::HostOutcome;
use crate::value::Cancellation;

/// The calls under way that a signal can end.
#[derive(Default)]
pub(in crate::isolate) struct Aborts {
    /// By the number of the signal, and a number of their own.
    calls: RefCell<BTreeMap<(u64, u64), Weak<AbortableCall>>>,
    last: Cell<u64>,
}

/// A call that a signal can end.
pub(in crate::isolate) struct AbortableCall {
    aborts: Rc<Aborts>,
    key: (u64, u64),
    /// The guest's promise, until it is settled.
    asked: RefCell<Option<AskedPromise>>,
    handle: AbortHandle<Settled>,
    /// The flight that waits for it, if one does.
    flight: OnceCell<Weak<Flight>>,
}

/// The side of a call that ends it.
pub(in crate::isolate) struct CancelledBy {
    /// The number of the guest's signal; 0 for none.
    pub(in crate::isolate) signal: u64,
    pub(in crate::isolate) cancellation: Cancellation,
}

impl Aborts {
    /// A number that no signal and no call has.
    pub(in crate::isolate) fn next(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// A host method that a guest's signal can end.
    pub(in crate::isolate) fn pending(
        self: &Rc<Self>,
        asked: AskedPromise,
        future: Pin<Box<dyn Future<Output = Settled>>>,
        by: CancelledBy,
    ) -> PendingPromise {
        let (future, handle) = abortable(future, by.cancellation);
        let key = (by.signal, self.next());
        let asked = RefCell::new(Some(asked));
        let call =
            Rc::new(AbortableCall { aborts: self.clone(), key, asked, handle, flight: OnceCell::new() });
        self.calls.borrow_mut().insert(key, Rc::downgrade(&call));
        let future = future.map(|answer| answer.unwrap_or(Err(Refusal::Ended)));
        PendingPromise { asked: None, abortable: Some(call), future: HostFuture::new(Box::pin(future)) }
    }

    /// Ends the calls of a signal. Their promises are rejected with its reason.
    pub(in crate::isolate) fn abort(
        &self,
        scope: &mut v8::PinScope<'_, '_>,
        signal: u64,
        reason: v8::Local<'_, v8::Value>,
    ) {
        let calls = self.calls.borrow();
        let calls_of_signal = calls.range((signal, 0)..(signal + 1, 0));
        let ended = calls_of_signal.filter_map(|(_, call)| call.upgrade()).collect::<Vec<_>>();
        // To drop a future runs code of the host, which may begin calls.
        drop(calls);
        ended.iter().for_each(|call| call.abort(scope, reason));
    }
}

impl AbortableCall {
    fn abort(&self, scope: &mut v8::PinScope<'_, '_>, reason: v8::Local<'_, v8::Value>) {
        if !self.handle.abort() {
            return;
        }
        if let Some(flight) = self.flight.get().and_then(Weak::upgrade) {
            flight.waits_no_more();
        }
        let Some(AskedPromise { resolver, open, .. }) = self.asked.take() else { return };
        open.into_iter().for_each(|open| open.end(HostOutcome::Dropped));
        v8::tc_scope!(let scope, scope);
        let resolver = resolver.local(scope);
        // Fails only while the guest is being ended.
        _ = resolver.settle(scope, Err(v8::Local::new(scope, reason)));
    }

    /// The flight waits for the call.
    pub(super) fn is_awaited_by(&self, flight: &Rc<Flight>) {
        _ = self.flight.set(Rc::downgrade(flight));
    }

    /// Whether the guest has ended the call.
    pub(in crate::isolate) fn is_aborted(&self) -> bool {
        self.handle.is_aborted()
    }

    /// The promise of a method that has answered.
    pub(in crate::isolate) fn answered(&self) -> Option<AskedPromise> {
        self.asked.take()
    }
}

impl Drop for AbortableCall {
    fn drop(&mut self) {
        self.aborts.calls.borrow_mut().remove(&self.key);
    }
}
