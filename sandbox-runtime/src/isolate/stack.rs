//! Where the stack of a guest ends.
//!
//! V8 compares the stack pointer with an address, so the limit is a place on one thread's stack. It is also the
//! place beyond which V8 does nothing more itself: a collection of garbage or an exception more than 48 KiB below
//! it aborts the process (`Isolate::IsOnCentralStack`). So nothing of ours touches V8 near the limit: an op, a
//! call or a level of a conversion that starts with too little stack left is refused with an error.

use crate::limits::Limits;

/// Room below the guest's limit, on a thread of our own: for host methods that call nothing of V8 any more.
const THREAD_MARGIN: usize = 2 << 20;
/// Room below the guest's limit that a thread of the application must have.
const LOCAL_MARGIN: usize = 256 << 10;
/// What must be left for an op or a call to begin.
const FOR_A_CALL: usize = 192 << 10;
/// What must be left for one more level of a conversion, and for a callback.
const FOR_A_STEP: usize = 48 << 10;
/// What a guest needs at least.
pub(crate) const LEAST: usize = 512 << 10;

/// The end of a guest's stack, as an address on the thread of its isolate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackEnd(usize);

impl StackEnd {
    /// `bytes` from here.
    pub(crate) fn below_here(bytes: usize) -> Self {
        Self(here().saturating_sub(bytes) & !15)
    }

    /// The end of this thread's stack, for values that are read without an isolate. Where the system does not say where it is,
    /// little of it is taken for granted.
    #[cfg(feature = "process")]
    pub(crate) fn of_thread() -> Self {
        Self::below_here(stacker::remaining_stack().unwrap_or(LEAST))
    }

    /// The address.
    #[cfg(not(feature = "quickjs"))]
    pub(super) fn address(self) -> usize {
        self.0
    }

    /// The bytes from here.
    #[cfg(feature = "quickjs")]
    pub(super) fn room(self) -> usize {
        here().saturating_sub(self.0)
    }

    /// Whether an op or a call may begin here.
    #[inline]
    pub(crate) fn allows_call(self) -> bool {
        here().saturating_sub(self.0) >= FOR_A_CALL
    }

    /// Whether a conversion may go one level deeper here.
    #[inline]
    pub(crate) fn allows_step(self) -> bool {
        here().saturating_sub(self.0) >= FOR_A_STEP
    }
}

/// An address on this thread's stack, near its top.
#[inline(always)]
fn here() -> usize {
    let local = std::mem::MaybeUninit::<u8>::uninit();
    local.as_ptr().addr()
}

/// The size of the stack of a thread for guests that have so much, in bytes.
pub(crate) fn thread_size(guests: usize) -> usize {
    guests + THREAD_MARGIN
}

/// What a guest may use of this thread's stack from here on, in bytes.
pub(crate) fn available(limits: &Limits) -> Result<usize, String> {
    let Some(remaining) = stacker::remaining_stack() else {
        // Systems that do not say: threads of std have 2 MiB, main threads more.
        return Ok(limits.stack.min(1 << 20));
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
