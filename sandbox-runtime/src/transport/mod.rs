//! How a proxy reaches its guest. A proxy is generic over this, so a transport can be added without touching
//! the macro.

pub(crate) mod local;
mod mailbox;
pub(crate) mod thread;

use crate::contract::GuestMethod;
use crate::error::Error;

/// Which methods of a contract a guest implements.
#[doc(hidden)]
pub trait Exports {
    fn exports(&self, method: usize) -> bool;
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
