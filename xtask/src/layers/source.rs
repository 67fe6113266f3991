//! Reads the names that a source file uses and re-exports, from its `use` lines and the paths in its code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Names;

/// A source file.
#[derive(Default)]
pub(super) struct Module {
    pub(super) file: PathBuf,
    /// The absolute paths that it names.
    pub(super) named: Vec<Names>,
    /// The names that it re-exports, by the new name; `*` is kept in `globs`.
    pub(super) exported: BTreeMap<String, Names>,
    pub(super) globs: Vec<Names>,
}

/// The module of a file below `src`.
pub(super) fn module_of(file: &Path) -> Names {
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
    pub(super) fn read(own: &Names, file: PathBuf, text: &str, known: &BTreeSet<Names>) -> Self {
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
    // `pub(crate)`, `pub(super)`, `pub(in crate::a)` and `$crate` are no paths.
    let before = &tokens[at.saturating_sub(3)..at];
    let is_visibility =
        matches!(before, [public, open, inside] if public == "pub" && open == "(" && inside == "in");
    tokens.get(at + 1).is_some_and(|token| token == "::")
        && (at == 0 || tokens[at - 1] != "$")
        && !is_visibility
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
