//! Serializing to bytes writes what encoding the plain data writes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;

use super::tests::values;
use super::*;
use crate::boundary::plain;
use crate::limits::Limits;
use crate::value::{AsMap, AsSet, Bytes, Date, ErrorValue, JsValue};

#[derive(Debug, Clone, Serialize)]
struct Every {
    unit: (),
    flag: Option<bool>,
    small: (i8, u16, i32, f32, f64, char),
    big: (i64, u64, i128, u128),
    text: String,
    list: Vec<Option<Every>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<u8>,
    bytes: Bytes,
    names: BTreeMap<String, u8>,
    keys: BTreeMap<i64, bool>,
    pairs: BTreeMap<(i32, String), u8>,
    map: AsMap<BTreeMap<String, BTreeMap<u8, u8>>>,
    set: AsSet<BTreeSet<i16>>,
    date: Date,
    error: ErrorValue,
    choice: Vec<Choice>,
    json: serde_json::Value,
    value: JsValue,
}

#[derive(Debug, Clone, Serialize)]
enum Choice {
    Unit,
    New(u64),
    Tuple(f64, String),
    Fields { a: i64, b: Option<AsMap<BTreeMap<u8, u8>>> },
}

fn choices() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Unit),
        any::<u64>().prop_map(Choice::New),
        any::<(f64, String)>().prop_map(|(a, b)| Choice::Tuple(a, b)),
        (any::<i64>(), any::<Option<BTreeMap<u8, u8>>>())
            .prop_map(|(a, b)| Choice::Fields { a, b: b.map(AsMap) }),
    ]
}

fn jsons() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into)
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
        ]
    })
}

fn every() -> impl Strategy<Value = Every> {
    let causes = proptest::option::of(any::<(String, String)>());
    let error = (any::<String>(), any::<String>(), causes).prop_map(|(name, message, cause)| {
        let mut error = ErrorValue::new(name, message);
        error.cause = cause.map(|(name, message)| Box::new(ErrorValue::new(name, message)));
        error
    });
    let small = any::<(i8, u16, i32, f32, f64, char)>();
    let maps = any::<(
        BTreeMap<String, u8>,
        BTreeMap<i64, bool>,
        BTreeMap<(i32, String), u8>,
        BTreeMap<String, BTreeMap<u8, u8>>,
        BTreeSet<i16>,
    )>();
    let rest = (vec(choices(), 0..4), jsons(), values(), error);
    let plain = any::<(Option<bool>, String, Vec<u8>, i32)>();
    let leaf = (small, any::<(i64, u64, i128, u128)>(), maps, rest, plain).prop_map(
        |(
            small,
            big,
            (names, keys, pairs, map, set),
            (choice, json, value, error),
            (flag, text, bytes, date),
        )| Every {
            unit: (),
            flag,
            small,
            big,
            text,
            list: Vec::new(),
            skipped: bytes.clone(),
            bytes: bytes.into(),
            names,
            keys,
            pairs,
            map: AsMap(map),
            set: AsSet(set),
            date: Date::from_millis(date.into()).expect("in range"),
            error,
            choice,
            json,
            value,
        },
    );
    leaf.prop_recursive(2, 4, 2, |inner| {
        (inner.clone(), vec(proptest::option::of(inner), 0..2))
            .prop_map(|(outer, list)| Every { list, ..outer })
    })
}

/// A sequence that does not know its length.
struct UnknownLength(Vec<u64>);

impl Serialize for UnknownLength {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter(|number| **number != 7))
    }
}

fn assert_same<T: Serialize>(value: &T) {
    let mut bytes = Out::default();
    match (serialize(value, &mut bytes), plain(value)) {
        (Ok(()), Ok(plain)) => assert_eq!(*bytes, encoded(&plain)),
        // BigInts that no integer of 128 bits holds.
        (Err(_), Err(_)) => {}
        (bytes, plain) => panic!("{bytes:?}, but {plain:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn in_one_step_it_is_the_same_as_by_way_of_plain_data(value in every()) {
        assert_same(&value);
    }
}

#[test]
fn a_length_that_is_not_known_before_is_put_right() {
    for length in [0, 1, 7, 127, 128, 129, 300, 20_000] {
        assert_same(&UnknownLength((0..length).collect()));
    }
}

#[test]
fn the_unit_alone_is_undefined() {
    let mut bytes = Out::default();
    serialize_top(&(), &mut bytes).expect("it is written");
    serialize_top(&((),), &mut bytes).expect("it is written");
    assert_eq!(*bytes, [UNDEFINED, ARRAY, 1, NULL]);
}

/// `cargo test --release -p sandbox-runtime --features process,testing -- --ignored --nocapture times`
#[test]
#[ignore = "it measures"]
#[allow(clippy::print_stdout, reason = "what it measures is shown")]
fn times() {
    #[derive(Serialize, serde::Deserialize, Clone)]
    struct Ten {
        id: u32,
        name: String,
        price: f64,
        stock: i64,
        active: bool,
        tags: Vec<String>,
        note: Option<String>,
        width: f32,
        height: f32,
        code: String,
    }
    let ten = Ten {
        id: 7,
        name: "a name".into(),
        price: 1.5,
        stock: 12,
        active: true,
        tags: vec!["new".into(), "sale".into()],
        note: None,
        width: 1.0,
        height: 2.0,
        code: "ABC-123".into(),
    };
    fn time<T: Serialize + serde::de::DeserializeOwned>(name: &str, rounds: u32, value: &T) {
        let limits = Limits::default();
        let mut out = Out::default();
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            out.clear();
            serialize(value, &mut out).expect("it is written");
        }
        let written = start.elapsed() / rounds;
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(decode(&*out, &limits).expect("it is read"));
        }
        let decoded = start.elapsed() / rounds;
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            let budget = crate::boundary::Budget::new(&limits, crate::stack::StackEnd::of_thread());
            let tree = decode(&*out, &limits).expect("it is read");
            std::hint::black_box(crate::boundary::from_tree::<T>(&budget, tree).expect("it is of the type"));
        }
        let typed = start.elapsed() / rounds;
        println!(
            "{name}: {} bytes, written {written:?}, decoded {decoded:?}, decoded and typed {typed:?}",
            out.len()
        );
    }
    time("two numbers", 1_000_000, &(1.5, 2.5));
    time("ten fields", 300_000, &ten);
    time("a thousand of them", 300, &vec![ten; 1_000]);
    time("64 KiB", 30_000, &Bytes::from(vec![7; 64 << 10]));
}
