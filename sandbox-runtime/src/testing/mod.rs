//! Tests of a guest or a host against its contract, with values made from the description of its types.
//!
//! The module needs the cargo feature `testing`, which belongs under `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! sandbox-runtime = { version = "0.1", features = ["testing"] }
//! ```
//!
//! [`fuzz_guest`] calls every method of a script, and [`fuzz_host`] makes a script call every method of an
//! implementation. A failing call is shrunk to the simplest one that fails. [`arguments`], [`violating_arguments`] and
//! [`hostile`] are the values alone, for property tests of your own.
//!
//! Values are made from a type's `schemars::JsonSchema`, so types must implement it.

#[cfg(any(sandbox_canary, sandbox_leaky))]
#[doc(hidden)]
pub use crate::isolate::canary;
mod fuzz;
mod guest;
mod host;
mod strategies;
#[cfg(feature = "typescript")]
#[doc(hidden)]
pub mod typescript;
#[cfg(feature = "process")]
#[doc(hidden)]
pub mod wire;
#[cfg(feature = "process")]
mod wire_roundtrip;

#[cfg(feature = "process")]
#[doc(hidden)]
pub use crate::process::in_memory;

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;

pub use fuzz::{Counterexample, Fuzz, MethodReport, Report, fuzz_guest, fuzz_host};

use crate::contract::{Contract, MethodSpec};
use crate::schema::check::CheckDirection;
use crate::schema::method_schemas;
use crate::value::JsValue;
use strategies::{SchemaSource, ShrinkBound};

/// Argument lists for a method, as a guest may pass them. The contract allows every one.
///
/// Edge cases are frequent: bounds, lengths, NaN, −0, 2^53 and characters beyond the basic plane. All JavaScript forms
/// of a type are frequent too, such as a Set for a list. `method` is the name in JavaScript.
///
/// ```
/// use proptest::prelude::*;
/// use sandbox_runtime::testing::arguments;
/// use sandbox_runtime::{JsValue, sandbox_api};
///
/// #[sandbox_api(host)]
/// pub trait MathApi {
///     fn add(&self, a: f64, b: u8) -> f64;
/// }
///
/// proptest!(|(args in arguments::<dyn MathApi>("add"))| {
///     prop_assert!(matches!(args[..], [JsValue::Number(_), JsValue::Number(0.0..256.0)]), "{args:?}");
/// });
/// ```
///
/// # Panics
///
/// When the contract has no such method.
pub fn arguments<C: ?Sized + Contract>(method: &str) -> BoxedStrategy<Vec<JsValue>> {
    strategies::valid(sources::<C>(method, CheckDirection::ToHost), ShrinkBound::default())
}

/// Argument lists for a method, in which the contract does not allow at least one value. `None` when there are no such
/// values, as for a method without parameters.
///
/// Each has a valid value with a change in one place: another type, a number beyond a bound, a wrong length, a missing
/// field or a wrong one.
///
/// ```
/// # use sandbox_runtime::sandbox_api;
/// use sandbox_runtime::testing::violating_arguments;
///
/// #[sandbox_api(host)]
/// pub trait Clock {
///     fn now(&self) -> f64;
///     fn sleep(&self, #[sandbox(range(min = 0, max = 60))] seconds: u8);
/// }
///
/// assert!(violating_arguments::<dyn Clock>("now").is_none());
/// assert!(violating_arguments::<dyn Clock>("sleep").is_some());
/// ```
///
/// # Panics
///
/// When the contract has no such method.
#[must_use]
pub fn violating_arguments<C: ?Sized + Contract>(method: &str) -> Option<BoxedStrategy<Vec<JsValue>>> {
    strategies::violating(sources::<C>(method, CheckDirection::ToHost), ShrinkBound::default())
}

/// JavaScript expressions that make values to attack the host with. They include Proxies, getters that throw, lie or
/// change what is being read, cycles, graphs that double, huge arrays, deep nesting and detached buffers. The names of
/// fields are those of this method's types. `method` is the name in JavaScript.
///
/// Evaluating an expression ends soon, and throws at most for want of memory. Reading its value may do anything.
///
/// ```
/// use proptest::strategy::{Strategy, ValueTree};
/// use proptest::test_runner::TestRunner;
/// use sandbox_runtime::testing::hostile;
/// use sandbox_runtime::{LocalSandbox, Script, sandbox_api};
///
/// #[sandbox_api(host)]
/// pub trait Log {
///     fn write(&self, line: String);
/// }
/// impl Log for () {
///     fn write(&self, _: String) {}
/// }
///
/// let sandbox = LocalSandbox::builder().host::<dyn Log>(()).build()?;
/// let value = hostile::<dyn Log>("write").new_tree(&mut TestRunner::deterministic()).unwrap().current();
/// let attack = format!("try {{ Log.write({value}) }} catch {{}}");
/// sandbox.eval(Script::new("attack.cjs", attack))?;
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
///
/// # Panics
///
/// When the contract has no such method.
pub fn hostile<C: ?Sized + Contract>(method: &str) -> BoxedStrategy<String> {
    let mut fields = sources::<C>(method, CheckDirection::ToHost)
        .iter()
        .flat_map(|source| source.fields())
        .collect::<Vec<_>>();
    fields.sort_unstable();
    fields.dedup();
    strategies::hostile(&fields)
}

/// Argument lists in JavaScript, one of them hostile and the others valid.
fn hostile_arguments<C: ?Sized + Contract>(method: &str) -> BoxedStrategy<Vec<String>> {
    let valid = arguments::<C>(method).prop_map(|args| args.iter().map(JsValue::to_js).collect::<Vec<_>>());
    (valid, hostile::<C>(method), any::<Index>())
        .prop_map(|(mut args, hostile, at)| {
            if !args.is_empty() {
                let at = at.index(args.len());
                args[at] = hostile;
            }
            args
        })
        .boxed()
}

/// Argument lists in JavaScript for a host's method, with functions, streams and objects of a guest. `None` for a method that
/// takes none of them, or that takes what no guest can make: an object of the host, or one inside of another value.
fn live_arguments<C: ?Sized + Contract>(method: &str) -> Option<BoxedStrategy<Vec<String>>> {
    let (method, [_, defs]) = method_schemas(spec_of::<C>(method));
    let params = method.params.into_iter().map(|param| {
        let schema = param.schema.to_host.unwrap_or(true.into());
        let source = Arc::new(SchemaSource::new(&schema, &defs, CheckDirection::ToHost));
        match source.has_handles() {
            true => strategies::live(&schema, &defs),
            false => {
                let values = strategies::valid(Arc::new([source]), ShrinkBound::default());
                Some(values.prop_map(|values| values.iter().map(JsValue::to_js).collect()).boxed())
            }
        }
    });
    Some(params.collect::<Option<Vec<_>>>()?.boxed())
}

fn spec_of<C: ?Sized + Contract>(method: &str) -> &'static MethodSpec {
    let spec = C::SPEC.methods.iter().find(|spec| spec.name == method);
    spec.unwrap_or_else(|| {
        panic!("the contract {} has no method with the JavaScript name `{method}`", C::SPEC.name)
    })
}

/// The schemas of a method's parameters, for values that go in this direction.
fn sources<C: ?Sized + Contract>(method: &str, direction: CheckDirection) -> Arc<[Arc<SchemaSource>]> {
    let (method, [to_guest, to_host]) = method_schemas(spec_of::<C>(method));
    let params = method.params.into_iter().map(|param| param.schema);
    let sources = params.map(|schema| match direction {
        CheckDirection::ToGuest => {
            SchemaSource::new(&schema.to_guest.unwrap_or(true.into()), &to_guest, direction)
        }
        CheckDirection::ToHost => {
            SchemaSource::new(&schema.to_host.unwrap_or(true.into()), &to_host, direction)
        }
    });
    sources.map(Arc::new).collect()
}
