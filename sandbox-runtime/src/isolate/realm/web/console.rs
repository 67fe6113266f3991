//! The console of a realm: lines from the arguments of its methods. Groups, counts and timers are the program's.

use deno_core::v8;

use super::table::{self, Table};
use super::{Natives, WebProgram, function};
use crate::boundary::Budget;
use crate::error::StackFrame;
use crate::isolate::engine::text::preview;
use crate::isolate::run::thrown;
use crate::isolate::state::Isolate;
use crate::isolate::state::realm::Realm;
use crate::isolate::values::{describe, observed};
use crate::isolate::{engine, shim};
use crate::limits::Limits;
use crate::options::{ConsoleLine, Level};
use crate::value::JsValue;

pub(super) const PROGRAM: WebProgram =
    WebProgram { name: "console", source: include_str!("console.js"), natives };

type Arguments<'s> = v8::FunctionCallbackArguments<'s>;

fn natives<'s>(scope: &v8::PinScope<'s, '_>) -> Option<Natives<'s>> {
    Some(vec![
        ("write", function(scope, "write", write)?.into()),
        ("table", function(scope, "table", tabulate)?.into()),
        ("now", function(scope, "now", super::super::realm_globals::now)?.into()),
        ("isRead", v8::Boolean::new(scope, is_read(scope)).into()),
    ])
}

/// Whether anybody gets the lines. If not, no argument is read.
fn is_read(scope: &v8::PinScope<'_, '_>) -> bool {
    Isolate::current(scope).is_some_and(|isolate| isolate.settings.console.takes_lines())
}

/// The place that the console is called at.
fn place(scope: &v8::PinScope<'_, '_>) -> Option<StackFrame> {
    let mut frame = engine::caller(scope, |frame| !shim::is_shim(&frame.file))?;
    Realm::current(scope).inspect(|realm| realm.maps.place(std::slice::from_mut(&mut frame)));
    Some(frame)
}

/// The levels, by their numbers in the program.
const LEVELS: [Level; 4] = [Level::Debug, Level::Info, Level::Warn, Level::Error];
/// The level of a table.
const INFO: usize = 1;

/// The groups whose lines are indented further than those of the group around.
const DEEPEST: usize = 16;

/// Writes a line: its level, the depth of its group, the values, and a text before them.
fn write(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: v8::ReturnValue<'_>) {
    let level = LEVELS[number(arguments.get(0)).min(LEVELS.len() - 1)];
    tell(scope, level, number(arguments.get(1)), |scope, left| {
        let before = arguments.get(3).try_cast::<v8::String>().ok();
        let mut text = before.map(|before| preview(scope, before, longest(left))).unwrap_or_default();
        let values = arguments.get(2).try_cast::<v8::Array>().ok()?;
        for index in 0..values.length() {
            if index > 0 || before.is_some() {
                text.push(' ');
            }
            text.push_str(&shown(scope, values.get_index(scope, index)?, left.saturating_sub(text.len())));
            if text.len() > left {
                break;
            }
        }
        Some(text)
    });
}

/// Writes a table: the depth of its group, the data, and the columns. Data without rows are written as values are.
fn tabulate(scope: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, _: v8::ReturnValue<'_>) {
    tell(scope, LEVELS[INFO], number(arguments.get(0)), |scope, left| {
        let data = data(scope, arguments.get(1), left).as_ref().and_then(Table::of);
        let columns = data.is_some().then(|| data_of(scope, arguments.get(2), left)).flatten();
        Some(match data {
            Some(mut table) => {
                columns.iter().for_each(|columns| table.only(columns));
                table.text()
            }
            None => shown(scope, arguments.get(1), left),
        })
    });
}

fn data_of(
    scope: &v8::PinScope<'_, '_>,
    value: v8::Local<'_, v8::Value>,
    left: usize,
) -> Option<Vec<String>> {
    match data(scope, value, left)? {
        JsValue::Array(columns) => Some(columns.iter().map(table::name).collect()),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number of the program")]
fn number(value: v8::Local<'_, v8::Value>) -> usize {
    value.try_cast::<v8::Number>().map_or(0, |number| number.value() as usize)
}

/// Writes a line whose text `make` makes within a number of bytes. Once the cap of the call is reached, the text is not made
/// any more.
fn tell(
    scope: &mut v8::PinScope<'_, '_>,
    level: Level,
    depth: usize,
    make: impl FnOnce(&v8::PinScope<'_, '_>, usize) -> Option<String>,
) {
    let Some(isolate) = Isolate::current(scope) else { return };
    if !isolate.stack().allows_call() || isolate.is_ended() {
        return;
    }
    let Some(call) = isolate.call.get() else { return };
    let most = isolate.settings.limits.console_bytes;
    let left = match isolate.settings.console.takes_lines() {
        true => most.saturating_sub(call.console_bytes()),
        false => 0,
    };
    let text = (left > 0).then(|| line(scope, depth, left, make)).flatten();
    let Some(isolate) = Isolate::current(scope) else { return };
    let Some(call) = isolate.call.get() else { return };
    let Some(text) = text else {
        call.drop_line();
        isolate.settings.captured.drop_lines(1);
        return;
    };
    // An empty line counts as one byte.
    let length = text.len().max(1);
    let line = ConsoleLine::new(level, text, place(scope));
    let tell = isolate.observed.as_ref().map(|observed| |line: &ConsoleLine| observed.console_line(line));
    match isolate.settings.console.write(line, &isolate.settings.captured, most, tell) {
        true => call.keep_line(length),
        false => call.drop_line(),
    }
}

/// The text of a line, unless it has more than `left` bytes. Getters of the guest may run, within its limits. Their
/// exceptions are discarded.
fn line(
    scope: &mut v8::PinScope<'_, '_>,
    depth: usize,
    left: usize,
    make: impl FnOnce(&v8::PinScope<'_, '_>, usize) -> Option<String>,
) -> Option<String> {
    v8::tc_scope!(let scope, scope);
    let text = make(scope, left).filter(|text| text.len() <= left)?;
    if depth == 0 {
        return Some(text);
    }
    // The margins are counted before they are made.
    let margin = "  ".repeat(depth.min(DEEPEST));
    let lines = text.split('\n').count();
    let length = lines.saturating_mul(margin.len()).saturating_add(text.len());
    (length <= left).then(|| format!("{margin}{}", text.replace('\n', &format!("\n{margin}"))))
}

/// How many characters of one argument are read.
const LONGEST: usize = 1 << 20;

/// One unit more than fits, so that a line which is cut is seen to be too long.
fn longest(left: usize) -> usize {
    left.saturating_add(1).min(LONGEST)
}

/// A value as text: a string itself, an error's name and message, all of other data if it is small.
fn shown(scope: &v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>, left: usize) -> String {
    if let Ok(string) = value.try_cast::<v8::String>() {
        return preview(scope, string, longest(left));
    }
    if value.is_native_error() {
        let (name, message) = thrown::name_and_message(scope, value);
        return format!("{}: {message}", name.unwrap_or_default());
    }
    match data(scope, value, left) {
        None => describe(scope, value),
        Some(data) => table::value(&data),
    }
}

/// An object as data, if it is small.
fn data(scope: &v8::PinScope<'_, '_>, value: v8::Local<'_, v8::Value>, left: usize) -> Option<JsValue> {
    let isolate = Isolate::current(scope).filter(|_| value.is_object())?;
    let limits = Limits { value_nodes: 1000, value_bytes: left, value_depth: 16, ..Limits::default() };
    let copy = v8::Local::new(scope, value);
    let data = observed(scope, &Budget::new(&limits, isolate.stack()), copy).ok()?;
    (!matches!(data, JsValue::Other(_))).then_some(data)
}
