//! Contracts that the host implements: what a guest can call, what it is told, and what it cannot do to it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock};

use sandbox_runtime::{
    Error, HostContract, LimitKind, Limits, LocalSandbox, Result, Sandbox, Script, sandbox_api,
};
use slack::long;

mod slack;

#[sandbox_api(host)]
pub trait Store {
    /// What is stored under a key.
    fn get(&self, key: &str) -> Result<Option<String>>;
    fn set(&self, key: &str, value: &str) -> Result<()>;
    fn fail(&self, how: &str) -> Result<f64>;
    fn sum(&self, numbers: &[f64], bytes: &[u8]) -> f64;
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, String>>>);

impl Store for Memory {
    fn get(&self, key: &str) -> Result<Option<String>> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }
    fn set(&self, key: &str, value: &str) -> Result<()> {
        self.0.lock().unwrap().insert(key.into(), value.into());
        Ok(())
    }
    fn fail(&self, how: &str) -> Result<f64> {
        match how {
            "public" => Err(Error::public("the text for the guest")),
            "secret" => Err(Error::host("canary-4711")),
            _ => panic!("canary-4711"),
        }
    }
    fn sum(&self, numbers: &[f64], bytes: &[u8]) -> f64 {
        numbers.iter().sum::<f64>() + bytes.iter().copied().map(f64::from).sum::<f64>()
    }
}

#[sandbox_api(guest)]
pub trait Program {
    fn run(&self) -> Result<String>;
}

/// What the expression gives, in a sandbox with a store.
fn run(before: &str, expression: &str) -> Result<String> {
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Store>(Memory::default()).build()?;
    let script = format!("{before}\nexport function run() {{ return String({expression}); }}");
    sandbox.load::<dyn Program>(Script::new("program.js", script))?.run()
}

#[test]
fn a_guest_calls_the_host_by_the_name_of_the_contract() {
    let store = Memory::default();
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Store>(store.clone()).build().unwrap();
    let source =
        "export function run() { Store.set('k', 'v'); return `${Store.get('k')}, ${Store.get('none')}`; }";
    let program = sandbox.load::<dyn Program>(Script::new("program.js", source)).unwrap();
    assert_eq!(program.run().unwrap(), "v, null");
    assert_eq!(store.0.lock().unwrap()["k"], "v");
    assert_eq!(run("", "Store.sum([1, 2.5], new Uint8Array([3, 4]))").unwrap(), "10.5");
}

#[test]
fn the_global_is_frozen() {
    let attempts = "const text = (f) => { try { f(); return 'done'; } catch (e) { return e.name; } };";
    let frozen = "[() => { Store.get = 1 }, () => { delete Store.get }, () => { Store.more = 1 }, () => { Store.get.x = 1 }, \
                  () => { globalThis.Store = 1 }, () => { delete globalThis.Store }, () => { Object.setPrototypeOf(Store, {}) }, \
                  () => { new Store.get('k') }].map(text)";
    assert_eq!(run(attempts, frozen).unwrap(), ["TypeError"; 8].join(","));
    assert_eq!(run("", "Object.getPrototypeOf(Store)").unwrap(), "null");
    assert_eq!(run("", "Reflect.ownKeys(Store)").unwrap(), "get,set,fail,sum");
}

#[test]
fn a_wrong_argument_is_a_type_error_that_names_it() {
    let message = "(() => { try { Store.set('k', 5); } catch (e) { return `${e.name}: ${e.message}`; } })()";
    assert_eq!(run("", message).unwrap(), "TypeError: Store.set → value: expected a string, got 5");
    let missing = "(() => { try { Store.get(); } catch (e) { return e.message; } })()";
    assert_eq!(run("", missing).unwrap(), "Store.get → key: expected a string, got undefined");
    let nested =
        "(() => { try { Store.sum([1, '2'], new Uint8Array()); } catch (e) { return e.message; } })()";
    assert_eq!(run("", nested).unwrap(), "Store.sum → numbers[1]: expected a number, got \"2\"");
    let Err(Error::Guest(error)) = run("", "Store.get(5)") else { panic!("no error") };
    assert_eq!(error.name.as_deref(), Some("TypeError"));
    assert_eq!(error.stack.iter().map(|frame| frame.file.as_str()).collect::<Vec<_>>(), ["program.js"]);
}

#[test]
fn a_guest_sees_of_an_error_what_the_host_declared() {
    let all = "(() => { try { Store.fail('HOW'); } catch (e) { return [e.name, e.message, e.stack, String(e), \
               ...Object.getOwnPropertyNames(e).map((k) => String(e[k]))].join('\\n'); } })()";
    let public = run("", &all.replace("HOW", "public")).unwrap();
    assert!(public.starts_with("Error\nthe text for the guest\n"), "{public}");
    for how in ["secret", "panic"] {
        let seen = run("", &all.replace("HOW", how)).unwrap();
        assert!(seen.starts_with("Error\nStore.fail failed (reference E"), "{seen}");
        assert!(!seen.contains("canary"), "{seen}");
        assert!(!seen.contains("sandbox:"), "no frame of the shim: {seen}");
    }
}

#[test]
fn a_method_that_panics_a_thousand_times_stops_nothing() {
    std::panic::set_hook(Box::new(|_| {}));
    let caught = "let n = 0; for (let i = 0; i < 1000; i++) try { Store.fail('panic'); } catch { n++; }";
    let outcome = run(caught, "n + String(Store.get('k'))");
    _ = std::panic::take_hook();
    assert_eq!(outcome.unwrap(), "1000null");
}

#[test]
fn a_polluted_realm_changes_nothing_of_a_contract() {
    let poison = "
        const { defineProperty } = Object;
        const evil = () => { throw new Error('poisoned'); };
        const accessor = { __proto__: null, get: evil, set: evil };
        const bytes = new Uint8Array([3]);
        const work = [];
        for (const target of [Object.prototype, Array.prototype, Function.prototype, String.prototype, Number.prototype,
                              Promise.prototype, RegExp.prototype, Map.prototype, Error.prototype, TypeError.prototype,
                              Object, Array, Reflect, JSON, Math, Promise, Symbol, Function, Number, String]) {
            for (const key of Reflect.ownKeys(target)) work.push([target, key]);
        }
        for (const name of ['0', '1', '2', 'then', 'key', 'value', 'numbers', 'get', 'set']) work.push([Object.prototype, name]);
        let count = 0;
        for (let i = 0; i < work.length; i++) try { defineProperty(work[i][0], work[i][1], accessor); count++; } catch {}
        if (count < 200) throw 1;
        globalThis.Object = globalThis.Array = globalThis.TypeError = globalThis.Error = undefined;";
    let sandbox =
        LocalSandbox::builder().limits(long()).host::<dyn Store>(Memory::default()).build().unwrap();
    let source = format!(
        "{poison}\nexport function run() {{ Store.set('k', 'v'); const n = Store.sum([1, 2], bytes);
         return Store.get('k') + n; }}"
    );
    assert_eq!(sandbox.load::<dyn Program>(Script::new("poison.js", source)).unwrap().run().unwrap(), "v6");
}

// ---------------------------------------------------------------------------------------------------------
// Re-entry

#[sandbox_api]
pub trait Down {
    fn down(&self, n: u32) -> Result<u32>;
}

const DOWN: &str = "export function down(n) { return n === 0 ? 0 : Down.down(n - 1) + 1; }";

/// Answers a guest by calling it again.
struct Again(Rc<OnceLock<Box<dyn Down>>>);

impl Down for Again {
    fn down(&self, n: u32) -> Result<u32> {
        self.0.get().unwrap().down(n)
    }
}

#[test]
fn a_host_method_calls_its_guest_again_in_a_local_sandbox() {
    let cell = Rc::new(OnceLock::new());
    let sandbox =
        LocalSandbox::builder().limits(long()).host::<dyn Down>(Again(cell.clone())).build().unwrap();
    _ = cell.set(Box::new(sandbox.load::<dyn Down>(Script::new("down.js", DOWN)).unwrap()) as Box<dyn Down>);
    let down = cell.get().unwrap();
    assert_eq!(down.down(20).unwrap(), 20);
    // Too deep for the stack is an error, of the guest's or of the call inside, and not the end of the process.
    assert!(matches!(
        down.down(1_000_000),
        Err(Error::Guest(_) | Error::Limit { kind: LimitKind::Stack, .. })
    ));
    assert_eq!(down.down(3).unwrap(), 3);
}

struct SharedAgain(Arc<OnceLock<Box<dyn Down + Send + Sync>>>);

impl Down for SharedAgain {
    fn down(&self, n: u32) -> Result<u32> {
        self.0.get().unwrap().down(n)
    }
}

#[test]
fn a_host_method_calls_its_guest_again_on_the_isolates_thread() {
    let cell = Arc::new(OnceLock::new());
    let sandbox =
        Sandbox::builder().limits(long()).host::<dyn Down>(SharedAgain(cell.clone())).build().unwrap();
    let down = sandbox.load::<dyn Down>(Script::new("down.js", DOWN)).unwrap();
    _ = cell.set(Box::new(down) as Box<dyn Down + Send + Sync>);
    let down = cell.get().unwrap();
    assert_eq!(down.down(20).unwrap(), 20);
    assert!(matches!(
        down.down(1_000_000),
        Err(Error::Guest(_) | Error::Limit { kind: LimitKind::Stack, .. })
    ));
    assert_eq!(down.down(3).unwrap(), 3);
}

#[test]
fn two_sandboxes_call_each_other_back() {
    let cells = [Arc::new(OnceLock::new()), Arc::new(OnceLock::new())];
    let sandboxes = [1, 0].map(|other: usize| {
        Sandbox::builder().limits(long()).host::<dyn Down>(SharedAgain(cells[other].clone())).build().unwrap()
    });
    for (cell, sandbox) in cells.iter().zip(&sandboxes) {
        let down = sandbox.load::<dyn Down>(Script::new("down.js", DOWN)).unwrap();
        _ = cell.set(Box::new(down) as Box<dyn Down + Send + Sync>);
    }
    assert_eq!(cells[0].get().unwrap().down(30).unwrap(), 30);
    assert_eq!(cells[1].get().unwrap().down(31).unwrap(), 31);
}

#[test]
fn a_getter_of_an_argument_may_call_the_same_contract() {
    let sandbox =
        LocalSandbox::builder().limits(long()).host::<dyn Store>(Memory::default()).build().unwrap();
    let source = "export function run() {
        const list = [1, 2];
        Object.defineProperty(list, 1, { enumerable: true, get() { Store.set('seen', 'yes'); return 5; } });
        return Store.sum(list, new Uint8Array()) + Store.get('seen');
    }";
    assert_eq!(sandbox.load::<dyn Program>(Script::new("getter.js", source)).unwrap().run().unwrap(), "6yes");
}

#[test]
fn a_getter_of_an_argument_that_throws_is_the_guests_own_affair() {
    let caught = "(() => { try { Store.sum([1, 2].map((n) => n), { get length() { throw 1; } }); } catch (e) { return e.name; } })()";
    assert_eq!(run("", caught).unwrap(), "TypeError", "an object is no bytes, and nothing of it is read");
    let own = "(() => { const l = [1]; Object.defineProperty(l, 0, { get() { throw new RangeError('mine'); } }); \
               try { Store.sum(l, new Uint8Array()); } catch (e) { return e.message; } })()";
    assert_eq!(run("", own).unwrap(), "mine");
}

// ---------------------------------------------------------------------------------------------------------
// Fast calls

#[sandbox_api(host)]
pub trait Fast {
    fn add(&self, a: f64, b: f64) -> f64;
    fn wrap(&self, a: i32, b: u32, c: bool, d: u8) -> Result<i32>;
    fn touch(&self);
    fn call_back(&self, n: i32) -> i32;
    fn fail(&self, n: i32) -> Result<i32>;
}

#[derive(Default)]
struct Quick {
    touched: Rc<Cell<u32>>,
    back: Rc<RefCell<Option<Box<dyn Back>>>>,
}

#[sandbox_api(guest)]
pub trait Back {
    fn back(&self, n: i32) -> Result<i32>;
    fn hot(&self) -> Result<f64>;
    fn hot_back(&self) -> Result<f64>;
    fn hot_fail(&self) -> Result<String>;
    fn wrong(&self) -> Result<String>;
}

impl Fast for Quick {
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn wrap(&self, a: i32, b: u32, c: bool, d: u8) -> Result<i32> {
        Ok(a + i32::try_from(b).unwrap_or(0) + i32::from(c) + i32::from(d))
    }
    fn touch(&self) {
        self.touched.set(self.touched.get() + 1);
    }
    fn call_back(&self, n: i32) -> i32 {
        self.back.borrow().as_ref().unwrap().back(n).unwrap()
    }
    fn fail(&self, n: i32) -> Result<i32> {
        if n % 1000 == 999 { Err(Error::public(format!("no {n}"))) } else { Ok(n) }
    }
}

#[test]
fn a_hot_loop_gives_the_same_as_a_cold_one() {
    let source = "
        export const back = (n) => { const garbage = []; for (let i = 0; i < 5; i++) garbage.push({ n }); return n + 1; };
        export const hot = () => {
            let sum = 0;
            for (let i = 0; i < 300000; i++) { sum = Fast.add(sum, Fast.wrap(i, 1, true, 2)); Fast.touch(); }
            return sum;
        };
        export const hotBack = () => { let sum = 0; for (let i = 0; i < 50000; i++) sum += Fast.callBack(i); return sum; };
        export const hotFail = () => {
            let failed = '';
            for (let i = 0; i < 100000; i++) try { Fast.fail(i); } catch (e) { if (i === 99999) failed = e.message; }
            return failed;
        };
        export const wrong = () => {
            const errors = new Set();
            const bad = [1.5, '1', null, undefined, NaN, 2 ** 31, {}, 1n, true];
            for (let i = 0; i < 30000; i++) {
                try { Fast.wrap(i % 3 ? 1 : bad[i % bad.length], 1, true, i % 3 ? 2 : 256); } catch (e) { errors.add(e.message); }
            }
            return [...errors].join('\\n');
        };";
    let quick = Quick::default();
    let (touched, back) = (quick.touched.clone(), quick.back.clone());
    let limits = Limits { wall: std::time::Duration::from_secs(30), ..Limits::default() };
    let sandbox = LocalSandbox::builder().limits(limits).host::<dyn Fast>(quick).build().unwrap();
    let guest = sandbox.eval(Script::new("hot.js", source)).unwrap();
    *back.borrow_mut() = Some(Box::new(guest.bind::<dyn Back>().unwrap()));
    let program = guest.bind::<dyn Back>().unwrap();
    let expected = (0..300_000).map(|i| f64::from(i) + 4.0).sum::<f64>();
    assert_eq!(program.hot().unwrap(), expected);
    assert_eq!(touched.get(), 300_000);
    assert_eq!(program.hot_back().unwrap(), (0..50_000).map(|i| f64::from(i) + 1.0).sum::<f64>());
    assert_eq!(program.hot_fail().unwrap(), "no 99999");
    let wrong = program.wrong().unwrap();
    assert!(
        wrong.contains("Fast.wrap → a: expected an integer from -2147483648 to 2147483647 (i32), got 1.5"),
        "{wrong}"
    );
    assert!(wrong.lines().all(|line| line.starts_with("Fast.wrap → ")), "{wrong}");
    back.take();
}

#[test]
fn the_shim_is_text_that_can_be_read() {
    let shim = <dyn Fast>::shim();
    assert!(
        shim.contains(
            "if (!(typeof a0 === \"number\" && typeof a1 === \"number\")) return checked0(a0, a1);"
        ),
        "{shim}"
    );
}

#[test]
fn a_contract_that_nobody_hosts_is_not_there() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let program =
        sandbox.load::<dyn Program>(Script::new("p.js", "export const run = () => typeof Store")).unwrap();
    assert_eq!(program.run().unwrap(), "undefined");
}

#[test]
fn a_contract_hosted_twice_is_refused() {
    let twice = LocalSandbox::builder()
        .limits(long())
        .host::<dyn Store>(Memory::default())
        .host::<dyn Store>(Memory::default());
    let Err(Error::Build { reason, .. }) = twice.build() else { panic!("built") };
    assert!(reason.contains("two contracts named `Store`"), "{reason}");
}
