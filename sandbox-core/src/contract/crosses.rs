//! The traits of types that cross: [`Crosses`] by value, [`Lends`] by reference, and their `Send` forms.
//!
//! The compiler checks them where a contract names a type, and their `on_unimplemented` has the help.

use std::borrow::Borrow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::sink::ArgumentSink;
use crate::boundary::ValueError;
use crate::value::Bytes;

/// A type whose values can cross the boundary, as copies, in both directions.
///
/// Every `'static` type that implements serde's `Serialize` and `DeserializeOwned` is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross the boundary of a sandbox",
    label = "not a type that can be copied into JavaScript and back",
    note = "for a type of yours: write `#[derive(serde::Serialize, serde::Deserialize)]`, and own all fields (no references)",
    note = "for any other type: write one that can be copied, such as `Vec<T>`, `Items<T>` or `Stream<T>` for an iterator, a stream or a channel, `Callback<fn(A, B) -> Result<T>>` with at most four owned arguments for a function, `Handle<dyn Trait>` of a `#[sandbox_api]` trait for an object with methods, `Bytes` for bytes, `Date` for a moment, `String` for a path; `sandbox_runtime::guide::types` has the table",
    note = "a channel, a connection or a lock cannot be copied: keep it in the implementation of a `#[sandbox_api(host)]` trait, whose methods use it"
)]
pub trait Crosses: Serialize + DeserializeOwned + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + 'static> Crosses for T {}

/// A type that a contract may take by shared reference.
///
/// These are `&str`, `&[u8]`, and slices of `bool`, `char`, `String`, floats and integers of 8 to 64 bits. For every `T`
/// that crosses and is `Clone`, `&T` is one too. An argument moves to the isolate's thread as a copy.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot cross the boundary of a sandbox",
    label = "this type has no owned form",
    note = "take `&str`, `&[u8]`, `&T` with `T: Clone + Serialize + DeserializeOwned`, or take the value itself; pass a path as `&str`",
    note = "a channel, a connection or a lock cannot be copied: keep it in the implementation of a `#[sandbox_api(host)]` trait, whose methods use it"
)]
pub trait Lends: 'static {
    /// The owned type that is used where a reference cannot go.
    type Owned: Crosses + Borrow<Self>;
    #[doc(hidden)]
    fn copied(&self) -> Self::Owned;
    #[doc(hidden)]
    fn write<W: ArgumentSink>(&self, writer: &mut W) -> Result<(), ValueError>;
}

#[diagnostic::do_not_recommend]
impl<T: Crosses + Clone> Lends for T {
    type Owned = T;
    fn copied(&self) -> T {
        self.clone()
    }
    fn write<W: ArgumentSink>(&self, writer: &mut W) -> Result<(), ValueError> {
        writer.push(self)
    }
}

impl Lends for str {
    type Owned = String;
    fn copied(&self) -> String {
        self.to_owned()
    }
    fn write<W: ArgumentSink>(&self, writer: &mut W) -> Result<(), ValueError> {
        writer.push(self)
    }
}

impl Lends for [u8] {
    type Owned = Bytes;
    fn copied(&self) -> Bytes {
        Bytes::from(self)
    }
    fn write<W: ArgumentSink>(&self, writer: &mut W) -> Result<(), ValueError> {
        writer.push_bytes(self)
    }
}

/// A type that an `async` method may take or give by value.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent between threads, as the future of an `async` method must be",
    label = "not `Send`",
    note = "use a type that is `Send`, such as `Arc` instead of `Rc`",
    note = "or write `#[sandbox_api(local)]`: futures then stay in one thread, and the contract is for a `LocalSandbox`"
)]
pub trait Sent: Send {}

#[diagnostic::do_not_recommend]
impl<T: Send> Sent for T {}

/// A type that an `async` method may take by reference.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be sent between threads, as the future of an `async` method must be",
    label = "not `Send` and `Sync`",
    note = "use a type that is both, such as `Arc` and `Mutex` instead of `Rc` and `RefCell`",
    note = "or write `#[sandbox_api(local)]`: futures then stay in one thread, and the contract is for a `LocalSandbox`"
)]
pub trait Shared: Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Send + Sync> Shared for T {}

macro_rules! lend_slices {
    ($($element:ty)*) => {$(
        impl Lends for [$element] {
            type Owned = Vec<$element>;
            fn copied(&self) -> Vec<$element> {
                self.to_vec()
            }
            fn write<W: ArgumentSink>(&self, writer: &mut W) -> Result<(), ValueError> {
                writer.push(self)
            }
        }
    )*};
}
lend_slices!(bool char i8 i16 i32 i64 u16 u32 u64 f32 f64 String);
