//! Where the stack of a guest ends.
//!
//! [`StackEnd`](crate::stack::StackEnd) is made on the thread of an isolate and is valid there only. Ops, calls and conversions ask it before they
//! begin.
//!
//! V8 compares the stack pointer with an address, so the limit is a place on one thread's stack. V8 itself also relies on
//! that place. A garbage collection or an exception more than 48 KiB below it aborts the process
//! (`Isolate::IsOnCentralStack`). So the runtime does not call V8 near the limit. An op, a call or a level of a conversion
//! that starts with too little stack is refused with an error.
//!
//! A thread may change its stack, as `stacker::grow` and coroutines do. A guest cannot run on such a stack. When V8 collects
//! garbage, it reads all memory from the current address up to the start of the thread's own stack
//! (`cppgc::internal::MarkerBase::VisitRoots`). So a call from another stack than the thread's own is refused.

use std::cell::Cell;

use crate::error::OTHER_STACK;
use crate::isolate::engine::UNCHECKED_PER_KIB;
use crate::limits::Limits;
use crate::stack::{LEAST, here};

/// Room below the guest's limit, in bytes, on a thread of a sandbox. Host methods that do not call V8 use it.
const THREAD_MARGIN: usize = 2 << 20;
/// Room below the guest's limit, in bytes, that a thread of the application must have.
const LOCAL_MARGIN: usize = 256 << 10;
thread_local! {
    /// The start and the end of this thread's own stack; all memory where the system does not tell.
    static OWN: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

/// Fails on a stack that is not the thread's own.
#[inline]
pub(crate) fn check_own() -> Result<(), &'static str> {
    let (floor, start) = OWN.get().unwrap_or_else(find_own);
    match (floor..=start).contains(&here()) {
        true => Ok(()),
        false => Err(OTHER_STACK),
    }
}

#[cold]
fn find_own() -> (usize, usize) {
    let own = bounds().unwrap_or((0, usize::MAX));
    OWN.set(Some(own));
    own
}

#[cfg(target_os = "linux")]
fn bounds() -> Option<(usize, usize)> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut floor, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the thread is the calling one. The attributes are read and destroyed only when they were written; all pointers
    // are to local variables.
    let failed = unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let failed = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut floor, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        failed
    };
    let floor = floor.addr();
    (failed == 0 && size > 0).then(|| (floor, floor.saturating_add(size)))
}

#[cfg(not(target_os = "linux"))]
fn bounds() -> Option<(usize, usize)> {
    None
}

/// The stack of a guest with what the engine uses beyond it without a check, in bytes.
fn with_unchecked(guests: usize) -> usize {
    guests + guests * UNCHECKED_PER_KIB / 1024
}

/// The stack size of a thread whose guests have `guests` bytes, in bytes.
pub(crate) fn thread_size(guests: usize) -> usize {
    with_unchecked(guests) + THREAD_MARGIN
}

/// The bytes of this thread's stack that a guest may use from here on.
pub(crate) fn available(limits: &Limits) -> Result<usize, String> {
    check_own()?;
    let Some(remaining) = stacker::remaining_stack() else {
        // The size is unknown on some systems. Threads of std have 2 MiB, and main threads more.
        return Ok(limits.stack.min(1 << 20));
    };
    let usable = remaining.saturating_sub(LOCAL_MARGIN) * 1024 / (1024 + UNCHECKED_PER_KIB);
    if usable < LEAST {
        return Err(format!(
            "this thread has {remaining} bytes of stack left, and a sandbox on it needs at least {}; \
             use `Sandbox`, which has a thread of its own, or start this thread with a larger stack",
            LOCAL_MARGIN + with_unchecked(LEAST)
        ));
    }
    Ok(limits.stack.min(usable))
}
