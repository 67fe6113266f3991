//! A contract of a program without an engine, and a transport that calls it.
//!
//! The transport sends arguments and results as bytes, to a function in the place of a guest. It shows the parts that a site
//! beyond a network or in a browser needs. No engine is one of them.

use std::future::{Ready, ready};
use std::time::Instant;

use sandbox_core::boundary::{Budget, ValueError, from_tree};
use sandbox_core::contract::{Arguments as _, checks, enforce};
use sandbox_core::error::{Direction, Place};
use sandbox_core::stack::StackEnd;
use sandbox_core::value::JsValue;
use sandbox_core::wire::{Out, WireArguments, decode, decode_list, encoded};
use sandbox_runtime::__private::{Exports, GuestMethod, WithDeadline};
use sandbox_runtime::{
    AsyncTransport, Contract, Error, GuestContract, Limits, Result, Transport, sandbox_api,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The article.
    pub sku: String,
    /// How many.
    pub quantity: u32,
}

/// A rule of a shop.
#[sandbox_api]
pub trait Rule: Send + Sync {
    /// The price of a line.
    fn price(&self, line: &Line, #[sandbox(range(min = 0, max = 1))] discount: f64) -> Result<f64>;
    /// Another text for a label.
    async fn label(&self, text: String) -> Result<String>;
    /// The number of calls; not every rule counts them.
    fn calls(&self) -> Result<u32> {
        Ok(0)
    }
}

/// The function in the place of a guest.
pub type Answer = fn(method: &str, args: Vec<JsValue>) -> Result<JsValue>;

/// A transport that needs no engine.
#[derive(Clone, Copy)]
pub struct Bytes(Answer);

/// The proxy of the contract over the transport.
pub fn rule(answer: Answer) -> <dyn Rule as GuestContract>::Proxy<Bytes> {
    <dyn Rule as GuestContract>::proxy(Bytes(answer))
}

impl Bytes {
    fn made<M: GuestMethod>(&self, args: M::Args<'_>) -> Result<M::Value> {
        let (spec, checks) = (M::spec(), checks::<M::Contract>()?);
        let (checks, place) = (&checks.methods[M::INDEX], Place::named(&M::Contract::SPEC.name, &spec.name));
        let refused = |error: ValueError| error.into_error(&place, Direction::ToGuest);
        enforce(&args, &spec.params, checks).map_err(refused)?;
        let mut sent = Out::default();
        args.write(&mut WireArguments::new(&mut sent, &spec.params)).map_err(refused)?;
        let returned = self.there(&spec.name, &sent)?;
        let limits = Limits::default();
        let value = decode(returned.as_slice(), &limits).map_err(Error::host)?;
        let read = from_tree(&Budget::new(&limits, StackEnd::of_thread()), value);
        let read = read.and_then(|value| checks.returns.enforce(&value, "result").map(|()| value));
        read.map_err(|error| error.inside("result").into_error(&place, Direction::ToHost))
    }

    /// The other side of the wire.
    fn there(&self, method: &str, sent: &[u8]) -> Result<Vec<u8>> {
        let args = decode_list(sent, &Limits::default()).map_err(Error::host)?;
        Ok(encoded(&(self.0)(method, args)?))
    }
}

impl Exports for Bytes {
    fn exports(&self, method: usize) -> bool {
        // The answer has no `calls`.
        <dyn Rule as Contract>::SPEC.methods.get(method).is_some_and(|spec| !spec.optional)
    }
}

impl WithDeadline for Bytes {
    fn until(&self, _: Instant) -> Self {
        *self
    }
}

impl<M: GuestMethod> Transport<M> for Bytes {
    fn call(&self, args: M::Args<'_>) -> Result<M::Value> {
        self.made::<M>(args)
    }
}

impl<M: GuestMethod<Value: Send>> AsyncTransport<M> for Bytes {
    type Call = Ready<Result<M::Value>>;

    fn call_async(&self, args: M::Args<'_>) -> Self::Call {
        ready(self.made::<M>(args))
    }
}
