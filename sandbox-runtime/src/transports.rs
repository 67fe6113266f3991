//! The types between a proxy and its guest.
//!
//! A proxy is generic over its transport, which is the way of a call to the guest. The site of the sandbox, or the pool,
//! decides which transport a proxy has. An application names these types where it writes down the type of a proxy, a
//! builder or a future. The crate's root has the same names.
//!
//! | the proxy was loaded from | transport | future of an `async` call |
//! |---|---|---|
//! | [`LocalSandbox`](crate::LocalSandbox) | [`Local`] | [`LocalCall`], [`Pinned`] |
//! | [`Sandbox`](crate::Sandbox) | [`Remote`] | [`RemoteCall`] |
//! | [`Tenant`](crate::Tenant) of a pool | [`Pooled`] | [`RemoteCall`] |
//! | `ProcessSandbox`, with the feature `process` | `process::Processed` | `process::ProcessCall` |

pub use crate::transport::{AsyncTransport, LocalAsyncTransport, Transport};
#[cfg(feature = "_engine")]
pub use crate::{
    pool::{PoolParts, Pooled},
    site::builder::Buildable,
    site::load::Loads,
    site::typed::local::{Local, LocalCall},
    site::typed::pinned::Pinned,
    site::typed::remote::RemoteCall,
    site::typed::thread::Remote,
};
