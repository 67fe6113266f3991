//! Hosts of contracts that came as data, in the application's process: the values are checked here, at every site.
//!
//! The builders of `client` and `pool` make such a host. V8 reaches it through `untyped_contract`, and a link through
//! `ops::host_dispatch`.

use std::rc::Rc;

use sandbox_core::contract::untyped_failure;
use sandbox_core::{OwnedContract, UntypedHost, UntypedHostCall};

use super::state::data_host::{DataAnswer, DataHost, Later, Refused};
use super::state::host::Host;
use crate::boundary::ValueError;
use crate::error::Direction;
use crate::value::{Cancellation, JsValue};

impl Host {
    /// The host of a contract that came as data, which is the nth of its sandbox.
    pub(crate) fn owned(nth: usize, contract: OwnedContract, host: impl UntypedHost) -> Result<Self, String> {
        contract.of_host().map_err(|error| error.to_string())?;
        let spec = contract.spec().clone();
        Self::untyped(nth, spec, Rc::new(OwnedHost { contract, host: Rc::new(host) }))
    }
}

/// An implementation with the contract that its values are checked by.
struct OwnedHost<H> {
    contract: OwnedContract,
    host: Rc<H>,
}

impl<H: UntypedHost> OwnedHost<H> {
    fn checked(&self, method: usize, args: Vec<JsValue>) -> Result<UntypedHostCall, Refused> {
        let args = self.contract.host_arguments(method, args);
        let args = args.map_err(|error| Refused::Value(error, Direction::ToHost))?;
        Ok(UntypedHostCall::new(self.contract.clone(), method, args))
    }
}

impl<H: UntypedHost> DataHost for OwnedHost<H> {
    fn call(&self, method: usize, _: u64, args: Vec<JsValue>) -> Result<DataAnswer, Refused> {
        let call = self.checked(method, args)?;
        answer(&self.contract, method, self.host.call(call))
    }

    fn begin(
        &self,
        method: usize,
        _: u64,
        args: Vec<JsValue>,
        cancellation: Option<&Cancellation>,
    ) -> Result<Later, Refused> {
        let call = self.checked(method, args)?.cancelled_by(cancellation.cloned());
        let (contract, host) = (self.contract.clone(), self.host.clone());
        // As with an `async fn`, nothing of the method runs before the first poll.
        Ok(Box::pin(async move {
            let answered = host.call_async(call).await;
            answer(&contract, method, answered)
        }))
    }
}

fn answer<E>(
    contract: &OwnedContract,
    method: usize,
    answered: Result<JsValue, E>,
) -> Result<DataAnswer, Refused>
where
    E: sandbox_core::GuestError + std::error::Error + Send + Sync + 'static,
{
    let value = answered.map_err(|error| Refused::Host(untyped_failure(error)))?;
    let refused = |error: ValueError| Refused::Value(error, Direction::ToGuest);
    contract.host_result(method, value).map(DataAnswer::from).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ContractSpec, HostContract, MethodSpec};
    use crate::isolate::ops::HostOp;
    use crate::isolate::shim;
    use crate::{Error, sandbox_api};

    /// Prices and *stock*.
    #[sandbox_api(host, crate = crate)]
    trait Store {
        /// Finds a product.
        /// */ globalThis.x = 1;
        fn find(&self, sku: String, many: u32) -> crate::Result<String>;
        fn nothing(&self, of: Vec<u8>);
        async fn later(&self) -> u32;
    }

    #[sandbox_api(host, crate = crate)]
    trait Sum {
        fn sum(&self, a: f64, b: i8) -> f64;
        fn is(&self) -> bool;
    }

    /// The shims of the owned form of a contract, and of its trait without fast calls.
    fn shims<C: ?Sized + HostContract>() -> [String; 2] {
        let contract = OwnedContract::of::<C>().expect("a contract");
        let nothing = |_: UntypedHostCall| Ok::<_, Error>(JsValue::Undefined);
        let host = Host::owned(0, contract, nothing).expect("a host");
        let slow = C::OPS.iter().map(|op| HostOp { fast: None, ..*op }).collect::<Vec<_>>();
        [shim::source(&host.spec, &host.ops), shim::source(C::SPEC, &slow)]
    }

    #[test]
    fn guests_get_the_shim_of_the_trait() {
        let [owned, typed] = shims::<dyn Store>();
        assert_eq!(owned, typed);
        assert_eq!(owned, <dyn Store as HostContract>::shim(), "no method of it has a fast call");
        let [owned, typed] = shims::<dyn Sum>();
        assert_eq!(owned, typed);
        assert_ne!(
            owned,
            <dyn Sum as HostContract>::shim(),
            "a method whose types are scalars has a fast call"
        );
    }

    #[test]
    fn a_guest_cannot_have_more_methods_than_have_addresses() {
        struct Nothing;
        impl DataHost for Nothing {
            fn call(&self, _: usize, _: u64, _: Vec<JsValue>) -> Result<DataAnswer, Refused> {
                Ok(JsValue::Undefined.into())
            }
            fn begin(
                &self,
                _: usize,
                _: u64,
                _: Vec<JsValue>,
                _: Option<&Cancellation>,
            ) -> Result<Later, Refused> {
                Ok(Box::pin(std::future::ready(Ok(JsValue::Undefined.into()))))
            }
        }
        let made = |methods: usize, nth: usize| {
            let methods = (0..methods).map(|name| MethodSpec::owned(format!("m{name}"), Vec::new()));
            let spec = ContractSpec::owned("Many".into(), methods.collect());
            Host::untyped(nth, spec.into(), Rc::new(Nothing)).map(drop)
        };
        made(1 << 16, 65535).expect("each has an address");
        let error = made((1 << 16) + 1, 0).expect_err("one has no address");
        assert_eq!(error, "the methods of the contract Many can be at most 65,536, and are 65,537");
        let error = made(1, 1 << 16).expect_err("it has no number");
        assert_eq!(error, "the host contracts of a sandbox can be at most 65,536, and are 65,537");
    }
}
