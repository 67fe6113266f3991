//! Where an isolate lives: a seat on a thread, and the handle of it.

use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::remote::{Guard, Lodging};
use super::worker::{Keep, Waiting, Worker, WorkerThread};
use crate::error::Result;
use crate::isolate::clock;
use crate::isolate::meter::Meter;
use crate::isolate::ticket::Ticket;
use crate::isolate::watchdog::Watch;
use crate::isolate::{Isolate, Realm, script};
use crate::realm::{Captured, Settings};
use crate::sandbox::{SendHosts, isolate};

/// An isolate on a thread, with what was loaded into it.
pub(super) struct Seat {
    pub(super) isolate: Rc<Isolate>,
    pub(super) exports: Keep<script::Exports>,
    pub(super) bindings: Keep<script::Binding>,
    /// Beside the one that the isolate began with.
    pub(super) realms: Keep<Rc<Realm>>,
}

impl Seat {
    pub(super) fn new(isolate: Rc<Isolate>) -> Self {
        Self { isolate, exports: Keep::default(), bindings: Keep::default(), realms: Keep::default() }
    }
}

/// A handle of an isolate. The isolate goes when this is dropped.
pub(super) struct Home {
    pub(super) thread: Arc<WorkerThread>,
    seat: u64,
    /// Whose time its calls take.
    pub(super) tenant: u64,
    /// That of the isolate that it has now.
    watch: Arc<Mutex<Arc<Watch>>>,
    pub(super) meter: Arc<Meter>,
    pub(super) captured: Arc<Captured>,
    /// How long a call may take.
    pub(super) limit: Duration,
}

impl Home {
    /// Makes an isolate on a thread, and waits until it is there.
    pub(super) fn start(
        thread: Arc<WorkerThread>,
        tenant: u64,
        settings: Settings,
        hosts: SendHosts,
    ) -> Result<Self> {
        let limit = settings.limits.wall;
        let captured = settings.captured.clone();
        let (built, wait) = std::sync::mpsc::sync_channel(1);
        let build = move |worker: &Worker| {
            let isolate = isolate(settings, hosts.arrive(), worker.stack)?;
            let (watch, meter) = (isolate.watch()?, isolate.meter());
            Ok((worker.seats.keep(Seat::new(isolate)), watch, meter))
        };
        thread.post(tenant, Box::new(move |worker| _ = built.send(build(worker))));
        let gone =
            |_| Err(crate::error::Error::build("the thread of the sandbox panicked while it was made"));
        let (seat, watch, meter) = wait.recv().unwrap_or_else(gone)?;
        Ok(Self { thread, seat, tenant, watch: Arc::new(Mutex::new(watch)), meter, captured, limit })
    }

    pub(super) fn watch(&self) -> MutexGuard<'_, Arc<Watch>> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the isolate anew. The watch is exchanged where the isolate lives: whoever asked may be gone by then, and others
    /// may ask for the same.
    pub(super) fn reset(&self) -> impl FnOnce(&Seat) -> Result<()> + Send + 'static {
        let watch = self.watch.clone();
        move |seat| {
            seat.isolate.reset()?;
            *watch.lock().unwrap_or_else(PoisonError::into_inner) = seat.isolate.watch()?;
            Ok(())
        }
    }

    fn at_seat<R>(
        &self,
        work: impl FnOnce(&Seat) -> Result<R> + Send + 'static,
    ) -> impl FnOnce(&Worker) -> Result<R> + Send + 'static {
        let seat = self.seat;
        move |worker| work(&*worker.seats.get(seat)?)
    }

    /// Runs `work` where the isolate lives and waits for its answer.
    pub(super) fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Seat) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.run_until(None, work)
    }

    /// The same for a caller who waits for its turn until then and no longer.
    pub(super) fn run_until<R: Send + 'static>(
        &self,
        deadline: Option<u64>,
        work: impl FnOnce(&Seat) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let waiting = Waiting { limit: self.limit, turn: None, deadline: deadline.map(clock::instant) };
        self.thread.run(self.tenant, waiting, self.at_seat(work))
    }

    /// Runs `work` where the isolate lives, for whoever awaits its answer.
    pub(super) async fn ask<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Seat) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        self.thread.ask(self.tenant, self.at_seat(work)).await
    }

    /// Does something at the seat later.
    pub(super) fn post(&self, work: impl FnOnce(&Seat) + Send + 'static) {
        let seat = self.seat;
        self.thread.post(
            self.tenant,
            Box::new(move |worker| {
                // The seat itself may be gone already.
                if let Ok(seat) = worker.seats.get(seat) {
                    work(&seat);
                }
            }),
        );
    }

    /// The number of the seat on its thread.
    pub(super) fn seat(&self) -> u64 {
        self.seat
    }
}

impl Lodging for Home {
    fn admit(&self) -> Result<(Arc<WorkerThread>, Option<Guard>)> {
        Ok((self.thread.clone(), None))
    }

    fn tenant(&self) -> u64 {
        self.tenant
    }

    fn limit(&self) -> Duration {
        self.limit
    }

    fn cancel(&self, ticket: &Ticket) {
        ticket.cancel(&self.watch());
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let seat = self.seat;
        self.thread.post(self.tenant, Box::new(move |worker| worker.seats.drop(seat)));
    }
}

/// Something of a seat that a handle stands for.
pub(super) struct Kept {
    pub(super) home: Arc<Home>,
    pub(super) key: u64,
    release: fn(&Seat, u64),
}

/// Made where the seat is, so that nothing stays there when the answer finds nobody any more.
impl Kept {
    pub(super) fn exports(home: Arc<Home>, seat: &Seat, exports: script::Exports) -> Self {
        Self { home, key: seat.exports.keep(exports), release: |seat, key| seat.exports.drop(key) }
    }

    pub(super) fn realm(home: Arc<Home>, seat: &Seat, realm: Rc<Realm>) -> Self {
        Self { home, key: seat.realms.keep(realm), release: |seat, key| seat.realms.drop(key) }
    }

    pub(super) fn binding(home: Arc<Home>, seat: &Seat, binding: script::Binding) -> Self {
        Self { home, key: seat.bindings.keep(binding), release: |seat, key| seat.bindings.drop(key) }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let (key, release) = (self.key, self.release);
        self.home.post(move |seat| release(seat, key));
    }
}
