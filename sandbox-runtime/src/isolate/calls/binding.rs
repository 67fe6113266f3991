//! Binds a contract to the functions that an evaluated script exports.
//!
//! Getters of the guest may run while its exports are read, so `guest` calls [`bind`] within the limits of a call. All missing
//! exports are told together, as one mismatch.

use std::rc::Rc;
use std::sync::Arc;

use deno_core::v8;
use sandbox_core::contract::ContractSpec;

use super::script::ScriptExports;
use crate::error::{Error, ExportProblem};
use crate::isolate::engine::compile::{Object, get};
use crate::isolate::engine::text::{js_string, preview};
use crate::isolate::state::Isolate;
use crate::isolate::state::realm::Realm;
use crate::isolate::values::describe;
use crate::schema::ContractChecks;

/// A contract bound to the functions that implement it, in the order of its methods.
pub(crate) struct Binding {
    pub(in crate::isolate) methods: Vec<Option<BoundMethod>>,
    /// The checks of their arguments and results.
    pub(crate) checks: Arc<ContractChecks>,
    /// The realm in which the functions run.
    pub(crate) realm: Rc<Realm>,
}

pub(crate) struct BoundMethod {
    pub(in crate::isolate) function: v8::Global<v8::Function>,
    pub(in crate::isolate) receiver: Option<v8::Global<v8::Object>>,
}

impl Binding {
    pub(in crate::isolate) fn method(&self, index: usize) -> Option<&BoundMethod> {
        self.methods.get(index)?.as_ref()
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.method(index).is_some()
    }

    /// Which methods the script implements.
    pub(crate) fn exported(&self) -> Vec<bool> {
        self.methods.iter().map(Option::is_some).collect()
    }
}

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

enum FoundExport {
    Function(BoundMethod),
    Other(String),
    Nothing,
}

/// `None` when code of the guest threw.
fn find(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    exports: &ScriptExports,
    name: &str,
) -> Option<FoundExport> {
    for place in &exports.places {
        let object = v8::Local::new(scope, &place.object);
        if !exports_name(isolate, scope, object, name)? {
            continue;
        }
        let value = get(scope, object, name)?;
        return Some(match value.try_cast::<v8::Function>() {
            Ok(function) => FoundExport::Function(BoundMethod {
                function: v8::Global::new(scope, function),
                receiver: place.is_receiver.then(|| place.object.clone()),
            }),
            Err(_) if value.is_undefined() => FoundExport::Nothing,
            Err(_) => FoundExport::Other(describe(scope, value)),
        });
    }
    Some(FoundExport::Nothing)
}

/// Whether an object or one of its classes has the property. Properties of `Object.prototype` do not count.
/// Otherwise every object would implement a contract with a method `to_string`.
fn exports_name(
    isolate: &Isolate,
    scope: &v8::PinScope<'_, '_>,
    object: Object<'_>,
    name: &str,
) -> Option<bool> {
    const DEEPEST: usize = 64;
    let key: v8::Local<'_, v8::Name> = js_string(scope, name, v8::NewStringType::Internalized).ok()?.into();
    let mut object = object;
    for _ in 0..DEEPEST {
        if isolate.is_root_prototype(scope, object) {
            return Some(false);
        }
        if object.has_own_property(scope, key)? {
            return Some(true);
        }
        match object.get_prototype(scope)?.try_cast::<v8::Object>() {
            Ok(prototype) => object = v8::Local::new(scope, prototype),
            Err(_) => return Some(false),
        }
    }
    Some(false)
}
