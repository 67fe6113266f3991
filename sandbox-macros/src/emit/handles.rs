//! The facts of a contract whose implementations cross as values: how one is put behind `dyn Trait`, and which sides give one.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::ContractModel;
use crate::paths::Paths;

pub(super) fn emit(contract: &ContractModel, paths: &Paths) -> TokenStream {
    let Paths { rt, name, object, host, .. } = paths;
    let direction = contract.args.direction;
    let of_host = direction.host().then(|| {
        quote! {
            const HOST: ::core::option::Option<#rt::HostParts> =
                ::core::option::Option::Some(#rt::HostParts::of::<Self>());
        }
    });
    let of_guest = direction
        .guest()
        .then(|| quote!(const OBJECT: #rt::MakeObject<Self> = #rt::ObjectProbe::<Self>::MAKE;));
    quote! {
        impl<#host: #name + 'static> #rt::HostedBy<#host> for #object {
            fn hosted(host: #host) -> ::std::boxed::Box<Self> {
                ::std::boxed::Box::new(host)
            }
        }
        impl #rt::ByHandle for #object {
            const SHARE: #rt::Share<Self> = #rt::ShareProbe::<Self>::SHARE;
            #of_host
            #of_guest
        }
    }
}
