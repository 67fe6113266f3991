//! The hardening of a process: what it gives up before it runs a guest.
//!
//! `process::run` calls the two stages in a child.
//!
//! There are two stages, because the engine needs files and threads to start, and needs neither later:
//!
//! 1. [`early`], first of all, while the process has one thread. Measures that apply to a thread and its descendants then
//!    apply to the whole process: namespaces, capabilities, Landlock. Descriptors that were left open are closed.
//! 2. [`late`], when the engine has started, its threads too, and the isolate is there: the filter of calls of the kernel
//!    ([`filter`]). From here on, a call that is not on the list kills the process with `SIGSYS`, and no thread can be
//!    started.
//!
//! The first stage takes 0.3 ms and the second 0.4 ms. The engine measures its clock for 3 ms, from the end of the first
//! stage on. The engine and a first isolate take as long (a debug build on x86-64, Linux 6.18).
//!
//! No guest may run between the two. A missing layer is in the report, or an error: see [`Hardening`].

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod linux;
mod sys;

use std::io::{self, Write};
use std::panic::PanicHookInfo;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;
use serde::{Deserialize, Serialize};

use crate::site::wired::hardening::{Hardening, HardeningError, HardeningReport, LayerState, Measure};

/// The measures to take in a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Whether a missing layer is an error.
    pub policy: Hardening,
    /// The one descriptor that is kept, beside standard input, output and error. This should be a connected stream or
    /// seqpacket socket, because a datagram socket can send a message to another address.
    pub channel: i32,
    /// The process that started this one. The thread that started the child must exist as long as the child, because the
    /// kernel kills the child when that thread ends.
    pub parent: u32,
    /// Whether standard error is kept, for the engine's message when it ends the process. Standard error should be a pipe: a
    /// file cannot grow.
    pub keeps_stderr: bool,
    /// Whether the process gets a user namespace, and in it the other namespaces.
    pub namespaces: bool,
    /// How many descriptors it may have open. Descriptors received over the channel count.
    pub descriptors: u64,
    /// CPU time of the whole process. Beyond it, the kernel ends the process with `SIGXCPU`.
    pub cpu_seconds: Option<u64>,
    /// Measures that are left out, for tests that show what one defence does.
    pub without: Vec<Measure>,
}

impl Plan {
    /// A plan for a process that `parent` has started.
    #[must_use]
    pub fn new(parent: u32, channel: i32) -> Self {
        Self {
            policy: Hardening::default(),
            channel,
            parent,
            keeps_stderr: false,
            namespaces: false,
            descriptors: 64,
            cpu_seconds: None,
            without: Vec::new(),
        }
    }

    fn wants(&self, measure: Measure) -> bool {
        let asked = match measure {
            Measure::UserNamespace | Measure::NetworkNamespace | Measure::IpcNamespace => self.namespaces,
            // The parent sets it, once it knows the memory of the sandbox.
            Measure::MemoryLimit => false,
            Measure::CpuLimit => self.cpu_seconds.is_some(),
            _ => true,
        };
        asked && !self.without.contains(&measure)
    }

    /// Takes measures in turn, and notes their states.
    fn take(&self, report: &mut HardeningReport, measures: &[Measure]) -> Result<(), HardeningError> {
        for &measure in measures.iter().filter(|measure| self.wants(**measure)) {
            let state = match system::take(self, measure) {
                Ok(detail) => LayerState::Active { detail },
                Err(HardenRefusal::Ended) => return Err(HardeningError::Orphaned),
                Err(HardenRefusal::Missing(reason))
                    if self.policy == Hardening::Required && measure.is_required() =>
                {
                    return Err(HardeningError::Missing { measure, reason });
                }
                Err(HardenRefusal::Missing(reason)) => LayerState::Unavailable { reason },
            };
            report.set(measure, state);
        }
        Ok(())
    }
}

/// Why a measure was not taken.
enum HardenRefusal {
    /// The system does not support it, or does not allow it.
    Missing(String),
    /// The parent has ended.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux tells"))]
    Ended,
}

impl From<io::Error> for HardenRefusal {
    fn from(error: io::Error) -> Self {
        Self::Missing(error.to_string())
    }
}

/// The first stage. Call it before anything else, because it closes open descriptors.
///
/// # Errors
///
/// When the process has another thread, when its parent has ended, and when a layer is missing that is required. The process
/// must end then.
pub fn early(plan: &Plan) -> Result<HardeningReport, HardeningError> {
    system::check_alone().map_err(|reason| HardeningError::Threads { reason })?;
    system::read_files();
    let mut report = HardeningReport::new();
    // The seccomp filter comes last.
    let (_, first) = Measure::ALL.split_last().unwrap_or((&Measure::Seccomp, &[]));
    plan.take(&mut report, first)?;
    // The first thread beside this one.
    system::begin_to_measure();
    Ok(report)
}

/// The second stage. Call it when the engine and the isolate exist. Further isolates can be made later, on existing threads.
/// V8 starts its threads with its platform, and the watchdog starts with the first isolate.
///
/// From here on, a panic prints its message only, because the names of a backtrace are in a file.
///
/// # Errors
///
/// When the filter cannot be set and is required.
pub fn late(plan: &Plan, report: &mut HardeningReport) -> Result<(), HardeningError> {
    system::wait_for_measure();
    std::panic::set_hook(Box::new(say_panic));
    plan.take(report, &[Measure::Seccomp])
}

fn say_panic(panic: &PanicHookInfo<'_>) {
    // In one write. If it fails, no reader is there.
    _ = io::stderr().write_all(format!("{panic}\n").as_bytes());
}
