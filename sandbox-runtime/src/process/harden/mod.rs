//! What a process gives up before it runs a guest.
//!
//! It is done in two stages, for the engine needs files, threads and much else to start, and nothing of it later:
//!
//! 1. [`early`], first of all, while the process has one thread. What applies to a thread and to those that it starts is
//!    then true of all: namespaces, capabilities, Landlock. Descriptors that were left open are closed.
//! 2. [`late`], when the engine has started, its threads too, and the isolate is there: the filter of calls of the kernel
//!    ([`filter`]). From here on, a call that is not on the list kills the process with `SIGSYS`; no thread can be started.
//!
//! The first takes 0.3 ms and the second 0.4 ms, and on top of that the 3 ms, counted from the end of the first, in which the engine
//! measures its clock; the engine and a first isolate need as long (an unoptimised build on x86-64, Linux 6.18).
//!
//! Between the two no guest may run. What is missing is in the report, or an error: see [`Hardening`].

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod linux;
mod report;
mod sys;

use std::io::{self, Write};
use std::panic::PanicHookInfo;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;
use serde::{Deserialize, Serialize};

// V8 asks for it.
#[cfg(all(target_os = "linux", not(feature = "quickjs")))]
pub(crate) use sys::random;

pub use report::{Hardening, HardeningError, HardeningReport, Layer, LayerState, Measure};

/// What is to be done to a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Whether it is an error that a layer is missing.
    pub policy: Hardening,
    /// The one descriptor that is kept, beside standard input, output and error. It should be a connected socket of the kind
    /// stream or seqpacket, for on a datagram socket a message can be sent to another address.
    pub channel: i32,
    /// The process that started this one. The thread of it that did is to live as long as the child may, for the kernel kills the
    /// child when that thread ends.
    pub parent: u32,
    /// Whether standard error stays what it is, for what the engine says when it ends the process. It should be a pipe: a file
    /// cannot grow.
    pub keeps_stderr: bool,
    /// Whether it gets a user namespace of its own, and in it the other ones.
    pub namespaces: bool,
    /// How many descriptors it may have open; those that come over the channel count.
    pub descriptors: u64,
    /// CPU time of the whole process. After it the kernel ends it with `SIGXCPU`.
    pub cpu_seconds: Option<u64>,
    /// Measures that are left out. For tests: what one defence catches is seen when the others are not there.
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
            // The parent takes it, when it knows what there is.
            Measure::MemoryLimit => false,
            Measure::CpuLimit => self.cpu_seconds.is_some(),
            _ => true,
        };
        asked && !self.without.contains(&measure)
    }

    /// Takes measures in turn, and notes what became of them.
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
    /// The system has no such thing, or does not allow it.
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

/// The first stage. To be called before anything else, for it closes what is open.
///
/// # Errors
///
/// When the process has another thread, when its parent has ended, and when a layer is missing that is required. The
/// process is to end then.
pub fn early(plan: &Plan) -> Result<HardeningReport, HardeningError> {
    system::check_alone().map_err(|reason| HardeningError::Threads { reason })?;
    system::read_files();
    let mut report = HardeningReport::new();
    // The seccomp filter is the last of all.
    let (_, first) = Measure::ALL.split_last().unwrap_or((&Measure::Seccomp, &[]));
    plan.take(&mut report, first)?;
    // The first thread beside this one.
    system::begin_to_measure();
    Ok(report)
}

/// The second stage, to be called when the engine and the isolate are there. Further isolates can be made later, on threads that are
/// there: V8 starts its own with its platform, and the watchdog starts with the first isolate.
///
/// From here on a panic says its message and no more, for the names of a backtrace are in a file.
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
    // In one piece. Where it cannot be said, nobody listens.
    _ = io::stderr().write_all(format!("{panic}\n").as_bytes());
}
