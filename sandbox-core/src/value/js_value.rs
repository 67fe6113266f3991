//! A JavaScript value as plain data.
//!
//! The boundary reads guest values into it. Checks, errors and the wire work on it. No handle of an engine is in it.

use std::fmt::Write;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::bytes::Bytes;
use super::handle::offer_number;
use super::js_types::{DATE, Date, ERROR, MAP, SET};
use super::unrepresentable::{JsKind, Unrepresentable};
use crate::shown::is_unseen;

/// How many characters of a string [`JsValue::describe`] shows.
const SHOWN: usize = 64;

/// A JavaScript value as plain data.
///
/// The data form a tree. The reader of a JavaScript value bounds the size and the depth.
///
/// ```
/// use sandbox_runtime::{Date, JsValue};
///
/// let line = JsValue::Object(vec![
///     ("sku".into(), "cpu".into()),
///     ("at".into(), Date::from_millis(0).into()),
///     ("discounts".into(), vec![0.5, 0.25].into()),
///     ("note".into(), None::<&str>.into()),
/// ]);
/// assert_eq!(line.to_js(), r#"({"sku": "cpu", "at": new Date(0), "discounts": [0.5, 0.25], "note": null})"#);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum JsValue {
    /// `undefined`, and the hole of an array.
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A Number, with NaN, the infinities and -0.
    Number(f64),
    /// A BigInt of at most 128 bits beside its sign. Zero is not negative.
    BigInt {
        /// Below zero.
        negative: bool,
        /// The value without its sign.
        magnitude: u128,
    },
    /// A string of well-formed Unicode. A string with a lone surrogate is [`JsValue::Other`].
    String(String),
    /// An Array.
    Array(Vec<JsValue>),
    /// A plain object or the instance of a class: the own enumerable properties with string keys, in order.
    Object(Vec<(String, JsValue)>),
    /// A Map: the entries, in order.
    Map(Vec<(JsValue, JsValue)>),
    /// A Set: the elements, in order.
    Set(Vec<JsValue>),
    /// A Uint8Array or a Uint8ClampedArray.
    Bytes(Vec<u8>),
    /// Bytes that are not a list of numbers. They go to the guest as a Uint8Array.
    Buffer {
        /// `ArrayBuffer` or `DataView`.
        kind: &'static str,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Any other typed array of Numbers. The arrays of BigInts are [`JsValue::Array`], because their elements are no
    /// Numbers.
    Numbers {
        /// The kind of the elements: `Float64` for a Float64Array.
        kind: &'static str,
        /// The elements.
        values: Vec<f64>,
    },
    /// A Date: milliseconds since 1970-01-01T00:00:00Z. An invalid Date is NaN.
    Date(f64),
    /// A native Error.
    Error {
        /// `TypeError` and the like.
        name: String,
        /// The message.
        message: String,
        /// The `cause`; and the `name` and the `message` when they are no strings, while the fields above are empty.
        /// `Undefined` stands for a missing one.
        rest: Vec<(&'static str, JsValue)>,
    },
    /// A value that is no data: a function, a string with a lone surrogate, a BigInt of more than 128 bits, or a value
    /// beyond a limit.
    Other(Unrepresentable),
}

impl JsValue {
    /// A BigInt.
    pub fn bigint(value: i128) -> Self {
        Self::BigInt { negative: value < 0, magnitude: value.unsigned_abs() }
    }

    /// The `name`, `message` and `cause` of an Error.
    #[doc(hidden)]
    pub fn into_error_parts(self) -> [Self; 3] {
        let Self::Error { name, message, rest } = self else { return [const { Self::Undefined }; 3] };
        let mut parts = [Self::String(name), Self::String(message), Self::Undefined];
        for (name, part) in rest {
            let at = ["name", "message", "cause"].iter().position(|known| *known == name);
            if let Some(at) = at {
                parts[at] = part;
            }
        }
        parts
    }

    /// The value in a few words for a message. A short string or a number is shown itself, a collection by its kind.
    ///
    /// ```
    /// # use sandbox_runtime::JsValue;
    /// assert_eq!(JsValue::String("a".into()).describe(), "\"a\"");
    /// assert_eq!(JsValue::bigint(-12).describe(), "-12n");
    /// assert_eq!(JsValue::Array(vec![]).describe(), "an array");
    /// ```
    pub fn describe(&self) -> String {
        match self {
            Self::Undefined => "undefined".into(),
            Self::Null => "null".into(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => number_text(*value),
            Self::BigInt { .. } => self.to_js(),
            Self::String(text) => quoted(text, SHOWN),
            Self::Array(_) => "an array".into(),
            Self::Object(_) => "an object".into(),
            Self::Map(_) => "a Map".into(),
            Self::Set(_) => "a Set".into(),
            Self::Bytes(_) => "a Uint8Array".into(),
            Self::Buffer { kind: "ArrayBuffer", .. } => "an ArrayBuffer".into(),
            Self::Buffer { kind, .. } => format!("a {kind}"),
            Self::Numbers { kind, .. } if kind.starts_with('I') => format!("an {kind}Array"),
            Self::Numbers { kind, .. } => format!("a {kind}Array"),
            Self::Date(ms) if ms.is_nan() => "an invalid Date".into(),
            Self::Date(_) => "a Date".into(),
            Self::Error { .. } => "an Error".into(),
            Self::Other(what) => what.to_string(),
        }
    }

    /// A JavaScript expression that evaluates to the value. For [`JsValue::Other`] the result is a value of that kind, or a
    /// function where the kind has no short expression.
    ///
    /// ```
    /// # use sandbox_runtime::JsValue;
    /// let value = JsValue::Object(vec![("__proto__".into(), JsValue::Number(-0.0))]);
    /// assert_eq!(value.to_js(), "({[\"__proto__\"]: -0})");
    /// ```
    pub fn to_js(&self) -> String {
        let mut out = String::new();
        write_js(self, &mut out);
        // Without parentheses, a statement that starts with the object would be a block.
        if matches!(self, Self::Object(_)) { format!("({out})") } else { out }
    }
}

macro_rules! from {
    ($($type:ty, $value:ident => $made:expr;)*) => {$(
        impl From<$type> for JsValue {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}
from! {
    (), _nothing => Self::Undefined;
    bool, value => Self::Bool(value);
    f64, value => Self::Number(value);
    f32, value => Self::Number(value.into());
    i32, value => Self::Number(value.into());
    u32, value => Self::Number(value.into());
    i64, value => Self::bigint(value.into());
    u64, value => Self::bigint(value.into());
    &str, text => Self::String(text.into());
    String, text => Self::String(text);
    Date, date => Self::Date(millis(date));
    Bytes, bytes => Self::Bytes(bytes.into_vec());
}

#[expect(clippy::cast_precision_loss, reason = "those of a Date are far fewer than 2^53")]
fn millis(date: Date) -> f64 {
    date.millis() as f64
}

/// `None` is null.
impl<T: Into<JsValue>> From<Option<T>> for JsValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// An Array.
impl<T: Into<JsValue>> From<Vec<T>> for JsValue {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

/// Serializes as the value that it is. [`JsValue::Other`] cannot cross, and serializes as a string with the description.
impl Serialize for JsValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Undefined | Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::BigInt { negative: false, magnitude } => serializer.serialize_u128(*magnitude),
            Self::BigInt { negative: true, magnitude } => match 0_i128.checked_sub_unsigned(*magnitude) {
                Some(value) => serializer.serialize_i128(value),
                None => Err(S::Error::custom("a BigInt below those of 128 bits")),
            },
            Self::String(text) => serializer.serialize_str(text),
            Self::Other(Unrepresentable::Handle(handle)) => offer_number(*handle, serializer),
            Self::Other(what) => serializer.collect_str(what),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
            Self::Map(entries) => serializer.serialize_newtype_struct(MAP, &TreeEntries(entries)),
            Self::Set(items) => serializer.serialize_newtype_struct(SET, items),
            Self::Bytes(bytes) | Self::Buffer { bytes, .. } => serializer.serialize_bytes(bytes),
            Self::Numbers { values, .. } => serializer.collect_seq(values),
            Self::Date(millis) => serializer.serialize_newtype_struct(DATE, millis),
            Self::Error { name, message, rest } => {
                let cause = rest.iter().find(|(name, _)| *name == "cause").map(|(_, cause)| cause);
                serializer.serialize_newtype_struct(ERROR, &ErrorParts { name, message, cause })
            }
        }
    }
}

/// The entries of a Map, whose keys are any values.
struct TreeEntries<'a>(&'a [(JsValue, JsValue)]);

impl Serialize for TreeEntries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// The parts that an Error is written from.
#[derive(Serialize)]
struct ErrorParts<'a> {
    name: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a JsValue>,
}

/// An Error made of its parts. Any part may be of another type than it should.
pub fn error_of(name: JsValue, message: JsValue, cause: JsValue) -> JsValue {
    let mut rest = Vec::new();
    let mut text = |name, value| match value {
        JsValue::String(text) => text,
        other => {
            rest.push((name, other));
            String::new()
        }
    };
    let (name, message) = (text("name", name), text("message", message));
    if !matches!(cause, JsValue::Undefined) {
        rest.push(("cause", cause));
    }
    JsValue::Error { name, message, rest }
}

/// A Number as JavaScript's `String(value)` writes it, except that -0 is `-0`.
pub fn number_text(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else if size == 0.0 || (1e-6..1e21).contains(&size) {
        value.to_string()
    } else if size >= 1e21 {
        format!("{value:e}").replace('e', "e+")
    } else {
        format!("{value:e}")
    }
}

/// A string as a JavaScript literal, cut after so many characters when a number is given.
pub fn quoted(text: &str, most: impl Into<Option<usize>>) -> String {
    let most = most.into();
    let mut out = String::from("\"");
    for (index, character) in text.chars().enumerate() {
        if Some(index) == most {
            out.push('…');
            break;
        }
        escape(character, &mut out);
    }
    out.push('"');
    out
}

fn escape(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if is_unseen(character) => hex(character, out),
        _ => out.push(character),
    }
}

fn hex(character: char, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        put(out, format_args!("\\u{unit:04x}"));
    }
}

/// Writing to a string does not fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn write_js(value: &JsValue, out: &mut String) {
    match value {
        JsValue::BigInt { negative, magnitude } => {
            put(out, format_args!("{}{magnitude}n", if *negative { "-" } else { "" }));
        }
        JsValue::String(text) => out.push_str(&quoted(text, None)),
        JsValue::Array(items) => write_list(items, out),
        JsValue::Object(entries) => write_object(entries, out),
        JsValue::Map(entries) => write_map(entries, out),
        JsValue::Set(items) => {
            out.push_str("new Set(");
            write_list(items, out);
            out.push(')');
        }
        JsValue::Bytes(bytes) => put(out, format_args!("new Uint8Array({bytes:?})")),
        JsValue::Buffer { kind, bytes } => {
            let buffer = format!("new Uint8Array({bytes:?}).buffer");
            match *kind {
                "ArrayBuffer" => out.push_str(&buffer),
                kind => put(out, format_args!("new {kind}({buffer})")),
            }
        }
        JsValue::Numbers { kind, values } => {
            let values: Vec<_> = values.iter().map(|value| number_text(*value)).collect();
            put(out, format_args!("new {kind}Array([{}])", values.join(", ")));
        }
        JsValue::Date(ms) => put(out, format_args!("new Date({})", number_text(*ms))),
        JsValue::Error { name, message, rest } if rest.is_empty() => write_error(name, message, out),
        JsValue::Error { name, message, rest } => {
            out.push_str("Object.assign(");
            write_error(name, message, out);
            out.push_str(", {");
            separated(rest, out, |(name, value), out| {
                put(out, format_args!("{name}: "));
                write_js(value, out);
            });
            out.push_str("})");
        }
        JsValue::Other(what) => out.push_str(example_of(*what)),
        JsValue::Undefined | JsValue::Null | JsValue::Bool(_) | JsValue::Number(_) => {
            out.push_str(&value.describe());
        }
    }
}

fn separated<T>(items: &[T], out: &mut String, mut write: impl FnMut(&T, &mut String)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
}

fn write_list(items: &[JsValue], out: &mut String) {
    out.push('[');
    separated(items, out, write_js);
    out.push(']');
}

fn write_object(entries: &[(String, JsValue)], out: &mut String) {
    out.push('{');
    separated(entries, out, |(key, value), out| {
        let key = quoted(key, None);
        // As a plain key it would set the prototype.
        if key == "\"__proto__\"" {
            put(out, format_args!("[{key}]: "))
        } else {
            put(out, format_args!("{key}: "))
        }
        write_js(value, out);
    });
    out.push('}');
}

fn write_map(entries: &[(JsValue, JsValue)], out: &mut String) {
    out.push_str("new Map([");
    separated(entries, out, |(key, value), out| {
        out.push('[');
        write_js(key, out);
        out.push_str(", ");
        write_js(value, out);
        out.push(']');
    });
    out.push_str("])");
}

fn write_error(name: &str, message: &str, out: &mut String) {
    let message = quoted(message, None);
    match name {
        "Error" | "EvalError" | "RangeError" | "ReferenceError" | "SyntaxError" | "TypeError"
        | "URIError" => {
            put(out, format_args!("new {name}({message})"));
        }
        _ => {
            let name = quoted(name, None);
            put(out, format_args!("Object.assign(new Error({message}), {{name: {name}}})"));
        }
    }
}

fn example_of(what: Unrepresentable) -> &'static str {
    match what {
        Unrepresentable::Kind(JsKind::Symbol) => "Symbol(\"s\")",
        Unrepresentable::Kind(JsKind::Promise) => "Promise.resolve()",
        Unrepresentable::Kind(JsKind::RegExp) => "/a/",
        Unrepresentable::Kind(JsKind::Proxy) => "new Proxy({}, {})",
        Unrepresentable::BigInt => "(1n << 200n)",
        Unrepresentable::Text(_) => "\"\\ud800\"",
        Unrepresentable::PropertyName(_) => "({ \"\\ud800\": 1 })",
        _ => "(() => {})",
    }
}
