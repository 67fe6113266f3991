//! Every description agrees with the boundary: on which values cross, and above all on where null and undefined do.
//!
//! Each type stands alone, in an `Option`, and in every place of [`Places`]. Its values are generated: those that keep the
//! contract, those that violate it, and those that have null, undefined or nothing in the place of each of their parts. What the
//! boundary does with a value decides; TypeScript, Zod and JSON Schema must say the same, and the comparison of versions must
//! see where they allow null.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sandbox_runtime::testing::{arguments, violating_arguments};
use sandbox_runtime::{
    AsMap, AsSet, Bytes, Contract, Date, Description, ErrorValue, JsValue, Limits, LocalSandbox, Result,
    Script, compat, sandbox_api,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{node, typescript};

#[path = "agreement/values.rs"]
mod values;

use values::{decoded, is_finite, to_json, to_ts, without_each_part};

/// How many generated values each method gets, of those that keep the contract, and of those that violate it.
const VALUES: usize = 12;
/// The longest text of a value that is written for the compiler.
const LONGEST: usize = 2_000;
/// The longest program for the compiler, in bytes. Four megabytes take it some ten seconds.
const LONGEST_PROGRAM: usize = 4_000_000;

/// A type in each place in which null can stand for a value, or a value be absent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Places<T> {
    plain: T,
    option: Option<T>,
    #[serde(default = "none::<T>")]
    defaulted: Option<T>,
    #[serde(default = "none::<T>", skip_serializing_if = "Option::is_none")]
    skipped: Option<T>,
    list: Vec<Option<T>>,
    lists: Option<Vec<T>>,
    pair: (Option<T>, T),
    array: [Option<T>; 2],
    map: BTreeMap<String, Option<T>>,
    js_map: AsMap<BTreeMap<u32, Option<T>>>,
    plain_map: Option<AsMap<BTreeMap<String, T>>>,
    newtype: Newtype<T>,
    option_newtype: Option<Plain<T>>,
    boxed: Option<Box<T>>,
    external: External<T>,
    internal: Internal<T>,
    adjacent: Option<Adjacent<T>>,
    #[serde(flatten)]
    flat: Flat<T>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Newtype<T>(Option<T>);

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Plain<T>(T);

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Flat<T> {
    flat_plain: T,
    flat_option: Option<T>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub enum External<T> {
    Empty,
    One(Option<T>),
    Two(T, Option<T>),
    Named { value: Option<T> },
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
pub enum Internal<T> {
    Empty,
    Named { value: Option<T> },
    Wrapped(Flat<T>),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
pub enum Adjacent<T> {
    One(Option<T>),
    Plain(T),
    Named { value: Option<T> },
}

/// A named type around one that JSON has not.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct When(Date);

macro_rules! contracts {
    ($($plain:ident $option:ident $places:ident $type:ty;)*) => {
        #[sandbox_api]
        pub trait Both {
            $(
                fn $plain(&self, value: $type) -> Result<$type>;
                fn $option(&self, value: Option<$type>) -> Result<Option<$type>>;
                fn $places(&self, value: Places<$type>) -> Result<Places<$type>>;
            )*
        }

        impl Both for Host {
            $(
                fn $plain(&self, value: $type) -> Result<$type> {
                    self.taken(value)
                }
                fn $option(&self, value: Option<$type>) -> Result<Option<$type>> {
                    self.taken(value)
                }
                fn $places(&self, value: Places<$type>) -> Result<Places<$type>> {
                    self.taken(value)
                }
            )*
        }

        /// The names of the methods of each type: of itself, and of its `Option`.
        const PAIRS: &[(&str, &str)] = &[$((stringify!($plain), stringify!($option))),*];
    };
}
contracts! {
    boolean booleano booleans bool;
    big bigo bigs i64;
    letter lettero letters char;
    text texto texts String;
    date dateo dates Date;
    bytes byteso bytess Bytes;
    tags tagso tagss AsSet<BTreeSet<String>>;
    parts partso partss AsMap<BTreeMap<String, u8>>;
    keyed keyedo keyeds AsMap<BTreeMap<Date, bool>>;
    error erroro errors ErrorValue;
    when wheno whens When;
    lasts lastso lastss Duration;
    moment momento moments SystemTime;
}

/// What reached the host, in its JSON form.
#[derive(Clone, Default)]
pub struct Host(Rc<RefCell<Vec<Json>>>);

impl Host {
    fn taken<T: Serialize + DeserializeOwned>(&self, value: T) -> Result<T> {
        self.0.borrow_mut().push(serde_json::to_value(&value).expect("JSON has a form of it"));
        Ok(value)
    }
}

#[sandbox_api(guest)]
pub trait Run {
    fn run(&self) -> Result<String>;
}

/// Passes each value to the host, and tells what came back.
const SCRIPT: &str = r#"
const shown = (value) => {
  switch (typeof value) {
    case "undefined": return ["undefined"];
    case "boolean": return ["boolean", value];
    case "number": return ["number", Object.is(value, -0) ? "-0" : String(value)];
    case "bigint": return ["bigint", String(value)];
    case "string": return ["string", value];
  }
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array", value.map(shown)];
  if (value instanceof Date) return ["date", value.getTime()];
  if (value instanceof Uint8Array) return ["bytes", [...value]];
  if (value instanceof Map) return ["map", [...value].map((entry) => entry.map(shown))];
  if (value instanceof Set) return ["set", [...value].map(shown)];
  if (value instanceof Error) return ["error", value.name, value.message];
  return ["object", Object.entries(value).map(([name, item]) => [name, shown(item)])];
};
export const run = () => JSON.stringify(values.map((make) => {
  try {
    return ["given", shown(call(make()))];
  } catch (error) {
    return ["refused", String(error)];
  }
}));
"#;

/// A value, and what the boundary made of it.
struct Tried {
    method: &'static str,
    value: JsValue,
    /// What reached the host, and what the guest was given back; `None` where the value was refused.
    accepted: Option<(Json, JsValue)>,
}

/// A sandbox, and the host of it.
struct Boundary {
    sandbox: LocalSandbox,
    host: Host,
}

impl Boundary {
    fn new() -> Self {
        let host = Host::default();
        let limits = Limits { wall: Duration::from_secs(600), ..Limits::default() };
        let builder = LocalSandbox::builder().limits(limits).host::<dyn Both>(host.clone());
        Self { sandbox: builder.build().unwrap(), host }
    }
}

fn try_all(boundary: &Boundary, method: &'static str, values: Vec<JsValue>) -> Vec<Tried> {
    let Boundary { sandbox, host } = boundary;
    let mut tried = Vec::new();
    for values in values.chunks(200) {
        let makers = values.iter().map(|value| format!("() => {},\n", value.to_js())).collect::<String>();
        let source =
            format!("const values = [\n{makers}];\nconst call = (value) => Both.{method}(value);\n{SCRIPT}");
        let outcomes = sandbox.load::<dyn Run>(Script::new("run.js", source)).unwrap().run().unwrap();
        let outcomes: Vec<Json> = serde_json::from_str(&outcomes).unwrap();
        let mut taken = std::mem::take(&mut *host.0.borrow_mut()).into_iter();
        for (value, outcome) in values.iter().zip(outcomes) {
            let accepted = match outcome[0].as_str().unwrap() {
                "given" => Some((taken.next().expect("it reached the host"), decoded(&outcome[1]))),
                _ => {
                    assert!(!outcome[1].as_str().unwrap().contains("result"), "{method}: {outcome}");
                    None
                }
            };
            tried.push(Tried { method, value: value.clone(), accepted });
        }
        assert_eq!(taken.next(), None, "{method}: a refused value reached the host");
    }
    tried
}

fn samples(values: impl Strategy<Value = Vec<JsValue>>, count: usize) -> Vec<JsValue> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| values.new_tree(&mut runner).unwrap().current().remove(0)).collect()
}

/// Generated values of a method; and those that came back, without each of their parts, the shortest for each.
fn tried(boundary: &Boundary, method: &'static str) -> (Vec<Tried>, Vec<Tried>) {
    let mut values = samples(arguments::<dyn Both>(method), VALUES);
    let is_places = !PAIRS.iter().any(|(plain, option)| [*plain, *option].contains(&method));
    if !is_places {
        values.extend(samples(violating_arguments::<dyn Both>(method).unwrap(), VALUES));
    }
    let mut generated = try_all(boundary, method, values);
    // Serde buffers the fields of a struct with `flatten`, and refuses -0 for an integer in them.
    generated.retain(|tried| !is_places || tried.accepted.is_some());
    let mut given: Vec<&JsValue> =
        generated.iter().filter_map(|tried| Some(&tried.accepted.as_ref()?.1)).collect();
    assert!(given.len() >= VALUES / 2, "{method}: {} values cross", given.len());
    given.sort_by_cached_key(|value| value.to_js().len());
    let mut places = BTreeSet::new();
    let mut without = given.into_iter().flat_map(without_each_part).collect::<Vec<_>>();
    without.retain(|(place, _)| places.insert(place.clone()));
    (generated, try_all(boundary, method, without.into_iter().map(|(_, value)| value).collect()))
}

const TS_HELPERS: &str = "import type { BothHost } from './Both'; \
    declare function set<const T extends readonly unknown[]>(...items: T): Set<T[number]>; \
    declare function map<const T extends readonly (readonly [unknown, unknown])[]>(...entries: T): Map<T[number][0], T[number][1]>; \
    type Takes<M extends keyof BothHost> = Parameters<BothHost[M]>[0]; \
    type Gives<M extends keyof BothHost> = ReturnType<BothHost[M]>;\n";

/// Where the TypeScript compiler has another opinion. It cannot tell ranges, so values that were generated to be wrong are left out.
fn typescript_disagrees(folder: &Path, generated: &[Tried], without: &[Tried]) -> String {
    let mut source = TS_HELPERS.to_owned();
    // Of each line whether it is right, and where it is from.
    let mut expected = vec![(true, String::new())];
    let mut line = |ty: &str, tried: &Tried, value: &JsValue, right: bool| {
        let text = format!("const v{}: {ty}<\"{}\"> = {};\n", expected.len(), tried.method, to_ts(value));
        assert_eq!(text.lines().count(), 1, "{text}");
        source.push_str(&text);
        expected.push((right, text));
    };
    for tried in generated.iter().chain(without) {
        if let Some((_, given)) = &tried.accepted
            && given.to_js().len() <= LONGEST
        {
            line("Gives", tried, given, true);
        }
    }
    for tried in without {
        line("Takes", tried, &tried.value, tried.accepted.is_some());
    }
    fs::write(folder.join("Both.d.ts"), <dyn Both as Contract>::typescript()).unwrap();
    assert!(source.len() < LONGEST_PROGRAM, "{} bytes of TypeScript", source.len());
    fs::write(folder.join("values.ts"), source).unwrap();
    let (said, _) = typescript::compile(folder, &["--noEmit", "values.ts"]);
    assert!(!said.contains("was killed"), "{said}");
    let wrong =
        typescript::errors(&said, "values.ts").into_iter().map(|(line, _)| line).collect::<BTreeSet<_>>();
    let of_line = |(index, (right, text)): (usize, &(bool, String))| {
        let compiles = !wrong.contains(&(index + 1));
        (compiles != *right)
            .then(|| format!("TypeScript {}: {text}", if compiles { "accepts" } else { "refuses" }))
    };
    expected.iter().enumerate().filter_map(of_line).collect()
}

const ZOD: &str = r"
const set = (...items) => new Set(items), map = (...entries) => new Map(entries);
import { guest, host } from './both.mjs';
import { rows } from './rows.mjs';
for (const [text, method, accepted, make, given] of rows) {
  const says = (where, schema, value, right) => {
    const { success } = schema.safeParse(value);
    if (success !== right) console.log(`Zod, ${where}, ${success ? 'accepts' : 'refuses'}: ${method} ${text}`);
  };
  says('an argument of the host', host[method].arguments, [make()], accepted);
  says('a result of the guest', guest[method].result, make(), accepted);
  if (!given) continue;
  says('a result of the host', host[method].result, given(), true);
  says('an argument of the guest', guest[method].arguments, [given()], true);
}
";

fn zod_disagrees(folder: &Path, all: &[&Tried]) -> String {
    let mut rows = "export const rows = [\n".to_owned();
    for Tried { method, value, accepted } in all {
        let text = json!(value.to_js());
        let given =
            accepted.as_ref().map_or("null".to_owned(), |(_, given)| format!("() => ({})", given.to_js()));
        let made = value.to_js();
        _ = writeln!(rows, "  [{text}, \"{method}\", {}, () => ({made}), {given}],", accepted.is_some());
    }
    rows.push_str("];\n");
    fs::write(folder.join("both.mjs"), <dyn Both as Contract>::zod()).unwrap();
    fs::write(folder.join("rows.mjs"), rows).unwrap();
    fs::write(folder.join("check.mjs"), ZOD).unwrap();
    node::run("node", &["check.mjs"], folder)
}

/// Where JSON Schema has another opinion.
fn json_schema_disagrees(schemas: &Json, method: &str, generated: &[Tried], without: &[Tried]) -> String {
    let validator = |place: &str| jsonschema::draft202012::new(&schemas[method]["host"][place]).unwrap();
    let [arguments, result] = ["arguments", "result"].map(validator);
    let mut wrong = String::new();
    for Tried { value, accepted, .. } in generated.iter().chain(without) {
        let Some((taken, given)) = accepted else { continue };
        if is_finite(given) && (!result.is_valid(taken) || !arguments.is_valid(&json!([taken]))) {
            _ = writeln!(wrong, "JSON Schema refuses: {method} {} as {taken}", value.to_js());
        }
    }
    for Tried { value, accepted, .. } in without.iter().filter(|tried| is_finite(&tried.value)) {
        if arguments.is_valid(&json!([to_json(value)])) != accepted.is_some() {
            let says = if accepted.is_some() { "refuses" } else { "accepts" };
            _ = writeln!(wrong, "JSON Schema {says}: {method} {} as {}", value.to_js(), to_json(value));
        }
    }
    wrong
}

#[test]
fn every_description_says_what_crosses() {
    let folder = node::folder("agreement");
    let boundary = Boundary::new();
    let schemas = <dyn Both as Contract>::json_schema();
    let (mut generated, mut without, mut wrong) = (Vec::new(), Vec::new(), String::new());
    for method in &*<dyn Both as Contract>::SPEC.methods {
        let (some, others) = tried(&boundary, &method.name);
        wrong.push_str(&json_schema_disagrees(&schemas, &method.name, &some, &others));
        generated.extend(some);
        without.extend(others);
    }
    let all = generated.iter().chain(&without).collect::<Vec<_>>();
    let accepted = all.iter().filter(|tried| tried.accepted.is_some()).count();
    assert!(accepted > 500 && all.len() - accepted > 500, "{accepted} of {}", all.len());
    wrong.push_str(&zod_disagrees(&folder, &all));
    wrong.push_str(&typescript_disagrees(&folder, &generated, &without));
    let first = wrong.lines().take(60).collect::<Vec<_>>().join("\n");
    assert!(
        wrong.is_empty(),
        "of {} values {} are described otherwise:\n{first}",
        all.len(),
        wrong.lines().count()
    );
}

/// Contracts of one method, which is called `value`, by the method of the whole that it is.
fn each_alone() -> BTreeMap<String, Description> {
    let whole = <dyn Both as Contract>::describe();
    let alone = whole.methods.iter().map(|method| {
        let mut only = whole.clone();
        only.methods = vec![method.clone()];
        only.methods[0].name = "value".to_owned();
        // Only the types that it leads to.
        let mut used = serde_json::to_string(&only.methods).unwrap();
        let mut is_growing = true;
        while is_growing {
            let named = |name: &String| used.contains(&format!("#/$defs/{name}\""));
            let (to_guest, to_host) = (whole.to_guest.iter(), whole.to_host.iter());
            only.to_guest = to_guest
                .filter(|(name, _)| named(name))
                .map(|(name, def)| (name.clone(), def.clone()))
                .collect();
            only.to_host = to_host
                .filter(|(name, _)| named(name))
                .map(|(name, def)| (name.clone(), def.clone()))
                .collect();
            let next = serde_json::to_string(&only).unwrap();
            is_growing = next.len() > used.len();
            used = next;
        }
        (method.name.clone(), only)
    });
    alone.collect()
}

#[test]
fn versions_differ_where_one_takes_null() {
    let versions = each_alone();
    let prints: BTreeMap<&str, String> =
        versions.iter().map(|(name, version)| (name.as_str(), version.fingerprint())).collect();
    // `When` is a `Date` by another name.
    let distinct = prints.values().collect::<BTreeSet<_>>().len();
    assert_eq!(distinct, prints.len() - 3, "{prints:#?}");
    for (plain, option) in PAIRS {
        let (plain, option) = (&versions[*plain], &versions[*option]);
        let changes = compat(plain, option);
        assert!(changes.to_string().contains("also allows null"), "{plain:?}: {changes}");
        assert!(changes.breaks_guests() && changes.breaks_hosts(), "{plain:?}: {changes}");
        assert_eq!(compat(plain, plain).changes, []);
        assert_eq!(compat(option, option).changes, []);
    }
}

/// Every schema in turn that allows null, without it.
fn without_each_null(schema: &Json) -> Vec<Json> {
    let mut all = Vec::new();
    let replaced = |key: &str, inner: Json| {
        let mut schema = schema.clone();
        schema[key] = inner;
        schema
    };
    for (key, inner) in schema.as_object().into_iter().flatten() {
        match (key.as_str(), inner) {
            ("type", Json::Array(types)) => {
                let others = types.iter().filter(|name| *name != "null").cloned().collect::<Vec<_>>();
                all.extend((others.len() < types.len()).then(|| replaced(key, others.into())));
            }
            ("anyOf", Json::Array(options)) => {
                let is_null = |option: &Json| *option == json!({ "type": "null" });
                let others = options.iter().filter(|option| !is_null(option)).cloned().collect::<Vec<_>>();
                all.extend((others.len() < options.len()).then(|| replaced(key, others.into())));
            }
            _ => {}
        }
        // The JSON form beside a type that JSON has not is read for its items alone.
        let is_read = schema.get("x-js").is_none() || ["x-js-key", "x-js-value", "items"].contains(&&**key);
        let is_data = ["default", "enum", "const"].contains(&&**key);
        if is_read && !is_data && inner.is_object() {
            all.extend(without_each_null(inner).into_iter().map(|inner| replaced(key, inner)));
        }
        for (at, item) in inner.as_array().into_iter().flatten().enumerate().filter(|_| !is_data) {
            all.extend(without_each_null(item).into_iter().map(|item| {
                let mut items = inner.clone();
                items[at] = item;
                replaced(key, items)
            }));
        }
    }
    all
}

#[test]
fn no_null_of_a_schema_is_overlooked() {
    let mut seen = 0;
    let special = |name: &str| ["dateo", "bytess", "tagss", "partso", "errors"].contains(&name);
    for (name, version) in each_alone().into_iter().filter(|(name, _)| special(name)) {
        let kept = serde_json::to_value(&version).unwrap();
        let (print, typescript, zod) = (version.fingerprint(), version.typescript(), version.zod());
        for changed in without_each_null(&kept) {
            let changed: Description = serde_json::from_value(changed).unwrap();
            let changes = compat(&version, &changed);
            assert!(changes.to_string().contains("null"), "{name}: {changes}\n{changed:?}");
            assert_ne!(print, changed.fingerprint(), "{name}");
            assert_ne!(typescript, changed.typescript(), "{name}");
            assert_ne!(zod, changed.zod(), "{name}");
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} schemas allow null");
}
