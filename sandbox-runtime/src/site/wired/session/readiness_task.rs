//! Watches a peer's link for a task that cannot wait for it, because its thread has other tasks.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::task::AtomicWaker;
use tokio::task::AbortHandle;

use super::flights::Driver;
use super::{LivePeer, runtimes};
use crate::error::{Error, LossReason};
use crate::isolate::clock;
use crate::time::{AtomicTime, Deadline, Nanos, Timestamp};

/// The interval of checks of a peer's limits. The interval grows while the peer is silent, because it may not compute
/// then, and the kernel bounds its memory as well.
#[derive(Clone, Copy)]
pub(super) struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(Self::LEAST)
    }
}

impl Patience {
    const LEAST: Duration = Duration::from_millis(1);
    const MOST: Duration = Duration::from_millis(16);

    /// The next interval, when so much time is left until a deadline, if there is one. Whole milliseconds, and one at least.
    pub(super) fn next(&mut self, left: Option<Nanos>) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(Self::MOST);
        let whole = |left: Nanos| left.duration() + Self::LEAST - Duration::from_nanos(1);
        left.map_or(now, |left| now.min(whole(left))).max(Self::LEAST)
    }
}

/// Wakes a task when a peer has sent something, or must be checked.
struct ReadinessTask {
    live: Arc<LivePeer>,
    watch: Arc<LinkWatch>,
    task: AbortHandle,
}

struct LinkWatch {
    waker: AtomicWaker,
    /// When the task wants to be woken.
    due: AtomicTime<Deadline>,
    /// Since when the task should have run; `None` when it has.
    woken: AtomicTime<Option<Timestamp>>,
}

impl LinkWatch {
    fn wake(&self) {
        self.woken.set_if_none(clock::now(), Ordering::SeqCst);
        self.waker.wake();
    }
}

impl ReadinessTask {
    fn over(live: Arc<LivePeer>) -> io::Result<Self> {
        let (waker, due, woken) =
            (AtomicWaker::new(), AtomicTime::new(Deadline::NEVER), AtomicTime::default());
        let watch = Arc::new(LinkWatch { waker, due, woken });
        let runtime = runtimes::for_readiness_tasks()?;
        let mut arrivals = {
            let _entered = runtime.enter();
            live.link.arrivals()?
        };
        let (watched, own) = (live.clone(), watch.clone());
        let task = runtime.spawn(async move {
            let mut patience = Patience::default();
            loop {
                let left = own.due.load(Ordering::Relaxed).remaining(clock::now());
                let time = std::pin::pin!(tokio::time::sleep(patience.next(left)));
                // After the end of the link nothing arrives, and the reader finds that end. A peer that has sent everything
                // can still be late.
                let news = poll_fn(|cx| arrivals.poll_next(cx));
                match select(news, time).await {
                    Either::Left((is_open, _)) => {
                        if is_open {
                            patience = Patience::default();
                        }
                        own.wake();
                    }
                    Either::Right(_) => {
                        let is_due = own.due.load(Ordering::Relaxed).is_over(clock::now());
                        // The task itself decides whether the peer is late, because other tasks may have its thread
                        // meanwhile.
                        if watched.guard().exceeds() || watched.guard().verdict().is_some() || is_due {
                            own.wake();
                        }
                    }
                }
            }
        });
        Ok(Self { live, watch, task: task.abort_handle() })
    }
}

impl Drop for ReadinessTask {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The driver of a sandbox that stays on a thread, as a task among the thread's other tasks.
pub(crate) struct ReadinessPoll {
    driver: Driver,
    readiness: Option<ReadinessTask>,
    is_done: bool,
}

impl Drop for ReadinessPoll {
    fn drop(&mut self) {
        // Its thread ends, or it has panicked. Another driver takes the next call.
        if !self.is_done {
            self.driver.session.jobs.abandon_undriven();
        }
    }
}

impl ReadinessPoll {
    pub(super) fn new(driver: Driver) -> Self {
        Self { driver, readiness: None, is_done: false }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(readiness) = &self.readiness {
                readiness.watch.waker.register(cx.waker());
                if let Some(since) = readiness.watch.woken.swap(None, Ordering::SeqCst) {
                    self.driver.was_away(clock::now().since(since));
                }
            }
            if self.driver.pump(cx) {
                match self.driver.session.jobs.leave() {
                    true => {
                        self.is_done = true;
                        return Poll::Ready(());
                    }
                    false => continue,
                }
            }
            let is_watched = match (&self.readiness, self.driver.live()) {
                (Some(readiness), Some(live)) => Arc::ptr_eq(&readiness.live, live),
                (_, None) => true,
                (None, Some(_)) => false,
            };
            if is_watched {
                if let Some(readiness) = &self.readiness {
                    // No event says when the link has room.
                    let soon = if self.driver.is_blocked() { Deadline::PASSED } else { Deadline::NEVER };
                    readiness.watch.due.store(self.driver.due().min(soon), Ordering::Relaxed);
                }
                return Poll::Pending;
            }
            let live = self.driver.live().cloned();
            match live.map(ReadinessTask::over).transpose() {
                // Earlier frames are found in the next round.
                Ok(readiness) => self.readiness = readiness,
                Err(error) => {
                    let reason = LossReason::unwatched(error.to_string());
                    self.driver.give_up(&Error::lost(reason, None));
                }
            }
        }
    }

    /// Runs until there is no work left.
    pub(crate) async fn run(mut self) {
        poll_fn(|cx| Pin::new(&mut self).get_mut().poll(cx)).await;
    }
}
