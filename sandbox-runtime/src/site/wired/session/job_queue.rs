//! The queue of jobs that wait for the driver, and the state of the driver.
//!
//! One thread drives the `async` calls of a sandbox. Where the sandbox stays on a thread with other tasks, a task of that
//! thread does. The driver exists while there is work, and a while longer.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::runtime::Handle as Runtime;

use super::erased_call::ErasedCall;
use crate::error::{Error, LimitKind, LossReason, Result};
use crate::isolate::cancels::{Period, Periods};
use crate::panic::of_host;
use crate::time::{Deadline, Timestamp};

/// How long the thread waits for the next job before it ends.
const REST: Duration = Duration::from_secs(1);

/// A job for the driver.
pub(in super::super) enum QueuedJob {
    /// A call, and the runtime whose timers and sockets the host's methods find.
    Call(Box<dyn ErasedCall>, Option<Runtime>),
    /// Work that is done at once in its turn, or gets the error why it has none.
    Work(Box<dyn FnOnce(Result<()>) + Send>),
}

impl QueuedJob {
    /// How long the caller waits.
    fn deadline(&self) -> Deadline {
        match self {
            Self::Call(erased, _) => erased.terms().deadline,
            Self::Work(_) => Deadline::NEVER,
        }
    }

    /// Tells the caller that its wait is over.
    pub(super) fn refuse(self) {
        self.fail(Error::queued(LimitKind::Deadline));
    }

    /// The call is made in this period.
    pub(super) fn is_made_in(&mut self, period: Period) {
        if let Self::Call(erased, _) = self {
            erased.is_made_in(period);
        }
    }

    /// Whether it is a call that was cancelled.
    fn is_cancelled(&self, periods: &Periods) -> bool {
        matches!(self, Self::Call(erased, _) if periods.are_over(erased.terms().made_in))
    }

    /// Tells its caller why it was not done.
    fn fail(self, error: Error) {
        match self {
            Self::Call(erased, _) => erased.fail(error),
            Self::Work(work) => of_host(|| work(Err(error))),
        }
    }
}

/// The queue.
#[derive(Default)]
pub(super) struct JobQueue {
    inner: Mutex<QueueState>,
    /// Notified when a resting thread has work, or when the queue is closed.
    some: Condvar,
}

#[derive(Default)]
struct QueueState {
    jobs: VecDeque<QueuedJob>,
    driven: Driven,
    waker: Option<Waker>,
    is_closed: bool,
}

/// Who drives.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Driven {
    #[default]
    Nobody,
    /// A thread that waits for work.
    Resting,
    Busy,
}

impl JobQueue {
    fn inner(&self) -> MutexGuard<'_, QueueState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job. Returns whether a driver must be started.
    pub(super) fn put(&self, job: QueuedJob) -> bool {
        let mut inner = self.inner();
        inner.jobs.push_back(job);
        match std::mem::replace(&mut inner.driven, Driven::Busy) {
            Driven::Nobody => return true,
            Driven::Resting => self.some.notify_all(),
            Driven::Busy => {
                let waker = inner.waker.clone();
                drop(inner);
                waker.inspect(Waker::wake_by_ref);
            }
        }
        false
    }

    /// Wakes the driver.
    pub(super) fn wake(&self) {
        let waker = self.inner().waker.clone();
        waker.inspect(Waker::wake_by_ref);
    }

    /// Sets the waker of the driver.
    pub(super) fn listen(&self, waker: &Waker) {
        let mut inner = self.inner();
        if !inner.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            inner.waker = Some(waker.clone());
        }
    }

    pub(super) fn take(&self) -> Option<QueuedJob> {
        self.inner().jobs.pop_front()
    }

    /// Takes the calls whose callers wait no longer, and returns when the next caller gives up.
    pub(super) fn overdue(&self, now: Timestamp) -> (Vec<QueuedJob>, Deadline) {
        let (mut overdue, mut next) = (Vec::new(), Deadline::NEVER);
        let mut inner = self.inner();
        for job in std::mem::take(&mut inner.jobs) {
            match job.deadline() {
                deadline if deadline.is_over(now) => overdue.push(job),
                deadline => {
                    next = next.min(deadline);
                    inner.jobs.push_back(job);
                }
            }
        }
        (overdue, next)
    }

    /// Tells the callers whose calls are cancelled. Other jobs keep their order.
    pub(super) fn cancel(&self, periods: &Periods) {
        let mut inner = self.inner();
        let jobs = std::mem::take(&mut inner.jobs);
        let (cancelled, others): (VecDeque<_>, _) =
            jobs.into_iter().partition(|job| job.is_cancelled(periods));
        inner.jobs = others;
        drop(inner);
        cancelled.into_iter().for_each(|job| job.fail(Error::cancelled(false, None)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inner().jobs.is_empty()
    }

    /// Called by an idle driver. Returns true if the queue is empty and the driver must exit.
    pub(super) fn leave(&self) -> bool {
        let mut inner = self.inner();
        if inner.jobs.is_empty() {
            (inner.driven, inner.waker) = (Driven::Nobody, None);
        }
        inner.driven == Driven::Nobody
    }

    /// Called by an idle driver thread, which may wait. Returns whether there is work.
    pub(super) fn rest(&self) -> bool {
        let mut inner = self.inner();
        if inner.jobs.is_empty() && !inner.is_closed {
            inner.driven = Driven::Resting;
            let is_idle = |inner: &mut QueueState| inner.jobs.is_empty() && !inner.is_closed;
            inner =
                self.some.wait_timeout_while(inner, REST, is_idle).unwrap_or_else(PoisonError::into_inner).0;
        }
        let has_some = !inner.jobs.is_empty();
        inner.driven = if has_some { Driven::Busy } else { Driven::Nobody };
        if !has_some {
            inner.waker = None;
        }
        has_some
    }

    /// Called when the driver ends with jobs in the queue. Their callers get `error`.
    pub(super) fn abandon(&self, error: &Error) {
        let mut inner = self.inner();
        (inner.driven, inner.waker) = (Driven::Nobody, None);
        let jobs = std::mem::take(&mut inner.jobs);
        drop(inner);
        jobs.into_iter().for_each(|job| job.fail(error.clone()));
    }

    /// Called when a driver has ended before its time.
    pub(super) fn abandon_undriven(&self) {
        self.abandon(&Error::after(undriven()));
    }

    /// Closes the queue for good.
    pub(super) fn close(&self) {
        self.inner().is_closed = true;
        self.some.notify_all();
    }
}

/// The fault of a sandbox whose calls nobody drives any more.
pub(super) fn undriven() -> Error {
    Error::lost(LossReason::Driver, None)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Jobs that were not done are not lost: each caller gets the error that says why.
    #[test]
    fn what_nobody_does_is_told_why() {
        let jobs = JobQueue::default();
        let told = Arc::<Mutex<Vec<Error>>>::default();
        for _ in 0..2 {
            let told = told.clone();
            let work = move |turn: Result<()>| told.lock().expect("no panic").extend(turn.err());
            jobs.put(QueuedJob::Work(Box::new(work)));
        }
        let refused = Error::system("thread", &std::io::ErrorKind::WouldBlock.into());
        jobs.abandon(&refused);
        let told = std::mem::take(&mut *told.lock().expect("no panic"));
        let is_refused = |error: &Error| matches!(error, Error::System { what: "thread", .. });
        assert!(told.len() == 2 && told.iter().all(is_refused) && jobs.is_empty(), "{told:?}");
        assert!(!refused.is_final() && refused.to_string().starts_with("the call was not made"), "{refused}");
    }
}
