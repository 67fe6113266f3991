//! The targets of `fuzz/` over seeded random inputs, so that they are tried where no fuzzer is.
//!
//! On V8 only: QuickJS's layer is not made for hostile values by the ten thousand, and is slow with them.
#![cfg(not(feature = "quickjs"))]

// A crate of procedural macros cannot be called, so its modules are built into this test.
#[path = "../sandbox-macros/src/args.rs"]
#[allow(dead_code, reason = "the derive macro uses the rest")]
mod args;
#[path = "../sandbox-macros/src/asynchronous.rs"]
mod asynchronous;
#[path = "../sandbox-macros/src/bounds.rs"]
mod bounds;
#[path = "../sandbox-macros/src/check/mod.rs"]
mod check;
#[path = "../sandbox-macros/src/emit/mod.rs"]
mod emit;
#[path = "../sandbox-macros/src/errors.rs"]
mod errors;
#[path = "../sandbox-macros/src/expand.rs"]
mod expand;
#[path = "../sandbox-macros/src/fallback/mod.rs"]
mod fallback;
#[path = "../sandbox-macros/src/model.rs"]
mod model;
#[path = "../sandbox-macros/src/names.rs"]
#[allow(dead_code, reason = "the derive macro uses the rest")]
mod names;
#[path = "../sandbox-macros/src/parse.rs"]
mod parse;
#[path = "../sandbox-macros/src/paths.rs"]
mod paths;

#[path = "../fuzz/src/boundary.rs"]
mod boundary;
#[path = "../fuzz/src/fetch.rs"]
mod fetch;
#[path = "../fuzz/src/input.rs"]
mod input;
#[path = "../fuzz/src/macro_parser.rs"]
mod macro_parser;
#[path = "../fuzz/src/modules.rs"]
mod modules;
#[path = "../fuzz/src/protocol.rs"]
mod protocol;
#[path = "../fuzz/src/session.rs"]
mod session;
#[path = "../fuzz/src/source_maps.rs"]
mod source_maps;
#[path = "../fuzz/src/strip.rs"]
mod strip;
#[path = "../fuzz/src/web.rs"]
mod web;

/// Runs a target over random bytes, and adds up what it says. The seed tells an input that fails.
fn try_seeds(count: u64, target: fn(&[u8]) -> usize) -> usize {
    let run = |seed: u64| {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            // xorshift64*
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes()[0]
        };
        let bytes = (0..16 + seed % 500).map(|_| next()).collect::<Vec<_>>();
        std::panic::catch_unwind(|| target(&bytes)).unwrap_or_else(|panic| {
            eprintln!("the input of seed {seed} fails");
            std::panic::resume_unwind(panic)
        })
    };
    (0..count).map(run).sum()
}

#[test]
fn boundary_target() {
    let taken = try_seeds(3_000, boundary::run);
    assert!(taken > 100, "only {taken} values were what a type is");
}

#[test]
fn fetch_target() {
    let allowed = try_seeds(3_000, fetch::run);
    assert!(allowed > 30, "only {allowed} requests were for the name of the rules");
}

#[test]
fn macro_parser_target() {
    let items = try_seeds(10_000, |bytes| macro_parser::run(bytes).into());
    assert!(items > 100, "only {items} inputs were items");
}

#[test]
fn modules_target() {
    let found = try_seeds(200, modules::run);
    assert!(found > 20, "only {found} imports gave a file");
}

#[test]
fn protocol_target() {
    let taken = try_seeds(20_000, protocol::run);
    assert!(taken > 1_000, "only {taken} values were values and taken by a type");
}

/// Objects of the host that the frames did not release are dropped too.
#[test]
fn session_target() {
    // Of each of three peers: six calls. One is dropped and one is cancelled, and either may be answered before.
    let answered = session::run(&[]);
    assert!((12..=18).contains(&answered), "a peer that keeps to the protocol answered {answered} calls");
    let answered = try_seeds(300, session::run);
    assert!(answered > 300, "only {answered} calls were answered");
}

#[test]
fn source_maps_target() {
    let mapped = try_seeds(3_000, |bytes| source_maps::run(bytes).into());
    assert!(mapped > 10, "only {mapped} stacks had original places");
}

#[test]
fn strip_target() {
    let stripped = try_seeds(2_000, |bytes| strip::run(bytes).into());
    assert!(stripped > 50, "only {stripped} texts were stripped");
}

#[test]
fn web_target() {
    let values = try_seeds(2_000, web::run);
    assert!(values > 5_000, "only {values} values were made");
}

/// A kind of frame that is added to the protocol needs a body in the fuzz target, and a row in the page of the protocol.
#[test]
fn each_kind_of_frame_is_fuzzed_and_described() {
    use sandbox_runtime::testing::wire::KINDS;
    let names =
        |names: &mut dyn Iterator<Item = &'static str>| names.collect::<std::collections::BTreeSet<_>>();
    let known = names(&mut KINDS.iter().map(|(name, _)| *name));
    let fuzzed = names(&mut session::BODIES.iter().map(|(name, _)| *name));
    assert_eq!(known, fuzzed, "`BODIES` of fuzz/src/session.rs has each kind of frame");
    let numbers = KINDS.iter().map(|(_, number)| *number).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(numbers.len(), KINDS.len(), "two kinds of frames have one number");
    let page = include_str!("../docs/process.md");
    for (name, number) in KINDS {
        let row = format!("\n| `{number:#04x}` | {} |", if number & 0x80 == 0 { "parent" } else { "child" });
        assert!(page.contains(&row), "docs/process.md has no row of {name}: {row}");
    }
}
