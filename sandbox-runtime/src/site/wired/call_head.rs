//! The head of a call: its method, its time, and the call that it is inside of. `docs/process.md` has the bytes.

use serde::{Deserialize, Serialize};

use crate::isolate::clock;
use crate::time::{Deadline, Nanos, SystemClock, Timestamp, Word as _};
use crate::wire::Out;

/// The clock that both sides of a link have, where there is one.
pub(crate) type SharedClock = fn() -> Timestamp<SystemClock>;

/// When a call must be over: the time that is left, or a point on the shared clock. The setup says which.
///
/// A point is more exact for a message that waits until the peer reads it. Without a shared clock, the call gets this time
/// in addition, and the host's own deadline bounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Until(pub(super) u64);

impl Until {
    pub(crate) fn of(deadline: Deadline, shared: Option<SharedClock>) -> Self {
        Self(match shared {
            Some(shared) => deadline.on_clock(clock::now, shared).bits(),
            None => deadline.remaining(clock::now()).unwrap_or(Nanos::MAX).bits(),
        })
    }

    pub(crate) fn deadline(self, shared: Option<SharedClock>) -> Deadline {
        match shared {
            Some(shared) => Deadline::from_bits(self.0).on_clock(shared, clock::now),
            None => Deadline::after(clock::now(), Nanos::new(self.0)),
        }
    }
}

/// The limits of a call beside the sandbox's own, and the time.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LimitData {
    pub(crate) until: Until,
    /// Milliseconds since 1970, if the host sends the time.
    pub(crate) now: i64,
    /// Other calls are under way, so long values go into frames.
    pub(crate) together: bool,
    /// Whether there are enough processors for spinning.
    pub(crate) may_spin: bool,
    /// The call that this one is inside of. Heads of calls alone have it.
    #[serde(skip)]
    pub(crate) outer: OuterCall,
}

/// Why the host ends a call: the byte of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CancelReason {
    /// The time of the call is up.
    Wall = 0,
    /// The caller's own deadline is over.
    Deadline = 1,
    /// The caller has cancelled the call, or waits no longer.
    Caller = 2,
}

impl CancelReason {
    pub(crate) fn of(byte: Option<&u8>) -> Self {
        match byte {
            Some(1) => Self::Deadline,
            Some(2) => Self::Caller,
            _ => Self::Wall,
        }
    }
}

/// The call that another one is inside of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OuterCall {
    #[default]
    None,
    /// None: the host calls an object of a guest on its own.
    Apart,
    Inside {
        number: u64,
        /// Whether the deadline is not the outer call's.
        is_own_deadline: bool,
    },
}

impl OuterCall {
    /// The word for [`Apart`](Self::Apart). The word for no call is 0, and calls are counted from 1.
    const APART: u64 = u64::MAX;

    fn of(word: u64, is_own_deadline: bool) -> Self {
        match word {
            0 => Self::None,
            Self::APART => Self::Apart,
            number => Self::Inside { number, is_own_deadline },
        }
    }

    fn word(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Apart => Self::APART,
            Self::Inside { number, .. } => number,
        }
    }

    /// The number of the call, if there is one.
    pub(crate) fn call(self) -> Option<u64> {
        if let Self::Inside { number, .. } = self { Some(number) } else { None }
    }

    /// Whether the deadline is not an outer call's, where the call is one of a guest's object.
    pub(crate) fn is_own_deadline(self) -> bool {
        match self {
            Self::None => false,
            Self::Apart => true,
            Self::Inside { is_own_deadline, .. } => is_own_deadline,
        }
    }
}

/// The head of a call, in 37 bytes.
pub(crate) struct CallHead {
    pub(crate) binding: u64,
    pub(crate) method: u32,
    pub(crate) limit: LimitData,
}

impl CallHead {
    pub(crate) const LENGTH: usize = 37;

    pub(crate) fn write(&self, out: &mut Out) {
        out.extend_from_slice(&self.binding.to_le_bytes());
        out.extend_from_slice(&self.method.to_le_bytes());
        out.extend_from_slice(&self.limit.until.0.to_le_bytes());
        out.extend_from_slice(&self.limit.now.to_le_bytes());
        let LimitData { outer, may_spin, together, .. } = self.limit;
        out.extend_from_slice(&outer.word().to_le_bytes());
        out.push(u8::from(may_spin) | u8::from(together) << 1 | u8::from(outer.is_own_deadline()) << 2);
    }

    /// The head, and what follows it.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (head, rest) = bytes.split_at_checked(Self::LENGTH)?;
        let word = |at: usize| head.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        let method = head.get(8..12)?.try_into().ok().map(u32::from_le_bytes)?;
        let flags = *head.last()?;
        let (until, now) = (Until(word(12)?), word(20)?.cast_signed());
        let outer = OuterCall::of(word(28)?, flags & 4 != 0);
        let limit = LimitData { until, now, together: flags & 2 != 0, may_spin: flags & 1 != 0, outer };
        Some((Self { binding: word(0)?, method, limit }, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> Timestamp<SystemClock> {
        Timestamp::new(Nanos::new(5_000_000_000))
    }

    #[test]
    fn a_head_is_what_the_documentation_says() {
        let outer = OuterCall::Inside { number: 9, is_own_deadline: true };
        let limit = LimitData { until: Until(0x0102), now: -2, together: true, may_spin: false, outer };
        let mut out = Out::default();
        CallHead { binding: 7, method: 3, limit }.write(&mut out);
        out.push(0xff);
        let golden = [
            &[7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0][..],
            &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 9, 0, 0, 0, 0, 0, 0, 0, 6, 0xff],
        ];
        assert_eq!(**out, golden.concat());
        let (head, rest) = CallHead::read(&out).expect("it is whole");
        assert_eq!((head.binding, head.method, head.limit.until), (7, 3, Until(0x0102)));
        assert_eq!((head.limit.now, head.limit.together, head.limit.may_spin), (-2, true, false));
        assert_eq!(head.limit.outer, outer);
        assert_eq!(rest, [0xff]);
        assert!(CallHead::read(&out[..CallHead::LENGTH - 1]).is_none());
    }

    /// Neither side's clock is in a message, unless both have it.
    #[test]
    fn a_deadline_is_the_time_that_is_left() {
        const HOUR: Nanos = Nanos::new(3_600_000_000_000);
        let now = clock::now();
        let until = Until::of(Deadline::after(now, HOUR), None);
        assert!(until.0 <= HOUR.get() && until.0 > HOUR.get() / 2, "{until:?}");
        let read = until.deadline(None);
        assert!(read > Deadline::at(now) && read.remaining(now) > Some(Nanos::new(until.0 / 2)));
        for shared in [None, Some(system as SharedClock)] {
            assert_eq!(Until::of(Deadline::NEVER, shared), Until(u64::MAX));
            assert!(Until(u64::MAX).deadline(shared).is_never());
            let passed = Until::of(Deadline::PASSED, shared);
            assert!(passed.deadline(shared).is_over(clock::now()), "{passed:?}");
        }
        assert_eq!(Until::of(Deadline::PASSED, None), Until(0));
        // A point on the shared clock.
        assert!(Until::of(Deadline::after(now, HOUR), Some(system)).0 > HOUR.get() + 1_000_000_000);
    }
}
