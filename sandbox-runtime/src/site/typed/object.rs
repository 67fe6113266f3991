//! The calls of a guest's objects that the host holds: [`ObjectTransport`] as the transport of a proxy.
//!
//! On the isolate's thread a call is a direct one, as of a `LocalSandbox`. From another thread, a call is a job of the
//! isolate's thread, where the isolate has one.

use std::any::Any;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::local::LocalCall;
use super::pinned::Pinned;
use super::remote::{CallTarget, Guard, RemoteCall, Start, unless_dropped};
use super::worker::{Waiting, Worker, WorkerThread, thread_is_gone};
use crate::contract::{Arguments as _, GuestMethod, Packed, Packs};
use crate::error::{Error, Result};
use crate::isolate::calls::MethodLeg;
use crate::isolate::cancels::Cancels;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::ticket::{Ticket, within};
use crate::isolate::{Isolate, LinkNumber, ObjectKey, ObjectTransport, ThreadWay};
use crate::site::SiteRefusal;
use crate::time::Deadline;
use crate::transport::{AsyncTransport, Exports, LocalAsyncTransport, Transport};

/// The way to the isolate of a [`Sandbox`](crate::Sandbox), from any thread. The way does not keep the sandbox.
pub(super) struct WayOfThread {
    pub(super) thread: Weak<WorkerThread>,
    pub(super) tenant: u64,
    pub(super) cancels: Arc<Cancels>,
    /// The time limit of a call.
    pub(super) limit: Duration,
    pub(super) link: LinkNumber,
}

impl ThreadWay for WayOfThread {
    fn wake(&self) {
        let Some(thread) = self.thread.upgrade() else { return };
        let link = self.link;
        let end = move |_: &Worker| {
            if let Some(isolate) = link.isolate() {
                isolate.end_released();
            }
        };
        thread.post(self.tenant, Box::new(end));
    }
}

impl CallTarget for WayOfThread {
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

impl WayOfThread {
    /// Makes a call on the isolate's thread.
    fn run(
        &self,
        work: impl FnOnce(&Rc<Isolate>, Deadline) -> Result<Packed> + Send + 'static,
    ) -> Result<Packed> {
        let thread = self.thread.upgrade().ok_or_else(thread_is_gone)?;
        let (link, deadline, made_in) = (self.link, within(Deadline::NEVER), self.cancels.periods().now());
        let until = deadline.time().map(crate::isolate::clock::instant);
        let waiting = Waiting { limit: self.limit, turn: None, deadline: until };
        thread.run(self.tenant, waiting, move |_| {
            let isolate = link.isolate().ok_or_else(thread_is_gone)?;
            isolate.within(made_in, || work(&isolate, deadline))
        })
    }

    /// Begins an asynchronous call on the isolate's thread.
    fn begin<M: GuestMethod>(self: Arc<Self>, key: ObjectKey, args: Packed) -> RemoteCall<Packed> {
        let ticket = Ticket::new(Deadline::NEVER);
        let (link, tenant, own) = (self.link, self.tenant, ticket.clone());
        let start: Start<Packed> = Box::new(move |worker, _, mut answer| {
            if !own.begins() {
                return;
            }
            let begun = link.isolate().ok_or_else(thread_is_gone).and_then(|isolate| {
                let binding = isolate.object_binding(key)?;
                let (packs, args) = (packs::<M>()?, unpacked::<M::Owned>(args)?);
                Ok((MethodLeg::<M>::fly(isolate, binding, args, own), packs.value))
            });
            match begun {
                Ok((call, pack)) => worker.spawn(tenant, async move {
                    if let Some(outcome) = unless_dropped(call, &mut answer).await {
                        // The caller may be gone.
                        _ = answer.send(outcome.map(pack));
                    }
                }),
                Err(error) => drop(answer.send(Err(error))),
            }
        });
        let place = MethodInfo::billed::<M>().place().clone();
        RemoteCall::new(self, ticket, Some(place), start)
    }
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
    Thread(Arc<WayOfThread>),
}

impl ObjectTransport {
    /// The way of a synchronous call.
    fn way(&self) -> Result<Way> {
        match self.link.isolate() {
            Some(isolate) => Ok(Way::Here(isolate)),
            None => self.way_of_thread().map(Way::Thread),
        }
    }

    fn way_of_thread(&self) -> Result<Arc<WayOfThread>> {
        if self.link.is_closed() {
            return Err(thread_is_gone());
        }
        let way: Option<Arc<dyn Any + Send + Sync>> = self.link.way().map(|way| way.clone() as _);
        let way = way.and_then(|way| way.downcast::<WayOfThread>().ok());
        way.ok_or_else(|| SiteRefusal::ObjectElsewhere.error())
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
            MethodLeg::<M>::fly(isolate, binding, args, Ticket::new(Deadline::NEVER)).await
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
        let way = match self.way()? {
            Way::Here(isolate) => {
                let binding = isolate.object_binding(key)?;
                return isolate.call(method, &binding, args, within(Deadline::NEVER));
            }
            Way::Thread(way) => way,
        };
        let packs = packs::<M>()?;
        let args = (packs.args)(args.into_owned());
        let value = way.run(move |isolate, deadline| {
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
        let way = match (self.way_of_thread(), self.link.isolate()) {
            (Ok(way), _) => way,
            (Err(_), Some(isolate)) => return Box::pin(Pinned::new(self.call_here::<M>(isolate, args))),
            (Err(error), None) => return Box::pin(async move { Err(error) }),
        };
        let begun = packs::<M>().map(|packs| way.begin::<M>(self.key(), (packs.args)(args.into_owned())));
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
