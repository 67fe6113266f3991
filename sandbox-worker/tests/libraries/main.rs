//! Programs that use libraries of npm give in a realm what they give in node: in open and frozen realms, and in processes.
//!
//! The table of programs says what each needs of a platform, and each fails without. The packages are installed when the test
//! runs. Without npm, or without its registry, the test says so and passes over. `cargo xtask libraries` runs the heavy programs as well,
//! and writes a page with the figures.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "tests")]
#![cfg_attr(feature = "quickjs", allow(unused, reason = "libraries take minutes without a compiler"))]

mod bundles;
mod figures;
#[allow(dead_code, unreachable_pub, reason = "each test uses some of it")]
#[path = "../../../tests/node/mod.rs"]
mod node;
#[path = "../slack/mod.rs"]
mod slack;
mod table;
mod worlds;

use bundles::{Bundles, bundles};
use table::{Need, Program};
use worlds::{FROZEN, FROZEN_IN_A_PROCESS, IN_A_PROCESS, OPEN, World};

/// Programs that a frozen realm refuses, and how: core-js replaces functions of intrinsics, and nunjucks assigns a constant of
/// `String.prototype` on an object that inherits it.
const REFUSED: [(&str, &str); 2] =
    [("core-js", "Cannot assign to"), ("nunjucks", "Cannot assign to read only property 'valueOf'")];

/// The faults of the programs, a line each.
fn problems(of: impl Fn(&Bundles, &Program) -> Option<String>) -> Vec<String> {
    let Some(bundles) = bundles() else { return Vec::new() };
    let problem = |program: &Program| Some(format!("{}: {}", program.name, of(bundles, program)?));
    bundles.programs.iter().filter_map(problem).collect()
}

#[track_caller]
fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "{} programs:\n{}", problems.len(), problems.join("\n"));
}

/// The difference between a world and node.
fn differs(world: &World, bundles: &Bundles, program: &Program) -> Option<String> {
    let source = bundles.source(program).filter(|_| program.can_run())?;
    let expected = bundles.in_node(program).result.as_deref();
    let refusal = REFUSED.iter().find(|(name, _)| *name == program.name && world.is_frozen());
    match (world.run(program, source), refusal) {
        (Err(error), Some((_, text))) if error.to_string().contains(text) => None,
        (Ok(result), None) if Some(&*result) == expected => None,
        (outcome, _) => Some(format!("{outcome:?}\n  in node {expected:?}")),
    }
}

#[test]
fn each_program_has_a_result_in_node_if_it_can_be_bundled() {
    assert_none(&problems(|bundles, program| {
        let in_node = bundles.in_node(program);
        let has_result = in_node.result.is_some();
        let needs_node = program.needs.iter().any(|need| matches!(need, Need::Missing("node:crypto")));
        let is_bundled = !in_node.problem.as_ref().is_some_and(|text| text.contains("Could not resolve"));
        let is_well = has_result != needs_node && is_bundled != needs_node;
        (!is_well).then(|| format!("{in_node:?}"))
    }));
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "libraries take minutes without a compiler")]
fn a_program_that_needs_something_fails_without() {
    assert_none(&problems(|bundles, program| {
        let source = bundles.source(program).filter(|_| !program.needs.is_empty())?;
        let result = OPEN.bare().run(program, source).ok()?;
        let is_same = Some(&result) == bundles.in_node(program).result.as_ref();
        is_same.then(|| format!("{:?} are not needed", program.needs))
    }));
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "libraries take minutes without a compiler")]
fn programs_give_in_an_open_realm_what_they_give_in_node() {
    assert_none(&problems(|bundles, program| differs(&OPEN, bundles, program)));
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "libraries take minutes without a compiler")]
fn programs_give_in_a_frozen_realm_what_they_give_in_node() {
    assert_none(&problems(|bundles, program| differs(&FROZEN, bundles, program)));
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "libraries take minutes without a compiler")]
fn programs_give_in_a_process_what_they_give_in_node() {
    assert_none(&problems(|bundles, program| differs(&IN_A_PROCESS, bundles, program)));
}

#[test]
#[cfg_attr(feature = "quickjs", ignore = "libraries take minutes without a compiler")]
fn programs_give_in_a_frozen_realm_of_a_process_what_they_give_in_node() {
    assert_none(&problems(|bundles, program| differs(&FROZEN_IN_A_PROCESS, bundles, program)));
}

/// Prints the rows of `docs/libraries.md`.
#[test]
#[ignore = "`cargo xtask libraries` runs it, alone"]
fn the_figures_of_all_programs() {
    let bundles = bundles().expect("npm and its registry");
    for row in figures::rows(bundles) {
        println!("{row}");
    }
}
