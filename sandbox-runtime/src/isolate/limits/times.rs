//! The limits of time, as spans.

use crate::limits::Limits;
use crate::time::Nanos;

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
