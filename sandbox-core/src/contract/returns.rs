//! The return types of methods, in both directions.
//!
//! The compiler checks these traits where a contract names a return type, and their `on_unimplemented` has the help.

use std::fmt::Display;
use std::marker::PhantomData;
/// A type as an argument with the span where the user wrote the type. A bound that the type fails is reported there.
#[doc(hidden)]
pub use std::marker::PhantomData as At;

use crate::contract::{Crosses, Reply};
use crate::error::Error;
use crate::guest_error::{ErrorSpec, HostError};

/// The return type of a method that a guest implements: `Result<T, E>` with `E: From<sandbox_runtime::Error>`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a guest can always fail, so this method cannot return `{Self}`",
    label = "must be a `Result`",
    note = "return `sandbox_runtime::Result<T>`, or `Result<T, E>` with `E: From<sandbox_runtime::Error>`",
    note = "or declare what a failure becomes: `#[sandbox(on_failure = panic)]`, `#[sandbox(on_failure = default)]`, `#[sandbox(on_failure = value(…))]`",
    note = "or say that only the host implements the contract: `#[sandbox_api(host)]`"
)]
pub trait GuestReturn {
    type Value;
    fn from_call(outcome: Result<Self::Value, Error>) -> Self;
}

impl<T, E: GuestFailure> GuestReturn for Result<T, E> {
    type Value = T;
    fn from_call(outcome: Result<T, Error>) -> Self {
        outcome.map_err(|error| error.into_own::<E>().unwrap_or_else(E::from))
    }
}

/// The error type of a method that a guest implements. Every type that an error of the runtime converts into is one.
///
/// A guest may let an error of a host method pass. When the guest's method has the host method's error type, the caller
/// gets the very error that the host made, without `From`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a method that a guest implements",
    label = "does not implement `From<sandbox_runtime::Error>`",
    note = "implement `From<sandbox_runtime::Error>` for `{Self}`, or return `sandbox_runtime::Result<T>`"
)]
pub trait GuestFailure: From<Error> + 'static {}

#[diagnostic::do_not_recommend]
impl<E: From<Error> + 'static> GuestFailure for E {}

/// The error type of a host method. Every type whose values the host's log can show is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a method that the host implements",
    label = "does not implement `Display`, which the host's log needs",
    note = "implement `std::fmt::Display` for it; a guest sees an opaque message, unless it implements `GuestError`"
)]
pub trait HostFailure: Display + 'static {}

#[diagnostic::do_not_recommend]
impl<E: Display + 'static> HostFailure for E {}

/// Decides between `Result<T, E>` and a plain `T`, for a concrete return type. An inherent function is preferred over one
/// of a trait, and the inherent one exists for `Result` only.
#[doc(hidden)]
pub struct ReturnProbe<R>(PhantomData<R>);

impl<T, E> ReturnProbe<Result<T, E>> {
    #[inline]
    pub fn settle<V: Crosses, R: Reply>(outcome: Result<T, E>, of: ErrorSpec, reply: R, _: At<V>) -> R::Done
    where
        T: Is<V>,
        E: HostFailure,
    {
        reply.done(outcome.map(Is::itself).map_err(|error| HostError::new(error, of)))
    }
}

/// `T: Is<V>` says that both are one type.
///
/// The compiler reports a bound of `V` at the only argument whose type has `V`. Two arguments would have `T`.
#[doc(hidden)]
pub trait Is<V> {
    fn itself(self) -> V;
}

impl<T> Is<T> for T {
    #[inline]
    fn itself(self) -> T {
        self
    }
}

/// The fallback of [`ReturnProbe`].
#[doc(hidden)]
pub trait PlainReturn<T> {
    fn settle<R: Reply>(value: T, of: ErrorSpec, reply: R, value_at: At<()>) -> R::Done
    where
        T: Crosses;
}

impl<T> PlainReturn<T> for ReturnProbe<T> {
    #[inline]
    fn settle<R: Reply>(value: T, _: ErrorSpec, reply: R, _: At<()>) -> R::Done
    where
        T: Crosses,
    {
        reply.done(Ok(value))
    }
}

/// The return type of a method that a guest implements, once it is checked: `returned!(Result<u32>, value, At)`.
///
/// The return type is checked before its value. A type that is no `Result` is then an error that was already reported.
#[doc(hidden)]
#[macro_export]
macro_rules! __returned {
    (@checked $returns:ty, $check:ident, $at:expr) => {
        $crate::__private::Checked<$returns, {
            $crate::__private::$check($crate::__private::At::<$returns>, $at)
        }>
    };
    ($returns:ty, $check:ident, $at:expr) => {
        $crate::__private::returned!(
            @checked $crate::__private::Checked<$returns, { $crate::__private::returns::<$returns>() }>, $check, $at
        )
    };
}
