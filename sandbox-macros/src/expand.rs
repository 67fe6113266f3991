//! The pipeline of `#[sandbox_api]`: `parse` makes the model, `check` reports mistakes, `emit` writes the code.
//!
//! Errors are collected over all steps. If there is one, `fallback` writes a dummy contract instead of `emit`. Called by
//! `lib.rs`, and by `tests/golden.rs`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemImpl, ItemTrait};

use crate::errors::collect;
use crate::parse::Parsed;
use crate::{args, check, emit, fallback, parse};

/// Expands `#[sandbox_api(args)] item`.
///
/// The item is emitted in every case, so that the rest of the user's file finds its names and one mistake gives one error.
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

/// The implementation is emitted even if the arguments are wrong.
fn implementation(args: TokenStream, item: &ItemImpl) -> TokenStream {
    match collect(|errors| args::of_impl(args, errors)) {
        Ok(args) => emit::implementation(&args, item),
        Err((args, error)) => {
            let (messages, item) = (error.to_compile_error(), emit::implementation(&args, item));
            quote!(#messages #item)
        }
    }
}
