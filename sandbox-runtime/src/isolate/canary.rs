//! Two ops that no contract declares. A guest that reaches one has escaped, and the ops count their calls.
//!
//! The ops are planted only where deno_core has a realm, and only with `--cfg sandbox_canary` or `sandbox_leaky`. The tests
//! of escapes read the counts.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

static ALL: AtomicUsize = AtomicUsize::new(0);
static FILE: OnceLock<PathBuf> = OnceLock::new();

thread_local! {
    static HERE: Cell<usize> = const { Cell::new(0) };
}

#[cfg(any(feature = "quickjs", sandbox_leaky))]
pub(crate) use planted::ops;

/// The number of canary calls by guests of this thread's sandboxes.
#[must_use]
pub fn calls_here() -> usize {
    HERE.get()
}

/// The number of canary calls by guests of this process.
#[must_use]
pub fn calls() -> usize {
    ALL.load(Ordering::SeqCst)
}

/// Names the file that `op_canary_read` reads; the first name stays.
pub fn set_file(path: PathBuf) {
    _ = FILE.set(path);
}

/// The ops themselves.
#[cfg(any(feature = "quickjs", sandbox_leaky))]
mod planted {
    use std::sync::atomic::Ordering;

    use deno_core::{OpDecl, op2};

    use super::{ALL, FILE, HERE};

    /// The ops, for every isolate.
    pub(crate) fn ops() -> [OpDecl; 2] {
        [op_canary(), op_canary_read()]
    }

    fn called() {
        HERE.set(HERE.get() + 1);
        ALL.fetch_add(1, Ordering::SeqCst);
    }

    #[op2(fast)]
    fn op_canary() {
        called();
    }

    #[op2]
    #[string]
    fn op_canary_read() -> String {
        called();
        FILE.get().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
    }
}
