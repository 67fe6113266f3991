//! The `async` calls of guests in the peer, which are under way at the same time.
//!
//! Only the guest's thread uses [`GuestCalls`]. Between two turns of guest code, the peer reads the frames of the
//! host.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use futures_util::future::{Either, select};
use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

use super::super::call_head::{CancelReason, OuterCall};
use super::answers::Woken;
use super::cancel_poller::{CancelPoller, PolledCall};
use super::{Asked, GuestAnswer, GuestServer};
use crate::error::{Error, LimitKind, Place};
use crate::isolate::Isolate;
use crate::isolate::future_set::FutureSet;
use crate::isolate::ticket::Ticket;

/// A call, until it is over.
type Flight = Pin<Box<dyn Future<Output = Landed>>>;

/// A call that is over.
pub(super) struct Landed {
    id: u64,
    outcome: Result<GuestAnswer, Error>,
}

/// The calls under way.
pub(super) struct GuestCalls {
    all: FutureSet<Flight>,
    /// A call has had its turn since the last read of the host's frames.
    turn: Rc<Cell<bool>>,
    woken: Arc<Woken>,
    known: RefCell<KnownCall>,
    /// Detects cancellations, where both sides share memory.
    cancel_poller: OnceCell<Arc<CancelPoller>>,
    /// The call that has its turn; 0 for a synchronous one.
    pub(super) speaker: Arc<AtomicU64>,
}

#[derive(Default)]
struct KnownCall {
    /// The ticket of each call, and the sender that ends it.
    flights: FxHashMap<u64, (Ticket, Option<oneshot::Sender<LimitKind>>)>,
    /// The numbers of calls, by their flights, as long as code of them may run.
    calls: FxHashMap<u64, u64>,
}

impl GuestCalls {
    pub(super) fn new(woken: Arc<Woken>) -> Self {
        let cancel_poller = OnceCell::new();
        Self {
            all: FutureSet::default(),
            turn: Rc::default(),
            woken,
            known: RefCell::default(),
            cancel_poller,
            speaker: Arc::default(),
        }
    }

    /// Detects cancellations during turns from here on.
    pub(super) fn hear(&self, cancel_poller: Arc<CancelPoller>) {
        _ = self.cancel_poller.set(cancel_poller);
    }

    /// Detects the cancellation of a synchronous call, until the result is dropped.
    pub(super) fn serves(&self, call: u64) -> Option<PolledCall<'_>> {
        self.cancel_poller.get().map(|cancel_poller| cancel_poller.serves(call))
    }

    /// Begins a call after the others have had their turns.
    pub(super) fn begin<T, F: Future<Output = Result<T, Error>> + Unpin + 'static>(
        &self,
        id: u64,
        (isolate, place): (Rc<Isolate>, Option<Place>),
        ticket: Ticket,
        taken: impl FnOnce(T) -> GuestAnswer + 'static,
        flight: impl FnOnce(Ticket) -> F,
    ) {
        let (cancel, cancelled) = oneshot::channel();
        {
            let known = &mut *self.known.borrow_mut();
            known.calls.insert(ticket.flight(), id);
            known.flights.insert(id, (ticket.clone(), Some(cancel)));
        }
        self.cancel_poller.get().inspect(|cancel_poller| cancel_poller.know(id, ticket.clone()));
        let number = ticket.flight();
        let (mut flight, turn, speaker) = (flight(ticket), self.turn.clone(), self.speaker.clone());
        // A woken call has a turn. The next call waits until the host's frames were read.
        let by_turns = poll_fn(move |cx| match turn.replace(true) {
            false => {
                speaker.store(id, Ordering::Relaxed);
                let polled = Pin::new(&mut flight).poll(cx);
                speaker.store(0, Ordering::Relaxed);
                polled
            }
            true => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        });
        self.all.push(Box::pin(async move {
            let outcome = match select(cancelled, by_turns).await {
                Either::Left((kind, flight)) => {
                    // The call is between two turns.
                    let phase = isolate.phase_of(number);
                    drop(flight);
                    Err(isolate.over(kind.unwrap_or(LimitKind::Wall), place.as_ref()).during(phase))
                }
                Either::Right((outcome, _)) => outcome.map(taken),
            };
            Landed { id, outcome }
        }));
    }

    /// The ticket of a call that is under way; the error of one that is over.
    pub(super) fn outer(&self, call: OuterCall) -> Result<Option<Ticket>, Error> {
        let Some(number) = call.call() else { return Ok(None) };
        let known = self.known.borrow();
        let known = known.flights.get(&number).map(|(ticket, _)| ticket.clone());
        known.map(Some).ok_or_else(|| Error::queued(LimitKind::Deadline))
    }

    /// Whether a call has this number.
    pub(super) fn knows(&self, id: u64) -> bool {
        self.known.borrow().flights.contains_key(&id)
    }

    /// Ends a call, unless it is over. No listener of the guest runs where the time of the call is up.
    pub(super) fn cancel(&self, id: u64, why: CancelReason) {
        let kind = match why {
            CancelReason::Deadline => LimitKind::Deadline,
            CancelReason::Wall | CancelReason::Caller => LimitKind::Wall,
        };
        let cancel = match self.known.borrow_mut().flights.get_mut(&id) {
            Some((ticket, cancel)) => {
                if why != CancelReason::Caller {
                    ticket.time_is_up();
                }
                cancel.take()
            }
            None => None,
        };
        if let Some(cancel) = cancel {
            _ = cancel.send(kind);
        }
    }

    /// The number of the call with this flight in the isolate.
    pub(super) fn call(&self, flight: u64) -> u64 {
        self.known.borrow().calls.get(&flight).copied().unwrap_or_default()
    }

    fn is_over(&self, id: u64) {
        self.cancel_poller.get().inspect(|cancel_poller| cancel_poller.forget(id));
        let known = &mut *self.known.borrow_mut();
        if let Some((ticket, _)) = known.flights.remove(&id) {
            known.calls.remove(&ticket.flight());
        }
    }
}

impl GuestServer {
    /// Gives a call its turn, and answers calls that are over. Returns whether another call wants its turn.
    pub(super) fn fly(&self) -> Asked<bool> {
        if self.flights.all.count() == 0 {
            return Ok(false);
        }
        let wants_turn = self.turn()?;
        // A guest that goes on may wait for the end of an object that it has released, such as a stream.
        self.release()?;
        Ok(wants_turn)
    }

    fn turn(&self) -> Asked<bool> {
        let flights = &self.flights;
        flights.woken.take();
        flights.turn.set(false);
        // The objects that a result names live until the result was sent.
        let _pinned = self.isolate().map_err(|_| super::Gone)?.pin();
        let _listening = flights.cancel_poller.get().map(CancelPoller::listen);
        let waker = Waker::from(flights.woken.clone());
        while let Some(Landed { id, outcome }) = flights.all.poll(&mut Context::from_waker(&waker)) {
            flights.is_over(id);
            if self.is_gone.get() {
                return Err(super::Gone);
            }
            self.answer(id, outcome, &[])?;
        }
        Ok(flights.woken.take())
    }
}
