//! The emitters: from the model of a contract to the generated tokens.
//!
//! - No emitter reports an error: `check` has refused every model that cannot be emitted.
//! - An emitter reads the model alone, never the attributes.
//! - Generated code stays small: each piece names a generic helper of the runtime's hidden module `__private`.
//! - A token that can carry an error of the compiler has the span of the type that the user wrote.
//!
//! Called by `expand.rs`, and by `tests/golden.rs`, which compares the output.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, ItemImpl};

use crate::asynchronous;
use crate::model::{ApiArgs, ContractModel, MethodModel};
use crate::paths::{self, MethodPaths, Paths};

mod extent;
mod handles;
mod meta;
mod ops;
mod proxy;

/// The trait, followed by its proxy and by the implementations of the runtime's traits.
pub(crate) fn contract(contract: &ContractModel) -> TokenStream {
    let paths = Paths::new(contract);
    let Paths { krate, rt, .. } = &paths;
    let direction = contract.args.direction;
    let mut item = proxy::with_callable_defaults(contract, &paths);
    if contract.is_async() {
        item.attrs.push(asynchronous::attribute(krate, contract.is_local()));
    }
    let meta = meta::emit(contract, &paths);
    let ops = direction.host().then(|| ops::emit(contract, &paths));
    let handles = handles::emit(contract, &paths);
    let proxy = direction.guest().then(|| proxy::emit(contract, &paths));
    let declared = direction.guest().then(|| proxy::declaration(contract, &paths));
    quote! {
        #item
        #declared
        #[allow(
            clippy::used_underscore_binding,
            deprecated,
            non_camel_case_types,
            unused_imports,
            unused_parens,
            reason = "the trait's own lints are reported there; markers have the names of methods; not all fallbacks are used"
        )]
        const _: () = {
            use #krate::__private as #rt;
            use #rt::{
                Method as _, NoFast as _, NoObject as _, NoShare as _, NotScalar as _, NotSent as _, Opaque as _, PlainReturn as _,
                Unknown as _,
            };
            #meta
            #proxy
            #ops
            #handles
        };
    }
}

/// An implementation of a contract. `async_trait` boxes its `async` methods, as in the trait.
pub(crate) fn implementation(args: &ApiArgs, item: &ItemImpl) -> TokenStream {
    let attribute = asynchronous::attribute(&paths::krate(args.krate.as_ref()), args.local.is_some());
    quote!(#attribute #item)
}

/// Each method with the names that generated code gives it.
fn named<'a>(
    contract: &'a ContractModel,
    paths: &'a Paths,
) -> impl Iterator<Item = (&'a MethodModel, &'a MethodPaths)> {
    contract.methods.iter().zip(&paths.methods)
}

/// The constructor of the runtime's `HostOp` or `GuestCall` for a method.
fn of(method: &MethodModel) -> Ident {
    Ident::new(if method.is_async() { "of_async" } else { "of" }, Span::call_site())
}

/// `not(a)` for `#[cfg(a)]`, and `not(all(a, b))` for `#[cfg(a)] #[cfg(b)]`.
fn otherwise(cfgs: &[Attribute]) -> TokenStream {
    let conditions = cfgs.iter().filter_map(|attr| attr.meta.require_list().ok()).map(|list| &list.tokens);
    if cfgs.len() == 1 { quote!(#(not(#conditions))*) } else { quote!(not(all(#(#conditions),*))) }
}

/// A generated name with the span of the user's code, so that the compiler reports errors there.
fn at(span: Span, name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(span);
    name
}
