//! Many tenants on a few threads.
//!
//! A tenant's sandbox is on one thread, and all its calls go there. Threads serve their tenants by a queue that is fair in
//! time. What it cannot do is to interrupt a call for another; so tenants whose calls are long, or are ended by a limit, are
//! moved to threads of their kind, which the system runs when the others leave it time.

mod metrics;
mod pooled;
pub(crate) mod resident;
mod tenant;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use metrics::PoolMetrics;
use metrics::{Counts, count, discount};
pub use pooled::Pooled;
use resident::{Leaving, Resident};
use tenant::{NOWHERE, TenantState};

use super::loads::Loads;
use super::mailbox::{Job, Mailbox};
use super::worker::{Priority, WorkerThread};
use crate::contract::{GuestContract, HostContract};
use crate::error::{Error, LimitKind, Place, Result};
use crate::isolate::meter::Usage;
use crate::isolate::script::{Binding, Exports};
use crate::isolate::{Host, Isolate, watchdog};
use crate::realm::{ConsoleOutput, Settings};
use crate::sandbox::{Buildable, Builder};
use crate::script::Script;

/// How far those trust each other whose scripts a [`SandboxPool`] runs. It decides what stands between two of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// They are one tenant, such as the rules of one customer: each key of the pool has a realm, a global with its own
    /// intrinsics, and the realms of a thread share a heap and its fate.
    SameTenant,
    /// They do not: each key has an isolate, with a heap and limits of its own. The default.
    #[default]
    Tenants,
    /// They attack the engine itself: each key has a process. This version has none, and refuses to build such a pool.
    Hostile,
}

type HostFactory = Arc<dyn Fn(&str) -> Result<Host, String> + Send + Sync>;

/// What only a pool is told.
#[doc(hidden)]
pub struct PoolParts {
    hosts: Vec<HostFactory>,
    trust: Trust,
    threads: usize,
    memory: u64,
    idle: Duration,
    queue: usize,
    patience: Duration,
    slow: Duration,
    parole: Duration,
    probation: u32,
}

impl Default for PoolParts {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            trust: Trust::default(),
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            memory: 1 << 30,
            idle: Duration::from_secs(300),
            queue: 64,
            patience: Duration::from_secs(1),
            slow: Duration::from_millis(10),
            parole: Duration::from_secs(30),
            probation: 0,
        }
    }
}

impl Buildable for SandboxPool {
    type Hosts = PoolParts;
}

impl Builder<SandboxPool> {
    /// Gives guests a contract that the host implements: `host` makes the implementation for the sandbox of a tenant, whose
    /// key it is given; for realms that share an isolate (see [`Trust::SameTenant`]), one for all, with an empty key. It is
    /// called on the thread of the sandbox, each time that one is made.
    ///
    /// ```
    /// # use sandbox_runtime::{SandboxPool, sandbox_api};
    /// #[sandbox_api(host)]
    /// trait Shop {
    ///     fn name(&self) -> String;
    /// }
    /// impl Shop for String {
    ///     fn name(&self) -> String { self.clone() }
    /// }
    /// let pool = SandboxPool::builder().host::<dyn Shop>(|tenant| Box::new(tenant.to_owned())).build()?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    pub fn host<C: ?Sized + HostContract>(
        mut self,
        host: impl Fn(&str) -> Box<C> + Send + Sync + 'static,
    ) -> Self {
        self.hosts.hosts.push(Arc::new(move |tenant| Host::new::<C>(host(tenant))));
        self
    }

    /// What stands between two tenants; [`Trust::Tenants`] when not called.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.hosts.trust = trust;
        self
    }

    /// How many threads serve the tenants, and as many again those that are slow; as many as there are processors when not
    /// called.
    pub fn threads(mut self, threads: usize) -> Self {
        self.hosts.threads = threads;
        self
    }

    /// What all sandboxes may take together, in bytes of heaps and ArrayBuffers; 1 GiB when not called. Beyond it, the
    /// sandbox that was not used for longest is given up first; when all are in use, no other is made, and the call gets
    /// [`Error::Overloaded`]. An idle sandbox takes about 3 MiB.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.hosts.memory = bytes;
        self
    }

    /// How long a sandbox is kept that nobody uses; 5 minutes when not called.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.hosts.idle = idle;
        self
    }

    /// How many calls of one tenant may wait or be under way; 64 when not called. One more gets [`Error::Overloaded`].
    pub fn queue(mut self, calls: usize) -> Self {
        self.hosts.queue = calls;
        self
    }

    /// How long a call waits for its turn; 1 second when not called. Then it gets [`Error::Overloaded`].
    pub fn patience(mut self, patience: Duration) -> Self {
        self.hosts.patience = patience;
        self
    }

    /// A call of more than this, in processor time, makes its tenant slow, and so does one that is ended by a limit; 10 ms
    /// when not called. So do many calls that together take more than the tenant's equal share of half of the time that the
    /// threads have, and five times this.
    /// A slow tenant is served on other threads, which on Linux have the lowest priority, and comes back when it has been
    /// quick for 30 seconds.
    pub fn slow(mut self, slow: Duration) -> Self {
        self.hosts.slow = slow;
        self
    }

    /// How long a slow tenant has to be quick before it comes back; 30 seconds when not called, and twice as long each time
    /// that it becomes slow again, up to 128 times.
    pub fn parole(mut self, parole: Duration) -> Self {
        self.hosts.parole = parole;
        self
    }

    /// How many calls of a tenant that nothing is known of are made on the slow threads first; 0 when not called.
    ///
    /// It is for tenants whose first call may already be an attack: each that loops holds a quick thread up once, for as long
    /// as a call may take. The price is one more sandbox for each tenant.
    pub fn probation(mut self, calls: u32) -> Self {
        self.hosts.probation = calls;
        self
    }

    /// Makes the pool and its threads, but no sandbox.
    ///
    /// # Errors
    ///
    /// [`Error::Build`] when a limit is out of range, when no thread can be started, and for [`Trust::Hostile`].
    pub fn build(self) -> Result<SandboxPool> {
        self.settings.check().map_err(Error::build)?;
        let parts = self.hosts;
        if parts.trust == Trust::Hostile {
            return Err(Error::build(
                "`Trust::Hostile` needs a process for each tenant, which this version does not have; use \
                 `Trust::Tenants` in a process of its own for each level of trust",
            ));
        }
        if parts.threads == 0 || parts.queue == 0 {
            return Err(Error::build("a pool has at least one thread and room for one call of a tenant"));
        }
        let start = |priority| {
            let name = if priority == Priority::Low { "sandbox-slow" } else { "sandbox-pool" };
            WorkerThread::start(name, self.settings.limits.stack, priority).map(Arc::new)
        };
        let priorities = [Priority::Normal, Priority::Low].into_iter();
        let priorities = priorities.flat_map(|priority| std::iter::repeat_n(priority, parts.threads));
        let threads = priorities.map(start).collect::<Result<Vec<_>>>()?;
        let shared = Shared {
            settings: self.settings,
            hosts: parts.hosts,
            trust: parts.trust,
            lane: parts.threads,
            most: parts.memory,
            idle: parts.idle,
            queue: parts.queue,
            patience: parts.patience,
            slow: parts.slow,
            parole: parts.parole,
            probation: parts.probation,
            mailboxes: threads.iter().map(|thread| thread.mailbox().clone()).collect(),
            lodgers: threads.iter().map(|_| AtomicUsize::default()).collect(),
            memory: AtomicU64::default(),
            counts: Counts::default(),
            tenants: Mutex::default(),
        };
        Ok(SandboxPool { pool: Arc::new(Pool { shared: Arc::new(shared), threads }) })
    }
}

/// How much more than its share a tenant may use at once, in calls that are almost slow.
const BURST: u32 = 5;

/// What the threads of a pool share.
pub(crate) struct Shared {
    settings: Settings,
    hosts: Vec<HostFactory>,
    trust: Trust,
    /// How many threads there are for quick tenants; those for slow ones come after them.
    lane: usize,
    most: u64,
    idle: Duration,
    queue: usize,
    patience: Duration,
    slow: Duration,
    parole: Duration,
    probation: u32,
    mailboxes: Vec<Arc<Mailbox>>,
    /// How many tenants each thread has.
    lodgers: Vec<AtomicUsize>,
    memory: AtomicU64,
    counts: Counts,
    tenants: Mutex<Tenants>,
}

#[derive(Default)]
struct Tenants {
    by_key: HashMap<String, Arc<TenantState>>,
    last: u64,
    /// How many there have to be before those are looked for that can be forgotten.
    many: usize,
}

struct Pool {
    shared: Arc<Shared>,
    threads: Vec<Arc<WorkerThread>>,
}

/// A script that was loaded for a tenant.
pub(crate) struct Loaded {
    id: u64,
    script: Script,
    bind: Bind,
    exported: Vec<bool>,
    shared: Arc<Shared>,
    owner: Arc<TenantState>,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let (id, tenant) = (self.id, self.owner.id);
        let Some(mailbox) = self.shared.mailboxes.get(self.owner.thread.load(Ordering::SeqCst)) else {
            return;
        };
        let work = Box::new(move |worker: &super::worker::Worker| {
            if let Some(resident) = worker.residents.get(tenant) {
                resident.forget(id);
            }
        });
        mailbox.post(Job { chain: None, tenant, work });
    }
}

/// Sandboxes of many tenants, on a few threads: `Send`, `Sync` and `Clone`.
///
/// A tenant is known by its key. Its sandbox is made when it is called, replaced when it was discarded, and given up when
/// nobody has used it for a while or when memory is short; its scripts are evaluated again in the next one, so what a script
/// keeps in its variables may be gone at the next call. Calls of one tenant take turns, and tenants are served fairly by the time that their calls take.
/// A call that there is no room for, or whose turn does not come in time, gets [`Error::Overloaded`].
///
/// ```
/// use sandbox_runtime::{Result, SandboxPool, Script, sandbox_api};
///
/// #[sandbox_api]
/// pub trait PricingRule {
///     fn price(&self, quantity: f64) -> Result<f64>;
/// }
///
/// let pool = SandboxPool::builder().memory(256 << 20).build()?;
/// let script = Script::new("acme.js", "export const price = (quantity) => quantity * 0.25;");
/// let rule = pool.tenant("acme").load::<dyn PricingRule>(script)?;
/// assert_eq!(rule.price(8.0)?, 2.0);
/// assert_eq!(pool.metrics().sandboxes, 1);
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct SandboxPool {
    pool: Arc<Pool>,
}

impl SandboxPool {
    /// A builder with the default limits, no host contracts, and a thread for each processor.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// The tenant of a key. Nothing is made for it before it is used.
    #[must_use]
    pub fn tenant(&self, key: &str) -> Tenant {
        Tenant { pool: self.pool.clone(), state: self.pool.shared.tenant(key) }
    }

    /// What the pool has done so far, and what it has now.
    #[must_use]
    pub fn metrics(&self) -> PoolMetrics {
        self.pool.shared.metrics()
    }
}

/// A tenant of a [`SandboxPool`]: `Send`, `Sync` and `Clone`.
#[derive(Clone)]
pub struct Tenant {
    pool: Arc<Pool>,
    state: Arc<TenantState>,
}

/// A place in the queue of a tenant.
struct Admitted {
    shared: Arc<Shared>,
    tenant: Arc<TenantState>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.tenant.touch();
        self.tenant.waiting.fetch_sub(1, Ordering::SeqCst);
        discount(&self.shared.counts.waiting);
    }
}

impl Tenant {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.state.key
    }

    /// Evaluates a script in the tenant's sandbox and checks it against the contract `C`. The proxy calls it there, or in
    /// the sandbox that takes its place. The top level of the script cannot wait for the host.
    ///
    /// # Errors
    ///
    /// As of [`Sandbox::load`](crate::Sandbox::load), and [`Error::Overloaded`].
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Pooled>> {
        let (loading, script) = Loading::new(self.state.next_script(), bind::<C>, script);
        let id = loading.id;
        let exported = self.run(None, move |resident| loading.run(resident))?;
        Ok(C::proxy(self.pooled(id, bind::<C>, script, exported)))
    }

    /// [`load`](Self::load) for a task, which it does not block.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> Loads<C::Proxy<Pooled>> {
        Loads::new(self.clone().load_later(bind::<C>, script), C::proxy)
    }

    async fn load_later(self, bind: Bind, script: Script) -> Result<Pooled> {
        let (loading, script) = Loading::new(self.state.next_script(), bind, script);
        let id = loading.id;
        let exported = self.ask(move |resident| loading.run(resident)).await?;
        Ok(self.pooled(id, bind, script, exported))
    }

    fn pooled(&self, id: u64, bind: Bind, script: Script, exported: Vec<bool>) -> Pooled {
        let (shared, owner) = (self.pool.shared.clone(), self.state.clone());
        let loaded = Arc::new(Loaded { id, script, bind, exported, shared, owner });
        Pooled { tenant: self.clone(), loaded, deadline: None }
    }

    /// Makes the tenant's sandbox now, if it has none, so that its next call need not.
    ///
    /// # Errors
    ///
    /// [`Error::Build`], [`Error::Overloaded`], [`Error::Blocking`].
    pub fn warm_up(&self) -> Result<()> {
        self.run(None, |_| Ok(()))
    }

    /// [`warm_up`](Self::warm_up) for a task, which it does not block.
    ///
    /// # Errors
    ///
    /// As of [`warm_up`](Self::warm_up).
    pub async fn warm_up_async(&self) -> Result<()> {
        self.ask(|_| Ok(())).await
    }

    /// What its guests have used, in all sandboxes that it has had. With [`Trust::SameTenant`], what all realms of its
    /// isolate have used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.state.usage()
    }

    /// Takes what its guests wrote to a console that [captures](crate::Console::Capture) since it was taken last.
    #[must_use]
    pub fn take_console(&self) -> ConsoleOutput {
        match self.pool.shared.trust {
            Trust::SameTenant => self.pool.shared.settings.captured.take(),
            _ => self.state.captured.take(),
        }
    }

    fn admitted(&self) -> Result<Admitted> {
        let shared = &self.pool.shared;
        let before = self.state.waiting.fetch_add(1, Ordering::SeqCst);
        count(&shared.counts.waiting);
        let admitted = Admitted { shared: shared.clone(), tenant: self.state.clone() };
        match before < shared.queue {
            true => Ok(admitted),
            false => {
                Err(shared.overloaded(&self.state, format!("{before} calls of it wait or are under way")))
            }
        }
    }

    fn too_late(&self) -> Error {
        let shared = &self.pool.shared;
        shared.overloaded(&self.state, format!("the call has waited {:?} for its turn", shared.patience))
    }

    /// The thread of its sandbox; another one than before when the tenant has become slow, or quick again.
    fn thread(&self) -> Arc<WorkerThread> {
        let at = self.pool.shared.place(&self.state);
        self.pool.threads[at].clone()
    }
}

/// Binds a contract to what a script exports.
type Bind = fn(&Isolate, &Exports) -> Result<Binding>;

fn bind<C: ?Sized + GuestContract>(isolate: &Isolate, exports: &Exports) -> Result<Binding> {
    isolate.bind::<C>(exports)
}

/// A script that is loaded for the first time.
struct Loading {
    id: u64,
    script: Script,
    bind: Bind,
}

impl Loading {
    fn new(id: u64, bind: Bind, script: Script) -> (Self, Script) {
        (Self { id, script: script.clone(), bind }, script)
    }

    fn run(self, resident: &Resident) -> Result<Vec<bool>> {
        resident.bind(self.id, &self.script, self.bind, None).map(|binding| binding.exported())
    }
}

impl Shared {
    fn tenants(&self) -> MutexGuard<'_, Tenants> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tenant(&self, key: &str) -> Arc<TenantState> {
        let mut tenants = self.tenants();
        if let Some(known) = tenants.by_key.get(key) {
            return known.clone();
        }
        // Whoever calls the host may invent keys.
        if tenants.by_key.len() > tenants.many {
            let strangers = self.strangers(&mut tenants);
            tenants.many = 2 * tenants.by_key.len() + 1024;
            strangers.iter().for_each(|stranger| self.leave(stranger.thread.load(Ordering::SeqCst)));
        }
        tenants.last += 1;
        let tenant = TenantState::new(key.to_owned(), tenants.last);
        tenants.by_key.insert(key.to_owned(), tenant.clone());
        tenant
    }

    /// Forgets tenants that have nothing and that nobody holds.
    fn forget_strangers(&self) {
        let strangers = self.strangers(&mut self.tenants());
        strangers.iter().for_each(|stranger| self.leave(stranger.thread.load(Ordering::SeqCst)));
    }

    fn strangers(&self, tenants: &mut Tenants) -> Vec<Arc<TenantState>> {
        let mut strangers = Vec::new();
        tenants.by_key.retain(|_, tenant| {
            let is_held = Arc::strong_count(tenant) > 1;
            let is_known = is_held || tenant.is_resident() || self.is_on_parole(tenant);
            if !is_known {
                strangers.push(tenant.clone());
            }
            is_known
        });
        strangers
    }

    fn is_unused(&self, tenant: &TenantState) -> bool {
        let unused = watchdog::now().saturating_sub(tenant.used.load(Ordering::Relaxed));
        tenant.is_idle() && u128::from(unused) >= self.idle.as_nanos()
    }

    fn is_slow(&self, tenant: &TenantState) -> bool {
        self.is_on_parole(tenant) || tenant.proved.load(Ordering::Relaxed) < self.probation
    }

    fn is_on_parole(&self, tenant: &TenantState) -> bool {
        let offended = tenant.offended.load(Ordering::Relaxed);
        let since = watchdog::now().saturating_sub(offended);
        // Twice as long each time, so that one who lies low does not come back again and again.
        let times = tenant.offences.load(Ordering::Relaxed).clamp(1, 8) - 1;
        offended > 0 && u128::from(since) < self.parole.as_nanos() << times
    }

    /// The number of the thread that a tenant's next call goes to.
    fn place(&self, tenant: &TenantState) -> usize {
        let at = tenant.thread.load(Ordering::SeqCst);
        let is_slow = self.is_slow(tenant);
        if at != NOWHERE && (at >= self.lane) == is_slow {
            return at;
        }
        let lane = if is_slow { self.lane..2 * self.lane } else { 0..self.lane };
        let next = lane.min_by_key(|at| self.lodgers[*at].load(Ordering::Relaxed)).unwrap_or(0);
        if tenant.thread.compare_exchange(at, next, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            // Another call has found a place first.
            return self.place(tenant);
        }
        self.lodgers[next].fetch_add(1, Ordering::Relaxed);
        if at != NOWHERE {
            count(&self.counts.moved);
            self.leave(at);
            self.evict(at, tenant.id, Leaving::Moved);
        }
        next
    }

    fn leave(&self, at: usize) {
        if let Some(lodgers) = self.lodgers.get(at) {
            lodgers.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn evict(&self, at: usize, tenant: u64, why: Leaving) {
        let work = Box::new(move |worker: &super::worker::Worker| worker.residents.evict(tenant, why));
        if let Some(mailbox) = self.mailboxes.get(at) {
            mailbox.post(Job { chain: None, tenant: 0, work });
        }
    }

    fn has_room(&self) -> bool {
        self.memory.load(Ordering::SeqCst) <= self.most
    }

    /// Has sandboxes given up, on whichever thread, the ones that were not used for longest first, until there is room.
    fn make_room(&self) {
        let mut excess = self.memory.load(Ordering::SeqCst).saturating_sub(self.most);
        if excess == 0 {
            return;
        }
        let mut idle = self.tenants().by_key.values().cloned().collect::<Vec<_>>();
        idle.retain(|tenant| tenant.is_resident() && tenant.is_idle());
        idle.sort_by_key(|tenant| tenant.used.load(Ordering::Relaxed));
        for tenant in idle {
            if excess == 0 {
                return;
            }
            excess = excess.saturating_sub(tenant.memory.load(Ordering::SeqCst));
            self.evict(tenant.thread.load(Ordering::SeqCst), tenant.id, Leaving::Memory);
        }
    }

    /// A call is over, which took its thread so long.
    fn is_over<R>(
        &self,
        tenant: &TenantState,
        resident: Option<&Resident>,
        outcome: &Result<R>,
        ran: Duration,
    ) {
        count(&self.counts.calls);
        match outcome {
            Ok(_) => _ = tenant.proved.fetch_add(1, Ordering::Relaxed),
            Err(_) => count(&self.counts.failed),
        }
        let is_ended = matches!(outcome, Err(Error::Limit { kind, .. }) if ends_late(*kind));
        // An equal share of half of the time that the quick threads have.
        let sandboxes = self.counts.sandboxes.load(Ordering::Relaxed).max(1);
        let rate = self.lane as f64 / (2.0 * sandboxes as f64);
        let overdraws = tenant.overdraws(ran, rate, BURST * self.slow);
        if is_ended || ran > self.slow || overdraws {
            tenant.offends(!self.is_on_parole(tenant));
        }
        if let Some(resident) = resident {
            if resident.has_died() {
                count(&self.counts.discarded);
            }
            resident.measure(ran > Duration::from_millis(1) || outcome.is_err());
            self.make_room();
        }
    }

    fn metrics(&self) -> PoolMetrics {
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

/// Limits whose calls have cost others time, or will.
fn ends_late(kind: LimitKind) -> bool {
    matches!(
        kind,
        LimitKind::Wall | LimitKind::Cpu | LimitKind::TotalCpu | LimitKind::Heap | LimitKind::HostCalls
    )
}

fn span(tenant: &str, place: Option<Place>) -> tracing::Span {
    let (contract, method) = place.map_or(("", ""), |place| (place.contract, place.method));
    tracing::info_span!("sandbox_call", tenant, contract, method, outcome = tracing::field::Empty)
}

/// How a call went, in a word.
fn outcome_of<R>(outcome: &Result<R>) -> &'static str {
    outcome.as_ref().err().map_or("ok", Error::kind)
}
