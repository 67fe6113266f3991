//! The contracts that are measured, their host, and their guests' sources.

use std::hint::black_box;

use sandbox_runtime::{Bytes, Result, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A struct of ten fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// A number as most are.
    pub id: u32,
    /// A text of a few letters.
    pub customer: String,
    /// A text of three.
    pub currency: String,
    /// A small number.
    pub quantity: u32,
    /// A fraction.
    pub unit: f64,
    /// A fraction.
    pub tax: f64,
    /// Computed by whom it is given to.
    pub total: f64,
    /// A truth.
    pub express: bool,
    /// What need not be there, and is.
    pub coupon: Option<String>,
    /// What need not be there, and is not.
    pub note: Option<String>,
}

impl Order {
    /// One like many.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            id: 48_213,
            customer: "Ada Lovelace".into(),
            currency: "EUR".into(),
            quantity: 12,
            unit: 2.5,
            tax: 0.19,
            total: 0.0,
            express: true,
            coupon: Some("SPRING".into()),
            note: None,
        }
    }
}

/// A struct of which there are many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// A text of a few letters.
    pub sku: String,
    /// A small number.
    pub quantity: u32,
    /// A fraction.
    pub unit: f64,
    /// A truth.
    pub taxed: bool,
}

impl Line {
    /// A thousand of them.
    #[must_use]
    pub fn thousand() -> Vec<Self> {
        (0..1000)
            .map(|n| Self {
                sku: format!("sku-{n}"),
                quantity: n % 50,
                unit: f64::from(n) * 0.25,
                taxed: n % 2 == 0,
            })
            .collect()
    }
}

/// What the host calls.
#[sandbox_api(guest)]
pub trait Guest {
    /// Two numbers.
    fn add(&self, a: f64, b: f64) -> Result<f64>;
    /// A text in and out.
    fn greet(&self, name: &str) -> Result<String>;
    /// A struct of ten fields in and out.
    fn order(&self, order: &Order) -> Result<Order>;
    /// A thousand structs in and out.
    fn lines(&self, lines: Vec<Line>) -> Result<Vec<Line>>;
    /// Bytes in.
    fn size(&self, bytes: Bytes) -> Result<f64>;
}

/// What implements [`Guest`], as the members of an object; the same text for the floor.
pub const GUEST: &str = "{
    add: (a, b) => a + b,
    greet: (name) => 'Hello, ' + name,
    order: (order) => { order.total = order.quantity * order.unit; return order; },
    lines: (lines) => lines,
    size: (bytes) => bytes.length,
}";

/// What the guest calls.
#[sandbox_api(host)]
pub trait Host {
    /// Two numbers.
    fn add(&self, a: f64, b: f64) -> f64;
    /// A text in and out.
    fn greet(&self, name: &str) -> String;
    /// A struct of ten fields in and out.
    fn order(&self, order: Order) -> Order;
    /// A thousand structs in and out.
    fn lines(&self, lines: Vec<Line>) -> Vec<Line>;
    /// Bytes in, as the host's own.
    fn size(&self, bytes: Bytes) -> f64;
    /// Bytes in, for the time of the call.
    fn lend(&self, bytes: &[u8]) -> f64;
}

/// The host of [`Host`], whose functions are those of the floor as well.
pub struct Direct;

impl Host for Direct {
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn greet(&self, name: &str) -> String {
        ["Hello, ", name].concat()
    }
    fn order(&self, mut order: Order) -> Order {
        order.total = f64::from(order.quantity) * order.unit;
        order
    }
    fn lines(&self, lines: Vec<Line>) -> Vec<Line> {
        lines
    }
    fn size(&self, bytes: Bytes) -> f64 {
        // A copy that nobody looks at is none.
        black_box(&*bytes).len() as f64
    }
    fn lend(&self, bytes: &[u8]) -> f64 {
        bytes.len() as f64
    }
}

/// A guest that calls its host in a loop.
#[sandbox_api(guest)]
pub trait Loops {
    /// Runs the loop of this name for so many turns.
    fn run(&self, name: &str, turns: f64) -> Result<f64>;
}

/// The loops, as members of an object. `HOST_add` and so on stand for what is called.
const LOOPS: &str = "{
    add: (turns) => { let sum = 0; for (let i = 0; i < turns; i++) sum = HOST_add(sum, i); return sum; },
    'greet-10': greets(10),
    'greet-1000': greets(1000),
    order: (turns) => {
        const order = { id: 48213, customer: 'Ada Lovelace', currency: 'EUR', quantity: 12, unit: 2.5, tax: 0.19, total: 0,
            express: true, coupon: 'SPRING', note: null };
        let sum = 0; for (let i = 0; i < turns; i++) sum += HOST_order(order).total; return sum; },
    lines: (turns) => {
        const lines = Array.from({ length: 1000 }, (_, n) => ({ sku: 'sku-' + n, quantity: n % 50, unit: n * 0.25, taxed: n % 2 == 0 }));
        let sum = 0; for (let i = 0; i < turns; i++) sum += HOST_lines(lines).length; return sum; },
    'bytes-64k': sizes(64 << 10),
    'bytes-1m': sizes(1 << 20),
    'lend-1m': (turns) => {
        const bytes = new Uint8Array(1 << 20);
        let sum = 0; for (let i = 0; i < turns; i++) sum += HOST_lend(bytes); return sum; },
}";

/// What makes loops that differ in a length; each has a closure of its own, so that V8 compiles them apart.
const MAKERS: &str = "
    const greets = (length) => (turns) => {
        const name = 'x'.repeat(length);
        let sum = 0; for (let i = 0; i < turns; i++) sum += HOST_greet(name).length; return sum; };
    const sizes = (length) => (turns) => {
        const bytes = new Uint8Array(length);
        let sum = 0; for (let i = 0; i < turns; i++) sum += HOST_size(bytes); return sum; };";

/// The names of the loops.
pub const LOOP_NAMES: [&str; 8] =
    ["add", "greet-10", "greet-1000", "order", "lines", "bytes-64k", "bytes-1m", "lend-1m"];

/// Statements that define `loops`; `host` is what a name of the host is put behind, such as `Host.`.
#[must_use]
pub fn loops(host: &str) -> String {
    format!("{MAKERS} const loops = {LOOPS};").replace("HOST_", host)
}

/// An asynchronous guest.
#[sandbox_api(guest)]
pub trait Task {
    /// Two numbers.
    async fn add(&self, a: f64, b: f64) -> Result<f64>;
    /// One `await` of the host.
    async fn ask(&self, a: f64) -> Result<f64>;
}

/// An asynchronous host.
#[sandbox_api(host)]
pub trait Twice {
    /// A number.
    async fn twice(&self, a: f64) -> f64;
}

#[sandbox_api]
impl Twice for Direct {
    async fn twice(&self, a: f64) -> f64 {
        a * 2.0
    }
}

/// What implements [`Task`].
pub const TASK: &str = "export const add = async (a, b) => a + b;
    export const ask = async (a) => await Twice.twice(a);";

/// The contract of a script that is started: one method.
#[sandbox_api(guest)]
pub trait First {
    /// Two numbers.
    fn add(&self, a: f64, b: f64) -> Result<f64>;
}

/// What implements [`First`].
pub const FIRST: &str = "export const add = (a, b) => a + b;";
