//! Evaluates a script, and keeps the objects that hold its exports.
//!
//! A script has a form that its host chose, or it is a module or CommonJS, by its name or by what parses. `forms` and
//! `last_value` have all forms but modules. `guest` and the sites evaluate scripts, and `binding` binds contracts to
//! [`ScriptExports`]. A script of several files is loaded by `modules`. Nothing else is imported.

use std::rc::Rc;

use deno_core::v8;

use super::exported::{Exported, Exporter, refuse_import, syntax_error, text};
use super::flights::Leg;
use super::{forms, globals, last_value, modules};
use crate::error::{Amount, Error, LimitKind, Place, StackFrame, Thrown, of_syntax};
use crate::isolate::engine;
use crate::isolate::engine::compile::{Object, get, origin};
use crate::isolate::run::thrown;
use crate::isolate::state::Isolate;
use crate::isolate::state::modules::ScriptLoad;
use crate::isolate::state::realm::Realm;
use crate::limits::Limits;
use crate::script::{CodeKind, Script, ScriptFormat, ScriptModule};

/// The exports of an evaluated script.
pub(crate) struct ScriptExports {
    pub(in crate::isolate) script: String,
    /// The realm in which the script was evaluated.
    pub(in crate::isolate) realm: Rc<Realm>,
    pub(in crate::isolate) exported: Exported,
}

/// Gives a realm what a script needs, and begins the script's evaluation. A load that is dropped takes its modules with it.
fn begin<'s>(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'s, '_>,
    realm: &Rc<Realm>,
    script: &Script,
) -> Result<(Option<ScriptLoad>, Started<'s>), Error> {
    realm.maps.add(script);
    globals::give(isolate, scope, realm, script)?;
    let load = modules::load(realm, script);
    let started = match &load {
        Some(load) => modules::start(isolate, scope, &load.modules),
        None => start_alone(isolate, scope, script.entry()),
    };
    started.map(|started| (load, started))
}

/// Runs a script to its end.
pub(in crate::isolate) fn evaluate(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    realm: &Rc<Realm>,
    script: &Script,
) -> Result<ScriptExports, Error> {
    let (load, started) = begin(isolate, scope, realm, script)?;
    let exported = match started {
        Started::Module(module, promise) => {
            settle(isolate, scope, promise)?;
            of_module(isolate, scope, module.namespace, script.entry())?
        }
        Started::Done(exported) => exported,
    };
    if let Some(load) = load {
        load.keep();
    }
    Ok(ScriptExports { script: script.name().into(), realm: realm.clone(), exported })
}

/// Refuses a script that is longer than `Limits::script_bytes`, one that has several modules, one with parameters that no
/// function can have, and one whose types cannot be stripped. A site over a link asks before it sends anything.
pub(crate) fn allows(limits: &Limits, script: &Script) -> Result<(), Error> {
    let length = script.length();
    if length > limits.script_bytes {
        let met = Amount::Bytes(length as u64);
        return Err(limits.excess(LimitKind::Script).met(met).error(None));
    }
    script.strip().map_err(|(module, refusal)| Error::not_stripped(module.into(), refusal))?;
    match (script.members().len(), script.map()) {
        (1, _) => forms::allows(script.entry()),
        (_, Some(_)) if engine::LINKS_MODULES => Ok(()),
        (modules, _) => {
            let message = format!(
                "the script has {modules} modules, and only a script of one is evaluated: make one module of them"
            );
            Err(Error::syntax(script.name().into(), message, (0, 0), None))
        }
    }
}

/// The error of a script. The error of a limit names the script, a syntax error may have a hint, and places have those that they
/// were made from.
pub(crate) fn error_of(error: Error, script: &Script) -> Error {
    let error = match error {
        Error::Syntax { script: name, message, line, column, hint: None, .. } => {
            let source = script.member(&name).unwrap_or(script.entry()).source();
            let hint = of_syntax(&name, source, (line, column), &message);
            Error::syntax(name, message, (line, column), hint)
        }
        Error::Limit { mut excess, place: None, .. } => {
            excess.script.get_or_insert_with(|| script.name().into());
            excess.error(None)
        }
        other => other,
    };
    error.with_originals(script)
}

/// A script whose evaluation has begun.
pub(super) enum Started<'s> {
    /// A module, and the promise that its top level waits for.
    Module(Module<'s>, v8::Local<'s, v8::Promise>),
    /// An evaluation that is over.
    Done(Exported),
}

/// Begins the evaluation of a script that imports nothing.
fn start_alone<'s>(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'s, '_>,
    script: &ScriptModule,
) -> Result<Started<'s>, Error> {
    match script.format() {
        Some(ScriptFormat::Module) => module(isolate, scope, script)?.run(isolate, scope, script),
        Some(ScriptFormat::CommonJs) => forms::common_js(isolate, scope, script, None).map(Started::Done),
        Some(ScriptFormat::Body { parameters, is_async }) => {
            forms::body(isolate, scope, script, (parameters, *is_async)).map(Started::Done)
        }
        Some(ScriptFormat::Expression) => forms::expression(isolate, scope, script).map(Started::Done),
        Some(ScriptFormat::LastValue { parameters }) => {
            last_value::prepare(isolate, scope, script, parameters).map(Started::Done)
        }
        // No script begins with a file of data.
        Some(ScriptFormat::Json | ScriptFormat::Text) => Ok(Started::Done(Exported::default())),
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
    let no_module = match (forms::common_js(isolate, scope, script, None), module) {
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
    /// The load of a script of several files.
    load: Option<ScriptLoad>,
    exported: Exported,
    realm: Rc<Realm>,
}

impl Evaluation {
    pub(crate) fn new(realm: Rc<Realm>, script: Script) -> Self {
        Self { script, namespace: None, load: None, exported: Exported::default(), realm }
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
        let (load, started) = begin(isolate, scope, &self.realm, &self.script)?;
        self.load = load;
        match started {
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
        if let Some(load) = self.load.take() {
            load.keep();
        }
        Ok(ScriptExports { script: self.script.name().into(), realm: self.realm.clone(), exported })
    }
}

/// A module that has not run.
pub(super) struct Module<'s> {
    pub(super) module: v8::Local<'s, v8::Module>,
    pub(super) namespace: Object<'s>,
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
    let (mut source, options) = engine::source(source, &origin(scope, name, true, None), code);
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
    pub(super) fn has_exports(&self, scope: &v8::PinScope<'_, '_>) -> bool {
        let all = v8::GetPropertyNamesArgsBuilder::new()
            .mode(v8::KeyCollectionMode::OwnOnly)
            .property_filter(v8::PropertyFilter::ALL_PROPERTIES | v8::PropertyFilter::SKIP_SYMBOLS)
            .build();
        self.namespace.get_own_property_names(scope, all).is_some_and(|names| names.length() > 0)
    }

    /// Runs the module until it ends, or waits.
    pub(super) fn run(
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
