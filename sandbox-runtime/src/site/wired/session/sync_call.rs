//! Synchronous calls: their begin beside others, their exchange with the peer, and their end.
//!
//! The driver of `async` calls begins and ends its calls by the same functions.

use std::time::Duration;

use super::super::call_head::LimitData;
use super::call::{CallAnswer, Request};
use super::call_end::{HostCounts, called_off};
use super::inside::{CallScope, EnteredSession};
use super::state::{SessionState, Underway};
use super::{About, Beginning, Handle, LivePeer, Pays, Session, What, waits_for_its_line, writes_arguments};
use crate::error::{Error, LimitKind, Result};
use crate::isolate::clock;
use crate::isolate::ticket::within;
use crate::panic::drop_each;
use crate::site::blocking;
use crate::time::{Deadline, Nanos};
use crate::wire::Out;
use crate::wire::frame::Frame;

impl Session {
    /// Sends a request to the peer, and serves the peer's requests meanwhile.
    ///
    /// `body` gets the limit of the call. `taken` gets the peer's answer.
    pub(in super::super) fn request<T>(
        &self,
        about: About,
        what: (u8, Option<Handle>),
        deadline: Deadline,
        body: impl FnOnce(LimitData, &mut Out) -> Result<()>,
        taken: impl FnOnce(CallAnswer<'_>) -> Option<Result<T>>,
    ) -> Result<T> {
        blocking::wait(|| self.request_here(about, what, deadline, body, taken))
    }

    pub(super) fn request_here<T>(
        &self,
        about: About,
        (kind, handle): (u8, Option<Handle>),
        deadline: Deadline,
        body: impl FnOnce(LimitData, &mut Out) -> Result<()>,
        taken: impl FnOnce(CallAnswer<'_>) -> Option<Result<T>>,
    ) -> Result<T> {
        if self.here() == CallScope::Console {
            return Err(waits_for_its_line());
        }
        self.allows_observer()?;
        let outer = self.outer_call(&about, deadline);
        let (deadline, made_in) = (within(deadline), self.periods.now());
        let state = self.lock(deadline)?;
        // To bind a contract is part of the call whose values are read.
        let made_in = state.handles.objects.made_in().unwrap_or(made_in);
        self.refuses_cancelled(made_in)?;
        let live = self.ready(&state, handle)?;
        if live.is_writing() {
            return Err(writes_arguments());
        }
        let (began, how) = (clock::now(), self.beginning(&state));
        // A nested call has the deadline of the outer one.
        if how != Beginning::Inside && deadline.is_over(began) {
            return Err(Error::queued(LimitKind::Deadline));
        }
        // The contract of a binding is known already.
        if handle.is_none_or(|handle| handle.what != What::Binding) {
            about.contract.iter().for_each(|contract| state.knows(contract));
        }
        let pays = if how == Beginning::Inside { Pays::Outer } else { Pays::Itself };
        let wall = Nanos::of(self.settings.limits.wall);
        let limit = Deadline::after(began, wall);
        let end = limit.min(deadline);
        // The turn of this call may come after another's.
        let end = if how == Beginning::Beside { end.extended(wall) } else { end };
        let call = Request {
            session: self,
            state: &state,
            live: &live,
            about,
            began,
            made_in,
            // A nested call ends with the outer one.
            end: if how == Beginning::Inside {
                (deadline, true)
            } else {
                (end.min(deadline), deadline < limit)
            },
            is_driven: false,
            pays,
        };
        self.begins(&state, &live, end, how);
        if how != Beginning::Inside {
            state.here.replace(Underway { end, made_in: Some(made_in), ..Underway::default() });
        }
        let told = self.tell_sync(&state, &call.about, how);
        let limit = LimitData { outer, ..self.limit(&state, &live, deadline) };
        let answer = {
            let _entered = EnteredSession::into(self, &state, &live);
            call.exchange(kind, |out| body(limit, out))
        };
        let outcome = answer.and_then(|frame| call.outcome(&frame, how, taken));
        if let Err(error) = &outcome {
            match live.guard().verdict() {
                _ if error.is_final() => self.mark_dead(&state, &live, error),
                Some(death) => {
                    self.mark_dead(&state, &live, &Error::process(death, call.about.place.as_ref()))
                }
                None => {}
            }
        }
        if let Some(told) = told {
            told.end(self, &state, &outcome);
        }
        // Frames that it read for other calls are not in the stream any more.
        let is_awaited = outcome.as_ref().is_err_and(Error::is_final) || !state.flying.borrow().is_empty();
        let over = state.handles.take_over();
        drop(state);
        drop_each(over);
        if is_awaited {
            self.jobs.wake();
        }
        outcome
    }

    /// The other calls under way for a call that begins here.
    pub(super) fn beginning(&self, state: &SessionState) -> Beginning {
        match self.here() {
            // The guest waits for the caller.
            CallScope::Within => Beginning::Inside,
            _ if state.flying.borrow().is_empty() => Beginning::Alone,
            _ => Beginning::Beside,
        }
    }

    /// Begins a call that must be over at `end`.
    pub(super) fn begins(&self, state: &SessionState, live: &LivePeer, end: Deadline, how: Beginning) {
        let (end, cpu) = (end.extended(Nanos::of(self.grace)), self.settings.limits.cpu);
        let cpu = (cpu < Duration::MAX).then(|| cpu.saturating_add(self.grace));
        match how {
            Beginning::Alone => {
                // The bill of a call whose result is being read comes after this call.
                if !state.handles.objects.is_binding() {
                    state.begin_anew();
                }
                live.guard().until(end);
                live.guard().begins(cpu);
            }
            Beginning::Beside => {
                live.guard().until_at_least(end);
                live.guard().allow_more_cpu(cpu);
            }
            // The call ends with the outer one, whose time it uses.
            Beginning::Inside => live.guard().for_at_least(self.grace),
        }
        if how != Beginning::Inside {
            state.begun.set(state.begun.get() + 1);
        }
        // A nested call has its answer before the outer one continues.
        state.is_alone.set(how == Beginning::Alone || how == Beginning::Inside && state.is_alone.get());
    }

    /// Ends a call.
    pub(super) fn ends(&self, state: &SessionState, live: &LivePeer) {
        if state.flying.borrow().is_empty() && !self.is_running() {
            state.cancel_all();
            live.guard().called(clock::now().since(state.since.get()));
        }
    }
}

impl Request<'_> {
    /// The outcome of a call that blocks. A nested call goes on the bill of the outer one, and is cancelled with it.
    fn outcome<T>(
        &self,
        frame: &Frame,
        how: Beginning,
        taken: impl FnOnce(CallAnswer<'_>) -> Option<Result<T>>,
    ) -> Result<T> {
        // The result may make a call of its own, to bind a contract to an object.
        let served = self.state.here.borrow().served.clone();
        let understood = self.understand(frame, taken);
        let (bill, outcome) = understood.ok_or_else(|| self.broken("an answer that cannot be decoded"))?;
        let state = self.state;
        if how != Beginning::Inside {
            // The peer of a call that blocks knows which deadline is the caller's.
            let is_cancelled = self.session.has_called_off(frame.call, self.made_in);
            let end = HostCounts { by_caller: true, is_cancelled, awaits_host: false, served };
            self.charge(bill, frame, &end.served);
            return outcome.map_err(|error| end.error(error, self.session.limits(), self.began));
        }
        let outer = state.with(state.outer.get(), |call| call.made_in).flatten().unwrap_or(self.made_in);
        let is_cancelled = self.session.has_called_off(state.outer.get(), outer);
        outcome.map_err(|error| if is_cancelled { called_off(error) } else { error })
    }
}
