//! Guest → host: how an op calls the host's implementation.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{marked, meta};
use crate::model::{Contract, Method};
use crate::paths::Paths;

pub(super) fn emit(contract: &Contract, paths: &Paths) -> TokenStream {
    let Paths { rt, name, object, host, .. } = paths;
    let methods = marked(contract, paths).map(|(method, marker)| host_method(method, marker, paths));
    let ops = marked(contract, paths).map(|(Method { cfgs, .. }, marker)| quote!(#(#cfgs)* #rt::HostOp::of::<#marker>()));
    quote! {
        #(#methods)*
        impl #rt::HostContract for #object {
            const OPS: &'static [#rt::HostOp] = &[#(#ops),*];
        }
        impl<#host: #name + 'static> #rt::HostedBy<#host> for #object {
            fn hosted(host: #host) -> ::std::boxed::Box<Self> {
                ::std::boxed::Box::new(host)
            }
        }
    }
}

// in:  fn get_user(&self, key: &str, n: u32) -> Result<String>;
// out: fn invoke<R: Reply>(host: &dyn Store, (key, (n, ())): Self::Owned, reply: R) -> R::Done {
//          reply.done(ReturnProbe::<Result<String>>::settle(Store::get_user(host, key.lend(), n.0)))
//      }
fn host_method(method: &Method, marker: &Ident, paths: &Paths) -> TokenStream {
    let Paths { rt, name, reply, .. } = paths;
    let Method { cfgs, .. } = method;
    let ident = method.ident();
    let returns = meta::returns(method);
    let pattern = method.params.iter().rev().fold(quote!(()), |rest, param| {
        let ident = &param.ident;
        quote!((#ident, #rest))
    });
    let values = method.params.iter().map(|param| {
        let ident = &param.ident;
        if param.by_ref { quote!(#ident.lend()) } else { quote!(#ident.0) }
    });
    // The locals are ours alone, whatever the parameters are called.
    let own = |name: &str| Ident::new(name, Span::mixed_site());
    let (host, answer) = (own("host"), own("reply"));
    let settle = quote_spanned!(returns.span()=> #rt::ReturnProbe::<#returns>::settle);
    let fast = quote_spanned!(returns.span()=> #rt::FastProbe::<Self, <Self as #rt::Method>::Owned, #returns>::FAST);
    quote! {
        #(#cfgs)*
        impl #rt::HostMethod for #marker {
            const FAST: ::core::option::Option<#rt::FastCall> = #fast;
            fn invoke<#reply: #rt::Reply>(
                #host: &<Self as #rt::Method>::Contract,
                #pattern: <Self as #rt::Method>::Owned,
                #answer: #reply,
            ) -> #reply::Done {
                #answer.done(#settle(#name::#ident(#host, #(#values),*)))
            }
        }
    }
}
