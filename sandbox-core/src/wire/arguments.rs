//! The arguments of a call as bytes.

use serde::Serialize;

use super::{Out, encode, put_length, serialize_top};
use crate::boundary::ValueError;
use crate::contract::{ArgumentSink, ParamSpec, named};
use crate::value::JsValue;

/// A sink of arguments that appends a list of as many values as there are parameters.
pub struct WireArguments<'w> {
    out: &'w mut Out,
    params: &'w [ParamSpec],
    written: usize,
}

impl<'w> WireArguments<'w> {
    /// Begins the list.
    pub fn new(out: &'w mut Out, params: &'w [ParamSpec]) -> Self {
        put_length(params.len(), out);
        Self { out, params, written: 0 }
    }
}

impl ArgumentSink for WireArguments<'_> {
    fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        let index = self.written;
        self.written += 1;
        serialize_top(value, self.out).map_err(|error| named(error, self.params, index))
    }

    fn push_tree(&mut self, value: JsValue) -> Result<(), ValueError> {
        self.written += 1;
        encode(&value, self.out);
        Ok(())
    }
}
