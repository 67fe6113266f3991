//! The calls of a session, as its observers are told of them.
//!
//! The host's side of a link tells all events. A peer is asked for nothing but the bill of a call, which is bounded first.

use std::sync::atomic::Ordering;

use super::call::Request;
use super::host_call::HostCallAsked;
use super::state::SessionState;
use super::{About, Beginning, Pays, Session};
use crate::error::{Error, Result};
use crate::observe::teller::{Begin, OpenCall, OpenHostCall};
use crate::observe::{CallId, CallKind, CallOutcome, HostCallId};
use crate::script::Script;

/// A synchronous call that observers know of, and the calls on the stack before it.
pub(super) struct ToldCall {
    open: OpenCall,
    call: Option<CallId>,
    inside: Option<HostCallId>,
    /// The number of calls that were billed before.
    billed: u64,
}

impl Session {
    /// Refuses what an observer of this sandbox asks for while it is told.
    pub(in super::super) fn allows_observer(&self) -> Result<()> {
        self.observed.as_ref().map_or(Ok(()), |teller| teller.allows())
    }

    /// The number of the next realm.
    pub(in super::super) fn next_realm(&self) -> u64 {
        self.realms.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Tells that a call begins.
    pub(super) fn tell_begin(
        &self,
        about: &About,
        inside: Option<HostCallId>,
        is_async: bool,
    ) -> Option<OpenCall> {
        let teller = self.observed.as_ref()?;
        let kind = match about {
            About { place: Some(place), .. } => CallKind::Method(place),
            About { builds: true, .. } => CallKind::Realm,
            About { contract: Some(contract), .. } => CallKind::Binding { contract: &contract.name },
            _ => CallKind::Evaluation { script: about.script.as_ref().map_or("", Script::name) },
        };
        Some(teller.call_begins(Begin { kind, realm: about.realm, inside, is_async }))
    }

    /// Tells that a synchronous call begins.
    pub(super) fn tell_sync(&self, state: &SessionState, about: &About, how: Beginning) -> Option<ToldCall> {
        let inside = state.inside.get().filter(|_| how == Beginning::Inside);
        let open = self.tell_begin(about, inside, false)?;
        let call = state.call.replace(Some(open.id()));
        Some(ToldCall { open, call, inside: state.inside.take(), billed: self.meter.billed() })
    }
}

impl ToldCall {
    /// Tells that the call is over.
    pub(super) fn end<T>(self, session: &Session, state: &SessionState, outcome: &Result<T, Error>) {
        state.call.set(self.call);
        state.inside.set(self.inside);
        self.open.end(CallOutcome::of(outcome), &session.meter.bill_since(self.billed));
    }
}

impl Request<'_> {
    /// The call whose code has sent a frame in the name of `owner`.
    pub(super) fn caller(&self, owner: u64) -> Option<CallId> {
        let own = if self.pays == Pays::Outer { self.state.outer.get() } else { 0 };
        match !self.is_driven && owner == own {
            true => self.state.call.get(),
            false => self.state.flying.borrow().get(&owner).and_then(|call| call.told),
        }
    }

    /// Tells that the guest calls a host method.
    pub(super) fn tell_host_call(&self, asked: &HostCallAsked<'_>) -> Option<OpenHostCall> {
        let teller = self.session.observed.as_ref()?;
        let place = asked.place();
        Some(teller.host_call_begins(self.caller(asked.owner), &place, asked.is_async()))
    }
}
