//! The boundary: the rules of a crossing, and the conversions between Rust values and plain data.
//!
//! Every crossing has a [`Budget`], and an error names the place in the value ([`ValueError`]). `from_value` reads plain data that
//! are as untrusted as a guest's values, and `plain` writes them. The engine's own source and sink of values are in
//! `sandbox-runtime`. Both readers share `deserialize_common` and `content`, and both writers share `keys`.

mod batch;
mod budget;
pub mod content;
pub mod deserialize_common;
mod from_value;
pub mod keys;
mod plain;
mod value_error;
mod violation;

pub use batch::BatchBounds;
pub use budget::{Budget, LEAST, LEAST_LISTED, over_bytes, over_handles};
pub use from_value::{from_tree, is_whole, read_with_diagnosis, units};
pub use plain::{DEEPEST, plain, plain_inside};
pub use value_error::{MOST, ValueError};
pub use violation::{CheckViolation, Step};
