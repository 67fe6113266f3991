//! Fast ops: V8 calls a C function with C values, when all types of a method are scalars.
//!
//! Only the compiler knows whether all types are scalars, and only where the types are concrete. The generated code names a
//! constant there. An inherent constant is preferred over one of a trait, and the inherent one exists for scalars only.
//!
//! # What a fast call may do
//!
//! `v8-fast-api-calls.h` says that a fast function should neither run JavaScript nor allocate. A host method may do both,
//! because it may call its guest again. Such calls are sound for functions that return nothing and throw nothing, and for no
//! others. The reasons, by the names of functions in V8 15.0:
//!
//! - **The stack can be walked.** `MacroAssembler::CallCFunction` notes the frame and the return address of the caller in
//!   the isolate. `JSEntry` saves and clears both, and restores them. `EntryFrame::GetCallerState` goes on from there, so
//!   calls can be nested.
//! - **Garbage can be collected.** The call has a safepoint (`kArchCallCFunction`), all registers are spilled around it,
//!   and code that runs is never moved (`StackFrame::IteratePc`).
//! - **The compiler assumes nothing.** `FastApiCallOp`, and the call that `FastApiCallLoweringReducer` makes of it, have
//!   the effects `CanCallAnything`. So V8 eliminates no loads, folds no allocations and removes no write barriers across
//!   the call. C calls also have a flag `kNoAllocate`, which nothing reads for this one.
//! - **The caller can be deoptimised.** Code that waits for a fast call can be invalidated. Then `ActivationsFinder` writes
//!   a jump to the deoptimiser behind the call, and `DeoptimizationEntry_LazyAfterFastCall` gives `undefined` as its
//!   result. With a return type, `JSCallReducer` makes the jump lead to `Abort` (`kUnsupportedDeopt`) instead, and the
//!   process ends.
//!
//! V8 tests the same with a void function that calls `ToNumber` (`call_to_number` in `d8-test.cc`). Results go through
//! memory, and failures are thrown by a slow function afterwards: see [`crate::isolate::state::returned`]. Processors for which V8 does not
//! have that entry get no fast calls (`engine::CALLS_FAST`). deno_core turns `--turbo-fast-api-calls` on when it starts V8,
//! so a flag cannot turn fast calls off. A realm of deno_core has the slow functions only.

use std::any::Any;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;
use deno_core::v8::fast_api::{CFunction, CFunctionInfo, CTypeInfo, Int64Representation, Type};

use crate::boundary::ValueError;
use crate::contract::{self, Arguments, Crosses, HostMethod, Reply, Val, enforce};
use crate::error::Direction;
use crate::guest_error::HostError;
use crate::isolate::host_calls::count;
use crate::isolate::limits::call::HostCall;
use crate::isolate::run::entry::Entered;
use crate::isolate::state::Isolate;
use crate::isolate::state::host_handles::HostHandles;
use crate::isolate::state::method_info::MethodInfo;
use crate::isolate::state::op::{FastCall, Gives};
use crate::isolate::state::refusal::{Refusal, panicked};
use crate::panic::drop_of_host;
use crate::schema::MethodChecks;

/// A type that is one C value, as an argument.
#[doc(hidden)]
pub trait Scalar: Gift + contract::ScalarKind {
    /// The type in the signature of the C function.
    type C: Copy + 'static;
    const TYPE: Type;
    /// `None` when out of range. The shim has checked the range, but an op does not rely on the shim.
    fn from_c(value: Self::C) -> Option<Self>;
}

/// A type that a fast call can return.
#[doc(hidden)]
pub trait Gift: Crosses {
    /// How the shim converts the number.
    const GIVES: Gives;
    /// The result as a number, which is `NaN` only for the number `NaN`.
    fn number(self) -> f64;
}

macro_rules! scalars {
    ($($type:ty: $c:ty, $v8:ident, $from:expr, $gives:ident;)*) => {$(
        impl Scalar for $type {
            type C = $c;
            const TYPE: Type = Type::$v8;
            #[inline]
            fn from_c(value: $c) -> Option<Self> {
                let from: fn($c) -> Option<$type> = $from;
                from(value)
            }
        }

        impl Gift for $type {
            const GIVES: Gives = Gives::$gives;
            #[inline]
            fn number(self) -> f64 {
                f64::from(self)
            }
        }
    )*};
}

scalars! {
    bool: bool, Bool, Some, Bool;
    f64: f64, Float64, Some, Number;
    i32: i32, Int32, Some, Number;
    i16: i32, Int32, |v| v.try_into().ok(), Number;
    i8: i32, Int32, |v| v.try_into().ok(), Number;
    u32: u32, Uint32, Some, Number;
    u16: u32, Uint32, |v| v.try_into().ok(), Number;
    u8: u32, Uint32, |v| v.try_into().ok(), Number;
}

/// `()` is a result only: V8 has no C type for it as an argument.
impl Gift for () {
    const GIVES: Gives = Gives::Nothing;
    #[inline]
    fn number(self) -> f64 {
        0.0
    }
}

/// The fast function of method `M`, with the owned arguments `A` and the return type `R`.
#[doc(hidden)]
pub struct FastProbe<M, A, R>(PhantomData<(M, A, R)>);

/// The fallback of [`FastProbe`], for methods with other types than scalars.
#[doc(hidden)]
pub trait NoFast {
    const FAST: Option<FastCall> = None;
}

impl<M, A, R> NoFast for FastProbe<M, A, R> {}

/// Takes the scalar result of a method, and checks it if the method is bounded.
struct FastReply<'c, R>(Option<&'c MethodChecks>, PhantomData<R>);

/// The result of a host method: at most two words, which are returned without an allocation.
pub(super) type Answered<R> = Result<R, Box<Refusal>>;

impl<R: Gift> Reply for FastReply<'_, R> {
    type Done = Answered<R>;

    #[inline]
    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Self::Done {
        let value = outcome.map_err(|error| refusal(Refusal::Host(error)))?;
        if let Some(checks) = self.0 {
            let kept = checks.returns.enforce(&value, "result");
            kept.map_err(|error| refusal(Refusal::Value(error, Direction::ToGuest)))?;
        }
        let mut value = Some(value);
        // The type is `Option<R>` by construction. The compiler removes the comparison.
        let scalar = (&mut value as &mut dyn Any).downcast_mut::<Option<R>>().and_then(Option::take);
        scalar.ok_or_else(|| refusal(Refusal::Absent))
    }
}

#[inline]
fn answer<A: Arguments, R>(
    isolate: &Isolate,
    args: Option<A>,
    method: &MethodInfo,
    invoke: impl FnOnce(A, Option<&MethodChecks>) -> Option<Answered<R>>,
) -> Answered<R> {
    if !isolate.stack().allows_call() {
        return Err(refusal(Refusal::Stack));
    }
    let Some(args) = args else {
        let error = ValueError::new("arguments that passed the shim's checks", "others");
        return Err(refusal(Refusal::Value(error.inside("arguments"), Direction::ToHost)));
    };
    if !count(isolate, method) {
        return Err(refusal(Refusal::Ended));
    }
    let _call = HostCall::begin(&*isolate.call);
    let mut bounds = None;
    // A scalar has no rules of its own, so without bounds there is nothing to check.
    if method.spec.is_bounded() {
        let checks = isolate.checks(method).map_err(refusal)?;
        let kept = enforce(&args, &method.spec.params, checks);
        kept.map_err(|error| refusal(Refusal::Value(error, Direction::ToHost)))?;
        bounds = Some(checks);
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| invoke(args, bounds)));
    isolate.keep_terminating();
    match outcome {
        Ok(Some(outcome)) => outcome,
        Ok(None) => Err(refusal(Refusal::Absent)),
        Err(panic) => Err(refusal(panicked(panic))),
    }
}

#[cold]
pub(super) fn refusal(refusal: Refusal) -> Box<Refusal> {
    Box::new(refusal)
}

/// Calls the host, and leaves the result or the failure for the shim. This function touches nothing of V8. A host method
/// that uses its guest makes a call of its own.
#[inline]
fn serve<M: HostMethod, R: Gift>(args: Option<M::Owned>) {
    #[cfg(test)]
    tests::TAKEN.set(tests::TAKEN.get() + 1);
    let method = MethodInfo::hosted::<M>();
    Entered::innermost(|isolate| {
        // Guests run in an entered isolate only.
        let Some(isolate) = isolate else { return };
        let answered = answer(isolate, args, method, |args, bounds| {
            let host = isolate.implementation::<M::Contract>()?;
            Some(M::invoke(host, args, FastReply::<R>(bounds, PhantomData)))
        });
        match answered {
            Ok(value) => isolate.returned.give(value.number()),
            Err(refusal) => isolate.returned.refuse(*refusal, method.place()),
        }
    });
}

/// Calls the method of an object that guests hold by this number. Otherwise as [`serve`]. The object is kept during the call,
/// for the guest may dispose it meanwhile.
#[inline]
pub(super) fn serve_handle<M: HostMethod>(
    args: Option<M::Owned>,
    number: f64,
    invoke: impl FnOnce(&M::Contract, M::Owned, (&Isolate, Option<&MethodChecks>)) -> Answered<f64>,
) {
    #[cfg(test)]
    tests::TAKEN.set(tests::TAKEN.get() + 1);
    let method = MethodInfo::hosted::<M>();
    Entered::innermost(|isolate| {
        let Some(isolate) = isolate else { return };
        let number = number_of(number);
        let mut kept = None;
        let answered = answer(isolate, args, method, |args, bounds| {
            kept = isolate.handles.held(number);
            let host = kept.as_ref().and_then(|object| object.downcast_ref::<Arc<M::Contract>>());
            let Some(host) = host else { return Some(Err(refusal(HostHandles::refusal(number)))) };
            Some(invoke(host, args, (isolate, bounds)))
        });
        isolate.let_go(kept);
        match answered {
            Ok(value) => isolate.returned.give(value),
            Err(refusal) => isolate.returned.refuse(*refusal, method.place()),
        }
    });
}

/// The number that the shim passed; 0, which stands for none, for any other number.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the shims pass what they were given"
)]
fn number_of(number: f64) -> u64 {
    number as u64
}

impl Isolate {
    /// Lets go of the object whose method was called.
    #[inline]
    fn let_go(&self, kept: Option<Rc<dyn Any>>) {
        if kept.as_ref().is_some_and(|kept| Rc::strong_count(kept) == 1) {
            return self.drop_kept(kept);
        }
        drop(kept);
    }

    /// The guest has disposed the object meanwhile. Its drop is code of the host.
    #[cold]
    fn drop_kept(&self, kept: Option<Rc<dyn Any>>) {
        drop_of_host(kept);
        self.keep_terminating();
    }
}

/// One pair of impls for each number of parameters. The method returns the scalar itself, or a `Result` of it.
macro_rules! fast_calls {
    ($($name:ident $of_handle:ident ( $($arg:ident $value:ident),* ) $list:ty, $built:expr;)*) => {$(
        extern "C" fn $name<M, R, $($arg),*>(
            _this: v8::Local<'_, v8::Object>,
            $($value: $arg::C,)*
        ) where
            R: Gift,
            $($arg: Scalar,)*
            M: HostMethod<Owned = $list>,
        {
            #[allow(clippy::redundant_closure_call, reason = "the closure gives `?` an end")]
            let args = (|| Some($built))();
            serve::<M, R>(args);
        }

        extern "C" fn $of_handle<M, R, $($arg),*>(
            _this: v8::Local<'_, v8::Object>,
            $($value: $arg::C,)*
            number: f64,
        ) where
            R: Gift,
            $($arg: Scalar,)*
            M: HostMethod<Owned = $list>,
        {
            #[allow(clippy::redundant_closure_call, reason = "the closure gives `?` an end")]
            let args = (|| Some($built))();
            serve_handle::<M>(args, number, |host, args, (_, bounds)| {
                M::invoke(host, args, FastReply::<R>(bounds, PhantomData)).map(Gift::number)
            });
        }

        impl<M, R, $($arg),*> FastProbe<M, $list, R>
        where
            R: Gift,
            $($arg: Scalar,)*
            M: HostMethod<Owned = $list>,
        {
            pub const FAST: Option<FastCall> = Some(FastCall {
                function: &[Self::FUNCTION],
                of_handle: &[Self::OF_HANDLE],
                gives: R::GIVES,
            });
            const TYPES: &'static [CTypeInfo] = &[Type::V8Value.as_info(), $($arg::TYPE.as_info(),)*];
            const HANDLE_TYPES: &'static [CTypeInfo] =
                &[Type::V8Value.as_info(), $($arg::TYPE.as_info(),)* Type::Float64.as_info()];
            const INFO: CFunctionInfo = CFunctionInfo::new(Type::Void.as_info(), Self::TYPES, Int64Representation::BigInt);
            const HANDLE_INFO: CFunctionInfo =
                CFunctionInfo::new(Type::Void.as_info(), Self::HANDLE_TYPES, Int64Representation::BigInt);
            const FUNCTION: CFunction = CFunction::new($name::<M, R, $($arg),*> as *const c_void, &Self::INFO);
            const OF_HANDLE: CFunction =
                CFunction::new($of_handle::<M, R, $($arg),*> as *const c_void, &Self::HANDLE_INFO);
        }

        impl<M, R, Failure, $($arg),*> FastProbe<M, $list, Result<R, Failure>>
        where
            R: Gift,
            $($arg: Scalar,)*
            M: HostMethod<Owned = $list>,
        {
            pub const FAST: Option<FastCall> = FastProbe::<M, $list, R>::FAST;
        }
    )*};
}

fast_calls! {
    call0 of_handle0() (), ();
    call1 of_handle1(A a) (Val<A>, ()), (Val(A::from_c(a)?), ());
    call2 of_handle2(A a, B b) (Val<A>, (Val<B>, ())), (Val(A::from_c(a)?), (Val(B::from_c(b)?), ()));
    call3 of_handle3(A a, B b, C c) (Val<A>, (Val<B>, (Val<C>, ()))),
        (Val(A::from_c(a)?), (Val(B::from_c(b)?), (Val(C::from_c(c)?), ())));
    call4 of_handle4(A a, B b, C c, D d) (Val<A>, (Val<B>, (Val<C>, (Val<D>, ())))),
        (Val(A::from_c(a)?), (Val(B::from_c(b)?), (Val(C::from_c(c)?), (Val(D::from_c(d)?), ()))));
    call5 of_handle5(A a, B b, C c, D d, E e) (Val<A>, (Val<B>, (Val<C>, (Val<D>, (Val<E>, ()))))),
        (Val(A::from_c(a)?), (Val(B::from_c(b)?), (Val(C::from_c(c)?), (Val(D::from_c(d)?), (Val(E::from_c(e)?), ())))));
    call6 of_handle6(A a, B b, C c, D d, E e, F f) (Val<A>, (Val<B>, (Val<C>, (Val<D>, (Val<E>, (Val<F>, ())))))),
        (Val(A::from_c(a)?), (Val(B::from_c(b)?), (Val(C::from_c(c)?), (Val(D::from_c(d)?), (Val(E::from_c(e)?),
            (Val(F::from_c(f)?), ()))))));
}

#[cfg(test)]
pub(in crate::isolate) mod tests;
