//! What the parent knows of a sandbox in a process, for one thread at a time.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::runtime::Handle as Runtime;

use super::bill::{Credit, Served};
use crate::contract::ContractSpec;
use crate::error::{Error, Source};
use crate::isolate::clock;
use crate::isolate::host_dispatch::SentHosts;
use crate::process::frame::Frame;
use crate::process::message::kind;
use crate::process::spawn::ChildSpec;
use crate::process::spin::SpinTurn;
use crate::time::{Deadline, Nanos, Timestamp};

pub(super) struct SessionState {
    pub(super) seed: ChildSpec,
    /// Bytes that may be resident.
    pub(super) memory: u64,
    pub(super) hosts: SentHosts,
    pub(super) discarded: RefCell<Option<Error>>,
    pub(super) generation: Cell<u64>,
    /// The contracts of guests that something was bound to.
    pub(super) known: RefCell<Vec<&'static ContractSpec>>,
    pub(super) next: Cell<u64>,
    pub(super) sources: RefCell<VecDeque<(u64, Source)>>,
    pub(super) next_source: Cell<u64>,
    /// Calls of `async` methods that are under way, by their numbers.
    pub(super) flying: RefCell<FxHashMap<u64, Underway>>,
    /// Since when, and how many, calls have been under way without a pause.
    pub(super) since: Cell<Timestamp>,
    pub(super) begun: Cell<u64>,
    pub(super) turn: RefCell<Option<SpinTurn>>,
    /// There was never more than one of them: what is long goes through memory that both sides have.
    pub(super) is_alone: Cell<bool>,
    /// How much text it has written in these calls, in bytes.
    pub(super) told: Cell<usize>,
    /// What of them can still be billed.
    pub(super) credit: Credit,
    /// How much of that was not kept by whom it was for, and how many lines.
    pub(super) unkept: Cell<(u64, u64)>,
    /// The synchronous call under way; calls inside of it are part of it.
    pub(super) here: RefCell<Underway>,
    /// The number of the call whose guest waits for a method of the host that is on the stack; 0 for the synchronous one.
    pub(super) outer: Cell<u64>,
    /// CPU time of a child that has ended, which is on no bill yet.
    pub(super) owed: Cell<Nanos>,
    /// What was read before it was its turn.
    pub(super) kept: RefCell<KeptCalls>,
    /// What was read by a call that it is not for.
    pub(super) later: RefCell<KeptCalls>,
}

impl SessionState {
    pub(super) fn new(seed: ChildSpec, hosts: SentHosts, memory: u64) -> Self {
        Self {
            seed,
            memory,
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
            turn: RefCell::default(),
            is_alone: Cell::default(),
            told: Cell::default(),
            credit: Credit::default(),
            unkept: Cell::default(),
            here: RefCell::default(),
            outer: Cell::default(),
            owed: Cell::default(),
            kept: RefCell::default(),
            later: RefCell::default(),
        }
    }

    /// A call begins while no other is under way.
    pub(super) fn begin_anew(&self) {
        self.turn.replace(Some(SpinTurn::begin()));
        self.since.set(clock::now());
        self.begun.set(0);
        self.owed.set(Nanos::ZERO);
        self.told.set(0);
        self.credit.clear();
        self.unkept.take();
        // Errors of a call are no other call's.
        let sources = self.sources.take();
        drop(sources);
    }

    /// Looks at a call that is under way. `None` when there is none of this number; a synchronous one has none.
    pub(super) fn with<R>(&self, owner: u64, look: impl FnOnce(&mut Underway) -> R) -> Option<R> {
        match self.flying.borrow_mut().get_mut(&owner) {
            Some(call) => Some(look(call)),
            None => (owner == 0).then(|| look(&mut self.here.borrow_mut())),
        }
    }

    /// Its errors may name a contract from now on, whoever they are told to.
    pub(super) fn knows(&self, contract: &'static ContractSpec) {
        let mut known = self.known.borrow_mut();
        if !known.iter().any(|other| std::ptr::eq(*other, contract)) {
            known.push(contract);
        }
    }

    /// Nothing that was begun goes on.
    pub(super) fn hush(&self) {
        let Self { flying, turn, kept, later, .. } = self;
        drop((flying.take(), turn.take(), kept.take(), later.take()));
    }
}

/// A call that is under way, as far as it calls the host.
pub(super) struct Underway {
    /// Of whoever has made it.
    pub(super) runtime: Option<Runtime>,
    /// When it has to be over.
    pub(super) end: Deadline,
    /// It was answered after that, and has nothing more to ask.
    pub(super) is_over: bool,
    /// What the host has done for it.
    pub(super) served: Arc<Served>,
    /// The same of methods that have a limit of their own.
    pub(super) asked_of: HashMap<(usize, usize), u64>,
}

impl Default for Underway {
    /// One that has nothing more to ask.
    fn default() -> Self {
        let (end, is_over) = (Deadline::PASSED, false);
        Self { runtime: None, end, is_over, served: Arc::default(), asked_of: HashMap::default() }
    }
}

/// How many bytes a frame takes that is kept, however short it is.
fn taken(frame: &Frame) -> usize {
    /// Itself, and what an allocator takes for its body.
    const FRAME: usize = 96;
    frame.body.len() + FRAME
}

/// Frames that were read so that the child can go on.
#[derive(Default)]
pub(super) struct KeptCalls {
    frames: VecDeque<Frame>,
    /// How many of them are not the console's.
    pub(super) calls: usize,
    /// How many bytes they take.
    pub(super) bytes: usize,
}

impl KeptCalls {
    pub(super) fn take(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(taken(&frame));
        if frame.kind != kind::CONSOLE {
            self.calls = self.calls.saturating_sub(1);
        }
        Some(frame)
    }

    pub(super) fn push(&mut self, frame: Frame) {
        self.bytes += taken(&frame);
        if frame.kind != kind::CONSOLE {
            self.calls += 1;
        }
        self.frames.push_back(frame);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}
