//! The cancellation of all calls of a session.
//!
//! | the call | is ended by |
//! |---|---|
//! | waits in the queue of jobs | [`Session::cancel_all`] itself |
//! | is in flight | the driver, which tells the caller and ends the call like one whose caller is gone |
//! | is synchronous, and its answer is waited for | the peer, where the link can mark a call as cancelled beside all frames |
//! | waits for the lock of the session | its own check, once it has the lock |

use std::sync::atomic::Ordering;

use super::Session;
use super::call::Request;
use super::flights::Driver;
use crate::error::{Error, Result};
use crate::isolate::cancels::{Period, Periods};

impl Session {
    /// The periods of calls.
    pub(in super::super) fn periods(&self) -> &Periods {
        &self.periods
    }

    /// Refuses a call that was cancelled before its turn.
    pub(in super::super) fn refuses_cancelled(&self, made_in: Period) -> Result<()> {
        match self.periods.are_over(made_in) {
            true => Err(Error::cancelled(false, None)),
            false => Ok(()),
        }
    }

    /// Cancels all calls that were made before.
    pub(in super::super) fn cancel_all(&self) -> Result<()> {
        self.allows_observer()?;
        self.periods.end();
        self.jobs.cancel(&self.periods);
        let running = self.running.load(Ordering::SeqCst);
        if let Some(live) = self.live().filter(|_| running > 0) {
            // The call may have begun after the period has ended. So the call, and not its period, says that it was cancelled.
            self.called_off.store(running, Ordering::SeqCst);
            live.link.call_off(running);
        }
        self.jobs.wake();
        Ok(())
    }

    /// Whether a synchronous call was cancelled.
    pub(super) fn has_called_off(&self, call: u64, made_in: Period) -> bool {
        self.periods.are_over(made_in) || self.called_off.load(Ordering::SeqCst) == call
    }
}

/// Marks a synchronous call as the one whose answer is waited for, until it is dropped.
pub(super) struct Running<'s>(&'s Session);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.store(0, Ordering::SeqCst);
    }
}

impl<'c> Request<'c> {
    /// Notes that the answer of this outermost call is waited for.
    pub(super) fn runs(&self, id: u64) -> Running<'c> {
        self.session.running.store(id, Ordering::SeqCst);
        // A cancellation before this line has not found the call.
        if self.session.periods.are_over(self.made_in) {
            self.live.link.call_off(id);
        }
        Running(self.session)
    }
}

impl Driver {
    /// Tells the callers in flight whose calls were cancelled since the last time. Their calls end like those whose callers
    /// are gone.
    pub(super) fn tell_cancelled(&mut self, session: &Session) {
        let now = session.periods.now();
        if std::mem::replace(&mut self.period, now) == now {
            return;
        }
        for id in self.flights.made_before(now) {
            self.live.iter().for_each(|live| live.link.call_off(id));
            let told = self.flights.change(id, self.ends_until, |flight| {
                let error = Error::cancelled(true, flight.about.place.as_ref());
                flight.tell(&error).map(|erased| (erased, error))
            });
            if let Some((erased, error)) = told.flatten() {
                erased.fail(error);
            }
        }
    }
}
