//! What a pool knows of a tenant, wherever its sandbox is.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::isolate::clock;
use crate::isolate::meter::{Meter, Usage};
use crate::isolate::watchdog::Watch;
use crate::options::Captured;
use crate::time::{AtomicTime, Nanos, Timestamp};

/// The number of a tenant's thread, once one is chosen.
pub(super) struct ChosenThread(AtomicUsize);

impl ChosenThread {
    /// The encoding of "none": no pool has so many threads.
    const NONE: usize = usize::MAX;

    pub(super) fn get(&self) -> Option<usize> {
        Some(self.0.load(Ordering::SeqCst)).filter(|at| *at != Self::NONE)
    }

    /// Chooses a thread. Returns false when the choice was another than `before`.
    pub(super) fn change(&self, before: Option<usize>, next: usize) -> bool {
        let before = before.unwrap_or(Self::NONE);
        self.0.compare_exchange(before, next, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

impl Default for ChosenThread {
    fn default() -> Self {
        Self(AtomicUsize::new(Self::NONE))
    }
}

pub(crate) struct TenantState {
    pub(super) key: String,
    /// What the queues know it by; never 0.
    pub(super) id: u64,
    /// The thread that its sandbox is on.
    pub(super) thread: ChosenThread,
    /// Calls that wait or are under way.
    pub(super) waiting: AtomicUsize,
    /// When it was last called.
    pub(super) used: AtomicTime<Timestamp>,
    /// When it last took too much time, or met a limit.
    pub(super) offended: AtomicTime<Option<Timestamp>>,
    /// How often it has become slow.
    pub(super) offences: AtomicU32,
    /// How many of its calls went well.
    pub(super) proved: AtomicU32,
    allowance: Mutex<Allowance>,
    /// How long it took to make its sandbox and to load its scripts into it.
    pub(super) making: AtomicTime<Nanos>,
    /// What its sandbox takes, in bytes.
    pub(super) memory: AtomicU64,
    /// How many sandboxes it has: two, while one thread has not yet given up what another has made anew.
    tenant_sandboxes: AtomicUsize,
    pub(super) captured: Arc<Captured>,
    scripts: AtomicU64,
    placement: Mutex<Placement>,
}

/// The processor time that a tenant may use on the quick threads: a token bucket.
#[derive(Default)]
struct Allowance {
    /// What it has used beyond what it was given since, in nanoseconds.
    debt: f64,
    at: Timestamp,
}

/// The sandboxes of a tenant, as far as others know them.
#[derive(Default)]
struct Placement {
    /// What ends a call in the one that there is now, which has this meter.
    now: Option<(Arc<Meter>, Option<Arc<Watch>>)>,
    /// The meters that something more may be on: of that one, and of those that calls are still under way in.
    open: Vec<Arc<Meter>>,
    /// What is on the others.
    past: Usage,
}

impl Placement {
    /// What all together have used.
    fn usage(&mut self) -> Usage {
        let past = &mut self.past;
        self.open.retain(|meter| {
            let is_open = !meter.is_closed();
            if !is_open {
                *past = meter.usage().after(past);
            }
            is_open
        });
        self.open.iter().fold(*past, |before, meter| meter.usage().after(&before))
    }
}

impl TenantState {
    pub(super) fn new(key: String, id: u64) -> Arc<Self> {
        Arc::new(Self {
            key,
            id,
            thread: ChosenThread::default(),
            waiting: AtomicUsize::default(),
            used: AtomicTime::new(clock::now()),
            offended: AtomicTime::default(),
            offences: AtomicU32::default(),
            proved: AtomicU32::default(),
            allowance: Mutex::default(),
            making: AtomicTime::default(),
            memory: AtomicU64::default(),
            tenant_sandboxes: AtomicUsize::default(),
            captured: Arc::default(),
            scripts: AtomicU64::default(),
            placement: Mutex::default(),
        })
    }

    fn placement(&self) -> MutexGuard<'_, Placement> {
        self.placement.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It has a sandbox.
    pub(super) fn moves_in(&self, watch: Option<Arc<Watch>>, meter: Arc<Meter>) {
        let mut placement = self.placement();
        placement.usage();
        // Where tenants share a sandbox it may have had a part of it before.
        if !placement.open.iter().any(|known| Arc::ptr_eq(known, &meter)) {
            placement.open.push(meter.clone());
        }
        placement.now = Some((meter, watch));
        self.tenant_sandboxes.fetch_add(1, Ordering::SeqCst);
    }

    /// It has one of its sandboxes no longer. Calls that are under way there are still on its bill.
    pub(super) fn moves_out(&self, meter: &Arc<Meter>) {
        self.tenant_sandboxes.fetch_sub(1, Ordering::SeqCst);
        let mut placement = self.placement();
        let before = placement.now.take_if(|(known, _)| Arc::ptr_eq(known, meter));
        drop((placement, before));
    }

    pub(super) fn has_sandbox(&self) -> bool {
        self.tenant_sandboxes.load(Ordering::SeqCst) > 0
    }

    pub(super) fn watch(&self) -> Option<Arc<Watch>> {
        self.placement().now.as_ref().and_then(|(_, watch)| watch.clone())
    }

    pub(super) fn usage(&self) -> Usage {
        self.placement().usage()
    }

    /// A number for a script of its.
    pub(super) fn next_script(&self) -> u64 {
        self.scripts.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes that it is called.
    pub(super) fn touch(&self) {
        self.used.store(clock::now(), Ordering::Relaxed);
    }

    /// Notes that it has used so much, where it is given `rate` of a thread's time. Says whether it is beyond `burst`.
    pub(super) fn overdraws(&self, used: Duration, rate: f64, burst: Duration) -> bool {
        let now = clock::now();
        let mut allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
        let given = now.since(allowance.at).get() as f64 * rate;
        allowance.at = now;
        allowance.debt = (allowance.debt - given).max(0.0) + used.as_nanos() as f64;
        let is_beyond = allowance.debt > burst.as_nanos() as f64;
        // So that one who stops comes back.
        allowance.debt = allowance.debt.min(2.0 * burst.as_nanos() as f64);
        is_beyond
    }

    /// It has been slow. `is_new` says that it was not taken for slow before.
    pub(super) fn offends(&self, is_new: bool) {
        self.offended.store(Some(clock::now()), Ordering::Relaxed);
        if is_new {
            self.offences.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Nothing of it waits or runs.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0
    }
}
