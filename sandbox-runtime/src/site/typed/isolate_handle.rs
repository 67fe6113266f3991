//! The slot of an isolate on a thread, and the handle of it.
//!
//! A slot stays on its thread. A handle moves between threads, and drops the slot when it is dropped.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::object::{OnePlace, PlaceOfThread, ThroughThread};
use super::remote::{CallTarget, Guard};
use super::worker::{Waiting, Worker, WorkerThread};
use crate::error::Result;
use crate::isolate::binding::Binding;
use crate::isolate::cancels::Cancels;
use crate::isolate::handle_table::HandleTable;
use crate::isolate::meter::Meter;
use crate::isolate::ticket::Ticket;
use crate::isolate::{Isolate, Realm, clock, script};
use crate::options::{Captured, Settings};
use crate::site::builder::{SendHosts, isolate};
use crate::time::Deadline;

/// An isolate on a thread, with what was loaded into it.
pub(crate) struct IsolateSlot {
    pub(crate) isolate: Rc<Isolate>,
    pub(crate) exports: HandleTable<script::ScriptExports>,
    pub(crate) bindings: HandleTable<Binding>,
    /// The realms beside the first one.
    pub(crate) realms: HandleTable<Rc<Realm>>,
}

impl IsolateSlot {
    pub(crate) fn new(isolate: Rc<Isolate>) -> Self {
        Self {
            isolate,
            exports: HandleTable::default(),
            bindings: HandleTable::default(),
            realms: HandleTable::default(),
        }
    }

    /// A realm; `None` is the one that the sandbox begins with.
    pub(crate) fn realm(&self, key: Option<u64>) -> Result<Rc<Realm>> {
        match key {
            Some(key) => self.realms.get(key).map(|realm| (*realm).clone()),
            None => self.isolate.main_realm(),
        }
    }
}

/// A handle of an isolate. The isolate is dropped when this is dropped.
pub(crate) struct IsolateHandle {
    pub(crate) thread: Arc<WorkerThread>,
    slot: u64,
    /// The tenant whose time its calls take.
    pub(crate) tenant: u64,
    pub(crate) cancels: Arc<Cancels>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) captured: Arc<Captured>,
    /// The time limit of a call.
    pub(crate) limit: Duration,
}

impl IsolateHandle {
    /// Makes an isolate on a thread, and waits for it.
    pub(crate) fn start(
        thread: Arc<WorkerThread>,
        tenant: u64,
        settings: Settings,
        hosts: SendHosts,
    ) -> Result<Self> {
        let limit = settings.limits.wall;
        let captured = settings.captured.clone();
        let (built, wait) = std::sync::mpsc::sync_channel(1);
        let own = Arc::downgrade(&thread);
        let build = move |worker: &Worker| {
            let isolate = isolate(settings, hosts.arrive(), worker.stack)?;
            let (cancels, meter) = (isolate.cancels.clone(), isolate.meter());
            let link = isolate.link();
            let cancels_of = cancels.clone();
            let place =
                PlaceOfThread { thread: own, tenant, cancels: cancels_of, limit, link: link.number() };
            link.set_way(Arc::new(ThroughThread(Arc::new(OnePlace(Arc::new(place))))));
            Ok((worker.slots.keep(IsolateSlot::new(isolate)), cancels, meter))
        };
        thread.post(tenant, Box::new(move |worker| _ = built.send(build(worker))));
        let gone = |_| Err(crate::error::Error::build("making the sandbox panicked on its thread"));
        let (slot, cancels, meter) = wait.recv().unwrap_or_else(gone)?;
        Ok(Self { thread, slot, tenant, cancels, meter, captured, limit })
    }

    /// Makes the isolate anew. No cancellation of calls cancels this.
    pub(crate) fn reset(&self) -> Result<()> {
        self.run_at(Deadline::NEVER, self.at_slot(|slot| slot.isolate.reset()))
    }

    /// [`reset`](Self::reset) for a caller that awaits it.
    pub(crate) async fn reset_async(&self) -> Result<()> {
        self.thread.ask(self.tenant, self.at_slot(|slot| slot.isolate.reset())).await
    }

    fn at_slot<R>(
        &self,
        work: impl FnOnce(&IsolateSlot) -> Result<R> + Send + 'static,
    ) -> impl FnOnce(&Worker) -> Result<R> + Send + 'static {
        let slot = self.slot;
        move |worker| work(&*worker.slots.get(slot)?)
    }

    /// A call at the slot that is made now.
    fn call<R>(
        &self,
        work: impl FnOnce(&IsolateSlot) -> Result<R> + Send + 'static,
    ) -> impl FnOnce(&Worker) -> Result<R> + Send + 'static {
        let made_in = self.cancels.periods().now();
        self.at_slot(move |slot| slot.isolate.within(made_in, || work(slot)))
    }

    fn run_at<R: Send + 'static>(
        &self,
        deadline: Deadline,
        work: impl FnOnce(&Worker) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let waiting =
            Waiting { limit: self.limit, turn: None, deadline: deadline.time().map(clock::instant) };
        self.thread.run(self.tenant, waiting, work)
    }

    /// Makes a call on the isolate's thread, for a caller that waits for its turn until a deadline, and returns its result.
    pub(crate) fn run_until<R: Send + 'static>(
        &self,
        deadline: Deadline,
        work: impl FnOnce(&IsolateSlot) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.run_at(deadline, self.call(work))
    }

    /// Makes a call on the isolate's thread, for a caller that awaits the result.
    pub(crate) async fn ask<R: Send + 'static>(
        &self,
        work: impl FnOnce(&IsolateSlot) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.thread.ask(self.tenant, self.call(work)).await
    }

    /// Runs `work` at the slot later.
    pub(crate) fn post(&self, work: impl FnOnce(&IsolateSlot) + Send + 'static) {
        let slot = self.slot;
        self.thread.post(
            self.tenant,
            Box::new(move |worker| {
                // The slot may be dropped already.
                if let Ok(slot) = worker.slots.get(slot) {
                    work(&slot);
                }
            }),
        );
    }

    /// The number of the slot on its thread.
    pub(crate) fn slot(&self) -> u64 {
        self.slot
    }
}

impl CallTarget for IsolateHandle {
    fn admit(&self) -> Result<(Arc<WorkerThread>, Option<Guard>)> {
        Ok((self.thread.clone(), None))
    }

    fn tenant(&self) -> u64 {
        self.tenant
    }

    fn limit(&self) -> Duration {
        self.limit
    }

    fn is_made(&self, ticket: &Ticket) {
        ticket.made_in(|| self.cancels.periods().now());
    }

    fn cancel(&self, ticket: &Ticket) {
        self.cancels.cancel(ticket);
    }
}

impl Drop for IsolateHandle {
    fn drop(&mut self) {
        let slot = self.slot;
        self.thread.post(self.tenant, Box::new(move |worker| worker.slots.drop(slot)));
    }
}

/// A handle of a realm, a script or a binding in a slot.
pub struct HandleInner {
    pub(crate) handle: Arc<IsolateHandle>,
    pub(crate) key: u64,
    release: fn(&IsolateSlot, u64),
}

/// Made on the slot's thread. If the caller is gone when the answer arrives, dropping the answer frees the entry.
impl HandleInner {
    pub(crate) fn exports(
        handle: Arc<IsolateHandle>,
        slot: &IsolateSlot,
        exports: script::ScriptExports,
    ) -> Self {
        Self { handle, key: slot.exports.keep(exports), release: |slot, key| slot.exports.drop(key) }
    }

    pub(crate) fn realm(handle: Arc<IsolateHandle>, slot: &IsolateSlot, realm: Rc<Realm>) -> Self {
        Self { handle, key: slot.realms.keep(realm), release: |slot, key| slot.realms.drop(key) }
    }

    pub(crate) fn binding(handle: Arc<IsolateHandle>, slot: &IsolateSlot, binding: Binding) -> Self {
        Self { handle, key: slot.bindings.keep(binding), release: |slot, key| slot.bindings.drop(key) }
    }
}

impl Drop for HandleInner {
    fn drop(&mut self) {
        let (key, release) = (self.key, self.release);
        self.handle.post(move |slot| release(slot, key));
    }
}
