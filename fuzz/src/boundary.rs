//! Bytes → a value of JavaScript → the boundary, as several types and in both directions.
//!
//! Whatever the value is, it is refused with a typed error, or it is a value that stays the same when it crosses again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use sandbox_runtime::{
    AsMap, Bytes, Date, Error, ErrorValue, HostPanic, JsValue, Limits, LocalSandbox, Script, sandbox_api,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    name: String,
    count: u8,
    #[serde(default)]
    tags: BTreeSet<String>,
    nested: Option<Box<Record>>,
    choice: Option<Choice>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Choice {
    Number(f64),
    Big(i64),
    Named { name: String },
    List(Vec<Choice>),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", deny_unknown_fields)]
pub enum Tagged {
    Empty,
    Full { value: BTreeMap<i32, f32> },
}

macro_rules! types {
    ($($name:ident $type:ty;)*) => {
        #[sandbox_api(host)]
        pub trait Take {
            $(fn $name(&self, value: $type) -> $type;)*
        }

        /// Each passes a value to the host and gives it.
        #[sandbox_api(guest)]
        pub trait Give {
            $(fn $name(&self) -> sandbox_runtime::Result<$type>;)*
        }

        #[sandbox_api(guest)]
        pub trait Echo {
            $(fn $name(&self, value: $type) -> sandbox_runtime::Result<$type>;)*
        }

        struct Host;

        impl Take for Host {
            $(fn $name(&self, value: $type) -> $type {
                value
            })*
        }

        const NAMES: &[&str] = &[$(stringify!($name)),*];

        fn cross(give: &dyn Give, echo: &dyn Echo) -> usize {
            let taken = [$(check(give.$name(), |value| echo.$name(value))),*];
            taken.into_iter().filter(|taken| *taken).count()
        }
    };
}
types! {
    number f64;
    single f32;
    byte u8;
    int i64;
    huge u128;
    text String;
    letter char;
    flag Option<bool>;
    list Vec<Option<i16>>;
    pair (u32, String);
    names BTreeMap<String, Vec<u8>>;
    keys AsMap<BTreeMap<(i32, String), bool>>;
    bytes Bytes;
    date Date;
    failure ErrorValue;
    json serde_json::Value;
    record Record;
    choice Choice;
    tagged Tagged;
}

/// Says whether the host took the value.
fn check<T: Debug>(
    first: sandbox_runtime::Result<T>,
    echo: impl FnOnce(T) -> sandbox_runtime::Result<T>,
) -> bool {
    match first {
        Ok(value) => {
            let text = format!("{value:?}");
            let again = echo(value).unwrap_or_else(|error| panic!("{text} does not cross again: {error}"));
            assert_eq!(format!("{again:?}"), text, "it came back as another");
            return true;
        }
        Err(error @ Error::Guest(_)) => assert!(error.host_error::<HostPanic>().is_none(), "{error}"),
        Err(Error::Value(error)) => assert!(!error.violations.is_empty()),
        Err(Error::Limit { .. } | Error::Discarded { .. }) => {}
        Err(other) => panic!("{other}"),
    }
    false
}

/// One input; says how many of the types took its value.
pub fn run(bytes: &[u8]) -> usize {
    thread_local! {
        static SANDBOX: RefCell<Option<LocalSandbox>> = const { RefCell::new(None) };
    }
    let Ok(expression) = expression(&mut Unstructured::new(bytes), 4) else { return 0 };
    let sandbox = SANDBOX.take().unwrap_or_else(sandbox);
    let taken = attack(&sandbox, &expression);
    SANDBOX.set(sandbox.eval(Script::new("alive.cjs", "")).is_ok().then_some(sandbox));
    taken
}

fn sandbox() -> LocalSandbox {
    let limits = Limits { wall: Duration::from_secs(5), value_nodes: 10_000, ..Limits::default() };
    LocalSandbox::builder().limits(limits).host::<dyn Take>(Host).build().expect("a sandbox")
}

fn attack(sandbox: &LocalSandbox, expression: &str) -> usize {
    let each = NAMES.iter().map(|name| {
        // What the host gives back to a guest, the host takes again.
        format!(
            "{name}: () => {{
                let back;
                try {{ back = Take.{name}(make()) }} catch {{ return make() }}
                return Take.{name}(back);
            }},\n"
        )
    });
    let source =
        format!("const make = () => ({expression});\nexport default {{\n{}}};", each.collect::<String>());
    let same = NAMES.iter().map(|name| format!("{name}: (value) => value,\n")).collect::<String>();
    let load = || {
        let give = sandbox.load::<dyn Give>(Script::new("give.mjs", source))?;
        let echo =
            sandbox.load::<dyn Echo>(Script::new("echo.mjs", format!("export default {{\n{same}}};")))?;
        Ok((give, echo))
    };
    match load() {
        Ok((give, echo)) => cross(&give, &echo),
        Err(Error::Limit { .. } | Error::Discarded { .. }) => 0,
        Err(other) => panic!("{other}\n{expression}"),
    }
}

/// An expression of JavaScript, so deep at most.
fn expression(bytes: &mut Unstructured<'_>, depth: u32) -> Result<String> {
    if depth == 0 {
        return leaf(bytes);
    }
    let inner = |bytes: &mut Unstructured<'_>| expression(bytes, depth - 1);
    Ok(match bytes.int_in_range(0..=15u8)? {
        0..=3 => leaf(bytes)?,
        4 | 5 => format!("[{}]", several(bytes, inner)?),
        6..=8 => {
            format!("({{{}}})", several(bytes, |bytes| Ok(format!("[{}]: {}", name(bytes)?, inner(bytes)?)))?)
        }
        9 => format!(
            "new Map([{}])",
            several(bytes, |bytes| Ok(format!("[{}, {}]", inner(bytes)?, inner(bytes)?)))?
        ),
        10 => format!("new Set([{}])", several(bytes, inner)?),
        11 => format!(
            "({{get [{}]() {{ return {} }}, [{}]: {}}})",
            name(bytes)?,
            inner(bytes)?,
            name(bytes)?,
            inner(bytes)?
        ),
        12 => format!("({{get [{}]() {{ throw {} }}}})", name(bytes)?, inner(bytes)?),
        13 => format!("new Proxy(Object({}), {{}})", inner(bytes)?),
        14 => format!("Object.assign(Object({}), {{[{}]: {}}})", inner(bytes)?, name(bytes)?, inner(bytes)?),
        _ => format!(
            "Object.create(Object({}), {{[{}]: {{value: {}, enumerable: true}}}})",
            inner(bytes)?,
            name(bytes)?,
            inner(bytes)?
        ),
    })
}

fn several(
    bytes: &mut Unstructured<'_>,
    one: impl Fn(&mut Unstructured<'_>) -> Result<String>,
) -> Result<String> {
    let count = bytes.int_in_range(0..=4u8)?;
    let all = (0..count).map(|_| one(bytes)).collect::<Result<Vec<_>>>()?;
    Ok(all.join(", "))
}

/// The name of a field as a literal: one of the types' more often than another.
fn name(bytes: &mut Unstructured<'_>) -> Result<String> {
    const NAMES: &[&str] = &[
        "name",
        "count",
        "tags",
        "nested",
        "choice",
        "kind",
        "value",
        "a",
        "0",
        "-1",
        "__proto__",
        "then",
        "length",
    ];
    let name = match bytes.ratio(7, 8)? {
        true => (*bytes.choose(NAMES)?).to_owned(),
        false => bytes.arbitrary::<String>()?,
    };
    Ok(JsValue::String(name).to_js())
}

fn leaf(bytes: &mut Unstructured<'_>) -> Result<String> {
    const STRANGE: &[&str] = &[
        "Symbol('s')",
        "(() => {})",
        "Promise.resolve(1)",
        "/a/",
        "new Number(1)",
        "'\\ud800'",
        "(1n << 200n)",
        "new Array(5)",
        "new Uint8Array(4).buffer",
        "new BigInt64Array(2)",
        "new DataView(new ArrayBuffer(3))",
        "new WeakMap()",
        "(function () { return arguments })(1)",
        "new (class A { x = 1 })()",
        "globalThis",
        "(() => { const a = []; a.push(a); return a })()",
        "\"Empty\"",
        "\"Full\"",
        "NaN",
        "-0",
    ];
    let value = match bytes.int_in_range(0..=12u8)? {
        0 => JsValue::Null,
        1 => JsValue::Undefined,
        2 => JsValue::Bool(bytes.arbitrary()?),
        3 => JsValue::Number(bytes.arbitrary()?),
        4 => JsValue::Number(bytes.arbitrary::<i16>()?.into()),
        5 => JsValue::bigint(bytes.arbitrary()?),
        6 | 7 => JsValue::String(bytes.arbitrary()?),
        8 => JsValue::Bytes(bytes.arbitrary()?),
        9 => JsValue::Numbers { kind: "Float32", values: bytes.arbitrary()? },
        10 => JsValue::Date(bytes.arbitrary::<i32>()?.into()),
        11 => JsValue::Error { name: bytes.arbitrary()?, message: bytes.arbitrary()?, rest: Vec::new() },
        _ => return Ok((*bytes.choose(STRANGE)?).to_owned()),
    };
    Ok(value.to_js())
}
