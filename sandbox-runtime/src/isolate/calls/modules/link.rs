//! Compiles the modules that a module imports statically, and links them.

use std::collections::{HashMap, HashSet};

use deno_core::v8;

use super::super::declared;
use super::super::exported::{is_full_stack, refuse_import};
use super::super::script::Module;
use super::{LoadFault, common_js, specifier_name, specifier_text};
use crate::error::StackFrame;
use crate::isolate::engine;
use crate::isolate::engine::Resolver;
use crate::isolate::engine::compile::{get, origin};
use crate::isolate::engine::text::{js_string, throw_type_error};
use crate::isolate::state::modules::LoadedModules;
use crate::isolate::state::realm::Realm;
use crate::isolate::state::{Catch, Isolate};
use crate::script::{CodeKind, Naming, ScriptFormat, ScriptModule};

/// Links a module with all that it imports. None of its code runs.
pub(super) fn link<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    root: usize,
) -> Result<v8::Local<'s, v8::Module>, LoadFault> {
    let is_linked = |module: v8::Local<'_, v8::Module>| {
        !matches!(module.get_status(), v8::ModuleStatus::Uninstantiated | v8::ModuleStatus::Instantiating)
    };
    if let Some(module) = loaded.module(scope, root).filter(|module| is_linked(*module)) {
        return Ok(module);
    }
    let (mut seen, mut left) = (HashSet::from([root]), vec![root]);
    while let Some(member) = left.pop() {
        if Isolate::current(scope).is_none_or(Isolate::is_ended) {
            return Err(LoadFault::Thrown);
        }
        let links = links(scope, loaded, member)?;
        left.extend(links.values().copied().filter(|link| seen.insert(*link)));
    }
    let module = loaded.module(scope, root).ok_or(LoadFault::Thrown)?;
    let linked =
        module.instantiate_module2(scope, resolve_link, refuse_import::<v8::Object>).unwrap_or(false);
    if linked { Ok(module) } else { Err(LoadFault::Thrown) }
}

/// Whether a file is an ES module. A file whose name does not say it is one if it parses as a module that imports or exports
/// something, or if it does not parse as CommonJS.
pub(super) fn is_es_module(
    scope: &mut v8::PinScope<'_, '_>,
    loaded: &LoadedModules,
    member: usize,
) -> Result<bool, LoadFault> {
    let known = &loaded.member(member).is_es_module;
    if let Some(is_es_module) = known.get() {
        return Ok(is_es_module);
    }
    let is_es_module = match loaded.source(member).format() {
        Some(ScriptFormat::Module) => true,
        Some(_) => false,
        None => detect(scope, loaded, member)?,
    };
    known.set(Some(is_es_module));
    Ok(is_es_module)
}

fn detect(
    scope: &mut v8::PinScope<'_, '_>,
    loaded: &LoadedModules,
    member: usize,
) -> Result<bool, LoadFault> {
    v8::scope!(let scope, scope);
    v8::tc_scope!(let scope, scope);
    let module = parse(scope, loaded, member);
    let has_bindings = match module {
        Some(module) => has_bindings(scope, module),
        None => is_syntax(scope, loaded, member).then_some(false),
    };
    let is_es_module = match has_bindings {
        Some(false) => {
            scope.reset();
            // A text that is neither is told as a module, by the compilation that follows.
            match common_js::compile(scope, loaded, member) {
                Some(_) => Some(false),
                None => is_syntax(scope, loaded, member).then_some(true),
            }
        }
        known => known,
    };
    let Some(is_es_module) = is_es_module else {
        scope.rethrow();
        return Err(LoadFault::Thrown);
    };
    // A module that is kept of a file of CommonJS would be evaluated in its place.
    if let Some(module) = module.filter(|_| is_es_module) {
        loaded.keep(scope, member, module);
    }
    Ok(is_es_module)
}

/// Whether a module imports or exports something; `None` when the engine failed.
fn has_bindings(scope: &mut Catch<'_, '_, '_, '_>, module: v8::Local<'_, v8::Module>) -> Option<bool> {
    if module.get_module_requests().length() > 0 {
        return Some(true);
    }
    module.instantiate_module2(scope, resolve_link, refuse_import::<v8::Object>)?;
    let namespace = module.get_module_namespace().try_cast().ok()?;
    Some(Module { module, namespace }.has_exports(scope))
}

/// Whether the engine refused a text for its syntax. A full stack and the end of a call tell nothing about the text.
fn is_syntax(scope: &Catch<'_, '_, '_, '_>, loaded: &LoadedModules, member: usize) -> bool {
    let is_ended = scope.has_terminated() || Isolate::current(scope).is_none_or(Isolate::is_ended);
    !is_ended && !is_full_stack(scope, loaded.source(member))
}

/// Compiles the text of an ES module, once.
fn compile<'s>(
    scope: &v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
) -> Option<v8::Local<'s, v8::Module>> {
    if let Some(module) = loaded.module(scope, member) {
        return Some(module);
    }
    let module = parse(scope, loaded, member)?;
    loaded.keep(scope, member, module);
    Some(module)
}

/// Compiles the text of a file as an ES module.
fn parse<'s>(
    scope: &v8::PinScope<'s, '_>,
    loaded: &LoadedModules,
    member: usize,
) -> Option<v8::Local<'s, v8::Module>> {
    let source = loaded.source(member);
    let name = string(scope, source.name())?;
    let text = string(scope, source.source())?;
    let origin = origin(scope, name, true, Some(loaded.options(scope, member)));
    let (mut text, options) = engine::source(text, &origin, source.code().get(CodeKind::Module));
    let reason = v8::script_compiler::NoCacheReason::NoReason;
    v8::script_compiler::compile_module2(scope, &mut text, options, reason)
}

/// A string for the engine. A text beyond the engine's longest throws.
pub(super) fn string<'s>(scope: &v8::PinScope<'s, '_>, text: &str) -> Option<v8::Local<'s, v8::String>> {
    match js_string(scope, text, v8::NewStringType::Normal) {
        Ok(string) => Some(string),
        Err(error) => {
            throw_type_error(scope, &error.to_string());
            None
        }
    }
}

/// The modules that a module imports, which has an engine's module from here on.
fn links<'a>(
    scope: &mut v8::PinScope<'_, '_>,
    loaded: &'a LoadedModules,
    member: usize,
) -> Result<&'a HashMap<String, usize>, LoadFault> {
    if let Some(links) = loaded.member(member).links.get() {
        return Ok(links);
    }
    v8::scope!(let scope, scope);
    let links = if is_es_module(scope, loaded, member)? {
        let module = compile(scope, loaded, member).ok_or(LoadFault::Thrown)?;
        requested(scope, loaded, member, module)?
    } else {
        synthesize(scope, loaded, member).ok_or(LoadFault::Thrown)?;
        HashMap::new()
    };
    Ok(loaded.member(member).links.get_or_init(|| links))
}

fn requested(
    scope: &v8::PinScope<'_, '_>,
    loaded: &LoadedModules,
    member: usize,
    module: v8::Local<'_, v8::Module>,
) -> Result<HashMap<String, usize>, LoadFault> {
    let requests = module.get_module_requests();
    let mut links = HashMap::with_capacity(requests.length());
    for at in 0..requests.length() {
        let request =
            requests.get(scope, at).and_then(|request| request.try_cast::<v8::ModuleRequest>().ok());
        let request = request.ok_or(LoadFault::Thrown)?;
        let refused = |message: String| {
            let at = module.source_offset_to_location(request.get_source_offset());
            let from_1 = |number: i32| usize::try_from(number).map_or(0, |number| number + 1);
            let place = (from_1(at.get_line_number()), from_1(at.get_column_number()));
            let frame = StackFrame::new(None, loaded.source(member).name().to_owned(), place);
            LoadFault::Refused(message, Some(Box::new(frame)))
        };
        let specifier = specifier_name(scope, request.get_specifier(), Naming::Import).map_err(refused)?;
        if request.get_phase() != v8::ModuleImportPhase::kEvaluation {
            return Err(refused(format!(
                "import of \"{specifier}\": no phase of imports is there; import the module"
            )));
        }
        let target = resolve(loaded, member, &specifier, Naming::Import).map_err(refused)?;
        let attributes = Attributes { list: request.get_import_attributes(), step: 3 };
        attributes.check(scope, &specifier, loaded.source(target)).map_err(refused)?;
        links.insert(specifier, target);
    }
    Ok(links)
}

/// The module that a module names; or the text of the error.
pub(super) fn resolve(
    loaded: &LoadedModules,
    from: usize,
    specifier: &str,
    naming: Naming,
) -> Result<usize, String> {
    let map = loaded.map().ok_or_else(|| "a script of one module imports nothing".to_owned())?;
    map.resolve(loaded.source(from).name(), specifier, naming).map_err(|error| error.to_string())
}

/// The attributes of an import: keys and values in turn, a static import's with a place behind each value.
pub(super) struct Attributes<'s> {
    pub(super) list: v8::Local<'s, v8::FixedArray>,
    pub(super) step: usize,
}

impl Attributes<'_> {
    /// Refuses attributes that are not those of the module. An import needs none.
    pub(super) fn check(
        &self,
        scope: &v8::PinScope<'_, '_>,
        specifier: &str,
        target: &ScriptModule,
    ) -> Result<(), String> {
        let text = |at| {
            let text = engine::text_of_data(self.list.get(scope, at)?)?;
            Some(specifier_text(scope, text).chars().take(64).collect::<String>())
        };
        let kind = match target.format() {
            Some(ScriptFormat::Json) => "json",
            Some(ScriptFormat::Text) => "text",
            _ => "",
        };
        for at in (0..self.list.length()).step_by(self.step) {
            let (key, value) = (text(at).unwrap_or_default(), text(at + 1).unwrap_or_default());
            if key != "type" {
                return Err(format!(
                    "import of \"{specifier}\": no attribute is named {key:?}, and `type` is one"
                ));
            }
            if value != kind || kind.is_empty() {
                let is = if kind.is_empty() { "JavaScript, which has no type" } else { kind };
                return Err(format!("import of \"{specifier}\" with the type {value:?}: the module is {is}"));
            }
        }
        Ok(())
    }
}

/// The names that an import of a file of CommonJS finds beside `default`.
fn named(source: &ScriptModule) -> Vec<&str> {
    match source.format() {
        Some(ScriptFormat::Json | ScriptFormat::Text) => Vec::new(),
        _ => declared::exported(source.source()),
    }
}

/// Makes a module of a file that is none: its value is the default export.
fn synthesize(scope: &v8::PinScope<'_, '_>, loaded: &LoadedModules, member: usize) -> Option<()> {
    if loaded.module(scope, member).is_some() {
        return Some(());
    }
    let source = loaded.source(member);
    let name = string(scope, source.name())?;
    let exports = named(source).into_iter().chain(["default"]).map(|name| string(scope, name));
    let exports = exports.collect::<Option<Vec<_>>>()?;
    let module = v8::Module::create_synthetic_module(scope, name, &exports, evaluate_value);
    loaded.keep(scope, member, module);
    Some(())
}

/// Looks up a link that [`links`] has resolved.
fn resolve_link<'s>(
    context: v8::Local<'s, v8::Context>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
    referrer: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Module>> {
    // SAFETY: V8 calls this while the context is entered, and the scope ends before this function does.
    v8::callback_scope!(unsafe scope, context);
    let found = Realm::current(scope).and_then(|realm| {
        let (loaded, member) = realm.modules.of_module(scope, referrer)?;
        let target = *loaded
            .member(member)
            .links
            .get()?
            .get(&specifier_name(scope, specifier, Naming::Import).ok()?)?;
        loaded.module(scope, target)
    });
    if found.is_none() {
        throw_type_error(scope, "an import without a module");
    }
    found
}

/// Makes the value of a module that is no ES module.
fn evaluate_value<'s>(
    context: v8::Local<'s, v8::Context>,
    module: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Value>> {
    // SAFETY: V8 calls this while the context is entered, and the scope ends before this function does.
    v8::callback_scope!(unsafe scope, context);
    v8::tc_scope!(let scope, scope);
    let evaluated = value_of(scope, module);
    if evaluated.is_none() {
        if !scope.has_caught() {
            throw_type_error(scope, "the module has no value");
        }
        scope.rethrow();
    }
    evaluated
}

fn value_of<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    module: v8::Local<'_, v8::Module>,
) -> Option<v8::Local<'s, v8::Value>> {
    let (loaded, member) = Realm::current(scope)?.modules.of_module(scope, module)?;
    let value = common_js::value(scope, &loaded, member)?;
    if let Ok(exports) = value.try_cast::<v8::Object>() {
        for name in named(loaded.source(member)) {
            let value = get(scope, exports, name)?;
            module.set_synthetic_module_export(scope, string(scope, name)?, value)?;
        }
    }
    module.set_synthetic_module_export(scope, string(scope, "default")?, value)?;
    let resolver = Resolver::new(scope)?;
    resolver.settle(scope, Ok(v8::undefined(scope).into()))?;
    Some(resolver.promise(scope).into())
}
