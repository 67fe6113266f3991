//! The isolate that stays entered on a thread between its calls.
//!
//! A change of the current isolate costs a tenth of a call, so the last isolate stays entered. Rules: an isolate is in
//! `KEPT_ENTERED` only on its own thread, and leaves it before it is dropped. Only `isolate::entry` and the drop of an
//! isolate call these functions.

use std::cell::Cell;
use std::ffi::c_void;

use deno_core::v8;

thread_local! {
    /// The isolate exists: [`leave_entered`] clears this before the isolate is dropped.
    static KEPT_ENTERED: Cell<Option<v8::UnsafeRawIsolatePtr>> = const { Cell::new(None) };
}

unsafe extern "C" {
    /// `v8::Isolate::TryGetCurrent`, which the crate `v8` does not export.
    fn v8__Isolate__GetCurrent() -> v8::UnsafeRawIsolatePtr;
}

fn are_same(one: v8::UnsafeRawIsolatePtr, other: v8::UnsafeRawIsolatePtr) -> bool {
    // SAFETY: both are `repr(transparent)` around a pointer, and are compared only.
    let [one, other] =
        unsafe { std::mem::transmute::<[v8::UnsafeRawIsolatePtr; 2], [*const c_void; 2]>([one, other]) };
    std::ptr::eq(one, other)
}

fn is_kept_entered(raw: v8::UnsafeRawIsolatePtr) -> bool {
    KEPT_ENTERED.get().is_some_and(|entered| are_same(entered, raw))
}

fn current() -> v8::UnsafeRawIsolatePtr {
    // SAFETY: the function reads a variable of the thread. The result may be null.
    unsafe { v8__Isolate__GetCurrent() }
}

/// Returns whether this thread's isolate `raw` is the one that stays entered. The isolate becomes that one when no call of
/// ours is under way on the thread, and no foreign isolate is entered.
#[inline]
pub(crate) fn stay_entered(raw: v8::UnsafeRawIsolatePtr, is_first: bool) -> bool {
    if is_first && !is_kept_entered(raw) {
        replace(raw);
    }
    is_kept_entered(raw) && are_same(raw, current())
}

#[cold]
fn replace(raw: v8::UnsafeRawIsolatePtr) {
    if let Some(entered) = KEPT_ENTERED.get().filter(|entered| are_same(*entered, current())) {
        leave_entered(entered);
    }
    if KEPT_ENTERED.get().is_none() && current().is_null() {
        // SAFETY: the isolate exists and belongs to this thread.
        unsafe { v8::Isolate::from_raw_isolate_ptr(raw).enter() };
        KEPT_ENTERED.set(Some(raw));
    }
}

/// Exits an isolate that is about to be dropped, if it is the one that stayed entered. Isolates that were entered after it
/// are entered again.
pub(crate) fn leave_entered(raw: v8::UnsafeRawIsolatePtr) {
    if !is_kept_entered(raw) {
        return;
    }
    KEPT_ENTERED.set(None);
    let mut above = Vec::new();
    loop {
        let top = current();
        if top.is_null() {
            break;
        }
        // SAFETY: a current isolate exists, belongs to this thread, and is entered.
        unsafe { v8::Isolate::from_raw_isolate_ptr(top).exit() };
        if are_same(top, raw) {
            break;
        }
        above.push(top);
    }
    // SAFETY: each was current a moment ago, and is entered as often as it was exited.
    above.iter().rev().for_each(|top| unsafe { v8::Isolate::from_raw_isolate_ptr(*top).enter() });
}
