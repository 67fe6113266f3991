//! Guest → host in a hot loop, four ways in one run: what an expert writes by hand, what this crate does, and the
//! way that it did not take. `cargo bench -p sandbox-runtime --bench ops` prints nanoseconds a call and ratios.
#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use deno_core::{Extension, JsRuntime, OpState, RuntimeOptions, op2};
use sandbox_runtime::{Limits, LocalSandbox, Result, Script, sandbox_api};
use serde::{Deserialize, Serialize};

const TURNS: u32 = 2_000_000;
const ROUNDS: usize = 7;

#[derive(Clone, Serialize, Deserialize)]
pub struct Line {
    label: String,
    amount: f64,
    tax: f64,
    count: u32,
}

#[sandbox_api(host)]
pub trait Host {
    fn add(&self, a: f64, b: f64) -> f64;
    fn line(&self, line: Line) -> Line;
}

struct Direct;
impl Host for Direct {
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn line(&self, line: Line) -> Line {
        line
    }
}

#[sandbox_api(guest)]
pub trait Loop {
    fn scalar(&self, turns: u32) -> Result<f64>;
    fn record(&self, turns: u32) -> Result<f64>;
}

#[op2(fast)]
fn op_floor_add(a: f64, b: f64) -> f64 {
    a + b
}

#[op2]
#[serde]
fn op_floor_line(#[serde] line: Line) -> Line {
    line
}

/// The way not taken: one generic op, whose declaration is renamed for each method. `#[op2]` fixes the C signature
/// before the types are known, so everything goes through serde, and the host is found in the `OpState`.
trait Spike: 'static {
    type Args: for<'a> Deserialize<'a>;
    type Out: Serialize;
    fn call(host: &Direct, args: Self::Args) -> Self::Out;
}

struct Add;
impl Spike for Add {
    type Args = (f64, f64);
    type Out = f64;
    fn call(host: &Direct, (a, b): (f64, f64)) -> f64 {
        host.add(a, b)
    }
}

#[op2]
#[serde]
fn op_generic<M: Spike>(state: Rc<RefCell<OpState>>, #[serde] args: M::Args) -> M::Out {
    let host = state.borrow().borrow::<Rc<Direct>>().clone();
    M::call(&host, args)
}

fn floor() -> JsRuntime {
    JsRuntime::new(RuntimeOptions {
        extensions: vec![Extension {
            name: "floor",
            ops: vec![op_floor_add(), op_floor_line(), op_generic::<Add>()].into(),
            op_state_fn: Some(Box::new(|state| state.put(Rc::new(Direct)))),
            ..Extension::default()
        }],
        ..RuntimeOptions::default()
    })
}

/// The best of several rounds, in nanoseconds a turn.
fn best(mut round: impl FnMut(u32), turns: u32) -> f64 {
    let one = |round: &mut dyn FnMut(u32)| {
        let started = Instant::now();
        round(turns);
        started.elapsed()
    };
    let best = (0..ROUNDS).map(|_| one(&mut round)).min().unwrap_or(Duration::MAX);
    best.as_secs_f64() * 1e9 / f64::from(turns)
}

fn hand_written(runtime: &mut JsRuntime, body: &str, turns: u32) -> f64 {
    let script = format!("(() => {{ const ops = Deno.core.ops; {body} }})()");
    best(
        |turns| {
            drop(runtime.execute_script("floor.js", script.replace("TURNS", &turns.to_string())).unwrap())
        },
        turns,
    )
}

fn main() {
    let limits = Limits { wall: Duration::from_secs(60), host_calls: u64::MAX, ..Limits::default() };
    let sandbox = LocalSandbox::builder().limits(limits).host::<dyn Host>(Direct).build().unwrap();
    let script = Script::new(
        "loop.js",
        "export const scalar = (turns) => { let sum = 0; for (let i = 0; i < turns; i++) sum = Host.add(sum, i); return sum; };
         export const record = (turns) => {
             const line = { label: 'storage', amount: 12.5, tax: 0.2, count: 3 }; let sum = 0;
             for (let i = 0; i < turns; i++) sum += Host.line(line).amount; return sum; };",
    );
    let guest = sandbox.load::<dyn Loop>(script).unwrap();
    let ours = best(|turns| _ = guest.scalar(turns).unwrap(), TURNS);
    let ours_record = best(|turns| _ = guest.record(turns).unwrap(), TURNS / 20);

    let mut runtime = floor();
    let scalar = "let sum = 0; for (let i = 0; i < TURNS; i++) sum = f(sum, i); return sum;";
    let floor = hand_written(&mut runtime, &scalar.replace("f(", "ops.op_floor_add("), TURNS);
    let generic =
        hand_written(&mut runtime, &scalar.replace("f(sum, i)", "ops.op_generic([sum, i])"), TURNS / 20);
    let record = "const line = { label: 'storage', amount: 12.5, tax: 0.2, count: 3 }; let sum = 0;
                  for (let i = 0; i < TURNS; i++) sum += ops.op_floor_line(line).amount; return sum;";
    let floor_record = hand_written(&mut runtime, record, TURNS / 20);

    println!("guest -> host, nanoseconds a call (best of {ROUNDS} rounds)");
    println!("  two numbers, #[op2(fast)] by hand      {floor:8.1}");
    println!("  two numbers, this crate                {ours:8.1}   {:.2} x", ours / floor);
    println!("  two numbers, one generic #[op2]        {generic:8.1}   {:.2} x", generic / floor);
    println!("  a struct of 4 fields, #[op2] by hand   {floor_record:8.1}");
    println!(
        "  a struct of 4 fields, this crate       {ours_record:8.1}   {:.2} x",
        ours_record / floor_record
    );
    // The runtime was entered last, so it goes first.
    drop(runtime);
}
