//! The forms of a script that are functions: CommonJS, the body of a function, an expression.
//!
//! All of them are compiled as functions. A body or an expression that would close the host's text around it is a syntax
//! error, and nothing of the text runs. CommonJS runs when it is loaded. So only V8 refuses CommonJS that closes its function:
//! on QuickJS, what stands behind runs as the rest does, within the limits of the evaluation. `script` chooses the form.

use deno_core::v8;

use super::declared;
use super::exported::{Exported, Exporter, syntax_error, text};
use crate::error::Error;
use crate::isolate::engine;
use crate::isolate::engine::compile::{compile_at, compile_with, origin, parses};
use crate::isolate::engine::text::js_string;
use crate::isolate::state::{Catch, Isolate};
use crate::schema::is_variable_name;
use crate::script::{CodeKind, ScriptFormat, ScriptModule};

type Function<'s> = v8::Local<'s, v8::Function>;

/// The values that a file of CommonJS is compiled and called with.
pub(super) struct CommonJsFile<'s> {
    pub(super) options: v8::Local<'s, v8::Data>,
    pub(super) module: v8::Local<'s, v8::Object>,
    pub(super) exports: v8::Local<'s, v8::Object>,
    pub(super) require: Function<'s>,
}

/// Refuses a form whose parameters no function can have.
pub(super) fn allows(script: &ScriptModule) -> Result<(), Error> {
    let parameters = script.format().map_or(&[][..], ScriptFormat::parameters);
    let refuse = |reason: String| Err(Error::syntax(script.name().to_owned(), reason, (0, 0), None));
    for (index, parameter) in parameters.iter().enumerate() {
        if !is_variable_name(parameter) {
            return refuse(format!("`{parameter}` cannot be the name of a parameter: take an identifier"));
        }
        if parameters[..index].contains(parameter) {
            return refuse(format!("two parameters of the script have the name `{parameter}`: rename one"));
        }
    }
    Ok(())
}

/// Runs a script as the body of a function of `module` and `exports`. A file of several has `require` too.
pub(super) fn common_js<'s>(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'s, '_>,
    script: &ScriptModule,
    file: Option<&CommonJsFile<'s>>,
) -> Result<Exported, Error> {
    let parameters = ["module", "exports", "require"].into_iter().take(if file.is_some() { 3 } else { 2 });
    let parameters = parameters.map(|parameter| text(scope, parameter, script));
    let parameters = parameters.collect::<Result<Vec<_>, Error>>()?;
    v8::tc_scope!(let scope, scope);
    let names = declared::names(script.source());
    let (function, names) = match with_declared(scope, script, &parameters, file, &names)? {
        Some(function) => (function, names),
        None => {
            scope.reset();
            let Some(function) = function_of(scope, script, script.source(), &parameters, file)? else {
                return Err(syntax_error(scope, script, engine::LINES_BEFORE_A_BODY));
            };
            (function, Vec::new())
        }
    };
    let ended = || isolate.ended(None);
    let key = js_string(scope, "exports", v8::NewStringType::Internalized).map_err(|_| ended())?;
    let (module, exports) = match file {
        Some(file) => (file.module, file.exports),
        None => {
            let (module, exports) = (v8::Object::new(scope), v8::Object::new(scope));
            module.create_data_property(scope, key.into(), exports.into()).ok_or_else(ended)?;
            (module, exports)
        }
    };
    let arguments = [module.into(), exports.into()].into_iter().chain(file.map(|file| file.require.into()));
    let Some(result) = function.call(scope, exports.into(), &arguments.collect::<Vec<_>>()) else {
        return Err(isolate.thrown(scope, None));
    };
    keep_code(scope, script, function);
    let exports = module.get(scope, key.into()).ok_or_else(|| isolate.thrown(scope, None))?;
    let mut exported = Exported::default();
    exported.add(scope, exports, script, "module.exports");
    if !names.is_empty() {
        let object = functions(scope, result, &names).ok_or_else(|| isolate.thrown(scope, None))?;
        exported.places.extend(object.map(|object| Exporter { object, is_receiver: false }));
    }
    Ok(exported)
}

/// The function of CommonJS that returns the functions of these names; `None` if there are no names, or the text does not
/// parse with the statements that return them.
fn with_declared<'s>(
    scope: &v8::PinScope<'s, '_>,
    script: &ScriptModule,
    parameters: &[v8::Local<'s, v8::String>],
    file: Option<&CommonJsFile<'s>>,
    names: &[&str],
) -> Result<Option<Function<'s>>, Error> {
    let Some(returning) = declared::returning(script.source(), names) else { return Ok(None) };
    function_of(scope, script, &returning, parameters, file)
}

/// The function of a text of CommonJS; `None` if the text does not parse.
fn function_of<'s>(
    scope: &v8::PinScope<'s, '_>,
    script: &ScriptModule,
    source: &str,
    parameters: &[v8::Local<'s, v8::String>],
    file: Option<&CommonJsFile<'s>>,
) -> Result<Option<Function<'s>>, Error> {
    let (name, source) = (text(scope, script.name(), script)?, text(scope, source, script)?);
    let origin = origin(scope, name, false, file.map(|file| file.options));
    Ok(compile_at(scope, source, parameters, &origin, script.code().get(CodeKind::Function)))
}

/// An object with the functions of a list, under their names. `None` inside when there is no such list or no function;
/// `None` when code of the guest threw.
fn functions(
    scope: &v8::PinScope<'_, '_>,
    list: v8::Local<'_, v8::Value>,
    names: &[&str],
) -> Option<Option<v8::Global<v8::Object>>> {
    let list = list.try_cast::<v8::Array>().ok().filter(|list| list.length() as usize == names.len());
    let Some(list) = list else { return Some(None) };
    let (object, mut any) = (v8::Object::new(scope), false);
    for (index, name) in (0..).zip(names) {
        if let Ok(function) = list.get_index(scope, index)?.try_cast::<v8::Function>() {
            let key = js_string(scope, name, v8::NewStringType::Internalized).ok()?;
            object.create_data_property(scope, key.into(), function.into())?;
            any = true;
        }
    }
    Some(any.then(|| v8::Global::new(scope, object)))
}

/// Compiles a script as the body of a function. Nothing of the script runs.
pub(super) fn body(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    script: &ScriptModule,
    (parameters, is_async): (&[String], bool),
) -> Result<Exported, Error> {
    let (source, list) = (script.source(), parameters.join(", "));
    v8::tc_scope!(let scope, scope);
    let kind = if is_async { "async " } else { "" };
    if is_async || !engine::READS_WHOLE_BODIES {
        // Behind a declaration stands a statement. Behind a method of an object stands a comma or a bracket, and no statement
        // begins with these. So a text that closes its function fails in one of the two.
        parse(scope, script, &format!("{kind}function body({list}) {{\n{source}\n}}"))?;
        parse(scope, script, &format!("({{ {kind}body({list}) {{\n{source}\n}} }})"))?;
    }
    let function = if is_async {
        let program = format!("return async function ({list}) {{\n{source}\n}}");
        result_of(isolate, scope, script, &program)?.try_cast().map_err(|_| isolate.ended(None))?
    } else {
        let (name, source) = (text(scope, script.name(), script)?, text(scope, source, script)?);
        let parameters = parameters.iter().map(|parameter| text(scope, parameter, script));
        let parameters = parameters.collect::<Result<Vec<_>, Error>>()?;
        let code = script.code().get(CodeKind::Function);
        let Some(function) = compile_with(scope, name, source, &parameters, (code, 0)) else {
            return Err(syntax_error(scope, script, engine::LINES_BEFORE_A_BODY));
        };
        keep_code(scope, script, function);
        function
    };
    let mut exported = Exported::default();
    exported.add(scope, function.into(), script, "a body");
    exported.places.clear();
    Ok(exported)
}

/// Evaluates a script that is one expression.
pub(super) fn expression(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    script: &ScriptModule,
) -> Result<Exported, Error> {
    let source = script.source().trim_end();
    let source = source.strip_suffix(';').unwrap_or(source);
    v8::tc_scope!(let scope, scope);
    // A text that closes one of the two brackets does not close the other.
    parse(scope, script, &format!("[\n{source}\n]"))?;
    let value = result_of(isolate, scope, script, &format!("return (\n{source}\n)"))?;
    let mut exported = Exported::default();
    exported.add(scope, value, script, "an expression");
    Ok(exported)
}

/// Refuses a program that does not parse. The text of the guest begins in its second line.
pub(super) fn parse(
    scope: &Catch<'_, '_, '_, '_>,
    script: &ScriptModule,
    program: &str,
) -> Result<(), Error> {
    let (name, program) = (text(scope, script.name(), script)?, text(scope, program, script)?);
    match parses(scope, name, program) {
        true => Ok(()),
        false => Err(syntax_error(scope, script, engine::LINES_BEFORE_A_BODY)),
    }
}

/// The result of a program of the host that has the guest's text from its second line on.
fn result_of<'s>(
    isolate: &Isolate,
    scope: &mut Catch<'_, '_, 's, '_>,
    script: &ScriptModule,
    program: &str,
) -> Result<v8::Local<'s, v8::Value>, Error> {
    let (name, program) = (text(scope, script.name(), script)?, text(scope, program, script)?);
    let code = script.code().get(CodeKind::Function);
    let Some(function) = compile_with(scope, name, program, &[], (code, -1)) else {
        return Err(syntax_error(scope, script, 2 * engine::LINES_BEFORE_A_BODY));
    };
    let undefined = v8::undefined(scope).into();
    let value = function.call(scope, undefined, &[]).ok_or_else(|| isolate.thrown(scope, None))?;
    keep_code(scope, script, function);
    Ok(value)
}

/// Keeps the engine's code of a function for the next load.
fn keep_code(scope: &v8::PinScope<'_, '_>, script: &ScriptModule, function: Function<'_>) {
    script
        .code()
        .offer(CodeKind::Function, script.source().len(), || engine::code_of_function(scope, function));
}
