//! Looks after children that nobody waits for.
//!
//! A child whose call is over has nothing to do. One that is somebody else's by now may go on computing and filling memory, and as long
//! as nobody calls it, nobody would see.

use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::guard::Guard;
use super::spawn::{self, ChildProcess};
use crate::error::Death;

/// How often it looks.
const ROUND: Duration = Duration::from_millis(100);
/// What an engine may do after a call, on all its threads and in one round: collect garbage, and compile.
const LEISURE: Duration = Duration::from_millis(40);
/// How much more than that, in all rounds together: it is a token bucket.
const PATIENCE: Duration = Duration::from_millis(600);

/// A child to look after.
struct SupervisedChild {
    guard: Weak<Guard>,
    process: Weak<ChildProcess>,
    cpu: Duration,
    allowed: Duration,
    /// What it has used beyond its leisure.
    debt: Duration,
}

struct IdleSupervisor {
    children: Mutex<Vec<SupervisedChild>>,
    /// There is somebody to look after.
    some: Condvar,
}

static SUPERVISOR: LazyLock<Option<IdleSupervisor>> = LazyLock::new(|| {
    let thread = std::thread::Builder::new().name("sandbox-supervisor".into()).spawn(walk);
    thread.ok().map(|_| IdleSupervisor { children: Mutex::default(), some: Condvar::new() })
});

/// Looks after a child until nobody has it any more.
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
    /// Whether it is there to be looked after again.
    fn is_in_order(&mut self) -> bool {
        let (Some(guard), Some(process)) = (self.guard.upgrade(), self.process.upgrade()) else {
            return false;
        };
        let cpu = guard.cpu();
        let allowed = guard.allowed_cpu();
        // What it had for its calls, and for waiting for the next one, is its own.
        let had = allowed.saturating_sub(std::mem::replace(&mut self.allowed, allowed));
        let used = cpu.saturating_sub(std::mem::replace(&mut self.cpu, cpu)).saturating_sub(had);
        // Whoever waits for a call sees to it.
        let is_idle = guard.end().is_never();
        let used = if is_idle { used } else { Duration::ZERO };
        self.debt = (self.debt + used).saturating_sub(LEISURE);
        if is_idle && process.has_ended() {
            // Whoever calls it next is told how.
            return false;
        }
        if guard.has_many_threads() || is_idle && guard.exceeds() {
            // It is told.
        } else if self.debt >= PATIENCE {
            guard.condemn(Death::Protocol { reason: "computing when it had nothing to do".into() });
        } else {
            return true;
        }
        // It is not waited for its end while others are to be looked after.
        process.kill();
        true
    }
}
