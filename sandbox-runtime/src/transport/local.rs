//! `LocalSandbox`: the isolate is on the caller's thread.
//!
//! A call makes no hop between threads, and copies arguments only into V8. Nothing here is `Send`, except the futures of
//! calls (`pinned`).

mod realms;

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::pinned::Pinned;
use super::{AsyncTransport, Exports, LocalAsyncTransport, Transport, WithDeadline};
use crate::contract::Arguments as _;
use crate::contract::{GuestContract, GuestMethod};
use crate::error::{Error, Result};
use crate::isolate::binding::Binding;
use crate::isolate::calls::{GuestCall, MethodLeg};
use crate::isolate::flights::Flying;
use crate::isolate::meter::Usage;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::script::{self, Evaluation};
use crate::isolate::ticket::{Ticket, within};
use crate::isolate::{Isolate, Realm, clock};
use crate::options::ConsoleOutput;
use crate::sandbox::Builder;
use crate::script::Script;
use crate::time::Deadline;
use crate::value::JsValue;

pub use realms::LocalRealm;

/// A sandbox whose isolate belongs to the thread that made it.
///
/// A call does not change threads, so it has the least overhead. The sandbox and its proxies stay on their thread.
/// [`Sandbox`](crate::Sandbox) can be sent and shared.
///
/// ```
/// use sandbox_runtime::{LocalSandbox, Result, Script, sandbox_api};
///
/// #[sandbox_api]
/// pub trait Greeter {
///     fn greet(&self, name: &str) -> Result<String>;
/// }
///
/// let sandbox = LocalSandbox::builder().build()?;
/// let script = Script::new("greeter.js", "export const greet = (name) => `Hello, ${name}!`;");
/// let greeter = sandbox.load::<dyn Greeter>(script)?;
/// assert_eq!(greeter.greet("Ada")?, "Hello, Ada!");
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct LocalSandbox {
    isolate: Rc<Isolate>,
    deadline: Deadline,
}

impl LocalSandbox {
    pub(crate) fn new(isolate: Rc<Isolate>) -> Self {
        Self { isolate, deadline: Deadline::NEVER }
    }

    /// Returns the sandbox with a deadline: a caller waits until `deadline` and no longer; see
    /// [`Sandbox::with_deadline`](crate::Sandbox::with_deadline).
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        Self { isolate: self.isolate.clone(), deadline: clock::deadline(deadline) }
    }

    /// A builder with the default limits and no host contracts.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// The usage of its guests: of the last call, and of all calls since the sandbox was built or reset.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.isolate.meter().usage()
    }

    /// Takes the output of a console that [captures](crate::Console::Capture), since it was last taken.
    #[must_use]
    pub fn take_console(&self) -> ConsoleOutput {
        self.isolate.take_console()
    }

    /// Replaces the isolate, with the same hosts and settings, for example after it was discarded. Scripts and proxies from
    /// before then return [`Error::Discarded`].
    ///
    /// # Errors
    ///
    /// [`Error::Build`] when the sandbox cannot be made anew; [`Error::Blocking`] when a host method that its own guest called asks
    /// for it.
    pub fn reset(&self) -> Result<()> {
        self.isolate.reset()
    }

    /// Evaluates a script that implements several contracts; see [`LocalGuest::bind`].
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`], [`Error::Guest`] when the script throws, [`Error::Limit`], [`Error::Discarded`].
    pub fn eval(&self, script: Script) -> Result<LocalGuest> {
        LocalGuest::evaluate(&self.isolate, &self.isolate.main_realm()?, &script, self.deadline)
    }

    /// [`eval`](Self::eval) of a script whose top level may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval).
    pub async fn eval_async(&self, script: Script) -> Result<LocalGuest> {
        LocalGuest::evaluate_async(&self.isolate, self.isolate.main_realm()?, script, self.deadline).await
    }

    /// Evaluates a script and checks it against the contract `C`.
    ///
    /// # Errors
    ///
    /// As of [`eval`](Self::eval), and [`Error::Mismatch`] that names every export that is missing.
    pub fn load<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Local>> {
        self.eval(script)?.bind::<C>()
    }

    /// [`load`](Self::load) of a script whose top level may wait for `async` host methods.
    ///
    /// # Errors
    ///
    /// As of [`load`](Self::load).
    pub async fn load_async<C: ?Sized + GuestContract>(&self, script: Script) -> Result<C::Proxy<Local>> {
        self.eval_async(script).await?.bind::<C>()
    }
}

/// A script that has been evaluated in a [`LocalSandbox`].
#[derive(Clone)]
pub struct LocalGuest {
    isolate: Rc<Isolate>,
    exports: Rc<script::ScriptExports>,
    deadline: Deadline,
}

impl LocalGuest {
    pub(crate) fn evaluate(
        isolate: &Rc<Isolate>,
        realm: &Rc<Realm>,
        script: &Script,
        deadline: Deadline,
    ) -> Result<Self> {
        let exports = isolate.evaluate(realm, script, deadline)?;
        Ok(Self { isolate: isolate.clone(), exports: Rc::new(exports), deadline })
    }

    async fn evaluate_async(
        isolate: &Rc<Isolate>,
        realm: Rc<Realm>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Self> {
        let evaluation = Evaluation::new(realm, script.clone());
        let evaluation = Flying::new(isolate.clone(), evaluation, Ticket::new(deadline));
        let exports = evaluation.await.map_err(|error| script::error_of(error, &script))?;
        Ok(Self { isolate: isolate.clone(), exports: Rc::new(exports), deadline })
    }

    /// Checks the script against the contract `C`, and returns the proxy that implements it.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] that names every export that is missing. A getter of the guest can cause other errors.
    pub fn bind<C: ?Sized + GuestContract>(&self) -> Result<C::Proxy<Local>> {
        self.transport::<C>().map(C::proxy)
    }

    /// The transport of a proxy of `C`.
    #[doc(hidden)]
    pub fn transport<C: ?Sized + GuestContract>(&self) -> Result<Local> {
        let binding = self.isolate.bind::<C>(&self.exports)?;
        Ok(Local { isolate: self.isolate.clone(), binding: Rc::new(binding), deadline: self.deadline })
    }
}

/// The transport of a [`LocalSandbox`]'s proxies.
#[derive(Clone)]
pub struct Local {
    isolate: Rc<Isolate>,
    binding: Rc<Binding>,
    deadline: Deadline,
}

impl Local {
    fn fly<M: GuestMethod>(&self, args: M::Args<'_>) -> LocalCall<M::Value> {
        let ticket = Ticket::new(self.deadline);
        LocalCall(Box::pin(MethodLeg::<M>::fly(
            self.isolate.clone(),
            self.binding.clone(),
            args.into_owned(),
            ticket,
        )))
    }

    #[cfg(all(feature = "testing", feature = "process"))]
    pub(crate) fn parts(&self) -> (&Rc<Isolate>, &Rc<Binding>) {
        (&self.isolate, &self.binding)
    }

    /// Calls the method of `call` with plain data.
    #[doc(hidden)]
    pub fn call_plain(&self, call: GuestCall, args: &[JsValue]) -> Result<JsValue> {
        call.call(&self.isolate, &self.binding, args)
    }
}

/// A call of an `async` method in this thread. The call begins at the first poll, and ends when this is dropped.
#[must_use = "a call does nothing until it is awaited"]
pub struct LocalCall<R>(Pin<Box<dyn Future<Output = Result<R>>>>);

impl<R> Future for LocalCall<R> {
    type Output = Result<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R>> {
        self.0.as_mut().poll(cx)
    }
}

impl Exports for Local {
    fn exports(&self, method: usize) -> bool {
        self.binding.has(method)
    }
}

impl<M: GuestMethod> Transport<M> for Local {
    fn call(&self, args: M::Args<'_>) -> Result<M::Value, Error> {
        let method = MethodInfo::billed::<M>();
        self.isolate.call(method, &self.binding, args, within(self.deadline))
    }
}

impl<M: GuestMethod> AsyncTransport<M> for Local {
    type Call = Pinned<M::Value>;

    fn call_async(&self, args: M::Args<'_>) -> Self::Call {
        Pinned::new(self.fly::<M>(args))
    }
}

impl<M: GuestMethod> LocalAsyncTransport<M> for Local {
    type Call = LocalCall<M::Value>;

    fn call_local(&self, args: M::Args<'_>) -> Self::Call {
        self.fly::<M>(args)
    }
}

impl WithDeadline for Local {
    fn until(&self, deadline: Instant) -> Self {
        Self { deadline: clock::deadline(deadline), ..self.clone() }
    }
}
