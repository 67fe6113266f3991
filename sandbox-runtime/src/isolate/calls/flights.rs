//! Flights: asynchronous calls of guests.
//!
//! The sites poll a flight as a future, on the isolate's thread. `promises` adds the host methods that a flight waits
//! for.
//!
//! A flight is a call of the guest that waits for a promise. A flight has turns, in which code of the guest runs. The
//! flight has one when it begins, one for each host method that has answered, and one when another flight's turn has
//! settled its promise. Between its turns the isolate is free for others. A flight owns the host methods that it waits
//! for. Their futures are polled in the flight's task, and dropped with the flight. So any executor can poll a call, and
//! dropping the call cancels all that it began.
//!
//! A host call belongs to the flight whose code makes it. V8 tells which flight that is, because it passes a value of ours
//! to all code that follows from a piece of code. On QuickJS, the flight that has its turn is taken.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use deno_core::v8;

use crate::error::{DiscardCause, Error, LimitKind, LossReason, Place};
use crate::isolate::engine::{self, Resolver};
use crate::isolate::limits::call::{Counts, Turn};
use crate::isolate::limits::clock;
use crate::isolate::limits::ticket::Ticket;
use crate::isolate::run::{not_made, thrown};
use crate::isolate::state::Isolate;
use crate::isolate::state::call_tree::ends_outer;
use crate::isolate::state::flight::Flight;
use crate::isolate::state::realm::Realm;
use crate::isolate::state::signals::FlightSignal;
use crate::observe::bill::Bill;
use crate::observe::{CallKind, CallOutcome};
use crate::panic::drop_of_host;
use crate::time::{Deadline, Nanos};

/// How long the listeners of a guest may run when its caller ends the call.
const GRACE: Nanos = Nanos::of(Duration::from_millis(50));

/// A call that can be a flight.
pub(crate) trait Leg {
    type Output;

    fn place(&self) -> Option<&Place>;

    /// The name of the script, if the call evaluates one.
    fn script(&self) -> Option<&str> {
        None
    }

    /// The realm whose code the call runs.
    fn realm(&self) -> &Rc<Realm>;

    /// Refuses the call if its script belongs to a heap that is gone.
    fn check(&self, isolate: &Isolate) -> Result<(), Error> {
        isolate.is_of_this_life(self.realm().generation)
    }

    /// Calls the guest. The result may be a promise, and the call then waits for it.
    fn begin<'s>(
        &mut self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'s, '_>,
    ) -> Result<v8::Local<'s, v8::Value>, Error>;

    /// Reads the value of the settled promise.
    fn finish<'s>(
        &mut self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'s, '_>,
        value: v8::Local<'s, v8::Value>,
    ) -> Result<Self::Output, Error>;
}

/// An asynchronous call, for the thread of its isolate.
pub(crate) struct Flying<L: Leg> {
    isolate: Rc<Isolate>,
    flight: Rc<Flight>,
    leg: L,
}

impl<L: Leg> Flying<L> {
    /// A call that begins at the first poll.
    pub(crate) fn new(isolate: Rc<Isolate>, leg: L, ticket: Ticket) -> Self {
        Self { isolate, flight: Rc::new(Flight::new(ticket)), leg }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<L::Output, Error>> {
        let has_begun = self.flight.end.get().is_some();
        if let Some(error) = self.failure() {
            return Poll::Ready(Err(error));
        }
        let is_told = self.isolate.observed.as_ref().is_some_and(|observed| observed.allows().is_err());
        if self.isolate.is_running() || is_told {
            return Poll::Ready(Err(match has_begun {
                true => Error::lost(LossReason::InsideHost, self.leg.place()),
                false => Error::waits_for_itself(),
            }));
        }
        // Between two turns, the sandbox may have been reset or discarded.
        let lives = self.leg.check(&self.isolate).and_then(|()| self.isolate.entrance().map(drop));
        if let Err(error) = lives {
            return Poll::Ready(Err(if has_begun { error.of_begun(self.leg.place()) } else { error }));
        }
        if let Some(error) = cancelled(&self.isolate, &self.flight, self.leg.place()) {
            return Poll::Ready(Err(error));
        }
        if let Some(error) = self.ends_with_outer() {
            return Poll::Ready(Err(error));
        }
        self.flight.listen(cx.waker());
        self.flight.lengthen();
        let outcome = if !has_begun {
            self.begin()
        } else if self.flight.is_settled.get() {
            self.turn(|_, _, _, _| Ok(()))
        } else {
            Ok(None)
        };
        match outcome.transpose() {
            Some(over) => Poll::Ready(over),
            // A host method that is polled here may reset the sandbox.
            None => {
                let waited = self.wait(cx);
                waited.map(|outcome| outcome.map_err(|error| error.of_begun(self.leg.place())))
            }
        }
    }

    /// Takes at most one host method's answer, so that other flights have their turns.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Result<L::Output, Error>> {
        let flight = self.flight.clone();
        // An answer that has arrived meanwhile is too late.
        if let Some(late) = self.late() {
            return Poll::Ready(Err(late));
        }
        let answered = flight.poll_hosts(cx);
        // A nested call may have met a limit, which the guest is not told.
        if let Some(error) = self.failure() {
            return Poll::Ready(Err(error));
        }
        if let Some(answered) = answered {
            // The nested call may have taken all of the time.
            if flight.tree.get().is_some()
                && let Some(late) = self.late()
            {
                return Poll::Ready(Err(late));
            }
            let outcome = self.turn(|_, isolate, scope, _| answered.tell(isolate, scope));
            return match outcome.transpose() {
                Some(over) => Poll::Ready(over),
                None => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            };
        }
        flight.wake_at_end();
        Poll::Pending
    }

    /// The error of a call whose time is over.
    fn late(&self) -> Option<Error> {
        let flight = &self.flight;
        flight.deadline().is_over(clock::now()).then(|| {
            let kind = if flight.is_by_caller() { LimitKind::Deadline } else { LimitKind::Wall };
            self.isolate.over(kind, self.leg.place()).during(flight.phase())
        })
    }

    /// The limit that a nested call met, which ends this one.
    fn failure(&self) -> Option<Error> {
        self.flight.tree.get()?.failure(self.leg.place())
    }

    /// The error of a nested call whose outer call is over.
    fn ends_with_outer(&self) -> Option<Error> {
        let ticket = &self.flight.ticket;
        let is_left = ticket.outer().is_some() && ticket.is_left();
        is_left.then(|| Error::discarded(DiscardCause::CallEnded).of_begun(self.leg.place()))
    }

    fn begin(&mut self) -> Result<Option<L::Output>, Error> {
        let flight = &self.flight;
        if flight.ticket.outer().is_some() || flight.ticket.is_of_object() {
            self.isolate.flights.nest(flight, self.leg.place())?;
        }
        let limit = self.isolate.times.wall;
        // A nested call has the end of the outer one, unless its own deadline comes first.
        let is_own = flight.outer_tree().is_none() || flight.ticket.is_own_deadline();
        let deadline = if is_own { flight.ticket.deadline() } else { Deadline::NEVER };
        let turn = Turn::of_call(clock::now(), limit, deadline);
        if turn.is_late() || flight.outer_tree().is_some_and(|tree| tree.end().0.is_over(turn.began)) {
            return Err(not_made());
        }
        _ = flight.ticket.begins();
        flight.began.set(turn.began);
        flight.end.set(Some(turn.end));
        flight.by_caller.set(turn.by_caller);
        self.isolate.flights.by_id.borrow_mut().insert(flight.id(), flight.clone());
        self.isolate.cancels.knows(&flight.ticket);
        self.tell_begin();
        self.isolate.end_streams_of_others(self.leg.realm(), Some(self.flight.id()));
        self.turn(|leg, isolate, scope, flight| {
            let value = leg.begin(isolate, scope)?;
            let promise = promise_of(isolate, scope, value, leg.place())?;
            *flight.promise.borrow_mut() = Some(v8::Global::new(scope, promise));
            Ok(())
        })
    }

    /// Runs code of the guest and its microtasks. Returns the result, if there is one then.
    fn turn(
        &mut self,
        step: impl FnOnce(&mut L, &Isolate, &mut v8::PinScope<'_, '_>, &Flight) -> Result<(), Error>,
    ) -> Result<Option<L::Output>, Error> {
        let Self { isolate, flight, leg } = self;
        let (isolate, flight) = (&**isolate, &**flight);
        if flight.ticket.is_cancelled() {
            return Err(isolate.over(LimitKind::Deadline, leg.place()));
        }
        let place = leg.place().cloned();
        let place = place.as_ref();
        let so_far = flight.counts.get();
        let (turn, realm) = (flight.turn(&so_far), leg.realm().clone());
        let body = |scope: &mut v8::PinScope<'_, '_>| {
            // A caller that went away before the watch was armed has ended nothing, and neither has a cancellation of all
            // calls. From here on they do.
            if flight.ticket.is_cancelled() {
                return Err(isolate.over(LimitKind::Deadline, place).into());
            }
            if let Some(error) = cancelled(isolate, flight, place) {
                return Err(error.into());
            }
            engine::enter_flight(scope, Some(flight.id()));
            let done = step(leg, isolate, scope, flight);
            engine::enter_flight(scope, None);
            done?;
            engine::run_microtasks(scope, || isolate.is_ended());
            if isolate.is_ended() {
                return Err(isolate.ended(place).into());
            }
            Ok(outcome(isolate, scope, flight, leg)?)
        };
        let run = || isolate.run_flight(&turn, (&realm, place), body);
        let (outcome, counts) = match &isolate.observed {
            Some(observed) => observed.within(flight.call(), run),
            None => run(),
        };
        flight.has_used(isolate, counts);
        Ok(outcome?)
    }

    /// Tells the observers that the call begins.
    fn tell_begin(&self) {
        let Some(observed) = &self.isolate.observed else { return };
        let (place, script) = (self.leg.place(), self.leg.script().unwrap_or_default());
        let kind = place.map_or(CallKind::Evaluation { script }, CallKind::Method);
        *self.flight.open.borrow_mut() = Some(observed.flight_begins(kind, self.leg.realm().number));
    }

    /// Aborts the guest's signal, because the caller waits no longer. The listeners of the guest have a turn of their own, within
    /// the limits of the call, and for a short time. The result of the call is not read then.
    ///
    /// A realm that exceeds the time is told of no further end, so that ends of many calls take no more.
    fn abort_signal(&self, signal: &FlightSignal) {
        let (isolate, flight) = (&*self.isolate, &*self.flight);
        let now = clock::now();
        let is_told = isolate.observed.as_ref().is_some_and(|observed| observed.allows().is_err());
        let can_run =
            flights_can_run(isolate, flight, self.leg.realm()) && self.leg.check(isolate).is_ok() && !is_told;
        if !can_run || flight.deadline().is_over(now) || flight.ticket.is_time_up() {
            return;
        }
        let so_far = flight.counts.get();
        let end = Deadline::after(now, GRACE).min(flight.deadline());
        let turn = Turn { end, by_caller: false, outlives_caller: true, ..flight.turn(&so_far) };
        let realm = self.leg.realm().clone();
        let body = |scope: &mut v8::PinScope<'_, '_>| {
            let signals = realm.signals.get();
            engine::enter_flight(scope, Some(flight.id()));
            let aborted =
                signals.and_then(|signals| signals.abort(scope, v8::Local::new(scope, &signal.signal)));
            engine::enter_flight(scope, None);
            Ok(aborted)
        };
        let run = || isolate.run_flight(&turn, (&realm, self.leg.place()), body);
        let (outcome, counts) = match &isolate.observed {
            Some(observed) => observed.within(flight.call(), run),
            None => run(),
        };
        flight.has_used(isolate, counts);
        if outcome.is_err() {
            realm.exceeds_grace.set(true);
        }
    }

    /// Ends the call, and all that it has begun.
    fn land(&self, outcome: CallOutcome<'_>) {
        let (isolate, flight) = (&self.isolate, &self.flight);
        let signal = flight.signal.take();
        if let Some(signal) = signal.filter(|_| is_of_caller(&outcome)) {
            self.abort_signal(&signal);
        }
        let mut bill = Bill::default();
        // Missing if the flight has not begun, has landed, or was given up.
        if isolate.flights.remove(flight.id()) {
            let counts = flight.counts.get();
            isolate.flights.cpu.set(isolate.flights.cpu.get().saturating_sub(counts.cpu()));
            let wall = clock::now().since(flight.began.get());
            isolate.forget_call(flight.id());
            match flight.outer_tree() {
                None => counts.charge(&isolate.ledger, wall),
                Some(_) => counts.charge_nested(&isolate.ledger, wall),
            }
            bill = isolate.ledger.usage().last;
        }
        drop((flight.promise.take(), flight.timers.take()));
        let errors = isolate.forget_errors();
        flight.ticket.ends();
        drop_of_host(flight.take_hosts());
        flight.own_tree().into_iter().for_each(|tree| tree.ends());
        let waker = flight.ticket.waker().take();
        drop_of_host((waker, flight.timer.take(), errors));
        isolate.handles.drop_over();
        isolate.end_streams();
        let open = flight.open.take();
        open.into_iter().for_each(|open| open.end(outcome, &bill));
    }
}

impl Flight {
    /// Notes the usage of the call after a turn.
    fn has_used(&self, isolate: &Isolate, counts: Option<Counts>) {
        let Some(counts) = counts else { return };
        let more = counts.cpu().saturating_sub(self.counts.get().cpu());
        self.tree.get().into_iter().for_each(|tree| tree.has_used(&self.counts.get(), &counts));
        isolate.flights.cpu.set(isolate.flights.cpu.get().saturating_add(more));
        self.counts.set(counts);
    }
}

/// Whether code of a flight that is being dropped can run.
fn flights_can_run(isolate: &Isolate, flight: &Flight, realm: &Realm) -> bool {
    !isolate.is_running()
        && isolate.is_live()
        && isolate.flights.knows(flight.id())
        && !realm.exceeds_grace.get()
        && !std::thread::panicking()
}

/// Whether the caller ended the call, and no limit did.
fn is_of_caller(outcome: &CallOutcome<'_>) -> bool {
    matches!(outcome, CallOutcome::Dropped | CallOutcome::Failed(Error::Cancelled { .. }))
}

/// The error of a call that was cancelled with all calls of its sandbox.
fn cancelled(isolate: &Isolate, flight: &Flight, place: Option<&Place>) -> Option<Error> {
    let periods = isolate.cancels.periods();
    let made_in = flight.ticket.made_in(|| periods.now());
    periods.are_over(made_in).then(|| Error::cancelled(flight.end.get().is_some(), place))
}

/// No field is pinned.
impl<L: Leg> Unpin for Flying<L> {}

impl<L: Leg> Future for Flying<L> {
    type Output = Result<L::Output, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let began = this.flight.ticket.outer().map(|_| clock::now());
        let outcome = this.advance(cx);
        if let Some((tree, began)) = this.flight.outer_tree().zip(began) {
            tree.was_busy(clock::now().since(began));
            let ticket = &this.flight.ticket;
            match &outcome {
                Poll::Ready(Err(error)) if ticket.is_cancelled() => tree.was_ended(error),
                Poll::Ready(Err(error)) if ends_outer(error, ticket.is_own_deadline()) => tree.fails(error),
                _ => {}
            }
        }
        if let Poll::Ready(outcome) = &outcome {
            // A turn that ends because the caller is gone ends like one that is late, and nobody gets that error.
            let is_dropped = outcome.is_err() && this.flight.ticket.is_cancelled();
            this.land(if is_dropped { CallOutcome::Dropped } else { CallOutcome::of(outcome) });
        }
        outcome
    }
}

impl<L: Leg> Drop for Flying<L> {
    fn drop(&mut self) {
        self.land(CallOutcome::Dropped);
    }
}

/// The promise that a call waits for: the guest's own, or one that is resolved with the guest's value, as `await` does.
fn promise_of<'s>(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'s, '_>,
    value: v8::Local<'s, v8::Value>,
    place: Option<&Place>,
) -> Result<v8::Local<'s, v8::Promise>, Error> {
    let promise = match value.try_cast::<v8::Promise>() {
        Ok(promise) => promise,
        Err(_) => {
            v8::tc_scope!(let scope, scope);
            let resolver = Resolver::new(scope).ok_or_else(|| isolate.thrown(scope, place))?;
            resolver.settle(scope, Ok(value)).ok_or_else(|| isolate.thrown(scope, place))?;
            resolver.promise(scope)
        }
    };
    if promise.state() == v8::PromiseState::Rejected && !promise.has_handler() {
        isolate.call.get().inspect(|call| call.handled_late());
    }
    promise.mark_as_handled();
    Ok(promise)
}

/// The result of a call whose promise is settled.
fn outcome<L: Leg>(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    flight: &Flight,
    leg: &mut L,
) -> Result<Option<L::Output>, Error> {
    let promise = flight.promise.borrow().as_ref().map(|promise| v8::Local::new(scope, promise));
    let Some(promise) = promise else { return Ok(None) };
    match promise.state() {
        v8::PromiseState::Pending => Ok(None),
        v8::PromiseState::Fulfilled => {
            let value = promise.result(scope);
            engine::enter_flight(scope, Some(flight.id()));
            let read = leg.finish(isolate, scope, value);
            engine::enter_flight(scope, None);
            read.map(Some)
        }
        v8::PromiseState::Rejected => {
            let reason = promise.result(scope);
            // An exception of its getters is discarded. Without this scope, V8 would print it.
            v8::tc_scope!(let scope, scope);
            let error = thrown::error(scope, reason, None, leg.place());
            // Reading the reason may have run code of the guest.
            Err(if isolate.is_ended() { isolate.ended(leg.place()) } else { error })
        }
    }
}
