//! Hints for errors of scripts with a common cause. A hint depends on the error alone, so it is equal on every site.
//! Only the host sees it.

use std::fmt;

use crate::script::{NotStripped, is_typescript};

/// Globals of other JavaScript runtimes that a sandbox does not have.
const PLATFORM: [&str; 4] = ["Bun", "Deno", "document", "window"];

/// Globals that a builder can give, and their groups of `Web`.
const WEB: [(&str, &str); 39] = [
    ("AbortController", "ABORT"),
    ("AbortSignal", "ABORT"),
    ("Blob", "FETCH"),
    ("Buffer", "BUFFER"),
    ("Crypto", "CRYPTO"),
    ("CryptoKey", "CRYPTO"),
    ("CustomEvent", "EVENTS"),
    ("DOMException", "ERRORS"),
    ("Event", "EVENTS"),
    ("EventTarget", "EVENTS"),
    ("File", "FETCH"),
    ("FormData", "FETCH"),
    ("Headers", "FETCH"),
    ("MessageChannel", "MESSAGES"),
    ("MessageEvent", "MESSAGES"),
    ("MessagePort", "MESSAGES"),
    ("Performance", "PERFORMANCE"),
    ("Request", "FETCH"),
    ("Response", "FETCH"),
    ("SubtleCrypto", "CRYPTO"),
    ("TextDecoder", "ENCODING"),
    ("TextEncoder", "ENCODING"),
    ("URL", "URL"),
    ("URLSearchParams", "URL"),
    ("atob", "BASE64"),
    ("btoa", "BASE64"),
    ("clearImmediate", "TIMERS"),
    ("clearInterval", "TIMERS"),
    ("clearTimeout", "TIMERS"),
    ("crypto", "CRYPTO"),
    ("global", "GLOBAL"),
    ("performance", "PERFORMANCE"),
    ("process", "PROCESS"),
    ("queueMicrotask", "TASKS"),
    ("self", "SELF"),
    ("setImmediate", "TIMERS"),
    ("setInterval", "TIMERS"),
    ("setTimeout", "TIMERS"),
    ("structuredClone", "CLONE"),
];

/// The hint for an exception of a guest.
pub(super) fn of_thrown(name: Option<&str>, message: &str) -> Option<String> {
    // V8's and QuickJS's texts.
    if name == Some("EvalError") && message.starts_with("Code generation from strings disallowed")
        || message == "eval is not supported"
    {
        return Some(
            "a sandbox makes no code of text (`eval`, `Function`), unless the builder allows it: `.allow(Permission::Eval)`"
                .to_owned(),
        );
    }
    if name != Some("ReferenceError") {
        return None;
    }
    // V8 writes the name as it is, and QuickJS between quotes.
    let missing = message.strip_suffix(" is not defined")?.trim_matches('\'');
    match missing {
        "require" => {
            Some("a sandbox has no `require`: bundle what the script needs into the script".to_owned())
        }
        "module" | "exports" => Some(format!(
            "`{missing}` is of CommonJS: write `export`, or give the script a name that ends with `.cjs`"
        )),
        "console" => {
            Some("the sandbox's builder has turned the console off: `.console(Console::Off)`".to_owned())
        }
        "fetch" => Some(
            "`fetch` is not part of a sandbox's realm, unless the builder gives it, and the contract that it asks: \
             `.web(Web::FETCH).host::<dyn FetchApi>(…)`"
                .to_owned(),
        ),
        "WebAssembly" => Some(
            "a sandbox has no `WebAssembly`, unless the builder allows it: `.allow(Permission::WebAssembly)`"
                .to_owned(),
        ),
        _ => of_platform(missing),
    }
}

/// The hint for a global of another platform.
fn of_platform(missing: &str) -> Option<String> {
    if let Some((_, group)) = WEB.iter().find(|(name, _)| *name == missing) {
        return Some(format!(
            "`{missing}` is not part of a sandbox's realm, unless the builder gives it: `.web(Web::{group})`"
        ));
    }
    PLATFORM.contains(&missing).then(|| {
        format!(
            "`{missing}` is not part of a sandbox's realm: give what the script needs by a `#[sandbox_api(host)]` contract"
        )
    })
}

/// Why a script is not JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// The script looks like TypeScript, and its name does not say so.
    TypeScript,
    /// The script is TypeScript, and has more than types.
    NotStripped(NotStripped),
    /// A file of TypeScript imports what another file does not export. A type is imported with `type`.
    ImportOfType,
    /// The script has exports of a module, and a name that says CommonJS.
    CommonJs,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TypeScript => {
                "this looks like TypeScript: give the script a name that ends with `.ts` (feature `typescript`), or strip its \
                 types before it is loaded"
            }
            Self::NotStripped(kind) => return kind.fmt(f),
            Self::ImportOfType => {
                "a type is imported with `type`, so that the import is stripped: `import type { Name } from …`"
            }
            Self::CommonJs => {
                "a script whose name ends with `.cjs` is CommonJS: write `module.exports = { … }`, or give it a name that ends with `.mjs`"
            }
        })
    }
}

/// The hint for a script with a syntax error. The position is that of the unexpected token.
pub fn of_syntax(name: &str, source: &str, (line, column): (usize, usize), message: &str) -> Option<Hint> {
    if is_typescript(name) && message.contains("does not provide an export named") {
        return Some(Hint::ImportOfType);
    }
    let text = source.lines().nth(line.checked_sub(1)?)?;
    // The engine counts UTF-16 units. On a line with other characters, the position can still be within the line.
    let (before, rest) = text.split_at_checked(column.saturating_sub(1)).unwrap_or(("", text));
    let is_common_js = name.ends_with(".cjs");
    if is_common_js && (rest.starts_with("export") || message.contains("'export'")) {
        return Some(Hint::CommonJs);
    }
    (is_declaration(text) || is_type(before, rest)).then_some(Hint::TypeScript)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).filter(|word| !word.is_empty())
}

/// Whether a line is TypeScript only: `interface X`, `type X =`, `enum X`, `private x`.
fn is_declaration(line: &str) -> bool {
    let mut words = words(line).skip_while(|word| ["export", "declare", "const"].contains(word));
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_named = second.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$');
    let line = line.trim_start();
    match first {
        "interface" | "enum" | "namespace" => is_named && line.contains('{'),
        "type" => is_named && line.contains('='),
        "import" => second == "type" && line.contains(" from "),
        "abstract" => second == "class",
        "private" | "public" | "protected" | "readonly" => line.starts_with(first) && is_named,
        _ => false,
    }
}

/// Whether a token is where only TypeScript has one: `: number`, `as Rate`, `f<T>(…)`.
fn is_type(before: &str, rest: &str) -> bool {
    const PLAIN: [&str; 12] = [
        "any",
        "bigint",
        "boolean",
        "never",
        "number",
        "object",
        "readonly",
        "string",
        "symbol",
        "undefined",
        "unknown",
        "void",
    ];
    let is_type_name =
        |word: &str| PLAIN.contains(&word) || word.starts_with(|c: char| c.is_ascii_uppercase());
    const MODIFIERS: [&str; 4] = ["private", "protected", "public", "readonly"];
    let before_it = before.trim_end();
    if MODIFIERS
        .iter()
        .any(|modifier| words(before_it).last() == Some(modifier) && before_it.ends_with(modifier))
    {
        return words(rest).next().is_some_and(|word| rest.starts_with(word));
    }
    let names_type = |text: &str| {
        let text = text.trim_start();
        words(text).next().is_some_and(|word| text.starts_with(word) && is_type_name(word))
    };
    // The engine rejects `const x: number = 1` at the name, and `x?: number` behind the question mark.
    let name_and_type = |text: &str| {
        let name = words(text).next().filter(|name| text.starts_with(name))?;
        text[name.len()..].trim_start().trim_start_matches('?').strip_prefix(':').map(names_type)
    };
    if let Some(named) = rest.strip_prefix(':') {
        return names_type(named);
    }
    if let Some(word) = ["as", "satisfies"]
        .into_iter()
        .find(|word| words(rest).next() == Some(word) && rest.starts_with(word))
    {
        let after = &rest[word.len()..];
        return names_type(after) || after.trim_start().starts_with("const");
    }
    if rest.starts_with('<') || before.ends_with('<') {
        let inside = rest.trim_start_matches('<');
        return names_type(inside) && inside.contains('>') && inside.contains('(');
    }
    name_and_type(rest).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_javascript_is_no_typescript() {
        for (line, column) in [
            ("const a = { b: 1, c };;}", 23),
            ("x ? y : number)", 15),
            ("label: for (;;) }", 17),
            ("if (a < b) (c > d", 17),
            ("import * as all from 'x' 3", 26),
            ("type = 3 4", 10),
            ("const interface_ = 1 1", 22),
            ("{ a: 1, b: 2 }", 10),
        ] {
            assert_eq!(of_syntax("a.js", line, (1, column), "SyntaxError"), None, "{line}");
        }
    }
}
