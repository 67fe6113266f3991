//! Types in several versions. Only their schemas are used; no value is made.
#![allow(dead_code, reason = "schemas are made from the types alone")]

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;

macro_rules! types {
    ($($item:item)*) => { $(#[derive(JsonSchema)] $item)* };
}

types! {
    pub struct Point { x: f64, y: f64 }
    pub struct PointAgain { y: f64, /** Across. */ x: f64 }
    pub struct PointWithZ { x: f64, y: f64, z: f64 }
    pub struct PointWithOptionalZ { x: f64, y: f64, #[serde(default, skip_serializing_if = "Option::is_none")] z: Option<f64> }
    #[serde(deny_unknown_fields)] pub struct StrictPoint { x: f64, y: f64 }
    #[serde(deny_unknown_fields)] pub struct StrictPointWithZ { x: f64, y: f64, z: f64 }
    #[serde(deny_unknown_fields)] pub struct StrictPointWithOptionalZ { x: f64, y: f64, #[serde(default, skip_serializing_if = "Option::is_none")] z: Option<f64> }
    pub struct Segment { from: Point, to: PointWithZ, more: Vec<Point> }
    pub struct SegmentAgain { from: PointAgain, to: PointWithZ, more: Vec<PointAgain> }
    pub struct SegmentWithZ { from: Point, to: PointWithZ, more: Vec<PointWithZ> }
    pub struct Required { value: u8 }
    pub struct Optional { #[serde(default, skip_serializing_if = "is_zero")] value: u8 }
    pub struct Nullable { value: Option<u8> }

    pub enum Level { Low, High }
    pub enum LevelAgain { High, /** The lowest. */ Low }
    pub enum LevelWithMid { Low, Mid, High }
    pub enum Shape { None, Circle { radius: f64 }, Square(f64) }
    pub enum ShapeWithLine { Line(f64, f64), None, Circle { radius: f64 }, Square(f64) }
    pub enum ShapeWithWideCircle { None, Square(f64), Circle { radius: Option<f64> } }
    #[serde(tag = "kind")] pub enum Tagged { Circle { radius: f32 }, Point(Point) }
    #[serde(tag = "kind")] pub enum TaggedWithLine { Line { length: f64 }, Circle { radius: f32 }, Point(Point) }
    #[serde(tag = "kind")] pub enum TaggedWithDouble { Point(Point), Circle { radius: f64 } }
    #[serde(tag = "t", content = "c")] pub enum Adjacent { Level(Level), Number(u8) }
    #[serde(tag = "t", content = "c")] pub enum AdjacentWithMid { Level(LevelWithMid), Number(u8) }
    #[serde(untagged)] pub enum Either { Number(u8), Text(String) }
    #[serde(untagged)] pub enum EitherWithFlag { Flag(bool), Number(u8), Text(String) }
    #[serde(untagged)] pub enum EitherWide { Text(String), Number(u32) }

    pub struct Node { value: u8, next: Option<Box<Node>> }
    pub struct LongNode { value: u8, next: Option<Box<OtherNode>> }
    pub struct OtherNode { value: u8, next: Option<Box<LongNode>> }
    pub struct WideNode { value: u16, next: Option<Box<WideNode>> }

    pub struct Flat { id: u8, #[serde(flatten)] point: Point }
    pub struct NotFlat { id: u8, x: f64, y: f64 }
    pub struct FlatTagged { id: u8, #[serde(flatten)] tagged: Tagged }
    pub struct FlatTaggedWithLine { id: u8, #[serde(flatten)] tagged: TaggedWithLine }
    pub struct FlatRest { id: u8, #[serde(flatten)] rest: HashMap<String, u8> }
    pub struct FlatRestWide { id: u8, #[serde(flatten)] rest: HashMap<String, u16> }

    pub struct Name(#[schemars(length(min = 1, max = 64))] String);
    pub struct ShortName(#[schemars(length(min = 1, max = 32))] String);
    pub struct Code(#[schemars(regex(pattern = "^[A-Z]+$"))] String);
    pub struct OtherCode(#[schemars(regex(pattern = "^[0-9]+$"))] String);
    pub struct Percent(#[schemars(range(min = 0, max = 100))] u8);
    pub struct Positive(#[schemars(range(min = 1))] u8);
    pub struct PositiveReal(#[schemars(extend("exclusiveMinimum" = 0))] f64);
    pub struct NotNegativeReal(#[schemars(range(min = 0.0))] f64);
    pub struct Even(#[schemars(extend("multipleOf" = 2))] u8);
    pub struct Few(#[schemars(length(max = 3))] Vec<u8>);
    pub struct SmallMap(#[schemars(extend("maxProperties" = 3))] HashMap<String, u8>);

    #[schemars(extend("x-js" = "Date"))] pub struct Date(String);
    #[schemars(extend("x-js" = "Uint8Array"))] pub struct Bytes(Vec<u8>);
    #[schemars(extend("x-js" = "Uint8Array"))] pub struct OtherBytes(String);
    #[schemars(extend("x-js" = "Uint8Array", "maxItems" = 8))] pub struct FewBytes(Vec<u8>);
    #[schemars(extend("x-js" = "Set"))] pub struct JsSet(HashSet<u8>);
    #[schemars(extend("x-js" = "Set"))] pub struct WideJsSet(HashSet<u16>);
    #[schemars(extend("x-js" = "Map", "x-js-key" = { "type": "string" }, "x-js-value" = { "type": "boolean" }))]
    pub struct JsMap(Vec<u8>);
    #[schemars(extend("x-js" = "Map", "x-js-key" = { "type": ["string", "null"] }, "x-js-value" = true))]
    pub struct WideJsMap(Vec<u8>);
}

pub type Keyed<V> = BTreeMap<String, V>;
pub type Numbered<V> = BTreeMap<u32, V>;

fn is_zero(value: &u8) -> bool {
    *value == 0
}
