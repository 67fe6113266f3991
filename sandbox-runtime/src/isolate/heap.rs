//! The limit of a heap.
//!
//! Near its limit V8 asks for more, and aborts the process when it gets nothing. So it gets more, once or a few
//! times, while the guest is terminated; the isolate is given up afterwards.

use std::cell::Cell;
use std::ffi::c_void;

use deno_core::v8;

/// What is granted each time, beyond the limit: room for the garbage collector and for what the guest allocates
/// before it notices that it has been terminated. One allocation can be a gigabyte, the largest array or string
/// of V8; with less room it would abort the process, and memory that is not touched is not used.
const HEADROOM: usize = 1536 << 20;

/// Notices that a heap is full.
#[derive(Default)]
pub(crate) struct HeapGuard {
    full: Cell<bool>,
    raw: Cell<Option<v8::UnsafeRawIsolatePtr>>,
}

impl HeapGuard {
    /// Watches an isolate. The guard must stay where it is as long as the isolate lives.
    pub(super) fn watch(&self, isolate: &mut v8::Isolate) {
        // SAFETY: the pointer is used in the callback only, which V8 calls while the isolate lives.
        self.raw.set(Some(unsafe { isolate.as_raw_isolate_ptr() }));
        isolate.add_near_heap_limit_callback(near_limit, std::ptr::from_ref(self).cast_mut().cast::<c_void>());
    }

    /// Whether the heap was full. It stays so.
    pub(super) fn is_full(&self) -> bool {
        self.full.get()
    }
}

unsafe extern "C" fn near_limit(guard: *mut c_void, current: usize, _initial: usize) -> usize {
    // SAFETY: `watch` was given this pointer to a guard that outlives its isolate, and V8 calls this on the
    // isolate's thread.
    let guard = unsafe { &*guard.cast::<HeapGuard>() };
    guard.full.set(true);
    if let Some(raw) = guard.raw.get() {
        // SAFETY: V8 is in the middle of a collection of this isolate, so it lives; a termination is a request
        // that is noted in a flag.
        unsafe { v8::Isolate::from_raw_isolate_ptr(raw) }.terminate_execution();
    }
    current.saturating_add(HEADROOM)
}
