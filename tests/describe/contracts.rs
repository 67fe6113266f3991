//! A contract of every type that crosses, and two of a shop, as an application has them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sandbox_runtime::{AsMap, AsSet, Bytes, Date, Result, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::every;

macro_rules! everything {
    ($($method:ident $js:literal $type:ty;)*) => {
        #[sandbox_api]
        pub trait Everything {
            $(fn $method(&self, value: $type) -> Result<$type>;)*
        }
    };
}
crate::for_every_type!(everything);

pub type Parts = AsMap<BTreeMap<u32, i64>>;
pub type Tags = AsSet<BTreeSet<String>>;

/// An order of a customer.
///
/// It ends a comment: */ and goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(rename_all = "camelCase")]
#[garde(allow_unvalidated)]
pub struct Order {
    /// The number of the order.
    #[garde(range(min = 1))]
    pub order_id: i64,
    #[garde(length(chars, max = 64), pattern("^[a-z]+(/[a-z]+)*$"))]
    pub path: String,
    #[garde(length(min = 1, max = 3))]
    pub lines: Vec<Line>,
    pub note: Option<String>,
    #[serde(default)]
    pub urgent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<f32>,
    #[serde(rename = "placed-at")]
    pub placed: Date,
    pub seal: Bytes,
    pub tags: Tags,
    pub parts: Parts,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    pub name: String,
    /// How many.
    pub count: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// In serde's own representation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Shape {
    Empty,
    /// With a radius.
    Circle(f64),
    Line(Point, Point),
    Rect {
        width: u16,
        #[serde(default)]
        height: u16,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
pub enum Event {
    Opened,
    Moved { to: Point },
    Changed(Line),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
pub enum Answer {
    Nothing,
    One(u8),
    Two(u8, String),
    Named { big: u64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Question {
    Number(u8),
    Text(String),
    Object { deep: bool },
}

/// It has no schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opaque {
    pub secret: u8,
}

/// How a tenant prices.
#[sandbox_api(guest)]
pub trait Pricing {
    /// What an order costs, in cents.
    #[sandbox(returns(range(min = 0)))]
    fn price(&self, order: &Order, class: Option<u8>) -> Result<i64>;
    fn rename(&self, order: Order, default: &str) -> Result<Order>;
    fn pick(&self, shape: Shape) -> Result<Event>;
    fn answer(&self, question: Question) -> Result<Answer>;
    fn count(&self, parts: Parts, #[sandbox(length(max = 9))] tags: Tags) -> Result<BTreeMap<String, i64>>;
    fn reset(&self) -> Result<()> {
        Ok(())
    }
}

/// What the shop keeps.
#[sandbox_api(host)]
pub trait Store {
    fn get(&self, key: &str) -> Option<i64>;
    fn put(&self, #[sandbox(length(min = 1))] key: &str, value: i64, note: Option<String>);
    fn tag(&self, tags: Tags) -> AsMap<BTreeMap<i64, String>>;
    fn save(&self, bytes: &[u8], at: Date) -> BTreeMap<String, u8>;
    fn anything(&self, value: serde_json::Value) -> serde_json::Value;
    fn opaque(&self, value: Opaque) -> Opaque;
}

/// A store, with a line for each call that changes it.
#[derive(Clone, Default)]
pub struct Shelf(pub Rc<RefCell<Vec<String>>>);

impl Store for Shelf {
    fn get(&self, key: &str) -> Option<i64> {
        (key == "a").then_some(1 << 60)
    }
    fn put(&self, key: &str, value: i64, note: Option<String>) {
        self.0.borrow_mut().push(format!("{key} = {value} ({note:?})"));
    }
    fn tag(&self, tags: Tags) -> AsMap<BTreeMap<i64, String>> {
        AsMap((1..).zip(tags.0).collect())
    }
    fn save(&self, bytes: &[u8], at: Date) -> BTreeMap<String, u8> {
        self.0.borrow_mut().push(format!("{bytes:?} at {}", at.millis()));
        bytes.iter().map(|byte| (byte.to_string(), *byte)).collect()
    }
    fn anything(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }
    fn opaque(&self, value: Opaque) -> Opaque {
        value
    }
}

/// What takes its time, in both directions.
#[sandbox_api]
pub trait Later {
    async fn find(&self, key: &str) -> Result<Option<u32>>;
    async fn reset(&self) -> Result<()>;
    fn count(&self, keys: Vec<String>) -> Result<u32>;
}
