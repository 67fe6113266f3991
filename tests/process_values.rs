//! A value of the guest that goes over a wire is read as it is without: the same is taken, and the same refused in the same words.
//!
//! Every expression of `docs/conversions.md` and some more, as every type of `tests/every/mod.rs`.
//!
//! On V8 only: what QuickJS says of a typed array is another thing.
#![cfg(not(feature = "quickjs"))]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sandbox_runtime::testing::hostile;
use sandbox_runtime::testing::wire::{Raw, Wired};
use sandbox_runtime::{Error, GuestContract, LocalSandbox, Result, Script, sandbox_api};
use slack::long;

mod slack;

#[allow(dead_code, reason = "each test uses some of it")]
mod every;

macro_rules! contracts {
    ($($method:ident $js:literal $type:ty;)*) => {
        #[sandbox_api(guest)]
        pub trait Give {
            $(fn $method(&self) -> Result<$type>;)*
        }

        #[sandbox_api(host)]
        pub trait Take {
            $(fn $method(&self, value: $type);)*
        }

        #[sandbox_api(guest)]
        pub trait Echo {
            $(fn $method(&self, value: $type) -> Result<$type>;)*
        }

        /// Calls each method over both transports.
        fn compare(direct: &dyn Give, wired: &dyn Give, mut each: impl FnMut(&'static str, String, String)) {
            $(each($js, shown(direct.$method()), shown(wired.$method()));)*
        }

        /// Sends each value that a guest gives to a guest beyond a wire, which gives it back.
        fn echo(give: &dyn Give, echo: &dyn Echo) -> usize {
            let mut echoed = 0;
            $(if let Ok(value) = give.$method() {
                let sent = format!("{value:?}");
                let back = shown(echo.$method(value));
                assert_eq!(sorted($js, &back), sorted($js, &sent), "{} comes back as another", $js);
                echoed += 1;
            })*
            echoed
        }

        const NAMES: &[&str] = &[$($js),*];
    };
}
for_every_type!(contracts);

fn shown<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(Error::Value(error)) => format!("refused: {error}"),
        Err(other) => format!("failed: {other}"),
    }
}

/// The second cells of both tables.
fn expressions() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conversions.md");
    let page = fs::read_to_string(page).unwrap();
    let cells = page.lines().filter_map(|line| {
        let (_, line) = line.strip_prefix("| `")?.split_once("` | `")?;
        Some(line.split_once("` | ")?.0.to_owned())
    });
    cells.collect()
}

/// What the page has no need of.
const MORE: &[&str] = &[
    "new Uint8Array([1, 2]).buffer",
    "[new ArrayBuffer(2)]",
    "new DataView(new ArrayBuffer(3), 1)",
    "new Float16Array([1, 0.5])",
    "new Uint32Array([1, 2, 3])",
    "new BigUint64Array([1n])",
    "({ '\\ud800': 1, a: 2 })",
    "({ a: '\\ud800' })",
    "({ Text: '\\ud800' })",
    "[new Map([['\\ud800', 1]])]",
    "new Map([['\\ud800', 1n]])",
    "new Map([[1, 'x'], [2n, 'y'], ['z', {}]])",
    "new Map([[{}, 1]])",
    "new Map([['a', 1], [undefined, null]])",
    "new Set([new Set([1]), new Map()])",
    "new Error('a', { cause: 'why' })",
    "new Error('a', { cause: null })",
    "new Error('a', { cause: undefined })",
    "new Error('a', { cause: new Error('b', { cause: 5 }) })",
    "Object.assign(new Error('a'), { message: undefined })",
    "Object.assign(new Error('a'), { message: undefined, name: undefined })",
    "Object.assign(new Error('\\ud800'), { name: Symbol() })",
    "Object.assign(new Error('a'), { get cause() { throw new TypeError('no') } })",
    "new AggregateError([1], 'm')",
    "(() => { const e = new Error('a'); e.cause = e; return e; })()",
    "(() => { const a = []; a.push(a); return a; })()",
    "(() => { const a = {}; a.nested = a; return a; })()",
    "(() => { const m = new Map(); m.set('m', m); return m; })()",
    "({ firstName: 'a', age: 1, balance: 2, nested: undefined, tags: undefined })",
    "({ firstName: undefined, age: 1, balance: 2 })",
    "({ firstName: 'a', age: 1, balance: 2, tags: new Set(['x']), nested: null })",
    "({ kind: 'named', x: 5n, y: undefined })",
    "({ kind: 'named', x: 1, y: null })",
    "({ x: 1e300 })",
    "({ x: new Uint8Array(2) })",
    "({ Tuple: new Int8Array(2) })",
    "({ Tuple: [1, true, 3] })",
    "({ Named: new Map([['x', 1]]) })",
    "({ Named: undefined })",
    "({ Text: undefined })",
    "({ Empty: undefined })",
    "({ x: undefined, Text: 'a' })",
    "'x'.repeat(70000)",
    "'é'.repeat(100)",
    "'😀'.repeat(100)",
    "['\\ud83d\\ude00\\ud83d']",
    "'\\ud800' + 'x'.repeat(10)",
    "new Array(100001)",
    "Object.assign([], { length: 2 ** 32 - 1 })",
    "Array.from({ length: 6000 }, () => [])",
    "'x'.repeat(2 ** 24 + 1)",
    "new Uint8Array(2 ** 24 + 1)",
    "[[new Date(NaN)], new Date(1.5)]",
    "[-0, 1e21, 1.5e-7, 2 ** 31, -(2 ** 63)]",
    "[true, null, undefined, 'a', 1n, {}]",
    "[2n ** 64n, -(2n ** 64n), 2n ** 128n - 1n, -(2n ** 127n), -(2n ** 128n)]",
    "-(2n ** 127n) - 1n",
    "new (class Foo { #p = 1; q = 2 })()",
    "Object.create(null)",
    "(() => { const o = Object.create({ x: 1 }); return o; })()",
    "({ get x() { throw new TypeError('no') } })",
    "[{ get x() { throw null } }]",
    "new (class extends Error {})('sub')",
    "new WeakRef({})",
    "new Intl.NumberFormat()",
    "new Number(1)",
    "Object(1n)",
    "import.meta",
    "new SharedArrayBuffer(4)",
    "[1, 2, 3].values()",
    "({ a: 1n, b: 2n, c: [3n] })",
    "({ 1: 'x', '-0': 'y' })",
    "({ true: 1 })",
    "({ High: 1, Low: 2 })",
];

fn script(expression: &str) -> Script {
    let exports = NAMES.iter().map(|name| format!("{name}: f, ")).collect::<String>();
    Script::new("give.js", format!("const f = () => ({expression});\nexport default {{ {exports} }};"))
}

/// Where a value over the wire is refused in other words, and why.
fn is_excepted(expression: &str, direct: &str, wire: &str) -> bool {
    // All of a value is copied, so a getter runs that the type does not look at; what it throws ends the call.
    let throws = expression.contains("throw") && wire.starts_with("failed: ");
    // Bytes whose memory is gone were in an ArrayBuffer, in a DataView or in an array; it is one description.
    let gone = expression.contains("transfer") && same_but_for_the_buffer(direct, wire);
    // Of two limits the first that is reached is told, and bytes are copied before they are counted as elements.
    let too_long = direct.contains("elements in one collection") && wire.contains("bytes in one crossing");
    throws || gone || too_long
}

fn same_but_for_the_buffer(direct: &str, wire: &str) -> bool {
    let plain = |text: &str| {
        text.replace("got an ArrayBuffer", "got a typed array").replace("got an object", "got a typed array")
    };
    plain(direct) == plain(wire)
}

/// Where the first error that is met is another one, or in other words. Where the type is described it is replaced by all that is wrong, which is
/// the same.
fn is_excepted_raw(expression: &str, direct: &Raw, wire: &Raw) -> bool {
    let (Some(text), Some(wire_text)) = (&direct.error, &wire.error) else {
        // A getter makes something else each time: this reads the value a second time.
        return has_getter(expression);
    };
    // The description of a string has no part of it.
    let surrogate = wire_text.contains("a string with a lone surrogate") || text.contains("lone surrogate");
    // They are lists of BigInts.
    let bigints = text.replace("a typed array", "an array") == *wire_text;
    let gone = expression.contains("transfer") && wire_text.contains("numbers that are still there");
    let too_long = wire_text.contains("bytes in one crossing");
    let worded = surrogate || bigints || gone || too_long;
    worded || has_getter(expression) || is_excepted(expression, text, wire_text)
}

fn has_getter(expression: &str) -> bool {
    expression.contains("get ") || expression.contains("get(")
}

struct Seen {
    compared: usize,
    wrong: Vec<String>,
    raw: Vec<String>,
}

fn try_all(expressions: impl IntoIterator<Item = String>) -> Seen {
    let new = || LocalSandbox::builder().limits(long()).build().unwrap();
    let mut sandbox = new();
    let mut seen = Seen { compared: 0, wrong: Vec::new(), raw: Vec::new() };
    for expression in expressions {
        let guest = match sandbox.eval(script(&expression)) {
            Ok(guest) => guest,
            Err(_) => {
                sandbox = new();
                continue;
            }
        };
        let (Ok(direct), Ok(transport)) = (guest.bind::<dyn Give>(), guest.transport::<dyn Give>()) else {
            sandbox = new();
            continue;
        };
        let wired = Wired::new(transport);
        let proxy = <dyn Give as GuestContract>::proxy(wired.clone());
        compare(&direct, &proxy, |name, direct, wire| {
            seen.compared += 1;
            if sorted(name, &direct) != sorted(name, &wire) && !is_excepted(&expression, &direct, &wire) {
                seen.wrong.push(format!("{name} `{expression}`\n  direct: {direct}\n  wired:  {wire}"));
            }
            let raws = wired.take_raw();
            // A realm that has a function for a type's fields reads no names, and nobody pays for these.
            let is_struct = ["record", "boxed", "counted", "shared", "bounded"].contains(&name);
            if let Some([direct, wire]) = &raws
                && direct.error.is_none()
                && !is_struct
                && !has_getter(&expression)
            {
                assert_eq!(direct.spent, wire.spent, "{name} `{expression}`");
            }
            if let Some([direct, wire]) = raws
                && (direct.error != wire.error || direct.is_in_doubt != wire.is_in_doubt)
                && !is_excepted_raw(&expression, &direct, &wire)
            {
                seen.raw.push(format!("{name} `{expression}`\n  direct: {direct:?}\n  wired:  {wire:?}"));
            }
        });
    }
    seen
}

#[test]
fn every_expression_is_as_every_type_what_it_is_without_a_wire() {
    let more = MORE.iter().map(ToString::to_string);
    let seen = try_all(expressions().into_iter().chain(more));
    assert!(seen.compared > 10_000, "only {}", seen.compared);
    assert!(seen.wrong.is_empty(), "{}", seen.wrong.join("\n"));
    assert!(seen.raw.is_empty(), "{}", seen.raw.join("\n"));
}

#[test]
fn hostile_expressions_are_the_same_over_a_wire() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut all = Vec::new();
    for name in ["record", "hashMap", "error", "nested", "external", "json"] {
        let strategy = hostile::<dyn Take>(name);
        all.extend((0..40).map(|_| strategy.new_tree(&mut runner).unwrap().current()));
    }
    let seen = try_all(all);
    assert!(seen.wrong.is_empty(), "{}", seen.wrong.join("\n"));
    assert!(seen.raw.is_empty(), "{}", seen.raw.join("\n"));
}

/// The entries of a hash map are in no order.
fn sorted(name: &str, shown: &str) -> String {
    if !name.starts_with("hash") {
        return shown.to_owned();
    }
    let mut characters = shown.chars().collect::<Vec<_>>();
    characters.sort_unstable();
    characters.into_iter().collect()
}

#[test]
fn a_value_that_goes_there_and_back_is_the_same() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let exports = NAMES.iter().map(|name| format!("{name}: (value) => value, ")).collect::<String>();
    let mirror = sandbox.eval(Script::new("echo.js", format!("export default {{ {exports} }};"))).unwrap();
    let mirror = Wired::new(mirror.transport::<dyn Echo>().unwrap());
    let mirror = <dyn Echo as GuestContract>::proxy(mirror);
    let each = expressions().into_iter().map(|expression| {
        let give = sandbox.eval(script(&expression)).unwrap().bind::<dyn Give>().unwrap();
        echo(&give, &mirror)
    });
    let echoed = each.sum::<usize>();
    assert!(echoed > 500, "only {echoed}");
}
