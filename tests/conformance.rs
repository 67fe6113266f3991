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
use std::time::Duration;

use corpus::Program;
use sandbox_runtime::{
    Builder, Engine, Error, Intrinsics, Limits, LocalSandbox, Result, Script, sandbox_api,
};

/// A kind of realm that the corpus runs in.
struct Realm {
    /// The names of its sections in the list of differences; the last one is its own.
    lists: &'static [&'static str],
    build: fn() -> LocalSandbox,
}

impl Realm {
    /// The programs that differ in it, with the reasons.
    fn differences(&self) -> BTreeMap<String, String> {
        self.lists.iter().flat_map(|list| corpus::differences(list)).collect()
    }
}

const REALMS: &[Realm] = &[
    Realm { lists: &["sandbox"], build: || builder().build().unwrap() },
    Realm {
        lists: &["sandbox", "frozen"],
        build: || builder().intrinsics(Intrinsics::Frozen).build().unwrap(),
    },
];

/// With time for a machine that is busy: limits are not what is tested here.
fn builder() -> Builder<LocalSandbox> {
    LocalSandbox::builder().limits(Limits { wall: Duration::from_secs(300), ..Limits::default() })
}

/// What `harness.js` exports. What a program gives later than in microtasks, it never gives.
#[sandbox_api(guest)]
pub trait Harness {
    fn start(&self) -> Result<String>;
    fn outcome(&self) -> Result<String>;
}

/// A sandbox for each program, so that none sees what another one did.
fn in_sandbox(sandbox: &LocalSandbox, program: &Program) -> Result<String> {
    let harness = sandbox.load::<dyn Harness>(Script::new(program.file(), program.text()))?;
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

/// What is wrong with a chapter in a realm.
fn problems(realm: &Realm, chapter: &[Program], listed: &BTreeMap<String, String>) -> Vec<String> {
    let mut problems = Vec::new();
    for program in chapter.iter().filter(|program| program.runs_here()) {
        // The sandbox is first, because it starts the engine, with the flags that both sides have.
        let sandboxed = observed(in_sandbox(&(realm.build)(), program));
        let bare = bare::outcome(program).unwrap_or_else(|message| format!("throws {message}"));
        if let Some(problem) = judge(program, &bare, &sandboxed, listed) {
            let (name, realm) = (&program.name, realm.lists.join(", "));
            problems.push(format!("`{name}` {problem}\n    bare: {bare}\n    {realm}: {sandboxed}"));
        }
    }
    problems
}

/// Each chapter has a thread of its own: the layer over QuickJS has no more than 277 sandboxes made on one.
#[test]
fn hardening_changes_what_is_listed_and_nothing_else() {
    let chapters = corpus::chapters();
    let mut problems = Vec::new();
    for realm in REALMS {
        let listed = &realm.differences();
        let run = |chapter| move || self::problems(realm, chapter, listed);
        for pair in chapters.chunks(2) {
            std::thread::scope(|scope| {
                let threads = pair.iter().map(|chapter| scope.spawn(run(chapter))).collect::<Vec<_>>();
                problems.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
            });
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_corpus_is_large_and_its_names_are_unique() {
    let chapters = corpus::chapters();
    let names = chapters.iter().flatten().map(|program| program.name.clone()).collect::<Vec<_>>();
    assert!(chapters.len() >= 20 && names.len() >= 500, "{} in {} chapters", names.len(), chapters.len());
    let mut known = BTreeSet::new();
    let twice = names.iter().filter(|name| !known.insert(name.as_str())).collect::<Vec<_>>();
    assert_eq!(twice, Vec::<&String>::new());
    let listed = REALMS.iter().flat_map(|realm| realm.differences().into_keys());
    let unknown = listed.filter(|name| !known.contains(name.as_str())).collect::<Vec<_>>();
    assert_eq!(unknown, Vec::<String>::new(), "are listed as different, and are no programs");
}
