//! Two ops that no contract declares: a guest that reaches one has escaped, and this is where that is seen. They are planted
//! where deno_core has a realm; where it has none, there is nothing to reach.

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

/// How often guests of this thread's sandboxes have called a canary.
#[must_use]
pub fn calls_here() -> usize {
    HERE.get()
}

/// How often guests of this process have called a canary.
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
