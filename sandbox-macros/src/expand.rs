//! Tokens → model → check → emit.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemImpl, ItemTrait};

use crate::errors::collect;
use crate::parse::Parsed;
use crate::{args, check, emit, fallback, parse};

/// What `#[sandbox_api(args)] item` becomes.
///
/// Whatever is wrong, the item stays known to the rest of the user's file, so that one mistake gives one message.
pub(crate) fn sandbox_api(args: TokenStream, item: TokenStream) -> TokenStream {
    match parse::item(item.clone()) {
        Ok(Parsed::Trait(item)) => contract(args, item),
        Ok(Parsed::Impl(item)) => implementation(args, &item),
        Err(error) => fallback::item(&item, &error),
    }
}

fn contract(args: TokenStream, item: ItemTrait) -> TokenStream {
    let made = collect(|errors| {
        let args = args::of_trait(args, errors);
        let contract = parse::contract(args, item, errors);
        check::contract(&contract, errors);
        contract
    });
    match made {
        Ok(contract) => emit::contract(&contract),
        Err((contract, error)) => fallback::contract(&contract, &error),
    }
}

/// Whatever is wrong with the arguments, the implementation is there.
fn implementation(args: TokenStream, item: &ItemImpl) -> TokenStream {
    match collect(|errors| args::of_impl(args, errors)) {
        Ok(args) => emit::implementation(&args, item),
        Err((args, error)) => {
            let (messages, item) = (error.to_compile_error(), emit::implementation(&args, item));
            quote!(#messages #item)
        }
    }
}
