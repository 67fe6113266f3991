//! Where the stack of a guest, or of a conversion, ends.
//!
//! A [`StackEnd`] is made on one thread and is valid there only. Calls and conversions ask it before they begin.

/// The bytes that must be left for an op or a call to begin.
const FOR_A_CALL: usize = 192 << 10;
/// The bytes that must be left for one more level of a conversion, and for a callback.
const FOR_A_STEP: usize = 48 << 10;
/// The least stack of a guest, in bytes.
pub const LEAST: usize = 512 << 10;

/// The end of a guest's stack, as an address on the thread of its isolate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackEnd(usize);

impl StackEnd {
    /// The place `bytes` below the current address.
    pub fn below_here(bytes: usize) -> Self {
        Self(here().saturating_sub(bytes) & !15)
    }

    /// The end of this thread's stack, for values that are read without an isolate. Where the system does not tell the end,
    /// a small part of the stack is assumed.
    pub fn of_thread() -> Self {
        Self::below_here(stacker::remaining_stack().unwrap_or(LEAST))
    }

    /// The address.
    pub fn address(self) -> usize {
        self.0
    }

    /// The bytes from the current address to the end.
    pub fn room(self) -> usize {
        here().saturating_sub(self.0)
    }

    /// Whether an op or a call may begin here.
    #[inline]
    pub fn allows_call(self) -> bool {
        here().saturating_sub(self.0) >= FOR_A_CALL
    }

    /// Whether a conversion may go one level deeper here.
    #[inline]
    pub fn allows_step(self) -> bool {
        here().saturating_sub(self.0) >= FOR_A_STEP
    }
}

/// An address on this thread's stack, near its top.
#[inline(always)]
pub fn here() -> usize {
    let local = std::mem::MaybeUninit::<u8>::uninit();
    local.as_ptr().addr()
}
