//! `ThreadSite`: the isolate is on a thread of its own, and its handles are `Send`.
//!
//! A call is a job in the thread's mailbox (`worker`, `remote`).

use std::sync::Arc;
use std::time::Instant;

use super::isolate_handle::{HandleInner, IsolateHandle, IsolateSlot};
use super::remote::RemoteCall;
use super::worker::{Priority, WorkerThread};
use crate::contract::{Arguments as _, GuestMethod};
use crate::error::{Error, Result};
use crate::isolate::calls::MethodLeg;
use crate::isolate::clock;
use crate::isolate::flights::Flying;
use crate::isolate::method_info::MethodInfo;
use crate::isolate::script::{self, Evaluation};
use crate::isolate::ticket::within;
use crate::observe::bill::Usage;
use crate::options::{ConsoleOutput, Settings};
use crate::script::Script;
use crate::site::builder::SendHosts;
use crate::site::load::Loads;
use crate::site::sealed::Sealed;
use crate::site::untyped::{UntypedCall, UntypedTransport};
use crate::site::{
    Callers, CancelHandle, CpuLimitClock, HostThread, HostTypes, Load, NamedContract, SendSite, Site,
    SiteCaps,
};
use crate::time::Deadline;
use crate::transport::{AsyncTransport, Exports, Transport, WithDeadline};
use crate::value::JsValue;

/// The site of a [`Sandbox`](crate::Sandbox): the isolate has a thread of its own.
///
/// ```
/// use sandbox_runtime::site::{Callers, Site, ThreadSite};
///
/// assert_eq!(ThreadSite::CAPS.callers, Callers::AnyThread);
/// ```
#[derive(Clone)]
pub struct ThreadSite {
    handle: Arc<IsolateHandle>,
}

impl Sealed for ThreadSite {}

impl SendSite for ThreadSite {
    fn hosts(hosts: &mut SendHosts) -> &mut SendHosts {
        hosts
    }
}

impl Site for ThreadSite {
    const CAPS: SiteCaps = SiteCaps {
        name: "Sandbox",
        callers: Callers::AnyThread,
        blocks_runtime: false,
        local_contracts: false,
        host_types: HostTypes::SendOnly,
        host_thread: HostThread::Isolate,
        realms: true,
        sink_calls: true,
        cancels_running: true,
        cpu: CpuLimitClock::Thread,
        process_memory: false,
        ends_built_ins: false,
        survives_engine: false,
        hardening: false,
    };

    type Transport = Remote;
    type Loads<P: 'static> = Loads<P>;
    type Hosts = SendHosts;
    type Exports = Arc<HandleInner>;
    type Realm = Arc<HandleInner>;

    fn start(settings: Settings, hosts: SendHosts) -> Result<Self> {
        let thread =
            Arc::new(WorkerThread::start("sandbox", settings.limits.stack, Priority::Normal, || None)?);
        let handle = Arc::new(IsolateHandle::start(thread, 0, settings, hosts)?);
        Ok(Self { handle })
    }

    fn evaluate(
        &self,
        realm: Option<&Arc<HandleInner>>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Arc<HandleInner>> {
        let (own, realm) = (self.handle.clone(), realm.map(|realm| realm.key));
        let evaluated = script.clone();
        let exports = self.handle.run_until(deadline, move |slot| {
            let exports = slot.isolate.evaluate(&slot.realm(realm)?, &evaluated, deadline)?;
            Ok(HandleInner::exports(own, slot, exports))
        });
        exports.map(Arc::new).map_err(|error| script::error_of(error, &script))
    }

    async fn evaluate_async(
        self,
        realm: Option<Arc<HandleInner>>,
        script: Script,
        deadline: Deadline,
    ) -> Result<Arc<HandleInner>> {
        let (evaluated, own, key) =
            (script.clone(), self.handle.clone(), realm.as_ref().map(|realm| realm.key));
        let evaluation = RemoteCall::at_slot(
            self.handle,
            (deadline, None),
            move |slot, ticket| {
                let evaluation = Evaluation::new(slot.realm(key)?, evaluated);
                Ok(Flying::new(slot.isolate.clone(), evaluation, ticket))
            },
            |slot, exports| HandleInner::exports(own, slot, exports),
        );
        let exports = evaluation.await.map_err(|error| script::error_of(error, &script))?;
        Ok(Arc::new(exports))
    }

    fn bind(
        &self,
        exports: &Arc<HandleInner>,
        contract: NamedContract,
        deadline: Deadline,
    ) -> Result<Remote> {
        let exports = exports.clone();
        self.handle.run_until(deadline, move |slot| bind(slot, &exports, contract, deadline))
    }

    async fn bind_async(
        self,
        exports: Arc<HandleInner>,
        contract: NamedContract,
        deadline: Deadline,
    ) -> Result<Remote> {
        self.handle.ask(move |slot| bind(slot, &exports, contract, deadline)).await
    }

    fn make_realm(&self, deadline: Deadline) -> Result<Arc<HandleInner>> {
        self.handle.run_until(deadline, make_realm(self.handle.clone(), deadline))
    }

    async fn make_realm_async(self, deadline: Deadline) -> Result<Arc<HandleInner>> {
        self.handle.ask(make_realm(self.handle.clone(), deadline)).await
    }

    fn reset(&self) -> Result<()> {
        self.handle.reset()
    }

    async fn reset_async(self) -> Result<()> {
        self.handle.reset_async().await
    }

    fn cancel_handle(&self) -> CancelHandle {
        CancelHandle::new(self.handle.cancels.clone())
    }

    fn usage(&self) -> Usage {
        self.handle.meter.usage()
    }

    fn take_console(&self) -> ConsoleOutput {
        self.handle.captured.take()
    }

    fn loads<P: 'static>(load: Load<Self>, proxy: fn(Remote) -> P) -> Loads<P> {
        Loads::new(load.run(), proxy)
    }
}

/// Makes a realm, on the isolate's thread.
fn make_realm(
    handle: Arc<IsolateHandle>,
    deadline: Deadline,
) -> impl FnOnce(&IsolateSlot) -> Result<Arc<HandleInner>> + Send + 'static {
    move |slot| Ok(Arc::new(HandleInner::realm(handle, slot, slot.isolate.make_realm(deadline)?)))
}

/// Binds a contract to a script's exports, on the isolate's thread.
fn bind(
    slot: &IsolateSlot,
    exports: &HandleInner,
    contract: NamedContract,
    deadline: Deadline,
) -> Result<Remote> {
    let binding =
        slot.isolate.bind(&*slot.exports.get(exports.key)?, &contract.spec, contract.checks, deadline)?;
    let exported = binding.exported().into();
    let binding = Arc::new(HandleInner::binding(exports.handle.clone(), slot, binding));
    Ok(Remote { binding, exported, deadline })
}

/// The transport of a [`Sandbox`](crate::Sandbox)'s proxies.
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
            (self.deadline, Some(MethodInfo::billed::<M>().place().clone())),
            move |slot, ticket| {
                let bound = slot.bindings.get(key)?;
                drop(binding);
                Ok(MethodLeg::<M>::fly(slot.isolate.clone(), bound, args, ticket))
            },
            |_, value| value,
        )
    }
}

impl UntypedTransport for Remote {
    type Pending = RemoteCall<JsValue>;

    fn call_untyped(&self, call: UntypedCall) -> Result<JsValue> {
        let (key, deadline, place) = (self.binding.key, within(self.deadline), call.method().place().clone());
        let called = self.binding.handle.run_until(deadline, move |slot| {
            let binding = slot.bindings.get(key)?;
            slot.isolate.call_untyped(&call.methods.at(call.index), &binding, call.args, deadline)
        });
        called.map_err(|error| error.at(&place))
    }

    fn call_untyped_async(&self, call: UntypedCall) -> RemoteCall<JsValue> {
        let (key, place) = (self.binding.key, Some(call.method().place().clone()));
        // The binding must not be dropped before the call.
        let binding = self.binding.clone();
        RemoteCall::at_slot(
            self.binding.handle.clone(),
            (self.deadline, place),
            move |slot, ticket| {
                let bound = slot.bindings.get(key)?;
                drop(binding);
                Ok(slot.isolate.fly_untyped((&call.methods, call.index), &bound, call.args, ticket))
            },
            |_, value| value,
        )
    }
}
