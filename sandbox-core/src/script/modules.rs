//! [`Modules`]: the files of a script that has several.
//!
//! The builder keeps the first fault, and [`Script::modules`](super::Script::modules) returns it. So no script with a faulty
//! name, a faulty JSON text or a faulty import map is ever loaded. The names follow `module_map`.

mod folder;

use std::collections::{BTreeMap, HashSet};

use serde::de::IgnoredAny;

use super::module_map::{is_name, is_relative};
use super::typescript::{extension, is_declaration};
use super::{ScriptFormat, ScriptModule};
use crate::shown::Shown;

/// The longest name of a module, in bytes.
pub(super) const LONGEST_NAME: usize = 255;

/// The kind of a file, by the extension of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    /// JavaScript or TypeScript, in one of these forms; `None` for the form that parses.
    Code(Option<ScriptFormatOfFile>),
    /// Types of TypeScript without code, `.d.ts`.
    Declaration,
    Json,
    Text,
    /// No extension of a module.
    Other,
}

/// The forms that a name can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScriptFormatOfFile {
    Module,
    CommonJs,
}

impl SourceKind {
    pub(super) fn of(name: &str) -> Self {
        match extension(name) {
            _ if is_declaration(name) => Self::Declaration,
            Some("js" | "ts") => Self::Code(None),
            Some("mjs" | "mts") => Self::Code(Some(ScriptFormatOfFile::Module)),
            Some("cjs" | "cts") => Self::Code(Some(ScriptFormatOfFile::CommonJs)),
            Some("json") => Self::Json,
            Some("txt") => Self::Text,
            _ => Self::Other,
        }
    }
}

/// The files of a script that has several: names and sources. No file is read, and nothing is fetched, when the script runs.
///
/// A name is a path of parts with `/` between them, such as `lib/tax.js`. A module names another one relative to itself, or
/// by a name of the import map. [`Script::modules`](crate::Script::modules) makes a script of the files.
///
/// ```
/// use sandbox_runtime::{LocalSandbox, Modules, Result, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Price {
///     fn price(&self, net: f64) -> Result<f64>;
/// }
///
/// let modules = Modules::new()
///     .file("main.js", "import { tax } from './lib/tax.js';\nexport const price = (net) => net + tax(net);")
///     .file("lib/tax.js", "import rates from 'rates';\nexport const tax = (net) => net * rates.standard;")
///     .json("rates.json", r#"{ "standard": 0.25 }"#)
///     .import("rates", "rates.json");
/// # if sandbox_runtime::Engine::CURRENT == sandbox_runtime::Engine::V8 {
/// let sandbox = LocalSandbox::builder().build()?;
/// let price = sandbox.load::<dyn Price>(Script::modules(modules, "main.js")?)?;
/// assert_eq!(price.price(100.0)?, 125.0);
/// # }
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Modules {
    pub(super) files: Vec<ScriptModule>,
    names: HashSet<String>,
    pub(super) imports: BTreeMap<String, String>,
    fault: Option<ModulesError>,
}

/// Why files are no script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", Shown(file), Shown(reason))]
#[non_exhaustive]
pub struct ModulesError {
    /// The name of the file, of the entry of the import map, or of the folder.
    pub file: String,
    /// The cause, and the remedy.
    pub reason: String,
    /// The line of the fault, from 1; 0 when the fault has none.
    pub line: usize,
    /// The column of the fault, from 1; 0 when the fault has none.
    pub column: usize,
}

impl ModulesError {
    pub(super) fn new(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file: file.into(), reason: reason.into(), line: 0, column: 0 }
    }
}

impl Modules {
    /// The most files of a script.
    pub const MOST_FILES: usize = 4096;
    /// The most names of an import map.
    pub const MOST_IMPORTS: usize = 4096;

    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. The extension says what the file is: `.js`, `.mjs` and `.cjs` are JavaScript, `.ts`, `.mts` and `.cts` are
    /// TypeScript, `.json` is data, and `.txt` is text.
    ///
    /// A `.js` or `.ts` file is an ES module or CommonJS, by the rule of [`Script::new`](crate::Script::new). The types of all
    /// files are stripped when the script is first loaded, with the feature `typescript`. `.d.ts` files have no code, and are
    /// refused.
    #[must_use]
    pub fn file(self, name: impl Into<String>, source: impl Into<String>) -> Self {
        let (name, source) = (name.into(), source.into());
        if !is_name(&name) {
            return self.add(ScriptModule::new(name, source, None, None));
        }
        let format = match SourceKind::of(&name) {
            SourceKind::Code(None) => None,
            SourceKind::Code(Some(ScriptFormatOfFile::Module)) => Some(ScriptFormat::Module),
            SourceKind::Code(Some(ScriptFormatOfFile::CommonJs)) => Some(ScriptFormat::CommonJs),
            SourceKind::Json => return self.json(name, source),
            SourceKind::Text => return self.text(name, source),
            SourceKind::Declaration => {
                return self.faulty(name, "the file declares types and has no code: leave it out");
            }
            SourceKind::Other => {
                let reason = "no kind of file has this extension: take `.js`, `.mjs`, `.cjs`, `.ts`, `.mts`, `.cts`, `.json` or \
                              `.txt`, or add the file with `Modules::text`";
                return self.faulty(name, reason);
            }
        };
        self.add(ScriptModule::new(name, source, format, None).in_language_of_name())
    }

    /// Adds data. Its value is the module's default export, and what `require` returns.
    ///
    /// The name may have any extension.
    #[must_use]
    pub fn json(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        let (name, text) = (name.into(), text.into());
        let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
        if let Err(error) = serde_json::from_str::<IgnoredAny>(&text) {
            let fault = ModulesError::new(name, format!("the file is no JSON: {error}"));
            return self.fail(ModulesError { line: error.line(), column: error.column(), ..fault });
        }
        self.add(ScriptModule::new(name, text, Some(ScriptFormat::Json), None))
    }

    /// Adds a text, which is the module's default export, and what `require` returns. The name may have any extension.
    #[must_use]
    pub fn text(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.add(ScriptModule::new(name.into(), text.into(), Some(ScriptFormat::Text), None))
    }

    /// Gives the source map of a file that was added before, as [`Script::source_map`](crate::Script::source_map) does.
    #[must_use]
    pub fn source_map(mut self, file: &str, map: impl Into<String>) -> Self {
        let Some(at) = self.files.iter().position(|module| module.name() == file) else {
            return self.faulty(
                file,
                "the source map is of this file, and there is none of the name: add the file first",
            );
        };
        match self.files[at].clone().mapped(map.into()) {
            Ok(mapped) => self.files[at] = mapped,
            Err(reason) => return self.faulty(file, reason),
        }
        self
    }

    /// Maps a name that is not relative to a file, such as `lodash` to `vendor/lodash.js`.
    ///
    /// Two names that end with `/` map all names that begin with the first one. The longest such name counts, as in the import
    /// maps of browsers. A name may look like a URL or a built-in module (`node:path`), and stands for the file alone.
    #[must_use]
    pub fn import(mut self, name: impl Into<String>, file: impl Into<String>) -> Self {
        let (name, file) = (name.into(), file.into());
        if name.is_empty() || name.len() > LONGEST_NAME || is_relative(&name) || name.starts_with('/') {
            let reason = "the import map has names that are not relative, such as `lodash` or `@acme/`";
            return self.faulty(name, reason);
        }
        if name.ends_with('/') != file.ends_with('/') {
            return self.faulty(name, "a name that ends with `/` stands for a folder that ends with `/`");
        }
        if self.imports.len() == Self::MOST_IMPORTS && !self.imports.contains_key(&name) {
            let reason = format!("an import map has at most {} names: map a folder", Self::MOST_IMPORTS);
            return self.faulty(name, reason);
        }
        if let Some(other) = self.imports.insert(name.clone(), file) {
            return self.faulty(name, format!("the name is mapped twice, first to `{other}`: remove one"));
        }
        self
    }

    /// The names of the files, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(ScriptModule::name)
    }

    fn add(mut self, module: ScriptModule) -> Self {
        let name = module.name();
        if !is_name(name) {
            let reason = "the name of a file is a path of parts such as `lib/tax.js`: no part is empty, `.` or `..`, and no \
                          character is `\\`, `%`, `?`, `#`, `:` or a control; at most 255 bytes";
            return self.faulty(name.to_owned(), reason);
        }
        if !self.names.insert(name.to_owned()) {
            return self.faulty(name.to_owned(), "two files have this name: rename one");
        }
        if self.files.len() == Self::MOST_FILES {
            let reason = format!("a script has at most {} files: bundle some of them", Self::MOST_FILES);
            return self.faulty(name.to_owned(), reason);
        }
        self.files.push(module);
        self
    }

    fn faulty(self, file: impl Into<String>, reason: impl Into<String>) -> Self {
        self.fail(ModulesError::new(file, reason))
    }

    fn fail(mut self, fault: ModulesError) -> Self {
        self.fault.get_or_insert(fault);
        self
    }

    /// The index of the file that is evaluated, if there is no fault.
    pub(super) fn check(&self, entry: &str) -> Result<usize, ModulesError> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        // The files, and with a `/` at the end the folders.
        let folders = self.names().flat_map(|name| name.match_indices('/').map(|(at, _)| &name[..=at]));
        let known = self.names().chain(folders).collect::<HashSet<_>>();
        for (name, file) in &self.imports {
            if !known.contains(&**file) {
                return Err(ModulesError::new(
                    name,
                    format!("the name is mapped to `{file}`, and no file is there: add it"),
                ));
            }
        }
        let at = self.names().position(|name| name == entry);
        let Some(at) = at else {
            return Err(ModulesError::new(
                entry,
                "the script begins with this file, and has none of the name: add it",
            ));
        };
        match self.files[at].format() {
            Some(ScriptFormat::Json | ScriptFormat::Text) => Err(ModulesError::new(
                entry,
                "a script begins with JavaScript, and this file is data: name another one",
            )),
            _ => Ok(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Script;
    use super::*;

    fn fault(modules: Modules) -> String {
        Script::modules(modules.file("main.js", ""), "main.js")
            .map(drop)
            .expect_err("it is refused")
            .to_string()
    }

    #[test]
    fn faulty_files_are_refused_by_name() {
        let new = Modules::new;
        for (modules, text) in [
            (new().file("", ""), ": the name of a file is a path"),
            (new().file("../a.js", ""), "../a.js: the name of a file is a path"),
            (new().file("/a.js", ""), "/a.js: the name of a file is a path"),
            (new().file("a//b.js", ""), "a//b.js: the name"),
            (new().file("./a.js", ""), "./a.js: the name"),
            (new().file("a\\b.js", ""), "the name of a file"),
            (new().file("%2e%2e/a.js", ""), "the name of a file"),
            (new().file("file:a.js", ""), "the name of a file"),
            (new().file("a\n.js", ""), "a\\n.js: the name of a file"),
            (new().file(format!("{}.js", "a".repeat(255)), ""), "at most 255 bytes"),
            (new().file("a.d.ts", ""), "a.d.ts: the file declares types and has no code: leave it out"),
            (new().file("lib/a.d.mts", ""), "lib/a.d.mts: the file declares types"),
            (new().file("a.css", ""), "a.css: no kind of file has this extension"),
            (new().file("a", ""), "a: no kind of file"),
            (new().file("a.js", "").text("a.js", ""), "a.js: two files have this name"),
            (new().json("a.json", "{"), "a.json: the file is no JSON: EOF while parsing"),
            (new().json("a.json", "{} x"), "the file is no JSON: trailing characters"),
            (
                new().source_map("a.js", ""),
                "a.js: the source map is of this file, and there is none of the name",
            ),
            (new().file("a.js", "").source_map("a.js", "{"), "a.js: the source map cannot be read: EOF"),
            (new().import("./a", "main.js"), "./a: the import map has names that are not relative"),
            (new().import("/a", "main.js"), "the import map has names"),
            (new().import("", "main.js"), "the import map has names"),
            (new().import("a", "a.js"), "a: the name is mapped to `a.js`, and no file is there"),
            (new().import("a/", "lib/"), "a/: the name is mapped to `lib/`"),
            (new().import("a/", "main.js"), "a name that ends with `/`"),
            (new().import("a", "main.js").import("a", "main.js"), "a: the name is mapped twice"),
        ] {
            let fault = fault(modules);
            assert!(fault.contains(text), "{fault}");
        }
        let many = (0..Modules::MOST_FILES).fold(new(), |all, number| all.text(format!("{number}"), ""));
        assert!(fault(many).contains("at most 4096 files"));
    }

    #[test]
    fn an_import_map_is_bounded() {
        let file = |number: usize| format!("{}{number}.js", "a/".repeat(100));
        let files = (1..Modules::MOST_FILES).fold(Modules::new(), |all, number| all.file(file(number), ""));
        let last = file(Modules::MOST_FILES - 1);
        let most = (0..Modules::MOST_IMPORTS).fold(files, |all, number| match number % 2 {
            0 => all.import(format!("name{number}"), &last),
            _ => all.import(format!("name{number}/"), "a/".repeat(100)),
        });
        let script = Script::modules(most.clone().file("main.js", ""), "main.js");
        assert_eq!(script.expect("there is no fault").members().len(), Modules::MOST_FILES);
        let more = fault(most.import("more", &last));
        assert_eq!(more, "more: an import map has at most 4096 names: map a folder");
    }

    #[test]
    fn the_first_fault_is_told_with_its_place() {
        let modules = Modules::new().json("rates.json", "{\n  \"a\": 01 }").file("", "");
        let fault = Script::modules(modules, "main.js").expect_err("it is refused");
        assert_eq!((&*fault.file, fault.line, fault.column), ("rates.json", 2, 9));
    }

    #[test]
    fn a_script_begins_with_code() {
        let modules = || Modules::new().file("a.js", "").json("b.json", "1").text("c", "");
        assert!(Script::modules(modules(), "a.js").is_ok());
        for (entry, text) in
            [("b.json", "this file is data"), ("c", "this file is data"), ("d.js", "has none of the name")]
        {
            let fault = Script::modules(modules(), entry).expect_err("it is refused").to_string();
            assert!(fault.contains(text), "{fault}");
        }
    }

    #[test]
    fn json_is_what_javascript_reads() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        for text in ["\u{feff}1", r#""\ud800""#, "1e999", r#"{"__proto__": 1, "a": 1, "a": 2}"#, &deep] {
            assert_eq!(Modules::new().json("a.json", text).fault, None);
        }
    }
}
