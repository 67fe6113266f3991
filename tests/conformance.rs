//! Hardening does not break the language: a corpus of small programs gives in a sandbox what it gives in a bare
//! context of the same engine. What differs is listed in `conformance/differences.txt`, with the reason.
//!
//! No result is written down anywhere; the bare engine is the oracle. Both sides run the same text in the same
//! process, so the engine's flags are the same too, and only what is done to a realm can differ.

#[path = "conformance/bare.rs"]
mod bare;
#[path = "conformance/corpus.rs"]
mod corpus;

use std::collections::{BTreeMap, BTreeSet};

use corpus::Program;
use sandbox_runtime::{Engine, Error, Intrinsics, LocalSandbox, Result, Script, sandbox_api};

/// The name of every program's file, on both sides.
const FILE: &str = "program.cjs";

/// A kind of realm that the corpus runs in.
struct Realm {
    /// The names of its sections in the list of differences; the last one is its own.
    lists: &'static [&'static str],
    build: fn() -> LocalSandbox,
}

const REALMS: &[Realm] = &[
    Realm { lists: &["sandbox"], build: || LocalSandbox::builder().build().unwrap() },
    Realm {
        lists: &["sandbox", "frozen"],
        build: || LocalSandbox::builder().intrinsics(Intrinsics::Frozen).build().unwrap(),
    },
];

/// What `harness.js` exports. What a program gives later than in microtasks, it never gives.
#[sandbox_api(guest)]
pub trait Harness {
    fn start(&self) -> Result<String>;
    fn outcome(&self) -> Result<String>;
}

/// A sandbox for each program, so that none sees what another one did.
fn in_sandbox(sandbox: &LocalSandbox, text: &str) -> Result<String> {
    let harness = sandbox.load::<dyn Harness>(Script::new(FILE, text))?;
    harness.start()?;
    harness.outcome()
}

/// What a program gives, and what its syntax error says.
fn observed(outcome: Result<String>) -> String {
    match outcome {
        Ok(outcome) => outcome,
        Err(Error::Syntax { message, .. }) => format!("throws {message}"),
        Err(error) => format!("fails: {error:?}"),
    }
}

fn is_success(outcome: &str) -> bool {
    outcome.starts_with("returns ")
}

/// What is wrong with a program, given what became of it.
fn judge(
    program: &Program,
    bare: &str,
    sandboxed: &str,
    listed: &BTreeMap<String, String>,
) -> Option<&'static str> {
    let is_v8 = Engine::CURRENT == Engine::V8;
    match (bare == sandboxed, listed.contains_key(&program.name)) {
        (true, true) => Some("is listed as different, and does not differ"),
        (false, false) => Some("differs"),
        // QuickJS lacks features, which then are missed on both sides.
        _ if is_v8 && is_success(bare) == program.is_meant_to_throw => {
            Some("must throw in a bare context if its name ends in `!`, and must not if it does not")
        }
        _ => None,
    }
}

/// What is wrong with the whole corpus in a realm.
fn problems(realm: &Realm) -> Vec<String> {
    let listed = realm.lists.iter().flat_map(|list| corpus::differences(list)).collect::<BTreeMap<_, _>>();
    let (_, programs) = corpus::programs();
    let names = programs.iter().map(|program| program.name.as_str()).collect::<BTreeSet<_>>();
    let unknown = listed.keys().filter(|name| !names.contains(name.as_str()));
    let mut problems =
        unknown.map(|name| format!("`{name}` is listed, and is no program")).collect::<Vec<_>>();
    for program in programs.iter().filter(|program| program.runs_here()) {
        let text = program.text();
        let bare = bare::outcome(&text).unwrap_or_else(|message| format!("throws {message}"));
        let sandboxed = observed(in_sandbox(&(realm.build)(), &text));
        if let Some(problem) = judge(program, &bare, &sandboxed, &listed) {
            let (name, realm) = (&program.name, realm.lists.join(", "));
            problems.push(format!("`{name}` {problem}\n    bare: {bare}\n    {realm}: {sandboxed}"));
        }
    }
    problems
}

#[test]
fn hardening_changes_what_is_listed_and_nothing_else() {
    // The engine starts with its first sandbox, with the flags that all have.
    drop((REALMS[0].build)());
    let problems = REALMS.iter().flat_map(problems).collect::<Vec<_>>();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_corpus_is_large_and_its_names_are_unique() {
    let (chapters, programs) = corpus::programs();
    assert!(chapters >= 20 && programs.len() >= 500, "{} programs in {chapters} chapters", programs.len());
    let mut seen = BTreeSet::new();
    let twice = programs.iter().filter(|program| !seen.insert(&program.name)).map(|program| &program.name);
    assert_eq!(twice.collect::<Vec<_>>(), Vec::<&String>::new());
}
