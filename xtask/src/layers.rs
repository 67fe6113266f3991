//! The arrows between the files of a crate, read from its `use` lines: layers, circles, and figures of both.
//!
//! An arrow goes from a file to the file that defines what it names. A name that a module re-exports is followed to where it
//! is defined, so a list of re-exports has no arrows of its own. Paths within code (`crate::…`, `super::…`) count as well.
//! Tests are left out. The circles are the strongly connected components, by the algorithm of Tarjan (1972).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::prose::{files, read};
use crate::{Result, workspace};

/// The layers of a crate, from above to below. A module uses what stands in its own row or below it.
type Layers = &'static [(&'static str, &'static str)];

/// A path of names, from the root of the crate.
type Names = Vec<String>;

/// The layers of each crate: prefixes of modules, and what the layer is.
pub(crate) const CRATES: [(&str, Layers); 2] = [
    (
        "sandbox-core",
        &[
            ("__private", "the names of generated code"),
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
                "__private contracts transports guide testing",
                "the names of generated code, documentation, tests of contracts",
            ),
            ("client", "the facade"),
            ("pool", "tenants on sites"),
            ("deno process", "the sites over a link, and extensions of deno_core"),
            ("site", "what a site is, and the sites of one process"),
            ("isolate contract", "one isolate"),
            ("options", "settings"),
        ],
    ),
];

/// The most files of one circle.
pub(crate) const MOST_IN_CIRCLE: usize = 8;

/// A source file.
#[derive(Default)]
struct Module {
    file: PathBuf,
    /// The absolute paths that it names.
    named: Vec<Names>,
    /// What it re-exports, by the new name; `*` is kept in `globs`.
    exported: BTreeMap<String, Names>,
    globs: Vec<Names>,
}

/// The files of a crate and their arrows.
pub(crate) struct Graph {
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

/// The module of a file below `src`.
fn module_of(file: &Path) -> Names {
    let mut names: Names = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if names.last().is_some_and(|name| name == "mod" || name == "lib" || name == "main") {
        names.pop();
    }
    names
}

impl Module {
    fn read(own: &Names, file: PathBuf, text: &str, known: &BTreeSet<Names>) -> Self {
        let mut module = Self { file, ..Self::default() };
        let tokens = tokens(text);
        // The modules that are written within the file, and the depth of their braces.
        let (mut own, mut inside, mut depth) = (own.clone(), Vec::new(), 0_usize);
        let mut at = 0;
        while at < tokens.len() {
            match tokens[at].as_str() {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    if inside.last() == Some(&depth) {
                        inside.pop();
                        own.pop();
                    }
                }
                "mod" if tokens.get(at + 2).is_some_and(|token| token == "{") => {
                    own.push(tokens[at + 1].clone());
                    inside.push(depth);
                }
                _ => {}
            }
            let is_public = inside.is_empty() && is_public(&tokens, at);
            if tokens[at] == "use" {
                let end =
                    tokens[at..].iter().position(|token| token == ";").map_or(tokens.len(), |end| at + end);
                let mut tree = Vec::new();
                leaves(&tokens[at + 1..end], &[], &mut tree);
                for (path, name) in tree {
                    let Some(path) = absolute(&own, &path, known) else { continue };
                    let is_glob = name == "*";
                    let is_used = || {
                        let uses = tokens.iter().filter(|token| **token == name).count();
                        uses > 1
                    };
                    match (is_public, is_glob) {
                        (true, true) => module.globs.push(path),
                        (true, false) => {
                            if is_used() {
                                module.named.push(path.clone());
                            }
                            module.exported.insert(name, path);
                        }
                        (false, _) => {
                            module.named.push(path.clone());
                            // A child names what its parent has imported as the parent's.
                            if !is_glob && inside.is_empty() {
                                module.exported.insert(name, path);
                            }
                        }
                    }
                }
                at = end;
            } else if matches!(tokens[at].as_str(), "crate" | "super") && is_path(&tokens, at) {
                let mut path = vec![tokens[at].clone()];
                while tokens.get(at + 1).is_some_and(|token| token == "::")
                    && tokens.get(at + 2).is_some_and(|token| is_name(token))
                {
                    path.push(tokens[at + 2].clone());
                    at += 2;
                }
                module.named.extend(absolute(&own, &path, known));
            }
            at += 1;
        }
        module
    }
}

/// Whether the item at this token was declared public, for all or for a part of the crate.
fn is_public(tokens: &[String], at: usize) -> bool {
    let before = &tokens[at.saturating_sub(6)..at];
    match before {
        [.., public] if public == "pub" => true,
        [.., close] if close == ")" => {
            before.iter().rev().take_while(|token| *token != ";").any(|token| token == "pub")
        }
        _ => false,
    }
}

fn is_path(tokens: &[String], at: usize) -> bool {
    // `pub(crate)`, `pub(super)` and `$crate` are no paths.
    tokens.get(at + 1).is_some_and(|token| token == "::") && (at == 0 || tokens[at - 1] != "$")
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// A path from the root of the crate; `None` for one of another crate.
fn absolute(own: &[String], path: &[String], known: &BTreeSet<Names>) -> Option<Names> {
    let first = path.first()?;
    match first.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([own, &path[1..]].concat()),
        "super" => {
            let parent = own.get(..own.len().checked_sub(1)?)?;
            match path.get(1).map(String::as_str) {
                Some("super") => absolute(parent, &path[1..], known),
                _ => Some([parent, &path[1..]].concat()),
            }
        }
        _ => {
            let child = [own, std::slice::from_ref(first)].concat();
            known.contains(&child).then(|| [own, path].concat())
        }
    }
}

/// The paths of a tree of `use`, and the name that each brings in.
fn leaves(tokens: &[String], before: &[String], found: &mut Vec<(Names, String)>) {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "::" => {}
            "{" => {
                let mut depth = 0_usize;
                let mut begin = at + 1;
                for (index, token) in tokens.iter().enumerate().skip(at) {
                    match token.as_str() {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    let is_end = depth == 0;
                    if is_end || depth == 1 && token == "," {
                        if begin < index {
                            leaves(&tokens[begin..index], &path, found);
                        }
                        begin = index + 1;
                    }
                    if is_end {
                        return;
                    }
                }
                return;
            }
            "*" => return found.push((path, "*".into())),
            "as" => {
                let name = tokens.get(at + 1).cloned().unwrap_or_default();
                return found.push((path, name));
            }
            "self" if !path.is_empty() => {}
            name => path.push(name.into()),
        }
        at += 1;
    }
    let name = path.last().cloned().unwrap_or_default();
    found.push((path, name));
}

/// The names and marks of a source, without comments, texts and what follows `#[cfg(test)]`.
fn tokens(source: &str) -> Vec<String> {
    let is_of_tests = |line: &&str| line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test");
    let tests = source
        .lines()
        .zip(source.lines().skip(1))
        .find(|(line, next)| is_of_tests(line) && next.contains("mod "));
    let end = tests.map_or(source.len(), |(line, _)| line.as_ptr().addr() - source.as_ptr().addr());
    let source = &source[..end];
    let (mut found, mut chars) = (Vec::new(), source.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => _ = chars.by_ref().find(|c| *c == '\n'),
            '"' => {
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => _ = chars.next(),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            ':' if chars.peek() == Some(&':') => {
                chars.next();
                found.push("::".into());
            }
            c if is_name(c.encode_utf8(&mut [0; 4])) => {
                let mut name = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                found.push(name);
            }
            '{' | '}' | '(' | ')' | ',' | ';' | '*' | '$' => found.push(c.into()),
            _ => {}
        }
    }
    found
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
