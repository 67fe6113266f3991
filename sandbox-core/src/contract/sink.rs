//! The arguments of a call, on their way: where they are written, and where they are read.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::boundary::{Budget, ValueError, from_tree};
use crate::spec::ParamSpec;
use crate::value::{AsBytes, Cancellation, JsValue};

/// A sink of arguments. Each is written in its turn, and an error names its parameter.
pub trait ArgumentSink {
    /// Writes an argument.
    fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError>;

    /// Writes an argument that the caller gives away.
    #[inline]
    fn push_owned<T: Serialize + 'static>(&mut self, value: T) -> Result<(), ValueError> {
        self.push(&value)
    }

    /// Writes plain data as an argument.
    fn push_tree(&mut self, value: JsValue) -> Result<(), ValueError>;

    /// Writes an argument that crosses as a `Uint8Array`.
    #[inline]
    fn push_bytes(&mut self, value: &[u8]) -> Result<(), ValueError> {
        self.push(&AsBytes(value))
    }

    /// Writes the cancellation of a call, which is the last argument. A link has frames in its place.
    fn push_cancellation(&mut self, cancellation: &Cancellation) -> Result<(), ValueError> {
        _ = cancellation;
        Ok(())
    }
}

/// A source of arguments. Each is read in its turn, and an error names its parameter.
pub trait ArgumentSource {
    /// Reads the next argument.
    fn next<T: DeserializeOwned>(&mut self) -> Result<T, ValueError>;
}

/// Puts the name of the parameter at this index into the error of its argument.
#[cold]
pub fn named(error: ValueError, params: &[ParamSpec], index: usize) -> ValueError {
    error.inside(
        params
            .get(index)
            .map_or_else(|| format!("argument {index}"), |param| param.name.clone().into_owned()),
    )
}

/// A source of arguments that came as plain data. Missing arguments are `undefined`, and those beyond the parameters are
/// not read, as in JavaScript.
pub struct PlainArguments<'r> {
    budget: &'r Budget<'r>,
    params: &'r [ParamSpec],
    values: std::vec::IntoIter<JsValue>,
    next: usize,
}

impl<'r> PlainArguments<'r> {
    /// The arguments for these parameters.
    pub fn new(budget: &'r Budget<'r>, params: &'r [ParamSpec], values: Vec<JsValue>) -> Self {
        Self { budget, params, values: values.into_iter(), next: 0 }
    }
}

impl ArgumentSource for PlainArguments<'_> {
    fn next<T: DeserializeOwned>(&mut self) -> Result<T, ValueError> {
        let index = self.next;
        self.next += 1;
        let value = self.values.next().unwrap_or(JsValue::Undefined);
        from_tree(self.budget, value).map_err(|error| named(error, self.params, index))
    }
}
