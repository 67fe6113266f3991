//! `#[derive(GuestError)]`: tokens → model → check → emit.

use proc_macro2::{Ident, TokenStream};
use syn::{DeriveInput, Generics, LitStr, Member, Path, Type};

use crate::errors::collect;

mod check;
mod emit;
mod message;
mod parse;
#[cfg(test)]
mod tests;

/// An error type.
struct Model {
    name: Ident,
    generics: Generics,
    /// `crate = …`.
    krate: Option<Path>,
    cases: Vec<Case>,
}

/// A variant, or the struct.
struct Case {
    name: Ident,
    is_variant: bool,
    view: View,
    fields: Vec<ErrorField>,
}

/// What a guest sees of a case.
enum View {
    Opaque,
    /// What the inner error says; with the word for its span, and whatever it excludes.
    Transparent {
        word: Ident,
        excluded: Vec<Ident>,
    },
    Visible {
        class: Option<LitStr>,
        message: Option<LitStr>,
    },
}

struct ErrorField {
    member: Member,
    ty: Type,
    property: Option<ErrorProperty>,
}

/// A field marked with `#[guest]`.
struct ErrorProperty {
    /// The attribute's name, for its span.
    mark: Path,
    rename: Option<LitStr>,
    /// The name in JavaScript; empty for a tuple's field without `rename`, which is a mistake.
    name: String,
}

/// What `#[derive(GuestError)]` adds to a type.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let made = collect(|errors| {
        let model = parse::input(input, errors)?;
        check::model(&model, errors);
        Some(model)
    });
    match made {
        Ok(model) => model.as_ref().map(emit::model).unwrap_or_default(),
        // The type still has its impl, so that one mistake gives one message.
        Err((model, error)) => {
            let dummy = model.as_ref().map(emit::opaque);
            let messages = error.to_compile_error();
            quote::quote!(#messages #dummy)
        }
    }
}
