//! Binds a contract to the functions that an evaluated script exports.
//!
//! Getters of the guest may run while its exports are read, so `guest` calls [`bind`] within the limits of a call. All missing
//! exports are told together, as one mismatch.

use deno_core::v8;
use sandbox_core::contract::ContractSpec;

use super::script::ScriptExports;
use crate::error::{Error, ExportProblem};
use crate::isolate::engine::text::preview;
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
        let found = find(isolate, scope, exports, &method.name).ok_or_else(|| isolate.thrown(scope, None))?;
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
    for place in &exports.places {
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
    Some(names)
}

/// The export of a script by a name.
enum FoundExport {
    Function(BoundMethod),
    Other(String),
    Nothing,
}

/// `None` when code of the guest threw.
fn find(
    isolate: &Isolate,
    scope: &v8::PinScope<'_, '_>,
    exports: &ScriptExports,
    name: &str,
) -> Option<FoundExport> {
    for place in &exports.places {
        let object = v8::Local::new(scope, &place.object);
        return Some(match method_of(isolate, scope, object, name)? {
            MethodLookup::Function(function) => {
                let receiver = place.is_receiver.then(|| place.object.clone());
                FoundExport::Function(BoundMethod { function, receiver })
            }
            MethodLookup::Other(found) => FoundExport::Other(found),
            MethodLookup::Undefined => FoundExport::Nothing,
            MethodLookup::Absent => continue,
        });
    }
    Some(FoundExport::Nothing)
}
