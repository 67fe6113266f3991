//! Emits the implementation of the runtime's `GuestError`. Nothing here reports an error: `check.rs` ran before.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, LitStr, parse_quote};

use super::{Case, ErrorField, Model, View, message};
use crate::paths;

/// The implementation of the trait `GuestError`.
pub(super) fn model(model: &Model) -> TokenStream {
    let krate = paths::krate(model.krate.as_ref());
    let (opaque, seen): (Vec<&Case>, Vec<&Case>) =
        model.cases.iter().partition(|case| matches!(case.view, View::Opaque));
    let seen = seen.iter().map(|case| arm(case, &krate));
    let opaque = (!opaque.is_empty()).then(|| {
        let paths = opaque.iter().map(|case| path(case));
        quote!(#(#paths { .. })|* => ::core::option::Option::None,)
    });
    let body = if model.cases.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #(#seen)* #opaque })
    };
    implementation(model, &body)
}

/// An implementation that shows nothing, for a type with mistakes.
pub(super) fn opaque(model: &Model) -> TokenStream {
    implementation(model, &quote!(::core::option::Option::None))
}

fn implementation(model: &Model, body: &TokenStream) -> TokenStream {
    let Model { name, krate, .. } = model;
    let krate = paths::krate(krate.as_ref());
    let generics = bounded(model, &krate);
    let (for_all, types, clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(
            deprecated,
            reason = "the impl is there for every variant; who makes a deprecated one is told there"
        )]
        impl #for_all #krate::GuestError for #name #types #clause {
            fn for_guest(&self) -> ::core::option::Option<#krate::GuestView> {
                #body
            }
        }
    }
}

/// The generics of the type, with the bounds that `GuestError` needs on a generic type. All other bounds are the user's.
fn bounded(model: &Model, krate: &TokenStream) -> Generics {
    let mut generics = model.generics.clone();
    let params: Vec<Ident> = generics.type_params().map(|param| param.ident.clone()).collect();
    if params.is_empty() {
        return generics;
    }
    let clause = generics.make_where_clause();
    clause.predicates.push(parse_quote!(Self: ::core::fmt::Display));
    let inner = model.cases.iter().filter(|case| matches!(case.view, View::Transparent { .. }));
    for field in inner.flat_map(|case| &case.fields) {
        if mentions(field.ty.to_token_stream(), &params) {
            let ty = &field.ty;
            clause.predicates.push(parse_quote!(#ty: #krate::GuestError));
        }
    }
    generics
}

fn mentions(tokens: TokenStream, names: &[Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => names.contains(&ident),
        TokenTree::Group(group) => mentions(group.stream(), names),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn path(case: &Case) -> TokenStream {
    let name = &case.name;
    if case.is_variant { quote!(Self::#name) } else { quote!(Self) }
}

fn arm(case: &Case, krate: &TokenStream) -> TokenStream {
    let path = path(case);
    match &case.view {
        View::Opaque => TokenStream::new(),
        View::Transparent { .. } => {
            let inner = case.fields.iter().map(|ErrorField { member, ty, .. }| {
                let binding = Ident::new("field", ty.span());
                let call = quote_spanned!(ty.span()=> #krate::GuestError::for_guest(#binding));
                quote!(#path { #member: #binding } => #call,)
            });
            inner.collect()
        }
        View::Visible { class, message } => visible(case, class.as_ref(), message.as_ref(), krate),
    }
}

fn visible(
    case: &Case,
    class: Option<&LitStr>,
    message: Option<&LitStr>,
    krate: &TokenStream,
) -> TokenStream {
    let path = path(case);
    let class = class.map_or_else(|| quote!("Error"), ToTokens::to_token_stream);
    // A format string resolves names at the span of its literal.
    let scope = |field: &ErrorField| message.map_or_else(|| field.ty.span(), LitStr::span);
    let binding = |index, field| Ident::new(&message::binding(index), scope(field));
    let (text, mut used) = self::text(message, &case.fields);
    let properties = case.fields.iter().enumerate().filter_map(|(index, field)| {
        let name = &field.property.as_ref()?.name;
        used.push(index);
        // The span of the field's type is where the compiler reports a type that does not implement `Serialize`.
        let mut argument = binding(index, field);
        argument.set_span(field.ty.span().resolved_at(scope(field)));
        Some(quote_spanned!(field.ty.span()=> .with(#name, #argument)))
    });
    let properties: TokenStream = properties.collect();
    let bound =
        case.fields.iter().enumerate().filter(|(index, _)| used.contains(index)).map(|(index, field)| {
            let (member, binding) = (&field.member, binding(index, field));
            quote!(#member: #binding,)
        });
    quote! {
        #path { #(#bound)* .. } => ::core::option::Option::Some(#krate::GuestView::new(#class, #text) #properties),
    }
}

/// The expression of the message, and the fields in it.
fn text(written: Option<&LitStr>, fields: &[ErrorField]) -> (TokenStream, Vec<usize>) {
    let message = written.and_then(|written| Some((written, message::read(written, fields).ok()?)));
    let Some((written, message)) = message else {
        return (quote!(::std::string::ToString::to_string(self)), Vec::new());
    };
    let text = LitStr::new(&message.text, written.span());
    if message.fields.is_empty() {
        (quote!(#text), message.fields)
    } else {
        (quote!(::std::format!(#text)), message.fields)
    }
}
