//! The test of a guest: does each call keep the contract?
//!
//! [`Fuzz::guest`](super::Fuzz::guest) runs it, one guest for all calls of a method.

use std::cell::RefCell;

use super::fuzz::{Counterexample, Fuzz, MethodReport, Outcome, Report};
use super::{sources, strategies};
use crate::contract::GuestContract;
use crate::error::{Direction, Error, Result};
use crate::isolate::calls::GuestCall;
use crate::schema::check;
use crate::script::Script;
use crate::site::typed::local::Local;
use crate::transport::Exports as _;
use crate::value::JsValue;

pub(super) fn run<C: ?Sized + GuestContract>(fuzz: &Fuzz, script: &Script) -> Result<Report, Counterexample> {
    let load = || (fuzz.sandbox)().build()?.eval(script.clone())?.transport::<C>();
    let exports = load().map_err(|error| Counterexample::before(script.name(), error))?;
    let mut methods = Vec::new();
    for (index, (spec, call)) in C::SPEC.methods.iter().zip(C::CALLS).enumerate() {
        if exports.exports(index) {
            methods.push(method::<C>(fuzz, &load, &spec.name, *call)?);
        }
    }
    Ok(Report { methods })
}

fn method<C: ?Sized + GuestContract>(
    fuzz: &Fuzz,
    load: &dyn Fn() -> Result<Local>,
    method: &'static str,
    call: GuestCall,
) -> Result<MethodReport, Counterexample> {
    let guest = RefCell::new(None);
    let try_one = |args: &Vec<JsValue>| {
        let loaded = match guest.take() {
            Some(guest) => guest,
            None => match load() {
                Ok(guest) => guest,
                Err(error) => return Outcome::Wrong(error),
            },
        };
        match loaded.call_plain(call, args) {
            // The next call must not begin in the state that this one left.
            Err(error @ (Error::Limit { .. } | Error::Discarded { .. })) => Outcome::Wrong(error),
            result => {
                guest.replace(Some(loaded));
                outcome(fuzz, result)
            }
        }
    };
    let values = strategies::valid(sources::<C>(method, check::CheckDirection::ToGuest), fuzz.shrinking);
    let report = fuzz.search(method, &values, try_one, |args| call_of(method, args))?;
    let MethodReport { calls, refused, .. } = report;
    if refused > calls {
        tracing::warn!(
            "{refused} of {} argument lists of `{method}` were refused: a rule of an argument is code, or narrower than its schema",
            calls.saturating_add(refused)
        );
    }
    Ok(report)
}

fn outcome(fuzz: &Fuzz, result: Result<JsValue>) -> Outcome {
    match result {
        Ok(_) => Outcome::Kept,
        Err(Error::Value(error)) if error.direction == Direction::ToGuest => {
            Outcome::Refused(Error::Value(error))
        }
        Err(Error::Guest(_)) if fuzz.allow_throws => Outcome::Failed,
        Err(error) => Outcome::Wrong(error),
    }
}

fn call_of(method: &str, args: &[JsValue]) -> String {
    let args = args.iter().map(JsValue::to_js).collect::<Vec<_>>();
    format!("{method}({})", args.join(", "))
}
