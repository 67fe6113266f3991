//! The calls of a guest's objects that the host holds: [`ObjectTransport`] as the transport of a proxy.
//!
//! Inside of a call of the isolate a call is a direct one, as of a `LocalSandbox`. Otherwise a call is a job of the isolate's
//! thread, where the isolate has one. A pool has its own [`ObjectPlace`], which counts calls as those of the tenant.

use std::any::Any;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tracing::{Instrument as _, Span};

use super::local::LocalCall;
use super::mailbox::Job;
use super::pinned::Pinned;
use super::remote::{CallTarget, Guard, RemoteCall, Start, unless_dropped};
use super::worker::{Turn, Waiting, Worker, WorkerThread, thread_is_gone};
use crate::contract::{Arguments as _, GuestMethod, Packed, Packs};
use crate::error::{Error, Place, Result};
use crate::isolate::calls::MethodLeg;
use crate::isolate::cancels::Cancels;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::ticket::{Ticket, within};
use crate::isolate::{Isolate, LinkNumber, ObjectKey, ObjectTransport, ThreadWay};
use crate::site::SiteRefusal;
use crate::time::Deadline;
use crate::transport::{AsyncTransport, Exports, LocalAsyncTransport, Transport};

/// The place of an isolate that has a thread. A place does not keep the isolate.
pub(crate) trait ObjectPlace: CallTarget {
    /// The isolate.
    fn link(&self) -> LinkNumber;

    /// The calls of the isolate, as far as their cancellation needs them.
    fn cancels(&self) -> &Cancels;

    /// How a synchronous call waits in the queues of several threads.
    fn turn(&self) -> Option<Turn<'_>> {
        None
    }

    /// Whether a call counts as one of a tenant, also a call from the isolate's own thread.
    fn has_queue(&self) -> bool {
        false
    }

    /// The span of a call.
    fn span(&self, place: &Place) -> Span {
        _ = place;
        Span::none()
    }

    /// A call is over, on the isolate's thread. The caller is answered after this.
    fn is_over(&self, span: &Span, outcome: &Result<Packed>) {
        _ = (span, outcome);
    }
}

/// The places of an isolate's realms, by the numbers of the realms.
pub(crate) trait ObjectPlaces: Send + Sync {
    /// The place of a realm; `None` when the realm is gone.
    fn of(&self, realm: u64) -> Option<Arc<dyn ObjectPlace>>;

    /// Lets the isolate have a turn.
    fn wake(&self);
}

/// The way to an isolate's thread, as a link has it.
pub(crate) struct ThroughThread(pub(crate) Arc<dyn ObjectPlaces>);

impl ThreadWay for ThroughThread {
    fn wake(&self) {
        self.0.wake();
    }
}

/// Ends the objects that were released, on the isolate's thread.
pub(crate) fn end_released(thread: &WorkerThread, tenant: u64, link: LinkNumber) {
    let end = move |_: &Worker| {
        if let Some(isolate) = link.isolate() {
            isolate.end_released();
        }
    };
    // No other thread has the isolate.
    thread.mailbox().post(Job { chain: None, tenant, is_tied: true, work: Box::new(end) });
}

/// The place of a [`Sandbox`](crate::Sandbox).
pub(super) struct PlaceOfThread {
    pub(super) thread: Weak<WorkerThread>,
    pub(super) tenant: u64,
    pub(super) cancels: Arc<Cancels>,
    /// The time limit of a call.
    pub(super) limit: Duration,
    pub(super) link: LinkNumber,
}

/// The places of a [`Sandbox`](crate::Sandbox): all of its realms have one.
pub(super) struct OnePlace(pub(super) Arc<PlaceOfThread>);

impl ObjectPlaces for OnePlace {
    fn of(&self, _: u64) -> Option<Arc<dyn ObjectPlace>> {
        Some(self.0.clone())
    }

    fn wake(&self) {
        let place = &self.0;
        place.thread.upgrade().inspect(|thread| end_released(thread, place.tenant, place.link));
    }
}

impl ObjectPlace for PlaceOfThread {
    fn link(&self) -> LinkNumber {
        self.link
    }

    fn cancels(&self) -> &Cancels {
        &self.cancels
    }
}

impl CallTarget for PlaceOfThread {
    fn admit(&self) -> Result<(Arc<WorkerThread>, Option<Guard>)> {
        Ok((self.thread.upgrade().ok_or_else(thread_is_gone)?, None))
    }

    fn tenant(&self) -> u64 {
        self.tenant
    }

    fn limit(&self) -> Duration {
        self.limit
    }

    fn is_made(&self, ticket: &Ticket) {
        ticket.made_in(|| self.cancels.periods().now());
    }

    fn cancel(&self, ticket: &Ticket) {
        self.cancels.cancel(ticket);
    }
}

/// Makes a call on the isolate's thread.
fn run(
    place: Arc<dyn ObjectPlace>,
    method: &'static MethodInfo<'static>,
    work: impl FnOnce(&Rc<Isolate>, Deadline) -> Result<Packed> + Send + 'static,
) -> Result<Packed> {
    let (thread, guard) = place.admit()?;
    let (link, deadline, made_in) = (place.link(), within(Deadline::NEVER), place.cancels().periods().now());
    let until = deadline.time().map(crate::isolate::clock::instant);
    let waiting = Waiting { limit: place.limit(), turn: place.turn(), deadline: until };
    let own = place.clone();
    thread.run(place.tenant(), waiting, move |_| {
        let span = own.span(method.place());
        let isolate = link.isolate().ok_or_else(thread_is_gone);
        let call = |isolate: Rc<Isolate>| isolate.within(made_in, || work(&isolate, deadline));
        let outcome = span.in_scope(|| isolate.and_then(call));
        own.is_over(&span, &outcome);
        drop(guard);
        outcome
    })
}

/// Begins an asynchronous call on the isolate's thread.
fn begin<M: GuestMethod>(place: Arc<dyn ObjectPlace>, key: ObjectKey, args: Packed) -> RemoteCall<Packed> {
    let ticket = Ticket::of_object();
    let (own, target, tenant) = (ticket.clone(), place.clone(), place.tenant());
    let start: Start<Packed> = Box::new(move |worker, guard, mut answer| {
        if !own.begins() {
            return;
        }
        let span = place.span(MethodInfo::billed::<M>().place());
        let isolate = place.link().isolate().ok_or_else(thread_is_gone);
        let begun = isolate.and_then(|isolate| {
            let binding = isolate.object_binding(key)?;
            let (packs, args) = (packs::<M>()?, unpacked::<M::Owned>(args)?);
            Ok((MethodLeg::<M>::fly(isolate, binding, args, own), packs.value))
        });
        let (call, pack) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                let failed = Err(error);
                place.is_over(&span, &failed);
                drop(guard);
                return drop(answer.send(failed));
            }
        };
        let own = span.clone();
        let task = async move {
            if let Some(outcome) = unless_dropped(call, &mut answer).await {
                let outcome = outcome.map(pack);
                place.is_over(&own, &outcome);
                drop(guard);
                // The caller may be gone.
                _ = answer.send(outcome);
            }
        };
        worker.spawn(tenant, task.instrument(span));
    });
    let place = MethodInfo::billed::<M>().place().clone();
    RemoteCall::new(target, ticket, Some(place), start)
}

/// How the values of a method move between threads.
pub(super) fn packs<M: GuestMethod>() -> Result<Packs<M::Owned, M::Value>> {
    M::PACKS.ok_or_else(|| SiteRefusal::ObjectElsewhere.error())
}

pub(super) fn unpacked<T: 'static>(value: Packed) -> Result<T> {
    // The value was packed by the method that unpacks it.
    value.downcast::<T>().map(|value| *value).map_err(|_| thread_is_gone())
}

/// Where a call goes.
enum Way {
    Here(Rc<Isolate>),
    Thread(Arc<dyn ObjectPlace>),
}

impl ObjectTransport {
    /// The way of a synchronous call.
    fn way(&self) -> Result<Way> {
        let Some(isolate) = self.link.isolate() else { return self.place().map(Way::Thread) };
        // A call inside of one of the isolate is part of that one.
        let queue = (!isolate.is_running()).then(|| self.place().ok().filter(|place| place.has_queue()));
        Ok(queue.flatten().map_or(Way::Here(isolate), Way::Thread))
    }

    /// The place of the object, if its isolate has a thread.
    fn place(&self) -> Result<Arc<dyn ObjectPlace>> {
        if self.link.is_closed() {
            return Err(thread_is_gone());
        }
        let way: Option<&dyn Any> = self.link.way().map(|way| &**way as _);
        let way = way.and_then(|way| way.downcast_ref::<ThroughThread>());
        let way = way.ok_or_else(|| SiteRefusal::ObjectElsewhere.error())?;
        way.0.of(self.realm).ok_or_else(thread_is_gone)
    }

    /// The way over a link to another process, if the object is there.
    #[cfg(feature = "process")]
    fn far_way(&self) -> Option<&Arc<dyn ThreadWay>> {
        self.link.way().filter(|way| way.far().is_some())
    }

    fn call_here<M: GuestMethod>(&self, isolate: Rc<Isolate>, args: M::Args<'_>) -> LocalCall<M::Value> {
        let (key, args) = (self.key(), args.into_owned());
        LocalCall::new(Box::pin(async move {
            let binding = isolate.object_binding(key)?;
            MethodLeg::<M>::fly(isolate, binding, args, Ticket::of_object()).await
        }))
    }
}

impl Exports for ObjectTransport {
    fn exports(&self, method: usize) -> bool {
        self.has(method)
    }
}

impl<M: GuestMethod> Transport<M> for ObjectTransport {
    fn call(&self, args: M::Args<'_>) -> Result<M::Value, Error> {
        #[cfg(feature = "process")]
        if let Some(far) = self.far_way().and_then(|way| way.far()) {
            return super::far_object::call::<M>(far, self.key(), args);
        }
        let (key, method) = (self.key(), MethodInfo::billed::<M>());
        let place = match self.way()? {
            Way::Here(isolate) => {
                let binding = isolate.object_binding(key)?;
                return isolate.call(method, &binding, args, within(Deadline::NEVER));
            }
            Way::Thread(place) => place,
        };
        let packs = packs::<M>()?;
        let args = (packs.args)(args.into_owned());
        let value = run(place, method, move |isolate, deadline| {
            let binding = isolate.object_binding(key)?;
            let args = unpacked::<M::Owned>(args)?;
            isolate.call(method, &binding, args, deadline).map(packs.value)
        });
        value.and_then(unpacked).map_err(|error| error.at(method.place()))
    }
}

/// The call of an `async` method of an object.
pub(super) type ObjectCall<R> = Pin<Box<dyn Future<Output = Result<R>> + Send>>;

impl<M: GuestMethod> AsyncTransport<M> for ObjectTransport {
    type Call = ObjectCall<M::Value>;

    fn call_async(&self, args: M::Args<'_>) -> Self::Call {
        #[cfg(feature = "process")]
        if let Some(way) = self.far_way() {
            return super::far_object::begin::<M>(way, self.key(), args);
        }
        let place = match (self.place(), self.link.isolate()) {
            (Ok(place), _) => place,
            (Err(_), Some(isolate)) => return Box::pin(Pinned::new(self.call_here::<M>(isolate, args))),
            (Err(error), None) => return Box::pin(async move { Err(error) }),
        };
        let begun = packs::<M>().map(|packs| begin::<M>(place, self.key(), (packs.args)(args.into_owned())));
        Box::pin(async move { unpacked(begun?.await?) })
    }
}

impl<M: GuestMethod> LocalAsyncTransport<M> for ObjectTransport {
    type Call = LocalCall<M::Value>;

    fn call_local(&self, args: M::Args<'_>) -> Self::Call {
        match self.way() {
            Ok(Way::Here(isolate)) => self.call_here::<M>(isolate, args),
            Ok(Way::Thread(_)) => {
                LocalCall::new(Box::pin(async { Err(SiteRefusal::ObjectElsewhere.error()) }))
            }
            Err(error) => LocalCall::new(Box::pin(async move { Err(error) })),
        }
    }
}
