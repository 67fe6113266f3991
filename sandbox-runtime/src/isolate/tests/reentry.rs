//! Host methods that call their guest again from compiled code, and change what that code was compiled on.
//!
//! Each program runs twice: with host methods that have fast calls, and with the same methods that have none. The guest
//! must see the same in both runs. V8 ends the process where it cannot go on, so each test is a child.

mod generated;
mod host;
mod ways;

use std::time::Duration;

use super::child::in_child;
use crate::{Error, LimitKind, Limits};
use host::{Program, TURNS};

fn limits() -> Limits {
    Limits { wall: Duration::from_secs(120), host_calls: u64::MAX, ..Limits::default() }
}

/// Runs a program until compiled code calls the host, at most a bounded number of times.
fn warm(name: &str, program: &Program) -> String {
    const MOST: u32 = 40;
    let mut result = String::new();
    let mut fast_runs = 0;
    for _ in 0..MOST {
        result = program.guest.run(TURNS).unwrap_or_else(|error| panic!("{name}: {error}"));
        fast_runs = if program.last_was_fast() { fast_runs + 1 } else { 0 };
        if fast_runs == 3 {
            break;
        }
    }
    result
}

/// Runs a program hot, has the host change it in a call before the last `back`, and compares. Whether that was a fast call.
fn check(name: &str, source: &str, back: u32) -> bool {
    let fast = host::fast(source, limits());
    let slow = host::slow(source, limits());
    let warm = warm(name, &fast);
    assert_eq!(warm, slow.guest.run(TURNS).expect("it runs"), "{name}");
    let at = slow.calls_of_a_run() - 1 - back;
    let [fast_at, slow_at] = [&fast, &slow].map(|program: &Program| {
        program.change_at(at);
        program.guest.run(TURNS)
    });
    let fast_at = fast_at.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(fast_at, slow_at.expect("it runs"), "{name}");
    assert_eq!(fast.changes.get(), 1, "{name}");
    assert_eq!(fast.guest.run(100).expect("it goes on"), slow.guest.run(100).expect("it goes on"), "{name}");
    fast.was_fast.get()
}

/// Checks programs, most of which have to be changed from within a fast call.
fn check_all(programs: Vec<(String, String)>) {
    let all = programs.len();
    let mut fast = 0;
    for ((name, source), back) in programs.into_iter().zip((0..3).cycle()) {
        fast += usize::from(check(&name, &source, back));
    }
    assert!(fast * 3 > all * 2, "{fast} of {all} were changed from within a fast call");
}

/// Each way to invalidate compiled code, with each kind of result.
macro_rules! ways {
    ($($name:ident: $way:expr;)*) => {$(
        #[test]
        fn $name() {
            in_child(module_path!(), stringify!($name), || check_all($way));
        }
    )*};
}

ways! {
    prototypes_and_fields: ways::programs(&ways::OBJECTS);
    elements_and_buffers: ways::programs(&ways::ELEMENTS);
    protectors_and_globals: ways::programs(&ways::PROTECTORS);
    allocation_and_garbage: ways::programs(&ways::GARBAGE);
    nested_calls_and_exceptions: ways::programs(&ways::CALLS);
    every_kind_of_result: ways::of_every_kind();
    every_kind_of_caller: ways::of_every_caller();
}

/// V8 has no C type for an argument of no value, so such a method has no fast call.
#[test]
fn arguments_of_no_value() {
    in_child(module_path!(), "arguments_of_no_value", || {
        let source = ways::observing("1", "v += Host.nothing(undefined);", "");
        assert!(!check("nothing", &source, 0));
    });
}

#[test]
fn generated_programs() {
    in_child(module_path!(), "generated_programs", || {
        let seeds = std::env::var("REENTRY_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(24);
        let program = |seed| (format!("seed {seed}"), generated::program(seed));
        check_all((1..=seeds).map(program).collect());
    });
}

/// The guest's calls are in flight while one of them is changed.
#[test]
fn calls_in_flight() {
    in_child(module_path!(), "calls_in_flight", || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for (name, source) in ways::programs(&ways::OBJECTS) {
            let run = |program: &Program, at| {
                program.change_at(at);
                let calls = (0..3).map(|_| program.later.run_later(TURNS));
                let results = runtime.block_on(futures_util::future::try_join_all(calls));
                results.unwrap_or_else(|error| panic!("{name}: {error}"))
            };
            let [fast, slow] = [host::fast(&source, limits()), host::slow(&source, limits())];
            warm(&name, &fast);
            for at in [u32::MAX, TURNS - 1] {
                assert_eq!(run(&fast, at), run(&slow, at), "{name}");
            }
            assert_eq!(fast.changes.get(), 1, "{name}");
        }
    });
}

/// A call inside of the fast call is ended; so is the one around it, and the next works.
#[test]
fn the_inner_call_is_ended() {
    in_child(module_path!(), "the_inner_call_is_ended", || {
        let change = "v = Host.poke(0); for (;;) {}";
        let source = ways::observing("q.m()", "", change);
        let limits = Limits { wall: Duration::from_secs(2), ..limits() };
        let program = host::fast(&source, limits);
        warm("endless", &program);
        program.change_at(TURNS - 1);
        let Err(Error::Limit { kind: LimitKind::Wall, .. }) = program.guest.run(TURNS) else {
            panic!("it ended")
        };
        program.change_at(u32::MAX);
        assert!(program.guest.run(100).is_ok());
    });
}

/// The host calls a guest of another realm, whose host changes the first.
#[test]
fn through_another_realm() {
    in_child(module_path!(), "through_another_realm", || {
        for (name, source) in ways::programs(&ways::OBJECTS) {
            let [fast, slow] = [host::fast(&source, limits()), host::slow(&source, limits())];
            for program in [&fast, &slow] {
                program.go_through_a_realm();
            }
            warm(&name, &fast);
            for at in [u32::MAX, TURNS - 1] {
                let [fast, slow] = [&fast, &slow].map(|program| {
                    program.change_at(at);
                    program.guest.run(TURNS).unwrap_or_else(|error| panic!("{name}: {error}"))
                });
                assert_eq!(fast, slow, "{name}");
            }
            assert_eq!(fast.changes.get(), 1, "{name}");
        }
    });
}
