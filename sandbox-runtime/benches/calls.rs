//! Host → guest, and the start of a sandbox, each beside its floor in one run.
//! `cargo bench -p sandbox-runtime --bench calls` prints the best of several rounds, and ratios.
#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use deno_core::{JsRuntime, RuntimeOptions, v8};
use sandbox_runtime::{LocalSandbox, Result, Sandbox, Script, sandbox_api};

const ROUNDS: u32 = 7;
const SOURCE: &str = "export const add = (a, b) => a + b; export const greet = (name) => 'Hello, ' + name;";

#[sandbox_api(guest)]
pub trait Guest {
    fn add(&self, a: f64, b: f64) -> Result<f64>;
    fn greet(&self, name: &str) -> Result<String>;
}

#[sandbox_api(guest)]
pub trait Task {
    async fn add(&self, a: f64, b: f64) -> Result<f64>;
    async fn ask(&self, a: f64) -> Result<f64>;
}

#[sandbox_api(host)]
pub trait Host {
    async fn twice(&self, a: f64) -> f64;
}

struct Doubles;

#[sandbox_api]
impl Host for Doubles {
    async fn twice(&self, a: f64) -> f64 {
        a * 2.0
    }
}

const ASYNC: &str =
    "export const add = async (a, b) => a + b; export const ask = async (a) => await Host.twice(a);";

/// The best of several rounds, in nanoseconds a turn.
fn best(turns: u32, mut turn: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        (0..turns).for_each(|_| turn());
        best = best.min(started.elapsed());
    }
    best.as_secs_f64() * 1e9 / f64::from(turns)
}

fn row(name: &str, floor: f64, ours: f64) {
    println!("  {name:<44} {floor:>12.0} {ours:>12.0}   {:.2} x", ours / floor);
}

/// What an expert writes by hand: a function of V8, called with handles.
fn by_hand(turns: u32) -> (f64, f64) {
    let mut runtime = JsRuntime::new(RuntimeOptions::default());
    let add = runtime.execute_script("add.js", "(a, b) => a + b").unwrap();
    let greet = runtime.execute_script("greet.js", "(name) => 'Hello, ' + name").unwrap();
    let context = runtime.main_context();
    let isolate = runtime.v8_isolate();
    let mut call = |function: &v8::Global<v8::Value>, text: bool| {
        v8::scope_with_context!(let scope, isolate, &context);
        let function = v8::Local::new(scope, function).try_cast::<v8::Function>().unwrap();
        let undefined = v8::undefined(scope).into();
        if text {
            let name = v8::String::new(scope, "Ada Lovelace").unwrap().into();
            black_box(function.call(scope, undefined, &[name]).unwrap().to_rust_string_lossy(scope));
        } else {
            let arguments = [v8::Number::new(scope, 2.0).into(), v8::Number::new(scope, 3.0).into()];
            black_box(function.call(scope, undefined, &arguments).unwrap().number_value(scope).unwrap());
        }
    };
    (best(turns, || call(&add, false)), best(turns, || call(&greet, true)))
}

/// The same of a function that gives a promise, which is settled when the microtasks have run.
fn promise_by_hand(turns: u32) -> f64 {
    let mut runtime = JsRuntime::new(RuntimeOptions::default());
    let add = runtime.execute_script("add.js", "async (a, b) => a + b").unwrap();
    let context = runtime.main_context();
    let isolate = runtime.v8_isolate();
    best(turns, || {
        v8::scope_with_context!(let scope, isolate, &context);
        let function = v8::Local::new(scope, &add).try_cast::<v8::Function>().unwrap();
        let undefined = v8::undefined(scope).into();
        let arguments = [v8::Number::new(scope, 2.0).into(), v8::Number::new(scope, 3.0).into()];
        let promise = function.call(scope, undefined, &arguments).unwrap().try_cast::<v8::Promise>().unwrap();
        scope.perform_microtask_checkpoint();
        black_box(promise.result(scope).number_value(scope).unwrap());
    })
}

/// A round trip between two threads, with nothing done on the other side.
fn bare_channel(turns: u32) -> f64 {
    let (request, requests) = sync_channel::<f64>(1);
    let (answer, answers) = sync_channel::<f64>(1);
    let echo = std::thread::spawn(move || requests.into_iter().for_each(|value| answer.send(value).unwrap()));
    let nanos = best(turns, || {
        request.send(1.0).unwrap();
        black_box(answers.recv().unwrap());
    });
    drop(request);
    echo.join().unwrap();
    nanos
}

fn start() -> f64 {
    best(20, || {
        let sandbox = LocalSandbox::builder().build().unwrap();
        black_box(
            sandbox.load::<dyn Guest>(Script::new("guest.mjs", SOURCE)).unwrap().add(2.0, 3.0).unwrap(),
        );
    })
}

fn bare_start() -> f64 {
    best(20, || {
        let mut runtime = JsRuntime::new(RuntimeOptions::default());
        black_box(runtime.execute_script("add.js", "((a, b) => a + b)(2, 3)").unwrap());
    })
}

fn main() {
    let local =
        LocalSandbox::builder().build().unwrap().load::<dyn Guest>(Script::new("guest.mjs", SOURCE)).unwrap();
    let local: &dyn Guest = &local;
    let sent =
        Sandbox::builder().build().unwrap().load::<dyn Guest>(Script::new("guest.mjs", SOURCE)).unwrap();
    let sent: &dyn Guest = &sent;
    let add = best(200_000, || _ = black_box(local.add(2.0, 3.0).unwrap()));
    let greet = best(200_000, || _ = black_box(local.greet("Ada Lovelace").unwrap()));
    let hop = best(20_000, || _ = black_box(sent.add(2.0, 3.0).unwrap()));
    let builder = LocalSandbox::builder().host::<dyn Host>(Doubles);
    let task = builder.build().unwrap().load::<dyn Task>(Script::new("task.mjs", ASYNC)).unwrap();
    let builder = Sandbox::builder().host::<dyn Host>(Doubles);
    let remote = builder.build().unwrap().load::<dyn Task>(Script::new("task.mjs", ASYNC)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let add_async = best(100_000, || _ = black_box(runtime.block_on(task.add(2.0, 3.0)).unwrap()));
    let ask = best(50_000, || _ = black_box(runtime.block_on(task.ask(2.0)).unwrap()));
    let hop_async = best(20_000, || _ = black_box(runtime.block_on(remote.add(2.0, 3.0)).unwrap()));
    let started = start();
    let (floor_add, floor_greet) = by_hand(200_000);

    println!("nanoseconds, best of {ROUNDS} rounds {:>24} {:>12}", "the floor", "this crate");
    row("(f64, f64) -> f64, LocalSandbox", floor_add, add);
    row("(&str) -> String, LocalSandbox", floor_greet, greet);
    row("(f64, f64) -> f64, Sandbox; bare channel", bare_channel(20_000), hop);
    let floor_promise = promise_by_hand(100_000);
    row("async (f64, f64) -> f64, LocalSandbox", floor_promise, add_async);
    row("and one await of an async host method", floor_promise, ask);
    row("async (f64, f64) -> f64, Sandbox; bare channel", bare_channel(20_000), hop_async);
    row("start to first call; bare JsRuntime", bare_start(), started);
}
