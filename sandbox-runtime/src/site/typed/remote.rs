//! [`RemoteCall`]: an asynchronous call to an isolate on another thread.
//!
//! `thread` and `pool` make these. Any executor may poll one, and dropping it cancels the call.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use super::isolate_handle::{IsolateHandle, IsolateSlot};
use super::worker::{Worker, WorkerThread, stuck_behind, thread_is_gone, turn};
use crate::error::{Error, LimitKind, LossReason, Place, Result};
use crate::isolate::clock;
use crate::isolate::flights::{Flying, Leg};
use crate::isolate::ticket::Ticket;
use crate::isolate::watchdog::Timer;
use crate::time::{Deadline, Nanos};

/// Keeps a call's place in a queue until the call is over.
pub(crate) type Guard = Box<dyn Any + Send>;

/// Begins a call on the isolate's thread.
pub(crate) type Start<R> = Box<dyn FnOnce(&Worker, Option<Guard>, oneshot::Sender<Result<R>>) + Send>;

/// The destination of a call.
pub(crate) trait CallTarget: Send + Sync {
    /// The thread of the call, if there is room for it.
    fn admit(&self) -> Result<(Arc<WorkerThread>, Option<Guard>)>;

    /// The tenant whose time the call takes.
    fn tenant(&self) -> u64;

    /// The time limit of a call that has begun.
    fn limit(&self) -> Duration;

    /// How long the call waits for its turn.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// The first interval at which the call checks whether its turn can come. The interval doubles each time.
    fn look(&self) -> Duration {
        turn(self.limit())
    }

    /// Moves waiting calls to a thread that can serve them, if theirs cannot.
    fn look_again(&self) {}

    /// The error when the turn has not come in time.
    fn not_served(&self) -> Error {
        stuck_behind()
    }

    /// The call of a ticket is made, and may have to wait for its turn. Where all calls can be cancelled, this one is among
    /// them from here on.
    fn is_made(&self, ticket: &Ticket) {
        _ = ticket;
    }

    fn cancel(&self, ticket: &Ticket);
}

/// A call of an `async` method, on its way to the isolate's thread and back. The call begins at the first poll. Dropping
/// this ends it: the guest stops, and pending host methods are dropped.
#[must_use = "a call does nothing until it is awaited"]
pub struct RemoteCall<R> {
    target: Arc<dyn CallTarget>,
    /// The thread, once the call has been admitted.
    thread: Option<Arc<WorkerThread>>,
    ticket: Ticket,
    /// When the wait for the turn ends.
    patience: Option<Deadline>,
    /// The start of the call, until the first poll.
    start: Option<Start<R>>,
    answer: Option<oneshot::Receiver<Result<R>>>,
    /// The next check whether the call waits behind one that does not end.
    look: Option<(Deadline, Waker, Timer)>,
    /// The number of checks.
    looks: u32,
    /// The method that is called, if one is.
    place: Option<Place>,
}

impl<R: Send + 'static> RemoteCall<R> {
    pub(crate) fn new(
        target: Arc<dyn CallTarget>,
        ticket: Ticket,
        place: Option<Place>,
        start: Start<R>,
    ) -> Self {
        let (thread, patience, answer, look) = (None, None, None, None);
        Self { target, thread, ticket, patience, start: Some(start), answer, look, looks: 0, place }
    }

    /// Makes a call at a slot. `leg` is the call on the isolate's thread, and `take` selects the part of its result that is
    /// sent.
    pub(crate) fn at_slot<L: Leg + 'static>(
        handle: Arc<IsolateHandle>,
        (deadline, place): (Deadline, Option<Place>),
        leg: impl FnOnce(&IsolateSlot, Ticket) -> Result<Flying<L>> + Send + 'static,
        take: impl FnOnce(&IsolateSlot, L::Output) -> R + Send + 'static,
    ) -> Self {
        let ticket = Ticket::new(deadline);
        let (slot, tenant, own) = (handle.slot(), handle.tenant, ticket.clone());
        let start: Start<R> = Box::new(move |worker, _, mut answer| {
            if !own.begins() {
                return;
            }
            let begun = worker.slots.get(slot).and_then(|slot| Ok((leg(&slot, own)?, slot)));
            let (call, slot) = match begun {
                Ok(begun) => begun,
                Err(error) => return drop(answer.send(Err(error))),
            };
            worker.spawn(tenant, async move {
                let outcome = unless_dropped(call, &mut answer).await;
                if let Some(outcome) = outcome {
                    // The caller may be gone.
                    _ = answer.send(outcome.map(|output| take(&slot, output)));
                }
            });
        });
        Self::new(handle, ticket, place, start)
    }
}

/// `None` when the caller went away before the call was over.
pub(crate) async fn unless_dropped<T, R>(
    call: impl Future<Output = T> + Unpin,
    answer: &mut oneshot::Sender<R>,
) -> Option<T> {
    match select(call, std::pin::pin!(answer.closed())).await {
        Either::Left((outcome, _)) => Some(outcome),
        Either::Right(_) => None,
    }
}

impl<R> RemoteCall<R> {
    /// Checks at intervals whether the call can have its turn, until it has begun. The isolate's thread cannot check this,
    /// because it may be blocked.
    fn wait_for_turn(&mut self, waker: &Waker) -> Option<Error> {
        let now = clock::now();
        let deadline = self.ticket.deadline();
        if deadline.is_over(now) {
            return Some(Error::queued(LimitKind::Deadline));
        }
        if self.patience.is_some_and(|until| until.is_over(now)) {
            return Some(self.target.not_served());
        }
        let is_due = self.look.as_ref().is_some_and(|(at, _, _)| at.is_over(now));
        let stuck = || self.thread.as_ref().is_some_and(|thread| thread.is_stuck(self.target.limit()));
        if is_due && self.patience.is_none() && stuck() {
            return Some(stuck_behind());
        }
        if is_due {
            self.looks += 1;
            self.target.look_again();
        }
        let is_set = !is_due && self.look.as_ref().is_some_and(|(_, set, _)| set.will_wake(waker));
        if !is_set {
            let longest = turn(self.target.limit());
            let pause = self.target.look().saturating_mul(1 << self.looks.min(16)).min(longest);
            let look = match &self.look {
                Some((at, _, _)) if !is_due => *at,
                _ => Deadline::after(now, Nanos::of(pause)),
            };
            let at = look.min(deadline).min(self.patience.unwrap_or(Deadline::NEVER));
            self.look = Some((at, waker.clone(), Timer::set(at, waker.clone())));
        }
        None
    }

    /// The error of a call that nobody answers any more.
    fn unanswered(&self) -> Error {
        match self.ticket.has_begun() {
            true => Error::lost(LossReason::Panicked, self.place.as_ref()),
            false => thread_is_gone(),
        }
    }

    fn cancel(&self) {
        self.target.cancel(&self.ticket);
    }
}

impl<R> Unpin for RemoteCall<R> {}

impl<R: Send + 'static> Future for RemoteCall<R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R>> {
        let this = &mut *self;
        if let Some(start) = this.start.take() {
            if this.ticket.deadline().is_over(clock::now()) {
                return Poll::Ready(Err(Error::queued(LimitKind::Deadline)));
            }
            this.target.is_made(&this.ticket);
            let (thread, guard) = match this.target.admit() {
                Ok(admitted) => admitted,
                Err(error) => return Poll::Ready(Err(error)),
            };
            if thread.waits_for_here() {
                return Poll::Ready(Err(Error::waits_for_itself()));
            }
            let (answer, answered) = oneshot::channel();
            this.answer = Some(answered);
            let waits = this.target.patience();
            this.patience = waits.map(|waits| Deadline::after(clock::now(), Nanos::of(waits)));
            // The caller may have dropped the call in the meantime.
            let work = move |worker: &Worker| {
                if !answer.is_closed() {
                    start(worker, guard, answer);
                }
            };
            thread.post(this.target.tenant(), Box::new(work));
            this.thread = Some(thread);
        }
        let Some(answer) = &mut this.answer else { return Poll::Ready(Err(thread_is_gone())) };
        if let Poll::Ready(answer) = Pin::new(answer).poll(cx) {
            this.answer = None;
            return Poll::Ready(answer.unwrap_or_else(|_| Err(this.unanswered())));
        }
        if this.ticket.has_begun() {
            this.look = None;
            return Poll::Pending;
        }
        match this.wait_for_turn(cx.waker()) {
            // The isolate's thread may have taken the call in the meantime.
            Some(_) if !this.ticket.withdraws() => Poll::Pending,
            Some(error) => {
                this.cancel();
                this.answer = None;
                Poll::Ready(Err(error))
            }
            None => Poll::Pending,
        }
    }
}

impl<R> Drop for RemoteCall<R> {
    fn drop(&mut self) {
        if self.answer.is_some() {
            self.cancel();
        }
    }
}
