//! Scripts: the uploads of a tenant, as bundles of modules.
//!
//! A [`Script`] shares its modules with its clones. Each [`ScriptModule`] has a name, a source text, a form, and the engine's
//! code of it. The content hash covers all that a guest is made of, and is computed once, when somebody asks for it.
//!
//! So far a script has one module. Several modules have a place in this type, in the hash and in the messages of a link, and
//! an isolate refuses them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
/// A clone is the same script, and copies no text. When a long script is loaded again, the engine reuses what it has
/// compiled. So loading a clone takes less time than making a new script from the same text.
///
/// Scripts are equal when their content is: the names, forms and texts.
#[derive(Clone)]
pub struct Script(Arc<Bundle>);

/// The modules of a script.
struct Bundle {
    modules: Vec<ScriptModule>,
    /// The index of the module that is evaluated.
    entry: usize,
    hash: OnceLock<ContentHash>,
}

/// A SHA-256 of the content of a script.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContentHash([u8; 32]);

/// One module of a script. Only the code is no part of its identity.
#[doc(hidden)]
#[derive(Debug, PartialEq, Eq)]
pub struct ScriptModule {
    name: String,
    source: String,
    format: Option<ScriptFormat>,
    /// The source map of the text, as JSON.
    source_map: Option<String>,
    code: CodeCache,
}

impl ScriptModule {
    /// The form is that of the source; `None` stands for the form that parses.
    #[must_use]
    pub fn new(
        name: String,
        source: String,
        format: Option<ScriptFormat>,
        source_map: Option<String>,
    ) -> Self {
        Self { name, source, format, source_map, code: CodeCache::default() }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    #[must_use]
    pub fn format(&self) -> Option<ScriptFormat> {
        self.format
    }

    #[must_use]
    pub fn source_map(&self) -> Option<&str> {
        self.source_map.as_deref()
    }

    #[must_use]
    pub fn code(&self) -> &CodeCache {
        &self.code
    }
}

/// The engine's compiled code of a module, for a second load. A script and its clones share one.
///
/// The code is made when a script is loaded for the second time, and never leaves the process.
#[derive(Default)]
pub struct CodeCache {
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
            ScriptFormat::Module => &self.module,
            ScriptFormat::CommonJs => &self.function,
        }
    }

    /// The code of the script in this form.
    pub fn get(&self, format: ScriptFormat) -> Option<&[u8]> {
        self.place(format).get().map(|code| &**code)
    }

    /// Keeps the code that `make` returns, if there is none yet and the script was loaded before.
    pub fn offer(&self, format: ScriptFormat, length: usize, make: impl FnOnce() -> Option<Vec<u8>>) {
        let before = self.loads.fetch_add(1, Ordering::Relaxed);
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

/// How a module is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        let module = ScriptModule::new(name, source.into(), format, None);
        Self(Arc::new(Bundle { modules: vec![module], entry: 0, hash: OnceLock::new() }))
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
        self.entry().name()
    }

    /// A script of several modules; `None` if `entry` is not the index of one.
    #[doc(hidden)]
    #[must_use]
    pub fn of_modules(modules: Vec<ScriptModule>, entry: usize) -> Option<Self> {
        let bundle = Bundle { modules, entry, hash: OnceLock::new() };
        (entry < bundle.modules.len()).then(|| Self(Arc::new(bundle)))
    }

    /// The module that is evaluated.
    #[doc(hidden)]
    #[must_use]
    pub fn entry(&self) -> &ScriptModule {
        &self.0.modules[self.0.entry]
    }

    /// The index of the module that is evaluated.
    #[doc(hidden)]
    #[must_use]
    pub fn entry_index(&self) -> usize {
        self.0.entry
    }

    #[doc(hidden)]
    #[must_use]
    pub fn modules(&self) -> &[ScriptModule] {
        &self.0.modules
    }

    /// The length of all sources, in bytes.
    #[doc(hidden)]
    #[must_use]
    pub fn length(&self) -> usize {
        self.modules().iter().fold(0, |length, module| length.saturating_add(module.source.len()))
    }

    /// The hash of the content. The first question computes it, for this script and all of its clones.
    #[doc(hidden)]
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        *self.0.hash.get_or_init(|| self.0.digest())
    }
}

impl Bundle {
    /// Each text has its length before it, so no two contents are the same bytes.
    fn digest(&self) -> ContentHash {
        let mut hasher = Sha256::new_with_prefix(b"script 1");
        let number = |hasher: &mut Sha256, number: usize| hasher.update((number as u64).to_le_bytes());
        number(&mut hasher, self.modules.len());
        number(&mut hasher, self.entry);
        for ScriptModule { name, source, format, source_map, code: _ } in &self.modules {
            let format = match format {
                None => 0,
                Some(ScriptFormat::Module) => 1,
                Some(ScriptFormat::CommonJs) => 2,
            };
            number(&mut hasher, format);
            number(&mut hasher, usize::from(source_map.is_some()));
            for text in [name, source].into_iter().chain(source_map) {
                number(&mut hasher, text.len());
                hasher.update(text);
            }
        }
        ContentHash(hasher.finalize().into())
    }
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        let (own, other) = (&self.0, &other.0);
        Arc::ptr_eq(own, other) || own.entry == other.entry && own.modules == other.modules
    }
}

impl Eq for Script {}

impl Hash for Script {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.content_hash().hash(state);
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("entry", &self.0.entry).field("modules", &self.0.modules).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn modules(parts: &[(&str, &str)]) -> Vec<ScriptModule> {
        let module =
            |(name, source): &(&str, &str)| ScriptModule::new((*name).into(), (*source).into(), None, None);
        parts.iter().map(module).collect()
    }

    fn bundle(parts: &[(&str, &str)], entry: usize) -> Script {
        Script::of_modules(modules(parts), entry).expect("the entry is there")
    }

    /// Each part of the content makes another script: another hash, and another value.
    #[test]
    fn the_content_is_the_identity() {
        let with = |format, map: Option<&str>| {
            let module = ScriptModule::new("a".into(), "bc".into(), format, map.map(Into::into));
            Script::of_modules(vec![module], 0).expect("the entry is there")
        };
        let all = [
            bundle(&[("a", "bc")], 0),
            bundle(&[("ab", "c")], 0),
            bundle(&[("a", "bd")], 0),
            bundle(&[("a", "bc"), ("a", "bc")], 0),
            bundle(&[("a", "bc"), ("a", "bc")], 1),
            bundle(&[("a", "bc"), ("x", "")], 0),
            bundle(&[("a", ""), ("x", "bc")], 0),
            with(Some(ScriptFormat::Module), None),
            with(Some(ScriptFormat::CommonJs), None),
            with(None, Some("")),
            with(None, Some("{}")),
        ];
        let hashes: HashSet<_> = all.iter().map(Script::content_hash).collect();
        assert_eq!(hashes.len(), all.len());
        for (at, script) in all.iter().enumerate() {
            let equal: Vec<_> = all.iter().map(|other| other == script).collect();
            let expected: Vec<_> = (0..all.len()).map(|other| other == at).collect();
            assert_eq!(equal, expected, "{script:?}");
        }
        assert_eq!(all.iter().cloned().chain(all.iter().cloned()).collect::<HashSet<_>>().len(), all.len());
    }

    #[test]
    fn equal_texts_are_equal_scripts() {
        let (one, other) = (Script::new("a.mjs", "export {}"), Script::new("a.mjs", "export {}"));
        assert_eq!(one, other);
        assert_eq!(one.content_hash(), other.content_hash());
        // The form follows from the name, and is a part of the content.
        assert_ne!(one.content_hash(), bundle(&[("a.mjs", "export {}")], 0).content_hash());
    }

    #[test]
    fn a_clone_shares_all() {
        let script = Script::new("a.js", "x");
        let clone = script.clone();
        assert!(std::ptr::eq(script.entry(), clone.entry()));
        let hash = script.content_hash();
        assert_eq!(clone.0.hash.get(), Some(&hash), "the hash is computed once");
    }

    #[test]
    fn a_bundle_has_its_entry() {
        assert_eq!(Script::of_modules(Vec::new(), 0), None);
        assert_eq!(Script::of_modules(modules(&[("a", "")]), 1), None);
        assert_eq!(bundle(&[("a", "1"), ("b", "22")], 1).name(), "b");
        assert_eq!(bundle(&[("a", "1"), ("b", "22")], 1).length(), 3);
    }
}
