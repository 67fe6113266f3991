//! The uses of a guest: evaluating a script, binding a contract to its exports, calling its functions.
//!
//! All guest code runs inside of `run`, within the limits of a call.

pub(crate) mod binding;
mod declared;
mod erased;
mod exported;
mod flight_signals;
pub(crate) mod flights;
mod forms;
mod globals;
mod guest;
mod last_value;
mod modules;
mod node_callback;
pub(crate) mod script;
mod untyped;

pub use erased::GuestCall;
pub(crate) use erased::MethodLeg;
#[cfg(feature = "testing")]
pub(crate) use erased::block_on;
