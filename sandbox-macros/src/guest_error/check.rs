//! Reports combinations of `#[guest]` that make no sense, on the token that is wrong, with the remedy.

use super::{Case, ErrorField, ErrorProperty, Model, View, message};
use crate::errors::Errors;
use crate::names;

/// Reports every mistake that tokens alone can show. The compiler finds type errors with the runtime's traits.
pub(super) fn model(model: &Model, errors: &mut Errors) {
    for case in &model.cases {
        match &case.view {
            View::Opaque => unseen(case, errors),
            View::Transparent { word, excluded } => transparent(case, word, excluded, errors),
            View::Visible { message, .. } => {
                if let Some(Err(why)) = message.as_ref().map(|message| message::read(message, &case.fields)) {
                    errors.on(message, why);
                }
                properties(case, errors);
            }
        }
    }
}

fn marked(case: &Case) -> impl Iterator<Item = (&ErrorField, &ErrorProperty)> {
    case.fields.iter().filter_map(|field| Some((field, field.property.as_ref()?)))
}

fn unseen(case: &Case, errors: &mut Errors) {
    for (_, property) in marked(case) {
        let what = if case.is_variant { "variant" } else { "struct" };
        errors.on(
            &property.mark,
            format!(
                "a guest never sees this field, because `{}` has no `#[guest]`: put `#[guest]` on the {what} too, or remove this one",
                case.name
            ),
        );
    }
}

fn transparent(case: &Case, word: &syn::Ident, excluded: &[syn::Ident], errors: &mut Errors) {
    const WHOSE: &str = "`transparent` shows the inner error as it is";
    for key in excluded {
        errors.on(key, format!("{WHOSE}: remove `{key}`, or `transparent`"));
    }
    if case.fields.len() != 1 {
        let count = case.fields.len();
        errors.on(word, format!("{WHOSE}, which must be the only field, and there are {count}: keep one field, or remove `transparent`"));
    }
    for (_, property) in marked(case) {
        errors.on(&property.mark, format!("{WHOSE}, without other properties: remove this `#[guest]`"));
    }
}

fn properties(case: &Case, errors: &mut Errors) {
    let mut taken: Vec<&str> = Vec::new();
    for (field, property) in marked(case) {
        let name = property.name.as_str();
        let problem = if matches!(field.member, syn::Member::Unnamed(_)) && property.rename.is_none() {
            Some(
                "a property needs a name, and this field has none: write `#[guest(rename = \"…\")]`"
                    .to_owned(),
            )
        } else if taken.contains(&name) {
            Some(format!("this error has a property `{name}` already: {}", way_out(property)))
        } else {
            names::refused_property(name).map(|why| format!("{why}; {}", way_out(property)))
        };
        taken.push(name);
        match (problem, &property.rename) {
            (Some(problem), Some(rename)) => errors.on(rename, problem),
            (Some(problem), None) => errors.on(&property.mark, problem),
            (None, _) => {}
        }
    }
}

fn way_out(property: &ErrorProperty) -> &'static str {
    if property.rename.is_some() {
        "choose another name"
    } else {
        "name this one with `#[guest(rename = \"…\")]`"
    }
}
