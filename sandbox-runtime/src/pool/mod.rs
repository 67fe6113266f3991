//! `SandboxPool`: many tenants on a few threads.
//!
//! `builder` makes a pool, `state` places tenants on threads, `tenant_sandbox` keeps the sandboxes of a thread, and `pooled`
//! is the transport of the proxies.
//!
//! A tenant's sandbox is on one thread, and all calls of the tenant go there. Threads serve their tenants by a queue that is
//! fair in time. The queue cannot interrupt a call for another. Two rules take its place:
//!
//! - A tenant whose calls are long, or are ended by a limit, moves with its waiting calls to threads of low priority. The
//!   system runs these threads when the others leave time.
//! - A call can hold its thread for longer than `slow`. Tenants that wait behind it move to a free thread, where their
//!   sandboxes are made anew. The waiting callers check for this, because the thread itself cannot (`PoolState::place`).

mod builder;
mod isolation;
mod metrics;
mod pooled;
mod state;
mod tenant;
mod tenant_backend;
mod tenant_objects;
pub(crate) mod tenant_sandbox;

use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use builder::{PoolParts, Trust};
pub use metrics::PoolMetrics;
use metrics::{count, discount};
pub use pooled::Pooled;
use state::PoolState;
use tenant::TenantState;
use tenant_sandbox::{TenantSandbox, TenantSandboxes};

use sandbox_core::OwnedContract;

use crate::contract::GuestContract;
use crate::error::Result;
use crate::observe::bill::Usage;
use crate::options::ConsoleOutput;
use crate::script::Script;
use crate::site::NamedContract;
use crate::site::builder::Builder;
use crate::site::load::Loads;
use crate::site::typed::mailbox::Job;
use crate::site::typed::worker::WorkerThread;
use crate::site::untyped_guest::UntypedGuest;
use crate::time::Deadline;

struct Pool {
    shared: Arc<PoolState>,
    threads: Vec<Arc<WorkerThread>>,
}

/// A script that was loaded for a tenant.
pub(crate) struct Loaded {
    id: u64,
    script: Script,
    contract: NamedContract,
    exported: Vec<bool>,
    shared: Arc<PoolState>,
    owner: Arc<TenantState>,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let (id, tenant) = (self.id, self.owner.id);
        let thread = self.owner.thread.get();
        let Some(mailbox) = thread.and_then(|at| self.shared.mailboxes.get(at)) else { return };
        let work = Box::new(move |worker: &crate::site::typed::worker::Worker| {
            let residents = worker.residents::<TenantSandboxes>();
            if let Some(tenant_sandbox) = residents.ok().and_then(|residents| residents.get(tenant)) {
                tenant_sandbox.backend.forget(id);
            }
        });
        mailbox.post(Job { chain: None, tenant, is_tied: true, work });
    }
}

/// Sandboxes of many tenants, on a few threads: `Send`, `Sync` and `Clone`.
///
/// A tenant is known by its key. The pool makes the tenant's sandbox at the first call, and replaces it after a fault. An
/// unused sandbox is discarded after a while, or when memory is short. The next sandbox evaluates the tenant's scripts
/// again, so a script's variables may be lost between two calls. Calls of one tenant take turns, and tenants are served
/// fairly by the time of their calls. A call without room, or whose turn does not come in time, fails with
/// [`Error::Overloaded`](crate::Error::Overloaded).
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
    /// A builder with the default limits and no host contracts.
    ///
    /// | setting | default | unit | what it bounds |
    /// |---|---|---|---|
    /// | [`trust`](Builder::trust) | [`Trust::Tenants`] | | what stands between two tenants |
    /// | [`threads`](Builder::threads) | one for each processor, at least 2 | threads | calls that run at once; slow tenants have one thread less, at least 1, beside these |
    /// | [`queue`](Builder::queue) | 64 | calls of one tenant | calls that wait or are under way; one more is [`Error::Overloaded`](crate::Error::Overloaded) |
    /// | [`patience`](Builder::patience) | 10 s, or 2 × [`Limits::wall`](crate::Limits) where that is longer | `Duration` | the wait of a call for its turn; then it is [`Error::Overloaded`](crate::Error::Overloaded) |
    /// | [`slow`](Builder::slow) | 30 ms | `Duration` | CPU time of a tenant beyond its share; the time that a call holds a thread before other tenants leave it |
    /// | [`cooldown`](Builder::cooldown) | 30 s, doubled each time, at most 128 times as long | `Duration` | how long a slow tenant is quick before it comes back |
    /// | [`probation`](Builder::probation) | 0 | calls of one tenant | the first calls, which the slow threads serve |
    /// | [`memory`](Builder::memory) | 1,073,741,824 (1 GiB) | bytes | heaps and buffers of all sandboxes, or memory of all processes |
    /// | [`idle`](Builder::idle) | 300 s | `Duration` | how long a sandbox is kept that nobody calls |
    /// | `recycle`, with the feature `process` | never | calls; bytes of one process | after what a process is replaced |
    ///
    /// With these, one tenant that loops at every call makes no call of another fail, whatever the number of threads.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// The tenant of a key. Its sandbox is made at the first use.
    #[must_use]
    pub fn tenant(&self, key: &str) -> Tenant {
        Tenant { pool: self.pool.clone(), state: self.pool.shared.tenant(key) }
    }

    /// The state of the pool, and its counts since it was built.
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
    shared: Arc<PoolState>,
    tenant: Arc<TenantState>,
}

impl Admitted {
    /// A place in the queue of `tenant`, if there is room.
    fn to(shared: &Arc<PoolState>, tenant: &Arc<TenantState>) -> Result<Self> {
        let before = tenant.waiting.fetch_add(1, Ordering::SeqCst);
        count(&shared.counts.waiting);
        let admitted = Self { shared: shared.clone(), tenant: tenant.clone() };
        match before < shared.queue {
            true => Ok(admitted),
            false => Err(shared.overloaded(
                tenant,
                format!("{before} of its calls wait or are under way, and `queue` allows no more"),
            )),
        }
    }
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

    /// Evaluates a script in the tenant's sandbox and checks it against the contract `C`. The proxy calls the script there,
    /// or in a later sandbox of the tenant. The top level of the script cannot wait for the host.
    ///
    /// # Errors
    ///
    /// As of [`Sandbox::load`](crate::Sandbox::load), and [`Error::Overloaded`](crate::Error::Overloaded).
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Pooled>> {
        self.load_now(NamedContract::of::<C>(), script).map(C::proxy)
    }

    fn load_now(&self, contract: NamedContract, script: Script) -> Result<Pooled> {
        let (loading, script) = Loading::new(self.state.next_script(), contract.clone(), script);
        let id = loading.id;
        let exported = self.run(None, Deadline::NEVER, move |tenant_sandbox| loading.run(tenant_sandbox))?;
        Ok(self.pooled(id, contract, script, exported))
    }

    /// Loads a script for a contract that came as data, and returns a handle whose methods are called by name.
    ///
    /// ```
    /// # use sandbox_runtime::{Contract, Error, JsValue, OwnedContract, Result, SandboxPool, Script, sandbox_api};
    /// # #[sandbox_api(guest)]
    /// # trait Rule { fn price(&self, quantity: f64) -> Result<f64>; }
    /// let contract = OwnedContract::of::<dyn Rule>()?;
    /// let pool = SandboxPool::builder().build()?;
    /// let script = Script::new("rule.js", "export const price = (quantity) => quantity / 4;");
    /// let rule = pool.tenant("acme").load_untyped(&contract, script)?;
    /// assert_eq!(rule.call("price", &[JsValue::Number(8.0)])?, JsValue::Number(2.0));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load), and [`Error::Contract`](crate::Error::Contract) when no guest can implement the contract.
    pub fn load_untyped(&self, contract: &OwnedContract, script: Script) -> Result<UntypedGuest<Pooled>> {
        let pooled = self.load_now(NamedContract::untyped(contract)?, script)?;
        Ok(UntypedGuest::new(contract.clone(), pooled))
    }

    /// [`load_untyped`](Self::load_untyped) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`load_untyped`](Self::load_untyped).
    pub async fn load_untyped_async(
        &self,
        contract: &OwnedContract,
        script: Script,
    ) -> Result<UntypedGuest<Pooled>> {
        let pooled = self.clone().load_later(NamedContract::untyped(contract)?, script).await?;
        Ok(UntypedGuest::new(contract.clone(), pooled))
    }

    /// [`load`](Self::load) for a task, without blocking it. The future is `Send`, and needs no runtime.
    ///
    /// ```
    /// # use sandbox_runtime::{Result, SandboxPool, Script, sandbox_api};
    /// #[sandbox_api(guest)]
    /// trait Quote: Send + Sync {
    ///     async fn quote(&self, quantity: f64) -> Result<f64>;
    /// }
    ///
    /// async fn price(pool: &SandboxPool, tenant: &str, source: &str) -> Result<f64> {
    ///     let script = Script::new("rule.js", source);
    ///     let quote = pool.tenant(tenant).load_async::<dyn Quote>(script).await?;
    ///     quote.quote(8.0).await
    /// }
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// let pool = SandboxPool::builder().build()?;
    /// let source = "export const quote = async (quantity) => quantity / 4;";
    /// assert_eq!(runtime.block_on(price(&pool, "acme", source))?, 2.0);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> Loads<C::Proxy<Pooled>> {
        Loads::new(self.clone().load_later(NamedContract::of::<C>(), script), C::proxy)
    }

    async fn load_later(self, contract: NamedContract, script: Script) -> Result<Pooled> {
        let (loading, script) = Loading::new(self.state.next_script(), contract.clone(), script);
        let id = loading.id;
        let exported = self.ask(move |tenant_sandbox| loading.run(tenant_sandbox)).await?;
        Ok(self.pooled(id, contract, script, exported))
    }

    fn pooled(&self, id: u64, contract: NamedContract, script: Script, exported: Vec<bool>) -> Pooled {
        let (shared, owner) = (self.pool.shared.clone(), self.state.clone());
        let loaded = Arc::new(Loaded { id, script, contract, exported, shared, owner });
        Pooled { tenant: self.clone(), loaded, deadline: Deadline::NEVER }
    }

    /// Makes the tenant's sandbox now, if it has none, so that its next call is faster.
    ///
    /// # Errors
    ///
    /// [`Error::Build`](crate::Error::Build), [`Error::Overloaded`](crate::Error::Overloaded), [`Error::Blocking`](crate::Error::Blocking).
    pub fn warm_up(&self) -> Result<()> {
        self.run(None, Deadline::NEVER, |_| Ok(()))
    }

    /// [`warm_up`](Self::warm_up) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`warm_up`](Self::warm_up).
    pub async fn warm_up_async(&self) -> Result<()> {
        self.ask(|_| Ok(())).await
    }

    /// The usage of its guests, in all sandboxes that the tenant has had. With [`Trust::SameTenant`], the usage of all
    /// realms of its isolate.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.state.usage()
    }

    /// Takes the output of a console that [captures](crate::Console::Capture), since it was last taken.
    #[must_use]
    pub fn take_console(&self) -> ConsoleOutput {
        match self.pool.shared.isolation.is_shared() {
            true => self.pool.shared.settings.captured.take(),
            false => self.state.captured.take(),
        }
    }

    fn admitted(&self) -> Result<Admitted> {
        Admitted::to(&self.pool.shared, &self.state)
    }

    /// The thread of its sandbox. The thread changes when the tenant becomes slow, or quick again, or when a call of another
    /// tenant holds it.
    fn thread(&self) -> Arc<WorkerThread> {
        let is_here = |at: usize| self.pool.threads[at].is_here();
        let at = self.pool.shared.place(&self.state, is_here);
        self.pool.threads[at].clone()
    }
}

/// The first load of a script.
struct Loading {
    id: u64,
    script: Script,
    contract: NamedContract,
}

impl Loading {
    fn new(id: u64, contract: NamedContract, script: Script) -> (Self, Script) {
        (Self { id, script: script.clone(), contract }, script)
    }

    fn run(self, tenant_sandbox: &TenantSandbox) -> Result<Vec<bool>> {
        tenant_sandbox.backend.bind(self.id, &self.script, self.contract, Deadline::NEVER)
    }
}
