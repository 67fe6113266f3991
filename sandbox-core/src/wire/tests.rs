//! Values as bytes: each value comes back, and malformed bytes are refused within the budget.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::limits::Limits;
use crate::value::{CrossingBudget, JsKind, JsValue, TextFault, Unrepresentable};

/// Every value that is no data.
fn others() -> impl Strategy<Value = Unrepresentable> {
    let kind = || proptest::sample::select(JsKind::ALL.to_vec());
    let fault = |(is_long, number)| match is_long {
        true => TextFault::Unreadable { length: number },
        false => TextFault::LoneSurrogate { index: number },
    };
    let fault = || any::<(bool, u64)>().prop_map(fault);
    let budget = || {
        prop_oneof![
            Just(CrossingBudget::Values),
            any::<u64>().prop_map(|found| CrossingBudget::Items { found }),
            any::<u64>().prop_map(|found| CrossingBudget::Text { found }),
            Just(CrossingBudget::Bytes),
            Just(CrossingBudget::Depth),
            Just(CrossingBudget::Stack),
        ]
    };
    prop_oneof![
        kind().prop_map(Unrepresentable::Kind),
        Just(Unrepresentable::BigInt),
        fault().prop_map(Unrepresentable::Text),
        fault().prop_map(Unrepresentable::PropertyName),
        Just(Unrepresentable::DetachedNumbers),
        Just(Unrepresentable::DetachedBytes),
        (any::<u64>(), budget())
            .prop_map(|(length, budget)| Unrepresentable::ExcessiveText { length, budget }),
        (kind(), budget()).prop_map(|(kind, budget)| Unrepresentable::Excessive { kind, budget }),
    ]
}

/// Any value that there is, up to NaN.
pub(super) fn values() -> impl Strategy<Value = JsValue> {
    let double = any::<f64>().prop_map(|value| if value.is_nan() { f64::NAN } else { value });
    let buffer = proptest::sample::select(vec!["ArrayBuffer", "DataView"]);
    let leaf = prop_oneof![
        Just(JsValue::Undefined),
        Just(JsValue::Null),
        any::<bool>().prop_map(JsValue::Bool),
        double.clone().prop_map(JsValue::Number),
        any::<i128>().prop_map(JsValue::bigint),
        any::<u128>().prop_map(|magnitude| JsValue::BigInt { negative: magnitude != 0, magnitude }),
        any::<u8>().prop_map(|small| JsValue::bigint(small.into())),
        any::<String>().prop_map(JsValue::String),
        others().prop_map(JsValue::Other),
        vec(any::<u8>(), 0..200).prop_map(JsValue::Bytes),
        (buffer, vec(any::<u8>(), 0..20)).prop_map(|(kind, bytes)| JsValue::Buffer { kind, bytes }),
        (proptest::sample::select(KINDS.to_vec()), vec(double.clone(), 0..20))
            .prop_map(|(kind, values)| JsValue::Numbers { kind, values }),
        double.prop_map(JsValue::Date),
    ];
    leaf.prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(JsValue::Array),
            vec(inner.clone(), 0..8).prop_map(JsValue::Set),
            vec((any::<String>(), inner.clone()), 0..8).prop_map(JsValue::Object),
            vec((inner.clone(), inner.clone()), 0..8).prop_map(JsValue::Map),
            [inner.clone(), inner.clone(), inner]
                .prop_map(|[name, message, cause]| { crate::value::error_of(name, message, cause) }),
        ]
    })
}

/// Whether a value is within limits, by its parts.
fn is_within(value: &JsValue, limits: &Limits, depth: usize) -> bool {
    let fits = |count: usize| count <= limits.value_items && depth < limits.value_depth;
    match value {
        JsValue::String(text) => text.encode_utf16().count() <= limits.value_text,
        JsValue::Array(items) | JsValue::Set(items) => {
            fits(items.len()) && items.iter().all(|item| is_within(item, limits, depth + 1))
        }
        JsValue::Object(fields) => {
            fits(fields.len()) && fields.iter().all(|(_, value)| is_within(value, limits, depth + 1))
        }
        JsValue::Map(pairs) => {
            let is_within = |value| is_within(value, limits, depth + 1);
            fits(pairs.len()) && pairs.iter().all(|(key, value)| is_within(key) && is_within(value))
        }
        JsValue::Numbers { values, .. } => fits(values.len()),
        JsValue::Error { rest, .. } => {
            fits(0) && rest.iter().all(|(_, value)| is_within(value, limits, depth + 1))
        }
        JsValue::Bytes(bytes) | JsValue::Buffer { bytes, .. } => bytes.len() <= limits.value_bytes,
        _ => true,
    }
}

fn small() -> Limits {
    Limits {
        value_nodes: 300,
        value_bytes: 200,
        value_text: 20,
        value_items: 6,
        value_depth: 3,
        ..Limits::default()
    }
}

/// The heap memory of a value.
fn heap(value: &JsValue) -> usize {
    const VALUE: usize = size_of::<JsValue>();
    match value {
        JsValue::String(text) => text.capacity(),
        JsValue::Bytes(bytes) | JsValue::Buffer { bytes, .. } => bytes.capacity(),
        JsValue::Numbers { values, .. } => values.capacity() * 8,
        JsValue::Array(items) | JsValue::Set(items) => {
            items.capacity() * VALUE + items.iter().map(heap).sum::<usize>()
        }
        JsValue::Object(fields) => {
            let inside = fields.iter().map(|(name, value)| name.capacity() + heap(value));
            fields.capacity() * size_of::<(String, JsValue)>() + inside.sum::<usize>()
        }
        JsValue::Map(pairs) => {
            pairs.capacity() * 2 * VALUE
                + pairs.iter().map(|(key, value)| heap(key) + heap(value)).sum::<usize>()
        }
        JsValue::Error { name, message, rest } => {
            let inside = rest.iter().map(|(_, value)| heap(value)).sum::<usize>();
            name.capacity() + message.capacity() + rest.capacity() * (16 + VALUE) + inside
        }
        _ => 0,
    }
}

/// NaN is nothing's equal, so what is compared is how it is shown; that of −0 is `-0.0`.
fn shown(value: &JsValue) -> String {
    format!("{value:?}")
}

proptest! {
    #[test]
    fn a_value_comes_back_as_it_was(value in values()) {
        let bytes = encoded(&value);
        prop_assert_eq!(shown(&decode(&bytes, DecodeBounds::TRUSTED).expect("it is read")), shown(&value));
        match decode(&bytes, &small()) {
            Ok(there) => prop_assert!(is_within(&there, &small(), 0)),
            Err(error) => prop_assert!(matches!(error.fault, DecodeFault::Limit { .. }), "{}", error),
        }
    }

    #[test]
    fn several_values_come_back(list in vec(values(), 0..5)) {
        let mut bytes = Out::default();
        encode_list(&list, &mut bytes);
        let there = decode_list(&*bytes, DecodeBounds::TRUSTED).expect("it is read");
        prop_assert_eq!(there.iter().map(shown).collect::<Vec<_>>(), list.iter().map(shown).collect::<Vec<_>>());
    }

    #[test]
    fn no_beginning_of_a_value_is_one(value in values()) {
        let bytes = encoded(&value);
        for end in 0..bytes.len() {
            prop_assert!(decode(&bytes[..end], DecodeBounds::TRUSTED).is_err(), "the first {} of {:?}", end, bytes);
        }
        let more = [&bytes[..], &[0]].concat();
        prop_assert_eq!(
            decode(&more, DecodeBounds::TRUSTED).expect_err("there is more"),
            WireError { at: bytes.len(), fault: DecodeFault::Trailing(1) }
        );
    }

    /// Bytes that decode to a value are the bytes that the value encodes to: there is one encoding of a value.
    #[test]
    fn whatever_becomes_of_a_byte_is_an_error_or_a_value(value in values(), with in 1..=255u8) {
        let bytes = encoded(&value);
        for at in 0..bytes.len().min(400) {
            let mut other = bytes.clone();
            other[at] ^= with;
            for bounds in [DecodeBounds::TRUSTED, (&small()).into()] {
                let Ok(value) = decode(&other, bounds) else { continue };
                // An Error of four bytes, none of whose parts is a string, has room for four parts.
                prop_assert!(heap(&value) <= 96 * other.len(), "{} for {}", heap(&value), other.len());
                let again = encoded(&value);
                prop_assert_eq!(shown(&decode(&again, bounds).expect("it is read")), shown(&value));
            }
            if let Ok(value) = decode(&other, &small()) {
                prop_assert!(is_within(&value, &small(), 0));
            }
        }
    }

    #[test]
    fn any_bytes_are_an_error_or_a_value(bytes in vec(prop_oneof![0..20u8, any::<u8>()], 0..200)) {
        if let Ok(value) = decode(&bytes, &small()) {
            prop_assert!(is_within(&value, &small(), 0));
        }
        _ = decode_list(&bytes, DecodeBounds::TRUSTED);
    }
}

fn fault(bytes: &[u8]) -> (usize, DecodeFault) {
    let error = decode(bytes, &Limits::default()).expect_err("it is no value");
    (error.at, error.fault)
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    assert_eq!(fault(&[]), (0, DecodeFault::Ended));
    assert_eq!(fault(&[ARRAY, 2, NULL]), (2, DecodeFault::Ended));
    assert_eq!(fault(&[ARRAY, 1, 20]), (2, DecodeFault::Tag(20)));
    assert_eq!(fault(&[NUMBERS, 8, 0]), (1, DecodeFault::Kind(8)));
    assert_eq!(fault(&[STRING, 0x80, 0]), (1, DecodeFault::Length));
    assert_eq!(fault(&[STRING, 0xff, 0xff, 0xff, 0xff, 0x1f]), (1, DecodeFault::Length));
    assert_eq!(fault(&[STRING, 0x80, 0x80, 0x80, 0x80, 0x80, 1]), (1, DecodeFault::Length));
    assert_eq!(fault(&[STRING, 1, 0xff]), (1, DecodeFault::Utf8));
    assert_eq!(fault(&[OTHER, 10]), (1, DecodeFault::Other));
    assert_eq!(fault(&[OTHER, OTHER_GIVEN, 1]), (2, DecodeFault::Ended));
    assert_eq!(fault(&[OTHER, OTHER_HANDLE, 1]), (2, DecodeFault::Ended));
    assert_eq!(fault(&[OTHER, OTHER_KIND, 15]), (2, DecodeFault::Other));
    assert_eq!(fault(&[&[OTHER, OTHER_TEXT, 2][..], &[0; 8]].concat()), (2, DecodeFault::Other));
    assert_eq!(fault(&[&[OTHER, OTHER_LONG][..], &[0; 8], &[6]].concat()), (10, DecodeFault::Other));
    assert_eq!(fault(&[OTHER, OTHER_MUCH, 0, 1, 0]), (4, DecodeFault::Ended));
    assert_eq!(fault(&[BIGINT, 1, 0]), (1, DecodeFault::BigInt));
    assert_eq!(fault(&[NEGATIVE, 0]), (1, DecodeFault::BigInt));
    assert_eq!(fault(&[[BIGINT, 17].as_slice(), &[1; 17]].concat()), (1, DecodeFault::BigInt));
    let limit = DecodeFault::Limit { what: "elements in one collection", limit: 100_000 };
    assert_eq!(fault(&[ARRAY, 0xff, 0xff, 0xff, 0xff, 0x0f]), (6, limit));
    let text = decode([STRING, 0x80].as_slice(), &Limits::default()).expect_err("it is no value").to_string();
    assert_eq!(text, "at byte 2: the bytes end inside of a value");
}

/// Each level claims as many elements as bytes are left.
#[test]
fn nested_promises_are_not_believed() {
    let mut bytes = Out::default();
    for _ in 0..100 {
        bytes.push(ARRAY);
        put_length(1_000, &mut bytes);
    }
    bytes.resize(2_000, NULL);
    let error = decode(&*bytes, DecodeBounds::TRUSTED).expect_err("there is not that much");
    assert_eq!((error.at, error.fault), (6, DecodeFault::Ended));
}

#[test]
fn a_deep_value_is_refused_and_not_recursed_into() {
    let mut bytes = [ARRAY, 1].repeat(1_000_000);
    bytes.push(NULL);
    let limit = DecodeFault::Limit { what: "levels of nesting", limit: 128 };
    assert_eq!(fault(&bytes), (258, limit));
    let error = decode(&[ERROR].repeat(1_000_000), DecodeBounds::TRUSTED).expect_err("it is too deep");
    assert!(matches!(error.fault, DecodeFault::Limit { what: "levels of nesting", .. }), "{error}");
}

#[test]
fn there_is_one_nan() {
    let other = f64::from_bits(0xfff0_0000_dead_beef);
    assert_eq!(encoded(&JsValue::Number(other)), encoded(&JsValue::Number(f64::NAN)));
    let bytes = [[NUMBER].as_slice(), &other.to_bits().to_le_bytes()].concat();
    let Ok(JsValue::Number(there)) = decode(&bytes, DecodeBounds::TRUSTED) else { panic!("a Number") };
    assert_eq!(there.to_bits(), NAN);
}

#[test]
fn the_bytes_are_those_of_the_documentation() {
    let value = JsValue::Object(vec![
        ("a".into(), JsValue::Array(vec![JsValue::Number(1.0), JsValue::bigint(-300)])),
        (
            "é".into(),
            crate::value::error_of(
                JsValue::String("E".into()),
                JsValue::Undefined,
                JsValue::Other(Unrepresentable::Kind(JsKind::Function)),
            ),
        ),
    ]);
    let expected: &[&[u8]] = &[
        &[9, 2, 1, b'a', 8, 2, 4, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 6, 2, 0x2c, 0x01],
        &[2, 0xc3, 0xa9, 17, 7, 1, b'E', 0, 18, 0, 2],
    ];
    assert_eq!(encoded(&value), expected.concat());
}

/// Deep values need no stack of the reader, however small that is.
#[test]
fn what_is_deep_needs_no_stack_of_the_readers() {
    let limits = Limits { value_depth: 256, ..Limits::default() };
    let deep = |level: &[u8]| [level.repeat(255).as_slice(), &[UNDEFINED]].concat();
    let kinds = [deep(&[ERROR, UNDEFINED, UNDEFINED]), deep(&[ARRAY, 1]), deep(&[MAP, 1, UNDEFINED])];
    let small = std::thread::Builder::new().stack_size(256 << 10).spawn(move || {
        kinds.iter().map(|bytes| decode(bytes.as_slice(), &limits).map(drop)).collect::<Vec<_>>()
    });
    assert_eq!(small.expect("it starts").join().expect("no panic"), [Ok(()), Ok(()), Ok(())]);
}
