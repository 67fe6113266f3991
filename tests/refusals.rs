//! Values that are refused for what they cost, or for what reading them does, whatever the contract's types are. Each is a
//! typed error that names the place, and the next call works.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use every::{Pairing, refusal};
use sandbox_runtime::{
    Bytes, Direction, Engine, Error, LimitKind, Limits, LocalSandbox, Result, Sandbox, Script, Violation,
    sandbox_api,
};
use slack::{LONG, is_in_time, long};

#[allow(dead_code, reason = "each test uses some of it")]
mod every;
mod slack;

/// A guest that returns whatever the test says, as whatever type the contract says.
#[sandbox_api(guest)]
pub trait Any {
    fn float(&self) -> Result<f64>;
    fn huge(&self) -> Result<u64>;
    fn record(&self) -> Result<Pairing>;
    fn records(&self) -> Result<Vec<Pairing>>;
    fn json(&self) -> Result<serde_json::Value>;
    fn bytes(&self) -> Result<Bytes>;
}

fn returning(expression: &str) -> impl Any {
    limited(long(), expression)
}

fn limited(limits: Limits, expression: &str) -> impl Any {
    let script = format!(
        "const value = ({expression});\nconst f = () => value;\nexport default {{ float: f, huge: f, record: f, records: f, json: f, bytes: f }};"
    );
    let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
    sandbox.load::<dyn Any>(Script::new("any.js", script)).unwrap()
}

/// The violations of a refusal.
fn violations<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<Violation> {
    match outcome {
        Err(Error::Value(error)) => error.violations,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_getter_that_throws_is_the_guests_own_error() {
    let guest = returning("({ get x() { throw new RangeError('mine'); } })");
    let Err(Error::Guest(error)) = guest.json() else { panic!("no error of the guest") };
    assert_eq!((error.name.as_deref(), error.message.as_str()), (Some("RangeError"), "mine"));
    assert_eq!(error.stack[0].file, "any.js");
    let deep = returning("({ get x() { return (function g() { return g(); })(); } })");
    assert!(matches!(deep.json(), Err(Error::Limit { kind: LimitKind::Stack, .. })));
}

#[test]
fn a_getter_runs_once_when_the_value_is_right() {
    let guest = returning("({ n: 0, get left() { return ++this.n; }, right: '' })");
    assert_eq!(guest.record().unwrap().left, 1);
    assert_eq!(guest.record().unwrap().left, 2);
}

#[test]
fn an_inherited_property_is_no_data() {
    let polluted = "(() => { Object.prototype.right = 'polluted'; return { left: 1 }; })()";
    assert_eq!(refusal(returning(polluted).record()), "result: expected the field `right`, got none");
}

#[test]
fn a_guest_that_changes_bigint_changes_no_integer_that_crosses() {
    let pollute = "(() => { globalThis.BigInt = () => 7n; Number = () => 5; Array.prototype[Symbol.iterator] = null; \
                   Object.defineProperty(Array.prototype, 0, { set() {}, get: () => 9, configurable: true }); return 12345678901234567890n; })()";
    let guest = returning(pollute);
    assert_eq!(guest.huge().unwrap(), 12_345_678_901_234_567_890);
    assert_eq!(guest.huge().unwrap(), 12_345_678_901_234_567_890);
}

#[test]
fn all_violations_are_reported_up_to_sixteen() {
    let guest = returning("Array.from({ length: 3 }, (_, i) => ({ left: -i, right: i }))");
    let found = violations(guest.records()).into_iter().map(|violation| violation.path).collect::<Vec<_>>();
    assert_eq!(
        found,
        ["result[0].right", "result[1].left", "result[1].right", "result[2].left", "result[2].right"]
    );
    let Err(Error::Value(error)) = returning("Array(100).fill({ left: 'a', right: 1 })").records() else {
        panic!("it is refused")
    };
    assert_eq!((error.violations.len(), error.truncated), (16, true));
    assert!(error.to_string().ends_with("; and more"), "{error}");
    assert_eq!((&*error.place.contract, &*error.place.method), ("Any", "records"));
    assert_eq!(error.direction, Direction::ToHost);
}

// ---------------------------------------------------------------------------------------------------------
// Budgets

/// Each bomb, and what is said of it. The bomb is made before the call, whose time is measured.
const BOMBS: &[(&str, &str)] = &[
    ("new Array(2 ** 32 - 1)", "at most 100,000 elements in one collection (`Limits::value_items`)"),
    (
        "(() => { let a = [1, 1]; for (let i = 0; i < 60; i++) a = [a, a]; return a; })()",
        "values in one crossing",
    ),
    (
        "(() => { let s = 'x'.repeat(2 ** 20); for (let i = 0; i < 8; i++) s += s; return s; })()",
        "at most 16,777,216 units in one text (`Limits::value_text`), got ",
    ),
    (
        "(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a; })()",
        "at most 128 levels of nesting (`Limits::value_depth`)",
    ),
    (
        "(() => { const a = {}; a.a = a; return a; })()",
        "at most 128 levels of nesting (`Limits::value_depth`)",
    ),
    ("new Set(Array(200000).keys())", "at most 100,000 elements in one collection (`Limits::value_items`)"),
    (
        "new Map(Array.from(Array(200000).keys(), (key) => [key, key]))",
        "at most 100,000 elements in one collection (`Limits::value_items`)",
    ),
    ("new Float64Array(1e6)", "at most 100,000 elements in one collection (`Limits::value_items`)"),
    (
        "Object.assign([], { length: 4e9 })",
        "at most 100,000 elements in one collection (`Limits::value_items`)",
    ),
    ("({ a: new Array(60000), b: new Array(60000) })", "values in one crossing"),
    ("Array.from({ length: 60000 }, () => [])", "values in one crossing"),
    ("Array.from({ length: 60000 }, () => ({}))", "values in one crossing"),
    ("Array.from({ length: 60000 }, () => new Map())", "values in one crossing"),
    (
        "(() => { let o = {}; for (let i = 0; i < 60; i++) o = { a: o, b: o }; return o; })()",
        "values in one crossing",
    ),
    (
        "(() => { let m = new Map(); for (let i = 0; i < 60; i++) m = new Map([['a', m], ['b', m]]); return m; })()",
        "values in one crossing",
    ),
];

/// `n` rows of `m` fields are `n * (m + 1)` values, and what holds less than four counts as four; a Set as eight.
#[test]
fn rows_count_as_what_they_hold() {
    let rows = |count: u32, row: &str| {
        let rows = format!("Array.from({{ length: {count} }}, (_, i) => ({row}))");
        let limits = Limits { wall: Duration::from_secs(60), ..Limits::default() };
        let guest = limited(limits, &rows);
        guest.json().map(|rows| rows.as_array().map(Vec::len))
    };
    let table = [
        ("{ id: i, name: 'a', price: 0.5 }", 20_000),
        ("{ a: 1, b: 2, c: 3, d: 4 }", 20_000),
        ("[i, i, i]", 20_000),
        ("{}", 20_000),
        ("[1, 2, 3, 4, i]", 16_666),
        ("new Set()", 11_111),
        ("'a'", 100_000),
    ];
    for (row, most) in table {
        assert_eq!(rows(most, row).unwrap(), Some(most as usize), "{row}");
        let found = refusal(rows(most + 1, row));
        assert!(found.contains("at most 100,000"), "{row}: {found}");
    }
}

#[test]
fn bombs_are_refused_before_the_work() {
    for (bomb, expected) in BOMBS {
        let guest = limited(long(), bomb);
        let mut quickest = Duration::MAX;
        for _ in 0..5 {
            let start = Instant::now();
            let found = refusal(guest.json());
            quickest = quickest.min(start.elapsed());
            assert!(found.contains(expected), "{bomb}: {found}");
        }
        // What doubles is read until its budget of nodes is used up, as that of honest rows is; that takes a build for tests
        // longer, and an interpreter as well.
        let is_read = *expected == "values in one crossing";
        let most = if cfg!(debug_assertions) {
            5_000
        } else if is_read {
            50
        } else {
            10
        };
        let is_quick = is_in_time(quickest, Duration::from_millis(most)) || Engine::CURRENT != Engine::V8;
        assert!(is_quick, "{bomb} took {quickest:?}");
        assert_eq!(refusal(guest.float()).split(':').next(), Some("result"), "the next call works");
    }
}

#[test]
fn each_budget_has_its_limit() {
    let limits =
        Limits { value_text: 4, value_items: 3, value_nodes: 12, value_bytes: 8, value_depth: 2, ..long() };
    let table = [
        ("'abcd'", None),
        ("'abcde'", Some("result: expected at most 4 units in one text (`Limits::value_text`), got 5")),
        ("[1, 2, 3]", None),
        (
            "[1, 2, 3, 4]",
            Some("result: expected at most 3 elements in one collection (`Limits::value_items`), got 4"),
        ),
        ("[[1, 2, 3], [1]]", None),
        (
            "[[1, 2, 3], [1], []]",
            Some("result[2]: expected at most 12 values in one crossing (`Limits::value_nodes`), got more"),
        ),
        (
            "[new Map([['a', 2]]), []]",
            Some("result[1]: expected at most 12 values in one crossing (`Limits::value_nodes`), got more"),
        ),
        ("['abcd', 'abcd']", None),
        (
            "['abcd', 'abcd', 'a']",
            Some("result[2]: expected at most 8 bytes in one crossing (`Limits::value_bytes`), got more"),
        ),
        (
            "[[[]]]",
            Some(
                "result[0][0]: expected at most 2 levels of nesting (`Limits::value_depth`), got more, or a cycle",
            ),
        ),
    ];
    for (expression, expected) in table {
        let found = limited(limits, expression).json();
        match expected {
            None => assert!(found.is_ok(), "{expression}: {found:?}"),
            Some(expected) => assert_eq!(refusal(found), expected, "{expression}"),
        }
    }
    assert_eq!(limited(limits, "new Uint8Array(8)").bytes().unwrap().len(), 8);
    let found = refusal(limited(limits, "new Uint8Array(9)").bytes());
    assert_eq!(found, "result: expected at most 8 bytes in one crossing (`Limits::value_bytes`), got more");
}

#[sandbox_api(guest)]
pub trait Take {
    fn text(&self, value: &str) -> Result<()>;
    fn list(&self, value: Vec<f64>) -> Result<()>;
    fn map(&self, value: BTreeMap<String, f64>) -> Result<()>;
}

#[test]
fn the_budgets_hold_for_what_the_host_sends_too() {
    let limits = Limits { value_text: 4, value_items: 3, ..Limits::default() };
    let sandbox = Sandbox::builder().limits(limits).build().unwrap();
    let guest = sandbox
        .load::<dyn Take>(Script::new(
            "take.js",
            "const f = () => {}; export default { text: f, list: f, map: f };",
        ))
        .unwrap();
    assert_eq!(
        refusal(guest.text("abcde")),
        "value: expected at most 4 units in one text (`Limits::value_text`), got 5"
    );
    assert_eq!(
        refusal(guest.list(vec![0.0; 4])),
        "value: expected at most 3 elements in one collection (`Limits::value_items`), got 4"
    );
    let map = ["a", "b", "c", "d"].map(|key| (key.to_owned(), 1.0));
    assert_eq!(
        refusal(guest.map(BTreeMap::from(map))),
        "value: expected at most 3 elements in one collection (`Limits::value_items`), got 4"
    );
    let Err(Error::Value(error)) = guest.text("abcde") else { panic!("it is refused") };
    assert_eq!(error.direction, Direction::ToGuest);
    guest.text("abcd").unwrap();
}

// ---------------------------------------------------------------------------------------------------------
// Deep values on a stack that is nearly full

#[sandbox_api(guest)]
pub trait Run {
    fn run(&self) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Deep {
    fn record(&self, value: every::Record);
    fn bounded(&self, value: Vec<Nested>);
}

impl Deep for () {
    fn record(&self, _: every::Record) {}
    fn bounded(&self, _: Vec<Nested>) {}
}

/// A type with rules that nests itself.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Nested {
    #[schemars(range(min = 0))]
    pub value: i32,
    pub inner: Option<Box<Nested>>,
}

/// A value that is as deep as it may be is refused, or found to break its rules, wherever on the stack that happens: what
/// looks at it for that must not need more stack than there is.
#[test]
fn a_deep_value_is_refused_on_whatever_stack_is_left() {
    let source = "
        const nest = (depth, leaf, make) => { let value = leaf; for (let i = 0; i < depth; i++) value = make(value); return value; };
        const record = (nested) => ({ firstName: 'a', age: 1, balance: 2, nested });
        const values = [
            () => Deep.record(nest(250, { firstName: 1 }, record)),
            () => Deep.bounded([nest(250, { value: -1, inner: null }, (inner) => ({ value: 1, inner }))]),
        ];
        export const run = () => {
            const said = new Set();
            const step = () => { if (left-- > 0) step(); else for (const call of values) try { call(); } catch (e) { said.add(e.message.slice(0, 12)); } };
            let left = 0;
            for (let depth = 0, full = false; !full; depth += 40) {
                left = depth;
                try { step(); } catch { full = true; }
            }
            return [...said].sort().join();
        };
    ";
    let limits = Limits { wall: LONG, stack: 512 << 10, value_depth: 256, ..Limits::default() };
    let deep = |limits: Limits| {
        let script = || Script::new("deep.js", source);
        let local = LocalSandbox::builder().limits(limits).host::<dyn Deep>(()).build().unwrap();
        let remote = Sandbox::builder().limits(limits).host::<dyn Deep>(()).build().unwrap();
        let guests: [Box<dyn Run>; 2] = [
            Box::new(local.load::<dyn Run>(script()).unwrap()),
            Box::new(remote.load::<dyn Run>(script()).unwrap()),
        ];
        for guest in guests {
            let said = guest.run().unwrap();
            let expected = ["Deep.bounded", "Deep.record", "Maximum call"];
            assert!(expected.iter().all(|text| said.contains(text)), "{said}");
        }
    };
    // A thread that has hardly more stack than a sandbox needs at all.
    let stack = if Engine::CURRENT == Engine::V8 { 1 << 20 } else { 5 << 18 };
    let thread = std::thread::Builder::new().stack_size(stack);
    std::thread::scope(|scope| thread.spawn_scoped(scope, || deep(limits)).unwrap().join().unwrap());
}
