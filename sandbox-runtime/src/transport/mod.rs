//! How a proxy reaches its guest. A proxy is generic over this, so a transport can be added without touching
//! the macro.

pub(crate) mod blocking;
mod isolate_handle;
pub(crate) mod loads;
pub(crate) mod local;
mod mailbox;
pub(crate) mod pinned;
pub(crate) mod pool;
mod queue;
pub(crate) mod remote;
pub(crate) mod thread;
pub(crate) mod worker;

use crate::contract::GuestMethod;
use crate::error::Error;

/// Which methods of a contract a guest implements.
#[doc(hidden)]
pub trait Exports {
    fn exports(&self, method: usize) -> bool;
}

/// Can be used until a deadline.
#[doc(hidden)]
pub trait WithDeadline {
    /// The same for calls that end at the deadline at the latest.
    #[must_use]
    fn until(&self, deadline: std::time::Instant) -> Self;
}

/// Can call the method `M` of a guest.
#[diagnostic::on_unimplemented(
    message = "this contract's method `{M}` cannot be called through `{Self}`",
    label = "an argument or the result cannot get there",
    note = "arguments and results move to the thread of a `Sandbox`, so they must be `Send`; `LocalSandbox` takes all"
)]
pub trait Transport<M: GuestMethod>: Exports {
    /// Calls the guest and waits for its answer.
    #[doc(hidden)]
    fn call(&self, args: M::Args<'_>) -> Result<M::Value, Error>;
}

/// Can call the `async` method `M` of a guest, by a future that can be sent.
#[diagnostic::on_unimplemented(
    message = "this contract's method `{M}` cannot be called through `{Self}`",
    label = "an argument or the result cannot be sent",
    note = "the future of an `async` method is `Send`, so its arguments and results must be",
    note = "with `#[sandbox_api(local)]` it need not be, and the contract is for `LocalSandbox` alone"
)]
pub trait AsyncTransport<M: GuestMethod>: Exports {
    /// The call under way.
    #[doc(hidden)]
    type Call: Future<Output = Result<M::Value, Error>> + Send + 'static;
    /// Makes a call, which begins when it is polled first.
    #[doc(hidden)]
    fn call_async(&self, args: M::Args<'_>) -> Self::Call;
}

/// Can call the `async` method `M` of a guest in this thread.
#[diagnostic::on_unimplemented(
    message = "this contract's method `{M}` cannot be called through `{Self}`",
    label = "the contract is for one thread alone",
    note = "a contract with `#[sandbox_api(local)]` is loaded by a `LocalSandbox`"
)]
pub trait LocalAsyncTransport<M: GuestMethod>: Exports {
    /// The call under way.
    #[doc(hidden)]
    type Call: Future<Output = Result<M::Value, Error>> + 'static;
    /// Makes a call, which begins when it is polled first.
    #[doc(hidden)]
    fn call_local(&self, args: M::Args<'_>) -> Self::Call;
}
