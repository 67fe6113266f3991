//! The names of browsers and of node that a realm gets by the settings of its sandbox: a table of names, and the programs that
//! make their values.
//!
//! - A program is JavaScript and functions of Rust. A program is compiled when a guest first reads one of its names, so an
//!   unread name costs its row alone. QuickJS has no lazy properties, so it makes the values with the realm. The names
//!   of `programs::OF_V8` are refused there.
//! - A program runs after code of the guest. So it looks up nothing on an intrinsic: beside syntax it uses the functions that
//!   it is given. A guest that replaces `Array.prototype[Symbol.iterator]` changes nothing for it.
//! - The functions hold no object of the host. They copy bytes and texts, and every length is bounded.
//! - In a frozen realm the values of a program are frozen when they are made.
//!
//! deno_core and its sisters have these classes as extensions. They are not used: they need the realm that deno_core makes,
//! whose ops and `Deno.core` no guest has, and they use no budgets.
//!
//! `realm` calls [`install`] before the contracts' globals are defined.

mod console;
mod programs;
mod table;

use deno_core::v8;

use super::realm_globals::{function, key, program};
use crate::isolate::engine::compile::get;
use crate::isolate::engine::text::fail;
use crate::isolate::engine::{LazyValue, define_lazy};
use crate::isolate::state::Isolate;
use crate::options::{Intrinsics, Settings, Web};

type Value<'s> = v8::Local<'s, v8::Value>;

/// The functions of Rust that a program uses, by name.
type Natives<'s> = Vec<(&'static str, Value<'s>)>;

/// A program that makes the values of names.
pub(super) struct WebProgram {
    name: &'static str,
    source: &'static str,
    natives: for<'s> fn(&v8::PinScope<'s, '_>) -> Option<Natives<'s>>,
}

/// Who gets a name.
#[derive(Clone, Copy)]
enum Given {
    /// Each realm, unless [`Console::Off`](crate::Console::Off) is set.
    Console,
    /// The guests of a builder with this group.
    With(Web),
    #[cfg_attr(feature = "quickjs", expect(dead_code, reason = "the group is refused there"))]
    /// The guests of a builder with `Web::FETCH` and a host of the contract `Fetch`.
    Requests,
}

/// A name, who gets it, and the program that makes its value; without a program, the value is the global object.
type Row = (&'static str, Given, Option<&'static WebProgram>);

/// The names that both engines have.
const NAMES: &[Row] = &[
    ("console", Given::Console, Some(&console::PROGRAM)),
    ("self", Given::With(Web::SELF), None),
    ("global", Given::With(Web::GLOBAL), None),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    NAMES.iter().chain(programs::NAMES).chain(programs::OF_V8)
}

/// The attributes of the names.
pub(super) fn attributes(is_frozen: bool) -> v8::PropertyAttribute {
    match is_frozen {
        false => v8::PropertyAttribute::DONT_ENUM,
        true => {
            v8::PropertyAttribute::DONT_ENUM
                | v8::PropertyAttribute::READ_ONLY
                | v8::PropertyAttribute::DONT_DELETE
        }
    }
}

/// An object for the values of the programs of a realm.
pub(super) fn values<'s>(scope: &v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::Object>> {
    let made = v8::Object::new(scope);
    made.set_prototype(scope, v8::null(scope).into())?;
    Some(made)
}

/// The values of the program of `AbortSignal`. `made` has those of the realm's programs.
pub(super) fn signals<'s>(
    scope: &v8::PinScope<'s, '_>,
    made: v8::Local<'s, v8::Object>,
) -> Option<v8::Local<'s, v8::Object>> {
    run(scope, made, programs::SIGNALS)
}

/// Defines the names of the settings, except `taken` ones, and returns them. `made` gets the values of their programs.
pub(super) fn install(
    scope: &v8::PinScope<'_, '_>,
    settings: &Settings,
    taken: &[&str],
    made: v8::Local<'_, v8::Object>,
) -> Option<Vec<&'static str>> {
    let is_given = |given: Given| match given {
        Given::Console => !settings.console.is_off(),
        Given::With(group) => settings.web.contains(group),
        Given::Requests => settings.web.contains(Web::FETCH) && taken.contains(&Web::FETCH_HOST),
    };
    let names = rows().filter(|(name, given, _)| is_given(*given) && !taken.contains(name));
    let attributes = || attributes(settings.intrinsics == Intrinsics::Frozen);
    let global = scope.get_current_context().global(scope);
    let mut defined = Vec::new();
    for (name, _, program) in names {
        let key = key(scope, name)?;
        match program {
            Some(_) => define_lazy::<Name>(scope, global, key, made.into(), attributes())?,
            None => global.define_own_property(scope, key, global.into(), attributes()).map(drop)?,
        }
        defined.push(*name);
    }
    Some(defined)
}

/// The value of a name of [`NAMES`].
struct Name;

impl LazyValue for Name {
    fn make<'s>(
        scope: &v8::PinScope<'s, '_>,
        made: Value<'s>,
        name: v8::Local<'s, v8::Name>,
    ) -> Option<Value<'s>> {
        let text = name.to_rust_string_lossy(scope);
        let (_, _, program) = rows().find(|(name, ..)| *name == text)?;
        get(scope, run(scope, made.try_cast().ok()?, (*program)?)?, &text)
    }
}

/// The values of a program, which runs once in a realm. `made` has the values of the programs that have run.
fn run<'s>(
    scope: &v8::PinScope<'s, '_>,
    made: v8::Local<'s, v8::Object>,
    wanted: &WebProgram,
) -> Option<v8::Local<'s, v8::Object>> {
    let key = key(scope, wanted.name)?;
    if made.has_own_property(scope, key)? {
        return made.get(scope, key.into())?.try_cast().ok();
    }
    let mut names = (wanted.natives)(scope)?;
    names.extend(common(scope, made)?);
    let values = program(scope, wanted.name, wanted.source, &names)?.try_cast::<v8::Object>().ok()?;
    if Isolate::current(scope)?.is_frozen() {
        freeze(scope, values)?;
    }
    made.create_data_property(scope, key, values.into())?;
    Some(values)
}

/// The functions that all programs have.
fn common<'s>(scope: &v8::PinScope<'s, '_>, made: v8::Local<'s, v8::Object>) -> Option<Natives<'s>> {
    let used = v8::Function::builder(used).data(made.into());
    Some(vec![
        ("use", used.constructor_behavior(v8::ConstructorBehavior::Throw).build(scope)?.into()),
        ("call", function(scope, "call", call)?.into()),
        ("fail", function(scope, "fail", fail)?.into()),
        ("range", function(scope, "range", range)?.into()),
        ("tag", function(scope, "tag", tag)?.into()),
        ("iterator", v8::Symbol::get_iterator(scope).into()),
    ])
}

/// The values of another program, by its name.
fn used(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    let name = arguments.get(0).to_rust_string_lossy(scope);
    let made = v8::Local::new(scope, arguments.data()).try_cast::<v8::Object>().ok();
    if let Some(values) =
        made.zip(programs::shared(&name)).and_then(|(made, program)| run(scope, made, program))
    {
        result.set(values.into());
    }
}

/// Calls a function of the guest: the function, its `this`, and arguments.
fn call(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    mut result: v8::ReturnValue<'_>,
) {
    let Ok(function) = arguments.get(0).try_cast::<v8::Function>() else { return };
    let given = (2..arguments.length()).map(|index| arguments.get(index)).collect::<Vec<_>>();
    if let Some(value) = function.call(scope, arguments.get(1), &given) {
        result.set(value);
    }
}

/// Throws a RangeError with a text of the program.
fn range(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    _: v8::ReturnValue<'_>,
) {
    if let Ok(text) = arguments.get(0).try_cast::<v8::String>() {
        scope.throw_exception(v8::Exception::range_error(scope, text));
    }
}

/// Names the class of a prototype, as `Object.prototype.toString` shows it.
fn tag(
    scope: &mut v8::PinScope<'_, '_>,
    arguments: v8::FunctionCallbackArguments<'_>,
    _: v8::ReturnValue<'_>,
) {
    if let Ok(prototype) = arguments.get(0).try_cast::<v8::Object>() {
        let (key, attributes) = (v8::Symbol::get_to_string_tag(scope), v8::PropertyAttribute::DONT_ENUM);
        let attributes = attributes | v8::PropertyAttribute::READ_ONLY;
        _ = prototype.define_own_property(scope, key.into(), arguments.get(1), attributes);
    }
}

/// Freezes the values of a program, and all objects that their own properties lead to.
fn freeze(scope: &v8::PinScope<'_, '_>, values: v8::Local<'_, v8::Object>) -> Option<()> {
    let seen = v8::Set::new(scope);
    let mut rest = vec![v8::Local::new(scope, values)];
    while let Some(object) = rest.pop() {
        if seen.has(scope, object.into())? {
            continue;
        }
        seen.add(scope, object.into())?;
        let keys = super::own_keys(scope, object)?;
        for index in 0..keys.length() {
            let name = keys.get_index(scope, index)?.try_cast::<v8::Name>().ok()?;
            let property = object.get_own_property_descriptor(scope, name)?.try_cast::<v8::Object>().ok()?;
            for part in ["value", "get", "set"] {
                if property.has_own_property(scope, key(scope, part)?)?
                    && let Ok(part) = get(scope, property, part)?.try_cast::<v8::Object>()
                {
                    rest.push(part);
                }
            }
        }
        object.set_integrity_level(scope, v8::IntegrityLevel::Frozen).filter(|is_frozen| *is_frozen)?;
    }
    Some(())
}
