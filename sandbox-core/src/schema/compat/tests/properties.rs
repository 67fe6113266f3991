//! Properties of any two versions: each type is compared with each other.

use std::collections::{BTreeMap, HashSet};

use super::super::Change;
use super::types::*;
use super::*;

macro_rules! each {
    ($($ty:ty),* $(,)?) => {
        vec![$(both_ways::<$ty>()),*]
    };
}

/// A contract in which a `T` goes both ways.
fn both_ways<T: JsonSchema>() -> Description {
    Contract::new(true, true).method::<T>("run").param::<T>("value").done()
}

#[rustfmt::skip]
fn versions() -> Vec<Description> {
    each![
        (), bool, u8, u16, u32, i32, i64, isize, u64, i128, u128, f32, f64, char, String, serde_json::Value,
        Option<u8>, Option<()>, Option<String>, Vec<u8>, Vec<Option<u8>>, [u8; 0], [u8; 2], (u8, u8), (u8, u16),
        (u8, u8, u8), HashSet<u8>, Keyed<u8>, Keyed<serde_json::Value>, Numbered<u8>, BTreeMap<i32, u8>,
        Point, PointAgain, PointWithZ, PointWithOptionalZ, StrictPoint, StrictPointWithZ, StrictPointWithOptionalZ,
        Segment, SegmentAgain, SegmentWithZ, Required, Optional, Nullable, Level, LevelAgain, LevelWithMid, Shape,
        ShapeWithLine, ShapeWithWideCircle, Tagged, TaggedWithLine, TaggedWithDouble, Adjacent, AdjacentWithMid,
        Either, EitherWithFlag, EitherWide, Node, LongNode, OtherNode, WideNode, Flat, NotFlat, FlatTagged,
        FlatTaggedWithLine, FlatRest, FlatRestWide, Name, ShortName, Code, OtherCode, Percent, Positive,
        PositiveReal, NotNegativeReal, Even, Few, SmallMap, Date, Bytes, OtherBytes, FewBytes, JsSet, WideJsSet, JsMap,
        WideJsMap,
    ]
}

#[test]
fn versions_are_compared_in_both_orders() {
    let versions: Vec<_> = versions().into_iter().map(|version| (fingerprint(&version), version)).collect();
    for (index, (old_print, old)) in versions.iter().enumerate() {
        assert_eq!(compat(old, old), Compatibility::default());
        for (new_print, new) in &versions[..index] {
            let (there, back) = (compat(old, new), compat(new, old));
            assert_eq!(old_print == new_print, there.changes.is_empty(), "{there}");
            assert_eq!(there.changes.len(), back.changes.len(), "{there}\n{back}");
            for change in &there.changes {
                let opposite =
                    |other: &&Change| other.path == change.path && other.breaks == change.breaks.swapped();
                assert!(back.changes.iter().any(|other| opposite(&other)), "{there}\n{back}");
            }
        }
    }
}

#[test]
fn a_fingerprint_does_not_depend_on_notes_and_order() {
    let contract = || Contract::guest().method::<Point>("a").param::<Level>("level").method::<Node>("b");
    let plain = contract().done();
    let mut noted = contract().done();
    noted.docs = "A rule.".to_owned();
    noted.methods.reverse();
    noted.methods[1].docs = "The first.".to_owned();
    noted.methods[1].params[0].name = "height".to_owned();
    for schema in
        noted.to_guest.values_mut().chain(noted.to_host.values_mut()).filter_map(Json::as_object_mut)
    {
        schema.insert("title".to_owned(), "Title".into());
        schema.insert("description".to_owned(), "Description.".into());
        let mut entries: Vec<_> = std::mem::take(schema).into_iter().collect();
        entries.reverse();
        entries.iter_mut().for_each(|(_, value)| reverse(value));
        schema.extend(entries);
    }
    assert_ne!(plain, noted);
    assert_eq!(fingerprint(&plain), fingerprint(&noted));
    assert!(
        fingerprint(&plain).len() == 64 && fingerprint(&plain).chars().all(|digit| digit.is_ascii_hexdigit())
    );
}

/// The order of entries in lists that are sets.
fn reverse(list: &mut Json) {
    if let Json::Array(entries) = list {
        entries.reverse();
    }
}

/// Schemas that no type has, but that a file can hold.
#[test]
fn odd_schemas_are_compared_too() {
    let schemas = [
        r##"{ "$ref": "#/$defs/A" }"##,
        r##"{ "anyOf": [{ "$ref": "#/$defs/A" }, { "type": "integer" }] }"##,
        r##"{ "allOf": [{ "$ref": "#/$defs/A" }], "properties": { "a": { "$ref": "#/$defs/A" } } }"##,
        r##"{ "type": "object", "properties": { "a": { "anyOf": [{ "$ref": "#/$defs/A" }, true] } } }"##,
        r##"{ "type": "object", "additionalProperties": { "$ref": "#/$defs/A" }, "required": ["b", 1] }"##,
        r##"{ "$ref": "#/$defs/B" }"##,
        r##"{ "type": ["array", "null", 1], "items": false, "prefixItems": [{}], "maxItems": -1 }"##,
        r##"{ "type": "integer", "format": "uint8", "minimum": 0.5, "exclusiveMaximum": 1e300, "multipleOf": 0 }"##,
        r##"{ "enum": [null, 1, "a", [], { "b": 1, "a": 2 }], "type": "string" }"##,
        r##"{ "oneOf": [] }"##,
        r##"{ "x-js": 1 }"##,
        "false",
        "[]",
    ];
    let described = schemas.map(|schema| {
        let mut description = to_guest::<()>();
        let schema = serde_json::from_str(schema).expect("JSON");
        description.to_guest.insert("A".to_owned(), schema);
        description.methods[0].params[0].schema.to_guest = description.to_guest.get("A").cloned();
        description
    });
    for old in &described {
        assert_eq!(compat(old, old), Compatibility::default());
        for new in &described {
            let compatibility = compat(old, new);
            assert_eq!(
                fingerprint(old) == fingerprint(new),
                compatibility.changes.is_empty(),
                "{old:?}\n{new:?}"
            );
            assert_eq!(compatibility.breaks_guests(), compat(new, old).breaks_hosts(), "{compatibility}");
        }
    }
}
