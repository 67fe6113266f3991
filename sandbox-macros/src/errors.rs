//! Mistakes are collected, so that a user sees all those of a trait at once.

use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;

/// The mistakes found so far; only [`collect`] makes one, so none can be dropped unread.
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Reports a mistake on all of `tokens`.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Reports a mistake at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Reports what a parser of `syn` found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }
}

/// Runs `work`; if it reported anything, the outcome is an error that still holds what could be made.
pub(crate) fn collect<T>(work: impl FnOnce(&mut Errors) -> T) -> Result<T, (T, syn::Error)> {
    let mut errors = Errors(None);
    let made = work(&mut errors);
    match errors.0 {
        None => Ok(made),
        Some(error) => Err((made, error)),
    }
}
