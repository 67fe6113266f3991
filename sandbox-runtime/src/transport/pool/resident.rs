//! The sandboxes of tenants, on the thread that they live on.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::super::worker::Worker;
use super::inmate::Inmate;
use super::metrics::{count, discount};
use super::shared::{HostFactory, Shared};
use super::tenant::TenantState;
use super::{Loaded, Trust};
use crate::error::{Error, Result};
use crate::isolate::meter::Meter;
use crate::isolate::{Isolate, clock};
#[cfg(feature = "process")]
use crate::process::{Process, ProcessSandbox, WeakSandbox};
use crate::realm::Settings;
use crate::sandbox::isolate;

/// A tenant's sandbox: an isolate, a process, or a realm of one.
pub(crate) struct Resident {
    shared: Arc<Shared>,
    pub(super) tenant: Arc<TenantState>,
    pub(crate) inmate: Inmate,
    meter: Arc<Meter>,
    /// It was discarded, and that has been counted.
    is_dead: Cell<bool>,
    /// As many have it as share what the inmate takes.
    share: Rc<()>,
    /// What it takes, in bytes, when it was looked at last.
    memory: Cell<u64>,
    /// How many calls there were since its memory was looked at.
    unmeasured: Cell<u32>,
}

/// How often the memory of a sandbox is looked at, in calls, when they are short.
const MEASURED: u32 = 32;

impl Resident {
    /// The CPU time of its last call.
    pub(super) fn ran(&self) -> Duration {
        self.meter.usage().last.cpu
    }

    /// Evaluates a script anew when the sandbox is another one than before.
    pub(super) fn settle(&self, loaded: &Loaded, deadline: Option<u64>) -> Result<()> {
        if self.inmate.has(loaded.id) {
            return Ok(());
        }
        let began = clock::now();
        let bound = self.inmate.bind(loaded.id, &loaded.script, loaded.bind, deadline).map(drop);
        self.tenant.making.fetch_add(clock::now().saturating_sub(began), Ordering::Relaxed);
        bound
    }

    /// Whether it was discarded since this was asked last.
    pub(super) fn has_died(&self) -> bool {
        !self.inmate.lives() && !self.is_dead.replace(true)
    }

    /// Whether another sandbox is to take its place.
    fn is_worn(&self) -> bool {
        #[cfg(feature = "process")]
        return self.inmate.is_worn(&self.shared.wear);
        #[cfg(not(feature = "process"))]
        false
    }

    /// Looks at its memory, now and then.
    pub(super) fn measure(&self, is_due: bool) {
        let calls = self.unmeasured.get() + 1;
        if !is_due && calls < MEASURED {
            return self.unmeasured.set(calls);
        }
        self.unmeasured.set(0);
        self.account(self.inmate.memory() / Rc::strong_count(&self.share) as u64);
    }

    fn account(&self, memory: u64) {
        let more = memory.wrapping_sub(self.memory.replace(memory));
        self.tenant.memory.fetch_add(more, Ordering::SeqCst);
        self.shared.memory.fetch_add(more, Ordering::SeqCst);
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        self.account(0);
        discount(&self.shared.counts.sandboxes);
        self.tenant.moves_out(&self.meter);
    }
}

/// Why a sandbox is given up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Idle,
    Memory,
    /// Its tenant goes to another thread.
    Moved,
}

/// The sandboxes of a thread.
#[derive(Default)]
pub(crate) struct Residents {
    by_tenant: RefCell<HashMap<u64, Rc<Resident>>>,
    /// What they have realms of, where tenants share one.
    common: RefCell<Common>,
    sweep: RefCell<Option<Sweep>>,
}

/// An isolate, or a process, for as long as somebody has a realm of it.
#[derive(Default)]
struct Common {
    isolate: Weak<Isolate>,
    #[cfg(feature = "process")]
    process: WeakSandbox,
    share: Weak<()>,
}

impl Common {
    /// One more has a share.
    fn share(&mut self) -> Rc<()> {
        self.share.upgrade().unwrap_or_else(|| {
            let share = Rc::new(());
            self.share = Rc::downgrade(&share);
            share
        })
    }
}

/// Gives up what nobody uses.
struct Sweep {
    shared: Arc<Shared>,
    at: Instant,
}

impl Residents {
    pub(crate) fn all(&self) -> Vec<Rc<Resident>> {
        self.by_tenant.borrow().values().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let all = self.by_tenant.take();
        let sweep = self.sweep.take();
        drop((all, sweep));
    }

    pub(super) fn get(&self, tenant: u64) -> Option<Rc<Resident>> {
        self.by_tenant.borrow().get(&tenant).cloned()
    }

    /// The sandbox of a tenant; a new one when it has none, or when it was discarded.
    pub(super) fn of(
        &self,
        worker: &Worker,
        shared: &Arc<Shared>,
        tenant: &Arc<TenantState>,
    ) -> Result<Rc<Resident>> {
        let known = self.get(tenant.id);
        let is_fit = |resident: &&Rc<Resident>| resident.inmate.lives() && !resident.is_worn();
        match known.as_ref().filter(is_fit) {
            Some(resident) => return Ok(resident.clone()),
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
                .overloaded(tenant, "all sandboxes together take all the memory they may, and are busy"));
        }
        let began = clock::now();
        // To make one takes what the machine needs for it, and ends.
        let resident = Rc::new(worker.apart(|| self.create(worker, shared, tenant))?);
        tenant.making.store(clock::now().saturating_sub(began), Ordering::Relaxed);
        self.by_tenant.borrow_mut().insert(tenant.id, resident.clone());
        let mut sweep = self.sweep.borrow_mut();
        sweep.get_or_insert_with(|| Sweep {
            shared: shared.clone(),
            at: Instant::now() + interval(shared.idle),
        });
        Ok(resident)
    }

    fn create(&self, worker: &Worker, shared: &Arc<Shared>, tenant: &Arc<TenantState>) -> Result<Resident> {
        let inmate = match shared.trust {
            #[cfg(feature = "process")]
            Trust::SameTenant if let Some(process) = &shared.process => {
                let sandbox = self.common_process(shared, process)?;
                let realm = sandbox.realm()?;
                Inmate::process(sandbox, Some(realm))
            }
            Trust::SameTenant => {
                let isolate = self.common(worker, shared)?;
                let realm = isolate.make_realm()?;
                Inmate::realm(isolate, realm)
            }
            #[cfg(feature = "process")]
            Trust::Hostile => {
                let settings = Settings { captured: tenant.captured.clone(), ..shared.settings.clone() };
                let process = shared.process.clone().unwrap_or_default();
                Inmate::process(shared.start(settings, &tenant.key, &process)?, None)
            }
            _ => {
                let settings = Settings { captured: tenant.captured.clone(), ..shared.settings.clone() };
                let isolate = isolate(settings, shared.hosts(&tenant.key), worker.stack)?;
                let realm = isolate.main_realm()?;
                Inmate::realm(isolate, realm)
            }
        };
        let share = match shared.trust {
            Trust::SameTenant => self.common.borrow_mut().share(),
            _ => Rc::default(),
        };
        let (meter, watch) = (inmate.meter(), inmate.watch()?);
        count(&shared.counts.created);
        count(&shared.counts.sandboxes);
        tenant.moves_in(watch, meter.clone());
        let resident = Resident {
            shared: shared.clone(),
            tenant: tenant.clone(),
            inmate,
            meter,
            share,
            is_dead: Cell::default(),
            memory: Cell::default(),
            unmeasured: Cell::default(),
        };
        resident.measure(true);
        Ok(resident)
    }

    /// The process that the tenants of this thread share.
    #[cfg(feature = "process")]
    fn common_process(&self, shared: &Arc<Shared>, process: &Process) -> Result<ProcessSandbox> {
        let is_fit = |sandbox: &ProcessSandbox| sandbox.lives() && !shared.wear.has_worn(sandbox);
        if let Some(sandbox) = self.common.borrow().process.upgrade().filter(is_fit) {
            return Ok(sandbox);
        }
        let sandbox = shared.start(shared.settings.clone(), "", process)?;
        *self.common.borrow_mut() = Common { process: sandbox.weak(), ..Common::default() };
        Ok(sandbox)
    }

    /// The isolate that the tenants of this thread share.
    fn common(&self, worker: &Worker, shared: &Arc<Shared>) -> Result<Rc<Isolate>> {
        if let Some(isolate) = self.common.borrow().isolate.upgrade().filter(|isolate| isolate.lives()) {
            return Ok(isolate);
        }
        let isolate = isolate(shared.settings.clone(), shared.hosts(""), worker.stack)?;
        *self.common.borrow_mut() = Common { isolate: Rc::downgrade(&isolate), ..Common::default() };
        Ok(isolate)
    }

    /// Gives the sandbox of a tenant up, unless it is used.
    pub(super) fn evict(&self, tenant: u64, why: Leaving) {
        let Some(resident) = self.get(tenant) else { return };
        let is_used = resident.inmate.is_running() || (why != Leaving::Moved && !resident.tenant.is_idle());
        if is_used {
            return;
        }
        let counts = &resident.shared.counts;
        match why {
            Leaving::Idle => count(&counts.idled),
            Leaving::Memory => count(&counts.evicted),
            Leaving::Moved => {}
        }
        let removed = self.by_tenant.borrow_mut().remove(&tenant);
        drop((removed, resident));
    }

    /// Gives up sandboxes of this thread until there is room, the one that was not used for longest first.
    fn make_room(&self, shared: &Arc<Shared>) {
        while !shared.has_room() {
            let all = self.all();
            let idle = all.iter().filter(|resident| resident.tenant.is_idle() && !resident.inmate.is_busy());
            let oldest = idle.min_by_key(|resident| resident.tenant.used.load(Ordering::Relaxed));
            let Some(oldest) = oldest.map(|resident| resident.tenant.id) else { return };
            drop(all);
            self.evict(oldest, Leaving::Memory);
            if self.get(oldest).is_some() {
                return;
            }
        }
    }

    /// When somebody has to look for what nobody uses.
    pub(crate) fn alarm(&self) -> Option<Instant> {
        self.sweep.borrow().as_ref().map(|sweep| sweep.at)
    }

    /// Gives up what nobody uses, when it is time to look.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        let shared = match &mut *self.sweep.borrow_mut() {
            Some(sweep) if sweep.at <= now => {
                sweep.at = now + interval(sweep.shared.idle);
                sweep.shared.clone()
            }
            _ => return,
        };
        for resident in self.all() {
            let tenant = &resident.tenant;
            if !resident.inmate.lives() && tenant.is_idle() || shared.is_unused(tenant) {
                let id = tenant.id;
                drop(resident);
                self.evict(id, Leaving::Idle);
            }
        }
        shared.forget_strangers(&mut shared.tenants());
        if self.by_tenant.borrow().is_empty() {
            let sweep = self.sweep.take();
            drop(sweep);
        }
    }
}

/// How often it is looked for what nobody uses.
fn interval(idle: Duration) -> Duration {
    (idle / 4).clamp(Duration::from_millis(1), Duration::from_secs(60))
}

impl Shared {
    fn hosts(&self, tenant: &str) -> Vec<Result<crate::isolate::Host, String>> {
        let make = |host: &HostFactory| {
            let made = catch_unwind(AssertUnwindSafe(|| host(tenant)));
            made.unwrap_or_else(|_| {
                Err(format!("the implementation of a contract for `{tenant}` panicked while it was made"))
            })
        };
        self.hosts.iter().map(make).collect()
    }

    /// A process, for a tenant or for all. Its hosts are called by this thread alone, which waits for each of its calls.
    #[cfg(feature = "process")]
    fn start(&self, settings: Settings, tenant: &str, process: &Process) -> Result<ProcessSandbox> {
        let hosts = self.hosts(tenant).into_iter().collect::<Result<Vec<_>, _>>().map_err(Error::build)?;
        ProcessSandbox::on_this_thread(settings, hosts, process)
    }

    pub(super) fn overloaded(&self, tenant: &TenantState, reason: impl Into<String>) -> Error {
        count(&self.counts.overloaded);
        Error::Overloaded { tenant: tenant.key.clone(), reason: reason.into() }
    }
}
