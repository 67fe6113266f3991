//! The exported schemas are valid, accept every value as serde writes it, and refuse what is none.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, UNIX_EPOCH};

use jsonschema::Validator;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sandbox_runtime::{AsMap, AsSet, Bytes, Contract, Date, ErrorValue};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::contracts::{Everything, Pricing, Store};
use super::every::{
    Adjacent, Bounded, External, Internal, Level, Newtype, Pair, Pairing, Record, Strict, Unit, Untagged,
};

/// The four schemas of each method: of the guest's arguments and result, and of the host's.
struct Schemas(Json);

impl Schemas {
    fn of<C: ?Sized + Contract>() -> Self {
        Self(C::json_schema())
    }

    fn validator(&self, path: &str) -> Validator {
        let schema = self.0.pointer(path).unwrap_or_else(|| panic!("there is no {path}"));
        jsonschema::draft202012::new(schema).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Says where a value of a method of one parameter, of the type of its result, is accepted.
    fn accept(&self, method: &str, value: &Json) -> Vec<(&'static str, bool)> {
        let argument = json!([value]);
        let places = [("guest/arguments", &argument), ("guest/result", value)];
        let places = places.into_iter().chain([("host/arguments", &argument), ("host/result", value)]);
        places
            .map(|(place, value)| (place, self.validator(&format!("/{method}/{place}")).is_valid(value)))
            .collect()
    }
}

#[test]
fn every_schema_is_valid() {
    for all in [
        <dyn Everything as Contract>::json_schema(),
        <dyn Pricing as Contract>::json_schema(),
        <dyn Store as Contract>::json_schema(),
    ] {
        let mut count = 0;
        for (method, sides) in all.as_object().unwrap() {
            for (place, schema) in
                sides.as_object().unwrap().values().flat_map(|side| side.as_object().unwrap())
            {
                let validity = jsonschema::draft202012::meta::validate(schema);
                validity.unwrap_or_else(|error| panic!("{method} {place}: {error}\n{schema:#}"));
                assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
                assert!(schema["title"].as_str().unwrap().ends_with(&format!(".{method}")), "{schema:#}");
                // Nothing that it refers to is missing.
                jsonschema::draft202012::new(schema)
                    .unwrap_or_else(|error| panic!("{method} {place}: {error}"));
                count += 1;
            }
        }
        assert!(count >= 10, "{count} schemas");
    }
}

fn finite() -> impl Strategy<Value = f64> + Clone {
    any::<f64>().prop_filter("JSON has finite numbers", |x| x.is_finite())
}

fn record() -> impl Strategy<Value = Record> {
    let fields = (any::<(String, u8, i64)>(), prop::collection::vec(any::<String>(), 0..4));
    let leaf = fields.prop_map(|((first_name, age, balance), tags)| Record {
        first_name,
        age,
        balance,
        tags,
        nested: None,
    });
    leaf.prop_recursive(2, 3, 1, |inner| {
        (inner.clone(), inner).prop_map(|(outer, inner)| Record { nested: Some(Box::new(inner)), ..outer })
    })
}

fn bounded() -> impl Strategy<Value = Bounded> {
    (0.0..=100.0, "[A-Z]{1,8}", prop::collection::vec(0_u32..10, 0..=3))
        .prop_map(|(unit_price, code, counts)| Bounded { unit_price, code, counts })
}

fn error() -> impl Strategy<Value = ErrorValue> {
    any::<(String, String, Option<String>)>().prop_map(|(name, message, cause)| {
        let mut error = ErrorValue::new(name, message);
        error.cause = cause.map(|message| Box::new(ErrorValue::new("Error", message)));
        error
    })
}

fn external() -> impl Strategy<Value = External> {
    prop_oneof![
        Just(External::Empty),
        any::<String>().prop_map(External::Text),
        (finite(), any::<Option<bool>>()).prop_map(|(x, y)| External::Named { x, y }),
        any::<(i32, bool)>().prop_map(|(a, b)| External::Tuple(a, b)),
    ]
}

fn adjacent() -> impl Strategy<Value = Adjacent> {
    prop_oneof![
        Just(Adjacent::Empty),
        any::<String>().prop_map(Adjacent::Text),
        (finite(), any::<Option<bool>>()).prop_map(|(x, y)| Adjacent::Named { x, y }),
        any::<(i32, bool)>().prop_map(|(a, b)| Adjacent::Tuple(a, b)),
    ]
}

fn internal() -> impl Strategy<Value = Internal> {
    prop_oneof![
        Just(Internal::Empty),
        (finite(), any::<Option<bool>>()).prop_map(|(x, y)| Internal::Named { x, y }),
        any::<(u32, String)>().prop_map(|(left, right)| Internal::Wrapped(Pairing { left, right })),
    ]
}

fn untagged() -> impl Strategy<Value = Untagged> {
    prop_oneof![
        finite().prop_map(Untagged::Number),
        any::<String>().prop_map(Untagged::Text),
        finite().prop_map(|x| Untagged::Named { x }),
        any::<Vec<u32>>().prop_map(Untagged::List),
    ]
}

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::Low), Just(Level::High)]
}

/// Tries values of the methods' types, and says which methods they were.
#[derive(Default)]
struct Tried(BTreeSet<&'static str>);

impl Tried {
    fn with<T: Serialize + std::fmt::Debug>(
        &mut self,
        schemas: &Schemas,
        name: &'static str,
        values: impl Strategy<Value = T>,
    ) {
        assert!(self.0.insert(name), "{name} is tried twice");
        let places = ["guest/arguments", "guest/result", "host/arguments", "host/result"];
        let validators = places.map(|place| (place, schemas.validator(&format!("/{name}/{place}"))));
        let tried = TestRunner::new(ProptestConfig { cases: 32, ..ProptestConfig::default() }).run(
            &values,
            |value| {
                let value = serde_json::to_value(value).unwrap();
                for (place, validator) in &validators {
                    let given = if place.ends_with("result") { value.clone() } else { json!([value]) };
                    let validity = validator.validate(&given);
                    prop_assert!(validity.is_ok(), "{place} {given}: {:?}", validity.err());
                }
                Ok(())
            },
        );
        tried.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn every_value_is_accepted_as_serde_writes_it() {
    let all = &Schemas::of::<dyn Everything>();
    let mut tried = Tried::default();
    macro_rules! any_of {
        ($($name:literal: $type:ty;)*) => {$( tried.with(all, $name, any::<$type>()); )*};
    }
    any_of! {
        "boolean": bool; "int8": i8; "int16": i16; "int32": i32; "int64": i64; "uint8": u8; "uint16": u16;
        "uint32": u32; "uint64": u64; "size": usize; "text": String; "character": char; "unit": ();
        "option": Option<String>; "array": [u16; 3]; "tuple": (i32, String, bool);
        "hashMap": HashMap<String, i64>; "treeMap": BTreeMap<String, Vec<bool>>; "byNumber": BTreeMap<i64, String>;
        "byChar": BTreeMap<char, bool>; "hashSet": HashSet<String>; "treeSet": BTreeSet<i32>; "octets": Vec<u8>;
    }
    // JSON has no integers of 128 bits here, no NaN, and no keys that are tuples.
    tried.with(all, "int128", any::<i64>().prop_map(i128::from));
    tried.with(all, "uint128", any::<u64>().prop_map(u128::from));
    tried.with(all, "float32", any::<f32>().prop_filter("JSON has finite numbers", |x| x.is_finite()));
    tried.with(all, "float64", finite());
    tried.with(all, "byTuple", Just(AsMap(BTreeMap::<(i32, String), u64>::new())));
    tried.with(all, "list", prop::collection::vec(finite(), 0..9));
    tried.with(all, "byLevel", prop::collection::btree_map(level(), any::<u32>(), 0..3));
    let few = || prop::collection::vec(any::<Option<i64>>(), 0..4);
    tried.with(all, "nested", prop::collection::vec(few(), 0..4));
    tried.with(all, "jsSet", any::<BTreeSet<String>>().prop_map(AsSet));
    tried.with(all, "jsMap", prop::collection::btree_map(any::<String>(), finite(), 0..9).prop_map(AsMap));
    tried.with(all, "bytes", any::<Vec<u8>>().prop_map(Bytes::from));
    tried.with(all, "byteList", prop::collection::vec(any::<Vec<u8>>().prop_map(Bytes::from), 0..3));
    tried.with(
        all,
        "date",
        (Date::MIN.millis()..=Date::MAX.millis()).prop_map(|ms| Date::from_millis(ms).unwrap()),
    );
    let within =
        |most: u64| (0..=most, 0..1_000_000_000_u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos));
    tried.with(all, "duration", within(u64::MAX));
    tried.with(all, "systemTime", within(i64::MAX.unsigned_abs()).prop_map(|since| UNIX_EPOCH + since));
    tried.with(all, "error", error());
    tried.with(all, "json", record().prop_map(|record| serde_json::to_value(record).unwrap()));
    tried.with(all, "unitStruct", Just(Unit));
    tried.with(all, "newtype", any::<String>().prop_map(Newtype));
    tried.with(all, "pair", any::<(i32, String)>().prop_map(|(a, b)| Pair(a, b)));
    for name in ["record", "boxed", "counted", "shared"] {
        tried.with(all, name, record());
    }
    tried.with(all, "strict", finite().prop_map(|x| Strict { x }));
    tried.with(all, "bounded", bounded());
    tried.with(all, "external", external());
    tried.with(all, "adjacent", adjacent());
    tried.with(all, "internal", internal());
    tried.with(all, "untagged", untagged());
    tried.with(all, "level", level());
    assert_eq!(
        tried.0,
        <dyn Everything as Contract>::SPEC.methods.iter().map(|method| &*method.name).collect()
    );
}

#[test]
fn what_is_no_value_of_a_type_is_refused() {
    let record = |more: Json| {
        let mut record = json!({ "firstName": "a", "age": 1, "balance": 2, "tags": [], "nested": null });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    };
    let bounded = |price: f64, code: &str, counts: &[u32]| json!({ "unitPrice": price, "code": code, "counts": counts });
    let table = [
        ("boolean", vec![json!(0), json!(null), json!("true")]),
        ("int8", vec![json!(128), json!(-129), json!(0.5), json!("1")]),
        ("int16", vec![json!(32768), json!(null)]),
        ("int32", vec![json!(2_147_483_648_u32), json!(-2_147_483_649_i64), json!(1.5)]),
        ("int64", vec![json!(9_223_372_036_854_775_808_u64), json!(0.5), json!("1")]),
        ("uint8", vec![json!(256), json!(-1)]),
        ("uint32", vec![json!(4_294_967_296_u64), json!(-1)]),
        ("uint64", vec![json!(-1), json!(1e20)]),
        ("size", vec![json!(-1), json!(1e20)]),
        ("float64", vec![json!("1"), json!(null), json!([1])]),
        ("text", vec![json!(1), json!(null)]),
        ("character", vec![json!(""), json!("ab"), json!(65)]),
        ("unit", vec![json!(0), json!({})]),
        ("option", vec![json!(1), json!([])]),
        ("list", vec![json!({}), json!(["1"]), json!([null])]),
        ("array", vec![json!([1, 2]), json!([1, 2, 3, 4]), json!([1, 2, 65536])]),
        ("tuple", vec![json!([1, "a"]), json!([1, "a", true, 1]), json!(["a", 1, true])]),
        ("nested", vec![json!([1]), json!([["1"]])]),
        ("hashMap", vec![json!({ "a": "b" }), json!({ "a": 0.5 }), json!([])]),
        ("byNumber", vec![json!({ "a": "b" }), json!({ "1.5": "b" }), json!({ "1": 1 })]),
        ("byLevel", vec![json!({ "Middle": 1 }), json!({ "Low": -1 })]),
        ("hashSet", vec![json!("a"), json!([1]), json!(["a", "a"])]),
        ("jsSet", vec![json!([1]), json!({})]),
        ("jsMap", vec![json!({ "a": "b" }), json!([])]),
        ("bytes", vec![json!([256]), json!([-1]), json!("AQI=")]),
        ("date", vec![json!("2020-01-01T00:00:00Z"), json!(8_640_000_000_000_001_i64), json!(0.5)]),
        ("error", vec![json!({ "name": "Error" }), json!({ "name": 1, "message": "a" }), json!("a")]),
        ("unitStruct", vec![json!({}), json!([])]),
        ("newtype", vec![json!(["a"]), json!({ "0": "a" })]),
        ("pair", vec![json!([1]), json!({ "0": 1, "1": "a" })]),
        (
            "record",
            vec![
                record(json!({ "age": 256 })),
                record(json!({ "balance": "2" })),
                record(json!({ "tags": [1] })),
                record(json!({ "nested": { "firstName": "a" } })),
                json!({ "first_name": "a", "age": 1, "balance": 2 }),
            ],
        ),
        ("strict", vec![json!({}), json!({ "x": 1, "y": 2 })]),
        (
            "bounded",
            vec![
                bounded(100.5, "A", &[]),
                bounded(1.0, "", &[]),
                bounded(1.0, "a", &[]),
                bounded(1.0, "A", &[10]),
            ],
        ),
        ("bounded", vec![bounded(1.0, "ABCDEFGHI", &[]), bounded(1.0, "A", &[1, 2, 3, 4])]),
        (
            "external",
            vec![
                json!("Text"),
                json!({ "Empty": null }),
                json!({ "Text": 1 }),
                json!({ "Text": "a", "Tuple": [1, true] }),
            ],
        ),
        (
            "adjacent",
            vec![
                json!("Empty"),
                json!({ "kind": "Text" }),
                json!({ "kind": "Tuple", "value": [1] }),
                json!({ "kind": "Other" }),
            ],
        ),
        (
            "internal",
            vec![
                json!({ "kind": "Empty" }),
                json!({ "x": 1 }),
                json!({ "kind": "wrapped", "left": -1, "right": "a" }),
            ],
        ),
        ("untagged", vec![json!(true), json!([1.5]), json!({ "x": "1" }), json!(null)]),
        ("level", vec![json!("low"), json!(0), json!({ "Low": null })]),
    ];
    let schemas = Schemas::of::<dyn Everything>();
    for (method, values) in table {
        for value in values {
            for (place, accepted) in schemas.accept(method, &value) {
                assert!(!accepted, "{method}, {place}: {value} is accepted");
            }
        }
    }
}

#[test]
fn arguments_are_as_many_as_the_parameters() {
    let schemas = Schemas::of::<dyn Store>();
    let put = schemas.validator("/put/host/arguments");
    assert!(put.is_valid(&json!(["a", 1, null])) && put.is_valid(&json!(["a", 1, "b"])));
    for wrong in
        [json!([]), json!(["a", 1]), json!(["a", 1, null, null]), json!(["", 1, null]), json!([1, "a", null])]
    {
        assert!(!put.is_valid(&wrong), "{wrong}");
    }
    // What is not described is anything.
    assert!(schemas.validator("/opaque/host/arguments").is_valid(&json!([{ "whatever": [] }])));
    let count = Schemas::of::<dyn Pricing>().validator("/count/guest/arguments");
    let tags = |count: usize| (0..count).map(|tag| tag.to_string()).collect::<Json>();
    assert!(count.is_valid(&json!([{ "1": 2 }, tags(9)])) && !count.is_valid(&json!([{ "1": 2 }, tags(10)])));
}
