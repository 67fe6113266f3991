//! Values across the boundary: every supported type goes through a guest and comes back the same. What a guest may give
//! for each is in `tests/conversions.rs`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use every::{Adjacent, External, Internal, Level, Newtype, Pair, Pairing, Record, Unit, Untagged};
use proptest::prelude::*;
use sandbox_runtime::{AsMap, AsSet, Bytes, Date, ErrorValue, LocalSandbox, Result, Script, sandbox_api};
use slack::long;

mod slack;

#[allow(dead_code, reason = "each test uses some of it")]
mod every;

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
            let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Mirror>(Glass).build().unwrap();
            sandbox.load::<dyn Echo>(Script::new("echo.js", exports.concat())).unwrap()
        }
    };
}

for_every_type!(echo);

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

fn error() -> impl Strategy<Value = ErrorValue> {
    let name =
        prop_oneof![Just("Error"), Just("TypeError"), Just("RangeError"), Just("SyntaxError"), Just("Mine")];
    let leaf = (name, any::<String>()).prop_map(|(name, message)| ErrorValue::new(name, message));
    leaf.prop_recursive(3, 3, 1, |inner| {
        (inner.clone(), inner).prop_map(|(mut outer, inner)| {
            outer.cause = Some(Box::new(inner));
            outer
        })
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
    round_trips(any::<BTreeMap<(i32, String), u64>>().prop_map(AsMap), |v| echo.by_tuple(v));
    round_trips(
        any::<BTreeMap<String, i32>>()
            .prop_map(|map| AsMap(map.into_iter().map(|(k, v)| (k, v.into())).collect())),
        |v| echo.js_map(v),
    );
    round_trips(any::<BTreeSet<String>>().prop_map(AsSet), |v| echo.js_set(v));
    round_trips(
        (Date::MIN.millis()..=Date::MAX.millis()).prop_map(|ms| Date::from_millis(ms).unwrap()),
        |v| echo.date(v),
    );
    round_trips(error(), |v| echo.error(v));
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

/// Types of the standard library that people expect to cross otherwise.
#[sandbox_api(guest)]
pub trait AsSerdeHasThem {
    fn duration(&self, value: Duration) -> Result<Duration>;
    fn system_time(&self, value: SystemTime) -> Result<SystemTime>;
    fn numbers_of_bytes(&self, value: Vec<u8>) -> Result<Vec<u8>>;
}

#[test]
fn types_of_the_standard_library_cross_as_serde_has_them() {
    let script = "const kinds = (value) => Object.entries(value).map(([name, item]) => name + ' ' + typeof item).join();
        const is = (value, expected) => { if (kinds(value) !== expected) throw new Error(kinds(value)); return { ...value }; };
        export const duration = (value) => is(value, 'secs bigint,nanos number');
        export const systemTime = (value) => is(value, 'secs_since_epoch bigint,nanos_since_epoch number');
        export const numbersOfBytes = (value) => new Uint8Array(is(value, '0 number,1 number') && value);";
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let echo = sandbox.load::<dyn AsSerdeHasThem>(Script::new("echo.js", script)).unwrap();
    let long = Duration::new(90, 500);
    assert_eq!(echo.duration(long).unwrap(), long);
    assert_eq!(echo.system_time(UNIX_EPOCH + long).unwrap(), UNIX_EPOCH + long);
    assert_eq!(echo.numbers_of_bytes(vec![1, 255]).unwrap(), [1, 255]);
}

/// What serde buffers before it knows the types.
mod buffered {
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Numbers {
        pub integer: i64,
        pub float: f64,
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Flat {
        #[serde(flatten)]
        pub numbers: Numbers,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    pub enum Tagged {
        Some(Numbers),
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    pub enum Untagged {
        Some(Numbers),
    }

    #[sandbox_runtime::sandbox_api(guest)]
    pub trait Give {
        fn plain(&self, is_negative: bool) -> sandbox_runtime::Result<Numbers>;
        fn flat(&self, is_negative: bool) -> sandbox_runtime::Result<Flat>;
        fn tagged(&self, is_negative: bool) -> sandbox_runtime::Result<Tagged>;
        fn untagged(&self, is_negative: bool) -> sandbox_runtime::Result<Untagged>;
    }
}

#[test]
fn negative_zero_that_serde_buffers_is_kept_for_floats_and_refused_for_integers() {
    use buffered::{Flat, Give, Numbers, Tagged, Untagged};

    let script = "const give = (isNegative) => ({ kind: 'Some', integer: isNegative ? -0 : 0, float: -0 });
        export { give as plain, give as flat, give as tagged, give as untagged };";
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let give = sandbox.load::<dyn Give>(Script::new("give.js", script)).unwrap();
    let is_kept = |Numbers { integer, float }| integer == 0 && same_float(float, -0.0);
    assert!(is_kept(give.plain(true).unwrap()));
    assert_eq!(every::refusal(give.flat(true)), "result: expected i64, got -0");
    assert_eq!(every::refusal(give.tagged(true)), "result: expected i64, got -0");
    every::refusal(give.untagged(true));
    // The same of a positive zero crosses, with the sign of the float.
    let Flat { numbers } = give.flat(false).unwrap();
    let (Tagged::Some(tagged), Untagged::Some(untagged)) =
        (give.tagged(false).unwrap(), give.untagged(false).unwrap());
    assert!([numbers, tagged, untagged].into_iter().all(is_kept));
}
