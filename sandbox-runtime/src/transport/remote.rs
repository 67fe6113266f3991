//! An asynchronous call from wherever it is awaited.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use super::home::{Home, Seat};
use super::worker::{Worker, stuck_behind, thread_is_gone, turn};
use crate::error::{Error, LimitKind, Result};
use crate::isolate::flights::{Flying, Leg, Ticket};
use crate::isolate::watchdog::{self, Timer};

type Start<R> = Box<dyn FnOnce(&Worker, oneshot::Sender<Result<R>>) + Send>;

/// A call of an `async` method, on its way to the isolate's thread and back. It begins when it is polled first, and ends when
/// it is dropped: the guest stops, and host methods that it waits for are dropped.
#[must_use = "a call does nothing until it is awaited"]
pub struct RemoteCall<R> {
    home: Arc<Home>,
    ticket: Ticket,
    deadline: Option<u64>,
    /// Until it is polled first.
    start: Option<Start<R>>,
    answer: Option<oneshot::Receiver<Result<R>>>,
    patience: Patience,
}

/// Whether the call waits for its turn behind one that does not end.
#[derive(Default)]
struct Patience {
    timer: Option<(u64, Waker, Timer)>,
    /// What the thread was at when it was looked at last.
    job: Option<u64>,
}

impl<R: Send + 'static> RemoteCall<R> {
    /// `leg` makes the call where the isolate lives, and `take` what is to be sent of its result.
    pub(super) fn new<L: Leg + 'static>(
        home: Arc<Home>,
        deadline: Option<u64>,
        leg: impl FnOnce(&Seat, Ticket) -> Result<Flying<L>> + Send + 'static,
        take: impl FnOnce(&Seat, L::Output) -> R + Send + 'static,
    ) -> Self {
        let ticket = Ticket::new(deadline);
        let (seat, tenant, own) = (home.seat(), home.tenant, ticket.clone());
        let start: Start<R> = Box::new(move |worker, mut answer| {
            let begun = worker.seats.get(seat).and_then(|seat| Ok((leg(&seat, own)?, seat)));
            let (call, seat) = match begun {
                Ok(begun) => begun,
                Err(error) => return drop(answer.send(Err(error))),
            };
            worker.spawn(tenant, async move {
                let outcome = unless_dropped(call, &mut answer).await;
                if let Some(outcome) = outcome {
                    // Nobody may be there any more.
                    _ = answer.send(outcome.map(|output| take(&seat, output)));
                }
            });
        });
        Self { home, ticket, deadline, start: Some(start), answer: None, patience: Patience::default() }
    }
}

/// `None` when the caller went away before the call was over.
async fn unless_dropped<L: Leg, R>(
    call: Flying<L>,
    answer: &mut oneshot::Sender<R>,
) -> Option<Result<L::Output>> {
    match select(call, std::pin::pin!(answer.closed())).await {
        Either::Left((outcome, _)) => Some(outcome),
        Either::Right(_) => None,
    }
}

impl<R> RemoteCall<R> {
    /// Looks at how things are, now and then, until the call has begun. The isolate's thread cannot: it may be blocked.
    fn wait_for_turn(&mut self, waker: &Waker) -> Option<Error> {
        let now = watchdog::now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            let limit = "the call had not begun at the caller's deadline".into();
            return Some(Error::Limit { kind: LimitKind::Deadline, limit, place: None });
        }
        let patience = &mut self.patience;
        let is_due = patience.timer.as_ref().is_some_and(|(at, _, _)| *at <= now);
        if is_due {
            // Twice the same: it has been overdue for a while.
            let before = std::mem::replace(&mut patience.job, self.home.thread.job());
            if patience.job.is_some() && patience.job == before {
                return Some(stuck_behind());
            }
        }
        let is_set = !is_due && patience.timer.as_ref().is_some_and(|(_, set, _)| set.will_wake(waker));
        if !is_set {
            let turn = u64::try_from(turn(self.home.limit).as_nanos()).unwrap_or(u64::MAX);
            let look = match &patience.timer {
                Some((at, _, _)) if !is_due => *at,
                _ => now.saturating_add(turn),
            };
            let at = self.deadline.map_or(look, |deadline| deadline.min(look));
            patience.timer = Some((at, waker.clone(), Timer::set(at, waker.clone())));
        }
        None
    }

    fn cancel(&self) {
        self.ticket.cancel(&self.home.watch());
    }
}

impl<R> Unpin for RemoteCall<R> {}

impl<R: Send + 'static> Future for RemoteCall<R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R>> {
        let this = &mut *self;
        if let Some(start) = this.start.take() {
            let (answer, answered) = oneshot::channel();
            this.answer = Some(answered);
            this.home.thread.post(this.home.tenant, Box::new(move |worker| start(worker, answer)));
        }
        let Some(answer) = &mut this.answer else { return Poll::Ready(Err(thread_is_gone())) };
        if let Poll::Ready(answer) = Pin::new(answer).poll(cx) {
            this.answer = None;
            return Poll::Ready(answer.unwrap_or_else(|_| Err(thread_is_gone())));
        }
        if this.ticket.has_begun() {
            this.patience.timer = None;
            return Poll::Pending;
        }
        match this.wait_for_turn(cx.waker()) {
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
