//! The range of source text that a type covers, for errors that underline the whole type.
//!
//! On stable Rust a macro cannot join two spans, but the compiler joins the spans of the tokens of one expression.
//! A generated expression is therefore underlined like the type if its first and last tokens have the spans of the
//! type's first and last tokens. A range says only where an error is shown, never what a type means.
//!
//! Called by the emitters of the return type, `proxy.rs` and `ops.rs`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{GenericArgument, PathArguments, Type};

use super::at;
use crate::parse::peel;

/// The spans of the first and of the last token.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    first: Span,
    last: Span,
}

impl Extent {
    /// The range of all of `tokens`.
    pub(super) fn of(tokens: impl ToTokens) -> Self {
        let mut spans = tokens.into_token_stream().into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first, last: spans.last().unwrap_or(first) }
    }

    /// The range of `T` in `Result<T>`: the first type argument of the last path segment, or else the whole type.
    ///
    /// The runtime's traits decide whether the type is a `Result`.
    pub(super) fn of_value(ty: &Type) -> Self {
        first_argument(ty).map_or_else(|| Self::of(ty), Self::of)
    }

    /// `rt::name` with this range.
    pub(super) fn path(self, rt: &Ident, name: &str) -> TokenStream {
        let (rt, name) = (at(self.first, rt), Ident::new(name, self.last));
        quote_spanned!(self.first=> #rt::#name)
    }

    /// `rt::name!(arguments)` with this range.
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
