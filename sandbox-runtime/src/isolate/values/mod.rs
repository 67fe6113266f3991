//! V8's source and sink of values: copies each value that crosses into the engine and out of it.
//!
//! Both halves are serde formats over V8's values. So every type that serde knows crosses, and no text is made in between.
//! serde_v8 does not fit: it has no budget, rounds integers, ignores `deny_unknown_fields`, and reads lone surrogates as
//! U+FFFD. Here each of these is a typed error that names the place. The parts that plain data need too are in
//! `boundary` of `sandbox-core`.

mod access;
mod arguments;
mod collect;
mod describe;
mod deserialize;
mod diagnosis;
mod exotic;
#[cfg(feature = "process")]
mod given;
mod handle;
mod methods;
mod observe;
mod read;
mod seen;
mod shapes;
mod value_kind;
mod write;

use deno_core::v8;
use sandbox_core::spec::GivenKinds;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use arguments::{ArgumentReader, ArgumentWriter, Passed};
pub(crate) use describe::describe;
pub(in crate::isolate) use handle::without_prototype;
#[cfg(feature = "process")]
pub(crate) use handle::{lacking, of_another_realm, wanted};
#[cfg(feature = "process")]
pub(in crate::isolate) use methods::methods_of;
pub(in crate::isolate) use methods::{MethodLookup, method_of};
use read::Reader;
use seen::Again;
pub(crate) use seen::Seen;
use write::ValueWriter;
pub(crate) use write::new_error;

use crate::boundary::{Budget, ValueError};
use crate::value::{Bytes, JsValue};

/// Copies a Rust value into the current realm.
#[inline]
pub(crate) fn to_guest<'s, T: ?Sized + Serialize>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: &T,
) -> Result<v8::Local<'s, v8::Value>, ValueError> {
    ValueWriter::new(scope, budget).top(value)
}

/// Copies an owned Rust value into the current realm. Its `Bytes` are moved.
#[inline]
pub(crate) fn owned_to_guest<'s, T: Serialize + 'static>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: T,
) -> Result<v8::Local<'s, v8::Value>, ValueError> {
    ValueWriter::new(scope, budget).owned(value)
}

/// Copies plain data that came over a wire into the current realm. A whole value of `undefined` stays `undefined`, and bytes
/// are moved.
pub(crate) fn tree_to_guest<'s>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: JsValue,
) -> Result<v8::Local<'s, v8::Value>, ValueError> {
    match value {
        JsValue::Undefined => to_guest(scope, budget, &()),
        JsValue::Bytes(bytes) => owned_to_guest(scope, budget, Bytes::from(bytes)),
        value => to_guest(scope, budget, &value),
    }
}

/// Any value of the guest as plain data.
pub(crate) fn observed<'s>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: v8::Local<'s, v8::Value>,
) -> Result<JsValue, ValueError> {
    observe::observe(Reader::new(scope, budget, value))
}

/// A value of the guest as plain data, for a reader in another process. That reader finds with [`from_tree`](crate::boundary::from_tree) what
/// [`to_host`] would have found. A part that exceeds the budget is an error only for a reader that reads the part. The values that
/// `gives` names get numbers.
pub(crate) fn observed_for_wire<'s>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: v8::Local<'s, v8::Value>,
    gives: GivenKinds,
) -> Result<JsValue, ValueError> {
    observe::observe_affordable(Reader::new(scope, budget, value), gives)
}

/// The arguments or the result that were read, as plain data of the same observation.
pub(crate) struct SeenAgain<'s> {
    again: Again<'s>,
    /// The read was complete, so all parts that the types need were observed.
    was_read: bool,
}

impl<'s> SeenAgain<'s> {
    pub(crate) fn new(seen: Seen<'s>, was_read: bool) -> Self {
        Self { again: seen.into(), was_read }
    }

    /// The nth value. `value` is its current state, in case the read did not reach it.
    pub(crate) fn nth(
        &self,
        scope: &v8::PinScope<'s, '_>,
        budget: &Budget<'_>,
        (nth, value): (usize, v8::Local<'s, v8::Value>),
    ) -> Result<JsValue, ValueError> {
        observe::observe_again(Reader::new(scope, budget, value), &self.again, nth, self.was_read)
    }
}

/// Copies a value of the guest out, and notes its parts. Getters may run, so the guest's limits must be armed.
#[inline]
pub(crate) fn to_host<'r, 's, T: DeserializeOwned>(
    scope: &'r v8::PinScope<'s, '_>,
    budget: &'r Budget<'_>,
    seen: Option<&'r Seen<'s>>,
    value: v8::Local<'s, v8::Value>,
) -> Result<T, ValueError> {
    T::deserialize(Reader::new(scope, budget, value).noted(seen))
}
