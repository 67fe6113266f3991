//! A request that is under way: it is sent, what the child asks meanwhile is done, and its answer is understood.

use std::io::ErrorKind;
use std::sync::{Arc, PoisonError};
use std::task::Context;
use std::time::Duration;

use super::super::frame::{Frame, FrameError, FrameReader};
use super::super::line::Line;
use super::super::message::{self, Failure, Forget, HostRefusal, WireBill, from_json, kind, to_json};
use super::super::wire::{self, Encoded, Out};
use super::bell::{self, Bell};
use super::inside::{Frames, Here};
use super::{About, GRACE, Handle, KEPT, Live, Session, State, What};
use crate::error::{Death, Direction, Error, Place, Result, Source};
use crate::guest_error::HostError;
use crate::isolate::clock;
use crate::isolate::later::Pending;
use crate::isolate::meter::nanos;
use crate::isolate::plainly::{Called, Unanswered};
use crate::isolate::stack::StackEnd;
use crate::isolate::thrown::STACK_FULL;
use crate::isolate::ticket::Inside;
use crate::realm::{ConsoleLine, Level};

/// How much is read, in bytes, while the child does not read: more than a guest says at once that has a heap of the usual size.
const MOST_KEPT: usize = 128 << 20;

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
pub(super) struct Call<'c> {
    pub(super) session: &'c Session,
    pub(super) state: &'c State,
    pub(super) live: &'c Live,
    pub(super) about: About,
    pub(super) began: u64,
}

impl Call<'_> {
    /// The child does not keep to the protocol.
    pub(super) fn broken(&self, reason: &str) -> Error {
        self.live.guard.condemn(Death::Protocol { reason: reason.into() });
        self.death()
    }

    fn death(&self) -> Error {
        self.session.death(self.about.place, &self.live.guard, &self.live.process, self.began)
    }

    fn send(&self, kind: u8, id: u64, body: impl FnOnce(&mut Out) -> Result<()>) -> Result<()> {
        let mut writer = self.live.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // The child may not have read what it was answered.
        writer.keep_together(self.state.hosts.pending.count() > 0);
        writer.stream().make_hasty(self.state.waits.get());
        let sent = writer.send_while(
            kind,
            id,
            |out| body(out).map_err(Unsent::Made),
            |line| {
                // The child may have much to say before it reads: it goes on while methods of the host have not answered.
                self.keep_frames().map_err(Unsent::Made)?;
                line.wait_for_both().map_err(|error| Unsent::Frame(FrameError::Io(error)))
            },
        );
        drop(writer);
        sent.map_err(|unsent| match unsent {
            Unsent::Made(error) => error,
            Unsent::Frame(error @ FrameError::TooLong { .. }) => {
                Error::build(format!("the values cannot be sent: {error}"))
            }
            Unsent::Frame(_) => self.death(),
        })
    }

    /// Reads the frames that are there, for later.
    fn keep_frames(&self) -> Result<()> {
        while let Some(frame) = self.read_now()? {
            let mut kept = self.state.kept.borrow_mut();
            match frame.kind {
                kind::CONSOLE => kept.text = self.console_text(kept.text, &frame)?,
                _ => kept.calls += 1,
            }
            // Calls that wait for an answer, and the answer that it waits for itself.
            if kept.calls > self.session.settings.limits.pending.saturating_add(1) {
                return Err(self.broken("more calls of `async` methods at once than are allowed"));
            }
            kept.bytes += frame.body.len();
            if kept.bytes > MOST_KEPT {
                return Err(self.broken("more at once than is kept, without reading what it is answered"));
            }
            kept.frames.push_back(frame);
        }
        Ok(())
    }

    /// How much text of the console there is with this frame, in bytes.
    fn console_text(&self, so_far: usize, frame: &Frame) -> Result<usize> {
        let text = so_far.saturating_add(frame.body.len());
        // As JSON it may be six times as long, and each line has a frame.
        match text > self.session.settings.limits.console_bytes.saturating_mul(64).saturating_add(1 << 20) {
            true => Err(self.broken("more text of the console than is allowed")),
            false => Ok(text),
        }
    }

    /// The next frame, if it is there.
    fn read_now(&self) -> Result<Option<Frame>> {
        self.read(|reader| {
            reader.stream().make_hasty(true);
            let frame = reader.next();
            reader.stream().make_hasty(false);
            match frame {
                Err(FrameError::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(None),
                frame => frame.map(Some),
            }
        })
    }

    /// The next frame, once it is there. Meanwhile what methods of the host answer is told.
    fn next(&self) -> Result<Frame> {
        loop {
            if let Some(frame) = self.state.kept.borrow_mut().take() {
                return Ok(frame);
            }
            let pending = &self.state.hosts.pending;
            // In a call inside of it nobody waits for them, as in one process.
            if pending.count() == 0 || !self.about.waits {
                return self.read(|reader| reader.next());
            }
            let bell = self.state.bell.borrow().clone().ok_or_else(|| self.death())?;
            self.tell_answers(&bell)?;
            if !self.state.kept.borrow().frames.is_empty() {
                continue;
            }
            match self.read_now()? {
                Some(frame) => return Ok(frame),
                None if pending.count() == 0 => {}
                None => {
                    self.read(|reader| reader.stream().wait_with(bell.stream()).map_err(FrameError::Io))?
                }
            }
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

    /// Has methods of the host go on, and tells the child what they gave. When the call has to be over, those are given up that are not.
    fn tell_answers(&self, bell: &Bell) -> Result<()> {
        let pending = &self.state.hosts.pending;
        bell.hush();
        let waker = bell.waker();
        let began = clock::now();
        // Without a runtime none has begun. What they call ends with the call that waits for them.
        let entered = bell::enter();
        let inside = Inside::of(self.live.guard.end().saturating_sub(nanos(GRACE)));
        let frames = Frames::of(self.session, Here::Between);
        while let Some((id, (contract, method), outcome)) = pending.poll(&mut Context::from_waker(&waker)) {
            let Some(host) = self.state.hosts.get().get(contract) else { continue };
            // Another answer may be on its way.
            let mut value = Out::default();
            let answer = outcome.and_then(|answer| host.write(method, answer, &mut value));
            self.answer(id, host.place(method), answer.map(|()| value))?;
        }
        drop((frames, inside, entered));
        self.allow(began);
        if self.left().is_zero() {
            let now = self.session.now();
            for Pending { id, .. } in pending.take() {
                let late = HostRefusal { is_late: true, ..HostRefusal::new("Error", "", now) };
                self.send(kind::HOST_REFUSAL, id, |out| to_json(&late, out))?;
            }
        }
        Ok(())
    }

    /// What the host takes is not the child's fault. By its own clock it is: it ends the guest as soon as it is answered.
    fn allow(&self, began: u64) {
        let guard = &self.live.guard;
        guard.until(guard.end().saturating_add(clock::now().saturating_sub(began)));
    }

    /// Sends a request, and gives its number.
    pub(super) fn begin(&self, kind: u8, body: impl FnOnce(&mut Out) -> Result<()>) -> Result<u64> {
        let id = self.state.next.get() + 1;
        self.state.next.set(id);
        self.forget()?;
        self.send(kind, id, body)?;
        Ok(id)
    }

    /// Puts what the request has used on the bill.
    pub(super) fn charge(&self, bill: WireBill) {
        self.session.meter.charge_numbers(bill);
        self.live.guard.paid(bill[2]);
    }

    /// Sends a request and gets its answer.
    pub(super) fn exchange(&self, kind: u8, body: impl FnOnce(&mut Out) -> Result<()>) -> Result<Frame> {
        let id = self.begin(kind, body)?;
        loop {
            let frame = self.next()?;
            if matches!(frame.kind, kind::DONE | kind::VALUE | kind::FAILURE) {
                if frame.call == id {
                    return Ok(frame);
                }
                let slot = self.state.inside.borrow_mut().remove(&frame.call);
                if let Some(slot) = slot {
                    slot(self, &frame)?;
                    continue;
                }
            }
            // One that always has something to say is never waited for.
            if self.live.guard.is_over() {
                return Err(self.death());
            }
            match frame.kind {
                kind::HOST_CALL => self.serve(&frame)?,
                kind::CONSOLE => self.write(&frame)?,
                _ => return Err(self.broken("a frame that answers nothing")),
            }
        }
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
        self.send(kind::FORGET, 0, |out| to_json(&gone, out))
    }

    /// Calls a host method for the child.
    fn serve(&self, frame: &Frame) -> Result<()> {
        let limits = &self.session.settings.limits;
        let asked = self.state.asked.get() + 1;
        self.state.asked.set(asked);
        if asked > limits.host_calls {
            return Err(self.broken("more calls of the host than are allowed"));
        }
        let nowhere = || self.broken("a call of a host method that there is not");
        let (numbers, args) = frame.body.split_first_chunk::<4>().ok_or_else(nowhere)?;
        let [contract, method] =
            [[numbers[0], numbers[1]], [numbers[2], numbers[3]]].map(u16::from_le_bytes).map(usize::from);
        let host = self.state.hosts.get().get(contract).ok_or_else(nowhere)?;
        let spec = host.method(method).ok_or_else(nowhere)?;
        if spec.is_async && !self.state.waits.get() {
            return Err(self.broken("a call of an `async` method where nobody waits for it"));
        }
        if let Some(most) = spec.max_calls {
            // The child counts as well, and ends the guest.
            let mut asked = self.state.asked_of.borrow_mut();
            let count = asked.entry((contract, method)).or_default();
            *count += 1;
            if *count > most {
                return Err(self.broken("more calls of a host method than are allowed"));
            }
        }
        let stack = StackEnd::of_thread();
        if !stack.allows_call() {
            // The guest is told what it is told when its own stack is full.
            let refusal = HostRefusal::new("RangeError", STACK_FULL, self.session.now());
            return self.send(kind::HOST_REFUSAL, frame.call, |out| to_json(&refusal, out));
        }
        if spec.is_async && self.state.hosts.pending.count() >= limits.pending {
            return Err(self.broken("more calls of `async` methods at once than are allowed"));
        }
        let (began, mut value) = (clock::now(), Out::new(self.live.to_child.clone()));
        value.keep_together(self.state.hosts.pending.count() > 0);
        let here = if spec.is_async { Here::Between } else { Here::Within };
        let frames = Frames::of(self.session, here);
        let called = match spec.is_async.then(bell::enter).transpose() {
            Ok(_entered) => host.call(method, self.encoded(args), (limits, stack), &mut value),
            Err(error) => Err(hidden(&error)),
        };
        drop(frames);
        self.allow(began);
        let place = host.place(method);
        match called.and_then(|called| self.begun(called, frame.call, (contract, method))) {
            Ok(true) => self.answer(frame.call, place, Ok(value)),
            Ok(false) => Ok(()),
            Err(error) => self.answer(frame.call, place, Err(error)),
        }
    }

    /// Keeps a method that has only begun. Says whether it is over.
    fn begun(&self, called: Called, id: u64, method: (usize, usize)) -> Result<bool, Unanswered> {
        let Called::Started(started) = called else { return Ok(true) };
        let mut bell = self.state.bell.borrow_mut();
        if bell.is_none() {
            *bell = Some(Arc::new(Bell::new().map_err(|error| hidden(&error))?));
        }
        self.state.hosts.pending.push(Pending::new(id, method, started));
        Ok(false)
    }

    /// Tells the child what a method of the host gave.
    fn answer(&self, id: u64, place: Place, value: Result<Out, Unanswered>) -> Result<()> {
        let value = value.and_then(|value| match self.session.affordable(value.weight()) {
            Ok(()) => Ok(value),
            Err(error) => {
                let error = error.inside("result").into_boundary_error(place, Direction::ToGuest);
                Err(Unanswered::Value(error))
            }
        });
        let now = self.session.now();
        match value {
            Ok(value) => self.send(kind::HOST_VALUE, id, |out| {
                out.extend_from_slice(&now.to_le_bytes());
                out.append(&value);
                Ok(())
            }),
            Err(unanswered) => {
                let refusal = self.refusal(unanswered, place, now);
                self.send(kind::HOST_REFUSAL, id, |out| to_json(&refusal, out))
            }
        }
    }

    /// What is left of the call.
    fn left(&self) -> Duration {
        let end = self.live.guard.end().saturating_sub(nanos(GRACE));
        Duration::from_nanos(end.saturating_sub(clock::now()))
    }

    fn refusal(&self, unanswered: Unanswered, place: Place, now: i64) -> HostRefusal {
        match unanswered {
            Unanswered::Value(error) => {
                let message = error.to_string();
                let source = Some(self.remember(Source::of(error)));
                HostRefusal { source, ..HostRefusal::new("TypeError", message, now) }
            }
            Unanswered::Host(mut error) => {
                let view = error.shown(place);
                let fields =
                    view.fields().iter().map(|(name, value)| ((*name).to_owned(), wire::encoded(value)));
                HostRefusal {
                    fields: fields.collect(),
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
    fn write(&self, frame: &Frame) -> Result<()> {
        let most = self.session.settings.limits.console_bytes;
        self.state.told.set(self.console_text(self.state.told.get(), frame)?);
        let line: message::Line =
            from_json(&frame.body).ok_or_else(|| self.broken("a line of the console that is none"))?;
        let level =
            [Level::Debug, Level::Info, Level::Warn, Level::Error].get(usize::from(line.level)).copied();
        let line = ConsoleLine::new(level.unwrap_or(Level::Error), line.text);
        let settings = &self.session.settings;
        settings.console.write(line, &settings.captured, most);
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
                let failure: Failure = from_json(&frame.body)?;
                (failure.bill, Err(self.session.error(self.state, self.about, failure)?))
            }
        })
    }
}

/// What kept a method of the host from its work.
fn hidden(error: &std::io::Error) -> Unanswered {
    Unanswered::Host(HostError::hidden(error.to_string()))
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
