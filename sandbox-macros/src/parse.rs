//! Makes the model of a trait: takes the attributes of this crate out of the trait, and leaves the rest as written.
//!
//! Mistakes in attributes are reported here, those in the trait itself by `check`. Called by `expand.rs`.

use proc_macro2::{Ident, TokenStream};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, ExprLit, FnArg, Item, ItemImpl, ItemTrait, Lit, Meta, Pat, PatType, Path, Receiver,
    Token, TraitItem, TraitItemFn, Type,
};

use crate::args::{self, MethodArgs};
use crate::bounds;
use crate::errors::Errors;
use crate::model::{ApiArgs, BoundArgs, ContractModel, MethodModel, Param};
use crate::names;

/// The items that `#[sandbox_api]` can be on.
pub(crate) enum Parsed {
    Trait(ItemTrait),
    /// An implementation of a trait.
    Impl(ItemImpl),
}

/// Parses the item under the attribute. An item that is neither a trait nor an implementation of one is an error.
pub(crate) fn item(tokens: TokenStream) -> syn::Result<Parsed> {
    match syn::parse2(tokens)? {
        Item::Trait(item) => Ok(Parsed::Trait(item)),
        Item::Impl(item) if item.trait_.is_some() => Ok(Parsed::Impl(item)),
        Item::Impl(item) => Err(syn::Error::new(
            item.impl_token.span,
            "`#[sandbox_api]` goes on a trait, or on an `impl Trait for Type`, and this implements no trait: declare the methods in `trait …`, and implement that",
        )),
        other => Err(syn::Error::new(
            keyword(&other),
            "`#[sandbox_api]` goes on a trait: declare the methods in `trait …`, and implement that",
        )),
    }
}

/// The keyword of an item, for the span of an error.
fn keyword(item: &Item) -> proc_macro2::Span {
    use syn::spanned::Spanned;
    match item {
        Item::Struct(item) => item.struct_token.span,
        Item::Enum(item) => item.enum_token.span,
        Item::Union(item) => item.union_token.span,
        Item::Fn(item) => item.sig.fn_token.span,
        Item::Mod(item) => item.mod_token.span,
        Item::Type(item) => item.type_token.span,
        Item::Const(item) => item.const_token.span,
        Item::Static(item) => item.static_token.span,
        Item::Use(item) => item.use_token.span,
        other => other.span(),
    }
}

/// Makes the model. Members that are no methods are left out.
pub(crate) fn contract(args: ApiArgs, mut item: ItemTrait, errors: &mut Errors) -> ContractModel {
    refuse_own(&mut item.attrs, errors);
    let docs = docs(&item.attrs);
    let methods = item.items.iter_mut().filter_map(|member| member_method(member, errors)).collect();
    let js_name = args.name.as_ref().map_or_else(|| item.ident.unraw().to_string(), syn::LitStr::value);
    ContractModel { item, args, js_name, docs, methods }
}

/// Reports `#[sandbox]`, a second `#[sandbox_api]` and `#[async_trait]` on the trait, and removes them.
fn refuse_own(attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    for attr in take(attrs, "sandbox") {
        errors.on(
            attr.path(),
            "`#[sandbox(…)]` goes on a method; arguments for the trait go in `#[sandbox_api(…)]`",
        );
    }
    let again =
        |attr: &mut Attribute| attr.path().segments.last().is_some_and(|last| last.ident == "sandbox_api");
    for attr in attrs.extract_if(.., again) {
        errors.on(attr.path(), "`#[sandbox_api]` is given twice: write all arguments in one");
    }
    let boxed =
        |attr: &mut Attribute| attr.path().segments.last().is_some_and(|last| last.ident == "async_trait");
    for attr in attrs.extract_if(.., boxed) {
        let local =
            matches!(attr.meta, Meta::List(_)).then_some(", and write `#[sandbox_api(local)]` for `?Send`");
        errors.on(
            attr.path(),
            format!(
                "`#[sandbox_api]` boxes futures as `#[async_trait]` does: remove `#[async_trait]`{}",
                local.unwrap_or_default()
            ),
        );
    }
}

fn member_method(member: &mut TraitItem, errors: &mut Errors) -> Option<MethodModel> {
    let attrs = match member {
        TraitItem::Fn(method) => return Some(self::method(method, errors)),
        TraitItem::Const(item) => &mut item.attrs,
        TraitItem::Type(item) => &mut item.attrs,
        TraitItem::Macro(item) => &mut item.attrs,
        _ => return None,
    };
    // `check` reports the member, so its attribute gets no second error.
    take(attrs, "sandbox");
    None
}

fn method(item: &mut TraitItemFn, errors: &mut Errors) -> MethodModel {
    let MethodArgs { rename, on_failure, returns, max_calls, scoped, callback } =
        own_args(&mut item.attrs, errors);
    refuse_hidden(&mut item.attrs, errors);
    let rust_name = item.sig.ident.unraw().to_string();
    let js_name = rename.as_ref().map_or_else(|| names::camel_case(&rust_name), syn::LitStr::value);
    let mut params = Vec::new();
    let mut receiver: Option<Receiver> = None;
    for input in &mut item.sig.inputs {
        match input {
            FnArg::Receiver(this) => {
                refuse_on_param(&mut this.attrs, errors);
                receiver = Some(this.clone());
            }
            FnArg::Typed(typed) => {
                let bounds = param_bounds(&mut typed.attrs, errors);
                refuse_on_param(&mut typed.attrs, errors);
                params.push(param(typed, params.len(), bounds));
            }
        }
    }
    MethodModel {
        sig: item.sig.clone(),
        receiver,
        params,
        cfgs: item.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect(),
        docs: docs(&item.attrs),
        js_name,
        rust_name,
        has_default: item.default.is_some(),
        rename,
        on_failure,
        bounds: returns,
        max_calls,
        scoped,
        callback,
    }
}

/// Reads and removes the `#[sandbox(…)]` attributes of a parameter.
fn param_bounds(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> BoundArgs {
    let mut read = BoundArgs::default();
    for attr in take(attrs, "sandbox") {
        match &attr.meta {
            Meta::List(list) if !list.tokens.is_empty() => {
                bounds::read(list.tokens.clone(), &mut read, errors)
            }
            meta => errors.on(meta, "`#[sandbox]` on a parameter takes bounds: write `#[sandbox(range(min = …))]`, `length(…)` or `pattern(\"…\")`"),
        }
    }
    read
}

/// Reads and removes the `#[sandbox(…)]` attributes of a method.
fn own_args(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> MethodArgs {
    let mut own = MethodArgs::default();
    for attr in take(attrs, "sandbox") {
        match &attr.meta {
            Meta::List(list) if !list.tokens.is_empty() => {
                args::of_method(list.tokens.clone(), &mut own, errors)
            }
            meta => errors.on(meta, "`#[sandbox]` on a method takes arguments: write `#[sandbox(rename = \"…\")]` or `#[sandbox(on_failure = …)]`"),
        }
    }
    own
}

/// Reports `#[cfg]` and `#[sandbox]` inside of `#[cfg_attr]`, which the compiler resolves after this macro has run.
fn refuse_hidden(attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    attrs.retain(|attr| {
        let hidden = hidden(attr);
        for path in &hidden {
            errors.on(path, "`#[cfg_attr]` cannot hold this attribute, because `#[sandbox_api]` runs first: write two versions of the method, each with its `#[cfg]`");
        }
        hidden.is_empty()
    });
}

fn hidden(attr: &Attribute) -> Vec<Path> {
    if !attr.path().is_ident("cfg_attr") {
        return Vec::new();
    }
    let parts = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default();
    let attributes = parts.iter().skip(1).map(Meta::path);
    attributes.filter(|path| path.is_ident("cfg") || path.is_ident("sandbox")).cloned().collect()
}

fn refuse_on_param(attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    for attr in take(attrs, "sandbox") {
        errors.on(
            attr.path(),
            "`#[sandbox(…)]` cannot be on `self`: put it on the method, or on another parameter",
        );
    }
    for name in ["cfg", "cfg_attr"] {
        for attr in take(attrs, name) {
            errors.on(
                attr.path(),
                format!("a parameter cannot have `#[{name}]`, because scripts pass the same arguments in every build: write two versions of the method, each with its `#[cfg]`"),
            );
        }
    }
}

fn param(typed: &PatType, position: usize, bounds: BoundArgs) -> Param {
    let ident = pattern_ident(&typed.pat).unwrap_or_else(|| format_ident!("argument_{position}"));
    let (by_ref, ty) = match peel(&typed.ty) {
        Type::Reference(reference) => (true, (*reference.elem).clone()),
        ty => (false, ty.clone()),
    };
    Param { js_name: names::camel_case(&ident.unraw().to_string()), ident, ty, by_ref, bounds }
}

/// The name in a pattern that is only a name.
pub(crate) fn pattern_ident(pat: &Pat) -> Option<Ident> {
    match pat {
        Pat::Ident(plain)
            if plain.by_ref.is_none() && plain.mutability.is_none() && plain.subpat.is_none() =>
        {
            Some(plain.ident.clone())
        }
        _ => None,
    }
}

/// A type without parentheses, and without the invisible group that `macro_rules!` puts around `$t:ty`.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        other => other,
    }
}

/// Removes the attributes with this name.
fn take(attrs: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    attrs.extract_if(.., |attr| attr.path().is_ident(name)).collect()
}

/// The doc comment, without the indentation that all its lines share.
fn docs(attrs: &[Attribute]) -> String {
    let text = attrs.iter().filter_map(doc_text).collect::<Vec<_>>().join("\n");
    let full = |line: &&str| !line.trim().is_empty();
    let indent = text.lines().filter(full).map(|line| line.len() - line.trim_start_matches(' ').len()).min();
    let line = |line: &str| line.get(indent.unwrap_or(0)..).unwrap_or_default().trim_end().to_owned();
    text.lines().map(line).collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned()
}

fn doc_text(attr: &Attribute) -> Option<String> {
    match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
