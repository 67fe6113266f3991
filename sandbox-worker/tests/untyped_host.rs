//! Hosts of contracts that came as data do what hosts of the trait do: the same program, in this thread, in a thread, in a
//! process, over pipes in memory, and in a pool.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sandbox_runtime::observe::{HostCallBegin, HostCallEnd, Observer};
use sandbox_runtime::site::Site;
use sandbox_runtime::{
    AsMap, BoundaryError, Builder, Bytes, Client, Contract, Date, Error, GuestContract, GuestError,
    HostPanic, JsValue, LimitKind, Limits, LocalSandbox, OwnedContract, Result, Sandbox, SandboxPool, Script,
    Trust, UntypedAnswer, UntypedHost, UntypedHostCall, async_trait, sandbox_api,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slack::long;

mod sites;
mod slack;

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    sku: String,
    stock: u64,
    note: Option<String>,
}

#[derive(Clone, Debug, thiserror::Error, GuestError)]
pub enum StoreError {
    #[error("no {sku} in shard 7")]
    #[guest(class = "RangeError", message = "no such product: {sku}")]
    NotFound {
        #[guest]
        sku: String,
    },
    #[error("password=1234")]
    Secret,
}

#[sandbox_api(host)]
pub trait Store {
    fn find(&self, sku: &str, #[sandbox(range(min = 1, max = 3))] many: u32) -> Result<Item, StoreError>;
    fn put(&self, item: Item) -> u64;
    fn at(&self, date: Date) -> Date;
    fn data(&self, bytes: Bytes) -> Bytes;
    fn ages(&self, of: AsMap<BTreeMap<String, u32>>) -> AsMap<BTreeMap<String, u32>>;
    fn any(&self, of: serde_json::Value) -> serde_json::Value;
    fn nothing(&self);
    #[sandbox(returns(length(max = 4)))]
    fn label(&self, of: String) -> String;
    fn panics(&self, of: String) -> String;
    #[sandbox(max_calls = 2)]
    fn few(&self, of: String) -> String;
    async fn later(&self, of: String) -> Result<String, StoreError>;
}

#[sandbox_api(guest)]
pub trait Probe {
    fn probe(&self, case: &str) -> Result<String>;
    async fn later(&self, case: &str) -> Result<String>;
}

struct Typed;

#[async_trait]
impl Store for Typed {
    fn find(&self, sku: &str, many: u32) -> Result<Item, StoreError> {
        match sku {
            "cpu" => Ok(Item { sku: sku.to_owned(), stock: many.into(), note: None }),
            "secret" => Err(StoreError::Secret),
            _ => Err(StoreError::NotFound { sku: sku.to_owned() }),
        }
    }
    fn put(&self, item: Item) -> u64 {
        item.stock + 1
    }
    fn at(&self, date: Date) -> Date {
        date
    }
    fn data(&self, bytes: Bytes) -> Bytes {
        bytes
    }
    fn ages(&self, of: AsMap<BTreeMap<String, u32>>) -> AsMap<BTreeMap<String, u32>> {
        of
    }
    fn any(&self, of: serde_json::Value) -> serde_json::Value {
        of
    }
    fn nothing(&self) {}
    fn label(&self, of: String) -> String {
        of
    }
    fn panics(&self, of: String) -> String {
        panic!("{of}")
    }
    fn few(&self, of: String) -> String {
        of
    }
    async fn later(&self, of: String) -> Result<String, StoreError> {
        tokio::task::yield_now().await;
        later(&of)
    }
}

fn later(of: &str) -> Result<String, StoreError> {
    match of {
        "secret" => Err(StoreError::Secret),
        "panic" => panic!("{of}"),
        _ => Ok(of.to_owned()),
    }
}

/// Gives the answers of [`Typed`] as plain data.
struct Untyped;

impl UntypedHost for Untyped {
    type Error = StoreError;

    fn call(&self, call: UntypedHostCall) -> Result<JsValue, StoreError> {
        let method = call.method().to_owned();
        let mut args = call.into_args();
        Ok(match (&*method, &*args) {
            ("find", [JsValue::String(sku), JsValue::Number(many)]) => match &**sku {
                "cpu" => JsValue::Object(vec![
                    ("sku".into(), "cpu".into()),
                    ("stock".into(), JsValue::bigint(*many as i128)),
                    ("note".into(), JsValue::Null),
                ]),
                "secret" => return Err(StoreError::Secret),
                _ => return Err(StoreError::NotFound { sku: sku.clone() }),
            },
            ("put", [JsValue::Object(fields)]) => {
                match fields.iter().find(|(name, _)| name == "stock").map(|(_, stock)| stock) {
                    Some(JsValue::BigInt { magnitude, .. }) => JsValue::bigint(*magnitude as i128 + 1),
                    Some(JsValue::Number(number)) => JsValue::bigint(*number as i128 + 1),
                    other => panic!("the contract has a number, not {other:?}"),
                }
            }
            ("nothing", []) => JsValue::Null,
            ("panics", _) => panic!("{args:?}"),
            (_, [_]) => args.remove(0),
            (method, args) => panic!("the contract has no {method} of {args:?}"),
        })
    }

    fn call_async(&self, call: UntypedHostCall) -> UntypedAnswer<StoreError> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            match call.args() {
                [JsValue::String(of)] => later(of).map(JsValue::from),
                other => panic!("the contract has a string, not {other:?}"),
            }
        })
    }
}

/// Gives the answers of [`Untyped`] in their JSON form.
struct FromJson;

impl UntypedHost for FromJson {
    type Error = StoreError;

    fn call(&self, call: UntypedHostCall) -> Result<JsValue, StoreError> {
        let answer = Untyped.call(call.clone())?.to_json();
        Ok(call.result_from_json(&answer))
    }

    fn call_async(&self, call: UntypedHostCall) -> UntypedAnswer<StoreError> {
        Box::pin(async move {
            let answer = Untyped.call_async(call.clone()).await?.to_json();
            Ok(call.result_from_json(&answer))
        })
    }
}

const SOURCE: &str = r#"
    const shown = (value) => {
        if (typeof value === 'bigint') return `${value}n`;
        if (value instanceof Date) return `Date ${value.getTime()}`;
        if (value instanceof Map) return `Map ${shown([...value])}`;
        if (value instanceof Uint8Array) return `Bytes ${[...value]}`;
        if (Array.isArray(value)) return `[${value.map(shown)}]`;
        if (value && typeof value === 'object')
            return `{${Object.keys(value).map((key) => `${key}: ${shown(value[key])}`)}}`;
        return typeof value === 'string' ? JSON.stringify(value) : `${value}`;
    };
    const item = { sku: 'a', stock: 4n, note: null };
    const cases = {
        find: () => Store.find('cpu', 2), foundNot: () => Store.find('gpu', 2), secret: () => Store.find('secret', 1),
        range: () => Store.find('cpu', 4), two: () => Store.find(5, 0.5), none: () => Store.find(), more: () => Store.find('cpu', 1, 9),
        put: () => Store.put(item), number: () => Store.put({ ...item, stock: 5 }), missing: () => Store.put({ sku: 1 }),
        rest: () => Store.put({ ...item, extra: 1 }), symbol: () => Store.put(Symbol('a')),
        getter: () => Store.put({ ...item, get note() { throw new TypeError('mine'); } }),
        at: () => Store.at(new Date(5)), invalid: () => Store.at(new Date(NaN)), data: () => Store.data(Uint8Array.of(1, 2)),
        notData: () => Store.data([1, 2]), ages: () => Store.ages(new Map([['Ada', 36]])), agesOf: () => Store.ages(new Map([['Ada', -1]])),
        any: () => Store.any({ a: [1, 'b', null] }), nothing: () => Store.nothing(), label: () => Store.label('four'),
        broken: () => Store.label('fifth'), panics: () => Store.panics('x'), few: () => [Store.few('a'), Store.few('b')],
        long: () => Store.label('x'.repeat(5000)), frozen: () => Object.isFrozen(Store) && Object.isFrozen(Store.find),
        names: () => Object.keys(Store), absent: () => Store.absent(), later: () => Store.later('x'),
    };
    const laterCases = {
        later: () => Store.later('x'), secret: () => Store.later('secret'), panic: () => Store.later('panic'), wrong: () => Store.later(5),
        both: () => Promise.all([Store.later('a'), Store.later('b')]),
    };
    const told = (error) => `${error.name}: ${error.message} ${shown({ ...error })} ${error instanceof Error}`;
    export const probe = (name) => {
        if (name.startsWith('!')) return shown(cases[name.slice(1)]());
        if (name === 'many') { for (;;) Store.few('a'); }
        try { return shown(cases[name]()); } catch (error) { return told(error); }
    };
    export const later = async (name) => {
        if (name.startsWith('!')) return shown(await laterCases[name.slice(1)]());
        try { return shown(await laterCases[name]()); } catch (error) { return told(error); }
    };
"#;

const CASES: [&str; 30] = [
    "find", "foundNot", "secret", "range", "two", "none", "more", "put", "number", "missing", "rest",
    "symbol", "getter", "at", "invalid", "data", "notData", "ages", "agesOf", "any", "nothing", "label",
    "broken", "panics", "few", "long", "frozen", "names", "absent", "later",
];
/// Cases whose errors the guest does not catch.
const UNCAUGHT: [&str; 4] = ["!foundNot", "!secret", "!broken", "!panics"];
const LATER: [&str; 8] = ["later", "secret", "panic", "wrong", "both", "!secret", "!panic", "!wrong"];

fn contract() -> OwnedContract {
    let json = serde_json::to_string(&<dyn Store>::describe()).unwrap();
    OwnedContract::from_json(&json).unwrap()
}

fn script() -> Script {
    Script::new("probe.mjs", SOURCE)
}

/// Without the references of opaque errors, which are new each time.
fn same(text: &str) -> String {
    let mut parts = text.split("(reference ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + "(reference …" + &part[part.find(')').unwrap_or(0)..])
}

fn told(outcome: Result<String>) -> String {
    match outcome {
        Ok(value) => same(&value),
        Err(error) => {
            let host = error.host_error::<StoreError>().map(ToString::to_string);
            let panic = error.host_error::<HostPanic>().map(ToString::to_string);
            let value = error.host_error::<BoundaryError>().map(ToString::to_string);
            same(&format!("{}: {error} {host:?} {panic:?} {value:?}", error.kind()))
        }
    }
}

/// The host calls, as observers are told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Observer for Told {
    fn on_host_call_begin(&self, event: &HostCallBegin<'_>) {
        self.0.lock().unwrap().push(format!("{} {}", event.place, event.is_async));
    }
    fn on_host_call_end(&self, event: &HostCallEnd<'_>) {
        self.0.lock().unwrap().push(format!("{} {}", event.place, event.outcome.word()));
    }
}

fn program(probe: &impl Probe, runtime: &tokio::runtime::Runtime) -> Vec<String> {
    let mut lines = Vec::new();
    for case in CASES.iter().chain(&UNCAUGHT) {
        lines.push(format!("{case}: {}", told(probe.probe(case))));
    }
    for case in LATER {
        lines.push(format!("later {case}: {}", told(runtime.block_on(probe.later(case)))));
    }
    lines
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// The outcomes of a typed host and of an untyped one, which are the same.
fn both<S: Site>(
    site: &str,
    builder: impl Fn() -> Builder<Client<S>>,
    typed: impl Fn(Builder<Client<S>>) -> Builder<Client<S>>,
    untyped: impl Fn(Builder<Client<S>>) -> Builder<Client<S>>,
) -> Vec<String>
where
    <dyn Probe as GuestContract>::Proxy<S::Transport>: Probe,
{
    let runtime = runtime();
    let run = |host: &dyn Fn(Builder<Client<S>>) -> Builder<Client<S>>| {
        let events = Told::default();
        let sandbox = host(builder().limits(long())).observer(events.clone()).build().unwrap();
        let probe = sandbox.load::<dyn Probe>(script()).unwrap();
        let mut lines = program(&probe, &runtime);
        let many = probe.probe("many");
        assert!(matches!(many, Err(Error::Limit { kind: LimitKind::HostCalls, .. })), "{many:?}");
        lines.push(told(many));
        assert_eq!(told(probe.probe("few")), r#"["a","b"]"#, "the sandbox goes on");
        lines.push(format!("{} host calls", sandbox.usage().total.host_calls));
        // Two calls that are under way together end in any order.
        events.0.lock().unwrap().sort();
        lines.append(&mut events.0.lock().unwrap());
        lines
    };
    are_equal(site, &run(&typed), run(&untyped))
}

fn are_equal(site: &str, typed: &[String], untyped: Vec<String>) -> Vec<String> {
    for (typed, untyped) in typed.iter().zip(&untyped) {
        assert_eq!(typed, untyped, "{site}");
    }
    assert_eq!(typed.len(), untyped.len(), "{site}");
    untyped
}

#[test]
fn an_untyped_host_is_as_the_typed_one_at_every_site() {
    let contract = contract();
    let local = both(
        "local",
        LocalSandbox::builder,
        |builder| builder.host::<dyn Store>(Typed),
        |builder| builder.untyped_host(&contract, Untyped),
    );
    assert!(local[0].starts_with("find: {sku: \"cpu\",stock: 2n,note: null}"), "{local:#?}");
    both(
        "from JSON",
        LocalSandbox::builder,
        |builder| builder.host::<dyn Store>(Typed),
        |builder| builder.untyped_host(&contract, FromJson),
    );
    both(
        "thread",
        Sandbox::builder,
        |builder| builder.host::<dyn Store>(Typed),
        |builder| builder.untyped_host(&contract, Untyped),
    );
    for (site, link) in sites::links() {
        both(
            site,
            || Sandbox::builder().transport(link.clone()),
            |builder| builder.host::<dyn Store>(Typed),
            |builder| builder.untyped_host(&contract, Untyped),
        );
    }
}

#[test]
fn an_untyped_host_is_as_the_typed_one_in_pools() {
    let (contract, runtime) = (contract(), runtime());
    for trust in [Trust::SameTenant, Trust::Tenants, Trust::Hostile] {
        let builder = || {
            SandboxPool::builder().trust(trust).transport(slack::worker()).limits(long()).slow(slack::LONG)
        };
        let run = |builder: Builder<SandboxPool>| {
            let pool = builder.build().unwrap();
            program(&pool.tenant("acme").load::<dyn Probe>(script()).unwrap(), &runtime)
        };
        let typed = run(builder().host::<dyn Store>(|_| Box::new(Typed)));
        are_equal(&format!("{trust:?}"), &typed, run(builder().untyped_host(&contract, |_| Untyped)));
    }
    let pool = SandboxPool::builder()
        .limits(long())
        .threads(1)
        .untyped_host(&contract, |_| Untyped)
        .build()
        .unwrap();
    let probe = pool.tenant("acme").load::<dyn Probe>(script()).unwrap();
    assert_eq!(told(probe.probe("any")), r#"{a: [1,"b",null]}"#);
}

/// A part of an argument that is beyond a limit, or that is no data, reaches no host.
#[test]
fn arguments_beyond_limits_are_refused_at_every_site() {
    let limits = || Limits { value_text: 1000, value_items: 20, value_depth: 6, ..long() };
    let source = "
        const nested = [[[[[[[[1]]]]]]]], many = Array(30).fill(1), text = 'x'.repeat(1001);
        const any = [many, nested, { a: [text] }, () => 1, { a: Symbol('a') }];
        const calls = [() => Store.label(text), () => Store.put({ sku: text, stock: 1 }), () => Store.ages(new Map(many.entries()))]
            .concat(any.map((value) => () => Store.any(value)));
        export const probe = (n) => {
            try { return `${calls[n]()}`; } catch (error) { return `${error.name} ${error.message}`; }
        };
        export const later = async () => '';
    ";
    fn all<S: Site>(sandbox: &Client<S>, source: &str) -> Vec<String>
    where
        <dyn Probe as GuestContract>::Proxy<S::Transport>: Probe,
    {
        let probe = sandbox.load::<dyn Probe>(Script::new("probe.mjs", source)).unwrap();
        (0..8).map(|n| probe.probe(&n.to_string()).unwrap()).collect()
    }
    let contract = contract();
    let typed = LocalSandbox::builder().limits(limits()).host::<dyn Store>(Typed).build().unwrap();
    let here = LocalSandbox::builder().limits(limits()).untyped_host(&contract, Untyped).build().unwrap();
    let here = all(&here, source);
    for (typed, untyped) in all(&typed, source).iter().zip(&here) {
        // Both name the place. The typed reader stops at a limit, and names the first.
        let place = |text: &str| {
            text.split(':').next().map(|place| place.split(['.', '[']).take(2).collect::<String>())
        };
        assert!(typed.starts_with("TypeError Store."), "{typed}");
        assert_eq!(place(typed), place(untyped), "{typed} {untyped}");
    }
    assert!(
        here[0].ends_with("got a string of length 1001 that is more than may cross (`Limits::value_text`)"),
        "{}",
        here[0]
    );
    for (site, link) in sites::links() {
        let away = Sandbox::builder().limits(limits()).transport(link).untyped_host(&contract, Untyped);
        assert_eq!(all(&away.build().unwrap(), source), here, "{site}");
    }
}

/// A closure is a host. The contract must be one of a host, and no other of its name may be hosted.
#[test]
fn what_cannot_be_a_host_is_refused_when_the_sandbox_is_built() {
    let nothing = |_: UntypedHostCall| Ok::<_, Error>(JsValue::Undefined);
    let guests = OwnedContract::of::<dyn Probe>().unwrap();
    let twice = Sandbox::builder().host::<dyn Store>(Typed).untyped_host(&contract(), nothing).build();
    let local = LocalSandbox::builder().untyped_host(&guests, nothing).build().map(drop);
    let guests = Sandbox::builder().untyped_host(&guests, nothing).build();
    for (error, text) in [
        (twice.map(drop), "two contracts named `Store` are hosted"),
        (guests.map(drop), "the contract Probe cannot be used: guests alone implement it"),
        (local, "the contract Probe cannot be used: guests alone implement it"),
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Build { .. }) && error.to_string().contains(text), "{error}");
    }
    let sandbox = Sandbox::builder().limits(long()).untyped_host(&contract(), nothing).build().unwrap();
    let probe = sandbox.load::<dyn Probe>(script()).unwrap();
    assert_eq!(told(probe.probe("nothing")), "undefined");
    assert_eq!(told(probe.probe("any")), "null");
}
