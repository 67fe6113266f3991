//! The free globals of a script or of a builder, as data: names, and encoded values.
//!
//! So a script stays data: comparable, with a hash, and the same in each process. `globals` checks names and encodes values.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::shown::Shown;

/// The globals of a script or of a builder, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globals(Vec<Global>);

/// A global: its name, and its encoded value.
#[derive(Clone, PartialEq, Eq)]
pub struct Global {
    name: Arc<str>,
    value: Arc<[u8]>,
}

impl Global {
    /// A global of a name that was checked, and of a value that was encoded.
    #[must_use]
    pub fn new(name: &str, value: &[u8]) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The encoded value; see `wire`.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl fmt::Debug for Global {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", Shown(&self.name), self.value.len())
    }
}

impl Globals {
    pub fn add(&mut self, global: Global) {
        self.0.push(global);
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Global> {
        self.0.iter().find(|global| global.name() == name)
    }

    #[must_use]
    pub fn all(&self) -> &[Global] {
        &self.0
    }

    /// The bytes of all names and values.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.iter().map(|Global { name, value }| name.len() + value.len()).sum()
    }

    /// Adds the globals to the hash of a script. Each text has its length before it.
    pub(super) fn digest(&self, hasher: &mut Sha256) {
        let number = |hasher: &mut Sha256, number: usize| hasher.update((number as u64).to_le_bytes());
        number(hasher, self.0.len());
        for Global { name, value } in &self.0 {
            for part in [name.as_bytes(), value] {
                number(hasher, part.len());
                hasher.update(part);
            }
        }
    }
}

/// The names of the classes of errors that guests find, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorClasses(pub Vec<Arc<str>>);

impl ErrorClasses {
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| **known == *name)
    }
}

impl FromIterator<Global> for Globals {
    fn from_iter<I: IntoIterator<Item = Global>>(globals: I) -> Self {
        Self(globals.into_iter().collect())
    }
}
