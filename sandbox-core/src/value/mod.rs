//! Values as data: JavaScript's values, and the types that stand for them in a contract.

mod bytes;
mod cancellation;
mod given;
pub mod handle;
mod js_types;
pub mod js_value;
pub mod number;
pub mod text;
mod to_json;
mod unrepresentable;
pub mod wide;

pub use bytes::{AsBytes, Bytes};
pub use cancellation::Cancellation;
pub use js_types::{AsMap, AsSet, DATE, Date, DateOutOfRange, ERROR, ErrorValue, MAP, MapLike, SET};
pub use js_value::{JsValue, error_of};
pub use unrepresentable::{CrossingBudget, GivenNumber, HandleNumber, JsKind, TextFault, Unrepresentable};
