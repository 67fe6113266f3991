//! Host methods over plain data, as data. `ops::host_dispatch` makes and calls them.

use std::any::Any;
use std::pin::Pin;
use std::rc::Rc;

use sandbox_core::contract::MethodSpec;
use sandbox_core::value::handle::Shared;

use crate::error::{BoundaryError, Place};
use crate::guest_error::HostError;
use crate::limits::Limits;
use crate::schema::{MethodChecks, TypeCheck};
use crate::stack::StackEnd;
use crate::value::Cancellation;
use crate::wire::{Encoded, Out};

/// A host method as a function over plain data.
#[derive(Clone, Copy)]
pub(crate) struct PlainOp(pub(in crate::isolate) DispatchKind);

#[derive(Clone, Copy)]
pub(in crate::isolate) enum DispatchKind {
    /// A method that is known as data alone.
    Untyped,
    Invoke(Invoke),
    Start(Start),
}

/// Reads the arguments off bytes, and appends the result to others.
pub(in crate::isolate) type Invoke =
    fn(&DispatchedCall<'_>, &PlainObject, &mut Out) -> Result<(), Unanswered>;

/// Reads the arguments off bytes, and returns a future of the result. The result is there later.
pub(in crate::isolate) type Start =
    fn(&DispatchedCall<'_>, &PlainObject) -> Result<StartedMethod, Unanswered>;

/// The object whose methods are called.
pub(crate) enum PlainObject {
    /// A `Box<C>`, where `C` is the contract; an `UntypedContract`, if the contract is known as data alone.
    Host(Rc<dyn Any>),
    /// An `Arc<C>`.
    Handle(Shared),
}

/// An `async` host method that has begun.
pub(crate) struct StartedMethod {
    pub(in crate::isolate) future: Pin<Box<dyn Future<Output = Kept>>>,
    /// The cancellation of a method that takes one.
    pub(in crate::isolate) cancellation: Option<Cancellation>,
}

/// The outcome of an `async` host method.
pub(in crate::isolate) type Kept = Result<Box<dyn KeptAnswer>, Unanswered>;

/// Why a host method has no answer.
pub(crate) enum Unanswered {
    /// An argument is not what the contract says.
    Value(BoundaryError),
    /// The method failed.
    Host(HostError),
    /// There is no room on the stack to call it.
    Stack,
}

/// The arguments and the counts of one call.
pub(in crate::isolate) struct DispatchedCall<'c> {
    pub(in crate::isolate) limits: &'c Limits,
    pub(in crate::isolate) stack: StackEnd,
    /// The arguments as they were encoded.
    pub(in crate::isolate) args: Encoded<'c>,
    pub(in crate::isolate) spec: &'c MethodSpec,
    pub(in crate::isolate) checks: &'c MethodChecks,
    pub(in crate::isolate) place: Place,
}

/// The checks of a result.
pub(in crate::isolate) struct Returns<'c> {
    /// `None` for a method that is known as data alone, whose host has checked the result.
    pub(in crate::isolate) check: Option<&'c TypeCheck>,
    pub(in crate::isolate) place: Place,
}

/// The result of an `async` method, whose type is erased.
pub(crate) trait KeptAnswer {
    #[expect(private_interfaces, reason = "only isolate looks into it")]
    fn written(self: Box<Self>, returns: &Returns<'_>, out: &mut Out) -> Result<(), Unanswered>;
}

impl PlainOp {
    /// The op of a method that is known as data alone.
    pub(in crate::isolate) const UNTYPED: Self = Self(DispatchKind::Untyped);
}
