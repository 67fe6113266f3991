//! The names of a script's modules, and the rules by which a module names another one.
//!
//! The map decides, and never a path: a specifier is joined with the folder of its module as text, and the result is one of
//! the map's names or refused. Names are compared byte for byte. Nothing is decoded, folded or read from a disk. The loader
//! of an engine asks here, for `import`, `import()` and `require`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use sha2::{Digest, Sha256};

use super::ScriptModule;
use crate::shown::Shown;

/// The longest specifier that is looked at, in bytes. No name of a module is so long.
const LONGEST: usize = 1024;
/// How many characters of a refused specifier are shown.
const SHOWN: usize = 128;
/// How many names with one last part are looked at for one that is near.
const MOST_ALIKE: usize = 64;

/// Extensions that `require` adds to a name, in this order.
const ADDED: [&str; 7] = [".js", ".cjs", ".json", ".ts", ".cts", "/index.js", "/index.ts"];
/// Extensions that an author may leave out, in the order in which a module that is near is looked for.
const LEFT_OUT: [&str; 10] =
    [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json", ".txt", "/index.js", "/index.ts"];
/// TypeScript names a module by the file that its compiler would write.
const WRITTEN_FROM: [(&str, &str); 3] = [(".js", ".ts"), (".mjs", ".mts"), (".cjs", ".cts")];

/// How a module names another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `import` and `import()`: the whole name.
    Import,
    /// `require`: an extension or `/index.js` may be left out.
    Require,
}

impl fmt::Display for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Import => "import",
            Self::Require => "require",
        })
    }
}

/// The modules of a script by name, and its import map.
#[derive(Clone, Debug, Default)]
pub struct ModuleMap {
    index: HashMap<Box<str>, usize>,
    /// Some names of modules, by their last part in lower case. A guest asks for names without end, so no search takes long.
    alike: HashMap<Box<str>, Vec<Box<str>>>,
    imports: BTreeMap<String, String>,
}

impl ModuleMap {
    /// The map of these modules. Of two modules with one name, the first is found.
    #[must_use]
    pub fn new(modules: &[ScriptModule], imports: BTreeMap<String, String>) -> Self {
        let mut index = HashMap::with_capacity(modules.len());
        let mut alike = HashMap::<Box<str>, Vec<Box<str>>>::with_capacity(modules.len());
        for (at, module) in modules.iter().enumerate() {
            index.entry(module.name().into()).or_insert(at);
            let names = alike.entry(last_part(module.name()).into()).or_default();
            if names.len() < MOST_ALIKE {
                names.push(module.name().into());
            }
        }
        Self { index, alike, imports }
    }

    /// The import map: names, and what they stand for.
    #[must_use]
    pub fn imports(&self) -> &BTreeMap<String, String> {
        &self.imports
    }

    /// The bytes of the import map.
    pub(super) fn length(&self) -> usize {
        self.imports.iter().map(|(from, to)| from.len() + to.len()).sum()
    }

    /// The index of the module that `referrer` names by `specifier`.
    ///
    /// # Errors
    ///
    /// When no module of the script has that name.
    pub fn resolve(&self, referrer: &str, specifier: &str, naming: Naming) -> Result<usize, UnknownModule> {
        self.find(referrer, specifier, naming).map_err(|reason| {
            let shown = specifier.chars().take(SHOWN).collect::<String>();
            let ellipsis = if shown.len() < specifier.len() { "…" } else { "" };
            UnknownModule { specifier: format!("{shown}{ellipsis}"), naming, reason }
        })
    }

    fn find(&self, referrer: &str, specifier: &str, naming: Naming) -> Result<usize, Reason> {
        if specifier.len() > LONGEST {
            return Err(Reason::Long);
        }
        if is_relative(specifier) {
            let path = join(referrer, specifier)?;
            return self.member(&path, naming).ok_or_else(|| self.missing(referrer, path));
        }
        if let Some(path) = self.mapped(specifier) {
            return self.member(&path, naming).ok_or_else(|| self.missing(referrer, path));
        }
        Err(match specifier {
            _ if specifier.starts_with('/') => Reason::Absolute,
            _ if has_scheme(specifier) => Reason::Url,
            _ => Reason::Bare(self.near(specifier).map(|near| relative(referrer, near))),
        })
    }

    /// The path that the import map has for a specifier: that of the whole specifier, or of its longest prefix.
    fn mapped(&self, specifier: &str) -> Option<String> {
        if let Some(target) = self.imports.get(specifier) {
            return Some(target.clone());
        }
        let slashes = specifier.rmatch_indices('/').map(|(at, _)| &specifier[..=at]);
        let (prefix, target) = slashes
            .filter(|prefix| prefix.len() < specifier.len())
            .find_map(|p| Some((p, self.imports.get(p)?)))?;
        let rest = &specifier[prefix.len()..];
        is_name(rest).then(|| format!("{target}{rest}"))
    }

    fn member(&self, path: &str, naming: Naming) -> Option<usize> {
        let get = |path: &str| self.index.get(path).copied();
        let written_from = || {
            let written = WRITTEN_FROM.iter();
            written.filter_map(|(to, from)| get(&format!("{}{from}", path.strip_suffix(to)?))).next()
        };
        let found = get(path).or_else(written_from);
        match naming {
            Naming::Import => found,
            Naming::Require => {
                let path = path.trim_end_matches('/');
                let add = |added: &&str| get(format!("{path}{added}").trim_start_matches('/'));
                found.or_else(|| ADDED.iter().find_map(add))
            }
        }
    }

    fn missing(&self, referrer: &str, path: String) -> Reason {
        let near = self.near(&path).map(|near| relative(referrer, near));
        Reason::Missing { path, near }
    }

    /// A module whose name is like this one: with an extension, in other case, or in another folder.
    fn near(&self, path: &str) -> Option<&str> {
        let known = |path: &str| self.index.get_key_value(path).map(|(name, _)| &**name);
        let stem = path.trim_end_matches('/');
        if let Some(name) = known(stem).or_else(|| LEFT_OUT.iter().find_map(|e| known(&format!("{stem}{e}"))))
        {
            return Some(name);
        }
        let whole = path.to_lowercase();
        let names = self.alike.get(&*last_part(path))?.iter().map(|name| &**name);
        names.min_by_key(|name| (name.to_lowercase() != whole, name.len(), *name))
    }

    pub(super) fn digest(map: Option<&Self>, hasher: &mut Sha256) {
        let number = |hasher: &mut Sha256, number: usize| hasher.update((number as u64).to_le_bytes());
        let Some(map) = map else { return number(hasher, 0) };
        number(hasher, map.imports.len() + 1);
        for text in map.imports.iter().flat_map(|(from, to)| [from, to]) {
            number(hasher, text.len());
            hasher.update(text);
        }
    }
}

/// The last part of a name, in lower case.
fn last_part(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_lowercase()
}

/// Whether a specifier is relative to the module that has it.
pub(super) fn is_relative(specifier: &str) -> bool {
    matches!(specifier, "." | "..") || specifier.starts_with("./") || specifier.starts_with("../")
}

/// Whether a text can be the name of a module: parts between single slashes, of characters that are themselves in a URL.
pub(super) fn is_name(name: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    let is_plain =
        |c: char| !c.is_control() && !matches!(c, '\\' | '%' | '?' | '#' | ':' | '\u{2028}' | '\u{2029}');
    name.len() <= super::modules::LONGEST_NAME && name.split('/').all(is_part) && name.chars().all(is_plain)
}

fn has_scheme(specifier: &str) -> bool {
    let Some((scheme, _)) = specifier.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// The path of a relative specifier, from the root of the script's modules.
fn join(referrer: &str, specifier: &str) -> Result<String, Reason> {
    for (character, reason) in
        [('\\', Reason::Backslash), ('%', Reason::Encoded), ('?', Reason::Query), ('#', Reason::Query)]
    {
        if specifier.contains(character) {
            return Err(reason);
        }
    }
    let mut parts = referrer.split('/').collect::<Vec<_>>();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => _ = parts.pop().ok_or(Reason::Outside)?,
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// How `referrer` names another module of its script.
fn relative(referrer: &str, name: &str) -> String {
    let folder = referrer.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (from, to) = (folder.split('/').filter(|part| !part.is_empty()), name.split('/'));
    let shared = from.clone().zip(to.clone()).take_while(|(from, to)| from == to).count();
    let shared = shared.min(to.clone().count() - 1);
    let up = from.count() - shared;
    let rest = to.skip(shared).collect::<Vec<_>>().join("/");
    if up == 0 { format!("./{rest}") } else { format!("{}{rest}", "../".repeat(up)) }
}

/// A specifier that names no module of its script. `Display` is the text that the guest gets, which ends with the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownModule {
    /// The first characters of the specifier.
    specifier: String,
    naming: Naming,
    reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Url,
    Absolute,
    Outside,
    Encoded,
    Query,
    Backslash,
    Long,
    Bare(Option<String>),
    Missing { path: String, near: Option<String> },
}

impl fmt::Display for UnknownModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of \"{}\": {}", self.naming, Shown(&self.specifier), self.reason)
    }
}

impl std::error::Error for UnknownModule {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str(
                "no URL and no built-in module is there; add a module, and map this name to it with `Modules::import`",
            ),
            Self::Absolute => f.write_str("a module is named relative to its importer, such as \"./tax.js\""),
            Self::Outside => f.write_str("the path leaves the folder of the script's modules; name one that is inside"),
            Self::Encoded => f.write_str("names are not decoded; write each character as it is in the module's name"),
            Self::Query => f.write_str("a name has no `?` and no `#`; name the module alone"),
            Self::Backslash => f.write_str("parts of a name have `/` between them, and not `\\`"),
            Self::Long => write!(f, "at most {LONGEST} bytes are the name of a module"),
            Self::Bare(Some(near)) => write!(f, "the name is neither relative nor mapped; write \"{}\"", Shown(near)),
            Self::Bare(None) => f.write_str(
                "the name is neither relative nor mapped; add a module, and map this name to it with `Modules::import`",
            ),
            Self::Missing { path, near: Some(near) } => {
                write!(f, "the script has no module `{}`; \"{}\" is one", Shown(path), Shown(near))
            }
            Self::Missing { path, near: None } => {
                write!(f, "the script has no module `{}`; add it with `Modules::file`", Shown(path))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(names: &[&str], imports: &[(&str, &str)]) -> (Vec<String>, ModuleMap) {
        let modules = names.iter().map(|name| ScriptModule::new((*name).into(), String::new(), None, None));
        let imports = imports.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let modules = modules.collect::<Vec<_>>();
        (names.iter().map(|name| (*name).to_owned()).collect(), ModuleMap::new(&modules, imports))
    }

    const NAMES: [&str; 9] = [
        "main.js",
        "lib/tax.js",
        "lib/index.js",
        "lib/deep/rate.ts",
        "rates.json",
        "vendor/lodash.js",
        "vendor/fp/map.js",
        "ÄRZTE.js",
        "types.ts",
    ];
    const IMPORTS: [(&str, &str); 5] = [
        ("lodash", "vendor/lodash.js"),
        ("lodash/", "vendor/"),
        ("lodash/fp/", "vendor/fp/"),
        ("node:path", "lib/tax.js"),
        ("@scope/tax", "lib/tax.js"),
    ];

    fn found(referrer: &str, specifier: &str, naming: Naming) -> Result<String, String> {
        let (names, map) = map(&NAMES, &IMPORTS);
        map.resolve(referrer, specifier, naming)
            .map(|at| names[at].clone())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn relative_and_mapped_names_are_found() {
        for (referrer, specifier, name) in [
            ("main.js", "./lib/tax.js", "lib/tax.js"),
            ("main.js", "./main.js", "main.js"),
            ("main.js", "./lib/../lib/./tax.js", "lib/tax.js"),
            ("lib/tax.js", "../main.js", "main.js"),
            ("lib/deep/rate.ts", "../../rates.json", "rates.json"),
            ("lib/tax.js", "./deep/rate.js", "lib/deep/rate.ts"),
            ("main.js", "./types.js", "types.ts"),
            ("main.js", "lodash", "vendor/lodash.js"),
            ("main.js", "lodash/lodash.js", "vendor/lodash.js"),
            ("main.js", "lodash/fp/map.js", "vendor/fp/map.js"),
            ("main.js", "node:path", "lib/tax.js"),
            ("lib/deep/rate.ts", "@scope/tax", "lib/tax.js"),
        ] {
            for naming in [Naming::Import, Naming::Require] {
                assert_eq!(found(referrer, specifier, naming).as_deref(), Ok(name), "{specifier}");
            }
        }
    }

    #[test]
    fn require_adds_what_is_left_out_and_import_says_it() {
        for (specifier, name) in [
            ("./lib/tax", "lib/tax.js"),
            ("./lib", "lib/index.js"),
            ("./lib/", "lib/index.js"),
            ("./rates", "rates.json"),
            ("lodash/lodash", "vendor/lodash.js"),
        ] {
            assert_eq!(found("main.js", specifier, Naming::Require).as_deref(), Ok(name));
            let refused = found("main.js", specifier, Naming::Import).expect_err("it is refused");
            assert!(refused.contains(&format!("\"./{name}\" is one")), "{refused}");
        }
    }

    #[test]
    fn the_root_has_an_index() {
        let (_, map) = map(&["lib/a.js", "index.js", "js"], &[]);
        for specifier in ["..", "../", "./..", "../."] {
            assert_eq!(map.resolve("lib/a.js", specifier, Naming::Require), Ok(1), "{specifier}");
            assert!(map.resolve("lib/a.js", specifier, Naming::Import).is_err());
        }
    }

    #[test]
    fn what_is_no_module_is_refused_with_its_remedy() {
        for (specifier, text) in [
            ("../main.js", "leaves the folder"),
            ("./lib/../../main.js", "leaves the folder"),
            ("./%2e%2e/main.js", "not decoded"),
            ("./lib%2ftax.js", "not decoded"),
            ("/main.js", "relative to its importer"),
            ("//main.js", "relative to its importer"),
            ("file:///main.js", "no URL"),
            ("https://example.com/a.js", "no URL"),
            ("data:text/javascript,1", "no URL"),
            ("node:fs", "no URL"),
            ("./lib\\tax.js", "not `\\`"),
            ("./main.js?again", "no `?`"),
            ("./main.js#again", "no `?`"),
            ("main.js", "write \"./main.js\""),
            ("tax.js", "write \"./lib/tax.js\""),
            ("fs", "add a module"),
            ("", "neither relative nor mapped"),
            ("lodash/", "the script has no module `vendor/`"),
            ("lodash/../main.js", "write \"./main.js\""),
            ("./Main.js", "\"./main.js\" is one"),
            ("./ärzte.js", "\"./ÄRZTE.js\" is one"),
            ("./A\u{308}RZTE.js", "add it with `Modules::file`"),
            ("./tax.js", "\"./lib/tax.js\" is one"),
            ("./none.js\n", "`none.js\\n`; add it"),
            ("./main.js/", "\"./main.js\" is one"),
            (".", "the script has no module ``"),
        ] {
            let refused = found("main.js", specifier, Naming::Import).expect_err("it is refused");
            assert!(refused.contains(text), "{specifier}: {refused}");
        }
        assert!(
            found("main.js", &"./".repeat(600), Naming::Import)
                .expect_err("it is refused")
                .contains("at most 1024 bytes")
        );
    }

    #[test]
    fn a_near_module_is_named_from_the_importer() {
        assert_eq!(relative("main.js", "lib/tax.js"), "./lib/tax.js");
        assert_eq!(relative("lib/tax.js", "lib/index.js"), "./index.js");
        assert_eq!(relative("lib/deep/rate.ts", "main.js"), "../../main.js");
        assert_eq!(relative("a/b/c.js", "a/d/e.js"), "../d/e.js");
        assert_eq!(relative("a/b/c.js", "a/b"), "../b");
    }
}
