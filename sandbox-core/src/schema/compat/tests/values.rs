//! Changes of values, in both directions.

use std::collections::{HashMap, HashSet};

use super::types::*;
use super::*;

/// The effects, as the receiver of the value sees them.
const WIDER: Breaks = GUESTS;
const NARROWER: Breaks = HOSTS;
const REPLACED: Breaks = BOTH;

fn going<Old: JsonSchema, New: JsonSchema>(changes: &[(&str, &str, Breaks)]) {
    let compatibility = compat(&to_guest::<Old>(), &to_guest::<New>());
    assert_eq!(found(&compatibility, "Rule.run → value"), expected(changes));
}

fn coming<Old: JsonSchema, New: JsonSchema>(changes: &[(&str, &str, Breaks)]) {
    let compatibility = compat(&to_host::<Old>(), &to_host::<New>());
    let mut found = found(&compatibility, "Rule.run → result");
    found.iter_mut().for_each(|(.., breaks)| *breaks = breaks.swapped());
    assert_eq!(found, expected(changes));
}

/// One change in both directions, and back.
fn changed<Old: JsonSchema, New: JsonSchema>(changes: &[(&str, &str, Breaks)]) {
    going::<Old, New>(changes);
    coming::<Old, New>(changes);
}

fn unchanged<Old: JsonSchema, New: JsonSchema>() {
    changed::<Old, New>(&[]);
    changed::<New, Old>(&[]);
}

#[test]
fn names_and_order_and_docs_are_no_change() {
    unchanged::<Point, PointAgain>();
    unchanged::<Segment, SegmentAgain>();
    unchanged::<Level, LevelAgain>();
    unchanged::<Flat, NotFlat>();
    unchanged::<Name, Name>();
    unchanged::<i64, isize>();
    unchanged::<[u8; 2], (u8, u8)>();
    unchanged::<Vec<u8>, HashSet<u8>>();
    unchanged::<Bytes, OtherBytes>();
    unchanged::<Option<serde_json::Value>, serde_json::Value>();
}

#[test]
fn recursive_types_are_compared_by_structure() {
    unchanged::<Node, LongNode>();
    let both = |what, effect| [(".next.value", what, effect), (".value", what, effect)];
    changed::<Node, WideNode>(&both("uint8 became uint16", WIDER));
    let what = "uint16 became uint8";
    let places = [".next.next.value", ".next.value", ".value"].map(|place| (place, what, NARROWER));
    changed::<WideNode, LongNode>(&places);
}

#[test]
fn properties() {
    changed::<Point, PointWithZ>(&[(".z", "required property added", NARROWER)]);
    changed::<PointWithZ, Point>(&[(".z", "required property removed", WIDER)]);
    changed::<Point, PointWithOptionalZ>(&[(".z", "optional property added", NOBODY)]);
    changed::<PointWithOptionalZ, Point>(&[(".z", "optional property removed", NOBODY)]);
    changed::<Required, Optional>(&[(".value", "became optional", WIDER)]);
    changed::<Optional, Required>(&[(".value", "became required", NARROWER)]);
    changed::<Segment, SegmentWithZ>(&[(".more[].z", "required property added", NARROWER)]);
    changed::<Flat, Point>(&[(".id", "required property removed", WIDER)]);
}

#[test]
fn properties_where_unknown_ones_are_refused() {
    coming::<Point, StrictPoint>(&[("", "other properties are refused", NARROWER)]);
    coming::<StrictPoint, Point>(&[("", "other properties are no longer refused", WIDER)]);
    coming::<StrictPoint, StrictPointWithOptionalZ>(&[(".z", "optional property added", WIDER)]);
    coming::<StrictPointWithOptionalZ, StrictPoint>(&[(".z", "optional property removed", NARROWER)]);
    coming::<StrictPoint, StrictPointWithZ>(&[(".z", "required property added", REPLACED)]);
}

#[test]
fn a_type_is_compared_wherever_it_occurs() {
    changed::<(Point, Point), (PointWithZ, PointWithZ)>(&[
        ("[0].z", "required property added", NARROWER),
        ("[1].z", "required property added", NARROWER),
    ]);
}

#[test]
fn null() {
    changed::<u8, Option<u8>>(&[("", "also allows null", WIDER)]);
    changed::<Option<u8>, u8>(&[("", "no longer allows null", NARROWER)]);
    changed::<Point, Option<Point>>(&[("", "also allows null", WIDER)]);
    changed::<Option<u8>, Option<u16>>(&[("", "uint8 became uint16", WIDER)]);
    changed::<Vec<Option<Level>>, Vec<Level>>(&[("[]", "no longer allows null", NARROWER)]);
    going::<Required, Nullable>(&[(".value", "also allows null", WIDER)]);
    coming::<Required, Nullable>(&[
        (".value", "became optional", WIDER),
        (".value", "also allows null", WIDER),
    ]);
}

#[test]
fn numbers() {
    changed::<u8, u32>(&[("", "uint8 became uint32", WIDER)]);
    changed::<u32, u8>(&[("", "uint32 became uint8", NARROWER)]);
    changed::<u32, i32>(&[("", "uint32 became int32", REPLACED)]);
    changed::<i32, f64>(&[("", "int32 became double", WIDER)]);
    changed::<f32, f64>(&[("", "float became double", WIDER)]);
    changed::<u64, u128>(&[("", "uint64 became uint128", WIDER)]);
    changed::<i64, u64>(&[("", "int64 became uint64", REPLACED)]);
    changed::<f64, i64>(&[("", "double became int64", REPLACED)]);
    changed::<u8, String>(&[("", "uint8 became string", REPLACED)]);
}

#[test]
fn a_bigint_can_come_as_a_number_but_never_goes_as_one() {
    going::<i32, i64>(&[("", "int32 became int64", REPLACED)]);
    going::<i64, i32>(&[("", "int64 became int32", REPLACED)]);
    coming::<i32, i64>(&[("", "int32 became int64", WIDER)]);
    coming::<i64, i32>(&[("", "int64 became int32", NARROWER)]);
    coming::<i64, u32>(&[("", "int64 became uint32", NARROWER)]);
}

#[test]
fn limits() {
    changed::<u8, Percent>(&[("", "uint8 became uint8 of at most 100", NARROWER)]);
    changed::<Percent, Positive>(&[("", "uint8 of at most 100 became uint8 of at least 1", REPLACED)]);
    changed::<PositiveReal, NotNegativeReal>(&[(
        "",
        "double of more than 0 became double of at least 0",
        WIDER,
    )]);
    changed::<u8, Even>(&[("", "uint8 became uint8 in steps of 2", NARROWER)]);
    changed::<Name, ShortName>(&[(
        "",
        "length: at least 1 and at most 64 became at least 1 and at most 32",
        NARROWER,
    )]);
    changed::<char, String>(&[("", "length: exactly 1 became at least 0", WIDER)]);
    changed::<Vec<u8>, Few>(&[("", "number of items: at least 0 became at least 0 and at most 3", NARROWER)]);
    changed::<SmallMap, Keyed<u8>>(&[(
        "",
        "number of properties: at least 0 and at most 3 became at least 0",
        WIDER,
    )]);
}

#[test]
fn patterns() {
    changed::<String, Code>(&[("", "must now match `^[A-Z]+$`", NARROWER)]);
    changed::<Code, String>(&[("", "need no longer match `^[A-Z]+$`", WIDER)]);
    changed::<Code, OtherCode>(&[
        ("", "need no longer match `^[A-Z]+$`", WIDER),
        ("", "must now match `^[0-9]+$`", NARROWER),
    ]);
}

#[test]
fn constants() {
    changed::<Level, LevelWithMid>(&[("", "also allows \"Mid\"", WIDER)]);
    changed::<LevelWithMid, Level>(&[("", "no longer allows \"Mid\"", NARROWER)]);
    changed::<Level, String>(&[("", "also allows string", WIDER)]);
    changed::<String, Level>(&[("", "no longer allows string", NARROWER)]);
}

#[test]
fn variants() {
    changed::<Shape, ShapeWithLine>(&[("", "also allows { Line }", WIDER)]);
    changed::<ShapeWithLine, Shape>(&[("", "no longer allows { Line }", NARROWER)]);
    going::<Shape, ShapeWithWideCircle>(&[(".Circle.radius", "also allows null", WIDER)]);
    changed::<Tagged, TaggedWithLine>(&[("", "also allows { kind: \"Line\" }", WIDER)]);
    changed::<Tagged, TaggedWithDouble>(&[("(Circle).radius", "float became double", WIDER)]);
    changed::<FlatTagged, FlatTaggedWithLine>(&[("", "also allows { kind: \"Line\" }", WIDER)]);
    changed::<Adjacent, AdjacentWithMid>(&[("(Level).c", "also allows \"Mid\"", WIDER)]);
    changed::<Either, EitherWithFlag>(&[("", "also allows boolean", WIDER)]);
    changed::<Either, EitherWide>(&[("", "uint8 became uint32", WIDER)]);
    changed::<u8, Either>(&[("", "also allows string", WIDER)]);
}

#[test]
fn arrays_and_tuples() {
    changed::<Vec<u8>, Vec<u16>>(&[("[]", "uint8 became uint16", WIDER)]);
    changed::<(u8, u8), (u8, u16)>(&[("[1]", "uint8 became uint16", WIDER)]);
    changed::<(u8, u8), (u8, u8, u8)>(&[("", "number of items: exactly 2 became exactly 3", REPLACED)]);
    changed::<(u8, u8), Vec<u8>>(&[("", "number of items: exactly 2 became at least 0", WIDER)]);
    changed::<[u16; 2], (u8, u16)>(&[("[0]", "uint16 became uint8", NARROWER)]);
    changed::<Vec<u8>, Keyed<u8>>(&[("", "array became object", REPLACED)]);
}

#[test]
fn maps() {
    changed::<Keyed<u8>, Keyed<u16>>(&[("{}", "uint8 became uint16", WIDER)]);
    changed::<Numbered<u8>, Numbered<u16>>(&[("{}", "uint8 became uint16", WIDER)]);
    changed::<Keyed<u8>, Numbered<u8>>(&[("", "other properties are refused", NARROWER)]);
    changed::<Keyed<u8>, Keyed<serde_json::Value>>(&[("", "other properties can be anything", WIDER)]);
    changed::<Numbered<u8>, std::collections::BTreeMap<i32, u8>>(&[
        ("", "no longer allows names like `^\\d+$`", NARROWER),
        ("", "also allows names like `^-?\\d+$`", WIDER),
    ]);
    changed::<FlatRest, FlatRestWide>(&[("{}", "uint8 became uint16", WIDER)]);
    changed::<FlatRest, Keyed<u8>>(&[(".id", "required property removed", WIDER)]);
}

#[test]
fn types_that_only_javascript_has() {
    changed::<Date, String>(&[("", "Date became string", REPLACED)]);
    changed::<Vec<u8>, Bytes>(&[("", "array became Uint8Array", REPLACED)]);
    changed::<Date, Bytes>(&[("", "Date became Uint8Array", REPLACED)]);
    changed::<Option<Date>, Option<Bytes>>(&[("", "Date became Uint8Array", REPLACED)]);
    changed::<JsSet, WideJsSet>(&[("[]", "uint8 became uint16", WIDER)]);
    changed::<JsMap, WideJsMap>(&[
        ("{key}", "also allows null", WIDER),
        ("{}", "boolean became anything", WIDER),
    ]);
    changed::<Bytes, FewBytes>(&[("", "length: at least 0 became at least 0 and at most 8", NARROWER)]);
}

/// In the crate's own types, null is in the keyword `type`, which counts for nothing else there.
#[test]
fn types_that_only_javascript_has_and_null() {
    fn nullable<T: JsonSchema>() {
        changed::<T, Option<T>>(&[("", "also allows null", WIDER)]);
        changed::<Vec<Option<T>>, Vec<T>>(&[("[]", "no longer allows null", NARROWER)]);
    }
    nullable::<crate::Date>();
    nullable::<crate::Bytes>();
    nullable::<crate::ErrorValue>();
    nullable::<crate::AsSet<HashSet<u8>>>();
    nullable::<crate::AsMap<HashMap<u8, u8>>>();
    nullable::<Date>();
}

#[test]
fn anything() {
    changed::<u8, serde_json::Value>(&[("", "uint8 became anything", WIDER)]);
    changed::<serde_json::Value, Level>(&[("", "anything became \"Low\" or \"High\"", NARROWER)]);
}
