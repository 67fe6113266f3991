//! Entering an isolate, and leaving it.
//!
//! V8 knows one current isolate a thread, and to change it costs as much as a tenth of a call. So on a thread where none is
//! entered, the isolate of a call stays entered after it, as the isolate that the thread keeps entered, and the next call of the same isolate finds
//! it there. A call of another takes its place. Isolates of others, such as a `JsRuntime` of the application, are entered on top
//! of it and left again as if it was not there.

use std::cell::Cell;
use std::ptr;

use deno_core::v8;

use super::{Isolate, engine};

thread_local! {
    /// The isolate that was entered last; null for none.
    static INNERMOST: Cell<*const Isolate> = const { Cell::new(ptr::null()) };
}

/// An isolate that is entered, and left when this is dropped.
///
/// Ends in the order of guards, so that what was entered last is left first.
pub(super) struct Entered<'i> {
    isolate: &'i Isolate,
    /// What is to be left; `None` when it was entered before and stays so.
    raw: Option<v8::UnsafeRawIsolatePtr>,
    before: *const Isolate,
}

impl<'i> Entered<'i> {
    /// Enters an isolate, whose own is `raw`.
    #[inline]
    pub(super) fn new(isolate: &'i Isolate, raw: v8::UnsafeRawIsolatePtr) -> Self {
        let before = INNERMOST.replace(isolate);
        isolate.depth.set(isolate.depth.get() + 1);
        let is_there = engine::stay_entered(raw, before.is_null());
        if !is_there {
            // SAFETY: `raw` is of an isolate that lives on this thread and is not dropped while `depth` is above 0.
            unsafe { v8::Isolate::from_raw_isolate_ptr(raw).enter() };
        }
        Self { isolate, raw: (!is_there).then_some(raw), before }
    }

    #[inline]
    pub(super) fn is_outermost(&self) -> bool {
        self.isolate.depth.get() == 1
    }
}

impl Entered<'_> {
    /// Gives the isolate whose guest runs on this thread to `body`, for what V8 calls. It costs less than to ask V8 for it.
    #[inline]
    pub(super) fn innermost<R>(body: impl FnOnce(Option<&Isolate>) -> R) -> R {
        // SAFETY: null, or of a guard that borrows it further up on this thread's stack, and so lives longer than `body` runs.
        body(unsafe { INNERMOST.get().as_ref() })
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        INNERMOST.set(self.before);
        self.isolate.depth.set(self.isolate.depth.get() - 1);
        if let Some(raw) = self.raw {
            // SAFETY: entered in `new`, and whatever was entered since has been left: guards are dropped in order.
            unsafe { v8::Isolate::from_raw_isolate_ptr(raw).exit() };
        }
    }
}
