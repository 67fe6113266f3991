//! The hardening of other systems than Linux: the resource limits of Unix.

use super::{HardenRefusal, Measure, Plan};

/// Always succeeds: the number of threads is unknown, and no measure here applies to one thread only.
pub(super) fn check_alone() -> Result<(), String> {
    Ok(())
}

pub(super) fn read_files() {}

pub(super) fn begin_to_measure() {}

pub(super) fn wait_for_measure() {}

#[cfg(unix)]
pub(super) fn take(plan: &Plan, measure: Measure) -> Result<String, HardenRefusal> {
    use super::sys;
    match measure {
        Measure::Limits => {
            sys::limit(libc::RLIMIT_CORE, 0, 0)?;
            sys::limit(libc::RLIMIT_FSIZE, 0, 0)?;
            sys::limit(libc::RLIMIT_NOFILE, plan.descriptors, plan.descriptors)?;
            Ok(format!("{} descriptors; no file grows, no core dump", plan.descriptors))
        }
        Measure::CpuLimit => {
            let Some(seconds) = plan.cpu_seconds else { return Ok("no limit was asked for".into()) };
            sys::limit(libc::RLIMIT_CPU, seconds, seconds.saturating_add(1))?;
            Ok(format!("{seconds} s"))
        }
        _ => Err(no_such_thing()),
    }
}

#[cfg(not(unix))]
pub(super) fn take(_: &Plan, _: Measure) -> Result<String, HardenRefusal> {
    Err(no_such_thing())
}

fn no_such_thing() -> HardenRefusal {
    HardenRefusal::Missing(format!("this measure does not exist on {}", std::env::consts::OS))
}
