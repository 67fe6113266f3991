//! Values: what crosses the boundary, as data, and the parts of both conversions that need no engine.
//!
//! Every crossing has a [`Budget`]. `from_value` reads plain data as untrusted as a guest's values, and `plain` writes them.
//! The engine's own source and sink of values are in `sandbox-runtime`. Both readers share `deserialize_common` and
//! `content`, and both writers share `keys` and `number`.

mod argument;
mod budget;
mod bytes;
pub mod content;
pub mod deserialize_common;
mod from_value;
mod js_types;
pub mod js_value;
pub mod keys;
pub mod number;
mod plain;
pub mod text;
mod unrepresentable;
mod value_error;

pub use argument::{ArgumentSink, ArgumentSource, PlainArguments, named};
pub use budget::{Budget, LEAST, LEAST_LISTED, over_bytes};
pub use bytes::{AsBytes, Bytes};
pub use from_value::{from_tree, is_whole, read_with_diagnosis, units};
pub use js_types::{AsMap, AsSet, DATE, Date, DateOutOfRange, ERROR, ErrorValue, MAP, MapLike, SET};
pub use js_value::{JsValue, error_of};
pub use plain::{DEEPEST, plain, plain_inside};
pub use unrepresentable::{CrossingBudget, JsKind, TextFault, Unrepresentable};
pub use value_error::{MOST, ValueError};
