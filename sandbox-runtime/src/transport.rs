//! The transports: how a proxy reaches its guest.
//!
//! A proxy is generic over the traits of this module. So a transport can be added without a change of the macro.

use crate::contract::GuestMethod;
use crate::error::Error;

/// The methods of a contract that a guest implements.
#[doc(hidden)]
pub trait Exports {
    fn exports(&self, method: usize) -> bool;
}

/// A transport with a deadline for its callers.
#[doc(hidden)]
pub trait WithDeadline {
    /// Returns the transport for calls that end at the deadline at the latest.
    #[must_use]
    fn until(&self, deadline: std::time::Instant) -> Self;
}

/// A transport that can call the method `M` of a guest.
#[diagnostic::on_unimplemented(
    message = "this contract's method `{M}` cannot be called through `{Self}`",
    label = "an argument or the result cannot move to the sandbox's thread",
    note = "arguments and results move to the thread of a `Sandbox`, so they must be `Send`; `LocalSandbox` takes all"
)]
pub trait Transport<M: GuestMethod>: Exports {
    /// Calls the guest and waits for the result.
    #[doc(hidden)]
    fn call(&self, args: M::Args<'_>) -> Result<M::Value, Error>;
}

/// A transport that can call the `async` method `M` of a guest, by a future that is `Send`.
#[diagnostic::on_unimplemented(
    message = "this contract's method `{M}` cannot be called through `{Self}`",
    label = "an argument or the result cannot be sent",
    note = "the future of an `async` method is `Send`, so its arguments and results must be",
    note = "with `#[sandbox_api(local)]` it need not be, and the contract is for `LocalSandbox` alone"
)]
pub trait AsyncTransport<M: GuestMethod>: Exports {
    /// The future of a call.
    #[doc(hidden)]
    type Call: Future<Output = Result<M::Value, Error>> + Send + 'static;
    /// Makes a call, which begins at the first poll.
    #[doc(hidden)]
    fn call_async(&self, args: M::Args<'_>) -> Self::Call;
}

/// A transport that can call the `async` method `M` of a guest on this thread.
#[diagnostic::on_unimplemented(
    message = "this contract's method `{M}` cannot be called through `{Self}`",
    label = "the contract is for one thread alone",
    note = "a contract with `#[sandbox_api(local)]` is loaded by a `LocalSandbox`"
)]
pub trait LocalAsyncTransport<M: GuestMethod>: Exports {
    /// The future of a call.
    #[doc(hidden)]
    type Call: Future<Output = Result<M::Value, Error>> + 'static;
    /// Makes a call, which begins at the first poll.
    #[doc(hidden)]
    fn call_local(&self, args: M::Args<'_>) -> Self::Call;
}
