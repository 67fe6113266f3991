//! Values across the boundary: every supported type goes through a guest and comes back the same, and nothing is
//! converted in silence.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use proptest::prelude::*;
use sandbox_runtime::{Bytes, Error, LocalSandbox, Result, Script, sandbox_api};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Newtype(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair(i32, String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    first_name: String,
    age: u8,
    balance: i64,
    tags: Vec<String>,
    nested: Option<Box<Record>>,
}

macro_rules! representations {
    ($($(#[$attribute:meta])* $name:ident $(, $tuple:ident)?;)*) => {$(
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        $(#[$attribute])*
        pub enum $name {
            Empty,
            Text(String),
            Named { x: f64, y: Option<bool> },
            $($tuple(i32, bool),)?
        }
    )*};
}
representations! {
    External, Tuple;
    #[serde(tag = "kind", content = "value")]
    Adjacent, Tuple;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Internal {
    Empty,
    Named { x: f64, y: Option<bool> },
    Wrapped(Pairing),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pairing {
    left: u32,
    right: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Untagged {
    Number(f64),
    Text(String),
    Named { x: f64 },
    List(Vec<u32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    Low,
    High,
}

/// One method for each type. The guest hands what it is given to the host's mirror, and gives back what comes of
/// it: each value crosses four times, as argument and as result in both directions.
macro_rules! echo {
    ($($method:ident $js:literal $type:ty;)*) => {
        #[sandbox_api(guest)]
        pub trait Echo {
            $(fn $method(&self, value: $type) -> Result<$type>;)*
        }

        #[sandbox_api(host)]
        pub trait Mirror {
            $(fn $method(&self, value: $type) -> $type;)*
        }

        struct Glass;
        impl Mirror for Glass {
            $(fn $method(&self, value: $type) -> $type { value })*
        }

        fn echo() -> impl Echo {
            let exports = [$($js),*].map(|name| format!("export const {name} = (value) => Mirror.{name}(value);\n"));
            let sandbox = LocalSandbox::builder().host::<dyn Mirror>(Glass).build().unwrap();
            sandbox.load::<dyn Echo>(Script::new("echo.js", exports.concat())).unwrap()
        }
    };
}

echo! {
    boolean "boolean" bool;
    int8 "int8" i8;
    int16 "int16" i16;
    int32 "int32" i32;
    int64 "int64" i64;
    int128 "int128" i128;
    uint8 "uint8" u8;
    uint16 "uint16" u16;
    uint32 "uint32" u32;
    uint64 "uint64" u64;
    uint128 "uint128" u128;
    size "size" usize;
    float32 "float32" f32;
    float64 "float64" f64;
    text "text" String;
    character "character" char;
    unit "unit" ();
    option "option" Option<String>;
    list "list" Vec<f64>;
    array "array" [u16; 3];
    tuple "tuple" (i32, String, bool);
    nested "nested" Vec<Vec<Option<i64>>>;
    hash_map "hashMap" HashMap<String, i64>;
    tree_map "treeMap" BTreeMap<String, Vec<bool>>;
    by_number "byNumber" BTreeMap<i64, String>;
    by_level "byLevel" BTreeMap<Level, u32>;
    by_char "byChar" BTreeMap<char, bool>;
    by_tuple "byTuple" BTreeMap<(i32, String), u64>;
    hash_set "hashSet" HashSet<String>;
    tree_set "treeSet" BTreeSet<i32>;
    bytes "bytes" Bytes;
    byte_list "byteList" Vec<Bytes>;
    json "json" serde_json::Value;
    unit_struct "unitStruct" Unit;
    newtype "newtype" Newtype;
    pair "pair" Pair;
    record "record" Record;
    external "external" External;
    adjacent "adjacent" Adjacent;
    internal "internal" Internal;
    untagged "untagged" Untagged;
    boxed "boxed" Box<Record>;
    counted "counted" Rc<Record>;
    shared "shared" Arc<Record>;
}

fn same_float(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

fn record() -> impl Strategy<Value = Record> {
    let leaf = (any::<String>(), any::<u8>(), any::<i64>(), prop::collection::vec(any::<String>(), 0..5));
    let leaf = leaf.prop_map(|(first_name, age, balance, tags)| Record {
        first_name,
        age,
        balance,
        tags,
        nested: None,
    });
    leaf.prop_recursive(3, 4, 1, |inner| {
        (inner.clone(), inner).prop_map(|(outer, inner)| Record { nested: Some(Box::new(inner)), ..outer })
    })
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let number = any::<f64>().prop_filter("JSON has finite numbers", |n| n.is_finite() && n.fract() != 0.0);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        number.prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every value of the strategy comes back as it was.
fn round_trips<T: std::fmt::Debug + Clone + PartialEq>(
    strategy: impl Strategy<Value = T>,
    call: impl Fn(T) -> Result<T>,
) {
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
    runner
        .run(&strategy, |value| {
            prop_assert_eq!(call(value.clone()).unwrap(), value);
            Ok(())
        })
        .unwrap();
}

fn xy() -> impl Strategy<Value = (f64, Option<bool>)> {
    (any::<f64>().prop_filter("NaN is not equal to itself", |x| !x.is_nan()), any::<Option<bool>>())
}

#[test]
fn every_scalar_round_trips() {
    let echo = echo();
    round_trips(any::<bool>(), |v| echo.boolean(v));
    round_trips(any::<i8>(), |v| echo.int8(v));
    round_trips(any::<i16>(), |v| echo.int16(v));
    round_trips(any::<i32>(), |v| echo.int32(v));
    round_trips(any::<i64>(), |v| echo.int64(v));
    round_trips(any::<i128>(), |v| echo.int128(v));
    round_trips(any::<u8>(), |v| echo.uint8(v));
    round_trips(any::<u16>(), |v| echo.uint16(v));
    round_trips(any::<u32>(), |v| echo.uint32(v));
    round_trips(any::<u64>(), |v| echo.uint64(v));
    round_trips(any::<u128>(), |v| echo.uint128(v));
    round_trips(any::<usize>(), |v| echo.size(v));
    round_trips(any::<String>(), |v| echo.text(v));
    round_trips(any::<char>(), |v| echo.character(v));
    echo.unit(()).unwrap();
}

#[test]
fn every_float_round_trips_to_the_bit() {
    let echo = echo();
    let special =
        [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, f64::MAX, 5e-324];
    for value in special {
        assert!(same_float(echo.float64(value).unwrap(), value), "{value}");
        #[expect(clippy::cast_possible_truncation, reason = "a value of f32 for each of f64")]
        let narrow = value as f32;
        assert!(same_float(echo.float32(narrow).unwrap().into(), narrow.into()), "{narrow}");
    }
    let not_nan = |x: &f64| !x.is_nan();
    round_trips(any::<f64>().prop_filter("checked above", not_nan), |v| echo.float64(v));
    round_trips(any::<f32>().prop_filter("checked above", |x| !x.is_nan()), |v| echo.float32(v));
}

#[test]
fn every_collection_round_trips() {
    let echo = echo();
    round_trips(any::<Option<String>>(), |v| echo.option(v));
    round_trips(prop::collection::vec(-1e9..1e9, 0..20), |v| echo.list(v));
    round_trips(any::<[u16; 3]>(), |v| echo.array(v));
    round_trips(any::<(i32, String, bool)>(), |v| echo.tuple(v));
    round_trips(any::<Vec<Vec<Option<i64>>>>(), |v| echo.nested(v));
    round_trips(any::<HashMap<String, i64>>(), |v| echo.hash_map(v));
    round_trips(any::<BTreeMap<String, Vec<bool>>>(), |v| echo.tree_map(v));
    round_trips(any::<BTreeMap<i64, String>>(), |v| echo.by_number(v));
    round_trips(any::<BTreeMap<char, bool>>(), |v| echo.by_char(v));
    round_trips(any::<BTreeMap<(i32, String), u64>>(), |v| echo.by_tuple(v));
    round_trips(any::<HashSet<String>>(), |v| echo.hash_set(v));
    round_trips(any::<BTreeSet<i32>>(), |v| echo.tree_set(v));
    round_trips(any::<Vec<u8>>().prop_map(Bytes::from), |v| echo.bytes(v));
    round_trips(any::<Vec<Vec<u8>>>().prop_map(|v| v.into_iter().map(Bytes::from).collect()), |v| {
        echo.byte_list(v)
    });
    let levels = BTreeMap::from([(Level::Low, 1), (Level::High, 2)]);
    assert_eq!(echo.by_level(levels.clone()).unwrap(), levels);
    let proto = HashMap::from([("__proto__".to_owned(), 1), ("constructor".to_owned(), 2)]);
    assert_eq!(echo.hash_map(proto.clone()).unwrap(), proto);
}

#[test]
fn every_struct_and_enum_round_trips() {
    let echo = echo();
    assert_eq!(echo.unit_struct(Unit).unwrap(), Unit);
    round_trips(any::<String>().prop_map(Newtype), |v| echo.newtype(v));
    round_trips(any::<(i32, String)>().prop_map(|(a, b)| Pair(a, b)), |v| echo.pair(v));
    round_trips(record(), |v| echo.record(v));
    round_trips(record().prop_map(Box::new), |v| echo.boxed(v));
    round_trips(record().prop_map(Rc::new), |v| echo.counted(v));
    round_trips(record().prop_map(Arc::new), |v| echo.shared(v));
    let external = prop_oneof![
        Just(External::Empty),
        any::<String>().prop_map(External::Text),
        xy().prop_map(|(x, y)| External::Named { x, y }),
        any::<(i32, bool)>().prop_map(|(a, b)| External::Tuple(a, b)),
    ];
    round_trips(external, |v| echo.external(v));
    let adjacent = prop_oneof![
        Just(Adjacent::Empty),
        any::<String>().prop_map(Adjacent::Text),
        xy().prop_map(|(x, y)| Adjacent::Named { x, y }),
        any::<(i32, bool)>().prop_map(|(a, b)| Adjacent::Tuple(a, b)),
    ];
    round_trips(adjacent, |v| echo.adjacent(v));
    let internal = prop_oneof![
        Just(Internal::Empty),
        xy().prop_map(|(x, y)| Internal::Named { x, y }),
        any::<(u32, String)>().prop_map(|(left, right)| Internal::Wrapped(Pairing { left, right })),
    ];
    round_trips(internal, |v| echo.internal(v));
    let untagged = prop_oneof![
        any::<f64>().prop_filter("NaN is not equal to itself", |x| !x.is_nan()).prop_map(Untagged::Number),
        any::<String>().prop_map(Untagged::Text),
        xy().prop_map(|(x, _)| Untagged::Named { x }),
        any::<Vec<u32>>().prop_map(Untagged::List),
    ];
    round_trips(untagged, |v| echo.untagged(v));
}

#[test]
fn json_round_trips_with_its_integers() {
    let echo = echo();
    round_trips(json(), |v| echo.json(v));
}

/// A guest that returns whatever the test says, as whatever type the contract says.
#[sandbox_api(guest)]
pub trait Any {
    fn boolean(&self) -> Result<bool>;
    fn byte(&self) -> Result<u8>;
    fn int(&self) -> Result<i32>;
    fn word(&self) -> Result<u32>;
    fn big(&self) -> Result<i64>;
    fn huge(&self) -> Result<u64>;
    fn float(&self) -> Result<f64>;
    fn narrow(&self) -> Result<f32>;
    fn text(&self) -> Result<String>;
    fn character(&self) -> Result<char>;
    fn unit(&self) -> Result<()>;
    fn option(&self) -> Result<Option<f64>>;
    fn list(&self) -> Result<Vec<f64>>;
    fn pair(&self) -> Result<(f64, f64)>;
    fn bytes(&self) -> Result<Bytes>;
    fn map(&self) -> Result<BTreeMap<String, f64>>;
    fn set(&self) -> Result<BTreeSet<i32>>;
    fn record(&self) -> Result<Pairing>;
    fn strict(&self) -> Result<Strict>;
    fn level(&self) -> Result<Level>;
    fn external(&self) -> Result<External>;
    fn json(&self) -> Result<serde_json::Value>;
    fn deep(&self) -> Result<Vec<Pairing>>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strict {
    x: f64,
}

fn returning(expression: &str) -> impl Any {
    let names = "boolean byte int word big huge float narrow text character unit option list pair bytes map set record \
                 strict level external json deep";
    let exports = names.split_whitespace().map(|name| format!("{name}: f, ")).collect::<String>();
    let script = format!("const f = () => ({expression});\nexport default {{ {exports} }};");
    LocalSandbox::builder().build().unwrap().load::<dyn Any>(Script::new("any.js", script)).unwrap()
}

/// What a refusal says after the name of the method.
fn refusal<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Value(error)) => error.to_string().split_once(" → ").unwrap().1.to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn nothing_is_converted_in_silence() {
    /// What the guest returns, how it is called, and how the refusal begins.
    type Row = (&'static str, fn(&dyn Any) -> String, &'static str);
    let table: &[Row] = &[
        ("1", |g| refusal(g.boolean()), "result: expected a boolean, got 1"),
        ("'5'", |g| refusal(g.float()), "result: expected a number, got \"5\""),
        ("5n", |g| refusal(g.float()), "result: expected a number, got 5n"),
        ("null", |g| refusal(g.float()), "result: expected a number, got null"),
        ("[5]", |g| refusal(g.float()), "result: expected a number, got an array"),
        ("new Number(5)", |g| refusal(g.float()), "result: expected a number, got an object"),
        ("1e300", |g| refusal(g.narrow()), "result: expected a number in the range of f32, got 1000"),
        ("1.5", |g| refusal(g.word()), "result: expected an integer from 0 to 4294967295 (u32), got 1.5"),
        ("-1", |g| refusal(g.word()), "result: expected an integer from 0 to 4294967295 (u32), got -1"),
        ("256", |g| refusal(g.byte()), "result: expected an integer from 0 to 255 (u8), got 256"),
        (
            "NaN",
            |g| refusal(g.int()),
            "result: expected an integer from -2147483648 to 2147483647 (i32), got NaN",
        ),
        (
            "5n",
            |g| refusal(g.int()),
            "result: expected an integer from -2147483648 to 2147483647 (i32), got 5n",
        ),
        (
            "2 ** 53",
            |g| refusal(g.huge()),
            "result: expected a BigInt, or an integer up to 2^53 - 1 (u64), got 9007199254740992",
        ),
        (
            "-1n",
            |g| refusal(g.huge()),
            "result: expected a BigInt, or an integer up to 2^53 - 1 (u64), got -1n",
        ),
        (
            "2n ** 64n",
            |g| refusal(g.huge()),
            "result: expected a BigInt, or an integer up to 2^53 - 1 (u64), got a BigInt of more than 64 bits",
        ),
        (
            "2n ** 63n",
            |g| refusal(g.big()),
            "result: expected a BigInt, or an integer up to 2^53 - 1 (i64), got 9223372036854775808n",
        ),
        ("null", |g| refusal(g.text()), "result: expected a string, got null"),
        ("undefined", |g| refusal(g.text()), "result: expected a string, got undefined"),
        ("5", |g| refusal(g.text()), "result: expected a string, got 5"),
        (
            "'a\\ud800b'",
            |g| refusal(g.text()),
            "result: expected well-formed Unicode text, got a string with a lone surrogate at index 1",
        ),
        ("'ab'", |g| refusal(g.character()), "result: expected a string of one character, got \"ab\""),
        ("''", |g| refusal(g.character()), "result: expected a string of one character, got \"\""),
        ("0", |g| refusal(g.unit()), "result: expected nothing (undefined or null), got 0"),
        ("'x'", |g| refusal(g.option()), "result: expected a number, got \"x\""),
        ("[1, '2']", |g| refusal(g.list()), "result[1]: expected a number, got \"2\""),
        ("[1,, 3]", |g| refusal(g.list()), "result[1]: expected a number, got undefined"),
        ("'12'", |g| refusal(g.list()), "result: expected an array, got \"12\""),
        ("({ length: 1, 0: 1 })", |g| refusal(g.list()), "result: expected an array, got an object"),
        ("[1]", |g| refusal(g.pair()), "result: expected a tuple of size 2, got 1 elements"),
        (
            "[1, 2, 3]",
            |g| refusal(g.pair()),
            "result: expected an array of 2 elements, got an array of 3 elements",
        ),
        ("[1, 2]", |g| refusal(g.bytes()), "result: expected a Uint8Array or an ArrayBuffer, got an array"),
        (
            "new Float64Array(1)",
            |g| refusal(g.bytes()),
            "result: expected a Uint8Array or an ArrayBuffer, got a typed array",
        ),
        (
            "(() => { const b = new ArrayBuffer(8); b.transfer(); return b; })()",
            |g| refusal(g.bytes()),
            "result: expected bytes that are still there, got an ArrayBuffer",
        ),
        (
            "new DataView(new ArrayBuffer(8))",
            |g| refusal(g.bytes()),
            "result: expected a Uint8Array or an ArrayBuffer, got an object",
        ),
        ("({ a: '1' })", |g| refusal(g.map()), "result.a: expected a number, got \"1\""),
        ("({ 'a b': '1' })", |g| refusal(g.map()), "result[\"a b\"]: expected a number, got \"1\""),
        (
            "new Map([['a', 1], ['b', null]])",
            |g| refusal(g.map()),
            "result[1].value: expected a number, got null",
        ),
        ("({ left: 1 })", |g| refusal(g.record()), "result: expected the field `right`, got none"),
        (
            "({ left: 1, right: undefined })",
            |g| refusal(g.record()),
            "result: expected the field `right`, got none",
        ),
        ("[1, 'a']", |g| refusal(g.record()), "result: expected an object (Pairing), got an array"),
        ("({ x: 1, y: 2 })", |g| refusal(g.strict()), "result.y: expected the field \"x\", got \"y\""),
        (
            "'Middle'",
            |g| refusal(g.level()),
            "result: expected one of the variants \"Low\", \"High\", got \"Middle\"",
        ),
        ("({ Text: 1 })", |g| refusal(g.external()), "result.Text: expected a string, got 1"),
        (
            "({ Text: 'a', Empty: null })",
            |g| refusal(g.external()),
            "result: expected an object with one property, the variant (External), got an object with 2 properties",
        ),
        (
            "[{ left: 1, right: 'a' }, { left: '1', right: 'b' }]",
            |g| refusal(g.deep()),
            "result[1].left: expected an integer from 0 to 4294967295 (u32), got \"1\"",
        ),
        ("() => 1", |g| refusal(g.json()), "result: expected a value that can be copied, got a function"),
        (
            "({ a: Symbol('s') })",
            |g| refusal(g.json()),
            "result.a: expected a value that can be copied, got a symbol",
        ),
        (
            "Promise.resolve(1)",
            |g| refusal(g.json()),
            "result: expected a value that can be copied, got a Promise",
        ),
        ("new Date(0)", |g| refusal(g.json()), "result: expected a value that can be copied, got a Date"),
        ("/x/", |g| refusal(g.json()), "result: expected a value that can be copied, got a RegExp"),
        (
            "new Proxy({}, {})",
            |g| refusal(g.json()),
            "result: expected a value that can be copied, got a Proxy",
        ),
        (
            "new Error('e')",
            |g| refusal(g.json()),
            "result: expected a value that can be copied, got an Error",
        ),
        (
            "new WeakRef({})",
            |g| refusal(g.json()),
            "result: expected a value that can be copied, got an object",
        ),
        (
            "new Intl.NumberFormat('de')",
            |g| refusal(g.json()),
            "result: expected a value that can be copied, got an object",
        ),
        (
            "({ a: [NaN] })",
            |g| refusal(g.json()),
            "result.a[0]: expected a finite number, as JSON has, got NaN",
        ),
        (
            "(() => { const v = new Uint8Array(8); v.buffer.transfer(); return v; })()",
            |g| refusal(g.bytes()),
            "result: expected bytes that are still there, got a typed array",
        ),
        (
            "(() => { const v = new Float64Array(8); v.buffer.transfer(); return v; })()",
            |g| refusal(g.list()),
            "result: expected numbers that are still there, got a typed array",
        ),
        ("(() => { const a = []; a.push(a); return a; })()", |g| refusal(g.json()), "result"),
    ];
    for (expression, call, expected) in table {
        let guest = returning(expression);
        let found = call(&guest);
        assert!(found.starts_with(expected), "{expression}\n expected: {expected}\n found:    {found}");
        assert!(matches!(returning("1").float(), Ok(1.0)));
    }
}

#[test]
fn what_is_the_same_value_is_accepted() {
    assert_eq!(returning("7").big().unwrap(), 7);
    assert_eq!(returning("7n").big().unwrap(), 7);
    assert_eq!(returning("undefined").option().unwrap(), None);
    assert_eq!(returning("null").option().unwrap(), None);
    assert_eq!(returning("new Set([3, 1])").set().unwrap(), BTreeSet::from([1, 3]));
    assert_eq!(returning("new Float64Array([1, 2])").list().unwrap(), [1.0, 2.0]);
    assert_eq!(returning("new Uint8Array([1, 2, 3]).subarray(1)").bytes().unwrap().into_vec(), [2, 3]);
    assert_eq!(returning("new Uint8Array([1, 2]).buffer").bytes().unwrap().into_vec(), [1, 2]);
    let resized = "(() => { const b = new ArrayBuffer(8, { maxByteLength: 16 }); const v = new Uint8Array(b); b.resize(2); return v; })()";
    assert_eq!(returning(resized).bytes().unwrap().into_vec(), [0, 0]);
    let grown = "(() => { const b = new ArrayBuffer(1, { maxByteLength: 4 }); const v = new Uint8Array(b); b.resize(3); v[2] = 9; return v; })()";
    assert_eq!(returning(grown).bytes().unwrap().into_vec(), [0, 0, 9]);
    let numbers = "(() => { const b = new ArrayBuffer(16, { maxByteLength: 32 }); const v = new Float64Array(b); b.resize(24); v[2] = 9; return v; })()";
    assert_eq!(returning(numbers).list().unwrap(), [0.0, 0.0, 9.0]);
    let fewer = "(() => { const b = new ArrayBuffer(24, { maxByteLength: 32 }); const v = new Float64Array(b); b.resize(8); return v; })()";
    assert_eq!(returning(fewer).list().unwrap(), [0.0]);
    assert_eq!(returning("new Map([['a', 1]])").map().unwrap(), BTreeMap::from([("a".into(), 1.0)]));
    assert_eq!(returning("({ a: undefined })").json().unwrap(), serde_json::json!({}));
    assert_eq!(returning("({ left: 1, right: 'a', more: () => 1 })").record().unwrap().right, "a");
    assert_eq!(returning("'High'").level().unwrap(), Level::High);
    assert_eq!(
        returning("Object.assign(Object.create({ left: 9 }), { left: 1, right: '' })").record().unwrap().left,
        1
    );
}

#[test]
fn a_getter_that_throws_is_the_guests_own_error() {
    let guest = returning("({ get x() { throw new RangeError('mine'); } })");
    let Err(Error::Guest(error)) = guest.json() else { panic!("no error of the guest") };
    assert_eq!((error.name.as_deref(), error.message.as_str()), (Some("RangeError"), "mine"));
    assert_eq!(error.stack[0].file, "any.js");
    let deep = returning("({ get x() { return (function g() { return g(); })(); } })");
    assert!(matches!(deep.json(), Err(Error::Limit { kind: sandbox_runtime::LimitKind::Stack, .. })));
}

#[test]
fn an_inherited_property_is_no_data() {
    let polluted = "(() => { Object.prototype.right = 'polluted'; return { left: 1 }; })()";
    assert_eq!(refusal(returning(polluted).record()), "result: expected the field `right`, got none");
}

#[test]
fn bombs_are_refused_before_the_work() {
    let bombs = [
        ("new Array(2 ** 32 - 1)", "at most 100000 values in one crossing"),
        (
            "(() => { let a = [1, 1]; for (let i = 0; i < 60; i++) a = [a, a]; return a; })()",
            "values in one crossing",
        ),
        (
            "(() => { let s = 'x'.repeat(2 ** 20); for (let i = 0; i < 8; i++) s += s; return s; })()",
            "bytes in one crossing",
        ),
        (
            "(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a; })()",
            "at most 128 levels of nesting",
        ),
        ("(() => { const a = {}; a.a = a; return a; })()", "at most 128 levels of nesting"),
    ];
    for (bomb, expected) in bombs {
        let guest = returning(bomb);
        let found = refusal(guest.json());
        assert!(found.contains(expected), "{bomb}: {found}");
        assert_eq!(refusal(guest.float()).split(':').next(), Some("result"), "the next call works");
    }
}

#[test]
fn a_guest_that_changes_bigint_changes_no_integer_that_crosses() {
    let pollute = "(() => { globalThis.BigInt = () => 7n; Number = () => 5; Array.prototype[Symbol.iterator] = null; \
                   Object.defineProperty(Array.prototype, 0, { set() {}, get: () => 9, configurable: true }); return 12345678901234567890n; })()";
    let guest = returning(pollute);
    assert_eq!(guest.huge().unwrap(), 12_345_678_901_234_567_890);
    assert_eq!(guest.huge().unwrap(), 12_345_678_901_234_567_890);
    let echo = echo();
    assert_eq!(echo.int128(i128::MIN + 1).unwrap(), i128::MIN + 1);
}
