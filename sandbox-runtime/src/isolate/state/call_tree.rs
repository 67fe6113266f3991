//! The calls of a guest that host methods of one call make: their budgets are those of the outermost call, the root.
//!
//! A nested call has a number, turns and counts of its own. The tree has the sums that the limits of the root bound, and the
//! first limit that a nested call met, which ends the root. A call has a tree from its first nested call on.
//!
//! `calls::flights` and `run` ask it on the isolate's thread, before each turn and after it.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::flight::{Flight, Flights};
use crate::error::{DEEPEST_CALL, Error, Excess, LimitKind, Phase, Place};
use crate::isolate::limits::call::{Counts, Turn, Used};
use crate::isolate::limits::meter::Meter;
use crate::isolate::limits::ticket::{Ticket, outer};
use crate::time::{Deadline, Nanos};

/// The number of host methods that calls wait for together.
pub(in crate::isolate) type Waits = Rc<Cell<usize>>;

/// The calls inside of one call.
pub(in crate::isolate) struct CallTree {
    root: Weak<Flight>,
    /// The number of the root.
    pub(super) number: u64,
    /// The usage of all calls.
    used: Cell<Used>,
    pub(super) waits: Waits,
    /// The nested calls that are not over.
    nested: RefCell<Vec<Weak<Flight>>>,
    /// The time for which nested calls had the thread since the root was polled.
    busy: Cell<Nanos>,
    failure: RefCell<Option<Error>>,
    /// The state of a nested call that was ended.
    ended_in: Cell<Option<Phase>>,
}

impl CallTree {
    fn new(root: &Rc<Flight>) -> Rc<Self> {
        root.shares_waits(&Waits::default());
        let waits = root.waits.get().cloned().unwrap_or_default();
        Rc::new(Self {
            root: Rc::downgrade(root),
            number: root.id(),
            used: Cell::new(root.counts.get().used()),
            waits,
            nested: RefCell::default(),
            busy: Cell::default(),
            failure: RefCell::default(),
            ended_in: Cell::default(),
        })
    }

    /// The usage of the other calls of the tree.
    pub(in crate::isolate) fn used_by_others(&self, own: &Counts) -> Used {
        self.used.get().less(own.used())
    }

    /// A turn of one of the calls is over.
    pub(in crate::isolate) fn has_used(&self, before: &Counts, after: &Counts) {
        self.used.set(self.used.get().plus(after.used().less(before.used())));
    }

    /// The end of the root, and whether that is its caller's own deadline.
    pub(in crate::isolate) fn end(&self) -> (Deadline, bool) {
        let root = self.root.upgrade();
        root.map_or((Deadline::PASSED, false), |root| (root.deadline(), root.by_caller.get()))
    }

    /// Notes the first limit that a nested call met, and wakes the root, which ends with it.
    pub(in crate::isolate) fn fails(&self, error: &Error) {
        if !matches!(error, Error::Limit { .. }) || self.failure.borrow().is_some() {
            return;
        }
        self.was_ended(error);
        self.failure.replace(Some(error.clone()));
        self.root.upgrade().into_iter().for_each(|root| root.wake());
    }

    /// The limit that a nested call met, as the error of another call of the tree.
    pub(in crate::isolate) fn failure(&self, place: Option<&Place>) -> Option<Error> {
        match self.failure.borrow().as_ref()? {
            Error::Limit { excess, .. } => Some((**excess).clone().error(place)),
            other => Some(other.clone()),
        }
    }

    /// A nested call had the thread for so long.
    pub(in crate::isolate) fn was_busy(&self, span: Nanos) {
        self.busy.set(self.busy.get().saturating_add(span));
    }

    /// The time for which nested calls had the thread since this was asked last.
    pub(super) fn take_busy(&self) -> Nanos {
        self.busy.take()
    }

    /// A nested call that the caller has ended was in this state.
    pub(in crate::isolate) fn was_ended(&self, error: &Error) {
        if let Error::Limit { excess, .. } = error
            && matches!(excess.phase, Some(Phase::Running | Phase::Starved))
        {
            self.ended_in.set(excess.phase);
        }
    }

    /// The state of a nested call that was ended, or that waits for no host method, if there is one.
    pub(super) fn phase(&self) -> Option<Phase> {
        if let Some(phase) = self.ended_in.get() {
            return Some(phase);
        }
        let nested = self.nested.borrow();
        let waits = nested.iter().filter_map(Weak::upgrade).any(|nested| nested.waits_for() == 0);
        waits.then_some(Phase::AwaitsPromise)
    }

    /// The root is over: wakes the nested calls, which end.
    pub(in crate::isolate) fn ends(&self) {
        let nested = self.nested.take();
        nested.iter().filter_map(Weak::upgrade).for_each(|nested| nested.wake());
    }

    fn add(&self, flight: &Rc<Flight>) {
        let mut nested = self.nested.borrow_mut();
        // Of many calls in turn, few are under way at once.
        if nested.len() == nested.capacity() {
            nested.retain(|known| known.strong_count() > 0);
            let known = nested.len();
            nested.reserve(known);
        }
        nested.push(Rc::downgrade(flight));
    }
}

impl Flights {
    /// The tree of the innermost call of this isolate around a call.
    fn tree_around(&self, outer: Option<&Ticket>) -> Option<Rc<CallTree>> {
        let by_id = self.by_id.borrow();
        let mut around = std::iter::successors(outer, |outer| outer.outer());
        let outer = around.find_map(|outer| by_id.get(&outer.flight()))?;
        Some(outer.tree.get_or_init(|| CallTree::new(outer)).clone())
    }

    /// The tree of the call whose host methods this thread polls, and the end that it gives.
    pub(in crate::isolate) fn tree_here(&self) -> Option<(Rc<CallTree>, Deadline)> {
        let (outer, end) = outer()?;
        Some((self.tree_around(Some(&outer))?, end))
    }

    /// Puts a call that begins into the tree of the call around it. The error of a call that is too deep.
    pub(in crate::isolate) fn nest(&self, flight: &Rc<Flight>, place: Option<&Place>) -> Result<(), Error> {
        let ticket = &flight.ticket;
        if let Some(tree) = self.tree_around(ticket.outer()) {
            tree.add(flight);
            flight.shares_waits(&tree.waits);
            let tree = flight.tree.get_or_init(|| tree);
            if ticket.depth() > DEEPEST_CALL {
                let error = Excess::too_deep().error(place);
                tree.fails(&error);
                return Err(error);
            }
        } else if ticket.is_of_object() {
            // The host makes the call on its own. Guests can have the host make any number of these.
            flight.shares_waits(&self.apart);
        }
        Ok(())
    }

    /// The number of the root of a call, which counts the calls of host methods.
    pub(in crate::isolate) fn family(&self, call: u64) -> u64 {
        let synchronous = self.root_of_synchronous.get();
        if synchronous != 0 {
            return synchronous;
        }
        let by_id = self.by_id.borrow();
        by_id.get(&call).and_then(|flight| flight.tree.get()).map_or(call, |tree| tree.number)
    }
}

/// Whether a limit ends the calls around the call that met it. A deadline that the host set for that call alone ends none.
pub(in crate::isolate) fn ends_outer(error: &Error, is_own_deadline: bool) -> bool {
    match error {
        Error::Limit { kind: LimitKind::Deadline, excess, .. } => {
            !is_own_deadline && excess.phase != Some(Phase::Queued)
        }
        Error::Limit { excess, .. } => excess.phase != Some(Phase::Queued),
        _ => false,
    }
}

/// A synchronous call inside of a call in flight, until it is over.
pub(in crate::isolate) struct SyncInside<'f> {
    flights: &'f Flights,
    tree: Rc<CallTree>,
    before: u64,
    is_own_deadline: bool,
}

impl SyncInside<'_> {
    /// The call is over, and took `wall` of the outer call.
    pub(in crate::isolate) fn has_used(&self, counts: &Counts, meter: &Meter, wall: Nanos) {
        counts.charge_nested(meter, wall);
        self.tree.has_used(&Counts::NONE, counts);
    }

    /// The call has failed.
    pub(in crate::isolate) fn fails(&self, error: &Error) {
        // A full stack is told to the host method, as in any synchronous call.
        let is_stack = matches!(error, Error::Limit { kind: LimitKind::Stack, .. });
        if !is_stack && ends_outer(error, self.is_own_deadline) {
            self.tree.fails(error);
        }
    }
}

impl Drop for SyncInside<'_> {
    fn drop(&mut self) {
        self.flights.root_of_synchronous.set(self.before);
    }
}

impl Flights {
    /// Puts a synchronous call that begins into the tree of the call whose host methods this thread polls.
    #[cold]
    pub(in crate::isolate) fn inside(
        &self,
        turn: &mut Turn<'_>,
        deadline: Deadline,
        place: Option<&Place>,
    ) -> Result<Option<SyncInside<'_>>, Box<Error>> {
        let Some((tree, outer_end)) = self.tree_here() else { return Ok(None) };
        if let Some(error) = tree.failure(place) {
            return Err(error.into());
        }
        let is_own_deadline = deadline < outer_end;
        let (end, by_caller) = tree.end();
        if !is_own_deadline || end < turn.end {
            (turn.end, turn.by_caller) = (end.min(turn.end), by_caller);
            turn.deadline = if by_caller { end } else { Deadline::NEVER };
        }
        turn.others = tree.used_by_others(&Counts::NONE);
        let before = self.root_of_synchronous.replace(tree.number);
        Ok(Some(SyncInside { flights: self, tree, before, is_own_deadline }))
    }
}
