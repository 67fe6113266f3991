//! Scripts whose result is the value of their last statement, for `script`.
//!
//! A call runs a program: a block that declares the parameters, and inside of it a block with the statements of the guest. The
//! value of a block is that of its last statement that has one. The arguments come as a property of the global object, under a
//! name that the statements do not have. The block's first declaration removes the property before a statement runs.
//!
//! Sloppy code makes a global of each function that a block declares, and V8 takes that assignment for a value. No engine
//! does so where a block around declares a variable of the same name. So the outer block declares one for each such function.

use deno_core::v8;

use super::declared;
use super::exported::{Exported, syntax_error, text};
use super::forms::parse;
use crate::error::{Amount, Error};
use crate::isolate::engine;
use crate::isolate::engine::compile::{parses, run_program};
use crate::isolate::engine::text::js_string;
use crate::isolate::state::{Catch, Isolate};
use crate::script::{ScriptFormat, ScriptModule};

/// The most text of which the declarations are looked for, in bytes: that of the script once for each function. No limit ends
/// the engine while it parses, so this is no more than one parse of the longest script of the default limits.
const MOST: usize = 4 << 20;

/// The parts of [`evaluate`]'s data.
const NAME: u32 = 0;
const PROGRAM: u32 = 1;
const ARGUMENTS: u32 = 2;

/// Makes the function that runs the statements of a script. Nothing of the script runs.
pub(super) fn prepare(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_>,
    script: &ScriptModule,
    parameters: &[String],
) -> Result<Exported, Error> {
    let source = script.source();
    let key = declared::unused(source, "$arguments");
    let named = parameters.iter().enumerate();
    let mut head = named.map(|(index, name)| format!("{name} = {key}[{index}]")).collect::<Vec<_>>();
    v8::tc_scope!(let scope, scope);
    // Behind the block of `try` stands `catch` or `finally`, and no statement begins with these. So a text that closes its
    // block fails in one of the two.
    parse(scope, script, &format!("{{\n{source}\n}}"))?;
    parse(scope, script, &format!("try {{\n{source}\n}} finally {{}}"))?;
    head.extend(functions(isolate, scope, script)?.into_iter().map(str::to_owned));
    // A declaration has no value, so the removal is none of the script's last value.
    head.push(format!("{key}_removed = delete {key}"));
    let head = format!("{{ let {}; {{", head.join(", "));
    let line = if engine::FRAMES_HAVE_ORIGINS { '\n' } else { ' ' };
    let name = text(scope, script.name(), script)?;
    let program = text(scope, &format!("{head}{line}{source}\n}} }}"), script)?;
    if !parses(scope, name, program) {
        return Err(syntax_error(scope, script, 0));
    }
    let data = [name.into(), program.into(), text(scope, &key, script)?.into()];
    let data = engine::list(scope, &data).ok_or_else(|| isolate.ended(None))?;
    let function = v8::Function::builder(evaluate)
        .data(data.into())
        .length(i32::try_from(parameters.len()).unwrap_or(i32::MAX))
        .constructor_behavior(v8::ConstructorBehavior::Throw)
        .build(scope)
        .ok_or_else(|| isolate.ended(None))?;
    let mut exported = Exported::default();
    exported.add(scope, function.into(), script, "a last value");
    exported.places.clear();
    Ok(exported)
}

/// The functions that the statements declare, but for those with the name of a parameter. A name is declared where another
/// declaration of it does not parse.
fn functions<'a>(
    isolate: &Isolate,
    scope: &mut Catch<'_, '_, '_, '_>,
    script: &'a ScriptModule,
) -> Result<Vec<&'a str>, Error> {
    let source = script.source();
    let parameters = script.format().map_or(&[][..], ScriptFormat::parameters);
    let mut names = declared::functions(source);
    names.retain(|name| !parameters.iter().any(|parameter| parameter == name));
    if names.len().saturating_mul(source.len()) > MOST {
        let (many, bytes, most) =
            (names.len(), Amount::Bytes(source.len() as u64), Amount::Bytes(MOST as u64));
        let message = format!(
            "{many} functions in {bytes} are too many for a script with a last value: at most {most} are parsed, once for \
             each function; make it a body that returns"
        );
        return Err(Error::syntax(script.name().to_owned(), message, (0, 0), None));
    }
    let mut found = Vec::new();
    for function in names {
        // The engine parses whatever ends the call.
        if isolate.is_ended() {
            return Err(isolate.ended(None));
        }
        let again = format!("{{\n{source}\nlet {function}\n}}");
        let outside = format!("{{ let {function}; {{\n{source}\n}} }}");
        if !parses_alone(scope, script, &again)? && parses_alone(scope, script, &outside)? {
            found.push(function);
        }
    }
    Ok(found)
}

/// Looks whether a program parses. No handle and no exception stays behind.
fn parses_alone(
    scope: &mut v8::PinScope<'_, '_>,
    script: &ScriptModule,
    program: &str,
) -> Result<bool, Error> {
    v8::scope!(let scope, scope);
    v8::tc_scope!(let scope, scope);
    let (name, program) = (text(scope, script.name(), script)?, text(scope, program, script)?);
    Ok(parses(scope, name, program))
}

fn evaluate(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    if let Some(value) = value(scope, &arguments) {
        result.set(value);
    }
}

/// The value of the last statement; `None` when the script threw.
fn value<'s>(
    scope: &v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Option<v8::Local<'s, v8::Value>> {
    let data = arguments.data().try_cast::<v8::Object>().ok()?;
    let part = |index| data.get_index(scope, index)?.try_cast::<v8::String>().ok();
    let given = (0..arguments.length()).map(|index| arguments.get(index)).collect::<Vec<_>>();
    let given = engine::list(scope, &given)?;
    let global = scope.get_current_context().global(scope);
    if !global.create_data_property(scope, part(ARGUMENTS)?.into(), given.into())? {
        let message = "the global object has no room for the arguments";
        let message = js_string(scope, message, v8::NewStringType::Normal).ok()?;
        scope.throw_exception(v8::Exception::type_error(scope, message));
        return None;
    }
    run_program(scope, part(NAME)?, part(PROGRAM)?, if engine::FRAMES_HAVE_ORIGINS { -1 } else { 0 })
}
