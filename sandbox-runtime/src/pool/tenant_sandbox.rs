//! The sandboxes of tenants on one thread: making, measuring and discarding them.
//!
//! [`TenantSandboxes`] belongs to a worker thread of a pool, and stays on it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Loaded;
use super::isolation::Isolation;
#[cfg(feature = "process")]
use super::isolation::Processes;
use super::metrics::{count, discount};
use super::state::{HostFactory, PoolState};
use super::tenant::TenantState;
use super::tenant_backend::TenantBackend;
use super::tenant_objects::IsolatePlaces;
use crate::error::{Amount, Error, Result};
use crate::isolate::meter::Meter;
use crate::isolate::{Isolate, clock};
use crate::options::Settings;
#[cfg(feature = "process")]
use crate::process::{Process, ProcessSite, WeakSite};
#[cfg(feature = "process")]
use crate::site::Site as _;
use crate::site::builder::isolate;
use crate::site::typed::worker::{Residents, Worker};
use crate::time::Deadline;

/// A tenant's sandbox: an isolate, a process, or a realm of one.
pub(crate) struct TenantSandbox {
    shared: Arc<PoolState>,
    pub(super) tenant: Arc<TenantState>,
    pub(crate) backend: TenantBackend,
    meter: Arc<Meter>,
    /// The sandbox was discarded, and counted as such.
    is_dead: Cell<bool>,
    /// One clone for each tenant that shares the backend.
    share: Rc<()>,
    /// The memory in bytes, when it was last measured.
    memory: Cell<u64>,
    /// The number of calls since the memory was measured.
    unmeasured: Cell<u32>,
}

/// The memory of a sandbox is measured after this many short calls.
const MEASURED: u32 = 32;

impl TenantSandbox {
    /// The CPU time of its last call.
    pub(super) fn ran(&self) -> Duration {
        self.meter.usage().last.cpu
    }

    /// Evaluates a script again, if this sandbox has not evaluated it.
    pub(super) fn settle(&self, loaded: &Loaded, deadline: Deadline) -> Result<()> {
        if self.backend.has(loaded.id) {
            return Ok(());
        }
        let began = clock::now();
        let bound = self.backend.bind(loaded.id, &loaded.script, loaded.contract.clone(), deadline).map(drop);
        self.tenant.making.fetch_add(clock::now().since(began), Ordering::Relaxed);
        bound
    }

    /// Whether the sandbox was discarded since the last question.
    pub(super) fn has_died(&self) -> bool {
        !self.backend.is_live() && !self.is_dead.replace(true)
    }

    /// Whether another sandbox must take its place.
    fn is_due(&self) -> bool {
        #[cfg(feature = "process")]
        return self
            .shared
            .isolation
            .processes()
            .is_some_and(|processes| self.backend.is_due(&processes.recycle));
        #[cfg(not(feature = "process"))]
        false
    }

    /// Measures the memory, at intervals.
    pub(super) fn measure(&self, is_due: bool) {
        let calls = self.unmeasured.get() + 1;
        if !is_due && calls < MEASURED {
            return self.unmeasured.set(calls);
        }
        self.unmeasured.set(0);
        self.account(self.backend.memory() / Rc::strong_count(&self.share) as u64);
    }

    fn account(&self, memory: u64) {
        let more = memory.wrapping_sub(self.memory.replace(memory));
        self.tenant.memory.fetch_add(more, Ordering::SeqCst);
        self.shared.memory.fetch_add(more, Ordering::SeqCst);
    }
}

impl Drop for TenantSandbox {
    fn drop(&mut self) {
        self.account(0);
        discount(&self.shared.counts.sandboxes);
        self.tenant.loses_sandbox(&self.meter);
    }
}

/// Why a sandbox is discarded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Idle,
    Memory,
    /// The tenant moves to another thread.
    Moved,
}

/// The sandboxes of a thread.
#[derive(Default)]
pub(crate) struct TenantSandboxes {
    by_tenant: RefCell<HashMap<u64, Rc<TenantSandbox>>>,
    /// The isolate or process that the tenants share, where they share one.
    common: RefCell<SharedSandbox>,
    sweep: RefCell<Option<Sweep>>,
}

/// An isolate or a process, which exists as long as a tenant has a realm of it.
#[derive(Default)]
struct SharedSandbox {
    isolate: Option<SharedIsolate>,
    #[cfg(feature = "process")]
    process: WeakSite,
    share: Weak<()>,
}

/// An isolate that tenants share.
struct SharedIsolate {
    isolate: Weak<Isolate>,
    places: Arc<IsolatePlaces>,
}

impl SharedIsolate {
    /// The isolate, if it can be called.
    fn upgrade(&self) -> Option<(Rc<Isolate>, Arc<IsolatePlaces>)> {
        let isolate = self.isolate.upgrade().filter(|isolate| isolate.is_live())?;
        Some((isolate, self.places.clone()))
    }
}

impl SharedSandbox {
    /// Adds a share.
    fn share(&mut self) -> Rc<()> {
        self.share.upgrade().unwrap_or_else(|| {
            let share = Rc::new(());
            self.share = Rc::downgrade(&share);
            share
        })
    }
}

/// The timing of the search for unused sandboxes.
struct Sweep {
    shared: Arc<PoolState>,
    at: Instant,
}

impl Residents for TenantSandboxes {
    fn is_running(&self) -> bool {
        self.all().iter().any(|tenant_sandbox| tenant_sandbox.backend.is_running())
    }

    fn left(&self) -> Option<Duration> {
        self.all().iter().filter_map(|tenant_sandbox| tenant_sandbox.backend.left()).min()
    }

    fn alarm(&self) -> Option<Instant> {
        self.sweep.borrow().as_ref().map(|sweep| sweep.at)
    }

    fn sweep(&self) {
        let now = Instant::now();
        let shared = match &mut *self.sweep.borrow_mut() {
            Some(sweep) if sweep.at <= now => {
                sweep.at = now + interval(sweep.shared.idle);
                sweep.shared.clone()
            }
            _ => return,
        };
        for tenant_sandbox in self.all() {
            let tenant = &tenant_sandbox.tenant;
            if !tenant_sandbox.backend.is_live() && tenant.is_idle() || shared.is_unused(tenant) {
                let id = tenant.id;
                drop(tenant_sandbox);
                self.evict(id, Leaving::Idle);
            }
        }
        shared.forget_unused(&mut shared.tenants());
        if self.by_tenant.borrow().is_empty() {
            let sweep = self.sweep.take();
            drop(sweep);
        }
    }

    fn clear(&self) {
        let all = self.by_tenant.take();
        let sweep = self.sweep.take();
        drop((all, sweep));
    }
}

impl TenantSandboxes {
    fn all(&self) -> Vec<Rc<TenantSandbox>> {
        self.by_tenant.borrow().values().cloned().collect()
    }

    /// The sandboxes of one more thread of a pool.
    pub(super) fn on_thread() -> Option<Rc<dyn Residents>> {
        Some(Rc::<Self>::default())
    }

    pub(super) fn get(&self, tenant: u64) -> Option<Rc<TenantSandbox>> {
        self.by_tenant.borrow().get(&tenant).cloned()
    }

    /// The sandbox of a tenant. Makes one when there is none, or when it was discarded.
    pub(super) fn of(
        &self,
        worker: &Worker,
        shared: &Arc<PoolState>,
        tenant: &Arc<TenantState>,
    ) -> Result<Rc<TenantSandbox>> {
        let known = self.get(tenant.id);
        let is_fit = |tenant_sandbox: &&Rc<TenantSandbox>| {
            tenant_sandbox.backend.is_live() && !tenant_sandbox.is_due()
        };
        match known.as_ref().filter(is_fit) {
            Some(tenant_sandbox) => return Ok(tenant_sandbox.clone()),
            None if known.is_some() => {
                let dead = self.by_tenant.borrow_mut().remove(&tenant.id);
                drop((dead, known));
            }
            None => {}
        }
        shared.make_room();
        self.make_room(shared);
        if !shared.has_room() {
            return Err(shared
                .overloaded(tenant, "all sandboxes together have the pool's `memory`, and all are in use"));
        }
        let began = clock::now();
        // The time to make a sandbox depends on the machine and is bounded, so it does not count as holding the thread.
        let tenant_sandbox = Rc::new(worker.apart(|| self.create(worker, shared, tenant))?);
        tenant.making.store(clock::now().since(began), Ordering::Relaxed);
        self.by_tenant.borrow_mut().insert(tenant.id, tenant_sandbox.clone());
        let mut sweep = self.sweep.borrow_mut();
        sweep.get_or_insert_with(|| Sweep {
            shared: shared.clone(),
            at: Instant::now() + interval(shared.idle),
        });
        Ok(tenant_sandbox)
    }

    fn create(
        &self,
        worker: &Worker,
        shared: &Arc<PoolState>,
        tenant: &Arc<TenantState>,
    ) -> Result<TenantSandbox> {
        let own = || Settings {
            captured: tenant.captured.clone(),
            observers: shared.settings.observers.of_tenant(&tenant.key),
            ..shared.settings.clone()
        };
        let backend = match &shared.isolation {
            Isolation::Realms => {
                let (isolate, places) = self.common(worker, shared, tenant)?;
                let realm = isolate.make_realm(Deadline::NEVER)?;
                places.add(&realm, shared, tenant);
                TenantBackend::realm(isolate, realm)
            }
            Isolation::Isolates => {
                let isolate = isolate(own(), shared.hosts(&tenant.key), worker.stack)?;
                let realm = isolate.main_realm()?;
                IsolatePlaces::of(&isolate, shared, tenant).add(&realm, shared, tenant);
                TenantBackend::realm(isolate, realm)
            }
            #[cfg(feature = "process")]
            Isolation::ProcessRealms(processes) => {
                let sandbox = self.common_process(shared, processes)?;
                let realm = sandbox.make_realm(Deadline::NEVER)?;
                TenantBackend::process(sandbox, Some(realm))
            }
            #[cfg(feature = "process")]
            Isolation::Processes(processes) => {
                TenantBackend::process(shared.start(own(), &tenant.key, &processes.process)?, None)
            }
        };
        let share = match shared.isolation.is_shared() {
            true => self.common.borrow_mut().share(),
            false => Rc::default(),
        };
        let (meter, watch) = (backend.meter(), backend.watch()?);
        count(&shared.counts.created);
        count(&shared.counts.sandboxes);
        tenant.gets_sandbox(watch, meter.clone());
        let tenant_sandbox = TenantSandbox {
            shared: shared.clone(),
            tenant: tenant.clone(),
            backend,
            meter,
            share,
            is_dead: Cell::default(),
            memory: Cell::default(),
            unmeasured: Cell::default(),
        };
        tenant_sandbox.measure(true);
        Ok(tenant_sandbox)
    }

    /// The process that the tenants of this thread share.
    #[cfg(feature = "process")]
    fn common_process(&self, shared: &Arc<PoolState>, processes: &Processes) -> Result<ProcessSite> {
        let is_fit =
            |sandbox: &ProcessSite| sandbox.wired.is_live() && !processes.recycle.is_reached_by(sandbox);
        if let Some(sandbox) = self.common.borrow().process.upgrade().filter(is_fit) {
            return Ok(sandbox);
        }
        let sandbox = shared.start(shared.settings.clone(), "", &processes.process)?;
        *self.common.borrow_mut() = SharedSandbox { process: sandbox.weak(), ..SharedSandbox::default() };
        Ok(sandbox)
    }

    /// The isolate that the tenants of this thread share, and the places of its realms.
    fn common(
        &self,
        worker: &Worker,
        shared: &Arc<PoolState>,
        tenant: &TenantState,
    ) -> Result<(Rc<Isolate>, Arc<IsolatePlaces>)> {
        let known = self.common.borrow().isolate.as_ref().and_then(SharedIsolate::upgrade);
        if let Some(known) = known {
            return Ok(known);
        }
        let isolate = isolate(shared.settings.clone(), shared.hosts(""), worker.stack)?;
        let places = IsolatePlaces::of(&isolate, shared, tenant);
        let of = SharedIsolate { isolate: Rc::downgrade(&isolate), places: places.clone() };
        *self.common.borrow_mut() = SharedSandbox { isolate: Some(of), ..SharedSandbox::default() };
        Ok((isolate, places))
    }

    /// Discards the sandbox of a tenant, unless it is in use.
    pub(super) fn evict(&self, tenant: u64, why: Leaving) {
        let Some(tenant_sandbox) = self.get(tenant) else { return };
        let is_used = tenant_sandbox.backend.is_running()
            || (why != Leaving::Moved && !tenant_sandbox.tenant.is_idle());
        if is_used {
            return;
        }
        let counts = &tenant_sandbox.shared.counts;
        match why {
            Leaving::Idle => count(&counts.idled),
            Leaving::Memory => count(&counts.evicted),
            Leaving::Moved => {}
        }
        let removed = self.by_tenant.borrow_mut().remove(&tenant);
        drop((removed, tenant_sandbox));
    }

    /// Discards sandboxes of this thread until there is room, the longest unused first.
    fn make_room(&self, shared: &Arc<PoolState>) {
        while !shared.has_room() {
            let all = self.all();
            let idle = all.iter().filter(|tenant_sandbox| {
                tenant_sandbox.tenant.is_idle() && !tenant_sandbox.backend.is_busy()
            });
            let oldest = idle.min_by_key(|tenant_sandbox| tenant_sandbox.tenant.used.load(Ordering::Relaxed));
            let Some(oldest) = oldest.map(|tenant_sandbox| tenant_sandbox.tenant.id) else { return };
            drop(all);
            self.evict(oldest, Leaving::Memory);
            if self.get(oldest).is_some() {
                return;
            }
        }
    }
}

/// The interval of the search for unused sandboxes.
fn interval(idle: Duration) -> Duration {
    (idle / 4).clamp(Duration::from_millis(1), Duration::from_secs(60))
}

impl PoolState {
    fn hosts(&self, tenant: &str) -> Vec<Result<crate::isolate::Host, String>> {
        let make = |host: &HostFactory| {
            let made = catch_unwind(AssertUnwindSafe(|| host(tenant)));
            made.unwrap_or_else(|_| {
                Err(format!("the function given to `host` panicked while it made an implementation for the tenant `{tenant}`"))
            })
        };
        self.hosts.iter().map(make).collect()
    }

    /// A process, for a tenant or for all. Only this thread calls its hosts, and waits for each of its calls.
    #[cfg(feature = "process")]
    fn start(&self, settings: Settings, tenant: &str, process: &Process) -> Result<ProcessSite> {
        let hosts = self.hosts(tenant).into_iter().collect::<Result<Vec<_>, _>>().map_err(Error::build)?;
        ProcessSite::on_this_thread(settings, hosts, process)
    }

    /// The error of a call of a tenant whose turn has not come in time.
    pub(super) fn too_late(&self, tenant: &TenantState) -> Error {
        let patience = Amount::Time(self.patience);
        let reason = format!("the call waited {patience} for its turn, and `patience` allows no more");
        self.overloaded(tenant, reason)
    }

    pub(super) fn overloaded(&self, tenant: &TenantState, reason: impl Into<String>) -> Error {
        count(&self.counts.overloaded);
        Error::overloaded(tenant.key.clone(), reason.into())
    }
}
