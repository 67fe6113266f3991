//! Tokens → model → check → emit.

use proc_macro2::TokenStream;

use crate::errors::collect;
use crate::{args, check, emit, fallback, parse};

/// What `#[sandbox_api(args)] item` becomes.
///
/// Whatever is wrong, the item stays known to the rest of the user's file, so that one mistake gives one message.
pub(crate) fn sandbox_api(args: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = match parse::item(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => return fallback::item(&item, &error),
    };
    let made = collect(|errors| {
        let args = args::of_trait(args, errors);
        let contract = parse::contract(args, parsed, errors);
        check::contract(&contract, errors);
        contract
    });
    match made {
        Ok(contract) => emit::contract(&contract),
        Err((contract, error)) => fallback::contract(&contract, &error),
    }
}
