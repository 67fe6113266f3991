//! Calls of methods that are known as data alone, through the transports of all sites.
//!
//! The caller checks arguments and results by the schemas of the contract (`untyped_guest`). The transports send them.

use std::sync::Arc;

use crate::error::Error;
use crate::isolate::method_info::{MethodInfo, UntypedMethods};
use crate::value::JsValue;

/// A call by the number of the method, with values as plain data.
#[doc(hidden)]
pub struct UntypedCall {
    pub(crate) methods: Arc<UntypedMethods>,
    /// The number of a method that the contract has.
    pub(crate) index: usize,
    /// As many as the method has parameters.
    pub(crate) args: Vec<JsValue>,
}

impl UntypedCall {
    pub(crate) fn method(&self) -> MethodInfo<'_> {
        self.methods.at(self.index)
    }
}

/// A transport that makes untyped calls.
#[doc(hidden)]
pub trait UntypedTransport {
    /// The future of a call, which begins at the first poll.
    type Pending: Future<Output = Result<JsValue, Error>> + 'static;

    /// Calls the guest and waits for the result.
    fn call_untyped(&self, call: UntypedCall) -> Result<JsValue, Error>;

    /// Makes a call of an `async` method.
    fn call_untyped_async(&self, call: UntypedCall) -> Self::Pending;
}
