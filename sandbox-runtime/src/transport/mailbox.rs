//! Jobs on their way to the thread of an isolate, and answers on their way back.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::thread::{Worker, thread_is_gone};
use crate::error::Result;

pub(super) type Work = Box<dyn FnOnce(&Worker) + Send>;

pub(super) struct Job {
    /// The chain of calls that it belongs to; `None` for jobs that nobody waits for. While a job waits, its caller
    /// does too, so a chain has one job in a mailbox at most.
    pub(super) chain: Option<u64>,
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
    queue: VecDeque<Job>,
    closed: bool,
}

impl Mailbox {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the job back when the mailbox is closed.
    pub(super) fn post(&self, job: Job) {
        let mut jobs = self.jobs();
        if !jobs.closed {
            jobs.queue.push_back(job);
            self.changed.notify_all();
        }
    }

    pub(super) fn close(&self) {
        self.jobs().closed = true;
        self.changed.notify_all();
    }

    /// The next job of any chain; `None` when closed and empty.
    pub(super) fn next(&self) -> Option<Job> {
        let mut jobs = self.jobs();
        loop {
            if let Some(job) = jobs.queue.pop_front() {
                return Some(job);
            }
            if jobs.closed {
                return None;
            }
            jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until `ready`, for a job of `chain`, or until the deadline.
    pub(super) fn next_of(&self, chain: u64, ready: impl Fn() -> bool, deadline: Option<Instant>) -> Event {
        let mut jobs = self.jobs();
        loop {
            if ready() {
                return Event::Ready;
            }
            if let Some(at) = jobs.queue.iter().position(|job| job.chain == Some(chain))
                && let Some(job) = jobs.queue.remove(at)
            {
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
        let mut jobs = self.jobs();
        let at = jobs.queue.iter().position(|job| job.chain == Some(chain))?;
        jobs.queue.remove(at)
    }

    /// Wakes whoever waits in `next_of`.
    fn touch(&self) {
        let _jobs = self.jobs();
        self.changed.notify_all();
    }
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
