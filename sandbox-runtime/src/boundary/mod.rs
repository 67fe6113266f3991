//! The boundary: copies, counts and checks each value that crosses, in both directions.
//!
//! The transports, `isolate` and `process` pass values through the functions here. No value of a guest is used before it is
//! checked, and every crossing has a [`Budget`].
//!
//! Both halves are serde formats over V8's values. So every type that serde knows crosses, and no text is made in between.
//! serde_v8 does not fit: it has no budget, rounds integers, ignores `deny_unknown_fields`, and reads lone surrogates as
//! U+FFFD. Here each of these is a typed error that names the place.

mod access;
mod bytes;
mod collect;
mod content;
mod deserialize;
mod deserialize_common;
mod exotic;
#[cfg(feature = "process")]
mod from_value;
mod js_types;
pub(crate) mod js_value;
mod keys;
mod observe;
mod plain;
mod read;
mod seen;
pub(crate) mod struct_shapes;
mod text;
mod unrepresentable;
mod value_error;
mod value_kind;
mod write;

use std::cell::Cell;

use deno_core::v8;
use serde::Serialize;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;

pub use bytes::Bytes;
pub use js_types::{AsMap, AsSet, Date, DateOutOfRange, ErrorValue, MapLike};
pub use js_value::JsValue;
pub(crate) use plain::plain;
pub(crate) use text::{js_string, preview};
pub use unrepresentable::{CrossingBudget, JsKind, TextFault, Unrepresentable};
pub(crate) use value_error::describe;
pub(crate) use value_error::{MOST, ValueError};
pub(crate) use write::new_error;
#[cfg(feature = "process")]
pub(crate) use {
    from_value::{from_tree, is_whole, read_with_diagnosis, units},
    js_types::{DATE, ERROR, MAP, SET},
    keys::KeyWriter,
    observe::error_of,
    plain::{DEEPEST, plain_inside},
    write::{MAX_SAFE, is_json},
};

use crate::contract::ParamSpec;
use crate::error::grouped;
use crate::isolate::stack::StackEnd;
use crate::limits::Limits;
#[cfg(feature = "process")]
use crate::process::wire::{Out, encode, put_length, serialize_top};
use read::Reader;
use seen::Again;
pub(crate) use seen::Seen;
use write::ValueWriter;

/// The least number of values that an Array or an object counts as.
pub(crate) const LEAST: usize = 4;
/// The least number of values that a Map or a Set counts as.
pub(crate) const LEAST_LISTED: usize = 8;

/// The remaining budget of a crossing.
pub(crate) struct Budget<'l> {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
    /// serde's buffer holds a value that it may also give to another type: a BigInt as a float, rounded; bytes as text; a
    /// great number as an `f32`.
    is_in_doubt: Cell<bool>,
    limits: &'l Limits,
    stack: StackEnd,
}

impl<'l> Budget<'l> {
    #[inline]
    pub(crate) fn new(limits: &'l Limits, stack: StackEnd) -> Self {
        Self {
            nodes: Cell::new(limits.value_nodes),
            bytes: Cell::new(limits.value_bytes),
            is_in_doubt: Cell::new(false),
            limits,
            stack,
        }
    }

    /// The spent part in bytes: the bytes, and 8 for each value.
    #[inline]
    pub(crate) fn spent(&self) -> usize {
        const VALUE: usize = 8;
        let values = self.limits.value_nodes - self.nodes.get();
        (self.limits.value_bytes - self.bytes.get()).saturating_add(values.saturating_mul(VALUE))
    }

    /// Whether the result needs a second check against its schema.
    #[inline]
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.get()
    }

    /// Notes that serde's buffer may give a value to another type.
    fn doubt(&self) {
        self.is_in_doubt.set(true);
    }

    /// Spends the budget of `count` values.
    #[inline]
    fn nodes(&self, count: usize) -> Result<(), ValueError> {
        let Some(left) = self.nodes.get().checked_sub(count) else {
            return Err(self.over(CrossingBudget::Values));
        };
        self.nodes.set(left);
        Ok(())
    }

    /// Spends the budget of a list or an object of the guest: its elements, or [`LEAST`] values if it has fewer.
    ///
    /// A record of some fields costs no more than its fields. Reading an empty collection takes as long as reading some
    /// values, and a value that contains one collection many times is cheap to make. So empty collections have a price.
    fn items(&self, count: usize) -> Result<(), ValueError> {
        self.length(count)?;
        self.nodes(count.max(LEAST))
    }

    /// Spends the budget of a Set, which is copied to a list before it is read.
    fn members(&self, count: usize) -> Result<(), ValueError> {
        self.length(count)?;
        self.nodes(count.max(LEAST_LISTED))
    }

    /// Spends the budget of a Map's keys and values, which are copied to a list before they are read.
    fn entries(&self, count: usize) -> Result<(), ValueError> {
        self.length(count)?;
        self.nodes(count.saturating_mul(2).max(LEAST_LISTED))
    }

    /// Checks the length of a collection.
    fn length(&self, count: usize) -> Result<(), ValueError> {
        let limit = self.limits.value_items;
        match count <= limit {
            true => Ok(()),
            false => Err(self.over(CrossingBudget::Items { found: count as u64 })),
        }
    }

    /// Spends the budget of a text. The length is in units of the side that the text comes from: V8's 16-bit units, or bytes
    /// of UTF-8.
    #[inline]
    fn text(&self, length: usize) -> Result<(), ValueError> {
        let limit = self.limits.value_text;
        if length > limit {
            return Err(self.over(CrossingBudget::Text { found: length as u64 }));
        }
        self.bytes(length)
    }

    /// Spends the budget of `count` bytes.
    #[inline]
    fn bytes(&self, count: usize) -> Result<(), ValueError> {
        let Some(left) = self.bytes.get().checked_sub(count) else {
            return Err(self.over(CrossingBudget::Bytes));
        };
        self.bytes.set(left);
        Ok(())
    }

    /// The error when there is no memory for one more buffer.
    fn no_buffer(&self) -> ValueError {
        over(None, "bytes of ArrayBuffers", "buffers", (self.limits.buffers, "more".into()))
    }

    /// The depth of the next level; an error beyond the limit.
    fn deeper(&self, depth: usize) -> Result<usize, ValueError> {
        if depth >= self.limits.value_depth {
            return Err(self.over(CrossingBudget::Depth));
        }
        if !self.stack.allows_step() {
            return Err(self.over(CrossingBudget::Stack));
        }
        Ok(depth + 1)
    }

    /// The error of a value that is too much for a budget.
    #[cold]
    fn over(&self, budget: CrossingBudget) -> ValueError {
        let limits = self.limits;
        let (what, limit, found) = match budget {
            CrossingBudget::Values => ("values in one crossing", limits.value_nodes, "more".into()),
            CrossingBudget::Items { found } => {
                ("elements in one collection", limits.value_items, grouped(found))
            }
            CrossingBudget::Text { found } => ("units in one text", limits.value_text, grouped(found)),
            CrossingBudget::Bytes => return over_bytes(limits.value_bytes),
            CrossingBudget::Depth => ("levels of nesting", limits.value_depth, "more, or a cycle".into()),
            CrossingBudget::Stack => {
                let expected = "a value that fits on the stack that is left";
                return ValueError::over(Some(budget), expected, "one nested deeper");
            }
        };
        over(Some(budget), what, budget.setting().unwrap_or_default(), (limit, found))
    }
}

/// The error of a used-up budget: the counted unit, the name of the limit, the limit, and the value found.
#[cold]
fn over(
    budget: Option<CrossingBudget>,
    what: &str,
    name: &str,
    (limit, found): (usize, String),
) -> ValueError {
    let expected = format!("at most {} {what} (`Limits::{name}`)", grouped(limit as u64));
    ValueError::over(budget, expected, found)
}

/// The error of text and bytes beyond `Limits::value_bytes`.
#[cold]
pub(crate) fn over_bytes(limit: usize) -> ValueError {
    let budget = CrossingBudget::Bytes;
    over(Some(budget), "bytes in one crossing", budget.setting().unwrap_or_default(), (limit, "more".into()))
}

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
#[cfg(feature = "process")]
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

/// A value of the guest as plain data, for a reader in another process. That reader finds with [`from_tree`] what
/// [`to_host`] would have found. A part that exceeds the budget is an error only for a reader that reads the part.
#[cfg(feature = "process")]
pub(crate) fn observed_for_wire<'s>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: v8::Local<'s, v8::Value>,
) -> Result<JsValue, ValueError> {
    observe::observe_affordable(Reader::new(scope, budget, value))
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

/// Writes arguments, and names the parameter when one cannot be written.
#[doc(hidden)]
pub struct ArgumentWriter<'w, 's, 'i> {
    pub(crate) params: &'static [ParamSpec],
    pub(crate) target: Target<'w, 's, 'i>,
}

/// The destination of arguments.
pub(crate) enum Target<'w, 's, 'i> {
    Guest {
        scope: &'w v8::PinScope<'s, 'i>,
        budget: &'w Budget<'w>,
        values: Arguments<'s>,
    },
    /// A list of as many values as there are parameters, and the number of written ones.
    #[cfg(feature = "process")]
    Wire {
        out: &'w mut Out,
        written: usize,
    },
}

/// Arguments of the engine.
pub(crate) type Arguments<'s> = SmallVec<[v8::Local<'s, v8::Value>; 8]>;

impl<'w, 's, 'i> ArgumentWriter<'w, 's, 'i> {
    #[inline]
    pub(crate) fn new(
        scope: &'w v8::PinScope<'s, 'i>,
        budget: &'w Budget<'w>,
        params: &'static [ParamSpec],
    ) -> Self {
        Self { params, target: Target::Guest { scope, budget, values: SmallVec::new() } }
    }

    /// Writes for a guest in another process. The appended bytes are a list of values.
    #[cfg(feature = "process")]
    pub(crate) fn wired(out: &'w mut Out, params: &'static [ParamSpec]) -> Self {
        put_length(params.len(), out);
        Self { params, target: Target::Wire { out, written: 0 } }
    }

    /// The values that were written for the engine.
    #[inline]
    pub(crate) fn into_values(self) -> Arguments<'s> {
        match self.target {
            Target::Guest { values, .. } => values,
            #[cfg(feature = "process")]
            Target::Wire { .. } => SmallVec::new(),
        }
    }

    #[inline]
    pub(crate) fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        match &mut self.target {
            Target::Guest { scope, budget, values } => {
                pushed(to_guest(scope, budget, value), values, self.params)
            }
            #[cfg(feature = "process")]
            Target::Wire { out, written } => sent(value, out, written, self.params),
        }
    }

    #[inline]
    pub(crate) fn push_owned<T: Serialize + 'static>(&mut self, value: T) -> Result<(), ValueError> {
        match &mut self.target {
            Target::Guest { scope, budget, values } => {
                pushed(owned_to_guest(scope, budget, value), values, self.params)
            }
            #[cfg(feature = "process")]
            Target::Wire { out, written } => sent(&value, out, written, self.params),
        }
    }

    /// An argument that came over a wire.
    #[cfg(feature = "process")]
    pub(crate) fn push_tree(&mut self, value: JsValue) -> Result<(), ValueError> {
        match &mut self.target {
            Target::Guest { scope, budget, values } => {
                pushed(tree_to_guest(scope, budget, value), values, self.params)
            }
            Target::Wire { out, written } => {
                *written += 1;
                encode(&value, out);
                Ok(())
            }
        }
    }

    pub(crate) fn push_bytes(&mut self, value: &[u8]) -> Result<(), ValueError> {
        self.push(&bytes::AsBytes(value))
    }
}

#[inline]
fn pushed<'s>(
    value: Result<v8::Local<'s, v8::Value>, ValueError>,
    values: &mut Arguments<'s>,
    params: &'static [ParamSpec],
) -> Result<(), ValueError> {
    values.push(value.map_err(|error| error.inside(param_name(params, values.len())))?);
    Ok(())
}

#[cfg(feature = "process")]
fn sent<T: ?Sized + Serialize>(
    value: &T,
    out: &mut Out,
    written: &mut usize,
    params: &'static [ParamSpec],
) -> Result<(), ValueError> {
    let index = *written;
    *written += 1;
    serialize_top(value, out).map_err(|error| error.inside(param_name(params, index)))
}

/// Reads arguments, and names the parameter of a wrong one.
#[doc(hidden)]
pub struct ArgumentReader<'r, 's, 'i> {
    pub(crate) budget: &'r Budget<'r>,
    pub(crate) params: &'static [ParamSpec],
    pub(crate) arguments: Passed<'r, 's, 'i>,
    /// Where the observed parts are noted, if they are.
    pub(crate) seen: Option<&'r Seen<'s>>,
    pub(crate) next: usize,
}

/// The source of arguments.
pub(crate) enum Passed<'r, 's, 'i> {
    /// The guest called a function.
    Call(&'r v8::PinScope<'s, 'i>, &'r v8::FunctionCallbackArguments<'s>),
    List(&'r v8::PinScope<'s, 'i>, &'r [v8::Local<'s, v8::Value>]),
    /// They came over a wire.
    #[cfg(feature = "process")]
    Plain(std::vec::IntoIter<JsValue>),
}

#[cfg(feature = "process")]
impl<'r> ArgumentReader<'r, '_, '_> {
    /// Reads arguments that came over a wire. Missing arguments are `undefined`, and those beyond the parameters are not
    /// read, as in JavaScript.
    pub(crate) fn plain(budget: &'r Budget<'r>, params: &'static [ParamSpec], values: Vec<JsValue>) -> Self {
        Self { budget, params, arguments: Passed::Plain(values.into_iter()), seen: None, next: 0 }
    }
}

impl ArgumentReader<'_, '_, '_> {
    #[inline]
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Result<T, ValueError> {
        let index = self.next;
        self.next += 1;
        let (scope, value) = match &mut self.arguments {
            Passed::Call(scope, arguments) => {
                (*scope, arguments.get(i32::try_from(index).unwrap_or(i32::MAX)))
            }
            Passed::List(scope, values) => {
                (*scope, values.get(index).copied().unwrap_or_else(|| v8::undefined(scope).into()))
            }
            #[cfg(feature = "process")]
            Passed::Plain(values) => {
                let read = from_tree(self.budget, values.next().unwrap_or(JsValue::Undefined));
                return read.map_err(|error| error.inside(param_name(self.params, index)));
            }
        };
        to_host(scope, self.budget, self.seen, value)
            .map_err(|error| error.inside(param_name(self.params, index)))
    }
}

fn param_name(params: &'static [ParamSpec], index: usize) -> String {
    params.get(index).map_or_else(|| format!("argument {index}"), |param| param.name.to_owned())
}
