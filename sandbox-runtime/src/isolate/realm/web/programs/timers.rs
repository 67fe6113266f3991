//! Timers: the program has them in groups, one for each asynchronous call, which the call's flight keeps and drops.

use deno_core::v8;

use super::events::report;
use super::ops::{Arguments, length, natives as of, number};
use super::{Natives, Value, WebProgram, function};
use crate::isolate::engine::compile::get;
use crate::isolate::engine::list;
use crate::isolate::limits::clock;
use crate::isolate::limits::exceeded::Exceeded;
use crate::isolate::realm::api_of;
use crate::isolate::state::Isolate;
use crate::options::{Clock, Web};

pub(super) const PROGRAM: WebProgram =
    WebProgram { name: "timers", source: include_str!("timers.js"), natives: all };

of! { current, join, groups, time, exceed, apply }

fn all<'s>(scope: &v8::PinScope<'s, '_>) -> Option<Natives<'s>> {
    let isolate = Isolate::current(scope)?;
    let host = isolate.hosts.iter().find(|host| host.name() == Web::TIMERS_HOST)?;
    let returns_it = function(scope, "freeze", same)?;
    let api = api_of(scope, isolate, host, returns_it.into())?.try_cast::<v8::Object>().ok()?;
    let steps = matches!(isolate.settings.clock, Clock::Frozen(_) | Clock::Virtual(_));
    let owner = usize::try_from(isolate.aborts.next()).ok()?;
    let mut names = natives(scope)?;
    names.extend([
        ("sleep", get(scope, api, "sleep")?),
        ("report", function(scope, "report", report)?.into()),
        ("owner", length(scope, owner)),
        ("most", length(scope, isolate.settings.limits.pending)),
        ("steps", v8::Boolean::new(scope, steps).into()),
    ]);
    Some(names)
}

/// In the place of `Object.freeze`, because no guest gets the object.
fn same(_: &mut v8::PinScope<'_, '_>, arguments: Arguments<'_>, mut result: v8::ReturnValue<'_>) {
    result.set(arguments.get(0));
}

/// The group of the call that the running code belongs to.
fn current<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let flight = Isolate::current(scope)?.current_flight(scope)?;
    let groups = flight.timers.borrow();
    let (_, group) = groups.iter().find(|(owner, _)| *owner == number(arguments.get(0)))?;
    Some(v8::Local::new(scope, group).into())
}

/// Keeps a group with the call that the running code belongs to. Returns whether there is one.
fn join<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let flight = Isolate::current(scope)?.current_flight(scope);
    let group = arguments.get(1).try_cast::<v8::Object>().ok()?;
    if let Some(flight) = &flight {
        flight.timers.borrow_mut().push((number(arguments.get(0)), v8::Global::new(scope, group)));
    }
    Some(v8::Boolean::new(scope, flight.is_some()).into())
}

/// The groups of all calls.
fn groups<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let owner = number(arguments.get(0));
    let flights = Isolate::current(scope)?.flights.by_id.borrow();
    let mut all = Vec::new();
    for flight in flights.values() {
        let groups = flight.timers.borrow();
        let own = groups.iter().filter(|(of, _)| *of == owner);
        all.extend(own.map(|(_, group)| Value::from(v8::Local::new(scope, group))));
    }
    Some(list(scope, &all)?.into())
}

/// The clock of timers, in whole milliseconds. Seconds that the system's clock is set by do not matter, unless the guest's clock is
/// that of the system in steps.
#[expect(clippy::cast_precision_loss, reason = "a time below 2^53 ms")]
fn time<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
    let isolate = Isolate::current(scope)?;
    let millis = match &isolate.settings.clock {
        Clock::Real => (clock::now().since(crate::time::Timestamp::START).get() / 1_000_000) as f64,
        other => other.now() as f64,
    };
    Some(v8::Number::new(scope, millis).into())
}

/// Ends the guest, which has too many timers.
fn exceed<'s>(scope: &v8::PinScope<'s, '_>, _: &Arguments<'s>) -> Option<Value<'s>> {
    Isolate::current(scope)?.exceed(Exceeded::Pending, None);
    None
}

/// Calls a function of the guest: the function, its `this`, and a list of arguments.
fn apply<'s>(scope: &v8::PinScope<'s, '_>, arguments: &Arguments<'s>) -> Option<Value<'s>> {
    let function = arguments.get(0).try_cast::<v8::Function>().ok()?;
    let values = arguments.get(2).try_cast::<v8::Array>().ok()?;
    let values =
        (0..values.length()).map(|index| values.get_index(scope, index)).collect::<Option<Vec<_>>>()?;
    function.call(scope, arguments.get(1), &values)
}
