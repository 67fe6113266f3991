//! `LocalSite`: the isolate is on the caller's thread.
//!
//! A call makes no hop between threads, and copies arguments only into V8. Nothing here is `Send`, except the futures of
//! calls (`pinned`).

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::pinned::Pinned;
use crate::contract::{Arguments as _, GuestMethod};
use crate::error::{Error, Result};
use crate::isolate::binding::Binding;
use crate::isolate::calls::{GuestCall, MethodLeg};
use crate::isolate::flights::Flying;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::script::{self, Evaluation, ScriptExports};
use crate::isolate::ticket::{Ticket, within};
use crate::isolate::{Isolate, Realm, WatchPause, clock, stack};
use crate::observe::bill::Usage;
use crate::options::{ConsoleOutput, Settings};
use crate::script::Script;
use crate::site::builder::{LocalHosts, isolate};
use crate::site::sealed::Sealed;
use crate::site::untyped::{UntypedCall, UntypedTransport};
use crate::site::{
    Callers, CancelHandle, CpuLimitClock, HostThread, HostTypes, Load, NamedContract, Site, SiteCaps,
};
use crate::stack::StackEnd;
use crate::time::Deadline;
use crate::transport::{AsyncTransport, Exports, LocalAsyncTransport, Transport, WithDeadline};
use crate::value::JsValue;

/// The site of a [`LocalSandbox`](crate::LocalSandbox): the isolate belongs to the thread that made it.
///
/// ```
/// use sandbox_runtime::site::{LocalSite, Site};
///
/// assert_eq!(LocalSite::CAPS.name, "LocalSandbox");
/// ```
#[derive(Clone)]
pub struct LocalSite {
    isolate: Rc<Isolate>,
}

/// The exports of an evaluated script.
#[derive(Clone)]
pub struct LocalExports(Rc<ScriptExports>);

/// A realm beside the first one.
#[derive(Clone)]
pub struct RealmOfThread(Rc<Realm>);

impl LocalSite {
    /// Lets the wall time of the call under way stand still, as a debugger does, until the result is dropped.
    pub(crate) fn pause_watchdog(&self) -> WatchPause {
        self.isolate.pause_watch()
    }

    /// Loads a script in a realm of an isolate that a test has made.
    #[cfg(test)]
    #[cfg_attr(feature = "quickjs", allow(dead_code, reason = "tests of V8 alone load so"))]
    pub(crate) fn load<C: ?Sized + crate::contract::GuestContract>(
        isolate: &Rc<Isolate>,
        realm: &Rc<Realm>,
        script: Script,
    ) -> Result<C::Proxy<Local>> {
        let site = Self { isolate: isolate.clone() };
        let exports = site.evaluate(Some(&RealmOfThread(realm.clone())), script, Deadline::NEVER)?;
        site.bind(&exports, NamedContract::of::<C>(), Deadline::NEVER).map(C::proxy)
    }

    fn realm(&self, realm: Option<&RealmOfThread>) -> Result<Rc<Realm>> {
        realm.map_or_else(|| self.isolate.main_realm(), |realm| Ok(realm.0.clone()))
    }
}

impl Sealed for LocalSite {}

impl Site for LocalSite {
    const CAPS: SiteCaps = SiteCaps {
        name: "LocalSandbox",
        callers: Callers::OneThread,
        blocks_runtime: true,
        local_contracts: true,
        host_types: HostTypes::Any,
        host_thread: HostThread::Caller,
        realms: true,
        sink_calls: true,
        cancels_running: true,
        cpu: CpuLimitClock::Thread,
        process_memory: false,
        ends_built_ins: false,
        survives_engine: false,
        hardening: false,
    };

    type Transport = Local;
    type Loads<P: 'static> = Pin<Box<dyn Future<Output = Result<P>>>>;
    type Hosts = LocalHosts;
    type Exports = LocalExports;
    type Realm = RealmOfThread;

    fn start(settings: Settings, hosts: LocalHosts) -> Result<Self> {
        let stack = stack::available(&settings.limits).map_err(Error::build)?;
        let isolate = isolate(settings, hosts.0, StackEnd::below_here(stack))?;
        Ok(Self { isolate })
    }

    fn evaluate(
        &self,
        realm: Option<&RealmOfThread>,
        script: Script,
        deadline: Deadline,
    ) -> Result<LocalExports> {
        let exports = self.isolate.evaluate(&self.realm(realm)?, &script, deadline)?;
        Ok(LocalExports(Rc::new(exports)))
    }

    async fn evaluate_async(
        self,
        realm: Option<RealmOfThread>,
        script: Script,
        deadline: Deadline,
    ) -> Result<LocalExports> {
        let evaluation = Evaluation::new(self.realm(realm.as_ref())?, script.clone());
        let evaluation = Flying::new(self.isolate, evaluation, Ticket::new(deadline));
        let exports = evaluation.await.map_err(|error| script::error_of(error, &script))?;
        Ok(LocalExports(Rc::new(exports)))
    }

    fn bind(&self, exports: &LocalExports, contract: NamedContract, deadline: Deadline) -> Result<Local> {
        let binding = self.isolate.bind(&exports.0, &contract.spec, contract.checks, deadline)?;
        Ok(Local { isolate: self.isolate.clone(), binding: Rc::new(binding), deadline })
    }

    async fn bind_async(
        self,
        exports: LocalExports,
        contract: NamedContract,
        deadline: Deadline,
    ) -> Result<Local> {
        self.bind(&exports, contract, deadline)
    }

    fn make_realm(&self, deadline: Deadline) -> Result<RealmOfThread> {
        self.isolate.make_realm(deadline).map(RealmOfThread)
    }

    async fn make_realm_async(self, deadline: Deadline) -> Result<RealmOfThread> {
        self.make_realm(deadline)
    }

    fn reset(&self) -> Result<()> {
        self.isolate.reset()
    }

    async fn reset_async(self) -> Result<()> {
        self.reset()
    }

    fn cancel_handle(&self) -> CancelHandle {
        CancelHandle::new(self.isolate.cancels.clone())
    }

    fn usage(&self) -> Usage {
        self.isolate.meter().usage()
    }

    fn take_console(&self) -> ConsoleOutput {
        self.isolate.take_console()
    }

    fn loads<P: 'static>(load: Load<Self>, proxy: fn(Local) -> P) -> Self::Loads<P> {
        Box::pin(async move { load.run().await.map(proxy) })
    }
}

/// The transport of a [`LocalSandbox`](crate::LocalSandbox)'s proxies.
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

impl<R> LocalCall<R> {
    pub(super) fn new(call: Pin<Box<dyn Future<Output = Result<R>>>>) -> Self {
        Self(call)
    }
}

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

impl UntypedTransport for Local {
    type Pending = LocalCall<JsValue>;

    fn call_untyped(&self, call: UntypedCall) -> Result<JsValue> {
        let deadline = within(self.deadline);
        self.isolate.call_untyped(&call.methods.at(call.index), &self.binding, call.args, deadline)
    }

    fn call_untyped_async(&self, UntypedCall { methods, index, args }: UntypedCall) -> LocalCall<JsValue> {
        let ticket = Ticket::new(self.deadline);
        LocalCall(Box::pin(self.isolate.fly_untyped((&methods, index), &self.binding, args, ticket)))
    }
}

impl WithDeadline for Local {
    fn until(&self, deadline: Instant) -> Self {
        Self { deadline: clock::deadline(deadline), ..self.clone() }
    }
}
