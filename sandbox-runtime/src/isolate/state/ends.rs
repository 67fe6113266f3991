//! How a call of an isolate ends: whether it is being ended, why, and as which error.

use std::cell::Ref;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use deno_core::v8;

use super::{Isolate, LiveIsolate};
use crate::boundary::Budget;
use crate::error::{Error, LimitKind, Phase, Place, Source};
use crate::isolate::engine::care::Cause;
use crate::isolate::limits::call::CallState;
use crate::isolate::limits::cancels::Period;
use crate::isolate::limits::clock;
use crate::isolate::limits::exceeded::Exceeded;
use crate::isolate::limits::watch::{FireCause, Watch};
use crate::time::Nanos;

impl Isolate {
    /// A call is over.
    #[inline]
    pub(in crate::isolate) fn forget_call(&self, call: u64) {
        self.hosts.iter().for_each(|host| host.forget(call));
        self.handles.forget(call);
        if self.care.has(Cause::Scoped) {
            self.end_scoped(call);
        }
    }

    /// Ends the handles that crossed in calls of scoped methods, within this call of the guest.
    #[cold]
    fn end_scoped(&self, call: u64) {
        self.care.take(Cause::Scoped);
        let are_left = [self.objects.end_scoped(call), self.handles.end_scoped(call)];
        if are_left.contains(&true) {
            self.care.note(Cause::Scoped);
        }
        if self.handles.has_over() {
            self.care.note(Cause::Collected);
        }
        // A stream that ended may have a guest to tell.
        self.care.note(Cause::Given);
    }

    /// The call with which handles end that cross now, if their method is scoped.
    pub(in crate::isolate) fn scope_of(&self, budget: &Budget<'_>) -> Option<u64> {
        let scope = budget.is_scoped().then(|| self.call.number());
        if scope.is_some() {
            self.care.note(Cause::Scoped);
        }
        scope
    }

    /// Whether errors of host methods are kept.
    #[inline]
    pub(in crate::isolate) fn has_errors(&self) -> bool {
        !self.host_errors.borrow().is_empty()
    }

    /// Takes out the kept errors of host methods, when no call under way can still return one of them. A flight can still
    /// return one in a later turn.
    pub(in crate::isolate) fn forget_errors(&self) -> VecDeque<(v8::Global<v8::Object>, Source)> {
        if !self.has_errors() || self.is_running() || !self.flights.is_empty() {
            return VecDeque::new();
        }
        std::mem::take(&mut *self.host_errors.borrow_mut())
    }

    #[inline]
    pub(in crate::isolate) fn entrance(&self) -> Result<Ref<'_, LiveIsolate>, Error> {
        Ref::filter_map(self.live.borrow(), Option::as_ref).map_err(|_| self.discarded_error())
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
            None => self.heap.is_full() || self.call.must_end(),
        }
    }

    #[inline]
    pub(in crate::isolate) fn is_ended_in(&self, live: &LiveIsolate) -> bool {
        self.heap.is_full() || self.call.must_end() || live.watch.has_fired()
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
        if self.call.must_end() {
            self.terminate();
        }
    }

    #[cold]
    fn terminate(&self) {
        if let Some(live) = self.live.borrow().as_ref() {
            live.raw.terminate();
        }
    }

    /// Runs a synchronous call that was made in a period, unless the period is over. The call ends with its period.
    pub(crate) fn within<R>(
        &self,
        made_in: Period,
        call: impl FnOnce() -> Result<R, Error>,
    ) -> Result<R, Error> {
        if self.cancels.periods().are_over(made_in) {
            return Err(Error::cancelled(false, None));
        }
        // A nested call ends with the outer one.
        if self.is_running() {
            return call();
        }
        let _running = self.cancels.begin(made_in);
        call()
    }

    /// The error of a call that is being ended.
    pub(crate) fn ended(&self, place: Option<&Place>) -> Error {
        if self.heap.is_full() {
            return self.over(LimitKind::Heap, place);
        }
        let call = self.call.get();
        if let Some((exceeded, called)) = call.and_then(CallState::exceeded) {
            return exceeded.error(&self.settings.limits, called.as_ref(), place);
        }
        let by_caller = call.is_some_and(CallState::is_by_caller);
        let fired_for =
            |cause| self.live.borrow().as_ref().is_some_and(|live| live.watch.has_fired_for(cause));
        if fired_for(FireCause::Cancelled) {
            return Error::cancelled(true, place);
        }
        let by_cpu = fired_for(FireCause::Cpu);
        let all = self.ledger.cpu().saturating_add(self.times.cpu) >= self.times.total_cpu;
        match by_cpu {
            true if all => self.over(LimitKind::TotalCpu, place),
            true => self.over(LimitKind::Cpu, place),
            false if by_caller => self.in_phase(self.over(LimitKind::Deadline, place)),
            false => self.in_phase(self.over(LimitKind::Wall, place)),
        }
    }

    /// The error of a limit of time, with the phase of the guest in the turn that is being ended.
    fn in_phase(&self, error: Error) -> Error {
        let Some(call) = self.call.get() else { return error };
        let now = clock::now();
        if call.is_mostly_of_hosts(now) {
            return error.during(Phase::InHost);
        }
        let cpu = self.live.borrow().as_ref().and_then(|live| live.watch.cpu());
        match cpu.filter(|cpu| is_starved(*cpu, call.elapsed(now))) {
            Some(cpu) => error.starved(cpu.duration()),
            None => error.during(Phase::Running),
        }
    }

    /// The error of a limit.
    pub(crate) fn over(&self, kind: LimitKind, place: Option<&Place>) -> Error {
        self.settings.limits.exceeded(kind, place)
    }

    /// Ends the call under way, because the guest called a method too often, unless another reason is ending it. `called` is
    /// the host method of the last call, if the limit counts the calls of methods.
    #[cold]
    pub(in crate::isolate) fn exceed(&self, exceeded: Exceeded, called: Option<&Place>) {
        if self.call.exceed(exceeded, called) {
            self.terminate();
        }
    }
}

/// Whether a turn got less than a tenth of its time as CPU time. Short turns are not starved.
fn is_starved(cpu: Nanos, elapsed: Nanos) -> bool {
    const SHORT: Nanos = Nanos::of(Duration::from_millis(20));
    elapsed >= SHORT && cpu.saturating_mul(10) < elapsed
}
