//! The limit of a heap.
//!
//! [`HeapGuard`] belongs to an isolate and is used on its thread. V8 calls it back near the limit. `isolate::run` asks
//! it after each turn.
//!
//! Near the limit, V8 asks for more heap, and aborts the process when it gets none. So the guard grants more and
//! terminates the guest. The isolate is discarded afterwards.
//!
//! QuickJS throws an error for each allocation that does not fit. Without memory for the frames of that error's stack,
//! QuickJS frees a value twice. So errors have no frames once the heap is full.
//!
//! V8 also asks when an ArrayBuffer gets no memory, however empty the heap is. In that case the guest is not
//! terminated. Before the guest's next step, the guard measures the heap, and restores the old limit if the heap fits.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deno_core::v8;

use crate::isolate::engine;
use crate::isolate::engine::raw::RawIsolate;

/// Detects that a heap is full.
#[derive(Default)]
pub(crate) struct HeapGuard {
    full: Cell<bool>,
    /// The largest heap that was seen in the call under way, in bytes.
    peak: Cell<u64>,
    limit: Cell<usize>,
    handle: Cell<Option<v8::IsolateHandle>>,
    raw: Cell<Option<RawIsolate>>,
    /// The frames of errors, of each realm.
    frames: RefCell<Vec<engine::Frames>>,
    /// Set by the allocator of buffers when it refuses memory.
    no_buffer: Arc<AtomicBool>,
}

impl HeapGuard {
    /// Watches an isolate. The guard must not move while the isolate exists.
    pub(in crate::isolate) fn watch(&self, isolate: &mut v8::Isolate, raw: RawIsolate) {
        self.frames.borrow_mut().clear();
        self.handle.set(Some(isolate.thread_safe_handle()));
        self.raw.set(Some(raw));
        isolate.add_near_heap_limit_callback(near_limit, self.data());
    }

    /// The largest heap that was seen since it was last set, in bytes.
    #[inline]
    pub(in crate::isolate) fn peak(&self) -> &Cell<u64> {
        &self.peak
    }

    /// Notes the size of the heap.
    pub(in crate::isolate) fn see(&self, used: usize) {
        self.peak.set(self.peak.get().max(used as u64));
    }

    /// Forgets the isolate, which is about to be dropped.
    pub(in crate::isolate) fn forget(&self) {
        self.raw.set(None);
    }

    /// Has the frames of a realm's errors removed when the heap is full.
    pub(in crate::isolate) fn keep(&self, frames: engine::Frames) {
        self.frames.borrow_mut().push(frames);
    }

    /// The flag of a refused buffer.
    pub(in crate::isolate) fn no_buffer(&self) -> Arc<AtomicBool> {
        self.no_buffer.clone()
    }

    /// Whether the heap was full. The answer stays true until [`reset`](Self::reset).
    #[inline]
    pub(in crate::isolate) fn is_full(&self) -> bool {
        self.full.get()
    }

    /// Prepares the guard for another isolate.
    pub(in crate::isolate) fn reset(&self) {
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
        // Before the termination, because a termination would end the engine's own setter.
        if let Some(raw) = guard.raw.get().filter(|_| engine::ASKS_ONCE) {
            raw.with(|isolate| {
                guard.frames.borrow().iter().for_each(|frames| frames.stop(isolate));
                isolate.remove_near_heap_limit_callback(near_limit, 0);
            });
        }
        guard.end();
    }
    current.saturating_add(engine::HEADROOM)
}

/// Runs before the guest's next step, after a buffer got no memory.
unsafe extern "C" fn look_again(_: v8::UnsafeRawIsolatePtr, guard: *mut c_void) {
    // SAFETY: the pointer of `near_limit`; the isolate is running.
    let guard = unsafe { &*guard.cast::<HeapGuard>() };
    let Some(raw) = guard.raw.get() else { return };
    let limit = guard.limit.get();
    if raw.used_heap() >= limit / 4 * 3 {
        guard.end();
    } else {
        raw.with(|isolate| {
            isolate.remove_near_heap_limit_callback(near_limit, limit);
            isolate.add_near_heap_limit_callback(near_limit, guard.data());
        });
    }
}
