//! `cargo xtask prose`: figures of how plainly the repository is written.
//!
//! The figures are: the size of the README, the lengths of sentences in documents and in comments, the sentences that begin
//! with a word that hides their noun, the source files without a header, and the names that stand for two types. The tests of
//! this module are the bounds that the repository keeps.
//!
//! A sentence ends with `.`, `?` or `!` before white space, and at the end of a paragraph, list item or table cell. Inline code
//! counts as one word, so a long path or expression makes no sentence long. Code blocks, links' targets and headings do not count.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Result, workspace};

/// The most words of a sentence in a document, and of the one in the middle.
const LONGEST: usize = 35;
#[cfg(test)]
const MEDIAN: usize = 17;
/// The most names that two types may have.
#[cfg(test)]
const DOUBLE_NAMES: usize = 20;

/// Words that hide the noun of a sentence, when the sentence begins with them.
const HIDING: [&str; 6] = ["It", "Whoever", "What", "The same", "Those", "Nobody"];

/// The lengths of sentences, in words.
#[derive(Debug, Default)]
pub(crate) struct Sentences(Vec<(usize, String)>);

impl Sentences {
    /// The sentences of a Markdown text.
    pub(crate) fn of_markdown(text: &str) -> Self {
        let mut sentences = Self::default();
        for block in blocks(text) {
            sentences.add(&block);
        }
        sentences
    }

    /// The sentences of the comments of a Rust file.
    pub(crate) fn of_comments(source: &str) -> Self {
        let lines: Vec<&str> = source.lines().map(comment).collect();
        Self::of_markdown(&lines.join("\n"))
    }

    fn add(&mut self, block: &str) {
        let block = inline_code_as_words(block);
        let mut sentence = Vec::new();
        for word in block.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)) {
            sentence.push(word);
            let end = word.trim_end_matches([')', '"', '*', '_']);
            // `e.g.` and `i.e.` end no sentence.
            if end.ends_with(['.', '?', '!']) && !end[..end.len() - 1].contains('.') {
                self.end(&mut sentence);
            }
        }
        self.end(&mut sentence);
    }

    fn end(&mut self, sentence: &mut Vec<&str>) {
        if !sentence.is_empty() {
            self.0.push((sentence.len(), sentence.join(" ")));
            sentence.clear();
        }
    }

    /// The length in the middle; 0 where there is none.
    pub(crate) fn median(&self) -> usize {
        let mut lengths: Vec<usize> = self.0.iter().map(|(length, _)| *length).collect();
        lengths.sort_unstable();
        lengths.get(lengths.len() / 2).copied().unwrap_or(0)
    }

    /// The sentences of more words than `most`.
    pub(crate) fn longer_than(&self, most: usize) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(length, _)| *length > most).map(|(_, text)| text.as_str())
    }

    /// The sentences that begin with a word that hides their noun. A heading's question, with a mark at its end, is none.
    pub(crate) fn hiding(&self) -> impl Iterator<Item = &str> {
        let hides = |text: &str| {
            HIDING.iter().any(|word| {
                text.strip_prefix(word)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',', ':']))
            })
        };
        self.0.iter().map(|(_, text)| text.as_str()).filter(move |text| hides(text) && !text.ends_with('?'))
    }

    fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl fmt::Display for Sentences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.0.iter().map(|(length, _)| *length).max().unwrap_or(0);
        let long = self.longer_than(LONGEST).count();
        write!(
            f,
            "{} sentences, median {} words, longest {longest}, {long} of more than {LONGEST}, {} begin with a hiding word",
            self.0.len(),
            self.median(),
            self.hiding().count()
        )
    }
}

/// The text of a line's comment; empty where the line is code.
fn comment(line: &str) -> &str {
    let line = line.trim_start();
    ["//!", "///", "//"].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or("").trim_start()
}

/// Paragraphs, list items and table cells, without headings and code blocks.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    let mut in_code = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("```") {
            in_code = !in_code;
            blocks.push(String::new());
        } else if in_code || line.starts_with('#') || line.is_empty() || is_definition(line) {
            blocks.push(String::new());
        } else if line.starts_with('|') {
            blocks.extend(line.replace("\\|", "").split('|').map(str::to_owned));
            blocks.push(String::new());
        } else {
            if ["- ", "* ", "1. "].iter().any(|mark| line.starts_with(mark)) {
                blocks.push(String::new());
            }
            if let Some(block) = blocks.last_mut() {
                block.push(' ');
                block.push_str(line);
            }
        }
    }
    blocks.retain(|block| !block.trim().is_empty());
    blocks
}

/// Whether a line says where a link leads: its target has no spaces, which a sentence has.
fn is_definition(line: &str) -> bool {
    line.starts_with('[') && line.split_once("]: ").is_some_and(|(_, target)| !target.trim().contains(' '))
}

/// A text with `code` and links' targets as parts of one word.
fn inline_code_as_words(block: &str) -> String {
    let mut text = String::new();
    for (index, part) in block.split('`').enumerate() {
        match index % 2 {
            0 => text.push_str(part),
            _ => text.push_str("code"),
        }
    }
    while let Some(at) = text.find("](") {
        let end = text[at..].find(')').map_or(text.len(), |end| at + end + 1);
        text.replace_range(at..end, "");
    }
    text
}

/// The files below a folder whose names end so, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending)?);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The sources of the published crates.
pub(crate) fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let crates = ["sandbox-core", "sandbox-macros", "sandbox-runtime", "sandbox-worker"];
    let folders: Result<Vec<_>> =
        crates.iter().map(|name| files(&root.join(name).join("src"), ".rs")).collect();
    Ok(folders?.concat())
}

/// The name of the type that a line of source defines at the top level of its module.
fn defined_type(line: &str) -> Option<&str> {
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => line,
    };
    let kinds = ["struct ", "enum ", "trait ", "union "];
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    Some(&rest[..end])
}

/// The names that stand for two or more types, and how often.
pub(crate) fn double_names(root: &Path) -> Result<BTreeMap<String, usize>> {
    let mut names = BTreeMap::new();
    for path in sources(root)? {
        for name in read(&path)?.lines().filter_map(defined_type) {
            *names.entry(name.to_owned()).or_insert(0) += 1;
        }
    }
    names.retain(|_, count| *count > 1);
    Ok(names)
}

/// The source files that do not begin with a header.
pub(crate) fn without_header(root: &Path) -> Result<Vec<PathBuf>> {
    let mut missing = Vec::new();
    for path in sources(root)? {
        let text = read(&path)?;
        if !text.starts_with("//!") && !text.contains("#![doc = include_str!") {
            missing.push(path);
        }
    }
    Ok(missing)
}

/// The documents that users read, and the sentences of each.
pub(crate) fn documents(root: &Path) -> Result<Vec<(PathBuf, Sentences)>> {
    let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];
    let mut paths: Vec<PathBuf> =
        top.iter().map(|name| root.join(name)).filter(|path| path.is_file()).collect();
    let guide = root.join("docs/guide");
    if guide.is_dir() {
        paths.extend(files(&guide, ".md")?);
    }
    paths.into_iter().map(|path| Ok((path.clone(), Sentences::of_markdown(&read(&path)?)))).collect()
}

/// The sentences of the comments of the published crates, by file.
pub(crate) fn comments(root: &Path) -> Result<Vec<(PathBuf, Sentences)>> {
    sources(root)?.into_iter().map(|path| Ok((path.clone(), Sentences::of_comments(&read(&path)?)))).collect()
}

/// Prints all figures.
pub(crate) fn print() -> Result<()> {
    let root = workspace();
    let readme = read(&root.join("README.md"))?;
    println!("README.md: {} lines, {} bytes", readme.lines().count(), readme.len());
    for (path, sentences) in documents(root)? {
        println!("{}: {sentences}", path.strip_prefix(root).unwrap_or(&path).display());
        sentences.longer_than(LONGEST).for_each(|sentence| println!("  too long: {sentence}"));
    }
    let mut all = Sentences::default();
    for (path, sentences) in comments(root)? {
        let path = path.strip_prefix(root).unwrap_or(&path).display();
        sentences.longer_than(LONGEST).for_each(|sentence| println!("{path}: too long: {sentence}"));
        sentences.hiding().for_each(|sentence| println!("{path}: hides its noun: {sentence}"));
        all.join(sentences);
    }
    println!("comments of the published crates: {all}");
    println!("source files without a header: {}", without_header(root)?.len());
    let names = double_names(root)?;
    let list: Vec<String> = names.iter().map(|(name, count)| format!("{name} ×{count}")).collect();
    println!("names of two or more types: {}\n  {}", names.len(), list.join(" "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_counted_in_words() {
        let text = "# A heading\n\nOne two three. Four `a b c` five!\n- six\n| seven eight | nine |\n```\ncode here\n```\n[ten](target of words) e.g. eleven\n[link]: https://a.b/c";
        let found = Sentences::of_markdown(text);
        assert_eq!(found.0.iter().map(|(length, _)| *length).collect::<Vec<_>>(), [3, 3, 1, 2, 1, 3]);
        assert_eq!(found.median(), 3);
        assert_eq!(found.longer_than(2).count(), 3);
    }

    #[test]
    fn documents_are_plain() {
        for (path, sentences) in documents(workspace()).unwrap() {
            let path = path.display();
            assert!(sentences.median() <= MEDIAN, "{path}: {sentences}");
            let long: Vec<&str> = sentences.longer_than(LONGEST).collect();
            assert!(long.is_empty(), "{path} has sentences of more than {LONGEST} words: {long:#?}");
        }
    }

    #[test]
    fn comments_are_plain() {
        let mut all = Sentences::default();
        for (path, sentences) in comments(workspace()).unwrap() {
            let path = path.display();
            let long: Vec<&str> = sentences.longer_than(LONGEST).collect();
            assert!(long.is_empty(), "{path} has sentences of more than {LONGEST} words: {long:#?}");
            all.join(sentences);
        }
        assert!(all.median() <= MEDIAN, "{all}");
        let hiding: Vec<&str> = all.hiding().collect();
        assert!(hiding.is_empty(), "sentences that begin with one of {HIDING:?}: {hiding:#?}");
    }

    #[test]
    fn hiding_words_are_found_at_the_start() {
        let found = Sentences::of_comments(
            "// It hides. The same, too. Items do not. What is it? The sample says what it is.\n",
        );
        assert_eq!(found.hiding().collect::<Vec<_>>(), ["It hides.", "The same, too."]);
    }

    #[test]
    fn the_readme_is_short() {
        let readme = read(&workspace().join("README.md")).unwrap();
        assert!(readme.lines().count() <= 150 && readme.len() <= 10 << 10, "the guide has the rest");
    }

    #[test]
    fn every_source_file_has_a_header() {
        assert_eq!(without_header(workspace()).unwrap(), Vec::<PathBuf>::new());
    }

    #[test]
    fn few_names_stand_for_two_types() {
        let names = double_names(workspace()).unwrap();
        assert!(names.len() <= DOUBLE_NAMES, "{} names: {names:?}", names.len());
    }

    #[test]
    fn comments_are_prose_and_code_is_not() {
        let found = Sentences::of_comments("//! One two.\nfn main() {}\n    // Three four five.\n");
        assert_eq!(found.0.iter().map(|(length, _)| *length).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn types_are_found_by_their_definitions() {
        assert_eq!(defined_type("pub(in crate::a) struct Place {"), Some("Place"));
        assert_eq!(defined_type("pub enum Kind<T> {"), Some("Kind"));
        assert_eq!(defined_type("    struct Inner;"), None);
        assert_eq!(defined_type("pub fn struct_of() {}"), None);
    }
}
