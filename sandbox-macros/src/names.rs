//! JavaScript names: how they follow from Rust names, and which names a contract cannot use.
//!
//! Called by `parse.rs`, by `check`, and by the derive of `GuestError`.

use syn::ext::IdentExt;
use syn::parse::Parser;

/// Reserved words of modules, which no plain `export function` can have as its name.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "arguments", "async", "await", "break", "case", "catch", "class", "const", "continue", "debugger",
    "default", "delete", "do", "else", "enum", "eval", "export", "extends", "false", "finally", "for",
    "function", "if", "implements", "import", "in", "instanceof", "interface", "let", "new", "null",
    "package", "private", "protected", "public", "return", "static", "super", "switch", "this", "throw",
    "true", "try", "typeof", "var", "void", "while", "with", "yield",
];

/// Names that have a meaning on every object, with the reason for an error text.
const SPECIAL: &[(&str, &str)] = &[
    ("then", "JavaScript takes an object with a method `then` for a promise"),
    ("constructor", "every object has a property of this name"),
    ("prototype", "every class has a property of this name"),
    ("__proto__", "an assignment to it changes the prototype of the object"),
    ("__defineGetter__", "every object has a property of this name"),
    ("__defineSetter__", "every object has a property of this name"),
    ("__lookupGetter__", "every object has a property of this name"),
    ("__lookupSetter__", "every object has a property of this name"),
];

/// Properties that have a meaning on every error, with the reason for an error text.
const ERROR_PROPERTIES: &[(&str, &str)] = &[
    ("name", "every error has this property, which `class = \"…\"` sets"),
    ("message", "every error has this property, which `message = \"…\"` sets"),
    ("stack", "the engine writes this property"),
    ("cause", "this property holds the error that caused this one"),
    ("__proto__", "an assignment to it changes the prototype of the object"),
];

/// Names that a guest finds on its global object, or around its code, before any contract.
#[rustfmt::skip]
const GLOBALS: &[&str] = &[
    "AbortController", "AbortSignal", "AggregateError", "Array", "ArrayBuffer", "AsyncDisposableStack", "AsyncIterator", "Atomics", "BigInt",
    "BigInt64Array", "BigUint64Array", "Boolean", "DataView", "Date", "Deno", "DisposableStack", "Error",
    "EvalError", "FinalizationRegistry", "Float16Array", "Float32Array", "Float64Array", "Function",
    "Infinity", "Int16Array", "Int32Array", "Int8Array", "Intl", "Iterator", "JSON", "Map", "Math", "NaN",
    "Number", "Object", "Promise", "Proxy", "RangeError", "ReferenceError", "Reflect", "RegExp", "Set",
    "SharedArrayBuffer", "String", "SuppressedError", "Symbol", "SyntaxError", "Temporal", "TypeError",
    "URIError", "Uint16Array", "Uint32Array", "Uint8Array", "Uint8ClampedArray", "WeakMap", "WeakRef",
    "WeakSet", "WebAssembly", "console", "decodeURI", "decodeURIComponent", "encodeURI",
    "encodeURIComponent", "escape", "exports", "global", "globalThis", "isFinite", "isNaN", "module",
    "parseFloat", "parseInt", "require", "self", "undefined", "unescape", "window",
];

/// `get_user` → `getUser`. Underscores at either end stay.
pub(crate) fn camel_case(rust: &str) -> String {
    let body = rust.trim_start_matches('_');
    let lead = &rust[..rust.len() - body.len()];
    let stem = body.trim_end_matches('_');
    let mut words = stem.split('_').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let rest = words.map(capitalized).collect::<String>();
    format!("{lead}{first}{rest}{}", &body[stem.len()..])
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Says why a method cannot have this JavaScript name.
pub(crate) fn refused_method(name: &str) -> Option<String> {
    refused_word(name).or_else(|| {
        let (_, why) = SPECIAL.iter().find(|(special, _)| *special == name)?;
        Some(format!("`{name}` cannot be the name of a JavaScript method: {why}"))
    })
}

/// Says why a contract cannot have this JavaScript name. `global` says that the host implements it as a global.
pub(crate) fn refused_contract(name: &str, global: bool) -> Option<String> {
    refused_word(name).or_else(|| {
        let taken =
            global && (GLOBALS.contains(&name) || SPECIAL.iter().any(|(special, _)| *special == name));
        taken.then(|| format!("`{name}` is a global of JavaScript already"))
    })
}

/// Says why the class of an error cannot have this JavaScript name.
pub(crate) fn refused_class(name: &str) -> Option<String> {
    refused_word(name)
}

/// Says why an error cannot have a property of this name.
pub(crate) fn refused_property(name: &str) -> Option<String> {
    let (_, why) = ERROR_PROPERTIES.iter().find(|(special, _)| *special == name)?;
    Some(format!("`{name}` cannot be a property of its own: {why}"))
}

fn refused_word(name: &str) -> Option<String> {
    if !is_identifier(name) {
        return Some(format!("`{name}` is not an identifier in JavaScript"));
    }
    RESERVED.contains(&name).then(|| format!("`{name}` is a reserved word of JavaScript"))
}

/// Whether the name is an identifier of Rust, apart from `$`. Such a name is an identifier of JavaScript too.
fn is_identifier(name: &str) -> bool {
    let plain = name.replace('$', "_");
    let same = |ident: proc_macro2::Ident| ident == plain.as_str();
    !plain.starts_with("r#") && syn::Ident::parse_any.parse_str(&plain).is_ok_and(same)
}
