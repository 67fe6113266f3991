//! Scripts: the name, the source text and the cached code of what a tenant uploads.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// A script's name and its source text.
///
/// A script is an ES module or CommonJS. The exports of a module are its named exports and the members of its default
/// object. The exports of CommonJS are the members of `module.exports`. The extension `.mjs` or `.cjs` decides. A script
/// with another name is a module if it parses as a module that exports something.
///
/// ```
/// use sandbox_runtime::Script;
/// let script = Script::new("rule.js", "export const price = (usage) => usage.quantity * 0.25;");
/// assert_eq!(script.name(), "rule.js");
/// ```
///
/// A clone is the same script to the engine. When a long script is loaded again, the engine reuses what it has compiled. So
/// loading a clone takes less time than making a new script from the same text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    #[doc(hidden)]
    pub name: String,
    #[doc(hidden)]
    pub source: String,
    #[doc(hidden)]
    pub format: Option<ScriptFormat>,
    #[doc(hidden)]
    pub code: CodeCache,
}

/// The engine's compiled code of a script, for a second load. A script and its clones share one.
///
/// The code is made when a script is loaded for the second time, and never leaves the process.
#[derive(Clone, Default)]
pub struct CodeCache(Arc<CompiledCode>);

#[derive(Default)]
struct CompiledCode {
    loads: AtomicU32,
    module: OnceLock<Box<[u8]>>,
    function: OnceLock<Box<[u8]>>,
}

impl CodeCache {
    /// In bytes. A shorter script compiles as fast as its code is read.
    const SHORTEST: usize = 1 << 10;
    /// The most code that is kept, in bytes.
    const MOST: usize = 4 << 20;

    fn place(&self, format: ScriptFormat) -> &OnceLock<Box<[u8]>> {
        match format {
            ScriptFormat::Module => &self.0.module,
            ScriptFormat::CommonJs => &self.0.function,
        }
    }

    /// The code of the script in this form.
    pub fn get(&self, format: ScriptFormat) -> Option<&[u8]> {
        self.place(format).get().map(|code| &**code)
    }

    /// Keeps the code that `make` returns, if there is none yet and the script was loaded before.
    pub fn offer(&self, format: ScriptFormat, length: usize, make: impl FnOnce() -> Option<Vec<u8>>) {
        let before = self.0.loads.fetch_add(1, Ordering::Relaxed);
        if length < Self::SHORTEST || before == 0 || self.get(format).is_some() {
            return;
        }
        if let Some(code) = make().filter(|code| code.len() <= Self::MOST) {
            // Another thread may have stored the same code.
            _ = self.place(format).set(code.into_boxed_slice());
        }
    }
}

/// The code is no part of a script's identity.
impl PartialEq for CodeCache {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for CodeCache {}

impl fmt::Debug for CodeCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = [ScriptFormat::Module, ScriptFormat::CommonJs]
            .map(|format| self.get(format).map_or(0, <[u8]>::len));
        f.debug_tuple("CodeCache").field(&lengths).finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptFormat {
    Module,
    CommonJs,
}

impl Script {
    /// A script. Errors and stacks show the name. No file of that name is read.
    #[must_use]
    pub fn new(name: impl Into<String>, source: impl Into<String>) -> Self {
        let name = name.into();
        let extension = Path::new(&name).extension().and_then(|extension| extension.to_str());
        let format = match extension {
            Some("mjs") => Some(ScriptFormat::Module),
            Some("cjs") => Some(ScriptFormat::CommonJs),
            _ => None,
        };
        Self { name, source: source.into(), format, code: CodeCache::default() }
    }

    /// Reads a script from a file. Its name is the file's name without the folders, which the guest must not learn.
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
