//! The sites that pass Rust values: an isolate of the caller's thread, and one on a thread of its own.
//!
//! `worker` is a thread of isolates, with its `mailbox` and the fair `queue`. A pool uses the same threads.

#[cfg(feature = "process")]
mod far_object;
mod isolate_handle;
pub(crate) mod local;
pub(crate) mod mailbox;
pub(crate) mod object;
pub(crate) mod pinned;
mod queue;
pub(crate) mod remote;
pub(crate) mod thread;
pub(crate) mod worker;
