//! What `async fn` becomes. `async_trait` writes the trait and its implementations; what is written here instead has the
//! signature that it gives a method.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Lifetime, parse_quote};

use crate::model::Method;

/// The attribute that boxes the futures of a trait, or of an implementation.
pub(crate) fn attribute(krate: &TokenStream, local: bool) -> Attribute {
    let unsent = local.then(|| quote!((?Send)));
    parse_quote!(#[#krate::__private::async_trait #unsent])
}

// in:  async fn get_user(&self, key: &str, n: u32) -> Result<String>
// out: fn get_user<'life0, 'life1, 'async_trait>(&'life0 self, key: &'life1 str, n: u32)
//          -> Boxed<'async_trait, Result<String>>
//      where 'life0: 'async_trait, 'life1: 'async_trait, Self: 'async_trait
//
// The lifetimes are part of a signature by their number and order, not by their names.
pub(crate) fn signature(method: &Method, rt: &impl ToTokens, local: bool) -> TokenStream {
    let ident = method.ident();
    let life = |number: usize| Lifetime::new(&format!("'life{number}"), Span::call_site());
    let this = life(0);
    let mut lives = vec![this.clone()];
    let params = method.params.iter().map(|param| {
        let (ident, ty) = (&param.ident, &param.ty);
        if !param.by_ref {
            return quote!(#ident: #ty);
        }
        let lent = life(lives.len());
        lives.push(lent.clone());
        quote!(#ident: &#lent #ty)
    });
    let params = params.collect::<Vec<_>>();
    let boxed = if local { quote!(BoxedLocal) } else { quote!(Boxed) };
    let output = method.returns().map_or_else(|| quote!(()), ToTokens::to_token_stream);
    quote! {
        fn #ident<#(#lives,)* 'async_trait>(&#this self, #(#params),*) -> #rt::#boxed<'async_trait, #output>
        where
            #(#lives: 'async_trait,)*
            Self: 'async_trait
    }
}
