//! The contract as data, and the marker types that stand for its methods.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{at, named, otherwise};
use crate::model::{Contract, Method, Param};
use crate::paths::{MethodPaths, Paths};

pub(super) fn emit(contract: &Contract, paths: &Paths) -> TokenStream {
    let spec = spec(contract, paths);
    let markers = named(contract, paths).map(|(method, names)| marker(method, names, paths));
    quote! {
        #spec
        #(#markers)*
    }
}

fn spec(contract: &Contract, paths: &Paths) -> TokenStream {
    let Paths { rt, object, .. } = paths;
    let Contract { js_name, docs, .. } = contract;
    let methods = contract.methods.iter().map(|method| method_spec(method, rt));
    quote! {
        impl #rt::Contract for #object {
            const SPEC: #rt::ContractSpec = #rt::ContractSpec::new(#js_name, #docs, &[#(#methods),*]);
        }
    }
}

// in:  fn get_user(&self, key: &str, n: u32) -> Result<String>;
// out: MethodSpec::new("getUser", "get_user", "").takes(&[ParamSpec::new("key", …), ParamSpec::new("n", …)])
fn method_spec(method: &Method, rt: &Ident) -> TokenStream {
    let Method { cfgs, js_name, rust_name, docs, params, .. } = method;
    let specs = params.iter().map(|param| param_spec(param, rt));
    let takes = (!params.is_empty()).then(|| quote!(.takes(&[#(#specs),*])));
    let optional = method.has_default.then(|| quote!(.optional()));
    quote! {
        #(#cfgs)*
        #rt::MethodSpec::new(#js_name, #rust_name, #docs) #takes #optional
    }
}

fn param_spec(param: &Param, rt: &Ident) -> TokenStream {
    let Param { js_name, ty, .. } = param;
    if param.by_ref {
        return quote!(#rt::ParamSpec::new(#js_name, #rt::Kind::Value));
    }
    quote_spanned!(ty.span()=> #rt::ParamSpec::new(#js_name, #rt::KindProbe::<#ty>::KIND))
}

// in:  fn get_user(&self, key: &str, n: u32) -> Result<String>;
// out: struct __get_user;
//      impl Method for __get_user { … }
fn marker(method: &Method, names: &MethodPaths, paths: &Paths) -> TokenStream {
    let Paths { rt, object, .. } = paths;
    let Method { cfgs, rust_name, .. } = method;
    let MethodPaths { marker, .. } = names;
    let args = args(&method.params, rt);
    // A list of bounds cannot have `#[cfg]`, so the proxy names the marker of every method.
    let absent = (!cfgs.is_empty()).then(|| {
        let otherwise = otherwise(cfgs);
        quote!(#[cfg(#otherwise)] type #marker = #rt::Absent;)
    });
    quote! {
        #(#cfgs)*
        struct #marker;
        #absent
        #(#cfgs)*
        impl #rt::Method for #marker {
            type Contract = #object;
            type Args<'a> = #args;
            type Owned = <Self::Args<'static> as #rt::Arguments>::Owned;
            const INDEX: usize = #rt::index_of(<#object as #rt::Contract>::SPEC.methods, #rust_name);
        }
    }
}

// in:  key: &str, n: u32
// out: (Ref<'a, str>, (Val<u32>, ()))
fn args(params: &[Param], rt: &Ident) -> TokenStream {
    params.iter().rev().fold(quote!(()), |rest, param| {
        let checked = checked(&param.ty, if param.by_ref { "lends" } else { "crosses" }, rt);
        if param.by_ref {
            quote!((#rt::Ref<'a, #checked>, #rest))
        } else {
            quote!((#rt::Val<#checked>, #rest))
        }
    })
}

// in:  u32
// out: Checked<u32, { crosses::<u32>() }>
//
// All that follows from a type is made from this one. When the check fails, the compiler says so where the user
// wrote the type; the constant then has no value, so `Checked` is an error already reported, and whatever else
// would go wrong with the type is silent.
pub(super) fn checked(ty: impl ToTokens, check: &str, rt: &Ident) -> TokenStream {
    let span = ty.span();
    let (rt, check) = (at(span, rt), Ident::new(check, span));
    quote_spanned!(span=> #rt::Checked<#ty, { #rt::#check::<#ty>() }>)
}
