//! The forms of a script: how its text is read, and what it exports.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How a module of a script is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScriptFormat {
    Module,
    CommonJs,
    /// The body of a function.
    Body {
        /// The names of the function's parameters.
        parameters: Vec<String>,
        /// Whether the body may `await`.
        is_async: bool,
    },
    /// One expression. Its value is a function, or an object with the functions.
    Expression,
    /// Statements that are run for each call. The value of the last one is the result.
    LastValue {
        /// The names under which the statements find the arguments.
        parameters: Vec<String>,
    },
    /// Data of a script of several files.
    Json,
    /// A text of a script of several files.
    Text,
}

impl ScriptFormat {
    /// The names of the parameters that the host has chosen.
    #[must_use]
    pub fn parameters(&self) -> &[String] {
        match self {
            Self::Body { parameters, .. } | Self::LastValue { parameters } => parameters,
            Self::Module | Self::CommonJs | Self::Expression | Self::Json | Self::Text => &[],
        }
    }

    /// Adds the form to the hash of a script. Each text has its length before it.
    pub(super) fn digest(format: Option<&Self>, hasher: &mut Sha256) {
        let number = |hasher: &mut Sha256, number: usize| hasher.update((number as u64).to_le_bytes());
        let tag = match format {
            None => 0,
            Some(Self::Module) => 1,
            Some(Self::CommonJs) => 2,
            Some(Self::Body { is_async: false, .. }) => 3,
            Some(Self::Body { is_async: true, .. }) => 4,
            Some(Self::Expression) => 5,
            Some(Self::LastValue { .. }) => 6,
            Some(Self::Json) => 7,
            Some(Self::Text) => 8,
        };
        let parameters = format.map_or(&[][..], Self::parameters);
        number(hasher, tag);
        number(hasher, parameters.len());
        for parameter in parameters {
            number(hasher, parameter.len());
            hasher.update(parameter);
        }
    }
}
