//! Sites over a wire: what serves guests at the other end of any link.
//!
//! The *host* is the application's end of a link, and the *peer* is the end that runs guests. `session` is the host's side,
//! and `serve` the peer's side. `message` has the messages between them, which `docs/process.md` describes; the values
//! are `wire` of `sandbox-core`. [`WiredSite`] has the operations of a site, and `guest` the transport of its proxies.
//!
//! A new site over a wire supplies a [`Link`](link::Link), by a [`Connect`](link::Connect). `process` has the link to a child
//! process. Nothing here knows a process, a descriptor or a signal.

pub(crate) mod call_head;
pub(crate) mod channel;
mod far_objects;
pub(crate) mod guest;
pub(crate) mod hardening;
#[cfg(feature = "testing")]
pub(crate) mod in_memory;
pub(crate) mod link;
pub(crate) mod message;
pub(crate) mod serve;
mod session;
mod site;
#[cfg(all(test, feature = "testing"))]
mod tests;

pub(crate) use session::GRACE;
pub(crate) use site::{WeakWiredSite, WiredSite};
