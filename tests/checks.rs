//! Loops that are checked often: a choice for the whole process, which is made before its engine starts.

mod slack;

use std::time::Duration;

use sandbox_runtime::{Engine, Error, LimitKind, Limits, LocalSandbox, Script};
use slack::again;

/// The one test, because the engine must not have started.
#[test]
fn loops_that_are_checked_often_end_after_few_turns() {
    assert_eq!(Engine::check_loops_often(), Engine::CURRENT == Engine::V8);
    if Engine::CURRENT != Engine::V8 {
        return;
    }
    let limits = Limits { wall: Duration::from_millis(5), ..Limits::default() };
    let loops = [
        "for (;;) { counts.turns++; large.indexOf(5); }",
        "for (;;) { counts.turns++; text.toUpperCase(); }",
        "let n = 0; do { counts.turns++; n += large.lastIndexOf(5); } while (n < 1);",
        "while (true) try { counts.turns++; large.includes(5); null.x; } catch {}",
        "for (const one of [1]) for (;;) { counts.turns++; text.toUpperCase(); }",
    ];
    for body in loops {
        let source = format!(
            "const counts = globalThis.counts = {{ turns: 0 }}, large = new Uint8Array(3e7), text = 'x'.repeat(5e6); {body}"
        );
        let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
        let error = sandbox.eval(Script::new("slow.cjs", source)).map(drop).unwrap_err();
        assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{error:?}");
        let asked = again(|| {
            match sandbox
                .eval(Script::new("turns.cjs", "throw new Error(globalThis.counts?.turns)"))
                .map(drop)
            {
                Err(Error::Guest(thrown)) => Ok(thrown.message),
                other => Err(other.unwrap_err()),
            }
        });
        // A machine that is slow may end the script before its loop.
        let turns = asked.unwrap().parse::<u64>().unwrap_or_default();
        assert!(turns < 300, "{turns}: {body}");
    }
    assert!(Engine::check_loops_often());
}
