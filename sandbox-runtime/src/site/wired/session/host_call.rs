//! Host calls of the peer: they are checked, counted, made and answered.

use std::cell::RefCell;
use std::io;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;

use super::super::message::{HostRefusal, kind, to_json};
use super::call::Request;
use super::call_end::ReadTime;
use super::counts::Serving;
use super::handles::{NotGiven, PlainMethods};
use super::inside::{CallScope, HostFrames};
use super::{KEPT, Pays};
use crate::error::{Death, Direction, Place, Result, Source};
use crate::guest_error::HostError;
use crate::isolate::clock;
use crate::isolate::host_dispatch::{Called, KeptAnswer, PlainObject, StartedMethod, Unanswered};
use crate::isolate::thrown::STACK_FULL;
use crate::observe::HostOutcome;
use crate::observe::teller::OpenHostCall;
use crate::panic::{drop_each, drop_of_host, unless_it_panics};
use crate::stack::StackEnd;
use crate::time::Nanos;
use crate::wire::frame::Frame;
use crate::wire::{self, Out};

/// A call of a host method by the peer.
pub(super) struct HostCallAsked<'a> {
    pub(super) contract: usize,
    pub(super) method: usize,
    /// The number of the guest's call.
    pub(super) owner: u64,
    methods: PlainMethods<'a>,
    /// The host's implementation; `None` for a method of a handle.
    host: Option<&'a PlainObject>,
    /// The object of the handle, until it is called.
    handle: RefCell<Option<PlainObject>>,
    args: &'a [u8],
}

impl HostCallAsked<'_> {
    pub(super) fn place(&self) -> Place {
        self.methods.place(self.method)
    }

    pub(super) fn is_async(&self) -> bool {
        self.methods.method(self.method).is_some_and(|method| method.is_async)
    }
}

/// The number of the guest's call that ends a host method; `None` when the frame is malformed.
pub(super) fn owner_of_abort(frame: &Frame) -> Option<u64> {
    frame.body.as_slice().try_into().ok().map(u64::from_le_bytes)
}

impl<'c> Request<'c> {
    /// Decodes a host call.
    pub(super) fn asked<'a>(&self, frame: &'a Frame) -> Result<HostCallAsked<'a>>
    where
        'c: 'a,
    {
        let nowhere = || self.broken("a call of an unknown host method");
        let (numbers, args) = frame.body.split_first_chunk::<12>().ok_or_else(nowhere)?;
        let [a, b, c, d, owner @ ..] = *numbers;
        let [contract, method] = [[a, b], [c, d]].map(u16::from_le_bytes).map(usize::from);
        let owner = match u64::from_le_bytes(owner) {
            // A nested call is part of the outer one.
            0 if self.pays == Pays::Outer => self.state.outer.get(),
            owner => owner,
        };
        let methods = self.state.methods(contract).ok_or_else(nowhere)?;
        methods.method(method).ok_or_else(nowhere)?;
        if frame.kind == kind::HANDLE_CALL {
            let (number, args) = args.split_first_chunk().ok_or_else(nowhere)?;
            let object = self.state.handles.called(u64::from_le_bytes(*number), contract);
            let object =
                object.ok_or_else(|| self.broken("a call of a handle that the peer does not have"))?;
            let handle = RefCell::new(Some(object));
            return Ok(HostCallAsked { contract, method, owner, methods, host: None, handle, args });
        }
        let host = self.state.hosts.get().get(contract).map(|host| &host.object);
        host.ok_or_else(nowhere)?;
        Ok(HostCallAsked { contract, method, owner, methods, host, handle: RefCell::default(), args })
    }

    /// Counts a call of a host method. The peer counts as well, and ends the guest.
    pub(super) fn admit(&self, asked: &HostCallAsked<'_>) -> Result<()> {
        let most = self.session.settings.limits.host_calls;
        let counted = self.state.with(asked.owner, |call| {
            if call.is_over {
                return Err(Death::Overdue);
            }
            let broken = |reason: &str| Err(Death::protocol(reason));
            if call.served.calls.fetch_add(1, Ordering::Relaxed) >= most {
                return broken("more host calls than `Limits::host_calls` allows");
            }
            if let Some(most) = asked.methods.method(asked.method).and_then(|method| method.max_calls) {
                let count = call.asked_of.entry((asked.contract, asked.method)).or_default();
                *count += 1;
                if *count > most {
                    return broken("more calls of a host method than its `max_calls` allows");
                }
            }
            Ok(())
        });
        let nobody = || Err(Death::protocol("a host call for an unknown call id"));
        counted.unwrap_or_else(nobody).map_err(|death| {
            self.live.guard().condemn(death);
            self.death()
        })
    }

    /// Checks whether the guest's call is over its time. Then this answer is its last, because an honest peer ends the
    /// guest and asks for nothing more. While the peer waits for a host method, it sends nothing. Frames that are there
    /// were sent before the end of its time.
    fn closes(&self, owner: u64) -> Result<()> {
        let now = clock::now();
        let grace = Nanos::of(self.session.grace);
        let is_late = self.state.with(owner, |call| call.end.extended(grace).is_over(now)).unwrap_or(false);
        if is_late {
            if !self.state.kept.borrow().is_empty() || self.read_now()?.is_some() {
                return Err(self.broken("a frame while the guest waits for the host"));
            }
            self.state.with(owner, |call| call.is_over = true);
        }
        Ok(())
    }

    /// Measures a host method for the guest's call.
    fn serving(&self, asked: &HostCallAsked<'_>) -> Option<Serving> {
        self.state.with(asked.owner, |call| call.served.clone()).map(Serving::begin)
    }

    /// Calls a host method for the peer, which waits for it.
    pub(super) fn serve(&self, id: u64, asked: &HostCallAsked<'_>) -> Result<()> {
        self.admit(asked)?;
        let open = self.tell_host_call(asked);
        let inside = self.state.inside.replace(open.as_ref().map(OpenHostCall::id));
        let serving = self.serving(asked);
        let mut value = Out::new(self.live.to_peer.clone());
        value.keep_together(!self.state.is_alone.get());
        let frames = HostFrames::of(self.session, CallScope::Within);
        let outer = self.state.outer.replace(asked.owner);
        // The guest waits for the method, so other requests to its thread come too early. Panics of the host end in the
        // call.
        self.session.depth.fetch_add(1, Ordering::SeqCst);
        let called = self.call(asked, &mut value);
        self.session.depth.fetch_sub(1, Ordering::SeqCst);
        self.state.outer.set(outer);
        self.state.inside.set(inside);
        drop(frames);
        // Before the answer is sent, because the guest continues then.
        drop(serving);
        self.admits_handles()?;
        self.allow();
        self.closes(asked.owner)?;
        self.answer(id, asked.place(), true, (called.map(|_| value), open))
    }

    /// Begins a host method. `None` when it could not begin.
    pub(super) fn start(
        &self,
        id: u64,
        asked: &HostCallAsked<'_>,
    ) -> Result<Option<(StartedMethod, Option<OpenHostCall>)>> {
        let open = self.tell_host_call(asked);
        let _serving = self.serving(asked);
        let frames = HostFrames::between(self.session, asked.owner);
        let called = self.call(asked, &mut Out::default());
        drop(frames);
        self.admits_handles()?;
        self.allow();
        match called {
            Ok(Called::Started(started)) => Ok(Some((started, open))),
            Ok(Called::Done) => Err(self.broken("a call of an unknown host method")),
            Err(error) => self.answer(id, asked.place(), false, (Err(error), open)).map(|()| None),
        }
    }

    /// Tells the peer why a host method cannot begin.
    pub(super) fn refuse(&self, id: u64, asked: &HostCallAsked<'_>, error: &io::Error) -> Result<()> {
        self.skip(asked);
        let error = Unanswered::Host(HostError::hidden(error.to_string()));
        self.answer(id, asked.place(), false, (Err(error), None))
    }

    /// The time of the arguments of a host method. The peer itself ends a guest that waits for the method.
    fn time_of(&self, asked: &HostCallAsked<'_>) -> ReadTime {
        if self.session.here() == CallScope::Within {
            return ReadTime::UNBOUNDED;
        }
        let owner = self.state.with(asked.owner, |call| (call.end, call.made_in));
        owner.map_or(ReadTime::UNBOUNDED, |(end, made_in)| ReadTime { end, by_caller: false, made_in })
    }

    fn call(&self, asked: &HostCallAsked<'_>, value: &mut Out) -> Result<Called, Unanswered> {
        let _open = self.state.handles.objects.reads(self.time_of(asked));
        let stack = StackEnd::of_thread();
        if !stack.allows_call() {
            self.skip(asked);
            return Err(Unanswered::Stack);
        }
        // The guest waits, so code of the host may run.
        drop_each(self.state.handles.take_over());
        let limits = &self.session.settings.limits;
        let handle = asked.handle.take();
        let Some(object) = handle.as_ref().or(asked.host) else {
            return Err(Unanswered::Host(HostError::panicked()));
        };
        let args = self.encoded(asked.args);
        let called = asked.methods.call(asked.method, object, args, (limits, stack), value);
        drop_of_host(handle);
        called
    }

    /// Ends the objects that the arguments name, without a call.
    pub(super) fn skip(&self, asked: &HostCallAsked<'_>) {
        let _open = self.state.handles.objects.reads(ReadTime::UNBOUNDED);
        // An error of the arguments is told by the call that reads them.
        _ = wire::decode_list(self.encoded(asked.args), self.session.limits());
    }

    /// Ends a peer that has named a handle that it does not have.
    fn admits_handles(&self) -> Result<()> {
        match self.state.handles.was_broken() {
            true => Err(self.broken("a value with a handle that the peer does not have")),
            false => Ok(()),
        }
    }

    /// Ends handles. A handle that a frame may name that was put off ends after that frame.
    pub(super) fn release(&self, frame: Frame, has_put_off: bool) -> Result<()> {
        let later = self.state.handles.release(&frame.body, has_put_off);
        let later = later.ok_or_else(|| self.broken("a release of a handle that the peer does not have"))?;
        if later.is_empty() { Ok(()) } else { self.put_off(Frame { body: later, ..frame }) }
    }

    /// Sends the result of an `async` host method to the peer.
    pub(super) fn tell(
        &self,
        id: u64,
        (contract, method): (usize, usize),
        open: Option<OpenHostCall>,
        outcome: Result<Box<dyn KeptAnswer>, Unanswered>,
    ) -> Result<()> {
        let Some(methods) = self.state.methods(contract) else { return Ok(()) };
        let mut value = Out::default();
        // Writing a host's value may panic.
        let answer = outcome.and_then(|answer| {
            unless_it_panics(|| methods.write(method, answer, &mut value))
                .unwrap_or_else(|| Err(Unanswered::Host(HostError::panicked())))
        });
        self.answer(id, methods.place(method), false, (answer.map(|()| value), open))
    }

    /// Sends the result of a host method to the peer.
    fn answer(
        &self,
        id: u64,
        place: Place,
        aside: bool,
        (value, open): (Result<Out, Unanswered>, Option<OpenHostCall>),
    ) -> Result<()> {
        let mut ends = false;
        let value = value.and_then(|mut value| {
            let given = self.session.affordable(value.weight()).and_then(|()| {
                self.session.give_in(self.state, &mut value).map_err(|error| {
                    ends = matches!(error, NotGiven::TooMany);
                    error.error(self.session.limits().handles)
                })
            });
            given.map(|()| value).map_err(|error| {
                let error = error.inside("result").into_boundary_error(&place, Direction::ToGuest);
                Unanswered::Host(HostError::broken(error))
            })
        });
        let told = match &value {
            Ok(_) => HostOutcome::Returned,
            Err(_) if ends => HostOutcome::Dropped,
            Err(Unanswered::Value(_) | Unanswered::Stack) => HostOutcome::Refused,
            Err(Unanswered::Host(_)) => HostOutcome::Failed,
        };
        open.into_iter().for_each(|open| open.end(told));
        let now = self.session.now();
        match value {
            Ok(value) => self.send(kind::HOST_VALUE, id, aside, |out| {
                out.extend_from_slice(&now.to_le_bytes());
                out.append(&value);
                Ok(())
            }),
            Err(unanswered) => {
                let refusal = HostRefusal { ends, ..self.refusal(unanswered, &place, now) };
                self.send(kind::HOST_REFUSAL, id, false, |out| to_json(&refusal, out))
            }
        }
    }

    fn refusal(&self, unanswered: Unanswered, place: &Place, now: i64) -> HostRefusal {
        match unanswered {
            // The guest gets the error of its own full stack.
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

    /// Keeps an error of the host. When the guest does not catch it, the caller gets that error.
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
}
