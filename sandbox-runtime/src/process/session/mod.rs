//! The parent's side of a sandbox in a process: one request at a time, and what the child asks in the meantime.

mod bell;
mod call;
mod inside;
mod start;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::os::unix::process::ExitStatusExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parking_lot::ReentrantMutex;

use super::fault::Hearing;
use super::frame::{Frame, FrameReader, FrameWriter};
use super::guard::Guard;
use super::harden::HardeningReport;
use super::line::Line;
use super::message::{Failure, Limit, WireBill, kind};
use super::spawn::{ChildProcess, Seed};
use super::spin::Turn;
use super::wire::{self, Out, Window};
use super::{NO_MEMORY, guest};
use crate::boundary::ValueError;
use crate::contract::ContractSpec;
use crate::error::{Death, Error, LimitKind, Place, Result, Source};
use crate::isolate::clock;
use crate::isolate::meter::{Meter, nanos};
use crate::isolate::plainly::SentHosts;
use crate::isolate::ticket::within;
use crate::limits::Limits;
use crate::realm::{Captured, Clock, Settings};
use crate::transport::blocking;

use bell::Bell;
pub(super) use call::Answered;
use call::Call;
pub(super) use inside::Here;

/// How long after its limit a child is killed that has not ended the call itself.
const GRACE: Duration = Duration::from_millis(150);
/// How many errors of host methods are known again.
const KEPT: usize = 16;

/// A sandbox in a process.
pub(super) struct Session {
    state: ReentrantMutex<State>,
    /// How many requests are under way on the stack.
    depth: AtomicUsize,
    live: Mutex<Option<Arc<Live>>>,
    settings: Settings,
    meter: Arc<Meter>,
    /// What nobody has any more.
    forgotten: Mutex<Vec<Handle>>,
}

struct State {
    seed: Seed,
    /// Bytes that may be resident.
    memory: u64,
    hosts: SentHosts,
    discarded: RefCell<Option<Error>>,
    generation: Cell<u64>,
    next: Cell<u64>,
    sources: RefCell<VecDeque<(u64, Source)>>,
    next_source: Cell<u64>,
    /// How often the child has called the host, and what it has written, in the call that is under way.
    asked: Cell<u64>,
    told: Cell<usize>,
    /// The calls of methods that have a limit of their own.
    asked_of: RefCell<HashMap<(usize, usize), u64>>,
    /// Whether `async` methods may be called, and what they ring.
    waits: Cell<bool>,
    bell: RefCell<Option<Arc<Bell>>>,
    /// Who waits for the answers to calls that the host makes meanwhile.
    inside: RefCell<HashMap<u64, inside::Slot>>,
    /// What was read before it was its turn.
    kept: RefCell<Kept>,
}

/// Frames that were read so that the child can go on.
#[derive(Default)]
struct Kept {
    frames: VecDeque<Frame>,
    /// How many of them are not the console's, and how many bytes are in those that are.
    calls: usize,
    text: usize,
    /// How many are in all of them.
    bytes: usize,
}

impl Kept {
    fn take(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(frame.body.len());
        match frame.kind {
            kind::CONSOLE => self.text = self.text.saturating_sub(frame.body.len()),
            _ => self.calls = self.calls.saturating_sub(1),
        }
        Some(frame)
    }
}

/// The end of a call: nothing that it has begun goes on, and the state may be another thread's.
struct Ending<'s>(&'s State);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let State { hosts, inside, kept, bell, .. } = self.0;
        drop((hosts.pending.take(), inside.take(), kept.take(), bell.take()));
    }
}

/// A child that has a sandbox.
struct Live {
    reader: Mutex<FrameReader<Line>>,
    writer: Mutex<FrameWriter<Line>>,
    /// Where values are that are long.
    to_child: Option<Arc<dyn Window>>,
    to_parent: Option<Arc<dyn Window>>,
    guard: Arc<Guard>,
    process: Arc<ChildProcess>,
    report: HardeningReport,
}

/// Something that the child keeps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle {
    generation: u64,
    pub(super) key: u64,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Realm,
    Script,
    Binding,
}

/// What a request is about, for its errors.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub(super) place: Option<Place>,
    pub(super) contract: Option<&'static ContractSpec>,
    /// `async` host methods may be called.
    pub(super) waits: bool,
}

impl Session {
    pub(super) fn start(settings: Settings, hosts: SentHosts, seed: Seed, memory: u64) -> Result<Self> {
        let state = State {
            seed,
            memory,
            hosts,
            discarded: RefCell::default(),
            generation: Cell::new(0),
            next: Cell::new(0),
            sources: RefCell::default(),
            next_source: Cell::new(0),
            asked: Cell::new(0),
            told: Cell::new(0),
            asked_of: RefCell::default(),
            waits: Cell::new(false),
            bell: RefCell::default(),
            inside: RefCell::default(),
            kept: RefCell::default(),
        };
        let state = ReentrantMutex::new(state);
        let session = Self {
            state,
            depth: AtomicUsize::default(),
            live: Mutex::default(),
            settings,
            meter: Arc::default(),
            forgotten: Mutex::default(),
        };
        session.begin(&session.state.lock())?;
        Ok(session)
    }

    fn live(&self) -> Option<Arc<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_live(&self, live: Option<Live>) {
        let before = std::mem::replace(
            &mut *self.live.lock().unwrap_or_else(PoisonError::into_inner),
            live.map(Arc::new),
        );
        drop(before);
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub(super) fn captured(&self) -> &Captured {
        &self.settings.captured
    }

    /// What was done to its process; `None` when there is none.
    pub(super) fn report(&self) -> Option<HardeningReport> {
        self.live().map(|live| live.report.clone())
    }

    /// The number of its process; `None` when there is none.
    pub(super) fn pid(&self) -> Option<u32> {
        self.live().map(|live| live.process.id())
    }

    pub(super) fn lives(&self) -> bool {
        self.live().is_some_and(|live| !live.process.has_ended())
    }

    pub(super) fn is_running(&self) -> bool {
        self.depth.load(Ordering::SeqCst) > 0
    }

    /// What is left of the call under way.
    pub(super) fn left(&self) -> Option<Duration> {
        let end = self.live().map(|live| live.guard.end()).filter(|end| *end < u64::MAX)?;
        Some(Duration::from_nanos(end.saturating_sub(clock::now())))
    }

    /// What its process has in memory.
    pub(super) fn resident(&self) -> u64 {
        self.live().map(|live| live.guard.resident()).unwrap_or_default()
    }

    /// Makes everything anew, in a new process.
    pub(super) fn reset(&self) -> Result<()> {
        blocking::wait(|| self.reset_here())
    }

    fn reset_here(&self) -> Result<()> {
        let state = self.lock(None)?;
        if self.is_running() {
            return Err(Error::build("a sandbox cannot be reset by a host method that its own guest called"));
        }
        self.set_live(None);
        state.generation.set(state.generation.get() + 1);
        self.meter.clear();
        self.begin(&state)
    }

    pub(super) fn forget(&self, handle: Handle) {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }

    fn lock(&self, deadline: Option<u64>) -> Result<parking_lot::ReentrantMutexGuard<'_, State>> {
        // Behind a call that takes as long as it may, and one that does so after it.
        let patience = self.settings.limits.wall.saturating_mul(2) + GRACE;
        let left = deadline.map(|deadline| Duration::from_nanos(deadline.saturating_sub(clock::now())));
        let patience = left.map_or(patience, |left| left.min(patience));
        self.state.try_lock_for(patience).ok_or_else(|| {
            let limit = "the call waited too long behind another, and was not made".into();
            let kind =
                if left.is_some_and(|left| left == patience) { LimitKind::Deadline } else { LimitKind::Wall };
            Error::Limit { kind, limit, place: None }
        })
    }

    /// Whether values are within the limits of a crossing, by their bytes. The child looks at them closely.
    pub(super) fn affordable(&self, bytes: usize) -> Result<(), ValueError> {
        match bytes <= self.most_bytes() {
            true => Ok(()),
            false => {
                let limit = self.limits().value_bytes;
                Err(ValueError::new(format!("at most {limit} bytes in one crossing"), "more"))
            }
        }
    }

    /// How many bytes the values of a crossing have when they are encoded, at most.
    fn most_bytes(&self) -> usize {
        /// What a value takes beside its text or bytes, at most.
        const VALUE: usize = 16;
        let limits = self.limits();
        limits.value_bytes.saturating_add(limits.value_nodes.saturating_mul(VALUE))
    }

    /// What time it is for a child that does not know. One that does is not told.
    fn now(&self) -> i64 {
        match &self.settings.clock {
            Clock::Real | Clock::Coarse => 0,
            clock => clock.now(),
        }
    }

    /// Asks the child for something, and does meanwhile what it asks.
    ///
    /// `body` is given the limit that the call has. `taken` is told what the child answered.
    pub(super) fn request<T>(
        &self,
        about: About,
        what: (u8, Option<Handle>),
        deadline: Option<u64>,
        body: impl FnOnce(Limit, &mut Out) -> Result<()>,
        taken: impl FnOnce(Answered<'_>) -> Option<Result<T>>,
    ) -> Result<T> {
        blocking::wait(|| self.request_here(about, what, deadline, body, taken))
    }

    fn request_here<T>(
        &self,
        about: About,
        (kind, handle): (u8, Option<Handle>),
        deadline: Option<u64>,
        body: impl FnOnce(Limit, &mut Out) -> Result<()>,
        taken: impl FnOnce(Answered<'_>) -> Option<Result<T>>,
    ) -> Result<T> {
        let deadline = within(deadline);
        let state = self.lock(deadline)?;
        if guest::is_dropped() {
            return Err(Error::blocking("the call was dropped before its turn came"));
        }
        let live = self.ready(&state, handle)?;
        let began = clock::now();
        let call = Call { session: self, state: &state, live: &live, about, began };
        let is_outermost = self.depth.fetch_add(1, Ordering::SeqCst) == 0;
        let ending = is_outermost.then(|| (Turn::begin(), Ending(&state)));
        if is_outermost {
            let limit = began.saturating_add(nanos(self.settings.limits.wall));
            let end = deadline.map_or(limit, |deadline| deadline.min(limit));
            live.guard.until(end.saturating_add(nanos(GRACE)));
            let cpu = self.settings.limits.cpu;
            live.guard.allow_cpu((cpu < Duration::MAX).then(|| cpu + GRACE));
            live.to_child.iter().chain(&live.to_parent).for_each(|window| window.settle());
            state.waits.set(about.waits);
            state.asked.set(0);
            state.told.set(0);
            state.asked_of.borrow_mut().clear();
        }
        let limit = self.limit(deadline);
        let answer = call.exchange(kind, |out| body(limit, out));
        self.depth.fetch_sub(1, Ordering::SeqCst);
        drop(ending);
        if is_outermost {
            live.guard.called(clock::now().saturating_sub(began));
        }
        let outcome = answer.and_then(|frame| {
            let (bill, outcome) =
                call.understand(&frame, taken).ok_or_else(|| call.broken("an answer that means nothing"))?;
            if is_outermost {
                call.charge(bill);
            }
            outcome
        });
        if let Err(error) = &outcome
            && (live.guard.verdict().is_some() || error.is_final())
        {
            live.process.end();
            self.set_live(None);
            state.discarded.borrow_mut().get_or_insert_with(|| error.clone());
        }
        outcome
    }

    /// The child that is to do something, if it has what that is to be done with.
    fn ready(&self, state: &State, handle: Option<Handle>) -> Result<Arc<Live>> {
        let discarded = |cause: Error| Error::Discarded { cause: Box::new(cause) };
        if handle.is_some_and(|handle| handle.generation != state.generation.get()) {
            let what = match handle.map(|handle| handle.what) {
                Some(What::Realm) => "the realm had been made",
                _ => "the script had been loaded",
            };
            return Err(discarded(Error::build(format!("the sandbox was reset after {what}"))));
        }
        self.live().ok_or_else(|| {
            let cause = state.discarded.borrow().clone();
            discarded(cause.unwrap_or_else(|| Error::build("it was closed")))
        })
    }

    /// What a call is limited to.
    fn limit(&self, deadline: Option<u64>) -> Limit {
        let left = deadline.map_or(u64::MAX, |deadline| deadline.saturating_sub(clock::now()));
        Limit { left, now: self.now() }
    }

    fn error(&self, state: &State, about: About, failure: Failure) -> Option<Error> {
        let hosts = state.hosts.get().iter().map(|host| host.spec).collect::<Vec<_>>();
        let source = |number: u64| {
            let sources = state.sources.borrow();
            sources.iter().find(|(known, _)| *known == number).map(|(_, source)| source.clone())
        };
        let value = |bytes: &[u8]| wire::decode(bytes, &self.settings.limits).ok();
        let About { place, contract, .. } = about;
        Hearing { place, contract, hosts: &hosts, source: &source, value: &value }.error(failure.fault)
    }

    /// The error of a child that has ended, or that is ended now.
    fn death(&self, place: Option<Place>, guard: &Guard, process: &ChildProcess, began: u64) -> Error {
        let death = guard.verdict().unwrap_or_else(|| match process.ended().map(|ended| ended.status) {
            Some(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => Death::Signal { signal },
                (None, Some(NO_MEMORY)) => guard.refused_memory(),
                (None, code) => Death::Exit { code: code.unwrap_or_default() },
            },
            None if process.has_ended() => Death::Protocol {
                reason: "an end that nobody can tell: this program ignores `SIGCHLD`, or waits for all its children".into(),
            },
            None => Death::Protocol { reason: "the end of the channel, and did not end itself".into() },
        });
        let ended = process.end();
        let cpu = guard.unpaid(ended.map(|ended| ended.cpu).unwrap_or_default());
        let mut bill = WireBill::default();
        (bill[0], bill[1], bill[2]) = (1, clock::now().saturating_sub(began), nanos(cpu));
        self.meter.charge_numbers(bill);
        Error::Process { death, place }
    }
}

impl Handle {
    pub(super) fn new(key: u64, generation: u64, what: What) -> Self {
        Self { generation, key, what }
    }
}
