//! What the parent knows of a sandbox in a process, for one thread at a time.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use rustc_hash::FxHashMap;
use tokio::runtime::Handle as Runtime;

use crate::error::{Error, Source};
use crate::isolate::clock;
use crate::isolate::plainly::SentHosts;
use crate::process::frame::Frame;
use crate::process::message::kind;
use crate::process::spawn::Seed;
use crate::process::spin::Turn;

pub(super) struct State {
    pub(super) seed: Seed,
    /// Bytes that may be resident.
    pub(super) memory: u64,
    pub(super) hosts: SentHosts,
    pub(super) discarded: RefCell<Option<Error>>,
    pub(super) generation: Cell<u64>,
    pub(super) next: Cell<u64>,
    pub(super) sources: RefCell<VecDeque<(u64, Source)>>,
    pub(super) next_source: Cell<u64>,
    /// Calls of `async` methods that are under way, by their numbers.
    pub(super) flying: RefCell<FxHashMap<u64, Underway>>,
    /// Since when, and how many, calls have been under way without a pause.
    pub(super) since: Cell<u64>,
    pub(super) begun: Cell<u64>,
    pub(super) turn: RefCell<Option<Turn>>,
    /// There was never more than one of them: what is long goes through memory that both sides have.
    pub(super) is_alone: Cell<bool>,
    /// How often the child has called the host, and what it has written, in these calls.
    pub(super) asked: Cell<u64>,
    pub(super) told: Cell<usize>,
    /// How often it has called the host in the synchronous call under way.
    pub(super) asked_here: Cell<u64>,
    /// CPU time of a child that has ended, in nanoseconds, which is on no bill yet.
    pub(super) owed: Cell<u64>,
    /// The calls of methods that have a limit of their own.
    pub(super) asked_of: RefCell<HashMap<(usize, usize), u64>>,
    /// What was read before it was its turn.
    pub(super) kept: RefCell<Kept>,
    /// What was read by a call that it is not for.
    pub(super) later: RefCell<Kept>,
}

impl State {
    pub(super) fn new(seed: Seed, hosts: SentHosts, memory: u64) -> Self {
        Self {
            seed,
            memory,
            hosts,
            discarded: RefCell::default(),
            generation: Cell::new(0),
            next: Cell::new(0),
            sources: RefCell::default(),
            next_source: Cell::new(0),
            flying: RefCell::default(),
            since: Cell::default(),
            begun: Cell::default(),
            turn: RefCell::default(),
            is_alone: Cell::default(),
            asked: Cell::default(),
            told: Cell::default(),
            asked_here: Cell::default(),
            owed: Cell::default(),
            asked_of: RefCell::default(),
            kept: RefCell::default(),
            later: RefCell::default(),
        }
    }

    /// A call begins while no other is under way.
    pub(super) fn begin_anew(&self) {
        self.turn.replace(Some(Turn::begin()));
        self.since.set(clock::now());
        for count in [&self.begun, &self.asked, &self.asked_here, &self.owed] {
            count.set(0);
        }
        self.told.set(0);
        self.asked_of.borrow_mut().clear();
    }

    /// Nothing that was begun goes on.
    pub(super) fn hush(&self) {
        let Self { flying, turn, kept, later, .. } = self;
        drop((flying.take(), turn.take(), kept.take(), later.take()));
    }
}

/// A call of an `async` method.
pub(super) struct Underway {
    /// Of whoever has made it.
    pub(super) runtime: Option<Runtime>,
    /// How often it has called the host.
    pub(super) asked: Arc<AtomicU64>,
}

/// Frames that were read so that the child can go on.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) frames: VecDeque<Frame>,
    /// How many of them are not the console's, and how many bytes are in those that are.
    pub(super) calls: usize,
    pub(super) text: usize,
    /// How many are in all of them.
    pub(super) bytes: usize,
}

impl Kept {
    pub(super) fn take(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(frame.body.len());
        match frame.kind {
            kind::CONSOLE => self.text = self.text.saturating_sub(frame.body.len()),
            _ => self.calls = self.calls.saturating_sub(1),
        }
        Some(frame)
    }
}
