//! Each kind of loop is ended, and, on a quiet machine, soon. The soak measures how late, a thousand times each, on a busy machine.

#[path = "endless/kills.rs"]
mod kills;
#[allow(dead_code, reason = "the other half is for the programs of `endless.rs`")]
#[path = "endless/run.rs"]
mod run;
mod slack;

use std::time::Duration;

use kills::{KINDS, Killed};
use sandbox_runtime::Engine;
use slack::is_in_time;

const WALL: Duration = Duration::from_millis(20);

#[test]
fn every_kind_of_loop_is_ended_soon_after_its_limit() {
    for kind in KINDS {
        if Engine::CURRENT == Engine::QuickJs && kind.0 == "prepareStackTrace" {
            // That engine compiles a helper for each stack, which fills the heap before the time is over.
            continue;
        }
        // QuickJS runs a regular expression, an allocation and the like for longer between two looks at the clock.
        let (times, bound) = match Engine::CURRENT {
            Engine::QuickJs => (5, Duration::from_secs(2)),
            _ => (30, Duration::from_millis(100)),
        };
        let killed = Killed::new(*kind, WALL);
        killed.kill(times).unwrap_or_else(|error| panic!("{error}"));
        let [p50, p90, p99] = killed.late();
        println!("{:<24} {p50:>10.1?} {p90:>10.1?} {p99:>10.1?}", kind.0);
        let is_soon = is_in_time(p50, bound) && is_in_time(p90, 10 * bound);
        assert!(is_soon, "{}: {p50:?}, {p90:?} late", kind.0);
    }
}
