//! A request under way: it is sent, the peer's own requests are served meanwhile, and the answer is decoded.
//!
//! The caller's thread holds the session's lock. The driver of `async` calls uses the same functions, without waiting.

use std::io;
use std::sync::{Arc, PoisonError};

use tokio::runtime::Handle as Runtime;

use super::super::link::Sending;
use super::super::message::{self, Failure, Forget, WireBill, from_json, kind, to_json};
use super::call_end::{HostCounts, ReadTime};
use super::host_call::owner_of_abort;
use super::inside::{CallScope, HostFrames};
use super::state::{KeptCalls, SessionState};
use super::{About, Handle, LivePeer, Pays, Session, What};
use crate::boundary::ValueError;
use crate::error::{Amount, Death, Direction, Error, Excess, LimitKind, Result};
use crate::isolate::cancels::Period;
use crate::observe::bill::Bill;
use crate::options::{ConsoleLine, Level};
use crate::time::{Deadline, Timestamp};
use crate::wire::fault::RemoteFrame;
use crate::wire::frame::{Frame, FrameBuilder, FrameError};
use crate::wire::{Encoded, Out};

/// How many bytes of frames are kept while the peer does not read. The bound is more than a guest with a heap of the usual size
/// sends at once.
pub(super) const MOST_KEPT: usize = 128 << 20;
/// How many further bytes are kept while a synchronous call is under way beside others.
const MOST_PUT_OFF: usize = 512 << 20;

/// The answer of a peer.
pub(in super::super) enum CallAnswer<'f> {
    Done(message::Done, u64),
    Value(Encoded<'f>),
}

impl CallAnswer<'_> {
    /// The handle of the thing that was made; `None` for another answer. `realm` is its realm's number.
    pub(in super::super) fn handle(self, what: What, realm: u64) -> Option<Result<Handle>> {
        match self {
            Self::Done(done, generation) => Some(Ok(Handle::new(done.handle, generation, what, realm))),
            Self::Value(_) => None,
        }
    }
}

/// A request under way.
#[derive(Clone)]
pub(in super::super) struct Request<'c> {
    pub(super) session: &'c Session,
    pub(super) state: &'c SessionState,
    pub(super) live: &'c Arc<LivePeer>,
    pub(super) about: About,
    pub(super) began: Timestamp,
    /// The period in which the call was made.
    pub(super) made_in: Period,
    /// The end of the call, and whether it is the caller's own deadline.
    pub(super) end: (Deadline, bool),
    /// The driver of `async` calls makes the request, and waits for nothing.
    pub(super) is_driven: bool,
    /// The bill that gets the CPU time when the peer ends during the request.
    pub(super) pays: Pays,
}

impl<'c> Request<'c> {
    /// The error when the peer breaks the protocol. Kills the peer.
    pub(super) fn broken(&self, reason: &str) -> Error {
        self.live.guard().condemn(Death::protocol(reason));
        self.death()
    }

    pub(super) fn death(&self) -> Error {
        let Self { session, state, live, .. } = self;
        let (death, cpu) = live.link.death();
        let owed = state.owed.take().saturating_add(cpu);
        match self.pays {
            Pays::Outer => state.owed.set(owed),
            Pays::Itself => {
                let served = state.here.borrow().served.clone();
                session.charge_lost(self.began, owed, &served);
            }
        }
        Error::process(death, self.about.place.as_ref())
    }

    /// Sends a frame. Long values go through the shared memory, where the peer has read its earlier content, or reads it
    /// next.
    pub(super) fn send(
        &self,
        kind: u8,
        id: u64,
        aside: bool,
        body: impl FnOnce(&mut Out) -> Result<()>,
    ) -> Result<()> {
        self.drop_objects()?;
        let sent = self.live.with_builder(|builder| {
            builder.keep_together(!(aside && self.state.is_alone.get()));
            let frame = builder.make(kind, id, |out| body(out).map_err(Unsent::Made));
            let sent = frame.and_then(|frame| self.announce().and_then(|()| self.send_frame(frame)));
            self.live.guard().allow_frame(builder.length());
            sent
        });
        self.crosses_in();
        match &sent {
            Ok(()) => self.state.handles.were_sent(),
            Err(_) => self.state.handles.take_back(),
        }
        sent.map_err(|unsent| self.unsent(unsent))
    }

    fn unsent(&self, unsent: Unsent) -> Error {
        match unsent {
            Unsent::Made(error) => error,
            Unsent::Frame(FrameError::TooLong { claimed, limit }) => self.too_long(claimed, limit),
            Unsent::Frame(_) => self.death(),
        }
    }

    /// Tells the peer of the objects of guests that the host holds no longer.
    fn drop_objects(&self) -> Result<()> {
        /// The most numbers of a frame.
        const AT_ONCE: usize = 4096;
        let released = self.state.handles.objects.take_released();
        if released.is_empty() {
            return Ok(());
        }
        let mut builder = FrameBuilder::new(self.live.link.longest(), None);
        released.chunks(AT_ONCE).try_for_each(|released| {
            let numbers = |out: &mut Out| {
                released.iter().for_each(|crossing| out.extend_from_slice(&crossing.to_le_bytes()));
                Ok::<_, FrameError>(())
            };
            let frame = builder.make(kind::DROP, 0, numbers).map_err(Unsent::Frame);
            frame.and_then(|frame| self.send_frame(frame)).map_err(|unsent| self.unsent(unsent))
        })
    }

    /// Tells the peer of contracts whose handles come next.
    fn announce(&self) -> Result<(), Unsent> {
        if !self.state.handles.has_unannounced() {
            return Ok(());
        }
        let mut builder = FrameBuilder::new(self.live.link.longest(), None);
        self.state.handles.unannounced().iter().try_for_each(|contract| {
            let frame = builder.make(kind::CONTRACT, 0, |out| to_json::<FrameError>(contract, out))?;
            self.send_frame(frame)
        })
    }

    fn send_frame(&self, frame: &[u8]) -> Result<(), Unsent> {
        let mut failed = None;
        // The peer may have to write before it reads. If it writes much, this side reads in between.
        let mut blocked = || {
            self.keep_frames().map_err(|error| {
                failed = Some(error);
                io::ErrorKind::Other.into()
            })
        };
        let how = match self.is_driven {
            true => Sending::Soon,
            false if self.state.flying.borrow().is_empty() => Sending::Wait,
            false => Sending::While(&mut blocked),
        };
        let sent = self.live.link.frames().send(frame, how);
        sent.map_err(|error| failed.map_or(Unsent::Frame(error), Unsent::Made))
    }

    /// The error of values, or of a script, that are more than one frame has. Nothing was sent of them.
    #[cold]
    fn too_long(&self, length: usize, most: usize) -> Error {
        let [length, most] = [length, most].map(|bytes| Amount::Bytes(bytes as u64));
        match &self.about.place {
            Some(place) => {
                let expected = format!("at most {most} in one message to the process of the guest");
                ValueError::new(expected, length.to_string())
                    .inside("arguments")
                    .into_error(place, Direction::ToGuest)
            }
            None => {
                let excess =
                    Excess::new(LimitKind::Script, "a message to the process of the guest", Some(most));
                excess.met(length).error(None)
            }
        }
    }

    /// Continues the unsent frames. Returns how many bytes are left.
    pub(super) fn push_on(&self) -> Result<usize> {
        self.live.link.frames().push_on().map_err(|_| self.death())
    }

    /// The number of bytes that the link had no room for.
    pub(super) fn backlog(&self) -> usize {
        self.live.link.frames().backlog()
    }

    /// Reads the available frames, for later. Returns whether more may be kept.
    fn keep_frames(&self) -> Result<bool> {
        /// How many frames are read between two checks of the peer's limits. The peer may never stop writing.
        const AT_ONCE: usize = 256;
        let mut count = 0;
        while self.state.kept.borrow().bytes < MOST_KEPT {
            let Some(frame) = self.read_now()? else { return Ok(true) };
            self.keep(&mut self.state.kept.borrow_mut(), frame)?;
            count += 1;
            if count % AT_ONCE == 0 && self.live.guard().look().is_err() {
                return Err(self.death());
            }
        }
        Ok(false)
    }

    fn keep(&self, kept: &mut KeptCalls, frame: Frame) -> Result<()> {
        kept.push(frame);
        // For each call: its host calls without an answer, the ends of these by the guest, and its own answer.
        let of_each = self.session.settings.limits.pending.saturating_mul(2).saturating_add(1);
        if kept.calls > of_each.saturating_mul(self.state.flying.borrow().len() + 1) {
            return Err(self.broken("more pending `async` host methods than `Limits::pending` allows"));
        }
        Ok(())
    }

    /// The next frame, if it has arrived.
    pub(super) fn read_now(&self) -> Result<Option<Frame>> {
        let frame = self.read(self.live.link.frames().next_now())?;
        frame.iter().for_each(|frame| self.has_arrived(frame));
        Ok(frame)
    }

    /// The next frame. Waits for it.
    fn next(&self) -> Result<Frame> {
        match self.state.kept.borrow_mut().take() {
            Some(frame) => Ok(frame),
            None => {
                let frame = self.read(self.live.link.frames().next())?;
                self.has_arrived(&frame);
                Ok(frame)
            }
        }
    }

    /// A frame of the peer has arrived. A release has no values.
    fn has_arrived(&self, frame: &Frame) {
        if frame.kind != kind::RELEASE {
            self.crosses_out();
        }
    }

    fn read<T>(&self, read: Result<T, FrameError>) -> Result<T> {
        read.map_err(|error| match error {
            FrameError::Closed | FrameError::Truncated | FrameError::Io(_) => self.death(),
            error => self.broken(&error.to_string()),
        })
    }

    /// Extends the peer's time after a host method has run. A late guest is ended as soon as the peer reads the answer,
    /// within this time.
    pub(super) fn allow(&self) {
        self.live.guard().for_at_least(self.session.grace);
    }

    /// Sends a request, and returns its number.
    pub(super) fn begin(&self, kind: u8, body: impl FnOnce(&mut Out) -> Result<()>) -> Result<u64> {
        let id = self.state.next.get() + 1;
        self.state.next.set(id);
        self.forget()?;
        let inside = if self.session.here() == CallScope::Within { kind::INSIDE } else { 0 };
        self.send(kind | inside, id, true, body)?;
        Ok(id)
    }

    /// Sends a request and returns its answer.
    pub(super) fn exchange(&self, kind: u8, body: impl FnOnce(&mut Out) -> Result<()>) -> Result<Frame> {
        let id = self.begin(kind, body)?;
        let _running = (self.pays == Pays::Itself).then(|| self.runs(id));
        loop {
            let frame = self.next()?;
            let is_answer = matches!(frame.kind, kind::DONE | kind::VALUE | kind::FAILURE);
            if is_answer && frame.call == id {
                return Ok(frame);
            }
            // A peer that writes without end never makes this side wait, so its time is checked here.
            if self.live.guard().is_over() {
                return Err(self.death());
            }
            match frame.kind {
                _ if is_answer && self.state.flying.borrow().contains_key(&frame.call) => {
                    self.put_off(frame)?
                }
                kind::HOST_CALL | kind::HANDLE_CALL => {
                    let asked = self.asked(&frame)?;
                    if !asked.is_async() {
                        let runtime = self
                            .state
                            .flying
                            .borrow()
                            .get(&asked.owner)
                            .and_then(|call| call.runtime.clone());
                        let _entered = runtime.as_ref().map(Runtime::enter);
                        self.serve(frame.call, &asked)?;
                    } else if self.state.flying.borrow().contains_key(&asked.owner) {
                        drop(asked);
                        self.put_off(frame)?;
                    } else {
                        return Err(
                            self.broken("a call of an `async` host method outside of an asynchronous call")
                        );
                    }
                }
                kind::HOST_ABORT
                    if owner_of_abort(&frame)
                        .is_some_and(|owner| self.state.flying.borrow().contains_key(&owner)) =>
                {
                    self.put_off(frame)?;
                }
                kind::RELEASE => self.release(frame, !self.state.later.borrow().is_empty())?,
                kind::CONSOLE => self.write(&frame)?,
                _ => return Err(self.broken("an answer without a request")),
            }
        }
    }

    /// Keeps a frame for the driver of its call.
    pub(super) fn put_off(&self, frame: Frame) -> Result<()> {
        if frame.kind != kind::RELEASE {
            self.state.handles.puts_off();
        }
        let mut later = self.state.later.borrow_mut();
        self.keep(&mut later, frame)?;
        // One long value for each call.
        let of_each = self.session.most_bytes().saturating_mul(self.state.flying.borrow().len());
        if later.bytes > of_each.min(MOST_PUT_OFF).saturating_add(MOST_KEPT) {
            return Err(self.broken("more frames for waiting calls than are kept"));
        }
        Ok(())
    }

    pub(super) fn encoded<'b>(&'b self, bytes: &'b [u8]) -> Encoded<'b> {
        Encoded::new(bytes, self.live.to_host.as_deref()).with_handles(&self.state.handles)
    }

    fn forget(&self) -> Result<()> {
        let forgotten =
            std::mem::take(&mut *self.session.forgotten.lock().unwrap_or_else(PoisonError::into_inner));
        if forgotten.is_empty() {
            return Ok(());
        }
        let generation = self.state.generation.get();
        let known = forgotten.iter().filter(|handle| handle.generation == generation);
        let keys =
            |what| known.clone().filter(|handle| handle.what == what).map(|handle| handle.key).collect();
        let gone =
            Forget { realms: keys(What::Realm), exports: keys(What::Script), bindings: keys(What::Binding) };
        self.send(kind::FORGET, 0, false, |out| to_json(&gone, out))
    }

    /// Passes a line of the guest's console to its destination.
    pub(super) fn write(&self, frame: &Frame) -> Result<()> {
        let settings = &self.session.settings;
        let line = from_json(&frame.body).filter(|_| settings.console.takes_lines());
        let line: message::ConsoleLineData = line.ok_or_else(|| self.broken("a malformed console frame"))?;
        // The peer counts lines in the same way.
        let length = line.text.len().max(1);
        self.state.credit.told(length as u64);
        let told = self.state.told.get().saturating_add(length);
        self.state.told.set(told);
        let (most, calls) = (settings.limits.console_bytes, usize::try_from(self.state.begun.get()));
        if told > most.saturating_mul(calls.unwrap_or(usize::MAX)) {
            return Err(self.broken("more console text than `Limits::console_bytes` allows"));
        }
        let level =
            [Level::Debug, Level::Info, Level::Warn, Level::Error].get(usize::from(line.level)).copied();
        let line =
            ConsoleLine::new(level.unwrap_or(Level::Error), line.text, line.place.map(RemoteFrame::frame));
        let frames = HostFrames::of(self.session, CallScope::Console);
        let caller = self.caller(frame.call);
        let teller = self.session.observed.as_ref();
        let tell = teller.map(|teller| |line: &ConsoleLine| teller.console_line(caller, line));
        let is_kept = settings.console.write(line, &settings.captured, most, tell);
        drop(frames);
        if !is_kept {
            let (bytes, lines) = self.state.unkept.get();
            self.state.unkept.set((bytes + length as u64, lines + 1));
        }
        Ok(())
    }

    /// The outcome of a call that has its answer, and its part of the bill. An answer that cannot be decoded ends the peer.
    ///
    /// Where the outcome ends the sandbox, the peer is marked as dead. So observers are told of that before the call ends.
    pub(super) fn arrived<T>(
        &self,
        frame: &Frame,
        end: &HostCounts,
        taken: impl FnOnce(CallAnswer<'_>) -> Option<Result<T>>,
    ) -> (Result<T>, Bill) {
        let (outcome, bill) = match self.understand(frame, taken) {
            Some((bill, outcome)) => {
                let bill = self.charge(bill, frame, &end.served);
                (outcome.map_err(|error| end.error(error, self.session.limits(), self.began)), bill)
            }
            None => {
                let error = self.broken("an answer that cannot be decoded");
                let cpu = self.state.owed.take();
                (Err(error), self.session.charge_lost(self.began, cpu, &end.served))
            }
        };
        // The caller must be the only owner of the host's error.
        if let Some(error) = outcome.as_ref().err().filter(|error| error.is_final()) {
            self.session.mark_dead(self.state, self.live, error);
        }
        (outcome, bill)
    }

    /// Decodes the answer, and adds its bill.
    pub(super) fn understand<T>(
        &self,
        frame: &Frame,
        taken: impl FnOnce(CallAnswer<'_>) -> Option<Result<T>>,
    ) -> Option<(WireBill, Result<T>)> {
        Some(match frame.kind {
            kind::VALUE => {
                let (bill, value) = message::read_bill(&frame.body)?;
                let handles = &self.state.handles;
                let (end, by_caller) = self.end;
                let _open = handles.objects.reads(ReadTime { end, by_caller, made_in: Some(self.made_in) });
                let outcome = taken(CallAnswer::Value(self.encoded(value)))?;
                let failed = |error| match handles.objects.take_failure() {
                    Some(Error::Limit { excess, place: None, .. }) => excess.error(self.about.place.as_ref()),
                    failure => failure.unwrap_or(error),
                };
                (bill, outcome.map_err(failed))
            }
            kind::DONE => {
                let done: message::Done = from_json(&frame.body)?;
                (done.bill, taken(CallAnswer::Done(done, self.state.generation.get()))?)
            }
            _ => {
                /// The greatest stack of nested causes, in bytes: JSON is read to this depth.
                const ROOM: usize = if cfg!(debug_assertions) { 1 << 20 } else { 256 << 10 };
                let failure: Failure = stacker::maybe_grow(ROOM, 2 * ROOM, || from_json(&frame.body))?;
                (failure.bill, Err(self.session.error(self.state, &self.about, failure)?))
            }
        })
    }
}

/// Why a frame was not sent.
enum Unsent {
    /// The body could not be made.
    Made(Error),
    Frame(FrameError),
}

impl From<FrameError> for Unsent {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}
