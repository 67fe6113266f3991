//! The arguments of a call as values of the engine: the sink for those of the host, the source for those of a guest.

use deno_core::v8;
use sandbox_core::contract::{ArgumentSink, ArgumentSource, ParamSpec, named};
use serde::Serialize;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;

use super::seen::Seen;
use super::tree_to_guest;
use super::write::terminated;
use super::{owned_to_guest, to_guest, to_host};
use crate::boundary::{Budget, ValueError};
use crate::isolate::Isolate;
use crate::value::{Cancellation, JsValue};

/// Arguments of the engine.
type Arguments<'s> = SmallVec<[v8::Local<'s, v8::Value>; 8]>;

/// Writes arguments into the current realm.
pub(crate) struct ArgumentWriter<'w, 's, 'i> {
    scope: &'w v8::PinScope<'s, 'i>,
    budget: &'w Budget<'w>,
    params: &'w [ParamSpec],
    values: Arguments<'s>,
}

impl<'w, 's, 'i> ArgumentWriter<'w, 's, 'i> {
    #[inline]
    pub(crate) fn new(
        scope: &'w v8::PinScope<'s, 'i>,
        budget: &'w Budget<'w>,
        params: &'w [ParamSpec],
    ) -> Self {
        Self { scope, budget, params, values: SmallVec::new() }
    }

    /// The values that were written.
    #[inline]
    pub(crate) fn into_values(self) -> Arguments<'s> {
        self.values
    }

    #[inline]
    fn pushed(&mut self, value: Result<v8::Local<'s, v8::Value>, ValueError>) -> Result<(), ValueError> {
        let index = self.values.len();
        self.values.push(value.map_err(|error| named(error, self.params, index))?);
        Ok(())
    }
}

impl ArgumentSink for ArgumentWriter<'_, '_, '_> {
    #[inline]
    fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), ValueError> {
        let written = to_guest(self.scope, self.budget, value);
        self.pushed(written)
    }

    #[inline]
    fn push_owned<T: Serialize + 'static>(&mut self, value: T) -> Result<(), ValueError> {
        let written = owned_to_guest(self.scope, self.budget, value);
        self.pushed(written)
    }

    fn push_tree(&mut self, value: JsValue) -> Result<(), ValueError> {
        let written = tree_to_guest(self.scope, self.budget, value);
        self.pushed(written)
    }

    fn push_cancellation(&mut self, cancellation: &Cancellation) -> Result<(), ValueError> {
        let isolate = Isolate::current(self.scope).ok_or_else(terminated)?;
        self.values.push(isolate.signal_of_flight(self.scope, cancellation).ok_or_else(terminated)?);
        Ok(())
    }
}

/// Reads arguments of a guest, and names the parameter of a wrong one.
pub(crate) struct ArgumentReader<'r, 's, 'i> {
    pub(crate) budget: &'r Budget<'r>,
    pub(crate) params: &'r [ParamSpec],
    pub(crate) arguments: Passed<'r, 's, 'i>,
    /// Where the observed parts are noted, if they are.
    pub(crate) seen: Option<&'r Seen<'s>>,
    pub(crate) next: usize,
}

/// Where the arguments are.
pub(crate) enum Passed<'r, 's, 'i> {
    /// The guest called a function.
    Call(&'r v8::PinScope<'s, 'i>, &'r v8::FunctionCallbackArguments<'s>),
    List(&'r v8::PinScope<'s, 'i>, &'r [v8::Local<'s, v8::Value>]),
}

impl ArgumentSource for ArgumentReader<'_, '_, '_> {
    #[inline]
    fn next<T: DeserializeOwned>(&mut self) -> Result<T, ValueError> {
        let index = self.next;
        self.next += 1;
        let (scope, value) = match &self.arguments {
            Passed::Call(scope, arguments) => {
                (*scope, arguments.get(i32::try_from(index).unwrap_or(i32::MAX)))
            }
            Passed::List(scope, values) => {
                (*scope, values.get(index).copied().unwrap_or_else(|| v8::undefined(scope).into()))
            }
        };
        to_host(scope, self.budget, self.seen, value).map_err(|error| named(error, self.params, index))
    }
}
