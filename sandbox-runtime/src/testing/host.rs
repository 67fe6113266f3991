//! The test of a host: does each method keep the contract, and do only values of the contract reach it?
//!
//! [`Fuzz::host`](super::Fuzz::host) runs it. A script makes the calls, as a hostile guest would.

use std::cell::RefCell;

use super::fuzz::{Counterexample, Fuzz, MethodReport, Outcome, Report};
use super::{hostile_arguments, live_arguments, sources, strategies};
use crate::client::LocalSandbox;
use crate::contract::{HostContract, MethodSpec};
use crate::error::{BoundaryError, Direction, Error, Result, Thrown};
use crate::guest_error::HostPanic;
use crate::isolate::Host;
use crate::isolate::calls::block_on;
use crate::schema::check;
use crate::script::Script;
use crate::value::JsValue;

/// Misuses the handles in a value: calls their methods with odd arguments, on other objects and after the end. Throws the first
/// failure of the host, and returns the value.
const MISUSE: &str = include_str!("misuse.js");

pub(super) fn run<C: ?Sized + HostContract>(fuzz: &Fuzz, host: Box<C>) -> Result<Report, Counterexample> {
    let unbuilt = |error| Counterexample::before(&*C::SPEC.name, error);
    let host = Host::new::<C>(host).map_err(|reason| unbuilt(Error::build(reason)))?;
    let build = || {
        let mut builder = (fuzz.sandbox)();
        // The script of a call contains its arguments, so the limit of a tenant's script does not apply.
        builder.settings.limits.script_bytes = usize::MAX;
        builder.shared_host(host.clone()).build()
    };
    let caller = Caller { build: &build, sandbox: RefCell::new(Some(build().map_err(unbuilt)?)) };
    let methods = C::SPEC.methods.iter().map(|spec| method::<C>(fuzz, &caller, spec));
    Ok(Report { methods: methods.collect::<Result<_, _>>()? })
}

/// A guest that calls host methods. Its sandbox is replaced after a call that exceeds a limit.
struct Caller<'b> {
    build: &'b dyn Fn() -> Result<LocalSandbox>,
    sandbox: RefCell<Option<LocalSandbox>>,
}

impl Caller<'_> {
    fn call(&self, call: &str, is_async: bool) -> Result<()> {
        let sandbox = self.sandbox.take().map_or_else(self.build, Ok)?;
        let result = match is_async {
            true => {
                block_on(sandbox.eval_async(Script::new("call.mjs", format!("await {call}; export {{}};"))))?
            }
            false => sandbox.eval(Script::new("call.cjs", call)),
        };
        let result = result.map(drop);
        if !matches!(result, Err(Error::Limit { .. } | Error::Discarded { .. })) {
            self.sandbox.replace(Some(sandbox));
        }
        result
    }

    /// Whether a limit ended the call, and the arguments alone exceed it without the method.
    fn are_too_large(&self, result: &Result<()>, args: &[String]) -> bool {
        let is_ended = |error| matches!(error, &Error::Limit { .. } | &Error::Discarded { .. });
        let alone = || {
            let script = Script::new("arguments.cjs", format!("void [{}];", args.join(", ")));
            (self.build)().and_then(|sandbox| sandbox.eval(script).map(drop))
        };
        result.as_ref().is_err_and(is_ended) && alone().as_ref().is_err_and(is_ended)
    }
}

fn method<C: ?Sized + HostContract>(
    fuzz: &Fuzz,
    caller: &Caller<'_>,
    spec: &'static MethodSpec,
) -> Result<MethodReport, Counterexample> {
    let (method, is_async) = (&*spec.name, spec.is_async);
    let gives_handles = !C::describe().handles.is_empty();
    let call_of = |args: &[String]| format!("{}.{method}({})", C::SPEC.name, args.join(", "));
    let script_of = |args: &[String]| match (gives_handles, is_async) {
        (false, _) => call_of(args),
        (true, false) => format!("{MISUSE}({})", call_of(args)),
        (true, true) => format!("{}.then({MISUSE})", call_of(args)),
    };
    let written = |args: &Vec<JsValue>| args.iter().map(JsValue::to_js).collect::<Vec<_>>();
    let of_values = |args: &Vec<JsValue>| call_of(&written(args));
    let try_one =
        |args: &Vec<JsValue>, outcome: fn(Result<()>) -> Outcome, too_large: fn(Error) -> Outcome| {
            let args = written(args);
            let result = caller.call(&script_of(&args), is_async);
            match (caller.are_too_large(&result, &args), result) {
                (true, Err(error)) => too_large(error),
                (_, result) => outcome(result),
            }
        };
    let sources = sources::<C>(method, check::CheckDirection::ToHost);
    let mut report = MethodReport::new(method);
    // No data are a handle. Hostile arguments are tried all the same.
    if sources.iter().any(|source| source.has_handles()) {
        if let Some(live) = live_arguments::<C>(method) {
            let try_one = |args: &Vec<String>| valid_call(caller.call(&script_of(args), is_async));
            report = report.and(&fuzz.search(method, &live, try_one, |args| call_of(args))?);
        }
    } else {
        let valid = strategies::valid(sources.clone(), fuzz.shrinking);
        let try_valid = |args: &Vec<JsValue>| try_one(args, valid_call, Outcome::Refused);
        report = report.and(&fuzz.search(method, &valid, try_valid, of_values)?);
        if let Some(violating) = strategies::violating(sources, fuzz.shrinking) {
            let try_one = |args: &Vec<JsValue>| try_one(args, violating_call, |_| Outcome::Repelled);
            report = report.and(&fuzz.search(method, &violating, try_one, of_values)?);
        }
    }
    if !spec.params.is_empty() {
        let hostile = hostile_arguments::<C>(method);
        let try_one = |args: &Vec<String>| hostile_call(caller.call(&script_of(args), is_async));
        report = report.and(&fuzz.search(method, &hostile, try_one, |args| call_of(args))?);
    }
    Ok(report)
}

/// The outcome for arguments that the contract allows.
fn valid_call(result: Result<()>) -> Outcome {
    match result {
        Ok(()) => Outcome::Kept,
        Err(Error::Guest(thrown)) => match refusal(&thrown) {
            Some(refusal) if refusal.direction == Direction::ToHost => {
                Outcome::Refused(Error::Value(Box::new(refusal.clone())))
            }
            _ => failure(thrown),
        },
        Err(error) => Outcome::Wrong(error),
    }
}

/// The outcome for arguments that the contract does not allow.
fn violating_call(result: Result<()>) -> Outcome {
    match result {
        Ok(()) => {
            let text = "the method was called with arguments that the contract does not allow";
            Outcome::Wrong(Error::public(text))
        }
        Err(Error::Guest(thrown)) if is_repelled(&thrown) => Outcome::Repelled,
        Err(error) => Outcome::Wrong(error),
    }
}

/// The outcome for hostile arguments, of which the contract allows some. Their cost counts as the guest's.
fn hostile_call(result: Result<()>) -> Outcome {
    match result {
        Ok(()) => Outcome::Kept,
        Err(Error::Guest(thrown)) if is_repelled(&thrown) || thrown.source.is_none() => Outcome::Repelled,
        Err(Error::Guest(thrown)) => failure(thrown),
        Err(Error::Limit { .. } | Error::Discarded { .. }) => Outcome::Repelled,
        Err(error) => Outcome::Wrong(error),
    }
}

/// The outcome of a method that got its arguments and failed.
fn failure(thrown: Box<Thrown>) -> Outcome {
    match refusal(&thrown) {
        Some(refusal) => Outcome::Wrong(Error::HostValue(Box::new(refusal.clone()))),
        None if thrown.host_error::<HostPanic>().is_some() => Outcome::Wrong(Error::Guest(thrown)),
        None => Outcome::Failed,
    }
}

fn refusal(thrown: &Thrown) -> Option<&BoundaryError> {
    thrown.host_error()
}

fn is_repelled(thrown: &Thrown) -> bool {
    refusal(thrown).is_some_and(|refusal| refusal.direction == Direction::ToHost)
}
