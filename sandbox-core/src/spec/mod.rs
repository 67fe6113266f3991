//! Contracts as data: what the macro states about a trait.
//!
//! The shim, the checks and the descriptions are made from it. Everything is `const`.

mod types;

pub use types::{Bound, Bounds, Measured, Ranged, Rules, SchemaOf, Textual, TypeSpec, schema};

/// A contract as data. Shims, checks and descriptions are made from it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ContractSpec {
    /// The name of the trait, or the value of `name = "…"`. The guest's global has this name.
    pub name: &'static str,
    /// The doc comment of the trait, without its indentation.
    pub docs: &'static str,
    /// The methods, in the order of the trait.
    pub methods: &'static [MethodSpec],
    /// Whether a guest can implement the contract.
    pub guest: bool,
    /// Whether the host can implement the contract.
    pub host: bool,
}

impl ContractSpec {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, docs: &'static str, methods: &'static [MethodSpec]) -> Self {
        Self { name, docs, methods, guest: true, host: true }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn guest_only(self) -> Self {
        Self { host: false, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn host_only(self) -> Self {
        Self { guest: false, ..self }
    }
}

/// A method of a contract as data.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MethodSpec {
    /// The JavaScript name: `getUser` for `get_user`, or the value of `#[sandbox(rename = "…")]`.
    pub name: &'static str,
    /// The Rust name.
    pub rust_name: &'static str,
    /// The doc comment.
    pub docs: &'static str,
    /// The parameters after `&self`, in order.
    pub params: &'static [ParamSpec],
    /// The type of a successful call's result.
    pub returns: TypeSpec,
    /// Whether the trait has a default body, so that a guest need not export the method.
    pub optional: bool,
    /// How often a guest may call the host's method in one call: `#[sandbox(max_calls = 100)]`.
    pub max_calls: Option<u64>,
    /// Whether the method is an `async fn`. A guest that calls it gets a promise, and a guest that implements it may
    /// return one.
    pub is_async: bool,
}

impl MethodSpec {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, rust_name: &'static str, docs: &'static str) -> Self {
        Self {
            name,
            rust_name,
            docs,
            params: &[],
            returns: TypeSpec::UNIT,
            optional: false,
            max_calls: None,
            is_async: false,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn takes(self, params: &'static [ParamSpec]) -> Self {
        Self { params, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn returns(self, returns: TypeSpec) -> Self {
        Self { returns, ..self }
    }

    /// Whether `#[sandbox(…)]` bounds an argument or the result.
    #[doc(hidden)]
    pub const fn is_bounded(&self) -> bool {
        let mut at = 0;
        while at < self.params.len() {
            if !self.params[at].ty.bounds.is_none() {
                return true;
            }
            at += 1;
        }
        !self.returns.bounds.is_none()
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn max_calls(self, most: u64) -> Self {
        Self { max_calls: Some(most), ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn asynchronous(self) -> Self {
        Self { is_async: true, ..self }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// A parameter of a method as data.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ParamSpec {
    /// The name in the trait, in camel case.
    pub name: &'static str,
    /// The check of the shim before it calls the fast op.
    pub kind: Kind,
    /// Its type.
    pub ty: TypeSpec,
}

impl ParamSpec {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, ty: TypeSpec) -> Self {
        Self { name, kind, ty }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn bounded(self, bounds: Bounds) -> Self {
        Self { ty: self.ty.bounded(bounds), ..self }
    }
}

/// How a parameter is checked in JavaScript, where the JIT can remove the check from a hot loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A JavaScript boolean.
    Bool,
    /// A Number, whatever its value.
    Number,
    /// A Number that is an integer in the range of a Rust integer of 32 bits or fewer.
    Integer {
        /// The least value allowed.
        min: i64,
        /// The greatest value allowed.
        max: i64,
    },
    /// Checked in Rust, during the read.
    Value,
}

/// Finds a method by its Rust name; `#[cfg]` may have removed those before it.
#[doc(hidden)]
#[must_use]
pub const fn index_of(methods: &[MethodSpec], rust_name: &str) -> usize {
    let mut index = 0;
    while index < methods.len() {
        if bytes_equal(methods[index].rust_name.as_bytes(), rust_name.as_bytes()) {
            return index;
        }
        index += 1;
    }
    panic!("the contract has no method with this name")
}

const fn bytes_equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}
