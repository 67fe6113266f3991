//! What the flags of V8 cost that this crate sets for the sake of loops that must end; see `FLAGS` of the engine.
//! `cargo bench -p sandbox-benches --features v8 --bench loops` runs the same loops in a process for each set of flags, in turns, and
//! prints the best time of each with its ratio to V8 as it comes. `start` is a fresh function run for the first time.
#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use deno_core::{JsRuntime, RuntimeOptions, v8};

/// Says which set of flags a child has.
const FLAGS: &str = "LOOPS_FLAGS";
const SETS: [&str; 5] = [
    "",
    "--no-turboshaft-loop-unrolling",
    "--no-turboshaft-loop-unrolling --no-concurrent-recompilation",
    "--no-turboshaft-loop-unrolling --no-concurrent-recompilation --no-maglev-osr",
    "--no-turboshaft-loop-unrolling --no-concurrent-recompilation --no-maglev --invocation-count-for-turbofan=6000",
];
/// Children of each set.
const TURNS: usize = 3;

const LOOPS: [(&str, &str); 7] = [
    ("numeric", "let x = 0; for (let i = 0; i < 3e7; i++) x = (x + i * 3) ^ (i >> 2); return x;"),
    ("float", "let y = 0; for (let i = 0; i < 1e7; i++) y += Math.sqrt(i) * 0.5; return y;"),
    (
        "array",
        "const a = Array.from({ length: 1000 }, (_, i) => i); let x = 0; for (let k = 0; k < 1e4; k++) for (let i = 0; i < a.length; i++) x = (x + a[i]) | 0; return x;",
    ),
    ("new array", "let q; for (let i = 0; i < 1e5; i++) q = new Array(100).fill(1); return q.length;"),
    (
        "string",
        "const s = 'abcdefgh'.repeat(100); let x = 0; for (let k = 0; k < 5e3; k++) for (let i = 0; i < s.length; i++) x = (x + s.charCodeAt(i)) | 0; return x;",
    ),
    (
        "typed array",
        "const t = new Float64Array(1024); for (let k = 0; k < 1e4; k++) for (let i = 0; i < t.length; i++) t[i] = t[i] * 0.5 + i; return t[7];",
    ),
    (
        "start",
        "let x = 0; const f = (o) => { let s = 0; for (const k of o) s += k.a * 2 + [k.a, 1].map((v) => v + 1)[0]; return s; }; for (let k = 0; k < 2e3; k++) x += f([{ a: k }, { a: 1 }, { a: 2 }]); return x;",
    ),
];

/// Nanoseconds of each loop, in this process.
fn child(flags: &str) {
    v8::V8::set_flags_from_string(flags);
    // deno_core ends the process when V8 has a task for later and there is no clock.
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let _entered = tokio.enter();
    for (name, body) in LOOPS {
        let rounds = if name == "start" { 20 } else { 4 };
        let one = |_| {
            let mut runtime = JsRuntime::new(RuntimeOptions::default());
            let code = format!("(() => {{ {body} }})()");
            if name != "start" {
                runtime.execute_script("warm.js", code.clone()).unwrap();
            }
            let started = Instant::now();
            runtime.execute_script("loop.js", code).unwrap();
            started.elapsed()
        };
        let best = (0..rounds).map(one).min().unwrap_or(Duration::MAX);
        println!("{name}={}", best.as_nanos());
    }
}

fn times(flags: &str) -> BTreeMap<String, f64> {
    let output = Command::new(std::env::current_exe().unwrap()).env(FLAGS, flags).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let pairs = lines.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, nanos)| (name.to_owned(), nanos.parse().unwrap())).collect()
}

fn main() {
    if let Ok(flags) = std::env::var(FLAGS) {
        return child(&flags);
    }
    let mut best = SETS.map(|_| BTreeMap::<String, f64>::new());
    for _ in 0..TURNS {
        for (best, flags) in best.iter_mut().zip(SETS) {
            for (name, nanos) in times(flags) {
                let least = best.entry(name).or_insert(f64::MAX);
                *least = least.min(nanos);
            }
        }
    }
    for (set, flags) in SETS.iter().enumerate() {
        println!("{}", if flags.is_empty() { "as it comes" } else { flags });
        for (name, _) in LOOPS {
            let (nanos, floor) = (best[set][name], best[0][name]);
            println!("  {name:<12} {:>9.2} ms   {:.2} x", nanos / 1e6, nanos / floor);
        }
    }
}
