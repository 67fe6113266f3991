//! The facts about a type that a contract names: its schema, its rules, and the bounds that a method adds.
//!
//! Only the compiler knows which of these a type has, and only where the type is concrete. The generated code names a
//! constant there. An inherent constant is preferred over one of a trait, and the inherent one exists for the types
//! that implement a trait.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::marker::PhantomData;

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::contract::Lends;
use crate::value::{AsMap, AsSet, Bytes};

/// A type as data: its schema, the checks of its values, and the bounds of the method.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TypeSpec {
    #[doc(hidden)]
    pub schema: Option<SchemaOf>,
    #[doc(hidden)]
    pub rules: Option<Rules>,
    /// The bounds in `#[sandbox(…)]` of the parameter or the return.
    pub bounds: Bounds,
}

/// Makes the schema of a type.
/// Makes the schema of a type.
#[doc(hidden)]
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Checks a value of a type with the rules of `garde`.
#[doc(hidden)]
pub type Rules = fn(&dyn Any) -> Result<(), garde::Report>;

impl TypeSpec {
    /// `()`, which a method without `->` returns.
    #[doc(hidden)]
    pub const UNIT: Self = Self::new(Some(schema::<()>), None);

    #[doc(hidden)]
    #[must_use]
    pub const fn new(schema: Option<SchemaOf>, rules: Option<Rules>) -> Self {
        Self { schema, rules, bounds: Bounds::NONE }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn bounded(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// The first known fact of each kind.
    #[doc(hidden)]
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            schema: if self.schema.is_some() { self.schema } else { other.schema },
            rules: if self.rules.is_some() { self.rules } else { other.rules },
            bounds: self.bounds,
        }
    }

    /// Whether the type implements `schemars::JsonSchema`, and so can be described.
    #[must_use]
    pub const fn is_described(&self) -> bool {
        self.schema.is_some()
    }
}

/// The bounds of `#[sandbox(range(…), length(…), pattern("…"))]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bounds {
    /// The least number.
    pub min: Option<Bound>,
    /// The greatest number.
    pub max: Option<Bound>,
    /// The least length: characters of a text, bytes of `Bytes`, or elements of a collection.
    pub min_length: Option<u32>,
    /// The greatest length.
    pub max_length: Option<u32>,
    /// A regular expression that must be found in the text, in the syntax of the crate `regex`.
    pub pattern: Option<&'static str>,
}

/// A bound of a number, as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Bound {
    /// Without a fraction.
    Integer(i64),
    /// With one.
    Float(f64),
}

impl Bounds {
    #[doc(hidden)]
    pub const NONE: Self = Self { min: None, max: None, min_length: None, max_length: None, pattern: None };

    /// Whether there are no bounds.
    #[doc(hidden)]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self { min: None, max: None, min_length: None, max_length: None, pattern: None })
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn range<T: ?Sized + Ranged>(self, min: Option<Bound>, max: Option<Bound>) -> Self {
        Self { min, max, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn length<T: ?Sized + Measured>(self, min: Option<u32>, max: Option<u32>) -> Self {
        Self { min_length: min, max_length: max, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn pattern<T: ?Sized + Textual>(self, pattern: &'static str) -> Self {
        Self { pattern: Some(pattern), ..self }
    }
}

// ---------------------------------------------------------------------------------------------------------
// Which bounds a type can have

/// A type whose values can have a `range`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`range` is for numbers, and `{Self}` is not a number",
    label = "not a number",
    note = "a `length` is for text, bytes and collections; the fields of a struct have `#[garde(range(…))]`"
)]
pub trait Ranged {}

/// A type whose values can have a `length`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`length` is for text, bytes and collections, and `{Self}` is none of these",
    label = "has no length",
    note = "a `range` is for numbers; the fields of a struct have `#[garde(length(chars, …))]`"
)]
pub trait Measured {}

/// A type whose values can have a `pattern`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`pattern` is for text, and `{Self}` is not text",
    label = "not a text",
    note = "the fields of a struct have `#[garde(pattern(…))]`"
)]
pub trait Textual {}

macro_rules! mark {
    ($($trait:ident: $($type:ty),*;)*) => {$($(
        impl $trait for $type {}
    )*)*};
}
mark! {
    Ranged: i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64;
    Measured: str, String, Bytes;
    Textual: str, String;
}

macro_rules! mark_generic {
    ($([$($generic:tt)*] $trait:ident for $type:ty;)*) => {$(
        impl<$($generic)*> $trait for $type {}
    )*};
}
mark_generic! {
    [T: Ranged] Ranged for Option<T>;
    [T: Ranged, E] Ranged for Result<T, E>;
    [T] Measured for [T];
    [T] Measured for Vec<T>;
    [T] Measured for BTreeSet<T>;
    [T, S] Measured for HashSet<T, S>;
    [K, V] Measured for BTreeMap<K, V>;
    [K, V, S] Measured for HashMap<K, V, S>;
    [C: Measured] Measured for AsSet<C>;
    [C: Measured] Measured for AsMap<C>;
    [T: ?Sized + Measured] Measured for Box<T>;
    [T: Measured] Measured for Option<T>;
    [T: Measured, E] Measured for Result<T, E>;
    [T: Textual] Textual for Option<T>;
    [T: Textual, E] Textual for Result<T, E>;
}

// ---------------------------------------------------------------------------------------------------------
// Probes

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

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn rules<T: Validate<Context: Default> + 'static>(value: &dyn Any) -> Result<(), garde::Report> {
    value.downcast_ref::<T>().map_or(Ok(()), Validate::validate)
}

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
