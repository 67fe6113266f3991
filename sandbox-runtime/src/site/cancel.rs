//! [`CancelHandle`]: cancels the calls of a sandbox from any thread.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::isolate::cancels::Cancels;

/// The calls of one sandbox, for any thread.
pub(crate) trait CancelCalls: Send + Sync {
    /// Cancels all calls that were made before.
    fn cancel_all(self: Arc<Self>) -> Result<()>;
}

impl CancelCalls for Cancels {
    fn cancel_all(self: Arc<Self>) -> Result<()> {
        Self::cancel_all(&self)
    }
}

/// Cancels the calls of one sandbox, from any thread; see [`Client::cancel_handle`](crate::Client::cancel_handle).
///
/// A clone is another handle of the same sandbox. A handle does not keep the sandbox, and does nothing after its end.
///
/// ```
/// # use sandbox_runtime::{Error, LocalSandbox, Result, Script, sandbox_api};
/// #[sandbox_api(guest)]
/// pub trait Job {
///     fn run(&self) -> Result<()>;
/// }
///
/// /// Tells the other thread that the guest runs.
/// #[sandbox_api(host)]
/// pub trait Begun {
///     fn begun(&self);
/// }
/// impl Begun for std::sync::mpsc::Sender<()> {
///     fn begun(&self) {
///         _ = self.send(());
///     }
/// }
///
/// let (begun, wait) = std::sync::mpsc::channel();
/// let sandbox = LocalSandbox::builder().host::<dyn Begun>(begun).build()?;
/// let job = sandbox.load::<dyn Job>(Script::new("job.js", "export const run = () => { Begun.begun(); for (;;); };"))?;
/// let cancels = sandbox.cancel_handle();
/// std::thread::spawn(move || {
///     _ = wait.recv();
///     cancels.cancel_all()
/// });
/// assert!(matches!(job.run(), Err(Error::Cancelled { was_made: true, .. })));
/// sandbox.eval(Script::new("a.js", "export const a = 1;"))?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct CancelHandle(Arc<dyn CancelCalls>);

impl CancelHandle {
    pub(crate) fn new(calls: Arc<impl CancelCalls + 'static>) -> Self {
        Self(calls)
    }

    /// Cancels all calls that were made before; see [`Client::cancel_all`](crate::Client::cancel_all).
    ///
    /// # Errors
    ///
    /// [`Error::Blocking`](crate::Error::Blocking) when an observer of the sandbox asks for it.
    pub fn cancel_all(&self) -> Result<()> {
        self.0.clone().cancel_all()
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle").finish_non_exhaustive()
    }
}
