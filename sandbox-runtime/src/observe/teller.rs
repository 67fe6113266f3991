//! [`Teller`]: tells the observers of one sandbox, and catches their panics.
//!
//! `isolate` and the session of a link have a teller each, if the builder got an observer. [`OpenCall`] and [`OpenHostCall`]
//! are begins whose ends are still to come: whatever happens, each is told once.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::bill::Bill;
use super::console::ConsoleLine;
use super::event::{
    CallBegin, CallEnd, CallId, CallKind, CallOutcome, ConsoleEvent, EndCause, HostCallBegin, HostCallEnd,
    HostCallId, HostOutcome, Origin, SandboxBegin, SandboxEnd,
};
use super::{Observer, trace};
use crate::error::{Error, Place};

/// The observers of a builder, and the tenant whose sandboxes they are told about.
#[derive(Clone, Default)]
pub(crate) struct Observers {
    all: Vec<Arc<dyn Observer>>,
    tenant: Option<Arc<str>>,
}

impl Observers {
    pub(crate) fn add(&mut self, observer: impl Observer) {
        self.all.push(Arc::new(observer));
    }

    /// These observers, for the sandbox of a tenant.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Self {
        let tenant = (!self.all.is_empty()).then(|| tenant.into());
        Self { all: self.all.clone(), tenant }
    }

    /// A teller for one sandbox; `None` without an observer.
    pub(crate) fn teller(&self) -> Option<Arc<Teller>> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let observers = Some(self.all.clone()).filter(|all| !all.is_empty())?;
        let sandbox = NEXT.fetch_add(1, Ordering::Relaxed);
        let (tenant, is_begun, next) = (self.tenant.clone(), AtomicBool::new(false), AtomicU64::new(1));
        Some(Arc::new(Teller { observers, sandbox, tenant, is_begun, next }))
    }
}

thread_local! {
    /// The tellers whose observers run on this thread.
    static TELLING: RefCell<Vec<*const Teller>> = const { RefCell::new(Vec::new()) };
}

/// Marks that observers of a teller run, until it is dropped.
struct Telling(());

impl Telling {
    fn of(teller: &Teller) -> Self {
        TELLING.with_borrow_mut(|all| all.push(teller));
        Self(())
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        TELLING.with_borrow_mut(|all| _ = all.pop());
    }
}

/// The error of a call by an observer of the sandbox.
fn inside_observer() -> Error {
    Error::blocking(
        "an observer cannot call, reset or end the calls of the sandbox that it observes: send the event to another thread",
    )
}

/// Tells observers about one sandbox.
pub(crate) struct Teller {
    observers: Vec<Arc<dyn Observer>>,
    sandbox: u64,
    tenant: Option<Arc<str>>,
    /// Whether a begin of the sandbox was told whose end was not.
    is_begun: AtomicBool,
    /// The number of the next call or host call.
    next: AtomicU64,
}

impl Teller {
    fn tell(&self, event: &dyn Fn(&dyn Observer)) {
        let _telling = Telling::of(self);
        for (nth, observer) in self.observers.iter().enumerate() {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| event(&**observer))) {
                trace::panicked(nth);
                // The payload's own destructor may panic as well, so the payload is leaked.
                std::mem::forget(panic);
            }
        }
    }

    /// Refuses what an observer of this sandbox asks for while it is told.
    pub(crate) fn allows(&self) -> Result<(), Error> {
        match TELLING.with_borrow(|all| all.contains(&std::ptr::from_ref(self))) {
            true => Err(inside_observer()),
            false => Ok(()),
        }
    }

    fn origin(&self) -> Origin<'_> {
        Origin { sandbox: self.sandbox, tenant: self.tenant.as_deref() }
    }

    fn next(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn sandbox_begins(&self) {
        self.is_begun.store(true, Ordering::SeqCst);
        let event = SandboxBegin { origin: self.origin() };
        self.tell(&|observer| observer.on_sandbox_begin(&event));
    }

    /// Tells the end of the sandbox, unless it was told.
    pub(crate) fn sandbox_ends(&self, cause: EndCause<'_>) {
        if self.is_begun.swap(false, Ordering::SeqCst) {
            let event = SandboxEnd { origin: self.origin(), cause };
            self.tell(&|observer| observer.on_sandbox_end(&event));
        }
    }

    /// Tells that a call begins.
    pub(crate) fn call_begins(self: &Arc<Self>, begin: Begin<'_>) -> OpenCall {
        let Begin { kind, realm, inside, is_async } = begin;
        let call = CallId::new(self.next());
        let event = CallBegin { origin: self.origin(), call, kind, realm, inside, is_async };
        self.tell(&|observer| observer.on_call_begin(&event));
        OpenCall { teller: self.clone(), call, kind: KeptKind::of(kind), has_ended: false }
    }

    /// Tells that a host method is called.
    pub(crate) fn host_call_begins(
        self: &Arc<Self>,
        call: Option<CallId>,
        place: &Place,
        is_async: bool,
    ) -> OpenHostCall {
        let (host_call, origin) = (HostCallId::new(self.next()), self.origin());
        let event = HostCallBegin { origin, call, host_call, place, is_async };
        self.tell(&|observer| observer.on_host_call_begin(&event));
        let place = place.to_owned();
        OpenHostCall { teller: self.clone(), call, host_call, place, is_async, has_ended: false }
    }

    pub(crate) fn console_line(&self, call: Option<CallId>, line: &ConsoleLine) {
        let event = ConsoleEvent { origin: self.origin(), call, line };
        self.tell(&|observer| observer.on_console_line(&event));
    }
}

/// The facts of a call that are known when it begins.
#[derive(Clone, Copy)]
pub(crate) struct Begin<'e> {
    pub(crate) kind: CallKind<'e>,
    pub(crate) realm: u64,
    pub(crate) inside: Option<HostCallId>,
    pub(crate) is_async: bool,
}

/// A kind that outlives the request it came from.
enum KeptKind {
    Method(Place),
    Evaluation(Box<str>),
    Binding(Box<str>),
    Realm,
}

impl KeptKind {
    fn of(kind: CallKind<'_>) -> Self {
        match kind {
            CallKind::Method(place) => Self::Method(place.to_owned()),
            CallKind::Evaluation { script } => Self::Evaluation(script.into()),
            CallKind::Binding { contract } => Self::Binding(contract.into()),
            CallKind::Realm => Self::Realm,
        }
    }

    fn get(&self) -> CallKind<'_> {
        match self {
            Self::Method(place) => CallKind::Method(place),
            Self::Evaluation(script) => CallKind::Evaluation { script },
            Self::Binding(contract) => CallKind::Binding { contract },
            Self::Realm => CallKind::Realm,
        }
    }
}

/// A call whose begin was told. When this is dropped, the call has ended without a result.
#[must_use = "the call ends when this is dropped"]
pub(crate) struct OpenCall {
    teller: Arc<Teller>,
    call: CallId,
    kind: KeptKind,
    has_ended: bool,
}

impl OpenCall {
    pub(crate) fn id(&self) -> CallId {
        self.call
    }

    /// Tells how the call has ended, and its part of the usage.
    pub(crate) fn end(mut self, outcome: CallOutcome<'_>, bill: &Bill) {
        self.tell(outcome, bill);
    }

    fn tell(&mut self, outcome: CallOutcome<'_>, bill: &Bill) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let (origin, kind) = (self.teller.origin(), self.kind.get());
        let event = CallEnd { origin, call: self.call, kind, outcome, bill };
        self.teller.tell(&|observer| observer.on_call_end(&event));
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.tell(CallOutcome::Dropped, &Bill::default());
    }
}

/// A host call whose begin was told. When this is dropped, the guest gets no answer.
#[must_use = "the host call ends when this is dropped"]
pub(crate) struct OpenHostCall {
    teller: Arc<Teller>,
    call: Option<CallId>,
    host_call: HostCallId,
    place: Place,
    is_async: bool,
    has_ended: bool,
}

impl OpenHostCall {
    pub(crate) fn id(&self) -> HostCallId {
        self.host_call
    }

    /// Tells how the host method was answered.
    pub(crate) fn end(mut self, outcome: HostOutcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: HostOutcome) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let Self { teller, call, host_call, place, is_async, .. } = &*self;
        let (origin, call, host_call, is_async) = (teller.origin(), *call, *host_call, *is_async);
        let event = HostCallEnd { origin, call, host_call, place, is_async, outcome };
        teller.tell(&|observer| observer.on_host_call_end(&event));
    }
}

impl Drop for OpenHostCall {
    fn drop(&mut self) {
        self.tell(HostOutcome::Dropped);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Notes each event as a line, and panics at each if it is told to.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>, bool);

    impl Lines {
        fn note(&self, line: String) {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line);
            assert!(!self.1, "on purpose");
        }
    }

    impl Observer for Lines {
        fn on_call_begin(&self, event: &CallBegin<'_>) {
            self.note(event.to_string());
        }
        fn on_call_end(&self, event: &CallEnd<'_>) {
            self.note(event.to_string());
        }
        fn on_host_call_end(&self, event: &HostCallEnd<'_>) {
            self.note(event.to_string());
        }
    }

    #[test]
    fn each_begin_has_one_end_and_panics_reach_no_other_observer() {
        let (panics, hears) = (Lines(Arc::default(), true), Lines::default());
        let mut observers = Observers::default();
        observers.add(panics.clone());
        observers.add(hears.clone());
        let teller = observers.teller().expect("there are observers");
        let kind = CallKind::Evaluation { script: "a\n.js" };
        let begin = Begin { kind, realm: 0, inside: None, is_async: false };
        let call = teller.call_begins(begin);
        let host = teller.host_call_begins(Some(call.id()), &Place::new("Host", "get"), true);
        drop(host);
        call.end(CallOutcome::Returned, &Bill::default());
        drop(teller.call_begins(Begin { kind: CallKind::Realm, ..begin }));
        let expected = [
            "call 1 begins: evaluation of a\\n.js",
            "host call 2 ends: Host.get: cancelled",
            "call 1 ends: evaluation of a\\n.js: ok",
            "call 3 begins: a realm",
            "call 3 ends: a realm: cancelled",
        ];
        for lines in [panics, hears] {
            assert_eq!(*lines.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner), expected);
        }
    }
}
