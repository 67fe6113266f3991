//! What is wrong with a value, and where in the value.

use std::fmt::{self, Display, Write as _};

use deno_core::v8;
use serde::de::{Expected, Unexpected};

use super::text;
use crate::error::{BoundaryError, Direction, Error, Place};
use crate::isolate::engine;

/// A value that is not what it should be. The path grows from the inside out while the error is returned, so
/// a value that is right pays nothing for it.
#[doc(hidden)]
#[derive(Debug)]
pub struct ValueError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    /// From the innermost step to the outermost.
    path: Vec<Step>,
    expected: String,
    found: String,
}

#[derive(Debug)]
enum Step {
    Field(String),
    Index(usize),
}

impl ValueError {
    pub(crate) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self(Box::new(Inner { path: Vec::new(), expected: expected.into(), found: found.into() }))
    }

    /// What was found is a value of the guest.
    pub(super) fn found(
        expected: impl Into<String>,
        scope: &v8::PinScope<'_, '_>,
        value: v8::Local<'_, v8::Value>,
    ) -> Self {
        Self::new(expected, describe(scope, value))
    }

    pub(crate) fn inside(mut self, field: impl Into<String>) -> Self {
        self.0.path.push(Step::Field(field.into()));
        self
    }

    pub(super) fn at(mut self, index: usize) -> Self {
        self.0.path.push(Step::Index(index));
        self
    }

    pub(crate) fn into_error(self, place: Place, direction: Direction) -> Error {
        let path = self.path();
        let Inner { expected, found, .. } = *self.0;
        Error::Value(Box::new(BoundaryError { place, direction, path, expected, found }))
    }

    fn path(&self) -> String {
        /// Of a longer path, such as that of a cycle, the middle is left out.
        const STEPS: usize = 24;
        let mut path = String::new();
        let steps = self.0.path.len();
        for (at, step) in self.0.path.iter().rev().enumerate() {
            match step {
                _ if at == STEPS / 2 && steps > STEPS => path.push('…'),
                _ if at > STEPS / 2 && at + STEPS / 2 < steps => {}
                Step::Index(index) => _ = write!(path, "[{index}]"),
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) if is_identifier(name) => _ = write!(path, ".{name}"),
                Step::Field(name) => _ = write!(path, "[{:?}]", text::shorten(name)),
            }
        }
        path
    }
}

fn is_identifier(name: &str) -> bool {
    name.len() <= text::SHOWN
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
}

impl std::error::Error for ValueError {}

impl Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { expected, found, .. } = &*self.0;
        write!(f, "{}: expected {expected}, got {found}", self.path())
    }
}

impl serde::ser::Error for ValueError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new("a value that can be serialized", message.to_string())
    }
}

impl serde::de::Error for ValueError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new("a value of the contract's type", format!("one that it refuses ({message})"))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string(), shown(found))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string(), shown(found))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(expected.to_string(), format!("{length} elements"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(one_of("variant", expected), format!("{:?}", text::shorten(variant)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(one_of("field", expected), format!("{:?}", text::shorten(field)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}`"), "none")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` once"), "it twice")
    }
}

fn one_of(what: &str, names: &[&str]) -> String {
    match names {
        [] => format!("no {what}"),
        [only] => format!("the {what} {only:?}"),
        many => {
            let names = many.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>();
            format!("one of the {what}s {}", names.join(", "))
        }
    }
}

/// serde's word for what was found, in the words of JavaScript.
fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Char(value) => format!("{:?}", value.to_string()),
        Unexpected::Str(value) => format!("{:?}", text::shorten(value)),
        Unexpected::Bytes(_) => "bytes".into(),
        Unexpected::Unit | Unexpected::Option => "null".into(),
        Unexpected::Seq => "an array".into(),
        Unexpected::Map => "an object".into(),
        other => other.to_string(),
    }
}

/// Says what a value is, without running any code of the guest and without reading more than a few characters.
pub(crate) fn describe(scope: &v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>) -> String {
    if let Ok(string) = v8::Local::<v8::String>::try_from(value) {
        return format!("{:?}", text::preview(scope, string, text::SHOWN));
    }
    if let Ok(number) = v8::Local::<v8::Number>::try_from(value) {
        return text::number(number.value());
    }
    if let Ok(bigint) = v8::Local::<v8::BigInt>::try_from(value) {
        return match engine::big_value(scope, bigint).map(|(negative, size)| (negative, u64::try_from(size)))
        {
            Some((negative, Ok(size))) => format!("{}{size}n", if negative { "-" } else { "" }),
            _ => "a BigInt of more than 64 bits".into(),
        };
    }
    type Test = fn(&v8::Value) -> bool;
    let kinds: [(Test, &str); 18] = [
        (v8::Value::is_undefined, "undefined"),
        (v8::Value::is_null, "null"),
        (v8::Value::is_true, "true"),
        (v8::Value::is_false, "false"),
        (v8::Value::is_symbol, "a symbol"),
        (v8::Value::is_proxy, "a Proxy"),
        (v8::Value::is_function, "a function"),
        (v8::Value::is_array, "an array"),
        (v8::Value::is_promise, "a Promise"),
        (v8::Value::is_date, "a Date"),
        (v8::Value::is_reg_exp, "a RegExp"),
        (v8::Value::is_map, "a Map"),
        (v8::Value::is_set, "a Set"),
        (v8::Value::is_typed_array, "a typed array"),
        (v8::Value::is_array_buffer, "an ArrayBuffer"),
        (v8::Value::is_native_error, "an Error"),
        (v8::Value::is_module_namespace_object, "a module"),
        (v8::Value::is_object, "an object"),
    ];
    kinds.iter().find(|(is, _)| is(&value)).map_or("a value of no known kind", |(_, name)| name).to_owned()
}
