//! What `fuzz_guest` finds in guests.

use std::time::Duration;

use sandbox_runtime::testing::{Counterexample, Fuzz, Report, fuzz_guest};
use sandbox_runtime::{Error, LimitKind, Limits, LocalSandbox, Result, Script, sandbox_api};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::slack::{LONG, is_quiet, long};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    #[garde(range(min = 1, max = 10_000))]
    pub unit_price: u32,
    #[garde(length(max = 20))]
    pub tags: Vec<String>,
}

#[sandbox_api(guest)]
pub trait Rule {
    fn total(&self, lines: Vec<Line>, discount: Option<f64>) -> Result<f64>;
    fn label(&self, #[sandbox(length(max = 40))] name: &str) -> Result<String>;
    fn level(&self, of: i32) -> Result<u8> {
        Ok(of.unsigned_abs().min(9) as u8)
    }
}

const TOTAL: &str = "export const total = (lines, discount) =>
    lines.reduce((sum, line) => sum + line.unitPrice, 0) * (1 - (discount ?? 0));\n";
const LABEL: &str = "export const label = (name) => name.toUpperCase();\n";

fn run(fuzz: &Fuzz, source: &str) -> Result<Report, Counterexample> {
    fuzz.guest::<dyn Rule>(Script::new("rule.js", source))
}

/// With a body of `level`, and the simplest call that goes wrong.
fn level(fuzz: &Fuzz, body: &str) -> Counterexample {
    let found = run(fuzz, &format!("{TOTAL}{LABEL}export const level = (of) => {body};"));
    let found = found.expect_err("it goes wrong");
    assert_eq!(found.method, Some("level"));
    found
}

fn quick() -> Fuzz {
    let limits = Limits { cpu: Duration::from_millis(100), ..long() };
    Fuzz::new().sandbox(move || LocalSandbox::builder().limits(limits))
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, garde::Validate)]
pub struct Order {
    #[garde(custom(is_address))]
    pub customer: String,
    #[garde(skip)]
    pub quantity: u32,
}

fn is_address(value: &str, _context: &()) -> garde::Result {
    let is_one = value.ends_with("@example.com");
    if is_one { Ok(()) } else { Err(garde::Error::new("not an address")) }
}

#[allow(dead_code, reason = "the fuzzer calls its method by the name")]
#[sandbox_api(guest)]
pub trait Decision {
    fn decide(&self, order: Order) -> Result<bool>;
}

/// Values for a rule that is code cannot be made. That is no fault of the guest.
#[test]
fn arguments_that_cannot_be_made_are_no_counterexample() {
    let found = fuzz_guest::<dyn Decision>(Script::new("decide.js", "export const decide = () => true;"));
    let found = found.unwrap_err();
    assert_eq!((found.method, found.call.as_str()), (None, "decide(…)"));
    let text = found.to_string();
    let start = "no arguments of `decide` could be made: the rule of `order.customer` is code, or narrower than its schema";
    assert!(text.contains(start) && text.contains("such as `pattern`"), "{text}");
    let report = fuzz_guest::<dyn Rule>(Script::new("rule.js", format!("{TOTAL}{LABEL}")));
    assert_eq!(report.unwrap().methods.len(), 2, "others are tried");
}

#[test]
fn a_good_guest_passes() {
    let report = fuzz_guest::<dyn Rule>(Script::new("rule.js", format!("{TOTAL}{LABEL}"))).unwrap();
    assert_eq!(report.to_string(), "total: 256 calls\nlabel: 256 calls\n", "`level` is not exported");
}

#[test]
fn a_planted_fault_is_shrunk_to_the_simplest_call() {
    let found = level(&Fuzz::new(), "of > 1000 ? 'high' : 0");
    let said = "Rule.level → result: expected an integer from 0 to 255 (u8), got \"high\"";
    assert_eq!(found.to_string(), format!("level(1001): {said}"));
    assert!(matches!(found.error, Error::Value(_)));
    assert_eq!(level(&Fuzz::new(), "of < -7 ? -1 : 7").call, "level(-8)");
    // Rare: the guest takes one of the edges for something else.
    assert_eq!(level(&Fuzz::new(), "of === -(2 ** 31) ? 256 : 255").call, "level(-2147483648)");

    let nested = "export const total = (lines, discount) =>
        lines.some((line) => line.unitPrice > 99 && line.tags.length > 1) ? '1' : 1;";
    let found = run(&Fuzz::new(), &format!("{nested}{LABEL}")).unwrap_err();
    assert_eq!(found.call, "total([{\"unitPrice\": 100, \"tags\": [\"\", \"\"]}], null)");

    let text = "export const label = (name) => [...name].length === name.length ? name : 5;";
    let found = run(&Fuzz::new(), &format!("{TOTAL}{text}")).unwrap_err();
    assert!(
        found.call.starts_with("label(\"") && found.call.chars().count() == "label(\"😀\")".chars().count()
    );
}

#[test]
fn the_same_seed_finds_the_same() {
    let calls = |seed| {
        let found = level(&Fuzz::new().seed(seed), "of % 16 === 7 ? 256 : 1");
        found.call
    };
    assert_eq!(calls(1), calls(1));
    assert!(calls(2).starts_with("level("));
}

#[test]
fn what_a_guest_throws_is_told_or_allowed() {
    let source = "{ if (of === 0) throw new RangeError('zero'); return 1 }";
    let found = level(&Fuzz::new(), source);
    assert_eq!(found.call, "level(0)");
    assert!(matches!(&found.error, Error::Guest(thrown) if thrown.message == "zero"), "{found}");
    let script = format!("{TOTAL}{LABEL}export const level = (of) => {source};");
    let report = run(&Fuzz::new().allow_throws(), &script).unwrap();
    let level = &report.methods[2];
    assert_eq!((level.calls, level.refused), (256, 0));
    assert!(level.failed > 0 && level.failed < 100, "{report}");
}

#[test]
fn limits_are_found() {
    let found = level(&quick(), "{ while (of > 20) ; return 1 }");
    // Shrinking has ten seconds, and each of its steps takes the whole limit.
    let of = found.call.strip_prefix("level(").and_then(|call| call.strip_suffix(')')?.parse::<i32>().ok());
    assert!(of == Some(21) || !is_quiet() && of > Some(21), "{found}");
    assert!(matches!(found.error, Error::Limit { kind: LimitKind::Cpu, .. }), "{found}");
    let found = level(&quick(), "(function deeper(n) { return deeper(n + 1) + 1 })(of)");
    assert_eq!(found.call, "level(0)");
    assert!(matches!(&found.error, Error::Guest(_) | Error::Limit { kind: LimitKind::Stack, .. }), "{found}");
    let limits = Limits { heap: 16 << 20, buffers: 64 << 20, ..long() };
    let small = Fuzz::new().sandbox(move || LocalSandbox::builder().limits(limits));
    let found = level(&small, "{ const all = []; for (;;) all.push([of]) }");
    assert_eq!(found.call, "level(0)");
    assert!(matches!(found.error, Error::Limit { kind: LimitKind::Heap, .. }), "{found}");
}

#[test]
fn a_script_that_cannot_be_loaded_is_told() {
    let found = run(&Fuzz::new(), TOTAL).unwrap_err();
    assert_eq!((found.method, &*found.call), (None, "rule.js"));
    assert!(matches!(found.error, Error::Mismatch { .. }));
    let found = run(&Fuzz::new(), "export const total = ;").unwrap_err();
    assert!(matches!(found.error, Error::Syntax { .. }));
}

/// Without a description, nothing that is made is a value of the type.
#[derive(Clone, Serialize, Deserialize)]
pub struct Undescribed {
    pub secret_name_of_a_field: i64,
}

#[sandbox_api(guest)]
#[expect(dead_code, reason = "it is called by its description alone")]
pub trait Opaque {
    fn take(&self, value: Undescribed) -> Result<()>;
}

#[test]
fn a_method_that_cannot_be_tried_does_not_pass() {
    let found =
        fuzz_guest::<dyn Opaque>(Script::new("opaque.js", "export const take = () => {};")).unwrap_err();
    assert_eq!((found.method, found.call.as_str()), (None, "take(…)"), "{found}");
    assert!(found.to_string().contains("derive `JsonSchema` where a type has no schema"), "{found}");
}

#[expect(dead_code, reason = "it is called by its contract alone")]
#[sandbox_api(guest)]
pub trait Slow {
    async fn level(&self, of: i32) -> Result<u8>;
}

#[sandbox_api(host)]
pub trait Timer: Send + Sync {
    async fn sleep(&self) -> u8;
}
#[sandbox_api]
impl Timer for () {
    async fn sleep(&self) -> u8 {
        tokio::time::sleep(Duration::from_micros(10)).await;
        7
    }
}

fn slow(body: &str) -> Result<Report, Counterexample> {
    slow_within(LONG, body)
}

fn slow_within(wall: Duration, body: &str) -> Result<Report, Counterexample> {
    let limits = Limits { wall, ..Limits::default() };
    let fuzz =
        Fuzz::new().cases(64).sandbox(move || LocalSandbox::builder().limits(limits).host::<dyn Timer>(()));
    fuzz.guest::<dyn Slow>(Script::new("slow.js", format!("export async function level(of) {{ {body} }}")))
}

#[test]
fn the_promises_of_async_methods_are_waited_for() {
    assert_eq!(slow("return await Timer.sleep();").unwrap().to_string(), "level: 64 calls\n");
    let found = slow("await Timer.sleep(); return of > 1000 ? 'high' : 0;").unwrap_err();
    assert_eq!(found.call, "level(1001)");
    assert!(matches!(found.error, Error::Value(_)), "{found}");
    let never = "if (of < -7) await new Promise(() => {}); return 7;";
    let found = slow_within(Duration::from_millis(50), never).unwrap_err();
    assert!(matches!(found.error, Error::Limit { kind: LimitKind::Wall, .. }), "{found}");
    let found = slow("if (of === 5 || of > 90) throw new RangeError('no'); return 7;").unwrap_err();
    assert!(matches!(found.error, Error::Guest(_)), "{found}");
}

#[test]
fn async_methods_are_not_tried_inside_of_another_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let found = runtime.block_on(async { slow("return 7;") }).unwrap_err();
    assert!(matches!(found.error, Error::Blocking { .. }), "{found}");
    slow("return 7;").unwrap();
}
