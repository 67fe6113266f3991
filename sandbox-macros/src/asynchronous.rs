//! The signatures of `async fn` methods in generated code.
//!
//! `async_trait` expands the user's trait and implementations. The proxy and the fallback are written without it, so their
//! signatures must have the lifetimes that `async_trait` gives a method. Called by `emit` and `fallback`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, GenericParam, Lifetime, PatType, Receiver, ReturnType, Signature, Token, TypeReference,
    WherePredicate, parse_quote,
};

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
// The number and the order of the lifetimes must be those of `async_trait`. Their names are free.
pub(crate) fn signature(written: &Signature, rt: &impl ToTokens, local: bool) -> Signature {
    let mut sig = written.clone();
    sig.asyncness = None;
    let mut elided = Elided(Vec::new());
    sig.inputs.iter_mut().for_each(|input| elided.visit_fn_arg_mut(input));
    let mut outlive: Vec<WherePredicate> = sig.generics.params.iter_mut().filter_map(outlives).collect();
    for life in &elided.0 {
        sig.generics.params.push(parse_quote!(#life));
        outlive.push(parse_quote!(#life: 'async_trait));
    }
    sig.generics.params.push(parse_quote!('async_trait));
    if sig.receiver().is_some() {
        outlive.push(parse_quote!(Self: 'async_trait));
    }
    sig.generics.make_where_clause().predicates.extend(outlive);
    let boxed = if local { quote!(BoxedLocal) } else { quote!(Boxed) };
    let output = match &sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    sig.output = parse_quote!(-> #rt::#boxed<'async_trait, #output>);
    sig
}

/// Moves the bounds of a generic parameter to the `where` clause, beside the bound of the future.
fn outlives(param: &mut GenericParam) -> Option<WherePredicate> {
    match param {
        GenericParam::Lifetime(param) => {
            let (life, bounds) = (&param.lifetime, std::mem::take(&mut param.bounds));
            param.colon_token = None;
            Some(parse_quote!(#life: 'async_trait + #bounds))
        }
        GenericParam::Type(param) => {
            let (ty, bounds) = (&param.ident, std::mem::take(&mut param.bounds));
            param.colon_token = None;
            Some(parse_quote!(#ty: 'async_trait + #bounds))
        }
        GenericParam::Const(_) => None,
    }
}

/// Names the elided lifetimes, in the order of the text.
struct Elided(Vec<Lifetime>);

impl Elided {
    fn next(&mut self) -> Lifetime {
        let life = Lifetime::new(&format!("'life{}", self.0.len()), Span::call_site());
        self.0.push(life.clone());
        life
    }
}

impl VisitMut for Elided {
    fn visit_receiver_mut(&mut self, this: &mut Receiver) {
        // The generated body says `self`, so the receiver must have the hygiene of the generated code.
        this.self_token = Token![self](Span::call_site());
        match &mut this.reference {
            _ if this.colon_token.is_some() => self.visit_type_mut(&mut this.ty),
            Some((_, Some(life))) => self.visit_lifetime_mut(life),
            Some((_, life)) => *life = Some(self.next()),
            None => {}
        }
    }

    fn visit_pat_type_mut(&mut self, param: &mut PatType) {
        param.attrs.clear();
        self.visit_type_mut(&mut param.ty);
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime.get_or_insert_with(|| self.next());
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, life: &mut Lifetime) {
        if life.ident == "_" {
            *life = self.next();
        }
    }
}
