//! [`Observed`]: the calls of an isolate, as its observers are told of them.
//!
//! `run` tells the begin and the end of synchronous calls, `flights` those of asynchronous ones, and `ops` those of host
//! calls. An isolate without an observer has no [`Observed`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use crate::error::{Error, Place};
use crate::isolate::limits::meter::Meter;
use crate::observe::console::ConsoleLine;
use crate::observe::teller::{Begin, OpenCall, OpenHostCall, Teller};
use crate::observe::{CallId, CallKind, CallOutcome, EndCause, HostCallId, HostOutcome};

/// The observers of an isolate, and the calls under way on its stack.
pub(crate) struct Observed {
    teller: Arc<Teller>,
    /// The innermost call whose code runs.
    call: Cell<Option<CallId>>,
    /// The innermost host method that the guest waits for, unless a nested call of that method runs.
    host_call: Cell<Option<HostCallId>>,
    /// The synchronous calls on the stack.
    stack: RefCell<Vec<SyncCall>>,
}

/// A synchronous call on the stack, and what was there before it.
struct SyncCall {
    open: OpenCall,
    call: Option<CallId>,
    host_call: Option<HostCallId>,
    /// The number of calls that were billed before.
    billed: u64,
}

impl Observed {
    pub(crate) fn new(teller: Arc<Teller>) -> Self {
        Self { teller, call: Cell::default(), host_call: Cell::default(), stack: RefCell::default() }
    }

    pub(crate) fn sandbox_begins(&self) {
        self.teller.sandbox_begins();
    }

    pub(crate) fn sandbox_ends(&self, cause: EndCause<'_>) {
        self.teller.sandbox_ends(cause);
    }

    /// Refuses what an observer of this isolate asks for while it is told.
    pub(crate) fn allows(&self) -> Result<(), Error> {
        self.teller.allows()
    }

    /// A synchronous call begins, unless an observer makes it.
    pub(crate) fn begin(&self, kind: CallKind<'_>, realm: u64, meter: &Meter) -> Result<(), Box<Error>> {
        self.allows()?;
        let (call, host_call, billed) = (self.call.get(), self.host_call.get(), meter.billed());
        let begin = Begin { kind, realm, inside: host_call, is_async: false };
        let open = self.teller.call_begins(begin);
        self.call.set(Some(open.id()));
        self.host_call.set(None);
        self.stack.borrow_mut().push(SyncCall { open, call, host_call, billed });
        Ok(())
    }

    /// The newest synchronous call is over, and has been billed if it is billed at all.
    pub(crate) fn end(&self, error: Option<&Error>, meter: &Meter) {
        let newest = self.stack.borrow_mut().pop();
        let Some(SyncCall { open, call, host_call, billed }) = newest else { return };
        self.call.set(call);
        self.host_call.set(host_call);
        open.end(error.map_or(CallOutcome::Returned, CallOutcome::Failed), &meter.bill_since(billed));
    }

    /// An asynchronous call begins.
    pub(crate) fn flight_begins(&self, kind: CallKind<'_>, realm: u64) -> OpenCall {
        self.teller.call_begins(Begin { kind, realm, inside: None, is_async: true })
    }

    /// Runs the turn of a call.
    pub(crate) fn within<R>(&self, call: Option<CallId>, turn: impl FnOnce() -> R) -> R {
        let before = self.call.replace(call);
        let done = turn();
        self.call.set(before);
        done
    }

    /// A guest calls a host method, and waits for it.
    pub(crate) fn host_call_begins(self: &Rc<Self>, place: &Place) -> WaitedHostCall {
        let open = self.teller.host_call_begins(self.call.get(), place, false);
        let before = self.host_call.replace(Some(open.id()));
        WaitedHostCall { open: Some(open), observed: self.clone(), before }
    }

    /// The code of a call, if it is known, calls an `async` host method.
    pub(crate) fn async_host_call_begins(&self, call: Option<CallId>, place: &Place) -> OpenHostCall {
        self.teller.host_call_begins(call.or(self.call.get()), place, true)
    }

    pub(crate) fn console_line(&self, line: &ConsoleLine) {
        self.teller.console_line(self.call.get(), line);
    }
}

/// A host call for which the guest waits.
pub(crate) struct WaitedHostCall {
    open: Option<OpenHostCall>,
    observed: Rc<Observed>,
    before: Option<HostCallId>,
}

impl WaitedHostCall {
    pub(crate) fn end(mut self, outcome: HostOutcome) {
        if let Some(open) = self.open.take() {
            open.end(outcome);
        }
    }
}

impl Drop for WaitedHostCall {
    fn drop(&mut self) {
        self.observed.host_call.set(self.before);
    }
}
