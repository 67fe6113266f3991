//! Waiting awake for a moment, before the kernel is asked to wake whoever waits.
//!
//! A short call is over before a thread that sleeps for it would be woken: the two switches take longer than the call. So
//! who waits looks for a moment whether the other side has answered, as long as such moments have sufficed lately. It is what locks do that
//! spin before they sleep. It takes a processor that the other side, or somebody else, may need: it is done as long as there are two for
//! each call that is under way. The parent counts them, and tells the child.

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::frame::Hasty;
use super::sys;
use crate::isolate::clock;
use crate::time::{AtomicTime, Nanos, Timestamp};

/// How long it waits awake at most.
pub(super) const MOMENT: Duration = Duration::from_micros(50);
/// After how many waits in a row, each shorter than that, it waits awake.
const SHORT: u32 = 4;

/// How many calls of children are under way in this process.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// When there were more than there are processors for.
static CROWDED: AtomicTime<Option<Timestamp>> = AtomicTime::none();

/// How long after that it is not waited awake: whoever has called calls again.
const CALM: Duration = Duration::from_millis(10);

/// A call that is under way.
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

/// Whether there are enough for the calls that are under way, and were lately.
pub(super) fn is_room() -> bool {
    fits(CALLS.load(Ordering::Relaxed).max(1))
        && CROWDED.load(Ordering::Relaxed).is_none_or(|crowded| clock::now().since(crowded) > Nanos::of(CALM))
}

/// What is known of the waits of one side of a channel.
#[derive(Clone, Default)]
pub(super) struct Spin {
    /// Whether a child may. The parent knows itself.
    told: Option<Arc<AtomicBool>>,
    /// How many waits in a row were shorter than a moment.
    short: u32,
}

impl Spin {
    /// That of a child, which is told now and then whether it may.
    pub(super) fn told(told: Arc<AtomicBool>) -> Self {
        Self { told: Some(told), short: 0 }
    }

    fn may(&self) -> bool {
        self.told.as_ref().map_or_else(is_room, |told| told.load(Ordering::Relaxed))
    }

    /// Reads what is there, once it is. `block` reads it when it takes longer.
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

/// Reads what is there, once it is; `None` when that takes too long.
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

/// A channel whose reader waits awake.
pub(super) struct Awake {
    stream: UnixStream,
    spin: Spin,
    /// It reads what is there, writes what there is room for, and waits for nothing.
    is_hasty: bool,
}

impl Awake {
    pub(super) fn new(stream: UnixStream, spin: Spin) -> Self {
        Self { stream, spin, is_hasty: false }
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self::new(self.stream.try_clone()?, self.spin.clone()))
    }

    /// Waits until something can be read, or written.
    pub(super) fn wait_for_both(&self) -> io::Result<()> {
        let both = libc::POLLIN | libc::POLLOUT;
        sys::wait_for_any(&[(self.stream.as_fd(), both)], Duration::MAX).map(drop)
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

    /// Reads one byte, and says whether it asked the kernel to wait.
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
        // Who is interrupted for longer than a moment begins anew.
        assert!((0..1000).any(|_| !round()));
        // One that is long: it is tried awake, and then slept for.
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
        // Not as soon as one of them is over.
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
