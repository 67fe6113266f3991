//! The waits of guests' timers: a contract of the runtime's own, which no guest sees.
//!
//! `isolate::realm::web` has the timers as JavaScript, in the order of their times. The program calls this host for one wait at a
//! time, as a guest calls any `async` method. So a wait holds no thread, counts for the limits of host calls, ends with its
//! call, and works alike over a link. The host has the clock: a guest elsewhere learns the time with the answer.
//!
//! `site::builder` and the sites of processes call [`add`].

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use crate::isolate::watchdog::Timer;
use crate::isolate::{Host, clock};
use crate::options::{Clock, Settings};
use crate::sandbox_api;
use crate::time::{Deadline, Nanos};

/// The waits of a sandbox.
#[sandbox_api(host, name = "sandbox_timers", crate = crate)]
trait Timers: Send + Sync {
    /// Waits until the sandbox's clock shows `due`, in `span` milliseconds.
    async fn sleep(&self, due: f64, span: f64) -> crate::Result<()>;
}

/// The longest wait, which no call outlives.
const LONGEST: Duration = Duration::from_secs(1 << 31);

struct Waits(Clock);

/// Adds the host of timers, if guests get timers. `new` is what the site makes of hosts.
pub(crate) fn add<H>(settings: &Settings, hosts: &mut Vec<H>, new: impl FnOnce(Result<Host, String>) -> H) {
    if settings.web.has_timers() {
        let waits: Box<dyn Timers> = Box::new(Waits(settings.clock.clone()));
        hosts.push(new(Host::new(waits)));
    }
}

#[sandbox_api(crate = crate)]
impl Timers for Waits {
    async fn sleep(&self, due: f64, span: f64) -> crate::Result<()> {
        match &self.0 {
            Clock::Real => until(Deadline::after(clock::now(), nanos(span))).await,
            Clock::Coarse => {
                while let Some(left) = Clock::until_coarse(due) {
                    until(Deadline::after(clock::now(), Nanos::of(left.min(LONGEST)))).await;
                }
            }
            // Nothing can be measured by a clock that stands still.
            Clock::Frozen(_) => {}
            Clock::Virtual(virtual_clock) => virtual_clock.until(due).await,
        }
        Ok(())
    }
}

/// A span of a guest.
fn nanos(span: f64) -> Nanos {
    let span = Duration::try_from_secs_f64(span.max(0.0) / 1000.0);
    Nanos::of(span.unwrap_or(LONGEST).min(LONGEST))
}

/// Waits for a point of the clock of limits.
async fn until(at: Deadline) {
    let mut timer = None;
    poll_fn(|cx| {
        if at.is_over(clock::now()) {
            return Poll::Ready(());
        }
        timer = Some(Timer::set(at, cx.waker().clone()));
        Poll::Pending
    })
    .await;
}
