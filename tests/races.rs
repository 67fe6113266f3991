//! Calls, kills and drops that race each other, and what stays of the sandboxes. The soak does more of both.

#[allow(dead_code, reason = "only the random numbers are used here")]
#[path = "endless/mod.rs"]
mod programs;
#[path = "endless/races.rs"]
mod races;
#[allow(dead_code, reason = "the other half is for the programs of `endless.rs`")]
#[path = "endless/run.rs"]
mod run;
mod slack;

use sandbox_runtime::Engine;

#[test]
fn calls_kills_and_drops_may_race() {
    // A process that has made 270 sandboxes of QuickJS can make no more.
    let count = if Engine::CURRENT == Engine::QuickJs { 20 } else { 150 };
    let (calls, wrong) = run::parted(run::on_all_processors(count, races::race));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(calls.iter().sum::<usize>() > usize::try_from(count).unwrap(), "hardly anything was called");
}
