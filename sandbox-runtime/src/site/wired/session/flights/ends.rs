//! The ends that calls do not bring about themselves: of their peer, and of the driver.

use super::Driver;
use crate::error::{DiscardCause, Error, LossReason};
use crate::site::wired::session::Session;
use crate::site::wired::session::job_queue::undriven;
use crate::site::wired::session::state::SessionState;

impl Driver {
    /// Ends the calls of a peer that no longer exists.
    pub(super) fn leave_behind(&mut self, session: &Session, state: &SessionState) {
        if !self.is_current(session) {
            // A call that was cancelled before the end of its peer was seen is a cancelled call.
            self.tell_cancelled(session);
            let cause = state.discarded.borrow().clone();
            // After a reset, the bill is empty.
            if cause.is_some() {
                self.charge_lost(session, state);
            }
            for flight in self.flights.take() {
                let cause = match &cause {
                    Some(end @ Error::Process { .. }) => {
                        let error = flight.share_of(end);
                        flight.fail(error);
                        continue;
                    }
                    Some(fault) => DiscardCause::Fault(Box::new(fault.clone())),
                    None => DiscardCause::Reset,
                };
                let error = Error::lost(LossReason::Discarded(cause), flight.about.place.as_ref());
                flight.fail(error);
            }
        }
        if self.flights.is_empty() {
            self.live = None;
        }
    }

    /// Ends the peer, because its frames cannot be read any more.
    pub(in super::super) fn give_up(&mut self, error: &Error) {
        let session = self.session.clone();
        let state = session.state.lock();
        self.crash(&session, &state, error);
    }

    /// Ends the peer and its calls, because their thread ends. Callers keep their thread, so no call has a caller that
    /// waits. The session tells the end of the sandbox when the session is dropped.
    fn close(&mut self) {
        let session = self.session.clone();
        let state = session.state.lock();
        if let Some(live) = self.live.take() {
            let (_, cpu) = live.link.death();
            state.owed.set(state.owed.take().saturating_add(cpu));
        }
        self.charge_lost(&session, &state);
        for mut flight in self.flights.take() {
            let gone = flight.erased.take();
            flight.fail(undriven());
            gone.into_iter().for_each(|gone| gone.fail(undriven()));
        }
    }

    /// Bills the calls for which the peer will report nothing more.
    fn charge_lost(&self, session: &Session, state: &SessionState) {
        for flight in self.flights.all() {
            // The first call's bill has the CPU time of the peer.
            flight.bill.set(session.charge_lost(flight.began, state.owed.take(), &flight.served));
        }
    }

    /// Handles the end of the peer.
    pub(super) fn crash(&mut self, session: &Session, state: &SessionState, error: &Error) {
        if let Some(live) = self.live.take() {
            session.mark_dead(state, &live, error);
        }
        self.charge_lost(session, state);
        for flight in self.flights.take() {
            let error = flight.share_of(error);
            flight.fail(error);
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.flights.is_empty() {
            return;
        }
        self.session.jobs.abandon_undriven();
        match std::thread::panicking() {
            true => self.give_up(&undriven()),
            false => self.close(),
        }
    }
}
