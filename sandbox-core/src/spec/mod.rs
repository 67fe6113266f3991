//! Contracts as data: what the macro states about a trait.
//!
//! The shim, the checks and the descriptions are made from it. The macro's contracts are constants of the program, which
//! borrow their texts and lists. A contract that comes as data owns them, and is freed with its last user.

mod types;

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use types::{Bound, Bounds, Measured, Ranged, Rules, SchemaOf, Textual, TypeSpec, schema};

/// A contract as data. Shims, checks and descriptions are made from it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ContractSpec {
    /// The name of the trait, or the value of `name = "…"`. The guest's global has this name.
    pub name: Cow<'static, str>,
    /// The doc comment of the trait, without its indentation.
    pub docs: Cow<'static, str>,
    /// The methods, in the order of the trait.
    pub methods: Cow<'static, [MethodSpec]>,
    /// Whether a guest can implement the contract.
    pub guest: bool,
    /// Whether the host can implement the contract.
    pub host: bool,
    /// Whether the guest's global is the only method itself, and no object with methods.
    pub is_function: bool,
    /// The view that a guest has of an object of the contract.
    #[doc(hidden)]
    pub form: HandleForm,
}

/// The view that a guest has of an object of a contract.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HandleForm {
    /// An object with the methods of the contract.
    #[default]
    Methods,
    /// An async iterable, which calls the only method for each batch.
    Stream,
    /// An iterable, which calls the only method for each batch.
    Items,
    /// A function, which is the only method.
    Function,
}

impl HandleForm {
    /// Whether an object is a stream, whose crossings are streams of their own.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Stream | Self::Items)
    }
}

impl ContractSpec {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, docs: &'static str, methods: &'static [MethodSpec]) -> Self {
        let (name, docs, methods) = (Cow::Borrowed(name), Cow::Borrowed(docs), Cow::Borrowed(methods));
        Self { name, docs, methods, guest: true, host: true, is_function: false, form: HandleForm::Methods }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn guest_only(mut self) -> Self {
        self.host = false;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn host_only(mut self) -> Self {
        self.guest = false;
        self
    }

    /// Makes the only method the guest's global.
    #[doc(hidden)]
    #[must_use]
    #[track_caller]
    pub const fn function(mut self) -> Self {
        assert!(
            listed(&self.methods).len() == 1,
            "a global function is the only method of its contract: keep one method, or remove `function`"
        );
        self.is_function = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn form(mut self, form: HandleForm) -> Self {
        self.form = form;
        self
    }

    /// A contract that owns its names and methods, and has no docs.
    #[doc(hidden)]
    #[must_use]
    pub fn owned(name: String, methods: Vec<MethodSpec>) -> Self {
        Self { name: Cow::Owned(name), methods: Cow::Owned(methods), ..Self::new("", "", &[]) }
    }

    /// Whether a method takes a cancellation.
    #[doc(hidden)]
    #[must_use]
    pub fn has_cancellations(&self) -> bool {
        self.methods.iter().any(|method| method.is_cancellable)
    }

    /// The method with this number, in constants.
    #[doc(hidden)]
    pub const fn method(&self, index: usize) -> &MethodSpec {
        &listed(&self.methods)[index]
    }
}

/// A spec that is a constant of the program, or owned.
#[doc(hidden)]
#[derive(Clone)]
pub enum SpecRef {
    Static(&'static ContractSpec),
    Owned(Arc<ContractSpec>),
}

impl Deref for SpecRef {
    type Target = ContractSpec;

    #[inline]
    fn deref(&self) -> &ContractSpec {
        match self {
            Self::Static(spec) => spec,
            Self::Owned(spec) => spec,
        }
    }
}

/// A method of a contract as data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MethodSpec {
    /// The JavaScript name: `getUser` for `get_user`, or the value of `#[sandbox(rename = "…")]`.
    pub name: Cow<'static, str>,
    /// The Rust name.
    pub rust_name: Cow<'static, str>,
    /// The doc comment.
    pub docs: Cow<'static, str>,
    /// The parameters after `&self`, in order.
    pub params: Cow<'static, [ParamSpec]>,
    /// The type of a successful call's result.
    pub returns: TypeSpec,
    /// Whether the trait has a default body, so that a guest need not export the method.
    pub optional: bool,
    /// How often a guest may call the host's method in one call: `#[sandbox(max_calls = 100)]`.
    pub max_calls: Option<u64>,
    /// Whether the method is an `async fn`. A guest that calls it gets a promise, and a guest that implements it may
    /// return one.
    pub is_async: bool,
    /// Whether the last parameter is a `Cancellation`, which is not among [`params`](Self::params).
    pub is_cancellable: bool,
    /// Whether handles, callbacks and streams that cross end with the guest's call: `#[sandbox(scoped)]`.
    pub is_scoped: bool,
    /// Whether the guest's function takes a callback `(error, value)` after its arguments, and gives its result by it:
    /// `#[sandbox(callback)]`.
    pub calls_back: bool,
    /// Which of the guest's values for the method may be handles. A peer at the other end of a link asks.
    #[doc(hidden)]
    pub gives: GivenKinds,
}

/// Which values of a guest may be handles of its own objects.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GivenKinds {
    /// None.
    #[default]
    Data,
    /// Functions, instances of classes, and objects with functions.
    Objects,
    /// These, and the lists of the language: a stream can be made of one.
    Lists,
}

impl MethodSpec {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, rust_name: &'static str, docs: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            rust_name: Cow::Borrowed(rust_name),
            docs: Cow::Borrowed(docs),
            params: Cow::Borrowed(&[]),
            returns: TypeSpec::UNIT,
            optional: false,
            max_calls: None,
            is_async: false,
            is_cancellable: false,
            gives: GivenKinds::Data,
            is_scoped: false,
            calls_back: false,
        }
    }

    /// Says that the guest's function takes a callback last.
    #[doc(hidden)]
    #[must_use]
    pub const fn calls_back(mut self) -> Self {
        self.calls_back = true;
        self
    }

    /// A method that owns its names, with parameters whose types are not known.
    #[doc(hidden)]
    #[must_use]
    pub fn owned(name: String, params: Vec<String>) -> Self {
        let param = |name| ParamSpec { name: Cow::Owned(name), kind: Kind::Value, ty: TypeSpec::UNKNOWN };
        let params = params.into_iter().map(param).collect::<Vec<_>>();
        let returns = TypeSpec::UNKNOWN;
        let (name, rust_name) = (Cow::Owned(name.clone()), Cow::Owned(name));
        Self { name, rust_name, params: Cow::Owned(params), returns, ..Self::new("", "", "") }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn takes(mut self, params: &'static [ParamSpec]) -> Self {
        let params = match params {
            [params @ .., ParamSpec { kind: Kind::Cancellation, .. }] => {
                self.is_cancellable = true;
                params
            }
            params => params,
        };
        // A constant cannot drop the list before, which is the empty one of `new`.
        std::mem::forget(std::mem::replace(&mut self.params, Cow::Borrowed(params)));
        self
    }

    /// The number of arguments in JavaScript.
    #[doc(hidden)]
    #[must_use]
    pub fn arity(&self) -> usize {
        self.params.len() + usize::from(self.is_cancellable)
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn returns(mut self, returns: TypeSpec) -> Self {
        self.returns = returns;
        self
    }

    /// Whether `#[sandbox(…)]` bounds an argument or the result.
    #[doc(hidden)]
    pub const fn is_bounded(&self) -> bool {
        let (params, mut at) = (listed(&self.params), 0);
        while at < params.len() {
            if !params[at].ty.bounds.is_none() {
                return true;
            }
            at += 1;
        }
        !self.returns.bounds.is_none()
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn max_calls(mut self, most: u64) -> Self {
        self.max_calls = Some(most);
        self
    }

    /// Says that handles end with the call.
    #[doc(hidden)]
    #[must_use]
    pub const fn scoped(mut self) -> Self {
        self.is_scoped = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn asynchronous(mut self) -> Self {
        self.is_async = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

/// Refuses a scoped method without handles. `may` says of each parameter and of the result whether its values may be handles.
#[doc(hidden)]
#[track_caller]
pub const fn ends_with_call(may: &[bool]) {
    let (mut at, mut any) = (0, false);
    while at < may.len() {
        any |= may[at];
        at += 1;
    }
    assert!(
        any,
        "no handle, callback or stream crosses in a call of this method, so nothing ends with the call: remove `scoped`"
    );
}

/// A parameter of a method as data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ParamSpec {
    /// The name in the trait, in camel case.
    pub name: Cow<'static, str>,
    /// The check of the shim before it calls the fast op.
    pub kind: Kind,
    /// Its type.
    pub ty: TypeSpec,
}

impl ParamSpec {
    #[doc(hidden)]
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str, kind: Kind, ty: TypeSpec) -> Self {
        assert!(
            !matches!(kind, Kind::Cancellation),
            "a `Cancellation` is the last parameter of an `async` method: move it to the end, and write `async fn`"
        );
        Self::last(name, kind, ty)
    }

    /// The last parameter of an `async` method, which may be a cancellation.
    #[doc(hidden)]
    #[must_use]
    pub const fn last(name: &'static str, kind: Kind, ty: TypeSpec) -> Self {
        Self { name: Cow::Borrowed(name), kind, ty }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn bounded(mut self, bounds: Bounds) -> Self {
        self.ty = self.ty.bounded(bounds);
        self
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
    /// A `Cancellation`: an `AbortSignal` in JavaScript.
    Cancellation,
}

/// Finds a method by its Rust name; `#[cfg]` may have removed those before it.
#[doc(hidden)]
#[must_use]
pub const fn index_of(contract: &ContractSpec, rust_name: &str) -> usize {
    let (methods, mut index) = (listed(&contract.methods), 0);
    while index < methods.len() {
        if bytes_equal(written(&methods[index].rust_name).as_bytes(), rust_name.as_bytes()) {
            return index;
        }
        index += 1;
    }
    panic!("the contract has no method with this name")
}

/// `&**list`, in constants.
#[expect(clippy::ptr_arg, reason = "a constant cannot dereference it")]
const fn listed<'a, T: Clone>(list: &'a Cow<'static, [T]>) -> &'a [T] {
    match list {
        Cow::Borrowed(list) => list,
        Cow::Owned(list) => list.as_slice(),
    }
}

/// `&**text`, in constants.
#[doc(hidden)]
#[expect(clippy::ptr_arg, reason = "a constant cannot dereference it")]
pub const fn written<'a>(text: &'a Cow<'static, str>) -> &'a str {
    match text {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => text.as_str(),
    }
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
