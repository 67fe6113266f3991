//! The cases: a file each, with what it says of itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox_runtime::{Engine, Intrinsics, Limits, Modules, Script};

use super::slack::LONG;

/// Helpers that stand before every case, so that each can use what it gained.
const PRELUDE: &str = include_str!("prelude.js");

/// Begins a line with the name of a further file, whose source is what follows.
const FILE: &str = "\n// --- ";

/// How a case may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It returned.
    Ok,
    /// It threw.
    Guest,
    /// It is no JavaScript.
    Syntax,
    /// It does not export what it should.
    Mismatch,
    /// What it returned was refused.
    Value,
    /// Its time was up.
    Wall,
    /// Its heap was full.
    Heap,
    /// Its stack was full.
    Stack,
    /// It waited for too much at once.
    Pending,
}

impl Outcome {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ok" => Self::Ok,
            "guest" => Self::Guest,
            "syntax" => Self::Syntax,
            "mismatch" => Self::Mismatch,
            "value" => Self::Value,
            "wall" => Self::Wall,
            "heap" => Self::Heap,
            "stack" => Self::Stack,
            "pending" => Self::Pending,
            _ => return None,
        })
    }
}

/// One hostile guest.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// `<class>/<name>.js`, or `<class>/<name>.frozen.js` in a realm with frozen intrinsics.
    pub(crate) path: String,
    source: String,
    /// The intrinsics of its realm: `// intrinsics: frozen`, or `// intrinsics: both` for two cases.
    pub(crate) intrinsics: Intrinsics,
    /// The ways in which it may end.
    pub(crate) expected: Vec<Outcome>,
    /// The text that it must say: all that it returns, or a part of the error's text.
    pub(crate) says: Option<String>,
}

impl Case {
    /// What kind of attack it is.
    pub(crate) fn class(&self) -> &str {
        self.path.split_once('/').map_or("", |(class, _)| class)
    }

    /// Whether its `attack` is a method that the host awaits.
    pub(crate) fn is_awaited(&self) -> bool {
        self.class() == "awaited" || self.header("attack:") == Some("awaited")
    }

    pub(crate) fn script(&self) -> Script {
        let extension = self.header("file:").unwrap_or("mjs");
        let name = self.path.replace(".js", &format!(".{extension}"));
        let mut files = self.source.split(FILE);
        let main = format!("{PRELUDE}{}", files.next().unwrap_or_default());
        let mut modules = Modules::new().file(&name, &main);
        let Some(first) = files.next() else { return Script::new(name, main) };
        for file in [first].into_iter().chain(files) {
            let (file, source) = file.split_once('\n').expect("a file begins in the line below its name");
            modules = modules.file(file, source);
        }
        Script::modules(modules, &name).expect("the files of a case are a script")
    }

    fn header(&self, key: &str) -> Option<&str> {
        header(&self.source, key)
    }

    /// Tight, but for what the case is not meant to reach.
    pub(crate) fn limits(&self) -> Limits {
        let short = self.expected.contains(&Outcome::Wall);
        let wall = if short { Duration::from_millis(100) } else { LONG };
        let buffers = if Engine::CURRENT == Engine::QuickJs { 24 << 20 } else { 4 << 20 };
        let values =
            Limits { value_nodes: 20_000, value_bytes: 1 << 20, value_depth: 64, ..Limits::default() };
        Limits { wall, heap: 24 << 20, buffers, stack: 768 << 10, ..values }
    }

    /// The cases of a file.
    fn all_of(path: &str, source: &str) -> Vec<Self> {
        let realms: &[Intrinsics] = match header(source, "intrinsics:") {
            Some("frozen") => &[Intrinsics::Frozen],
            Some("both") => &[Intrinsics::Open, Intrinsics::Frozen],
            Some(other) => panic!("{path} has intrinsics `{other}`"),
            None => &[Intrinsics::Open],
        };
        let case = |intrinsics: &Intrinsics| {
            let is_second = realms.len() > 1 && *intrinsics == Intrinsics::Frozen;
            let path = if is_second { path.replace(".js", ".frozen.js") } else { path.to_owned() };
            Self::of(path, source.to_owned(), *intrinsics)
        };
        realms.iter().filter_map(case).collect()
    }

    fn of(path: String, source: String, intrinsics: Intrinsics) -> Option<Self> {
        assert!(
            attempt(&source).is_some_and(|line| !line.contains("expect:")),
            "{path} does not say what it tries"
        );
        let skip = header(&source, "quickjs: skip");
        assert!(skip.is_none_or(|reason| reason.starts_with("— ")), "{path} is skipped for no reason");
        if skip.is_some() && Engine::CURRENT == Engine::QuickJs {
            return None;
        }
        let of_engine = |key: &str| {
            let own =
                (Engine::CURRENT == Engine::QuickJs).then(|| header(&source, &format!("quickjs: {key}")));
            own.flatten().or_else(|| header(&source, key)).map(str::to_owned)
        };
        let named = of_engine("expect:").unwrap_or_else(|| "ok".to_owned());
        let says = of_engine("says:");
        let outcome =
            |name: &str| Outcome::named(name.trim()).unwrap_or_else(|| panic!("{path} expects `{name}`"));
        let expected = named.split(',').map(outcome).collect();
        Some(Self { path, source, intrinsics, expected, says })
    }
}

/// The first line of a case: what it tries.
pub(crate) fn attempt(source: &str) -> Option<&str> {
    source.lines().next()?.strip_prefix("// ")
}

/// The text after this key in the comments at the head of a case.
pub(crate) fn header<'a>(source: &'a str, key: &str) -> Option<&'a str> {
    let mut comments = source.lines().map_while(|line| line.strip_prefix("// "));
    comments.find_map(|line| line.strip_prefix(key)).map(str::trim)
}

/// The word that a case's path must have, when not all are to run.
pub(crate) fn filter() -> Option<String> {
    std::env::var("ESCAPE").ok()
}

/// All cases of this engine.
pub(crate) fn read() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/escape");
    let mut paths = folders(&root).iter().flat_map(|folder| files(folder)).collect::<Vec<_>>();
    paths.sort();
    let word = filter().unwrap_or_default();
    let cases = paths.iter().flat_map(|path| {
        let source = fs::read_to_string(path).expect("a case can be read");
        let path = path.strip_prefix(&root).expect("a path inside").to_string_lossy().replace('\\', "/");
        Case::all_of(&path, &source)
    });
    cases.filter(|case| case.path.contains(&word)).collect()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
}

fn folders(root: &Path) -> Vec<PathBuf> {
    entries(root).filter(|path| path.is_dir()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).filter(|path| path.extension().is_some_and(|kind| kind == "js")).collect()
}
