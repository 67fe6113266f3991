//! The facts about a type that a contract names: its schema, its rules, and the bounds that a method adds.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use schemars::{JsonSchema, Schema, SchemaGenerator};

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
#[doc(hidden)]
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Checks a value of a type with the rules of `garde`.
#[doc(hidden)]
pub type Rules = fn(&dyn Any) -> Result<(), garde::Report>;

impl TypeSpec {
    /// `()`, which a method without `->` returns.
    #[doc(hidden)]
    pub const UNIT: Self = Self::new(Some(schema::<()>), None);

    /// A type of which nothing is known here.
    #[doc(hidden)]
    pub const UNKNOWN: Self = Self::new(None, None);

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

/// Makes the schema of `T`.
#[doc(hidden)]
pub fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
