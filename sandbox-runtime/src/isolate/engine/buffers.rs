//! An allocator for ArrayBuffers, whose memory V8 keeps outside of its heap.
//!
//! The allocator counts bytes. Beyond `Limits::buffers` it returns null, and V8 throws a RangeError in the guest. V8 calls
//! the functions of the table on any of its threads, so the counts are atomic. One [`Buffers`] belongs to one isolate.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use deno_core::v8;

/// The alignment that SIMD code needs on every platform.
const ALIGNMENT: usize = 16;

/// As much as deno_core wants for its own buffers. Half of the range, so that a refund cannot overflow.
pub(crate) const UNLIMITED: usize = usize::MAX / 2;

/// The buffer memory of one isolate. Until the limit is set, the allocator is unlimited, as deno_core's own start needs it.
pub(crate) struct Buffers(Arc<BufferBudget>);

impl Buffers {
    /// Makes an allocator that sets `refused` when an allocation exceeds the limit.
    pub(crate) fn new(refused: Arc<AtomicBool>) -> Self {
        Self(Arc::new(BufferBudget::new(UNLIMITED, refused)))
    }

    /// Makes an isolate with these parameters allocate its buffers here.
    pub(crate) fn serve(&self, params: v8::CreateParams) -> v8::CreateParams {
        // SAFETY: the pointer is an `Arc` whose count V8 now owns, as the functions of the table expect; `release`
        // gives it back.
        let allocator = unsafe { v8::new_rust_allocator(Arc::into_raw(self.0.clone()), &TABLE) };
        params.array_buffer_allocator(allocator)
    }

    /// Sets the limit to `limit` bytes.
    pub(crate) fn limit(&self, limit: usize) {
        self.0.left.store(limit, Ordering::Relaxed);
        self.0.limit.store(limit, Ordering::Relaxed);
        self.0.least.store(limit, Ordering::Relaxed);
    }

    /// Resets the peak and the refusals, when a call begins.
    #[inline]
    pub(crate) fn begin(&self) {
        self.0.least.store(self.0.left.load(Ordering::Relaxed), Ordering::Relaxed);
        self.0.denied.store(false, Ordering::Relaxed);
    }

    /// Whether there was no memory for a buffer since the call began.
    pub(crate) fn were_denied(&self) -> bool {
        self.0.denied.load(Ordering::Relaxed)
    }

    /// The most that was used at once since the call began.
    #[inline]
    pub(crate) fn peak(&self) -> usize {
        self.0.limit.load(Ordering::Relaxed).saturating_sub(self.0.least.load(Ordering::Relaxed))
    }

    /// The bytes in use now.
    pub(crate) fn used(&self) -> usize {
        self.0.limit.load(Ordering::Relaxed).saturating_sub(self.0.left.load(Ordering::Relaxed))
    }

    /// Makes a buffer of the host's memory. The bytes count until the buffer is freed. Returns the memory when it exceeds
    /// the limit.
    pub(crate) fn adopt(&self, bytes: Vec<u8>) -> Result<v8::UniqueRef<v8::BackingStore>, Vec<u8>> {
        if !self.0.pay(bytes.len()) {
            return Err(bytes);
        }
        let mut adopted = Box::new(Adopted { bytes, budget: self.0.clone() });
        let (data, length) = (adopted.bytes.as_mut_ptr().cast(), adopted.bytes.len());
        let adopted = Box::into_raw(adopted).cast();
        // SAFETY: the memory is of a vector that only the buffer uses. `disown` frees it once.
        Ok(unsafe { v8::ArrayBuffer::new_backing_store_from_ptr(data, length, disown, adopted) })
    }
}

/// Host memory that belongs to a buffer.
struct Adopted {
    bytes: Vec<u8>,
    budget: Arc<BufferBudget>,
}

impl Drop for Adopted {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.bytes.len(), Ordering::Relaxed);
    }
}

unsafe extern "C" fn disown(_: *mut c_void, _: usize, adopted: *mut c_void) {
    // SAFETY: the pointer that `adopt` made of a box, which V8 returns once.
    drop(unsafe { Box::from_raw(adopted.cast::<Adopted>()) });
}

/// A buffer over an atomic word of the host. The buffer keeps the word allocated.
pub(crate) fn buffer_of<'s>(
    scope: &v8::PinScope<'s, '_>,
    word: &Arc<AtomicU64>,
) -> v8::Local<'s, v8::ArrayBuffer> {
    let data = Arc::as_ptr(word).cast_mut().cast();
    let count = Arc::into_raw(word.clone()).cast_mut().cast();
    // SAFETY: the memory is of the word, and `count` keeps the word allocated until `forget` releases it, once. The word is
    // atomic, so it may be written while there are other references to it.
    let store =
        unsafe { v8::ArrayBuffer::new_backing_store_from_ptr(data, size_of::<AtomicU64>(), forget, count) };
    v8::ArrayBuffer::with_backing_store(scope, &store.make_shared())
}

unsafe extern "C" fn forget(_: *mut c_void, _: usize, count: *mut c_void) {
    // SAFETY: the pointer that `buffer_of` made of an `Arc`, which V8 returns once.
    drop(unsafe { Arc::from_raw(count.cast::<AtomicU64>().cast_const()) });
}

/// The bytes that are left, and what the call under way was refused.
struct BufferBudget {
    left: AtomicUsize,
    limit: AtomicUsize,
    /// The smallest number of bytes that was left.
    least: AtomicUsize,
    /// An allocation of the call under way was refused.
    denied: AtomicBool,
    /// Set when an allocation is refused; the heap's guard reads it.
    refused: Arc<AtomicBool>,
}

static TABLE: v8::RustAllocatorVtable<BufferBudget> =
    v8::RustAllocatorVtable { allocate: zeroed, allocate_uninitialized: uninitialized, free, drop: release };

fn layout(length: usize) -> Option<Layout> {
    // `Layout` allows no size of 0 to be allocated, and V8 asks for buffers of 0 bytes.
    Layout::from_size_align(length.max(1), ALIGNMENT).ok()
}

impl BufferBudget {
    fn new(limit: usize, refused: Arc<AtomicBool>) -> Self {
        let [left, least] = [AtomicUsize::new(limit), AtomicUsize::new(limit)];
        Self { left, limit: AtomicUsize::new(limit), least, denied: AtomicBool::new(false), refused }
    }

    /// Takes `length` bytes off the budget. Returns false, and takes nothing, when fewer are left.
    fn pay(&self, length: usize) -> bool {
        let pay = |left: usize| left.checked_sub(length);
        let paid = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay);
        if let Ok(before) = paid {
            self.least.fetch_min(before - length, Ordering::Relaxed);
        }
        paid.is_ok()
    }

    /// Takes `length` bytes off the budget and allocates them with `memory`; null when the budget is too small.
    fn take(&self, length: usize, memory: unsafe fn(Layout) -> *mut u8) -> *mut c_void {
        let Some(layout) = layout(length).filter(|_| self.pay(length)) else {
            self.refused.store(true, Ordering::Relaxed);
            self.denied.store(true, Ordering::Relaxed);
            return std::ptr::null_mut();
        };
        // SAFETY: the layout is of at least one byte.
        let memory = unsafe { memory(layout) };
        if memory.is_null() {
            self.left.fetch_add(length, Ordering::Relaxed);
        }
        memory.cast()
    }
}

unsafe extern "C" fn zeroed(budget: &BufferBudget, length: usize) -> *mut c_void {
    budget.take(length, alloc_zeroed)
}

unsafe extern "C" fn uninitialized(budget: &BufferBudget, length: usize) -> *mut c_void {
    budget.take(length, alloc)
}

unsafe extern "C" fn free(budget: &BufferBudget, data: *mut c_void, length: usize) {
    if let Some(layout) = layout(length).filter(|_| !data.is_null()) {
        // SAFETY: V8 frees each allocation of `take` once, with its length.
        unsafe { dealloc(data.cast(), layout) };
        budget.left.fetch_add(length, Ordering::Relaxed);
    }
}

unsafe extern "C" fn release(budget: *const BufferBudget) {
    // SAFETY: the pointer of `serve`, whose count is released once.
    drop(unsafe { Arc::from_raw(budget) });
}
