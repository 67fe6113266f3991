//! The values of a call as bytes, for a guest at the other end of a link: arguments are checked and written, results are read.

use sandbox_core::spec::ParamSpec;

use crate::boundary::{Budget, ValueError, from_tree, is_whole, read_with_diagnosis};
use crate::contract::{Arguments, Crosses, enforce};
use crate::error::{Conversion, Direction, Result};
use crate::isolate::conversion::converted;
use crate::isolate::method_info::MethodInfo;
use crate::limits::Limits;
use crate::schema::{MethodChecks, TypeCheck};
use crate::stack::StackEnd;
use crate::wire::{self, Encoded, Out, WireArguments};

/// Checks the arguments of a call.
pub(crate) fn allow(method: &MethodInfo<'_>, args: &impl Arguments, checks: &MethodChecks) -> Result<()> {
    let params: &[ParamSpec] = &method.spec.params;
    let checked = converted(method, Conversion::Arguments, || enforce(args, params, checks))?;
    checked.map_err(|error| method.write_error(error))
}

/// Writes the arguments of a call.
pub(crate) fn write(
    method: &MethodInfo<'_>,
    args: impl Arguments,
    out: &mut Out,
) -> Result<Result<(), ValueError>> {
    let mut writer = WireArguments::new(out, &method.spec.params);
    Ok(converted(method, Conversion::Arguments, || args.write(&mut writer))?)
}

/// Reads the result of a method; `None` when the bytes are no value.
pub(crate) fn read<V: Crosses>(
    method: &MethodInfo<'_>,
    check: &TypeCheck,
    encoded: Encoded<'_>,
    limits: &Limits,
) -> Option<Result<V>> {
    let read = || {
        read_with_diagnosis(
            check.is_read_constrained,
            || {
                let budget = Budget::new(limits, StackEnd::of_thread()).scoped(method.spec.is_scoped);
                budget.with_handles(encoded.handles())
            },
            || wire::decode(encoded, limits),
            |budget, data| {
                let read = from_tree::<V>(budget, data).map_err(|error| error.inside("result"));
                read.and_then(|value| check.enforce(&value, "result").map(|()| value))
            },
            (is_whole, |data| check.diagnose(&data.clone().without_given(), "result")),
        )
    };
    let read = match converted(method, Conversion::Result, read) {
        Ok(read) => read.ok()?,
        Err(panicked) => return Some(Err(*panicked)),
    };
    Some(read.map_err(|error| error.into_error(method.place(), Direction::ToHost)))
}
