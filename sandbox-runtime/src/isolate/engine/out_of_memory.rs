//! The end of a process in which V8, or the C++ library that is linked into V8, gets no memory.
//!
//! V8 would abort, and the reason would not be visible. `process` asks for an exit code in the child of a guest.

use std::ffi::c_char;
#[cfg(target_os = "linux")]
use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, Ordering};

use deno_core::v8;

/// The code to exit with, or 0 for none.
static WITHOUT_MEMORY: AtomicI32 = AtomicI32::new(0);

/// Makes the process exit with this code when an isolate that is made later runs out of memory. Without this, V8 aborts the
/// process, and the reason is not visible.
pub(crate) fn exit_without_memory(code: i32) {
    WITHOUT_MEMORY.store(code, Ordering::Relaxed);
    // SAFETY: the handler does not return, and may be called on any thread. Nothing else sets the handlers.
    #[cfg(target_os = "linux")]
    unsafe {
        cpp_set_new_handler(no_memory);
        v8_set_fatal_memory_callback(out_of_memory_of_process);
    }
}

/// Makes an isolate exit as [`exit_without_memory`] says.
pub(crate) fn watch_memory(isolate: &mut v8::Isolate) {
    if WITHOUT_MEMORY.load(Ordering::Relaxed) != 0 {
        isolate.set_oom_error_handler(out_of_memory);
    }
}

unsafe extern "C" fn out_of_memory(_: *const c_char, _: &v8::OomDetails) {
    no_memory();
}

/// Called by V8 where it has no isolate.
#[cfg(target_os = "linux")]
extern "C" fn out_of_memory_of_process(_: *const c_char, _: *const c_void) {
    no_memory();
}

extern "C" fn no_memory() {
    // SAFETY: the function does not return, and touches no memory. `_exit` runs no destructors and no exit handlers, because
    // the process is in the middle of an allocation.
    unsafe { libc::_exit(WITHOUT_MEMORY.load(Ordering::Relaxed)) }
}

#[cfg(target_os = "linux")]
unsafe extern "C" {
    /// `std::set_new_handler`, of the C++ library that is linked into V8. Returns the handler before.
    #[link_name = "_ZSt15set_new_handlerPFvvE"]
    fn cpp_set_new_handler(handler: extern "C" fn()) -> *const c_void;

    /// `v8::V8::SetFatalMemoryErrorCallback`.
    #[link_name = "_ZN2v82V827SetFatalMemoryErrorCallbackEPFvPKcRKNS_10OOMDetailsEE"]
    fn v8_set_fatal_memory_callback(callback: extern "C" fn(*const c_char, *const c_void));
}
