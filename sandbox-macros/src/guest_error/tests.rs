//! Tests that need no compiler. The compiler's errors are in the workspace's `ui-tests`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Item, ItemImpl, LitStr, parse_quote};

use super::{ErrorField, Model, check, derive, message, parse};
use crate::errors::collect;

/// The model, if there is no mistake, and the messages.
fn model(input: DeriveInput) -> (Option<Model>, Vec<String>) {
    let made = collect(|errors| {
        let model = parse::input(input, errors)?;
        check::model(&model, errors);
        Some(model)
    });
    match made {
        Ok(model) => (model, Vec::new()),
        Err((_, error)) => (None, error.into_iter().map(|error| error.to_string()).collect()),
    }
}

fn messages(input: DeriveInput) -> Vec<String> {
    model(input).1
}

/// The impl, and how many messages are beside it.
fn derived(item: TokenStream) -> (ItemImpl, usize) {
    let derived = derive(item);
    let mut file: syn::File = parse_quote!(#derived);
    let all = file.items.len();
    let position = file.items.iter().position(|item| matches!(item, Item::Impl(_)));
    match position.map(|position| file.items.swap_remove(position)) {
        Some(Item::Impl(item)) => (item, all - 1),
        _ => panic!("no impl"),
    }
}

#[test]
fn properties_have_javascript_names() {
    let (model, messages) = model(parse_quote! {
        #[guest]
        struct Late {
            #[guest]
            order_id: u32,
            #[guest(rename = "customer")]
            user_name: String,
            #[guest]
            r#type: u8,
            shard: u8,
        }
    });
    assert_eq!(messages, [""; 0]);
    let fields = model.map(|mut model| model.cases.remove(0).fields).unwrap_or_default();
    let names = fields.into_iter().map(|field| field.property.map(|property| property.name));
    let expected = [Some("orderId"), Some("customer"), Some("type"), None];
    assert_eq!(names.collect::<Vec<_>>(), expected.map(|name| name.map(str::to_owned)));
}

fn read(text: &str, fields: &syn::Fields) -> Result<(String, Vec<usize>), String> {
    let field = |(index, field): (usize, &syn::Field)| ErrorField {
        member: field.ident.clone().map_or_else(|| index.into(), Into::into),
        ty: field.ty.clone(),
        property: None,
    };
    let fields: Vec<ErrorField> = fields.iter().enumerate().map(field).collect();
    let literal = LitStr::new(text, proc_macro2::Span::call_site());
    message::read(&literal, &fields).map(|message| (message.text, message.fields))
}

#[test]
fn messages_name_fields() {
    let named = syn::Fields::Named(parse_quote!({ sku: String, r#type: u8 }));
    let tuple = syn::Fields::Unnamed(parse_quote!((String, u8)));
    for (text, fields, expected, used) in [
        ("plain", &named, "plain", vec![]),
        ("{{{sku}}}", &named, "{{{field_0}}}", vec![0]),
        ("{{sku}}", &named, "{sku}", vec![]),
        ("{type:?}, { sku }", &named, "{field_1:?}, {field_0}", vec![1, 0]),
        ("{1:>+5}{0}{1}", &tuple, "{field_1:>+5}{field_0}{field_1}", vec![1, 0, 1]),
        ("größe: {0:ü<3}", &tuple, "größe: {field_0:ü<3}", vec![0]),
    ] {
        assert_eq!(read(text, fields), Ok((expected.to_owned(), used)));
    }
    for (text, fields, expected) in [
        ("{skus}", &named, "`skus` is no field here: write `{sku}` or `{type}`"),
        ("{2}", &tuple, "`2` is no field here: write `{0}` or `{1}`"),
        ("{}", &tuple, "`{}` names no field: write `{0}` or `{1}`"),
        (
            "{:?}",
            &syn::Fields::Unit,
            "`{}` names no field: there are no fields, so write the text without braces",
        ),
        ("{sku", &named, "this `{` has no partner: write `{{` for the character itself"),
        ("sku}", &named, "this `}` has no partner: write `}}` for the character itself"),
        ("{sku:.*}", &named, "`{sku:.*}` takes its width or precision from an argument: write the number"),
    ] {
        assert_eq!(read(text, fields), Err(expected.to_owned()));
    }
}

#[test]
fn every_mistake_of_a_type_is_reported() {
    let messages = messages(parse_quote! {
        #[guest]
        #[guest(class = "new", rename = "a")]
        enum Failure {
            #[guest(class = "A", class = "B")]
            Repeated,
            #[guest(transparent = 1)]
            Transparent(#[guest(rename = "a")] A, B),
            #[guest(message = "{b}")]
            Named {
                #[guest]
                stack: u8,
                #[guest(rename = "a")]
                b: u8,
                #[guest]
                a: u8,
            },
            Opaque(#[guest(other)] u8),
        }
    });
    let starts = messages.iter().map(|message| message.split([':', ';']).next().unwrap_or_default());
    assert_eq!(
        starts.collect::<Vec<_>>(),
        [
            "`new` is a reserved word of JavaScript",
            "unknown argument `rename`",
            "`#[guest]` alone cannot be on an enum",
            "`class` is given twice",
            "`transparent` takes no value",
            "unknown argument `other`",
            "`transparent` shows the inner error as it is, which must be the only field, and there are 2",
            "`transparent` shows the inner error as it is, without other properties",
            "`stack` cannot be a property of its own",
            "this error has a property `a` already",
            "a guest never sees this field, because `Opaque` has no `#[guest]`",
        ]
    );
}

#[test]
fn a_type_with_mistakes_has_an_impl() {
    let correct = quote!(
        enum Failure<'a, T: Clone = u8>
        where
            T: Copy,
        {
            #[guest]
            A(&'a T),
        }
    );
    let wrong = quote!(
        enum Failure<'a, T: Clone = u8>
        where
            T: Copy,
        {
            #[guest(classes)]
            A(&'a T),
        }
    );
    let (correct, wrong) = (derived(correct), derived(wrong));
    assert_eq!((correct.1, wrong.1), (0, 1));
    let head = |item: ItemImpl| {
        let ItemImpl { generics, self_ty, .. } = item;
        let clause = &generics.where_clause;
        quote!(#generics #self_ty #clause).to_string()
    };
    assert_eq!(head(correct.0), head(wrong.0));
}

#[test]
fn a_generic_type_asks_for_what_the_trait_needs() {
    let (item, _) = derived(quote!(
        enum Failure<T, U>
        where
            U: Copy,
        {
            #[guest(transparent)]
            Inner(Box<T>),
            #[guest(transparent)]
            Other(Plain),
            #[guest]
            Value(U),
        }
    ));
    let clause: syn::WhereClause = parse_quote!(
        where
            U: Copy,
            Self: ::core::fmt::Display,
            Box<T>: ::sandbox_runtime::GuestError
    );
    let written = item.generics.where_clause.unwrap_or_else(|| parse_quote!(where));
    assert_eq!(quote!(#written).to_string(), quote!(#clause).to_string());
}

#[test]
fn a_union_is_refused() {
    let messages = messages(parse_quote!(
        union Failure {
            a: u8,
        }
    ));
    assert_eq!(messages.len(), 1);
}
