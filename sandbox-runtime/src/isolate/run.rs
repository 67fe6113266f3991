//! Running guest code inside of its limits, and what ends it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use deno_core::v8;

use super::meter::{Counts, nanos};
use super::ops::Exceeded;
use super::watchdog::{self, Armed, Watch};
use super::{Catch, Isolate, Realm, engine, stack_full, thrown};
use crate::error::{Error, LimitKind, Place, Source};

/// How far a turn of guest code may go, and who pays for it.
pub(super) struct Turn {
    /// The flight that it is of.
    pub(super) flight: Option<u64>,
    pub(super) began: u64,
    /// When it has to be over.
    pub(super) end: u64,
    /// The caller's own deadline comes before the limit.
    pub(super) by_caller: bool,
    /// What the call has used before.
    pub(super) so_far: Counts,
}

impl Turn {
    /// A turn that begins now, and is within the limit and the caller's own deadline.
    pub(super) fn of_call(began: u64, limit: Duration, deadline: Option<u64>) -> Self {
        let limit = began.saturating_add(nanos(limit));
        let end = deadline.map_or(limit, |deadline| deadline.min(limit));
        Self { flight: None, began, end, by_caller: end < limit, so_far: Counts::default() }
    }
}

impl Isolate {
    /// Runs `body` in a realm of guests, inside of its limits. The outermost run is the one that is limited; those
    /// inside of it, of host methods that call their guest, share its deadline.
    pub(super) fn run<R>(
        &self,
        realm: &Rc<Realm>,
        place: Option<Place>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.run_until(realm, None, place, body)
    }

    /// The same within the caller's own deadline as well.
    pub(super) fn run_until<R>(
        &self,
        realm: &Rc<Realm>,
        deadline: Option<u64>,
        place: Option<Place>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let (raw, watch) = self.entrance_to(realm, place)?;
        let mut late = None;
        let entered = Entered::new(raw, &self.depth);
        let result = match entered.is_outermost() {
            true => {
                let turn = Turn::of_call(watchdog::now(), self.settings.limits.wall, deadline);
                let (result, counts) = self.turn(raw, &watch, &turn, (realm, place), body, &mut late);
                counts.inspect(|counts| self.end_call(self.running.call(), counts, counts.ran()));
                result
            }
            false => self.in_realm(raw, realm, body).unwrap_or_else(|| Err(self.ended(place))),
        };
        self.leave(entered, place, late);
        result
    }

    /// Writes the bill of a call.
    pub(super) fn end_call(&self, call: u64, counts: &Counts, wall: Duration) {
        self.hosts.iter().for_each(|host| host.forget(call));
        self.running.end(counts, wall);
    }

    /// Runs one turn of a flight. No guest code is running, so it is limited as an outermost run is.
    pub(super) fn run_flight<R>(
        &self,
        turn: &Turn,
        (realm, place): (&Rc<Realm>, Option<Place>),
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
    ) -> (Result<R, Error>, Option<Counts>) {
        // A host method that was polled before this turn may have reset the sandbox.
        let (raw, watch) = match self.entrance_to(realm, place) {
            Ok(entrance) => entrance,
            Err(error) => return (Err(error), None),
        };
        let mut late = None;
        let entered = Entered::new(raw, &self.depth);
        let outcome = self.turn(raw, &watch, turn, (realm, place), body, &mut late);
        self.leave(entered, place, late);
        outcome
    }

    /// Leaves the isolate, and gives it up if no call can be made any more.
    fn leave<R>(&self, entered: Entered<'_>, place: Option<Place>, late: Option<R>) {
        let outermost = entered.is_outermost();
        self.ended_inside.set(!outermost && self.is_ended());
        drop(entered);
        let errors = self.forget_errors();
        if outermost && (self.heap.is_full() || self.has_leftovers.get()) {
            self.discard(self.ended(place));
        }
        // Code of the host, which may call the guest: that is a call of its own, with a limit of its own.
        drop_of_host((errors, late));
    }

    /// What is kept of errors of host methods, when no call is left that could be told of one. A flight may be told turns
    /// later.
    pub(super) fn forget_errors(&self) -> Vec<Source> {
        if self.is_running() || !self.flights.is_empty() {
            return Vec::new();
        }
        let errors = std::mem::take(&mut *self.host_errors.borrow_mut());
        errors.into_iter().map(|(_, source)| source).collect()
    }

    /// The way into a realm, if it is of this heap and there is stack for it.
    fn entrance_to(
        &self,
        realm: &Realm,
        place: Option<Place>,
    ) -> Result<(v8::UnsafeRawIsolatePtr, Arc<Watch>), Error> {
        let entrance = self.entrance()?;
        self.is_of_this_life(realm.generation)?;
        match self.stack.allows_call() {
            true => Ok(entrance),
            false => Err(stack_full(place)),
        }
    }

    pub(super) fn entrance(&self) -> Result<(v8::UnsafeRawIsolatePtr, Arc<Watch>), Error> {
        match self.live.borrow().as_ref() {
            Some(live) => Ok((live.raw, live.watch.clone())),
            None => Err(self.discarded_error()),
        }
    }

    /// Gives what the call has used so far as well, unless nothing ran.
    fn turn<R>(
        &self,
        raw: v8::UnsafeRawIsolatePtr,
        watch: &Watch,
        turn: &Turn,
        (realm, place): (&Rc<Realm>, Option<Place>),
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
        late: &mut Option<Result<R, Error>>,
    ) -> (Result<R, Error>, Option<Counts>) {
        let limits = &self.settings.limits;
        let left = limits.total_cpu.saturating_sub(self.running.meter.cpu() + self.flights.cpu());
        if left.is_zero() {
            return (Err(self.over(LimitKind::TotalCpu, place)), None);
        }
        if turn.by_caller && turn.end <= turn.began {
            return (Err(self.over(LimitKind::Deadline, place)), None);
        }
        let cpu = limits.cpu.saturating_sub(turn.so_far.cpu()).min(left);
        let armed = watch.arm(turn.flight, turn.began, turn.end, cpu);
        self.by_caller.set(turn.by_caller);
        self.running.begin(turn.began, turn.flight, &turn.so_far);
        self.buffers.begin();
        self.exceeded.set(None);
        let result = self.in_realm(raw, realm, |scope| {
            let result = body(scope);
            if !self.is_ended() {
                engine::run_microtasks(scope, || self.is_ended());
            }
            self.flights.wake_settled(scope);
            result
        });
        let ended = self.is_ended().then(|| self.ended(place));
        let counts = self.count(&armed, watch, turn);
        if armed.disarm() || ended.is_some() {
            self.drop_microtasks(raw, realm);
            self.collect(raw);
            *late = result;
            // The heap may have been filled on the way out, and then that is what the caller has to know.
            let ended = ended.filter(|_| !self.heap.is_full());
            let ended = ended.unwrap_or_else(|| self.ended(place));
            self.exceeded.set(None);
            return (Err(ended), Some(counts));
        }
        (result.unwrap_or_else(|| Err(self.discarded_error())), Some(counts))
    }

    /// What the call has used, with this turn.
    fn count(&self, armed: &Armed<'_>, watch: &Watch, turn: &Turn) -> Counts {
        let cpu = watch.cpu();
        if let Some(live) = self.live.borrow().as_ref().filter(|_| watch.is_long()) {
            // SAFETY: `raw` is of `live`.
            let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(live.raw) };
            self.running.see_heap(&mut isolate);
        }
        self.running.pause(&turn.so_far, armed.elapsed(), cpu, self.buffers.peak() as u64)
    }

    /// Runs `body` with the realm entered; `None` when there is none any more. Microtasks that run there may be of another
    /// realm: they are given its context by the engine.
    fn in_realm<R>(
        &self,
        raw: v8::UnsafeRawIsolatePtr,
        realm: &Rc<Realm>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> R,
    ) -> Option<R> {
        self.live.borrow().as_ref()?;
        let _current = self.set_current(realm);
        // SAFETY: `raw` is of `live`, which is dropped at depth 0 only, and `Entered` holds the depth above 0.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(raw) };
        v8::scope!(let scope, &mut isolate);
        let context = v8::Local::new(scope, &realm.context);
        Some(body(&mut v8::ContextScope::new(scope, context)))
    }

    /// A call that was ended may leave microtasks behind, which the next call would pay for.
    fn drop_microtasks(&self, raw: v8::UnsafeRawIsolatePtr, realm: &Rc<Realm>) {
        let dropped = self.in_realm(raw, realm, engine::drop_microtasks);
        self.has_leftovers.set(dropped == Some(false));
    }

    /// A call that was ended may leave a heap behind that is almost full of garbage. A collection that had begun before
    /// would take it for alive, and the next call would pay for that with the sandbox.
    fn collect(&self, raw: v8::UnsafeRawIsolatePtr) {
        // SAFETY: as in `in_realm`.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(raw) };
        if engine::COLLECTS && isolate.get_heap_statistics().used_heap_size() > self.settings.limits.heap / 2
        {
            isolate.low_memory_notification();
        }
    }

    /// Whether code of the guest is running, further up on the stack.
    pub(crate) fn is_running(&self) -> bool {
        self.depth.get() > 0
    }

    /// Whether the call under way is being ended.
    pub(crate) fn is_ended(&self) -> bool {
        self.heap.is_full()
            || self.exceeded.get().is_some()
            || self.live.borrow().as_ref().is_some_and(|live| live.watch.has_fired())
    }

    /// The watch of the calls of this isolate.
    pub(crate) fn watch(&self) -> Result<Arc<Watch>, Error> {
        self.entrance().map(|(_, watch)| watch)
    }

    /// What is left of the call under way, if any.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.live.borrow().as_ref()?.watch.left()
    }

    /// A host method returned to a guest that is being ended: it must not go on because the method took the
    /// termination for an error.
    pub(crate) fn keep_terminating(&self) {
        if (self.ended_inside.get() || self.exceeded.get().is_some())
            && let Some(live) = self.live.borrow().as_ref()
        {
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
            return exceeded.error(place);
        }
        let by_caller = self.by_caller.get();
        let by_cpu = self.live.borrow().as_ref().is_some_and(|live| live.watch.is_by_cpu());
        let all = self.running.meter.cpu().saturating_add(self.settings.limits.cpu)
            >= self.settings.limits.total_cpu;
        match by_cpu {
            true if all => self.over(LimitKind::TotalCpu, place),
            true => self.over(LimitKind::Cpu, place),
            false if by_caller => self.over(LimitKind::Deadline, place),
            false => self.over(LimitKind::Wall, place),
        }
    }

    /// The error of a limit.
    pub(super) fn over(&self, kind: LimitKind, place: Option<Place>) -> Error {
        let limits = &self.settings.limits;
        let limit = match kind {
            LimitKind::Wall => format!("the call took longer than {:?}", limits.wall),
            LimitKind::Cpu => format!("the call used more than {:?} of CPU time", limits.cpu),
            LimitKind::TotalCpu => format!("all calls used more than {:?} of CPU time", limits.total_cpu),
            LimitKind::Heap => format!("the heap grew beyond {} bytes", limits.heap),
            LimitKind::Buffers => {
                format!("the guest's ArrayBuffers were to be more than {} bytes", limits.buffers)
            }
            LimitKind::Stack => "the guest's stack is full".into(),
            LimitKind::Script => format!("the script is longer than {} bytes", limits.script_bytes),
            LimitKind::HostCalls => {
                format!("the guest called the host more than {} times", limits.host_calls)
            }
            LimitKind::Deadline => "the call was not over at the caller's deadline".into(),
            LimitKind::Pending => {
                format!("the guest waited for more than {} calls of the host at once", limits.pending)
            }
        };
        Error::Limit { kind, limit, place }
    }

    /// Ends the call under way, for a method that the guest called once too often.
    pub(super) fn exceed(&self, exceeded: Exceeded) {
        self.exceeded.set(Some(exceeded));
        if let Some(live) = self.live.borrow().as_ref() {
            // SAFETY: as in `in_realm`: a call is under way.
            unsafe { v8::Isolate::from_raw_isolate_ptr(live.raw) }.terminate_execution();
        }
    }

    /// The error of a call that V8 returned nothing from.
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

/// Drops what may be a value of the host's, whose destructor is code of the host: a panic of it ends here, for the caller
/// may be V8.
pub(super) fn drop_of_host<T>(value: T) {
    of_host(|| drop(value));
}

/// Runs code of the host that can say nothing, such as a destructor or a waker. A panic of it ends here.
pub(super) fn of_host(code: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(code)) {
        tracing::error!("a destructor or a waker of the host panicked");
        // The payload's own destructor may panic as well; it is not worth another try.
        std::mem::forget(panic);
    }
}

/// An isolate that is entered, and left when this is dropped.
pub(super) struct Entered<'d> {
    raw: v8::UnsafeRawIsolatePtr,
    depth: &'d Cell<usize>,
}

impl<'d> Entered<'d> {
    pub(super) fn new(raw: v8::UnsafeRawIsolatePtr, depth: &'d Cell<usize>) -> Self {
        // SAFETY: `raw` is of an isolate that lives on this thread and is not dropped while `depth` is above 0.
        unsafe { v8::Isolate::from_raw_isolate_ptr(raw).enter() };
        depth.set(depth.get() + 1);
        Self { raw, depth }
    }

    fn is_outermost(&self) -> bool {
        self.depth.get() == 1
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.depth.set(self.depth.get() - 1);
        // SAFETY: entered in `new`, and whatever was entered since has been left: guards are dropped in order.
        unsafe { v8::Isolate::from_raw_isolate_ptr(self.raw).exit() };
    }
}
