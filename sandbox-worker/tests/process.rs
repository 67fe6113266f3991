//! Guests in a process: the same contracts, hosts and proxies.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use sandbox_runtime::process::{Process, ProcessSandbox};
use sandbox_runtime::{Builder, Bytes, Error, LimitKind, Limits, Result, Sandbox, Script, sandbox_api};

fn builder() -> Builder<ProcessSandbox> {
    Sandbox::builder().transport(Process::new().program(env!("CARGO_BIN_EXE_sandbox-worker")))
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    pub name: String,
    pub amount: u32,
    pub price: Option<f64>,
}

#[sandbox_api(guest)]
pub trait Rule {
    fn add(&self, a: f64, b: f64) -> Result<f64>;
    fn line(&self, line: Line) -> Result<Line>;
    fn greet(&self, name: &str) -> Result<String>;
    fn ask(&self, n: u32) -> Result<u32>;
    fn endless(&self) -> Result<()>;
    fn bad(&self) -> Result<u32>;
    fn fail(&self) -> Result<()>;
    fn refused(&self) -> Result<()>;
}

#[sandbox_api(host)]
pub trait Shop {
    fn stock(&self, n: u32) -> Result<u32, Closed>;
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the shop is closed")]
pub struct Closed;

struct Open;
impl Shop for Open {
    fn stock(&self, n: u32) -> Result<u32, Closed> {
        if n == 0 { Err(Closed) } else { Ok(n * 2) }
    }
}

const SCRIPT: &str = "
    export const add = (a, b) => a + b;
    export const line = (line) => ({ ...line, amount: line.amount + 1 });
    export const greet = (name) => `Hello, ${name}!`;
    export const ask = (n) => Shop.stock(n);
    export const endless = () => { for (;;); };
    export const bad = () => -1;
    export const fail = () => { throw new RangeError('no'); };
    export const refused = () => Shop.stock('x');
";

fn rule(sandbox: &ProcessSandbox) -> impl Rule + use<> {
    sandbox.load::<dyn Rule>(Script::new("rule.js", SCRIPT)).unwrap()
}

#[test]
fn values_go_there_and_back() {
    let sandbox = builder().host::<dyn Shop>(Open).build().unwrap();
    let rule = rule(&sandbox);
    assert_eq!(rule.add(1.0, 2.5).unwrap(), 3.5);
    let line = Line { name: "äöü 🦀".into(), amount: 1, price: None };
    assert_eq!(rule.line(line.clone()).unwrap(), Line { amount: 2, ..line });
    assert_eq!(rule.greet("Ada").unwrap(), "Hello, Ada!");
    assert_eq!(rule.ask(21).unwrap(), 42);
    assert!(sandbox.usage().total.calls >= 5, "{:?}", sandbox.usage());
    println!("{}", sandbox.hardening().unwrap());
}

#[test]
fn what_goes_wrong_is_the_same_error() {
    let limits = Limits { wall: std::time::Duration::from_millis(200), ..Limits::default() };
    let sandbox = builder().limits(limits).host::<dyn Shop>(Open).build().unwrap();
    let rule = rule(&sandbox);
    assert!(matches!(rule.endless(), Err(Error::Limit { kind: LimitKind::Wall, .. })));
    assert_eq!(rule.ask(0).unwrap_err().host_error::<Closed>(), Some(&Closed));
    let Err(Error::Value(error)) = rule.bad() else { panic!("it is no u32") };
    assert_eq!(
        error.to_string(),
        "Rule.bad → result: expected an integer from 0 to 4294967295 (u32), got -1"
    );
    let Err(Error::Guest(thrown)) = rule.fail() else { panic!("it throws") };
    assert_eq!((thrown.name.as_deref(), thrown.message.as_str()), (Some("RangeError"), "no"));
    assert_eq!(thrown.stack[0].file, "rule.js");
    let error = rule.refused().unwrap_err().to_string();
    assert!(
        error
            .contains("TypeError: Shop.stock → n: expected an integer from 0 to 4294967295 (u32), got \"x\""),
        "{error}"
    );
    assert_eq!(rule.add(1.0, 1.0).unwrap(), 2.0);
}

#[sandbox_api(guest)]
pub trait Big {
    fn back(&self, bytes: Bytes) -> Result<Bytes>;
    fn through(&self, text: String) -> Result<String>;
}

#[sandbox_api(host)]
pub trait Store {
    fn keep(&self, text: String) -> String;
}

impl Store for () {
    fn keep(&self, text: String) -> String {
        text
    }
}

/// Long bodies go through memory that both processes have; each size is sent after a longer and after a shorter one.
#[test]
fn long_values_cross() {
    let sandbox = builder().host::<dyn Store>(()).build().unwrap();
    let source = "export const back = (bytes) => bytes.reverse(); export const through = (text) => Store.keep(text) + '!';";
    let big = sandbox.load::<dyn Big>(Script::new("big.js", source)).unwrap();
    for size in [0, 1, 40_000, 32_767, 32_768, 1 << 20, 5 << 20, 100, 16_000_000, 33_000] {
        let bytes = (0..size).map(|n: u32| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect::<Vec<_>>();
        let back = big.back(Bytes::from(bytes.as_slice())).unwrap();
        assert!(back.iter().eq(bytes.iter().rev()), "{size}");
        let text = "ä".repeat(size as usize / 4);
        assert_eq!(big.through(text.clone()).unwrap(), text + "!");
    }
    let error = big.back(Bytes::from(vec![0; 17 << 20])).unwrap_err();
    assert!(matches!(error, Error::Value(_)), "{error}");
    assert_eq!(big.back(Bytes::from(vec![1, 2])).unwrap().as_ref(), [2, 1]);
}
