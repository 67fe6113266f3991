//! Docs, `#[cfg]` and other attributes; the generated code brings no warnings of its own.

#![deny(warnings, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
#![allow(clippy::missing_errors_doc, reason = "the trait is an example")]

use sandbox_runtime::{Contract, Result, sandbox_api};

/// A store.
///
///     indented
///
/// Second paragraph.
#[sandbox_api]
pub trait Store {
    /// Reads a `"value"`.
    #[must_use = "reading changes nothing"]
    fn get(&self, key: &str) -> Result<Option<String>>;

    #[doc = "Writes."]
    #[deprecated(note = "stores are read-only now")]
    fn set(&self, key: &str, value: String) -> Result<()>;

    /// Never there.
    #[cfg(any())]
    fn absent(&self, key: NoSuchType) -> NoSuchType;

    /// Always there.
    #[cfg(not(any()))]
    #[cfg(not(target_os = "none"))]
    fn present(&self) -> Result<()>;

    /// Never there, with a default.
    #[cfg(any())]
    fn absent_default(&self) -> Result<u32> {
        Ok(no_such_function())
    }

    /// Kept by the expectation.
    #[expect(unused_variables, reason = "the default ignores it")]
    fn default_body(&self, key: &str) -> Result<u32> {
        Ok(1)
    }

    /// One of two versions.
    #[cfg(not(any()))]
    fn version(&self) -> Result<u32>;

    /// The other version.
    #[cfg(any())]
    fn version(&self) -> Result<String>;
}

/// Only what the host does.
#[sandbox_api(host)]
pub trait Clock {
    /// Reads.
    fn now(&self) -> f64;
    /// Nothing comes back.
    fn reset(&self);
}

/// Only what a guest does, and nothing is left of it.
#[sandbox_api(guest)]
pub trait Rule {
    /// Not there.
    #[cfg(any())]
    fn absent(&self) -> Result<f64>;
}

fn main() {
    let spec = <dyn Store as Contract>::SPEC;
    assert_eq!(spec.docs, "A store.\n\n    indented\n\nSecond paragraph.");
    let methods = spec.methods.iter().map(|method| (&*method.name, &*method.docs, method.optional)).collect::<Vec<_>>();
    assert_eq!(
        methods,
        [
            ("get", "Reads a `\"value\"`.", false),
            ("set", "Writes.", false),
            ("present", "Always there.", false),
            ("defaultBody", "Kept by the expectation.", true),
            ("version", "One of two versions.", false),
        ]
    );
}
