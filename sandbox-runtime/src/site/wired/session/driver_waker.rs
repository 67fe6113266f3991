//! The waker of a driver's thread, which waits for its link, or for nothing but the waker.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Wake, Waker};
use std::time::Duration;

use super::super::link::{Interest, Link};

/// Wakes one thread. A waker does not keep the link alive.
#[derive(Default)]
pub(super) struct DriverWaker {
    state: Mutex<WakeState>,
    /// Notified for a thread without a link.
    woken: Condvar,
}

#[derive(Default)]
struct WakeState {
    /// Whether the thread was woken since it was last re-armed. Then its link is interrupted.
    is_woken: bool,
    /// The link that the thread waits for; `None` for a thread that waits for the waker alone.
    link: Option<Weak<dyn Link>>,
}

impl Wake for DriverWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.is_woken, true) {
            let link = state.link.as_ref().and_then(Weak::upgrade);
            match &link {
                Some(link) => link.interrupt(),
                None => self.woken.notify_all(),
            }
            drop(state);
            // The last handle of a link ends its peer.
            drop(link);
        }
    }
}

impl DriverWaker {
    fn state(&self) -> MutexGuard<'_, WakeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }

    /// Re-arms the waker. Call before checking the state, or a wake-up is lost.
    pub(super) fn rearm(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.is_woken) {
            let link = state.link.as_ref().and_then(Weak::upgrade);
            link.iter().for_each(|link| link.clear_interrupt());
            drop(state);
            drop(link);
        }
    }

    /// Waits until the waker is woken.
    pub(super) fn wait(&self) {
        let mut state = self.state();
        state.link = None;
        let is_asleep = |state: &mut WakeState| !state.is_woken;
        drop(self.woken.wait_while(state, is_asleep).unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for a link or for the waker, at most for this long. Returns whether the time alone did not end the wait.
    pub(super) fn wait_for(&self, waited: &Arc<dyn Link>, interest: Interest, most: Duration) -> bool {
        let mut state = self.state();
        let is_known =
            state.link.as_ref().is_some_and(|known| std::ptr::addr_eq(known.as_ptr(), Arc::as_ptr(waited)));
        if !is_known {
            state.link = Some(Arc::downgrade(waited));
            // A wake-up by now did not interrupt this link.
            if state.is_woken {
                return true;
            }
        }
        drop(state);
        waited.wait(interest, most)
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::site::wired::in_memory::InMemory;
    use crate::site::wired::link::Connect as _;

    /// Each wake-up is seen by a thread that waits for its link, by one that waits for the waker alone, and by one that does
    /// both in turn.
    #[test]
    fn no_wake_up_is_lost() {
        const ROUNDS: usize = 2_000;
        const LONG: Duration = Duration::from_secs(1_000);
        let link = InMemory { can_call_back: true, script: None }.connect(true, 1 << 20).expect("a thread");
        let nothing = Interest { frames: false, room: false };
        let with_link: [fn(usize) -> bool; 3] = [|_| true, |_| false, |round| round % 2 == 0];
        for with_link in with_link {
            let waker = Arc::<DriverWaker>::default();
            let told = AtomicUsize::new(0);
            let (seen, ours) = (AtomicUsize::new(0), waker.waker());
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    loop {
                        waker.rearm();
                        let round = told.load(Ordering::SeqCst);
                        seen.store(round, Ordering::SeqCst);
                        match round {
                            ROUNDS => break,
                            _ if with_link(round) => _ = waker.wait_for(&link, nothing, LONG),
                            _ => waker.wait(),
                        }
                    }
                });
                for round in 1..=ROUNDS {
                    told.store(round, Ordering::SeqCst);
                    ours.wake_by_ref();
                    while seen.load(Ordering::SeqCst) < round {
                        std::thread::yield_now();
                    }
                }
            });
        }
    }
}
