//! What the guests of the corpus are given, and what is asked of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt as _, stream};
use sandbox_runtime::{
    AsyncCallback, Bytes, Callback, Cancellation, Engine, Error, GuestError, Handle, Intrinsics, Items,
    Limits, LocalSandbox, ProcessSandbox, Result, Sandbox, Script, Stream, Web, sandbox_api,
};
use serde::{Deserialize, Serialize};
use tokio::task::yield_now;

use super::secrets::HOST_TEXT;

/// A struct with everything that structs have.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Order {
    id: u32,
    note: Option<String>,
    lines: Vec<Line>,
    total: f64,
}

/// A struct inside of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    sku: String,
    amount: f64,
}

/// Why the host says no; the guest may know which.
#[derive(Debug, thiserror::Error, GuestError)]
pub enum Refused {
    /// Told, with a property.
    #[error("no {sku}: {}", HOST_TEXT)]
    #[guest(class = "RangeError", message = "no such product: {sku}")]
    Unknown {
        /// What was asked for.
        #[guest]
        sku: String,
    },
    /// Not told.
    #[error("{}", HOST_TEXT)]
    Secret,
}

/// The contract under attack. The first one, so `sandbox_leaky` puts it into the host's realm.
#[sandbox_api(host)]
pub trait Tool {
    fn add(&self, a: f64, b: f64) -> f64;
    fn flag(&self, on: bool, n: u8) -> u32;
    fn echo(&self, text: &str) -> String;
    fn make(&self) -> Vec<Option<String>>;
    fn order(&self, order: Order) -> Order;
    fn bytes(&self, data: &[u8]) -> Bytes;
    fn any(&self, value: serde_json::Value) -> serde_json::Value;
    fn fail(&self, how: &str) -> Result<String, Refused>;
    fn refuse(&self) -> Result<String>;
    fn explode(&self) -> f64;
    /// Calls the guest's `again`.
    fn again(&self, depth: u32) -> Result<String>;
    /// Calls the guest's `receive` with values of the host.
    fn deliver(&self) -> Result<String>;
}

/// Another one, in the guest's realm whatever happens.
#[sandbox_api(host)]
pub trait Vault {
    fn guess(&self, pin: u32, note: &str) -> bool;
    fn sum(&self, numbers: &[f64]) -> f64;
    /// A handle. The name says what its drop does: `calls` the guest, or `panics`.
    fn open(&self, name: &str) -> Handle<dyn Drawer>;
    fn key(&self) -> Handle<dyn Key>;
    fn owns(&self, drawer: Handle<dyn Drawer>) -> bool;
    /// The numbers from 0 as texts, or what the guest's function makes of each.
    fn items(&self, count: u32, each: Option<Ring>) -> Items<String>;
    /// How many values the guest has left.
    fn count(&self, items: Items<String>) -> u32;
    /// Calls a function.
    fn ring(&self, bell: Ring, times: u32) -> Result<String>;
    /// A function of the host, which calls the guest's function where there is one.
    fn bell(&self, inner: Option<Ring>) -> Ring;
    fn is_same(&self, one: Ring, other: Ring) -> bool;
    /// A function of the host that takes anything.
    fn any_bell(&self) -> Callback<fn(serde_json::Value) -> Result<serde_json::Value>>;
}

/// A function of either side.
pub type Ring = Callback<fn(u32) -> Result<String>>;

/// An `async` function of either side.
pub type AsyncRing = AsyncCallback<fn(u32) -> Result<String>>;

/// The methods of the corpus's handles.
#[sandbox_api(host)]
pub trait Drawer: Send + Sync {
    fn read(&self, count: u32) -> String;
    fn take(&self, value: serde_json::Value) -> serde_json::Value;
    /// Calls the guest's `again`.
    fn again(&self) -> Result<String>;
    fn fail(&self) -> Result<String>;
    fn open(&self) -> Handle<dyn Drawer>;
}

/// Another contract of handles. Its name is one that the shim of handles uses too.
#[sandbox_api(host, name = "number")]
pub trait Key: Send + Sync {
    fn turn(&self) -> f64;
    async fn later(&self) -> f64;
}

/// What a guest of the corpus exports.
#[sandbox_api(guest)]
pub trait Attack {
    fn attack(&self) -> Result<String>;
    /// What its microtasks found, after `attack` has returned.
    fn later(&self) -> Result<String> {
        Ok(String::new())
    }
    fn again(&self, depth: u32) -> Result<String> {
        Ok(format!("nothing at {depth}"))
    }
    fn receive(&self, order: Order, names: &[String], data: &[u8]) -> Result<String> {
        Ok(format!("{} {} {}", order.id, names.len(), data.len()))
    }
}

/// What answers later.
#[sandbox_api(host)]
pub trait Slow: Send + Sync {
    async fn echo(&self, text: &str) -> String;
    async fn bytes(&self, data: &[u8]) -> Bytes;
    async fn any(&self, value: serde_json::Value) -> serde_json::Value;
    async fn order(&self, order: Order) -> Order;
    async fn fail(&self, how: &str) -> Result<String, Refused>;
    async fn refuse(&self) -> Result<String>;
    async fn explode(&self) -> f64;
    async fn never(&self, ends: Cancellation) -> String;
    async fn hold(&self, value: serde_json::Value, ends: Cancellation) -> String;
    /// The numbers from 0 as texts, or what the guest's function makes of each. Each second one is waited for.
    async fn rows(&self, count: u32, each: Option<AsyncRing>) -> Stream<String>;
    /// A stream that never has a value.
    async fn silent(&self) -> Stream<String>;
    async fn ring(&self, bell: AsyncRing, times: u32) -> Result<String>;
    async fn bell(&self, inner: Option<AsyncRing>) -> AsyncRing;
}

/// It answers when it is polled again, but for `never`.
struct Later;

#[sandbox_api]
impl Slow for Later {
    async fn echo(&self, text: &str) -> String {
        yield_now().await;
        text.into()
    }
    async fn bytes(&self, data: &[u8]) -> Bytes {
        yield_now().await;
        data.to_vec().into()
    }
    async fn any(&self, value: serde_json::Value) -> serde_json::Value {
        yield_now().await;
        value
    }
    async fn order(&self, order: Order) -> Order {
        yield_now().await;
        order
    }
    async fn fail(&self, how: &str) -> Result<String, Refused> {
        yield_now().await;
        Err(if how == "secret" { Refused::Secret } else { Refused::Unknown { sku: how.into() } })
    }
    async fn refuse(&self) -> Result<String> {
        yield_now().await;
        Err(Error::host(HOST_TEXT))
    }
    async fn explode(&self) -> f64 {
        yield_now().await;
        panic!("{HOST_TEXT}")
    }
    async fn never(&self, _: Cancellation) -> String {
        std::future::pending().await
    }
    async fn hold(&self, _: serde_json::Value, _: Cancellation) -> String {
        std::future::pending().await
    }
    async fn rows(&self, count: u32, each: Option<AsyncRing>) -> Stream<String> {
        Stream::new(stream::iter(0..count).then(move |at| {
            let each = each.clone();
            async move {
                if at % 2 == 1 {
                    yield_now().await;
                }
                match each {
                    Some(each) => each.call(at).await,
                    None => Ok(at.to_string()),
                }
            }
        }))
    }
    async fn silent(&self) -> Stream<String> {
        Stream::new(stream::pending())
    }
    async fn ring(&self, bell: AsyncRing, times: u32) -> Result<String> {
        let mut said = String::new();
        for at in 0..times {
            said += &bell.call(at).await?;
        }
        Ok(said)
    }
    async fn bell(&self, inner: Option<AsyncRing>) -> AsyncRing {
        AsyncCallback::new(move |at: u32| {
            let inner = inner.clone();
            async move {
                yield_now().await;
                match inner {
                    Some(inner) => inner.call(at).await,
                    None => Ok(format!("rung {at}")),
                }
            }
        })
    }
}

/// A guest of the corpus whose `attack` is awaited.
#[sandbox_api(guest)]
pub trait Awaited {
    async fn attack(&self) -> Result<String>;
}

/// What a script says that looks around in its realm: `graph.js`.
#[sandbox_api(guest)]
pub trait Look {
    /// Everything that can be reached, a line each.
    fn lines(&self, order: Order, names: &[String], data: &[u8]) -> Result<String>;
    /// What is not as it was when a realm was made, or comes from another.
    fn problems(&self) -> Result<String>;
}

impl dyn Look + '_ {
    /// The lines, with arguments of every kind among what can be reached.
    pub(crate) fn all_lines(&self) -> Result<String> {
        self.lines(delivered(), &["x".to_owned(), "y".to_owned()], &[1, 2, 3])
    }
}

/// An order of the host.
fn delivered() -> Order {
    let line = Line { sku: "a".into(), amount: 1.5 };
    Order { id: 7, note: Some("n".into()), lines: vec![line.clone(), line], total: 3.0 }
}

/// How a host method finds the guest that it calls again.
pub(crate) trait Guest: Send + Sync {
    fn with<R>(&self, body: impl FnOnce(&dyn Attack) -> R) -> Option<R>;
}

/// The guest of a `LocalSandbox`, once it is loaded. Only its own thread finds it.
#[derive(Clone)]
pub(crate) struct Here(u64);

thread_local! {
    static GUESTS: RefCell<BTreeMap<u64, Rc<dyn Attack>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Default for Here {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Here {
    fn set(&self, guest: Rc<dyn Attack>) {
        drop(GUESTS.with_borrow_mut(|guests| guests.insert(self.0, guest)));
    }

    fn take(&self) {
        drop(GUESTS.with_borrow_mut(|guests| guests.remove(&self.0)));
    }
}

impl Guest for Here {
    fn with<R>(&self, body: impl FnOnce(&dyn Attack) -> R) -> Option<R> {
        let guest = GUESTS.with_borrow(|guests| guests.get(&self.0).cloned());
        guest.map(|guest| body(&*guest))
    }
}

/// The guest of a `Sandbox`.
#[derive(Clone, Default)]
pub(crate) struct There(Arc<Mutex<Option<Arc<dyn Attack + Send + Sync>>>>);

impl Guest for There {
    fn with<R>(&self, body: impl FnOnce(&dyn Attack) -> R) -> Option<R> {
        let guest = self.0.lock().ok()?.clone();
        guest.map(|guest| body(&*guest))
    }
}

/// The host of both contracts.
pub(crate) struct Host<G>(G);

impl<G: Guest + 'static> Tool for Host<G> {
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn flag(&self, on: bool, n: u8) -> u32 {
        u32::from(on) + u32::from(n)
    }
    fn echo(&self, text: &str) -> String {
        text.into()
    }
    fn make(&self) -> Vec<Option<String>> {
        vec![Some("a".into()), None, Some("b".into())]
    }
    fn order(&self, order: Order) -> Order {
        order
    }
    fn bytes(&self, data: &[u8]) -> Bytes {
        data.to_vec().into()
    }
    fn any(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }
    fn fail(&self, how: &str) -> Result<String, Refused> {
        Err(if how == "secret" { Refused::Secret } else { Refused::Unknown { sku: how.into() } })
    }
    fn refuse(&self) -> Result<String> {
        Err(Error::host(HOST_TEXT))
    }
    fn explode(&self) -> f64 {
        panic!("{HOST_TEXT}")
    }
    fn again(&self, depth: u32) -> Result<String> {
        self.0.with(|guest| guest.again(depth)).unwrap_or_else(|| Ok("not yet".into()))
    }
    fn deliver(&self) -> Result<String> {
        let names = ["x".to_owned(), "y".to_owned()];
        self.0
            .with(|guest| guest.receive(delivered(), &names, &[1, 2, 3]))
            .unwrap_or_else(|| Ok("not yet".into()))
    }
}

/// A drawer, which does what its name says when it is dropped.
struct Named<G: Guest>(String, G);

impl<G: Guest> Drop for Named<G> {
    fn drop(&mut self) {
        match &*self.0 {
            "calls" => drop(self.1.with(|guest| guest.again(1))),
            "panics" => panic!("{HOST_TEXT}"),
            _ => {}
        }
    }
}

impl<G: Guest + Clone + 'static> Drawer for Named<G> {
    fn read(&self, count: u32) -> String {
        self.0.chars().take(1).cycle().take(count as usize % 8).collect()
    }
    fn take(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }
    fn again(&self) -> Result<String> {
        self.1.with(|guest| guest.again(1)).unwrap_or_else(|| Ok("not yet".into()))
    }
    fn fail(&self) -> Result<String> {
        Err(Error::host(HOST_TEXT))
    }
    fn open(&self) -> Handle<dyn Drawer> {
        Handle::new(Named("a".into(), self.1.clone()))
    }
}

#[sandbox_api]
impl Key for f64 {
    fn turn(&self) -> f64 {
        *self
    }
    async fn later(&self) -> f64 {
        yield_now().await;
        *self
    }
}

impl<G: Guest + Clone + 'static> Vault for Host<G> {
    fn guess(&self, _: u32, _: &str) -> bool {
        false
    }
    fn sum(&self, numbers: &[f64]) -> f64 {
        numbers.iter().sum()
    }
    fn open(&self, name: &str) -> Handle<dyn Drawer> {
        Handle::new(Named(name.into(), self.0.clone()))
    }
    fn key(&self) -> Handle<dyn Key> {
        Handle::new(1.0)
    }
    fn owns(&self, drawer: Handle<dyn Drawer>) -> bool {
        drawer.read(1).len() == 1
    }
    fn items(&self, count: u32, each: Option<Ring>) -> Items<String> {
        let value = move |at: u32| each.as_ref().map_or_else(|| Ok(at.to_string()), |each| each.call(at));
        Items::new((0..count).map(value))
    }
    fn count(&self, items: Items<String>) -> u32 {
        items.take(1000).fold(0, |count, _| count + 1)
    }
    fn ring(&self, bell: Ring, times: u32) -> Result<String> {
        (0..times).map(|at| bell.call(at)).collect()
    }
    fn bell(&self, inner: Option<Ring>) -> Ring {
        let rung =
            move |at: u32| inner.as_ref().map_or_else(|| Ok(format!("rung {at}")), |inner| inner.call(at));
        Callback::new(rung)
    }
    fn is_same(&self, one: Ring, other: Ring) -> bool {
        one.is_same(&other)
    }
    fn any_bell(&self) -> Callback<fn(serde_json::Value) -> Result<serde_json::Value>> {
        Callback::new(Ok)
    }
}

/// How a case reaches its sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// In this thread.
    Local,
    /// On a thread of its own.
    #[cfg_attr(sandbox_leaky, expect(dead_code, reason = "calls of the canary are counted by thread"))]
    Thread,
    /// On a thread of its own, with the names of the web.
    #[cfg_attr(sandbox_leaky, expect(dead_code, reason = "calls of the canary are counted by thread"))]
    Web,
    /// Over a link, whose other end is a thread of this process.
    #[cfg_attr(sandbox_leaky, expect(dead_code, reason = "calls of the canary are counted by thread"))]
    Link,
}

/// The names of the web that guests have: all that the engine has.
fn names() -> Web {
    match Engine::CURRENT {
        Engine::V8 => Web::node(),
        _ => Web::SELF | Web::GLOBAL,
    }
}

/// A sandbox with both contracts, of either kind.
pub(crate) enum Tenant {
    Local(LocalSandbox, Here),
    Thread(Sandbox, There),
    Link(ProcessSandbox, There),
}

impl Tenant {
    pub(crate) fn new(transport: Transport, limits: Limits, intrinsics: Intrinsics) -> Result<Self> {
        Ok(match transport {
            Transport::Local => {
                let here = Here::default();
                let builder = LocalSandbox::builder().limits(limits).intrinsics(intrinsics);
                let builder = builder
                    .host::<dyn Tool>(Host(here.clone()))
                    .host::<dyn Vault>(Host(here.clone()))
                    .host::<dyn Slow>(Later);
                Self::Local(builder.build()?, here)
            }
            Transport::Thread => {
                let there = There::default();
                let builder = Sandbox::builder().limits(limits).intrinsics(intrinsics);
                let builder = builder
                    .host::<dyn Tool>(Host(there.clone()))
                    .host::<dyn Vault>(Host(there.clone()))
                    .host::<dyn Slow>(Later);
                Self::Thread(builder.build()?, there)
            }
            Transport::Web => {
                let there = There::default();
                let builder = Sandbox::builder().limits(limits).intrinsics(intrinsics).web(names());
                let builder = builder
                    .host::<dyn Tool>(Host(there.clone()))
                    .host::<dyn Vault>(Host(there.clone()))
                    .host::<dyn Slow>(Later);
                Self::Thread(builder.build()?, there)
            }
            Transport::Link => {
                let there = There::default();
                // A thread that gets no processor is not ended for it.
                let link = sandbox_runtime::testing::in_memory(true).grace(super::slack::LONG);
                let builder = Sandbox::builder().limits(limits).intrinsics(intrinsics).transport(link);
                let builder = builder
                    .host::<dyn Tool>(Host(there.clone()))
                    .host::<dyn Vault>(Host(there.clone()))
                    .host::<dyn Slow>(Later);
                Self::Link(builder.build()?, there)
            }
        })
    }

    /// Loads a guest, which the host methods call from now on.
    pub(crate) fn load(&self, script: Script) -> Result<()> {
        match self {
            Self::Local(sandbox, here) => {
                here.set(Rc::new(sandbox.load::<dyn Attack>(script)?));
            }
            Self::Thread(sandbox, there) => {
                let guest = Arc::new(sandbox.load::<dyn Attack>(script)?);
                *there.0.lock().expect("no host method panics here") = Some(guest);
            }
            Self::Link(sandbox, there) => {
                let guest = Arc::new(sandbox.load::<dyn Attack>(script)?);
                *there.0.lock().expect("no host method panics here") = Some(guest);
            }
        }
        Ok(())
    }

    /// Loads a guest, and awaits its `attack`.
    pub(crate) fn load_and_await(&self, script: Script) -> Result<String> {
        let guest: Box<dyn Awaited> = match self {
            Self::Local(sandbox, here) => {
                let guest = sandbox.eval(script)?;
                here.set(Rc::new(guest.bind::<dyn Attack>()?));
                Box::new(guest.bind::<dyn Awaited>()?)
            }
            Self::Thread(sandbox, there) => {
                let guest = sandbox.eval(script)?;
                let attack = Arc::new(guest.bind::<dyn Attack>()?);
                *there.0.lock().expect("no host method panics here") = Some(attack);
                Box::new(guest.bind::<dyn Awaited>()?)
            }
            Self::Link(sandbox, there) => {
                let guest = sandbox.eval(script)?;
                let attack = Arc::new(guest.bind::<dyn Attack>()?);
                *there.0.lock().expect("no host method panics here") = Some(attack);
                Box::new(guest.bind::<dyn Awaited>()?)
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(guest.attack())
    }

    /// Calls the guest that was loaded last.
    pub(crate) fn call(&self, method: impl FnOnce(&dyn Attack) -> Result<String>) -> Result<String> {
        let outcome = match self {
            Self::Local(_, here) => here.with(method),
            Self::Thread(_, there) | Self::Link(_, there) => there.with(method),
        };
        outcome.expect("a guest was loaded")
    }

    /// Loads a script that looks around.
    pub(crate) fn looker(&self, script: Script) -> Result<Box<dyn Look>> {
        Ok(match self {
            Self::Local(sandbox, _) => Box::new(sandbox.load::<dyn Look>(script)?),
            Self::Thread(sandbox, _) => Box::new(sandbox.load::<dyn Look>(script)?),
            Self::Link(sandbox, _) => Box::new(sandbox.load::<dyn Look>(script)?),
        })
    }

    /// The same in a further realm of the sandbox.
    #[cfg(not(sandbox_leaky))]
    pub(crate) fn looker_of_a_realm(&self, script: Script) -> Result<Box<dyn Look>> {
        Ok(match self {
            Self::Local(sandbox, _) => Box::new(sandbox.realm()?.load::<dyn Look>(script)?),
            Self::Thread(sandbox, _) => Box::new(sandbox.realm()?.load::<dyn Look>(script)?),
            Self::Link(sandbox, _) => Box::new(sandbox.realm()?.load::<dyn Look>(script)?),
        })
    }
}

/// The host's guest is of the sandbox that owns the host.
impl Drop for Tenant {
    fn drop(&mut self) {
        match self {
            Self::Local(_, here) => here.take(),
            Self::Thread(_, there) | Self::Link(_, there) => {
                drop(there.0.lock().map(|mut guest| guest.take()));
            }
        }
    }
}
