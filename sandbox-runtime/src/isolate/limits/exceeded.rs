//! The limits that a guest exceeds by an act of its own: calls of the host, and code from text.
//!
//! `host_calls` and `realm` note an excess in the state of the call, and the isolate makes it the error of the call.

use crate::error::{Amount, Error, Excess, LimitKind, MAX_CALLS, Place};
use crate::limits::Limits;

/// Which limit of host calls the guest exceeded.
#[derive(Clone, Copy)]
pub(in crate::isolate) enum Exceeded {
    /// One method, beyond its `max_calls`.
    Method(u64),
    /// All methods, beyond [`Limits::host_calls`](crate::Limits::host_calls).
    All,
    /// Methods that are pending, beyond [`Limits::pending`](crate::Limits::pending).
    Pending,
    /// Code from a text of so many bytes, beyond [`Limits::script_bytes`](crate::Limits::script_bytes).
    Text(u64),
    /// Handles of both directions, beyond [`Limits::handles`](crate::Limits::handles). So many are of guests.
    Handles(u64),
}

impl Exceeded {
    /// The error of a call. `called` is the host method that was called too often.
    pub(in crate::isolate) fn error(
        self,
        limits: &Limits,
        called: Option<&Place>,
        place: Option<&Place>,
    ) -> Error {
        let excess = match self {
            Self::Method(most) => Excess::new(LimitKind::HostCalls, MAX_CALLS, Some(Amount::Count(most))),
            Self::All => limits.excess(LimitKind::HostCalls),
            Self::Pending => limits.excess(LimitKind::Pending),
            Self::Text(bytes) => limits.excess(LimitKind::Script).met(Amount::Bytes(bytes)),
            Self::Handles(held) => limits.excess(LimitKind::Handles).met(Amount::Count(held)),
        };
        match called {
            Some(called) => excess.of_method(called).error(place),
            None => excess.error(place),
        }
    }
}
