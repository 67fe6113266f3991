//! Host → guest: the struct `StoreProxy<T>`, which implements the trait `Store` by calling a guest through `T`.
//!
//! The file also splits default bodies from the trait, because a proxy runs them for methods that a guest does not export.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Attribute, ItemTrait, Meta, Path, TraitItem, TraitItemFn, Type, parse_quote};

use super::extent::Extent;
use super::{meta, named, of};
use crate::asynchronous;
use crate::model::{ContractModel, MethodModel, Policy};
use crate::paths::{MethodPaths, Paths};

/// The proxy's struct, outside of the generated block because users name the struct.
pub(super) fn declaration(contract: &ContractModel, paths: &Paths) -> TokenStream {
    let Paths { name, proxy, transport, .. } = paths;
    let vis = &contract.item.vis;
    let docs = format!(" Implements [`{name}`] by calling a guest through the transport `{transport}`.");
    // Without a method, nothing reads the transport.
    let unused = contract
        .methods
        .iter()
        .all(|method| !method.cfgs.is_empty())
        .then(|| quote!(#[allow(dead_code, reason = "the contract may have no methods")]));
    quote! {
        #[doc = #docs]
        #[derive(::core::clone::Clone)]
        #vis struct #proxy<#transport> {
            #unused
            transport: #transport,
        }
    }
}

pub(super) fn emit(contract: &ContractModel, paths: &Paths) -> TokenStream {
    let Paths { rt, name, object, proxy, transport, .. } = paths;
    let local = contract.is_local();
    let values = named(contract, paths).map(|(method, names)| guest_method(method, names, local, rt));
    let methods = named(contract, paths).map(|(method, names)| proxy_method(method, names, local, paths));
    let calls = named(contract, paths).map(|(method, MethodPaths { marker, .. })| {
        let (cfgs, of) = (&method.cfgs, of(method));
        quote!(#(#cfgs)* #rt::GuestCall::#of::<#marker>())
    });
    let narrowed = narrowed(contract, paths);
    let clause = where_clause(contract, paths);
    let generic = Ident::new("U", Span::mixed_site());
    quote! {
        #(#values)*
        impl #rt::GuestContract for #object {
            type Proxy<#generic> = #proxy<#generic>;
            const CALLS: &'static [#rt::GuestCall] = &[#(#calls),*];
            fn proxy<#generic>(transport: #generic) -> #proxy<#generic> {
                #proxy { transport }
            }
        }
        #narrowed
        impl<#transport> #name for #proxy<#transport>
        #clause
        {
            #(#methods)*
        }
    }
}

/// The method `with_deadline` of the proxy, unless the contract has a method of this name.
fn narrowed(contract: &ContractModel, paths: &Paths) -> Option<TokenStream> {
    let Paths { rt, proxy, transport, .. } = paths;
    let vis = &contract.item.vis;
    let is_taken = contract.methods.iter().any(|method| method.rust_name == "with_deadline");
    (!is_taken).then(|| {
        quote! {
            impl<#transport: #rt::WithDeadline> #proxy<#transport> {
                /// A proxy whose calls fail once the deadline is over.
                #[must_use]
                #[allow(dead_code, reason = "not every caller has a deadline")]
                #vis fn with_deadline(&self, deadline: ::std::time::Instant) -> Self {
                    Self { transport: self.transport.until(deadline) }
                }
            }
        }
    })
}

/// The transport must carry each method. Supertraits are for the user to implement on the proxy.
fn where_clause(contract: &ContractModel, paths: &Paths) -> TokenStream {
    let Paths { rt, transport, methods, .. } = paths;
    let supertraits = &contract.item.supertraits;
    let own = (!supertraits.is_empty()).then(|| quote!(Self: #supertraits,));
    let carries = named(contract, paths).map(|(method, MethodPaths { marker, .. })| {
        match (method.is_async(), contract.is_local()) {
            (false, _) => quote!(#rt::Transport<#marker>),
            (true, false) => quote!(#rt::AsyncTransport<#marker>),
            (true, true) => quote!(#rt::LocalAsyncTransport<#marker>),
        }
    });
    let carried = (!methods.is_empty()).then(|| quote!(#transport: #(#carries)+*,));
    quote!(where #own #carried)
}

// in:  fn get_user(&self, key: &str) -> Result<String>;
// out: impl GuestMethod for __get_user {
//          type Returns = Result<String>;
//          type Value = <Self::Returns as GuestReturn>::Value;
//          const PACKS: Packing<Self> = SendProbe::<Self::Owned, Self::Value>::PACKS;
//      }
fn guest_method(method: &MethodModel, names: &MethodPaths, local: bool, rt: &Ident) -> TokenStream {
    let MethodModel { cfgs, on_failure, .. } = method;
    let MethodPaths { marker, .. } = names;
    let sent = method.is_async() && !local;
    let checked = |ty: &Type| match (on_failure, sent) {
        (Some(_), false) => meta::checked(ty, "crosses", rt),
        (Some(_), true) => meta::checked(ty, "crosses_sent", rt),
        (None, false) => returned(ty, "value", rt),
        (None, true) => returned(ty, "value_sent", rt),
    };
    let returns = method.returns().map_or_else(|| quote!(()), checked);
    let value = match on_failure {
        Some(_) => quote!(Self::Returns),
        None => quote!(<Self::Returns as #rt::GuestReturn>::Value),
    };
    quote! {
        #(#cfgs)*
        impl #rt::GuestMethod for #marker {
            type Returns = #returns;
            type Value = #value;
            const PACKS: #rt::Packing<Self> = #rt::SendProbe::<Self::Owned, Self::Value>::PACKS;
        }
    }
}

// in:  Result<u32>
// out: returned!(Result<u32>, value, At)
//
// `At` has the range of `u32`, where a value that cannot cross is reported.
fn returned(ty: &Type, check: &str, rt: &Ident) -> TokenStream {
    let (check, value) = (Ident::new(check, Span::call_site()), Extent::of_value(ty).path(rt, "At"));
    Extent::of(ty).invocation(rt, "returned", quote!(#ty, #check, #value))
}

// in:  fn get_user(&self, key: &str, n: u32) -> Result<String>;
// out: fn get_user(&self, key: &str, n: u32) -> Result<String> {
//          call(__get_user, &self.transport, (Ref(key), (Val(n), ())))
//      }
//
// in:  async fn get_user(&self) -> Result<String>;
// out: fn get_user<'life0, 'async_trait>(&'life0 self) -> Boxed<'async_trait, Result<String>> where … {
//          Box::pin(call_async(__get_user, &self.transport, ()))
//      }
fn proxy_method(method: &MethodModel, names: &MethodPaths, local: bool, paths: &Paths) -> TokenStream {
    let Paths { rt, name, .. } = paths;
    let MethodModel { cfgs, .. } = method;
    let MethodPaths { marker, default, .. } = names;
    let signature = match method.is_async() {
        true => asynchronous::signature(&method.sig, rt, local).to_token_stream(),
        false => signature(method),
    };
    let args = method.params.iter().map(|param| &param.ident);
    let absent = method.has_default.then(|| {
        quote! {
            if !#rt::Exports::exports(&self.transport, <#marker as #rt::Method>::INDEX) {
                return #name::#default(self, #(#args),*);
            }
        }
    });
    let call = call(method, marker, local, rt);
    quote! {
        #(#cfgs)*
        #signature {
            #absent
            #call
        }
    }
}

fn signature(method: &MethodModel) -> TokenStream {
    let (ident, output) = (method.ident(), &method.sig.output);
    let params = method.params.iter().map(|param| {
        let (ident, ty) = (&param.ident, &param.ty);
        if param.by_ref { quote!(#ident: &#ty) } else { quote!(#ident: #ty) }
    });
    quote!(fn #ident(&self, #(#params),*) #output)
}

/// The call of the guest, or the future of the call for an `async` method. The future borrows nothing of the proxy.
fn call(method: &MethodModel, marker: &Ident, local: bool, rt: &Ident) -> TokenStream {
    let args = method.params.iter().rev().fold(quote!(()), |rest, param| {
        let ident = &param.ident;
        let wrap = if param.by_ref { quote!(Ref) } else { quote!(Val) };
        quote!((#rt::#wrap(#ident), #rest))
    });
    let error = Ident::new("error", Span::mixed_site());
    let held = method.is_async().then(|| quote!(move));
    let on_failure = method.on_failure.as_ref().map(|on_failure| match &on_failure.policy {
        Policy::Panic => quote!(, |#error| #rt::fail(#error)),
        Policy::Default(span) => quote_spanned!(*span=> , |_| ::core::default::Default::default()),
        Policy::Value(value) => quote!(, #held |_| #value),
    });
    let call = match (method.is_async(), local) {
        (false, _) => "call",
        (true, false) => "call_async",
        (true, true) => "call_local",
    };
    let call = format_ident!("{call}{}", if on_failure.is_some() { "_or" } else { "" });
    let call = quote!(#rt::#call(#marker, &self.transport, #args #on_failure));
    if method.is_async() { quote!(::std::boxed::Box::pin(#call)) } else { call }
}

/// The trait, in which each default body becomes a hidden method, so that a proxy can call the body.
///
/// A copy of the body in the proxy would be compiled twice, with its own statics and errors. A second implementor that
/// keeps the default would have to forward every other method. With the hidden method, calls on `self` in the body reach
/// the guest if the guest exports them.
///
// in:  fn tax(&self) -> Result<f64> { Ok(0.2) }
// out: fn tax(&self) -> Result<f64> { Self::__tax_default(self) }
//      #[doc(hidden)] fn __tax_default(&self) -> Result<f64> { Ok(0.2) }
pub(super) fn with_callable_defaults(contract: &ContractModel, paths: &Paths) -> ItemTrait {
    let mut item = contract.item.clone();
    if !contract.args.direction.guest() {
        return item;
    }
    let mut callable = Vec::new();
    let mut methods = named(contract, paths);
    for member in &mut item.items {
        let TraitItem::Fn(member) = member else { continue };
        if let Some((method, names)) = methods.next()
            && method.has_default
        {
            callable.push(TraitItem::Fn(split_default(member, method, &names.default)));
        }
    }
    item.items.extend(callable);
    item
}

fn split_default(member: &mut TraitItemFn, method: &MethodModel, default: &Ident) -> TraitItemFn {
    let mut callable = member.clone();
    callable
        .attrs
        .retain(|attr| !["doc", "must_use", "deprecated"].iter().any(|name| attr.path().is_ident(name)));
    callable.attrs.push(parse_quote!(#[doc(hidden)]));
    callable.sig.ident = default.clone();
    let names = method.params.iter().map(|param| &param.ident);
    // If a macro wrote the trait, hygiene lets only the receiver's own token name `self`.
    let this = method.receiver.as_ref().map(|receiver| receiver.self_token);
    let awaited = method.is_async().then(|| quote!(.await));
    member.default = Some(parse_quote!({ Self::#default(#this, #(#names),*) #awaited }));
    member.attrs.iter_mut().for_each(expect_nothing);
    callable
}

/// The lint that `#[expect]` waits for is in the body, which has moved.
fn expect_nothing(attr: &mut Attribute) {
    if let Meta::List(list) = &mut attr.meta
        && list.path.is_ident("expect")
    {
        list.path = Path::from(format_ident!("allow"));
    }
}
