//! The names of the sandboxes, one for each site.

use super::{Client, Guest, Realm};
use crate::isolate::WatchPause;
#[cfg(feature = "process")]
use crate::process::{HardeningReport, ProcessSite};
use crate::site::typed::local::LocalSite;
use crate::site::typed::thread::ThreadSite;

/// A sandbox whose isolate has a thread of its own: `Send`, `Sync` and `Clone`.
///
/// A clone is another handle of the same sandbox. Calls from several threads take turns. The thread ends when the last
/// handle and the last proxy are dropped. A host implementation that holds a handle of its own sandbox keeps it alive for
/// ever. Let it hold a [`std::sync::Weak`], or a [`std::sync::OnceLock`] of the application.
///
/// A synchronous method blocks the caller until the guest has returned, and so do [`eval`](Client::eval),
/// [`load`](Client::load) and [`reset`](Client::reset). On a thread of a tokio runtime with several threads, the thread's
/// tasks are handed to another meanwhile, as `tokio::task::block_in_place` does. On the only thread of a runtime the call is
/// refused with [`Error::Blocking`](crate::Error::Blocking), because all of the runtime's tasks would stop. An `async`
/// method, and the methods that end with `_async`, wait as futures do, in any executor. Futures of host methods are polled
/// on the isolate's thread. If the sandbox was built in a tokio runtime, they run within that runtime.
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
pub type Sandbox = Client<ThreadSite>;

/// A sandbox whose isolate belongs to the thread that made it.
///
/// A call does not change threads, so it has the least overhead. The sandbox and its proxies stay on their thread.
/// [`Sandbox`] can be sent and shared. The methods that end with `_async` run the guest on the thread that polls them.
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
pub type LocalSandbox = Client<LocalSite>;

impl Client<LocalSite> {
    /// Lets the wall time of the call under way stand still until the result is dropped, as a debugger does.
    #[doc(hidden)]
    pub fn pause_watchdog(&self) -> WatchPause {
        self.site.pause_watchdog()
    }
}

/// A script that has been evaluated in a [`LocalSandbox`].
///
/// ```
/// use sandbox_runtime::{LocalGuest, LocalSandbox, Script};
///
/// let sandbox = LocalSandbox::builder().build()?;
/// let guest: LocalGuest = sandbox.eval(Script::new("a.js", "export const a = 1;"))?;
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
pub type LocalGuest = Guest<LocalSite>;

/// One more realm of a [`LocalSandbox`]; see [`Realm`].
///
/// ```
/// use sandbox_runtime::{LocalRealm, LocalSandbox, Result, Script, sandbox_api};
///
/// #[sandbox_api]
/// pub trait Counter {
///     fn next(&self) -> Result<u32>;
/// }
///
/// let sandbox = LocalSandbox::builder().build()?;
/// let realm: LocalRealm = sandbox.realm()?;
/// let script = Script::new("counter.js", "globalThis.n = 0; export const next = () => ++n;");
/// assert_eq!(realm.load::<dyn Counter>(script)?.next()?, 1);
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
pub type LocalRealm = Realm<LocalSite>;

/// A sandbox in a process of its own; see [`Builder::transport`](crate::Builder::transport).
///
/// The sandbox is `Send` and `Sync`. Synchronous calls are made one after the other, and call the host's methods on the
/// caller's thread. Calls of `async` methods are under way at the same time. One thread of the sandbox calls the host for
/// all of them.
///
/// ```no_run
/// use sandbox_runtime::process::{self, Process};
/// use sandbox_runtime::{ProcessSandbox, Result, Sandbox};
///
/// fn main() -> Result<()> {
///     process::init();
///     let sandbox: ProcessSandbox = Sandbox::builder().transport(Process::new()).build()?;
///     println!("{:?}", sandbox.pid());
///     Ok(())
/// }
/// ```
#[cfg(feature = "process")]
pub type ProcessSandbox = Client<ProcessSite>;

/// A script that has been evaluated in a [`ProcessSandbox`].
#[cfg(feature = "process")]
pub type ProcessGuest = Guest<ProcessSite>;

/// One more realm of a [`ProcessSandbox`]; see [`Realm`].
///
/// ```no_run
/// use sandbox_runtime::process::{self, Process, ProcessRealm};
/// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Counter { fn next(&self) -> Result<u32>; }
///
/// fn main() -> Result<()> {
///     process::init();
///     let sandbox = Sandbox::builder().transport(Process::new()).build()?;
///     let script = || Script::new("counter.js", "globalThis.n = 0; export const next = () => ++n;");
///     let (one, other): (ProcessRealm, ProcessRealm) = (sandbox.realm()?, sandbox.realm()?);
///     let (one, other) = (one.load::<dyn Counter>(script())?, other.load::<dyn Counter>(script())?);
///     assert_eq!((one.next()?, one.next()?, other.next()?), (1, 2, 1));
///     Ok(())
/// }
/// ```
#[cfg(feature = "process")]
pub type ProcessRealm = Realm<ProcessSite>;

#[cfg(feature = "process")]
impl Client<ProcessSite> {
    /// The hardening of the process, layer by layer; `None` without a process.
    #[must_use]
    pub fn hardening(&self) -> Option<HardeningReport> {
        self.site.wired.report()
    }

    /// The number of the process; `None` without a process.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.site.wired.pid()
    }
}
