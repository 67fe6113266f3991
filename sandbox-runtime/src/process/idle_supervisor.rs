//! Supervises children that have no call.
//!
//! One thread of the process checks the guards of all such children at intervals.
//!
//! A child whose call is over should be idle. A child that an attacker controls could compute and fill memory, and no caller
//! would notice until the next call.

use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::guard::Guard;
use super::spawn::{self, ChildProcess};
use crate::error::Death;
use crate::site::wired::link::Keeper as _;

/// The interval of checks.
const ROUND: Duration = Duration::from_millis(100);
/// The CPU time that an engine may use after a call, on all its threads and in one interval, to collect garbage and compile.
const LEISURE: Duration = Duration::from_millis(40);
/// The further CPU time over all intervals: a token bucket.
const PATIENCE: Duration = Duration::from_millis(600);

/// A supervised child.
struct SupervisedChild {
    guard: Weak<Guard>,
    process: Weak<ChildProcess>,
    cpu: Duration,
    allowed: Duration,
    /// The CPU time beyond the allowance.
    debt: Duration,
}

struct IdleSupervisor {
    children: Mutex<Vec<SupervisedChild>>,
    /// Notified when there is a child to supervise.
    some: Condvar,
}

static SUPERVISOR: LazyLock<Option<IdleSupervisor>> = LazyLock::new(|| {
    let thread = std::thread::Builder::new().name("sandbox-supervisor".into()).spawn(walk);
    thread.ok().map(|_| IdleSupervisor { children: Mutex::default(), some: Condvar::new() })
});

/// Supervises a child until it is dropped.
pub(super) fn look_after(guard: &Arc<Guard>, process: &Arc<ChildProcess>) {
    if let Some(supervisor) = &*SUPERVISOR {
        let (guard, process) = (Arc::downgrade(guard), Arc::downgrade(process));
        let mut children = supervisor.children.lock().unwrap_or_else(PoisonError::into_inner);
        children.push(SupervisedChild {
            guard,
            process,
            cpu: Duration::ZERO,
            allowed: Duration::ZERO,
            debt: Duration::ZERO,
        });
        supervisor.some.notify_one();
    }
}

fn walk() {
    let Some(supervisor) = &*SUPERVISOR else { return };
    loop {
        {
            let children = supervisor.children.lock().unwrap_or_else(PoisonError::into_inner);
            let mut children = supervisor
                .some
                .wait_while(children, |children| children.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            children.retain_mut(SupervisedChild::is_in_order);
        }
        spawn::reap_spares();
        std::thread::sleep(ROUND);
    }
}

impl SupervisedChild {
    /// Whether the child is in order, and stays supervised.
    fn is_in_order(&mut self) -> bool {
        let (Some(guard), Some(process)) = (self.guard.upgrade(), self.process.upgrade()) else {
            return false;
        };
        let cpu = guard.cpu();
        let allowed = guard.allowed_cpu();
        // The CPU time of its calls, and of waiting for the next one, is allowed.
        let had = allowed.saturating_sub(std::mem::replace(&mut self.allowed, allowed));
        let used = cpu.saturating_sub(std::mem::replace(&mut self.cpu, cpu)).saturating_sub(had);
        // During a call, the caller checks the child.
        let is_idle = guard.end().is_never();
        let used = if is_idle { used } else { Duration::ZERO };
        self.debt = (self.debt + used).saturating_sub(LEISURE);
        if is_idle && process.has_ended() {
            // The next caller gets the error.
            return false;
        }
        if guard.has_many_threads() || is_idle && guard.exceeds() {
            // The next caller gets the error.
        } else if self.debt >= PATIENCE {
            guard.condemn(Death::protocol("computing without a call"));
        } else {
            return true;
        }
        // Not reaped here, because other children must be checked.
        process.kill();
        true
    }
}
