//! Flights as data: the `async` calls of an isolate that other turns can reach. `calls::flights` drives them.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use deno_core::v8;
use rustc_hash::FxHashMap;

use super::call_tree::{CallTree, Waits};
use super::future_set::FutureSet;
use super::pending::{PendingPromise, SettledAnswer};
use super::signals::FlightSignal;
use crate::error::Phase;
use crate::isolate::engine;
use crate::isolate::limits::call::{Counts, Turn, Used};
use crate::isolate::limits::clock;
use crate::isolate::limits::ticket::{Ticket, TicketScope, Woken};
use crate::isolate::limits::watchdog::Timer;
use crate::observe::CallId;
use crate::observe::teller::OpenCall;
use crate::panic::drop_of_host;
use crate::time::{Deadline, Nanos, Timestamp};

/// The least wait for the thread that is subtracted from a call's time. A shorter one is not worth a timer.
const NOTED: Nanos = Nanos::of(Duration::from_millis(1));

/// The part of a flight that other turns can reach.
pub(in crate::isolate) struct Flight {
    pub(in crate::isolate) ticket: Ticket,
    pub(in crate::isolate) began: Cell<Timestamp>,
    /// When the flight must be over; `None` until it has begun.
    pub(in crate::isolate) end: Cell<Option<Deadline>>,
    pub(in crate::isolate) by_caller: Cell<bool>,
    pub(in crate::isolate) counts: Cell<Counts>,
    pub(in crate::isolate) promise: RefCell<Option<v8::Global<v8::Promise>>>,
    /// Whether another flight's turn has settled its promise.
    pub(in crate::isolate) is_settled: Cell<bool>,
    /// The pending host methods. Others may be added while these are polled, or by a turn of another flight.
    pub(in crate::isolate) hosts: FutureSet<PendingPromise>,
    /// The call as observers know it, from its begin to its end.
    pub(in crate::isolate) open: RefCell<Option<OpenCall>>,
    pub(in crate::isolate) timer: RefCell<Option<Timer>>,
    /// The groups of its timers, by the programs of realms that have made them.
    pub(in crate::isolate) timers: RefCell<Vec<(usize, v8::Global<v8::Object>)>>,
    /// The guest's signal, if the method takes a cancellation.
    pub(in crate::isolate) signal: RefCell<Option<FlightSignal>>,
    /// The calls inside of this one, or around it.
    pub(in crate::isolate) tree: OnceCell<Rc<CallTree>>,
    /// The host methods that this call and others wait for together.
    pub(super) waits: OnceCell<Waits>,
    /// How many of them are of this call, as those that share the limit know.
    counted: Cell<usize>,
}

impl Flight {
    pub(in crate::isolate) fn new(ticket: Ticket) -> Self {
        Self {
            ticket,
            began: Cell::default(),
            end: Cell::default(),
            by_caller: Cell::default(),
            counts: Cell::default(),
            promise: RefCell::default(),
            is_settled: Cell::default(),
            hosts: FutureSet::default(),
            open: RefCell::default(),
            timer: RefCell::default(),
            timers: RefCell::default(),
            signal: RefCell::default(),
            tree: OnceCell::new(),
            waits: OnceCell::new(),
            counted: Cell::default(),
        }
    }

    /// The tree of a call that is inside of another one.
    pub(in crate::isolate) fn outer_tree(&self) -> Option<&Rc<CallTree>> {
        self.tree.get().filter(|tree| tree.number != self.id())
    }

    /// The calls inside of this one, if this is the outermost.
    pub(in crate::isolate) fn own_tree(&self) -> Option<&Rc<CallTree>> {
        self.tree.get().filter(|tree| tree.number == self.id())
    }

    pub(in crate::isolate) fn id(&self) -> u64 {
        self.ticket.flight()
    }

    /// The number of the call, as observers know it.
    pub(in crate::isolate) fn call(&self) -> Option<CallId> {
        self.open.borrow().as_ref().map(OpenCall::id)
    }

    pub(super) fn wake(&self) {
        self.ticket.wake();
    }

    /// Wakes the polling task, at the end of the call at the latest.
    pub(in crate::isolate) fn listen(&self, waker: &Waker) {
        let mut own = self.ticket.waker();
        if own.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return;
        }
        let before = own.replace(waker.clone());
        drop(own);
        let timer = self.timer.take();
        drop_of_host((before, timer));
    }

    /// Moves the deadline by the time that other tasks held the thread. The caller's own deadline stays.
    ///
    /// A call that was over when its task was woken stays over.
    pub(in crate::isolate) fn lengthen(&self) {
        let Some(end) = self.end.get() else { return };
        // A nested call has the time of the outer one. Nested calls that had the thread took the time of their own call.
        let (busy, is_nested) = match self.tree.get() {
            None => (Nanos::ZERO, false),
            Some(tree) if tree.number == self.id() => (tree.take_busy(), false),
            Some(_) => (Nanos::ZERO, true),
        };
        if is_nested {
            return;
        }
        let late = Woken::ago(clock::now()).saturating_sub(busy);
        if late < NOTED || self.by_caller.get() {
            return;
        }
        self.extend(end, late);
    }

    fn extend(&self, end: Deadline, span: Nanos) {
        let (deadline, end) = (self.ticket.deadline(), end.extended(span));
        self.by_caller.set(end > deadline);
        self.end.set(Some(end.min(deadline)));
        drop_of_host(self.timer.take());
    }

    /// Moves the deadline by the time of a pause. The caller's own deadline stays.
    fn was_paused(&self, span: Nanos) {
        if let Some(end) = self.end.get().filter(|_| !self.by_caller.get()) {
            self.extend(end, span);
            // The task sets a timer for the new end.
            self.wake();
        }
    }

    pub(in crate::isolate) fn wake_at_end(&self) {
        let mut timer = self.timer.borrow_mut();
        if timer.is_none() {
            let waker = self.ticket.waker().clone();
            *timer = waker.zip(self.end.get()).map(|(waker, end)| Timer::set(end, waker));
        }
    }

    /// Adds a pending host method.
    pub(in crate::isolate) fn wait_for(self: &Rc<Self>, pending: PendingPromise) {
        pending.abortable.iter().for_each(|call| call.is_awaited_by(self));
        self.hosts.push_early(pending);
        self.count_waits();
        // Another flight may have the turn.
        self.wake();
    }

    /// The number of pending host methods.
    pub(in crate::isolate) fn waits_for(&self) -> usize {
        self.hosts.count()
    }

    /// The guest has ended a pending host method.
    pub(super) fn waits_no_more(&self) {
        self.hosts.ends_early();
        self.count_waits();
    }

    /// The number of pending host methods of the flight, and of those with which it shares their limit.
    pub(in crate::isolate) fn all_waits(&self) -> usize {
        self.waits.get().map_or_else(|| self.waits_for(), |waits| waits.get())
    }

    /// Tells those that share the limit how many host methods are pending now.
    fn count_waits(&self) {
        let Some(waits) = self.waits.get() else { return };
        let own = self.waits_for();
        let others = waits.get().saturating_sub(self.counted.replace(own));
        waits.set(others.saturating_add(own));
    }

    /// Shares the limit of pending host methods.
    pub(super) fn shares_waits(&self, waits: &Waits) {
        if self.waits.set(waits.clone()).is_ok() {
            self.count_waits();
        }
    }

    /// Takes the pending host methods out, to be dropped.
    pub(in crate::isolate) fn take_hosts(&self) -> Vec<PendingPromise> {
        let hosts = self.hosts.take();
        self.count_waits();
        hosts
    }

    /// The activity of the flight between its turns. A host method may wait for a nested call.
    pub(in crate::isolate) fn phase(&self) -> Phase {
        if self.waits_for() == 0 {
            return Phase::AwaitsPromise;
        }
        self.own_tree().and_then(|tree| tree.phase()).unwrap_or(Phase::AwaitsHost)
    }

    /// When the flight must be over, once it has begun. A nested flight ends with the outer one.
    pub(in crate::isolate) fn deadline(&self) -> Deadline {
        let end = self.end.get().unwrap_or(Deadline::NEVER);
        self.outer_tree().map_or(end, |tree| end.min(tree.end().0))
    }

    /// Whether the flight ends at its caller's own deadline.
    pub(in crate::isolate) fn is_by_caller(&self) -> bool {
        self.outer_tree().map_or(self.by_caller.get(), |tree| {
            let (end, by_caller) = tree.end();
            if self.by_caller.get() && self.deadline() < end { true } else { by_caller }
        })
    }

    /// The next host method that has answered.
    pub(in crate::isolate) fn poll_hosts(&self, cx: &mut Context<'_>) -> Option<SettledAnswer> {
        let _inside = TicketScope::of_ticket(self.deadline(), &self.ticket);
        let answered = self.hosts.poll(cx);
        if answered.as_ref().is_some_and(|answer| answer.is_aborted) {
            self.hosts.removed_early();
        }
        self.count_waits();
        answered
    }

    pub(in crate::isolate) fn turn<'c>(&self, so_far: &'c Counts) -> Turn<'c> {
        Turn {
            flight: Some(self.id()),
            began: clock::now(),
            end: self.deadline(),
            by_caller: self.is_by_caller(),
            deadline: self.ticket.deadline(),
            outlives_caller: false,
            so_far,
            others: self.tree.get().map_or(Used::NONE, |tree| tree.used_by_others(so_far)),
        }
    }
}

/// The flights of an isolate.
#[derive(Default)]
pub(in crate::isolate) struct Flights {
    pub(in crate::isolate) by_id: RefCell<FxHashMap<u64, Rc<Flight>>>,
    /// The CPU time of all flights that is on no bill yet.
    pub(in crate::isolate) cpu: Cell<Nanos>,
    /// The host methods that calls of guests' objects wait for, which the host made on its own.
    pub(super) apart: Waits,
    /// The root of the tree that a synchronous call is in; 0 for none.
    pub(super) root_of_synchronous: Cell<u64>,
}

impl Flights {
    #[inline]
    pub(in crate::isolate) fn is_empty(&self) -> bool {
        self.by_id.borrow().is_empty()
    }

    #[inline]
    pub(in crate::isolate) fn cpu(&self) -> Nanos {
        self.cpu.get()
    }

    /// The flight that the running code belongs to, unless it is over.
    pub(in crate::isolate) fn current(&self, scope: &v8::PinScope<'_, '_>, turn: u64) -> Option<Rc<Flight>> {
        self.by_id.borrow().get(&engine::flight(scope, turn)?).cloned()
    }

    /// Wakes the flights whose promise the turn has settled.
    #[inline]
    pub(in crate::isolate) fn wake_settled(&self, scope: &v8::PinScope<'_, '_>) {
        if !self.is_empty() {
            self.wake_those(scope);
        }
    }

    fn wake_those(&self, scope: &v8::PinScope<'_, '_>) {
        let is_settled = |flight: &Flight| {
            let promise = flight.promise.borrow();
            let promise = promise.as_ref().map(|promise| v8::Local::new(scope, promise));
            promise.is_some_and(|promise| promise.state() != v8::PromiseState::Pending)
        };
        let flights = self.by_id.borrow();
        let settled = flights.values().filter(|flight| !flight.is_settled.get() && is_settled(flight));
        let settled = settled.cloned().collect::<Vec<_>>();
        // A waker is code of an executor, which may change the flights.
        drop(flights);
        for flight in settled {
            flight.is_settled.set(true);
            flight.wake();
        }
    }

    /// All flights. A waker is code of an executor, which may change the flights while they are woken.
    fn all(&self) -> Vec<Rc<Flight>> {
        self.by_id.borrow().values().cloned().collect()
    }

    /// Wakes all flights, because the heap is gone.
    pub(in crate::isolate) fn wake_all(&self) {
        self.all().iter().for_each(|flight| flight.wake());
    }

    /// Moves the deadlines of all flights by the time of a pause.
    pub(in crate::isolate) fn were_paused(&self, span: Nanos) {
        self.all().iter().for_each(|flight| flight.was_paused(span));
    }

    /// Ends all flights of a generation: they are woken, and go on no bill of the next.
    pub(in crate::isolate) fn give_up(&self) {
        self.cpu.set(Nanos::ZERO);
        let flights = self.by_id.take();
        flights.values().for_each(|flight| flight.wake());
    }

    /// The activity of a flight between its turns; `None` for a flight that has not begun, or is over.
    #[cfg(feature = "process")]
    pub(in crate::isolate) fn phase(&self, id: u64) -> Option<Phase> {
        self.by_id.borrow().get(&id).map(|flight| flight.phase())
    }

    /// Whether a flight has begun, and is not over.
    pub(in crate::isolate) fn knows(&self, id: u64) -> bool {
        self.by_id.borrow().contains_key(&id)
    }

    pub(in crate::isolate) fn remove(&self, id: u64) -> bool {
        self.by_id.borrow_mut().remove(&id).is_some()
    }
}
