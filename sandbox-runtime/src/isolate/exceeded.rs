//! Limits of how often a guest calls the host.

use crate::error::{Error, LimitKind, Place};

/// A guest called the host once too often.
#[derive(Clone, Copy)]
pub(super) enum Exceeded {
    /// One method, beyond its `max_calls`.
    Method(Place, u64),
    /// All methods, beyond [`Limits::host_calls`](crate::Limits::host_calls), the last time this one.
    All(Place, u64),
    /// Methods that are pending, beyond [`Limits::pending`](crate::Limits::pending).
    Pending(usize),
}

impl Exceeded {
    pub(super) fn error(&self, place: Option<Place>) -> Error {
        let (kind, limit) = match self {
            Self::Method(called, most) => {
                (LimitKind::HostCalls, format!("the guest called {called} more than {most} times"))
            }
            Self::All(called, most) => (
                LimitKind::HostCalls,
                format!("the guest called the host more than {most} times, the last time {called}"),
            ),
            Self::Pending(most) => (
                LimitKind::Pending,
                format!("the guest waited for more than {most} calls of the host at once"),
            ),
        };
        Error::Limit { kind, limit, place }
    }
}
