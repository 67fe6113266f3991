//! Scripts: what a tenant uploads.

use std::io;
use std::path::Path;

/// A script's name and its source text.
///
/// A script is an ES module, whose exports are its named exports and the members of its default object, or
/// CommonJS, whose exports are the members of `module.exports`. Which of them is told by the extension `.mjs` or
/// `.cjs`; a script with another name is a module if it parses as a module that exports something.
///
/// ```
/// use sandbox_runtime::Script;
/// let script = Script::new("rule.js", "export const price = (usage) => usage.quantity * 0.25;");
/// assert_eq!(script.name(), "rule.js");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Module,
    CommonJs,
}

impl Script {
    /// A script. The name is what errors and stacks call it; nothing is read from a file of that name.
    #[must_use]
    pub fn new(name: impl Into<String>, source: impl Into<String>) -> Self {
        let name = name.into();
        let extension = Path::new(&name).extension().and_then(|extension| extension.to_str());
        let format = match extension {
            Some("mjs") => Some(Format::Module),
            Some("cjs") => Some(Format::CommonJs),
            _ => None,
        };
        Self { name, source: source.into(), format }
    }

    /// Reads a script from a file. Its name is the name of the file without the folders, which are no business of
    /// the guest's.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not UTF-8.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Ok(Self::new(name, std::fs::read_to_string(path)?))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
