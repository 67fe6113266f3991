//! Host methods called with plain data in the place of V8's values.
//!
//! `site::wired::session` calls them for a guest at the other end of a link. One thread at a time uses a sandbox's
//! hosts, under the lock of the session.

use std::any::TypeId;
use std::ops::Deref;
use std::sync::Arc;

use sandbox_core::spec::GivenKinds;

use crate::boundary::{Budget, CheckViolation, ValueError, is_whole, read_with_diagnosis};
use crate::contract::{
    Arguments, AsyncHostMethod, Crosses, HostMethod, Hosted, MethodSpec, PlainArguments, Reply, SpecRef,
    enforce,
};
use crate::error::{Direction, Place};
use crate::guest_error::HostError;
use crate::isolate::state::data_host::{DataAnswer, Refused, UntypedContract};
use crate::isolate::state::host::Host;
use crate::isolate::state::host_handles::parts;
use crate::isolate::state::plain_op::{DispatchKind, DispatchedCall, Returns};
pub(crate) use crate::isolate::state::plain_op::{
    KeptAnswer, PlainObject, PlainOp, StartedMethod, Unanswered,
};
use crate::isolate::state::refusal::caught;
use crate::limits::Limits;
use crate::schema::{ContractChecks, MethodChecks};
use crate::stack::StackEnd;
use crate::value::handle::HandleContract;
use crate::value::{Cancellation, JsValue};
use crate::wire::{self, Encoded, Out};

/// How a host method is called: for its result, or to begin.
pub(crate) enum Called {
    Done,
    Started(StartedMethod),
}

impl PlainOp {
    pub(in crate::isolate) const fn of<M: HostMethod>() -> Self {
        Self(DispatchKind::Invoke(invoke::<M>))
    }

    pub(in crate::isolate) const fn of_async<M: AsyncHostMethod>() -> Self {
        Self(DispatchKind::Start(start::<M>))
    }
}

/// The methods of a contract. Any thread may have them.
pub(crate) struct PlainContract {
    /// The type of the contract.
    pub(crate) id: TypeId,
    pub(crate) spec: SpecRef,
    /// Of its methods, in their order.
    ops: Box<[PlainOp]>,
    checks: Arc<ContractChecks>,
}

/// A host's implementation of a contract, called by one thread at a time.
pub(crate) struct PlainHost {
    contract: PlainContract,
    pub(crate) object: PlainObject,
}

impl Deref for PlainHost {
    type Target = PlainContract;

    fn deref(&self) -> &PlainContract {
        &self.contract
    }
}

impl PlainContract {
    /// The contract of a handle.
    pub(crate) fn of_handle(contract: &HandleContract) -> Result<Self, String> {
        let host = parts(contract)?.host.ok_or("an object of a guest, which another process cannot have")?;
        Ok(PlainHost::from((host.0)()?).contract)
    }

    /// Whether only guests implement the contract of a handle.
    pub(crate) fn is_of_guests(contract: &HandleContract) -> bool {
        parts(contract).is_ok_and(|parts| parts.host.is_none())
    }

    /// Which arguments of a method may be handles of a guest's objects.
    pub(crate) fn gives(&self, index: usize) -> GivenKinds {
        self.checks.methods.get(index).map(MethodChecks::params_give).unwrap_or_default()
    }

    /// The method with this number.
    pub(crate) fn method(&self, index: usize) -> Option<&MethodSpec> {
        self.spec.methods.get(index)
    }

    /// Calls a method with encoded arguments, and appends its result. A call of an `async` method begins.
    pub(crate) fn call(
        &self,
        index: usize,
        object: &PlainObject,
        args: Encoded<'_>,
        (limits, stack): (&Limits, StackEnd),
        out: &mut Out,
    ) -> Result<Called, Unanswered> {
        let call = || DispatchedCall {
            limits,
            stack,
            args,
            spec: &self.spec.methods[index],
            checks: &self.checks.methods[index],
            place: self.place(index),
        };
        match self.ops[index].0 {
            DispatchKind::Invoke(invoke) => invoke(&call(), object, out).map(|()| Called::Done),
            DispatchKind::Start(start) => start(&call(), object).map(Called::Started),
            DispatchKind::Untyped => self.call_untyped(index, object, decoded(args, limits), out),
        }
    }

    /// Calls a method that is known as data alone. Its host checks the values.
    fn call_untyped(
        &self,
        index: usize,
        object: &PlainObject,
        args: Result<Vec<JsValue>, ValueError>,
        out: &mut Out,
    ) -> Result<Called, Unanswered> {
        let place = self.place(index);
        let args = args.map_err(|error| unanswered(Refused::Value(error, Direction::ToHost), &place))?;
        let contract = match object {
            PlainObject::Host(host) => host.downcast_ref::<UntypedContract>(),
            PlainObject::Handle(_) => None,
        };
        let host = &contract.ok_or_else(|| Unanswered::Host(HostError::panicked()))?.host;
        let cancellation = self.spec.methods[index].is_cancellable.then(Cancellation::new);
        // The session has the number of the guest's call.
        let called = caught(|| match self.spec.methods[index].is_async {
            true => host.begin(index, 0, args, cancellation.as_ref()).map(|later| {
                let place = place.clone();
                let kept = |answer| Box::new(KeptData(value_of(answer))) as Box<dyn KeptAnswer>;
                let future =
                    Box::pin(
                        async move { later.await.map(kept).map_err(|refused| unanswered(refused, &place)) },
                    );
                Called::Started(StartedMethod { future, cancellation: cancellation.clone() })
            }),
            false => host.call(index, 0, args).map(|answer| {
                wire::encode(&value_of(answer), out);
                Called::Done
            }),
        });
        let called = called.unwrap_or_else(|_| Err(Refused::Host(HostError::panicked())));
        called.map_err(|refused| unanswered(refused, &place))
    }

    /// Appends the result of an `async` method.
    pub(crate) fn write(
        &self,
        index: usize,
        answer: Box<dyn KeptAnswer>,
        out: &mut Out,
    ) -> Result<(), Unanswered> {
        let check = self.checks.methods.get(index).map(|checks| &checks.returns);
        let returns = Returns { check, place: self.place(index) };
        answer.written(&returns, out)
    }

    pub(crate) fn place(&self, index: usize) -> Place {
        Place::named(&self.spec.name, &self.spec.methods[index].name)
    }
}

impl From<Host> for PlainHost {
    fn from(host: Host) -> Self {
        let Host { contract: id, spec, ops, checks, object, .. } = host;
        let contract = PlainContract { id, spec, ops: ops.iter().map(|op| op.plain).collect(), checks };
        Self { contract, object: PlainObject::Host(object) }
    }
}

/// The hosts of a sandbox, which move between threads.
///
/// Its implementation is `Send`, and is reached by one thread at a time.
pub(crate) struct SentHosts {
    hosts: Vec<PlainHost>,
}

impl SentHosts {
    /// # Safety
    ///
    /// Nothing else holds the `Rc`s of the implementations. The implementations are `Send`, or no other thread is ever given this.
    #[expect(unsafe_code, reason = "the one place where hosts are said to be `Send`")]
    pub(crate) unsafe fn new(hosts: Vec<PlainHost>) -> Self {
        Self { hosts }
    }

    pub(crate) fn get(&self) -> &[PlainHost] {
        &self.hosts
    }
}

// SAFETY: by the contract of `new` what the `Rc`s hold is `Send` where this goes to another thread. The counts are changed by
// futures of `async` methods alone: they hold a `Hosted`, or the implementation of an `OwnedHost`. The futures are not `Send`, so they stay on the thread that began them. That
// thread touches them only under the session's lock, and drops them before its handle of the session. So no other thread uses the
// hosts or the counts at the same time.
unsafe impl Send for SentHosts {}

/// All of a [`PlainHost`] but its `Rc` is `Send` by itself.
const _: () = {
    const fn is_send<T: Send + Sync>() {}
    is_send::<PlainContract>();
};

fn invoke<M: HostMethod>(
    call: &DispatchedCall<'_>,
    object: &PlainObject,
    out: &mut Out,
) -> Result<(), Unanswered> {
    let host = match object {
        PlainObject::Host(host) => host.downcast_ref::<Box<M::Contract>>().map(|host| &**host),
        PlainObject::Handle(host) => host.downcast_ref::<Arc<M::Contract>>().map(|host| &**host),
    };
    let host = host.ok_or_else(|| Unanswered::Host(HostError::panicked()))?;
    // Only a panic is caught here. Reading the arguments also runs code of the host.
    let called = caught(|| {
        let args = call.read::<M::Owned>()?;
        M::invoke(host, args, PlainReply { call, out })
    });
    called.unwrap_or_else(|_| Err(Unanswered::Host(HostError::panicked())))
}

fn start<M: AsyncHostMethod>(
    call: &DispatchedCall<'_>,
    object: &PlainObject,
) -> Result<StartedMethod, Unanswered> {
    let host = match object {
        PlainObject::Host(host) => host.clone().downcast().ok().map(Hosted::Host),
        PlainObject::Handle(host) => host.downcast_ref().cloned().map(Hosted::Handle),
    };
    let host = host.ok_or_else(|| Unanswered::Host(HostError::panicked()))?;
    let future = caught(|| {
        let args = call.read::<M::Owned>()?;
        let cancellation = args.cancellation().cloned();
        Ok::<_, Unanswered>((M::start(host, args, KeptReply), cancellation))
    });
    let (future, cancellation) = future.unwrap_or_else(|_| Err(Unanswered::Host(HostError::panicked())))?;
    Ok(StartedMethod { future: Box::pin(future), cancellation })
}

fn decoded(args: Encoded<'_>, limits: &Limits) -> Result<Vec<JsValue>, ValueError> {
    wire::decode_list(args, limits).map_err(|error| ValueError::new("a list of values", error.to_string()))
}

/// The value of an answer of this side.
fn value_of(answer: DataAnswer) -> JsValue {
    match answer {
        DataAnswer::Value(value, _) => value,
        DataAnswer::TooManyHandles => JsValue::Undefined,
    }
}

/// Why a method that is known as data alone has no answer.
fn unanswered(refused: Refused, place: &Place) -> Unanswered {
    match refused {
        Refused::Value(error, Direction::ToHost) => {
            Unanswered::Value(error.into_boundary_error(place, Direction::ToHost))
        }
        Refused::Value(error, direction) => {
            Unanswered::Host(HostError::broken(error.into_boundary_error(place, direction)))
        }
        Refused::Host(error) => Unanswered::Host(error),
        // Only hosts at the other end of a link refuse so.
        Refused::Told { .. } | Refused::Ended => Unanswered::Host(HostError::panicked()),
    }
}

impl DispatchedCall<'_> {
    /// Reads the arguments as the method's types, and reports all that is wrong with them.
    fn read<A: Arguments<Owned = A>>(&self) -> Result<A, Unanswered> {
        let (params, checks) = (&*self.spec.params, self.checks);
        let read = read_with_diagnosis(
            checks.is_read_constrained,
            || {
                let budget = Budget::new(self.limits, self.stack).scoped(self.spec.is_scoped);
                budget.with_handles(self.args.handles())
            },
            || self.args(),
            |budget, args| {
                let read = A::read(&mut PlainArguments::new(budget, params, args))?;
                enforce(&read, params, checks).map(|()| read)
            },
            (|args: &Vec<JsValue>| args.iter().all(is_whole), |args| self.violations(args)),
        );
        let refused = |error: ValueError| error.into_boundary_error(&self.place, Direction::ToHost);
        read.and_then(|read| read).map_err(|error| Unanswered::Value(refused(error)))
    }

    fn args(&self) -> Result<Vec<JsValue>, ValueError> {
        decoded(self.args, self.limits)
    }

    fn violations(&self, args: &[JsValue]) -> Vec<CheckViolation> {
        let params = self.spec.params.iter().zip(&self.checks.params).zip(args);
        params
            .flat_map(|((param, check), value)| check.diagnose(&value.clone().without_given(), &param.name))
            .collect()
    }
}

impl Returns<'_> {
    fn write<V: Crosses>(&self, value: &V, out: &mut Out) -> Result<(), Unanswered> {
        let kept = self.check.map_or(Ok(()), |check| check.enforce(value, "result"));
        let written =
            kept.and_then(|()| wire::serialize_top(value, out).map_err(|error| error.inside("result")));
        written.map_err(|error| {
            let error = error.into_boundary_error(&self.place, Direction::ToGuest);
            Unanswered::Host(HostError::broken(error))
        })
    }
}

struct PlainReply<'r, 'c> {
    call: &'r DispatchedCall<'c>,
    out: &'r mut Out,
}

impl Reply for PlainReply<'_, '_> {
    type Done = Result<(), Unanswered>;

    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Self::Done {
        let value = outcome.map_err(Unanswered::Host)?;
        let DispatchedCall { checks, place, .. } = self.call;
        Returns { check: Some(&checks.returns), place: place.clone() }.write(&value, self.out)
    }
}

/// Keeps the result of an `async` method until it is written.
struct KeptReply;

impl Reply for KeptReply {
    type Done = Result<Box<dyn KeptAnswer>, Unanswered>;

    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Self::Done {
        outcome.map(|value| Box::new(KeptValue(value)) as Box<dyn KeptAnswer>).map_err(Unanswered::Host)
    }
}

/// The result of a method that is known as data alone.
struct KeptData(JsValue);

impl KeptAnswer for KeptData {
    fn written(self: Box<Self>, _: &Returns<'_>, out: &mut Out) -> Result<(), Unanswered> {
        wire::encode(&self.0, out);
        Ok(())
    }
}

struct KeptValue<V>(V);

impl<V: Crosses> KeptAnswer for KeptValue<V> {
    fn written(self: Box<Self>, returns: &Returns<'_>, out: &mut Out) -> Result<(), Unanswered> {
        returns.write(&self.0, out)
    }
}
