//! Makes the model of an error type from the `#[guest]` attributes of the type, its variants and their fields.
//!
//! An argument that is wrong is reported and left out. Rules between several attributes are in `check.rs`.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Member, Meta, Path};

use super::{Case, ErrorField, ErrorProperty, Model, View};
use crate::args::{self, Argument};
use crate::errors::Errors;
use crate::names;

/// The kind of item that an attribute is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AttributePlace {
    Enum,
    Struct,
    Variant,
    Field,
}

/// All `#[guest]` attributes of one item, merged.
#[derive(Default)]
struct GuestErrorArgs {
    /// The first attribute's name.
    mark: Option<Path>,
    /// An attribute without arguments.
    bare: Option<Path>,
    class: Option<LitStr>,
    message: Option<LitStr>,
    transparent: Option<Ident>,
    rename: Option<LitStr>,
    krate: Option<Path>,
    /// The keys in the order written.
    keys: Vec<Ident>,
}

impl AttributePlace {
    /// The name with its article.
    fn name(self) -> &'static str {
        match self {
            Self::Enum => "an enum",
            Self::Struct => "a struct",
            Self::Variant => "a variant",
            Self::Field => "a field",
        }
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Enum => &["class", "crate"],
            Self::Struct => &["class", "message", "transparent", "crate"],
            Self::Variant => &["class", "message", "transparent"],
            Self::Field => &["rename"],
        }
    }

    /// The keys for an error text.
    fn allowed(self) -> &'static str {
        match self {
            Self::Enum => "`class = \"…\"` and `crate = path`",
            Self::Struct => "`class = \"…\"`, `message = \"…\"`, `transparent` and `crate = path`",
            Self::Variant => "`class = \"…\"`, `message = \"…\"` and `transparent`",
            Self::Field => "`rename = \"…\"`",
        }
    }
}

/// Makes the model. A union is reported, and has none.
pub(super) fn input(input: DeriveInput, errors: &mut Errors) -> Option<Model> {
    let DeriveInput { attrs, ident: name, generics, data, .. } = input;
    let (krate, cases) = match data {
        Data::Union(data) => {
            errors.at(
                data.union_token.span,
                "`GuestError` is derived for enums and structs: make this an enum with one variant for each kind of error",
            );
            return None;
        }
        Data::Struct(data) => {
            let args = read(&attrs, AttributePlace::Struct, errors);
            let krate = args.krate.clone();
            (krate, vec![case(name.clone(), false, args, data.fields, errors)])
        }
        Data::Enum(data) => {
            let outer = read(&attrs, AttributePlace::Enum, errors);
            if let Some(bare) = &outer.bare {
                errors.on(bare, "`#[guest]` alone cannot be on an enum: put `#[guest]` on each variant that a guest may see");
            }
            let variants = data.variants.into_iter().map(|variant| {
                let mut args = read(&variant.attrs, AttributePlace::Variant, errors);
                args.class = args.class.or_else(|| outer.class.clone());
                case(variant.ident, true, args, variant.fields, errors)
            });
            let cases = variants.collect();
            (outer.krate, cases)
        }
    };
    Some(Model { name, generics, krate, cases })
}

fn case(name: Ident, is_variant: bool, args: GuestErrorArgs, fields: Fields, errors: &mut Errors) -> Case {
    // `crate` names the runtime, and makes nothing visible.
    let says = args.bare.is_some() || args.keys.iter().any(|key| key != "crate");
    let is_empty = args.mark.is_some() && args.keys.is_empty();
    let excluded = args.keys.into_iter().filter(|key| key == "class" || key == "message").collect();
    let view = match args.transparent {
        Some(word) => View::Transparent { word, excluded },
        None if says || is_empty => View::Visible { class: args.class, message: args.message },
        None => View::Opaque,
    };
    let fields = fields.into_iter().zip(0..).map(|(field, index)| self::field(field, index, errors));
    Case { name, is_variant, view, fields: fields.collect() }
}

fn field(field: syn::Field, index: u32, errors: &mut Errors) -> ErrorField {
    let GuestErrorArgs { mark, rename, .. } = read(&field.attrs, AttributePlace::Field, errors);
    let own = field.ident.as_ref().map(|ident| names::camel_case(&ident.unraw().to_string()));
    let member = field.ident.map_or_else(|| Member::from(index as usize), Member::from);
    let property = mark.map(|mark| {
        let name = rename.as_ref().map(LitStr::value).or(own).unwrap_or_default();
        ErrorProperty { mark, rename, name }
    });
    ErrorField { member, ty: field.ty, property }
}

fn read(attrs: &[Attribute], place: AttributePlace, errors: &mut Errors) -> GuestErrorArgs {
    let mut args = GuestErrorArgs::default();
    let mut seen = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("guest")) {
        args.mark.get_or_insert_with(|| attr.path().clone());
        match &attr.meta {
            Meta::Path(path) => args.bare = Some(path.clone()),
            Meta::List(list) => {
                for argument in args::split(list.tokens.clone(), place.allowed(), errors) {
                    if !args::repeated(&argument.key, &mut seen, errors) {
                        self::argument(&argument, place, &mut args, errors);
                    }
                }
            }
            Meta::NameValue(pair) => errors.on(
                pair,
                format!("write `#[guest]`, or `#[guest(…)]` with {} in the parentheses", place.allowed()),
            ),
        }
    }
    args
}

fn argument(argument: &Argument, place: AttributePlace, args: &mut GuestErrorArgs, errors: &mut Errors) {
    let key = argument.key.to_string();
    args.keys.push(argument.key.clone());
    match key.as_str() {
        other if !place.keys().contains(&other) => errors.at(
            argument.key.span(),
            format!(
                "unknown argument `{other}`: `#[guest]` on {} takes {}{}",
                place.name(),
                place.allowed(),
                hint(other)
            ),
        ),
        "class" => args.class = class(argument, errors),
        "message" => args.message = args::string(argument, errors),
        "rename" => args.rename = args::string(argument, errors),
        "crate" => args.krate = args::path(argument, errors),
        _ => {
            if argument.value.is_some() {
                errors.at(argument.key.span(), "`transparent` takes no value: write `transparent` alone");
            }
            args.transparent = Some(argument.key.clone());
        }
    }
}

fn class(argument: &Argument, errors: &mut Errors) -> Option<LitStr> {
    let class = args::string(argument, errors)?;
    if let Some(why) = names::refused_class(&class.value()) {
        errors.on(&class, format!("{why}: name a class like `RangeError`"));
    }
    Some(class)
}

/// The item that takes this argument, if another item has it.
fn hint(key: &str) -> &'static str {
    match key {
        "rename" => "; `rename` goes on the field that becomes a property",
        "crate" => "; `crate` goes on the type",
        "class" | "message" | "transparent" => {
            "; what a guest sees of an error goes on the variant or struct"
        }
        _ => "",
    }
}
