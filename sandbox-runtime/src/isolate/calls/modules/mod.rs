//! Loads scripts of several files: links their modules, runs their CommonJS, answers their `import()`.
//!
//! `link` compiles each module that is imported statically before any code runs, and resolves names by the script's map. So a
//! name without a module is refused with its place, and the engine's callback only looks links up. `common_js` runs files that are
//! no ES modules, for `require` and for imports. `dynamic` answers `import()`. `script` calls [`start`].
//!
//! The engine aborts when a module is evaluated while a module that it imports is in the middle of its own evaluation. So no
//! module is evaluated before [`is_at_rest`] has looked at all that it imports.

mod common_js;
mod dynamic;
mod link;

use std::collections::HashSet;
use std::rc::Rc;

use deno_core::v8;

use super::exported::{self, Exported};
use super::forms;
use super::script::{Module, Started};
use crate::error::{Error, StackFrame, Thrown};
use crate::isolate::engine;
use crate::isolate::engine::text::throw_type_error;
use crate::isolate::state::modules::{LoadedModules, ScriptLoad};
use crate::isolate::state::realm::Realm;
use crate::isolate::state::{Catch, Isolate};
use crate::script::{CodeKind, Naming, Script, ScriptModule};
use crate::shown::Shown;

/// Why a module cannot be linked.
enum LoadFault {
    /// The engine threw, or was ended.
    Thrown,
    /// An import is refused, at its place if that is known.
    Refused(String, Option<Box<StackFrame>>),
}

/// The load of a script of several files; `None` for another script, or on an engine that links none.
pub(super) fn load(realm: &Rc<Realm>, script: &Script) -> Option<ScriptLoad> {
    if !engine::LINKS_MODULES {
        return None;
    }
    ScriptLoad::new(&realm.modules, script, dynamic::import)
}

/// Begins the evaluation of a script of several files.
pub(super) fn start<'s>(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
) -> Result<Started<'s>, Error> {
    let (script, entry) = (&loaded.script, loaded.script.entry_index());
    v8::tc_scope!(let scope, scope);
    let is_es_module = match link::is_es_module(scope, loaded, entry) {
        Ok(is_es_module) => is_es_module,
        Err(fault) => return Err(error(isolate, scope, script, fault)),
    };
    if !is_es_module {
        return run_common_js(isolate, scope, loaded, entry).map(Started::Done);
    }
    let module = match link::link(scope, loaded, entry) {
        Ok(module) => module,
        Err(fault) => return Err(error(isolate, scope, script, fault)),
    };
    let namespace = module.get_module_namespace().try_cast().map_err(|_| isolate.ended(None))?;
    let started = Module { module, namespace }.run(isolate, scope, script.entry());
    keep_code(scope, loaded);
    started
}

fn run_common_js(
    isolate: &Isolate,
    scope: &mut Catch<'_, '_, '_, '_>,
    loaded: &LoadedModules,
    entry: usize,
) -> Result<Exported, Error> {
    let source = loaded.source(entry);
    let file = common_js::file(scope, loaded, entry).ok_or_else(|| isolate.thrown(scope, None))?;
    let exported = forms::common_js(isolate, scope, source, Some(&file));
    if exported.is_err() {
        loaded.member(entry).common_js.take();
    }
    keep_code(scope, loaded);
    exported
}

/// The error of a script that cannot be linked.
fn error(isolate: &Isolate, scope: &Catch<'_, '_, '_, '_>, script: &Script, fault: LoadFault) -> Error {
    match fault {
        LoadFault::Refused(message, at) => {
            let mut thrown = Thrown::new(Some("TypeError".into()), message);
            thrown.stack.extend(at.map(|at| *at));
            Error::Guest(Box::new(thrown))
        }
        LoadFault::Thrown if isolate.is_ended() || !scope.has_caught() => isolate.ended(None),
        LoadFault::Thrown => exported::syntax_error(scope, named_by(scope, script), 0),
    }
}

/// The module whose text the engine refuses.
fn named_by<'a>(scope: &Catch<'_, '_, '_, '_>, script: &'a Script) -> &'a ScriptModule {
    let name = scope.message().and_then(|message| message.get_script_resource_name(scope));
    let name = name.and_then(|name| name.try_cast::<v8::String>().ok());
    let named = name.and_then(|name| script.member(&specifier_text(scope, name)));
    named.unwrap_or(script.entry())
}

/// Keeps the engine's code of all modules that have run.
fn keep_code(scope: &v8::PinScope<'_, '_>, loaded: &LoadedModules) {
    for (member, source) in loaded.script.members().iter().enumerate() {
        if member == loaded.script.entry_index() {
            continue;
        }
        let Some(module) = loaded.module(scope, member) else { continue };
        if module.is_source_text_module() && module.get_status() == v8::ModuleStatus::Evaluated {
            let code = || engine::code_of_module(scope, module);
            source.code().offer(CodeKind::Module, source.source().len(), code);
        }
    }
}

/// Links a module and begins its evaluation. `None` when an exception is there; the module whose evaluation waits for the caller has
/// the error `in_cycle`.
fn evaluated<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
    in_cycle: &str,
) -> Option<(v8::Local<'s, v8::Module>, v8::Local<'s, v8::Promise>)> {
    let module = match link::link(scope, loaded, member) {
        Ok(module) => module,
        Err(fault) => {
            throw_fault(scope, fault);
            return None;
        }
    };
    if !is_at_rest(scope, loaded, member) {
        throw_type_error(scope, in_cycle);
        return None;
    }
    let promise = module.evaluate(scope)?.try_cast::<v8::Promise>().ok()?;
    promise.mark_as_handled();
    Some((module, promise))
}

/// Whether neither a module nor one that it imports, in any number of steps, is in the middle of its evaluation.
fn is_at_rest(scope: &v8::PinScope<'_, '_>, loaded: &LoadedModules, member: usize) -> bool {
    let (mut seen, mut left) = (HashSet::from([member]), vec![member]);
    while let Some(member) = left.pop() {
        match loaded.module(scope, member).map(|module| module.get_status()) {
            Some(v8::ModuleStatus::Evaluating) => return false,
            // All that such a module imports is evaluated as well.
            Some(v8::ModuleStatus::Evaluated | v8::ModuleStatus::Errored) => {}
            _ => {
                let links = loaded.member(member).links.get().into_iter().flat_map(|links| links.values());
                left.extend(links.copied().filter(|link| seen.insert(*link)));
            }
        }
    }
    true
}

/// The first units of a specifier. A guest can make one of any length, and no name of a module is longer than this.
fn specifier_units(scope: &v8::PinScope<'_, '_>, specifier: v8::Local<'_, v8::String>) -> Vec<u16> {
    const MOST: usize = 1025;
    let length = engine::length(scope, specifier).min(MOST);
    engine::units(scope, specifier, length)
}

/// The text of a specifier, to be shown.
fn specifier_text(scope: &v8::PinScope<'_, '_>, specifier: v8::Local<'_, v8::String>) -> String {
    String::from_utf16_lossy(&specifier_units(scope, specifier))
}

/// The text of a specifier that can name a module; or the text of the error.
fn specifier_name(
    scope: &v8::PinScope<'_, '_>,
    specifier: v8::Local<'_, v8::String>,
    naming: Naming,
) -> Result<String, String> {
    let units = specifier_units(scope, specifier);
    String::from_utf16(&units).map_err(|_| {
        let shown = String::from_utf16_lossy(&units[..units.len().min(128)]);
        format!("{naming} of \"{}\": the name has half of a surrogate pair; a name is Unicode", Shown(&shown))
    })
}

/// Throws the error of a module that cannot be linked, unless the engine has.
fn throw_fault(scope: &v8::PinScope<'_, '_>, fault: LoadFault) {
    if let LoadFault::Refused(message, at) = fault {
        let at = at.map(|at| format!(" (at {}:{}:{})", at.file, at.line, at.column)).unwrap_or_default();
        throw_type_error(scope, &format!("{message}{at}"));
    }
}
