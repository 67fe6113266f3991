//! Where values cross: copied, counted and checked, in both directions.
//!
//! Both halves are serde formats over V8's values, so every type that serde knows crosses, and no text is made
//! in between. serde_v8 was not used for it: it has no budget, rounds integers, ignores `deny_unknown_fields`,
//! and reads lone surrogates as U+FFFD; here each of these is a typed error that names the place.

mod access;
mod bytes;
mod collect;
mod deserialize;
mod exotic;
mod fault;
pub(crate) mod forms;
mod keys;
mod observe;
mod plain;
mod read;
mod rich;
mod shape;
mod text;
pub(crate) mod tree;
mod write;

use std::cell::Cell;

use deno_core::v8;
use serde::Serialize;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;

pub use bytes::Bytes;
pub(crate) use fault::describe;
pub(crate) use fault::{MOST, ValueError};
pub(crate) use plain::plain;
pub use rich::{AsMap, AsSet, Date, DateOutOfRange, ErrorValue, MapLike};
pub(crate) use text::{js_string, preview};
pub use tree::JsValue;
pub(crate) use write::new_error;

use crate::contract::ParamSpec;
use crate::isolate::stack::StackEnd;
use crate::limits::Limits;
use read::Reader;
use write::Writer;

/// What is left of a crossing's budget.
pub(crate) struct Budget<'l> {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
    /// A value went into serde's buffer that it also gives to another type: a BigInt to a float, rounded, bytes to a
    /// text, a great number to an `f32`.
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

    /// What has been paid: the bytes, and 8 for each value.
    #[inline]
    pub(crate) fn spent(&self) -> usize {
        const VALUE: usize = 8;
        let values = self.limits.value_nodes - self.nodes.get();
        (self.limits.value_bytes - self.bytes.get()).saturating_add(values.saturating_mul(VALUE))
    }

    /// Whether what was read is to be compared with its schema once more.
    #[inline]
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.get()
    }

    /// Remembers that serde's buffer may make something else of a value.
    fn doubt(&self) {
        self.is_in_doubt.set(true);
    }

    /// Pays for `count` values.
    #[inline]
    fn nodes(&self, count: usize) -> Result<(), ValueError> {
        let Some(left) = self.nodes.get().checked_sub(count) else {
            let limit = self.limits.value_nodes;
            return Err(ValueError::budget(format!("at most {limit} values in one crossing"), "more"));
        };
        self.nodes.set(left);
        Ok(())
    }

    /// Pays for a collection of the guest and its content.
    ///
    /// To look at a collection costs about as much as to read a dozen values, and a value that holds one collection many
    /// times is cheap to make: paid as they are, all that may be read takes a few milliseconds.
    fn items(&self, count: usize) -> Result<(), ValueError> {
        const COLLECTION: usize = 16;
        self.length(count)?;
        self.nodes(count.saturating_add(COLLECTION))
    }

    /// Checks the length of a collection.
    fn length(&self, count: usize) -> Result<(), ValueError> {
        let limit = self.limits.value_items;
        match count <= limit {
            true => Ok(()),
            false => {
                let (expected, found) =
                    (format!("a collection of at most {limit}"), format!("one of {count}"));
                Err(ValueError::budget(expected, found))
            }
        }
    }

    /// Pays for a text, by its length in the units of the side that it comes from: V8's 16-bit units, or bytes of UTF-8.
    #[inline]
    fn text(&self, length: usize) -> Result<(), ValueError> {
        let limit = self.limits.value_text;
        if length > limit {
            return Err(ValueError::budget(format!("a text of at most {limit}"), format!("one of {length}")));
        }
        self.bytes(length)
    }

    /// Pays for `count` bytes.
    #[inline]
    fn bytes(&self, count: usize) -> Result<(), ValueError> {
        let Some(left) = self.bytes.get().checked_sub(count) else {
            let limit = self.limits.value_bytes;
            return Err(ValueError::budget(format!("at most {limit} bytes in one crossing"), "more"));
        };
        self.bytes.set(left);
        Ok(())
    }

    /// There is no memory for one more buffer.
    fn no_buffer(&self) -> ValueError {
        let limit = self.limits.buffers;
        ValueError::budget(format!("at most {limit} bytes of ArrayBuffers"), "more")
    }

    /// The depth one further in.
    fn deeper(&self, depth: usize) -> Result<usize, ValueError> {
        if depth >= self.limits.value_depth {
            let limit = self.limits.value_depth;
            return Err(ValueError::budget(format!("at most {limit} levels of nesting"), "more, or a cycle"));
        }
        if !self.stack.allows_step() {
            return Err(ValueError::budget(
                "a value that fits on the stack that is left",
                "one nested deeper",
            ));
        }
        Ok(depth + 1)
    }
}

/// Copies a Rust value into the current realm.
#[inline]
pub(crate) fn to_guest<'s, T: ?Sized + Serialize>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: &T,
) -> Result<v8::Local<'s, v8::Value>, ValueError> {
    Writer::new(scope, budget).top(value)
}

/// The same of a value that nobody else has: `Bytes` are moved.
#[inline]
pub(crate) fn owned_to_guest<'s, T: Serialize + 'static>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: T,
) -> Result<v8::Local<'s, v8::Value>, ValueError> {
    Writer::new(scope, budget).owned(value)
}

/// A value of the guest as plain data, whatever it is.
pub(crate) fn observed<'s>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: v8::Local<'s, v8::Value>,
) -> Result<JsValue, ValueError> {
    observe::observe(Reader::new(scope, budget, value))
}

/// Copies a value of the guest out. Getters may run, so the guest's limits must hold meanwhile.
#[inline]
pub(crate) fn to_host<'s, T: DeserializeOwned>(
    scope: &v8::PinScope<'s, '_>,
    budget: &Budget<'_>,
    value: v8::Local<'s, v8::Value>,
) -> Result<T, ValueError> {
    T::deserialize(Reader::new(scope, budget, value))
}

/// Writes arguments, and names the parameter when one cannot be written.
#[doc(hidden)]
pub struct ArgumentWriter<'w, 's, 'i> {
    pub(crate) scope: &'w v8::PinScope<'s, 'i>,
    pub(crate) budget: &'w Budget<'w>,
    pub(crate) params: &'static [ParamSpec],
    pub(crate) values: SmallVec<[v8::Local<'s, v8::Value>; 8]>,
}

impl<'s> ArgumentWriter<'_, 's, '_> {
    #[inline]
    pub(crate) fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        self.written(to_guest(self.scope, self.budget, value))
    }

    #[inline]
    pub(crate) fn push_owned<T: Serialize + 'static>(&mut self, value: T) -> Result<(), ValueError> {
        self.written(owned_to_guest(self.scope, self.budget, value))
    }

    #[inline]
    fn written(&mut self, written: Result<v8::Local<'s, v8::Value>, ValueError>) -> Result<(), ValueError> {
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
    pub(crate) budget: &'r Budget<'r>,
    pub(crate) params: &'static [ParamSpec],
    pub(crate) arguments: Passed<'r, 's>,
    pub(crate) next: usize,
}

/// Where arguments are.
pub(crate) enum Passed<'r, 's> {
    /// The guest called a function.
    Call(&'r v8::FunctionCallbackArguments<'s>),
    List(&'r [v8::Local<'s, v8::Value>]),
}

impl ArgumentReader<'_, '_, '_> {
    #[inline]
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Result<T, ValueError> {
        let index = self.next;
        self.next += 1;
        let value = match self.arguments {
            Passed::Call(arguments) => arguments.get(i32::try_from(index).unwrap_or(i32::MAX)),
            Passed::List(values) => {
                values.get(index).copied().unwrap_or_else(|| v8::undefined(self.scope).into())
            }
        };
        to_host(self.scope, self.budget, value).map_err(|error| error.inside(param_name(self.params, index)))
    }
}

fn param_name(params: &'static [ParamSpec], index: usize) -> String {
    params.get(index).map_or_else(|| format!("argument {index}"), |param| param.name.to_owned())
}
