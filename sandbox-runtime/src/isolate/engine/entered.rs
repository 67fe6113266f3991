//! The isolate that stays entered on a thread between its calls.
//!
//! A change of the current isolate costs a tenth of a call, so the last isolate stays entered. Rules: an isolate is in
//! `KEPT_ENTERED` only on its own thread, and leaves it before it is dropped. Only `isolate::run::entry` and the drop of
//! an isolate call these functions.

use std::cell::Cell;

use deno_core::v8;

use super::raw::RawIsolate;

thread_local! {
    /// The isolate exists: [`leave_entered`] clears this before the isolate is dropped.
    static KEPT_ENTERED: Cell<Option<RawIsolate>> = const { Cell::new(None) };
}

unsafe extern "C" {
    /// `v8::Isolate::TryGetCurrent`, which the crate `v8` does not export.
    fn v8__Isolate__GetCurrent() -> v8::UnsafeRawIsolatePtr;
}

/// The current isolate of this thread, for use before any isolate is dropped.
#[inline]
fn current() -> Option<RawIsolate> {
    // SAFETY: the function reads a variable of the thread, which may be null. A current isolate belongs to this thread, and
    // exists until it is exited and dropped. No caller keeps the result that long.
    unsafe { RawIsolate::new(v8__Isolate__GetCurrent()) }
}

/// Returns whether this thread's isolate `raw` is the one that stays entered. The isolate becomes that one when no call of
/// ours is under way on the thread, and no foreign isolate is entered.
#[inline]
pub(crate) fn stay_entered(raw: RawIsolate, is_first: bool) -> bool {
    if is_first && KEPT_ENTERED.get() != Some(raw) {
        replace(raw);
    }
    KEPT_ENTERED.get() == Some(raw) && current() == Some(raw)
}

#[cold]
fn replace(raw: RawIsolate) {
    if let Some(entered) = KEPT_ENTERED.get().filter(|entered| current() == Some(*entered)) {
        leave_entered(entered);
    }
    if KEPT_ENTERED.get().is_none() && current().is_none() {
        raw.enter();
        KEPT_ENTERED.set(Some(raw));
    }
}

/// Exits an isolate that is about to be dropped, if it is the one that stayed entered. Isolates that were entered after it
/// are entered again.
pub(crate) fn leave_entered(raw: RawIsolate) {
    if KEPT_ENTERED.get() != Some(raw) {
        return;
    }
    KEPT_ENTERED.set(None);
    let mut above = Vec::new();
    while let Some(top) = current() {
        // SAFETY: this is the current isolate.
        unsafe { top.exit() };
        if top == raw {
            break;
        }
        above.push(top);
    }
    above.into_iter().rev().for_each(RawIsolate::enter);
}
