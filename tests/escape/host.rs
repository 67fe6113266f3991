//! What the guests of the corpus are given, and what is asked of them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use sandbox_runtime::{
    Bytes, Cancellation, Error, GuestError, Handle, Intrinsics, Limits, LocalSandbox, Result, Sandbox,
    Script, sandbox_api,
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
}

/// The methods of the corpus's handles.
#[sandbox_api(host)]
pub trait Drawer {
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
pub(crate) trait Guest {
    fn with<R>(&self, body: impl FnOnce(&dyn Attack) -> R) -> Option<R>;
}

/// The guest of a `LocalSandbox`, once it is loaded.
#[derive(Clone, Default)]
pub(crate) struct Here(Rc<RefCell<Option<Rc<dyn Attack>>>>);

impl Guest for Here {
    fn with<R>(&self, body: impl FnOnce(&dyn Attack) -> R) -> Option<R> {
        let guest = self.0.borrow().clone();
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
}

/// How a case reaches its sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// In this thread.
    Local,
    /// On a thread of its own.
    #[cfg_attr(sandbox_leaky, expect(dead_code, reason = "calls of the canary are counted by thread"))]
    Thread,
}

/// A sandbox with both contracts, of either kind.
pub(crate) enum Tenant {
    Local(LocalSandbox, Here),
    Thread(Sandbox, There),
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
        })
    }

    /// Loads a guest, which the host methods call from now on.
    pub(crate) fn load(&self, script: Script) -> Result<()> {
        match self {
            Self::Local(sandbox, here) => {
                let guest = Rc::new(sandbox.load::<dyn Attack>(script)?);
                *here.0.borrow_mut() = Some(guest);
            }
            Self::Thread(sandbox, there) => {
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
                *here.0.borrow_mut() = Some(Rc::new(guest.bind::<dyn Attack>()?));
                Box::new(guest.bind::<dyn Awaited>()?)
            }
            Self::Thread(sandbox, there) => {
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
            Self::Thread(_, there) => there.with(method),
        };
        outcome.expect("a guest was loaded")
    }

    /// Loads a script that looks around.
    pub(crate) fn looker(&self, script: Script) -> Result<Box<dyn Look>> {
        Ok(match self {
            Self::Local(sandbox, _) => Box::new(sandbox.load::<dyn Look>(script)?),
            Self::Thread(sandbox, _) => Box::new(sandbox.load::<dyn Look>(script)?),
        })
    }

    /// The same in a further realm of the sandbox.
    #[cfg(not(sandbox_leaky))]
    pub(crate) fn looker_of_a_realm(&self, script: Script) -> Result<Box<dyn Look>> {
        Ok(match self {
            Self::Local(sandbox, _) => Box::new(sandbox.realm()?.load::<dyn Look>(script)?),
            Self::Thread(sandbox, _) => Box::new(sandbox.realm()?.load::<dyn Look>(script)?),
        })
    }
}

/// The host's guest is of the sandbox that owns the host.
impl Drop for Tenant {
    fn drop(&mut self) {
        match self {
            Self::Local(_, here) => drop(here.0.take()),
            Self::Thread(_, there) => drop(there.0.lock().map(|mut guest| guest.take())),
        }
    }
}
