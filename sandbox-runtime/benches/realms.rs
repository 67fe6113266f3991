//! What a realm costs, beside a bare context of the engine and a sandbox of its own.
//! `cargo bench -p sandbox-runtime --bench realms` prints the median of many, in microseconds.
#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use deno_core::{JsRuntime, RuntimeOptions, v8};
use sandbox_runtime::{
    Builder, Clock, Console, Intrinsics, LocalSandbox, Result, Sandbox, Script, sandbox_api,
};

#[sandbox_api(guest)]
pub trait Guest {
    fn add(&self, a: f64, b: f64) -> Result<f64>;
}

/// A contract of common size.
#[sandbox_api(host)]
pub trait Store {
    fn get(&self, key: &str) -> Option<String>;
    fn put(&self, key: &str, value: &str);
    fn remove(&self, key: &str) -> bool;
    fn count(&self) -> u32;
    fn rate(&self, from: f64, to: f64) -> f64;
}

struct Shelf;
impl Store for Shelf {
    fn get(&self, _: &str) -> Option<String> {
        None
    }
    fn put(&self, _: &str, _: &str) {}
    fn remove(&self, _: &str) -> bool {
        false
    }
    fn count(&self) -> u32 {
        0
    }
    fn rate(&self, from: f64, to: f64) -> f64 {
        from / to
    }
}

fn median(turns: usize, mut turn: impl FnMut()) -> f64 {
    let mut times = (0..turns).map(|_| {
        let started = Instant::now();
        turn();
        started.elapsed()
    });
    let mut times = times.by_ref().collect::<Vec<Duration>>();
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

fn row(name: &str, micros: f64) {
    println!("  {name:<60} {micros:>9.0}");
}

fn bare(turns: usize) -> f64 {
    let mut runtime = JsRuntime::new(RuntimeOptions::default());
    median(turns, || {
        v8::scope!(let scope, runtime.v8_isolate());
        black_box(v8::Context::new(scope, v8::ContextOptions::default()));
    })
}

fn local() -> Builder<LocalSandbox> {
    LocalSandbox::builder().host::<dyn Store>(Shelf)
}

fn main() {
    const TURNS: usize = 2000;
    let script = || Script::new("guest.mjs", "export const add = (a, b) => a + b;");
    println!("microseconds, median");
    // It starts V8.
    let sandbox = local().build().unwrap();
    row("a bare context of V8", bare(TURNS));
    row(
        "`realm` of a LocalSandbox with a contract of five methods",
        median(TURNS, || drop(sandbox.realm().unwrap())),
    );
    let load = || {
        let guest = sandbox.realm().unwrap().load::<dyn Guest>(script()).unwrap();
        black_box(guest.add(2.0, 3.0).unwrap());
    };
    row("the same, with `load` and a call", median(TURNS, load));
    let sent = Sandbox::builder().host::<dyn Store>(Shelf).build().unwrap();
    row("`realm` of a Sandbox", median(TURNS, || drop(sent.realm().unwrap())));
    let furnished = local().clock(Clock::Coarse).console(Console::Capture).build().unwrap();
    row("with a console and a coarse clock", median(TURNS, || drop(furnished.realm().unwrap())));
    let frozen = local().intrinsics(Intrinsics::Frozen).build().unwrap();
    row("with frozen intrinsics", median(200, || drop(frozen.realm().unwrap())));
    row("a LocalSandbox", median(50, || drop(local().build().unwrap())));
}
