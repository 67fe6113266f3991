//! The peer: one sandbox with untyped contracts, at its end of a link.
//!
//! [`serve`] returns when the host is gone. `process::init` calls it in a process of its own. The server needs nothing that belongs
//! to a process alone, so a thread can serve as well. The guest's thread alone reads and writes the channel.
//!
//! The peer answers one request after the other. Calls of `async` methods are under way at the same time, and take turns.
//! While a host method is pending, the peer serves the host's nested requests. So calls nest as they do within one
//! process. When the channel ends, the sandbox ends.

mod answers;
mod calls;
mod cancel_poller;
mod flights;
mod handles;
mod hosts;
mod objects;
mod scripts;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::call_head::{CallHead, CancelReason, LimitData, SharedClock};
use super::channel::Channel;
use super::hardening::HardeningReport;
use super::link::{Interest, Windows};
use super::message::{
    self, BindObject, BindRequest, ConsoleLineData, ConsoleMode, Done, Failure, Forget, Hello, Ready, Setup,
    WireBill, kind, to_json,
};
use crate::contract::MethodSpec;
use crate::error::{DiscardCause, Error, LimitKind, LossReason};
use crate::isolate::binding::Binding;
use crate::isolate::data_host::NamedObjects;
use crate::isolate::handle_table::HandleTable;
use crate::isolate::method_info::UntypedMethods;
use crate::isolate::script::ScriptExports;
use crate::isolate::stack::thread_size;
use crate::isolate::{Host, Isolate, Realm, engine};
use crate::limits::Limits;
use crate::options::{Console, Level, VirtualClock};
use crate::site::builder;
use crate::stack::StackEnd;
use crate::time::Deadline;
use crate::value::JsValue;
use crate::wire::fault::{RemoteFault, RemoteFrame};
use crate::wire::frame::{Frame, FrameError, FrameReader, FrameWriter, Hasty as _};
use crate::wire::{self, DecodeBounds, Encoded, Out, Window};
use answers::{Answers, Woken};
use cancel_poller::CancelPoller;
use flights::GuestCalls;
use handles::{Reading, ReceivedHandles};
use hosts::RemoteHost;
use scripts::ScriptCache;

/// The peer must end: the host is gone, or has broken the protocol. No error can be reported.
#[derive(Debug)]
pub(crate) struct Gone;

type Asked<T> = Result<T, Gone>;

/// A bound contract, and its methods.
struct BoundContract {
    binding: Rc<Binding>,
    methods: Arc<UntypedMethods>,
}

/// The peer's end of a link.
pub(crate) struct ServerEnd {
    pub(crate) input: Box<dyn Channel>,
    pub(crate) output: Box<dyn Channel>,
    /// Sends in the same direction as `output`, between two of its frames.
    pub(crate) console: Box<dyn Channel>,
    /// The shared memory for long values, if there is some.
    pub(crate) windows: Option<Windows>,
    /// The clock that both sides have, if there is one.
    pub(crate) clock: Option<SharedClock>,
    /// Set while there are enough processors for spinning.
    pub(crate) may_spin: Arc<AtomicBool>,
}

/// Serves a host until it is gone. `ready` runs when the sandbox exists and no code of a guest has run.
pub(crate) fn serve(
    end: ServerEnd,
    ready: impl FnOnce(&Limits) -> Result<Option<HardeningReport>, String> + Send + 'static,
) -> Asked<()> {
    engine::start();
    let ServerEnd { input, output, console, windows, clock, may_spin } = end;
    let hello = Hello { version: message::VERSION, windows: windows.is_some(), refusal: None };
    let (from_host, to_host) = windows.map(|both| (both.to_peer, both.to_host)).unzip();
    let mut output = FrameWriter::new(output, MOST).with_window(to_host).with_numbers();
    let mut input = FrameReader::new(input, MOST);
    send(&mut output, kind::HELLO, 0, &hello)?;
    let first = input.next().map_err(|_| Gone)?;
    if first.kind != kind::SETUP {
        return Err(Gone);
    }
    let setup: Setup = parse(&first.body)?;
    let shared = match (setup.shared_clock, clock) {
        (false, _) => None,
        (true, Some(shared)) => Some(shared),
        (true, None) => return Err(Gone),
    };
    let stack = setup.limits().stack;
    let thread = std::thread::Builder::new().name("sandbox".into()).stack_size(thread_size(stack));
    let live = move || {
        let server = GuestServer::new((input, from_host, output), (may_spin, shared), setup.limits());
        let stack = StackEnd::below_here(stack);
        let report =
            server.begin(&setup, console, stack).and_then(|()| ready(&server.limits).map_err(Error::build));
        match report {
            Ok(report) => {
                server.send(kind::READY, first.call, false, |body| to_json(&Ready { report }, body))?
            }
            Err(error) => server.answer(first.call, Err(error), &[])?,
        }
        server.run()
    };
    thread.spawn(live).map_err(|_| Gone)?.join().unwrap_or(Err(Gone))
}

/// The greatest length of a body. The peer trusts the host, which bounds the lengths that it accepts itself.
const MOST: usize = 1 << 30;

type Input = FrameReader<Box<dyn Channel>>;
type Output = FrameWriter<Box<dyn Channel>>;

fn send(output: &mut Output, kind: u8, call: u64, message: &impl Serialize) -> Asked<()> {
    output.send(kind, call, |body| to_json::<FrameError>(message, body)).map_err(|_| Gone)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Asked<T> {
    message::from_json(body).ok_or(Gone)
}

/// The content of an answer.
enum GuestAnswer {
    Done { handle: u64, exported: Vec<bool> },
    Value(JsValue),
}

impl GuestAnswer {
    fn handle(handle: u64) -> Self {
        Self::Done { handle, exported: Vec::new() }
    }
}

struct GuestServer {
    input: RefCell<Input>,
    /// Frames that were read before their turn.
    kept: RefCell<VecDeque<Frame>>,
    /// Requests that arrived while a guest waits for a host method, and that are not part of it.
    put_off: RefCell<VecDeque<Frame>>,
    /// The shared memory with long values of the host.
    window: Option<Arc<dyn Window>>,
    /// Whether there are enough processors for spinning.
    may_spin: Arc<AtomicBool>,
    /// The clock of the deadlines that the host sends; `None` if it sends the time that is left.
    shared: Option<SharedClock>,
    output: RefCell<Output>,
    isolate: RefCell<Option<Rc<Isolate>>>,
    limits: Limits,
    clock: VirtualClock,
    realms: HandleTable<Rc<Realm>>,
    exports: HandleTable<ScriptExports>,
    bindings: HandleTable<BoundContract>,
    /// Scripts that were evaluated before, with the engine's code of them.
    scripts: RefCell<ScriptCache>,
    next_call: Cell<u64>,
    answers: Rc<Answers>,
    /// The objects of the host that the guests hold.
    handles: Rc<ReceivedHandles>,
    flights: GuestCalls,
    /// The number of calls whose bills were sent.
    billed: Cell<u64>,
    /// Whether long values go into frames, because the host may not have read the shared memory yet.
    together: Cell<bool>,
    /// The host is gone, and everything ends.
    is_gone: Cell<bool>,
}

impl GuestServer {
    fn new(
        (input, window, mut output): (Input, Option<Arc<dyn Window>>, Output),
        (may_spin, shared): (Arc<AtomicBool>, Option<SharedClock>),
        limits: Limits,
    ) -> Rc<Self> {
        output.stream().make_hasty(true);
        Rc::new(Self {
            input: RefCell::new(input),
            kept: RefCell::default(),
            put_off: RefCell::default(),
            window,
            may_spin,
            shared,
            output: RefCell::new(output),
            isolate: RefCell::default(),
            limits,
            clock: VirtualClock::new(UNIX_EPOCH),
            realms: HandleTable::default(),
            exports: HandleTable::default(),
            bindings: HandleTable::default(),
            scripts: RefCell::default(),
            next_call: Cell::new(0),
            answers: Rc::default(),
            handles: Rc::default(),
            flights: GuestCalls::new(Woken::new()),
            billed: Cell::new(0),
            together: Cell::new(false),
            is_gone: Cell::new(false),
        })
    }

    /// Makes the sandbox.
    fn begin(
        self: &Rc<Self>,
        setup: &Setup,
        console: Box<dyn Channel>,
        stack: StackEnd,
    ) -> Result<(), Error> {
        let settings = setup.settings(&self.clock);
        let mut settings = settings.ok_or_else(|| Error::build("the values of globals are not encoded"))?;
        if setup.console == ConsoleMode::Lines {
            // The guest's code calls the console while no other frame is being written.
            let output = Mutex::new(FrameWriter::new(console, MOST));
            let speaker = self.flights.speaker.clone();
            settings.console = Console::sink(move |line| {
                let level = match line.level {
                    Level::Debug => 0,
                    Level::Info => 1,
                    Level::Warn => 2,
                    Level::Error => 3,
                };
                let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
                let speaker = speaker.load(Ordering::Relaxed);
                let line = ConsoleLineData { level, text: line.text, place: line.place.map(RemoteFrame::of) };
                _ = send(&mut output, kind::CONSOLE, speaker, &line);
            });
        }
        let hosts = setup.hosts.iter().zip(0_u16..).map(|(data, nth)| {
            let host = Rc::new(RemoteHost { server: Rc::downgrade(self), nth, object: None });
            Host::untyped(nth.into(), Arc::new(data.clone().into_spec()), host)
        });
        let isolate = builder::isolate_of(settings, hosts.collect(), stack)?;
        self.handles.begin(Rc::downgrade(self), setup.hosts.len());
        isolate.has_remote_objects(self.handles.clone());
        if let Some(window) = &self.window {
            self.flights.hear(CancelPoller::new(window.clone(), isolate.watch()?));
        }
        *self.isolate.borrow_mut() = Some(isolate);
        Ok(())
    }

    fn isolate(&self) -> Result<Rc<Isolate>, Error> {
        self.isolate.borrow().clone().ok_or_else(|| Error::build("the server has no sandbox"))
    }

    fn next(&self) -> Asked<Frame> {
        let kept = self.kept.borrow_mut().pop_front();
        kept.map_or_else(|| self.input.borrow_mut().next().map_err(|_| Gone), Ok)
    }

    /// The next frame, if it has arrived.
    fn next_now(&self) -> Asked<Option<Frame>> {
        let kept = self.kept.borrow_mut().pop_front();
        match kept {
            Some(frame) => Ok(Some(frame)),
            None => self.input.borrow_mut().next_now().map_err(|_| Gone),
        }
    }

    fn send(
        &self,
        kind: u8,
        call: u64,
        aside: bool,
        body: impl FnOnce(&mut Out) -> Result<(), FrameError>,
    ) -> Asked<()> {
        let mut output = self.output.borrow_mut();
        output.keep_together(!aside || self.together.get());
        // The host may have to finish a write before it reads.
        let sent = output.send_while(kind, call, body, |stream| {
            self.keep_frames()?;
            stream.wait_for(Interest { frames: true, room: true }).map_err(FrameError::Io)
        });
        sent.map_err(|_| Gone)
    }

    /// Reads the frames that have arrived, for later.
    fn keep_frames(&self) -> Result<(), FrameError> {
        let mut input = self.input.borrow_mut();
        while let Some(frame) = input.next_now()? {
            self.kept.borrow_mut().push_back(frame);
        }
        Ok(())
    }

    /// Passes the values of the host's frame to `decode`. Returns the result with the objects that the values name.
    fn decoded<T, E>(
        &self,
        bytes: &[u8],
        decode: impl FnOnce(Encoded<'_>, DecodeBounds) -> Result<T, E>,
    ) -> Asked<(T, NamedObjects)> {
        let encoded = Encoded::new(bytes, self.window.as_deref());
        let decoded = decode(encoded.with_handles(&Reading(&self.handles)), DecodeBounds::TRUSTED);
        let objects = self.handles.take_read();
        Ok((decoded.map_err(|_| Gone)?, objects))
    }

    fn run(self: &Rc<Self>) -> Asked<()> {
        loop {
            // At most one turn of a guest before the host's frames are read.
            let may_wait = !self.fly()?;
            let put_off = self.put_off.borrow_mut().pop_front();
            let frame = match put_off {
                Some(frame) => Some(frame),
                None if may_wait => Some(self.next()?),
                None => self.next_now()?,
            };
            if let Some(frame) = frame {
                self.accept(frame)?;
            }
        }
    }

    /// Serves a request, or stores an answer.
    fn accept(self: &Rc<Self>, frame: Frame) -> Asked<()> {
        match frame.kind {
            kind::HOST_VALUE | kind::HOST_REFUSAL => {
                let given = self.given(&frame)?;
                self.answers.give(frame.call, given);
                Ok(())
            }
            kind::CONTRACT => self.announce(&frame.body),
            kind::DROP => self.drop_objects(&frame.body),
            kind::CANCEL => {
                self.flights.cancel(frame.call, CancelReason::of(frame.body.first()));
                Ok(())
            }
            _ => self.serve(frame),
        }
    }

    fn serve(self: &Rc<Self>, frame: Frame) -> Asked<()> {
        // A nested call ends with the outer one.
        let _served = (frame.kind & kind::INSIDE == 0).then(|| self.flights.serves(frame.call));
        match frame.kind & !kind::INSIDE {
            kind::CALL => {
                let (head, args) = CallHead::read(&frame.body).ok_or(Gone)?;
                let _pinned = self.isolate().map_err(|_| Gone)?.pin();
                match self.call(frame.call, &head, args)? {
                    Some(outcome) => self.answer(frame.call, outcome.map(GuestAnswer::Value), &[]),
                    None => Ok(()),
                }
            }
            kind::EVALUATE => match self.evaluate(frame.call, parse(&frame.body)?)? {
                Some(outcome) => self.answer(frame.call, outcome.map(GuestAnswer::handle), &[]),
                None => Ok(()),
            },
            kind::REALM => {
                let deadline = self.within(parse(&frame.body)?);
                let realm = self.isolate().and_then(|isolate| isolate.make_realm(deadline));
                let outcome = realm.map(|realm| GuestAnswer::handle(self.realms.keep(realm)));
                self.answer(frame.call, outcome, &[])
            }
            kind::BIND => {
                let BindRequest { exports, contract } = parse(&frame.body)?;
                let spec = Arc::new(contract.into_spec());
                self.answer(frame.call, self.bind(exports, &spec), &spec.methods)
            }
            kind::OBJECT => {
                let BindObject { object, contract, limit } = parse(&frame.body)?;
                let (known, deadline) = (contract.identity(), self.within(limit));
                let spec = Arc::new(contract.into_spec());
                let outcome = self.bind_object(object, (&spec, known), deadline);
                self.answer(frame.call, outcome, &spec.methods)
            }
            kind::FORGET => {
                let Forget { realms, exports, bindings } = parse(&frame.body)?;
                realms.into_iter().for_each(|key| self.realms.drop(key));
                exports.into_iter().for_each(|key| self.exports.drop(key));
                bindings.into_iter().for_each(|key| self.bindings.drop(key));
                Ok(())
            }
            _ => Err(Gone),
        }
    }

    fn answer(&self, call: u64, outcome: Result<GuestAnswer, Error>, methods: &[MethodSpec]) -> Asked<()> {
        let bill = self.bill();
        self.release()?;
        match outcome {
            Ok(GuestAnswer::Value(value)) => self.send(kind::VALUE, call, true, |body| {
                message::write_bill(&bill, body);
                wire::encode(&value, body);
                Ok(())
            }),
            Ok(GuestAnswer::Done { handle, exported }) => {
                self.send(kind::DONE, call, false, |body| to_json(&Done { handle, exported, bill }, body))
            }
            Err(error) => {
                let error = self.ended_with_outer(error);
                let failure = Failure { fault: RemoteFault::of(error, methods), bill };
                self.send(kind::FAILURE, call, false, |body| to_json(&failure, body))
            }
        }
    }

    /// The error of a nested call whose outer call is over, which a link tells as the end of its time.
    fn ended_with_outer(&self, error: Error) -> Error {
        match error {
            Error::Lost { reason: LossReason::Discarded(DiscardCause::CallEnded), place, .. } => self
                .isolate()
                .map_or_else(|error| error, |isolate| isolate.over(LimitKind::Deadline, place.as_ref())),
            error => error,
        }
    }

    /// The bill of the call that has just ended. A call that ran nothing has none, and neither has a nested call.
    fn bill(&self) -> WireBill {
        let Some(usage) = self.isolate.borrow().as_ref().map(|isolate| isolate.meter().usage()) else {
            return WireBill::default();
        };
        let calls = usage.total.calls;
        if self.billed.replace(calls) == calls { WireBill::default() } else { usage.last.numbers() }
    }

    /// The deadline of a call. Also sets the guest's clock.
    fn within(&self, limit: LimitData) -> Deadline {
        self.set_clock(limit.now);
        self.together.set(limit.together);
        self.may_spin.store(limit.may_spin, Ordering::Relaxed);
        limit.until.deadline(self.shared)
    }

    fn set_clock(&self, now: i64) {
        self.clock.set_millis(now);
    }
}

/// Tells the host why guests cannot run here.
pub(crate) fn refuse(channel: Box<dyn Channel>, reason: &str) {
    let hello = Hello { version: message::VERSION, windows: false, refusal: Some(reason.into()) };
    _ = send(&mut FrameWriter::new(channel, MOST), kind::HELLO, 0, &hello);
}
