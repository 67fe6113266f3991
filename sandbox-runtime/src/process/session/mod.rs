//! The parent's side of a sandbox in a process: synchronous requests, one at a time and on their callers' threads, and calls of `async`
//! methods, side by side; and what the child asks in the meantime.

mod bill;
mod call;
mod call_table;
mod erased_call;
mod flights;
mod host_call;
mod inside;
mod job_queue;
mod pipe_waker;
mod readiness_task;
mod start;
mod state;

use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parking_lot::ReentrantMutex;

use super::fault::Hearing;
use super::frame::{FrameReader, FrameWriter};
use super::guard::Guard;
use super::harden::HardeningReport;
use super::line::ParentChannel;
use super::message::{Failure, LimitData};
use super::spawn::ChildProcess;
use super::sys;
use super::wire::{self, Out, Window};
use super::{NO_MEMORY, Process};
use crate::boundary::{ValueError, over_bytes};
use crate::contract::ContractSpec;
use crate::error::{Death, DiscardCause, Error, Excess, LimitKind, Place, Result};
use crate::isolate::clock;
use crate::isolate::host_dispatch::SentHosts;
use crate::isolate::meter::Ledger;
use crate::isolate::resets_itself;
use crate::isolate::thrown;
use crate::isolate::ticket::within;
use crate::limits::Limits;
use crate::options::{Captured, Clock, Settings};
use crate::time::{Deadline, Nanos};
use crate::transport::blocking;

pub(super) use call::CallAnswer;
use call::Request;
pub(super) use erased_call::{CallTerms, TypedCall};
pub(super) use inside::CallScope;
use job_queue::JobQueue;
pub(super) use job_queue::QueuedJob;
pub(crate) use readiness_task::ReadinessPoll;
use state::{SessionState, Underway};

/// How long after its limit a child is killed that has not ended the call itself, when nothing else is said, and how long after
/// its limit the caller of an `async` method is told at the latest.
pub(super) const GRACE: Duration = Duration::from_millis(150);
/// How many errors of host methods are known again.
const KEPT: usize = 16;

/// A sandbox in a process.
pub(super) struct Session {
    state: ReentrantMutex<SessionState>,
    /// How often somebody's turn has come.
    turns: AtomicUsize,
    /// How many requests are under way on a stack, one inside of the other.
    depth: AtomicUsize,
    /// What else there is to do.
    jobs: Arc<JobQueue>,
    live: Mutex<Option<Arc<LiveChild>>>,
    settings: Settings,
    /// How long after its limit a child is killed that has not ended the call itself.
    grace: Duration,
    meter: Ledger,
    /// What nobody has any more.
    forgotten: Mutex<Vec<Handle>>,
}

/// A child that has a sandbox.
struct LiveChild {
    reader: Mutex<FrameReader<ParentChannel>>,
    writer: Mutex<FrameWriter<ParentChannel>>,
    /// Where values are that are long.
    to_child: Option<Arc<dyn Window>>,
    to_parent: Option<Arc<dyn Window>>,
    guard: Arc<Guard>,
    process: Arc<ChildProcess>,
    report: HardeningReport,
    /// For those who wait until there is something to read.
    poll_stream: UnixStream,
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

/// What is under way when a call begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// Nothing.
    Alone,
    /// Other calls.
    Beside,
    /// The call of a method of the host which makes this one.
    Inside,
}

/// The error of a call that a console makes whose guest waits for its line to be written, and is not there to be called.
pub(super) fn waits_for_its_line() -> Error {
    Error::blocking(
        "a console's sink cannot call the sandbox whose line it is given, in another process: send the line to another thread",
    )
}

/// Whose bill a call is on by which a process ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pays {
    Itself,
    /// That of another, of which it is a part, or the bills of those that are under way.
    Outer,
}

/// A request is on the stack until this is dropped, by a panic of what writes its values, too.
struct EnteredSession<'s> {
    session: &'s Session,
    state: &'s SessionState,
    live: &'s LiveChild,
}

impl<'s> EnteredSession<'s> {
    fn into(session: &'s Session, state: &'s SessionState, live: &'s LiveChild) -> Self {
        session.depth.fetch_add(1, Ordering::SeqCst);
        Self { session, state, live }
    }
}

impl Drop for EnteredSession<'_> {
    fn drop(&mut self) {
        self.session.depth.fetch_sub(1, Ordering::SeqCst);
        self.session.ends(self.state, self.live);
    }
}

/// What a request is about, for its errors.
#[derive(Clone, Copy, Default)]
pub(super) struct About {
    pub(super) place: Option<Place>,
    pub(super) contract: Option<&'static ContractSpec>,
    /// It makes a sandbox or a realm, which may fail.
    pub(super) builds: bool,
}

impl Session {
    pub(super) fn start(settings: Settings, hosts: SentHosts, process: &Process) -> Result<Self> {
        let memory = process.memory_of(&settings.limits).map_err(Error::build)?;
        let state = ReentrantMutex::new(SessionState::new(process.seed(), hosts, memory));
        let session = Self {
            state,
            turns: AtomicUsize::default(),
            depth: AtomicUsize::default(),
            jobs: Arc::default(),
            live: Mutex::default(),
            settings,
            grace: process.grace.unwrap_or(GRACE),
            meter: Ledger::default(),
            forgotten: Mutex::default(),
        };
        session.begin(&session.state.lock())?;
        Ok(session)
    }

    fn live(&self) -> Option<Arc<LiveChild>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_live(&self, live: Option<LiveChild>) {
        let before = std::mem::replace(
            &mut *self.live.lock().unwrap_or_else(PoisonError::into_inner),
            live.map(Arc::new),
        );
        drop(before);
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    pub(super) fn meter(&self) -> &Ledger {
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

    pub(super) fn is_live(&self) -> bool {
        self.live().is_some_and(|live| !live.process.has_ended())
    }

    /// Whether a synchronous call is under way.
    pub(super) fn is_running(&self) -> bool {
        self.depth.load(Ordering::SeqCst) > 0
    }

    /// Whether any call is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.live().is_some_and(|live| !live.guard.end().is_never())
    }

    /// What is left of the synchronous call under way.
    pub(super) fn left(&self) -> Option<Duration> {
        let end = self.live().filter(|_| self.is_running()).map(|live| live.guard.end())?;
        end.remaining(clock::now()).map(Nanos::duration)
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
        let state = self.lock(Deadline::NEVER)?;
        if self.here() != CallScope::Elsewhere {
            return Err(resets_itself());
        }
        // Calls that are under way end with their process.
        if let Some(live) = self.live() {
            live.process.end();
        }
        self.set_live(None);
        state.hush();
        state.generation.set(state.generation.get() + 1);
        self.meter.clear();
        let begun = self.begin(&state);
        drop(state);
        self.jobs.wake();
        begun
    }

    pub(super) fn forget(&self, handle: Handle) {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }

    fn lock(&self, deadline: Deadline) -> Result<parking_lot::ReentrantMutexGuard<'_, SessionState>> {
        // Behind a call that takes as long as it may, and one that does so after it. Others may be before it, each for as long.
        let patience = self.settings.limits.wall.saturating_mul(2).saturating_add(self.grace);
        loop {
            let turns = self.turns.load(Ordering::SeqCst);
            let left = deadline.remaining(clock::now()).map(Nanos::duration);
            let wait = left.map_or(patience, |left| left.min(patience));
            if let Some(state) = self.state.try_lock_for(wait) {
                self.turns.fetch_add(1, Ordering::SeqCst);
                return Ok(state);
            }
            let is_late = left.is_some_and(|left| left <= patience);
            if is_late || self.turns.load(Ordering::SeqCst) == turns {
                let kind = if is_late { LimitKind::Deadline } else { LimitKind::Wall };
                return Err(Excess::queued(kind).error(None));
            }
        }
    }

    /// Whether values are within the limits of a crossing, by their bytes. The child looks at them closely.
    pub(super) fn affordable(&self, bytes: usize) -> Result<(), ValueError> {
        match bytes <= self.most_bytes() {
            true => Ok(()),
            false => Err(over_bytes(self.limits().value_bytes)),
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
        deadline: Deadline,
        body: impl FnOnce(LimitData, &mut Out) -> Result<()>,
        taken: impl FnOnce(CallAnswer<'_>) -> Option<Result<T>>,
    ) -> Result<T> {
        blocking::wait(|| self.request_here(about, what, deadline, body, taken))
    }

    fn request_here<T>(
        &self,
        about: About,
        (kind, handle): (u8, Option<Handle>),
        deadline: Deadline,
        body: impl FnOnce(LimitData, &mut Out) -> Result<()>,
        taken: impl FnOnce(CallAnswer<'_>) -> Option<Result<T>>,
    ) -> Result<T> {
        if self.here() == CallScope::Console {
            return Err(waits_for_its_line());
        }
        let deadline = within(deadline);
        let state = self.lock(deadline)?;
        let live = self.ready(&state, handle)?;
        // Of what is bound already it is known.
        if handle.is_none_or(|handle| handle.what != What::Binding) {
            about.contract.inspect(|contract| state.knows(contract));
        }
        let (began, how) = (clock::now(), self.beginning(&state));
        let pays = if how == Beginning::Inside { Pays::Outer } else { Pays::Itself };
        let call =
            Request { session: self, state: &state, live: &live, about, began, is_driven: false, pays };
        let wall = Nanos::of(self.settings.limits.wall);
        let end = Deadline::after(began, wall).min(deadline);
        // Its turn may come after that of another.
        let end = if how == Beginning::Beside { end.extended(wall) } else { end };
        self.begins(&state, &live, end, how);
        if how != Beginning::Inside {
            state.here.replace(Underway { end, ..Underway::default() });
        }
        let limit = self.limit(&state, deadline);
        let answer = {
            let _entered = EnteredSession::into(self, &state, &live);
            call.exchange(kind, |out| body(limit, out))
        };
        let outcome = answer.and_then(|frame| {
            let (bill, outcome) =
                call.understand(&frame, taken).ok_or_else(|| call.broken("an answer that means nothing"))?;
            // One inside of another is on the bill of that.
            if how != Beginning::Inside {
                let served = state.here.borrow().served.clone();
                call.charge(bill, &frame, &served);
            }
            outcome
        });
        if let Err(error) = &outcome {
            match live.guard.verdict() {
                _ if error.is_final() => self.mark_dead(&state, &live, error),
                Some(death) => self.mark_dead(&state, &live, &Error::Process { death, place: about.place }),
                None => {}
            }
        }
        // What it has read, and not what it was for, is in no stream any more.
        let is_awaited = outcome.as_ref().is_err_and(Error::is_final) || !state.flying.borrow().is_empty();
        drop(state);
        if is_awaited {
            self.jobs.wake();
        }
        outcome
    }

    /// What is under way for a call that begins here.
    fn beginning(&self, state: &SessionState) -> Beginning {
        match self.here() {
            // The guest waits for who makes it.
            CallScope::Within => Beginning::Inside,
            _ if state.flying.borrow().is_empty() => Beginning::Alone,
            _ => Beginning::Beside,
        }
    }

    /// A call begins that has to be over at `end`.
    fn begins(&self, state: &SessionState, live: &LiveChild, end: Deadline, how: Beginning) {
        let (end, cpu) = (end.extended(Nanos::of(self.grace)), self.settings.limits.cpu);
        let cpu = (cpu < Duration::MAX).then(|| cpu.saturating_add(self.grace));
        match how {
            Beginning::Alone => {
                state.begin_anew();
                live.guard.until(end);
                live.guard.allow_cpu(cpu);
                live.to_child.iter().chain(&live.to_parent).for_each(|window| window.settle());
            }
            Beginning::Beside => {
                live.guard.until_at_least(end);
                live.guard.allow_more_cpu(cpu);
            }
            // It ends with the other, whose time it is.
            Beginning::Inside => live.guard.for_at_least(self.grace),
        }
        if how != Beginning::Inside {
            state.begun.set(state.begun.get() + 1);
        }
        // One inside of another has its answer before the other goes on.
        state.is_alone.set(how == Beginning::Alone || how == Beginning::Inside && state.is_alone.get());
    }

    /// A call is over.
    fn ends(&self, state: &SessionState, live: &LiveChild) {
        if state.flying.borrow().is_empty() && !self.is_running() {
            state.hush();
            live.guard.called(clock::now().since(state.since.get()));
        }
    }

    /// A child is no more, and what was made in it with it.
    fn mark_dead(&self, state: &SessionState, live: &Arc<LiveChild>, error: &Error) {
        live.process.end();
        if self.live().is_some_and(|current| Arc::ptr_eq(&current, live)) {
            self.set_live(None);
            state.hush();
            state.discarded.borrow_mut().get_or_insert_with(|| error.clone());
        }
    }

    /// The child that is to do something, if it has what that is to be done with.
    fn ready(&self, state: &SessionState, handle: Option<Handle>) -> Result<Arc<LiveChild>> {
        if handle.is_some_and(|handle| handle.generation != state.generation.get()) {
            return Err(Error::Discarded { cause: DiscardCause::Reset });
        }
        self.live().ok_or_else(|| {
            let fault = state.discarded.borrow().clone();
            fault.map_or(Error::Discarded { cause: DiscardCause::Closed }, Error::after)
        })
    }

    /// What a call is limited to.
    fn limit(&self, state: &SessionState, deadline: Deadline) -> LimitData {
        let until = deadline.on_clock(clock::now, sys::monotonic);
        LimitData { until, now: self.now(), together: !state.is_alone.get() }
    }

    /// The error of a limit of time.
    fn over(&self, kind: LimitKind, place: Option<Place>) -> Error {
        self.settings.limits.exceeded(kind, place)
    }

    /// What the child says of a call that had to be over, because its caller says so or because it had had its time: it is told of one
    /// deadline for both.
    fn ended_by(&self, error: Error, by_caller: bool) -> Error {
        match error {
            Error::Limit { kind: LimitKind::Deadline, excess, place } if !by_caller => {
                let Excess { phase, script, .. } = *excess;
                Excess { phase, script, ..self.limits().excess(LimitKind::Wall) }.error(place)
            }
            error => error,
        }
    }

    fn error(&self, state: &SessionState, about: About, failure: Failure) -> Option<Error> {
        let known = state.known.borrow();
        let hosts = state.hosts.get().iter().map(|host| host.spec).chain(known.iter().copied());
        let hosts = hosts.collect::<Vec<_>>();
        // Whoever gets it is to have it alone.
        let source = |number: u64| {
            let mut sources = state.sources.borrow_mut();
            let at = sources.iter().position(|(known, _)| *known == number)?;
            sources.remove(at).map(|(_, source)| source)
        };
        let value = |bytes: &[u8]| wire::decode(bytes, &thrown::limits()).ok();
        let About { place, contract, builds } = about;
        let limits = self.limits();
        Hearing { place, contract, builds, hosts: &hosts, limits, source: &source, value: &value }
            .error(failure.fault)
    }

    /// The error of a child that has ended, or that is ended now, and the CPU time that it had and that is on no bill.
    fn death(place: Option<Place>, guard: &Guard, process: &ChildProcess) -> (Error, Nanos) {
        let death = guard.verdict().unwrap_or_else(|| match process.ended().map(|ended| ended.status) {
            Some(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => Death::Signal { signal },
                (None, Some(NO_MEMORY)) => guard.refused_memory(),
                (None, Some(code)) => Death::Exit { code },
                (None, None) => Death::Unobserved,
            },
            None if process.has_ended() => Death::Unobserved,
            None => Death::Protocol { reason: "the end of the channel, and did not end itself".into() },
        });
        let ended = process.end();
        let cpu = Nanos::of(guard.unpaid(ended.map(|ended| ended.cpu).unwrap_or_default()));
        guard.paid(cpu);
        (Error::Process { death, place }, cpu)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.jobs.close();
    }
}

impl Handle {
    pub(super) fn new(key: u64, generation: u64, what: What) -> Self {
        Self { generation, key, what }
    }
}
