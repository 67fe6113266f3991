//! Tests that need no compiler. The compiler's errors are in the workspace's `ui-tests`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemTrait, TraitItem, parse_quote};

use crate::errors::{Errors, collect};
use crate::model::ContractModel;
use crate::paths::{Free, Paths};
use crate::{args, asynchronous, check, expand, fallback, names, parse};

/// The model, and the messages, one a line.
fn contract(arguments: TokenStream, item: ItemTrait) -> (ContractModel, Vec<String>) {
    let made = collect(|errors| {
        let args = args::of_trait(arguments, errors);
        let contract = parse::contract(args, item, errors);
        check::contract(&contract, errors);
        contract
    });
    match made {
        Ok(contract) => (contract, Vec::new()),
        Err((contract, error)) => (contract, error.into_iter().map(|error| error.to_string()).collect()),
    }
}

fn messages(arguments: TokenStream, item: ItemTrait) -> Vec<String> {
    contract(arguments, item).1
}

#[test]
fn rust_names_become_javascript_names() {
    for (rust, javascript) in [
        ("get", "get"),
        ("get_user", "getUser"),
        ("get_user_by_id", "getUserById"),
        ("getUser", "getUser"),
        ("_get_user", "_getUser"),
        ("__get", "__get"),
        ("get_", "get_"),
        ("get__user", "getUser"),
        ("get_2d", "get2d"),
        ("größe_ändern", "größeÄndern"),
        ("_", "_"),
    ] {
        assert_eq!(names::camel_case(rust), javascript);
    }
}

#[test]
fn names_that_javascript_cannot_have_are_refused_with_a_reason() {
    for (name, reason) in [
        ("delete", "`delete` is a reserved word of JavaScript"),
        ("", "`` is not an identifier in JavaScript"),
        ("get user", "`get user` is not an identifier in JavaScript"),
        ("r#type", "`r#type` is not an identifier in JavaScript"),
        ("2d", "`2d` is not an identifier in JavaScript"),
        ("a/**/", "`a/**/` is not an identifier in JavaScript"),
        (
            "then",
            "`then` cannot be the name of a JavaScript method: JavaScript takes an object with a method `then` for a promise",
        ),
    ] {
        assert_eq!(names::refused_method(name).as_deref(), Some(reason));
    }
    for name in ["get", "$get", "_", "größe", "Math", "self", "crate", "fn"] {
        assert_eq!(names::refused_method(name), None);
    }
}

#[test]
fn only_a_global_can_clash_with_a_global() {
    assert!(names::refused_contract("Math", true).is_some());
    assert_eq!(names::refused_contract("Math", false), None);
    assert_eq!(names::refused_contract("MathApi", true), None);
    assert!(names::refused_contract("class", false).is_some());
}

#[test]
fn a_correct_trait_has_no_messages() {
    let item = parse_quote! {
        pub trait Store: Send + Sync {
            fn get(&self, key: &str) -> Result<String>;
            fn tax(self: &Self) -> Result<f64> { Ok(0.2) }
        }
    };
    let (contract, messages) = contract(quote!(name = "Kv", crate = my::runtime), item);
    assert_eq!(messages, Vec::<String>::new());
    assert_eq!(contract.js_name, "Kv");
    assert_eq!(contract.methods.iter().map(|method| method.has_default).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn all_mistakes_are_reported_in_the_order_of_the_text() {
    let found = messages(
        quote!(gest),
        parse_quote! {
            unsafe trait Store<T>: Sized {
                type Key;
                fn get(self, _: &mut str) -> &str;
                fn then(&self);
            }
        },
    );
    let starts = found.iter().map(|message| message.split(['\u{3a}', ',']).next().unwrap_or_default());
    assert_eq!(
        starts.collect::<Vec<_>>(),
        [
            "unknown argument `gest`",
            "a contract cannot be an `unsafe trait`",
            "a contract cannot be generic",
            "a contract is used as `dyn Trait`",
            "a contract cannot have associated types",
            "a contract is shared between calls",
            "a parameter of a contract must be a plain name",
            "a guest gets a copy",
            "a result is a copy that the caller owns",
            "`then` cannot be the name of a JavaScript method",
            "a guest can always fail",
        ]
    );
}

#[test]
fn one_mistake_is_reported_once() {
    for item in [
        parse_quote!(
            trait A {
                fn get<'a>(&'a self, key: &'a str) -> Result<u8>;
            }
        ),
        parse_quote!(
            trait A {
                async fn get<'a>(&'a self, key: &'a str) -> Result<u8>;
            }
        ),
        parse_quote!(
            trait A {
                fn get<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = &'a str> + 'a>>;
            }
        ),
        parse_quote!(
            trait A: Send {
                async fn get(&self, key: &str) -> Result<u8> {
                    Ok(0)
                }
            }
        ),
        parse_quote!(
            trait A {
                fn get(self: &'static Self) -> Result<u8>;
            }
        ),
        parse_quote!(
            trait A<'a> {
                fn get(&self, key: &'a str) -> Result<Cow<'a, str>>;
            }
        ),
        parse_quote!(
            trait A<T: Clone, U>
            where
                T: Copy,
            {
                fn get(&self, key: T) -> Result<U>;
            }
        ),
        parse_quote!(
            trait A {
                fn get(&self, key: impl Iterator<Item = &str>) -> Result<u8>;
            }
        ),
        parse_quote!(
            trait A {
                fn get(&self, key: Option<&'static &'static str>) -> Result<u8>;
            }
        ),
        parse_quote!(
            trait A {
                #[sandbox(rename = "eval", rename = "b")]
                fn get(&self, a: u8) -> Result<Self>;
            }
        ),
    ] {
        let item: ItemTrait = item;
        let expected = if item.items.iter().any(has_attributes) { 3 } else { 1 };
        assert_eq!(messages(TokenStream::new(), item).len(), expected);
    }
}

fn has_attributes(member: &TraitItem) -> bool {
    matches!(member, TraitItem::Fn(method) if !method.attrs.is_empty())
}

#[test]
fn what_gives_a_future_is_written_async() {
    for returns in [
        quote!(impl Future<Output = u8>),
        quote!(impl Send + std::future::Future<Output = Result<u8>>),
        quote!(Pin<Box<dyn Future<Output = u8> + Send + '_>>),
        quote!((std::pin::Pin<::std::boxed::Box<(dyn core::future::Future<Output = u8>)>>)),
        quote!(Box<dyn Future<Output = u8>>),
        quote!(futures::future::BoxFuture<'static, u8>),
        quote!(LocalBoxFuture<'_, u8>),
    ] {
        let found = messages(quote!(), parse_quote!(trait A { fn get(&self) -> #returns; }));
        let expected = "a method of a contract cannot return a future: \
                        write `async fn get(…) -> T`, whose future `#[sandbox_api]` boxes";
        assert_eq!(found, [expected], "{returns}");
    }
    for returns in [quote!(Result<Box<Future>>), quote!(Pin<u8>), quote!(Future)] {
        assert_eq!(messages(quote!(), parse_quote!(trait A { fn get(&self) -> #returns; })), [""; 0]);
    }
}

#[test]
fn a_default_body_asks_for_sync_unless_the_contract_is_local() {
    let body = quote!({
        async fn get(&self) -> Result<u8> {
            Ok(0)
        }
    });
    for (arguments, supertraits, fine) in [
        (quote!(), quote!(), false),
        (quote!(host), quote!(:Send), false),
        (quote!(), quote!(:Send + Sync), true),
        (quote!(guest), quote!(: std::marker::Sync), true),
        (quote!(local), quote!(), true),
    ] {
        let found = messages(arguments, parse_quote!(trait A #supertraits #body));
        assert_eq!(found.is_empty(), fine, "{found:?}");
    }
}

#[test]
fn a_global_function_is_the_only_method_of_a_host() {
    let one = quote!({
        fn node(&self, name: &str) -> u8;
    });
    assert_eq!(messages(quote!(host, function, name = "$"), parse_quote!(trait A #one)), [""; 0]);
    for arguments in [quote!(function), quote!(guest, function)] {
        let found = messages(
            arguments,
            parse_quote!(
                trait A {
                    fn node(&self) -> Result<u8>;
                }
            ),
        );
        assert!(found.len() == 1 && found[0].contains("`#[sandbox_api(host, function)]`"), "{found:?}");
    }
    for methods in [
        quote!({}),
        quote!({
            fn a(&self) -> u8;
            fn b(&self) -> u8;
        }),
    ] {
        let found = messages(quote!(host, function), parse_quote!(trait A #methods));
        assert!(found.len() == 1 && found[0].contains("keep one method"), "{found:?}");
    }
    let versions = quote!({
        #[cfg(unix)]
        fn a(&self) -> u8;
        #[cfg(not(unix))]
        fn b(&self) -> u8;
    });
    assert_eq!(messages(quote!(host, function), parse_quote!(trait A #versions)), [""; 0]);
}

#[test]
fn a_callback_is_for_async_methods_of_guests() {
    let later = quote!({
        #[sandbox(callback)]
        async fn on_event(&self, event: &str) -> Result<u8>;
    });
    assert_eq!(messages(quote!(guest), parse_quote!(trait A #later)), [""; 0]);
    for arguments in [quote!(host), quote!()] {
        let found = messages(arguments, parse_quote!(trait A #later));
        assert!(found.len() == 1 && found[0].contains("a guest alone implements"), "{found:?}");
    }
    let now = quote!({
        #[sandbox(callback)]
        fn on_event(&self) -> Result<u8>;
    });
    let found = messages(quote!(guest), parse_quote!(trait A #now));
    assert!(found.len() == 1 && found[0].contains("make the method `async`"), "{found:?}");
}

#[test]
fn local_is_for_contracts_with_async_methods() {
    let sync = quote!({
        fn get(&self) -> Result<u8>;
    });
    assert_eq!(messages(quote!(local), parse_quote!(trait A #sync)).len(), 1);
    let mixed = quote!({
        fn get(&self) -> Result<u8>;
        async fn put(&self) -> Result<u8>;
    });
    assert_eq!(messages(quote!(guest, local), parse_quote!(trait A #mixed)), [""; 0]);
    assert_eq!(messages(quote!(local, local = 1), parse_quote!(trait A #mixed)).len(), 1);
}

#[test]
fn a_signature_has_the_lifetimes_that_async_trait_gives_it() {
    let written: syn::Signature = parse_quote!(
        async fn get<'a, T: Clone>(self: &Self, #[x] a: &str, b: &'a [T], c: Option<&'_ u8>, d: (&u8)) -> u8
    );
    let expected: syn::Signature = parse_quote!(
        fn get<'a, T, 'life0, 'life1, 'life2, 'life3, 'async_trait>(
            self: &'life0 Self,
            a: &'life1 str,
            b: &'a [T],
            c: Option<&'life2 u8>,
            d: (&'life3 u8)
        ) -> rt::Boxed<'async_trait, u8>
        where
            'a: 'async_trait + ,
            T: 'async_trait + Clone,
            'life0: 'async_trait,
            'life1: 'async_trait,
            'life2: 'async_trait,
            'life3: 'async_trait,
            Self: 'async_trait
    );
    let found = asynchronous::signature(&written, &quote!(rt), false);
    assert_eq!(quote!(#found).to_string(), quote!(#expected).to_string());
    let none = asynchronous::signature(&parse_quote!(async fn new()), &quote!(rt), true);
    let expected = quote!(fn new<'async_trait>() -> rt::BoxedLocal<'async_trait, ()>);
    assert_eq!(quote!(#none).to_string(), expected.to_string());
}

#[test]
fn an_implementation_is_boxed_as_its_trait_is() {
    let item = quote!(impl Store for Mine { async fn get(&self) -> u8 { 0 } });
    let expanded = |arguments| expand::sandbox_api(arguments, item.clone()).to_string();
    let boxed = |attribute: TokenStream| quote!(#attribute #item).to_string();
    assert_eq!(expanded(quote!()), boxed(quote!(#[::sandbox_runtime::__private::async_trait])));
    let local = boxed(quote!(#[my::runtime::__private::async_trait(?Send)]));
    assert_eq!(expanded(quote!(local, crate = my::runtime)), local);
    let wrong = expanded(quote!(guest));
    assert!(wrong.contains("compile_error") && wrong.ends_with(&expanded(quote!())), "{wrong}");
    let inherent = expand::sandbox_api(quote!(), quote!(impl Mine {})).to_string();
    assert!(inherent.contains("this implements no trait"), "{inherent}");
}

#[test]
fn docs_lose_the_indentation_that_all_lines_share() {
    let (contract, _) = contract(
        TokenStream::new(),
        parse_quote! {
            /// First.
            ///
            ///     code
            /// Last.
            trait A {
                #[doc = "One"]
                #[doc(hidden)]
                #[doc = "Two"]
                fn get(&self) -> Result<()>;
            }
        },
    );
    assert_eq!(contract.docs, "First.\n\n    code\nLast.");
    assert_eq!(contract.methods[0].docs, "One\nTwo");
}

#[test]
fn our_names_give_way_to_the_users() {
    let (contract, _) = contract(
        TokenStream::new(),
        parse_quote!(
            trait T {
                fn get(&self, a: __get, b: __rt, c: __get_) -> Result<R>;
            }
        ),
    );
    let paths = Paths::new(&contract);
    let names = [&paths.rt, &paths.transport, &paths.host, &paths.reply, &paths.methods[0].marker];
    assert_eq!(names.map(ToString::to_string), ["__rt_", "T_", "H", "R_", "__get__"]);
    let mut free = Free::beside(quote!(a(b[c])));
    assert_eq!(["c", "c", "d"].map(|name| free.take(name).to_string()), ["c_", "c__", "d"]);
}

#[test]
fn what_is_no_trait_stays_as_it_is() {
    let expanded = expand::sandbox_api(
        TokenStream::new(),
        quote!(
            struct Store;
        ),
    );
    let file: syn::File = parse_quote!(#expanded);
    assert!(matches!(file.items[..], [Item::Struct(_), Item::Macro(_)]));
}

#[test]
fn every_expansion_is_a_list_of_items() {
    for item in [
        quote!(
            trait Store<'a, T: Clone = u8, const N: usize>
            where
                T: 'a,
            {
                fn get(self, _: [u8; N]) -> Result<T>;
            }
        ),
        quote!(
            unsafe trait Store: Clone {
                type Key<'a>: Clone;
                const N: usize;
                macro_call!();
                fn new() -> Self;
            }
        ),
        quote!(
            trait Store {
                async fn get(&self, (a, b): (u8, u8), ...) -> impl Sized {
                    a + b
                }
            }
        ),
    ] {
        let item = expand::sandbox_api(TokenStream::new(), item);
        let parsed = syn::parse2::<syn::File>(item);
        assert!(parsed.is_ok_and(|file| file.items.iter().any(|item| matches!(item, Item::Trait(_)))));
    }
}

#[test]
fn the_fallback_can_be_a_trait_object() {
    let (contract, messages) = contract(
        TokenStream::new(),
        parse_quote! {
            trait Store: Sized {
                const N: usize;
                fn new() -> u8;
                fn take(self, by: impl Fn()) -> Result<Self> { body() }
                fn get(&self, mut key: u8) -> Result<u8>;
                fn get(&self) -> Result<u8>;
            }
        },
    );
    assert_eq!(messages.len(), 9);
    let expanded = fallback::contract(&contract, &syn::Error::new(proc_macro2::Span::call_site(), "no"));
    let file: syn::File = parse_quote!(#expanded);
    let item =
        file.items.into_iter().find_map(|item| if let Item::Trait(item) = item { Some(item) } else { None });
    let expected: ItemTrait = parse_quote! {
        #[allow(warnings, reason = "this is not the trait that was written")]
        trait Store {
            fn new() -> u8 where Self: Sized;
            fn take(self, by: impl Fn()) -> Result<Self> where Self: Sized { loop {} }
            fn get(&self, argument_1: u8) -> Result<u8>;
        }
    };
    assert_eq!(item.map(|item| quote!(#item).to_string()), Some(quote!(#expected).to_string()));
}

#[test]
fn errors_keep_what_was_made() {
    let nothing = |_: &mut Errors| 1;
    assert!(matches!(collect(nothing), Ok(1)));
    let reported = collect(|errors| {
        errors.on(quote!(a), "first");
        errors.at(proc_macro2::Span::call_site(), "second");
        2
    });
    let messages = reported.map_err(|(made, error)| (made, error.into_iter().count()));
    assert_eq!(messages, Err((2, 2)));
}

/// The text is that of the crate `regex`, which has the same parser.
#[test]
fn a_pattern_that_is_none_is_refused_with_the_reason() {
    let message = |pattern: &str| {
        let item = parse_quote! {
            pub trait Store {
                fn find(&self, #[sandbox(pattern(#pattern))] sku: &str) -> Result<u32>;
            }
        };
        messages(quote!(guest), item).join("\n")
    };
    for right in ["^[A-Z]{2}$", r"\p{Greek}+", ""] {
        assert_eq!(message(right), "", "{right}");
    }
    assert!(message("^[A-Z{2}$").contains("error: unclosed character class"), "{}", message("^[A-Z{2}$"));
    assert!(message("(?!x)y").contains("look-around"), "{}", message("(?!x)y"));
}
