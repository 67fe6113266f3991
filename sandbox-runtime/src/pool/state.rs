//! The shared state of a pool: its tenants, their threads, and the memory of their sandboxes.
//!
//! Any thread may use it. `place` decides where a tenant's calls go.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tracing::Span;

use super::isolation::Isolation;
use super::metrics::{Counts, PoolMetrics, count};
use super::tenant::TenantState;
use super::tenant_sandbox::{Leaving, TenantSandbox, TenantSandboxes};
use crate::error::{Error, LimitKind, Phase, Result};
use crate::isolate::{Host, clock};
use crate::observe::{CallOutcome, trace};
use crate::options::Settings;
use crate::site::typed::mailbox::{Job, Mailbox};
use crate::site::typed::worker::{Worker, WorkerThread};
use crate::time::Nanos;

/// Makes the implementation of a contract for a tenant.
pub(super) type HostFactory = Arc<dyn Fn(&str) -> Result<Host, String> + Send + Sync>;

/// The state that the threads of a pool share.
pub(crate) struct PoolState {
    pub(super) settings: Settings,
    pub(super) hosts: Vec<HostFactory>,
    pub(super) isolation: Isolation,
    /// The number of threads for quick tenants. The threads for slow tenants come after these.
    pub(super) lane: usize,
    pub(super) most: u64,
    pub(super) idle: Duration,
    pub(super) queue: usize,
    pub(super) patience: Duration,
    pub(super) slow: Duration,
    pub(super) cooldown: Duration,
    pub(super) probation: u32,
    pub(super) mailboxes: Vec<Arc<Mailbox>>,
    pub(super) threads: Vec<Weak<WorkerThread>>,
    /// The number of tenants on each thread.
    pub(super) tenant_counts: Vec<AtomicUsize>,
    pub(super) memory: AtomicU64,
    pub(super) counts: Counts,
    pub(super) tenants: Mutex<Tenants>,
}

#[derive(Default)]
pub(super) struct Tenants {
    by_key: HashMap<String, Arc<TenantState>>,
    last: u64,
    /// The number of tenants from which on unused ones are removed.
    many: usize,
}

impl PoolState {
    pub(super) fn tenants(&self) -> MutexGuard<'_, Tenants> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tenant(&self, key: &str) -> Arc<TenantState> {
        let mut tenants = self.tenants();
        if let Some(known) = tenants.by_key.get(key) {
            return known.clone();
        }
        // The host may take keys from its users, so their number must not grow without bound.
        if tenants.by_key.len() > tenants.many {
            self.forget_unused(&mut tenants);
            tenants.many = 2 * tenants.by_key.len() + 1024;
        }
        tenants.last += 1;
        let tenant = TenantState::new(key.to_owned(), tenants.last);
        tenants.by_key.insert(key.to_owned(), tenant.clone());
        tenant
    }

    /// Removes tenants that no handle names, that have no sandbox, and that are not cooling down.
    pub(super) fn forget_unused(&self, tenants: &mut Tenants) {
        tenants.by_key.retain(|_, tenant| {
            let is_held = Arc::strong_count(tenant) > 1;
            let is_known = is_held || tenant.has_sandbox() || self.is_cooling_down(tenant);
            if !is_known {
                tenant.thread.get().into_iter().for_each(|at| self.leave(at));
            }
            is_known
        });
    }

    pub(super) fn is_unused(&self, tenant: &TenantState) -> bool {
        let unused = clock::now().since(tenant.used.load(Ordering::Relaxed));
        tenant.is_idle() && unused >= Nanos::of(self.idle)
    }

    fn is_slow(&self, tenant: &TenantState) -> bool {
        self.is_cooling_down(tenant) || tenant.proved.load(Ordering::Relaxed) < self.probation
    }

    fn is_cooling_down(&self, tenant: &TenantState) -> bool {
        let Some(last_slow) = tenant.last_slow.load(Ordering::Relaxed) else { return false };
        // The time doubles, so that a tenant which pauses its attack does not come back again and again.
        let times = tenant.times_slow.load(Ordering::Relaxed).clamp(1, 8) - 1;
        clock::now().since(last_slow) < Nanos::of(self.cooldown).saturating_mul(1 << times)
    }

    /// The number of the thread for a tenant's next call. Waiting calls go there as well. `is_here` says whether a thread is
    /// the caller's own, which can serve the call although it is held.
    pub(super) fn place(&self, tenant: &TenantState, is_here: impl Fn(usize) -> bool + Copy) -> usize {
        let before = tenant.thread.get();
        let is_slow = self.is_slow(tenant);
        let in_lane = before.filter(|at| (*at >= self.lane) == is_slow);
        let moves_from = in_lane.filter(|at| self.is_better_elsewhere(tenant, *at) && !is_here(*at));
        if let (Some(at), None) = (in_lane, moves_from) {
            return at;
        }
        let lane = if is_slow { self.lane..self.mailboxes.len() } else { 0..self.lane };
        let next = lane.min_by_key(|at| (self.is_held(*at), self.tenant_counts[*at].load(Ordering::Relaxed)));
        let next = next.unwrap_or(0);
        if let Some(at) = moves_from
            && self.is_held(next)
        {
            return at;
        }
        if !tenant.thread.change(before, next) {
            // Another call has chosen a thread first.
            return self.place(tenant, is_here);
        }
        self.tenant_counts[next].fetch_add(1, Ordering::Relaxed);
        if let Some(at) = before {
            count(if moves_from.is_some() { &self.counts.relocated } else { &self.counts.moved });
            self.leave(at);
            self.mailboxes[at].forward(tenant.id, &self.mailboxes[next]);
            self.evict(at, tenant.id, Leaving::Moved);
        }
        next
    }

    /// The interval at which a waiting call checks whether another thread can serve it.
    pub(super) fn look(&self) -> Duration {
        self.slow.max(Duration::from_millis(1))
    }

    /// Whether a job has held a thread for longer than quick tenants may.
    fn is_held(&self, at: usize) -> bool {
        self.mailboxes.get(at).is_some_and(|mailbox| mailbox.held().1 >= self.look())
    }

    /// Whether a tenant is better served by another thread, because a call of another tenant holds its own.
    ///
    /// The sandbox must be made anew on the other thread. So a tenant moves only if making it took at most a tenth of the
    /// time that the call has already held the thread. On a slow or busy machine, tenants therefore move less. Slow tenants
    /// stay, because their calls are long and delay one another.
    fn is_better_elsewhere(&self, tenant: &TenantState, at: usize) -> bool {
        if at >= self.lane || !self.is_held(at) {
            return false;
        }
        let (holder, held) = self.mailboxes[at].held();
        if holder == tenant.id || !tenant.has_sandbox() {
            return holder != tenant.id;
        }
        // The sandbox here is discarded once the thread is free. Until then the tenant has two.
        let two = self.memory.load(Ordering::SeqCst).saturating_add(tenant.memory.load(Ordering::SeqCst));
        let has_room = two <= self.most;
        has_room && Nanos::of(held) >= tenant.making.load(Ordering::Relaxed).saturating_mul(10)
    }

    fn leave(&self, at: usize) {
        if let Some(tenant_counts) = self.tenant_counts.get(at) {
            tenant_counts.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn evict(&self, at: usize, tenant: u64, why: Leaving) {
        let work = Box::new(move |worker: &Worker| {
            let residents = worker.residents::<TenantSandboxes>();
            worker.apart(|| residents.iter().for_each(|residents| residents.evict(tenant, why)));
        });
        if let Some(mailbox) = self.mailboxes.get(at) {
            mailbox.post(Job { chain: None, tenant: 0, is_tied: true, work });
        }
    }

    /// The thread of the pool that this is.
    pub(super) fn thread_here(&self) -> Weak<WorkerThread> {
        let here = self.threads.iter().filter_map(Weak::upgrade).find(|thread| thread.is_here());
        here.as_ref().map(Arc::downgrade).unwrap_or_default()
    }

    pub(super) fn has_room(&self) -> bool {
        self.memory.load(Ordering::SeqCst) <= self.most
    }

    /// Has sandboxes discarded until there is room, on any thread, the longest unused first.
    pub(super) fn make_room(&self) {
        let mut excess = self.memory.load(Ordering::SeqCst).saturating_sub(self.most);
        if excess == 0 {
            return;
        }
        let mut idle = self.tenants().by_key.values().cloned().collect::<Vec<_>>();
        idle.retain(|tenant| tenant.has_sandbox() && tenant.is_idle());
        idle.sort_by_key(|tenant| tenant.used.load(Ordering::Relaxed));
        for tenant in idle {
            if excess == 0 {
                return;
            }
            excess = excess.saturating_sub(tenant.memory.load(Ordering::SeqCst));
            if let Some(at) = tenant.thread.get() {
                self.evict(at, tenant.id, Leaving::Memory);
            }
        }
    }

    /// A call of a tenant is over, and took its thread for this long.
    pub(super) fn is_over<R>(
        &self,
        span: &Span,
        tenant: &TenantState,
        tenant_sandbox: Option<&TenantSandbox>,
        outcome: &Result<R>,
        ran: Duration,
    ) {
        trace::outcome(span, CallOutcome::of(outcome));
        count(&self.counts.calls);
        match outcome {
            Ok(_) => _ = tenant.proved.fetch_add(1, Ordering::Relaxed),
            Err(_) => count(&self.counts.failed),
        }
        // On a slow thread, other threads may run in this time.
        let is_slow = self.is_slow(tenant);
        let is_ended = matches!(
            outcome,
            Err(Error::Limit { kind, excess, .. })
                if ends_late(*kind, is_slow) && !excess.phase.is_some_and(Phase::is_of_host)
        );
        // An equal share of half of the quick threads' time.
        let sandboxes = self.counts.sandboxes.load(Ordering::Relaxed).max(1);
        let rate = self.lane as f64 / (2.0 * sandboxes as f64);
        let overdraws = tenant.overdraws(ran, rate, self.slow);
        if is_ended || overdraws {
            tenant.was_slow(!self.is_cooling_down(tenant));
            // Its waiting calls move too, and take no more time of the quick threads.
            self.place(tenant, |_| true);
        }
        if let Some(tenant_sandbox) = tenant_sandbox {
            if tenant_sandbox.has_died() {
                count(&self.counts.discarded);
            }
            tenant_sandbox.measure(ran > Duration::from_millis(1) || outcome.is_err());
            self.make_room();
        }
    }

    pub(super) fn metrics(&self) -> PoolMetrics {
        let tenants = self.tenants();
        let slow = tenants.by_key.values().filter(|tenant| self.is_slow(tenant)).count();
        PoolMetrics {
            tenants: tenants.by_key.len(),
            slow_tenants: slow,
            memory: self.memory.load(Ordering::SeqCst),
            ..self.counts.read()
        }
    }
}

/// Limits that a call reaches only after it has taken other tenants' time.
fn ends_late(kind: LimitKind, is_slow: bool) -> bool {
    match kind {
        LimitKind::Wall => !is_slow,
        LimitKind::Cpu | LimitKind::TotalCpu | LimitKind::Heap | LimitKind::HostCalls => true,
        _ => false,
    }
}
