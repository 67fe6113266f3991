//! An allocator for ArrayBuffers, whose memory V8 keeps outside of its heap.
//!
//! The allocator counts bytes. Beyond `Limits::buffers` it returns null, and V8 throws a RangeError in the guest. V8 calls
//! the functions of the table on any of its threads, so the counts are atomic. One [`Buffers`] belongs to one isolate.
//!
//! V8 reserves the memory of resizable buffers itself. `realm::resizable` hands each new one to [`Buffers::hold`], which counts
//! it. The buffer is shared with V8 until V8 has let go of it. That is looked for after each collection and when there is no
//! room.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::cell::{Cell, RefCell};
use std::ffi::{c_long, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};

use deno_core::v8;

/// The alignment that SIMD code needs on every platform.
const ALIGNMENT: usize = 16;

/// As much as deno_core wants for its own buffers. Half of the range, so that a refund cannot overflow.
pub(crate) const UNLIMITED: usize = usize::MAX / 2;

/// The buffer memory of one isolate. Until the limit is set, the allocator is unlimited, as deno_core's own start needs it.
pub(crate) struct Buffers {
    budget: Arc<BufferBudget>,
    /// The resizable buffers that V8 may still use, with the bytes that were counted.
    held: RefCell<Vec<(Held, usize)>>,
    /// The fewest bytes that a stream has seen in use since its last collection.
    base: Cell<usize>,
}

type Held = v8::SharedRef<v8::BackingStore>;

impl Buffers {
    /// Whether resizable buffers are counted here.
    pub(crate) const COUNTS_RESIZABLE: bool = true;

    /// Makes an allocator that sets `refused` when an allocation exceeds the limit.
    pub(crate) fn new(refused: Arc<AtomicBool>) -> Self {
        Self {
            budget: Arc::new(BufferBudget::new(UNLIMITED, refused)),
            held: RefCell::default(),
            base: Cell::default(),
        }
    }

    /// Makes an isolate with these parameters allocate its buffers here.
    pub(crate) fn serve(&self, params: v8::CreateParams) -> v8::CreateParams {
        // SAFETY: the pointer is an `Arc` whose count V8 now owns, as the functions of the table expect; `release`
        // gives it back.
        let allocator = unsafe { v8::new_rust_allocator(Arc::into_raw(self.budget.clone()), &TABLE) };
        params.array_buffer_allocator(allocator)
    }

    /// Sets the limit to `limit` bytes.
    pub(crate) fn limit(&self, limit: usize) {
        self.budget.left.store(limit, Ordering::Relaxed);
        self.budget.limit.store(limit, Ordering::Relaxed);
        self.budget.least.store(limit, Ordering::Relaxed);
    }

    /// Resets the peak and the refusals, when a call begins.
    #[inline]
    pub(crate) fn begin(&self) {
        self.budget.least.store(self.budget.left.load(Ordering::Relaxed), Ordering::Relaxed);
        self.budget.denied.store(false, Ordering::Relaxed);
    }

    /// Whether there was no memory for a buffer since the call began.
    pub(crate) fn were_denied(&self) -> bool {
        self.budget.denied.load(Ordering::Relaxed)
    }

    /// The most that was used at once since the call began.
    #[inline]
    pub(crate) fn peak(&self) -> usize {
        self.budget.limit.load(Ordering::Relaxed).saturating_sub(self.budget.least.load(Ordering::Relaxed))
    }

    /// The bytes in use now.
    pub(crate) fn used(&self) -> usize {
        self.budget.limit.load(Ordering::Relaxed).saturating_sub(self.budget.left.load(Ordering::Relaxed))
    }

    /// Whether so many more bytes are in use than there were after the last collection of a stream. V8 looks at its own heap, so
    /// buffers that a stream has left behind would fill the limit before they are collected.
    pub(crate) fn grew_by(&self, bytes: usize) -> bool {
        let used = self.used();
        self.base.set(self.base.get().min(used));
        used - self.base.get() > bytes
    }

    /// Has V8 collect garbage once, as it does when there is no memory for a buffer.
    pub(crate) fn collect(&self, isolate: &mut v8::Isolate) {
        // V8 ends the process when it cannot have the buffer that it is asked for below, so its byte is taken before.
        if self.budget.pay(1) {
            self.budget.errand.store(PUTS_OFF, Ordering::Relaxed);
            drop(v8::ArrayBuffer::new_backing_store(isolate, 1));
            self.budget.errand.store(NO_ERRAND, Ordering::Relaxed);
        }
        self.base.set(self.used());
    }

    /// Whether there is room for a resizable buffer of at most so many bytes.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        let has_room =
            || in_pages(bytes).is_some_and(|bytes| self.budget.left.load(Ordering::Relaxed) >= bytes);
        if has_room() {
            return true;
        }
        self.release_unused();
        let has_room = has_room();
        self.budget.denied.fetch_or(!has_room, Ordering::Relaxed);
        has_room
    }

    /// Counts a resizable buffer of at most so many bytes, until V8 has let go of it. Returns false, and counts nothing, beyond
    /// the limit.
    pub(crate) fn hold(&self, store: &Held, bytes: usize) -> bool {
        let paid = in_pages(bytes).filter(|paid| self.has_room(bytes) && self.budget.pay(*paid));
        self.held.borrow_mut().extend(paid.map(|paid| (store.clone(), paid)));
        paid.is_some()
    }

    /// Frees the resizable buffers that V8 has let go of.
    fn release_unused(&self) {
        let is_unused = |(store, _): &mut (Held, usize)| {
            // SAFETY: `SharedRef` is `repr(C)` around the one `std::shared_ptr` that the function reads the count of.
            unsafe { backing_store_use_count(std::ptr::from_ref(store).cast()) == 1 }
        };
        let unused = self.held.borrow_mut().extract_if(.., is_unused).collect::<Vec<_>>();
        self.refund(unused);
    }

    /// Lets go of all resizable buffers, when the isolate is dropped.
    pub(crate) fn release(&self) {
        let held = self.held.take();
        self.refund(held);
    }

    fn refund(&self, held: Vec<(Held, usize)>) {
        let bytes = held.iter().map(|(_, bytes)| bytes).sum();
        self.budget.left.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Makes a buffer of the host's memory. The bytes count until the buffer is freed. Returns the memory when it exceeds
    /// the limit.
    pub(crate) fn adopt(&self, bytes: Vec<u8>) -> Result<v8::UniqueRef<v8::BackingStore>, Vec<u8>> {
        if !self.budget.pay(bytes.len()) {
            return Err(bytes);
        }
        let mut adopted = Box::new(Adopted { bytes, budget: self.budget.clone() });
        let (data, length) = (adopted.bytes.as_mut_ptr().cast(), adopted.bytes.len());
        let adopted = Box::into_raw(adopted).cast();
        // SAFETY: the memory is of a vector that only the buffer uses. `disown` frees it once.
        Ok(unsafe { v8::ArrayBuffer::new_backing_store_from_ptr(data, length, disown, adopted) })
    }
}

/// Frees the resizable buffers that V8 has let go of, after each collection of the isolate. `buffers` outlives the isolate.
pub(crate) fn release_collected(isolate: &mut v8::Isolate, buffers: &Buffers) {
    let data = std::ptr::from_ref(buffers).cast_mut().cast::<c_void>();
    isolate.add_gc_epilogue_callback(after_collection, data, v8::GCType::kGCTypeAll);
}

unsafe extern "C" fn after_collection(
    _: v8::UnsafeRawIsolatePtr,
    _: v8::GCType,
    _: v8::GCCallbackFlags,
    buffers: *mut c_void,
) {
    // SAFETY: the pointer of `release_collected`, to a value that outlives the isolate. V8 calls this on the isolate's thread,
    // and no code of `Buffers` collects garbage while it borrows `held`.
    unsafe { &*buffers.cast::<Buffers>() }.release_unused();
}

/// The memory of a resizable buffer of at most so many bytes; `None` for more than there can be. V8 reserves whole pages, and at
/// least one.
fn in_pages(bytes: usize) -> Option<usize> {
    const PAGE: usize = 4096;
    bytes.max(1).checked_next_multiple_of(PAGE)
}

unsafe extern "C" {
    /// The number of owners of a backing store. The crate `v8` keeps this function to itself.
    #[link_name = "std__shared_ptr__v8__BackingStore__use_count"]
    fn backing_store_use_count(store: *const c_void) -> c_long;
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
    /// How the next allocation of one byte is answered.
    errand: AtomicU8,
}

/// Nothing out of the ordinary.
const NO_ERRAND: u8 = 0;
/// The allocation fails. V8 collects garbage then, and asks again.
const PUTS_OFF: u8 = 1;
/// The allocation is paid for.
const IS_PAID: u8 = 2;

static TABLE: v8::RustAllocatorVtable<BufferBudget> =
    v8::RustAllocatorVtable { allocate: zeroed, allocate_uninitialized: uninitialized, free, drop: release };

fn layout(length: usize) -> Option<Layout> {
    // `Layout` allows no size of 0 to be allocated, and V8 asks for buffers of 0 bytes.
    Layout::from_size_align(length.max(1), ALIGNMENT).ok()
}

impl BufferBudget {
    fn new(limit: usize, refused: Arc<AtomicBool>) -> Self {
        let [left, least] = [AtomicUsize::new(limit), AtomicUsize::new(limit)];
        Self {
            left,
            limit: AtomicUsize::new(limit),
            least,
            denied: AtomicBool::new(false),
            refused,
            errand: AtomicU8::new(NO_ERRAND),
        }
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
        let errand = self.errand.load(Ordering::Relaxed);
        if errand == PUTS_OFF && length == 1 {
            self.errand.store(IS_PAID, Ordering::Relaxed);
            return std::ptr::null_mut();
        }
        let pays = || (errand == IS_PAID && length == 1) || self.pay(length);
        let Some(layout) = layout(length).filter(|_| pays()) else {
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
