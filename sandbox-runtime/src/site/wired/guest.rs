//! Handles of what a peer keeps, and the transport of the proxies.
//!
//! All of these send requests through the `Session`. Handles that are dropped tell the peer to forget their objects.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::runtime::Handle as Runtime;
use tokio::sync::oneshot;

use super::call_head::{CallHead, LimitData};
use super::message::{BindRequest, ContractData, kind, to_json};
use super::session::{
    About, CallAnswer, CallScope, CallTerms, Handle, QueuedJob, ReadinessPoll, Session, TypedCall, What,
    waits_for_its_line,
};
use crate::boundary::ValueError;
use crate::contract::{Arguments, Contract as _, GuestMethod, SpecRef};
use crate::error::{Error, LossReason, Place, Result};
use crate::isolate::clock;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::ticket::within;
use crate::schema::ContractChecks;
use crate::site::NamedContract;
use crate::site::encoded_call::{allow, read, write};
use crate::site::untyped::{UntypedCall, UntypedTransport};
use crate::time::Deadline;
use crate::transport::{AsyncTransport, Exports, Transport, WithDeadline};
use crate::value::JsValue;
use crate::wire::{self, Out};

/// A handle of something that the peer keeps. The peer forgets it after the drop.
pub struct KeptHandle {
    pub(super) session: Arc<Session>,
    pub(super) handle: Handle,
}

impl Drop for KeptHandle {
    fn drop(&mut self) {
        self.session.forget(self.handle);
    }
}

/// The transport of a [`ProcessSandbox`](crate::ProcessSandbox)'s proxies.
#[derive(Clone)]
pub struct Processed {
    binding: Arc<KeptHandle>,
    exported: Arc<[bool]>,
    checks: Arc<ContractChecks>,
    deadline: Deadline,
}

impl Exports for Processed {
    fn exports(&self, method: usize) -> bool {
        self.exported.get(method).copied().unwrap_or(false)
    }
}

impl WithDeadline for Processed {
    fn until(&self, deadline: Instant) -> Self {
        Self { deadline: clock::deadline(deadline), ..self.clone() }
    }
}

impl Processed {
    /// Binds a contract to what a script exports.
    pub(crate) fn bind(exports: &KeptHandle, contract: NamedContract, deadline: Deadline) -> Result<Self> {
        let NamedContract { spec, checks } = contract;
        let checks = checks()?;
        let KeptHandle { session, handle: exports } = exports;
        let gives =
            |index: usize| checks.methods.get(index).map(|method| method.returns.gives).unwrap_or_default();
        let bind = BindRequest { exports: exports.key, contract: ContractData::of(&spec, gives) };
        let (handle, exported) = session.request(
            About { contract: Some(spec.clone()), realm: exports.realm, ..About::default() },
            (kind::BIND, Some(*exports)),
            deadline,
            |_, out| to_json(&bind, out),
            |answer| match answer {
                CallAnswer::Done(done, generation) if done.exported.len() == spec.methods.len() => {
                    let handle = Handle::new(done.handle, generation, What::Binding, exports.realm);
                    Some(Ok((handle, done.exported)))
                }
                _ => None,
            },
        )?;
        let binding = Arc::new(KeptHandle { session: session.clone(), handle });
        Ok(Self { binding, exported: exported.into(), checks, deadline })
    }

    pub(crate) fn within(&self, deadline: Deadline) -> Self {
        Self { deadline, ..self.clone() }
    }

    pub(crate) fn exported(&self) -> &[bool] {
        &self.exported
    }

    pub(crate) fn make<M: GuestMethod>(&self, args: impl Arguments) -> Result<M::Value> {
        let (session, handle, about) = self.begun::<M>(&args)?;
        session.request(
            about,
            (kind::CALL, Some(handle)),
            self.deadline,
            |limit, out| self.write::<M>(args, limit, out),
            |answer| self.taken::<M>(answer),
        )
    }

    /// Makes a call of an `async` method.
    pub(crate) fn fly<M: GuestMethod>(&self, args: M::Owned) -> ProcessCall<M::Value>
    where
        M::Owned: Send,
        M::Value: Send,
    {
        let session = &self.binding.session;
        let (handle, about) = match self.begun::<M>(&args) {
            Ok((_, handle, about)) => (handle, about),
            Err(error) => return ProcessCall::failed(session, error),
        };
        let (writer, reader) = (self.clone(), self.clone());
        ProcessCall::order(
            session,
            about,
            (kind::CALL, Some(handle)),
            self.deadline,
            move |limit, out| writer.write::<M>(args, limit, out),
            move |answer| reader.taken::<M>(answer),
        )
    }

    /// Checks the size of a call's arguments, and returns its subject for errors.
    fn begun<M: GuestMethod>(&self, args: &impl Arguments) -> Result<(&Session, Handle, About)> {
        let (method, checks) = (MethodInfo::billed::<M>(), &self.checks.methods[M::INDEX]);
        allow(method, args, checks)?;
        let about = self.about(method, SpecRef::Static(M::Contract::SPEC));
        Ok((&self.binding.session, self.binding.handle, about))
    }

    /// The subject of a call, for errors.
    fn about(&self, method: &MethodInfo<'_>, contract: SpecRef) -> About {
        let (place, contract) = (Some(method.place().clone()), Some(contract));
        About { place, contract, realm: self.binding.handle.realm, ..About::default() }
    }

    /// Writes a request to call a method. `args` writes the arguments.
    #[inline]
    fn write_call(
        &self,
        method: &MethodInfo<'_>,
        limit: LimitData,
        out: &mut Out,
        args: impl FnOnce(&mut Out) -> Result<Result<(), ValueError>>,
    ) -> Result<()> {
        let KeptHandle { session, handle } = &*self.binding;
        write_call(session, *handle, method, (limit, out), args)
    }

    fn write<M: GuestMethod>(&self, args: impl Arguments, limit: LimitData, out: &mut Out) -> Result<()> {
        let method = MethodInfo::billed::<M>();
        self.write_call(method, limit, out, |out| write(method, args, out))
    }

    fn taken<M: GuestMethod>(&self, answer: CallAnswer<'_>) -> Option<Result<M::Value>> {
        match answer {
            CallAnswer::Value(value) => {
                let check = &self.checks.methods[M::INDEX].returns;
                read(MethodInfo::billed::<M>(), check, value, self.binding.session.limits())
            }
            CallAnswer::Done(..) => None,
        }
    }
}

/// Writes a request to call a method of a binding. `args` writes the arguments.
#[inline]
pub(super) fn write_call(
    session: &Session,
    binding: Handle,
    method: &MethodInfo<'_>,
    (limit, out): (LimitData, &mut Out),
    args: impl FnOnce(&mut Out) -> Result<Result<(), ValueError>>,
) -> Result<()> {
    let index = u32::try_from(method.index).unwrap_or(u32::MAX);
    CallHead { binding: binding.key, method: index, limit }.write(out);
    let began = out.weight();
    let written = args(out)?.and_then(|()| session.give(out));
    let affordable = || session.affordable(out.weight() - began).map_err(|error| error.inside("arguments"));
    written.and_then(|()| affordable()).map_err(|error| method.write_error(error))
}

impl UntypedTransport for Processed {
    type Pending = ProcessCall<JsValue>;

    fn call_untyped(&self, call: UntypedCall) -> Result<JsValue> {
        let KeptHandle { session, handle } = &*self.binding;
        session.request(
            self.about_untyped(&call),
            (kind::CALL, Some(*handle)),
            self.deadline,
            |limit, out| self.write_untyped(&call, limit, out),
            |answer| self.taken_untyped(answer),
        )
    }

    fn call_untyped_async(&self, call: UntypedCall) -> ProcessCall<JsValue> {
        let KeptHandle { session, handle } = &*self.binding;
        let (writer, reader) = (self.clone(), self.clone());
        ProcessCall::order(
            session,
            self.about_untyped(&call),
            (kind::CALL, Some(*handle)),
            self.deadline,
            move |limit, out| writer.write_untyped(&call, limit, out),
            move |answer| reader.taken_untyped(answer),
        )
    }
}

impl Processed {
    /// The subject of a call, for errors.
    fn about_untyped(&self, call: &UntypedCall) -> About {
        self.about(&call.method(), SpecRef::Owned(call.methods.spec.clone()))
    }

    fn write_untyped(&self, call: &UntypedCall, limit: LimitData, out: &mut Out) -> Result<()> {
        self.write_call(&call.method(), limit, out, |out| {
            wire::encode_list(&call.args, out);
            Ok(Ok(()))
        })
    }

    /// The result of a call; `None` when the bytes are no value.
    fn taken_untyped(&self, answer: CallAnswer<'_>) -> Option<Result<JsValue>> {
        match answer {
            CallAnswer::Value(value) => wire::decode(value, self.binding.session.limits()).ok().map(Ok),
            CallAnswer::Done(..) => None,
        }
    }
}

impl<M: GuestMethod> Transport<M> for Processed {
    fn call(&self, args: M::Args<'_>) -> Result<M::Value, Error> {
        self.make::<M>(args)
    }
}

impl<M: GuestMethod> AsyncTransport<M> for Processed
where
    M::Owned: Send,
    M::Value: Send,
{
    type Call = ProcessCall<M::Value>;

    fn call_async(&self, args: M::Args<'_>) -> Self::Call {
        self.fly::<M>(args.into_owned())
    }
}

/// A call in a process. The call begins at the first poll, once its turn has come. Dropping this ends it: pending host
/// methods are dropped, and the guest does not continue.
#[must_use = "a call does nothing until it is awaited"]
pub struct ProcessCall<R> {
    session: Arc<Session>,
    /// The job, until the first poll.
    job: Option<QueuedJob>,
    answer: oneshot::Receiver<Result<R>>,
    /// The called method, if there is one.
    place: Option<Place>,
}

impl<R: Send + 'static> ProcessCall<R> {
    /// A request to the peer, and its answer. The arguments are those of [`Session::request`].
    pub(super) fn order<W, T>(
        session: &Arc<Session>,
        about: About,
        (kind, handle): (u8, Option<Handle>),
        deadline: Deadline,
        write: W,
        read: T,
    ) -> Self
    where
        W: FnOnce(LimitData, &mut Out) -> Result<()> + Send + 'static,
        T: FnOnce(CallAnswer<'_>) -> Option<Result<R>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let (place, made_in) = (about.place.clone(), session.periods().now());
        let outer = session.outer_call(&about, deadline);
        let terms = CallTerms { about, kind, handle, deadline: within(deadline), outer, made_in };
        let order = TypedCall { terms, write: Some(write), read, answer };
        let job = Some(QueuedJob::Call(Box::new(order), None));
        Self { session: session.clone(), job, answer: answered, place }
    }

    /// Work that is done at once in its turn.
    pub(super) fn work(session: &Arc<Session>, work: impl FnOnce() -> Result<R> + Send + 'static) -> Self {
        let (answer, answered) = oneshot::channel();
        let work = move |turn: Result<()>| {
            if !answer.is_closed() {
                _ = answer.send(turn.and_then(|()| work()));
            }
        };
        let job = Some(QueuedJob::Work(Box::new(work)));
        Self { session: session.clone(), job, answer: answered, place: None }
    }

    fn failed(session: &Arc<Session>, error: Error) -> Self {
        let (answer, answered) = oneshot::channel();
        _ = answer.send(Err(error));
        Self { session: session.clone(), job: None, answer: answered, place: None }
    }

    /// Begins the call on this thread, where the sandbox stays. Returns the driver's future, if there is no driver yet.
    pub(crate) fn begin_here(&mut self) -> Option<ReadinessPoll> {
        self.session.dispatch_here(self.job.take()?)
    }
}

impl<R> Unpin for ProcessCall<R> {}

impl<R: Send + 'static> Future for ProcessCall<R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(job) = self.job.take() {
            if let Err(error) = self.session.allows_observer() {
                return Poll::Ready(Err(error));
            }
            match self.session.here() {
                CallScope::Within => return Poll::Ready(Err(Error::waits_for_itself())),
                CallScope::Console => return Poll::Ready(Err(waits_for_its_line())),
                CallScope::Between | CallScope::Elsewhere => {}
            }
            // Host methods use the timers and sockets of the caller's runtime.
            let job = match job {
                QueuedJob::Call(erased, None) => QueuedJob::Call(erased, Runtime::try_current().ok()),
                job => job,
            };
            if let Err(error) = self.session.dispatch(job) {
                return Poll::Ready(Err(error));
            }
        }
        let Self { answer, place, .. } = &mut *self;
        let lost = |_| Err(Error::lost(LossReason::Panicked, place.as_ref()));
        Pin::new(answer).poll(cx).map(|answer| answer.unwrap_or_else(lost))
    }
}
