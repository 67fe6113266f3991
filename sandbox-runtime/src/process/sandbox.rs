//! The sandbox in a process, as the application has it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::Handle as Runtime;
use tokio::sync::oneshot;

use super::Process;
use super::harden::HardeningReport;
use super::message::{Bind, CallHead, ContractData, Evaluate, kind, to_json};
use super::session::{About, Answered, Handle, Session};
use super::wire::{self, Encoded};
use crate::arguments::Arguments;
use crate::boundary::{ArgumentWriter, Budget, from_tree, is_whole, read_closely};
use crate::contract::{Crosses, GuestContract, GuestMethod, HostContract, Implements};
use crate::error::{Direction, Error, Result};
use crate::isolate::known::Known;
use crate::isolate::meter::{Meter, Usage};
use crate::isolate::ops::enforce;
use crate::isolate::plainly::{PlainHost, SentHosts};
use crate::isolate::script;
use crate::isolate::stack::StackEnd;
use crate::isolate::{Host, clock};
use crate::realm::{ConsoleOutput, Settings};
use crate::sandbox::{Buildable, Builder};
use crate::schema::ContractChecks;
use crate::script::Script;
use crate::transport::{AsyncTransport, Exports, Narrow, Transport};

/// A sandbox in a process of its own; see [`Builder::transport`].
///
/// It can be sent and shared; calls are made one after the other. A method of a host is called by the thread that called the
/// guest.
#[derive(Clone)]
pub struct ProcessSandbox {
    session: Arc<Session>,
    deadline: Option<u64>,
}

/// Host implementations on their way to a [`ProcessSandbox`], and how it is started.
#[doc(hidden)]
#[derive(Default)]
pub struct ProcessHosts {
    hosts: Vec<Box<dyn FnOnce() -> Result<PlainHost, String> + Send>>,
    /// How many were given before it was said that they are to be of another kind.
    too_early: usize,
    process: Process,
}

impl Buildable for ProcessSandbox {
    type Hosts = ProcessHosts;
}

impl Builder<crate::Sandbox> {
    /// Runs guests in a process of their own. It is called before [`host`](Self::host).
    ///
    /// ```no_run
    /// use sandbox_runtime::process::{self, Process};
    /// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Rule { fn price(&self, amount: u32) -> Result<f64>; }
    ///
    /// fn main() -> Result<()> {
    ///     process::init();
    ///     let sandbox = Sandbox::builder().transport(Process::new()).build()?;
    ///     let rule = sandbox.load::<dyn Rule>(Script::new("rule.js", "export const price = (n) => n * 9.5;"))?;
    ///     println!("{}", rule.price(3)?);
    ///     Ok(())
    /// }
    /// ```
    pub fn transport(self, process: Process) -> Builder<ProcessSandbox> {
        let too_early = self.hosts.count();
        Builder { settings: self.settings, hosts: ProcessHosts { hosts: Vec::new(), too_early, process } }
    }
}

impl Builder<ProcessSandbox> {
    /// Gives guests a contract that `host` implements, as a frozen global of the contract's name. It is called in the host's
    /// process, by whichever thread calls the guest.
    pub fn host<C: ?Sized + HostContract>(mut self, host: impl Implements<C> + Send + 'static) -> Self {
        self.hosts.hosts.push(Box::new(|| PlainHost::new::<C>(host)));
        self
    }

    /// Starts the process, and makes the sandbox in it.
    ///
    /// # Errors
    ///
    /// [`Error::Build`] when a limit is out of range, when a contract is hosted twice, when [`init`](super::init) was not called,
    /// when the program cannot be started, or when a layer of the hardening is missing that is required;
    /// [`Error::Process`] when the process ends before it has a sandbox.
    pub fn build(self) -> Result<ProcessSandbox> {
        self.settings.check().map_err(Error::build)?;
        let ProcessHosts { hosts, too_early, process } = self.hosts;
        if too_early > 0 {
            return Err(Error::build("call the builder's `transport` before its `host`"));
        }
        let hosts =
            hosts.into_iter().map(|host| host()).collect::<Result<Vec<_>, _>>().map_err(Error::build)?;
        // SAFETY: `host` asks for `Send`, and each `Rc` was made in the line above.
        let hosts = unsafe { SentHosts::new(hosts) };
        ProcessSandbox::start(self.settings, hosts, &process)
    }
}

impl ProcessSandbox {
    /// A sandbox with hosts that stay on this thread: neither it nor anything that is made of it is given to another.
    pub(crate) fn on_this_thread(settings: Settings, hosts: Vec<Host>, process: &Process) -> Result<Self> {
        let hosts = hosts.into_iter().map(PlainHost::from).collect();
        // SAFETY: no other thread ever has them. The one caller is a pool, which keeps its sandboxes on the thread that made them and
        // calls them there; only `AsyncTransport` of `Processed` changes threads, and a pool does not use it.
        let hosts = unsafe { SentHosts::new(hosts) };
        Self::start(settings, hosts, process)
    }

    fn start(settings: Settings, hosts: SentHosts, process: &Process) -> Result<Self> {
        let memory = process.memory_of(&settings.limits).map_err(Error::build)?;
        let session = Session::start(settings, hosts, process.seed(), memory)?;
        Ok(Self { session: Arc::new(session), deadline: None })
    }

    pub(crate) fn within(&self, deadline: Option<u64>) -> Self {
        Self { session: self.session.clone(), deadline }
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.session.meter().clone()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.session.is_running()
    }

    /// What is left of the call under way, if any is.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.session.left()
    }

    /// What its process has in memory, in bytes; 0 when there is none.
    pub(crate) fn resident(&self) -> u64 {
        self.session.resident()
    }

    /// The same sandbox for a caller that waits until `deadline` and no longer.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        Self { session: self.session.clone(), deadline: Some(clock::at(deadline)) }
    }

    /// What its guests have used: the last call, and all since it was built or reset. The process says so itself, but for the call in
    /// which it ends, of which the kernel does.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.session.meter().usage()
    }

    /// Takes what guests wrote to a console that [captures](crate::Console::Capture) since it was taken last.
    #[must_use]
    pub fn take_console(&self) -> ConsoleOutput {
        self.session.captured().take()
    }

    /// What was done to the process, layer by layer; `None` when there is no process.
    #[must_use]
    pub fn hardening(&self) -> Option<HardeningReport> {
        self.session.report()
    }

    /// The number of the process; `None` when there is none.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.session.pid()
    }

    /// Makes the sandbox anew in another process, as after it was discarded. What was loaded before answers
    /// [`Error::Discarded`] from now on.
    ///
    /// # Errors
    ///
    /// As of [`build`](Builder::build); and [`Error::Build`] when a host method that its own guest called asks for it.
    pub fn reset(&self) -> Result<()> {
        self.session.reset()
    }

    /// Evaluates a script that implements several contracts; see [`ProcessGuest::bind`].
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`], [`Error::Guest`] when the script throws, [`Error::Limit`], [`Error::Discarded`], [`Error::Process`].
    pub fn eval(&self, script: Script) -> Result<ProcessGuest> {
        ProcessGuest::evaluate(&self.session, script, self.deadline, false)
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval), and [`Error::Mismatch`] that names every export that is missing.
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Processed>> {
        self.eval(script)?.bind::<C>()
    }

    /// [`load`](Self::load) of a script whose top level may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub async fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Processed>> {
        let (session, deadline) = (self.session.clone(), self.deadline);
        ProcessCall::begin(move || ProcessGuest::evaluate(&session, script, deadline, true))
            .await?
            .bind::<C>()
    }
}

/// Something that the child keeps, until nobody has this.
struct Kept {
    session: Arc<Session>,
    handle: Handle,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.session.forget(self.handle);
    }
}

/// A script that has been evaluated in a [`ProcessSandbox`].
#[derive(Clone)]
pub struct ProcessGuest {
    exports: Arc<Kept>,
    deadline: Option<u64>,
}

const SCRIPT: About = About { place: None, contract: None, waits: false };

impl ProcessGuest {
    fn evaluate(session: &Arc<Session>, script: Script, deadline: Option<u64>, waits: bool) -> Result<Self> {
        let Script { name, source, .. } = script;
        let about = About { waits, ..SCRIPT };
        let evaluated = session.request(
            about,
            (kind::EVALUATE, None),
            deadline,
            |limit, out| to_json(&Evaluate { name: name.clone(), source, waits, limit }, out),
            |answer| match answer {
                Answered::Done(done, generation) => Some(Ok(Handle::new(done.handle, generation, false))),
                Answered::Value(_) => None,
            },
        );
        let handle = evaluated.map_err(|error| script::error_of(error, &name))?;
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
                    Some(Ok((Handle::new(done.handle, generation, true), done.exported)))
                }
                _ => None,
            },
        )?;
        let binding = Arc::new(Kept { session: session.clone(), handle });
        Ok(Processed { binding, exported: exported.into(), checks, deadline: self.deadline })
    }
}

/// The transport of a [`ProcessSandbox`]'s proxies.
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
        let (method, checks) = (Known::billed::<M>(), &self.checks.methods[M::INDEX]);
        let params = method.spec.params;
        enforce(&args, params, checks).map_err(|error| method.write_error(error))?;
        let (session, handle) = (&self.binding.session, self.binding.handle);
        let about = About {
            place: Some(method.place()),
            contract: Some(&<M::Contract as crate::contract::Contract>::SPEC),
            waits: method.spec.is_async,
        };
        session.request(
            about,
            (kind::CALL, Some(handle)),
            self.deadline,
            |limit, out| {
                let index = u32::try_from(M::INDEX).unwrap_or(u32::MAX);
                CallHead { binding: handle.key, method: index, limit }.write(out);
                let began = out.weight();
                let written = args.write(&mut ArgumentWriter::wired(out, params));
                let written = written.and_then(|()| session.affordable(out.weight() - began));
                written.map_err(|error| method.write_error(error))
            },
            |answer| match answer {
                Answered::Value(value) => self.read::<M::Value>(method, value),
                Answered::Done(..) => None,
            },
        )
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
        let (transport, args) = (self.clone(), args.into_owned());
        ProcessCall::begin(move || transport.make::<M>(args))
    }
}

/// A call that a thread waits for, in the place of the task that awaits this. It begins when it is polled first; when it is dropped,
/// the guest goes on until it is done, or meets a limit.
#[must_use = "a call does nothing until it is awaited"]
pub struct ProcessCall<R> {
    work: Option<Box<dyn FnOnce() -> Result<R> + Send>>,
    answer: Option<oneshot::Receiver<Result<R>>>,
}

impl<R: Send + 'static> ProcessCall<R> {
    fn begin(work: impl FnOnce() -> Result<R> + Send + 'static) -> Self {
        Self { work: Some(Box::new(work)), answer: None }
    }

    fn start(&mut self, work: Box<dyn FnOnce() -> Result<R> + Send>) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        let runtime = Runtime::try_current().ok();
        let wait = move || {
            // `async` host methods find the timers and sockets of the runtime.
            let _entered = runtime.as_ref().map(Runtime::enter);
            _ = answer.send(work());
        };
        let thread = std::thread::Builder::new().name("sandbox-call".into()).spawn(wait);
        thread.map_err(|error| Error::build(format!("no thread can be started: {error}")))?;
        self.answer = Some(answered);
        Ok(())
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
