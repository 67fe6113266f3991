//! Pauses of the watchdog, for a debugger: the wall time of the call under way stands still.
//!
//! | limit | in a pause |
//! |---|---|
//! | [`Limits::wall`](crate::Limits::wall) | stands still, for the call and for all calls in flight of its isolate |
//! | the caller's own deadline | stays the point in time that the caller has set; kept from the end of the pause on |
//! | CPU time | counts where the thread has a clock of it, for a debugger can run code of the guest; kept from the end of the pause on |
//! | heap, buffers, stack, counts | as always |
//!
//! Pauses nest and end in any order; the call goes on after the last. Nested calls of the guest belong to the call that is
//! paused. A call that is cancelled in a pause is ended at once. The bill has the time that has passed, and a pause within a
//! host method is the method's time. Outside of a call, a pause does nothing.
//!
//! Only code on the isolate's thread can pause. A site over a wire has no pause: its host keeps a bound of its own, and
//! believes no peer that says that it is paused.

use std::rc::Rc;

use crate::isolate::limits::clock;
use crate::isolate::state::Isolate;

/// A pause of the watchdog, until it is dropped.
#[must_use = "the pause ends when this is dropped"]
pub struct WatchPause {
    isolate: Rc<Isolate>,
}

impl Isolate {
    /// Pauses the watchdog for the call under way.
    pub(crate) fn pause_watch(self: &Rc<Self>) -> WatchPause {
        let mut pauses = self.pauses.get();
        let live = self.live.borrow();
        let call = self.call.number();
        pauses.begin(live.as_ref().map(|live| &*live.watch), call, clock::now());
        self.pauses.set(pauses);
        WatchPause { isolate: self.clone() }
    }

    fn end_pause(&self) {
        let (mut pauses, now) = (self.pauses.get(), clock::now());
        let paused = pauses.end(self.call.number(), now);
        self.pauses.set(pauses);
        let (Some(call), Some(paused)) = (self.call.get(), paused) else { return };
        let end = call.was_paused(paused.took, paused.end.extended(paused.took));
        if let Some(live) = self.live.borrow().as_ref() {
            live.watch.release(end, paused.took);
        }
        self.flights.were_paused(paused.took);
    }
}

impl Drop for WatchPause {
    fn drop(&mut self) {
        self.isolate.end_pause();
    }
}
