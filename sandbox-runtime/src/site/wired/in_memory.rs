//! A link to a thread of this process, over pipes in memory, for tests of what all links share.
//!
//! The link has no shared memory and no shared clock. The link cannot measure its peer, and cannot end a guest that computes.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::channel::{Channel, Framed};
use super::link::{Arrivals, Connect, Frames, Interest, Keeper, Link, PeerLimit};
use super::message::{self, Hello, Ready, kind};
use super::serve::{self, ServerEnd};
use crate::error::{Death, Error, Result};
use crate::isolate::clock;
use crate::time::{Deadline, Nanos};
use crate::wire::Out;
use crate::wire::frame::{FrameError, FrameReader, FrameWriter, Hasty};

/// The bytes that one direction has room for.
const ROOM: usize = 16 << 10;
/// The interval of checks of the peer's limits.
const LOOK: Duration = Duration::from_millis(5);
/// How long a thread may take to make its sandbox.
const START: Duration = Duration::from_secs(60);

/// Starts a thread for each sandbox.
#[derive(Clone, Debug)]
pub(crate) struct InMemory {
    pub(crate) can_call_back: bool,
    /// The frames of the peer; `None` where the peer runs guests.
    pub(crate) script: Option<PeerScript>,
}

impl Connect for InMemory {
    fn connect(&self, _: bool, longest: usize) -> Result<Arc<dyn Link>> {
        match self.script.clone() {
            Some(script) => connect(self.can_call_back, longest, move |end| script.serve(end)),
            None => connect(self.can_call_back, longest, |end| _ = serve::serve(end, |_| Ok(None))),
        }
    }
}

/// The kind of a frame, the number of its call, and its body.
pub type RawFrame = (u8, u64, Vec<u8>);

/// The frames that a peer sends after each frame of the host; `None` where the peer hangs up.
type AnswerFrame = dyn Fn(RawFrame) -> Option<Vec<RawFrame>> + Send + Sync;

/// A peer that runs no guests. A function writes its frames.
#[derive(Clone)]
pub(crate) struct PeerScript(pub(crate) Arc<AnswerFrame>);

impl std::fmt::Debug for PeerScript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PeerScript")
    }
}

impl PeerScript {
    /// Greets the host, and then sends what the function says, until one side hangs up.
    fn serve(&self, end: ServerEnd) {
        const MOST: usize = 1 << 20;
        let (mut input, mut output) = (FrameReader::new(end.input, MOST), FrameWriter::new(end.output, MOST));
        let mut send = |(kind, call, body): RawFrame| {
            let written = |out: &mut Out| {
                out.extend_from_slice(&body);
                Ok::<_, FrameError>(())
            };
            output.send(kind, call, written).is_ok()
        };
        let hello = Hello { version: message::VERSION, windows: false, refusal: None };
        let mut goes_on = send((kind::HELLO, 0, json(&hello)));
        while goes_on && let Ok(frame) = input.next() {
            let answers = match frame.kind {
                kind::SETUP => Some(vec![(kind::READY, frame.call, json(&Ready { report: None }))]),
                kind => (self.0)((kind, frame.call, frame.body)),
            };
            goes_on = answers.is_some_and(|answers| answers.into_iter().all(&mut send));
        }
    }
}

fn json(message: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}

/// A link to a new thread, which serves its end and hangs up.
pub(super) fn connect(
    can_call_back: bool,
    longest: usize,
    serve: impl FnOnce(ServerEnd) + Send + 'static,
) -> Result<Arc<dyn Link>> {
    let pipes = Arc::<Pipes>::default();
    let limit = Arc::new(PeerLimit::new(Deadline::after(clock::now(), Nanos::of(START))));
    let theirs = || Box::new(PipeEnd { pipes: pipes.clone(), reads: TO_PEER, is_hasty: false, limit: None });
    let (input, output, console) = (theirs(), theirs(), theirs());
    let end = ServerEnd { input, output, console, windows: None, clock: None, may_spin: Arc::default() };
    let closes = Closes(pipes.clone());
    let thread = std::thread::Builder::new().name("sandbox-peer".into());
    let serves = move || {
        serve(end);
        drop(closes);
    };
    thread.spawn(serves).map_err(|error| Error::system("thread", &error))?;
    let ours =
        || PipeEnd { pipes: pipes.clone(), reads: TO_HOST, is_hasty: false, limit: Some(limit.clone()) };
    let frames = Framed::new(ours(), ours(), longest);
    Ok(Arc::new(ThreadLink { frames, pipes: Closes(pipes), limit, can_call_back }))
}

/// The directions.
const TO_PEER: usize = 0;
const TO_HOST: usize = 1;

/// Both directions.
#[derive(Default)]
struct Pipes {
    state: Mutex<PipeState>,
    changed: Condvar,
}

#[derive(Default)]
struct PipeState {
    bytes: [VecDeque<u8>; 2],
    is_closed: bool,
    is_interrupted: bool,
    /// Whether something has arrived at the host since its task was told.
    has_news: bool,
    task: Option<Waker>,
}

impl Pipes {
    fn lock(&self) -> MutexGuard<'_, PipeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes all that wait for a change.
    fn change<R>(&self, change: impl FnOnce(&mut PipeState) -> R) -> R {
        let mut state = self.lock();
        let changed = change(&mut state);
        let task = if state.has_news { state.task.take() } else { None };
        drop(state);
        self.changed.notify_all();
        task.inspect(Waker::wake_by_ref);
        changed
    }

    /// Waits until a condition holds, at most for this long. Returns whether it does.
    fn wait(&self, most: Duration, holds: impl Fn(&PipeState) -> bool) -> bool {
        let until = Instant::now() + most;
        let mut state = self.lock();
        while !holds(&state) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// Closes the pipes when it is dropped.
struct Closes(Arc<Pipes>);

impl Drop for Closes {
    fn drop(&mut self) {
        self.0.change(|state| (state.is_closed, state.has_news) = (true, true));
    }
}

impl Interest {
    fn is_met(self, state: &PipeState, reads: usize) -> bool {
        let has_frames = self.frames && !state.bytes[reads].is_empty();
        state.is_closed || has_frames || self.room && state.bytes[1 - reads].len() < ROOM
    }
}

/// One handle of one end.
struct PipeEnd {
    pipes: Arc<Pipes>,
    /// The direction that it reads.
    reads: usize,
    is_hasty: bool,
    /// The limits of the peer, at the host's end.
    limit: Option<Arc<PeerLimit>>,
}

impl PipeEnd {
    fn wait_or_fail(&self, interest: Interest) -> io::Result<()> {
        if self.is_hasty {
            let is_met = interest.is_met(&self.pipes.lock(), self.reads);
            return if is_met { Ok(()) } else { Err(ErrorKind::WouldBlock.into()) };
        }
        while !self.pipes.wait(LOOK, |state| interest.is_met(state, self.reads)) {
            self.limit.as_ref().map_or(Ok(()), |limit| limit.look())?;
        }
        Ok(())
    }
}

impl Read for PipeEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait_or_fail(Interest { frames: true, room: false })?;
        self.pipes.change(|state| state.bytes[self.reads].read(buffer))
    }
}

impl Write for PipeEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait_or_fail(Interest { frames: false, room: true })?;
        self.pipes.change(|state| {
            let written = &mut state.bytes[1 - self.reads];
            if state.is_closed {
                return Err(ErrorKind::BrokenPipe.into());
            }
            let count = bytes.len().min(ROOM.saturating_sub(written.len()));
            written.extend(bytes.iter().take(count));
            state.has_news |= self.reads == TO_PEER;
            Ok(count)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Hasty for PipeEnd {
    fn make_hasty(&mut self, is_hasty: bool) {
        self.is_hasty = is_hasty;
    }
}

impl Channel for PipeEnd {
    fn wait_for(&self, interest: Interest) -> io::Result<()> {
        match self.pipes.wait(LOOK, |state| interest.is_met(state, self.reads)) {
            true => Ok(()),
            false => self.limit.as_ref().map_or(Ok(()), |limit| limit.look()),
        }
    }
}

struct ThreadLink {
    frames: Framed<PipeEnd>,
    pipes: Closes,
    limit: Arc<PeerLimit>,
    can_call_back: bool,
}

impl Link for ThreadLink {
    fn frames(&self) -> &dyn Frames {
        &self.frames
    }

    fn wait(&self, interest: Interest, most: Duration) -> bool {
        let Closes(pipes) = &self.pipes;
        pipes.wait(most, |state| state.is_interrupted || interest.is_met(state, TO_HOST))
    }

    fn interrupt(&self) {
        self.pipes.0.change(|state| state.is_interrupted = true);
    }

    fn clear_interrupt(&self) {
        self.pipes.0.lock().is_interrupted = false;
    }

    fn arrivals(&self) -> io::Result<Box<dyn Arrivals>> {
        Ok(Box::new(PipeArrivals(self.pipes.0.clone())))
    }

    fn keeper(&self) -> &dyn Keeper {
        &*self.limit
    }

    fn death(&self) -> (Death, Nanos) {
        self.end();
        (self.limit.verdict().unwrap_or(Death::Disconnected), Nanos::ZERO)
    }

    fn end(&self) {
        self.pipes.0.change(|state| (state.is_closed, state.has_news) = (true, true));
    }

    fn has_ended(&self) -> bool {
        self.pipes.0.lock().is_closed
    }

    fn can_call_back(&self) -> bool {
        self.can_call_back
    }
}

struct PipeArrivals(Arc<Pipes>);

impl Arrivals for PipeArrivals {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.0.lock();
        if std::mem::take(&mut state.has_news) {
            return Poll::Ready(!state.is_closed);
        }
        state.task = Some(cx.waker().clone());
        Poll::Pending
    }
}
