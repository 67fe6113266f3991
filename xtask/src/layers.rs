//! The arrows between the files of a crate, read from its `use` lines: layers, circles, and figures of both.
//!
//! An arrow goes from a file to the file that defines what it names. A name that a module re-exports is followed to where it
//! is defined, so a list of re-exports has no arrows of its own. Paths within code (`crate::…`, `super::…`) count as well.
//! Tests are left out. The circles are the strongly connected components, by the algorithm of Tarjan (1972).

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use source::{Module, module_of};

use crate::prose::{files, read};
use crate::{Result, workspace};

/// The layers of a crate, from above to below. A module uses what stands in its own row or below it.
type Layers = &'static [(&'static str, &'static str)];

/// A path of names, from the root of the crate.
type Names = Vec<String>;

/// The layers of each crate: prefixes of modules, and what the layer is.
const CRATES: [(&str, Layers); 2] = [
    (
        "sandbox-core",
        &[
            ("__private", "the names of generated code"),
            ("globals", "the free globals of scripts"),
            ("wire", "values and errors as bytes"),
            ("contract", "the traits of contracts, and lists of arguments"),
            ("schema", "descriptions of contracts"),
            ("spec", "contracts as data"),
            ("guest_error", "the errors of hosts"),
            ("boundary", "the conversions of values"),
            ("limits", "limits"),
            ("error", "errors"),
            ("value", "values as data"),
            ("script panic shown stack time", "what all of the others stand on"),
        ],
    ),
    (
        "sandbox-runtime",
        &[
            (
                "__private contracts transports guide testing fetch",
                "the names of generated code, documentation, tests of contracts, the host of requests",
            ),
            ("client", "the facade"),
            ("pool", "tenants on sites"),
            ("deno process", "guests in child processes, and extensions of deno_core"),
            ("site::wired", "the sites over a link"),
            ("site", "what a site is, and the sites of one process"),
            (
                "isolate isolate::untyped_contract isolate::owned_host isolate::extension",
                "contracts on both sides of an isolate",
            ),
            ("isolate::ops", "the calls of the host, by their types"),
            (
                "contract handle callback stream transport engine_types no_engine",
                "the traits between generated code and an isolate",
            ),
            ("isolate::calls", "the uses of a guest"),
            ("isolate::realm", "realms"),
            ("isolate::host_calls", "what all calls of the host share"),
            ("isolate::run", "running guest code within limits"),
            ("isolate::values isolate::intrinsics", "conversions"),
            ("isolate::state isolate::shim", "the state of an isolate"),
            ("isolate::limits isolate::handle_table", "limits and bills"),
            ("isolate::engine isolate::disabled_defenses isolate::canary", "the engine"),
            ("options", "settings"),
            ("observe", "what a sandbox tells: events, bills, lines of the console"),
        ],
    ),
];

/// The most files of one circle.
const MOST_IN_CIRCLE: usize = 8;

/// The files of a crate and their arrows.
struct Graph {
    modules: BTreeMap<Names, Module>,
    arrows: BTreeMap<Names, BTreeSet<Names>>,
}

impl Graph {
    /// Reads the sources of a crate.
    pub(crate) fn of(root: &Path, name: &str) -> Result<Self> {
        let folder = root.join(name).join("src");
        let mut texts = BTreeMap::new();
        for path in files(&folder, ".rs")? {
            let inside = path.strip_prefix(&folder).unwrap_or(&path).to_path_buf();
            let names = module_of(&inside);
            if !names.iter().any(|name| name == "tests" || name.ends_with("_tests")) {
                texts.insert(names, (inside, read(&path)?));
            }
        }
        Ok(Self::of_texts(texts))
    }

    fn of_texts(texts: BTreeMap<Names, (PathBuf, String)>) -> Self {
        let known: BTreeSet<Names> = texts.keys().cloned().collect();
        let modules: BTreeMap<Names, Module> = texts
            .into_iter()
            .map(|(names, (file, text))| (names.clone(), Module::read(&names, file, &text, &known)))
            .collect();
        let mut graph = Self { modules, arrows: BTreeMap::new() };
        for (from, module) in &graph.modules {
            let mut to = BTreeSet::new();
            for path in &module.named {
                to.extend(graph.definer(path, 0).filter(|to| to != from));
            }
            graph.arrows.insert(from.clone(), to);
        }
        graph
    }

    /// The module that defines what a path names.
    fn definer(&self, path: &[String], depth: usize) -> Option<Names> {
        let mut at = Names::new();
        for (index, name) in path.iter().enumerate() {
            let inside = [at.as_slice(), std::slice::from_ref(name)].concat();
            if self.modules.contains_key(&inside) {
                at = inside;
                continue;
            }
            let module = self.modules.get(&at)?;
            let rest = &path[index + 1..];
            if depth < 8 {
                if let Some(target) = module.exported.get(name) {
                    return self.definer(&[target.as_slice(), rest].concat(), depth + 1);
                }
                for glob in &module.globs {
                    let there = [glob.as_slice(), &path[index..]].concat();
                    let found = self.definer(&there, depth + 1);
                    if found.as_ref().is_some_and(|found| found != glob) {
                        return found;
                    }
                }
            }
            return Some(at);
        }
        Some(at)
    }

    /// The arrows that go up, and the two layers of each.
    pub(crate) fn upward(&self, layers: Layers) -> Vec<String> {
        let row = |names: &Names| {
            let path = names.join("::");
            let fits = |prefix: &str| path == prefix || path.starts_with(&format!("{prefix}::"));
            let rows = layers.iter().enumerate();
            rows.flat_map(|(row, (prefixes, _))| prefixes.split(' ').map(move |prefix| (row, prefix)))
                .filter(|(_, prefix)| fits(prefix))
                .max_by_key(|(_, prefix)| prefix.len())
                .map(|(row, _)| row)
        };
        let mut found = Vec::new();
        for (from, to) in self.arrows() {
            if from.is_empty() || to.is_empty() {
                continue;
            }
            match (row(from), row(to)) {
                (Some(above), Some(below)) if above > below => found.push(format!(
                    "{} → {}: the layer \"{}\" does not use the layer \"{}\"",
                    self.file(from),
                    self.file(to),
                    layers[above].1,
                    layers[below].1
                )),
                (None, _) => found.push(format!("{} is in no layer", self.file(from))),
                _ => {}
            }
        }
        found
    }

    fn arrows(&self) -> impl Iterator<Item = (&Names, &Names)> {
        self.arrows.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
    }

    fn file(&self, names: &Names) -> String {
        self.modules.get(names).map_or_else(String::new, |module| module.file.display().to_string())
    }

    /// The circles of more than one file, the largest first, each with the names of its files.
    pub(crate) fn circles(&self) -> Vec<Vec<String>> {
        let nodes: Vec<&Names> = self.modules.keys().collect();
        let circles = circles(&nodes, &|from| self.arrows[from].iter().collect());
        circles.into_iter().map(|circle| circle.into_iter().map(|names| self.file(names)).collect()).collect()
    }

    /// The circles between folders that are beside each other.
    pub(crate) fn circles_of_folders(&self) -> Vec<Vec<String>> {
        let folder = |names: &Names| {
            let file = &self.modules[names].file;
            file.parent().map(Path::to_path_buf).unwrap_or_default()
        };
        // For each folder: the folders in it, and the arrows between those.
        let mut inside: BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<PathBuf>>> = BTreeMap::new();
        for (from, to) in self.arrows() {
            let (from, to) = (folder(from), folder(to));
            let shared: PathBuf =
                from.components().zip(to.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
            let next = |path: &Path| {
                let rest = path.strip_prefix(&shared).ok()?;
                Some(shared.join(rest.components().next()?))
            };
            if let (Some(from), Some(to)) = (next(&from), next(&to)) {
                let folders = inside.entry(shared.clone()).or_default();
                folders.entry(to.clone()).or_default();
                folders.entry(from).or_default().insert(to);
            }
        }
        let mut found = Vec::new();
        for folders in inside.values() {
            let nodes: Vec<&PathBuf> = folders.keys().collect();
            let all = circles(&nodes, &|from| folders[from].iter().collect());
            found.extend(
                all.into_iter().map(|circle| {
                    circle.into_iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
                }),
            );
        }
        found
    }
}

/// The strongly connected components of more than one node, the largest first.
fn circles<'n, N: Ord>(nodes: &[&'n N], arrows: &dyn Fn(&'n N) -> Vec<&'n N>) -> Vec<Vec<&'n N>> {
    struct Search<'n, 'f, N> {
        arrows: &'f dyn Fn(&'n N) -> Vec<&'n N>,
        numbers: BTreeMap<&'n N, (usize, usize)>,
        stack: Vec<&'n N>,
        found: Vec<Vec<&'n N>>,
    }
    impl<'n, N: Ord> Search<'n, '_, N> {
        fn visit(&mut self, node: &'n N) -> usize {
            let number = self.numbers.len();
            self.numbers.insert(node, (number, number));
            self.stack.push(node);
            let mut low = number;
            for next in (self.arrows)(node) {
                if !self.numbers.contains_key(next) {
                    low = low.min(self.visit(next));
                } else if self.stack.contains(&next) {
                    low = low.min(self.numbers[next].0);
                }
            }
            if low == number {
                let at = self.stack.iter().position(|known| *known == node).unwrap_or_default();
                let mut circle = self.stack.split_off(at);
                circle.sort();
                if circle.len() > 1 {
                    self.found.push(circle);
                }
            }
            low
        }
    }
    let mut search = Search { arrows, numbers: BTreeMap::new(), stack: Vec::new(), found: Vec::new() };
    for node in nodes {
        if !search.numbers.contains_key(node) {
            search.visit(node);
        }
    }
    search.found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    search.found
}

/// Prints the figures of all crates.
pub(crate) fn print() -> Result<()> {
    for (name, layers) in CRATES {
        let graph = Graph::of(workspace(), name)?;
        let circles = graph.circles();
        println!("{name}: {} files, {} arrows", graph.modules.len(), graph.arrows().count());
        let lengths: Vec<_> = circles.iter().map(Vec::len).collect();
        println!("  circles of files: {lengths:?}");
        for circle in circles.iter().filter(|circle| circle.len() > MOST_IN_CIRCLE) {
            for (from, to) in graph.arrows() {
                let (from, to) = (graph.file(from), graph.file(to));
                if circle.contains(&from) && circle.contains(&to) {
                    println!("    {from} → {to}");
                }
            }
        }
        for circle in graph.circles_of_folders() {
            println!("  circle of folders: {}", circle.join(" "));
            let of = |names: &Names| {
                let file = graph.file(names);
                circle.iter().find(|folder| file.starts_with(&format!("{folder}/"))).cloned()
            };
            for (from, to) in graph.arrows() {
                if let (Some(a), Some(b)) = (of(from), of(to))
                    && a != b
                {
                    println!("    {} → {}", graph.file(from), graph.file(to));
                }
            }
        }
        let upward = graph.upward(layers);
        println!("  arrows that go up: {}", upward.len());
        upward.iter().for_each(|arrow| println!("    {arrow}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
