//! The names of types in a generated module.
//!
//! `typescript` and `zod` ask for them. A name is valid, unused and no built-in.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::description::Description;
use super::walk::SchemaDirection;

/// Words that are no identifiers in a module.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete",
    "do", "else", "enum", "eval", "export", "extends", "false", "finally", "for", "function", "if", "implements",
    "import", "in", "instanceof", "interface", "let", "new", "null", "package", "private", "protected", "public",
    "return", "static", "super", "switch", "this", "throw", "true", "try", "typeof", "undefined", "var", "void",
    "while", "with", "yield",
];

/// The built-in names of JavaScript and TypeScript, which a type of the same name would hide.
#[rustfmt::skip]
const BUILT_IN: &[&str] = &[
    "any", "as", "asserts", "async", "bigint", "boolean", "declare", "global", "globalThis", "infer", "is", "keyof",
    "module", "namespace", "never", "number", "object", "readonly", "require", "string", "symbol", "type", "unique",
    "unknown", "Infinity", "Intl", "JSON", "Math", "NaN", "Proxy", "Reflect",
    "AbortController", "AbortSignal", "AggregateError", "Array", "ArrayBuffer", "ArrayBufferView", "ArrayLike", "AsyncIterable",
    "AsyncIterableIterator", "BigInt", "BigInt64Array",
    "BigUint64Array", "Boolean", "DataView", "Date", "Disposable", "Error", "EvalError", "Float32Array", "Float64Array", "Function",
    "Generator", "Int16Array", "Int32Array", "Int8Array", "Iterable", "IterableIterator", "Iterator", "Map",
    "Number", "Object", "Omit", "Partial", "Pick", "Promise", "PromiseLike", "PropertyKey", "RangeError", "Readonly",
    "ReadonlyArray", "ReadonlyMap", "ReadonlySet", "Record", "ReferenceError", "RegExp", "Required", "Set",
    "SharedArrayBuffer", "String", "Symbol", "SyntaxError", "TypeError", "URIError", "Uint16Array", "Uint32Array",
    "Uint8Array", "Uint8ClampedArray", "WeakMap", "WeakRef", "WeakSet",
];

/// The names of all types, by the names in `$defs`. A type that is the same in both directions has one name.
#[derive(Default)]
pub(super) struct Names {
    to_guest: BTreeMap<String, String>,
    to_host: BTreeMap<String, String>,
    /// The interfaces of handles by their contracts: for objects of the host, and for objects of a guest.
    handles: BTreeMap<String, [String; 2]>,
    /// Whether a type was written with `Disposable`, which is a type of a library that not every compiler has by default.
    has_disposable: Cell<bool>,
}

impl Names {
    /// The type `Disposable`, for a type that is written.
    pub(super) fn disposable(&self) -> &'static str {
        self.has_disposable.set(true);
        "Disposable"
    }

    /// Whether a type was written with `Disposable`.
    pub(super) fn has_disposable(&self) -> bool {
        self.has_disposable.get()
    }

    /// Finds names for the types of a description. `taken` are the other names in the module.
    ///
    /// `render` writes a type, with the names of the types that it refers to. A type that differs between the
    /// directions gets two names. So the types that refer to it differ too.
    pub(super) fn settle(
        description: &Description,
        taken: &[&str],
        render: impl Fn(&Self, SchemaDirection, &str) -> String,
    ) -> Self {
        let mut differing = BTreeSet::new();
        loop {
            let names = Self::assign(description, taken, &differing);
            let differs = |name: &str| {
                render(&names, SchemaDirection::ToGuest, name)
                    != render(&names, SchemaDirection::ToHost, name)
            };
            let shared = description.to_guest.keys().filter(|name| description.to_host.contains_key(*name));
            let found: Vec<&str> = shared
                .map(String::as_str)
                .filter(|name| !differing.contains(name) && differs(name))
                .collect();
            if found.is_empty() {
                return names;
            }
            differing.extend(found);
        }
    }

    fn assign(description: &Description, taken: &[&str], differing: &BTreeSet<&str>) -> Self {
        let mut names = Self::default();
        let mut used = BTreeSet::new();
        for handle in &description.handles {
            let base = interface_name(&handle.contract);
            let is_own = description.contract == handle.contract;
            let is_exported = is_own && description.guest;
            // The interface that a guest exports is the one of its objects.
            let name = match is_own && !(is_exported && handle.host) {
                true => base.clone(),
                false => unique(&base, taken, &mut used),
            };
            let of_guest = match (handle.host && handle.guest, is_exported) {
                (true, true) => base,
                (true, false) => unique(&format!("{base}Input"), taken, &mut used),
                (false, _) => name.clone(),
            };
            names.handles.insert(handle.contract.clone(), [name, of_guest]);
        }
        for name in description.to_guest.keys() {
            names.to_guest.insert(name.clone(), unique(&identifier(name), taken, &mut used));
        }
        for name in description.to_host.keys() {
            let chosen = match names.to_guest.get(name) {
                Some(shared) if !differing.contains(name.as_str()) => shared.clone(),
                Some(guests) => unique(&format!("{guests}Input"), taken, &mut used),
                None => unique(&identifier(name), taken, &mut used),
            };
            names.to_host.insert(name.clone(), chosen);
        }
        names
    }

    /// The name of a type, if the description has it.
    pub(super) fn of(&self, direction: SchemaDirection, definition: &str) -> Option<&str> {
        let names = match direction {
            SchemaDirection::ToGuest => &self.to_guest,
            SchemaDirection::ToHost => &self.to_host,
        };
        names.get(definition).map(String::as_str)
    }

    /// The name of the interface of a contract's handles, if the description has it.
    pub(super) fn handle(&self, direction: SchemaDirection, contract: &str) -> Option<&str> {
        let [of_host, of_guest] = self.handles.get(contract)?;
        Some(if direction == SchemaDirection::ToGuest { of_host } else { of_guest })
    }

    /// All types of the module, each once, in the order of the description: the directions, the definition's name,
    /// and the name in the module.
    pub(super) fn all<'a>(
        &'a self,
        description: &'a Description,
    ) -> Vec<(SchemaDirection, &'a str, &'a str)> {
        let entry = |direction, name: &'a String| Some((direction, name.as_str(), self.of(direction, name)?));
        let own = |name: &String| self.to_host.get(name) != self.to_guest.get(name);
        let hosts = |name: &'a String| entry(SchemaDirection::ToHost, name).filter(|_| own(name));
        let both =
            description.to_guest.keys().flat_map(|name| [entry(SchemaDirection::ToGuest, name), hosts(name)]);
        let rest = description.to_host.keys().filter(|name| !description.to_guest.contains_key(*name));
        both.chain(rest.map(hosts)).flatten().collect()
    }
}

/// The name of a contract's interface.
pub(super) fn interface_name(contract: &str) -> String {
    let name = identifier(contract);
    if is_built_in(&name) { format!("{name}Contract") } else { name }
}

/// Whether a word is no identifier in a module.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Whether a name is built in.
pub(super) fn is_built_in(name: &str) -> bool {
    is_reserved(name) || BUILT_IN.contains(&name)
}

/// The nearest valid identifier of JavaScript.
pub(super) fn identifier(name: &str) -> String {
    // Circled and squared letters are alphabetic, but no identifier may have them.
    let enclosed = |letter| matches!(letter, '\u{24B6}'..='\u{24E9}' | '\u{1F130}'..='\u{1F189}');
    let fits = |c: char| c.is_ascii_digit() || c == '_' || c == '$' || (c.is_alphabetic() && !enclosed(c));
    let mut fitting: String = name.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    if fitting.starts_with(|c: char| c.is_ascii_digit()) || fitting.is_empty() {
        fitting.insert(0, '_');
    }
    fitting
}

fn unique(name: &str, taken: &[&str], used: &mut BTreeSet<String>) -> String {
    let reserved = |name: &str| is_built_in(name) || taken.contains(&name);
    let base = if reserved(name) { format!("{name}Type") } else { name.to_owned() };
    let numbered = (2_u64..).map(|number| format!("{base}{number}"));
    let free =
        std::iter::once(base.clone()).chain(numbered).find(|name| !reserved(name) && !used.contains(name));
    let name = free.unwrap_or(base);
    used.insert(name.clone());
    name
}

/// Names that a guest finds on its global object, or around its code, before any contract. `#[sandbox_api]` has the same
/// list, because a macro cannot depend on this crate.
#[rustfmt::skip]
pub const GLOBALS: &[&str] = &[
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

/// Whether a contract can have the name in JavaScript. `global` says that the host implements it as a global.
pub fn is_contract_name(name: &str, global: bool) -> bool {
    let is_taken = GLOBALS.contains(&name) || SPECIAL.contains(&name);
    is_word(name) && !(global && is_taken)
}

/// Whether a method can have the name in JavaScript.
pub fn is_method_name(name: &str) -> bool {
    is_word(name) && !SPECIAL.contains(&name)
}

/// Whether a variable can have the name, in strict code too.
pub fn is_variable_name(name: &str) -> bool {
    identifier(name) == name && !is_reserved(name)
}

/// Names that have a meaning on every object, or on a promise.
const SPECIAL: [&str; 8] = [
    "then",
    "constructor",
    "prototype",
    "__proto__",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
];

/// Whether `#[sandbox_api]` allows the name. A module can have a function named `undefined`, and none named `async`.
fn is_word(name: &str) -> bool {
    let is_refused = name == "async" || is_reserved(name) && name != "undefined";
    identifier(name) == name && !is_refused
}
