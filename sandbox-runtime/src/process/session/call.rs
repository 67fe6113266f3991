//! A request that is under way: it is sent, what the child asks meanwhile is done, and its answer is understood.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use tokio::runtime::Handle as Runtime;

use super::super::frame::{Frame, FrameError, FrameReader, Hasty as _};
use super::super::line::Line;
use super::super::message::{self, Failure, Forget, HostRefusal, WireBill, from_json, kind, to_json};
use super::super::wire::{self, Encoded, Out};
use super::inside::{Frames, Here};
use super::state::{Kept, State};
use super::{About, GRACE, Handle, KEPT, Live, Pays, Session, What};
use crate::contract::MethodSpec;
use crate::error::{Death, Direction, Error, Place, Result, Source};
use crate::guest_error::HostError;
use crate::isolate::clock;
use crate::isolate::meter::{Bill, nanos};
use crate::isolate::plainly::{Called, KeptAnswer, PlainHost, Started, Unanswered};
use crate::isolate::run::unless_it_panics;
use crate::isolate::stack::StackEnd;
use crate::isolate::thrown::STACK_FULL;
use crate::realm::{ConsoleLine, Level};

/// How much is kept of what is read, or is to be sent, in bytes, while the child does not read: more than a guest says at once that has
/// a heap of the usual size.
pub(super) const MOST_KEPT: usize = 128 << 20;
/// How much more, at most, while a synchronous call is under way beside others.
const MOST_PUT_OFF: usize = 512 << 20;

/// What a child answered.
pub(in super::super) enum Answered<'f> {
    Done(message::Done, u64),
    Value(Encoded<'f>),
}

impl Answered<'_> {
    /// The handle of what was made; `None` for another answer.
    pub(in super::super) fn handle(self, what: What) -> Option<Result<Handle>> {
        match self {
            Self::Done(done, generation) => Some(Ok(Handle::new(done.handle, generation, what))),
            Self::Value(_) => None,
        }
    }
}

/// A request that is under way.
#[derive(Clone, Copy)]
pub(in super::super) struct Call<'c> {
    pub(super) session: &'c Session,
    pub(super) state: &'c State,
    pub(super) live: &'c Arc<Live>,
    pub(super) about: About,
    pub(super) began: u64,
    /// It is made by whoever drives calls side by side, and waits for nothing.
    pub(super) is_driven: bool,
    /// On whose bill it is when the process ends by it.
    pub(super) pays: Pays,
}

/// A call of a host method that the child asks for.
pub(super) struct Asked<'a> {
    pub(super) contract: usize,
    pub(super) method: usize,
    /// The number of the call whose guest asks.
    pub(super) owner: u64,
    pub(super) spec: &'static MethodSpec,
    host: &'a PlainHost,
    args: &'a [u8],
}

impl<'c> Call<'c> {
    /// The child does not keep to the protocol.
    pub(super) fn broken(&self, reason: &str) -> Error {
        self.live.guard.condemn(Death::Protocol { reason: reason.into() });
        self.death()
    }

    pub(super) fn death(&self) -> Error {
        let Self { session, state, live, .. } = self;
        let (error, cpu) = Session::death(self.about.place, &live.guard, &live.process);
        let owed = state.owed.take().saturating_add(cpu);
        match self.pays {
            Pays::Outer => state.owed.set(owed),
            Pays::Itself => {
                let asked = state.here.borrow().asked.load(Ordering::Relaxed);
                session.charge_lost(self.began, owed, asked);
            }
        }
        error
    }

    /// Sends a frame. What is long in it may be laid aside where the child has read, or reads next, what was there before.
    pub(super) fn send(
        &self,
        kind: u8,
        id: u64,
        aside: bool,
        body: impl FnOnce(&mut Out) -> Result<()>,
    ) -> Result<()> {
        let mut writer = self.live.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.keep_together(!(aside && self.state.is_alone.get()));
        writer.stream().make_hasty(self.is_driven || !self.state.flying.borrow().is_empty());
        let body = |out: &mut Out| body(out).map_err(Unsent::Made);
        let blocked = |line: &mut Line| {
            // The child may have something to say before it reads. When that is much, it reads in between.
            let has_room = self.keep_frames().map_err(Unsent::Made)?;
            let waited = if has_room { line.wait_for_both() } else { line.wait_for_room() };
            waited.map_err(|error| Unsent::Frame(FrameError::Io(error)))
        };
        let sent = match self.is_driven {
            true => writer.send_soon(kind, id, body),
            false => writer.send_while(kind, id, body, blocked),
        };
        self.live.guard.allow_frame(writer.length());
        drop(writer);
        sent.map_err(|unsent| match unsent {
            Unsent::Made(error) => error,
            Unsent::Frame(error @ FrameError::TooLong { .. }) => {
                Error::build(format!("the values cannot be sent: {error}"))
            }
            Unsent::Frame(_) => self.death(),
        })
    }

    /// Goes on with what was to be sent soon. Says how many bytes are left.
    pub(super) fn push_on(&self) -> Result<usize> {
        let mut writer = self.live.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.stream().make_hasty(true);
        let pushed = writer.push_on();
        let left = writer.backlog();
        drop(writer);
        pushed.map(|_| left).map_err(|_| self.death())
    }

    /// How many bytes there was no room for in the stream.
    pub(super) fn backlog(&self) -> usize {
        self.live.writer.lock().unwrap_or_else(PoisonError::into_inner).backlog()
    }

    /// Reads the frames that are there, for later. Says whether there is room for more.
    fn keep_frames(&self) -> Result<bool> {
        /// How many are read before it is looked whether the child keeps to its limits: it may never be at an end.
        const AT_ONCE: usize = 256;
        let mut count = 0;
        while self.state.kept.borrow().bytes < MOST_KEPT {
            let Some(frame) = self.read_now()? else { return Ok(true) };
            self.keep(&mut self.state.kept.borrow_mut(), frame)?;
            count += 1;
            if count % AT_ONCE == 0 && self.live.guard.look().is_err() {
                return Err(self.death());
            }
        }
        Ok(false)
    }

    fn keep(&self, kept: &mut Kept, frame: Frame) -> Result<()> {
        kept.push(frame);
        // For each call those of the host that wait for an answer, and the answer that it waits for itself.
        let of_each = self.session.settings.limits.pending.saturating_add(1);
        if kept.calls > of_each.saturating_mul(self.state.flying.borrow().len() + 1) {
            return Err(self.broken("more calls of `async` methods at once than are allowed"));
        }
        Ok(())
    }

    /// The next frame, if it is there.
    pub(super) fn read_now(&self) -> Result<Option<Frame>> {
        self.read(FrameReader::next_now)
    }

    /// The next frame, once it is there.
    fn next(&self) -> Result<Frame> {
        match self.state.kept.borrow_mut().take() {
            Some(frame) => Ok(frame),
            None => self.read(FrameReader::next),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&mut FrameReader<Line>) -> Result<T, FrameError>) -> Result<T> {
        let mut reader = self.live.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let read = read(&mut reader);
        drop(reader);
        read.map_err(|error| match error {
            FrameError::Closed | FrameError::Truncated | FrameError::Io(_) => self.death(),
            error => self.broken(&error.to_string()),
        })
    }

    /// The host has had its turn. The child ends a guest that is late as soon as it is told, and has that long.
    pub(super) fn allow(&self) {
        self.live.guard.until_at_least(clock::now().saturating_add(nanos(GRACE)));
    }

    /// Sends a request, and gives its number.
    pub(super) fn begin(&self, kind: u8, body: impl FnOnce(&mut Out) -> Result<()>) -> Result<u64> {
        let id = self.state.next.get() + 1;
        self.state.next.set(id);
        self.forget()?;
        let inside = if self.session.here() == Here::Within { kind::INSIDE } else { 0 };
        self.send(kind | inside, id, true, body)?;
        Ok(id)
    }

    /// Puts what the request has used on the bill, as far as the child may say so: it has given a value, or called the host so often,
    /// and has not taken more time than has passed.
    pub(super) fn charge(&self, bill: WireBill, answer: &Frame, asked: u64) {
        // Of a call that has never begun there is none.
        if bill == WireBill::default() && answer.kind != kind::VALUE && asked == 0 {
            return;
        }
        let (unkept, lines) = self.state.unkept.take();
        let (said, passed) = (Bill::of(bill), Duration::from_nanos(clock::now().saturating_sub(self.began)));
        let bill = Bill {
            calls: 1,
            wall: said.wall.min(passed),
            cpu: said.cpu.min(passed),
            host_time: said.host_time.min(passed),
            host_calls: said.host_calls.max(asked),
            console_bytes: said.console_bytes.saturating_sub(unkept),
            console_dropped: said.console_dropped.saturating_add(lines),
            ..said
        };
        // Those that were written and not kept are told already.
        self.session.settings.captured.drop_lines(said.console_dropped);
        self.session.meter.charge_numbers(bill.numbers());
        self.live.guard.paid(nanos(bill.cpu));
    }

    /// Sends a request and gets its answer.
    pub(super) fn exchange(&self, kind: u8, body: impl FnOnce(&mut Out) -> Result<()>) -> Result<Frame> {
        let id = self.begin(kind, body)?;
        loop {
            let frame = self.next()?;
            let is_answer = matches!(frame.kind, kind::DONE | kind::VALUE | kind::FAILURE);
            if is_answer && frame.call == id {
                return Ok(frame);
            }
            // One that always has something to say is never waited for.
            if self.live.guard.is_over() {
                return Err(self.death());
            }
            match frame.kind {
                _ if is_answer && self.state.flying.borrow().contains_key(&frame.call) => {
                    self.put_off(frame)?
                }
                kind::HOST_CALL => {
                    let asked = self.asked(&frame)?;
                    if !asked.spec.is_async {
                        let runtime = self
                            .state
                            .flying
                            .borrow()
                            .get(&asked.owner)
                            .and_then(|call| call.runtime.clone());
                        let _entered = runtime.as_ref().map(Runtime::enter);
                        self.serve(frame.call, &asked)?;
                    } else if self.state.flying.borrow().contains_key(&asked.owner) {
                        self.put_off(frame)?;
                    } else {
                        return Err(self.broken("a call of an `async` method where nobody waits for it"));
                    }
                }
                kind::CONSOLE => self.write(&frame)?,
                _ => return Err(self.broken("a frame that answers nothing")),
            }
        }
    }

    /// Leaves a frame to whoever drives the call that it is for.
    fn put_off(&self, frame: Frame) -> Result<()> {
        let mut later = self.state.later.borrow_mut();
        self.keep(&mut later, frame)?;
        // One long value of each.
        let of_each = self.session.most_bytes().saturating_mul(self.state.flying.borrow().len());
        if later.bytes > of_each.min(MOST_PUT_OFF).saturating_add(MOST_KEPT) {
            return Err(self.broken("more at once than is kept for calls that wait for another"));
        }
        Ok(())
    }

    fn encoded<'b>(&'b self, bytes: &'b [u8]) -> Encoded<'b> {
        Encoded::new(bytes, self.live.to_parent.as_deref())
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

    /// What the child asks for.
    pub(super) fn asked<'a>(&self, frame: &'a Frame) -> Result<Asked<'a>>
    where
        'c: 'a,
    {
        let nowhere = || self.broken("a call of a host method that there is not");
        let (numbers, args) = frame.body.split_first_chunk::<12>().ok_or_else(nowhere)?;
        let [a, b, c, d, owner @ ..] = *numbers;
        let [contract, method] = [[a, b], [c, d]].map(u16::from_le_bytes).map(usize::from);
        let owner = match u64::from_le_bytes(owner) {
            // One inside of another is part of that.
            0 if self.pays == Pays::Outer => self.state.outer.get(),
            owner => owner,
        };
        let host = self.state.hosts.get().get(contract).ok_or_else(nowhere)?;
        let spec = host.method(method).ok_or_else(nowhere)?;
        Ok(Asked { contract, method, owner, spec, host, args })
    }

    /// Counts a call of a host method. The child counts as well, and ends the guest.
    pub(super) fn admit(&self, asked: &Asked<'_>) -> Result<()> {
        let most = self.session.settings.limits.host_calls;
        let counted = self.state.with(asked.owner, |call| {
            if call.is_over {
                return Err(Death::Overdue);
            }
            let broken = |reason: &str| Err(Death::Protocol { reason: reason.into() });
            if call.asked.fetch_add(1, Ordering::Relaxed) >= most {
                return broken("more calls of the host than are allowed");
            }
            if let Some(most) = asked.spec.max_calls {
                let count = call.asked_of.entry((asked.contract, asked.method)).or_default();
                *count += 1;
                if *count > most {
                    return broken("more calls of a host method than are allowed");
                }
            }
            Ok(())
        });
        let nobody =
            || Err(Death::Protocol { reason: "a call of the host by a call that there is not".into() });
        counted.unwrap_or_else(nobody).map_err(|death| {
            self.live.guard.condemn(death);
            self.death()
        })
    }

    /// Looks whether a call that is answered now has had its time: then that is the last that it is told, for whoever ends a guest in time
    /// has it ask nothing more. While it waits for a method of the host, a child says nothing; what is there was said before its time.
    fn closes(&self, owner: u64) -> Result<()> {
        let now = clock::now();
        let is_late =
            self.state.with(owner, |call| now > call.end.saturating_add(nanos(GRACE))).unwrap_or(false);
        if is_late {
            if !self.state.kept.borrow().is_empty() || self.read_now()?.is_some() {
                return Err(self.broken("a frame while it waits for the host"));
            }
            self.state.with(owner, |call| call.is_over = true);
        }
        Ok(())
    }

    /// Calls a host method for the child, which waits for it.
    pub(super) fn serve(&self, id: u64, asked: &Asked<'_>) -> Result<()> {
        self.admit(asked)?;
        let mut value = Out::new(self.live.to_child.clone());
        value.keep_together(!self.state.is_alone.get());
        let frames = Frames::of(self.session, Here::Within);
        let outer = self.state.outer.replace(asked.owner);
        let called = self.call(asked, &mut value);
        self.state.outer.set(outer);
        drop(frames);
        self.allow();
        self.closes(asked.owner)?;
        self.answer(id, asked.host.place(asked.method), true, called.map(|_| value))
    }

    /// Has a host method begin. `None` when it could not.
    pub(super) fn start(&self, id: u64, asked: &Asked<'_>) -> Result<Option<Started>> {
        let frames = Frames::of(self.session, Here::Between);
        let called = self.call(asked, &mut Out::default());
        drop(frames);
        self.allow();
        match called {
            Ok(Called::Started(started)) => Ok(Some(started)),
            Ok(Called::Done) => Err(self.broken("a call of a host method that there is not")),
            Err(error) => self.answer(id, asked.host.place(asked.method), false, Err(error)).map(|()| None),
        }
    }

    /// Tells the child why a host method cannot even begin.
    pub(super) fn refuse(&self, id: u64, asked: &Asked<'_>, error: &io::Error) -> Result<()> {
        let error = Unanswered::Host(HostError::hidden(error.to_string()));
        self.answer(id, asked.host.place(asked.method), false, Err(error))
    }

    fn call(&self, asked: &Asked<'_>, value: &mut Out) -> Result<Called, Unanswered> {
        let stack = StackEnd::of_thread();
        if !stack.allows_call() {
            return Err(Unanswered::Stack);
        }
        let limits = &self.session.settings.limits;
        asked.host.call(asked.method, self.encoded(asked.args), (limits, stack), value)
    }

    /// Tells the child what an `async` method of the host gave.
    pub(super) fn tell(
        &self,
        id: u64,
        (contract, method): (usize, usize),
        outcome: Result<Box<dyn KeptAnswer>, Unanswered>,
    ) -> Result<()> {
        let Some(host) = self.state.hosts.get().get(contract) else { return Ok(()) };
        let mut value = Out::default();
        // A value of the host's may panic while it is written.
        let answer = outcome.and_then(|answer| {
            unless_it_panics(|| host.write(method, answer, &mut value))
                .unwrap_or_else(|| Err(Unanswered::Host(HostError::panicked())))
        });
        self.answer(id, host.place(method), false, answer.map(|()| value))
    }

    /// Tells the child what a method of the host gave.
    fn answer(&self, id: u64, place: Place, aside: bool, value: Result<Out, Unanswered>) -> Result<()> {
        let value = value.and_then(|value| match self.session.affordable(value.weight()) {
            Ok(()) => Ok(value),
            Err(error) => {
                let error = error.inside("result").into_boundary_error(place, Direction::ToGuest);
                Err(Unanswered::Value(error))
            }
        });
        let now = self.session.now();
        match value {
            Ok(value) => self.send(kind::HOST_VALUE, id, aside, |out| {
                out.extend_from_slice(&now.to_le_bytes());
                out.append(&value);
                Ok(())
            }),
            Err(unanswered) => {
                let refusal = self.refusal(unanswered, place, now);
                self.send(kind::HOST_REFUSAL, id, false, |out| to_json(&refusal, out))
            }
        }
    }

    fn refusal(&self, unanswered: Unanswered, place: Place, now: i64) -> HostRefusal {
        match unanswered {
            // The guest is told what it is told when its own stack is full.
            Unanswered::Stack => HostRefusal::new("RangeError", STACK_FULL, now),
            Unanswered::Value(error) => {
                let message = error.to_string();
                let source = Some(self.remember(Source::of(error)));
                HostRefusal { source, ..HostRefusal::new("TypeError", message, now) }
            }
            Unanswered::Host(mut error) => {
                let view = error.shown(place);
                let limits = &self.session.settings.limits;
                let field = |(name, value): &(&'static str, _)| {
                    let value = wire::encoded(value);
                    match wire::decode(value.as_slice(), limits) {
                        Ok(_) => Some(((*name).to_owned(), BASE64.encode(value))),
                        Err(error) => {
                            tracing::error!(%error, name, "a property of an error cannot be given to the guest");
                            None
                        }
                    }
                };
                HostRefusal {
                    fields: view.fields().iter().filter_map(field).collect(),
                    source: error.source.map(|source| self.remember(source)),
                    ..HostRefusal::new(view.class(), view.message(), now)
                }
            }
        }
    }

    /// Keeps an error of the host, to know it again when the guest lets it pass.
    fn remember(&self, source: Source) -> u64 {
        let number = self.state.next_source.get() + 1;
        self.state.next_source.set(number);
        let mut sources = self.state.sources.borrow_mut();
        let oldest = if sources.len() == KEPT { sources.pop_front() } else { None };
        sources.push_back((number, source));
        drop(sources);
        drop(oldest);
        number
    }

    /// Gives a line of the guest's console to whoever it is for.
    pub(super) fn write(&self, frame: &Frame) -> Result<()> {
        let settings = &self.session.settings;
        let line = from_json(&frame.body).filter(|_| !settings.console.is_off());
        let line: message::Line = line.ok_or_else(|| self.broken("a line of the console that is none"))?;
        // As the child counts it.
        let told = self.state.told.get().saturating_add(line.text.len().max(1));
        self.state.told.set(told);
        let (most, calls) = (settings.limits.console_bytes, usize::try_from(self.state.begun.get()));
        if told > most.saturating_mul(calls.unwrap_or(usize::MAX)) {
            return Err(self.broken("more text of the console than is allowed"));
        }
        let level =
            [Level::Debug, Level::Info, Level::Warn, Level::Error].get(usize::from(line.level)).copied();
        let line = ConsoleLine::new(level.unwrap_or(Level::Error), line.text);
        let length = line.text.len().max(1) as u64;
        let frames = Frames::of(self.session, Here::Console);
        let is_kept = settings.console.write(line, &settings.captured, most);
        drop(frames);
        if !is_kept {
            let (bytes, lines) = self.state.unkept.get();
            self.state.unkept.set((bytes + length, lines + 1));
        }
        Ok(())
    }

    /// What the answer says, and its bill.
    pub(super) fn understand<T>(
        &self,
        frame: &Frame,
        taken: impl FnOnce(Answered<'_>) -> Option<Result<T>>,
    ) -> Option<(WireBill, Result<T>)> {
        Some(match frame.kind {
            kind::VALUE => {
                let (bill, value) = message::read_bill(&frame.body)?;
                (bill, taken(Answered::Value(self.encoded(value)))?)
            }
            kind::DONE => {
                let done: message::Done = from_json(&frame.body)?;
                (done.bill, taken(Answered::Done(done, self.state.generation.get()))?)
            }
            _ => {
                /// What causes of causes take of the stack, at most, in bytes: as deep as JSON is read.
                const ROOM: usize = if cfg!(debug_assertions) { 1 << 20 } else { 256 << 10 };
                let failure: Failure = stacker::maybe_grow(ROOM, 2 * ROOM, || from_json(&frame.body))?;
                (failure.bill, Err(self.session.error(self.state, self.about, failure)?))
            }
        })
    }
}

/// Why a frame was not sent.
enum Unsent {
    /// Its body could not be made.
    Made(Error),
    Frame(FrameError),
}

impl From<FrameError> for Unsent {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}
