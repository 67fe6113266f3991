//! Entering and leaving an isolate.
//!
//! Every use of an isolate goes through a guard of this module, [`Entered`]. The guards of a thread are dropped in the
//! reverse order of their making.
//!
//! V8 knows one current isolate a thread, and a change of it costs as much as a tenth of a call. So the isolate of a call
//! stays entered after the call, where no other isolate is entered on the thread. The next call of the same isolate finds it
//! entered. A call of another isolate of ours takes its place. A foreign isolate, such as a `JsRuntime` of the application,
//! is entered on top of it and exited again.

use std::cell::Cell;
use std::ptr;

use crate::isolate::engine;
use crate::isolate::engine::raw::RawIsolate;
use crate::isolate::state::Isolate;

thread_local! {
    /// The isolate whose guard is the newest; null for none.
    static INNERMOST: Cell<*const Isolate> = const { Cell::new(ptr::null()) };
}

/// Keeps an isolate entered, and exits it when dropped.
///
/// The borrow orders the guards, so that the newest is dropped first.
pub(in crate::isolate) struct Entered<'i> {
    isolate: &'i Isolate,
    /// The isolate to exit; `None` when it was entered before and stays entered.
    raw: Option<RawIsolate>,
    before: *const Isolate,
}

impl<'i> Entered<'i> {
    /// Enters an isolate, whose V8 isolate is `raw`.
    #[inline]
    pub(in crate::isolate) fn new(isolate: &'i Isolate, raw: RawIsolate) -> Self {
        let before = INNERMOST.replace(isolate);
        isolate.depth.set(isolate.depth.get() + 1);
        let is_there = engine::stay_entered(raw, before.is_null());
        if !is_there {
            raw.enter();
        }
        Self { isolate, raw: (!is_there).then_some(raw), before }
    }

    #[inline]
    pub(in crate::isolate) fn is_outermost(&self) -> bool {
        self.isolate.depth.get() == 1
    }
}

impl Entered<'_> {
    /// Gives the isolate whose guest runs on this thread to `body`, for what V8 calls. A look here is cheaper than asking V8 for
    /// it.
    #[inline]
    pub(in crate::isolate) fn innermost<R>(body: impl FnOnce(Option<&Isolate>) -> R) -> R {
        // SAFETY: null, or the pointer of a guard further up on this thread's stack. That guard borrows the isolate, and
        // outlives the run of `body`.
        body(unsafe { INNERMOST.get().as_ref() })
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        INNERMOST.set(self.before);
        self.isolate.depth.set(self.isolate.depth.get() - 1);
        if let Some(raw) = self.raw {
            // SAFETY: entered in `new`, and all isolates that were entered since have been exited: guards are dropped in
            // order.
            unsafe { raw.exit() };
        }
    }
}
