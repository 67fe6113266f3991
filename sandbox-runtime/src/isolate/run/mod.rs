//! Runs guest code within its limits, and finds out what ended it.
//!
//! All guest code runs in [`Isolate::run`], `run_until` or `run_flight`, on the isolate's thread. The outermost run is armed
//! on the watchdog. A termination is repeated until the outermost frame has returned.

pub(crate) mod conversion;
pub(crate) mod entry;
pub(crate) mod thrown;

use std::cell::Ref;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use deno_core::v8;

use entry::Entered;

use super::clock;
use super::exceeded::Exceeded;
use super::meter::{Counts, Spent};
use super::watchdog::{Armed, Watch};
use super::{Catch, Isolate, LiveIsolate, Realm, engine, stack};
use crate::error::{Error, Excess, LimitKind, Phase, Place, Source};
use crate::limits::Limits;
use crate::panic::drop_of_host;
use crate::time::{Deadline, Nanos, Timestamp};

/// A result whose error is one pointer in size.
pub(crate) type Boxed<R> = Result<R, Box<Error>>;

/// Limits of time.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) wall: Nanos,
    pub(super) cpu: Nanos,
    pub(super) total_cpu: Nanos,
}

impl Times {
    pub(super) fn of(limits: &Limits) -> Self {
        let [wall, cpu, total_cpu] = [limits.wall, limits.cpu, limits.total_cpu].map(Nanos::of);
        Self { wall, cpu, total_cpu }
    }
}

/// How long a turn of guest code may run, and whose bill it goes on.
pub(super) struct Turn<'c> {
    /// The flight whose turn this is.
    pub(super) flight: Option<u64>,
    pub(super) began: Timestamp,
    /// When the turn must be over.
    pub(super) end: Deadline,
    /// Whether the caller's own deadline comes before the limit.
    pub(super) by_caller: bool,
    /// The usage of the call in earlier turns.
    pub(super) so_far: &'c Counts,
}

impl Turn<'_> {
    /// A turn that begins now, and ends at the limit or at the caller's own deadline.
    #[inline]
    pub(super) fn of_call(began: Timestamp, limit: Nanos, deadline: Deadline) -> Self {
        let limit = Deadline::after(began, limit);
        let end = deadline.min(limit);
        Self { flight: None, began, end, by_caller: end < limit, so_far: &Counts::NONE }
    }
}

impl Isolate {
    /// Runs `body` in a realm of guests, inside of its limits. The outermost run is the one that is limited. Nested runs, of
    /// host methods that call their guest, share its deadline.
    pub(crate) fn run<R>(
        &self,
        realm: &Rc<Realm>,
        place: Option<Place>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        Ok(self.run_until(realm, Deadline::NEVER, place, |scope| Ok(body(scope)?))?)
    }

    /// Runs `body` like [`run`](Self::run), and within the caller's own deadline as well. Errors are boxed on the way, so
    /// that a small result needs no memory to be returned.
    #[inline]
    pub(super) fn run_until<R>(
        &self,
        realm: &Rc<Realm>,
        deadline: Deadline,
        place: Option<Place>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Boxed<R>,
    ) -> Boxed<R> {
        let live = self.entrance_to(realm, place)?;
        let mut late = None;
        let entered = Entered::new(self, live.raw);
        let result = match entered.is_outermost() {
            true => {
                let turn = Turn::of_call(clock::now(), self.times.wall, deadline);
                let (result, spent) = self.turn(&live, &turn, (realm, place), body, &mut late);
                if let Some(spent) = spent {
                    self.forget_call(self.running.call());
                    self.running.charge(&spent);
                }
                result
            }
            false => self.in_realm(live.raw, realm, body),
        };
        self.leave((live, entered), place, late);
        result
    }

    /// A call is over.
    #[inline]
    pub(super) fn forget_call(&self, call: u64) {
        self.hosts.iter().for_each(|host| host.forget(call));
    }

    /// Runs one turn of a flight. No guest code is running, so it is limited as an outermost run is.
    pub(super) fn run_flight<R>(
        &self,
        turn: &Turn<'_>,
        (realm, place): (&Rc<Realm>, Option<Place>),
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Boxed<R>,
    ) -> (Boxed<R>, Option<Spent>) {
        // A host method that was polled before this turn may have reset the sandbox.
        let live = match self.entrance_to(realm, place) {
            Ok(live) => live,
            Err(error) => return (Err(error.into()), None),
        };
        let mut late = None;
        let entered = Entered::new(self, live.raw);
        let outcome = self.turn(&live, turn, (realm, place), body, &mut late);
        self.leave((live, entered), place, late);
        outcome
    }

    /// Exits the isolate, and discards it if no further call can be made.
    #[inline]
    fn leave<R>(
        &self,
        (live, entered): (Ref<'_, LiveIsolate>, Entered<'_>),
        place: Option<Place>,
        late: Option<Boxed<R>>,
    ) {
        let outermost = entered.is_outermost();
        self.ended_inside.set(!outermost && self.is_ended_in(&live));
        drop((entered, live));
        if outermost && (self.heap.is_full() || self.has_leftovers.get()) {
            self.discard(self.ended(place));
        }
        let errors = self.forget_errors();
        // Code of the host runs here. Its calls of the guest are calls of their own, with limits of their own.
        if !errors.is_empty() || late.is_some() {
            drop_of_host((errors, late));
        }
    }

    /// Takes out the kept errors of host methods, when no call under way can still return one of them. A flight can still
    /// return one in a later turn.
    #[inline]
    pub(super) fn forget_errors(&self) -> VecDeque<(v8::Global<v8::Object>, Source)> {
        if self.host_errors.borrow().is_empty() || self.is_running() || !self.flights.is_empty() {
            return VecDeque::new();
        }
        std::mem::take(&mut *self.host_errors.borrow_mut())
    }

    /// Enters a realm, if it is of this heap and there is enough stack. The result must be dropped before the isolate can be
    /// discarded. A call under way must not discard it.
    #[inline]
    fn entrance_to(&self, realm: &Realm, place: Option<Place>) -> Result<Ref<'_, LiveIsolate>, Error> {
        let entrance = self.entrance()?;
        self.is_of_this_life(realm.generation)?;
        stack::check_own().map_err(|_| Excess::other_stack().error(place))?;
        match self.stack.allows_call() {
            true => Ok(entrance),
            false => Err(self.over(LimitKind::Stack, place)),
        }
    }

    #[inline]
    pub(super) fn entrance(&self) -> Result<Ref<'_, LiveIsolate>, Error> {
        Ref::filter_map(self.live.borrow(), Option::as_ref).map_err(|_| self.discarded_error())
    }

    /// Returns the usage of the turn as well, unless nothing ran.
    #[inline]
    fn turn<R>(
        &self,
        live: &LiveIsolate,
        turn: &Turn<'_>,
        (realm, place): (&Rc<Realm>, Option<Place>),
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Boxed<R>,
        late: &mut Option<Boxed<R>>,
    ) -> (Boxed<R>, Option<Spent>) {
        let used = self.running.meter.cpu().saturating_add(self.flights.cpu());
        let left = self.times.total_cpu.saturating_sub(used);
        if left.is_zero() {
            return (Err(self.over(LimitKind::TotalCpu, place).into()), None);
        }
        if turn.by_caller && turn.end.is_over(turn.began) {
            return (Err(self.over(LimitKind::Deadline, place).into()), None);
        }
        // Each turn may be too short for the watchdog to look at it.
        let own = self.times.cpu.saturating_sub(turn.so_far.cpu());
        if own.is_zero() {
            return (Err(self.over(LimitKind::Cpu, place).into()), None);
        }
        let armed = live.watch.arm(turn.flight, turn.began, turn.end, own.min(left));
        self.by_caller.set(turn.by_caller);
        self.running.begin(turn.began, turn.flight, turn.so_far);
        self.buffers.begin();
        self.exceeded.set(None);
        let result = self.in_realm(live.raw, realm, |scope| {
            let result = body(scope);
            if !self.is_ended_in(live) {
                engine::run_microtasks(scope, || self.is_ended_in(live));
            }
            self.flights.wake_settled(scope);
            result
        });
        let ended = self.is_ended_in(live).then(|| self.ended(place));
        let spent = self.spent(&armed, live);
        if armed.disarm() || ended.is_some() {
            self.drop_microtasks(live.raw, realm);
            self.collect(live.raw);
            *late = Some(result);
            // The heap may have become full on the way out. A full heap is the error that the caller must see.
            let ended = ended.filter(|_| !self.heap.is_full());
            let ended = ended.unwrap_or_else(|| self.ended(place));
            self.exceeded.set(None);
            return (Err(ended.into()), Some(spent));
        }
        (result, Some(spent))
    }

    /// The usage of a turn.
    #[inline]
    fn spent(&self, armed: &Armed<'_>, live: &LiveIsolate) -> Spent {
        if live.watch.is_long() {
            // SAFETY: `raw` belongs to `live`.
            let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(live.raw) };
            self.running.see_heap(&mut isolate);
        }
        let (cpu, buffers_peak) = (live.watch.cpu(), self.buffers.peak() as u64);
        Spent { wall: armed.elapsed(), cpu, buffers_peak }
    }

    /// Runs `body` with the realm entered. Microtasks that run there may belong to another realm. The engine enters their
    /// context.
    #[inline]
    fn in_realm<R>(
        &self,
        raw: v8::UnsafeRawIsolatePtr,
        realm: &Rc<Realm>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> R,
    ) -> R {
        let _current = self.set_current(realm);
        // SAFETY: `raw` belongs to `live`, which is dropped at depth 0 only, and `Entered` holds the depth above 0.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(raw) };
        v8::scope!(let scope, &mut isolate);
        let context = v8::Local::new(scope, &realm.context);
        body(&mut v8::ContextScope::new(scope, context))
    }

    /// Drops microtasks of a call that was ended. Otherwise the next call would pay for them.
    fn drop_microtasks(&self, raw: v8::UnsafeRawIsolatePtr, realm: &Rc<Realm>) {
        let all = self.in_realm(raw, realm, engine::drop_microtasks);
        self.has_leftovers.set(!all);
    }

    /// Collects garbage after a call that was ended, because its heap may be almost full. A collection that began earlier
    /// would treat this garbage as reachable, and the next call could exceed the heap limit.
    fn collect(&self, raw: v8::UnsafeRawIsolatePtr) {
        // SAFETY: as in `in_realm`.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(raw) };
        if engine::COLLECTS && isolate.get_heap_statistics().used_heap_size() > self.settings.limits.heap / 2
        {
            isolate.low_memory_notification();
        }
    }

    /// The activity of a flight between its turns.
    #[cfg(feature = "process")]
    pub(crate) fn phase_of(&self, flight: u64) -> Option<Phase> {
        self.flights.phase(flight)
    }

    /// Whether code of the guest is running, further up on the stack.
    pub(crate) fn is_running(&self) -> bool {
        self.depth.get() > 0
    }

    /// Whether the call under way is being ended.
    pub(crate) fn is_ended(&self) -> bool {
        match &*self.live.borrow() {
            Some(live) => self.is_ended_in(live),
            None => self.heap.is_full() || self.exceeded.get().is_some(),
        }
    }

    #[inline]
    fn is_ended_in(&self, live: &LiveIsolate) -> bool {
        self.heap.is_full() || self.exceeded.get().is_some() || live.watch.has_fired()
    }

    /// The watch of the calls of this isolate.
    pub(crate) fn watch(&self) -> Result<Arc<Watch>, Error> {
        self.entrance().map(|live| live.watch.clone())
    }

    /// The time until the deadline of the call under way, if there is one.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.live.borrow().as_ref()?.watch.left()
    }

    /// Repeats the termination of a guest when a host method returns to it. The method may have taken the termination for an
    /// error and cleared it.
    #[inline]
    pub(crate) fn keep_terminating(&self) {
        if self.ended_inside.get() || self.exceeded.get().is_some() {
            self.terminate();
        }
    }

    #[cold]
    fn terminate(&self) {
        if let Some(live) = self.live.borrow().as_ref() {
            // SAFETY: as in `in_realm`: a call is under way.
            unsafe { v8::Isolate::from_raw_isolate_ptr(live.raw) }.terminate_execution();
        }
    }

    /// The error of a call that is being ended.
    pub(crate) fn ended(&self, place: Option<Place>) -> Error {
        if self.heap.is_full() {
            return self.over(LimitKind::Heap, place);
        }
        if let Some(exceeded) = self.exceeded.get() {
            return exceeded.error(&self.settings.limits, place);
        }
        let by_caller = self.by_caller.get();
        let by_cpu = self.live.borrow().as_ref().is_some_and(|live| live.watch.is_by_cpu());
        let all = self.running.meter.cpu().saturating_add(self.times.cpu) >= self.times.total_cpu;
        match by_cpu {
            true if all => self.over(LimitKind::TotalCpu, place),
            true => self.over(LimitKind::Cpu, place),
            false if by_caller => self.in_phase(self.over(LimitKind::Deadline, place)),
            false => self.in_phase(self.over(LimitKind::Wall, place)),
        }
    }

    /// The error of a limit of time, with the phase of the guest in the turn that is being ended.
    fn in_phase(&self, error: Error) -> Error {
        let now = clock::now();
        if self.running.is_mostly_of_hosts(now) {
            return error.during(Phase::InHost);
        }
        let cpu = self.live.borrow().as_ref().and_then(|live| live.watch.cpu());
        match cpu.filter(|cpu| is_starved(*cpu, self.running.elapsed(now))) {
            Some(cpu) => error.starved(cpu.duration()),
            None => error.during(Phase::Running),
        }
    }

    /// The error of a limit.
    pub(crate) fn over(&self, kind: LimitKind, place: Option<Place>) -> Error {
        self.settings.limits.exceeded(kind, place)
    }

    /// Ends the call under way, because the guest called a method too often.
    pub(super) fn exceed(&self, exceeded: Exceeded) {
        self.exceeded.set(Some(exceeded));
        self.terminate();
    }

    /// Ends the call under way like [`exceed`](Self::exceed), unless another reason is ending it.
    #[cold]
    pub(super) fn exceed_first(&self, exceeded: Exceeded) {
        if self.exceeded.get().is_none() {
            self.exceed(exceeded);
        }
    }

    /// The error of a call for which V8 returned nothing.
    pub(crate) fn thrown(&self, scope: &Catch<'_, '_, '_, '_>, place: Option<Place>) -> Error {
        match scope.exception() {
            Some(exception) if !scope.has_terminated() && !self.is_ended() => {
                let message = scope.message();
                thrown::error(scope, exception, message, place)
            }
            _ => self.ended(place),
        }
    }
}

/// Whether a turn got less than a tenth of its time as CPU time. Short turns are not starved.
fn is_starved(cpu: Nanos, elapsed: Nanos) -> bool {
    const SHORT: Nanos = Nanos::of(Duration::from_millis(20));
    elapsed >= SHORT && cpu.saturating_mul(10) < elapsed
}
