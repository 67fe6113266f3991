//! The one way from an engine's raw pointer to its isolate.
//!
//! A [`RawIsolate`] is made once, from a live isolate, and is kept beside the owner of that isolate. Code that cannot borrow
//! the owner uses a copy: guards that enter and exit, callbacks of the engine, and runs of guest code inside of others.
//!
//! # Rules
//!
//! - A value stays on the isolate's thread. A raw pointer is not `Send`, and so the type is not.
//! - The isolate exists for as long as a copy is used. The code that makes a value says why this holds.
//! - The handle that [`with`](RawIsolate::with) gives owns nothing. Several handles may exist at once on one thread, as the
//!   engine's own scopes have them.

use std::ffi::c_void;
use std::ptr::NonNull;

use deno_core::v8;

/// An isolate of this thread, for code that does not own the isolate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawIsolate(NonNull<c_void>);

impl RawIsolate {
    /// The isolate that a pointer of the engine points to; `None` for null.
    ///
    /// # Safety
    ///
    /// A pointer that is not null is of an isolate of this thread. That isolate exists for as long as the result, or a copy of
    /// it, is used.
    #[inline]
    pub(crate) unsafe fn new(pointer: v8::UnsafeRawIsolatePtr) -> Option<Self> {
        // SAFETY: `UnsafeRawIsolatePtr` is `repr(transparent)` around a pointer.
        NonNull::new(unsafe { std::mem::transmute::<v8::UnsafeRawIsolatePtr, *mut c_void>(pointer) })
            .map(Self)
    }

    #[inline]
    fn handle(self) -> v8::Isolate {
        // SAFETY: as in `new`. The pointer is not null, and is of an isolate that exists, by the promise of the maker.
        unsafe {
            let pointer = std::mem::transmute::<*mut c_void, v8::UnsafeRawIsolatePtr>(self.0.as_ptr());
            v8::Isolate::from_raw_isolate_ptr_unchecked(pointer)
        }
    }

    /// Gives the isolate to `body`.
    #[inline]
    pub(crate) fn with<R>(self, body: impl FnOnce(&mut v8::Isolate) -> R) -> R {
        body(&mut self.handle())
    }

    /// Makes the isolate the current one of this thread. [`exit`](Self::exit) makes the former one current again.
    #[inline]
    pub(crate) fn enter(self) {
        // SAFETY: the isolate belongs to this thread, where entering it pushes it on the thread's list of isolates.
        unsafe { self.handle().enter() };
    }

    /// Undoes one [`enter`](Self::enter).
    ///
    /// # Safety
    ///
    /// The isolate is the current one of this thread.
    #[inline]
    pub(crate) unsafe fn exit(self) {
        // SAFETY: the caller promises that the isolate is the current one.
        unsafe { self.handle().exit() };
    }

    /// Ends the guest code that runs.
    pub(crate) fn terminate(self) {
        self.handle().terminate_execution();
    }

    /// Collects all garbage that can be collected.
    pub(crate) fn low_memory(self) {
        self.with(super::collect);
    }

    /// The bytes of the heap that values use.
    pub(crate) fn used_heap(self) -> usize {
        self.with(|isolate| isolate.get_heap_statistics().used_heap_size())
    }

    /// The bytes of the heap that the engine has reserved.
    pub(crate) fn total_heap(self) -> usize {
        self.with(|isolate| isolate.get_heap_statistics().total_heap_size())
    }
}
