//! The items of this crate that generated code names. Not public API: it changes with the macro.

use std::marker::PhantomData;

pub use crate::contract::returns::{At, GuestReturn, PlainReturn, ReturnProbe};
pub use crate::contract::{
    Absent, Arguments, ByRef, Contract, GuestMethod, HandleProbe, KindProbe, Lends, Lent, MayHold, Method,
    NotScalar, NotSent, Packing, Ref, Reply, Returned, SendProbe, TypeProbe, Unknown, Val,
};
use crate::contract::{Crosses, Sent, Shared};
pub use crate::guest_error::{ErrorProbe, ErrorSpec, Opaque};
pub use crate::spec::{
    Bound, Bounds, ContractSpec, Kind, MethodSpec, ParamSpec, TypeSpec, ends_with_call, index_of,
};
pub use crate::{__returned as returned, __settle as settle, __type_spec as type_spec};

/// `T`, whose check the constant is: `Checked<u32, { crosses::<u32>() }>`.
///
/// Generated code names each type of a signature through this. When the check fails, the compiler reports it on the
/// user's type. The constant then has no value, so the whole is an error that was already reported. The compiler reports
/// no further bounds that the type fails: one mistake gives one message.
pub type Checked<T, const HOLDS: bool> = <If<T, HOLDS> as Holds>::Type;

/// See [`Checked`].
pub struct If<T: ?Sized, const HOLDS: bool>(PhantomData<T>);

/// See [`Checked`].
pub trait Holds {
    type Type: ?Sized;
}

impl<T: ?Sized> Holds for If<T, true> {
    type Type = T;
}

/// The check of a parameter that is passed by value, and of a return type with a policy.
#[must_use]
pub const fn crosses<T: Crosses>() -> bool {
    true
}

/// The check of a parameter that is passed by reference.
#[must_use]
pub const fn lends<T: ?Sized + Lends>() -> bool {
    true
}

/// The check of the return type of a method that a guest implements.
#[must_use]
pub const fn returns<R: GuestReturn>() -> bool {
    true
}

/// The check of the value of a return type. A value that does not cross is reported at the second argument.
#[must_use]
pub const fn value<R: GuestReturn<Value = V>, V: Crosses>(_: At<R>, _: At<V>) -> bool {
    true
}

/// Like [`crosses`], for an `async` method whose future can be sent.
#[must_use]
pub const fn crosses_sent<T: Crosses + Sent>() -> bool {
    true
}

/// Like [`lends`], for an `async` method whose future can be sent.
#[must_use]
pub const fn lends_sent<T: ?Sized + Lends + Shared>() -> bool {
    true
}

/// Like [`value`], for an `async` method whose future can be sent.
#[must_use]
pub const fn value_sent<R: GuestReturn<Value = V>, V: Crosses + Sent>(_: At<R>, _: At<V>) -> bool {
    true
}
