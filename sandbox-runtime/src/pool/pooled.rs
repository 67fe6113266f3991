//! The transport of a pool's proxies: finds the tenant's current sandbox, and evaluates the script there if it is new.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::Instrument as _;

use super::tenant_backend::TenantBackend;
use super::tenant_sandbox::{TenantSandbox, TenantSandboxes};
use super::{Loaded, Tenant};
use crate::contract::{Arguments as _, GuestMethod};
use crate::error::{Error, Place, Result};
use crate::isolate::calls::MethodLeg;
use crate::isolate::clock;
use crate::isolate::flights::{Flying, Leg};
use crate::isolate::method_info::MethodInfo;
use crate::isolate::ticket::{Ticket, within};
use crate::observe::{CallOutcome, trace};
#[cfg(feature = "process")]
use crate::process::ProcessCall;
use crate::site::typed::remote::{CallTarget, Guard, RemoteCall, Start, unless_dropped};
use crate::site::typed::worker::{Queues, Turn, Waiting, Worker, WorkerThread, is_done_here};
use crate::site::untyped::{UntypedCall, UntypedTransport};
use crate::time::Deadline;
use crate::transport::{AsyncTransport, Exports, Transport, WithDeadline};
use crate::value::JsValue;

/// The transport of the proxies of a [`SandboxPool`](crate::SandboxPool), which finds the current sandbox of its tenant.
///
/// An application names this type where it keeps proxies in a type of its own. `#[sandbox_api]` on a trait `Rule` makes
/// `RuleProxy<T>`, and `T` is `Pooled` for a pool. A proxy is `Send`, `Sync` and `Clone`. A proxy keeps the pool alive, and
/// the script, which is evaluated again in each new sandbox of the tenant.
///
/// ```
/// use std::collections::HashMap;
/// use sandbox_runtime::{Pooled, Result, SandboxPool, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Rule {
///     fn price(&self, quantity: f64) -> Result<f64>;
/// }
///
/// /// The rule of each tenant.
/// struct Rules(HashMap<String, RuleProxy<Pooled>>);
///
/// let pool = SandboxPool::builder().build()?;
/// let mut rules = Rules(HashMap::new());
/// for (tenant, factor) in [("acme", 2), ("globex", 3)] {
///     let script = Script::new("rule.js", format!("export const price = (quantity) => quantity * {factor};"));
///     rules.0.insert(tenant.to_owned(), pool.tenant(tenant).load::<dyn Rule>(script)?);
/// }
/// assert_eq!((rules.0["acme"].price(4.0)?, rules.0["globex"].price(4.0)?), (8.0, 12.0));
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Pooled {
    pub(super) tenant: Tenant,
    pub(super) loaded: Arc<Loaded>,
    pub(super) deadline: Deadline,
}

impl Exports for Pooled {
    fn exports(&self, method: usize) -> bool {
        self.loaded.exported.get(method).copied().unwrap_or(false)
    }
}

impl WithDeadline for Pooled {
    fn until(&self, deadline: Instant) -> Self {
        Self { deadline: clock::deadline(deadline), ..self.clone() }
    }
}

impl<M: GuestMethod> Transport<M> for Pooled
where
    M::Owned: Send,
    M::Value: Send,
{
    fn call(&self, args: M::Args<'_>) -> Result<M::Value, Error> {
        let args = args.into_owned();
        let place = MethodInfo::billed::<M>().place();
        self.make(place, move |backend, id, deadline| backend.call::<M>(id, args, deadline))
    }
}

impl<M: GuestMethod> AsyncTransport<M> for Pooled
where
    M::Owned: Send,
    M::Value: Send,
{
    type Call = RemoteCall<M::Value>;

    fn call_async(&self, args: M::Args<'_>) -> Self::Call {
        let args = args.into_owned();
        self.order(MethodInfo::billed::<M>().place().clone(), move |backend, id, ticket| {
            #[cfg(feature = "process")]
            if let Some(bound) = backend.away(id, ticket.deadline()) {
                return Ok(Begun::Away(bound.fly::<M>(args)));
            }
            let (isolate, binding) = backend.bound(id)?;
            Ok(Begun::Flies(MethodLeg::<M>::fly(isolate, binding, args, ticket)))
        })
    }
}

impl UntypedTransport for Pooled {
    type Pending = RemoteCall<JsValue>;

    fn call_untyped(&self, call: UntypedCall) -> Result<JsValue> {
        let place = call.method().place().clone();
        self.make(&place, move |backend, id, deadline| backend.call_untyped(id, call, deadline))
    }

    fn call_untyped_async(&self, call: UntypedCall) -> RemoteCall<JsValue> {
        let place = call.method().place().clone();
        self.order(place, move |backend, id, ticket| {
            #[cfg(feature = "process")]
            if let Some(bound) = backend.away(id, ticket.deadline()) {
                return Ok(Begun::Away(bound.call_untyped_async(call)));
            }
            let (isolate, binding) = backend.bound(id)?;
            let UntypedCall { methods, index, args } = call;
            Ok(Begun::Flies(isolate.fly_untyped((&methods, index), &binding, args, ticket)))
        })
    }
}

/// A call that has begun, by the place of its sandbox.
enum Begun<L: Leg> {
    Flies(Flying<L>),
    #[cfg(feature = "process")]
    Away(ProcessCall<L::Output>),
}

impl Pooled {
    /// Makes a synchronous call. `call` makes it in the sandbox of the tenant, which has evaluated the script with this number.
    fn make<R: Send + 'static>(
        &self,
        place: &Place,
        call: impl FnOnce(&TenantBackend, u64, Deadline) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let (loaded, deadline) = (self.loaded.clone(), within(self.deadline));
        let called = self.tenant.run(Some(place.clone()), deadline, move |tenant_sandbox| {
            tenant_sandbox.settle(&loaded, deadline)?;
            call(&tenant_sandbox.backend, loaded.id, deadline)
        });
        called.map_err(|error| error.at(place))
    }

    /// A call of an `async` method. `begin` begins it in the sandbox of the tenant, which has evaluated the script with
    /// this number.
    fn order<L: Leg<Output: Send> + 'static>(
        &self,
        place: Place,
        begin: impl FnOnce(&TenantBackend, u64, Ticket) -> Result<Begun<L>> + Send + 'static,
    ) -> RemoteCall<L::Output> {
        let ticket = Ticket::new(self.deadline);
        let start = self.start(place.clone(), ticket.clone(), begin);
        RemoteCall::new(Arc::new(self.tenant.clone()), ticket, Some(place), start)
    }

    fn start<L: Leg<Output: Send> + 'static>(
        &self,
        place: Place,
        ticket: Ticket,
        begin: impl FnOnce(&TenantBackend, u64, Ticket) -> Result<Begun<L>> + Send + 'static,
    ) -> Start<L::Output> {
        let (shared, tenant, loaded) =
            (self.tenant.pool.shared.clone(), self.tenant.state.clone(), self.loaded.clone());
        let deadline = self.deadline;
        Box::new(move |worker: &Worker, guard, mut answer| {
            if !ticket.begins() {
                return;
            }
            let span = trace::span(&tenant.key, Some(&place));
            let begun = span.in_scope(|| {
                let tenant_sandbox = worker.residents::<TenantSandboxes>()?.of(worker, &shared, &tenant)?;
                tenant_sandbox.settle(&loaded, deadline)?;
                #[cfg_attr(not(feature = "process"), allow(unused_mut, reason = "no call is in a process"))]
                let mut begun = begin(&tenant_sandbox.backend, loaded.id, ticket)?;
                #[cfg(feature = "process")]
                if let Begun::Away(call) = &mut begun
                    && let Some(driver) = call.begin_here()
                {
                    worker.spawn(tenant.id, driver.run());
                }
                Ok((begun, tenant_sandbox))
            });
            let (call, tenant_sandbox) = match begun {
                Ok(begun) => begun,
                Err(error) => {
                    let failed = Err(error);
                    shared.is_over(&span, &tenant, None, &failed, Duration::ZERO);
                    drop(guard);
                    is_done_here();
                    return drop(answer.send(failed));
                }
            };
            let (own, tenant_id) = (span.clone(), tenant.id);
            let task = async move {
                let outcome = match call {
                    Begun::Flies(call) => unless_dropped(call, &mut answer).await,
                    #[cfg(feature = "process")]
                    Begun::Away(call) => unless_dropped(call, &mut answer).await,
                };
                let Some(outcome) = outcome else {
                    trace::outcome(&own, CallOutcome::Dropped);
                    return;
                };
                shared.is_over(&own, &tenant, Some(&tenant_sandbox), &outcome, tenant_sandbox.ran());
                drop((tenant_sandbox, guard));
                is_done_here();
                // The caller may be gone.
                _ = answer.send(outcome);
            };
            worker.spawn(tenant_id, task.instrument(span));
        })
    }
}

impl CallTarget for Tenant {
    fn admit(&self) -> Result<(Arc<WorkerThread>, Option<Guard>)> {
        let admitted = self.admitted()?;
        Ok((self.thread(), Some(Box::new(admitted))))
    }

    fn tenant(&self) -> u64 {
        self.state.id
    }

    fn limit(&self) -> Duration {
        self.pool.shared.settings.limits.wall
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.pool.shared.patience)
    }

    fn look(&self) -> Duration {
        self.pool.shared.look()
    }

    fn look_again(&self) {
        Queues::look_again(self);
    }

    fn not_served(&self) -> Error {
        self.too_late()
    }

    fn cancel(&self, ticket: &Ticket) {
        // Without a watch there is no sandbox, and the call has not begun.
        self.state.watch().inspect(|watch| ticket.cancel(watch));
    }
}

impl Queues for Tenant {
    fn too_late(&self) -> Error {
        self.pool.shared.too_late(&self.state)
    }

    fn look_again(&self) {
        self.pool.shared.place(&self.state, |_| false);
    }

    fn take_back(&self, chain: u64) -> bool {
        self.pool.shared.mailboxes.iter().any(|mailbox| mailbox.take_back(chain).is_some())
    }
}

impl Tenant {
    /// Runs `work` on the thread of the tenant's sandbox, and waits for its result.
    pub(super) fn run<R: Send + 'static>(
        &self,
        place: Option<Place>,
        deadline: Deadline,
        work: impl FnOnce(&TenantSandbox) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let admitted = self.admitted()?;
        let until = Instant::now().checked_add(self.pool.shared.patience);
        let waiting = Waiting {
            limit: self.pool.shared.settings.limits.wall,
            turn: Some(Turn { until, look: self.pool.shared.look(), queues: self }),
            deadline: deadline.time().map(clock::instant),
        };
        self.thread().run(self.state.id, waiting, self.work(place, admitted, work))
    }

    /// Runs `work` like [`run`](Self::run), for a caller that awaits the result.
    pub(super) async fn ask<R: Send + 'static>(
        &self,
        work: impl FnOnce(&TenantSandbox) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let ticket = Ticket::new(Deadline::NEVER);
        let (tenant, own) = (self.clone(), ticket.clone());
        let start: Start<R> = Box::new(move |worker, guard, answer| {
            if !own.begins() {
                return;
            }
            let work = tenant.work(None, guard, work);
            _ = answer.send(work(worker));
        });
        RemoteCall::new(Arc::new(self.clone()), ticket, None, start).await
    }

    fn work<R, G, W>(
        &self,
        place: Option<Place>,
        admitted: G,
        work: W,
    ) -> impl FnOnce(&Worker) -> Result<R> + Send + 'static + use<R, G, W>
    where
        G: Send + 'static,
        W: FnOnce(&TenantSandbox) -> Result<R> + Send + 'static,
    {
        let (shared, tenant) = (self.pool.shared.clone(), self.state.clone());
        move |worker| {
            let span = trace::span(&tenant.key, place.as_ref()).entered();
            let residents = worker.residents::<TenantSandboxes>();
            let tenant_sandbox = residents.and_then(|residents| residents.of(worker, &shared, &tenant));
            let (tenant_sandbox, outcome) = match tenant_sandbox {
                Ok(tenant_sandbox) => {
                    let outcome = work(&tenant_sandbox);
                    (Some(tenant_sandbox), outcome)
                }
                Err(error) => (None, Err(error)),
            };
            // The time to load a script counts once.
            let ran = tenant_sandbox
                .as_deref()
                .filter(|_| place.is_some())
                .map_or(Duration::ZERO, TenantSandbox::ran);
            shared.is_over(&span, &tenant, tenant_sandbox.as_deref(), &outcome, ran);
            drop((tenant_sandbox, admitted));
            is_done_here();
            outcome
        }
    }
}
