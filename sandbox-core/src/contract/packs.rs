//! Values of any type on their way to another thread, where the compiler knows that they can go there.
//!
//! A proxy behind a handle implements its contract in all sandboxes, also a contract whose values are not `Send`. So the bound
//! cannot be one of the transport. The macro's output asks for it where the types are concrete.

use std::any::Any;
use std::marker::PhantomData;

use super::{GuestMethod, Method};

/// A value on its way to another thread.
#[doc(hidden)]
pub type Packed = Box<dyn Any + Send>;

/// How the arguments `A` and the result `V` of a method become values that can be sent.
#[doc(hidden)]
pub struct Packs<A, V> {
    pub args: fn(A) -> Packed,
    pub value: fn(V) -> Packed,
}

/// The [`Packs`] of a method, if its values can be sent.
#[doc(hidden)]
pub type Packing<M> = Option<Packs<<M as Method>::Owned, <M as GuestMethod>::Value>>;

fn pack<T: Send + 'static>(value: T) -> Packed {
    Box::new(value)
}

/// Finds out whether both types can be sent. An inherent constant is preferred over one of a trait.
#[doc(hidden)]
pub struct SendProbe<A, V>(PhantomData<(A, V)>);

impl<A: Send + 'static, V: Send + 'static> SendProbe<A, V> {
    pub const PACKS: Option<Packs<A, V>> = Some(Packs { args: pack::<A>, value: pack::<V> });
}

/// The fallback of [`SendProbe`].
#[doc(hidden)]
pub trait NotSent<A, V> {
    const PACKS: Option<Packs<A, V>> = None;
}

impl<A, V> NotSent<A, V> for SendProbe<A, V> {}
