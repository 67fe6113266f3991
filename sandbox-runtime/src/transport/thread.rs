//! `Sandbox`: the isolate is on a thread of its own, and its handles are `Send`.
//!
//! A call is a job in the thread's mailbox (`worker`, `remote`).

mod realms;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::isolate_handle::{HandleInner, IsolateHandle, IsolateSlot};
use super::loads::Loads;
use super::remote::RemoteCall;
use super::worker::{Priority, WorkerThread};
use super::{AsyncTransport, Exports, Transport, WithDeadline};
use crate::contract::Arguments as _;
use crate::contract::{GuestContract, GuestMethod};
use crate::error::{Error, Result};
use crate::isolate::calls::MethodLeg;
use crate::isolate::flights::Flying;
use crate::isolate::meter::Usage;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::script::{self, Evaluation};
use crate::isolate::ticket::within;
use crate::isolate::{Realm as GuestRealm, clock};
use crate::options::{ConsoleOutput, Settings};
use crate::sandbox::{Builder, SendHosts};
use crate::script::Script;
use crate::time::Deadline;

pub use realms::Realm;

/// A sandbox whose isolate has a thread of its own: `Send`, `Sync` and `Clone`.
///
/// A clone is another handle of the same sandbox. Calls from several threads take turns. The thread ends when the last
/// handle and the last proxy are dropped. A host implementation that holds a handle of its own sandbox keeps it alive for
/// ever. Let it hold a [`std::sync::Weak`], or a [`std::sync::OnceLock`] of the application.
///
/// A synchronous method blocks the caller until the guest has returned, and so do [`eval`](Self::eval), [`load`](Self::load)
/// and [`reset`](Self::reset). On a thread of a tokio runtime with several threads, the thread's tasks are handed to another
/// meanwhile, as `tokio::task::block_in_place` does. On the only thread of a runtime the call is refused with
/// [`Error::Blocking`], because all of the runtime's tasks would stop. An `async` method, and the methods that end with
/// `_async`, wait as futures do, in any executor. Futures of host methods are polled on the isolate's thread. If the sandbox
/// was built in a tokio runtime, they run within that runtime.
///
/// ```
/// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api]
/// pub trait MathApi {
///     fn add(&self, a: f64, b: f64) -> Result<f64>;
/// }
///
/// let sandbox = Sandbox::builder().build()?;
/// let math = sandbox.load::<dyn MathApi>(Script::new("math.js", "export const add = (a, b) => a + b;"))?;
/// let api: Box<dyn MathApi + Send + Sync> = Box::new(math);
/// let sum = std::thread::spawn(move || api.add(2.0, 3.0)).join().expect("no panic")?;
/// assert_eq!(sum, 5.0);
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Sandbox {
    handle: Arc<IsolateHandle>,
    deadline: Deadline,
}

impl Sandbox {
    /// A builder with the default limits and no host contracts.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    pub(crate) fn start(settings: Settings, hosts: SendHosts) -> Result<Self> {
        let thread = Arc::new(WorkerThread::start("sandbox", settings.limits.stack, Priority::Normal)?);
        let handle = IsolateHandle::start(thread, 0, settings, hosts)?;
        Ok(Self { handle: Arc::new(handle), deadline: Deadline::NEVER })
    }

    /// Returns a handle with a deadline: calls through it, and through proxies that it loads, end at `deadline` at the
    /// latest. The error is [`LimitKind::Deadline`](crate::LimitKind::Deadline). A nested call keeps the deadline of the
    /// outer one.
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # use sandbox_runtime::{Error, LimitKind, Sandbox, Script};
    /// let sandbox = Sandbox::builder().build()?;
    /// let soon = sandbox.with_deadline(Instant::now() + Duration::from_millis(20));
    /// let ended = soon.eval(Script::new("a.js", "for (;;) {}"));
    /// assert!(matches!(ended, Err(Error::Limit { kind: LimitKind::Deadline, .. })));
    /// sandbox.eval(Script::new("b.js", "export const b = 1;"))?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        Self { handle: self.handle.clone(), deadline: clock::deadline(deadline) }
    }

    /// The usage of its guests: of the last call, and of all calls since the sandbox was built or reset. A call under way is
    /// not waited for, and is not included.
    ///
    /// ```
    /// # use sandbox_runtime::{Sandbox, Script};
    /// let sandbox = Sandbox::builder().build()?;
    /// sandbox.eval(Script::new("a.js", "export const a = 1;"))?;
    /// assert_eq!(sandbox.usage().total.calls, 1);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.handle.meter.usage()
    }

    /// Takes the output of a console that [captures](crate::Console::Capture), since it was last taken. A call under way is
    /// not waited for.
    ///
    /// ```
    /// # use sandbox_runtime::{Console, Level, Sandbox, Script};
    /// let sandbox = Sandbox::builder().console(Console::Capture).build()?;
    /// sandbox.eval(Script::new("a.js", "console.warn('careful', 5); export {};"))?;
    /// let line = &sandbox.take_console().lines[0];
    /// assert_eq!((line.level, &*line.text), (Level::Warn, "careful 5"));
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn take_console(&self) -> ConsoleOutput {
        self.handle.captured.take()
    }

    /// Replaces the isolate, with the same hosts and settings, for example after it was discarded. The reset waits for its
    /// turn. Scripts and proxies from before then return [`Error::Discarded`].
    ///
    /// # Errors
    ///
    /// [`Error::Build`] when the sandbox cannot be made anew; [`Error::Blocking`] when a host method that its own guest called asks
    /// for it.
    pub fn reset(&self) -> Result<()> {
        self.handle.run(self.handle.reset())
    }

    /// [`reset`](Self::reset) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`reset`](Self::reset).
    pub async fn reset_async(&self) -> Result<()> {
        self.handle.ask(self.handle.reset()).await
    }

    /// Evaluates a script that implements several contracts; see [`Guest::bind`].
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`], [`Error::Guest`] when the script throws or waits at its top level, [`Error::Limit`],
    /// [`Error::Discarded`], [`Error::Blocking`].
    pub fn eval(&self, script: Script) -> Result<Guest> {
        Guest::evaluate(&self.handle, self.deadline, |slot| slot.isolate.main_realm(), script)
    }

    /// [`eval`](Self::eval) for a task, without blocking it. The top level of a module may wait for `async` host methods.
    ///
    /// ```
    /// # use sandbox_runtime::{Sandbox, Script};
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let sandbox = Sandbox::builder().build()?;
    /// sandbox.eval_async(Script::new("a.js", "export const a = await 1;")).await?;
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`], [`Error::Guest`], [`Error::Limit`], [`Error::Discarded`].
    pub async fn eval_async(&self, script: Script) -> Result<Guest> {
        Guest::evaluate_async(&self.handle, self.deadline, |slot| slot.isolate.main_realm(), script).await
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval), and [`Error::Mismatch`] that names every export that is missing.
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Remote>> {
        self.eval(script)?.bind::<C>()
    }

    /// [`load`](Self::load) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`eval_async`](Self::eval_async), and [`Error::Mismatch`] that names every export that is missing.
    pub fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> Loads<C::Proxy<Remote>> {
        let sandbox = self.clone();
        let load = async move { sandbox.eval_async(script).await?.bind_later(bind::<C>).await };
        Loads::new(load, C::proxy)
    }
}

/// A script that has been evaluated in a [`Sandbox`].
#[derive(Clone)]
pub struct Guest {
    exports: Arc<HandleInner>,
    deadline: Deadline,
}

impl Guest {
    /// Evaluates a script in a realm of the slot, on the isolate's thread.
    fn evaluate(
        handle: &Arc<IsolateHandle>,
        deadline: Deadline,
        realm: impl FnOnce(&IsolateSlot) -> Result<Rc<GuestRealm>> + Send + 'static,
        script: Script,
    ) -> Result<Self> {
        let own = handle.clone();
        let exports = handle.run_until(deadline, move |slot| {
            let exports = slot.isolate.evaluate(&realm(slot)?, &script, deadline)?;
            Ok(HandleInner::exports(own, slot, exports))
        })?;
        Ok(Self { exports: Arc::new(exports), deadline })
    }

    async fn evaluate_async(
        handle: &Arc<IsolateHandle>,
        deadline: Deadline,
        realm: impl FnOnce(&IsolateSlot) -> Result<Rc<GuestRealm>> + Send + 'static,
        script: Script,
    ) -> Result<Self> {
        let (evaluated, own) = (script.clone(), handle.clone());
        let evaluation = RemoteCall::at_slot(
            handle.clone(),
            (deadline, None),
            move |slot, ticket| {
                let evaluation = Evaluation::new(realm(slot)?, evaluated);
                Ok(Flying::new(slot.isolate.clone(), evaluation, ticket))
            },
            |slot, exports| HandleInner::exports(own, slot, exports),
        );
        let exports = evaluation.await.map_err(|error| script::error_of(error, &script))?;
        Ok(Self { exports: Arc::new(exports), deadline })
    }

    /// Checks the script against the contract `C`, and returns the proxy that implements it.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] that names every export that is missing. A getter of the guest can cause other errors.
    pub fn bind<C: ?Sized + GuestContract>(&self) -> Result<C::Proxy<Remote>> {
        let exports = self.exports.clone();
        let bound = self.exports.handle.run(move |slot| bind::<C>(slot, &exports))?;
        Ok(C::proxy(self.remote(bound)))
    }

    /// [`bind`](Self::bind) for a task, without blocking it.
    ///
    /// # Errors
    ///
    /// As of [`bind`](Self::bind).
    pub fn bind_async<C: ?Sized + GuestContract>(&self) -> Loads<C::Proxy<Remote>> {
        Loads::new(self.clone().bind_later(bind::<C>), C::proxy)
    }

    async fn bind_later(self, bind: Bind) -> Result<Remote> {
        let exports = self.exports.clone();
        let bound = self.exports.handle.ask(move |slot| bind(slot, &exports)).await?;
        Ok(self.remote(bound))
    }

    fn remote(&self, (binding, exported): (HandleInner, Vec<bool>)) -> Remote {
        Remote { binding: Arc::new(binding), exported: exported.into(), deadline: self.deadline }
    }
}

/// Binds a contract to a script's exports, and returns which methods there are.
type Bind = fn(&IsolateSlot, &HandleInner) -> Result<(HandleInner, Vec<bool>)>;

fn bind<C: ?Sized + GuestContract>(
    slot: &IsolateSlot,
    exports: &HandleInner,
) -> Result<(HandleInner, Vec<bool>)> {
    let binding = slot.isolate.bind::<C>(&*slot.exports.get(exports.key)?)?;
    let exported = binding.exported();
    Ok((HandleInner::binding(exports.handle.clone(), slot, binding), exported))
}

/// The transport of a [`Sandbox`]'s proxies.
#[derive(Clone)]
pub struct Remote {
    binding: Arc<HandleInner>,
    exported: Arc<[bool]>,
    deadline: Deadline,
}

impl Exports for Remote {
    fn exports(&self, method: usize) -> bool {
        self.exported.get(method).copied().unwrap_or(false)
    }
}

impl WithDeadline for Remote {
    fn until(&self, deadline: Instant) -> Self {
        Self { deadline: clock::deadline(deadline), ..self.clone() }
    }
}

impl<M: GuestMethod> Transport<M> for Remote
where
    M::Owned: Send,
    M::Value: Send,
{
    fn call(&self, args: M::Args<'_>) -> Result<M::Value, Error> {
        let (key, deadline) = (self.binding.key, within(self.deadline));
        let args = args.into_owned();
        let called = self.binding.handle.run_until(deadline, move |slot| {
            let binding = slot.bindings.get(key)?;
            slot.isolate.call(MethodInfo::billed::<M>(), &binding, args, deadline)
        });
        called.map_err(|error| error.at(MethodInfo::billed::<M>().place()))
    }
}

impl<M: GuestMethod> AsyncTransport<M> for Remote
where
    M::Owned: Send,
    M::Value: Send,
{
    type Call = RemoteCall<M::Value>;

    fn call_async(&self, args: M::Args<'_>) -> Self::Call {
        let key = self.binding.key;
        let args = args.into_owned();
        // The binding must not be dropped before the call.
        let binding = self.binding.clone();
        RemoteCall::at_slot(
            self.binding.handle.clone(),
            (self.deadline, Some(MethodInfo::billed::<M>().place())),
            move |slot, ticket| {
                let bound = slot.bindings.get(key)?;
                drop(binding);
                Ok(MethodLeg::<M>::fly(slot.isolate.clone(), bound, args, ticket))
            },
            |_, value| value,
        )
    }
}
