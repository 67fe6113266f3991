//! Running guest code inside of its limits, and what ends it.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use deno_core::v8;

use super::ops::Exceeded;
use super::watchdog::{Armed, Watch};
use super::{Catch, Isolate, Realm, engine, stack_full, thrown};
use crate::error::{Error, LimitKind, Place};

impl Isolate {
    /// Runs `body` in a realm of guests, inside of its limits. The outermost run is the one that is limited; those
    /// inside of it, of host methods that call their guest, share its deadline.
    pub(super) fn run<R>(
        &self,
        realm: &Rc<Realm>,
        place: Option<Place>,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let (raw, watch) = self.entrance()?;
        self.is_of_this_life(realm.generation)?;
        if !self.stack.allows_call() {
            return Err(stack_full(place));
        }
        let mut late = None;
        let entered = Entered::new(raw, &self.depth);
        let result = match entered.is_outermost() {
            true => self.run_limited(raw, &watch, (realm, place), body, &mut late),
            false => self.in_realm(raw, realm, body).unwrap_or_else(|| Err(self.ended(place))),
        };
        self.ended_inside.set(!entered.is_outermost() && self.is_ended());
        let outermost = entered.is_outermost();
        let errors =
            if outermost { std::mem::take(&mut *self.host_errors.borrow_mut()) } else { VecDeque::new() };
        let errors = errors.into_iter().map(|(_, source)| source).collect::<Vec<_>>();
        drop(entered);
        if outermost && (self.heap.is_full() || self.has_leftovers.get()) {
            self.discard(self.ended(place));
        }
        // Code of the host, which may call the guest: that is a call of its own, with a limit of its own.
        drop_of_host((errors, late));
        result
    }

    pub(super) fn entrance(&self) -> Result<(v8::UnsafeRawIsolatePtr, Arc<Watch>), Error> {
        match self.live.borrow().as_ref() {
            Some(live) => Ok((live.raw, live.watch.clone())),
            None => Err(self.discarded_error()),
        }
    }

    fn run_limited<R>(
        &self,
        raw: v8::UnsafeRawIsolatePtr,
        watch: &Watch,
        (realm, place): (&Rc<Realm>, Option<Place>),
        body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> Result<R, Error>,
        late: &mut Option<Result<R, Error>>,
    ) -> Result<R, Error> {
        let left = self.settings.limits.total_cpu.saturating_sub(self.running.meter.cpu());
        if left.is_zero() {
            return Err(self.over(LimitKind::TotalCpu, place));
        }
        let armed = watch.arm(self.settings.limits.wall, self.settings.limits.cpu.min(left));
        self.running.begin(armed.began());
        self.buffers.begin();
        self.exceeded.set(None);
        let result = self.in_realm(raw, realm, |scope| {
            let result = body(scope);
            if !self.is_ended() {
                engine::run_microtasks(scope, || self.is_ended());
            }
            result
        });
        let ended = self.is_ended().then(|| self.ended(place));
        self.settle(&armed, watch);
        if armed.disarm() || ended.is_some() {
            self.drop_microtasks(raw, realm);
            self.collect(raw);
            *late = result;
            // The heap may have been filled on the way out, and then that is what the caller has to know.
            let ended = ended.filter(|_| !self.heap.is_full());
            let ended = ended.unwrap_or_else(|| self.ended(place));
            self.exceeded.set(None);
            return Err(ended);
        }
        result.unwrap_or_else(|| Err(self.discarded_error()))
    }

    /// Writes the bill of the call.
    fn settle(&self, armed: &Armed<'_>, watch: &Watch) {
        let cpu = watch.cpu();
        let live = self.live.borrow();
        let Some(live) = live.as_ref() else { return };
        if cpu.is_some() {
            // SAFETY: `raw` is of `live`.
            let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(live.raw) };
            self.running.see_heap(&mut isolate);
        }
        self.running.end(armed.elapsed(), cpu, self.buffers.peak() as u64);
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
        let by_cpu = self.live.borrow().as_ref().is_some_and(|live| live.watch.is_by_cpu());
        let all = self.running.meter.cpu().saturating_add(self.settings.limits.cpu)
            >= self.settings.limits.total_cpu;
        match by_cpu {
            true if all => self.over(LimitKind::TotalCpu, place),
            true => self.over(LimitKind::Cpu, place),
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
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        tracing::error!("a destructor of the host panicked");
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
