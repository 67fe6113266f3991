//! The pauses of a call: how many there are, and what the first of them has held.

use super::watch::Watch;
use crate::time::{Deadline, Nanos, Timestamp};

/// The pauses of the call under way. They end in any order.
#[derive(Clone, Copy, Default)]
pub(in crate::isolate) struct Pauses {
    count: usize,
    held: Option<PausedCall>,
}

/// A call whose deadline is held.
#[derive(Clone, Copy)]
struct PausedCall {
    call: u64,
    since: Timestamp,
    end: Deadline,
}

/// A pause that is over.
pub(in crate::isolate) struct Paused {
    /// The deadline that was held.
    pub(in crate::isolate) end: Deadline,
    pub(in crate::isolate) took: Nanos,
}

impl Pauses {
    /// One more pause, of the call with this number.
    pub(in crate::isolate) fn begin(&mut self, watch: Option<&Watch>, call: u64, now: Timestamp) {
        self.count += 1;
        // A pause may be kept longer than its call.
        self.held = self.held.filter(|held| held.call == call).or_else(|| {
            let end = watch?.hold()?;
            Some(PausedCall { call, since: now, end })
        });
    }

    /// One pause less. Returns the whole pause when this was the last one, and the call goes on.
    pub(in crate::isolate) fn end(&mut self, call: u64, now: Timestamp) -> Option<Paused> {
        self.count = self.count.saturating_sub(1);
        if self.count > 0 {
            return None;
        }
        let held = self.held.take().filter(|held| held.call == call)?;
        Some(Paused { end: held.end, took: now.since(held.since) })
    }
}
