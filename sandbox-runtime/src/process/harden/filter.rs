//! The calls of the kernel that a process makes once its engine runs.
//!
//! Everything else kills it. The list is short because what a guest can reach is computation: the process has its memory,
//! its threads, its clock and one socket. There is no call on it that takes a path, that makes a descriptor of nothing, or that
//! does something to another process.
//!
//! No layer under the engine may open a file by then, not even one that it can do without: see `read_files` in `linux.rs`.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::Refusal;
use crate::Engine;

/// Calls that are allowed whatever their arguments are.
const FREE: &[c_long] = &[
    // Descriptors that there are. `recvmsg` brings further ones, of the host's choice.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_shutdown,
    libc::SYS_ppoll,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_lseek,
    // Memory. What may be executed is looked at below.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    // Threads of its own.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    // A thread reads its priority before it waits for a lock of Abseil's.
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_membarrier,
    // Signals that it gets; none of these sends one.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Time, and chance.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
];

/// The flags with which a C library starts a thread: everything is shared, and no namespace is new.
const THREAD: libc::c_int = libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID;

/// `CLONE_DETACHED`, which musl sets and Linux ignores.
const DETACHED: u64 = 0x0040_0000;

/// `FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME`, which are beside the operation.
const FUTEX_FLAGS: u64 = 128 | 256;

/// Operations on a futex: to wait and to wake. Those that lend priority are not among them.
const FUTEXES: [libc::c_int; 7] = [
    libc::FUTEX_WAIT,
    libc::FUTEX_WAKE,
    libc::FUTEX_REQUEUE,
    libc::FUTEX_CMP_REQUEUE,
    libc::FUTEX_WAKE_OP,
    libc::FUTEX_WAIT_BITSET,
    libc::FUTEX_WAKE_BITSET,
];

/// What may be asked of and told to a descriptor. Not who gets signals about it, and no locks.
const FILE_COMMANDS: [libc::c_int; 6] =
    [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL, libc::F_DUPFD_CLOEXEC, libc::F_GET_SEALS];

/// What a thread may set of itself: its name, and that of a piece of its memory.
const ATTRIBUTES: [libc::c_int; 2] = [libc::PR_SET_NAME, libc::PR_SET_VMA];

/// Sets the filter for all threads.
pub(super) fn set() -> Result<String, Refusal> {
    let refusal = |error: &dyn std::error::Error| Refusal::Missing(error.to_string());
    let (allowed, absent) =
        (allowed(std::process::id()).map_err(|error| refusal(&error))?, vec![(libc::SYS_clone3, vec![])]);
    let count = allowed.len();
    // The strictest answer of all filters is taken. The second one does not allow to set a third.
    let absent = compile(absent, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS.unsigned_abs()));
    let allowed = compile(allowed, SeccompAction::KillProcess, SeccompAction::Allow);
    for program in [absent, allowed] {
        let program = program.map_err(|error| refusal(&error))?;
        seccompiler::apply_filter_all_threads(&program).map_err(|error| refusal(&error))?;
    }
    Ok(format!("{count} calls are allowed, in all threads"))
}

type Calls = Vec<(c_long, Vec<SeccompRule>)>;

fn compile(
    calls: Calls,
    other: SeccompAction,
    these: SeccompAction,
) -> Result<BpfProgram, seccompiler::BackendError> {
    let calls = calls.into_iter().collect::<BTreeMap<_, _>>();
    SeccompFilter::new(calls, other, these, TargetArch::try_from(std::env::consts::ARCH)?)?.try_into()
}

/// The list: calls, and what is asked of their arguments.
fn allowed(process: u32) -> Result<Calls, seccompiler::BackendError> {
    let mut calls = FREE.iter().map(|call| (*call, Vec::new())).collect::<Calls>();
    // It cannot be looked into: its flags are in memory. The other filter says that there is no such call, and the C
    // library takes `clone`.
    calls.push((libc::SYS_clone3, Vec::new()));
    calls.push((libc::SYS_clone, vec![rule([masked(0, !DETACHED, widened(THREAD))])?]));
    calls.push((libc::SYS_futex, one_of(1, !FUTEX_FLAGS, &FUTEXES)?));
    calls.push((libc::SYS_fcntl, one_of(1, u64::MAX, &FILE_COMMANDS)?));
    calls.push((libc::SYS_prctl, one_of(0, u64::MAX, &ATTRIBUTES)?));
    // To no address: where the socket is connected to.
    calls.push((libc::SYS_sendto, vec![rule([is(4, 0)])?]));
    // To a thread of this process, which is how it aborts.
    calls.push((libc::SYS_tgkill, vec![rule([is(0, process.into())])?]));
    // Nothing is mapped as code: a compiler makes code of memory that it has written to. An engine without one makes none.
    // And nothing is mapped that others share, nor a stack that grows: the kernel's bound of memory does not count it.
    let executable = widened(libc::PROT_EXEC);
    let own = (widened(libc::MAP_TYPE | libc::MAP_GROWSDOWN), widened(libc::MAP_PRIVATE));
    calls.push((libc::SYS_mmap, vec![rule([masked(2, executable, 0), masked(3, own.0, own.1)])?]));
    calls.push((
        libc::SYS_mprotect,
        if compiles() { Vec::new() } else { vec![rule([masked(2, executable, 0)])?] },
    ));
    Ok(calls)
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
    let mask = mask & u64::from(u32::MAX);
    values.iter().map(|value| rule([masked(argument, mask, widened(*value))])).collect()
}
