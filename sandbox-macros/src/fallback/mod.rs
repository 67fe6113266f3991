//! The expansion of a trait that has errors: the errors, and a contract that does nothing.
//!
//! The dummy contract keeps the names that the rest of the user's file uses. One mistake therefore gives one error.
//! Called by `expand.rs`.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Generics, Ident, ItemTrait, TraitItem, TraitItemFn, parse_quote};

use crate::model::ContractModel;
use crate::paths::{self, Free};
use crate::{asynchronous, check};

mod sanitize;

/// An item that is no trait: the item as written, and the error.
pub(crate) fn item(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let messages = error.to_compile_error();
    quote!(#item #messages)
}

/// The errors, a trait that compiles, and implementations of the runtime's traits that do nothing.
pub(crate) fn contract(contract: &ContractModel, error: &syn::Error) -> TokenStream {
    let messages = error.to_compile_error();
    let krate = paths::krate(contract.args.krate.as_ref());
    let boxed = contract.is_async().then(|| asynchronous::attribute(&krate, contract.is_local()));
    let mut item = sanitize::item(&contract.item, boxed.is_some());
    if !contract.is_local() && !check::is_shared(&item) {
        with_shared_defaults(&mut item, &krate);
    }
    let dummies = dummies(&item, contract.is_local(), &krate);
    quote! {
        #messages
        #[allow(warnings, reason = "this is not the trait that was written")]
        #boxed
        #item
        #dummies
    }
}

/// Writes out the signatures of `async` methods with a body. `async_trait` would report a missing `Sync` at each use.
fn with_shared_defaults(item: &mut ItemTrait, krate: &TokenStream) {
    for member in &mut item.items {
        if let TraitItem::Fn(TraitItemFn { sig, default: Some(_), .. }) = member
            && sig.asyncness.is_some()
        {
            *sig = asynchronous::signature(sig, &quote!(#krate::__private), false);
        }
    }
}

/// The dummy implementations, for both directions: an argument that is wrong may have hidden the direction.
fn dummies(item: &ItemTrait, local: bool, krate: &TokenStream) -> TokenStream {
    let ItemTrait { vis, ident: name, .. } = item;
    let mut free = Free::beside(item.to_token_stream());
    let (rt, transport, host) = (free.take("__rt"), free.take("T"), free.take("H"));
    let proxy = paths::proxy(item);
    let implementation = implementation(item, &rt, local, &proxy, &transport);
    let generics = owned(&item.generics);
    let (for_all, types, clause) = generics.split_for_impl();
    let mut hosted = generics.clone();
    hosted.params.push(parse_quote!(#host: #name #types + 'static));
    let (for_hosts, ..) = hosted.split_for_impl();
    quote! {
        #[allow(warnings, reason = "this is not the proxy of the trait that was written")]
        #vis struct #proxy<#transport>(::core::marker::PhantomData<#transport>);
        #[allow(warnings, reason = "this is not the contract that was written")]
        const _: () = {
            use #krate::__private as #rt;
            impl #for_all #rt::Contract for dyn #name #types #clause {
                const SPEC: &'static #rt::ContractSpec = &#rt::ContractSpec::new("", "", &[]);
            }
            impl #for_all #rt::GuestContract for dyn #name #types #clause {
                type Proxy<#transport> = #proxy<#transport>;
                const CALLS: &'static [#rt::GuestCall] = &[];
                fn proxy<#transport>(_: #transport) -> #proxy<#transport> { loop {} }
            }
            impl #for_all #rt::HostContract for dyn #name #types #clause {
                const OPS: &'static [#rt::HostOp] = &[];
            }
            impl #for_hosts #rt::HostedBy<#host> for dyn #name #types #clause {
                fn hosted(_: #host) -> ::std::boxed::Box<Self> { loop {} }
            }
            impl #for_all #rt::ByHandle for dyn #name #types #clause {}
            #implementation
        };
    }
}

/// The trait for the dummy proxy. Its futures hold nothing, so they are `Send`.
fn implementation(
    item: &ItemTrait,
    rt: &Ident,
    local: bool,
    proxy: &Ident,
    transport: &Ident,
) -> TokenStream {
    let ItemTrait { unsafety, ident: name, supertraits, .. } = item;
    let mut generics = item.generics.clone();
    generics.params.push(parse_quote!(#transport));
    if !supertraits.is_empty() {
        generics.make_where_clause().predicates.push(parse_quote!(Self: #supertraits));
    }
    let (_, types, _) = item.generics.split_for_impl();
    let (for_all, _, clause) = generics.split_for_impl();
    let members = item.items.iter().map(|item| member(item, rt, local));
    quote! {
        #unsafety impl #for_all #name #types for #proxy<#transport> #clause {
            #(#members)*
        }
    }
}

fn member(member: &TraitItem, rt: &Ident, local: bool) -> TokenStream {
    match member {
        TraitItem::Fn(method) => {
            let cfgs = method.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
            let sig = match method.sig.asyncness {
                Some(_) => asynchronous::signature(&sanitize::concrete(&method.sig), rt, local),
                None => method.sig.clone(),
            };
            quote!(#(#cfgs)* #sig { loop {} })
        }
        TraitItem::Type(item) => {
            let cfgs = item.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
            let (ident, (generics, _, clause)) = (&item.ident, item.generics.split_for_impl());
            quote!(#(#cfgs)* type #ident #generics = () #clause;)
        }
        _ => TokenStream::new(),
    }
}

/// Adds `'static` to the generic parameters, which are errors themselves, because a contract is `'static`.
fn owned(generics: &Generics) -> Generics {
    let mut owned = generics.clone();
    let lifetimes = generics.lifetimes().map(|param| param.lifetime.to_token_stream());
    let types = generics.type_params().map(|param| param.ident.to_token_stream());
    for param in lifetimes.chain(types).collect::<Vec<_>>() {
        owned.make_where_clause().predicates.push(parse_quote!(#param: 'static));
    }
    owned
}

/// Keeps the first of the methods with one name, unless `#[cfg]` chooses between them.
fn first_of_each(items: &mut Vec<TraitItem>) {
    let mut seen = HashSet::new();
    items.retain(|member| match member {
        TraitItem::Fn(method) => {
            let new = seen.insert(method.sig.ident.clone());
            new || method.attrs.iter().any(|attr| attr.path().is_ident("cfg"))
        }
        _ => true,
    });
}
