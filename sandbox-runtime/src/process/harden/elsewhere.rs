//! The measures of other systems: the limits that Unix has.

use super::{HardenRefusal, Measure, Plan};

/// It cannot be told, and nothing here is of one thread.
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
    HardenRefusal::Missing(format!("there is no such thing on {}", std::env::consts::OS))
}
