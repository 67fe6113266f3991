//! The limit of a heap.
//!
//! Near its limit V8 asks for more, and aborts the process when it gets nothing. So it gets more, while the guest
//! is terminated; the isolate is given up afterwards.
//!
//! QuickJS throws an error for each allocation that does not fit, and frees a value twice when it has no memory for the
//! frames of that error's stack. So its errors have no frames once the heap is full.
//!
//! V8 also asks when an ArrayBuffer gets no memory, however empty the heap is. Then the guest is not terminated:
//! once it goes on, the heap is looked at, and the old limit is put back if it still fits.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deno_core::v8;

use super::engine;

/// Notices that a heap is full.
#[derive(Default)]
pub(crate) struct HeapGuard {
    full: Cell<bool>,
    limit: Cell<usize>,
    handle: Cell<Option<v8::IsolateHandle>>,
    raw: Cell<Option<v8::UnsafeRawIsolatePtr>>,
    /// The frames of errors, of each realm.
    frames: RefCell<Vec<engine::Frames>>,
    /// Set by the allocator of buffers when it has no memory.
    no_buffer: Arc<AtomicBool>,
}

impl HeapGuard {
    /// Watches an isolate. The guard must stay where it is as long as the isolate lives.
    pub(super) fn watch(&self, isolate: &mut v8::Isolate) {
        self.frames.borrow_mut().clear();
        self.handle.set(Some(isolate.thread_safe_handle()));
        // SAFETY: the pointer is used only in callbacks of this isolate, while it lives.
        self.raw.set(Some(unsafe { isolate.as_raw_isolate_ptr() }));
        isolate.add_near_heap_limit_callback(near_limit, self.data());
    }

    /// Takes the frames of a realm's errors away when the heap is full.
    pub(super) fn keep(&self, frames: engine::Frames) {
        self.frames.borrow_mut().push(frames);
    }

    /// The flag that says that a buffer got no memory.
    pub(super) fn no_buffer(&self) -> Arc<AtomicBool> {
        self.no_buffer.clone()
    }

    /// Whether the heap was full. It stays so.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.full.get()
    }

    /// For another isolate.
    pub(super) fn reset(&self) {
        self.full.set(false);
        self.no_buffer.store(false, Ordering::Relaxed);
    }

    fn data(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast::<c_void>()
    }

    fn with_handle(&self, use_it: impl FnOnce(&v8::IsolateHandle)) {
        if let Some(handle) = self.handle.take() {
            use_it(&handle);
            self.handle.set(Some(handle));
        }
    }

    fn end(&self) {
        self.full.set(true);
        self.with_handle(|handle| _ = handle.terminate_execution());
    }
}

unsafe extern "C" fn near_limit(guard: *mut c_void, current: usize, initial: usize) -> usize {
    // SAFETY: `watch` gave V8 this pointer, to a guard that outlives its isolate, and V8 calls this on the isolate's
    // thread.
    let guard = unsafe { &*guard.cast::<HeapGuard>() };
    if guard.no_buffer.swap(false, Ordering::Relaxed) {
        guard.limit.set(initial);
        guard.with_handle(|handle| _ = handle.request_interrupt(look_again, guard.data()));
    } else {
        let asks_once = guard.raw.get().filter(|_| engine::ASKS_ONCE);
        // SAFETY: the isolate that calls this.
        let isolate = asks_once.map(|raw| unsafe { v8::Isolate::from_raw_isolate_ptr(raw) });
        // Before the termination, which would end the engine's own setter.
        if let Some(mut isolate) = isolate {
            guard.frames.borrow().iter().for_each(|frames| frames.stop(&mut isolate));
            isolate.remove_near_heap_limit_callback(near_limit, 0);
        }
        guard.end();
    }
    current.saturating_add(engine::HEADROOM)
}

/// Runs before the guest's next step, after a buffer got no memory.
unsafe extern "C" fn look_again(raw: v8::UnsafeRawIsolatePtr, guard: *mut c_void) {
    // SAFETY: the pointer of `near_limit`; the isolate is running.
    let guard = unsafe { &*guard.cast::<HeapGuard>() };
    // SAFETY: V8 passes the isolate that it interrupts.
    let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(raw) };
    let limit = guard.limit.get();
    if isolate.get_heap_statistics().used_heap_size() >= limit / 4 * 3 {
        guard.end();
    } else {
        isolate.remove_near_heap_limit_callback(near_limit, limit);
        isolate.add_near_heap_limit_callback(near_limit, guard.data());
    }
}
