//! The limits of how often a guest calls the host.
//!
//! `ops` notes an excess on the isolate, and `run` makes it the error of the call.

use crate::error::{Amount, Error, Excess, LimitKind, MAX_CALLS, Place};
use crate::limits::Limits;

/// Which limit of host calls the guest exceeded.
#[derive(Clone, Copy)]
pub(in crate::isolate) enum Exceeded {
    /// One method, beyond its `max_calls`.
    Method(Place, u64),
    /// All methods, beyond [`Limits::host_calls`](crate::Limits::host_calls), the last time this one.
    All(Place),
    /// Methods that are pending, beyond [`Limits::pending`](crate::Limits::pending).
    Pending,
}

impl Exceeded {
    pub(in crate::isolate) fn error(&self, limits: &Limits, place: Option<Place>) -> Error {
        let excess = match *self {
            Self::Method(called, most) => {
                Excess::new(LimitKind::HostCalls, MAX_CALLS, Some(Amount::Count(most))).of_method(called)
            }
            Self::All(called) => limits.excess(LimitKind::HostCalls).of_method(called),
            Self::Pending => limits.excess(LimitKind::Pending),
        };
        excess.error(place)
    }
}
