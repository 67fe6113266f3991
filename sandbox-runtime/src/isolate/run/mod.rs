//! Runs guest code within its limits, and finds out what ended it.
//!
//! All guest code runs in [`Isolate::run`], `run_until` or `run_flight`, on the isolate's thread. The outermost run is armed
//! on the watchdog. A termination is repeated until the outermost frame has returned.

pub(crate) mod conversion;
pub(crate) mod entry;
pub(crate) mod pause;
pub(crate) mod thrown;

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use deno_core::v8;

use super::engine::care::Cause;
use super::engine::raw::RawIsolate;
use super::limits::call::{CallUnderWay, Counts, GuestInside, Spent, Turn};
use super::limits::clock;
use super::limits::watch::Armed;
use super::state::observed::Observed;
use super::state::realm::Realm;
use super::state::{Isolate, LiveIsolate};
use super::{engine, limits};
use crate::error::{Error, Excess, LimitKind, Place};
use crate::observe::CallKind;
use crate::panic::drop_of_host;
use crate::time::Deadline;
use entry::Entered;

/// A result whose error is one pointer in size.
pub(crate) type Boxed<R> = Result<R, Box<Error>>;

impl Isolate {
    /// Runs `body` in a realm of guests, inside of its limits. The outermost run is the one that is limited. Nested runs, of
    /// host methods that call their guest, share its deadline.
    pub(crate) fn run<R>(
        &self,
        realm: &Rc<Realm>,
        kind: CallKind<'_>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        Ok(self.run_until(realm, Deadline::NEVER, kind, |scope| Ok(body(scope)?))?)
    }

    /// Runs `body` like [`run`](Self::run), and within the caller's own deadline as well. Errors are boxed on the way, so
    /// that a small result needs no memory to be returned.
    #[inline]
    pub(super) fn run_until<R>(
        &self,
        realm: &Rc<Realm>,
        deadline: Deadline,
        kind: CallKind<'_>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Boxed<R>,
    ) -> Boxed<R> {
        let place = kind.place();
        let live = self.entrance_to(realm, place)?;
        if let Some(observed) = &self.observed {
            self.tell_begin(observed, kind, realm, deadline)?;
        }
        let mut late = None;
        let entered = Entered::new(self, live.raw);
        let result = match entered.is_outermost() {
            true => {
                let mut turn = Turn::of_call(clock::now(), self.times.wall, deadline);
                let inside = match self.flights.is_empty() {
                    true => None,
                    false => self.flights.inside(&mut turn, deadline, place)?,
                };
                let over = |call: CallUnderWay<'_>, spent: &Spent| {
                    self.forget_call(call.number());
                    let counts = call.pause(&Counts::NONE, spent);
                    match &inside {
                        None => counts.charge(&self.ledger, spent.wall),
                        Some(inside) => inside.has_used(&counts, &self.ledger, spent.wall),
                    }
                };
                let result = self.turn(&live, &turn, (realm, place), (body, over), &mut late);
                if let (Some(inside), Err(error)) = (&inside, &result) {
                    inside.fails(error);
                }
                result
            }
            false => {
                let _inside = GuestInside::begin(&self.call);
                self.in_realm(live.raw, realm, body)
            }
        };
        self.leave((live, entered), place, late, Some(&result));
        result
    }

    /// Runs one turn of a flight. No guest code is running, so it is limited as an outermost run is. Returns the usage of the
    /// call so far as well, unless nothing ran.
    pub(super) fn run_flight<R>(
        &self,
        turn: &Turn<'_>,
        (realm, place): (&Rc<Realm>, Option<&Place>),
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Boxed<R>,
    ) -> (Boxed<R>, Option<Counts>) {
        // A host method that was polled before this turn may have reset the sandbox.
        let live = match self.entrance_to(realm, place) {
            Ok(live) => live,
            Err(error) => return (Err(error.into()), None),
        };
        let mut late = None;
        let entered = Entered::new(self, live.raw);
        let mut counts = None;
        let over = |call: CallUnderWay<'_>, spent: &Spent| counts = Some(call.pause(turn.so_far, spent));
        let result = self.turn(&live, turn, (realm, place), (body, over), &mut late);
        self.leave((live, entered), place, late, None);
        (result, counts)
    }

    /// Tells the observers that a synchronous call begins, unless its deadline has passed. A nested call has the deadline of
    /// the outer one.
    #[cold]
    fn tell_begin(
        &self,
        observed: &Observed,
        kind: CallKind<'_>,
        realm: &Realm,
        deadline: Deadline,
    ) -> Boxed<()> {
        if !self.is_running() && deadline.is_over(clock::now()) {
            return Err(not_made().into());
        }
        let number = match kind {
            CallKind::Realm => self.realms.get(),
            _ => realm.number,
        };
        observed.begin(kind, number, &self.ledger)
    }

    /// Exits the isolate, and discards it if no further call can be made. `result` is that of a synchronous call.
    #[inline]
    fn leave<R>(
        &self,
        (live, entered): (Ref<'_, LiveIsolate>, Entered<'_>),
        place: Option<&Place>,
        late: Option<Boxed<R>>,
        result: Option<&Boxed<R>>,
    ) {
        let outermost = entered.is_outermost();
        if !outermost && self.is_ended_in(&live) {
            self.call.end_later();
        }
        drop((entered, live));
        if self.heap.is_full() || self.care.is_needed() {
            let error = result.map(|result| result.as_ref().err().map(|error| &**error));
            self.take_care(outermost, place, error);
        }
        // Code of the host runs here. Its calls of the guest are calls of their own, with limits of their own.
        if late.is_some() || self.has_errors() {
            drop_of_host((self.forget_errors(), late));
        }
    }

    /// Discards the isolate if no further call can be made. Tells the observers that a synchronous call is over. Ends the
    /// handles that no guest has any more.
    #[cold]
    fn take_care(&self, outermost: bool, place: Option<&Place>, over: Option<Option<&Error>>) {
        if outermost {
            let heap = self.heap.is_full().then(|| self.over(LimitKind::Heap, place));
            heap.or_else(|| self.discarded.take()).into_iter().for_each(|cause| self.discard(cause));
            self.care.take(Cause::Discard);
        }
        if let (Some(observed), Some(error)) = (&self.observed, over) {
            observed.end(error, &self.ledger);
        }
        if outermost && self.care.take(Cause::Given) {
            self.end_released();
        }
        if outermost {
            self.handles.end_collected(&self.care, || {
                self.entrance().into_iter().for_each(|live| live.raw.low_memory());
            });
        }
    }

    /// Enters a realm, if it is of this heap and there is enough stack. The result must be dropped before the isolate can be
    /// discarded. A call under way must not discard it.
    #[inline]
    fn entrance_to(&self, realm: &Realm, place: Option<&Place>) -> Result<Ref<'_, LiveIsolate>, Error> {
        let entrance = self.entrance()?;
        self.is_of_this_life(realm.generation)?;
        limits::stack::check_own().map_err(|_| Excess::other_stack().error(place))?;
        match self.stack.allows_call() {
            true => Ok(entrance),
            false => Err(self.over(LimitKind::Stack, place)),
        }
    }

    /// Runs a turn, and passes the call and the usage of the turn to `over`. Where nothing ran, `over` is not called.
    #[inline]
    fn turn<R>(
        &self,
        live: &LiveIsolate,
        turn: &Turn<'_>,
        (realm, place): (&Rc<Realm>, Option<&Place>),
        (body, over): (
            impl FnOnce(&mut v8::PinScope<'_, '_>) -> Boxed<R>,
            impl FnOnce(CallUnderWay<'_>, &Spent),
        ),
        late: &mut Option<Boxed<R>>,
    ) -> Boxed<R> {
        let used = self.ledger.cpu().saturating_add(self.flights.cpu());
        let left = self.times.total_cpu.saturating_sub(used);
        if left.is_zero() {
            return Err(self.over(LimitKind::TotalCpu, place).into());
        }
        if turn.is_late() {
            let is_later_turn = turn.flight.is_some();
            let late = if is_later_turn { self.over(LimitKind::Deadline, place) } else { not_made() };
            return Err(late.into());
        }
        // Each turn may be too short for the watchdog to look at it.
        let own = self.times.cpu.saturating_sub(turn.so_far.cpu()).saturating_sub(turn.others.cpu);
        if own.is_zero() {
            return Err(self.over(LimitKind::Cpu, place).into());
        }
        let flight = turn.flight.filter(|_| !turn.outlives_caller);
        let armed = live.watch.arm(flight, turn.began, turn.end, own.min(left));
        let call = self.call.begin(turn, self.settings.limits.host_calls);
        self.heap.peak().set(turn.so_far.heap_peak());
        self.buffers.begin();
        let mut result = self.in_realm(live.raw, realm, |scope| {
            let result = body(scope);
            if !self.is_ended_in(live) {
                engine::run_microtasks(scope, || self.is_ended_in(live));
            }
            self.flights.wake_settled(scope);
            result
        });
        let ended = self.is_ended_in(live).then(|| self.ended(place));
        let mut spent = self.spent(&armed, live);
        if armed.disarm() || ended.is_some() {
            let ended = self.clean_up(live, (realm, place), ended);
            spent.heap_peak = self.heap.peak().get();
            *late = Some(std::mem::replace(&mut result, Err(ended.into())));
        }
        over(call, &spent);
        result
    }

    /// Drops what a turn that was ended left in the engine. Returns the error of the turn.
    #[cold]
    fn clean_up(
        &self,
        live: &LiveIsolate,
        (realm, place): (&Rc<Realm>, Option<&Place>),
        ended: Option<Error>,
    ) -> Error {
        // Otherwise the next call would pay for the microtasks.
        let are_dropped = self.in_realm(live.raw, realm, engine::drop_microtasks);
        self.collect(live.raw);
        // The heap may have become full on the way out. A full heap is the error that the caller must see.
        let ended = ended.filter(|_| !self.heap.is_full()).unwrap_or_else(|| self.ended(place));
        if !are_dropped {
            *self.discarded.borrow_mut() = Some(ended.clone());
            self.care.note(Cause::Discard);
        }
        ended
    }

    /// The usage of a turn.
    #[inline]
    fn spent(&self, armed: &Armed<'_>, live: &LiveIsolate) -> Spent {
        if live.watch.is_long() {
            self.heap.see(live.raw.used_heap());
        }
        let (cpu, heap_peak) = (live.watch.cpu(), self.heap.peak().get());
        Spent { wall: armed.elapsed(), cpu, heap_peak, buffers_peak: self.buffers.peak() as u64 }
    }

    /// Runs `body` with the realm entered. Microtasks that run there may belong to another realm. The engine enters their
    /// context.
    #[inline]
    fn in_realm<R>(
        &self,
        raw: RawIsolate,
        realm: &Rc<Realm>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> R,
    ) -> R {
        let _current = self.set_current(realm);
        raw.with(|isolate| {
            v8::scope!(let scope, isolate);
            let context = v8::Local::new(scope, &realm.context);
            body(&mut v8::ContextScope::new(scope, context))
        })
    }

    /// Makes `realm` the realm of the innermost call, until the guard is dropped.
    #[inline]
    fn set_current<'i>(&'i self, realm: &Rc<Realm>) -> Current<'i> {
        let before = self.current.replace(Some(realm.clone()));
        Current { current: &self.current, before }
    }

    /// Collects garbage after a call that was ended, because its heap may be almost full. A collection that began earlier
    /// would treat this garbage as reachable, and the next call could exceed the heap limit.
    fn collect(&self, raw: RawIsolate) {
        if engine::COLLECTS && raw.used_heap() > self.settings.limits.heap / 2 {
            raw.low_memory();
        }
    }
}

/// The error of a call that is made after its caller's own deadline.
#[cold]
pub(in crate::isolate) fn not_made() -> Error {
    Error::queued(LimitKind::Deadline)
}

/// Makes a realm the one of the innermost call. Dropping it restores the realm before.
struct Current<'i> {
    current: &'i RefCell<Option<Rc<Realm>>>,
    before: Option<Rc<Realm>>,
}

impl Drop for Current<'_> {
    #[inline]
    fn drop(&mut self) {
        self.current.replace(self.before.take());
    }
}
