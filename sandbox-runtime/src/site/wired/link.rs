//! The connection to one peer that serves guests.
//!
//! A [`Link`] carries frames in both directions, and a [`Keeper`] holds the peer to its limits. A [`Connect`] makes links:
//! the first one of a sandbox, and another one at each reset. The session above knows nothing else of a peer.
//!
//! | option of a link | without it |
//! |---|---|
//! | [`Link::windows`] | long values go into frames |
//! | [`Link::clock`] | deadlines are sent as the time that is left |
//! | [`Link::can_call_back`] | only contracts whose methods are all `async` can be hosted |
//! | [`Keeper`]'s CPU time and memory | the peer alone keeps these limits |
//!
//! No frame of a peer is trusted, whatever the link is.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use super::call_head::SharedClock;
use super::hardening::HardeningReport;
use crate::error::{Death, Error, Result};
use crate::isolate::clock;
use crate::time::{AtomicTime, Deadline, Nanos};
use crate::wire::Window;
use crate::wire::frame::{Frame, FrameError};

/// Makes links to peers that serve one sandbox each.
pub(crate) trait Connect: Send + Sync {
    /// A link to a peer that has sent no frame yet. The keeper has a deadline for its first answer.
    ///
    /// `fresh` asks for a new peer, and not for one that was started in advance. No frame is read whose body is longer than
    /// `longest`, in bytes.
    fn connect(&self, fresh: bool, longest: usize) -> Result<Arc<dyn Link>>;
}

/// The way a link acts when it has no room for a frame.
pub(crate) enum Sending<'b> {
    /// Keeps the rest, which [`Link::push_on`] sends.
    Soon,
    /// Waits within the peer's limits.
    Wait,
    /// Runs this before each further attempt. The result says whether the link also waits for frames to arrive.
    While(&'b mut dyn FnMut() -> io::Result<bool>),
}

/// The event that a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interest {
    /// A frame to read, or the end of the link.
    pub(crate) frames: bool,
    /// Room for unsent bytes.
    pub(crate) room: bool,
}

/// The shared memory of both directions.
#[derive(Clone)]
pub(crate) struct Windows {
    pub(crate) to_peer: Arc<dyn Window>,
    pub(crate) to_host: Arc<dyn Window>,
}

/// Tells a task that frames have arrived.
pub(crate) trait Arrivals: Send {
    /// Ready when something has arrived since the last time; with `false` when nothing further will.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<bool>;
}

/// The frames of a link.
pub(crate) trait Frames {
    /// Sends one frame: the bytes of its header and of its body.
    fn send(&self, frame: &[u8], how: Sending<'_>) -> Result<(), FrameError>;

    /// Sends the rest of earlier frames, as far as there is room. Returns the number of bytes that are left.
    fn push_on(&self) -> Result<usize, FrameError>;

    /// The number of bytes of earlier frames that were not sent.
    fn backlog(&self) -> usize;

    /// The next frame. Waits for it within the peer's limits.
    fn next(&self) -> Result<Frame, FrameError>;

    /// The next frame, if it has arrived.
    fn next_now(&self) -> Result<Option<Frame>, FrameError>;
}

/// A connection to one peer. Dropping it ends the peer.
///
/// One thread at a time sends and reads. Any thread may use the other methods.
pub(crate) trait Link: Send + Sync {
    /// The frames in both directions.
    fn frames(&self) -> &dyn Frames;

    /// The greatest length of the body of a frame to the peer, in bytes.
    fn longest(&self) -> usize {
        1 << 30
    }

    /// Waits for what is of interest, for an [`interrupt`](Self::interrupt), or at most for this long. Returns whether
    /// something other than the time ended the wait.
    fn wait(&self, interest: Interest, most: Duration) -> bool;

    /// Ends the current [`wait`](Self::wait) and the next ones, until the interrupt is cleared. The caller clears one
    /// interrupt before the next.
    fn interrupt(&self);

    /// Takes an interrupt back.
    fn clear_interrupt(&self);

    /// The arrivals of frames from now on, for a task. The thread has entered a tokio runtime with its I/O driver.
    fn arrivals(&self) -> io::Result<Box<dyn Arrivals>>;

    /// The limits of the peer.
    fn keeper(&self) -> &dyn Keeper;

    /// Ends the peer, if it has not ended. Returns how it ended, and its CPU time that is on no bill. The keeper's verdict
    /// is the cause, if there is one.
    fn death(&self) -> (Death, Nanos);

    /// Ends the peer.
    fn end(&self);

    /// Whether the peer has ended, as far as this side knows.
    fn has_ended(&self) -> bool;

    /// The peer has made its sandbox, and reports its hardening. No code of a guest has run. Returns whether the peer still
    /// exists.
    fn begun(&self, report: Option<HardeningReport>) -> Result<bool> {
        _ = report;
        Ok(!self.has_ended())
    }

    /// The error of a peer that ended, or was late, before its first frame.
    fn silent(&self, error: Error) -> Error {
        error
    }

    /// The error of a peer that does not run guests, for this reason.
    fn refused(&self, reason: &str) -> Error {
        Error::build(format!("no guests run at the other end of the link: {reason}"))
    }

    /// The shared memory for long values, if there is some.
    fn windows(&self) -> Option<Windows> {
        None
    }

    /// Marks a call as cancelled beside all frames, where the link can: a guest that computes reads none. A frame says the
    /// same.
    fn call_off(&self, call: u64) {
        _ = call;
    }

    /// The clock that both sides have, if there is one.
    fn clock(&self) -> Option<SharedClock> {
        None
    }

    /// Whether a guest can wait for a synchronous host method.
    fn can_call_back(&self) -> bool {
        true
    }

    /// Whether both sides may spin for a moment before they sleep.
    fn may_spin(&self) -> bool {
        false
    }

    /// The hardening of the peer, if the link knows it.
    fn report(&self) -> Option<HardeningReport> {
        None
    }

    /// The number of the peer's process on this machine, if it has one.
    fn pid(&self) -> Option<u32> {
        None
    }
}

/// The limits of a peer. A violation becomes a verdict, and the session ends the peer.
///
/// The methods with a body are for links that cannot measure CPU time or memory.
pub(crate) trait Keeper: Send + Sync {
    /// The deadline of the calls under way, and the verdict.
    fn limit(&self) -> &PeerLimit;

    /// Notes that a call begins while no other is under way. This much CPU time is allowed from now on.
    fn begins(&self, cpu: Option<Duration>) {
        _ = cpu;
    }

    /// Allows this much more CPU time than before.
    fn allow_more_cpu(&self, more: Option<Duration>) {
        _ = more;
    }

    /// Allows the CPU time to write or read a frame of so many bytes. That time is on no bill.
    fn allow_frame(&self, bytes: usize) {
        _ = bytes;
    }

    /// Notes that no call is under way any more, after this time.
    fn called(&self, took: Nanos) {
        _ = took;
        self.until(Deadline::NEVER);
    }

    /// Notes CPU time that is on a bill.
    fn paid(&self, cpu: Nanos) {
        _ = cpu;
    }

    /// The peer's memory in bytes; 0 where nothing reports it.
    fn resident(&self) -> u64 {
        0
    }

    /// The memory that the peer may have, in bytes, if the keeper enforces it.
    fn memory_limit(&self) -> Option<u64> {
        None
    }

    /// Whether its memory exceeds the limit. If so, the peer must be ended.
    fn exceeds(&self) -> bool {
        false
    }

    /// Whether its time is over. If so, the peer must be ended.
    fn is_over(&self) -> bool {
        let is_over = self.end().is_over(clock::now());
        if is_over {
            self.condemn(Death::Overdue);
        }
        is_over
    }

    /// An error if the peer must be ended.
    fn look(&self) -> io::Result<()> {
        match self.exceeds() || self.is_over() || self.verdict().is_some() {
            true => Err(io::Error::other("the peer exceeded a limit and must be ended")),
            false => Ok(()),
        }
    }

    /// Sets the end of the calls under way.
    fn until(&self, end: Deadline) {
        self.limit().end.store(end, Ordering::Relaxed);
    }

    /// Moves the end of the calls to `end`, if that is later.
    fn until_at_least(&self, end: Deadline) {
        self.until(self.end().max(end));
    }

    /// Moves the end of the calls to `time` from now, if that is later.
    fn for_at_least(&self, time: Duration) {
        self.until_at_least(Deadline::after(clock::now(), Nanos::of(time)));
    }

    /// When the calls under way must be over.
    fn end(&self) -> Deadline {
        self.limit().end.load(Ordering::Relaxed)
    }

    /// Sets the verdict, unless there is one.
    fn condemn(&self, death: Death) {
        self.limit().verdict.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(death);
    }

    /// Why the peer must be ended, if it must.
    fn verdict(&self) -> Option<Death> {
        self.limit().verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The deadline of a peer's calls, and the verdict. As a [`Keeper`], it limits the time alone.
pub(crate) struct PeerLimit {
    end: AtomicTime<Deadline>,
    verdict: Mutex<Option<Death>>,
}

impl PeerLimit {
    pub(crate) fn new(end: Deadline) -> Self {
        Self { end: AtomicTime::new(end), verdict: Mutex::default() }
    }
}

impl Keeper for PeerLimit {
    fn limit(&self) -> &PeerLimit {
        self
    }
}
