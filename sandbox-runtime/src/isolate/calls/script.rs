//! Evaluates a script, and keeps the objects that hold its exports.
//!
//! A script has a form that its host chose, or it is a module or CommonJS, by its name or by what parses. `forms` and
//! `last_value` have all forms but modules. `guest` and the sites evaluate scripts, and `binding` binds contracts to
//! [`ScriptExports`]. Nothing can be imported.

use std::rc::Rc;

use deno_core::v8;

use super::flights::Leg;
use super::{forms, last_value};
use crate::error::{Amount, Error, LimitKind, Place, StackFrame, Thrown, of_syntax};
use crate::isolate::engine;
use crate::isolate::engine::compile::{Object, get, origin};
use crate::isolate::engine::text::{js_string, preview};
use crate::isolate::realm::callbacks;
use crate::isolate::run::thrown::{self, STACK_FULL};
use crate::isolate::state::realm::Realm;
use crate::isolate::state::{Catch, Isolate};
use crate::limits::Limits;
use crate::script::{CodeKind, Script, ScriptFormat, ScriptModule};

/// The exports of an evaluated script.
pub(crate) struct ScriptExports {
    pub(in crate::isolate) script: String,
    /// The realm in which the script was evaluated.
    pub(in crate::isolate) realm: Rc<Realm>,
    pub(in crate::isolate) exported: Exported,
}

/// The functions that a script gives to its host.
#[derive(Default)]
pub(in crate::isolate) struct Exported {
    /// The objects that functions are looked up in, in this order.
    pub(in crate::isolate) places: Vec<Exporter>,
    /// The function that the script is or exports as a whole.
    pub(in crate::isolate) only: Option<OnlyFunction>,
}

pub(in crate::isolate) struct Exporter {
    pub(in crate::isolate) object: v8::Global<v8::Object>,
    /// Whether the object is the `this` of its functions. A module's functions have none.
    pub(in crate::isolate) is_receiver: bool,
}

/// A function that has no name among exports. Such a function implements the method that the host names, or that of a contract
/// with one method.
pub(in crate::isolate) struct OnlyFunction {
    pub(in crate::isolate) function: v8::Global<v8::Function>,
    /// The method that the host named.
    pub(in crate::isolate) method: Option<String>,
    /// The form of the function, for errors.
    pub(in crate::isolate) label: &'static str,
}

impl Exported {
    /// Adds an object with functions, or a function with its members. Other values export nothing.
    pub(super) fn add(
        &mut self,
        scope: &v8::PinScope<'_, '_>,
        value: v8::Local<'_, v8::Value>,
        script: &ScriptModule,
        label: &'static str,
    ) {
        if let Ok(object) = value.try_cast::<v8::Object>() {
            self.places.push(Exporter { object: v8::Global::new(scope, object), is_receiver: true });
        }
        if let Ok(function) = value.try_cast::<v8::Function>() {
            let (function, method) = (v8::Global::new(scope, function), script.method().map(str::to_owned));
            self.only = Some(OnlyFunction { function, method, label });
        }
    }
}

/// Runs a script to its end.
pub(in crate::isolate) fn evaluate(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    realm: &Rc<Realm>,
    script: &Script,
) -> Result<ScriptExports, Error> {
    let exported = match start(isolate, scope, script.entry())? {
        Started::Module(module, promise) => {
            settle(isolate, scope, promise)?;
            of_module(isolate, scope, module.namespace, script.entry())?
        }
        Started::Done(exported) => exported,
    };
    Ok(ScriptExports { script: script.name().into(), realm: realm.clone(), exported })
}

/// Refuses a script that is longer than `Limits::script_bytes`, one that has several modules, and one with parameters that no
/// function can have. A site over a link asks before it sends anything.
pub(crate) fn allows(limits: &Limits, script: &Script) -> Result<(), Error> {
    let length = script.length();
    if length > limits.script_bytes {
        let met = Amount::Bytes(length as u64);
        return Err(limits.excess(LimitKind::Script).met(met).error(None));
    }
    match script.modules().len() {
        1 => forms::allows(script.entry()),
        modules => {
            let message = format!(
                "the script has {modules} modules, and only a script of one is evaluated: make one module of them"
            );
            Err(Error::syntax(script.name().into(), message, (0, 0), None))
        }
    }
}

/// The error of a script. The error of a limit names the script, and a syntax error may have a hint.
pub(crate) fn error_of(error: Error, script: &Script) -> Error {
    match error {
        Error::Syntax { script: name, message, line, column, .. } => {
            let named = script.modules().iter().find(|module| module.name() == name);
            let source = named.unwrap_or(script.entry()).source();
            let hint = of_syntax(&name, source, (line, column), &message);
            Error::syntax(name, message, (line, column), hint)
        }
        Error::Limit { mut excess, place: None, .. } => {
            excess.script.get_or_insert_with(|| script.name().into());
            excess.error(None)
        }
        other => other,
    }
}

/// A script whose evaluation has begun.
enum Started<'s> {
    /// A module, and the promise that its top level waits for.
    Module(Module<'s>, v8::Local<'s, v8::Promise>),
    /// An evaluation that is over.
    Done(Exported),
}

fn start<'s>(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'s, '_>,
    script: &ScriptModule,
) -> Result<Started<'s>, Error> {
    match script.format() {
        Some(ScriptFormat::Module) => module(isolate, scope, script)?.run(isolate, scope, script),
        Some(ScriptFormat::CommonJs) => forms::common_js(isolate, scope, script).map(Started::Done),
        Some(ScriptFormat::Body { parameters, is_async }) => {
            forms::body(isolate, scope, script, (parameters, *is_async)).map(Started::Done)
        }
        Some(ScriptFormat::Expression) => forms::expression(isolate, scope, script).map(Started::Done),
        Some(ScriptFormat::LastValue { parameters }) => {
            last_value::prepare(isolate, scope, script, parameters).map(Started::Done)
        }
        None => detect(isolate, scope, script),
    }
}

/// Finds the form of a script, which is the first of these:
///
/// 1. a module, if the script parses as a module with exports;
/// 2. CommonJS, if it parses as that;
/// 3. a module, if it parses as a module;
/// 4. an expression, if it parses as that.
///
/// If none parses, the error is that of the module, because most scripts are meant to be modules.
fn detect<'s>(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'s, '_>,
    script: &ScriptModule,
) -> Result<Started<'s>, Error> {
    let module = match module(isolate, scope, script) {
        Ok(module) if module.has_exports(scope) => return module.run(isolate, scope, script),
        Err(error) if !matches!(error, Error::Syntax { .. }) => return Err(error),
        other => other,
    };
    let no_module = match (forms::common_js(isolate, scope, script), module) {
        (Err(Error::Syntax { .. }), Ok(module)) => return module.run(isolate, scope, script),
        (Err(Error::Syntax { .. }), Err(no_module)) => no_module,
        (other, _) => return other.map(Started::Done),
    };
    match forms::expression(isolate, scope, script) {
        Err(Error::Syntax { .. }) => Err(no_module),
        other => other.map(Started::Done),
    }
}

/// The evaluation of a script whose top level may wait for `async` host methods.
pub(crate) struct Evaluation {
    script: Script,
    /// The module's namespace, until the evaluation is over.
    namespace: Option<v8::Global<v8::Object>>,
    exported: Exported,
    realm: Rc<Realm>,
}

impl Evaluation {
    pub(crate) fn new(realm: Rc<Realm>, script: Script) -> Self {
        Self { script, namespace: None, exported: Exported::default(), realm }
    }
}

impl Leg for Evaluation {
    type Output = ScriptExports;

    fn place(&self) -> Option<&Place> {
        None
    }

    fn script(&self) -> Option<&str> {
        Some(self.script.name())
    }

    fn realm(&self) -> &Rc<Realm> {
        &self.realm
    }

    fn check(&self, isolate: &Isolate) -> Result<(), Error> {
        allows(&isolate.settings.limits, &self.script)?;
        isolate.is_of_this_life(self.realm.generation)
    }

    fn begin<'s>(
        &mut self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'s, '_>,
    ) -> Result<v8::Local<'s, v8::Value>, Error> {
        match start(isolate, scope, self.script.entry())? {
            Started::Module(module, promise) => {
                self.namespace = Some(v8::Global::new(scope, module.namespace));
                Ok(promise.into())
            }
            Started::Done(exported) => {
                self.exported = exported;
                Ok(v8::undefined(scope).into())
            }
        }
    }

    fn finish<'s>(
        &mut self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'s, '_>,
        _: v8::Local<'s, v8::Value>,
    ) -> Result<ScriptExports, Error> {
        let exported = match self.namespace.take() {
            Some(namespace) => {
                of_module(isolate, scope, v8::Local::new(scope, namespace), self.script.entry())?
            }
            None => std::mem::take(&mut self.exported),
        };
        Ok(ScriptExports { script: self.script.name().into(), realm: self.realm.clone(), exported })
    }
}

pub(super) fn text<'s>(
    scope: &v8::PinScope<'s, '_>,
    text: &str,
    script: &ScriptModule,
) -> Result<v8::Local<'s, v8::String>, Error> {
    js_string(scope, text, v8::NewStringType::Normal)
        .map_err(|error| Error::syntax(script.name().to_owned(), error.to_string(), (0, 0), None))
}

/// A module that has not run.
struct Module<'s> {
    module: v8::Local<'s, v8::Module>,
    namespace: Object<'s>,
}

fn module<'s>(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'s, '_>,
    script: &ScriptModule,
) -> Result<Module<'s>, Error> {
    let name = text(scope, script.name(), script)?;
    let source = text(scope, script.source(), script)?;
    v8::tc_scope!(let scope, scope);
    let code = script.code().get(CodeKind::Module);
    let (mut source, options) = engine::source(source, &origin(scope, name, true), code);
    let reason = v8::script_compiler::NoCacheReason::NoReason;
    let compile = || v8::script_compiler::compile_module2(scope, &mut source, options, reason);
    let Some(module) = engine::with_scan_stack(script.source(), compile) else {
        return Err(isolate.over(LimitKind::Stack, None));
    };
    let Some(module) = module else {
        return Err(syntax_error(scope, script, 0));
    };
    if module.instantiate_module2(scope, refuse_import::<v8::Module>, refuse_import::<v8::Object>).is_none() {
        // QuickJS parses a module when it is linked. V8 has no syntax errors here, because nothing can be
        // imported.
        let name = scope.exception().and_then(|thrown| thrown::name_and_message(scope, thrown).0);
        return Err(match name.as_deref() {
            Some("SyntaxError") => syntax_error(scope, script, 0),
            _ => at_import(isolate.thrown(scope, None), script, engine::first_import(scope, module)),
        });
    }
    let namespace = module.get_module_namespace().try_cast().map_err(|_| isolate.ended(None))?;
    Ok(Module { module, namespace })
}

/// Places the error of an import at the first import. Every import is refused.
fn at_import(mut error: Error, script: &ScriptModule, at: Option<(usize, usize)>) -> Error {
    if let (Error::Guest(thrown), Some((line, column))) = (&mut error, at)
        && thrown.stack.is_empty()
    {
        thrown.stack.push(StackFrame::new(None, script.name().to_owned(), (line, column)));
    }
    error
}

impl<'s> Module<'s> {
    /// Whether the module exports anything. The exports cannot be read yet, so all names are listed: a list of
    /// enumerable names alone would read them.
    fn has_exports(&self, scope: &v8::PinScope<'_, '_>) -> bool {
        let all = v8::GetPropertyNamesArgsBuilder::new()
            .mode(v8::KeyCollectionMode::OwnOnly)
            .property_filter(v8::PropertyFilter::ALL_PROPERTIES | v8::PropertyFilter::SKIP_SYMBOLS)
            .build();
        self.namespace.get_own_property_names(scope, all).is_some_and(|names| names.length() > 0)
    }

    /// Runs the module until it ends, or waits.
    fn run(
        self,
        isolate: &Isolate,
        scope: &mut v8::PinScope<'s, '_>,
        script: &ScriptModule,
    ) -> Result<Started<'s>, Error> {
        v8::tc_scope!(let scope, scope);
        let promise = self.module.evaluate(scope).ok_or_else(|| isolate.thrown(scope, None))?;
        // The code includes the functions that were called during the run.
        let code = || engine::code_of_module(scope, self.module);
        script.code().offer(CodeKind::Module, script.source().len(), code);
        match promise.try_cast::<v8::Promise>() {
            Ok(promise) => {
                promise.mark_as_handled();
                Ok(Started::Module(self, promise))
            }
            Err(_) => of_module(isolate, scope, self.namespace, script).map(Started::Done),
        }
    }
}

/// The namespace of a module, and its default export.
fn of_module(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    namespace: Object<'_>,
    script: &ScriptModule,
) -> Result<Exported, Error> {
    v8::tc_scope!(let scope, scope);
    let place = Exporter { object: v8::Global::new(scope, namespace), is_receiver: false };
    let mut exported = Exported { places: vec![place], only: None };
    let default = get(scope, namespace, "default").ok_or_else(|| isolate.thrown(scope, None))?;
    exported.add(scope, default, script, "default");
    Ok(exported)
}

/// Waits for a top-level `await`, which only guest code can settle.
fn settle(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    promise: v8::Local<'_, v8::Promise>,
) -> Result<(), Error> {
    if promise.state() == v8::PromiseState::Pending {
        engine::run_microtasks(scope, || isolate.is_ended());
    }
    match promise.state() {
        v8::PromiseState::Fulfilled => Ok(()),
        v8::PromiseState::Rejected => Err(thrown::error(scope, promise.result(scope), None, None)),
        v8::PromiseState::Pending if isolate.is_ended() => Err(isolate.ended(None)),
        v8::PromiseState::Pending => {
            let message = "the script waits at its top level for a promise that never settles; for a host method that is \
                           `async`, evaluate it asynchronously";
            Err(Error::Guest(Box::new(Thrown::new(Some("Error".into()), message.into()))))
        }
    }
}

/// Answers an `import` of a module, and an `import source`, which V8 expects results of different types for.
fn refuse_import<'s, T>(
    context: v8::Local<'s, v8::Context>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
    _referrer: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, T>> {
    // SAFETY: V8 calls this while the context is entered, and the scope ends before this function does.
    v8::callback_scope!(unsafe scope, context);
    scope.throw_exception(callbacks::import_error(scope, specifier));
    None
}

pub(super) fn syntax_error(
    scope: &Catch<'_, '_, '_, '_>,
    script: &ScriptModule,
    lines_before: usize,
) -> Error {
    let Some(message) = scope.message() else {
        let message = "the script cannot be compiled".to_owned();
        return Error::syntax(script.name().to_owned(), message, (0, 0), None);
    };
    let text = preview(scope, message.get(scope), thrown::TEXT);
    let text = text.strip_prefix("Uncaught ").unwrap_or(&text);
    // The parser of V8 recurses, and throws the error of a full stack. V8 calls no accessor of the guest for this text.
    let is_full = text.strip_prefix("RangeError: ").unwrap_or(text) == STACK_FULL;
    if (is_full || engine::hides_full_stack(text, script.source()))
        && let Some(isolate) = Isolate::current(scope)
    {
        return isolate.over(LimitKind::Stack, None);
    }
    // No engine calls an accessor for the name of an error. With frozen intrinsics, the name can be one.
    let is_nameless = Isolate::current(scope).is_some_and(Isolate::is_frozen) && !text.contains("Error: ");
    let message_text = format!("{}{text}", if is_nameless { "SyntaxError: " } else { "" });
    let (line, column) = engine::syntax_position(scope, scope.exception(), message);
    Error::syntax(script.name().to_owned(), message_text, (line.saturating_sub(lines_before), column), None)
}
