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

pub use crate::pool::{PoolParts, Pooled};
pub use crate::site::builder::Buildable;
pub use crate::site::load::Loads;
pub use crate::site::transport::{AsyncTransport, LocalAsyncTransport, Transport};
pub use crate::site::typed::local::{Local, LocalCall};
pub use crate::site::typed::pinned::Pinned;
pub use crate::site::typed::remote::RemoteCall;
pub use crate::site::typed::thread::Remote;
