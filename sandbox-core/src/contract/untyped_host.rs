//! [`UntypedHost`]: the host's implementation of a contract that came as data.
//!
//! `isolate::owned_host` of `sandbox-runtime` calls it. The arguments have been checked by then, and the result is checked
//! after it.

use std::pin::Pin;

use super::OwnedContract;
use crate::guest_error::{ErrorProbe, ErrorSpec, GuestError, HostError};
use crate::value::{Cancellation, JsValue};

/// The host's implementation of an [`OwnedContract`], for a builder's `untyped_host`.
///
/// One function answers the calls of all methods. Closures implement the trait. Arguments are checked by the schemas of the
/// contract before a call, and results after it. A guest sees the same global, and the same errors, as with a host of the
/// program's own trait.
///
/// ```
/// use sandbox_runtime::{Contract, Error, JsValue, OwnedContract, Result, Sandbox, Script, UntypedHostCall, sandbox_api};
///
/// #[sandbox_api(host)]
/// pub trait Rates { fn rate(&self, currency: String) -> Result<f64>; }
///
/// #[sandbox_api(guest)]
/// pub trait Rule { fn price(&self, currency: &str) -> Result<f64>; }
///
/// // An application writes the JSON to a file, and a tool reads the file.
/// let json = serde_json::to_string(&<dyn Rates as Contract>::describe()).unwrap();
/// let contract = OwnedContract::from_json(&json)?;
///
/// let rates = |call: UntypedHostCall| match (call.method(), call.args()) {
///     ("rate", [JsValue::String(currency)]) if currency == "EUR" => Ok(JsValue::Number(0.5)),
///     (method, _) => Err(Error::public(format!("{method} has no answer"))),
/// };
/// let sandbox = Sandbox::builder().untyped_host(&contract, rates).build()?;
/// let source = "export const price = (currency) => 8 * Rates.rate(currency);";
/// let rule = sandbox.load::<dyn Rule>(Script::new("rule.js", source))?;
/// assert_eq!(rule.price("EUR")?, 4.0);
/// assert!(rule.price("XYZ").unwrap_err().to_string().contains("rate has no answer"));
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot answer the calls of a contract that came as data",
    label = "not an `UntypedHost`",
    note = "give a closure `|call: UntypedHostCall| -> Result<JsValue, E>`, or implement `UntypedHost`; `E` implements `GuestError`, as `sandbox_runtime::Error` does"
)]
pub trait UntypedHost: 'static {
    /// The error of a method. A guest sees what its [`GuestError`] shows.
    type Error: GuestError + std::error::Error + Send + Sync + 'static;

    /// Answers a call of a method.
    ///
    /// # Errors
    ///
    /// An error of the method. A result that breaks the contract is the host's fault: the guest sees an opaque Error.
    fn call(&self, call: UntypedHostCall) -> Result<JsValue, Self::Error>;

    /// Answers a call of an `async` method. The default answers at once, by [`call`](Self::call). The future borrows
    /// nothing, and is dropped when the guest's call ends before.
    fn call_async(&self, call: UntypedHostCall) -> UntypedAnswer<Self::Error> {
        Box::pin(std::future::ready(self.call(call)))
    }
}

/// The later result of an `async` method of an [`UntypedHost`].
pub type UntypedAnswer<E> = Pin<Box<dyn Future<Output = Result<JsValue, E>>>>;

impl<H, E> UntypedHost for H
where
    H: Fn(UntypedHostCall) -> Result<JsValue, E> + 'static,
    E: GuestError + std::error::Error + Send + Sync + 'static,
{
    type Error = E;

    fn call(&self, call: UntypedHostCall) -> Result<JsValue, E> {
        self(call)
    }
}

/// A call of a method of an [`UntypedHost`]. Its arguments are those of the contract.
#[derive(Clone, Debug)]
pub struct UntypedHostCall {
    contract: OwnedContract,
    method: usize,
    args: Vec<JsValue>,
    cancellation: Option<Cancellation>,
}

impl UntypedHostCall {
    /// A call of a method that the contract has, with arguments that were checked.
    #[doc(hidden)]
    #[must_use]
    pub fn new(contract: OwnedContract, method: usize, args: Vec<JsValue>) -> Self {
        Self { contract, method, args, cancellation: None }
    }

    /// The call of a method that takes a cancellation.
    #[doc(hidden)]
    #[must_use]
    pub fn cancelled_by(self, cancellation: Option<Cancellation>) -> Self {
        Self { cancellation, ..self }
    }

    /// The cancellation of the call, if the method takes one. See [`Cancellation`].
    #[must_use]
    pub fn cancellation(&self) -> Option<&Cancellation> {
        self.cancellation.as_ref()
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> &OwnedContract {
        &self.contract
    }

    /// The JavaScript name of the method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.contract.spec().methods[self.method].name
    }

    /// The arguments, as many as the method has parameters. A missing one is [`JsValue::Undefined`].
    #[must_use]
    pub fn args(&self) -> &[JsValue] {
        &self.args
    }

    /// The result from its JSON form, for a host whose answers are JSON. The schema says what an integer, an array or an
    /// object stands for, such as a BigInt, bytes or a `Map`. [`JsValue::to_json`] is the opposite, for the arguments.
    ///
    /// ```
    /// use sandbox_runtime::{Bytes, Error, JsValue, LocalSandbox, OwnedContract, Result, Script, UntypedHostCall, sandbox_api};
    /// use serde_json::json;
    ///
    /// #[sandbox_api(host)]
    /// pub trait Store { fn load(&self, key: u64) -> Bytes; }
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Rule { fn size(&self) -> Result<u32>; }
    ///
    /// let store = |call: UntypedHostCall| {
    ///     assert_eq!(call.args()[0].to_json(), json!(7));
    ///     Ok::<JsValue, Error>(call.result_from_json(&json!([1, 2, 3])))
    /// };
    /// let sandbox = LocalSandbox::builder().untyped_host(&OwnedContract::of::<dyn Store>()?, store).build()?;
    /// let source = "export const size = () => Store.load(7n).byteLength;";
    /// assert_eq!(sandbox.load::<dyn Rule>(Script::new("rule.js", source))?.size()?, 3);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn result_from_json(&self, json: &serde_json::Value) -> JsValue {
        self.contract.result_of_json(self.method, json)
    }

    /// Takes the arguments.
    #[must_use]
    pub fn into_args(self) -> Vec<JsValue> {
        self.args
    }
}

/// A failure of an untyped host's method, with all facts that the failure of a typed method has.
pub fn untyped_failure<E: GuestError + std::error::Error + Send + Sync + 'static>(error: E) -> HostError {
    // In a generic function, too, an inherent constant is preferred over one of a trait.
    let facts = ErrorSpec::new(
        ErrorProbe::<Result<(), E>>::VIEW,
        ErrorProbe::<Result<(), E>>::CHAIN,
        ErrorProbe::<Result<(), E>>::KEEP,
    );
    HostError::new(error, facts)
}
