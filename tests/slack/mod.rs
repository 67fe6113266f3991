//! What tests ask of time: what they assert holds on a machine that is slow, and that does other work.
//!
//! - What ends by itself has [`LONG`]. What does not has a short limit, and where the limit is of the sandbox, whatever else is called
//!   in it is called [`again`].
//! - How soon something ends is a promise about a quiet machine, and asked for by `cargo xtask soak` alone ([`is_quiet`]). Any other
//!   machine has to end it long before `LONG` is over.

#![allow(dead_code, reason = "each test uses some of it")]

use std::time::{Duration, Instant};

use sandbox_runtime::{Error, LimitKind, Limits, Result};

/// Time that is over on no machine before what ends by itself.
pub(crate) const LONG: Duration = Duration::from_secs(300);

/// Whether the machine does nothing else, as who started the tests says.
pub(crate) fn is_quiet() -> bool {
    std::env::var_os("SANDBOX_QUIET").is_some()
}

/// Whether it took no longer than is promised of a quiet machine.
pub(crate) fn is_in_time(took: Duration, promised: Duration) -> bool {
    assert!(took < LONG / 2, "{took:?}");
    !is_quiet() || took < promised
}

pub(crate) fn long() -> Limits {
    Limits { wall: LONG, ..Limits::default() }
}

/// What a call gives that ends by itself, in a sandbox whose limit is short. That may be over before the call has had its turn: then it
/// is made again. A call that is ended before its time, by the end of another, is not excused.
pub(crate) fn again<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    let first = Instant::now();
    loop {
        let began = Instant::now();
        let outcome = call();
        if !is_excused(&outcome, began, first) {
            return outcome;
        }
    }
}

/// The same of a call that is awaited.
pub(crate) async fn again_async<T>(mut call: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let first = Instant::now();
    loop {
        let began = Instant::now();
        let outcome = call().await;
        if !is_excused(&outcome, began, first) {
            return outcome;
        }
    }
}

fn is_excused<T>(outcome: &Result<T>, began: Instant, first: Instant) -> bool {
    /// Less than any limit of these tests.
    const SHORT: Duration = Duration::from_millis(40);
    let is_over = matches!(outcome, Err(Error::Limit { kind: LimitKind::Wall, .. }));
    is_over && began.elapsed() >= SHORT && first.elapsed() < LONG / 5
}
