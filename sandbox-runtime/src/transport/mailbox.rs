//! Jobs on their way to the thread of an isolate, and answers on their way back.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::queue::FairQueue;
use super::worker::{Worker, thread_is_gone};
use crate::error::Result;

pub(super) type Work = Box<dyn FnOnce(&Worker) + Send>;

pub(super) struct Job {
    /// The chain of calls that it belongs to; `None` for jobs that nobody blocks for. While a job waits, its caller
    /// does too, so a chain has one job in a mailbox at most.
    pub(super) chain: Option<u64>,
    /// Whose time it takes.
    pub(super) tenant: u64,
    pub(super) work: Work,
}

/// Where a thread finds its jobs, and is told that an answer has come.
#[derive(Default)]
pub(super) struct Mailbox {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    queue: FairQueue<Job>,
    closed: bool,
}

impl Mailbox {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops the job when the mailbox is closed.
    pub(super) fn post(&self, job: Job) {
        let mut jobs = self.jobs();
        if !jobs.closed {
            jobs.queue.push(job.tenant, job);
            self.changed.notify_all();
        }
    }

    pub(super) fn close(&self) {
        self.jobs().closed = true;
        self.changed.notify_all();
    }

    /// A job of a tenant has taken so long.
    pub(super) fn charge(&self, tenant: u64, nanos: u64) {
        self.jobs().queue.charge(tenant, nanos);
    }

    /// The next job of any chain. With a deadline it waits no longer.
    pub(super) fn next(&self, deadline: Option<Instant>) -> Next {
        let mut jobs = self.jobs();
        loop {
            if let Some((_, job)) = jobs.queue.pop() {
                return Next::Job(job);
            }
            if jobs.closed {
                return Next::Closed;
            }
            let Some(deadline) = deadline else {
                jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Late;
            }
            jobs = self.changed.wait_timeout(jobs, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until `ready`, for a job of `chain`, or until the deadline.
    pub(super) fn next_of(&self, chain: u64, ready: impl Fn() -> bool, deadline: Option<Instant>) -> Event {
        let mut jobs = self.jobs();
        loop {
            if ready() {
                return Event::Ready;
            }
            if let Some((_, job)) = jobs.queue.take(|job| job.chain == Some(chain)) {
                return Event::Job(job);
            }
            let Some(deadline) = deadline else {
                jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Event::Late;
            }
            jobs = self.changed.wait_timeout(jobs, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes a job of `chain` back, unless it has begun.
    pub(super) fn take_back(&self, chain: u64) -> Option<Job> {
        self.jobs().queue.take(|job| job.chain == Some(chain)).map(|(_, job)| job)
    }

    /// Wakes whoever waits in `next_of`.
    fn touch(&self) {
        let _jobs = self.jobs();
        self.changed.notify_all();
    }
}

pub(super) enum Next {
    Job(Job),
    Closed,
    Late,
}

pub(super) enum Event {
    Ready,
    Job(Job),
    Late,
}

/// An answer on its way to a thread that waits for it.
pub(super) struct Reply<R> {
    pub(super) answer: Mutex<Option<Result<R>>>,
    pub(super) waiter: Arc<Mailbox>,
}

impl<R> Reply<R> {
    pub(super) fn answer(&self) -> MutexGuard<'_, Option<Result<R>>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers when it is dropped at the latest, so that nobody waits for a job that was lost.
pub(super) struct Answering<R>(pub(super) Arc<Reply<R>>);

impl<R> Answering<R> {
    pub(super) fn give(&self, answer: Result<R>) {
        self.0.answer().get_or_insert(answer);
        self.0.waiter.touch();
    }
}

impl<R> Drop for Answering<R> {
    fn drop(&mut self) {
        if self.0.answer().is_none() {
            self.give(Err(thread_is_gone()));
        }
    }
}
