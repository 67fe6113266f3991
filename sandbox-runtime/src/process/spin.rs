//! Spinning for a moment before a thread sleeps in the kernel.
//!
//! A short call is over before a sleeping thread would be woken: the two switches take longer than the call. So a reader
//! polls for a moment, as long as such moments have sufficed lately. Locks spin before they sleep in the same way. Spinning
//! takes a processor that another thread may need. So a reader spins only while there are two processors for each call under
//! way. The parent counts them, and tells the child.

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::sys;
use crate::isolate::clock;
use crate::site::wired::channel::Channel;
use crate::site::wired::link::Interest;
use crate::time::{AtomicTime, Nanos, Timestamp};
use crate::wire::frame::Hasty;

/// The longest spin.
pub(super) const MOMENT: Duration = Duration::from_micros(50);
/// After this number of shorter waits in a row, a reader spins.
const SHORT: u32 = 4;

/// The number of calls of children under way in this process.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// When there were last more calls than processors allow.
static CROWDED: AtomicTime<Option<Timestamp>> = AtomicTime::none();

/// How long no reader spins after that, because a caller is likely to call again.
const CALM: Duration = Duration::from_millis(10);

/// Counts a call under way.
pub(super) struct SpinTurn(());

impl SpinTurn {
    pub(super) fn begin() -> Self {
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        if !fits(calls) {
            CROWDED.store(Some(clock::now()), Ordering::Relaxed);
        }
        Self(())
    }
}

impl Drop for SpinTurn {
    fn drop(&mut self) {
        CALLS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether there are enough processors for both sides of so many calls.
fn fits(calls: usize) -> bool {
    static PROCESSORS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get));
    calls * 2 <= *PROCESSORS
}

/// Whether there are enough processors for the calls under way, now and recently.
pub(super) fn is_room() -> bool {
    fits(CALLS.load(Ordering::Relaxed).max(1))
        && CROWDED.load(Ordering::Relaxed).is_none_or(|crowded| clock::now().since(crowded) > Nanos::of(CALM))
}

/// The recent waits of one side of a channel.
#[derive(Clone, Default)]
pub(super) struct Spin {
    /// Whether a child may spin; `None` in the parent.
    told: Option<Arc<AtomicBool>>,
    /// The number of short waits in a row.
    short: u32,
}

impl Spin {
    /// The state of a child, which the parent tells whether it may spin.
    pub(super) fn told(told: Arc<AtomicBool>) -> Self {
        Self { told: Some(told), short: 0 }
    }

    fn may(&self) -> bool {
        self.told.as_ref().map_or_else(is_room, |told| told.load(Ordering::Relaxed))
    }

    /// Reads the available bytes, once there are some. `block` reads them when the wait is long.
    pub(super) fn read(
        &mut self,
        stream: &UnixStream,
        buffer: &mut [u8],
        block: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if !self.may() {
            return block(buffer);
        }
        let began = clock::now();
        let waits_long = || clock::now().since(began) > Nanos::of(MOMENT);
        if self.short >= SHORT
            && let Some(read) = awake(stream, buffer, waits_long)
        {
            return read;
        }
        let read = block(buffer);
        self.short = if waits_long() { 0 } else { self.short.saturating_add(1) };
        read
    }
}

/// Reads the available bytes while spinning; `None` when the wait is too long.
fn awake(stream: &UnixStream, buffer: &mut [u8], waits_long: impl Fn() -> bool) -> Option<io::Result<usize>> {
    loop {
        match sys::receive_now(stream, buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return Some(done),
        }
        if waits_long() {
            return None;
        }
        std::hint::spin_loop();
    }
}

/// A channel whose reader spins.
pub(super) struct Awake {
    stream: UnixStream,
    spin: Spin,
    /// Non-blocking: reads the available bytes, writes as many as there is room for, and does not wait.
    is_hasty: bool,
}

impl Awake {
    pub(super) fn new(stream: UnixStream, spin: Spin) -> Self {
        Self { stream, spin, is_hasty: false }
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self::new(self.stream.try_clone()?, self.spin.clone()))
    }
}

impl Channel for Awake {
    fn wait_for(&self, interest: Interest) -> io::Result<()> {
        sys::wait_for_any(&[(self.stream.as_fd(), interest.events())], Duration::MAX).map(drop)
    }
}

impl Hasty for Awake {
    fn make_hasty(&mut self, is_hasty: bool) {
        self.is_hasty = is_hasty;
    }
}

impl io::Read for Awake {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { stream, spin, is_hasty } = self;
        if *is_hasty {
            return sys::receive_now(stream, buffer);
        }
        spin.read(stream, buffer, |buffer| (&*stream).read(buffer))
    }
}

impl io::Write for Awake {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.is_hasty {
            true => sys::send_now(&self.stream, bytes),
            false => self.stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    fn told(may: bool, short: u32) -> Spin {
        Spin { short, ..Spin::told(Arc::new(may.into())) }
    }

    /// Reads one byte, and returns whether the kernel was asked to wait.
    fn blocks(spin: &mut Spin, stream: &UnixStream, before: impl FnOnce()) -> bool {
        let (mut byte, mut blocked) = ([0], false);
        let read = spin.read(stream, &mut byte, |buffer| {
            blocked = true;
            before();
            (&*stream).read(buffer)
        });
        assert_eq!((read.expect("there is a byte"), byte), (1, [7]));
        blocked
    }

    #[test]
    fn it_waits_awake_as_long_as_waits_are_short() {
        let (stream, mut other) = UnixStream::pair().expect("a pair");
        let mut spin = told(true, 0);
        let mut round = || {
            let is_due = spin.short < SHORT;
            other.write_all(&[7]).expect("it is there");
            assert_eq!(blocks(&mut spin, &stream, || ()), is_due);
            is_due
        };
        assert!((0..SHORT).all(|_| round()));
        // A reader that is interrupted for longer than a moment starts again.
        assert!((0..1000).any(|_| !round()));
        // A long wait: first spun, then slept.
        spin.short = SHORT;
        let late = || {
            let began = clock::now();
            while clock::now().since(began) <= Nanos::of(MOMENT) {}
            other.write_all(&[7]).expect("it is there");
        };
        assert!(blocks(&mut spin, &stream, late));
        assert_eq!(spin.short, 0);
    }

    #[test]
    fn who_is_told_not_to_never_does() {
        let (stream, mut other) = UnixStream::pair().expect("a pair");
        let mut spin = told(false, SHORT);
        other.write_all(&[7; 3]).expect("they are there");
        assert!((0..3).all(|_| blocks(&mut spin, &stream, || ())));
    }

    #[test]
    fn there_is_room_for_as_many_calls_as_there_are_two_processors_for() {
        let most = std::thread::available_parallelism().map_or(1, NonZeroUsize::get) / 2;
        let calms_down = || while most > 0 && !is_room() {};
        // The clock has just begun.
        calms_down();
        let mut turns = (0..most).map(|_| SpinTurn::begin()).collect::<Vec<_>>();
        assert_eq!(is_room(), most > 0);
        let crowded = clock::now();
        turns.push(SpinTurn::begin());
        assert!(!is_room());
        drop(turns);
        // Not as soon as one of the calls is over.
        calms_down();
        assert!(most == 0 || clock::now().since(crowded) >= Nanos::of(CALM));
    }

    #[test]
    fn the_end_of_a_stream_is_seen_awake() {
        let (stream, other) = UnixStream::pair().expect("a pair");
        drop(other);
        let mut spin = told(true, SHORT);
        let read = spin.read(&stream, &mut [0], |_| panic!("it is over"));
        assert_eq!(read.expect("it is no error"), 0);
    }
}
