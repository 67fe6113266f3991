//! `#[derive(GuestError)]`, in four steps: `parse.rs` makes the model, `check.rs` reports mistakes, `message.rs` reads
//! messages, and `emit.rs` writes the implementation.
//!
//! The steps are those of `#[sandbox_api]`, and errors are collected in the same way. Called by `lib.rs`.

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

/// The part of a case that a guest sees.
enum View {
    Opaque,
    /// The inner error as it is. `word` is kept for its span; `excluded` are arguments that contradict `transparent`.
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
    /// The name in JavaScript. The name is empty for a tuple's field without `rename`, which is a mistake.
    name: String,
}

/// Expands `#[derive(GuestError)]`.
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
        // The type still implements the trait, so that one mistake gives one error.
        Err((model, error)) => {
            let dummy = model.as_ref().map(emit::opaque);
            let messages = error.to_compile_error();
            quote::quote!(#messages #dummy)
        }
    }
}
