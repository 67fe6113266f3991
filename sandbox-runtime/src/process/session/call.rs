//! A request that is under way: it is sent, what the child asks meanwhile is done, and its answer is understood.

use std::sync::PoisonError;
use std::time::Duration;

use super::super::frame::{Frame, FrameError};
use super::super::message::{self, Failure, Forget, HostRefusal, WireBill, from_json, kind, to_json};
use super::super::wire::{self, Encoded, Out};
use super::{About, GRACE, Handle, KEPT, LATER, Live, Session, State, What};
use crate::error::{Death, Direction, Error, Place, Result, Source};
use crate::isolate::clock;
use crate::isolate::meter::nanos;
use crate::isolate::plainly::Unanswered;
use crate::isolate::stack::StackEnd;
use crate::isolate::thrown::STACK_FULL;
use crate::realm::{ConsoleLine, Level};

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
        let sent = writer.send(kind, id, |out| body(out).map_err(Unsent::Made));
        sent.map_err(|unsent| match unsent {
            Unsent::Made(error) => error,
            Unsent::Frame(error @ FrameError::TooLong { .. }) => {
                Error::build(format!("the values cannot be sent: {error}"))
            }
            Unsent::Frame(_) => self.death(),
        })
    }

    fn next(&self) -> Result<Frame> {
        let read = self.live.reader.lock().unwrap_or_else(PoisonError::into_inner).next();
        read.map_err(|error| match error {
            FrameError::Closed | FrameError::Truncated | FrameError::Io(_) => self.death(),
            error => self.broken(&error.to_string()),
        })
    }

    /// Sends a request and gets its answer.
    pub(super) fn exchange(&self, kind: u8, body: impl FnOnce(&mut Out) -> Result<()>) -> Result<Frame> {
        let id = self.state.next.get() + 1;
        self.state.next.set(id);
        self.forget()?;
        self.send(kind, id, body)?;
        loop {
            let frame = self.next()?;
            if matches!(frame.kind, kind::DONE | kind::VALUE | kind::FAILURE) && frame.call == id {
                return Ok(frame);
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
        if spec.is_async && !self.about.waits {
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
            let (class, message) = ("RangeError".into(), STACK_FULL.into());
            let now = self.session.now();
            let refusal = HostRefusal { class, message, fields: Vec::new(), source: None, now };
            return self.send(kind::HOST_REFUSAL, frame.call, |out| to_json(&refusal, out));
        }
        let (began, mut value) = (clock::now(), Out::new(self.live.to_child.clone()));
        let answer = host.call(method, self.encoded(args), (limits, stack, self.left()), &mut value);
        let answer = answer.and_then(|()| {
            self.session.affordable(value.weight()).map_err(|error| {
                let place = Place::new(host.spec.name, spec.name);
                Unanswered::Value(error.inside("result").into_boundary_error(place, Direction::ToGuest))
            })
        });
        let now = self.session.now();
        // What the host takes is not the child's fault. By its own clock it is: it ends the guest as soon as it is answered.
        self.live.guard.until(self.live.guard.end().saturating_add(clock::now().saturating_sub(began)));
        match answer {
            Ok(()) => self.send(kind::HOST_VALUE, frame.call, |out| {
                out.extend_from_slice(&now.to_le_bytes());
                out.append(&value);
                Ok(())
            }),
            Err(unanswered) => {
                let place = Place::new(host.spec.name, spec.name);
                let refusal = self.refusal(unanswered, place, now);
                self.send(kind::HOST_REFUSAL, frame.call, |out| to_json(&refusal, out))
            }
        }
    }

    /// What the guest's own limit leaves it, and a little more: by then the child has ended the guest, which is told nothing.
    fn left(&self) -> Duration {
        let end = self.live.guard.end().saturating_sub(nanos(GRACE - LATER));
        Duration::from_nanos(end.saturating_sub(clock::now()))
    }

    fn refusal(&self, unanswered: Unanswered, place: Place, now: i64) -> HostRefusal {
        match unanswered {
            Unanswered::Value(error) => {
                let message = error.to_string();
                let source = Some(self.remember(Source::of(error)));
                HostRefusal { class: "TypeError".into(), message, fields: Vec::new(), source, now }
            }
            Unanswered::Host(mut error) => {
                let view = error.shown(place);
                let fields =
                    view.fields().iter().map(|(name, value)| ((*name).to_owned(), wire::encoded(value)));
                HostRefusal {
                    class: view.class().into(),
                    message: view.message().into(),
                    fields: fields.collect(),
                    source: error.source.map(|source| self.remember(source)),
                    now,
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
        let told = self.state.told.get().saturating_add(frame.body.len());
        self.state.told.set(told);
        // As JSON it may be six times as long, and each line has a frame.
        if told > most.saturating_mul(64).saturating_add(1 << 20) {
            return Err(self.broken("more text of the console than is allowed"));
        }
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
