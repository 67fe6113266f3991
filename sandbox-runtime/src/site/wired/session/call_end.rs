//! The host's knowledge of a call whose time is over: the limit, and the phase.
//!
//! An attacker who controls a peer can report any phase. That the host took the time is told only where the host's own
//! counts say so.

use std::sync::Arc;
use std::time::Duration;

use super::counts::Served;
use crate::error::{Error, LimitKind, Phase};
use crate::isolate::cancels::Period;
use crate::isolate::clock;
use crate::limits::Limits;
use crate::time::{Deadline, Timestamp};

/// The host's counts of a call at its end.
#[cfg_attr(test, derive(Default))]
pub(in super::super) struct HostCounts {
    /// Whether the end was, or may have been, the caller's own deadline.
    pub(super) by_caller: bool,
    /// Whether the call was cancelled with all calls of its sandbox, and its caller was not told.
    pub(super) is_cancelled: bool,
    /// Whether `async` host methods of the call had not answered when its time was over.
    pub(super) awaits_host: bool,
    pub(super) served: Arc<Served>,
}

impl HostCounts {
    /// The phase of a call that took this long. `told` is the peer's.
    pub(super) fn phase(&self, told: Option<Phase>, passed: Duration) -> Option<Phase> {
        // The caller's own deadline may have passed on the way to the peer. A peer that says so after a host call is wrong.
        let is_possible = self.by_caller && self.served.calls() == 0;
        match told.filter(|told| *told != Phase::Queued || is_possible) {
            // The peer counts its own turn alone, and the time of the messages too. So its half may be less here.
            Some(Phase::InHost) if !self.served.took_one_of(4, passed) => Some(Phase::Running),
            Some(Phase::AwaitsHost | Phase::AwaitsPromise) | None if self.awaits_host => {
                Some(Phase::AwaitsHost)
            }
            None if self.served.took_one_of(2, passed) => Some(Phase::InHost),
            Some(Phase::AwaitsHost) => None,
            told => told,
        }
    }

    /// The peer's error of a call that began then. The peer knows one deadline for the caller's and the limit's, so this
    /// side decides which one it was.
    pub(super) fn error(&self, error: Error, limits: &Limits, began: Timestamp) -> Error {
        match error {
            error if self.is_cancelled => called_off(error),
            Error::Limit {
                kind: kind @ (LimitKind::Wall | LimitKind::Deadline), mut excess, place, ..
            } => {
                excess.phase = self.phase(excess.phase, clock::now().since(began).duration());
                if kind == LimitKind::Deadline && !self.by_caller {
                    let limit = limits.excess(LimitKind::Wall);
                    (excess.kind, excess.setting, excess.limit) = (limit.kind, limit.setting, limit.limit);
                }
                excess.error(place.as_ref())
            }
            error => error,
        }
    }
}

/// The time of a call, for the values of its answer: contracts are bound to their objects by code of the guest.
#[derive(Clone, Copy)]
pub(in super::super) struct ReadTime {
    pub(super) end: Deadline,
    /// Whether the end is the caller's own deadline.
    pub(super) by_caller: bool,
    /// The period in which the call was made.
    pub(super) made_in: Option<Period>,
}

impl ReadTime {
    /// The time of values whose call the peer ends.
    pub(super) const UNBOUNDED: Self = Self { end: Deadline::NEVER, by_caller: true, made_in: None };

    /// The error of a call whose answer was not read because of this one. The call itself was made.
    pub(super) fn of_reading(self, error: Error, limits: &Limits) -> Error {
        match error {
            Error::Limit { kind: kind @ (LimitKind::Wall | LimitKind::Deadline), excess, place, .. } => {
                let kind = if self.by_caller { kind } else { LimitKind::Wall };
                let mut told = limits.excess(kind);
                told.phase = excess.phase.filter(|phase| *phase != Phase::Queued);
                told.error(place.as_ref())
            }
            Error::Cancelled { place, .. } => Error::cancelled(true, place.as_ref()),
            error => error,
        }
    }
}

/// The peer's error of a call that was cancelled. The peer knows that the call is called off, and not why.
pub(super) fn called_off(error: Error) -> Error {
    match error {
        Error::Limit { kind: LimitKind::Wall | LimitKind::Deadline, place, .. } => {
            Error::cancelled(true, place.as_ref())
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    /// A call that was not made can be repeated safely, so a peer is not believed that says so of a call that it has begun.
    #[test]
    fn a_child_cannot_deny_a_call() {
        let mut counts = HostCounts { by_caller: true, ..HostCounts::default() };
        let phase = |counts: &HostCounts| counts.phase(Some(Phase::Queued), Duration::from_secs(1));
        assert_eq!(phase(&counts), Some(Phase::Queued));
        counts.served.calls.store(1, Ordering::Relaxed);
        assert_eq!(phase(&counts), None);
        (counts.by_caller, counts.served) = (false, Arc::default());
        assert_eq!(phase(&counts), None);
    }

    #[test]
    fn a_child_cannot_blame_the_host() {
        let passed = Duration::from_secs(1);
        let [idle, awaits] =
            [false, true].map(|awaits_host| HostCounts { awaits_host, ..HostCounts::default() });
        assert_eq!(idle.phase(Some(Phase::InHost), passed), Some(Phase::Running));
        assert_eq!(idle.phase(Some(Phase::AwaitsHost), passed), None);
        assert_eq!(idle.phase(None, passed), None);
        assert_eq!(awaits.phase(Some(Phase::InHost), passed), Some(Phase::Running));
        assert_eq!(awaits.phase(Some(Phase::Running), passed), Some(Phase::Running));
        for told in [None, Some(Phase::AwaitsHost), Some(Phase::AwaitsPromise)] {
            assert_eq!(awaits.phase(told, passed), Some(Phase::AwaitsHost));
        }
    }
}
