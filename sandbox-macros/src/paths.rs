//! The names that generated code uses.
//!
//! Procedural macros have no hygiene for items: inside of the generated block, generated names hide those of the user's
//! module. A name that occurs anywhere in the trait is therefore never taken. Called by the emitters.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{ItemTrait, Path};

use crate::model::{ContractModel, MethodModel};

/// The names for one contract.
pub(crate) struct Paths {
    /// `::sandbox_runtime`, or the argument `crate`.
    pub(crate) krate: TokenStream,
    /// The runtime's hidden module, inside the generated block.
    pub(crate) rt: Ident,
    /// The trait.
    pub(crate) name: Ident,
    /// `dyn Trait`, with the span of the trait's name.
    pub(crate) object: TokenStream,
    /// The struct that calls the guest.
    pub(crate) proxy: Ident,
    /// The type parameters for a transport, a host, and a reply.
    pub(crate) transport: Ident,
    pub(crate) host: Ident,
    pub(crate) reply: Ident,
    /// The names of each method, in the order of the methods.
    pub(crate) methods: Vec<MethodPaths>,
}

/// The names for one method.
pub(crate) struct MethodPaths {
    /// The type that stands for the method.
    pub(crate) marker: Ident,
    /// The method that holds the default body.
    pub(crate) default: Ident,
}

impl MethodPaths {
    fn new(method: &MethodModel, free: &mut Free) -> Self {
        let name = &method.rust_name;
        Self { marker: free.take(&format!("__{name}")), default: free.take(&format!("__{name}_default")) }
    }
}

impl Paths {
    pub(crate) fn new(contract: &ContractModel) -> Self {
        let mut free = Free::beside(contract.item.to_token_stream());
        let name = contract.item.ident.clone();
        Self {
            krate: krate(contract.args.krate.as_ref()),
            rt: free.take("__rt"),
            object: quote_spanned!(name.span()=> dyn #name),
            proxy: proxy(&contract.item),
            transport: free.take("T"),
            host: free.take("H"),
            reply: free.take("R"),
            methods: contract.methods.iter().map(|method| MethodPaths::new(method, &mut free)).collect(),
            name,
        }
    }
}

/// The path of the runtime.
pub(crate) fn krate(argument: Option<&Path>) -> TokenStream {
    argument.map_or_else(|| quote!(::sandbox_runtime), ToTokens::to_token_stream)
}

/// The name of the proxy. Users write this name, so it depends on the trait's name alone.
pub(crate) fn proxy(item: &ItemTrait) -> Ident {
    format_ident!("{}Proxy", item.ident)
}

/// Names that do not occur in some tokens.
pub(crate) struct Free(HashSet<String>);

impl Free {
    pub(crate) fn beside(tokens: TokenStream) -> Self {
        let mut taken = HashSet::new();
        collect(tokens, &mut taken);
        Self(taken)
    }

    /// The wanted name, with as many underscores behind it as it takes.
    pub(crate) fn take(&mut self, wanted: &str) -> Ident {
        let mut name = wanted.to_owned();
        while !self.0.insert(name.clone()) {
            name.push('_');
        }
        Ident::new(&name, Span::call_site())
    }
}

fn collect(tokens: TokenStream, taken: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                taken.insert(ident.to_string());
            }
            TokenTree::Group(group) => collect(group.stream(), taken),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
