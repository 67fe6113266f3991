//! The end of calls that are late, and of calls whose callers are gone.

use std::time::Duration;

use super::super::call_head::CancelReason;
use super::super::message::kind;
use super::Session;
use super::call::Request;
use super::call_table::Ending;
use super::flights::Driver;
use super::job_queue::QueuedJob;
use super::state::SessionState;
use crate::error::{Death, Result};
use crate::isolate::clock;
use crate::panic::drop_of_host;
use crate::time::{Deadline, Nanos};

impl Driver {
    /// While another call has the sandbox, tells callers that their time is over, and stops the guests of dropped calls. The
    /// other call may wait for such a guest. Returns when to ask again. All other work at the end of a call has to wait.
    pub(super) fn tell_late(&mut self, session: &Session) -> Duration {
        /// The longest wait without a call under way, and with one, whose future may be dropped at any time.
        const MOST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_millis(10));
        let (now, most) = (clock::now(), if self.flights.is_empty() { MOST.0 } else { MOST.1 });
        self.flights.mark_ready();
        self.tell_cancelled(session);
        for id in self.flights.dropped() {
            self.live.iter().for_each(|live| live.link.call_off(id));
        }
        let (overdue, next_job) = session.jobs.overdue(now);
        overdue.into_iter().for_each(QueuedJob::refuse);
        let (late, next_call) = self.flights.late(now);
        for id in late {
            let told = self.flights.change(id, self.ends_until, |flight| {
                let late = flight.late(session);
                flight.tell(&late).map(|erased| (erased, late))
            });
            if let Some((erased, late)) = told.flatten() {
                erased.fail(late);
            }
        }
        next_job.min(next_call).remaining(now).map_or(most, |left| most.min(left.duration()))
    }

    /// Ends calls that are late, and calls whose callers are gone.
    pub(super) fn end(&mut self, session: &Session, state: &SessionState) -> Result<()> {
        let Some(live) = self.live.clone() else { return Ok(()) };
        let (now, ends_until) = (clock::now(), self.ends_until);
        let call = Self::call(session, state, &live);
        let mut last = None;
        while let Some(id) = self.flights.next_due(now, ends_until) {
            let Some(flight) = self.flights.get(id) else { return Ok(()) };
            match flight.ending {
                None => {
                    let why = match (flight.end.is_over(now), flight.by_caller) {
                        (true, true) => CancelReason::Deadline,
                        (true, false) => CancelReason::Wall,
                        (false, _) => CancelReason::Caller,
                    };
                    // The guest may be computing. The peer itself knows when the time of a call is up.
                    if why == CancelReason::Caller {
                        live.link.call_off(id);
                    }
                    call.send(kind::CANCEL, id, false, |out| {
                        out.push(why as u8);
                        Ok(())
                    })?;
                    // The peer may have to finish another turn before it reads that.
                    let last = *last.get_or_insert_with(|| self.flights.last_end());
                    let until = last.max(Deadline::at(now)).extended(Nanos::of(call.session.grace));
                    live.guard().until_at_least(until);
                    let hosts = self.flights.change(id, ends_until, |flight| {
                        let awaits_host = flight.hosts.count() > 0;
                        flight.ending = Some(Ending { since: now, until, awaits_host });
                        flight.hosts.take()
                    });
                    drop_of_host(hosts);
                }
                Some(ending) if ending.until.max(ends_until).is_over(now) => {
                    live.guard().condemn(Death::Overdue);
                    return Err(Request { about: flight.about.clone(), began: flight.began, ..call }.death());
                }
                // The caller gets its error, whatever the peer does.
                Some(_) => {
                    let error = flight.late(session);
                    let erased = self.flights.change(id, ends_until, |flight| flight.tell(&error));
                    if let Some(erased) = erased.flatten() {
                        erased.fail(error);
                    }
                }
            }
        }
        Ok(())
    }
}
