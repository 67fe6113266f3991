//! [`UntypedGuest`]: a script that is bound to a contract that came as data.

use std::sync::Arc;
use std::time::Instant;

use sandbox_core::OwnedContract;

use crate::boundary::ValueError;
use crate::error::{Direction, Result};
use crate::isolate::method_info::UntypedMethods;
use crate::site::typed::thread::Remote;
use crate::site::untyped::{UntypedCall, UntypedTransport};
use crate::transport::{Exports, WithDeadline};
use crate::value::JsValue;

/// A script that is bound to an [`OwnedContract`], whose methods are called by name, with values as plain data.
///
/// Arguments and results are checked by the schemas of the contract. A value that breaks the contract is the error that a
/// typed call has. Rules that are code of the application, such as a custom rule of garde, are not in the schemas.
///
/// `T` is the transport, as of a proxy: [`Remote`](crate::Remote) for a `Sandbox`, `Local` for a `LocalSandbox`,
/// `process::Processed` for a `ProcessSandbox` and `Pooled` for a pool.
///
/// ```
/// use sandbox_runtime::{Contract, Error, JsValue, OwnedContract, Result, Sandbox, Script, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Rule { fn price(&self, amount: u32) -> Result<f64>; }
///
/// // An application writes the JSON to a file, and a tool reads the file.
/// let json = serde_json::to_string(&<dyn Rule as Contract>::describe()).unwrap();
/// let contract = OwnedContract::from_json(&json)?;
///
/// let sandbox = Sandbox::builder().build()?;
/// let guest = sandbox.eval(Script::new("rule.js", "export const price = (amount) => amount * 9.5;"))?;
/// let rule = guest.bind_untyped(&contract)?;
/// assert_eq!(rule.call("price", &[JsValue::Number(2.0)])?, JsValue::Number(19.0));
///
/// let error = rule.call("price", &[JsValue::Number(-2.0)]).unwrap_err();
/// assert!(error.to_string().starts_with("Rule.price → amount: expected "));
/// assert!(matches!(error, Error::Value(_)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct UntypedGuest<T = Remote> {
    contract: OwnedContract,
    methods: Arc<UntypedMethods>,
    transport: T,
}

impl<T: UntypedTransport + Exports + WithDeadline + Clone> UntypedGuest<T> {
    pub(crate) fn new(contract: OwnedContract, transport: T) -> Self {
        let methods = Arc::new(UntypedMethods::of_guest(contract.spec().clone()));
        Self { contract, methods, transport }
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> &OwnedContract {
        &self.contract
    }

    /// Whether the script has the method. A script need not have an optional method.
    ///
    /// # Errors
    ///
    /// [`Error::Value`](crate::Error::Value) when the contract has no such method.
    pub fn exports(&self, method: &str) -> Result<bool> {
        Ok(self.transport.exports(self.contract.method(method)?))
    }

    /// Returns a handle whose calls end at `deadline` at the latest.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        Self { transport: self.transport.until(deadline), ..self.clone() }
    }

    /// Calls a method by its JavaScript name, and waits for its result.
    ///
    /// # Errors
    ///
    /// As a call of a proxy has. [`Error::Value`](crate::Error::Value) is also the error when the contract has no such method,
    /// when the method is `async`, and when the method is optional and the script does not export it.
    pub fn call(&self, method: &str, args: &[JsValue]) -> Result<JsValue> {
        let call = self.checked(method, args, false)?;
        let index = call.index;
        let value = self.transport.call_untyped(call)?;
        result(&self.contract, &self.methods, index, value)
    }

    /// Calls an `async` method by its JavaScript name. The call begins at the first poll, and ends when the future is
    /// dropped.
    ///
    /// # Errors
    ///
    /// As of [`call`](Self::call); [`Error::Value`](crate::Error::Value) when the method is not `async`.
    pub fn call_async(
        &self,
        method: &str,
        args: &[JsValue],
    ) -> impl Future<Output = Result<JsValue>> + use<T> {
        let begun = self.checked(method, args, true).map(|call| {
            let index = call.index;
            let call = self.transport.call_untyped_async(call);
            (call, index, self.contract.clone(), self.methods.clone())
        });
        async move {
            let (call, index, contract, methods) = begun?;
            result(&contract, &methods, index, call.await?)
        }
    }

    /// A call, if the arguments are those of the contract.
    fn checked(&self, method: &str, args: &[JsValue], is_async: bool) -> Result<UntypedCall> {
        let index = self.contract.method(method)?;
        let info = self.methods.at(index);
        let checked = if info.spec.is_async != is_async {
            Err(wrong_way(is_async))
        } else if self.transport.exports(index) {
            self.contract.guest_arguments(index, args)
        } else {
            let expected = "an export of the script, because the method is optional (`exports` tells)";
            Err(ValueError::new(expected, "none").inside("method"))
        };
        let args = checked.map_err(|error| error.into_error(info.place(), Direction::ToGuest))?;
        Ok(UntypedCall { methods: self.methods.clone(), index, args })
    }
}

/// A call by the function for methods of the other kind.
fn wrong_way(is_async: bool) -> ValueError {
    let (expected, found) = match is_async {
        true => ("`call`, because the method is not `async`", "`call_async`"),
        false => ("`call_async`, because the method is `async`", "`call`"),
    };
    ValueError::new(expected, found).inside("call")
}

/// The result of a call, if it is one of the contract.
fn result(
    contract: &OwnedContract,
    methods: &UntypedMethods,
    index: usize,
    value: JsValue,
) -> Result<JsValue> {
    let checked = contract.check_result(index, &value);
    checked.map_err(|error| error.into_error(methods.at(index).place(), Direction::ToHost))?;
    Ok(value)
}
