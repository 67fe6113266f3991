//! The memory of ArrayBuffers, which V8 keeps outside of its heap: an allocator that counts. Beyond the limit it
//! has no memory, and V8 throws a RangeError in the guest.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use deno_core::v8;

/// What every platform's SIMD code is content with.
const ALIGNMENT: usize = 16;

/// As much as deno_core wants for its own buffers. What is paid back later does not make it overflow.
pub(crate) const UNLIMITED: usize = usize::MAX / 2;

/// The memory of an isolate for buffers. Until the limit is set, as much as deno_core wants for its own.
pub(crate) struct Buffers(Arc<BufferBudget>);

impl Buffers {
    /// Memory that sets `refused` when it does not suffice.
    pub(crate) fn new(refused: Arc<AtomicBool>) -> Self {
        Self(Arc::new(BufferBudget::new(UNLIMITED, refused)))
    }

    /// Has an isolate's buffers paid from here.
    pub(crate) fn serve(&self, params: v8::CreateParams) -> v8::CreateParams {
        // SAFETY: the pointer is an `Arc` whose count V8 now owns, as the functions of the table expect; `release`
        // gives it back.
        let allocator = unsafe { v8::new_rust_allocator(Arc::into_raw(self.0.clone()), &TABLE) };
        params.array_buffer_allocator(allocator)
    }

    /// From now on there are `limit` bytes.
    pub(crate) fn limit(&self, limit: usize) {
        self.0.left.store(limit, Ordering::Relaxed);
        self.0.limit.store(limit, Ordering::Relaxed);
        self.0.least.store(limit, Ordering::Relaxed);
    }

    /// A call begins, whose peak and refusals are of interest.
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

    /// What is used now.
    pub(crate) fn used(&self) -> usize {
        self.0.limit.load(Ordering::Relaxed).saturating_sub(self.0.left.load(Ordering::Relaxed))
    }

    /// Memory of the host's for a buffer, paid for as long as the buffer lives. Gives it back when it cannot be paid for.
    pub(crate) fn adopt(&self, bytes: Vec<u8>) -> Result<v8::UniqueRef<v8::BackingStore>, Vec<u8>> {
        if !self.0.pay(bytes.len()) {
            return Err(bytes);
        }
        let mut adopted = Box::new(Adopted { bytes, budget: self.0.clone() });
        let (data, length) = (adopted.bytes.as_mut_ptr().cast(), adopted.bytes.len());
        let adopted = Box::into_raw(adopted).cast();
        // SAFETY: the memory is of a vector that lives, and is not touched by others, until `disown` drops it, once.
        Ok(unsafe { v8::ArrayBuffer::new_backing_store_from_ptr(data, length, disown, adopted) })
    }
}

/// Memory of the host's that a buffer has.
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
    // SAFETY: the pointer that `adopt` made of a box, which V8 gives back once.
    drop(unsafe { Box::from_raw(adopted.cast::<Adopted>()) });
}

/// A buffer over a word of the host's, which lives as long as one of them.
pub(crate) fn buffer_of<'s>(
    scope: &v8::PinScope<'s, '_>,
    word: &Arc<AtomicU64>,
) -> v8::Local<'s, v8::ArrayBuffer> {
    let data = Arc::as_ptr(word).cast_mut().cast();
    let count = Arc::into_raw(word.clone()).cast_mut().cast();
    // SAFETY: the memory is of the word, which `count` keeps until `forget` gives it back, once. The word is atomic, so it may be
    // written while there are other references to it.
    let store =
        unsafe { v8::ArrayBuffer::new_backing_store_from_ptr(data, size_of::<AtomicU64>(), forget, count) };
    v8::ArrayBuffer::with_backing_store(scope, &store.make_shared())
}

unsafe extern "C" fn forget(_: *mut c_void, _: usize, count: *mut c_void) {
    // SAFETY: the pointer that `buffer_of` made of an `Arc`, which V8 gives back once.
    drop(unsafe { Arc::from_raw(count.cast::<AtomicU64>().cast_const()) });
}

/// What is left.
struct BufferBudget {
    left: AtomicUsize,
    limit: AtomicUsize,
    /// The least that was left.
    least: AtomicUsize,
    /// There was no memory in the call under way.
    denied: AtomicBool,
    /// Set when there is no memory, for the guard of the heap.
    refused: Arc<AtomicBool>,
}

static TABLE: v8::RustAllocatorVtable<BufferBudget> =
    v8::RustAllocatorVtable { allocate: zeroed, allocate_uninitialized: uninitialized, free, drop: release };

fn layout(length: usize) -> Option<Layout> {
    // An allocation of no bytes is not allowed, and V8 asks for some.
    Layout::from_size_align(length.max(1), ALIGNMENT).ok()
}

impl BufferBudget {
    fn new(limit: usize, refused: Arc<AtomicBool>) -> Self {
        let [left, least] = [AtomicUsize::new(limit), AtomicUsize::new(limit)];
        Self { left, limit: AtomicUsize::new(limit), least, denied: AtomicBool::new(false), refused }
    }

    /// Whether so much was left, which it is no more.
    fn pay(&self, length: usize) -> bool {
        let pay = |left: usize| left.checked_sub(length);
        let paid = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay);
        if let Ok(before) = paid {
            self.least.fetch_min(before - length, Ordering::Relaxed);
        }
        paid.is_ok()
    }

    /// Pays for `length` bytes and takes them from `memory`; null when they cannot be paid for.
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
        // SAFETY: V8 gives back what `take` gave out, with its length, once.
        unsafe { dealloc(data.cast(), layout) };
        budget.left.fetch_add(length, Ordering::Relaxed);
    }
}

unsafe extern "C" fn release(budget: *const BufferBudget) {
    // SAFETY: the pointer of `serve`, whose count is given back once.
    drop(unsafe { Arc::from_raw(budget) });
}
