//! Fast ops of callbacks whose types are all scalars.
//!
//! A callback's contract is generic, so no constant can say whether its types are scalars (see [`Numbers`]). All arguments are
//! floats, whatever their types are. A boolean cannot be one, because the slow function gets the guest's own values. `fast`
//! says what a fast call may do.

use std::any::TypeId;
use std::ffi::c_void;
use std::marker::PhantomData;

use deno_core::v8;
use deno_core::v8::fast_api::{CFunction, CFunctionInfo, CTypeInfo, Int64Representation, Type};

use super::fast::{Answered, refusal, serve_handle};
use crate::contract::{Crosses, HostMethod, Kind, Numbers, Reply, kind_of, number_of};
use crate::guest_error::HostError;
use crate::isolate::limits::call::CallSlot;
use crate::isolate::state::op::{FastCallback, Gives, ScalarTypes};
use crate::isolate::state::refusal::Refusal;

impl FastCallback {
    /// The function of the method of a callback with the result `T`.
    pub const fn of<M: HostMethod<Owned: Numbers>, T: 'static>() -> Option<Self> {
        CallbackProbe::<M, T>::FAST
    }
}

struct CallbackProbe<M, T>(PhantomData<(M, T)>);

impl<M: HostMethod<Owned: Numbers>, T: 'static> CallbackProbe<M, T> {
    const FAST: Option<FastCallback> = match M::PARAMS.len() {
        0..=MOST => Some(FastCallback { function: &[Self::FUNCTION], types: types::<M::Owned, T> }),
        _ => None,
    };
    const FUNCTION: CFunction = CFunction::new(function::<M>(M::PARAMS.len()), &Self::INFO);
    const INFO: CFunctionInfo = CFunctionInfo::new(
        Type::Void.as_info(),
        TYPES.split_at(M::PARAMS.len() + 2).0,
        Int64Representation::BigInt,
    );
}

/// The kinds of the arguments and of the result, if all of them are scalars.
fn types<A: Numbers, T: 'static>() -> Option<ScalarTypes> {
    let gives = match kind_of::<T>() {
        Some(Kind::Bool) => Gives::Bool,
        Some(_) => Gives::Number,
        None if is_unit::<T>() => Gives::Nothing,
        None => return None,
    };
    let mut kinds = Vec::new();
    A::kinds(&mut kinds).then_some((kinds, gives))
}

/// Whether a result is no value.
fn is_unit<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<()>()
}

/// The price of a scalar on the bill, in bytes.
const SCALAR: usize = 8;

/// Takes the result of a callback as a number, and bills it as the checked op does. Scalars of a guest are not billed.
struct NumberReply<'c>(&'c CallSlot);

impl Reply for NumberReply<'_> {
    type Done = Answered<f64>;

    #[inline]
    fn done<V: Crosses>(self, outcome: Result<V, HostError>) -> Self::Done {
        let value = outcome.map_err(|error| refusal(Refusal::Host(error)))?;
        if !is_unit::<V>() {
            self.0.add_in(SCALAR);
        }
        number_of(&value).ok_or_else(|| refusal(Refusal::Absent))
    }
}

#[inline]
fn serve<M: HostMethod<Owned: Numbers>>(numbers: &[f64], number: f64) {
    serve_handle::<M>(M::Owned::of_numbers(numbers), number, |host, args, (isolate, _)| {
        M::invoke(host, args, NumberReply(&isolate.call))
    });
}

/// The most arguments of a callback.
const MOST: usize = 4;

/// The receiver, the arguments, and the number of the callback.
const TYPES: &[CTypeInfo; MOST + 2] = &{
    let float = Type::Float64.as_info();
    [Type::V8Value.as_info(), float, float, float, float, float]
};

macro_rules! callbacks {
    ($($count:literal $name:ident ( $($value:ident),* );)*) => {
        $(
            extern "C" fn $name<M: HostMethod<Owned: Numbers>>(
                _this: v8::Local<'_, v8::Object>,
                $($value: f64,)*
                number: f64,
            ) {
                serve::<M>(&[$($value),*], number);
            }
        )*

        /// The function for so many arguments.
        const fn function<M: HostMethod<Owned: Numbers>>(count: usize) -> *const c_void {
            match count {
                $($count => $name::<M> as *const c_void,)*
                _ => std::ptr::null(),
            }
        }
    };
}

callbacks! {
    0 call0();
    1 call1(a);
    2 call2(a, b);
    3 call3(a, b, c);
    4 call4(a, b, c, d);
}
