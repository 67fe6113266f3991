//! The end of a child whose native code gets no memory.
//!
//! The parent must learn that memory was the reason, or the death of a guest that took too much looks like a fault of the engine.
//! V8 and the allocator of C++ call a handler before they abort. All other code, such as Rust's, only aborts. So signals that end
//! the process have a handler, which asks the kernel for memory and exits with a code of its own when there is none.
//!
//! A signal of a faulty instruction comes again when its handler returns, and one that was sent does not. So the handler sends the
//! signal once more. The filter of system calls lets a process signal itself alone, because an abort does this.

#![expect(unsafe_code, reason = "handlers of signals")]

use super::NO_MEMORY;
use crate::isolate::engine;

/// Signals of an abort, and of an instruction that ends a process.
const SIGNALS: [libc::c_int; 5] = [libc::SIGABRT, libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGTRAP];

/// Memory that a process gets which did not end for want of memory, in bytes. No value of the boundary needs more at once.
const PROBE: usize = 64 << 20;

/// Makes this process exit with [`NO_MEMORY`] when it ends for want of memory. To be called before the engine starts.
pub(super) fn exit() {
    engine::exit_without_memory(NO_MEMORY);
    for signal in SIGNALS {
        // SAFETY: zero is a value of each field. The handler calls functions only that a handler may call, and the alternative
        // stack is the one that the standard library gives its threads.
        unsafe {
            let mut action = std::mem::zeroed::<libc::sigaction>();
            action.sa_sigaction = on_end as *const () as usize;
            action.sa_flags = libc::SA_ONSTACK;
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}

/// Maps new memory. The result is `MAP_FAILED` when the kernel refuses it.
fn new_memory(size: usize) -> *mut libc::c_void {
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: the kernel chooses an unused address. The call takes no locks and allocates nothing.
    unsafe { libc::mmap(std::ptr::null_mut(), size, access, kind, -1, 0) }
}

extern "C" fn on_end(signal: libc::c_int) {
    let memory = new_memory(PROBE);
    // SAFETY: the calls take no locks and allocate nothing. The signal is blocked until the return. Then it ends the process.
    unsafe {
        if memory == libc::MAP_FAILED {
            libc::_exit(NO_MEMORY);
        }
        libc::munmap(memory, PROBE);
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Command, ExitStatus};

    use super::{NO_MEMORY, exit, new_memory};

    const WAY: &str = "SANDBOX_TEST_WITHOUT_MEMORY";

    /// Takes memory until the kernel refuses it.
    fn fill() {
        while new_memory(1 << 20) != libc::MAP_FAILED {}
    }

    #[cfg(not(feature = "quickjs"))]
    fn allocate_by_cpp() {
        unsafe extern "C" {
            #[link_name = "_Znwm"]
            fn operator_new(size: usize) -> *mut u8;
        }
        // SAFETY: the function returns new memory, or does not return.
        std::hint::black_box(unsafe { operator_new(1 << 32) });
    }

    fn child(way: &str) {
        exit();
        // SAFETY: the limit is a local variable.
        unsafe {
            let mut limit = std::mem::zeroed::<libc::rlimit>();
            libc::getrlimit(libc::RLIMIT_DATA, &raw mut limit);
            limit.rlim_cur = 1 << 30;
            libc::setrlimit(libc::RLIMIT_DATA, &raw const limit);
        }
        match way {
            "rust" => loop {
                std::mem::forget(std::hint::black_box(Vec::<u8>::with_capacity(16 << 20)));
            },
            #[cfg(not(feature = "quickjs"))]
            "c++" => allocate_by_cpp(),
            "fault" => {
                fill();
                // SAFETY: a signal to this thread.
                unsafe { libc::raise(libc::SIGSEGV) };
            }
            _ => std::process::abort(),
        }
    }

    fn ended(way: &str) -> ExitStatus {
        let (_, module) = module_path!().split_once("::").expect("a module of this crate");
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        child.args([&format!("{module}::an_end_for_want_of_memory_has_a_code"), "--exact", "--nocapture"]);
        child.env(WAY, way).output().expect("the child starts").status
    }

    #[test]
    fn an_end_for_want_of_memory_has_a_code() {
        if let Some(way) = std::env::var_os(WAY) {
            return child(&way.to_string_lossy());
        }
        for way in ["rust", "c++", "fault"] {
            if way != "c++" || cfg!(not(feature = "quickjs")) {
                assert_eq!(ended(way).code(), Some(NO_MEMORY), "{way}");
            }
        }
        assert_eq!(ended("abort").signal(), Some(libc::SIGABRT));
    }
}
