//! The state of one tenant, wherever its sandbox is.
//!
//! Any thread may read it. The counters are atomics, and the placement is under a lock.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::isolate::clock;
use crate::isolate::meter::Meter;
use crate::isolate::watch::Watch;
use crate::observe::bill::Usage;
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
    /// The number of the tenant in the queues; never 0.
    pub(super) id: u64,
    /// The thread of its sandbox.
    pub(super) thread: ChosenThread,
    /// Calls that wait or are under way.
    pub(super) waiting: AtomicUsize,
    /// When the tenant was last called.
    pub(super) used: AtomicTime<Timestamp>,
    /// When it last took too much time, or met a limit.
    pub(super) last_slow: AtomicTime<Option<Timestamp>>,
    /// How often the tenant has become slow.
    pub(super) times_slow: AtomicU32,
    /// How many of its calls succeeded.
    pub(super) proved: AtomicU32,
    allowance: Mutex<Allowance>,
    /// How long it took to make its sandbox and to load its scripts into it.
    pub(super) making: AtomicTime<Nanos>,
    /// The memory of its sandboxes, in bytes.
    pub(super) memory: AtomicU64,
    /// The number of its sandboxes: two, while one thread has not yet discarded a sandbox that another has made anew.
    tenant_sandboxes: AtomicUsize,
    pub(super) captured: Arc<Captured>,
    scripts: AtomicU64,
    placement: Mutex<Placement>,
}

/// The processor time that a tenant may use on the quick threads: a token bucket.
#[derive(Default)]
struct Allowance {
    /// The used time beyond the time granted since, in nanoseconds.
    debt: f64,
    at: Timestamp,
}

/// The sandboxes of a tenant, for other threads.
#[derive(Default)]
struct Placement {
    /// The handle that ends a call in the current sandbox, with the sandbox's meter.
    now: Option<(Arc<Meter>, Option<Arc<Watch>>)>,
    /// The meters that can still grow: of the current sandbox, and of earlier ones with calls under way.
    open: Vec<Arc<Meter>>,
    /// The usage of all other sandboxes.
    past: Usage,
}

impl Placement {
    /// The usage of all sandboxes together.
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
            last_slow: AtomicTime::default(),
            times_slow: AtomicU32::default(),
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

    /// The tenant has got a sandbox.
    pub(super) fn gets_sandbox(&self, watch: Option<Arc<Watch>>, meter: Arc<Meter>) {
        let mut placement = self.placement();
        placement.usage();
        // Where tenants share a sandbox, the tenant may have had a part of it before.
        if !placement.open.iter().any(|known| Arc::ptr_eq(known, &meter)) {
            placement.open.push(meter.clone());
        }
        placement.now = Some((meter, watch));
        self.tenant_sandboxes.fetch_add(1, Ordering::SeqCst);
    }

    /// The tenant has lost one of its sandboxes. Calls that are under way there still go on the tenant's bill.
    pub(super) fn loses_sandbox(&self, meter: &Arc<Meter>) {
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

    /// A number for a script of the tenant.
    pub(super) fn next_script(&self) -> u64 {
        self.scripts.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes a call of the tenant.
    pub(super) fn touch(&self) {
        self.used.store(clock::now(), Ordering::Relaxed);
    }

    /// Adds used time, against a grant of `rate` of a thread's time. Returns whether the debt exceeds `burst`.
    pub(super) fn overdraws(&self, used: Duration, rate: f64, burst: Duration) -> bool {
        let now = clock::now();
        let mut allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
        let given = now.since(allowance.at).get() as f64 * rate;
        allowance.at = now;
        allowance.debt = (allowance.debt - given).max(0.0) + used.as_nanos() as f64;
        let is_beyond = allowance.debt > burst.as_nanos() as f64;
        // The debt is bounded, so that a tenant which stops can come back.
        allowance.debt = allowance.debt.min(2.0 * burst.as_nanos() as f64);
        is_beyond
    }

    /// Notes that the tenant was slow. `is_new` says that it was quick before.
    pub(super) fn was_slow(&self, is_new: bool) {
        self.last_slow.store(Some(clock::now()), Ordering::Relaxed);
        if is_new {
            self.times_slow.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether no call of the tenant waits or runs.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0
    }
}
