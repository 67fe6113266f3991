//! Realms of one sandbox: each with a world of its own, all with one heap and one fate.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use sandbox_runtime::{
    Bytes, Clock, Console, DiscardCause, Engine, Error, GuestError, Handle, Intrinsics, LimitKind, Limits,
    LocalRealm, LocalSandbox, Modules, Permission, Random, Realm, Result, Sandbox, Script, sandbox_api,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slack::{again, long};

mod slack;

#[sandbox_api(guest)]
pub trait Probe {
    fn probe(&self) -> Result<String>;
}

#[derive(Debug, thiserror::Error, GuestError)]
#[error("no such thing")]
#[guest(class = "RangeError", message = "no such thing")]
pub struct Missing;

/// Made and read by functions of a realm.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Point {
    x: f64,
    y: f64,
}

#[sandbox_api(host)]
pub trait Token: Send + Sync {
    fn number(&self) -> Result<f64>;
}

struct Seven;
impl Token for Seven {
    fn number(&self) -> Result<f64> {
        Ok(7.0)
    }
}

#[sandbox_api(host)]
pub trait Tool {
    fn half(&self, n: u32) -> Result<u32>;
    fn list(&self) -> Vec<Option<String>>;
    fn any(&self, value: serde_json::Value) -> serde_json::Value;
    fn bytes(&self, data: &[u8]) -> Bytes;
    fn point(&self, point: Point) -> Point;
    fn token(&self) -> Handle<dyn Token>;
    fn spend(&self, token: Handle<dyn Token>) -> Result<f64>;
    fn find(&self) -> Result<String, Missing>;
    fn refuse(&self) -> Result<String>;
    fn explode(&self) -> f64;
    /// Calls the guest of another realm.
    fn cross(&self) -> Result<String>;
}

/// The host of all realms, with what `cross` does.
#[derive(Clone, Default)]
struct Hammer<F>(F);

impl<F: Fn() -> Result<String>> Tool for Hammer<F> {
    fn half(&self, n: u32) -> Result<u32> {
        if n.is_multiple_of(2) { Ok(n / 2) } else { Err(Error::public("odd")) }
    }
    fn list(&self) -> Vec<Option<String>> {
        vec![Some("a".into()), None]
    }
    fn any(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }
    fn bytes(&self, data: &[u8]) -> Bytes {
        data.to_vec().into()
    }
    fn point(&self, point: Point) -> Point {
        point
    }
    fn token(&self) -> Handle<dyn Token> {
        Handle::new(Seven)
    }
    fn spend(&self, token: Handle<dyn Token>) -> Result<f64> {
        token.number()
    }
    fn find(&self) -> Result<String, Missing> {
        Err(Missing)
    }
    fn refuse(&self) -> Result<String> {
        Err(Error::host("secret"))
    }
    fn explode(&self) -> f64 {
        panic!("on purpose")
    }
    fn cross(&self) -> Result<String> {
        (self.0)()
    }
}

type Builder = sandbox_runtime::Builder<LocalSandbox>;

fn nowhere() -> Result<String> {
    Ok(String::new())
}

fn builder() -> Builder {
    LocalSandbox::builder().limits(long()).host::<dyn Tool>(Hammer(nowhere))
}

fn quick() -> Limits {
    Limits { wall: Duration::from_millis(200), ..Limits::default() }
}

fn script(body: &str) -> Script {
    Script::new("probe.mjs", format!("export function probe() {{ {body} }}"))
}

fn run(realm: &LocalRealm, body: &str) -> Result<String> {
    realm.load::<dyn Probe>(script(body))?.probe()
}

// ---------------------------------------------------------------------------------------------------------
// A world of its own

#[test]
fn what_a_script_does_to_its_realm_no_other_sees() {
    let sandbox = builder().build().unwrap();
    let realms = [sandbox.realm().unwrap(), sandbox.realm().unwrap()];
    let change = "globalThis.mine = 1; Array.prototype.push = Object.prototype.mine = Math.mine = 1; var x = 1; return typeof mine";
    assert_eq!(run(&realms[0], change).unwrap(), "number");
    let look = "return [typeof mine, typeof {}.mine, typeof [].push, typeof Math.mine].join()";
    assert_eq!(run(&realms[1], look).unwrap(), "undefined,undefined,function,undefined");
    assert_eq!(
        sandbox.load::<dyn Probe>(script(look)).unwrap().probe().unwrap(),
        "undefined,undefined,function,undefined"
    );
    assert_eq!(
        run(&realms[0], look).unwrap(),
        "number,number,number,number",
        "the scripts of one realm share it"
    );
}

/// Handles are sent and shared, and a realm lives as long as one of them.
#[test]
fn a_realm_of_a_sandbox_goes_to_other_threads() {
    fn is_shared<T: Send + Sync + Clone>(_: &T) {}
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Tool>(Hammer(nowhere)).build().unwrap();
    let realm: Realm = sandbox.realm().unwrap();
    is_shared(&realm);
    let guest =
        realm.eval(Script::new("a.mjs", "globalThis.n = 1; export const probe = () => `${++n}`;")).unwrap();
    drop(sandbox);
    let here = guest.bind::<dyn Probe>().unwrap();
    let there = realm.clone();
    let other = std::thread::spawn(move || there.load::<dyn Probe>(script("return `${n += 10}`")).unwrap());
    let other = other.join().unwrap();
    drop((guest, realm));
    assert_eq!(
        (here.probe().unwrap(), other.probe().unwrap(), here.probe().unwrap()),
        ("2".into(), "12".into(), "13".into())
    );
}

#[test]
fn a_realm_has_the_settings_and_the_hosts_of_its_sandbox() {
    let all = || {
        builder()
            .console(Console::Capture)
            .clock(Clock::Frozen(UNIX_EPOCH))
            .random(Random::Seeded(3))
            .intrinsics(Intrinsics::Frozen)
            .allow(Permission::Eval)
    };
    let body = "console.log('x', {}); return [Date.now(), +new Date(), Math.random(), Object.isFrozen(Array.prototype), eval('1 + 1'),
        Tool.half(4), Object.isFrozen(Tool), Object.keys(globalThis), typeof WebAssembly, typeof Deno].join()";
    let sandbox = all().build().unwrap();
    let expected = sandbox.load::<dyn Probe>(script(body)).unwrap().probe().unwrap();
    let lines = sandbox.take_console().lines;
    let (one, other) = (all().build().unwrap(), all().build().unwrap());
    let _first = one.realm().unwrap();
    assert_eq!(run(&one.realm().unwrap(), body).unwrap(), expected);
    assert_eq!(one.take_console().lines, lines);
    // They go on where another realm of the sandbox has stopped.
    let number = |realm: &LocalRealm| run(realm, "return `${Math.random()}`").unwrap();
    let [a, b] = [one.realm().unwrap(), other.realm().unwrap()];
    assert_eq!(number(&a), {
        number(&b);
        number(&b)
    });

    let realm = builder().build().unwrap().realm().unwrap();
    let body = "try { eval('1'); return 'ran'; } catch (error) { return `${error.name} ${typeof console}`; }";
    assert_eq!(run(&realm, body).unwrap(), "EvalError object");
    let globals = "return Reflect.ownKeys(globalThis).map(String).sort().join()";
    let sandbox = builder().build().unwrap();
    let main = sandbox.load::<dyn Probe>(script(globals)).unwrap().probe().unwrap();
    assert_eq!(run(&sandbox.realm().unwrap(), globals).unwrap(), main);
}

/// A list of what is not of the realm where it runs.
const FOREIGN: &str = "
    const thrown = (run) => { try { run(); } catch (error) { return error; } };
    const foreign = [];
    const check = (name, value, ...prototypes) => {
        for (const type of prototypes) {
            if (Object.getPrototypeOf(value) !== type.prototype) foreign.push(name);
            value = Object.getPrototypeOf(value);
        }
        if (Object.getPrototypeOf(value) !== null) foreign.push(`${name} at its root`);
    };
    check('list', Tool.list(), Array, Object);
    check('object', Tool.any({ a: [{}] }), Object);
    check('inner', Tool.any({ a: [{}] }).a[0], Object);
    check('bytes', Tool.bytes(Uint8Array.of(1)), Uint8Array, Object.getPrototypeOf(Uint8Array), Object);
    check('shape', Tool.point({ x: 1, y: 2 }), Object);
    check('buffer', Tool.bytes(Uint8Array.of(1)).buffer, ArrayBuffer, Object);
    check('error shown', thrown(() => Tool.find()), RangeError, Error, Object);
    check('error hidden', thrown(() => Tool.refuse()), Error, Object);
    check('error of a panic', thrown(() => Tool.explode()), Error, Object);
    check('error of a scalar', thrown(() => Tool.half(3)), Error, Object);
    check('error of a value', thrown(() => Tool.half('x')), TypeError, Error, Object);
    check('error of a list', thrown(() => Tool.bytes('x')), TypeError, Error, Object);
    check('error of new', thrown(() => new Tool.list()), TypeError, Error, Object);
    check('error of eval', thrown(() => eval('1')), EvalError, Error, Object);
    check('error of a stack', thrown(function again() { again(); }), RangeError, Error, Object);
    check('date', new Date(), Date, Object);
    check('import', import('x'), Promise, Object);
    check('log', console.log, Function, Object);
    check('console', console, Object);
    check('method', Tool.half, Function, Object);
    check('now', Date.now, Function, Object);
    check('random', Math.random, Function, Object);
    import('y').catch((error) => check('rejection', error, TypeError, Error, Object));";

/// What went wrong before, with what is found in the microtasks of the call.
const REPORT: &str = "const before = globalThis.foreign ?? []; globalThis.foreign = foreign; return before.concat(foreign).join();";

#[test]
fn what_the_host_gives_is_of_the_realm_of_the_caller() {
    let settings =
        || builder().console(Console::Capture).clock(Clock::Frozen(UNIX_EPOCH)).random(Random::Seeded(1));
    let sandbox = settings().build().unwrap();
    let body = format!("{FOREIGN} {REPORT}");
    let realms = [(); 3].map(|()| sandbox.realm().unwrap());
    let guests = realms.each_ref().map(|realm| realm.load::<dyn Probe>(script(&body)).unwrap());
    let main = sandbox.load::<dyn Probe>(script(&body)).unwrap();
    for _ in 0..3 {
        for guest in guests.iter().chain([&main]) {
            assert_eq!(guest.probe().unwrap(), "");
        }
    }
}

/// A hot loop calls the host directly, with C values: no function of the host's realm is entered.
#[test]
fn a_hot_function_throws_errors_of_its_own_realm() {
    let body = "
        const turn = (n) => { try { return Tool.half(n); } catch (error) { return error instanceof Error && error.constructor === Error ? 1 : NaN; } };
        let sum = 0;
        for (let i = 0; i < 200000; i++) sum += turn(i % 64);
        return `${sum}`";
    let sandbox = builder().limits(long()).build().unwrap();
    let guests = [(); 2].map(|()| sandbox.realm().unwrap().load::<dyn Probe>(script(body)).unwrap());
    for _ in 0..2 {
        for guest in &guests {
            // Of 64 numbers, the halves of the even ones, and 1 for each odd one.
            assert_eq!(guest.probe().unwrap(), (200_000 / 64 * ((0..32).sum::<u32>() + 32)).to_string());
        }
    }
}

// ---------------------------------------------------------------------------------------------------------
// Calls across realms

/// A guest that `cross` calls, once there is one.
#[derive(Clone, Default)]
struct Other(Rc<RefCell<Option<Rc<dyn Probe>>>>);

impl Other {
    fn call(&self) -> Result<String> {
        let guest = self.0.borrow().clone();
        guest.map_or_else(nowhere, |guest| guest.probe())
    }

    /// A sandbox whose hosts call this, and two realms of it: of the caller, and of the guest that is called.
    fn realms(&self) -> [LocalRealm; 2] {
        let own = self.clone();
        let host = Hammer(move || own.call());
        let sandbox = LocalSandbox::builder()
            .limits(long())
            .host::<dyn Tool>(host)
            .console(Console::Capture)
            .build()
            .unwrap();
        [sandbox.realm().unwrap(), sandbox.realm().unwrap()]
    }

    fn load(&self, realm: &LocalRealm, script: Script) {
        *self.0.borrow_mut() = Some(Rc::new(realm.load::<dyn Probe>(script).unwrap()));
    }
}

#[test]
fn a_host_method_of_one_realm_calls_the_guest_of_another() {
    let other = Other::default();
    let [one, two] = other.realms();
    // What is left for later in the inner call, runs at the end of the outer one, in the realm where it was left.
    // The layer of QuickJS gives what the host makes there the realm of the outer call.
    let later = match Engine::CURRENT {
        Engine::QuickJs => "",
        _ => {
            "const own = Tool.token();
            Promise.resolve().then(() => {
                check('later', Tool.list(), Array, Object);
                check('shape later', Tool.point({ x: 1, y: 2 }), Object);
                const token = Tool.token();
                if (Object.getPrototypeOf(token) !== Object.getPrototypeOf(own) || Tool.spend(token) !== 7 || Tool.spend(own) !== 7) foreign.push('handle later');
                check('error later', thrown(() => Tool.find()), RangeError, Error, Object);
            });"
        }
    };
    let inner = format!(
        "{FOREIGN} {later}
         globalThis.calls = (globalThis.calls ?? 0) + 1; {REPORT}"
    );
    let outer = format!(
        "const inner = Tool.cross(); {FOREIGN} foreign.push(inner); globalThis.mine = {{}};
         if (typeof calls !== 'undefined') foreign.push('calls'); return foreign.join();"
    );
    other.load(&two, script(&inner));
    let guest = one.load::<dyn Probe>(script(&outer)).unwrap();
    for _ in 0..5 {
        assert_eq!(guest.probe().unwrap(), "");
    }
    assert_eq!(run(&two, "return `${calls} ${typeof mine}`").unwrap(), "5 undefined");
    other.0.take();
}

#[test]
fn an_error_passes_from_realm_to_realm_as_one_of_the_host() {
    let other = Other::default();
    let [one, two] = other.realms();
    other.load(&two, script("throw Object.assign(new TypeError('inner'), { own: globalThis });"));
    let body = "try { Tool.cross(); return 'returned'; }
        catch (error) { return `${error.constructor === Error} ${error.own} ${error.cause}`; }";
    assert_eq!(run(&one, body).unwrap(), "true undefined undefined");
    let passed = run(&one, "Tool.cross()");
    let inner =
        |error: &Error| matches!(error, Error::Guest(thrown) if thrown.name.as_deref() == Some("Error"));
    assert!(passed.as_ref().is_err_and(inner), "{passed:?}");
    other.0.take();
}

/// Neither by the stack of an error nor by what old functions tell of their callers.
/// A script of so many files, each of which says where it is. The first one looks for the last one later.
fn files(count: usize, place: &str) -> Script {
    let file = |number: usize| format!("exports.place = '{place} {number}';");
    let first = format!(
        "globalThis.found = [];
         exports.probe = () => {{
             const inner = '{place}' === 'outer' ? Tool.cross() : '';
             Promise.resolve().then(() => {{
                 import('./{0}.cjs').then((last) => found.push(last.place), (error) => found.push(String(error)));
                 import('./meta.mjs').then((meta) => found.push(meta.url), (error) => found.push(String(error)));
                 try {{ found.push(require('./{0}.cjs').place); }} catch (error) {{ found.push(String(error)); }}
             }});
             return inner + found.join();
         }};",
        count - 1
    );
    let modules = Modules::new().file("0.cjs", first).file("meta.mjs", "export const url = import.meta.url;");
    let modules =
        (1..count).fold(modules, |modules, number| modules.file(format!("{number}.cjs"), file(number)));
    Script::modules(modules, "0.cjs").unwrap()
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS has no scripts of several files")]
fn code_that_is_left_for_later_finds_the_files_of_its_own_realm() {
    for (outer, inner) in [(2, 40), (40, 2)] {
        let other = Other::default();
        let [one, two] = other.realms();
        other.load(&two, files(inner, "inner"));
        let guest = one.load::<dyn Probe>(files(outer, "outer")).unwrap();
        assert_eq!(guest.probe().unwrap(), "");
        let found = |place, count| format!("{place} {0},{place} {0},meta.mjs", count - 1);
        assert_eq!(run(&two, "return found.join()").unwrap(), found("inner", inner));
        assert_eq!(run(&one, "return found.join()").unwrap(), found("outer", outer));
        other.0.take();
    }
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS has no `caller`")]
fn a_realm_does_not_see_who_called_it_from_another() {
    let other = Other::default();
    let [one, two] = other.realms();
    let sloppy = "
        function inner() { return [inner.caller, inner.arguments.callee.caller, probe.caller].map(String).join(' '); }
        function probe() { return new Error('x').stack + inner().replace(String(probe), 'probe').replace(String(probe), 'probe'); }
        exports.probe = probe;";
    other.load(&two, Script::new("inner.js", sloppy));
    let caller = "exports.probe = function secret() { return [1].map(function hidden() { return Tool.cross(); })[0]; };";
    let seen = one.load::<dyn Probe>(Script::new("outer.js", caller)).unwrap().probe().unwrap();
    assert!(seen.starts_with("Error: x"), "{seen}");
    for word in ["outer.js", "secret", "hidden"] {
        assert!(!seen.contains(word), "{seen}");
    }
    other.0.take();
}

#[test]
fn a_host_method_makes_a_realm_and_drops_it() {
    let sandbox = Rc::new(RefCell::new(None::<LocalSandbox>));
    let own = sandbox.clone();
    let cross = move || {
        let realm = own.borrow().as_ref().map(LocalSandbox::realm).expect("it was built")?;
        run(&realm, "return `${typeof mine} ${Tool.half(8)} ${Tool.list() instanceof Array}`")
    };
    let built = LocalSandbox::builder().limits(long()).host::<dyn Tool>(Hammer(cross)).build().unwrap();
    *sandbox.borrow_mut() = Some(built.clone());
    let body = "globalThis.mine = 1; return [Tool.cross(), Tool.cross(), Tool.list() instanceof Array, typeof mine].join()";
    assert_eq!(run(&built.realm().unwrap(), body).unwrap(), "undefined 4 true,undefined 4 true,true,number");
    sandbox.borrow_mut().take();
}

/// The same where the isolate has a thread of its own.
#[test]
fn realms_call_each_other_on_a_thread_of_their_own() {
    type There = Option<(Realm, Box<dyn Probe + Send + Sync>)>;
    let other = Arc::new(Mutex::new(There::None));
    let there = other.clone();
    let cross = move || match &*there.lock().unwrap() {
        None => nowhere(),
        Some((realm, guest)) => {
            Ok(guest.probe()? + &realm.load::<dyn Probe>(script("return typeof mine"))?.probe()?)
        }
    };
    let sandbox = Sandbox::builder().limits(long()).host::<dyn Tool>(Hammer(cross)).build().unwrap();
    let (one, two) = (sandbox.realm().unwrap(), sandbox.realm().unwrap());
    let inner = two.load::<dyn Probe>(script("return `${Tool.list() instanceof Array} `")).unwrap();
    *other.lock().unwrap() = Some((two, Box::new(inner)));
    let outer = "globalThis.mine = 1; return Tool.cross() + (Tool.list() instanceof Array)";
    let guest = one.load::<dyn Probe>(script(outer)).unwrap();
    assert_eq!(guest.probe().unwrap(), "true undefinedtrue");
    drop(other.lock().unwrap().take());
}

// ---------------------------------------------------------------------------------------------------------
// One heap and one fate

#[test]
fn a_limit_of_time_ends_the_call_and_no_realm() {
    let sandbox = builder().limits(quick()).build().unwrap();
    let [one, two] = [(); 2].map(|()| again(|| sandbox.realm()).unwrap());
    let mine = again(|| two.load::<dyn Probe>(script("return 'fine'"))).unwrap();
    let mut endless = vec!["for (;;);"];
    if Engine::CURRENT == Engine::V8 {
        // QuickJS discards the sandbox for those that multiply.
        endless.push("(function again() { Promise.resolve().then(again); Promise.resolve().then(again); })(); return ''");
    }
    for body in endless {
        let outcome = run(&one, body);
        assert!(matches!(outcome, Err(Error::Limit { kind: LimitKind::Wall, .. })), "{outcome:?}");
        assert_eq!(again(|| mine.probe()).unwrap(), "fine");
        assert_eq!(again(|| run(&one, "return 'again'")).unwrap(), "again");
        let new = again(|| sandbox.realm()).unwrap();
        assert_eq!(again(|| run(&new, "return 'new'")).unwrap(), "new");
    }
}

#[test]
fn a_full_heap_is_that_of_all_realms() {
    let limits = Limits { heap: 16 << 20, ..long() };
    let sandbox = builder().limits(limits).build().unwrap();
    let (one, two) = (sandbox.realm().unwrap(), sandbox.realm().unwrap());
    let mine = two.load::<dyn Probe>(script("return 'fine'")).unwrap();
    let hoard = run(&one, "const all = []; for (;;) all.push([all.length]);");
    assert!(matches!(hoard, Err(Error::Limit { kind: LimitKind::Heap, .. })), "{hoard:?}");
    let is_heap = |error: &Error| matches!(error, Error::Discarded { cause: DiscardCause::Fault(fault), .. } if matches!(**fault, Error::Limit { kind: LimitKind::Heap, .. }));
    assert!(mine.probe().is_err_and(|error| is_heap(&error)));
    assert!(run(&two, "return ''").is_err_and(|error| is_heap(&error)));
    assert!(sandbox.realm().is_err_and(|error| is_heap(&error)));
    sandbox.reset().unwrap();
    assert!(matches!(mine.probe(), Err(Error::Discarded { .. })));
    assert_eq!(run(&sandbox.realm().unwrap(), "return 'new'").unwrap(), "new");
}

#[test]
fn a_realm_of_before_a_reset_is_discarded() {
    let is_reset = |error: Error| matches!(&error, Error::Discarded { cause: DiscardCause::Reset, .. });
    let local = builder().build().unwrap();
    let realm = local.realm().unwrap();
    let guest = realm.eval(script("return ''")).unwrap();
    let proxy = guest.bind::<dyn Probe>().unwrap();
    let sent = Sandbox::builder().limits(long()).host::<dyn Tool>(Hammer(nowhere)).build().unwrap();
    let there = sent.realm().unwrap();
    let guest_there = there.eval(script("return ''")).unwrap();
    let proxy_there = guest_there.bind::<dyn Probe>().unwrap();
    for _ in 0..2 {
        local.reset().unwrap();
        sent.reset().unwrap();
        assert!(run(&realm, "return ''").is_err_and(is_reset));
        assert!(guest.bind::<dyn Probe>().is_err_and(is_reset));
        assert!(proxy.probe().is_err_and(is_reset));
        assert!(there.eval(script("return ''")).is_err_and(is_reset));
        assert!(guest_there.bind::<dyn Probe>().is_err_and(is_reset));
        assert!(proxy_there.probe().is_err_and(is_reset));
        assert_eq!(run(&local.realm().unwrap(), "return 'new'").unwrap(), "new");
        let new = sent.realm().unwrap().load::<dyn Probe>(script("return 'new'")).unwrap();
        assert_eq!(new.probe().unwrap(), "new");
    }
}

/// With what their scripts hold, they would need a gigabyte.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS keeps a realm for as long as its sandbox")]
fn thousands_of_realms_come_and_go() {
    let count = 2000;
    let limits = Limits { heap: 64 << 20, ..long() };
    let sandbox = Sandbox::builder().limits(limits).host::<dyn Tool>(Hammer(nowhere)).build().unwrap();
    let body = "globalThis.held = new Array(50000).fill(0.5); return `${Tool.half(6)}`";
    let turn = || {
        let guest = sandbox.realm().unwrap().load::<dyn Probe>(script(body)).unwrap();
        assert_eq!(guest.probe().unwrap(), "3");
    };
    (0..count / 2).for_each(|_| turn());
    let half = sandbox.usage().total;
    (0..count / 2).for_each(|_| turn());
    let all = sandbox.usage().total;
    assert_eq!(all.calls, half.calls * 2, "to make a realm, to evaluate, to bind and to call is a call each");
    assert!(all.heap_peak < 64 << 20);
    assert!(all.heap_peak <= half.heap_peak * 2, "{} {}", half.heap_peak, all.heap_peak);
    assert_eq!(
        sandbox.load::<dyn Probe>(script("return typeof held")).unwrap().probe().unwrap(),
        "undefined"
    );
}

// ---------------------------------------------------------------------------------------------------------
// Nothing is shared

/// Puts every object that it reaches into a set of its realm under a symbol that all realms have, and counts those that
/// already have a mark of another.
const WALK: &str = "
    const found = [];
    const seen = new Set();
    const push = (value) => {
        if ((typeof value === 'object' && value !== null) || typeof value === 'function') seen.add(value);
    };
    const thrown = (run) => { try { run(); } catch (error) { return error; } };
    [globalThis, Tool.list(), Tool.any([{}]), Tool.bytes(Uint8Array.of(1)), thrown(() => Tool.find()), thrown(() => Tool.half('x')),
     thrown(() => null.x), [].values(), function* () {}, async () => {}, async function* () {}, new Map().keys(), ''.matchAll(/a/g),
     import('x'), (function () { return arguments; })()].forEach(push);
    for (const object of seen) {
        push(Object.getPrototypeOf(object));
        for (const key of Reflect.ownKeys(object)) {
            const { value, get, set } = Object.getOwnPropertyDescriptor(object, key);
            [value, get, set].forEach(push);
        }
    }
    const mark = Symbol.for('mark');
    for (const object of seen) {
        if (Object.hasOwn(object, mark)) found.push(object === globalThis ? 'globalThis' : object.name ?? 'an object');
        else if (Object.isExtensible(object)) Object.defineProperty(object, mark, { value: 1 });
    }
    return `${seen.size > 700 ? '' : 'few '}${found.join()}`";

#[test]
fn what_one_realm_marks_no_other_finds() {
    let sandbox = builder().build().unwrap();
    let main = sandbox.load::<dyn Probe>(script(WALK)).unwrap();
    assert_eq!(main.probe().unwrap(), "");
    for _ in 0..3 {
        let realm = sandbox.realm().unwrap();
        assert_eq!(run(&realm, WALK).unwrap(), "");
        assert!(run(&realm, WALK).unwrap().contains("globalThis,"), "what is marked is found");
    }
}
