//! A type of every kind that crosses, for the tests that try them all, and what they read of a refusal.

use std::collections::{BTreeMap, BTreeSet};

use sandbox_runtime::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Newtype(pub String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair(pub i32, pub String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub first_name: String,
    pub age: u8,
    pub balance: i64,
    #[serde(default)]
    pub tags: Vec<String>,
    pub nested: Option<Box<Record>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Strict {
    pub x: f64,
}

/// A value with rules, each of a kind of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(rename_all = "camelCase")]
pub struct Bounded {
    #[garde(range(min = 0.0, max = 100.0))]
    pub unit_price: f64,
    #[garde(length(chars, min = 1, max = 8), pattern("^[A-Z]*$"))]
    pub code: String,
    #[garde(length(max = 3), inner(range(min = 0, max = 9)))]
    pub counts: Vec<u32>,
}

macro_rules! representations {
    ($($(#[$attribute:meta])* $name:ident $(, $tuple:ident)?;)*) => {$(
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Internal {
    Empty,
    Named { x: f64, y: Option<bool> },
    Wrapped(Pairing),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pairing {
    pub left: u32,
    pub right: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Untagged {
    Number(f64),
    Text(String),
    Named { x: f64 },
    List(Vec<u32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Level {
    Low,
    High,
}

/// What a refusal says after the name of the method.
pub fn refusal<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Value(error)) => error.to_string().split_once(" → ").unwrap().1.to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

pub type Tree = BTreeMap<String, Vec<bool>>;
pub type Tags = BTreeSet<i32>;

/// Calls a macro with a line for each type: the method, its name in JavaScript, the type.
#[macro_export]
macro_rules! for_every_type {
    ($macro:ident) => {
        $macro! {
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
            hash_map "hashMap" std::collections::HashMap<String, i64>;
            tree_map "treeMap" every::Tree;
            by_number "byNumber" std::collections::BTreeMap<i64, String>;
            by_level "byLevel" std::collections::BTreeMap<every::Level, u32>;
            by_char "byChar" std::collections::BTreeMap<char, bool>;
            by_tuple "byTuple" sandbox_runtime::AsMap<std::collections::BTreeMap<(i32, String), u64>>;
            hash_set "hashSet" std::collections::HashSet<String>;
            tree_set "treeSet" every::Tags;
            js_set "jsSet" sandbox_runtime::AsSet<std::collections::BTreeSet<String>>;
            js_map "jsMap" sandbox_runtime::AsMap<std::collections::BTreeMap<String, f64>>;
            bytes "bytes" sandbox_runtime::Bytes;
            byte_list "byteList" Vec<sandbox_runtime::Bytes>;
            octets "octets" Vec<u8>;
            date "date" sandbox_runtime::Date;
            duration "duration" std::time::Duration;
            system_time "systemTime" std::time::SystemTime;
            error "error" sandbox_runtime::ErrorValue;
            json "json" serde_json::Value;
            unit_struct "unitStruct" every::Unit;
            newtype "newtype" every::Newtype;
            pair "pair" every::Pair;
            record "record" every::Record;
            strict "strict" every::Strict;
            bounded "bounded" every::Bounded;
            external "external" every::External;
            adjacent "adjacent" every::Adjacent;
            internal "internal" every::Internal;
            untagged "untagged" every::Untagged;
            level "level" every::Level;
            boxed "boxed" Box<every::Record>;
            counted "counted" std::rc::Rc<every::Record>;
            shared "shared" std::sync::Arc<every::Record>;
        }
    };
}
