//! Scripts: the uploads of a tenant, as bundles of modules.
//!
//! A [`Script`] shares its modules with its clones. Each [`ScriptModule`] has a name, a source text, a form, and the engine's
//! code of it. The content hash covers all that a guest is made of, and is computed once, when somebody asks for it.
//!
//! [`Modules`] are the files of a script that has several. Such a script has a [`ModuleMap`], by which its modules name each
//! other. A script of one module that was not made of `Modules` has none, and imports nothing.

mod code;
mod format;
mod globals;
pub(crate) mod lines;
mod module_map;
mod modules;
mod source_map;
#[cfg(feature = "typescript")]
mod strip;
mod typescript;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use code::{CodeCache, CodeKind};
pub use format::ScriptFormat;
pub use globals::{ErrorClasses, Global, Globals};
pub use module_map::{ModuleMap, Naming, UnknownModule};
pub use modules::{Modules, ModulesError};
use source_map::LazyMap;
pub use source_map::OriginalPlace;
pub(crate) use typescript::is_typescript;
use typescript::{Language, Stripped};
pub use typescript::{NotStripped, Refusal, StripEffort};

/// A script's name and its source text.
///
/// [`new`](Self::new) makes an ES module or CommonJS. The exports of a module are its named exports and the members of its
/// default object. The exports of CommonJS are the members of `module.exports`, or its functions if the text does not name
/// `exports`. The extension `.mjs` or `.cjs` decides. A script with another name is a module if it parses as a module that
/// exports something. With the feature `typescript`, a script whose name ends with `.ts`, `.mts` or `.cts` is TypeScript, in any
/// form: its types are stripped when it is first loaded, and lines and columns stay. A default export or `module.exports` may itself be the function of a contract with one method.
///
/// [`body`](Self::body), [`async_body`](Self::async_body), [`expression`](Self::expression) and
/// [`last_value`](Self::last_value) make other forms of a script.
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
/// Scripts are equal when their content is: the names, forms, texts and globals.
#[derive(Clone)]
pub struct Script(Arc<Bundle>);

/// The modules of a script.
struct Bundle {
    modules: Vec<ScriptModule>,
    /// The index of the module that is evaluated.
    entry: usize,
    globals: Globals,
    /// How the modules name each other; `None` for a script that imports nothing.
    map: Option<ModuleMap>,
    hash: OnceLock<ContentHash>,
}

/// A SHA-256 of the content of a script.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContentHash([u8; 32]);

/// One module of a script. Only the code is no part of its identity.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptModule {
    name: String,
    source: String,
    format: Option<ScriptFormat>,
    /// The source map of the text, as JSON.
    source_map: Option<String>,
    lazy_map: LazyMap,
    /// The method that the script's only function implements; `None` for the method of a contract that has one.
    method: Option<String>,
    language: Language,
    code: Arc<CodeCache>,
}

impl ScriptModule {
    /// A module whose source is JavaScript. The form is that of the source; `None` stands for the form that parses.
    #[must_use]
    pub fn new(
        name: String,
        source: String,
        format: Option<ScriptFormat>,
        source_map: Option<String>,
    ) -> Self {
        let language = Language::JavaScript;
        let (lazy_map, code) = Default::default();
        Self { name, source, format, source_map, lazy_map, method: None, language, code }
    }

    /// The module, whose source is in the language that its name says.
    #[must_use]
    pub fn in_language_of_name(mut self) -> Self {
        self.language = Language::of_name(&self.name);
        self
    }

    /// Strips the types of a module that is TypeScript, once. [`source`](Self::source) is JavaScript afterwards.
    ///
    /// # Errors
    ///
    /// Why the types cannot be stripped.
    pub fn strip(&self) -> Result<StripEffort, Refusal> {
        match &self.language {
            Language::JavaScript => Ok(StripEffort::default()),
            Language::TypeScript(stripped) => {
                let stripped = stripped.get_or_init(|| self.stripped());
                stripped.as_ref().map(|stripped| stripped.effort).map_err(Clone::clone)
            }
        }
    }

    #[cfg(feature = "typescript")]
    fn stripped(&self) -> Result<Stripped, Refusal> {
        strip::strip(&self.source, self.format.as_ref())
    }

    #[cfg(not(feature = "typescript"))]
    fn stripped(&self) -> Result<Stripped, Refusal> {
        let message = "the name of the script says TypeScript, and this program was built without it";
        Err(Refusal::new(message, (1, 1), Some(NotStripped::Feature)))
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text that the engine compiles: the source, or the source without types after [`strip`](Self::strip).
    #[must_use]
    pub fn source(&self) -> &str {
        match &self.language {
            Language::TypeScript(stripped) if let Some(Ok(stripped)) = stripped.get() => &stripped.text,
            _ => &self.source,
        }
    }

    /// The source as it was written, with its types.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.source
    }

    /// Names the method that the script's only function implements.
    #[must_use]
    pub fn implementing(mut self, method: Option<String>) -> Self {
        self.method = method;
        self
    }

    #[must_use]
    pub fn format(&self) -> Option<&ScriptFormat> {
        self.format.as_ref()
    }

    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
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

impl Script {
    /// A script. Errors and stacks show the name. No file of that name is read.
    #[must_use]
    pub fn new(name: impl Into<String>, source: impl Into<String>) -> Self {
        let name = name.into();
        let format = match typescript::extension(&name) {
            Some("mjs" | "mts") => Some(ScriptFormat::Module),
            Some("cjs" | "cts") => Some(ScriptFormat::CommonJs),
            _ => None,
        };
        Self::of(ScriptModule::new(name, source.into(), format, None).in_language_of_name())
    }

    /// The body of a function with these parameters: `return` gives the result.
    ///
    /// The function implements the method of a contract that has one ([`implementing`](Self::implementing) for another
    /// contract). Lines and columns in errors are those of the text. A body is sloppy code, unless it begins with
    /// `'use strict'`. No text closes its function: such a text is a syntax error.
    ///
    /// ```
    /// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Step {
    ///     fn run(&self, items: Vec<f64>) -> Result<Vec<f64>>;
    /// }
    ///
    /// let sandbox = Sandbox::builder().build()?;
    /// let source = "const large = items.filter((item) => item > 10);\nreturn large.map((item) => item / 2);";
    /// let step = sandbox.load::<dyn Step>(Script::body("step.js", ["items"], source))?;
    /// assert_eq!(step.run(vec![4.0, 20.0])?, [10.0]);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn body<P: Into<String>>(
        name: impl Into<String>,
        parameters: impl IntoIterator<Item = P>,
        source: impl Into<String>,
    ) -> Self {
        let parameters = parameters.into_iter().map(Into::into).collect();
        Self::formed(name.into(), source.into(), ScriptFormat::Body { parameters, is_async: false })
    }

    /// The body of an `async` function with these parameters, which may `await`. The contract's method is `async`.
    ///
    /// ```
    /// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Step {
    ///     async fn run(&self, item: f64) -> Result<f64>;
    /// }
    ///
    /// async fn twice(item: f64) -> Result<f64> {
    ///     let sandbox = Sandbox::builder().build()?;
    ///     let source = "const twice = await Promise.resolve(item * 2);\nreturn twice;";
    ///     let step = sandbox.load_async::<dyn Step>(Script::async_body("step.js", ["item"], source)).await?;
    ///     step.run(item).await
    /// }
    /// ```
    #[must_use]
    pub fn async_body<P: Into<String>>(
        name: impl Into<String>,
        parameters: impl IntoIterator<Item = P>,
        source: impl Into<String>,
    ) -> Self {
        let parameters = parameters.into_iter().map(Into::into).collect();
        Self::formed(name.into(), source.into(), ScriptFormat::Body { parameters, is_async: true })
    }

    /// One expression, such as `function (user) { … }` without a name. Its value is the function of a contract with one
    /// method, or an object with the functions of a contract. A semicolon at the end is allowed.
    ///
    /// ```
    /// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Rule {
    ///     fn allows(&self, user: &str) -> Result<bool>;
    /// }
    ///
    /// let sandbox = Sandbox::builder().build()?;
    /// let source = "function (user) { return user !== 'mallory'; }";
    /// let rule = sandbox.load::<dyn Rule>(Script::expression("rule.js", source))?;
    /// assert!(rule.allows("alice")?);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn expression(name: impl Into<String>, source: impl Into<String>) -> Self {
        Self::formed(name.into(), source.into(), ScriptFormat::Expression)
    }

    /// Statements that are run anew for each call. The value of the last one is the result, as in a console.
    ///
    /// The statements find the arguments of the call under these names. They are sloppy code. Functions and the variables of
    /// `let` and `const` are those of one call, and `var` makes a global of the realm. The statements are compiled at each
    /// call, so a long script is better a [`body`](Self::body).
    ///
    /// ```
    /// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Rule {
    ///     fn level(&self, amount: f64) -> Result<String>;
    /// }
    ///
    /// let sandbox = Sandbox::builder().build()?;
    /// let source = "const limit = 100;\nif (amount > limit) 'high'; else 'low';";
    /// let rule = sandbox.load::<dyn Rule>(Script::last_value("rule.js", ["amount"], source))?;
    /// assert_eq!((rule.level(500.0)?, rule.level(5.0)?), ("high".into(), "low".into()));
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn last_value<P: Into<String>>(
        name: impl Into<String>,
        parameters: impl IntoIterator<Item = P>,
        source: impl Into<String>,
    ) -> Self {
        let parameters = parameters.into_iter().map(Into::into).collect();
        Self::formed(name.into(), source.into(), ScriptFormat::LastValue { parameters })
    }

    /// Names the method that the script's only function implements: a body, an expression, statements with a last value, a
    /// default export or `module.exports` that is a function. A contract with several methods needs the name of one.
    ///
    /// ```
    /// use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Shop {
    ///     fn price(&self, quantity: f64) -> Result<f64>;
    ///     fn currency(&self) -> Result<String> {
    ///         Ok("EUR".into())
    ///     }
    /// }
    ///
    /// let sandbox = Sandbox::builder().build()?;
    /// let script = Script::body("price.js", ["quantity"], "return quantity / 4;").implementing("price");
    /// let shop = sandbox.load::<dyn Shop>(script)?;
    /// assert_eq!((shop.price(2.0)?, shop.currency()?), (0.5, "EUR".into()));
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn implementing(self, method: impl Into<String>) -> Self {
        let mut bundle = self.into_bundle();
        bundle.modules[bundle.entry].method = Some(method.into());
        Self(Arc::new(bundle))
    }

    /// Gives the source map of the text, as JSON of the third version. The file of a script of [`Modules`] that is evaluated gets
    /// it; [`Modules::source_map`] is for the others.
    ///
    /// Errors then name the file, the line and the column that the text was made from. A text that ends with an inline map
    /// (`//# sourceMappingURL=data:application/json;base64,…`) needs none given, and nothing is ever fetched. The map counts as a
    /// part of the script's length (`Limits::script_bytes`).
    ///
    /// ```
    /// use sandbox_runtime::{Error, LocalSandbox, Script};
    ///
    /// let map = r#"{"version":3,"sources":["src/rule.ts"],"mappings":"AAEA"}"#;
    /// let script = Script::new("rule.js", "throw new Error('no stock');").source_map(map)?;
    /// let error = LocalSandbox::builder().build()?.eval(script).map(drop).unwrap_err();
    /// let Error::Guest(thrown) = error else { panic!("the guest threw") };
    /// # if sandbox_runtime::Engine::CURRENT == sandbox_runtime::Engine::V8 {
    /// let original = thrown.stack[0].original.as_ref().expect("the map has the place");
    /// assert_eq!((&*original.file, original.line, original.column), ("src/rule.ts", 3, 1));
    /// # }
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the map is broken, has sections, or is longer than 16 MiB.
    pub fn source_map(self, map: impl Into<String>) -> Result<Self, ModulesError> {
        let mut bundle = self.into_bundle();
        let entry = &mut bundle.modules[bundle.entry];
        let mapped = entry.clone().mapped(map.into());
        *entry = mapped.map_err(|reason| ModulesError::new(entry.name(), reason))?;
        Ok(Self(Arc::new(bundle)))
    }

    /// The script with these globals, and no others.
    #[doc(hidden)]
    #[must_use]
    pub fn with_globals(self, globals: Globals) -> Self {
        Self(Arc::new(Bundle { globals, ..self.into_bundle() }))
    }

    #[doc(hidden)]
    #[must_use]
    pub fn globals(&self) -> &Globals {
        &self.0.globals
    }

    /// The content without a hash, for a change.
    fn into_bundle(self) -> Bundle {
        let bundle = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Bundle {
            modules: shared.modules.clone(),
            entry: shared.entry,
            globals: shared.globals.clone(),
            map: shared.map.clone(),
            hash: OnceLock::new(),
        });
        Bundle { hash: OnceLock::new(), ..bundle }
    }

    fn formed(name: String, source: String, format: ScriptFormat) -> Self {
        Self::of(ScriptModule::new(name, source, Some(format), None).in_language_of_name())
    }

    fn of(module: ScriptModule) -> Self {
        Self(Arc::new(Bundle::new(vec![module], 0, None)))
    }

    /// A script of several files. `entry` is the name of the file that is evaluated, whose exports a contract is bound to.
    ///
    /// The sources, names and import map count together as the script's length (`Limits::script_bytes`).
    ///
    /// ```
    /// use sandbox_runtime::{Modules, Script};
    ///
    /// let modules = Modules::new().file("main.js", "export * from './a.js';").file("a.js", "export const one = () => 1;");
    /// assert_eq!(Script::modules(modules.clone(), "main.js").unwrap().name(), "main.js");
    /// let error = Script::modules(modules, "b.js").unwrap_err();
    /// assert_eq!(error.to_string(), "b.js: the script begins with this file, and has none of the name: add it");
    /// ```
    ///
    /// # Errors
    ///
    /// For the first fault of the files, and when `entry` is no file of JavaScript.
    pub fn modules(modules: Modules, entry: &str) -> Result<Self, ModulesError> {
        let entry = modules.check(entry)?;
        let Modules { files, imports, .. } = modules;
        let map = Some(ModuleMap::new(&files, imports));
        Ok(Self(Arc::new(Bundle::new(files, entry, map))))
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

    /// A script that came as data; `None` if `entry` is not the index of a module. `imports` are those of a script of
    /// [`Modules`].
    #[doc(hidden)]
    #[must_use]
    pub fn of_modules(
        modules: Vec<ScriptModule>,
        entry: usize,
        imports: Option<BTreeMap<String, String>>,
    ) -> Option<Self> {
        let map = imports.map(|imports| ModuleMap::new(&modules, imports));
        let bundle = Bundle::new(modules, entry, map);
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

    /// All modules, the one that is evaluated among them.
    #[doc(hidden)]
    #[must_use]
    pub fn members(&self) -> &[ScriptModule] {
        &self.0.modules
    }

    /// The module of this name.
    #[doc(hidden)]
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&ScriptModule> {
        self.members().iter().find(|module| module.name() == name)
    }

    /// How the modules name each other; `None` for a script that imports nothing.
    #[doc(hidden)]
    #[must_use]
    pub fn map(&self) -> Option<&ModuleMap> {
        self.0.map.as_ref()
    }

    /// The length of all sources and given source maps, in bytes. The names and the import map of [`Modules`] count as well.
    #[doc(hidden)]
    #[must_use]
    pub fn length(&self) -> usize {
        let of_module = |module: &ScriptModule| {
            let name = if self.map().is_some() { module.name.len() } else { 0 };
            [name, module.source.len(), module.source_map.as_ref().map_or(0, String::len)]
        };
        let of_map = self.map().map_or(0, ModuleMap::length);
        self.members().iter().flat_map(of_module).fold(of_map, usize::saturating_add)
    }

    /// Strips the types of all modules that are TypeScript. The bound of what the parser reads again is one for all of them.
    ///
    /// # Errors
    ///
    /// The name of the first module whose types cannot be stripped, and why.
    #[doc(hidden)]
    pub fn strip(&self) -> Result<(), (&str, Refusal)> {
        let mut effort = StripEffort::default();
        for module in self.members() {
            let of_module = module.strip().and_then(|of_module| effort.add(of_module));
            of_module.map_err(|refusal| (module.name(), refusal))?;
        }
        Ok(())
    }

    /// The hash of the content. The first question computes it, for this script and all of its clones.
    #[doc(hidden)]
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        *self.0.hash.get_or_init(|| self.0.digest())
    }
}

impl Bundle {
    fn new(modules: Vec<ScriptModule>, entry: usize, map: Option<ModuleMap>) -> Self {
        Self { modules, entry, globals: Globals::default(), map, hash: OnceLock::new() }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.entry == other.entry
            && self.modules == other.modules
            && self.globals == other.globals
            && self.imports() == other.imports()
    }

    fn imports(&self) -> Option<&BTreeMap<String, String>> {
        self.map.as_ref().map(ModuleMap::imports)
    }

    /// Each text has its length before it, so no two contents are the same bytes.
    fn digest(&self) -> ContentHash {
        let mut hasher = Sha256::new_with_prefix(b"script 4");
        let number = |hasher: &mut Sha256, number: usize| hasher.update((number as u64).to_le_bytes());
        number(&mut hasher, self.modules.len());
        number(&mut hasher, self.entry);
        ModuleMap::digest(self.map.as_ref(), &mut hasher);
        for ScriptModule { name, source, format, source_map, method, language, .. } in &self.modules {
            ScriptFormat::digest(format.as_ref(), &mut hasher);
            number(&mut hasher, usize::from(source_map.is_some()));
            number(&mut hasher, usize::from(method.is_some()));
            number(&mut hasher, usize::from(language.is_typescript()));
            for text in [name, source].into_iter().chain(source_map).chain(method) {
                number(&mut hasher, text.len());
                hasher.update(text);
            }
        }
        self.globals.digest(&mut hasher);
        ContentHash(hasher.finalize().into())
    }
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        let (own, other) = (&self.0, &other.0);
        Arc::ptr_eq(own, other) || own.is_same(other)
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
        let Bundle { modules, entry, globals, map, hash: _ } = &*self.0;
        let mut out = f.debug_struct("Script");
        out.field("entry", entry).field("modules", modules).field("globals", globals);
        out.field("imports", &map.as_ref().map(ModuleMap::imports)).finish()
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
        Script::of_modules(modules(parts), entry, None).expect("the entry is there")
    }

    fn with_imports(imports: &[(&str, &str)]) -> Script {
        let imports = imports.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        Script::of_modules(modules(&[("a", "bc")]), 0, Some(imports)).expect("the entry is there")
    }

    /// Each part of the content makes another script: another hash, and another value.
    #[test]
    fn the_content_is_the_identity() {
        let with = |format, map: Option<&str>| {
            let module = ScriptModule::new("a".into(), "bc".into(), format, map.map(Into::into));
            Script::of_modules(vec![module], 0, None).expect("the entry is there")
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
            with(Some(ScriptFormat::Expression), None),
            Script::body("a", [""; 0], "bc"),
            Script::async_body("a", [""; 0], "bc"),
            Script::body("a", ["p"], "bc"),
            Script::body("a", ["p", "q"], "bc"),
            Script::body("a", ["pq"], "bc"),
            Script::last_value("a", ["p"], "bc"),
            Script::body("a", ["p"], "bc").implementing("p"),
            bundle(&[("a", "bc")], 0).implementing(""),
            with_imports(&[]),
            with_imports(&[("b", "a")]),
            with_imports(&[("b", "a"), ("c", "a")]),
            with(Some(ScriptFormat::Json), None),
            with(Some(ScriptFormat::Text), None),
            bundle(&[("a.ts", "bc")], 0),
            Script::new("a.ts", "bc"),
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
    fn the_name_of_a_method_leaves_other_clones_as_they_are() {
        let script = Script::body("a.js", ["p"], "x");
        let named = script.clone().implementing("one").implementing("two");
        assert_eq!((script.entry().method(), named.entry().method()), (None, Some("two")));
        assert_eq!((script.entry().format(), script.name()), (named.entry().format(), named.name()));
        assert_ne!(script, named);
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
        assert_eq!(Script::of_modules(Vec::new(), 0, None), None);
        assert_eq!(Script::of_modules(modules(&[("a", "")]), 1, None), None);
        assert_eq!(bundle(&[("a", "1"), ("b", "22")], 1).name(), "b");
        assert_eq!(bundle(&[("a", "1"), ("b", "22")], 1).length(), 3);
    }
}
