//! The system calls that a process may make once its engine runs. Every other call kills the process.
//!
//! The list was found by tracing all suites that run guests in processes, on x86-64 with glibc: each entry is a call that was seen, or
//! names the case in which it is made. A guest computes: its process has its memory, the threads that it has, its clock and one
//! socket. No call takes a path, makes a descriptor, starts a thread or acts on another process.
//!
//! Rules that hold here:
//!
//! - An argument that is a set of flags is compared with all the flags that may be set, not with those that may not.
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

/// Calls that are allowed whatever their arguments are.
const FREE: &[c_long] = &[
    // The channel is read and written by `recvfrom` and `sendto`, below. A panic and the engine's last words go to standard error,
    // which is `/dev/null`.
    libc::SYS_write,
    libc::SYS_close,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    // Where there is no `poll`, the C library takes this one for it.
    #[cfg(not(target_arch = "x86_64"))]
    libc::SYS_ppoll,
    // Memory that there is. What can be mapped is looked at below.
    libc::SYS_munmap,
    libc::SYS_brk,
    // The end of a thread and of the process, and who they are.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getpid,
    libc::SYS_gettid,
    // A thread that was started before the filter may make its first calls after it.
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sigaltstack,
    libc::SYS_sched_getaffinity,
    // A lock of Abseil's or of Rust's that is waited for: the priority of the thread is read, and its turn is passed on.
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    // Signals that the process gets, and an abort; none of these sends one.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    // A wait goes on after the process was stopped.
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

/// `FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME`, which are beside the operation.
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

/// Advice about memory: of V8 (`DONTNEED`, `DONTFORK`, `DONTDUMP`, `DODUMP`), and of allocators that an application may have
/// (`FREE`, and whether pages are huge, which are counted like others).
const ADVICE: &[libc::c_int] = &[
    libc::MADV_DONTNEED,
    libc::MADV_FREE,
    libc::MADV_DONTFORK,
    libc::MADV_DONTDUMP,
    libc::MADV_DODUMP,
    libc::MADV_HUGEPAGE,
    libc::MADV_NOHUGEPAGE,
];

/// `PR_SET_VMA_ANON_NAME`: a piece of memory gets a name.
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

/// The list: calls, and what is asked of their arguments.
fn allowed(process: u32) -> Result<Calls, seccompiler::BackendError> {
    let mut calls = FREE.iter().map(|call| (*call, Vec::new())).collect::<Calls>();
    calls.push((libc::SYS_futex, one_of(1, !FUTEX_FLAGS, FUTEXES)?));
    calls.push((libc::SYS_madvise, one_of(2, u64::MAX, ADVICE)?));
    // Rust's standard library asks it when it closes a descriptor, where it checks itself.
    calls.push((libc::SYS_fcntl, vec![rule([is_int(1, libc::F_GETFD)])?]));
    // A thread's own name, and that of a piece of memory, which Abseil gives its own.
    let name = rule([is_int(0, libc::PR_SET_NAME)])?;
    let memory = rule([is_int(0, libc::PR_SET_VMA), is(1, ANONYMOUS_NAME)])?;
    calls.push((libc::SYS_prctl, vec![name, memory]));
    // The channel: to no other address and from none, no bytes out of band, and no descriptors, which messages would have.
    let send = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    calls.push((libc::SYS_sendto, vec![rule([only_int(3, send), is(4, 0)])?]));
    calls.push((libc::SYS_recvfrom, vec![rule([only_int(3, libc::MSG_DONTWAIT), is(4, 0)])?]));
    // To a thread of this process, which is how it aborts.
    calls.push((libc::SYS_tgkill, vec![rule([is(0, process.into())])?]));
    calls.extend(memory_calls()?);
    Ok(calls)
}

/// Memory of the process's own, which the kernel's bound counts. Nothing is mapped as code: a compiler makes code of memory that it
/// has written to, and an engine without one makes none.
fn memory_calls() -> Result<Calls, seccompiler::BackendError> {
    let data = widened(libc::PROT_READ | libc::PROT_WRITE);
    let code = if compiles() { data | widened(libc::PROT_EXEC) } else { data };
    // No file, nothing that others share, nothing that is locked, filled beforehand or grows by itself.
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

/// All conditions hold.
fn rule<const N: usize>(conditions: [Condition; N]) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
}

/// An argument is this.
fn is(argument: u8, value: u64) -> Condition {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value)
}

/// The bits of an argument that is an `int`: the kernel does not look at the others.
const INT: u64 = u32::MAX as u64;

/// An argument that is an `int` is this.
fn is_int(argument: u8, value: libc::c_int) -> Condition {
    masked(argument, INT, widened(value))
}

/// An argument that is an `int` has none but these bits.
fn only_int(argument: u8, bits: libc::c_int) -> Condition {
    masked(argument, INT & !widened(bits), 0)
}

/// An argument has none but these bits.
fn only(argument: u8, bits: u64) -> Condition {
    masked(argument, !bits, 0)
}

/// Some bits of an argument are these.
fn masked(argument: u8, mask: u64, value: u64) -> Condition {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(mask), value)
}

/// An argument that is an `int`, some bits of it aside, is one of these.
fn one_of(
    argument: u8,
    mask: u64,
    values: &[libc::c_int],
) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    values.iter().map(|value| rule([masked(argument, INT & mask, widened(*value))])).collect()
}
