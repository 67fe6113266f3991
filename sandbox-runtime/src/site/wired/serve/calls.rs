//! The requests that run guests: calls, evaluations, and the binding of a contract.

use std::rc::Rc;
use std::sync::Arc;

use super::super::call_head::{CallHead, OuterCall};
use super::super::message::Evaluate;
use super::{Asked, BoundContract, Gone, GuestAnswer, GuestServer};
use crate::contract::ContractSpec;
use crate::error::Error;
use crate::isolate::flights::Flying;
use crate::isolate::method_info::UntypedMethods;
use crate::isolate::script::Evaluation;
use crate::isolate::ticket::{Ticket, TicketScope};
use crate::schema::ContractChecks;
use crate::time::Deadline;
use crate::value::JsValue;
use crate::wire;

impl GuestServer {
    /// Makes a call. A call of an `async` method returns no answer yet.
    pub(super) fn call(
        self: &Rc<Self>,
        id: u64,
        head: &CallHead,
        args: &[u8],
    ) -> Asked<Option<Result<JsValue, Error>>> {
        let (args, objects) = self.decoded(args, |args, bounds| wire::decode_list(args, bounds))?;
        let bound = match self.bindings.get(head.binding) {
            Ok(bound) => bound,
            // The host has dropped the object whose binding this was.
            Err(error) => return Ok(Some(Err(error))),
        };
        let index = usize::try_from(head.method).map_err(|_| Gone)?;
        let method = bound.methods.get(index).ok_or(Gone)?;
        let limit = head.limit;
        let deadline = self.within(limit);
        let outer = match self.flights.outer(limit.outer) {
            Ok(outer) => outer,
            // The outer call is over, and the host is to read that.
            Err(error) => return Ok(Some(Err(error))),
        };
        let isolate = self.isolate().map_err(|_| Gone)?;
        if method.spec.is_async {
            let place = Some(method.place().clone());
            let taken = move |value| {
                drop(objects);
                GuestAnswer::Value(value)
            };
            let is_of_object = limit.outer != OuterCall::None;
            let ticket = Ticket::linked(deadline, outer, limit.outer.is_own_deadline(), is_of_object);
            self.flights.begin(id, (isolate.clone(), place), ticket, taken, |ticket| {
                isolate.fly_untyped((&bound.methods, index), &bound.binding, args, ticket)
            });
            return Ok(None);
        }
        // The end of the outer call is that of its flight.
        let inside = outer.as_ref().map(|outer| TicketScope::of_ticket(Deadline::NEVER, outer));
        let is_own = inside.is_none() || limit.outer.is_own_deadline();
        let deadline = if is_own { deadline } else { Deadline::NEVER };
        let outcome = isolate.call_untyped(&method, &bound.binding, args, deadline);
        drop(inside);
        drop(objects);
        if self.is_gone.get() { Err(Gone) } else { Ok(Some(outcome)) }
    }

    /// Evaluates a script. A script that may wait returns no answer yet.
    pub(super) fn evaluate(
        self: &Rc<Self>,
        id: u64,
        evaluate: Evaluate<'static>,
    ) -> Asked<Option<Result<u64, Error>>> {
        let Evaluate { realm, script, waits, limit } = evaluate;
        let script = self.scripts.borrow_mut().script(script).ok_or(Gone)?;
        let deadline = self.within(limit);
        let ready = self.isolate().and_then(|isolate| {
            let realm = match realm {
                Some(key) => self.realms.get(key)?.as_ref().clone(),
                None => isolate.main_realm()?,
            };
            Ok((isolate, realm))
        });
        let (isolate, realm) = match ready {
            Ok(ready) => ready,
            Err(error) => return Ok(Some(Err(error))),
        };
        if !waits {
            let exports = isolate.evaluate(&realm, &script, deadline);
            return Ok(Some(exports.map(|exports| self.exports.keep(exports))));
        }
        let server = Rc::downgrade(self);
        let kept = move |exports| {
            GuestAnswer::handle(server.upgrade().map_or(0, |server| server.exports.keep(exports)))
        };
        self.flights.begin(id, (isolate.clone(), None), Ticket::new(deadline), kept, |ticket| {
            Flying::new(isolate, Evaluation::new(realm, script), ticket)
        });
        Ok(None)
    }

    pub(super) fn bind(&self, exports: u64, spec: &Arc<ContractSpec>) -> Result<GuestAnswer, Error> {
        let exports = self.exports.get(exports)?;
        // The host checks the values.
        let checks = || Ok(ContractChecks::elsewhere());
        let binding = self.isolate()?.bind(&exports, spec, checks, Deadline::NEVER)?;
        let exported = binding.exported();
        let methods = Arc::new(UntypedMethods::of_guest(spec.clone()));
        let handle = self.bindings.keep(BoundContract { binding: Rc::new(binding), methods });
        Ok(GuestAnswer::Done { handle, exported })
    }
}
