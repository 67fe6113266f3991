//! The resources of V8's compilers: their memory, which no heap limit counts, and the turns of a loop that they have not compiled.
//!
//! The bounds are wide: a fault of the kind that is looked for is beyond them by several times, and a slow machine is not.

mod slack;
mod turns;

use std::fs;
use std::time::Duration;

use sandbox_runtime::{Engine, Limits, LocalSandbox, Script};
use slack::LONG;
use turns::turns;

/// More calls than a function needs to be compiled by the last compiler.
const CALLS: u32 = 6_500;
/// The memory of a compilation that is not a fault, in bytes, with that of a heap.
const MEMORY: u64 = 384 << 20;
/// The CPU time of all calls of one program.
const CPU: Duration = Duration::from_secs(100);

/// Makes the text of a function `f` of so many parts.
type Shape = fn(usize) -> String;

const SHAPES: [(&str, Shape); 16] = [
    ("parameters and arguments", parameters),
    ("parameters, strict", |n| {
        let names = list(n, |i| format!("a{i}"), ",");
        format!("function f({names}) {{ 'use strict'; return a0 + arguments.length; }}")
    }),
    ("defaults", |n| format!("function f({}) {{ return a0; }}", list(n, |i| format!("a{i} = {i}"), ","))),
    ("locals", |n| {
        let sum = list(n, |i| format!("v{i}"), "+");
        format!("function f(k) {{ {} return {sum}; }}", list(n, |i| format!("let v{i} = k + {i};"), ""))
    }),
    ("locals that a handler reads", |n| {
        let [all, sum] = [("let v@ = k;", ""), ("v@", "+")]
            .map(|(text, with)| list(n, |i| text.replace('@', &i.to_string()), with));
        let changes = list(n / 4, |i| format!("v{i} = g(v{i});"), "");
        format!(
            "const g = (x) => x | 0; function f(k) {{ {all} try {{ {changes} }} catch {{ return {sum}; }} }}"
        )
    }),
    ("branches", |n| {
        let all = list(n, |i| format!("if (k & {}) v{i} = k; else v{i} += 1;", 1 << (i % 20)), "");
        format!("function f(k) {{ let {}; {all} return v0; }}", list(n, |i| format!("v{i} = {i}"), ","))
    }),
    ("loops", |n| {
        let all = list(n / 4, |_| "for (let i = 0; i < 1; i++) s += i + k;".to_owned(), "");
        format!("function f(k) {{ let s = 0; {all} return s; }}")
    }),
    ("properties", |n| format!("function f(k) {{ return {{ {} }}; }}", list(n, |i| format!("p{i}: k"), ","))),
    ("cases", |n| {
        format!("function f(k) {{ switch (k) {{ {} }} }}", list(n, |i| format!("case {i}: return {i};"), ""))
    }),
    ("closures", |n| {
        format!("function f(k) {{ return [{}]; }}", list(n / 4, |i| format!("() => k + {i}"), ","))
    }),
    ("captured variables", |n| {
        let sum = list(n, |i| format!("v{i}"), "+");
        format!("function f(k) {{ {} return () => {sum}; }}", list(n, |i| format!("let v{i} = k;"), ""))
    }),
    ("template parts", |n| format!("function f(k) {{ return `{}`; }}", "${k}x".repeat(n))),
    ("spread", |n| {
        format!("function f(k) {{ return [{}].length; }}", list(n / 4, |_| "...[k]".to_owned(), ","))
    }),
    ("spread objects", |n| {
        format!("function f(k) {{ return {{ {} }}; }}", list(n / 16, |i| format!("...{{ a{i}: k }}"), ","))
    }),
    ("arguments", |n| {
        let all = list(n, |_| "k".to_owned(), ",");
        format!("function g() {{ return arguments.length; }} function f(k) {{ return g({all}); }}")
    }),
    ("functions to inline", |n| {
        let functions = list(n / 2, |i| format!("function g{i}(x) {{ return x + {i}; }}"), "");
        format!("{functions} function f(k) {{ return {}; }}", list(n / 2, |i| format!("g{i}(k)"), "+"))
    }),
];

fn list(count: usize, part: impl Fn(usize) -> String, with: &str) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(with)
}

fn parameters(count: usize) -> String {
    format!(
        "function f({}) {{ let r = 0; for (let i = 0; i < arguments.length; i++) r += arguments[i]; return r; }}",
        list(count, |i| format!("a{i}"), ",")
    )
}

/// The most memory that the process had since the last call of [`forget_peak`], in bytes.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn forget_peak() -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    peak()
}

/// The most memory that the process had while the function was called until it was compiled.
fn memory(function: &str) -> Option<u64> {
    let limits = Limits { wall: LONG, ..Limits::default() };
    let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
    forget_peak()?;
    let source = format!("{function}\nfor (let i = 0; i < {CALLS}; i++) f(1, 2, 3);");
    sandbox.eval(Script::new("compiled.cjs", source)).unwrap();
    let cpu = sandbox.usage().last.cpu;
    assert!(cpu < CPU, "{cpu:?}");
    peak()
}

/// One test, because the peak is of the whole process.
#[test]
fn compilers_need_no_memory_that_grows_with_the_square_of_a_function() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let Some(before) = forget_peak() else { return };
    let mut peaks = Vec::new();
    // The memory of parameters is not bounded by the length of the function: such a function has little bytecode.
    for count in [2_048, 4_096] {
        peaks.push(("many parameters", count, memory(&parameters(count))));
    }
    for (name, shape) in SHAPES {
        peaks.extend([500, 1_000, 2_000].map(|parts| (name, parts, memory(&shape(parts)))));
    }
    let [half, whole, ..] = &*peaks else { panic!("{peaks:?}") };
    let needed = |peak: &Option<u64>| peak.map_or(0, |peak| peak.saturating_sub(before));
    assert!(needed(&whole.2) < needed(&half.2) * 3 + (64 << 20), "{peaks:?}");
    assert!(peaks.iter().all(|(_, _, peak)| needed(peak) < MEMORY), "{before}: {peaks:?}");
}

/// V8 looks at limits when a function has run its budget of bytecode: `--invocation-count-for-turbofan` times its bytes. The loop
/// is quick until the time is over, and then every turn is slow.
#[test]
fn a_small_function_with_slow_turns_ends_after_as_many_as_are_promised() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let source = "const counts = globalThis.counts = { turns: 0 }, small = new Uint8Array(1), large = new Uint8Array(3e5);
        for (;;) { counts.turns++; (counts.turns < 2_000 ? small : large).indexOf(5); }";
    let turns = turns(source.to_owned());
    assert!(turns < 20_000, "{turns}");
    assert!(!Engine::check_loops_often(), "the engine has started");
}
