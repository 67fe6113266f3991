//! What is loaded into a sandbox in a process: scripts, and what their proxies call them through.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::runtime::Handle as Runtime;
use tokio::sync::oneshot;

use super::message::{Bind, CallHead, ContractData, Evaluate, Limit, kind, to_json};
use super::session::{About, Answered, Handle, Here, Session, What};
use super::spin;
use super::wire::{self, Encoded, Out};
use crate::arguments::Arguments;
use crate::boundary::{ArgumentWriter, Budget, from_tree, is_whole, read_closely};
use crate::contract::{Crosses, GuestContract, GuestMethod};
use crate::error::{Direction, Error, Result};
use crate::isolate::clock;
use crate::isolate::flights::waits_for_itself;
use crate::isolate::known::Known;
use crate::isolate::ops::enforce;
use crate::isolate::script;
use crate::isolate::stack::StackEnd;
use crate::schema::ContractChecks;
use crate::script::Script;
use crate::transport::{AsyncTransport, Exports, Narrow, Transport};

/// Something that the child keeps, until nobody has this.
pub(super) struct Kept {
    pub(super) session: Arc<Session>,
    pub(super) handle: Handle,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.session.forget(self.handle);
    }
}

/// A script that has been evaluated in a [`ProcessSandbox`](crate::ProcessSandbox).
#[derive(Clone)]
pub struct ProcessGuest {
    exports: Arc<Kept>,
    deadline: Option<u64>,
}

pub(super) const SCRIPT: About = About { place: None, contract: None, waits: false };

impl ProcessGuest {
    /// Evaluates a script in a realm; in the one that the sandbox begins with, when there is none.
    pub(super) fn evaluate(
        session: &Arc<Session>,
        realm: Option<Handle>,
        script: Script,
        (deadline, waits): (Option<u64>, bool),
    ) -> Result<Self> {
        let Script { name, source, .. } = script;
        let about = About { waits, ..SCRIPT };
        let evaluated = session.request(
            about,
            (kind::EVALUATE, realm),
            deadline,
            |limit, out| {
                let realm = realm.map(|realm| realm.key);
                to_json(&Evaluate { realm, name: name.clone(), source, waits, limit }, out)
            },
            |answer| answer.handle(What::Script),
        );
        // What the child's sandbox says has the name already.
        let handle = evaluated.map_err(|error| match &error {
            Error::Limit { limit, .. } if limit.starts_with(&name) => error,
            _ => script::error_of(error, &name),
        })?;
        Ok(Self { exports: Arc::new(Kept { session: session.clone(), handle }), deadline })
    }

    /// Checks the script against the contract `C`, and gives the proxy that implements it.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] that names every export that is missing; what a getter of the guest does.
    pub fn bind<C: ?Sized + GuestContract>(&self) -> Result<C::Proxy<Processed>> {
        self.transport::<C>().map(C::proxy)
    }

    /// What a proxy of `C` calls the guest through.
    pub(crate) fn transport<C: ?Sized + GuestContract>(&self) -> Result<Processed> {
        let checks = ContractChecks::of::<C>().map_err(Error::build)?;
        let session = &self.exports.session;
        let (exports, methods) = (self.exports.handle, C::SPEC.methods.len());
        let bind = Bind { exports: exports.key, contract: ContractData::of(&C::SPEC) };
        let (handle, exported) = session.request(
            About { contract: Some(&C::SPEC), ..SCRIPT },
            (kind::BIND, Some(exports)),
            self.deadline,
            |_, out| to_json(&bind, out),
            |answer| match answer {
                Answered::Done(done, generation) if done.exported.len() == methods => {
                    Some(Ok((Handle::new(done.handle, generation, What::Binding), done.exported)))
                }
                _ => None,
            },
        )?;
        let binding = Arc::new(Kept { session: session.clone(), handle });
        Ok(Processed { binding, exported: exported.into(), checks, deadline: self.deadline })
    }
}

/// The transport of a [`ProcessSandbox`](crate::ProcessSandbox)'s proxies.
#[derive(Clone)]
pub struct Processed {
    binding: Arc<Kept>,
    exported: Arc<[bool]>,
    checks: Arc<ContractChecks>,
    deadline: Option<u64>,
}

impl Exports for Processed {
    fn exports(&self, method: usize) -> bool {
        self.exported.get(method).copied().unwrap_or(false)
    }
}

impl Narrow for Processed {
    fn until(&self, deadline: Instant) -> Self {
        Self { deadline: Some(clock::at(deadline)), ..self.clone() }
    }
}

impl Processed {
    pub(crate) fn within(&self, deadline: Option<u64>) -> Self {
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

    /// The same for a method of the host that the guest waits for, while that is polled. `done` is told what it gave.
    pub(crate) fn make_inside<M: GuestMethod>(
        &self,
        args: impl Arguments,
        done: impl FnOnce(Result<M::Value>) + Send + 'static,
    ) {
        let (session, handle, about) = match self.begun::<M>(&args) {
            Ok(begun) => begun,
            Err(error) => return done(Err(error)),
        };
        let reader = self.clone();
        let called = session.call_inside(
            about,
            handle,
            self.deadline,
            |limit, out| self.write::<M>(args, limit, out),
            move |answer| reader.taken::<M>(answer),
            done,
        );
        if let Err((error, done)) = called {
            done(Err(error));
        }
    }

    /// Looks at the arguments of a call, and says what it is about.
    fn begun<M: GuestMethod>(&self, args: &impl Arguments) -> Result<(&Session, Handle, About)> {
        let (method, checks) = (Known::billed::<M>(), &self.checks.methods[M::INDEX]);
        enforce(args, method.spec.params, checks).map_err(|error| method.write_error(error))?;
        let about = About {
            place: Some(method.place()),
            contract: Some(&<M::Contract as crate::contract::Contract>::SPEC),
            waits: method.spec.is_async,
        };
        Ok((&self.binding.session, self.binding.handle, about))
    }

    fn write<M: GuestMethod>(&self, args: impl Arguments, limit: Limit, out: &mut Out) -> Result<()> {
        let (method, Kept { session, handle }) = (Known::billed::<M>(), &*self.binding);
        let index = u32::try_from(M::INDEX).unwrap_or(u32::MAX);
        CallHead { binding: handle.key, method: index, may_spin: spin::is_room(), limit }.write(out);
        let began = out.weight();
        let written = args.write(&mut ArgumentWriter::wired(out, method.spec.params));
        let written = written.and_then(|()| session.affordable(out.weight() - began));
        written.map_err(|error| method.write_error(error))
    }

    fn taken<M: GuestMethod>(&self, answer: Answered<'_>) -> Option<Result<M::Value>> {
        match answer {
            Answered::Value(value) => self.read::<M::Value>(Known::billed::<M>(), value),
            Answered::Done(..) => None,
        }
    }

    /// Reads what a method gave; `None` when it is no value at all.
    fn read<V: Crosses>(&self, method: &Known, encoded: Encoded<'_>) -> Option<Result<V>> {
        let limits = self.binding.session.limits();
        let check = &self.checks.methods[method.index].returns;
        let read = read_closely(
            check.is_read_constrained,
            || Budget::new(limits, StackEnd::of_thread()),
            || wire::decode(encoded, limits),
            |budget, data| {
                let read = from_tree::<V>(budget, data).map_err(|error| error.inside("result"));
                read.and_then(|value| check.enforce(&value, "result").map(|()| value))
            },
            // Of one that is not whole nobody knows all that is wrong with it.
            |data| if is_whole(data) { check.diagnose(data, "result") } else { Vec::new() },
        );
        let read = read.ok()?;
        Some(read.map_err(|error| error.into_error(method.place(), Direction::ToHost)))
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
        ProcessCall::new(MethodCall::<M> { transport: self.clone(), args: args.into_owned() })
    }
}

/// A call that a thread waits for, in the place of the task that awaits this. It begins when it is polled first and its turn has come;
/// when it is dropped after that, the guest goes on until it is done, or meets a limit.
#[must_use = "a call does nothing until it is awaited"]
pub struct ProcessCall<R> {
    work: Option<Box<dyn Work<R>>>,
    answer: Option<oneshot::Receiver<Result<R>>>,
    is_dropped: Arc<AtomicBool>,
}

thread_local! {
    /// Whether nobody awaits any more what this thread calls.
    static IS_DROPPED: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Whether a call that this thread makes was dropped before its turn came.
pub(super) fn is_dropped() -> bool {
    IS_DROPPED.with_borrow(|dropped| dropped.as_ref().is_some_and(|dropped| dropped.load(Ordering::Relaxed)))
}

impl<R> Drop for ProcessCall<R> {
    fn drop(&mut self) {
        self.is_dropped.store(true, Ordering::Relaxed);
    }
}

/// What a call does.
trait Work<R>: Send {
    /// Waits for it.
    fn wait(self: Box<Self>) -> Result<R>;

    /// Whose turn it waits for.
    fn session(&self) -> &Session;

    /// Begins it where [`Here::Between`] is.
    fn begin_inside(self: Box<Self>, answer: oneshot::Sender<Result<R>>) -> Result<()>;
}

/// A call of an `async` method.
struct MethodCall<M: GuestMethod> {
    transport: Processed,
    args: M::Owned,
}

impl<M: GuestMethod> Work<M::Value> for MethodCall<M>
where
    M::Owned: Send,
    M::Value: Send,
{
    fn wait(self: Box<Self>) -> Result<M::Value> {
        self.transport.make::<M>(self.args)
    }

    fn session(&self) -> &Session {
        &self.transport.binding.session
    }

    fn begin_inside(self: Box<Self>, answer: oneshot::Sender<Result<M::Value>>) -> Result<()> {
        let Self { transport, args } = *self;
        transport.make_inside::<M>(args, move |outcome| _ = answer.send(outcome));
        Ok(())
    }
}

/// Something else that a sandbox does in its turn.
struct Other<F> {
    session: Arc<Session>,
    work: F,
}

impl<R, F: FnOnce() -> Result<R> + Send> Work<R> for Other<F> {
    fn wait(self: Box<Self>) -> Result<R> {
        (self.work)()
    }

    fn session(&self) -> &Session {
        &self.session
    }

    fn begin_inside(self: Box<Self>, _: oneshot::Sender<Result<R>>) -> Result<()> {
        Err(Error::blocking(
            "a method of the host that a guest waits for waits for its sandbox to load a script, to make a realm or to be reset: \
             that has its turn when the guest's call is over",
        ))
    }
}

impl<R: Send + 'static> ProcessCall<R> {
    /// Something other than a call of a method.
    pub(super) fn begin(session: &Arc<Session>, work: impl FnOnce() -> Result<R> + Send + 'static) -> Self {
        Self::new(Other { session: session.clone(), work })
    }

    fn new(work: impl Work<R> + 'static) -> Self {
        Self { work: Some(Box::new(work)), answer: None, is_dropped: Arc::default() }
    }

    fn start(&mut self, work: Box<dyn Work<R>>) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.answer = Some(answered);
        match work.session().here() {
            Here::Elsewhere => {}
            Here::Between => return work.begin_inside(answer),
            Here::Within => return Err(waits_for_itself()),
        }
        let runtime = Runtime::try_current().ok();
        let is_dropped = self.is_dropped.clone();
        let wait = move || {
            IS_DROPPED.set(Some(is_dropped));
            // `async` host methods find the timers and sockets of the runtime.
            let _entered = runtime.as_ref().map(Runtime::enter);
            _ = answer.send(work.wait());
        };
        let thread = std::thread::Builder::new().name("sandbox-call".into()).spawn(wait);
        thread.map(drop).map_err(|error| Error::build(format!("no thread can be started: {error}")))
    }
}

impl<R> Unpin for ProcessCall<R> {}

impl<R: Send + 'static> Future for ProcessCall<R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R>> {
        if let Some(work) = self.work.take()
            && let Err(error) = self.start(work)
        {
            return Poll::Ready(Err(error));
        }
        let lost = || Err(Error::blocking("the call was lost: its thread panicked"));
        match &mut self.answer {
            Some(answer) => Pin::new(answer).poll(cx).map(|answer| answer.unwrap_or_else(|_| lost())),
            None => Poll::Ready(lost()),
        }
    }
}
