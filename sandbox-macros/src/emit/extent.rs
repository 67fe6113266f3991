//! Where a type stands in the user's text, from its first token to its last.
//!
//! The stable compiler cannot join two spans for a macro, but it joins those of the tokens of one expression. So an
//! expression of ours whose first and last tokens have these spans is underlined as the whole type is.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{GenericArgument, PathArguments, Type};

use super::at;
use crate::parse::peel;

#[derive(Clone, Copy)]
pub(super) struct Extent {
    first: Span,
    last: Span,
}

impl Extent {
    pub(super) fn of(tokens: impl ToTokens) -> Self {
        let mut spans = tokens.into_token_stream().into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first, last: spans.last().unwrap_or(first) }
    }

    /// That of `T` in `Result<T>`, or of the whole type if its last name has no arguments.
    ///
    /// It says only where an error is shown. Whether the type is a `Result` is for the runtime's traits to say.
    pub(super) fn of_value(ty: &Type) -> Self {
        first_argument(ty).map_or_else(|| Self::of(ty), Self::of)
    }

    /// `rt::name`.
    pub(super) fn path(self, rt: &Ident, name: &str) -> TokenStream {
        let (rt, name) = (at(self.first, rt), Ident::new(name, self.last));
        quote_spanned!(self.first=> #rt::#name)
    }

    /// `rt::name!(arguments)`.
    pub(super) fn invocation(self, rt: &Ident, name: &str, arguments: TokenStream) -> TokenStream {
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(self.last);
        let (rt, name) = (at(self.first, rt), Ident::new(name, self.first));
        quote_spanned!(self.first=> #rt::#name!#arguments)
    }
}

fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = peel(ty) else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
