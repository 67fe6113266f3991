//! The host's state of a sandbox at the other end of a link, under the session's lock.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use rustc_hash::FxHashMap;
use tokio::runtime::Handle as Runtime;

use super::super::message::kind;
use super::counts::{Credit, Served};
use super::handles::{PlainMethods, SessionHandles};
use crate::contract::{ContractSpec, SpecRef};
use crate::error::{Error, Source};
use crate::isolate::cancels::Period;
use crate::isolate::clock;
use crate::isolate::host_dispatch::SentHosts;
use crate::observe::{CallId, HostCallId};
use crate::time::{Deadline, Nanos, Timestamp};
use crate::wire::frame::Frame;

pub(super) struct SessionState {
    /// The objects that the peer's guests hold.
    pub(super) handles: SessionHandles,
    pub(super) hosts: SentHosts,
    pub(super) discarded: RefCell<Option<Error>>,
    pub(super) generation: Cell<u64>,
    /// The guest contracts that were bound.
    known: RefCell<Vec<KnownContract>>,
    pub(super) next: Cell<u64>,
    pub(super) sources: RefCell<VecDeque<(u64, Source)>>,
    pub(super) next_source: Cell<u64>,
    /// The `async` calls under way, by their numbers.
    pub(super) flying: RefCell<FxHashMap<u64, Underway>>,
    /// Since when, and how many, calls have been under way without a pause.
    pub(super) since: Cell<Timestamp>,
    pub(super) begun: Cell<u64>,
    /// Whether there was never more than one of them. Then long values go through the shared memory.
    pub(super) is_alone: Cell<bool>,
    /// The console text of these calls, in bytes.
    pub(super) told: Cell<usize>,
    /// The amounts that these calls may still be billed.
    pub(super) credit: Credit,
    /// The console text that its destination did not keep, in bytes and in lines.
    pub(super) unkept: Cell<(u64, u64)>,
    /// The synchronous call under way. Nested calls are part of it.
    pub(super) here: RefCell<Underway>,
    /// The number of the call whose guest waits for a host method on the stack; 0 for the synchronous one.
    pub(super) outer: Cell<u64>,
    /// The innermost synchronous call, as observers know it.
    pub(super) call: Cell<Option<CallId>>,
    /// The host call whose method is on the stack, as observers know it.
    pub(super) inside: Cell<Option<HostCallId>>,
    /// The CPU time of an ended peer that is on no bill yet.
    pub(super) owed: Cell<Nanos>,
    /// Frames that were read before their turn.
    pub(super) kept: RefCell<KeptCalls>,
    /// Frames that were read by another call.
    pub(super) later: RefCell<KeptCalls>,
}

impl SessionState {
    pub(super) fn new(hosts: SentHosts) -> Self {
        Self {
            handles: SessionHandles::new(hosts.get()),
            hosts,
            discarded: RefCell::default(),
            generation: Cell::new(0),
            known: RefCell::default(),
            next: Cell::new(0),
            sources: RefCell::default(),
            next_source: Cell::new(0),
            flying: RefCell::default(),
            since: Cell::default(),
            begun: Cell::default(),
            is_alone: Cell::default(),
            told: Cell::default(),
            credit: Credit::default(),
            unkept: Cell::default(),
            here: RefCell::default(),
            outer: Cell::default(),
            call: Cell::default(),
            inside: Cell::default(),
            owed: Cell::default(),
            kept: RefCell::default(),
            later: RefCell::default(),
        }
    }

    /// Notes that a call begins while no other is under way.
    pub(super) fn begin_anew(&self) {
        self.since.set(clock::now());
        self.begun.set(0);
        self.owed.set(Nanos::ZERO);
        self.told.set(0);
        self.credit.clear();
        self.unkept.take();
        // The errors of a call belong to no other call.
        let sources = self.sources.take();
        drop(sources);
    }

    /// Passes a call under way to `look`. `None` when no call has this number, or when the synchronous one is not there.
    pub(super) fn with<R>(&self, owner: u64, look: impl FnOnce(&mut Underway) -> R) -> Option<R> {
        match self.flying.borrow_mut().get_mut(&owner) {
            Some(call) => Some(look(call)),
            None => (owner == 0).then(|| look(&mut self.here.borrow_mut())),
        }
    }

    /// Lets errors name this contract from now on.
    pub(super) fn knows(&self, contract: &SpecRef) {
        let mut known = self.known.borrow_mut();
        known.retain(KnownContract::is_live);
        if !known.iter().any(|other| other.is(contract)) {
            known.push(KnownContract::of(contract));
        }
    }

    /// The contract of a host or of handles, by its number.
    pub(super) fn methods(&self, contract: usize) -> Option<PlainMethods<'_>> {
        let host = self.hosts.get().get(contract).map(|host| PlainMethods::Host(host));
        host.or_else(|| self.handles.contract(contract))
    }

    /// The contracts that errors can name: those of the hosts and of handles, and those that were bound and are still there.
    pub(super) fn contracts(&self) -> Vec<SpecRef> {
        let hosts = self.hosts.get().iter().map(|host| host.spec.clone());
        let bound = self.known.borrow().iter().filter_map(KnownContract::get).collect::<Vec<_>>();
        hosts.chain(self.handles.specs()).chain(bound).collect()
    }

    /// Cancels everything that was begun.
    pub(super) fn cancel_all(&self) {
        let Self { flying, kept, later, .. } = self;
        drop((flying.take(), kept.take(), later.take()));
    }
}

/// A guest contract that was bound. An owned one is freed with its last binding.
enum KnownContract {
    Static(&'static ContractSpec),
    Owned(Weak<ContractSpec>),
}

impl KnownContract {
    fn of(contract: &SpecRef) -> Self {
        match contract {
            SpecRef::Static(spec) => Self::Static(spec),
            SpecRef::Owned(spec) => Self::Owned(Arc::downgrade(spec)),
        }
    }

    fn is(&self, contract: &SpecRef) -> bool {
        match (self, contract) {
            (Self::Static(one), SpecRef::Static(other)) => std::ptr::eq(*one, *other),
            (Self::Owned(one), SpecRef::Owned(other)) => std::ptr::eq(one.as_ptr(), Arc::as_ptr(other)),
            _ => false,
        }
    }

    fn is_live(&self) -> bool {
        match self {
            Self::Static(_) => true,
            Self::Owned(spec) => spec.strong_count() > 0,
        }
    }

    fn get(&self) -> Option<SpecRef> {
        match self {
            Self::Static(spec) => Some(SpecRef::Static(spec)),
            Self::Owned(spec) => spec.upgrade().map(SpecRef::Owned),
        }
    }
}

/// The host-call state of a call under way.
pub(super) struct Underway {
    /// The caller's runtime.
    pub(super) runtime: Option<Runtime>,
    /// When the call must be over.
    pub(super) end: Deadline,
    /// The period in which the call was made; `None` without a call.
    pub(super) made_in: Option<Period>,
    /// Whether it got an answer after its end, and may ask for nothing more.
    pub(super) is_over: bool,
    /// The host calls of this call.
    pub(super) served: Arc<Served>,
    /// The number of calls of methods with a limit of their own.
    pub(super) asked_of: HashMap<(usize, usize), u64>,
    /// The call as observers know it.
    pub(super) told: Option<CallId>,
}

impl Default for Underway {
    /// A call that may ask for nothing more.
    fn default() -> Self {
        Self {
            runtime: None,
            end: Deadline::PASSED,
            made_in: None,
            is_over: false,
            served: Arc::default(),
            asked_of: HashMap::default(),
            told: None,
        }
    }
}

/// The memory of a kept frame, however short it is.
fn taken(frame: &Frame) -> usize {
    /// The frame itself, and the allocation of its body.
    const FRAME: usize = 96;
    frame.body.len() + FRAME
}

/// Whether a frame is a call, or answers one.
fn is_of_call(frame: &Frame) -> bool {
    !matches!(frame.kind, kind::CONSOLE | kind::RELEASE)
}

/// Frames that were read so that the peer can continue.
#[derive(Default)]
pub(super) struct KeptCalls {
    frames: VecDeque<Frame>,
    /// The number of frames that are calls, or answer one.
    pub(super) calls: usize,
    /// Their memory in bytes.
    pub(super) bytes: usize,
}

impl KeptCalls {
    pub(super) fn take(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(taken(&frame));
        if is_of_call(&frame) {
            self.calls = self.calls.saturating_sub(1);
        }
        Some(frame)
    }

    pub(super) fn push(&mut self, frame: Frame) {
        self.bytes += taken(&frame);
        if is_of_call(&frame) {
            self.calls += 1;
        }
        self.frames.push_back(frame);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}
