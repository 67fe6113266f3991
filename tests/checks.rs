//! Loops that are checked often: a choice for the whole process, which is made before its engine starts.

mod slack;
mod turns;

use sandbox_runtime::Engine;
use turns::turns;

/// The one test, because the engine must not have started.
#[test]
fn loops_that_are_checked_often_end_after_few_turns() {
    assert_eq!(Engine::check_loops_often(), Engine::CURRENT == Engine::V8);
    if Engine::CURRENT != Engine::V8 {
        return;
    }
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
        let turns = turns(source);
        assert!(turns < 300, "{turns}: {body}");
    }
    assert!(Engine::check_loops_often());
}
