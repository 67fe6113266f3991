//! How long a turn of guest code may run.

use super::call::{Begin, Counts};
use crate::limits::Limits;
use crate::time::{Deadline, Nanos, Timestamp};

/// Limits of time.
#[derive(Clone, Copy)]
pub(in crate::isolate) struct Times {
    pub(in crate::isolate) wall: Nanos,
    pub(in crate::isolate) cpu: Nanos,
    pub(in crate::isolate) total_cpu: Nanos,
}

impl Times {
    pub(in crate::isolate) fn of(limits: &Limits) -> Self {
        let [wall, cpu, total_cpu] = [limits.wall, limits.cpu, limits.total_cpu].map(Nanos::of);
        Self { wall, cpu, total_cpu }
    }
}

/// How long a turn of guest code may run, and whose bill it goes on.
pub(in crate::isolate) struct Turn<'c> {
    /// The flight whose turn this is.
    pub(in crate::isolate) flight: Option<u64>,
    pub(in crate::isolate) began: Timestamp,
    /// When the turn must be over.
    pub(in crate::isolate) end: Deadline,
    /// Whether the caller's own deadline comes before the limit.
    pub(in crate::isolate) by_caller: bool,
    /// The caller's own deadline.
    pub(in crate::isolate) deadline: Deadline,
    /// The usage of the call in earlier turns.
    pub(in crate::isolate) so_far: &'c Counts,
}

impl Turn<'_> {
    /// The begin of the turn, for its call.
    #[inline]
    pub(in crate::isolate) fn begin(&self) -> Begin {
        Begin { began: self.began, by_caller: self.by_caller, deadline: self.deadline }
    }

    /// A turn that begins now, and ends at the limit or at the caller's own deadline.
    #[inline]
    pub(in crate::isolate) fn of_call(began: Timestamp, limit: Nanos, deadline: Deadline) -> Self {
        let limit = Deadline::after(began, limit);
        let end = deadline.min(limit);
        Self { flight: None, began, end, by_caller: end < limit, deadline, so_far: &Counts::NONE }
    }
}
