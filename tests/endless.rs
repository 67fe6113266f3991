//! Programs that never end on their own are ended by their limit, in every tier of V8's compilers.
//!
//! Only on V8: QuickJS looks at the wall at every 10,000th step, so that what loops over long built-ins legitimately
//! ends late there, and some programs crash it when memory is short (see docs/guide/small-engine.md).

#[path = "endless/mod.rs"]
mod programs;
#[path = "endless/run.rs"]
mod run;
mod slack;

use std::time::Duration;

use sandbox_runtime::{Engine, LimitKind, Limits};

use run::{Ended, end, on_all_processors, parted, percentile};
use slack::{LONG, is_in_time, is_quiet};

const WALL: Duration = Duration::from_millis(80);
/// How late an end may be on a quiet machine.
const LATE: Duration = Duration::from_millis(500);
const WARM_UP: Duration = Duration::from_millis(30);

fn limits() -> Limits {
    Limits { wall: WALL, heap: 16 << 20, ..Limits::default() }
}

#[test]
fn generated_programs_end_at_their_limit() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let results = on_all_processors(300, |seed| {
        let source = programs::program(seed);
        end(&source, limits(), WARM_UP).map_err(|error| format!("seed {seed}: {error}\n{source}"))
    });
    let (ended, wrong) = parted(results);
    assert!(wrong.is_empty(), "{} of 300:\n{}", wrong.len(), wrong.join("\n"));
    let mut late = ended.iter().map(|ended| ended.elapsed.saturating_sub(WALL)).collect::<Vec<_>>();
    late.sort_unstable();
    let of = |kind| ended.iter().filter(|ended| ended.kind == kind).count();
    let counts = [LimitKind::Wall, LimitKind::Heap, LimitKind::Stack].map(of);
    println!(
        "wall, heap, stack: {counts:?}; late p50 {:?}, p99 {:?}",
        percentile(&late, 50),
        percentile(&late, 99)
    );
    // Whether what grows fills the heap or the stack before its time is over, the machine decides.
    assert!(
        counts[0] > 0 && (counts[2] > 0 || !is_quiet()),
        "the programs do not reach each limit: {counts:?}"
    );
    assert!(is_in_time(percentile(&late, 99), LATE), "{late:?}");
}

#[test]
fn the_same_seed_makes_the_same_program() {
    let programs = (0..200).map(programs::program).collect::<Vec<_>>();
    assert_eq!(programs, (0..200).map(programs::program).collect::<Vec<_>>());
    let mut different = programs.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), programs.len());
}

/// The loops that lose their check of interrupts when V8 unrolls loops; see `FLAGS` of the engine.
#[test]
fn loops_whose_check_v8_would_remove_end_by_time_and_by_heap() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let long = Limits { wall: LONG, ..limits() };
    let cases = [
        ("for (let i = 0; i < n; i += step) q = new Array(3000);", limits(), LimitKind::Wall),
        ("for (let i = 0; i < n; i += step) a.push(new Array(1000).fill(1));", long, LimitKind::Heap),
    ];
    for (body, limits, expected) in cases {
        let hot = format!("function hot(n, step) {{ let q; const a = []; {body} return q; }}");
        let endless = body.replace("let i = 0; i < n; i += step", ";;");
        let cold = format!("let q; const a = []; {endless}");
        for source in [
            programs::module(&hot, "hot(1e9, 0); return 1;", 40),
            programs::module("function hot() {}", &cold, 40),
        ] {
            let Ended { kind, elapsed } =
                end(&source, limits, WARM_UP).unwrap_or_else(|error| panic!("{error}\n{source}"));
            assert_eq!(kind, expected, "{source}");
            assert!(is_in_time(elapsed, limits.wall + LATE), "after {elapsed:?}: {source}");
        }
    }
}

/// A function that goes on without end while V8 compiles it: see `--no-concurrent-recompilation` in `FLAGS` of the engine.
/// How many calls it takes until it is compiled is V8's affair, so several are tried.
#[test]
fn loops_that_are_being_compiled_end() {
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let hot = "function hot(n, step) { let x = 0;
        for (let i = 0; i < n; i += step) { try { null.x; } catch { x ^= 1; } } return x; }";
    on_all_processors(60, |calls| {
        let calls = calls * 10;
        let run = format!("for (let k = 0; k < {calls}; k++) hot(1, 1); hot(1e9, 0); return 1;");
        let source = programs::module(hot, &run, 40);
        let Ended { kind, .. } =
            end(&source, limits(), Duration::ZERO).unwrap_or_else(|error| panic!("{error}\n{source}"));
        assert_eq!(kind, LimitKind::Wall, "{source}");
    });
}
