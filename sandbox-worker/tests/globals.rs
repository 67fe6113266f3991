//! Free globals: the same at every site, in open and frozen realms, and out of the reach of guests.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[macro_use]
#[path = "sites/mod.rs"]
mod sites;
#[path = "slack/mod.rs"]
mod slack;

use std::collections::BTreeMap;

use sandbox_runtime::{
    AsMap, AsSet, Bytes, Date, Error, ErrorValue, GuestError, Intrinsics, Limits, LocalSandbox, Result,
    Sandbox, SandboxPool, Script, Trust, sandbox_api,
};
use serde::Serialize;
use slack::long;

#[sandbox_api(guest)]
pub trait Probe {
    fn probe(&self) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait ProbeLater {
    async fn probe(&self) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Lookup: Send + Sync {
    fn find(&self, name: &str) -> String;
}

impl Lookup for () {
    fn find(&self, name: &str) -> String {
        format!("found {name}")
    }
}

/// A function of the host, which is the global `$`.
#[sandbox_api(host, function, name = "$")]
pub trait Nodes {
    #[sandbox(max_calls = 3)]
    fn node(&self, name: &str) -> String;
}

impl Nodes for () {
    fn node(&self, name: &str) -> String {
        format!("node {name}")
    }
}

/// A function that V8 calls directly.
#[sandbox_api(host, function, name = "twice")]
pub trait Twice {
    fn twice(&self, number: f64) -> f64;
}

impl Twice for () {
    fn twice(&self, number: f64) -> f64 {
        number * 2.0
    }
}

#[sandbox_api(host, function, name = "later")]
pub trait Later {
    async fn later(&self, name: &str) -> Result<String>;
}

#[sandbox_api]
impl Later for () {
    async fn later(&self, name: &str) -> Result<String> {
        if name.is_empty() { Err(Error::public("no name")) } else { Ok(format!("later {name}")) }
    }
}

/// Errors of two classes that guests have, and of one that they do not have.
#[derive(Debug, PartialEq, thiserror::Error, GuestError)]
pub enum BankError {
    #[error("declined: {0}")]
    #[guest(class = "PaymentError")]
    Declined(#[guest(rename = "code")] u32),
    #[error("closed")]
    #[guest(class = "ClosedError")]
    Closed,
    #[error("odd")]
    #[guest(class = "OddError")]
    Odd,
}

#[sandbox_api(host)]
pub trait Bank {
    fn pay(&self, cents: u32) -> Result<(), BankError>;
    async fn pay_later(&self, cents: u32) -> Result<(), BankError>;
    fn made(&self) -> ErrorValue;
}

#[sandbox_api]
impl Bank for () {
    fn pay(&self, cents: u32) -> Result<(), BankError> {
        Err(match cents {
            0 => BankError::Closed,
            1 => BankError::Odd,
            cents => BankError::Declined(cents),
        })
    }
    async fn pay_later(&self, cents: u32) -> Result<(), BankError> {
        self.pay(cents)
    }
    fn made(&self) -> ErrorValue {
        ErrorValue::new("PaymentError", "made")
    }
}

#[derive(Serialize)]
struct Configuration {
    domain: &'static str,
    limits: Vec<u64>,
    since: Date,
    rates: AsMap<BTreeMap<u32, Rate>>,
    tags: AsSet<Vec<&'static str>>,
    key: Bytes,
    note: Option<&'static str>,
    failure: ErrorValue,
    nested: serde_json::Value,
}

#[derive(Serialize)]
struct Rate {
    percent: f64,
}

fn configuration() -> Configuration {
    Configuration {
        domain: "example.com",
        limits: vec![1 << 60],
        since: Date::from_millis(5).unwrap(),
        rates: AsMap([(1, Rate { percent: 2.5 })].into()),
        tags: AsSet(vec!["a", "b"]),
        key: Bytes::from(vec![1, 2, 3]),
        note: None,
        failure: ErrorValue::new("Failure", "no cause"),
        nested: serde_json::json!({ "list": [{ "deep": true }], "__proto__": 1 }),
    }
}

/// A function without a name, in each form of a script.
fn forms(statements: &str) -> Vec<Script> {
    vec![
        Script::new("a.mjs", format!("export default function () {{ {statements} }}")),
        Script::new("a.cjs", format!("module.exports = function () {{ {statements} }}")),
        Script::new("a.js", format!("function probe() {{ {statements} }}")),
        Script::expression("a.js", format!("function () {{ {statements} }}")),
        Script::body("a.js", [""; 0], statements),
        Script::last_value("a.js", [""; 0], format!("(() => {{ {statements} }})()")),
    ]
}

const READS: &str = "
    const c = configuration;
    const isFrozen = (value) => Object.isFrozen(value);
    return [
        c.domain, String(c.limits[0]), typeof c.limits[0], c.since.getTime(), c.rates.get(1).percent, [...c.tags].join(),
        c.key[2], c.note, c.nested.list[0].deep, Object.keys(c.nested).join(), $json.a, tenant,
        isFrozen(c) && isFrozen(c.limits) && isFrozen(c.since) && isFrozen(c.rates) && isFrozen(c.rates.get(1)) &&
            isFrozen(c.tags) && isFrozen(c.nested) && isFrozen(c.nested.list) && isFrozen(c.nested.list[0]),
        c.domain instanceof Object, c instanceof Object, c.limits instanceof Array, c.rates instanceof Map,
        Object.keys(globalThis).includes('configuration'), typeof undeclared,
    ].join();
";

const READ: &str = "example.com,1152921504606846976,bigint,5,2.5,a,b,3,,true,list,__proto__,1,acme,true,false,true,true,true,true,undefined";

#[test]
fn each_form_finds_globals_at_every_site() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let results = alike!(
            |builder| builder.limits(long()).intrinsics(intrinsics).global("tenant", "acme").unwrap(),
            |sandbox| {
                let load = |script: Script| {
                    let script = script.global("configuration", &configuration()).unwrap();
                    let script = script.global("$json", &BTreeMap::from([("a", 1)])).unwrap();
                    let guest = sandbox.load::<dyn Probe>(script.clone());
                    guest
                        .and_then(|guest| guest.probe())
                        .unwrap_or_else(|error| panic!("{script:?}: {error}"))
                };
                forms(READS).into_iter().map(load).collect::<Vec<_>>()
            }
        );
        assert_eq!(results, vec![READ; 6], "{intrinsics:?}");
    }
}

#[test]
fn async_bodies_and_waiting_modules_find_globals() {
    let scripts = [
        Script::async_body("a.js", [""; 0], "await null; return tenant + $n;"),
        Script::new("a.mjs", "const all = tenant + await $n; export const probe = async () => all;"),
    ];
    let results = alike!(|builder| builder.limits(long()).global("tenant", "acme").unwrap(), |sandbox| {
        sites::runtime().block_on(async {
            let mut results = Vec::new();
            for script in &scripts {
                let script = script.clone().global("$n", &7).unwrap();
                let guest = sandbox.load_async::<dyn ProbeLater>(script).await.unwrap();
                results.push(guest.probe().await.unwrap());
            }
            results
        })
    });
    assert_eq!(results, ["acme7"; 2]);
}

/// Statements that no guest gets through with, each with what it then finds.
const ATTACKS: [&str; 12] = [
    "'use strict'; try { configuration = 1 } catch (e) { return e.name } return 'assigned';",
    "configuration = 1; return typeof configuration;",
    "'use strict'; try { delete globalThis.configuration } catch (e) { return e.name } return 'deleted';",
    "try { Object.defineProperty(globalThis, 'configuration', { value: 1 }) } catch (e) { return e.name } return 'defined';",
    "return String(Reflect.defineProperty(globalThis, 'configuration', { get: () => 1 }));",
    "'use strict'; try { configuration.domain = 1 } catch (e) { return e.name } return 'changed';",
    "'use strict'; try { configuration.nested.list.push(1) } catch (e) { return e.name } return 'changed';",
    "'use strict'; try { configuration.limits[0] = 1n } catch (e) { return e.name } return 'changed';",
    "return String(Reflect.setPrototypeOf(configuration, null)) + Reflect.set(configuration, 'domain', 1);",
    "try { Object.setPrototypeOf(configuration.nested.list, {}) } catch (e) { return e.name } return 'changed';",
    "var configuration; return typeof configuration;",
    "return Object.getOwnPropertyNames(configuration.constructor).includes('constructor') ? 'host' : \
     String(configuration.constructor === Object && configuration.domain.constructor === String);",
];

#[test]
fn no_guest_changes_a_global() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let results = alike!(|builder| builder.limits(long()).intrinsics(intrinsics), |sandbox| {
            let found = ATTACKS.map(|attack| {
                let script = Script::body("a.js", [""; 0], attack);
                let script = script.global("configuration", &configuration()).unwrap();
                let found = sandbox.load::<dyn Probe>(script).unwrap().probe();
                let read = Script::body(
                    "b.js",
                    [""; 0],
                    "return configuration.domain + configuration.limits.length",
                );
                let after = sandbox.load::<dyn Probe>(read).unwrap().probe().unwrap();
                assert_eq!(after, "example.com1", "{attack}");
                found.unwrap_or_else(|error| panic!("{attack}: {error}"))
            });
            found.join(" ")
        });
        assert_eq!(
            results,
            "TypeError object TypeError TypeError false TypeError TypeError TypeError falsefalse TypeError undefined true"
        );
    }
}

/// Code that a guest runs in a realm before a script with a global is loaded there, and what becomes of the global.
const BEFORE: [(&str, &str); 9] = [
    ("globalThis.configuration = 1;", "given"),
    (
        "Object.defineProperty(globalThis, 'configuration', { get() { globalThis.ran = 1 }, set() { globalThis.ran = 1 }, configurable: true });",
        "given",
    ),
    (
        "Object.defineProperty(Object.prototype, 'configuration', { get() { globalThis.ran = 1 }, set() { globalThis.ran = 1 }, configurable: true });",
        "given",
    ),
    (
        "for (const name of ['domain', 'limits', 'nested', '0', 'list', 'failure', 'cause', 'get', 'set', 'value', 'then', 'toJSON']) Object.defineProperty(Object.prototype, name, { __proto__: null, set() { globalThis.ran = 1 }, get() { globalThis.ran = 1 }, configurable: true });",
        "given",
    ),
    ("Object.freeze = Object.defineProperty = Reflect.ownKeys = () => { globalThis.ran = 1 };", "given"),
    (
        "Array.prototype[Symbol.iterator] = Map.prototype.forEach = Map.prototype.set = Set.prototype.add = Map.prototype.entries = () => { globalThis.ran = 1 };",
        "given",
    ),
    (
        "globalThis.Map = globalThis.Set = globalThis.Date = globalThis.BigInt = globalThis.Object = function () { globalThis.ran = 1 };",
        "given",
    ),
    ("Object.defineProperty(globalThis, 'configuration', { value: 1 });", "refused"),
    ("Object.preventExtensions(globalThis);", "refused"),
];

#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS makes a Map and a Set by methods that a guest can replace")]
fn code_that_ran_before_neither_sees_nor_changes_a_global() {
    for (before, expected) in BEFORE {
        let outcome = alike!(|builder| builder.limits(long()), |sandbox| {
            let realm = sandbox.realm().unwrap();
            realm.eval(Script::new("before.cjs", before)).unwrap();
            let probe = "return `${globalThis.ran === undefined && configuration.domain === 'example.com' && \
                         configuration.nested.list[0].deep}`;";
            let script =
                Script::body("a.js", [""; 0], probe).global("configuration", &configuration()).unwrap();
            let outcome = match realm.load::<dyn Probe>(script.clone()) {
                Ok(guest) => match &*guest.probe().unwrap() {
                    "true" => "given",
                    _ => "seen",
                },
                Err(Error::Global { name, reason, .. }) => {
                    assert!(
                        name == "configuration" && reason.contains("a constant of this name"),
                        "{reason}"
                    );
                    "refused"
                }
                Err(other) => panic!("{before}: {other:?}"),
            };
            // A realm of its own has the value, whatever became of the other realm.
            let next = sandbox.realm().unwrap().load::<dyn Probe>(script).unwrap();
            assert_eq!(next.probe().unwrap(), "true");
            outcome
        });
        assert_eq!(outcome, expected, "{before}");
    }
}

#[test]
fn a_realm_has_one_value_under_a_name() {
    let script =
        |value: u32| Script::body("a.js", [""; 0], "return `${level}`").global("level", &value).unwrap();
    let results = alike!(|builder| builder.limits(long()), |sandbox| {
        let first = sandbox.load::<dyn Probe>(script(1)).unwrap();
        let again = sandbox.load::<dyn Probe>(script(1)).unwrap();
        let Err(Error::Global { name, reason, .. }) = sandbox.load::<dyn Probe>(script(2)) else {
            panic!("the realm has a value")
        };
        assert!(name == "level" && reason.contains("load the script into a realm of its own"), "{reason}");
        let other = sandbox.realm().unwrap().load::<dyn Probe>(script(2)).unwrap();
        let all = [first, again, other].map(|guest| guest.probe().unwrap());
        sandbox.reset().unwrap();
        let renewed = sandbox.load::<dyn Probe>(script(3)).unwrap().probe().unwrap();
        (all, renewed)
    });
    assert_eq!(results, (["1", "1", "2"].map(str::to_owned), "3".to_owned()));
}

/// The globals of a builder are there after a reset, and in each realm anew.
#[test]
fn a_builders_globals_survive_a_reset_and_are_no_shared_objects() {
    let seen =
        alike!(|builder| builder.limits(long()).global("shared", &configuration()).unwrap(), |sandbox| {
            let marks = "shared.rates.set('mine', 1); return shared.rates.size + shared.domain";
            let mark = || Script::body("a.js", [""; 0], marks);
            let one = sandbox.load::<dyn Probe>(mark()).unwrap().probe().unwrap();
            let other = sandbox.realm().unwrap().load::<dyn Probe>(mark()).unwrap().probe().unwrap();
            sandbox.reset().unwrap();
            [one, other, sandbox.load::<dyn Probe>(mark()).unwrap().probe().unwrap()]
        });
    assert_eq!(seen, ["2example.com"; 3]);
}

#[test]
fn tenants_of_a_pool_have_globals_of_their_own() {
    for trust in [Trust::SameTenant, Trust::Tenants] {
        let builder =
            SandboxPool::builder().limits(long()).trust(trust).global("shared", &configuration()).unwrap();
        let pool = builder.build().unwrap();
        let marks = "shared.rates.set(name, 1); return [...shared.rates.keys()].join()";
        for tenant in ["a", "b", "a"] {
            let script = Script::body("a.js", [""; 0], marks).global("name", tenant).unwrap();
            let found = pool.tenant(tenant).load::<dyn Probe>(script).unwrap().probe().unwrap();
            assert_eq!(found, format!("1,{tenant}"), "{trust:?}");
        }
    }
}

/// The budget is that of one crossing, and all values are counted together.
#[test]
fn limits_of_values_hold_for_globals() {
    let limits = Limits { value_nodes: 50, ..long() };
    let script = || Script::body("a.js", [""; 0], "return '1'");
    let results = alike!(|builder| builder.limits(limits), |sandbox| {
        let script = |lengths: &[usize]| {
            let give = |script: Script, (at, length): (usize, &usize)| {
                script.global(&format!("v{at}"), &vec![0; *length]).unwrap()
            };
            let realm = sandbox.realm().unwrap();
            let script = lengths.iter().enumerate().fold(script(), give);
            match realm.load::<dyn Probe>(script).map(|guest| guest.probe().unwrap()) {
                Ok(_) => "given".to_owned(),
                Err(Error::Global { name, reason, .. }) => format!("{name}: {reason}"),
                Err(other) => panic!("{other:?}"),
            }
        };
        [script(&[40]), script(&[60]), script(&[30, 30]), script(&[20, 20])]
    });
    assert_eq!([&results[0], &results[3]], ["given"; 2]);
    assert!(results[1].contains("v0: v0[") && results[1].contains("`Limits::value_nodes`"), "{}", results[1]);
    assert!(results[2].contains("v1: v1[") && results[2].contains("`Limits::value_nodes`"), "{}", results[2]);
}

/// An evaluation that the heap ends while values are written says so, and the sandbox can be made anew.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS counts buffers as part of the heap")]
fn bytes_beyond_the_limit_of_buffers_are_refused() {
    let limits = Limits { buffers: 1 << 20, ..long() };
    let refused = alike!(|builder| builder.limits(limits), |sandbox| {
        let script = |length: usize| {
            let bytes = Bytes::from(vec![0; length]);
            Script::body("a.js", [""; 0], "return `${bytes.length}`").global("bytes", &bytes).unwrap()
        };
        if sandbox_runtime::Engine::CURRENT == sandbox_runtime::Engine::V8 {
            let error = sandbox.load::<dyn Probe>(script(2 << 20)).map(drop).unwrap_err();
            assert!(
                matches!(&error, Error::Global { reason, .. } if reason.contains("buffers")),
                "{error:?}"
            );
        }
        sandbox.load::<dyn Probe>(script(1 << 10)).unwrap().probe().unwrap()
    });
    assert_eq!(refused, "1024");
}

#[test]
fn a_name_of_a_contract_is_refused() {
    let builder = Sandbox::builder().host::<dyn Lookup>(()).global("Lookup", &1).unwrap();
    let error = builder.build().map(drop).unwrap_err();
    assert!(matches!(error, Error::Build { .. }), "{error:?}");
    assert!(error.to_string().contains("a contract and a global have the name `Lookup`"), "{error}");
    let kept = alike!(|builder| builder.host::<dyn Lookup>(()).limits(long()), |sandbox| {
        let script = Script::body("a.js", [""; 0], "return Lookup.find('it')");
        let given = script.clone().global("Lookup", &1).unwrap();
        let error = sandbox.load::<dyn Probe>(given).map(drop).unwrap_err();
        assert!(matches!(error, Error::Global { .. }), "{error:?}");
        sandbox.load::<dyn Probe>(script).unwrap().probe().unwrap()
    });
    assert_eq!(kept, "found it");
}

/// Variables that a sloppy script does not declare are its own, and a global of the host is none of them.
#[test]
fn undeclared_variables_work_beside_globals() {
    let source = "count = (globalThis.count || 0) + step; return `${count}`";
    let counts = alike!(|builder| builder.limits(long()), |sandbox| {
        let script = Script::body("a.js", [""; 0], source).global("step", &2).unwrap();
        let guest = sandbox.load::<dyn Probe>(script).unwrap();
        [guest.probe().unwrap(), guest.probe().unwrap()]
    });
    assert_eq!(counts, ["2", "4"]);
}

#[test]
fn a_handle_is_no_global() {
    let error = Script::new("a.js", "x").global("a", &sandbox_runtime::Handle::<dyn Lookup>::new(()));
    let error = error.expect_err("it is no data").to_string();
    assert!(error.contains("host a contract of this name"), "{error}");
    // A sandbox without globals has no property of that name.
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let script = Script::body("a.js", [""; 0], "return typeof a");
    assert_eq!(sandbox.load::<dyn Probe>(script).unwrap().probe().unwrap(), "undefined");
}

#[test]
fn a_function_of_the_host_is_the_global_itself() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let results = alike!(
            |builder| builder
                .limits(long())
                .intrinsics(intrinsics)
                .host::<dyn Nodes>(())
                .host::<dyn Twice>(())
                .host::<dyn Later>(()),
            |sandbox| {
                let run = |statements: &str| {
                    let guest = sandbox.load::<dyn Probe>(Script::body("a.js", [""; 0], statements)).unwrap();
                    guest.probe().unwrap_or_else(|error| error.to_string())
                };
                let found = [
                    "return $('a') + twice(4) + $.name + twice.length",
                    "let sum = 0; for (let i = 0; i < 1000; i++) sum = twice(i); return `${sum}`",
                    "'use strict'; try { $ = 1 } catch (e) { return e.name }",
                    "'use strict'; try { $.call = 1 } catch (e) { return e.name }",
                    "try { new $('a') } catch (e) { return e.name }",
                    "return `${Object.isFrozen($) && Object.isFrozen(twice) && $.prototype === undefined}`",
                    "return Reflect.apply($, { constructor: 1 }, ['b', 'c'])",
                    "try { $(1) } catch (e) { return e.message }",
                    "try { twice('1') } catch (e) { return e.message }",
                    "try { for (;;) $('a') } catch (e) { return e.message }",
                    "return `${Object.getPrototypeOf($) === Function.prototype && $.constructor === Function}`",
                ]
                .map(run);
                let asked = "try { await later('') } catch (e) { return e.message + await later('on') }";
                let later = sites::runtime().block_on(async {
                    let script = Script::async_body("a.js", [""; 0], asked);
                    sandbox.load_async::<dyn ProbeLater>(script).await.unwrap().probe().await.unwrap()
                });
                (found, later, sandbox.usage().total.host_calls > 1_000)
            }
        );
        let (found, later, counted) = results;
        assert_eq!(
            found[..7],
            ["node a8$1", "1998", "TypeError", "TypeError", "TypeError", "true", "node b"]
        );
        assert_eq!(found[7], "$.node → name: expected a string, got 1");
        assert_eq!(found[8], "twice.twice → number: expected a number, got \"1\"");
        assert!(found[9].contains("$.node") && found[9].contains('3'), "{}", found[9]);
        assert_eq!((found[10].as_str(), later.as_str(), counted), ("true", "no namelater on", true));
    }
}

/// Statements about the classes of errors, and what each returns.
const CLASSES: [(&str, &str); 14] = [
    (
        "try { Bank.pay(5) } catch (e) { return `${e instanceof PaymentError} ${e instanceof ClosedError} ${e.code} ${e}` }",
        "true false 5 PaymentError: declined: 5",
    ),
    (
        "try { Bank.pay(0) } catch (e) { return `${e instanceof ClosedError && e instanceof Error} ${e.constructor === ClosedError}` }",
        "true true",
    ),
    (
        "try { Bank.pay(1) } catch (e) { return `${e.name} ${e.constructor === Error} ${e instanceof PaymentError}` }",
        "OddError true false",
    ),
    (
        "const e = Bank.made(); return `${e instanceof PaymentError} ${e.message} ${Object.keys(e)}`",
        "true made ",
    ),
    (
        "const e = new PaymentError('no', { cause: 5 }); return `${e} ${e.cause} ${e instanceof Error} ${Object.keys(e)}`",
        "PaymentError: no 5 true ",
    ),
    (
        "class Mine extends PaymentError { constructor(m) { super(m); this.name = 'Mine'; this.code = 1 } } \
      const e = new Mine('x'); return `${e} ${e.code} ${e instanceof PaymentError && e instanceof Mine}`",
        "Mine: x 1 true",
    ),
    ("'use strict'; try { PaymentError = 1 } catch (e) { return e.name }", "TypeError"),
    ("'use strict'; try { PaymentError.prototype.x = 1 } catch (e) { return e.name }", "TypeError"),
    (
        "try { Object.defineProperty(PaymentError, Symbol.hasInstance, { value: () => true }) } catch (e) { return e.name }",
        "TypeError",
    ),
    ("return `${Object.isFrozen(PaymentError) && Object.isFrozen(PaymentError.prototype)}`", "true"),
    ("try { PaymentError('x') } catch (e) { return e.name }", "TypeError"),
    (
        "return `${Reflect.setPrototypeOf(PaymentError, null)} ${delete globalThis.PaymentError}`",
        "false false",
    ),
    (
        "return `${Object.getPrototypeOf(PaymentError) === Error} ${PaymentError.name} ${PaymentError.constructor === Function}`",
        "true PaymentError true",
    ),
    ("return `${Object.keys(globalThis).includes('PaymentError')} ${typeof OddError}`", "false undefined"),
];

#[test]
fn guests_construct_and_test_classes_of_errors() {
    for intrinsics in [Intrinsics::Open, Intrinsics::Frozen] {
        let outcome = alike!(
            |builder| builder
                .limits(long())
                .intrinsics(intrinsics)
                .host::<dyn Bank>(())
                .error_class("PaymentError")
                .and_then(|builder| builder.error_class("ClosedError"))
                .unwrap(),
            |sandbox| {
                for (statements, expected) in CLASSES {
                    let guest = sandbox.load::<dyn Probe>(Script::body("a.js", [""; 0], statements)).unwrap();
                    let found = guest.probe().unwrap_or_else(|error| panic!("{statements}: {error}"));
                    assert_eq!(found, expected, "{statements}");
                }
                let thrown = "throw Object.assign(new PaymentError('by the guest'), { code: 7 })";
                let guest = sandbox.load::<dyn Probe>(Script::body("a.js", [""; 0], thrown)).unwrap();
                let Err(Error::Guest(thrown)) = guest.probe() else { panic!("it throws") };
                let passed = Script::body("a.js", [""; 0], "Bank.pay(9)");
                let passed = sandbox.load::<dyn Probe>(passed).unwrap().probe().unwrap_err();
                let later =
                    "try { await Bank.payLater(5) } catch (e) { return `${e instanceof PaymentError}` }";
                let later = sites::runtime().block_on(async {
                    let script = Script::async_body("a.js", [""; 0], later);
                    sandbox.load_async::<dyn ProbeLater>(script).await.unwrap().probe().await.unwrap()
                });
                sandbox.reset().unwrap();
                let again = Script::body("a.js", [""; 0], "return `${new PaymentError('x')}`");
                let again = sandbox.realm().unwrap().load::<dyn Probe>(again).unwrap().probe().unwrap();
                let host = passed.host_error::<BankError>().map(ToString::to_string);
                (thrown.name.clone(), thrown.message.clone(), host, later, again)
            }
        );
        let (name, message, host, later, again) = outcome;
        assert_eq!((name.as_deref(), &*message), (Some("PaymentError"), "by the guest"));
        assert_eq!((host.as_deref(), &*later), (Some("declined: 9"), "true"));
        assert_eq!(again, "PaymentError: x");
    }
}

/// A guest that changes what classes and errors are made of changes no error of the host.
#[test]
#[cfg_attr(feature = "quickjs", ignore = "QuickJS reads an error by properties that a guest can replace")]
fn polluted_errors_are_of_their_class() {
    let before = "
        const ran = () => { globalThis.ran = 1; };
        for (const name of ['name', 'value', 'get', 'set', 'constructor', 'message'])
            Object.defineProperty(Object.prototype, name, { __proto__: null, set: ran, configurable: true });
        Object.defineProperty(Object.prototype, 'cause', { __proto__: null, set: ran, get: ran, configurable: true });
        for (const name of ['name', 'message', 'cause', 'code'])
            Object.defineProperty(Error.prototype, name, { __proto__: null, set: ran, get: ran, configurable: true });
        Object.freeze = Object.defineProperty = Reflect.construct = Reflect.setPrototypeOf = Object.setPrototypeOf = ran;
        globalThis.Error = ran;
    ";
    let found = alike!(
        |builder| builder.limits(long()).host::<dyn Bank>(()).error_class("PaymentError").unwrap(),
        |sandbox| {
            sandbox.eval(Script::new("before.cjs", before)).unwrap();
            let source = "Bank.made(); try { Bank.pay(5) } catch (e) { \
                          return `${e instanceof PaymentError} ${e.name} ${new PaymentError('x').name} ${globalThis.ran}` }";
            sandbox.load::<dyn Probe>(Script::body("a.js", [""; 0], source)).unwrap().probe().unwrap()
        }
    );
    assert_eq!(found, "true PaymentError PaymentError undefined");
}

#[test]
fn a_class_has_a_name_of_its_own() {
    for name in ["Error", "class", "a b", "__proto__", "globalThis"] {
        let error = Sandbox::builder().error_class(name).map(drop).unwrap_err();
        assert!(matches!(&error, Error::Global { name: of, .. } if of == name), "{error:?}");
    }
    let twice = Sandbox::builder().error_class("A").and_then(|builder| builder.error_class("A"));
    assert!(matches!(twice.map(drop), Err(Error::Global { .. })));
    let builder = || LocalSandbox::builder().limits(long());
    let both = builder().global("A", &1).unwrap().error_class("A").unwrap().build().map(drop).unwrap_err();
    let host = builder().host::<dyn Lookup>(()).error_class("Lookup").unwrap().build().map(drop).unwrap_err();
    for error in [both, host] {
        assert!(error.to_string().contains("a class of errors has the name"), "{error}");
    }
}
