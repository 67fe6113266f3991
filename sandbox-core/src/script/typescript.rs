//! TypeScript: which scripts are TypeScript, their text without types, and why a text was refused.
//!
//! The name of a script decides. The types are stripped once, when the script is first loaded, for all of its clones, and
//! before a link carries the script: a peer has JavaScript only. `strip` does the work, with the feature `typescript`.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// In which language the source of a module is written.
#[derive(Clone, Debug, Default)]
pub(super) enum Language {
    #[default]
    JavaScript,
    /// The text without types, or why there is none.
    TypeScript(Arc<OnceLock<Result<Stripped, Refusal>>>),
}

impl Language {
    /// The language of a script with this name.
    pub(super) fn of_name(name: &str) -> Self {
        if is_typescript(name) { Self::TypeScript(Arc::default()) } else { Self::JavaScript }
    }

    pub(super) fn is_typescript(&self) -> bool {
        matches!(self, Self::TypeScript(_))
    }
}

/// A text without types is no part of a script's identity.
impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.is_typescript() == other.is_typescript()
    }
}

impl Eq for Language {}

/// Whether the name of a script says TypeScript.
pub(crate) fn is_typescript(name: &str) -> bool {
    matches!(extension(name), Some("ts" | "mts" | "cts"))
}

/// Whether the name of a file says that it only declares types.
pub(super) fn is_declaration(name: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|end| name.ends_with(end))
}

/// A text without types, and what the parser can have read for it.
#[derive(Clone, Debug)]
pub(super) struct Stripped {
    pub(super) text: String,
    pub(super) effort: StripEffort,
}

/// How many tokens the parser has read, and how many again.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StripEffort {
    pub(super) tokens: u64,
    pub(super) again: u64,
}

/// How many tokens the parser may read again: so many, and so many for each token.
const MOST_AGAIN: u64 = 1 << 14;
const TIMES_AGAIN: u64 = 16;

impl StripEffort {
    /// Whether the parser may read so much again.
    pub(super) fn is_bounded(self) -> bool {
        self.again <= MOST_AGAIN + TIMES_AGAIN * self.tokens
    }

    /// Adds the effort of a further module of a script.
    pub(super) fn add(&mut self, other: Self) -> Result<(), Refusal> {
        self.tokens += other.tokens;
        self.again += other.again;
        let message =
            "types, arrow functions or calls with types are nested too deeply in this file and those before";
        self.is_bounded()
            .then_some(())
            .ok_or_else(|| Refusal::new(message, (0, 0), Some(NotStripped::TooDeep)))
    }
}

/// The extension of a script's name.
pub(super) fn extension(name: &str) -> Option<&str> {
    Some(name.rsplit_once('.')?.1)
}

/// Why a TypeScript text has no text without types.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    /// The line and the column, from 1; 0 when unknown.
    pub place: (usize, usize),
    pub kind: Option<NotStripped>,
}

impl Refusal {
    pub(super) fn new(message: &str, place: (usize, usize), kind: Option<NotStripped>) -> Self {
        Self { message: format!("SyntaxError: {message}"), place, kind }
    }
}

/// Syntax of TypeScript that is more than types, so it cannot be stripped. The text is the remedy.
///
/// ```
/// use sandbox_runtime::NotStripped;
///
/// assert_eq!(NotStripped::Decorator.to_string(), "call the function itself, as in `const price = logged(plainPrice)`");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotStripped {
    /// The program was built without the feature `typescript`, so nothing is stripped.
    Feature,
    /// `enum Color { Red }`.
    Enum,
    /// `namespace Shop { … }` with values in it.
    Namespace,
    /// `constructor(private rate: number)`.
    ParameterProperty,
    /// `import rates = require('./rates')`.
    ImportEquals,
    /// `export = rates`.
    ExportEquals,
    /// `<number>value`.
    AngleBrackets,
    /// `-value! ** 2`.
    Power,
    /// `@logged`.
    Decorator,
    /// A slash that can divide, or begin a regular expression.
    Slash,
    /// A text that is nested too deeply, or a statement of thousands of words.
    TooDeep,
}

impl fmt::Display for NotStripped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Feature => {
                "turn on the feature `typescript` of `sandbox-runtime`, or strip the types before the script is loaded"
            }
            Self::Enum => "write an object: `const Color = { Red: 'red' } as const;`",
            Self::Namespace => "write an object, or functions at the top level",
            Self::ParameterProperty => "declare a field, and assign it in the constructor",
            Self::ImportEquals => "write `import … from …`, or `const … = require(…)`",
            Self::ExportEquals => "write `export default …`, or `module.exports = …`",
            Self::AngleBrackets => "write `value as Type`",
            Self::Power => "put parentheses around the left side of `**`",
            Self::Decorator => "call the function itself, as in `const price = logged(plainPrice)`",
            Self::Slash => "put parentheses around the regular expression, or around the left side of the division",
            Self::TooDeep => "split the statement into shorter ones",
        })
    }
}
