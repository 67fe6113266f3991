//! Guest → host: for each method, the function that calls the host's implementation with arguments from a guest.
//!
//! The result goes to the `Reply` of the transport. The function is the same for V8, QuickJS and processes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use super::extent::Extent;
use super::{named, of};
use crate::model::{ContractModel, MethodModel};
use crate::paths::{MethodPaths, Paths};

pub(super) fn emit(contract: &ContractModel, paths: &Paths) -> TokenStream {
    let Paths { rt, object, .. } = paths;
    let guest = contract.args.direction.guest();
    let methods = named(contract, paths).map(|(method, names)| host_method(method, names, guest, paths));
    let ops = named(contract, paths).map(|(method, MethodPaths { marker, .. })| {
        let (cfgs, of) = (&method.cfgs, of(method));
        quote!(#(#cfgs)* #rt::HostOp::#of::<#marker>())
    });
    quote! {
        #(#methods)*
        impl #rt::HostContract for #object {
            const OPS: &'static [#rt::HostOp] = &[#(#ops),*];
        }
    }
}

// in:  fn get_user(&self, key: &str, n: u32) -> Result<String>;
// out: fn invoke<R: Reply>(host: &dyn Store, (key, (n, ())): Self::Owned, reply: R) -> R::Done {
//          settle!(Result<String>, Store::get_user(host, key.lend(), n.0), reply, At)
//      }
//
// in:  async fn get_user(&self, key: &str, n: u32) -> Result<String>;
// out: fn start<R: Reply>(host: Hosted<dyn Store>, (key, (n, ())): Self::Owned, reply: R) -> impl Future<Output = R::Done> {
//          async move {
//              settle!(Result<String>, Store::get_user(&*host, key.lend(), n.0).await, reply, At)
//          }
//      }
fn host_method(method: &MethodModel, names: &MethodPaths, guest: bool, paths: &Paths) -> TokenStream {
    let Paths { rt, name, reply, .. } = paths;
    let (MethodModel { cfgs, .. }, MethodPaths { marker, .. }) = (method, names);
    let ident = method.ident();
    let pattern = method.params.iter().rev().fold(quote!(()), |rest, param| {
        let ident = &param.ident;
        quote!((#ident, #rest))
    });
    let values = method.params.iter().map(|param| {
        let ident = &param.ident;
        if param.by_ref { quote!(#ident.lend()) } else { quote!(#ident.0) }
    });
    // Hygiene keeps these locals apart from parameters of the same names.
    let own = |name: &str| Ident::new(name, Span::mixed_site());
    let (host, answer) = (own("host"), own("reply"));
    if method.is_async() {
        let settled = settled(method, guest, quote!(#name::#ident(&*#host #(, #values)*).await), &answer, rt);
        return quote! {
            #(#cfgs)*
            impl #rt::AsyncHostMethod for #marker {
                fn start<#reply: #rt::Reply + 'static>(
                    #host: #rt::Hosted<Self::Contract>,
                    #pattern: Self::Owned,
                    #answer: #reply,
                ) -> impl ::core::future::Future<Output = #reply::Done> + 'static {
                    async move { #settled }
                }
            }
        };
    }
    let returns = returns(method, guest, rt);
    let settled = settled(method, guest, quote!(#name::#ident(#host #(, #values)*)), &answer, rt);
    quote! {
        #(#cfgs)*
        impl #rt::HostMethod for #marker {
            const FAST: #rt::Fast = #rt::FastProbe::<Self, Self::Owned, #returns>::FAST;
            fn invoke<#reply: #rt::Reply>(
                #host: &Self::Contract,
                #pattern: Self::Owned,
                #answer: #reply,
            ) -> #reply::Done {
                #settled
            }
        }
    }
}

// in:  fn get_user(&self, key: &str, n: u32) -> Result<String>;
// out: settle!(Result<String>, Store::get_user(host, key.lend(), n.0), reply, At)
//
// `settle!` has the range of the return type, and `At` that of `String`. A plain result that cannot cross is reported at
// the first, the value of a `Result` at the second.
fn settled(method: &MethodModel, guest: bool, call: TokenStream, reply: &Ident, rt: &Ident) -> TokenStream {
    let returns = returns(method, guest, rt);
    let (whole, value) = method.returns().map_or_else(
        || (Extent::of(&returns), Extent::of(&returns)),
        |ty| (Extent::of(ty), Extent::of_value(ty)),
    );
    let at = value.path(rt, "At");
    whole.invocation(rt, "settle", quote!(#returns, #call, #reply, #at))
}

/// The return type. Where a guest can implement the method too, `GuestMethod::Returns` has checked it already.
fn returns(method: &MethodModel, guest: bool, rt: &Ident) -> TokenStream {
    match method.returns() {
        _ if guest => quote!(#rt::Returns<Self>),
        Some(ty) => ty.to_token_stream(),
        None => quote!(()),
    }
}
