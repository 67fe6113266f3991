//! The programs, and the list of those that differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sandbox_runtime::Engine;

/// One program of the corpus.
pub struct Program {
    pub name: String,
    /// The body of a function.
    body: String,
    is_async: bool,
    /// It is run as an ES module, and else as CommonJS.
    pub is_module: bool,
    /// It throws when nothing is hardened: its name ends so.
    pub is_meant_to_throw: bool,
}

impl Program {
    fn new(head: &str) -> Self {
        let is_module = head.starts_with("module ");
        let head = head.trim_start_matches("module ");
        let (name, is_async) = head.strip_prefix("async ").map_or((head, false), |name| (name, true));
        let is_meant_to_throw = name.ends_with('!');
        Self { name: name.to_owned(), body: String::new(), is_async, is_module, is_meant_to_throw }
    }

    /// The name of its file, on both sides.
    pub fn file(&self) -> &'static str {
        if self.is_module { "program.mjs" } else { "program.cjs" }
    }

    /// The text that is run, on either side.
    pub fn text(&self) -> String {
        let harness = include_str!("harness.js");
        let keyword = if self.is_async { "async " } else { "" };
        let run = format!("{harness}(exports, {keyword}function () {{\n{}}});", self.body);
        match self.is_module {
            true => format!("const exports = {{}};\n{run}\nexport const {{ start, outcome }} = exports;"),
            false => run,
        }
    }

    /// Whether this engine can be asked at all: the layer over QuickJS was not made to survive everything.
    pub fn runs_here(&self) -> bool {
        Engine::CURRENT == Engine::V8 || !self.body.contains("// quickjs: skip — ")
    }
}

/// The chapters, each with its programs. A program begins with a line `//# name`, with `module`,
/// `async` or both before the name.
pub fn chapters() -> Vec<Vec<Program>> {
    let entries = std::fs::read_dir(folder().join("chapters")).unwrap();
    let mut files = entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    files.sort();
    files.iter().map(|file| programs(&std::fs::read_to_string(file).unwrap())).collect()
}

fn programs(chapter: &str) -> Vec<Program> {
    let mut programs: Vec<Program> = Vec::new();
    for line in chapter.lines() {
        match (line.strip_prefix("//# "), programs.last_mut()) {
            (Some(head), _) => programs.push(Program::new(head)),
            (None, Some(program)) => writeln!(program.body, "{line}").unwrap(),
            (None, None) => panic!("a chapter begins with a program, not with `{line}`"),
        }
    }
    programs
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// What is listed as different in `realm` on this engine: names of programs, and why.
///
/// The list has sections: `[realm]` is of both engines, `[realm on V8]` of one.
pub fn differences(realm: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder().join("differences.txt")).unwrap();
    let sections = [format!("[{realm}]"), format!("[{realm} on {:?}]", Engine::CURRENT)];
    let mut is_ours = false;
    let mut listed = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("//")) {
        if line.starts_with('[') {
            is_ours = sections.iter().any(|section| section == line);
        } else if is_ours {
            let (name, why) = line.split_once(" — ").unwrap_or_else(|| panic!("no reason: {line}"));
            let before = listed.insert(name.to_owned(), why.to_owned());
            assert_eq!(before, None, "`{name}` is listed twice");
        }
    }
    listed
}
