//! Guests of contracts that came as data: the same program in this thread, in a thread, in a process, over pipes in memory, and
//! in pools.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use sandbox_runtime::site::Site;
use sandbox_runtime::{
    Client, Contract, Error, GuestContract, JsValue, LimitKind, LocalSandbox, OwnedContract, Pooled, Result,
    Sandbox, SandboxPool, Script, Trust, UntypedGuest, sandbox_api,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slack::{LONG, long};

mod sites;
mod slack;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    sku: String,
    quantity: u64,
    note: Option<String>,
    #[serde(default)]
    rush: bool,
}

#[sandbox_api(guest)]
pub trait Rule {
    fn price(&self, line: &Line, #[sandbox(range(min = 0, max = 1))] discount: f64) -> Result<f64>;
    #[sandbox(returns(length(max = 4)))]
    fn label(&self, of: &str) -> Result<String>;
    fn lines(&self, many: u32) -> Result<Vec<Line>>;
    fn endless(&self) -> Result<()>;
    async fn later(&self, of: &str) -> Result<String>;
    fn optional(&self) -> Result<bool> {
        Ok(true)
    }
    fn note(&self, of: Option<String>, all: Vec<Option<String>>) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Rates {
    fn rate(&self, of: &str) -> f64;
}

const SOURCE: &str = "
    export const price = (line, discount) => Number(line.quantity) * (1 - discount);
    export const label = (of) => {
        if (of === 'throw') throw new TypeError('no label');
        return of === 'null' ? null : of;
    };
    export const lines = (many) =>
        Array.from({ length: many }, (_, n) => n > 2 ? { sku: n } : { sku: `s${n}`, quantity: BigInt(n), note: null });
    export const endless = () => { for (;;); };
    export const later = async (of) => {
        if (of === 'throw') throw new TypeError('not later');
        return of === 'null' ? null : of;
    };
    export const note = (of, all) => `${of} ${all.join('|')} ${all.includes(undefined)}`;
";

fn contract() -> OwnedContract {
    let json = serde_json::to_string(&<dyn Rule>::describe()).unwrap();
    OwnedContract::from_json(&json).unwrap()
}

fn script() -> Script {
    Script::new("rule.mjs", SOURCE)
}

fn line(quantity: i128) -> JsValue {
    JsValue::Object(vec![
        ("sku".into(), "cpu".into()),
        ("quantity".into(), JsValue::bigint(quantity)),
        ("note".into(), JsValue::Null),
        ("rush".into(), JsValue::Bool(false)),
    ])
}

fn number(value: f64) -> JsValue {
    JsValue::Number(value)
}

/// The outcome of a call, as a text to compare.
fn told<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{}: {error}", error.kind()),
    }
}

/// Failures that a proxy and an untyped guest tell in equal words.
fn synchronous<S: Site>(sandbox: &Client<S>) -> Vec<String>
where
    <dyn Rule as GuestContract>::Proxy<S::Transport>: Rule,
{
    let guest = sandbox.eval(script()).unwrap();
    let (typed, untyped) = (guest.bind::<dyn Rule>().unwrap(), guest.bind_untyped(&contract()).unwrap());
    let call = |method: &str, args: &[JsValue]| untyped.call(method, args);
    let typed_line = Line { sku: "cpu".into(), quantity: 8, note: None, rush: false };
    assert_eq!(call("price", &[line(8), number(0.25)]).unwrap(), number(6.0));
    assert_eq!(typed.price(&typed_line, 0.25).unwrap(), 6.0);
    // Values of a contract's forms.
    assert_eq!(call("label", &["four".into()]).unwrap(), JsValue::String("four".into()));
    let JsValue::Array(lines) = call("lines", &[number(2.0)]).unwrap() else { panic!("no list") };
    assert_eq!(lines.len(), 2);
    // The guest gets `null` for a value that is not there.
    let none = call("note", &[JsValue::Undefined, vec![JsValue::Undefined].into()]).unwrap();
    assert_eq!(none, JsValue::String(typed.note(None, vec![None]).unwrap()));
    assert_eq!(none, JsValue::String("null  false".into()));
    // Each pair fails alike, and the guest goes on.
    let pairs = [
        (told(typed.price(&typed_line, 2.0)), told(call("price", &[line(8), number(2.0)]))),
        (told(typed.label("fifth")), told(call("label", &["fifth".into()]))),
        (told(typed.label("null")), told(call("label", &["null".into()]))),
        (told(typed.label("throw")), told(call("label", &["throw".into()]))),
        (told(typed.lines(5)), told(call("lines", &[number(5.0)]))),
    ];
    for (typed, untyped) in &pairs {
        assert_eq!(typed, untyped);
    }
    // Calls that no typed proxy can make.
    let mut failures = pairs.map(|(_, untyped)| untyped).to_vec();
    failures.push(told(call("price", &[line(-8), number(0.0)])));
    failures.push(told(call("price", &[JsValue::Null, number(0.0)])));
    failures.push(told(call("price", &[line(8)])));
    // Rust always writes these fields, so a script may expect them.
    let JsValue::Object(mut fields) = line(8) else { panic!("no object") };
    fields.truncate(2);
    failures.push(told(call("price", &[JsValue::Object(fields), number(0.0)])));
    failures.push(told(call("prize", &[])));
    failures.push(told(call("later", &["x".into()])));
    failures.push(told(untyped.exports("prize")));
    assert!(!untyped.exports("optional").unwrap() && untyped.exports("price").unwrap());
    failures.push(told(call("optional", &[])));
    let soon = untyped.with_deadline(Instant::now() + Duration::from_millis(200));
    let Err(Error::Limit { kind, place, .. }) = soon.call("endless", &[]) else { panic!("no limit") };
    assert_eq!((kind, place.unwrap().to_string()), (LimitKind::Deadline, "Rule.endless".to_owned()));
    assert_eq!(call("price", &[line(8), number(0.25)]).unwrap(), number(6.0), "the guest goes on");
    failures
}

async fn asynchronous<S: Site>(sandbox: &Client<S>) -> Vec<String> {
    let guest = sandbox.eval_async(script()).await.unwrap();
    let untyped: UntypedGuest<S::Transport> = guest.bind_untyped_async(&contract()).await.unwrap();
    let mut told_of = Vec::new();
    for (method, arg) in
        [("later", "now"), ("later", "throw"), ("later", "null"), ("label", "a"), ("prize", "")]
    {
        told_of.push(told(untyped.call_async(method, &[arg.into()]).await));
    }
    let (one, other) =
        (untyped.call_async("later", &["a".into()]), untyped.call_async("later", &["b".into()]));
    told_of.push(format!("{:?} {:?}", told(one.await), told(other.await)));
    // A handle keeps its guest.
    drop(guest);
    told_of.push(told(untyped.clone().call_async("later", &["kept".into()]).await));
    told_of
}

/// A runtime with threads of its own.
fn workers() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The outcomes of a local sandbox. Every other site has the same outcomes.
fn everywhere() -> (Vec<String>, Vec<String>) {
    let runtime = workers();
    let local = LocalSandbox::builder().limits(long()).build().unwrap();
    let current = sites::runtime();
    let here = (synchronous(&local), current.block_on(asynchronous(&local)));
    let thread = Sandbox::builder().limits(long()).build().unwrap();
    // The future of an untyped call is `Send` where the sandbox's handles are.
    let task =
        |sandbox: Client<_>| runtime.block_on(runtime.spawn(async move { asynchronous(&sandbox).await }));
    assert_eq!(here, (synchronous(&thread), task(thread).unwrap()), "on a thread");
    for (site, link) in sites::links() {
        let process = Sandbox::builder().limits(long()).transport(link).build().unwrap();
        let away = (synchronous(&process), runtime.block_on(asynchronous(&process)));
        assert_eq!(here, away, "{site}");
    }
    here
}

#[test]
fn a_program_is_the_same_at_every_site() {
    let (synchronous, asynchronous) = everywhere();
    let no_method = "value: Rule.prize → method: expected the name of a method, which is one of `price`, `label`, `lines`, \
                     `endless`, `later`, `optional`, `note`, got \"prize\""
        .to_owned();
    assert_eq!(
        synchronous,
        [
            "value: Rule.price → discount: expected a number from 0 to 1, got 2",
            "value: Rule.label → result: expected a string of at most 4 characters, got \"fifth\" (5 characters)",
            "value: Rule.label → result: expected a string of at most 4 characters, got null",
            "guest: Rule.label: TypeError: no label\n    at label (rule.mjs:4:35)",
            "value: Rule.lines → result[3].sku: expected a string, got 3; result[3]: expected the field `quantity`, got none; \
             result[4].sku: expected a string, got 4; result[4]: expected the field `quantity`, got none",
            "value: Rule.price → line.quantity: expected a BigInt from 0 to 2^64 - 1 (u64), got -8n",
            "value: Rule.price → line: expected an object, got null",
            "value: Rule.price → arguments: expected 2 arguments, got 1 argument",
            "value: Rule.price → line: expected the field `note`, got none; line: expected the field `rush`, got none",
            &no_method,
            "value: Rule.later → call: expected `call_async`, because the method is `async`, got `call`",
            &no_method,
            "value: Rule.optional → method: expected an export of the script, because the method is optional (`exports` \
             tells), got none",
        ],
    );
    assert_eq!(
        asynchronous,
        [
            "String(\"now\")",
            "guest: Rule.later: TypeError: not later\n    at later (rule.mjs:11:35)",
            "value: Rule.later → result: expected a string, got null",
            "value: Rule.label → call: expected `call`, because the method is not `async`, got `call_async`",
            &no_method,
            "\"String(\\\"a\\\")\" \"String(\\\"b\\\")\"",
            "String(\"kept\")",
        ]
    );
}

/// Nothing of a description is lost on its way through JSON and a contract.
#[test]
fn a_contract_is_described_as_its_trait_is() {
    let mut described = <dyn Rule>::describe();
    described.methods[0].max_calls = Some(100);
    let json = serde_json::to_string(&described).unwrap();
    let contract = OwnedContract::from_json(&json).unwrap();
    assert_eq!(*contract.description(), described);
    assert_eq!(contract.description().fingerprint(), <dyn Rule>::fingerprint());
    assert_eq!(contract.description().typescript(), <dyn Rule>::typescript());
    assert_eq!(OwnedContract::of::<dyn Rule>().unwrap().description(), &<dyn Rule>::describe());
    let facts = |spec: &sandbox_runtime::ContractSpec| {
        let of = |method: &sandbox_runtime::MethodSpec| {
            let params = method.params.iter().map(|param| param.name.to_string()).collect::<Vec<_>>();
            (method.name.to_string(), method.docs.to_string(), params, method.optional, method.is_async)
        };
        (spec.name.to_string(), spec.guest, spec.host, spec.methods.iter().map(of).collect::<Vec<_>>())
    };
    assert_eq!(facts(contract.spec()), facts(<dyn Rule as Contract>::SPEC));
    assert_eq!(contract.spec().methods[0].max_calls, Some(100));
}

/// An error can stay longer than the contract, and says where it was.
#[test]
fn an_error_outlives_its_contract() {
    let sandbox = Sandbox::builder().limits(long()).build().unwrap();
    let guest = sandbox.eval(script()).unwrap();
    let contract = contract();
    let spec = std::sync::Arc::downgrade(contract.spec());
    let error = guest.bind_untyped(&contract).unwrap().call("price", &[line(1), number(2.0)]).unwrap_err();
    drop((guest, contract, sandbox));
    assert!(error.to_string().starts_with("Rule.price → discount: "), "{error}");
    // Handles of a thread are dropped there, after the calls before.
    let end = Instant::now() + Duration::from_secs(60);
    while spec.upgrade().is_some() {
        assert!(Instant::now() < end, "the contract is kept");
        std::thread::yield_now();
    }
}

/// A contract of the host alone, and a script that lacks a method.
#[test]
fn a_contract_that_does_not_fit_is_refused() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let guest = sandbox.eval(Script::new("none.mjs", "export const prices = 1;")).unwrap();
    let (typed, untyped) = (guest.bind::<dyn Rule>().map(drop), guest.bind_untyped(&contract()).map(drop));
    assert_eq!(told(typed), told(untyped));
    let error = guest.bind_untyped(&OwnedContract::of::<dyn Rates>().unwrap()).map(drop).unwrap_err();
    assert!(matches!(&error, Error::Contract { contract, .. } if contract == "Rates"), "{error}");
}

/// The tenants of a pool have such guests too, wherever their sandboxes are.
#[test]
fn a_tenant_has_the_guest_that_a_sandbox_has() {
    let calls = [
        ("price", vec![line(8), number(0.25)]),
        ("price", vec![line(8), number(2.0)]),
        ("price", vec![line(8)]),
        ("label", vec!["four".into()]),
        ("label", vec!["fifth".into()]),
        ("label", vec!["throw".into()]),
        ("lines", vec![number(2.0)]),
        ("lines", vec![number(5.0)]),
        ("prize", vec![]),
        ("later", vec!["x".into()]),
        ("optional", vec![]),
    ];
    let later = ["now", "throw", "null"];
    let runtime = workers();
    let current = sites::runtime();
    let local = LocalSandbox::builder().limits(long()).build().unwrap();
    let local = local.eval(script()).unwrap().bind_untyped(&contract()).unwrap();
    let here = calls.iter().map(|(method, args)| told(local.call(method, args)));
    let here = here.chain(later.map(|of| told(current.block_on(local.call_async("later", &[of.into()])))));
    let here = here.collect::<Vec<_>>();

    let pools = [Trust::SameTenant, Trust::Tenants, Trust::Hostile].map(|trust| {
        let builder = SandboxPool::builder().trust(trust).limits(long()).slow(LONG);
        (format!("{trust:?} in processes"), builder.transport(slack::worker()))
    });
    let own = [Trust::SameTenant, Trust::Tenants]
        .map(|trust| (format!("{trust:?}"), SandboxPool::builder().trust(trust).limits(long()).slow(LONG)));
    for (name, builder) in pools.into_iter().chain(own) {
        let pool = builder.build().unwrap();
        let tenant = pool.tenant("acme");
        let guest = tenant.load_untyped(&contract(), script()).unwrap();
        let away = calls.iter().map(|(method, args)| told(guest.call(method, args)));
        // The future of a call is `Send`.
        let call =
            |of: &str| runtime.block_on(runtime.spawn(guest.call_async("later", &[of.into()]))).unwrap();
        let away = away.chain(later.map(|of| told(call(of)))).collect::<Vec<_>>();
        assert_eq!(away, here, "{name}");
        let soon = guest.with_deadline(Instant::now() + Duration::from_millis(200));
        let Err(Error::Limit { kind, place, .. }) = soon.call("endless", &[]) else { panic!("no limit") };
        assert_eq!(
            (kind, place.unwrap().to_string()),
            (LimitKind::Deadline, "Rule.endless".to_owned()),
            "{name}"
        );
        // A task loads the script too, and the tenant goes on.
        let loaded = runtime.spawn(async move { tenant.load_untyped_async(&contract(), script()).await });
        let guest: UntypedGuest<Pooled> = runtime.block_on(loaded).unwrap().unwrap();
        assert_eq!(told(guest.call("label", &["four".into()])), here[3], "{name}");
    }
    let pool = SandboxPool::builder().limits(long()).build().unwrap();
    let hosts = OwnedContract::of::<dyn Rates>().unwrap();
    let refused = pool.tenant("acme").load_untyped(&hosts, script()).map(drop);
    assert!(matches!(refused, Err(Error::Contract { .. })), "{refused:?}");
}
