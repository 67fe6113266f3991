//! Probes: which facts the compiler knows of a type.
//!
//! Only the compiler knows which of these a type has, and only where the type is concrete. The generated code names a
//! constant there. An inherent constant is preferred over one of a trait, and the inherent one exists for the types
//! that implement a trait.

use std::any::Any;
use std::marker::PhantomData;

use garde::Validate;
use schemars::JsonSchema;

use super::crosses::Lends;
use crate::spec::{Kind, Rules, SchemaOf, schema};
use crate::value::{Bytes, Cancellation, Date};

/// Finds the facts about `T`.
#[doc(hidden)]
pub struct TypeProbe<T: ?Sized>(PhantomData<T>);

/// In a [`TypeProbe`]: a parameter of type `&T`.
#[doc(hidden)]
pub struct ByRef<T: ?Sized>(PhantomData<T>);

/// In a [`TypeProbe`]: the value of a return type `R`.
#[doc(hidden)]
pub struct Returned<R>(PhantomData<R>);

/// The fallbacks of [`TypeProbe`].
#[doc(hidden)]
pub trait Unknown {
    const SCHEMA: Option<SchemaOf> = None;
    const RULES: Option<Rules> = None;
}

impl<T: ?Sized> Unknown for TypeProbe<T> {}

impl<T: JsonSchema> TypeProbe<T> {
    pub const SCHEMA: Option<SchemaOf> = Some(schema::<T>);
}

impl<T: ?Sized + Lends<Owned: JsonSchema>> TypeProbe<ByRef<T>> {
    pub const SCHEMA: Option<SchemaOf> = Some(schema::<T::Owned>);
}

impl<T: JsonSchema, E> TypeProbe<Returned<Result<T, E>>> {
    pub const SCHEMA: Option<SchemaOf> = Some(schema::<T>);
}

impl<T: Validate<Context: Default> + 'static> TypeProbe<T> {
    pub const RULES: Option<Rules> = Some(rules::<T>);
}

impl<T: ?Sized + Lends<Owned: Validate<Context: Default>>> TypeProbe<ByRef<T>> {
    pub const RULES: Option<Rules> = Some(rules::<T::Owned>);
}

impl<T: Validate<Context: Default> + 'static, E> TypeProbe<Returned<Result<T, E>>> {
    pub const RULES: Option<Rules> = Some(rules::<T>);
}

fn rules<T: Validate<Context: Default> + 'static>(value: &dyn Any) -> Result<(), garde::Report> {
    value.downcast_ref::<T>().map_or(Ok(()), Validate::validate)
}

/// A type whose values a shim checks in JavaScript.
#[doc(hidden)]
pub trait ScalarKind {
    const KIND: Kind;
}

macro_rules! kinds {
    ($($type:ty: $kind:expr;)*) => {$(
        impl ScalarKind for $type {
            const KIND: Kind = $kind;
        }
    )*};
}

const fn integer(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

kinds! {
    bool: Kind::Bool;
    f64: Kind::Number;
    i32: integer(i32::MIN as i64, i32::MAX as i64);
    i16: integer(i16::MIN as i64, i16::MAX as i64);
    i8: integer(i8::MIN as i64, i8::MAX as i64);
    u32: integer(0, u32::MAX as i64);
    u16: integer(0, u16::MAX as i64);
    u8: integer(0, u8::MAX as i64);
    Cancellation: Kind::Cancellation;
}

/// The check of a shim for a parameter of type `T`.
#[doc(hidden)]
pub struct KindProbe<T>(PhantomData<T>);

impl<T: ScalarKind> KindProbe<T> {
    pub const KIND: Kind = T::KIND;
}

/// The fallback of [`KindProbe`], for types that are no scalars.
#[doc(hidden)]
pub trait NotScalar {
    const KIND: Kind = Kind::Value;
}

impl<T> NotScalar for KindProbe<T> {}

/// A type whose values are data alone, whatever they are.
#[doc(hidden)]
pub trait PlainData {}

macro_rules! plain {
    ($($type:ty)*) => {$(
        impl PlainData for $type {}
    )*};
}
plain!(() bool char String Bytes Date Cancellation f32 f64);
plain!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl<T: PlainData> PlainData for Option<T> {}
impl<T: PlainData> PlainData for Vec<T> {}
impl<A: PlainData, B: PlainData> PlainData for (A, B) {}
impl PlainData for str {}
impl<T: PlainData> PlainData for [T] {}
impl<T: PlainData, E> PlainData for Result<T, E> {}

/// Whether values of a type may be handles, or have handles in them.
#[doc(hidden)]
pub struct HandleProbe<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized + PlainData> HandleProbe<T> {
    pub const MAY_HOLD: bool = false;
}

/// The fallback of [`HandleProbe`], for types that are not known to be data alone.
#[doc(hidden)]
pub trait MayHold {
    const MAY_HOLD: bool = true;
}

impl<T: ?Sized> MayHold for HandleProbe<T> {}

/// The facts about a type: `type_spec!(u32)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __type_spec {
    (&$type:ty) => {
        $crate::__private::type_spec!($crate::__private::ByRef<$type>)
    };
    (-> $type:ty) => {
        $crate::__private::type_spec!($crate::__private::Returned<$type>)
            .or($crate::__private::type_spec!($type))
    };
    ($type:ty) => {
        $crate::__private::TypeSpec::new(
            $crate::__private::TypeProbe::<$type>::SCHEMA,
            $crate::__private::TypeProbe::<$type>::RULES,
        )
    };
}
