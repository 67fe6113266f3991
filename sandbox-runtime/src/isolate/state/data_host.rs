//! Hosts that are called with plain data, by the number of the method.
//!
//! `isolate::owned_host` implements [`DataHost`] for contracts that came as data, and `site::wired::serve` for contracts of the
//! other end of a link. `isolate::untyped_contract` calls it for V8, and `ops::host_dispatch` for a link.

#[cfg(feature = "process")]
use std::any::Any;
use std::pin::Pin;
use std::rc::Rc;

use super::method_info::UntypedMethods;
use super::refusal::Refusal;
use crate::boundary::ValueError;
use crate::error::Direction;
#[cfg(feature = "process")]
use crate::error::Source;
use crate::guest_error::HostError;
use crate::value::{Cancellation, HandleNumber, JsValue};
#[cfg(feature = "process")]
use crate::wire::fault::Token;

/// The host of an untyped contract, called with plain data.
pub(crate) trait DataHost {
    /// Calls the method with the number `method`, for the guest's call `call`.
    fn call(&self, method: usize, call: u64, args: Vec<JsValue>) -> Result<DataAnswer, Refused>;

    /// Begins a call of an `async` method. `cancellation` is that of a method that takes one.
    fn begin(
        &self,
        method: usize,
        flight: u64,
        args: Vec<JsValue>,
        cancellation: Option<&Cancellation>,
    ) -> Result<Later, Refused>;
}

/// The later result of an `async` method.
pub(crate) type Later = Pin<Box<dyn Future<Output = Result<DataAnswer, Refused>>>>;

/// The result of a method.
pub(crate) enum DataAnswer {
    /// A value, and the objects that it names. They live until the guest has the value.
    Value(JsValue, NamedObjects),
    /// Objects beyond [`Limits::handles`](crate::Limits::handles), for which the guest is ended.
    #[cfg_attr(not(feature = "process"), allow(dead_code, reason = "a host elsewhere answers so"))]
    TooManyHandles,
}

/// The objects that values of the other end of a link name.
#[derive(Default)]
pub(crate) struct NamedObjects {
    #[cfg(feature = "process")]
    pub(crate) _host: Vec<Rc<RemoteObject>>,
    /// Of this end's guests.
    #[cfg(feature = "process")]
    pub(crate) _own: Vec<Rc<dyn Any>>,
}

impl From<JsValue> for DataAnswer {
    fn from(value: JsValue) -> Self {
        Self::Value(value, NamedObjects::default())
    }
}

/// An object of a host at the other end of a link.
pub(crate) struct RemoteObject {
    pub(crate) handle: HandleNumber,
    /// Its methods.
    pub(crate) host: Rc<dyn DataHost>,
}

/// Finds the objects of a host at the other end of a link.
pub(crate) trait RemoteObjects {
    /// The object with a number, while anything holds it.
    fn object(&self, handle: HandleNumber) -> Option<Rc<RemoteObject>>;
}

/// Why a host method has no result, as the guest is told.
pub(crate) enum Refused {
    /// An argument or the result breaks the contract.
    Value(ValueError, Direction),
    /// The method failed.
    Host(HostError),
    /// A method at the other end of a link failed: an Error of a class, with properties of its own. A number of the host's
    /// identifies it when it comes back.
    #[cfg(feature = "process")]
    Told { class: String, message: String, fields: Vec<(String, JsValue)>, source: Option<u64> },
    /// Nothing: the guest is to be ended.
    #[cfg(feature = "process")]
    Ended,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Value(error, direction) => Self::Value(error, direction),
            Refused::Host(error) => Self::Host(error),
            #[cfg(feature = "process")]
            Refused::Told { class, message, fields, source } => Self::Untyped {
                class,
                message,
                fields,
                source: source.map(|number| Source::of(Token(number))),
            },
            #[cfg(feature = "process")]
            Refused::Ended => Self::Ended,
        }
    }
}

/// The host object of an untyped contract.
pub(in crate::isolate) struct UntypedContract {
    pub(in crate::isolate) host: Rc<dyn DataHost>,
    pub(in crate::isolate) methods: UntypedMethods,
}
