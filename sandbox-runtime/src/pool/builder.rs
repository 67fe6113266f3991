//! The builder of a pool: its settings, their checks, and the start of its threads.

use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sandbox_core::{OwnedContract, UntypedHost};

use super::isolation::Isolation;
use super::metrics::Counts;
use super::state::{HostFactory, PoolState};
#[cfg(feature = "process")]
use super::tenant_backend::RecycleCount;
use super::tenant_sandbox::TenantSandboxes;
use super::{Pool, SandboxPool};
use crate::contract::HostContract;
use crate::error::{Amount, Error, Result};
use crate::isolate::Host;
use crate::isolate::engine::{self, Engine};
use crate::options::Settings;
use crate::site::builder::{Buildable, Builder};
use crate::site::typed::worker::{Priority, WorkerThread};

/// How far the tenants of a [`SandboxPool`] trust each other. The level decides what separates two tenants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// The keys are one tenant, such as the rules of one customer. Each key has a realm: a global with its own intrinsics.
    /// The realms of a thread share a heap, and are discarded together. With the builder's `transport`, that heap is in a
    /// process.
    SameTenant,
    /// Tenants do not trust each other. Each key has an isolate, with a heap and limits of its own. With the builder's
    /// `transport`, that isolate is in a process of its own. The default.
    #[default]
    Tenants,
    /// Tenants attack the engine itself. Each key has a process.
    ///
    /// With a small script such a process has 20 MiB resident, which is what [`memory`](Builder::memory) counts. Of these,
    /// 2.7 MiB are its own, and all processes share the program's pages. So ten processes take 7 to 9 MiB each (x86-64,
    /// Linux 6.18, V8).
    #[cfg(feature = "process")]
    Hostile,
}

/// The settings that only a pool has.
#[doc(hidden)]
pub struct PoolParts {
    hosts: Vec<HostFactory>,
    trust: Trust,
    #[cfg(feature = "process")]
    process: Option<crate::process::Process>,
    #[cfg(feature = "process")]
    recycle: RecycleCount,
    threads: usize,
    memory: u64,
    idle: Duration,
    queue: usize,
    patience: Option<Duration>,
    slow: Duration,
    cooldown: Duration,
    probation: u32,
}

/// The default time that a call waits for its turn. The time is longer where calls may be longer.
const PATIENCE: Duration = Duration::from_secs(10);

impl Default for PoolParts {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            trust: Trust::default(),
            #[cfg(feature = "process")]
            process: None,
            #[cfg(feature = "process")]
            recycle: RecycleCount::default(),
            // While one thread is held by a call that does not end, another serves the other tenants.
            threads: std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get).max(2),
            memory: 1 << 30,
            idle: Duration::from_secs(300),
            queue: 64,
            patience: None,
            slow: Duration::from_millis(30),
            cooldown: Duration::from_secs(30),
            probation: 0,
        }
    }
}

impl Buildable for SandboxPool {
    type Hosts = PoolParts;
}

/// The settings of a pool; [`SandboxPool::builder`] has the table of their defaults.
impl Builder<SandboxPool> {
    /// Gives guests a contract that the host implements. `host` makes the implementation for the sandbox of a tenant, and
    /// gets the tenant's key. Realms that share an isolate (see [`Trust::SameTenant`]) have one implementation, made with an
    /// empty key. `host` runs on the thread of the sandbox, each time that a sandbox is made.
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

    /// Gives guests a contract that came as data. `host` makes the implementation as the function given to
    /// [`host`](Self::host) does. See [`UntypedHost`].
    ///
    /// ```
    /// # use sandbox_runtime::{Contract, Error, JsValue, OwnedContract, SandboxPool, UntypedHostCall, sandbox_api};
    /// # #[sandbox_api(host)]
    /// # trait Shop { fn name(&self) -> String; }
    /// let contract = OwnedContract::of::<dyn Shop>()?;
    /// let builder = SandboxPool::builder().untyped_host(&contract, |tenant| {
    ///     let name = JsValue::from(tenant);
    ///     move |_: UntypedHostCall| Ok::<_, Error>(name.clone())
    /// });
    /// let pool = builder.build()?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn untyped_host<H: UntypedHost>(
        mut self,
        contract: &OwnedContract,
        host: impl Fn(&str) -> H + Send + Sync + 'static,
    ) -> Self {
        let (nth, contract) = (self.hosts.hosts.len(), contract.clone());
        self.hosts.hosts.push(Arc::new(move |tenant| Host::owned(nth, contract.clone(), host(tenant))));
        self
    }

    /// Sets what separates two tenants. Default: [`Trust::Tenants`].
    pub fn trust(mut self, trust: Trust) -> Self {
        self.hosts.trust = trust;
        self
    }

    /// Runs guests in processes, and sets how these are started. Each tenant has a process. With [`Trust::SameTenant`] each
    /// thread has a process, in which each tenant has a realm. With [`Trust::Hostile`] the call is optional, and the default
    /// is this very executable.
    #[cfg(feature = "process")]
    pub fn transport(mut self, process: crate::process::Process) -> Self {
        self.hosts.process = Some(process);
        self
    }

    /// Sets after how many calls (loads count too), and with how many bytes in memory, a process is replaced. `None` is no
    /// bound, and is the default of both. The pool checks this before a call. If tenants share a process, each one
    /// moves to the new process at its next call. The old process ends after the last of them has moved.
    #[cfg(feature = "process")]
    pub fn recycle(mut self, calls: impl Into<Option<u64>>, bytes: impl Into<Option<u64>>) -> Self {
        self.hosts.recycle = RecycleCount { calls: calls.into(), bytes: bytes.into() };
        self
    }

    /// Sets the number of threads that serve the tenants. Default: the number of processors, and at least two. Slow tenants
    /// have other threads: one fewer, but at least one.
    ///
    /// With one thread, calls wait for the end of the call that holds it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.hosts.threads = threads;
        self
    }

    /// Sets the memory of all sandboxes together, in bytes of heaps and ArrayBuffers, or of processes. Default: 1 GiB.
    /// Beyond this, the sandbox that was unused for longest is discarded first. When all are in use, no further sandbox is
    /// made, and the call fails with [`Error::Overloaded`]. An idle sandbox takes about 3 MiB, an idle process 20 MiB, and
    /// `build` refuses less. On QuickJS it refuses less than 1 MiB and 8 MiB.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.hosts.memory = bytes;
        self
    }

    /// Sets how long an unused sandbox is kept. Default: 5 minutes.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.hosts.idle = idle;
        self
    }

    /// Sets how many calls of one tenant may wait or be under way. Default: 64. One more fails with [`Error::Overloaded`].
    pub fn queue(mut self, calls: usize) -> Self {
        self.hosts.queue = calls;
        self
    }

    /// Sets how long a call waits for its turn. Default: 10 seconds, or twice [`Limits::wall`](crate::Limits) where that is
    /// longer. Then the call fails with [`Error::Overloaded`].
    ///
    /// A call that has begun can hold its thread for `wall`. With a shorter wait than that, one loop can make calls of other
    /// tenants fail.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.hosts.patience = Some(patience);
        self
    }

    /// Sets how much processor time a tenant may use beyond its share, in one call or in many. The share is an equal part of
    /// half of the threads' time. Default: 30 ms. A tenant that uses more is slow, and so is one whose call was ended by a
    /// limit.
    ///
    /// A slow tenant is served on other threads, which on Linux have the lowest priority. The tenant comes back when it has
    /// been quick for [`cooldown`](Self::cooldown).
    ///
    /// A call that holds its thread for longer than this delays no other tenant. Tenants that are quick are served by a free
    /// thread, in a new sandbox. A tenant stays while the call has taken less than ten times the time to make the tenant's
    /// sandbox. A tenant also stays where `memory` has no room for a second sandbox.
    pub fn slow(mut self, slow: Duration) -> Self {
        self.hosts.slow = slow;
        self
    }

    /// Sets how long a slow tenant must be quick before it comes back. Default: 30 seconds. The time doubles each time that
    /// the tenant becomes slow again, up to 128 times.
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.hosts.cooldown = cooldown;
        self
    }

    /// Sets how many of a new tenant's calls are made on the slow threads first. Default: 0. Loading a script counts as a
    /// call.
    ///
    /// Probation is for tenants whose first call may already be an attack. Each new tenant that loops would otherwise hold a
    /// quick thread once, for as long as a call may take. The cost is one more sandbox for each tenant.
    pub fn probation(mut self, calls: u32) -> Self {
        self.hosts.probation = calls;
        self
    }

    /// Makes the pool and its threads, but no sandbox.
    ///
    /// # Errors
    ///
    /// [`Error::Build`] when a limit is out of range, when no thread can be started, or when processes cannot be started.
    /// [`Error::Build`] also refuses no threads, an empty queue, less [`memory`](Self::memory) than one sandbox takes, and
    /// `recycle` without processes.
    pub fn build(self) -> Result<SandboxPool> {
        self.settings.check().map_err(Error::build)?;
        let parts = self.hosts;
        #[cfg(feature = "process")]
        let isolation = Isolation::of(parts.trust, parts.process, parts.recycle).map_err(Error::build)?;
        #[cfg(not(feature = "process"))]
        let isolation = Isolation::of(parts.trust);
        #[cfg(feature = "process")]
        if let Some(processes) = isolation.processes() {
            processes.process.check()?;
        }
        if parts.threads == 0 || parts.queue == 0 {
            return Err(Error::build("`threads` and `queue` of a pool must be at least 1"));
        }
        // No tenant could keep its sandbox between two calls.
        let least = least_memory(isolation.is_away());
        if parts.memory < least {
            let [least, given] = [least, parts.memory].map(Amount::Bytes);
            return Err(Error::build(format!(
                "`memory` of a pool must be at least {least}, which one sandbox takes, and is {given}"
            )));
        }
        // Only where isolates are in this process. A thread of low priority must not start the engine, because the engine's
        // own threads would inherit the priority.
        if !isolation.is_away() {
            engine::start();
        }
        let start = |priority| {
            let name = if priority == Priority::Low { "sandbox-slow" } else { "sandbox-pool" };
            WorkerThread::start(name, self.settings.limits.stack, priority, TenantSandboxes::on_thread)
                .map(Arc::new)
        };
        // A processor that runs a thread of low priority is not idle, and the system moves work only to an idle one. With
        // all processors taken, a quick thread was seen to wait for milliseconds behind another. So slow tenants leave one
        // free.
        let slow = parts.threads.saturating_sub(1).max(1);
        let quick = std::iter::repeat_n(Priority::Normal, parts.threads);
        let priorities = quick.chain(std::iter::repeat_n(Priority::Low, slow));
        let threads = priorities.map(start).collect::<Result<Vec<_>>>()?;
        // The time that a begun call can hold the thread, and as much again.
        let patience = PATIENCE.max(2 * self.settings.limits.wall);
        let shared = PoolState {
            // The exact CPU time tells slow tenants from quick ones.
            settings: Settings { exact_cpu: true, ..self.settings },
            hosts: parts.hosts,
            isolation,
            lane: parts.threads,
            most: parts.memory,
            idle: parts.idle,
            queue: parts.queue,
            patience: parts.patience.unwrap_or(patience),
            slow: parts.slow,
            cooldown: parts.cooldown,
            probation: parts.probation,
            mailboxes: threads.iter().map(|thread| thread.mailbox().clone()).collect(),
            threads: threads.iter().map(Arc::downgrade).collect(),
            tenant_counts: threads.iter().map(|_| AtomicUsize::default()).collect(),
            memory: AtomicU64::default(),
            counts: Counts::default(),
            tenants: Mutex::default(),
        };
        Ok(SandboxPool { pool: Arc::new(Pool { shared: Arc::new(shared), threads }) })
    }
}

/// The memory of one sandbox with a small script, in bytes. Without it, each call would make its sandbox anew.
const fn least_memory(is_away: bool) -> u64 {
    match (Engine::CURRENT, is_away) {
        (Engine::V8, false) => 3 << 20,
        (Engine::V8, true) => 20 << 20,
        (_, false) => 1 << 20,
        (_, true) => 8 << 20,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_defaults_is_true() {
        let docs = include_str!("mod.rs");
        let row = |name: &str| {
            let has_name = |line: &&str| line.trim_start().starts_with(&format!("/// | [`{name}`]"));
            let row = docs.lines().find(has_name).unwrap_or_else(|| panic!("`{name}` is in the table"));
            row.split('|').nth(2).unwrap_or_default().trim().to_owned()
        };
        let parts = PoolParts::default();
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        assert_eq!(row("trust"), format!("[`Trust::{:?}`]", parts.trust));
        assert_eq!(
            (row("threads").as_str(), parts.threads),
            ("one for each processor, at least 2", processors.max(2))
        );
        assert_eq!(row("queue"), parts.queue.to_string());
        assert!(
            parts.patience.is_none()
                && row("patience").starts_with(&format!("{PATIENCE:?}").replace('s', " s"))
        );
        assert_eq!(row("slow"), format!("{} ms", parts.slow.as_millis()));
        assert!(row("cooldown").starts_with(&format!("{} s", parts.cooldown.as_secs())));
        assert_eq!(row("probation"), parts.probation.to_string());
        assert_eq!((row("memory").as_str(), parts.memory), ("1,073,741,824 (1 GiB)", 1 << 30));
        assert_eq!(row("idle"), format!("{} s", parts.idle.as_secs()));
    }

    #[test]
    fn a_call_waits_longer_than_another_may_take() {
        let wall = Duration::from_secs(60);
        let limits = crate::Limits { wall, ..crate::Limits::default() };
        let pool = SandboxPool::builder().limits(limits).threads(1).build().expect("a pool");
        assert_eq!(pool.pool.shared.patience, 2 * wall);
        let pool = SandboxPool::builder().threads(1).build().expect("a pool");
        assert_eq!(pool.pool.shared.patience, PATIENCE);
    }
}
