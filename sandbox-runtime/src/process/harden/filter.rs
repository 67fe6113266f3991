//! The system calls that a process may make once its engine runs. Every other call kills the process.
//!
//! The list was found by tracing all suites that run guests in processes, on x86-64 with glibc. Each entry is a call that
//! was seen, or names the case in which it is made. A guest computes: its process has its memory, the threads that it has,
//! its clock and one socket. No call takes a path, makes a descriptor, starts a thread or acts on another process.
//!
//! Rules that hold here:
//!
//! - An argument that is a set of flags is compared with the allowed flags, and not with the forbidden ones.
//! - Every entry that is left out or masked has an act in `tests/harden`, which the kernel kills.
//! - No layer under the engine opens a file or starts a thread after this: see `read_files` in `linux.rs`, and [`super::late`].

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::HardenRefusal;
use crate::Engine;

/// Calls that are allowed with any arguments.
const FREE: &[c_long] = &[
    // `recvfrom` and `sendto`, below, read and write the channel. A panic and the engine's last words go to standard error,
    // which is `/dev/null`.
    libc::SYS_write,
    libc::SYS_close,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    // Where `poll` does not exist, the C library uses this call.
    #[cfg(not(target_arch = "x86_64"))]
    libc::SYS_ppoll,
    // Operations on mapped memory. The arguments of new mappings are compared below.
    libc::SYS_munmap,
    libc::SYS_brk,
    // The end of a thread and of the process, and their numbers.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getpid,
    libc::SYS_gettid,
    // A thread that was started before the filter may make its first calls after it.
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sigaltstack,
    libc::SYS_sched_getaffinity,
    // A contended lock of Abseil or Rust reads the priority of the thread, and yields its turn.
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    // Signals that the process receives, and an abort. None of these calls sends a signal.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    // Restarts a wait after the process was stopped.
    libc::SYS_restart_syscall,
    // Time, where it is not read without a call.
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_gettimeofday,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
    // Seeds.
    libc::SYS_getrandom,
];

/// `FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME`, which are combined with the operation.
const FUTEX_FLAGS: u64 = 128 | 256;

/// Operations on a futex: to wait and to wake.
const FUTEXES: &[libc::c_int] = &[
    libc::FUTEX_WAIT,
    libc::FUTEX_WAKE,
    libc::FUTEX_WAIT_BITSET,
    // Condition variables of musl.
    #[cfg(target_env = "musl")]
    libc::FUTEX_REQUEUE,
];

/// Advice about memory. V8 gives `DONTNEED`, `DONTFORK`, `DONTDUMP` and `DODUMP`. Allocators of an application may give
/// `FREE` and advice about huge pages, which are counted like others.
const ADVICE: &[libc::c_int] = &[
    libc::MADV_DONTNEED,
    libc::MADV_FREE,
    libc::MADV_DONTFORK,
    libc::MADV_DONTDUMP,
    libc::MADV_DODUMP,
    libc::MADV_HUGEPAGE,
    libc::MADV_NOHUGEPAGE,
];

/// `PR_SET_VMA_ANON_NAME`: names a piece of memory.
const ANONYMOUS_NAME: u64 = 0;

/// Sets the filter for all threads.
pub(super) fn set() -> Result<String, HardenRefusal> {
    let refusal = |error: &dyn std::error::Error| HardenRefusal::Missing(error.to_string());
    let allowed = allowed(std::process::id()).map_err(|error| refusal(&error))?;
    let count = allowed.len();
    let program = compile(allowed).map_err(|error| refusal(&error))?;
    seccompiler::apply_filter_all_threads(&program).map_err(|error| refusal(&error))?;
    Ok(format!("{count} calls are allowed, in all threads, and none that starts a thread"))
}

type Calls = Vec<(c_long, Vec<SeccompRule>)>;

fn compile(allowed: Calls) -> Result<BpfProgram, seccompiler::BackendError> {
    let calls = allowed.into_iter().collect::<BTreeMap<_, _>>();
    let target = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(calls, SeccompAction::KillProcess, SeccompAction::Allow, target)?.try_into()
}

/// The list: calls, and the conditions on their arguments.
fn allowed(process: u32) -> Result<Calls, seccompiler::BackendError> {
    let mut calls = FREE.iter().map(|call| (*call, Vec::new())).collect::<Calls>();
    calls.push((libc::SYS_futex, one_of(1, !FUTEX_FLAGS, FUTEXES)?));
    calls.push((libc::SYS_madvise, one_of(2, u64::MAX, ADVICE)?));
    // Rust's standard library checks a descriptor before it closes it.
    calls.push((libc::SYS_fcntl, vec![rule([is_int(1, libc::F_GETFD)])?]));
    // The name of a thread, and of a piece of memory. Abseil names its memory.
    let name = rule([is_int(0, libc::PR_SET_NAME)])?;
    let memory = rule([is_int(0, libc::PR_SET_VMA), is(1, ANONYMOUS_NAME)])?;
    calls.push((libc::SYS_prctl, vec![name, memory]));
    // The channel: no address, no out-of-band bytes, and no `sendmsg`, which could pass descriptors.
    let send = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    calls.push((libc::SYS_sendto, vec![rule([only_int(3, send), is(4, 0)])?]));
    calls.push((libc::SYS_recvfrom, vec![rule([only_int(3, libc::MSG_DONTWAIT), is(4, 0)])?]));
    // To a thread of this process, because an abort does this.
    calls.push((libc::SYS_tgkill, vec![rule([is(0, process.into())])?]));
    calls.extend(memory_calls()?);
    Ok(calls)
}

/// Memory of the process's own, which the kernel's bound counts. Nothing is mapped as code. A compiler makes memory
/// executable after it has written to it, and an engine without a compiler makes none.
fn memory_calls() -> Result<Calls, seccompiler::BackendError> {
    let data = widened(libc::PROT_READ | libc::PROT_WRITE);
    let code = if compiles() { data | widened(libc::PROT_EXEC) } else { data };
    // No file, no shared memory, and no flags that lock, fill or grow the memory.
    let flags = widened(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let beside = widened(libc::MAP_FIXED | libc::MAP_NORESERVE | libc::MAP_STACK);
    Ok(vec![
        (libc::SYS_mmap, vec![rule([only(2, data), masked(3, !beside, flags)])?]),
        (libc::SYS_mprotect, vec![rule([only(2, code)])?]),
        (libc::SYS_mremap, vec![rule([is(3, widened(libc::MREMAP_MAYMOVE))])?]),
    ])
}

/// Whether the engine makes machine code.
fn compiles() -> bool {
    Engine::CURRENT == Engine::V8
}

fn widened(flags: libc::c_int) -> u64 {
    flags.unsigned_abs().into()
}

type Condition = Result<SeccompCondition, seccompiler::BackendError>;

/// A rule whose conditions must all hold.
fn rule<const N: usize>(conditions: [Condition; N]) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
}

/// An argument equals this value.
fn is(argument: u8, value: u64) -> Condition {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value)
}

/// The bits of an `int` argument. The kernel ignores the others.
const INT: u64 = u32::MAX as u64;

/// An `int` argument equals this value.
fn is_int(argument: u8, value: libc::c_int) -> Condition {
    masked(argument, INT, widened(value))
}

/// An `int` argument has only these bits.
fn only_int(argument: u8, bits: libc::c_int) -> Condition {
    masked(argument, INT & !widened(bits), 0)
}

/// An argument has only these bits.
fn only(argument: u8, bits: u64) -> Condition {
    masked(argument, !bits, 0)
}

/// The masked bits of an argument equal this value.
fn masked(argument: u8, mask: u64, value: u64) -> Condition {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(mask), value)
}

/// An `int` argument, without some of its bits, equals one of these.
fn one_of(
    argument: u8,
    mask: u64,
    values: &[libc::c_int],
) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    values.iter().map(|value| rule([masked(argument, INT & mask, widened(*value))])).collect()
}
