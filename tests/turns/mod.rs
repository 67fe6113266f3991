//! Counts the turns that a loop makes until a short limit of time ends it.

use std::time::Duration;

use sandbox_runtime::{Error, LimitKind, Limits, LocalSandbox, Script};

use crate::slack::again;

/// How many turns a script has made when a short limit of time has ended it. The script counts them in `globalThis.counts.turns`.
pub(crate) fn turns(source: String) -> u64 {
    let limits = Limits { wall: Duration::from_millis(5), ..Limits::default() };
    let sandbox = LocalSandbox::builder().limits(limits).build().unwrap();
    let error = sandbox.eval(Script::new("slow.cjs", source)).map(drop).unwrap_err();
    assert!(matches!(error, Error::Limit { kind: LimitKind::Wall, .. }), "{error:?}");
    let asked = again(|| {
        match sandbox.eval(Script::new("turns.cjs", "throw new Error(globalThis.counts?.turns)")).map(drop) {
            Err(Error::Guest(thrown)) => Ok(thrown.message),
            other => Err(other.unwrap_err()),
        }
    });
    // A machine that is slow may end the script before its loop.
    asked.unwrap().parse::<u64>().unwrap_or_default()
}
