//! Types for the kinds of JavaScript that serde does not have: dates, Maps, Sets and Errors.
//!
//! Each serializes as a newtype with a name that no user's type has. The boundary knows the names. Any other format sees the
//! content.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub const DATE: &str = "$sandbox::Date";
pub const MAP: &str = "$sandbox::Map";
pub const SET: &str = "$sandbox::Set";
pub const ERROR: &str = "$sandbox::Error";

/// How many sources of a Rust error are read. A chain of sources can be endless.
const MOST_CAUSES: usize = 16;

/// A moment, which crosses as a `Date`: milliseconds since 1970-01-01T00:00:00Z, without leap seconds, as
/// ECMAScript counts them.
///
/// Any other format, such as JSON, has that number.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use sandbox_runtime::Date;
///
/// let moon = Date::from_millis(-14_182_940_000).expect("in range");
/// let time = SystemTime::try_from(moon)?;
/// assert_eq!(Date::try_from(time)?, moon);
/// assert_eq!(Date::from_millis(i64::MAX), None);
/// # Ok::<(), sandbox_runtime::DateOutOfRange>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(i64);

impl Date {
    /// The first moment of a `Date`, in the year −271821.
    pub const MIN: Self = Self(-8_640_000_000_000_000);
    /// The last moment of a `Date`, in the year 275760.
    pub const MAX: Self = Self(8_640_000_000_000_000);

    /// The current time, cut off to milliseconds.
    ///
    /// ```
    /// use sandbox_runtime::Date;
    ///
    /// let called = Date::now();
    /// assert!(called.millis() > 1_700_000_000_000 && called <= Date::now());
    /// ```
    #[must_use]
    pub fn now() -> Self {
        Self::try_from(SystemTime::now()).unwrap_or(Self::MAX)
    }

    /// The moment `millis` milliseconds after 1970; `None` outside of the range of a `Date`.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Option<Self> {
        if millis < Self::MIN.0 || millis > Self::MAX.0 { None } else { Some(Self(millis)) }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }
}

/// The error of a moment outside of the range of a JavaScript `Date`, or of this platform's `SystemTime`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the moment is outside of the range of a Date, which is ±8,640,000,000,000,000 ms from 1970, or of a `SystemTime`"
)]
#[non_exhaustive]
pub struct DateOutOfRange;

/// Milliseconds since 1970.
impl TryFrom<i64> for Date {
    type Error = DateOutOfRange;

    fn try_from(millis: i64) -> Result<Self, DateOutOfRange> {
        Self::from_millis(millis).ok_or(DateOutOfRange)
    }
}

/// Milliseconds since 1970.
impl From<Date> for i64 {
    fn from(date: Date) -> Self {
        date.0
    }
}

/// Digits below a millisecond are cut off, towards the past.
impl TryFrom<SystemTime> for Date {
    type Error = DateOutOfRange;

    fn try_from(time: SystemTime) -> Result<Self, DateOutOfRange> {
        let millis = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).ok(),
            Err(before) => {
                let nanos = before.duration().as_nanos();
                i64::try_from(nanos.div_ceil(1_000_000)).ok().map(|millis| -millis)
            }
        };
        millis.and_then(Self::from_millis).ok_or(DateOutOfRange)
    }
}

impl TryFrom<Date> for SystemTime {
    type Error = DateOutOfRange;

    fn try_from(date: Date) -> Result<Self, DateOutOfRange> {
        let distance = Duration::from_millis(date.0.unsigned_abs());
        let time =
            if date.0 < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
        time.ok_or(DateOutOfRange)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(DATE, &self.0)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = deserializer.deserialize_newtype_struct(DATE, InsideVisitor::<i64>::new("a Date"))?;
        Self::from_millis(millis)
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Signed(millis), &"milliseconds of a Date"))
    }
}

impl JsonSchema for Date {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": Date::MIN.0, "maximum": Date::MAX.0, "x-js": "Date" })
    }
}

macro_rules! collections {
    ($($(#[$doc:meta])* $name:ident $tag:ident $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name<C>(pub C);

        impl<C> $name<C> {
            /// Wraps a collection.
            #[must_use]
            pub const fn new(collection: C) -> Self {
                Self(collection)
            }

            /// The collection.
            #[must_use]
            pub fn into_inner(self) -> C {
                self.0
            }
        }

        impl<C: FromIterator<T>, T> FromIterator<T> for $name<C> {
            fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
                Self(C::from_iter(items))
            }
        }

        impl<C> Deref for $name<C> {
            type Target = C;
            fn deref(&self) -> &C {
                &self.0
            }
        }

        impl<C> DerefMut for $name<C> {
            fn deref_mut(&mut self) -> &mut C {
                &mut self.0
            }
        }

        impl<C> From<C> for $name<C> {
            fn from(collection: C) -> Self {
                Self(collection)
            }
        }

        impl<C: Serialize> Serialize for $name<C> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_newtype_struct($tag, &self.0)
            }
        }

        impl<'de, C: Deserialize<'de>> Deserialize<'de> for $name<C> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_newtype_struct($tag, InsideVisitor::new($kind)).map(Self)
            }
        }

        impl<C: garde::Validate> garde::Validate for $name<C> {
            type Context = C::Context;
            fn validate_into(
                &self,
                context: &C::Context,
                parent: &mut dyn FnMut() -> garde::Path,
                report: &mut garde::Report,
            ) {
                self.0.validate_into(context, parent, report);
            }
        }
    )*};
}
collections! {
    /// A map that crosses as a `Map`, whatever its keys are. A map without this wrapper goes to the guest as an object when
    /// its keys have names, and is read from either.
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// # use sandbox_runtime::AsMap;
    /// let ages = AsMap::new(BTreeMap::from([("Ada".to_owned(), 36)]));
    /// assert_eq!(ages.get("Ada"), Some(&36));
    /// assert_eq!(ages, [("Ada".to_owned(), 36)].into_iter().collect());
    /// let ages: BTreeMap<String, u8> = ages.into_inner();
    /// ```
    AsMap MAP "a Map";
    /// A collection that goes to the guest as a `Set`. A set without this wrapper goes as an array. Either is read from
    /// both.
    ///
    /// ```
    /// # use std::collections::BTreeSet;
    /// # use sandbox_runtime::AsSet;
    /// let tags: AsSet<BTreeSet<&str>> = ["new", "sale"].into_iter().collect();
    /// assert_eq!(tags.len(), 2);
    /// assert_eq!(tags, AsSet::new(BTreeSet::from(["new", "sale"])));
    /// let tags: BTreeSet<&str> = tags.into_inner();
    /// ```
    AsSet SET "a Set";
}

impl<C: JsonSchema> JsonSchema for AsSet<C> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Set_of_{}", C::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = C::json_schema(generator);
        schema.insert("x-js".into(), "Set".into());
        schema
    }
}

impl<C: MapLike> JsonSchema for AsMap<C> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Map_of_{}_to_{}", C::Key::schema_name(), C::Value::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = C::json_schema(generator);
        schema.insert("x-js".into(), "Map".into());
        schema.insert("x-js-key".into(), generator.subschema_for::<C::Key>().into());
        schema.insert("x-js-value".into(), generator.subschema_for::<C::Value>().into());
        schema
    }
}

/// A map whose keys and values have descriptions.
#[diagnostic::on_unimplemented(
    message = "`AsMap<{Self}>` cannot be described",
    note = "it is made for `HashMap` and `BTreeMap` whose keys and values implement `schemars::JsonSchema`"
)]
pub trait MapLike: JsonSchema {
    /// The type of the keys.
    type Key: JsonSchema;
    /// The type of the values.
    type Value: JsonSchema;
}

impl<K: JsonSchema, V: JsonSchema> MapLike for std::collections::BTreeMap<K, V> {
    type Key = K;
    type Value = V;
}

impl<K: JsonSchema, V: JsonSchema, S> MapLike for std::collections::HashMap<K, V, S> {
    type Key = K;
    type Value = V;
}

/// An Error as a value: part of an argument or a result, and not the failure of a call.
///
/// The guest gets an Error of its realm. The names `TypeError`, `RangeError`, `SyntaxError` and `ReferenceError` choose the
/// class. Any other name is set as `name` of an `Error`. From the guest, every native Error is read, without its `stack`.
///
/// ```
/// use sandbox_runtime::ErrorValue;
///
/// let error = ErrorValue::new("RangeError", "too many lines");
/// assert_eq!(error.to_string(), "RangeError: too many lines");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ErrorValue {
    /// The `name`.
    pub name: String,
    /// The `message`.
    pub message: String,
    /// The `cause`, when it is an Error.
    pub cause: Option<Box<ErrorValue>>,
}

impl ErrorValue {
    /// An error without a cause.
    #[must_use]
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { name: name.into(), message: message.into(), cause: None }
    }

    /// Returns the error with this cause.
    ///
    /// ```
    /// use sandbox_runtime::ErrorValue;
    ///
    /// let cause = ErrorValue::new("RangeError", "line 3 has no amount");
    /// let error = ErrorValue::new("Error", "no price").with_cause(cause);
    /// assert_eq!(error.cause.unwrap().name, "RangeError");
    /// ```
    #[must_use]
    pub fn with_cause(self, cause: Self) -> Self {
        Self { cause: Some(Box::new(cause)), ..self }
    }

    /// An `Error` with the text of a Rust error, and with the texts of its sources as causes. The guest sees all of these
    /// texts.
    ///
    /// ```
    /// use sandbox_runtime::ErrorValue;
    ///
    /// let error = "12x".parse::<u32>().unwrap_err();
    /// assert_eq!(ErrorValue::from_error(&error).to_string(), "Error: invalid digit found in string");
    /// ```
    #[must_use]
    pub fn from_error(error: &(dyn std::error::Error + 'static)) -> Self {
        let chain = std::iter::successors(Some(error), |error| error.source());
        let mut texts = chain.take(MOST_CAUSES).map(ToString::to_string).collect::<Vec<_>>();
        let innermost = texts.pop().unwrap_or_default();
        texts
            .into_iter()
            .rfold(Self::new("Error", innermost), |cause, text| Self::new("Error", text).with_cause(cause))
    }
}

impl fmt::Display for ErrorValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}

impl std::error::Error for ErrorValue {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a ErrorValue>,
}

#[derive(Deserialize)]
struct Read {
    name: String,
    message: String,
    #[serde(default)]
    cause: Option<Box<ErrorValue>>,
}

impl Serialize for ErrorValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { name, message, cause } = self;
        serializer.serialize_newtype_struct(ERROR, &Written { name, message, cause: cause.as_deref() })
    }
}

impl<'de> Deserialize<'de> for ErrorValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = deserializer.deserialize_newtype_struct(ERROR, InsideVisitor::<Read>::new("an Error"))?;
        Ok(Self { name: read.name, message: read.message, cause: read.cause })
    }
}

impl JsonSchema for ErrorValue {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Error".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": { "name": { "type": "string" }, "message": { "type": "string" } },
            "required": ["name", "message"],
            "x-js": "Error",
        })
    }
}

/// Reads the content of one of these newtypes.
struct InsideVisitor<T> {
    expected: &'static str,
    of: std::marker::PhantomData<T>,
}

impl<T> InsideVisitor<T> {
    fn new(expected: &'static str) -> Self {
        Self { expected, of: std::marker::PhantomData }
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for InsideVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}
