//! Bytes → a text of TypeScript → the stripper, which ends without a panic. A stripped text has the lines and columns of the text.

use arbitrary::{Result, Unstructured};

/// The parts of programs, and the beginnings that a parser tries in several ways.
const PARTS: &[&str] = &[
    "const a: number = 1;",
    "let b = c as string",
    "x!",
    "?.",
    "a?(b):c=>",
    "f<A,B>(",
    "<T,>(x: T) => x",
    "(a: b, c = d)",
    "=>",
    "({",
    "})",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "<",
    ">",
    ">>",
    "`${",
    "}`",
    "`",
    "'",
    "\"",
    "/",
    "/[(]/g",
    "//",
    "/*",
    "*/",
    "\n",
    "\r\n",
    "\u{2028}",
    " ",
    ";",
    ",",
    ":",
    "?",
    "!",
    "=",
    "==",
    "...",
    ".",
    "#a",
    "@a",
    "async ",
    "await ",
    "yield ",
    "of ",
    "in ",
    "as ",
    "satisfies A",
    "interface A { a: string }",
    "type A = B extends infer C ? D : E;",
    "enum A { B }",
    "namespace A {",
    "declare global {",
    "class A<T> extends B<T> implements C {",
    "private readonly a: 1;",
    "constructor(public a) {}",
    "abstract b(): void;",
    "static {",
    "import type { A } from 'a';",
    "import { type A } from 'a';",
    "export type { A };",
    "export =",
    "import a = require('a');",
    "function f(this: A): asserts this is B {",
    "return",
    "if (a) ",
    "else ",
    "for (const a of b) ",
    "do ",
    "while (a) ",
    "a: ",
    "\\u{61}",
    "😀",
    "é",
    "\u{feff}",
    "0x1f",
    "1e5",
    "1_000n",
    ".5",
    "typeof ",
    "keyof ",
    "unique symbol",
    "new ",
    "delete ",
    "void ",
    "++",
    "--",
    "**",
    "<!--",
    "-->",
    "=======",
    "#!a",
    "'use strict';",
    "let x: `${A}`;",
    "accessor ",
    "get a(): A {",
    "override ",
    "import(",
    "let\n",
];

/// The length of the lines, in UTF-16 units.
fn lines(text: &str) -> Vec<usize> {
    text.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(|line| line.encode_utf16().count()).collect()
}

/// Says whether the text was stripped.
pub fn run(bytes: &[u8]) -> bool {
    let Ok((name, text)) = text(&mut Unstructured::new(bytes)) else { return false };
    let Some(stripped) = sandbox_runtime::testing::typescript::stripped(name, &text) else { return false };
    assert_eq!(lines(&text), lines(&stripped), "{text:?} becomes {stripped:?}");
    true
}

fn text(bytes: &mut Unstructured<'_>) -> Result<(&'static str, String)> {
    let name = *bytes.choose(&["a.ts", "a.mts", "a.cts"])?;
    let mut text = String::new();
    for _ in 0..bytes.int_in_range(0..=24)? {
        text += bytes.choose(PARTS)?;
        if bytes.ratio(1, 4)? {
            text += bytes.choose(&["a", " ", "\n", "b ", "1"])?;
        }
    }
    // Nesting is what costs a parser most.
    let times = if bytes.ratio(1, 8)? { bytes.int_in_range(1..=300)? } else { 1 };
    Ok((name, text.repeat(times)))
}
