//! The hardening measures of Linux.
//!
//! `harden::early` and `harden::late` call [`take`] for each measure in turn.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, RestrictionStatus, Ruleset,
    RulesetAttr, RulesetStatus, Scope,
};

use super::{HardenRefusal, Measure, Plan, filter, sys};
use crate::isolate::{clock, engine};

/// The newest Landlock that the crate knows. An older kernel enforces the part that it supports.
const NEWEST: ABI = ABI::V10;

/// Returns an error if this process has more than one thread, or if the number is unknown.
pub(super) fn check_alone() -> Result<(), String> {
    match std::fs::read_dir("/proc/self/task").map(Iterator::count) {
        Ok(1) => Ok(()),
        Ok(threads) => Err(format!("it has {threads} threads")),
        // Without /proc: `unshare(CLONE_THREAD)` succeeds in a process of one thread only.
        Err(_) => sys::unshare(libc::CLONE_THREAD).map_err(|error| match error.raw_os_error() {
            Some(libc::EINVAL) => "it has other threads".to_owned(),
            _ => format!("the number of its threads is unknown: {error}"),
        }),
    }
}

/// Reads files that are otherwise read once at their first use, while files can be opened.
///
/// Code that reads such a file after the filter is killed. The files were found by running guests in a process without the
/// filter, and looking at what it opens. `/dev/urandom` cannot be read beforehand, so the engine has another source.
pub(super) fn read_files() {
    clock::calibrate();
    engine::read_files();
    // Where the stack of this thread ends.
    _ = stacker::remaining_stack();
    sys::one_arena();
}

/// Makes the engine measure its clock while the engine starts, from the end of the first stage on.
pub(super) fn begin_to_measure() {
    // Where no thread can be started, the second stage measures.
    _ = std::thread::Builder::new().name("sandbox-clock".into()).spawn(engine::measure_clock);
}

/// Waits for the end of the measurement.
pub(super) fn wait_for_measure() {
    engine::measure_clock();
}

/// Takes one measure. Returns its extent.
pub(super) fn take(plan: &Plan, measure: Measure) -> Result<String, HardenRefusal> {
    match measure {
        Measure::Descriptors => close_descriptors(plan),
        Measure::ProcessGroup => leave_session(),
        Measure::UserNamespace => unshare(libc::CLONE_NEWUSER),
        Measure::NetworkNamespace => unshare(libc::CLONE_NEWNET),
        Measure::IpcNamespace => unshare(libc::CLONE_NEWIPC),
        Measure::Capabilities => {
            // Where ambient capabilities are unknown, there are none.
            _ = sys::set_ambient_none();
            sys::drop_capabilities()?;
            Ok("no capability is left".into())
        }
        Measure::NoNewPrivileges => {
            sys::set(libc::PR_SET_NO_NEW_PRIVS, 1)?;
            Ok("executed programs gain no rights".into())
        }
        Measure::Limits => limit(plan),
        Measure::MemoryLimit => Err(HardenRefusal::Missing("the parent sets this limit later".into())),
        Measure::CpuLimit => {
            let Some(seconds) = plan.cpu_seconds else { return Ok("no limit was asked for".into()) };
            // The second, later limit sends `SIGKILL`, in case `SIGXCPU` is ignored.
            sys::limit(libc::RLIMIT_CPU, seconds, seconds.saturating_add(1))?;
            Ok(format!("{seconds} s"))
        }
        Measure::Landlock => restrict(),
        Measure::NotDumpable => {
            sys::set(libc::PR_SET_DUMPABLE, 0)?;
            Ok("other processes cannot read the memory, and a crash writes no core dump".into())
        }
        Measure::DiesWithParent => {
            // `SIGKILL` is 9.
            sys::set(libc::PR_SET_PDEATHSIG, libc::SIGKILL.unsigned_abs().into())?;
            // A parent that ended before the line above sends no signal.
            match std::os::unix::process::parent_id() == plan.parent {
                true => Ok(format!(
                    "killed when process {} ends, which has a thread that started it and lives as long",
                    plan.parent
                )),
                false => Err(HardenRefusal::Ended),
            }
        }
        Measure::Speculation => speculate_less(),
        Measure::Seccomp => filter::set(),
    }
}

/// Turns speculation off for this thread and those that it starts, for good.
fn speculate_less() -> Result<String, HardenRefusal> {
    let kinds = [("stores", sys::STORE_BYPASS), ("indirect branches", sys::INDIRECT_BRANCH)];
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for (name, kind) in kinds {
        match sys::stop_speculation(kind) {
            Ok(how) => off.push(format!("{name}: {how}")),
            Err(error) => on.push(format!("{name}: {error}")),
        }
    }
    match on.is_empty() {
        true => Ok(off.join("; ")),
        false => Err(HardenRefusal::Missing([on, off].concat().join("; "))),
    }
}

fn close_descriptors(plan: &Plan) -> Result<String, HardenRefusal> {
    let channel = u32::try_from(plan.channel).ok().filter(|channel| *channel > 2);
    let channel = channel.filter(|_| sys::is_open(plan.channel));
    let channel = channel.ok_or_else(|| {
        HardenRefusal::Missing(format!("descriptor {} is not open, so there is no channel", plan.channel))
    })?;
    // Opened first, because Landlock forbids it later, and the file is closed with the rest.
    let null = File::options().read(true).write(true).open("/dev/null");
    let null =
        null.map_err(|error| io::Error::new(error.kind(), format!("/dev/null cannot be opened: {error}")))?;
    for standard in [0, 1, 2] {
        if standard < 2 || !plan.keeps_stderr {
            sys::duplicate(null.as_raw_fd(), standard)?;
        }
    }
    drop(null);
    match close_ranges(channel) {
        // The call exists since Linux 5.9.
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => close_each(plan.channel)?,
        result => result?,
    }
    Ok(format!("all closed but the channel, {channel}"))
}

/// Closes all descriptors from 3 on, except the channel.
fn close_ranges(channel: u32) -> io::Result<()> {
    if channel > 3 {
        sys::close_range(3, channel - 1)?;
    }
    sys::close_range(channel + 1, u32::MAX)
}

/// Closes the descriptors one by one.
fn close_each(channel: i32) -> io::Result<()> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        open.extend(entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    // The descriptor of the directory is closed already.
    open.into_iter().filter(|open| *open > 2 && *open != channel).for_each(sys::close);
    Ok(())
}

fn leave_session() -> Result<String, HardenRefusal> {
    sys::forbid_all_modes();
    match sys::new_session() {
        Ok(()) => Ok("a session of its own".into()),
        // A group leader cannot begin a session. Signals to its parent's group do not reach it anyway.
        Err(_) if sys::leads_group() => Ok("a group of its own".into()),
        Err(error) => Err(error.into()),
    }
}

/// Without a mapping of users, no user of the namespace is a user outside of it.
fn unshare(namespace: libc::c_int) -> Result<String, HardenRefusal> {
    sys::unshare(namespace)?;
    Ok("a new one".into())
}

/// Limits of what the process can use of the kernel. The limits of memory and of CPU time are set elsewhere.
///
/// `RLIMIT_NPROC` is not set, because it counts the threads of all processes of a user, and does not limit root. The filter
/// keeps the process from making others. `RLIMIT_AS` is not set, because V8 reserves more address space than it uses.
fn limit(plan: &Plan) -> Result<String, HardenRefusal> {
    // A file that grows beyond its limit raises `SIGXFSZ`, unless no file can grow.
    if plan.keeps_stderr {
        // Standard error may be a file. Its messages are lost then, and must not end the process.
        sys::ignore(libc::SIGXFSZ);
    }
    let nothing = [
        libc::RLIMIT_CORE,
        libc::RLIMIT_FSIZE,
        libc::RLIMIT_MEMLOCK,
        libc::RLIMIT_MSGQUEUE,
        libc::RLIMIT_RTPRIO,
    ];
    for resource in nothing {
        sys::limit(resource, 0, 0)?;
    }
    sys::limit(libc::RLIMIT_NOFILE, plan.descriptors, plan.descriptors)?;
    Ok(format!("{} descriptors; no file grows, no core dump, no locked memory", plan.descriptors))
}

fn restrict() -> Result<String, HardenRefusal> {
    let status = landlock().map_err(|error| HardenRefusal::Missing(error.to_string()))?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(HardenRefusal::Missing(match status.landlock {
            LandlockStatus::NotEnabled => "this kernel has Landlock, but it was not enabled at boot".into(),
            _ => "this kernel has no Landlock".into(),
        }));
    }
    let abi = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi,
        _ => ABI::Unsupported,
    };
    let since = [
        (ABI::V1, "files"),
        (ABI::V4, "TCP"),
        (ABI::V6, "abstract sockets, signals"),
        (ABI::V9, "sockets of a path"),
        (ABI::V10, "UDP"),
    ];
    let parts = since.iter().filter(|(since, _)| *since <= abi).map(|(_, part)| *part).collect::<Vec<_>>();
    Ok(format!("version {abi}: {}", parts.join(", ")))
}

/// A set of rules that handles everything and allows nothing.
fn landlock() -> Result<RestrictionStatus, landlock::RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .restrict_self()
}
