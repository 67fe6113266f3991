//! The signals that guests have for calls of their own, and the cancellations behind them.
//!
//! `values` makes the signal when the arguments of a call are written. `flights` aborts it.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use deno_core::v8;

use crate::isolate::limits::cancels::Cancels;
use crate::isolate::limits::ticket::Ticket;
use crate::isolate::state::Isolate;
use crate::isolate::state::signals::FlightSignal;
use crate::value::Cancellation;

/// Ends the turn of a call, if it has one.
struct TurnEnd {
    cancels: Arc<Cancels>,
    ticket: Ticket,
}

impl Wake for TurnEnd {
    fn wake(self: Arc<Self>) {
        self.cancels.cancel(&self.ticket);
    }
}

impl Isolate {
    /// Makes the signal of the call that begins. The cancellation of the caller ends the turns of the call. `None` when the
    /// guest is being ended.
    pub(in crate::isolate) fn signal_of_flight<'s>(
        &self,
        scope: &v8::PinScope<'s, '_>,
        cancellation: &Cancellation,
    ) -> Option<v8::Local<'s, v8::Value>> {
        let realm = self.current_realm(scope)?;
        // A binding has added them. An object of a guest that the host holds has no binding.
        realm.add_signals(scope, self)?;
        let signal = realm.signals.get()?.make(scope)?;
        let flight = self.current_flight(scope)?;
        let end = TurnEnd { cancels: self.cancels.clone(), ticket: flight.ticket.clone() };
        let mut cancelled = Box::pin(cancellation.cancelled());
        if cancelled.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(end)))).is_ready() {
            self.cancels.cancel(&flight.ticket);
        }
        let signal_of_flight = FlightSignal { signal: v8::Global::new(scope, signal), _cancelled: cancelled };
        flight.signal.replace(Some(signal_of_flight));
        Some(signal)
    }
}
