//! Where the stack of a guest ends.
//!
//! V8 compares the stack pointer with an address, so the limit is a place on one thread's stack. Below it there
//! must be room for native frames that run on top of the deepest guest frame: ops, conversions, host methods.

use crate::limits::Limits;

/// Room for native frames on a thread of our own. Only what is touched costs memory.
const THREAD_MARGIN: usize = 4 << 20;
/// Room for native frames that a thread of the application must have.
const LOCAL_MARGIN: usize = 512 << 10;
/// What a guest needs at least.
const LEAST: usize = 64 << 10;

/// The size of the stack of an isolate's own thread, in bytes.
pub(crate) fn thread_size(limits: &Limits) -> usize {
    limits.stack + THREAD_MARGIN
}

/// What a guest may use of this thread's stack from here on, in bytes.
pub(crate) fn available(limits: &Limits) -> Result<usize, String> {
    let Some(remaining) = stacker::remaining_stack() else {
        // Systems that do not say: main threads have 8 MiB, threads of std 2 MiB.
        return Ok(limits.stack.min(LOCAL_MARGIN));
    };
    let usable = remaining.saturating_sub(LOCAL_MARGIN);
    if usable < LEAST {
        return Err(format!(
            "this thread has {remaining} bytes of stack left, and a sandbox on it needs at least {}; \
             use `Sandbox`, which has a thread of its own, or start this thread with a larger stack",
            LOCAL_MARGIN + LEAST
        ));
    }
    Ok(limits.stack.min(usable))
}

/// The address below which V8 refuses to go, `bytes` from here.
#[inline(never)]
pub(crate) fn limit_address(bytes: usize) -> *mut u32 {
    let here = 0_u32;
    let here = std::ptr::from_ref(&here).addr();
    // Never dereferenced: V8 compares it with its stack pointer.
    std::ptr::without_provenance_mut(here.saturating_sub(bytes) & !15)
}
