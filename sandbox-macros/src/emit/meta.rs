//! The constant `Contract::SPEC`, and a marker type with the types of its arguments for each method.
//!
//! Markers are emitted for both directions, before the proxy and the ops that name them.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::{at, named, otherwise};
use crate::model::{
    BoundArg, BoundArgs, BoundKind, ContractModel, Implementer, MaxCalls, MethodModel, Number, Param,
};
use crate::paths::{MethodPaths, Paths};

pub(super) fn emit(contract: &ContractModel, paths: &Paths) -> TokenStream {
    let spec = spec(contract, paths);
    let local = contract.is_local();
    let markers = named(contract, paths).map(|(method, names)| marker(method, names, local, paths));
    let scopes = contract.methods.iter().filter_map(|method| scope(method, &paths.rt));
    quote! {
        #spec
        #(#scopes)*
        #(#markers)*
    }
}

fn spec(contract: &ContractModel, paths: &Paths) -> TokenStream {
    let Paths { rt, object, .. } = paths;
    let ContractModel { js_name, docs, .. } = contract;
    let methods = named(contract, paths).map(|(method, names)| method_spec(method, names, rt));
    let only = match contract.args.direction {
        Implementer::Both => TokenStream::new(),
        Implementer::Guest => quote!(.guest_only()),
        Implementer::Host => quote!(.host_only()),
    };
    let function = contract.args.function.as_ref().map(|_| quote!(.function()));
    quote! {
        impl #rt::Contract for #object {
            const SPEC: &'static #rt::ContractSpec = &#rt::ContractSpec::new(#js_name, #docs, Self::METHODS) #only #function;
            const METHODS: &'static [#rt::MethodSpec] = &[#(#methods),*];
        }
    }
}

// in:  #[sandbox(scoped)] fn open(&self, name: &str) -> Result<Handle<dyn File>>;
// out: const _: () = ends_with_call(&[HandleProbe::<str>::MAY_HOLD, HandleProbe::<Result<Handle<dyn File>>>::MAY_HOLD]);
//
// The runtime knows whether a type can hold a handle. The error is shown on the argument.
fn scope(method: &MethodModel, rt: &Ident) -> Option<TokenStream> {
    let MethodModel { cfgs, params, scoped, .. } = method;
    let span = scoped.as_ref()?.span();
    let (rt, types) = (at(span, rt), params.iter().map(|param| &param.ty).chain(method.returns()));
    Some(quote_spanned! {span=>
        #(#cfgs)*
        const _: () = {
            use #rt::MayHold as _;
            #rt::ends_with_call(&[#(#rt::HandleProbe::<#types>::MAY_HOLD),*])
        };
    })
}

// in:  fn get_user(&self, key: &str, n: u32) -> Result<String>;
// out: MethodSpec::new("getUser", "get_user", "")
//          .takes(__get_user::PARAMS)
//          .returns(type_spec!(-> Result<String>))
fn method_spec(method: &MethodModel, names: &MethodPaths, rt: &Ident) -> TokenStream {
    let MethodModel { cfgs, js_name, rust_name, docs, params, bounds, max_calls, scoped, callback, .. } =
        method;
    let MethodPaths { marker, .. } = names;
    let takes = (!params.is_empty()).then(|| quote!(.takes(#marker::PARAMS)));
    let returns = method.returns().map(|ty| {
        let at = at(ty.span(), rt);
        let bounded = bounded(bounds, ty, rt);
        quote_spanned!(ty.span()=> .returns(#at::type_spec!(-> #ty) #bounded))
    });
    let optional = method.has_default.then(|| quote!(.optional()));
    let asynchronous = method.is_async().then(|| quote!(.asynchronous()));
    let max_calls = max_calls.as_ref().map(|MaxCalls { most, .. }| quote!(.max_calls(#most)));
    let scoped = scoped.as_ref().map(|_| quote!(.scoped()));
    let callback = callback.as_ref().map(|_| quote!(.calls_back()));
    quote! {
        #(#cfgs)*
        #rt::MethodSpec::new(#js_name, #rust_name, #docs) #takes #returns #optional #max_calls #scoped #callback #asynchronous
    }
}

fn param_spec(param: &Param, constructor: &Ident, rt: &Ident) -> TokenStream {
    let Param { js_name, ty, by_ref, bounds, .. } = param;
    let (rt, bounded) = (at(ty.span(), rt), bounded(bounds, ty, rt));
    let (kind, spec) = match by_ref {
        true => (quote!(#rt::Kind::Value), quote_spanned!(ty.span()=> #rt::type_spec!(&#ty))),
        false => (
            quote_spanned!(ty.span()=> #rt::KindProbe::<#ty>::KIND),
            quote_spanned!(ty.span()=> #rt::type_spec!(#ty)),
        ),
    };
    quote_spanned!(ty.span()=> #rt::ParamSpec::#constructor(#js_name, #kind, #spec) #bounded)
}

// in:  #[sandbox(range(min = 0), pattern("^a"))] with the type T
// out: .bounded(Bounds::NONE.range::<T>(Some(Bound::Integer(0)), None).pattern::<T>("^a"))
//
// A trait of the runtime checks that the type can have the bound. The error is shown on the name of the bound.
fn bounded(bounds: &BoundArgs, ty: &Type, rt: &Ident) -> Option<TokenStream> {
    let each = bounds.0.iter().map(|BoundArg { key, kind }| {
        let name = Ident::new(&key.to_string(), key.span());
        let (min, max) = match kind {
            BoundKind::Range { min, max } => (number(min.as_ref(), rt), number(max.as_ref(), rt)),
            BoundKind::Length { min, max } => (length(min.as_ref()), length(max.as_ref())),
            BoundKind::Pattern(pattern) => return quote_spanned!(key.span()=> .#name::<#ty>(#pattern)),
        };
        quote_spanned!(key.span()=> .#name::<#ty>(#min, #max))
    });
    let each = each.collect::<Vec<_>>();
    (!each.is_empty()).then(|| quote!(.bounded(#rt::Bounds::NONE #(#each)*)))
}

fn number(bound: Option<&Number>, rt: &Ident) -> TokenStream {
    match bound {
        None => quote!(::core::option::Option::None),
        Some(Number::Integer(value)) => quote!(::core::option::Option::Some(#rt::Bound::Integer(#value))),
        Some(Number::Float(value)) => quote!(::core::option::Option::Some(#rt::Bound::Float(#value))),
    }
}

fn length(bound: Option<&u32>) -> TokenStream {
    bound.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}

// in:  fn get_user(&self, key: &str, n: u32) -> Result<String>;
// out: struct __get_user;
//      impl Method for __get_user { … }
fn marker(method: &MethodModel, names: &MethodPaths, local: bool, paths: &Paths) -> TokenStream {
    let Paths { rt, object, .. } = paths;
    let MethodModel { cfgs, rust_name, .. } = method;
    let MethodPaths { marker, .. } = names;
    let args = args(method, local, rt);
    let specs = method.params.iter().enumerate().map(|(index, param)| {
        // Where a cancellation may be; the runtime knows whether the type is one.
        let is_last = method.is_async() && index + 1 == method.params.len();
        param_spec(param, &Ident::new(if is_last { "last" } else { "new" }, param.ty.span()), rt)
    });
    let params = (!method.params.is_empty())
        .then(|| quote!(const PARAMS: &'static [#rt::ParamSpec] = &[#(#specs),*];));
    // The proxy's `where` clause cannot have `#[cfg]`, so it names the marker of every method, compiled or not.
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
            #params
            const INDEX: usize = #rt::index_of(<#object as #rt::Contract>::SPEC, #rust_name);
        }
    }
}

// in:  key: &str, n: u32
// out: (Ref<'a, str>, (Val<u32>, ()))
fn args(method: &MethodModel, local: bool, rt: &Ident) -> TokenStream {
    let sent = method.is_async() && !local;
    method.params.iter().rev().fold(quote!(()), |rest, param| {
        let check = match (param.by_ref, sent) {
            (false, false) => "crosses",
            (false, true) => "crosses_sent",
            (true, false) => "lends",
            (true, true) => "lends_sent",
        };
        let checked = checked(&param.ty, check, rt);
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
// All later uses of a type go through `Checked`. When the check fails, the compiler reports it where the user wrote the
// type. The constant then has no value, so `Checked` is an error already reported, and later uses of it are silent.
pub(super) fn checked(ty: impl ToTokens, check: &str, rt: &Ident) -> TokenStream {
    let span = ty.span();
    let (rt, check) = (at(span, rt), Ident::new(check, span));
    quote_spanned!(span=> #rt::Checked<#ty, { #rt::#check::<#ty>() }>)
}
