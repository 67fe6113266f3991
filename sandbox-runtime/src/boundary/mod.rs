//! Where values cross: copied, counted and checked, in both directions.
//!
//! Both halves are serde formats over V8's values, so every type that serde knows crosses, and no text is made
//! in between. serde_v8 was not used for it: it has no budget, rounds integers, ignores `deny_unknown_fields`,
//! and reads lone surrogates as U+FFFD; here each of these is a typed error that names the place.

mod access;
mod bytes;
mod exotic;
mod fault;
mod keys;
mod read;
mod text;
mod write;

use std::cell::Cell;

use deno_core::v8;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use bytes::Bytes;
pub(crate) use fault::ValueError;
pub(crate) use fault::describe;
pub(crate) use text::{js_string, preview};

use crate::contract::ParamSpec;
use crate::isolate::stack::StackEnd;
use crate::limits::Limits;
use read::Reader;
use write::Writer;

/// What is left of a crossing's budget.
pub(crate) struct Budget {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
    limits: Limits,
    stack: StackEnd,
}

impl Budget {
    pub(crate) fn new(limits: &Limits, stack: StackEnd) -> Self {
        Self {
            nodes: Cell::new(limits.value_nodes),
            bytes: Cell::new(limits.value_bytes),
            limits: *limits,
            stack,
        }
    }

    /// Pays for `count` values.
    fn nodes(&self, count: usize) -> Result<(), ValueError> {
        let Some(left) = self.nodes.get().checked_sub(count) else {
            let limit = self.limits.value_nodes;
            return Err(ValueError::new(format!("at most {limit} values in one crossing"), "more"));
        };
        self.nodes.set(left);
        Ok(())
    }

    /// Pays for `count` bytes.
    fn bytes(&self, count: usize) -> Result<(), ValueError> {
        let Some(left) = self.bytes.get().checked_sub(count) else {
            let limit = self.limits.value_bytes;
            return Err(ValueError::new(format!("at most {limit} bytes in one crossing"), "more"));
        };
        self.bytes.set(left);
        Ok(())
    }

    /// The depth one further in.
    fn deeper(&self, depth: usize) -> Result<usize, ValueError> {
        if depth >= self.limits.value_depth {
            let limit = self.limits.value_depth;
            return Err(ValueError::new(format!("at most {limit} levels of nesting"), "more, or a cycle"));
        }
        if !self.stack.allows_step() {
            return Err(ValueError::new("a value that fits on the stack that is left", "one nested deeper"));
        }
        Ok(depth + 1)
    }
}

/// Copies a Rust value into the current realm.
pub(crate) fn to_guest<'s, T: ?Sized + Serialize>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget,
    value: &T,
) -> Result<v8::Local<'s, v8::Value>, ValueError> {
    Writer::new(scope, budget).top(value)
}

/// Copies a value of the guest out. Getters may run, so the guest's limits must hold meanwhile.
pub(crate) fn to_host<'s, T: DeserializeOwned>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget,
    value: v8::Local<'s, v8::Value>,
) -> Result<T, ValueError> {
    T::deserialize(Reader::new(scope, budget, value))
}

/// Writes arguments, and names the parameter when one cannot be written.
#[doc(hidden)]
pub struct ArgumentWriter<'w, 's, 'i> {
    pub(crate) scope: &'w v8::PinScope<'s, 'i>,
    pub(crate) budget: &'w Budget,
    pub(crate) params: &'static [ParamSpec],
    pub(crate) values: Vec<v8::Local<'s, v8::Value>>,
}

impl ArgumentWriter<'_, '_, '_> {
    pub(crate) fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        let written = to_guest(self.scope, self.budget, value);
        let value = written.map_err(|error| error.inside(param_name(self.params, self.values.len())))?;
        self.values.push(value);
        Ok(())
    }

    pub(crate) fn push_bytes(&mut self, value: &[u8]) -> Result<(), ValueError> {
        self.push(&bytes::AsBytes(value))
    }
}

/// Reads arguments, and names the parameter when one is not what it should be.
#[doc(hidden)]
pub struct ArgumentReader<'r, 's, 'i> {
    pub(crate) scope: &'r v8::PinScope<'s, 'i>,
    pub(crate) budget: &'r Budget,
    pub(crate) params: &'static [ParamSpec],
    pub(crate) arguments: &'r v8::FunctionCallbackArguments<'s>,
    pub(crate) next: usize,
}

impl ArgumentReader<'_, '_, '_> {
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Result<T, ValueError> {
        let index = self.next;
        self.next += 1;
        let value = self.arguments.get(i32::try_from(index).unwrap_or(i32::MAX));
        to_host(self.scope, self.budget, value).map_err(|error| error.inside(param_name(self.params, index)))
    }
}

fn param_name(params: &'static [ParamSpec], index: usize) -> String {
    params.get(index).map_or_else(|| format!("argument {index}"), |param| param.name.to_owned())
}
