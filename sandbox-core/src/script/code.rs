//! The engine's compiled code of a script, which a second load reads.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The kind of compiled code: a module, or a function. All other forms of a script are functions.
#[derive(Clone, Copy, Debug)]
pub enum CodeKind {
    Module,
    Function,
}

/// The engine's compiled code of a module, for a second load. A script and its clones share one.
///
/// The code is made when a script is loaded for the second time, and never leaves the process.
#[derive(Default)]
pub struct CodeCache {
    loads: AtomicU32,
    module: OnceLock<Box<[u8]>>,
    function: OnceLock<Box<[u8]>>,
}

impl CodeCache {
    /// In bytes. A shorter script compiles as fast as its code is read.
    const SHORTEST: usize = 1 << 10;
    /// The most code that is kept, in bytes.
    const MOST: usize = 4 << 20;

    fn place(&self, kind: CodeKind) -> &OnceLock<Box<[u8]>> {
        match kind {
            CodeKind::Module => &self.module,
            CodeKind::Function => &self.function,
        }
    }

    /// The code of the script as a module or as a function.
    pub fn get(&self, kind: CodeKind) -> Option<&[u8]> {
        self.place(kind).get().map(|code| &**code)
    }

    /// Keeps the code that `make` returns, if there is none yet and the script was loaded before.
    pub fn offer(&self, kind: CodeKind, length: usize, make: impl FnOnce() -> Option<Vec<u8>>) {
        let before = self.loads.fetch_add(1, Ordering::Relaxed);
        if length < Self::SHORTEST || before == 0 || self.get(kind).is_some() {
            return;
        }
        if let Some(code) = make().filter(|code| code.len() <= Self::MOST) {
            // Another thread may have stored the same code.
            _ = self.place(kind).set(code.into_boxed_slice());
        }
    }
}

/// The code is no part of a script's identity.
impl PartialEq for CodeCache {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for CodeCache {}

impl fmt::Debug for CodeCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths =
            [CodeKind::Module, CodeKind::Function].map(|kind| self.get(kind).map_or(0, <[u8]>::len));
        f.debug_tuple("CodeCache").field(&lengths).finish()
    }
}
