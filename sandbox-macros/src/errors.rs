//! The errors of one expansion, collected so that a user sees all of them at once.
//!
//! Every pass takes `&mut Errors` and goes on after an error. [`collect`] is the only place that makes an [`Errors`], so
//! no error can be lost. Called by `expand.rs` and by the derive of `GuestError`.

use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;

/// The errors found so far.
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Reports an error that underlines all of `tokens`.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Reports an error at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Reports an error that a parser of `syn` returned.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }
}

/// Runs `work`. If `work` reports an error, the result has both its value and the errors.
pub(crate) fn collect<T>(work: impl FnOnce(&mut Errors) -> T) -> Result<T, (T, syn::Error)> {
    let mut errors = Errors(None);
    let made = work(&mut errors);
    match errors.0 {
        None => Ok(made),
        Some(error) => Err((made, error)),
    }
}
