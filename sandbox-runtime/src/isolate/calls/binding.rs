//! Binds a contract to the functions that an evaluated script exports.
//!
//! Getters of the guest may run while its exports are read, so `guest` calls [`bind`] within the limits of a call. All missing
//! exports are told together, as one mismatch.

use deno_core::v8;
use sandbox_core::contract::ContractSpec;

use super::exported::OnlyFunction;
use super::script::ScriptExports;
use crate::error::{Error, ExportProblem};
use crate::isolate::engine;
use crate::isolate::engine::compile::{Object, compile_function, get};
use crate::isolate::engine::text::{js_string, preview};
use crate::isolate::state::Isolate;
pub(crate) use crate::isolate::state::binding::{Binding, BoundMethod};
use crate::isolate::values::{MethodLookup, method_of};

/// Finds the functions of a contract. Getters of the guest may run.
pub(in crate::isolate) fn bind(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    exports: &ScriptExports,
    spec: &ContractSpec,
) -> Result<Vec<Option<BoundMethod>>, Error> {
    v8::tc_scope!(let scope, scope);
    let mut methods = Vec::with_capacity(spec.methods.len());
    let mut problems = Vec::new();
    for method in &*spec.methods {
        let found = implementation(isolate, scope, exports, (spec, &method.name));
        let found = found.ok_or_else(|| isolate.thrown(scope, None))?;
        let problem = match found {
            FoundExport::Function(bound) => {
                methods.push(Some(bound));
                continue;
            }
            FoundExport::Other(found) => Some(ExportProblem::not_a_function(method.name.clone(), found)),
            FoundExport::Nothing if method.optional => None,
            FoundExport::Nothing => Some(ExportProblem::missing(method.name.clone(), &[])),
        };
        problems.extend(problem);
        methods.push(None);
    }
    if problems.is_empty() {
        return Ok(methods);
    }
    let names = names(scope, exports).ok_or_else(|| isolate.thrown(scope, None))?;
    for problem in problems.iter_mut().filter(|problem| problem.found.is_none()) {
        *problem = ExportProblem::missing(problem.export.clone(), &names);
    }
    Err(Error::mismatch(spec.name.clone(), exports.script.clone(), problems, names))
}

/// The first of the names that a script exports; `None` when code of the guest threw.
fn names(scope: &v8::PinScope<'_, '_>, exports: &ScriptExports) -> Option<Vec<String>> {
    const MOST: usize = 32;
    const NAME: usize = 64;
    let (mut names, mut has_default) = (Vec::new(), false);
    for place in &exports.exported.places {
        let object = v8::Local::new(scope, &place.object);
        let own = object.get_own_property_names(scope, v8::GetPropertyNamesArgs::default())?;
        for index in 0..own.length() {
            if names.len() == MOST {
                return Some(names);
            }
            let name = own.get_index(scope, index)?.to_string(scope)?;
            let name = preview(scope, name, NAME);
            if name == "default" {
                has_default = true;
            } else if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    // Otherwise the fields of its value are named.
    if names.is_empty() && has_default {
        names.push("default".to_owned());
    }
    if let (true, Some(only)) = (names.is_empty(), &exports.exported.only) {
        names.push(only.method.clone().unwrap_or_else(|| only.label.to_owned()));
    }
    Some(names)
}

/// The export of a script by a name.
enum FoundExport {
    Function(BoundMethod),
    Other(String),
    Nothing,
}

/// The function for a method. The host may have named the method of the only function. Exports come next, and then the only
/// function for a contract with one method. `None` when code of the guest threw.
fn implementation(
    isolate: &Isolate,
    scope: &v8::PinScope<'_, '_>,
    exports: &ScriptExports,
    (spec, name): (&ContractSpec, &str),
) -> Option<FoundExport> {
    let only = exports.exported.only.as_ref();
    if let Some(only) = only.filter(|only| only.method.as_deref() == Some(name)) {
        return of_only(scope, only);
    }
    match (find(isolate, scope, exports, name)?, only) {
        (FoundExport::Nothing, Some(only)) if only.method.is_none() && spec.methods.len() == 1 => {
            of_only(scope, only)
        }
        (found, _) => Some(found),
    }
}

/// A script's only function, unless it is a class: a class cannot be called.
fn of_only(scope: &v8::PinScope<'_, '_>, only: &OnlyFunction) -> Option<FoundExport> {
    Some(match is_class(scope, v8::Local::new(scope, &only.function))? {
        true => FoundExport::Other("a class".to_owned()),
        false => FoundExport::Function(BoundMethod { function: only.function.clone(), receiver: None }),
    })
}

/// Whether a function is a class; `None` when code of the guest threw.
///
/// The text of a class begins with `class`. So do the texts of `classes => 1` and of a method `class() {}`, but neither has
/// a property `prototype` of its own.
fn is_class(scope: &v8::PinScope<'_, '_>, function: v8::Local<'_, v8::Function>) -> Option<bool> {
    let text = |text: &str| js_string(scope, text, v8::NewStringType::Normal).ok();
    // A guest that changes this built-in changes what becomes of its own class.
    let program = "return Function.prototype.toString.call(value)";
    let written = compile_function(scope, text("sandbox:binding")?, text(program)?, &[text("value")?])?;
    let written = written.call(scope, v8::undefined(scope).into(), &[function.into()])?;
    let Ok(written) = written.try_cast::<v8::String>() else { return Some(false) };
    let most = engine::length(scope, written).min("class".len() + 1);
    if !begins_class(&String::from_utf16_lossy(&engine::units(scope, written, most))) {
        return Some(false);
    }
    function.has_own_property(scope, text("prototype")?.into())
}

/// Whether a text begins with the word `class`. A character behind the word may be a part of the same identifier.
fn begins_class(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '\\');
    text.strip_prefix("class").is_some_and(|rest| !rest.starts_with(is_part))
}

/// The export of a script by a name; `None` when code of the guest threw.
fn find(
    isolate: &Isolate,
    scope: &v8::PinScope<'_, '_>,
    exports: &ScriptExports,
    name: &str,
) -> Option<FoundExport> {
    for place in &exports.exported.places {
        let object = v8::Local::new(scope, &place.object);
        return Some(match method_of(isolate, scope, object, name)? {
            MethodLookup::Function(function) if is_inherited(scope, object, name, &function)? => continue,
            MethodLookup::Function(function) => {
                let receiver = place.is_receiver.then(|| place.object.clone());
                FoundExport::Function(BoundMethod { function, receiver })
            }
            MethodLookup::Other(_) if object.is_function() && OF_FUNCTIONS.contains(&name) => continue,
            MethodLookup::Other(found) => FoundExport::Other(found),
            MethodLookup::Undefined => FoundExport::Nothing,
            MethodLookup::Absent => continue,
        });
    }
    Some(FoundExport::Nothing)
}

/// The properties that functions have of their own, and that are no functions.
const OF_FUNCTIONS: [&str; 4] = ["arguments", "caller", "length", "name"];

/// Whether a function that is exported has a member from what all functions inherit, such as `call` and `bind`. These are
/// nobody's exports.
fn is_inherited(
    scope: &v8::PinScope<'_, '_>,
    object: Object<'_>,
    name: &str,
    member: &v8::Global<v8::Function>,
) -> Option<bool> {
    if !object.is_function() {
        return Some(false);
    }
    let text = |text: &str| js_string(scope, text, v8::NewStringType::Normal).ok();
    let plain = compile_function(scope, text("sandbox:binding")?, text("")?, &[])?;
    let all = plain.get_prototype(scope)?.try_cast::<v8::Object>().ok()?;
    Some(get(scope, all, name)? == v8::Local::new(scope, member))
}
