//! [`Unrepresentable`]: stands in plain data for a value that is no data. The kind and the fault of the value are kept.
//!
//! The reader of the engine's values makes an [`Unrepresentable`]. The reader of plain data refuses it with the error that the first
//! reader would have given. An [`Unrepresentable`] has numbers and names of this list only, and no text of a guest.

use std::fmt;

/// Stands for a value that is no data; see [`JsValue::Other`](crate::JsValue::Other). `Display` describes the value.
///
/// ```
/// use sandbox_runtime::{JsKind, JsValue, TextFault, Unrepresentable};
///
/// let text = JsValue::Other(Unrepresentable::Text(TextFault::LoneSurrogate { index: 3 }));
/// assert_eq!(text.describe(), "a string with a lone surrogate at index 3");
/// assert_eq!(JsValue::Other(Unrepresentable::Kind(JsKind::Function)).describe(), "a function");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unrepresentable {
    /// A value of a kind that is no data, or an object that was not read.
    Kind(JsKind),
    /// A BigInt of more than 128 bits.
    BigInt,
    /// A string.
    Text(TextFault),
    /// An object with a property whose name is such a string.
    PropertyName(TextFault),
    /// A typed array of numbers, whose memory is detached.
    DetachedNumbers,
    /// A Uint8Array, an ArrayBuffer or a DataView, whose memory is detached.
    DetachedBytes,
    /// A string that exceeds a limit of the crossing.
    ExcessiveText {
        /// Its length in 16-bit units.
        length: u64,
        /// The exceeded limit.
        budget: CrossingBudget,
    },
    /// An object of the host that the guest holds as a handle.
    Handle(HandleNumber),
    /// Stands before an object of a guest that may become a handle; see [`JsValue::given`](crate::JsValue::given).
    #[doc(hidden)]
    Given(GivenNumber),
    /// Another value that exceeds a limit of the crossing.
    Excessive {
        /// The kind of the value.
        kind: JsKind,
        /// The exceeded limit.
        budget: CrossingBudget,
    },
}

/// Identifies an object of the host for the sandbox that gave the value, and for nothing else. A host that sends such a value
/// to a guest sends a text that describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandleNumber {
    number: u64,
    contract: u16,
}

impl HandleNumber {
    /// The number of the contract of all objects of guests.
    #[doc(hidden)]
    pub const OF_GUEST: u16 = u16::MAX;

    #[doc(hidden)]
    pub const fn new(number: u64, contract: u16) -> Self {
        Self { number, contract }
    }

    /// The number of the object; 0 for an object that was disposed.
    #[doc(hidden)]
    pub const fn number(self) -> u64 {
        self.number
    }

    /// The number of its contract.
    #[doc(hidden)]
    pub const fn contract(self) -> u16 {
        self.contract
    }
}

/// Identifies an object of a guest on its way over a link.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenNumber {
    /// The number of this crossing of the object. The receiver releases the number once. No number comes again.
    pub crossing: u64,
    /// The number of the object, which lives until all of its crossings are released.
    pub object: u64,
}

/// A kind of values, as the engine tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsKind {
    /// A symbol.
    Symbol,
    /// A Proxy, whatever its target is.
    Proxy,
    /// A function.
    Function,
    /// An Array.
    Array,
    /// A promise.
    Promise,
    /// A Date.
    Date,
    /// A regular expression.
    RegExp,
    /// A Map.
    Map,
    /// A Set.
    Set,
    /// A typed array.
    TypedArray,
    /// An ArrayBuffer.
    ArrayBuffer,
    /// A native Error.
    Error,
    /// The namespace object of a module.
    Module,
    /// Any other object.
    Object,
    /// A kind that this crate does not know.
    Unknown,
}

impl JsKind {
    /// All kinds, each at its number on the wire.
    #[doc(hidden)]
    pub const ALL: [Self; 15] = [
        Self::Symbol,
        Self::Proxy,
        Self::Function,
        Self::Array,
        Self::Promise,
        Self::Date,
        Self::RegExp,
        Self::Map,
        Self::Set,
        Self::TypedArray,
        Self::ArrayBuffer,
        Self::Error,
        Self::Module,
        Self::Object,
        Self::Unknown,
    ];

    #[doc(hidden)]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Symbol => "a symbol",
            Self::Proxy => "a Proxy",
            Self::Function => "a function",
            Self::Array => "an array",
            Self::Promise => "a Promise",
            Self::Date => "a Date",
            Self::RegExp => "a RegExp",
            Self::Map => "a Map",
            Self::Set => "a Set",
            Self::TypedArray => "a typed array",
            Self::ArrayBuffer => "an ArrayBuffer",
            Self::Error => "an Error",
            Self::Module => "a module",
            Self::Object => "an object",
            Self::Unknown => "a value of no known kind",
        }
    }
}

impl fmt::Display for JsKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Why a string of JavaScript is no text of Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextFault {
    /// The string is not well-formed Unicode.
    LoneSurrogate {
        /// The index of the first lone surrogate, in 16-bit units.
        index: u64,
    },
    /// The engine lacks the memory to read the string.
    Unreadable {
        /// Its length in 16-bit units.
        length: u64,
    },
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoneSurrogate { index } => write!(f, "a string with a lone surrogate at index {index}"),
            Self::Unreadable { length } => write!(f, "{length} characters"),
        }
    }
}

/// A limit of a crossing, with the value found where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrossingBudget {
    /// `Limits::value_nodes`.
    Values,
    /// `Limits::value_items`.
    Items {
        /// The number of elements of the collection.
        found: u64,
    },
    /// `Limits::value_text`.
    Text {
        /// The length of the text, in units of the side that the text comes from.
        found: u64,
    },
    /// `Limits::value_bytes`.
    Bytes,
    /// `Limits::value_depth`.
    Depth,
    /// The remaining stack.
    Stack,
}

impl CrossingBudget {
    /// The limit's name; `None` for the stack.
    #[doc(hidden)]
    pub const fn setting(self) -> Option<&'static str> {
        match self {
            Self::Values => Some("value_nodes"),
            Self::Items { .. } => Some("value_items"),
            Self::Text { .. } => Some("value_text"),
            Self::Bytes => Some("value_bytes"),
            Self::Depth => Some("value_depth"),
            Self::Stack => None,
        }
    }
}

impl fmt::Display for Unrepresentable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let too_much = |f: &mut fmt::Formatter<'_>, budget: &CrossingBudget| match budget.setting() {
            Some(setting) => write!(f, " that is more than may cross (`Limits::{setting}`)"),
            None => f.write_str(" that is nested deeper than the stack allows"),
        };
        match self {
            Self::Kind(kind) => kind.fmt(f),
            Self::BigInt => f.write_str("a BigInt of more than 128 bits"),
            Self::Text(fault) => fault.fmt(f),
            Self::PropertyName(TextFault::LoneSurrogate { index }) => {
                write!(f, "an object with a lone surrogate at index {index} of a property's name")
            }
            Self::PropertyName(TextFault::Unreadable { length }) => {
                write!(f, "an object with a property's name of {length} characters")
            }
            Self::DetachedNumbers => f.write_str("a typed array whose memory is gone"),
            Self::DetachedBytes => f.write_str("bytes whose memory is gone"),
            Self::Handle(_) => f.write_str("an object of the host"),
            Self::Given(_) => JsKind::Object.fmt(f),
            Self::ExcessiveText { length, budget } => {
                write!(f, "a string of length {length}")?;
                too_much(f, budget)
            }
            Self::Excessive { kind, budget } => {
                kind.fmt(f)?;
                too_much(f, budget)
            }
        }
    }
}
