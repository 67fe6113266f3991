//! From a trait and a script to a proxy: formats of scripts, the check of what they export, names, defaults,
//! policies, errors, and threads.

use std::sync::Arc;
use std::thread;

use proptest::prelude::*;
use sandbox_runtime::{
    Contract, Engine, Error, ExportProblem, GuestContract, LocalSandbox, Result, Sandbox, Script, sandbox_api,
};
use slack::long;

mod slack;

#[sandbox_api]
pub trait MathApi: Send + Sync {
    fn add(&self, a: f64, b: f64) -> Result<f64>;
    fn mul(&self, a: f64, b: f64) -> Result<f64>;
}

const MODULE: &str = "export function add(a, b) { return a + b; }\nexport const mul = (a, b) => a * b;";
const DEFAULT: &str =
    "export default { add(a, b) { return a + this.plus(b); }, plus: (b) => b, mul: (a, b) => a * b };";
const CLASS: &str = "class M { #zero = 0; add(a, b) { return this.#zero + a + b; } mul(a, b) { return a * b; } } export default new M();";
const COMMON: &str = "module.exports = { add(a, b) { return a + b; }, mul: (a, b) => a * b };";
const MEMBERS: &str = "exports.add = (a, b) => a + b; exports.mul = function (a, b) { return a * b; };";

#[test]
fn every_format_of_a_script_is_a_guest() {
    let sandbox = Sandbox::builder().limits(long()).build().unwrap();
    for source in [MODULE, DEFAULT, CLASS, COMMON, MEMBERS] {
        let math: Box<dyn MathApi> =
            Box::new(sandbox.load::<dyn MathApi>(Script::new("math.js", source)).unwrap());
        assert_eq!(math.add(2.0, 3.0).unwrap(), 5.0, "{source}");
        assert_eq!(math.mul(2.0, 3.0).unwrap(), 6.0, "{source}");
    }
    assert!(
        matches!(sandbox.eval(Script::new("math.cjs", MODULE)), Err(Error::Syntax { .. })),
        "the name says CommonJS"
    );
    let module = sandbox.load::<dyn MathApi>(Script::new("math.mjs", COMMON)).map(drop);
    assert!(
        matches!(module, Err(Error::Guest(error)) if error.message == "module is not defined"),
        "the name says module"
    );
}

#[test]
fn named_exports_come_before_the_default_object() {
    let source = "export const add = (a, b) => a + b; export default { add: () => 0, mul: (a, b) => a * b };";
    let math = Sandbox::builder()
        .limits(long())
        .build()
        .unwrap()
        .load::<dyn MathApi>(Script::new("m.js", source))
        .unwrap();
    assert_eq!((math.add(2.0, 3.0).unwrap(), math.mul(2.0, 3.0).unwrap()), (5.0, 6.0));
}

#[test]
fn every_problem_of_a_script_is_in_one_error() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let source = "export const mul = 5; export const other = () => 1;";
    let Err(Error::Mismatch { contract, script, problems, .. }) =
        sandbox.load::<dyn MathApi>(Script::new("wrong.js", source)).map(drop)
    else {
        panic!("no mismatch")
    };
    assert_eq!((&*contract, script.as_str()), ("MathApi", "wrong.js"));
    let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(text, ["no export `add`", "export `mul` is 5, not a function"]);
    let found = problems
        .iter()
        .map(|ExportProblem { export, found, .. }| (&**export, found.as_deref()))
        .collect::<Vec<_>>();
    assert_eq!(found, [("add", None), ("mul", Some("5"))]);
}

#[sandbox_api(guest)]
pub trait Text {
    fn to_string(&self) -> Result<String>;
}

#[test]
fn what_every_object_inherits_is_nobodys_export() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let inherited = sandbox.load::<dyn Text>(Script::new("t.js", "module.exports = {};")).map(drop);
    assert!(matches!(inherited, Err(Error::Mismatch { .. })), "{inherited:?}");
    let own = Script::new("t.js", "module.exports = { toString: () => 'own' };");
    assert_eq!(Text::to_string(&sandbox.load::<dyn Text>(own).unwrap()).unwrap(), "own");
}

#[test]
fn a_script_that_cannot_run_says_where() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let syntax = sandbox.eval(Script::new("bad.js", "export const a = 1;\nexport const = 2;")).map(drop);
    let Err(Error::Syntax { script, line, column, message, .. }) = syntax else { panic!("{syntax:?}") };
    assert_eq!((script.as_str(), line, column), ("bad.js", 2, 14));
    let expected = match Engine::CURRENT {
        Engine::QuickJs => "SyntaxError: variable name expected",
        _ => "SyntaxError: Unexpected token '='",
    };
    assert_eq!(message, expected);

    let thrown = sandbox
        .eval(Script::new("throws.js", "\nfunction deep() { throw new TypeError('no') }\ndeep();\nexport {}"))
        .map(drop);
    let Err(Error::Guest(error)) = thrown else { panic!("{thrown:?}") };
    assert_eq!(error.to_string(), "TypeError: no\n    at deep (throws.js:2:25)\n    at throws.js:3:1");

    let waits =
        sandbox.eval(Script::new("waits.mjs", "await new Promise(() => {}); export const x = 1;")).map(drop);
    assert!(
        matches!(&waits, Err(Error::Guest(error)) if error.message.contains("never settles")),
        "{waits:?}"
    );
    let settles = sandbox.eval(Script::new("ok.mjs", "export const x = await Promise.resolve(1);")).map(drop);
    settles.unwrap();
    let nothing = sandbox.load::<dyn Text>(Script::new("empty.js", "")).map(drop);
    assert!(matches!(nothing, Err(Error::Mismatch { .. })), "{nothing:?}");
}

#[sandbox_api(guest, name = "Shop")]
pub trait Store {
    /// Doubles.
    fn get_double(&self, n: u32) -> Result<u32>;
    #[sandbox(rename = "sum_all")]
    fn total(&self, numbers: &[f64]) -> Result<f64>;
    fn rate(&self) -> Result<f64> {
        Ok(0.5)
    }
    fn scaled(&self, n: f64) -> Result<f64> {
        Ok(self.rate()? * n)
    }
    #[sandbox(on_failure = default)]
    fn count(&self) -> u32;
    #[sandbox(on_failure = value(-1))]
    fn level(&self) -> i32;
    #[sandbox(on_failure = panic)]
    fn must(&self) -> bool;
}

fn store(source: &str) -> impl Store {
    LocalSandbox::builder()
        .limits(long())
        .build()
        .unwrap()
        .load::<dyn Store>(Script::new("store.js", source))
        .unwrap()
}

const REQUIRED: &str = "export const getDouble = (n) => n * 2; export const sum_all = (l) => l.reduce((a, b) => a + b, 0);
    export const count = () => { throw 1 }; export const level = () => 'x'; export const must = () => { throw 1 };";

#[test]
fn names_are_those_of_javascript() {
    let spec = <dyn Store as Contract>::SPEC;
    assert_eq!(spec.name, "Shop");
    let names = spec
        .methods
        .iter()
        .map(|method| (&*method.rust_name, &*method.name, method.optional))
        .collect::<Vec<_>>();
    assert_eq!(
        names[..3],
        [("get_double", "getDouble", false), ("total", "sum_all", false), ("rate", "rate", true)]
    );
    assert_eq!(spec.methods[0].docs, "Doubles.");
    let store = store(REQUIRED);
    assert_eq!(store.get_double(21).unwrap(), 42);
    assert_eq!(store.total(&[1.0, 2.5]).unwrap(), 3.5);
}

#[test]
fn a_default_body_makes_an_export_optional() {
    assert_eq!(store(REQUIRED).scaled(10.0).unwrap(), 5.0);
    let with_rate = format!("{REQUIRED} export const rate = () => 0.25;");
    assert_eq!(store(&with_rate).scaled(10.0).unwrap(), 2.5, "a default calls what the guest exports");
    let with_scaled = format!("{REQUIRED} export const scaled = (n) => n;");
    assert_eq!(store(&with_scaled).scaled(10.0).unwrap(), 10.0);
}

#[test]
fn a_policy_answers_for_a_guest_that_fails() {
    let store = store(REQUIRED);
    assert_eq!(store.count(), 0);
    assert_eq!(store.level(), -1);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| store.must())).unwrap_err();
    // QuickJS knows the stack of an Error only.
    let stack = if Engine::CURRENT == Engine::QuickJs { "" } else { "\n    at must (store.js:2:105)" };
    assert_eq!(panic.downcast_ref::<String>(), Some(&format!("Shop.must: threw 1{stack}")));
}

/// An application's own error.
#[derive(Debug)]
pub enum AppError {
    Sandbox(Error),
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Sandbox(error)
    }
}

#[sandbox_api(guest)]
pub trait Own {
    fn fails(&self) -> Result<(), AppError>;
}

#[test]
fn a_method_fails_with_the_applications_own_error() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let own = sandbox
        .load::<dyn Own>(Script::new("own.js", "export const fails = () => { throw new Error('x') }"))
        .unwrap();
    let AppError::Sandbox(error) = own.fails().unwrap_err();
    assert_eq!(error.to_string(), "Own.fails: Error: x\n    at fails (own.js:1:36)");
}

#[sandbox_api(guest)]
pub trait Sum {
    fn sum(&self, a: f64, b: f64) -> Result<f64>;
}

#[sandbox_api(guest)]
pub trait Product {
    fn product(&self, a: f64, b: f64) -> Result<f64>;
}

#[test]
fn one_script_implements_several_contracts() {
    let script = Script::new(
        "both.js",
        "let n = 0; export const sum = (a, b) => a + b + n++; export const product = (a, b) => a * b + n;",
    );
    let guest = Sandbox::builder().limits(long()).build().unwrap().eval(script).unwrap();
    let (sum, product) = (guest.bind::<dyn Sum>().unwrap(), guest.bind::<dyn Product>().unwrap());
    assert_eq!(sum.sum(1.0, 2.0).unwrap(), 3.0);
    assert_eq!(product.product(2.0, 3.0).unwrap(), 7.0, "they share the script's state");
    assert!(matches!(guest.bind::<dyn Text>().map(drop), Err(Error::Mismatch { .. })));
}

#[test]
fn addition_commutes_through_a_sandbox_for_all_floats() {
    let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
    let sum = sandbox.load::<dyn Sum>(Script::new("sum.js", "export const sum = (a, b) => a + b;")).unwrap();
    let float =
        prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0)];
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 2000, ..ProptestConfig::default() });
    runner
        .run(&(float.clone(), float), |(a, b)| {
            let (ab, ba, rust) = (sum.sum(a, b).unwrap(), sum.sum(b, a).unwrap(), a + b);
            prop_assert!(ab.to_bits() == ba.to_bits() || (ab.is_nan() && ba.is_nan()));
            prop_assert!(ab.to_bits() == rust.to_bits() || (ab.is_nan() && rust.is_nan()));
            Ok(())
        })
        .unwrap();
}

// ---------------------------------------------------------------------------------------------------------
// Threads and lives

fn is_send_and_sync<T: Send + Sync + Clone + 'static>() {}

#[test]
fn a_sandbox_and_its_proxies_go_to_any_thread() {
    is_send_and_sync::<Sandbox>();
    let sandbox = Sandbox::builder().limits(long()).build().unwrap();
    let math: Arc<dyn MathApi> =
        Arc::new(sandbox.load::<dyn MathApi>(Script::new("math.js", MODULE)).unwrap());
    drop(sandbox);
    let threads = (0..8).map(|n| {
        let math = math.clone();
        thread::spawn(move || (0..200).map(|i| math.add(f64::from(n), f64::from(i)).unwrap()).sum::<f64>())
    });
    let sums =
        threads.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>();
    let expected = (0..8).map(|n| (0..200).map(|i| f64::from(n + i)).sum::<f64>()).collect::<Vec<_>>();
    assert_eq!(sums, expected);
}

fn sum_in<C: ?Sized + GuestContract>(sandbox: &LocalSandbox, n: i32) -> C::Proxy<sandbox_runtime::Local> {
    sandbox.load::<C>(Script::new("sum.js", format!("export const sum = (a, b) => a + b + {n};"))).unwrap()
}

#[test]
fn sandboxes_of_one_thread_are_used_and_dropped_in_any_order() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let mut live = (0..4)
            .map(|n| {
                let sandbox = LocalSandbox::builder().limits(long()).build().unwrap();
                let sum = sum_in::<dyn Sum>(&sandbox, n);
                Some((sandbox, sum, n))
            })
            .collect::<Vec<_>>();
        for dropped in order {
            for (_, sum, n) in live.iter().flatten() {
                assert_eq!(sum.sum(1.0, 2.0).unwrap(), 3.0 + f64::from(*n));
            }
            live[dropped] = None;
        }
    }
}

#[test]
fn a_call_inside_of_another_sandboxes_call_is_no_trouble() {
    struct Other(LocalSandbox);
    impl Sum for Other {
        fn sum(&self, a: f64, b: f64) -> Result<f64> {
            sum_in::<dyn Sum>(&self.0, 100).sum(a, b)
        }
    }
    #[sandbox_api(host)]
    pub trait Outer {
        fn outer(&self, a: f64) -> Result<f64>;
    }
    impl Outer for Other {
        fn outer(&self, a: f64) -> Result<f64> {
            self.sum(a, 1.0)
        }
    }
    let inner = LocalSandbox::builder().limits(long()).build().unwrap();
    let sandbox = LocalSandbox::builder().limits(long()).host::<dyn Outer>(Other(inner)).build().unwrap();
    let script = Script::new("outer.js", "export const sum = (a, b) => Outer.outer(a) + Outer.outer(b);");
    assert_eq!(sandbox.load::<dyn Sum>(script).unwrap().sum(1.0, 2.0).unwrap(), 205.0);
}
