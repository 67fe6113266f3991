//! Frozen intrinsics. What differs from an open realm is the table of the page `docs/guide/guest-world.md`, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use sandbox_runtime::{Engine, Intrinsics, LocalSandbox, Permission, Result, Script, sandbox_api};
use slack::long;

mod slack;

#[sandbox_api(guest)]
pub trait Probe {
    fn probe(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Enumeration {
    /// The outcomes of operations on objects that inherit; then the faults of the intrinsics themselves.
    fn probe(&self, touches: bool) -> Result<Vec<String>>;
}

#[sandbox_api(host)]
pub trait Tool {
    fn echo(&self, text: &str) -> String;
}

struct Hammer;
impl Tool for Hammer {
    fn echo(&self, text: &str) -> String {
        text.into()
    }
}

fn sandbox(intrinsics: Intrinsics) -> LocalSandbox {
    let builder = LocalSandbox::builder().limits(long()).intrinsics(intrinsics).host::<dyn Tool>(Hammer);
    builder.allow(Permission::Eval).build().unwrap()
}

/// What the body of a function gives in a module; code from text is sloppy.
fn probe(sandbox: &LocalSandbox, body: &str) -> Result<String> {
    let script = Script::new("probe.mjs", format!("export function probe() {{ {body} }}"));
    sandbox.load::<dyn Probe>(script)?.probe()
}

// ---------------------------------------------------------------------------------------------------------
// By enumeration

/// The outcomes of a property by operation, by the path of the object and the key.
type Outcomes = BTreeMap<(String, String), BTreeMap<String, String>>;

fn outcomes(intrinsics: Intrinsics) -> (Outcomes, String) {
    let script = Script::new("frozen.mjs", include_str!("frozen/program.js"));
    let guest = sandbox(intrinsics).load::<dyn Enumeration>(script).unwrap();
    let [lines, faults] = guest.probe(intrinsics == Intrinsics::Frozen).unwrap().try_into().unwrap();
    let property = |line: &str| {
        let [object, key, outcomes] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let outcomes = outcomes.split(' ').filter_map(|outcome| outcome.split_once('='));
        let outcomes = outcomes.map(|(name, outcome)| (name.to_owned(), outcome.to_owned())).collect();
        ((object.to_owned(), key.to_owned()), outcomes)
    };
    (lines.lines().map(property).collect(), faults)
}

/// The keys that a row of the table names.
struct Row {
    only: bool,
    keys: BTreeSet<String>,
}

/// The table of constants in the guide, by object.
fn table() -> BTreeMap<String, Row> {
    let guide = include_str!("../docs/guide/guest-world.md");
    let section = guide.split("\n## ").find(|section| section.starts_with("Frozen intrinsics")).unwrap();
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let mut table = BTreeMap::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells = line.split('|').map(str::trim).collect::<Vec<_>>();
        let (objects, keys) = (names(cells[1]), cells[2]);
        for object in objects {
            table.insert(object, Row { only: !keys.starts_with("all"), keys: names(keys) });
        }
    }
    table
}

/// What becomes of the outcomes of an open realm when the property is a constant.
fn of_a_constant(open: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let outcome = |(name, outcome): (&String, &String)| {
        let refused = match &**name {
            "strict" | "assign" | "super" | "behindProxy" => "TypeError",
            "sloppy" => "undefined",
            "reflect" | "proxy" | "receiver" => "false",
            _ => outcome,
        };
        (name.clone(), refused.to_owned())
    };
    open.iter().map(outcome).collect()
}

/// What becomes of the outcomes of an open realm when the property is an accessor of JavaScript: each refusal throws.
fn of_an_accessor(open: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let loud =
        ["frozenSloppy", "frozenReflect", "primitive"].map(|name| (name.to_owned(), "TypeError".to_owned()));
    open.clone().into_iter().chain(loud).collect()
}

/// The outcomes that the table promises for a property.
fn promised(
    (object, key): &(String, String),
    open: &BTreeMap<String, String>,
    table: &BTreeMap<String, Row>,
) -> BTreeMap<String, String> {
    let is_assignable = open["strict"] == "undefined/own:wec" && open["kind"] != "accessor";
    let is_constant = match Engine::CURRENT {
        // The console is frozen as the names of the web are: QuickJS makes such values with the realm.
        Engine::QuickJs if object == "console" => return of_a_constant(open),
        // `prototype` of a function that the engine has in JavaScript cannot be configured.
        Engine::QuickJs => key == "length" || key == "prototype",
        _ => table.get(object).is_some_and(|row| row.keys.contains(key) == row.only),
    };
    match (is_assignable, is_constant) {
        (true, true) => of_a_constant(open),
        (true, false) if Engine::CURRENT == Engine::QuickJs => of_an_accessor(open),
        _ => open.clone(),
    }
}

#[test]
fn each_property_is_as_in_an_open_realm_or_in_the_table() {
    let ((open, _), (frozen, faults)) = (outcomes(Intrinsics::Open), outcomes(Intrinsics::Frozen));
    assert_eq!(faults, "", "what a script did to the intrinsics themselves");
    let keys = |outcomes: &Outcomes| outcomes.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&open).symmetric_difference(&keys(&frozen)).collect::<Vec<_>>(), Vec::<&(_, _)>::new());
    let table = table();
    let differs = |(property, open): (&(String, String), _)| {
        let (promised, found) = (promised(property, open, &table), &frozen[property]);
        let differs = promised.iter().filter(|(name, outcome)| found.get(*name) != Some(outcome));
        let differs =
            differs.map(|(name, outcome)| format!("{name}: {outcome}, found {:?}", found.get(name)));
        let differs = differs.collect::<Vec<_>>();
        (!differs.is_empty()).then(|| format!("{property:?} {}", differs.join("; ")))
    };
    let problems = open.iter().filter_map(differs).collect::<Vec<_>>();
    assert!(problems.is_empty(), "{} of {}:\n{}", problems.len(), open.len(), problems.join("\n"));
    for (object, row) in &table {
        let has = |key: &String| open.contains_key(&(object.clone(), key.clone()));
        assert!(open.keys().any(|(name, _)| name == object), "`{object}` of the table does not exist");
        assert!(row.keys.iter().all(has), "`{object}` has not all of {:?}", row.keys);
    }
}

// ---------------------------------------------------------------------------------------------------------
// By example

#[test]
fn what_is_frozen_cannot_be_changed() {
    let sandbox = sandbox(Intrinsics::Frozen);
    for attempt in [
        "Array.prototype.push = 1",
        "Object.prototype.polluted = 1",
        "delete Array.prototype.map",
        "Object.defineProperty(Function.prototype, 'call', { value: 1 })",
        "Object.setPrototypeOf(Array.prototype, {})",
        "Math.random = () => 4",
        "JSON.parse = null",
        "globalThis.Array = class {}",
        "delete globalThis.Promise",
        "(function* () {}).constructor.prototype.x = 1",
        "Object.getPrototypeOf([].values()).next = 1",
        "Object.getPrototypeOf(Int8Array).from = 1",
        "Promise.prototype.then = 1",
        "RegExp.prototype.exec = 1",
        "Error.prototype.toString = 1",
        "Array.prototype.length = 5",
        "Array.prototype[0] = 1",
        "Array.prototype.push.call(Array.prototype, 1)",
        "Tool.echo = 1",
        "Tool.echo.x = 1",
    ] {
        let body = format!("try {{ {attempt}; return 'done'; }} catch (error) {{ return error.name; }}");
        assert_eq!(probe(&sandbox, &body).unwrap(), "TypeError", "{attempt}");
    }
}

#[test]
fn what_one_script_of_a_frozen_realm_matched_no_other_sees() {
    let sandbox = sandbox(Intrinsics::Frozen);
    let one = "/(secret)/.exec('a secret'); return String(RegExp.$1)";
    assert_eq!(probe(&sandbox, one).unwrap(), "undefined");
    let other = "return Reflect.ownKeys(RegExp).filter((key) => typeof key === 'string').sort().join()";
    assert!(!probe(&sandbox, other).unwrap().contains('$'), "they are gone");
}

/// Bodies of functions, each of which gives in a frozen realm what is given here, as in an open one.
const SAME: &[(&str, &str)] = &[
    ("const o = {}; o.toString = () => 'mine'; return String(o) + Object.keys(o)", "minetoString"),
    ("function Foo() {} Foo.prototype.toString = () => 'foo'; return String(new Foo())", "foo"),
    ("class A extends Array { map() { return 'mapped'; } } return new A().map()", "mapped"),
    ("const e = new Error('m'); e.name = 'Mine'; e.message = 'other'; return String(e)", "Mine: other"),
    (
        "function E() {} E.prototype = Object.create(Error.prototype); E.prototype.constructor = E; E.prototype.name = 'E';
         return new E().name + (new E().constructor === E)",
        "Etrue",
    ),
    ("class B extends Map {} B.groupBy = () => 'mine'; return B.groupBy()", "mine"),
    (
        "const o = Object.create({ x: 1 }); Object.assign(o, { valueOf() { return 42; } }); return String(+o)",
        "42",
    ),
    (
        "const o = Object.freeze({}); try { o.toString = 1; return 'set'; } catch (e) { return e.name; }",
        "TypeError",
    ),
    (
        "return [3, 1, 2].toSorted().concat([4]).map((x) => x * 2).join() + /a(b)/.exec('ab')[1]",
        "2,4,6,8b",
    ),
    (
        "const p = { __proto__: { hasOwnProperty: 1 } }; p.hasOwnProperty = 2; return String(p.hasOwnProperty)",
        "2",
    ),
    // The convention of the packages get-intrinsic and call-bound.
    (
        "const d = Object.getOwnPropertyDescriptor(Array.prototype, 'push');
         const push = 'get' in d && !('originalValue' in d.get) ? d.get : Array.prototype.push;
         const a = []; push.call(a, 1); return String(a.length)",
        "1",
    ),
    (
        "const d = Object.getOwnPropertyDescriptor(Object.prototype, 'toString');
         const toString = 'get' in d && !('originalValue' in d.get) ? d.get : Object.prototype.toString;
         return toString.call([])",
        "[object Array]",
    ),
    // An object that has neither `constructor` nor `Symbol.toStringTag`.
    (
        "const g = (async function* () {})(); g[Symbol.asyncIterator] = function () { return this; };
         return String(Object.hasOwn(g, Symbol.asyncIterator))",
        "true",
    ),
    // Libraries set it for a while.
    (
        "const before = Error.stackTraceLimit; Error.stackTraceLimit = 0; const e = new Error('x'); Error.stackTraceLimit = before;
         return String(e.message)",
        "x",
    ),
];

/// More of them for V8. On QuickJS accessors throw for each refusal.
const SAME_ON_V8: &[(&str, &str)] = &[
    // Sloppy code goes on.
    ("return Function('var o = Object.freeze({}); o.toString = 1; o.constructor = 2; return String(Object.keys(o))')()", ""),
    ("return Function('Object.prototype.toString = 1; Math.max = 2; return typeof {}.toString')()", "function"),
    (
        "return String(Reflect.set({}, 'toString', 1, Object.freeze({})) || Function('Object.freeze([]).toString = 1; return false')())",
        "false",
    ),
    (
        "class A { m() { super.toString = 1; return this.toString; } } const a = new A();
         Object.defineProperty(a, 'toString', { value: 0, writable: false, configurable: true });
         try { return String(a.m()); } catch (e) { return e.name; }",
        "TypeError",
    ),
    ("return Object.keys(Object.getOwnPropertyDescriptor(Object.prototype, 'toString')).join()", "value,writable,enumerable,configurable"),
    ("return String(new Error('x').stack.includes('probe.mjs'))", "true"),
    (
        "return [Object.freeze, Object.defineProperty, Object.defineProperties, Reflect.defineProperty]
             .map((f) => [f.name, f.length, 'prototype' in f, String(f).includes('[native code]')].join(' ')).join()",
        "freeze 1 false true,defineProperty 3 false true,defineProperties 2 false true,defineProperty 3 false true",
    ),
];

#[test]
fn scripts_assign_as_in_an_open_realm() {
    let [open, frozen] = [Intrinsics::Open, Intrinsics::Frozen].map(sandbox);
    let on_v8 = if Engine::CURRENT == Engine::V8 { SAME_ON_V8 } else { &[] };
    for (body, expected) in SAME.iter().chain(on_v8) {
        assert_eq!(probe(&frozen, body).unwrap(), *expected, "{body}");
        if !body.contains("Object.prototype.toString = 1") {
            assert_eq!(probe(&open, body).unwrap(), *expected, "open: {body}");
        }
    }
}

/// The outcome of a constant, which is the table's reason to exist.
#[test]
fn a_constant_cannot_be_assigned_where_it_is_inherited() {
    let sandbox = sandbox(Intrinsics::Frozen);
    for assignment in [
        "[].map = 1",
        "Object.create(Array.prototype).push(1)",
        "(() => {}).call = 1",
        "(class extends Array {}).from = 1",
    ] {
        let body =
            format!("try {{ {assignment}; return 'assigned'; }} catch (error) {{ return error.name; }}");
        let is_constant = Engine::CURRENT == Engine::V8 || assignment.contains("push");
        let expected = if is_constant { "TypeError" } else { "assigned" };
        assert_eq!(probe(&sandbox, &body).unwrap(), expected, "{assignment}");
    }
}

/// Compilers have code of their own for assignments.
#[test]
fn compiled_code_assigns_and_is_refused_as_interpreted_code() {
    let body = "
        class Point { constructor(x) { this.x = x; } }
        const heir = (value) => { const point = new Point(value); point.toString = value; return point; };
        const refused = (value) => { try { Object.prototype.toString = value; return 0; } catch { return 1; } };
        const ignored = Function('return (value) => { Object.prototype.toString = value; Error.prototype.name = value; }')();
        let [own, thrown] = [0, 0];
        for (let i = 0; i < 100_000; i++) {
            const point = heir(i);
            own += Object.hasOwn(point, 'toString') && point.toString === i ? 1 : 0;
            thrown += refused(i);
            try { ignored(i); } catch {}
        }
        return `${own} ${thrown} ${typeof {}.toString} ${Error.prototype.name}`;";
    assert_eq!(probe(&sandbox(Intrinsics::Frozen), body).unwrap(), "100000 100000 function Error");
}

#[test]
fn no_script_makes_a_property_read_only_for_another() {
    let sandbox = sandbox(Intrinsics::Frozen);
    let hostile = "
        const behind = new Proxy(new Proxy(Object.prototype, {}), {});
        let reads = 0;
        const changing = { get writable() { return reads++ === 0; } };
        for (const attempt of [
            () => Object.freeze(Object.prototype), () => Object.freeze(behind),
            () => Object.defineProperty(Object.prototype, 'toString', { writable: false }),
            () => Object.defineProperty(behind, 'toString', { writable: false }),
            () => Object.defineProperties(behind, { toString: { writable: false } }),
            () => Reflect.defineProperty(behind, 'toString', changing),
            () => Reflect.apply(Object.defineProperty, null, [Object.prototype, { toString: () => 'toString' }, { writable: 0 }]),
            () => Object.defineProperty.call(1, Object.prototype, 'toString', { value: Object.prototype.toString, writable: false }),
        ]) { try { attempt(); } catch {} }
        return 'tried'";
    assert_eq!(probe(&sandbox, hostile).unwrap(), "tried");
    let body = "const o = {}; o.toString = () => 'mine'; return `${o}`";
    assert_eq!(probe(&sandbox, body).unwrap(), "mine");
}

#[test]
fn definitions_on_other_objects_are_as_ever() {
    let [open, frozen] = [Intrinsics::Open, Intrinsics::Frozen].map(sandbox);
    let body = "
        const log = [];
        const proxy = new Proxy({}, { defineProperty(target, key, attributes) { log.push(key, Object.keys(attributes).join('+')); return true; } });
        const o = Object.defineProperties({}, { a: { value: 1, enumerable: true }, b: { get() { return 2; } } });
        log.push(Object.defineProperty(proxy, 'x', { value: 1, writable: false }) === proxy, Reflect.defineProperty(proxy, 'y', { get() {} }));
        log.push(JSON.stringify(o), o.b, Object.isFrozen(Object.freeze(o)), Object.freeze(1), Object.isFrozen(Object.freeze([1, [2]])));
        const tries = [() => Object.defineProperty(1, 'x', {}), () => Object.defineProperty({}, 'x', 1), () => Object.defineProperties({}),
            () => Reflect.defineProperty({}, 'x'), () => Object.freeze(Proxy.revocable({}, {}).revoke()), () => Object.defineProperty(),
            () => new Object.freeze({}), () => Reflect.defineProperty(Object.freeze({}), 'x', {}), () => Object.defineProperty(Object.freeze({}), 'x', {}),
            () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); Object.freeze(proxy); },
            () => Object.defineProperty({}, 'x', { get: 1 }), () => Object.defineProperty({}, 'x', { get() {}, value: 1 })];
        for (const attempt of tries) { try { log.push(String(attempt())); } catch (error) { log.push(error.message); } }
        return log.join()";
    assert_eq!(probe(&frozen, body).unwrap(), probe(&open, body).unwrap());
}
