//! Names of files, specifiers, import maps and sources, against the loader of modules.

use std::time::Duration;

use sandbox_runtime::{Error, Limits, LocalSandbox, Modules, Result, Script, sandbox_api};

use crate::input::Input;

#[sandbox_api(guest)]
pub trait Said {
    fn said(&self) -> Result<String>;
}

/// The parts of names and specifiers.
const PIECES: [&str; 44] = [
    "a",
    "b",
    "lib",
    "main",
    "a.js",
    "b.cjs",
    "c.mjs",
    "d.json",
    "e.txt",
    "/",
    "/",
    "/",
    "./",
    "./",
    "../",
    "..",
    ".",
    "",
    "%2e%2e",
    "%2f",
    "\\",
    "file:///",
    "file:",
    "node:fs",
    "data:text/javascript,",
    "http://",
    "?",
    "#",
    "@x/",
    "\u{e9}",
    "e\u{301}",
    "\u{fffd}",
    "\u{202e}",
    "\0",
    " ",
    "\n",
    "'",
    "index",
    "A.JS",
    "constructor",
    "f.ts",
    "g.cts",
    "h.mts",
    "i.d.ts",
];

/// The beginnings of files; `S` is a specifier.
const SOURCES: [&str; 11] = [
    "export default 'member';",
    "import S; export default 'member';",
    "export * from S; export default 'member';",
    "module.exports = 'member'; require(S);",
    "try { require(S) } catch {} module.exports = 'member';",
    "await import(S).catch(() => {}); export default 'member';",
    "export default 'member'; export { default as then } from S;",
    "Object.defineProperty(module, 'exports', { get() { require(S); return 'member'; } });",
    // TypeScript.
    "const text: string = 'member'; export default text as string;",
    "import type { T } from S; export default 'member' satisfies string;",
    "enum Kind { A } export default 'member';",
];

const MAIN: &str = "
    const said = [];
    for (const specifier of SPECIFIERS) import(specifier).then((m) => said.push(String(m.default)), () => {});
    export const said_ = said;
    export const said$ = () => said.join();
    export { said$ as said };
";

impl Input<'_> {
    fn name(&mut self) -> String {
        (0..1 + self.next() % 4).map(|_| PIECES[self.next() % PIECES.len()]).collect()
    }

    fn specifier(&mut self, files: &[String]) -> String {
        match self.next() % 4 {
            0 => format!("./{}", files[self.next() % files.len()]),
            1 => format!("./{}", self.name()),
            _ => self.name(),
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text")
}

/// A script of files with random names and specifiers. Every import gives a file of the script, or fails. Returns how many
/// imports gave a file.
pub(crate) fn run(bytes: &[u8]) -> usize {
    let mut bytes = Input(bytes);
    let files = (0..1 + bytes.next() % 6).map(|_| bytes.name()).collect::<Vec<_>>();
    let mut modules = Modules::new();
    for file in &files {
        let source = SOURCES[bytes.next() % SOURCES.len()].replace('S', &quoted(&bytes.specifier(&files)));
        let source =
            if bytes.next() % 8 == 0 { String::from_utf8_lossy(bytes.0).into_owned() } else { source };
        let with = match bytes.next() % 4 {
            0 => modules.clone().json(file, "\"member\""),
            1 => modules.clone().text(file, "member"),
            2 => modules.clone().import(bytes.name(), file),
            _ if file.ends_with(".txt") => modules.clone().file(file, "member"),
            _ => modules.clone().file(file, source),
        };
        // A faulty file is left out, so that the others are loaded.
        if Script::modules(with.clone().file("main.mjs", ""), "main.mjs").is_ok() {
            modules = with;
        }
    }
    let specifiers = (0..6).map(|_| quoted(&bytes.specifier(&files))).collect::<Vec<_>>().join(", ");
    let main = MAIN.replace("SPECIFIERS", &format!("[{specifiers}]"));
    let Ok(script) = Script::modules(modules.file("main.mjs", main), "main.mjs") else { return 0 };
    let limits = Limits { wall: Duration::from_secs(20), ..Limits::default() };
    let sandbox = LocalSandbox::builder().limits(limits).build().expect("a sandbox");
    let said = sandbox.load::<dyn Said>(script).and_then(|guest| {
        _ = guest.said()?;
        guest.said()
    });
    match said {
        Ok(said) if said.is_empty() => 0,
        Ok(said) => {
            assert!(said.split(',').all(|said| matches!(said, "member" | "undefined")), "{said}");
            said.split(',').count()
        }
        Err(Error::Guest(_) | Error::Syntax { .. } | Error::Limit { .. }) => 0,
        Err(other) => panic!("{other:?}"),
    }
}
