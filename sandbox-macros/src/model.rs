//! The model of a contract, which the checks and the emitters read instead of the trait.
//!
//! `parse.rs` makes the model once. Nodes of syn are kept where errors need their spans. A model may have mistakes until
//! `check` has seen it.

use proc_macro2::{Ident, Span};
use syn::{Attribute, Expr, ItemTrait, LitStr, Path, Receiver, ReturnType, Signature, Type};

/// The arguments of `#[sandbox_api(…)]`.
#[derive(Default)]
pub(crate) struct ApiArgs {
    pub(crate) direction: Implementer,
    /// `local`; the name is kept for its span.
    pub(crate) local: Option<Ident>,
    /// `function`; the name is kept for its span.
    pub(crate) function: Option<Ident>,
    /// `name = "…"`.
    pub(crate) name: Option<LitStr>,
    /// `crate = …`.
    pub(crate) krate: Option<Path>,
}

/// Who may implement a contract.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Implementer {
    #[default]
    Both,
    Guest,
    Host,
}

impl Implementer {
    /// A guest can implement the contract.
    pub(crate) fn guest(self) -> bool {
        self != Implementer::Host
    }

    /// The host can implement the contract.
    pub(crate) fn host(self) -> bool {
        self != Implementer::Guest
    }
}

/// An annotated trait.
pub(crate) struct ContractModel {
    /// The trait as written, without the attributes of this crate.
    pub(crate) item: ItemTrait,
    pub(crate) args: ApiArgs,
    /// The name of the contract in JavaScript.
    pub(crate) js_name: String,
    pub(crate) docs: String,
    pub(crate) methods: Vec<MethodModel>,
}

impl ContractModel {
    /// One of the methods is `async`.
    pub(crate) fn is_async(&self) -> bool {
        self.methods.iter().any(MethodModel::is_async)
    }

    /// The futures of `async` methods stay in one thread.
    pub(crate) fn is_local(&self) -> bool {
        self.args.local.is_some()
    }
}

/// A method of a contract.
pub(crate) struct MethodModel {
    pub(crate) sig: Signature,
    pub(crate) receiver: Option<Receiver>,
    pub(crate) params: Vec<Param>,
    /// `#[cfg(…)]` in the order written. Every item that is generated for the method has them.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) docs: String,
    pub(crate) js_name: String,
    /// The Rust name without `r#`.
    pub(crate) rust_name: String,
    /// The trait has a body for the method.
    pub(crate) has_default: bool,
    /// `#[sandbox(rename = "…")]`.
    pub(crate) rename: Option<LitStr>,
    /// `#[sandbox(on_failure = …)]`.
    pub(crate) on_failure: Option<OnFailure>,
    /// `#[sandbox(returns(…))]`.
    pub(crate) bounds: BoundArgs,
    /// `#[sandbox(max_calls = …)]`.
    pub(crate) max_calls: Option<MaxCalls>,
    /// `#[sandbox(scoped)]`; the name is kept for its span.
    pub(crate) scoped: Option<Ident>,
    /// `#[sandbox(callback)]`; the name is kept for its span.
    pub(crate) callback: Option<Ident>,
}

/// How often a guest may call a method of the host in one call.
pub(crate) struct MaxCalls {
    /// The argument's name, for its span.
    pub(crate) key: Ident,
    pub(crate) most: u64,
}

impl MethodModel {
    /// The name as written.
    pub(crate) fn ident(&self) -> &Ident {
        &self.sig.ident
    }

    pub(crate) fn is_async(&self) -> bool {
        self.sig.asyncness.is_some()
    }

    /// The return type, if one is written.
    pub(crate) fn returns(&self) -> Option<&Type> {
        match &self.sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(ty),
        }
    }
}

/// A parameter after the receiver.
pub(crate) struct Param {
    /// The name as written, or a generated one if the pattern is not a plain name.
    pub(crate) ident: Ident,
    /// The name in camel case.
    pub(crate) js_name: String,
    /// The type of the value: without the `&` of a parameter that is passed by reference.
    pub(crate) ty: Type,
    pub(crate) by_ref: bool,
    /// `#[sandbox(range(…), …)]`.
    pub(crate) bounds: BoundArgs,
}

/// The bounds of a parameter or a result beyond its type, each at most once.
#[derive(Default)]
pub(crate) struct BoundArgs(pub(crate) Vec<BoundArg>);

/// `range(min = 0)`.
pub(crate) struct BoundArg {
    /// The argument's name, for its span.
    pub(crate) key: Ident,
    pub(crate) kind: BoundKind,
}

pub(crate) enum BoundKind {
    Range { min: Option<Number>, max: Option<Number> },
    Length { min: Option<u32>, max: Option<u32> },
    Pattern(LitStr),
}

/// A number as it was written.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    Integer(i64),
    Float(f64),
}

/// The result of a method with a plain return type when the guest fails.
pub(crate) struct OnFailure {
    /// The argument's name, for its span.
    pub(crate) key: Ident,
    pub(crate) policy: Policy,
}

/// The value of `on_failure = …`.
pub(crate) enum Policy {
    Panic,
    /// The span of the word `default`.
    Default(Span),
    Value(Box<Expr>),
}
