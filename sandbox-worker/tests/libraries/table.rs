//! The table of programs: each imports modules of npm, and needs parts of a platform.

use std::collections::BTreeSet;

use sandbox_runtime::Web;

/// A need of a program beyond ECMAScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// Code from text, which is a permission.
    Eval,
    /// WebAssembly, which is a permission.
    WebAssembly,
    /// A console, which is a setting.
    Console,
    /// A group of `Web`.
    Web(&'static str),
    /// A part of a platform that no sandbox has.
    Missing(&'static str),
}

impl Need {
    fn parse(name: &'static str) -> Option<Self> {
        match name {
            "eval" => Some(Self::Eval),
            "wasm" => Some(Self::WebAssembly),
            "console" => Some(Self::Console),
            "node:crypto" => Some(Self::Missing(name)),
            _ => Web::group(name).map(|_| Self::Web(name)),
        }
    }
}

/// Code that uses libraries.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// The modules that the code imports.
    pub(crate) modules: Vec<&'static str>,
    pub(crate) needs: BTreeSet<Need>,
    /// Whether it takes so long to install or to run that only the full test has it.
    pub(crate) is_heavy: bool,
    pub(crate) body: &'static str,
}

impl Program {
    fn parse(section: &'static str) -> Option<Self> {
        let (head, body) = section.split_once('\n')?;
        let mut fields = head.split('|').map(str::trim);
        let list = |field: &'static str| field.split(',').map(str::trim).filter(|name| !name.is_empty());
        let (name, modules) = (fields.next()?, list(fields.next()?).collect());
        let needs = list(fields.next().unwrap_or_default()).map(Need::parse).collect::<Option<_>>()?;
        let is_heavy = fields.next() == Some("heavy");
        Some(Self { name, modules, needs, is_heavy, body: body.trim() })
    }

    /// The packages of the modules.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &'static str> {
        self.modules.iter().map(|module| {
            let parts = if module.starts_with('@') { 2 } else { 1 };
            module.match_indices('/').nth(parts - 1).map_or(*module, |(at, _)| &module[..at])
        })
    }

    /// The name of the bundle's file.
    pub(crate) fn file(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        self.name.replace(|c| !is_plain(c), "-") + ".mjs"
    }

    /// Whether the programs of these tests can have all that the code needs.
    pub(crate) fn can_run(&self) -> bool {
        !self.needs.iter().any(|need| matches!(need, Need::Missing(_)))
    }
}

/// Whether the heavy programs run as well.
pub(crate) fn is_full() -> bool {
    std::env::var("SANDBOX_LIBRARIES").is_ok_and(|part| part == "full")
}

/// The programs of this run.
pub(crate) fn programs() -> Vec<Program> {
    let sections = include_str!("programs.txt").split("\n# ").skip(1);
    let programs = sections.map(|section| {
        Program::parse(section).unwrap_or_else(|| panic!("no name, modules, known needs and body: {section}"))
    });
    programs.filter(|program| is_full() || !program.is_heavy).collect()
}
