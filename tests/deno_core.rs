//! Contracts in a `JsRuntime` of the application: the boundary and the errors are those of a sandbox.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use deno_core::{Extension, JsRuntime, RuntimeOptions, resolve_url, scope, v8};
use sandbox_runtime::deno::{ExtensionBuilder, extension};
use sandbox_runtime::{
    Bytes, Callback, Cancellation, Error, GuestError, Limits, LocalSandbox, Result, Script, sandbox_api,
};
use serde::{Deserialize, Serialize};
use slack::long;

mod slack;

#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct Line {
    #[garde(length(min = 1, max = 8))]
    sku: String,
    #[garde(range(max = 1000))]
    amount: u32,
    #[garde(skip)]
    tags: Option<BTreeMap<String, f64>>,
}

#[derive(Debug, thiserror::Error, GuestError)]
#[error("shard 7 has no {sku}")]
#[guest(class = "RangeError", message = "no such product: {sku}")]
pub struct Missing {
    #[guest]
    sku: String,
}

#[sandbox_api(host)]
pub trait Store {
    fn add(&self, a: f64, b: f64) -> f64;
    fn small(&self, a: u8, is: bool) -> Result<i32>;
    fn same(&self, line: &Line) -> Result<Line>;
    fn lines(&self, lines: Vec<Line>) -> u32;
    fn bytes(&self, bytes: &[u8]) -> Bytes;
    fn big(&self, big: i64) -> Result<u128>;
    fn fail(&self, how: &str) -> Result<f64>;
    fn many(&self, count: u32) -> Vec<f64>;
    fn find(&self, sku: &str) -> Result<f64, Missing>;
    fn has(&self, key: Option<String>) -> bool;
    fn json(&self, value: serde_json::Value) -> serde_json::Value;
}

struct Memory;

impl Store for Memory {
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn small(&self, a: u8, is: bool) -> Result<i32> {
        if is { Ok(-i32::from(a)) } else { Err(Error::public("not")) }
    }
    fn same(&self, line: &Line) -> Result<Line> {
        Ok(Line { amount: line.amount * 2, ..line.clone() })
    }
    fn lines(&self, lines: Vec<Line>) -> u32 {
        lines.iter().map(|line| line.amount).sum()
    }
    fn bytes(&self, bytes: &[u8]) -> Bytes {
        bytes.iter().rev().copied().collect::<Vec<_>>().into()
    }
    fn big(&self, big: i64) -> Result<u128> {
        u128::try_from(big).map_err(Error::host)
    }
    fn fail(&self, how: &str) -> Result<f64> {
        match how {
            "public" => Err(Error::public("the text for the guest")),
            "secret" => Err(Error::host("canary-4711")),
            _ => panic!("canary-4711"),
        }
    }
    fn many(&self, count: u32) -> Vec<f64> {
        vec![0.5; count as usize]
    }
    fn find(&self, sku: &str) -> Result<f64, Missing> {
        Err(Missing { sku: sku.into() })
    }
    fn json(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }
    fn has(&self, key: Option<String>) -> bool {
        key.is_some()
    }
}

#[sandbox_api(guest)]
pub trait Program {
    fn run(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Later {
    async fn run(&self) -> Result<String>;
}

/// A runtime of the application. Sandboxes set flags of V8, so a sandbox is made first.
fn runtime(extensions: Vec<Extension>) -> JsRuntime {
    drop(LocalSandbox::builder().build().expect("it can be built"));
    JsRuntime::new(RuntimeOptions { extensions, ..RuntimeOptions::default() })
}

/// Evaluates a module, and returns its global `result`.
fn evaluate(runtime: &mut JsRuntime, source: &str) -> Result<String, String> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let main = resolve_url("app:main").unwrap();
        let module = runtime.load_main_es_module_from_code(&main, source.to_owned()).await;
        let module = module.map_err(|error| error.to_string())?;
        let evaluated = runtime.mod_evaluate(module);
        runtime.run_event_loop(Default::default()).await.map_err(|error| error.to_string())?;
        evaluated.await.map_err(|error| error.to_string())
    })?;
    let result = runtime.execute_script("result.js", "String(globalThis.result)").unwrap();
    Ok(text(runtime, result))
}

fn text(runtime: &mut JsRuntime, value: v8::Global<v8::Value>) -> String {
    scope!(scope, runtime);
    v8::Local::new(scope, value).to_rust_string_lossy(scope)
}

/// A value as text, and an error with its class, its message without a reference, and its fields.
const SHOWN: &str = r#"
    const show = (value) => typeof value === "bigint" ? `${value}n`
        : value instanceof Uint8Array ? `bytes ${value}` : JSON.stringify(value);
    const shown = (error) => `${Object.getPrototypeOf(error) === globalThis[error.name]?.prototype} ${error.name}: `
        + `${error.message.replace(/reference [^)]+/, "reference")} ${JSON.stringify({ ...error })}`;
    const text = (f) => { try { return show(f()); } catch (error) { return shown(error); } };
"#;

/// The calls that a sandbox and a runtime answer alike.
const CALLS: &[&str] = &[
    "Store.add(1, 2)",
    "Store.add(1)",
    "Store.add('1', 2)",
    "Store.add(NaN, 1)",
    "Store.add(1, 2, 3)",
    "Store.small(255, true)",
    "Store.small(256, true)",
    "Store.small(1.5, 1)",
    "Store.small(1, false)",
    "Store.same({ sku: 'tea', amount: 2, tags: { hot: 1 } })",
    "Store.same({ sku: 'tea', amount: 2, tags: null })",
    "Store.same({ sku: 'tea' })",
    "Store.same({ sku: '', amount: 1001 })",
    "Store.same({ sku: 'tea', amount: 2, more: 1 })",
    "Store.same({ sku: 'tea', amount: 600 })",
    "Store.same(Object.create({ sku: 'tea', amount: 2 }))",
    "Store.same({ get sku() { throw new RangeError('of the guest') }, amount: 1 })",
    "Store.lines([{ sku: 'a', amount: 1 }, { sku: 'b', amount: 'x' }])",
    "Store.lines(new Proxy([], {}))",
    "Store.lines({ length: 0 })",
    "Store.bytes(new Uint8Array([1, 2, 3]))",
    "Store.bytes([1, 2, 3])",
    "Store.big(5n)",
    "Store.big(2n ** 63n)",
    "Store.big(-1n)",
    "Store.fail('public')",
    "Store.fail('secret')",
    "Store.find('tea')",
    "Store.fail('panic')",
    "Store.fail('\\ud800')",
    "Store.many(3)",
    "Store.many(1001).length",
    "Store.lines(Array(1001).fill({ sku: 'a', amount: 1 }))",
    "Store.lines([{ sku: 'a'.repeat(5000), amount: 1 }])",
    "Store.has('k')",
    "Store.has()",
    "Reflect.ownKeys(Store)",
    "Object.isFrozen(Store) && Object.isFrozen(Store.get)",
    "new Store.add(1, 2)",
];

fn calls() -> String {
    let calls = CALLS.iter().map(|call| format!("text(() => {call}), "));
    format!("[{}].join('\\n')", calls.collect::<String>())
}

fn small() -> Limits {
    Limits { value_nodes: 1000, value_text: 4000, ..long() }
}

#[test]
fn values_and_refusals_are_those_of_a_sandbox() {
    let script = format!("{SHOWN}\nexport const run = () => {};", calls());
    let sandbox = LocalSandbox::builder().limits(small()).host::<dyn Store>(Memory).build().unwrap();
    let expected = sandbox.load::<dyn Program>(Script::new("program.mjs", script)).unwrap().run().unwrap();
    let store = ExtensionBuilder::new().limits(small()).build::<dyn Store>(Memory).unwrap();
    let source = format!("import Store from 'sandbox:Store';\n{SHOWN}\nglobalThis.result = {};", calls());
    let answered = evaluate(&mut runtime(vec![store]), &source).unwrap();
    for ((call, expected), answered) in CALLS.iter().zip(expected.lines()).zip(answered.lines()) {
        assert_eq!(answered, expected, "{call}");
    }
    assert_eq!(answered.lines().count(), CALLS.len());
    for part in [
        "true Error: Store.fail failed (reference)",
        "true Error: the text for the guest",
        "true RangeError: no such product: tea {\"sku\":\"tea\"}",
        "bytes 3,2,1",
        "{\"sku\":\"tea\",\"amount\":4,\"tags\":{\"hot\":1}}",
    ] {
        assert!(answered.contains(part), "{part} is not in {answered}");
    }
    assert!(!answered.contains("4711"), "{answered}");
}

#[test]
fn a_module_exports_the_contract_and_its_methods() {
    let source = "import Store, { add, has } from 'sandbox:Store';
        import * as all from 'sandbox:Store';
        const again = await import('sandbox:Store');
        globalThis.result = [add(1, 2), has('k'), add === Store.add, again.default === Store, typeof globalThis.Store,
            Object.keys(all).join(' ')];";
    let mut plain = runtime(vec![extension::<dyn Store>(Memory).unwrap()]);
    assert_eq!(
        evaluate(&mut plain, source).unwrap(),
        "3,true,true,true,undefined,add big bytes default fail find has json lines many same small"
    );
    let global = ExtensionBuilder::new().global(true).build::<dyn Store>(Memory).unwrap();
    let mut global = runtime(vec![global]);
    let source = "globalThis.result = Store.add(1, 2); try { globalThis.Store = 1; } catch { result += 10; }";
    assert_eq!(evaluate(&mut global, source).unwrap(), "13");
}

#[sandbox_api(host)]
pub trait Other {
    fn twice(&self, text: &str) -> String;
}

struct Twice(Rc<Cell<u32>>);

impl Other for Twice {
    fn twice(&self, text: &str) -> String {
        self.0.set(self.0.get() + 1);
        text.repeat(2)
    }
}

impl Drop for Twice {
    fn drop(&mut self) {
        self.0.set(100);
    }
}

#[test]
fn a_runtime_has_several_contracts_and_the_smallest_of_their_limits() {
    let calls = Rc::new(Cell::new(0));
    let limits = Limits { value_text: 10, ..Limits::default() };
    let other = ExtensionBuilder::new().limits(limits).build::<dyn Other>(Twice(calls.clone())).unwrap();
    let mut both = runtime(vec![extension::<dyn Store>(Memory).unwrap(), other]);
    let source = "import Store from 'sandbox:Store'; import { twice } from 'sandbox:Other';
        const text = (f) => { try { return f(); } catch (error) { return error.message; } };
        globalThis.result = [twice('ab'), Store.add(1, 2), text(() => Store.fail('a'.repeat(11)))].join();";
    let answered = evaluate(&mut both, source).unwrap();
    assert!(answered.starts_with("abab,3,Store.fail → how: "), "{answered}");
    assert!(answered.ends_with("at most 10 units in one text (`Limits::value_text`), got 11"), "{answered}");
    assert_eq!(calls.get(), 1);
    drop(both);
    assert_eq!(calls.get(), 100, "the host is dropped with the runtime");
}

#[sandbox_api(host)]
pub trait Queue {
    async fn next(&self, name: &str, wait: u32) -> Result<String>;
    /// Methods may be named as constants of the module.
    fn wait(&self) -> u32;
    fn length(&self) -> u32;
}

struct Jobs;

#[sandbox_api]
impl Queue for Jobs {
    async fn next(&self, name: &str, wait: u32) -> Result<String> {
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(u64::from(wait))).await;
        }
        match name {
            "secret" => Err(Error::host("canary-4711")),
            "public" => Err(Error::public("the text for the guest")),
            "panic" => panic!("canary-4711"),
            name => Ok(name.to_uppercase()),
        }
    }
    fn wait(&self) -> u32 {
        8
    }
    fn length(&self) -> u32 {
        7
    }
}

const PROMISES: &str = r#"
    const settle = async (call) => {
        try { const promise = call(); return `${promise instanceof Promise} ${await promise}`; } catch (error) { return shown(error); }
    };
    const calls = [
        () => Queue.next("a", 20), () => Queue.next("b", 0), () => Queue.next("secret", 1), () => Queue.next("public", 0),
        () => Queue.next("panic", 1), () => Queue.next("panic", 0), () => Queue.next(1, 0), () => Queue.next("c"),
        () => Queue.next({ get length() { throw 1 } }, 0), () => Queue.length(),
    ];
    const all = async () => (await Promise.all(calls.map(settle))).join("\n");
"#;

#[test]
fn promises_are_settled_as_in_a_sandbox() {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Queue>(Jobs).build().unwrap();
    let script = Script::new("program.mjs", format!("{SHOWN}{PROMISES}\nexport const run = all;"));
    let later = sandbox.load::<dyn Later>(script).unwrap();
    let expected = tokio.block_on(later.run()).unwrap();
    let mut own = runtime(vec![extension::<dyn Queue>(Jobs).unwrap()]);
    let source =
        format!("import Queue from 'sandbox:Queue';\n{SHOWN}{PROMISES}\nglobalThis.result = await all();");
    let answered = evaluate(&mut own, &source).unwrap();
    assert_eq!(answered, expected);
    assert!(answered.starts_with("true A\ntrue B\ntrue Error: Queue.next failed (reference)"), "{answered}");
    assert!(!answered.contains("4711"), "{answered}");
}

#[test]
fn the_event_loop_waits_for_methods_that_no_code_awaits() {
    let source = "import { next } from 'sandbox:Queue';
        globalThis.result = '';
        for (const name of ['c', 'a', 'b']) next(name, 5).then((text) => globalThis.result += text);";
    let answered = evaluate(&mut runtime(vec![extension::<dyn Queue>(Jobs).unwrap()]), source).unwrap();
    let mut letters = answered.chars().collect::<Vec<_>>();
    letters.sort_unstable();
    assert_eq!(letters, ['A', 'B', 'C']);
}

#[test]
fn a_runtime_is_dropped_while_methods_are_pending() {
    let mut own = runtime(vec![extension::<dyn Queue>(Jobs).unwrap()]);
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let main = resolve_url("app:main").unwrap();
        let source = "import { next } from 'sandbox:Queue'; next('a', 1_000_000); next('b', 1_000_000);";
        let module = own.load_main_es_module_from_code(&main, source).await.unwrap();
        own.mod_evaluate(module).await.unwrap();
    });
    drop(own);
    // Another runtime of the thread is not affected.
    let source = "import { length, wait } from 'sandbox:Queue'; globalThis.result = length() + wait();";
    assert_eq!(evaluate(&mut runtime(vec![extension::<dyn Queue>(Jobs).unwrap()]), source).unwrap(), "15");
}

#[test]
fn a_host_may_use_a_sandbox_while_a_runtime_calls_it() {
    struct Nested(LocalSandbox);
    impl Other for Nested {
        fn twice(&self, text: &str) -> String {
            let script = format!("export const run = () => String(Store.add(1, {text}))");
            self.0.load::<dyn Program>(Script::new("in.mjs", script)).unwrap().run().unwrap()
        }
    }
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Store>(Memory).build().unwrap();
    let mut own = runtime(vec![
        extension::<dyn Other>(Nested(sandbox)).unwrap(),
        extension::<dyn Store>(Memory).unwrap(),
    ]);
    let source = "import Store from 'sandbox:Store'; import Other from 'sandbox:Other';
        globalThis.result = [Other.twice('2'), Store.add(2, 2), Other.twice('4')];";
    assert_eq!(evaluate(&mut own, source).unwrap(), "3,4,5");
}

#[test]
fn deep_recursion_ends_with_a_range_error_and_the_runtime_goes_on() {
    let source = "import { has, lines } from 'sandbox:Store';
        const deep = () => { has('k'); deep(); };
        let nested = { sku: 'a', amount: 1 };
        for (let i = 0; i < 100_000; i++) nested = [nested];
        const text = (f) => { try { return f(); } catch (error) { return error.name; } };
        globalThis.result = [text(deep), text(() => lines(nested)), has('k')];";
    let mut own = runtime(vec![extension::<dyn Store>(Memory).unwrap()]);
    assert_eq!(evaluate(&mut own, source).unwrap(), "RangeError,TypeError,true");
}

/// Runs code further down on the stack.
fn deeper<R>(kibibytes: usize, body: &mut dyn FnMut() -> R) -> R {
    let mut room = [0_u8; 64 << 10];
    std::hint::black_box(&mut room);
    let result = match kibibytes.checked_sub(64) {
        Some(rest) => deeper(rest, body),
        None => body(),
    };
    std::hint::black_box(&mut room);
    result
}

/// V8 aborts when it is called below its own limit. So a conversion stops before, wherever the runtime is called from.
#[test]
fn no_conversion_goes_below_the_stack_of_the_engine() {
    let mut own = runtime(vec![ExtensionBuilder::new().global(true).build::<dyn Store>(Memory).unwrap()]);
    let source = "(() => {
        let nested = 1;
        for (let i = 0; i < 120; i++) nested = [nested];
        const deep = () => { Store.json(nested); deep(); };
        try { deep(); } catch (error) { return error.message; }
    })()";
    // V8 refuses to run a script where it has no stack left.
    let mut run = || match own.execute_script("deep.js", source) {
        Ok(value) => text(&mut own, value),
        Err(error) => error.to_string(),
    };
    for kibibytes in [0, 128, 256, 384, 512, 640, 704] {
        let message = deeper(kibibytes, &mut run);
        assert!(message.contains("stack"), "{kibibytes} KiB: {message}");
    }
    let value = own.execute_script("again.js", "Store.has()").unwrap();
    assert_eq!(text(&mut own, value), "false");
}

#[sandbox_api(host)]
pub trait Counted {
    #[sandbox(max_calls = 3)]
    fn once(&self);
}

#[sandbox_api(host)]
pub trait Scoped {
    #[sandbox(scoped)]
    fn take(&self, step: Callback<fn() -> Result<()>>);
}

struct Nothing;

impl Counted for Nothing {
    fn once(&self) {}
}

impl Scoped for Nothing {
    fn take(&self, _: Callback<fn() -> Result<()>>) {}
}

#[sandbox_api(host)]
pub trait Ended: Send + Sync {
    async fn wait(&self, ends: Cancellation);
}

#[sandbox_api]
impl Ended for Nothing {
    async fn wait(&self, _: Cancellation) {}
}

/// A `JsRuntime` may have an `AbortSignal` of its own, or none.
#[test]
fn a_contract_with_a_cancellation_is_no_extension() {
    let error = extension::<dyn Ended>(Nothing).map(drop).unwrap_err();
    let reason = "`Ended.wait` takes a `Cancellation`, and the `AbortSignal` of a `JsRuntime` is the application's own: \
                  remove the parameter, or use the contract in a sandbox";
    assert!(matches!(&error, Error::Build { reason: found, .. } if found.contains(reason)), "{error}");
    // In a sandbox, the contract is there.
    assert!(LocalSandbox::builder().limits(long()).host::<dyn Ended>(Nothing).build().is_ok());
}

#[test]
fn limits_that_a_runtime_cannot_keep_are_refused() {
    let error = extension::<dyn Counted>(Nothing).map(drop).unwrap_err();
    assert!(
        matches!(&error, Error::Build { reason, .. } if reason.contains("`Counted.once` has `max_calls`")),
        "{error}"
    );
    let error = extension::<dyn Scoped>(Nothing).map(drop).unwrap_err();
    assert!(
        matches!(&error, Error::Build { reason, .. } if reason.contains("`Scoped.take` is `scoped`")),
        "{error}"
    );
    let limits = Limits { value_depth: 1000, ..Limits::default() };
    let error = ExtensionBuilder::new().limits(limits).build::<dyn Store>(Memory).map(drop).unwrap_err();
    assert!(matches!(&error, Error::Build { reason, .. } if reason.contains("value_depth")), "{error}");
    assert!(extension::<dyn Store>(Memory).is_ok());
}
