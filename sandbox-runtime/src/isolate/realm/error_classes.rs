//! The classes of errors that a builder gives: frozen globals of each realm.
//!
//! `realm` makes them before any code of a guest runs. `values::write` makes the host's errors instances of them.

use deno_core::v8;

use super::realm_globals::program;
use crate::isolate::engine::list;
use crate::isolate::engine::text::js_string;
use crate::isolate::state::realm::ErrorPrototypes;
use crate::script::ErrorClasses;

/// Makes the classes in the scope's realm.
pub(super) fn make(scope: &v8::PinScope<'_, '_>, classes: &ErrorClasses) -> Option<ErrorPrototypes> {
    if classes.0.is_empty() {
        return Some(ErrorPrototypes::default());
    }
    let text = |name: &str| js_string(scope, name, v8::NewStringType::Internalized).ok().map(Into::into);
    let names = classes.0.iter().map(|name| text(name)).collect::<Option<Vec<_>>>()?;
    let source = concat!("\"use strict\";\n", include_str!("error_classes.js"));
    let made = program(scope, "errors", source, &[("names", list(scope, &names)?.into())])?;
    let made = made.try_cast::<v8::Array>().ok()?;
    let prototype = |(index, name): (u32, &std::sync::Arc<str>)| {
        let prototype = made.get_index(scope, index)?.try_cast::<v8::Object>().ok()?;
        Some((name.clone(), v8::Global::new(scope, prototype)))
    };
    (0..).zip(&classes.0).map(prototype).collect::<Option<Vec<_>>>().map(ErrorPrototypes)
}
