//! What a guest finds when it looks around, and what it does not.

use std::collections::BTreeSet;

use sandbox_runtime::{Engine, Error, LocalSandbox, Result, Sandbox, Script, sandbox_api};
use slack::long;

mod slack;

#[sandbox_api(guest)]
pub trait Probe {
    fn probe(&self) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Tool {
    fn echo(&self, text: &str) -> String;
    fn make(&self) -> Vec<Option<String>>;
}

struct Hammer;
impl Tool for Hammer {
    fn echo(&self, text: &str) -> String {
        text.into()
    }
    fn make(&self) -> Vec<Option<String>> {
        vec![Some("a".into()), None]
    }
}

fn probe(body: &str) -> Result<String> {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Tool>(Hammer).build()?;
    let script = Script::new("probe.js", format!("export function probe() {{ {body} }}"));
    sandbox.load::<dyn Probe>(script)?.probe()
}

#[test]
fn the_globals_are_those_of_ecmascript_and_the_contracts() {
    let found = probe("return Reflect.ownKeys(globalThis).map(String).join(' ')").unwrap();
    let found = found.split(' ').collect::<BTreeSet<_>>();
    let expected = include_str!("golden/globals.txt").lines().collect::<BTreeSet<_>>();
    assert_eq!(found, expected, "if V8 has something new: is it safe to give to a guest?");
}

#[test]
fn nothing_of_deno_or_of_a_browser_or_of_node_is_there() {
    let names = "Deno __bootstrap queueMicrotask setTimeout setInterval setImmediate WebAssembly SharedArrayBuffer \
                 FinalizationRegistry ShadowRealm Temporal process require module exports global window self fetch \
                 structuredClone performance gc __dirname Buffer TextDecoder URL crypto navigator";
    let body = format!("return '{names}'.split(' ').filter((name) => name in globalThis).join(' ')");
    assert_eq!(probe(&body).unwrap(), "");
    assert_eq!(
        probe("return [typeof require, typeof module, typeof Deno, typeof process].join(' ')").unwrap(),
        ["undefined"; 4].join(" ")
    );
}

#[test]
fn no_code_is_made_from_text() {
    for attempt in [
        "eval('1')",
        "(0, eval)('1')",
        "new Function('return 1')()",
        "Function('return 1')()",
        "(() => {}).constructor('return 1')()",
        "new (async () => {}).constructor('return 1')()",
        "new (function* () {}).constructor('yield 1')()",
        "new (async function* () {}).constructor('yield 1')()",
        "Tool.echo.constructor('return this')()",
        "Tool.make().constructor.constructor('return this')()",
        "Reflect.construct(Function, ['return 1'])",
    ] {
        let Err(Error::Guest(error)) = probe(&format!("return String({attempt})")) else {
            panic!("{attempt}")
        };
        assert_eq!(error.name.as_deref(), Some("EvalError"), "{attempt}: {error}");
    }
}

#[test]
fn no_module_is_imported() {
    for script in [
        "import fs from 'node:fs'; export const probe = () => '';",
        "import 'file:///etc/passwd'; export const probe = () => '';",
        "import { core } from 'ext:core/mod.js'; export const probe = () => '';",
        "import data from './data.json' with { type: 'json' }; export const probe = () => '';",
        "import source text from './a.wasm'; export const probe = () => '';",
        "import defer * as later from './later.js'; export const probe = () => later.x;",
        "export { probe } from './other.js';",
        "await import('node:fs'); export const probe = () => '';",
        "await import.source('x'); export const probe = () => '';",
        "await import.defer('x'); export const probe = () => '';",
    ] {
        let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
        let outcome = sandbox.load::<dyn Probe>(Script::new("import.mjs", script)).map(drop);
        let Err(Error::Guest(error)) = outcome else { panic!("{script}: {outcome:?}") };
        // QuickJS has these from helpers, which are not there in a guest's realm.
        let own_words = Engine::CURRENT == Engine::QuickJs
            && ["import source", "import.source"].iter().any(|form| script.contains(form));
        assert!(error.message.starts_with("import of ") || own_words, "{script}: {error}");
        let next =
            sandbox.load::<dyn Probe>(Script::new("next.js", "export const probe = () => 'fine';")).unwrap();
        assert_eq!(next.probe().unwrap(), "fine");
    }
}

#[test]
fn a_dynamic_import_is_a_rejected_promise_whatever_its_form() {
    let script = "
        let seen = [];
        const note = (name) => (error) => seen.push(`${name}: ${error.name}`);
        import('node:fs').catch(note('plain'));
        import('x', { with: { type: 'json' } }).catch(note('attributes'));
        import({ toString() { return 'object'; } }).catch(note('object'));
        import(Symbol('s')).catch(note('symbol'));
        import({ toString() { throw new RangeError('mine'); } }).catch(note('throws'));
        import(import.meta.url).catch(note('meta'));
        export const probe = () => seen.sort().join(', ');";
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let probe = sandbox.load::<dyn Probe>(Script::new("dynamic.mjs", script)).unwrap();
    let expected = "attributes: TypeError, meta: TypeError, object: TypeError, plain: TypeError, symbol: TypeError, throws: RangeError";
    assert_eq!(probe.probe().unwrap(), expected);
}

#[test]
fn stacks_name_guest_files_only_and_call_sites_are_not_given_out() {
    let body = "
        let sites = 'never called';
        Error.prepareStackTrace = (error, list) => { sites = list; return 'prepared'; };
        const stacks = [new Error('one').stack];
        try { Tool.echo(5); } catch (error) { stacks.push(error.stack); }
        const target = {}; Error.captureStackTrace(target); stacks.push(target.stack);
        try { null.x; } catch (error) { stacks.push(error.stack); }
        return JSON.stringify([sites, ...stacks]);";
    let found: Vec<String> = serde_json::from_str(&probe(body).unwrap()).unwrap();
    assert_eq!(found[0], "never called");
    for stack in &found[1..] {
        let frames = stack.lines().skip(1).collect::<Vec<_>>();
        assert!(!frames.is_empty(), "{stack}");
        assert!(frames.iter().all(|frame| frame.contains("probe (probe.js:")), "{stack}");
    }
}

/// Walks everything that can be reached from the guest's side, by properties, prototypes and accessors, and names
/// each function's realm by whether its constructor is the guest's own.
const WALK: &str = "
    const seen = new Set();
    const strangers = [];
    const queue = [];
    const push = (value, path) => {
        if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
        seen.add(value);
        queue.push([value, path]);
    };
    const thrown = (f) => { try { f(); } catch (error) { return error; } };
    push(globalThis, 'globalThis');
    push(Tool.make(), 'result');
    push(thrown(() => Tool.echo(5)), 'error');
    push(thrown(() => eval('1')), 'evalError');
    push(function* () {}, 'generator');
    push(async function* () {}, 'asyncGenerator');
    push(async () => {}, 'asyncFunction');
    push([][Symbol.iterator](), 'arrayIterator');
    push(import.meta, 'meta');
    push((function () { return arguments; })(), 'arguments');
    const roots = [Object.prototype, Function.prototype];
    while (queue.length > 0) {
        const [value, path] = queue.pop();
        let root = value;
        for (let next; (next = Object.getPrototypeOf(root)) !== null; root = next);
        const bare = root === value || Reflect.ownKeys(root).length === 0 || Object.getPrototypeOf(value) === null;
        if (!roots.includes(root) && !bare) strangers.push(path);
        push(Object.getPrototypeOf(value), path + '.__proto__');
        for (const key of Reflect.ownKeys(value)) {
            const property = Object.getOwnPropertyDescriptor(value, key);
            push(property.value, `${path}.${String(key)}`);
            push(property.get, `${path}.get ${String(key)}`);
            push(property.set, `${path}.set ${String(key)}`);
        }
    }
    export const probe = () => JSON.stringify({ count: seen.size, strangers });";

#[test]
fn everything_that_can_be_reached_is_of_the_guests_own_realm() {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Tool>(Hammer).build().unwrap();
    let probe = sandbox.load::<dyn Probe>(Script::new("walk.mjs", WALK)).unwrap();
    let found: serde_json::Value = serde_json::from_str(&probe.probe().unwrap()).unwrap();
    assert_eq!(found["strangers"], serde_json::json!([]));
    assert!(found["count"].as_u64().unwrap() > 700, "the walk saw little: {found}");
}

#[test]
fn what_one_sandbox_does_to_its_realm_no_other_sees() {
    let mark = "Object.prototype.marked = Array.prototype.marked = globalThis.marked = 1; export const probe = () => String([].marked);";
    let look = "export const probe = () => String([].marked) + typeof marked;";
    let (one, other) = (
        Sandbox::builder().limits(long()).build().unwrap(),
        Sandbox::builder().limits(long()).build().unwrap(),
    );
    let one = one.load::<dyn Probe>(Script::new("mark.mjs", mark)).unwrap();
    assert_eq!(one.probe().unwrap(), "1");
    assert_eq!(
        other.load::<dyn Probe>(Script::new("look.mjs", look)).unwrap().probe().unwrap(),
        "undefinedundefined"
    );
}

#[test]
fn waiting_and_sharing_are_not_possible() {
    let wait = probe("Atomics.wait(new Int32Array(8), 0, 0); return ''");
    assert!(
        matches!(&wait, Err(Error::Guest(error)) if error.name.as_deref() == Some("TypeError")),
        "{wait:?}"
    );
    assert_eq!(probe("return typeof Atomics.waitAsync").unwrap(), "undefined");
}

#[test]
fn unhandled_rejections_end_nothing() {
    let body = "
        new Promise((_, reject) => reject(new Error('a')));
        (async () => { throw new Error('b'); })();
        Promise.reject(1).finally(() => { throw 2; });
        return 'fine';";
    assert_eq!(probe(body).unwrap(), "fine");
}

#[test]
fn what_is_thrown_is_read_as_it_is() {
    let table = [
        ("throw 5", None, "5"),
        ("throw 'text'", None, "\"text\""),
        ("throw undefined", None, "undefined"),
        ("throw null", None, "null"),
        ("throw Symbol('s')", None, "a symbol"),
        ("throw { message: 'no error' }", None, "an object"),
        ("throw new Proxy({}, { get() { throw 1; } })", None, "a Proxy"),
        ("throw new RangeError('r')", Some("RangeError"), "r"),
        ("class Mine extends Error { get name() { return 'Mine'; } } throw new Mine('m')", Some("Mine"), "m"),
        ("const e = new Error('e'); e.name = 5; throw e", Some("Error"), "e"),
        (
            "const e = new Error('e'); Object.defineProperty(e, 'message', { get() { throw 1; } }); throw e",
            Some("Error"),
            "",
        ),
        ("const e = new Error('e'); e.cause = e; throw e", Some("Error"), "e"),
        ("throw new Error('\\ud800')", Some("Error"), "\u{fffd}"),
    ];
    for (body, name, message) in table {
        let Err(Error::Guest(error)) = probe(body) else { panic!("{body}") };
        assert_eq!((error.name.as_deref(), error.message.as_str()), (name, message), "{body}");
    }
}
