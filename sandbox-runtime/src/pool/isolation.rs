//! [`Isolation`]: what separates two tenants of a pool, as `Trust` and `transport` of the builder say together.
//!
//! `builder` makes it, and refuses `recycle` without processes. `tenant_sandbox` makes the sandboxes that it asks for.

use super::Trust;
#[cfg(feature = "process")]
use super::tenant_backend::RecycleCount;
#[cfg(feature = "process")]
use crate::process::Process;

/// The separation of two tenants. Each combination of the builder's settings is one of these.
#[derive(Clone)]
pub(super) enum Isolation {
    /// Each tenant has a realm, in an isolate of its thread.
    Realms,
    /// Each tenant has an isolate.
    Isolates,
    /// Each tenant has a realm, in a process of its thread.
    #[cfg(feature = "process")]
    ProcessRealms(Processes),
    /// Each tenant has a process.
    #[cfg(feature = "process")]
    Processes(Processes),
}

/// How processes are started, and after how much use they are replaced.
#[cfg(feature = "process")]
#[derive(Clone)]
pub(super) struct Processes {
    pub(super) process: Process,
    pub(super) recycle: RecycleCount,
}

impl Isolation {
    #[cfg(feature = "process")]
    pub(super) fn of(trust: Trust, process: Option<Process>, recycle: RecycleCount) -> Result<Self, String> {
        let processes = |process| Processes { process, recycle };
        match (trust, process) {
            (Trust::SameTenant, Some(process)) => Ok(Self::ProcessRealms(processes(process))),
            (Trust::Tenants, Some(process)) => Ok(Self::Processes(processes(process))),
            (Trust::Hostile, process) => Ok(Self::Processes(processes(process.unwrap_or_default()))),
            (_, None) if !recycle.is_never() => {
                Err("`recycle` needs processes: add `transport`, or set `trust(Trust::Hostile)`".to_owned())
            }
            (Trust::SameTenant, None) => Ok(Self::Realms),
            (Trust::Tenants, None) => Ok(Self::Isolates),
        }
    }

    #[cfg(not(feature = "process"))]
    pub(super) fn of(trust: Trust) -> Self {
        match trust {
            Trust::SameTenant => Self::Realms,
            Trust::Tenants => Self::Isolates,
        }
    }

    /// The processes, where there are any.
    #[cfg(feature = "process")]
    pub(super) fn processes(&self) -> Option<&Processes> {
        match self {
            Self::Realms | Self::Isolates => None,
            Self::ProcessRealms(processes) | Self::Processes(processes) => Some(processes),
        }
    }

    /// Whether guests run in other processes than this one.
    pub(super) fn is_away(&self) -> bool {
        !matches!(self, Self::Realms | Self::Isolates)
    }

    /// Whether the tenants of a thread share an isolate, and so its hosts, its console and its bill.
    pub(super) fn is_shared(&self) -> bool {
        match self {
            Self::Realms => true,
            Self::Isolates => false,
            #[cfg(feature = "process")]
            Self::ProcessRealms(_) => true,
            #[cfg(feature = "process")]
            Self::Processes(_) => false,
        }
    }
}

#[cfg(all(test, feature = "process"))]
mod tests {
    use super::*;

    #[test]
    fn each_combination_of_settings_is_an_isolation() {
        let of =
            |trust, process: Option<Process>| match Isolation::of(trust, process, RecycleCount::default())
                .expect("it is legal")
            {
                Isolation::Realms => "realms",
                Isolation::Isolates => "isolates",
                Isolation::ProcessRealms(_) => "realms in processes",
                Isolation::Processes(_) => "processes",
            };
        for (trust, here, away) in [
            (Trust::SameTenant, "realms", "realms in processes"),
            (Trust::Tenants, "isolates", "processes"),
            (Trust::Hostile, "processes", "processes"),
        ] {
            assert_eq!((of(trust, None), of(trust, Some(Process::new()))), (here, away), "{trust:?}");
        }
    }
}
