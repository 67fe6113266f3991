//! The system calls that no safe function makes. All `unsafe` code of the hardening is here.

#[cfg(unix)]
use std::io;

/// The result of a C function that returns -1 on failure.
#[cfg(unix)]
fn done(result: libc::c_int) -> io::Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The type of a resource, which differs between systems.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) type Resource = libc::__rlimit_resource_t;
#[cfg(all(unix, not(all(target_os = "linux", target_env = "gnu"))))]
pub(super) type Resource = libc::c_int;

/// Lowers a limit to `soft`, and the bound to which it can be raised again to `hard`. Neither is raised.
#[cfg(unix)]
pub(super) fn limit(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a local variable.
    done(unsafe { libc::getrlimit(resource, &raw mut now) })?;
    let hard = now.rlim_max.min(hard);
    let limit = libc::rlimit { rlim_cur: hard.min(soft), rlim_max: hard };
    // SAFETY: the pointer is to a local variable.
    done(unsafe { libc::setrlimit(resource, &raw const limit) })
}

#[cfg(target_os = "linux")]
pub(super) use linux::*;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::RawFd;

    use super::done;

    /// Closes the descriptors from `first` to `last`, inclusive.
    ///
    /// Owners of these descriptors in this process lose them. Call it in a process that has opened none.
    pub(in super::super) fn close_range(first: u32, last: u32) -> io::Result<()> {
        // By its number, because the C library has a function for it only since 2021. SAFETY: no pointers. A new process has
        // opened nothing but what it was told to keep.
        match unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    /// Closes a descriptor, if it is one.
    pub(in super::super) fn close(descriptor: RawFd) {
        // SAFETY: as above: the descriptor was inherited, and nothing in this process owns it.
        unsafe { libc::close(descriptor) };
    }

    /// Makes `to` the same as `from`.
    pub(in super::super) fn duplicate(from: RawFd, to: RawFd) -> io::Result<()> {
        // SAFETY: no pointers. Only standard input, output and error are replaced, which have no owner.
        done(unsafe { libc::dup2(from, to) })
    }

    /// Whether a descriptor is open.
    pub(in super::super) fn is_open(descriptor: RawFd) -> bool {
        // SAFETY: the call reads a flag of a descriptor, and a wrong descriptor is an error.
        unsafe { libc::fcntl(descriptor, libc::F_GETFD) != -1 }
    }

    /// Begins a session.
    pub(in super::super) fn new_session() -> io::Result<()> {
        // SAFETY: no arguments.
        done(unsafe { libc::setsid() })
    }

    /// Whether this process leads a group of processes.
    pub(in super::super) fn leads_group() -> bool {
        // SAFETY: no arguments, and neither fails.
        unsafe { libc::getpgrp() == libc::getpid() }
    }

    pub(in super::super) fn forbid_all_modes() {
        // SAFETY: a number; the call does not fail.
        unsafe { libc::umask(0o777) };
    }

    /// Sets an attribute of the process that is a number.
    pub(in super::super) fn set(attribute: libc::c_int, value: libc::c_ulong) -> io::Result<()> {
        const NONE: libc::c_ulong = 0;
        // SAFETY: the attributes that are set here take one number and no pointers.
        done(unsafe { libc::prctl(attribute, value, NONE, NONE, NONE) })
    }

    /// `PR_SPEC_STORE_BYPASS` and `PR_SPEC_INDIRECT_BRANCH` of `linux/prctl.h`, which the crate `libc` does not have.
    pub(in super::super) const STORE_BYPASS: libc::c_ulong = 0;
    pub(in super::super) const INDIRECT_BRANCH: libc::c_ulong = 1;

    /// Turns one kind of speculation off, for this thread and those that it starts, for good. Returns the resulting state.
    pub(in super::super) fn stop_speculation(kind: libc::c_ulong) -> io::Result<&'static str> {
        const GET: libc::c_int = 52;
        const SET: libc::c_int = 53;
        const NONE: libc::c_ulong = 0;
        /// Values of `PR_GET_SPECULATION_CTRL`: not affected, a process can choose, speculation is on.
        const UNAFFECTED: libc::c_int = 0;
        const PER_PROCESS: libc::c_int = 1 << 0;
        const ENABLED: libc::c_int = 1 << 1;
        const FORCE_DISABLE: libc::c_ulong = 1 << 3;
        // SAFETY: numbers. Unused arguments must be 0.
        let state = unsafe { libc::prctl(GET, kind, NONE, NONE, NONE) };
        match state {
            -1 => Err(io::Error::last_os_error()),
            UNAFFECTED => Ok("this processor needs nothing"),
            state if state & PER_PROCESS != 0 => {
                // SAFETY: as above.
                done(unsafe { libc::prctl(SET, kind, FORCE_DISABLE, NONE, NONE) })?;
                Ok("off for this process")
            }
            state if state & ENABLED != 0 => {
                Err(io::Error::other("on, and this kernel lets no process choose"))
            }
            _ => Ok("off for all processes"),
        }
    }

    /// Clears the capabilities that a program would be given.
    pub(in super::super) fn set_ambient_none() -> io::Result<()> {
        set(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL.unsigned_abs().into())
    }

    /// Leaves namespaces for new ones, or asks by `CLONE_THREAD` whether this process has one thread.
    pub(in super::super) fn unshare(flags: libc::c_int) -> io::Result<()> {
        // SAFETY: flags, none of which concerns memory.
        done(unsafe { libc::unshare(flags) })
    }

    /// Ignores a signal.
    pub(in super::super) fn ignore(signal: libc::c_int) {
        // SAFETY: no function of this process handles the signal. The call does not fail for a valid signal.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }

    /// Makes all threads allocate in one arena of the C library.
    ///
    /// The C library reads files otherwise. The library asks for the number of processors before the ninth arena, and reads
    /// `/proc/sys/vm/overcommit_memory` when another arena shrinks.
    pub(in super::super) fn one_arena() {
        #[cfg(target_env = "gnu")]
        // SAFETY: two numbers. The call must not run beside other threads, and the first stage has none.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1)
        };
    }

    /// Drops all capabilities.
    pub(in super::super) fn drop_capabilities() -> io::Result<()> {
        #[repr(C)]
        struct Header {
            version: u32,
            pid: libc::c_int,
        }
        /// `_LINUX_CAPABILITY_VERSION_3`, whose sets have two halves.
        const VERSION: u32 = 0x2008_0522;
        let mut header = Header { version: VERSION, pid: 0 };
        let none = [[0_u32; 3]; 2];
        // SAFETY: the pointers are to local variables that are as long as this version says. The kernel writes to the
        // header alone, and only if it does not know the version.
        match unsafe { libc::syscall(libc::SYS_capset, &raw mut header, none.as_ptr()) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}
