//! The mailbox of an isolate's thread: jobs to the thread, and answers back.
//!
//! `worker` serves the jobs. `pool` moves waiting jobs between mailboxes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::queue::FairQueue;
use super::worker::{Worker, lost, thread_is_gone};
use crate::error::Result;
use crate::isolate::clock;
use crate::time::{AtomicTime, Nanos, Timestamp};

pub(crate) type Work = Box<dyn FnOnce(&Worker) + Send>;

pub(crate) struct Job {
    /// The chain of calls that the job belongs to; `None` for jobs without a blocked caller. A caller waits while its
    /// job waits, so a chain has at most one job in a mailbox.
    pub(crate) chain: Option<u64>,
    /// The tenant whose time the job takes.
    pub(crate) tenant: u64,
    /// The job needs something of its thread, so no other thread can serve it.
    pub(crate) is_tied: bool,
    pub(crate) work: Work,
}

/// The jobs of a thread, and its notification of answers.
#[derive(Default)]
pub(crate) struct Mailbox {
    jobs: Mutex<Jobs>,
    changed: Condvar,
    /// Since when a job is served.
    since: AtomicTime<Option<Timestamp>>,
    /// The tenant of the current job.
    holder: AtomicU64,
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
    pub(crate) fn post(&self, job: Job) {
        let mut jobs = self.jobs();
        if !jobs.closed {
            jobs.queue.push(job.tenant, job);
            self.changed.notify_all();
        }
    }

    pub(crate) fn close(&self) {
        self.jobs().closed = true;
        self.changed.notify_all();
    }

    /// Notes that the thread begins a job of a tenant. Returns the time.
    pub(crate) fn begins(&self, tenant: u64) -> Timestamp {
        let now = clock::now();
        self.holder.store(tenant, Ordering::SeqCst);
        self.since.store(Some(now), Ordering::SeqCst);
        now
    }

    /// Notes that the thread is done with a job. Called at the end of a job, or before its caller is answered.
    pub(crate) fn is_done(&self) {
        self.since.store(None, Ordering::SeqCst);
    }

    /// The tenant of the current job, and how long the job has held the thread; zero without a job.
    pub(crate) fn held(&self) -> (u64, Duration) {
        let since = self.since.load(Ordering::SeqCst);
        let held = since.map_or(Nanos::ZERO, |since| clock::now().since(since));
        (self.holder.load(Ordering::SeqCst), held.duration())
    }

    /// Runs `work` inside of the job under way, which goes on afterwards.
    pub(crate) fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        let since = self.since.load(Ordering::SeqCst);
        let done = work();
        self.since.store(since, Ordering::SeqCst);
        done
    }

    /// Runs `work` without counting its time as holding the thread.
    pub(crate) fn apart<R>(&self, work: impl FnOnce() -> R) -> R {
        let (since, began) = (self.since.swap(None, Ordering::SeqCst), clock::now());
        let done = work();
        if let Some(since) = since {
            let since = since.saturating_add(clock::now().since(began));
            self.since.store(Some(since), Ordering::SeqCst);
        }
        done
    }

    /// Moves those jobs of a tenant that other threads can serve, in their order. A job is always in one of the two
    /// mailboxes.
    pub(crate) fn forward(&self, tenant: u64, to: &Self) {
        if std::ptr::eq(self, to) {
            return;
        }
        // Every thread takes the lock with the lower address first, so no two threads deadlock.
        let (mut from, mut into);
        if std::ptr::from_ref(self) < std::ptr::from_ref(to) {
            from = self.jobs();
            into = to.jobs();
        } else {
            into = to.jobs();
            from = self.jobs();
        }
        while let Some((_, job)) = from.queue.take_of(tenant, |job| !job.is_tied) {
            into.queue.push(tenant, job);
        }
        to.changed.notify_all();
    }

    /// Adds the time of a job to its tenant's clock.
    pub(crate) fn charge(&self, tenant: u64, took: Nanos) {
        self.jobs().queue.charge(tenant, took);
    }

    /// The next job of any chain. Waits until the deadline; without a deadline, for ever.
    pub(crate) fn next(&self, deadline: Option<Instant>) -> Next {
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
    pub(crate) fn next_of(&self, chain: u64, ready: impl Fn() -> bool, deadline: Option<Instant>) -> Event {
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
    pub(crate) fn take_back(&self, chain: u64) -> Option<Job> {
        self.jobs().queue.take(|job| job.chain == Some(chain)).map(|(_, job)| job)
    }

    /// Wakes the threads that wait in `next_of`.
    fn touch(&self) {
        let _jobs = self.jobs();
        self.changed.notify_all();
    }
}

pub(crate) enum Next {
    Job(Job),
    Closed,
    Late,
}

pub(crate) enum Event {
    Ready,
    Job(Job),
    Late,
}

/// The answer that a thread waits for.
pub(crate) struct ReplySlot<R> {
    pub(crate) answer: Mutex<Option<Result<R>>>,
    pub(crate) waiter: Arc<Mailbox>,
}

impl<R> ReplySlot<R> {
    pub(crate) fn answer(&self) -> MutexGuard<'_, Option<Result<R>>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers when it is dropped, at the latest, so that no caller waits for a lost job.
pub(crate) struct Answering<R> {
    reply: Arc<ReplySlot<R>>,
    has_begun: bool,
}

impl<R> Answering<R> {
    pub(crate) fn new(reply: Arc<ReplySlot<R>>) -> Self {
        Self { reply, has_begun: false }
    }

    /// Answers with what `work` gives. When it panics, the call is lost.
    pub(crate) fn answer(mut self, work: impl FnOnce() -> Result<R>) {
        self.has_begun = true;
        self.give(work());
    }

    fn give(&self, answer: Result<R>) {
        self.reply.answer().get_or_insert(answer);
        self.reply.waiter.touch();
    }
}

impl<R> Drop for Answering<R> {
    fn drop(&mut self) {
        if self.reply.answer().is_none() {
            self.give(Err(if self.has_begun { lost() } else { thread_is_gone() }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{DiscardCause, Error, LossReason};
    use crate::panic::of_host;

    fn answered(serve: impl FnOnce(Answering<()>)) -> Result<()> {
        let reply = Arc::new(ReplySlot { answer: Mutex::new(None), waiter: Arc::default() });
        serve(Answering::new(reply.clone()));
        let answer = reply.answer().take();
        answer.expect("it is answered")
    }

    #[test]
    fn a_job_that_was_lost_says_whether_it_had_begun() {
        let dropped = answered(drop);
        assert!(matches!(dropped, Err(Error::Discarded { cause: DiscardCause::Closed, .. })), "{dropped:?}");
        let panicked = answered(|answering| of_host(|| answering.answer(|| panic!("on purpose"))));
        assert!(matches!(panicked, Err(Error::Lost { reason: LossReason::Panicked, .. })), "{panicked:?}");
        assert!(answered(|answering| answering.answer(|| Ok(()))).is_ok());
    }
}
