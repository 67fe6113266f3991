//! [`OwnedContract`]: a contract that comes as data, and whose Rust types nobody has.
//!
//! The data are a [`Description`]. The names, the schemas and the checks of values are made of it, and are freed with the
//! last handle. Nothing is leaked.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::boundary::{CheckViolation, ValueError};
use crate::error::{Direction, Error, Place, Result};
use crate::schema::check::node::Node;
use crate::schema::check::{CheckDirection, Checker, malformed};
use crate::schema::{Description, MethodDescription, TypeDescription, is_contract_name, is_method_name};
use crate::shown::Shown;
use crate::spec::{ContractSpec, MethodSpec};
use crate::value::JsValue;
use crate::value::js_value::quoted;
use crate::value::text::SHOWN;

use super::Contract;
use super::data::{violations, written};

/// A contract that comes as data, such as the file `contract.json` of an application.
///
/// The JSON is that of a [`Description`]. A clone is another handle of the same contract.
///
/// ```
/// use sandbox_runtime::{Contract, OwnedContract, Result, sandbox_api};
///
/// #[sandbox_api(guest)]
/// pub trait Rule {
///     fn price(&self, amount: u32) -> Result<f64>;
/// }
///
/// let json = serde_json::to_string(&<dyn Rule as Contract>::describe()).unwrap();
/// let contract = OwnedContract::from_json(&json)?;
/// assert_eq!(contract.name(), "Rule");
/// assert_eq!(*contract.description(), <dyn Rule as Contract>::describe());
/// # Ok::<(), sandbox_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct OwnedContract(Arc<OwnedParts>);

struct OwnedParts {
    description: Description,
    spec: Arc<ContractSpec>,
    /// The checks of the values of a guest that implements the contract, if a guest can, by method.
    guest: Option<Vec<MethodCheckers>>,
    /// The checks of the values of a host that implements the contract, if the host can, by method.
    host: Option<Vec<MethodCheckers>>,
}

/// The checks of the values of a method.
struct MethodCheckers {
    params: Vec<Checker>,
    returns: Checker,
}

impl OwnedContract {
    /// Reads a contract from the JSON of its description.
    ///
    /// # Errors
    ///
    /// [`Error::Contract`] with one of these causes:
    ///
    /// - text that is not the JSON of a description;
    /// - a name that no method can have;
    /// - a contract that neither guests nor the host implement;
    /// - a schema that cannot be checked, or whose keyword has a wrong form, such as `"minimum": "five"`.
    ///
    /// Unknown keys of the JSON, and unknown keywords of a schema, are ignored.
    pub fn from_json(json: &str) -> Result<Self> {
        let description = serde_json::from_str(json).map_err(|error| {
            let reason = one_line(&format!("it is not the JSON of a description: {error}"));
            Error::contract(Cow::Borrowed("of this JSON"), reason)
        });
        Self::new(description?)
    }

    /// Makes a contract of its description.
    ///
    /// # Errors
    ///
    /// As of [`from_json`](Self::from_json).
    pub fn new(description: Description) -> Result<Self> {
        let made = named(&description).and_then(|()| implemented(&description)).and_then(|()| {
            let of = |args| checkers(&description, args);
            Ok((of(CheckDirection::ToGuest)?, of(CheckDirection::ToHost)?))
        });
        let (guest, host) =
            made.map_err(|reason| Error::contract(description.contract.clone().into(), one_line(&reason)))?;
        let spec = Arc::new(spec(&description));
        Ok(Self(Arc::new(OwnedParts { description, spec, guest, host })))
    }

    /// Makes the owned form of a contract of the program.
    ///
    /// # Errors
    ///
    /// As of [`from_json`](Self::from_json).
    pub fn of<C: ?Sized + Contract>() -> Result<Self> {
        Self::new(C::describe())
    }

    /// The name of the contract in JavaScript.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.description.contract
    }

    /// The description, from which the types for authors, the schemas and the fingerprint are made.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.0.description
    }

    #[doc(hidden)]
    #[must_use]
    pub fn spec(&self) -> &Arc<ContractSpec> {
        &self.0.spec
    }

    /// The number of the method with this JavaScript name.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] that names the methods that the contract has.
    #[doc(hidden)]
    pub fn method(&self, name: &str) -> Result<usize> {
        let methods = &self.0.spec.methods;
        methods.iter().position(|method| method.name == name).ok_or_else(|| {
            let names = methods.iter().map(|method| format!("`{}`", method.name)).collect::<Vec<_>>();
            let expected = match &*names {
                [] => "no call, because the contract has no methods".to_owned(),
                names => format!("the name of a method, which is one of {}", names.join(", ")),
            };
            let place = Place::named(&self.0.spec.name, &Cow::Owned(name.to_owned()));
            let error = ValueError::new(expected, quoted(name, SHOWN)).inside("method");
            error.into_error(&place, Direction::ToGuest)
        })
    }

    /// Refuses a contract that no guest can implement.
    #[doc(hidden)]
    pub fn of_guest(&self) -> Result<()> {
        match self.0.guest {
            Some(_) => Ok(()),
            None => Err(self.unusable("the host alone implements it, and a script is to be bound to it")),
        }
    }

    /// Refuses a contract that no host can implement.
    #[doc(hidden)]
    pub fn of_host(&self) -> Result<()> {
        match self.0.host {
            Some(_) => Ok(()),
            None => Err(self.unusable("guests alone implement it, and the host is to implement it")),
        }
    }

    /// The arguments of a guest's method, from their JSON form: a BigInt is an integer, bytes are an array of numbers, a
    /// `Date` is its milliseconds. A call checks them by the schemas.
    ///
    /// ```
    /// use sandbox_runtime::{Date, JsValue, OwnedContract, Result, sandbox_api};
    ///
    /// #[sandbox_api(guest)]
    /// pub trait Rule {
    ///     fn price(&self, id: u64, at: Date) -> Result<f64>;
    /// }
    ///
    /// let contract = OwnedContract::of::<dyn Rule>()?;
    /// let json = serde_json::json!([7, 1000]);
    /// let args = contract.arguments_from_json("price", json.as_array().unwrap())?;
    /// assert_eq!(args, [JsValue::bigint(7), JsValue::Date(1000.0)]);
    /// # Ok::<(), sandbox_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Value`] when the contract has no such method, and [`Error::Contract`] when no guest can implement the
    /// contract.
    pub fn arguments_from_json(&self, method: &str, args: &[Json]) -> Result<Vec<JsValue>> {
        self.of_guest()?;
        let checks = checks(&self.0.guest, self.method(method)?);
        let params = checks.map(|checks| &*checks.params).unwrap_or_default();
        // Too many arguments stay, and the call refuses them.
        let value = |(index, json): (usize, &Json)| match params.get(index) {
            Some(check) => check.value_of_json(json),
            None => JsValue::Null,
        };
        Ok(args.iter().enumerate().map(value).collect())
    }

    /// The result of a host's method, from its JSON form.
    pub(super) fn result_of_json(&self, method: usize, json: &Json) -> JsValue {
        let checks = checks(&self.0.host, method);
        checks.map_or(JsValue::Undefined, |checks| checks.returns.value_of_json(json))
    }

    fn unusable(&self, reason: impl Into<String>) -> Error {
        Error::contract(self.0.spec.name.clone(), reason.into())
    }

    /// Checks the arguments of a guest's method. The guest gets them in the form that Rust writes.
    #[doc(hidden)]
    pub fn guest_arguments(&self, method: usize, args: &[JsValue]) -> Result<Vec<JsValue>, ValueError> {
        let params = &self.0.spec.methods[method].params;
        if args.len() != params.len() {
            let (expected, found) = (count(params.len()), count(args.len()));
            return Err(ValueError::new(expected, found).inside("arguments"));
        }
        self.check_params(checks(&self.0.guest, method), method, args)?;
        let mut args = args.to_vec();
        args.iter_mut().for_each(written);
        Ok(args)
    }

    /// Checks the result of a guest's method.
    #[doc(hidden)]
    pub fn check_result(&self, method: usize, value: &JsValue) -> Result<(), ValueError> {
        checks(&self.0.guest, method).map_or(Ok(()), |checks| checks.result(value))
    }

    /// Checks the arguments that a guest gives to a host's method. As in JavaScript, missing ones are `undefined`, and
    /// those beyond the parameters are left out.
    #[doc(hidden)]
    pub fn host_arguments(&self, method: usize, mut args: Vec<JsValue>) -> Result<Vec<JsValue>, ValueError> {
        args.resize(self.0.spec.methods[method].params.len(), JsValue::Undefined);
        self.check_params(checks(&self.0.host, method), method, &args).map(|()| args)
    }

    /// Checks the result of a host's method. As from a method of a trait, the guest gets `undefined` where the method has no
    /// result, and `null` where it has one.
    #[doc(hidden)]
    pub fn host_result(&self, method: usize, mut value: JsValue) -> Result<JsValue, ValueError> {
        let Some(checks) = checks(&self.0.host, method) else { return Ok(value) };
        checks.result(&value)?;
        written(&mut value);
        let is_nothing = value == JsValue::Null && checks.returns.arena.node(0).is_only_null();
        Ok(if is_nothing { JsValue::Undefined } else { value })
    }

    fn check_params(
        &self,
        checks: Option<&MethodCheckers>,
        method: usize,
        args: &[JsValue],
    ) -> Result<(), ValueError> {
        let Some(checks) = checks else { return Ok(()) };
        let all = checks.params.iter().zip(&*self.0.spec.methods[method].params).zip(args);
        all_of(all.flat_map(|((check, param), value)| violations(check, value, &param.name)))
    }
}

/// The checks of a method, for one side that implements the contract.
fn checks(side: &Option<Vec<MethodCheckers>>, method: usize) -> Option<&MethodCheckers> {
    side.as_ref()?.get(method)
}

impl MethodCheckers {
    fn result(&self, value: &JsValue) -> Result<(), ValueError> {
        all_of(violations(&self.returns, value, "result"))
    }
}

impl fmt::Debug for OwnedContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedContract").field(&self.name()).finish()
    }
}

fn count(number: usize) -> String {
    if number == 1 { "1 argument".into() } else { format!("{number} arguments") }
}

/// A reason with texts of the JSON, in one line.
fn one_line(reason: &str) -> String {
    Shown(reason).to_string()
}

fn all_of(violations: impl IntoIterator<Item = CheckViolation>) -> Result<(), ValueError> {
    ValueError::all(violations.into_iter().collect()).map_or(Ok(()), Err)
}

/// Refuses a contract that neither side can implement.
fn implemented(description: &Description) -> Result<(), String> {
    match description.guest || description.host {
        true => Ok(()),
        false => Err("neither guests nor the host implement it: set `guest` or `host` to true".to_owned()),
    }
}

/// Refuses names that JavaScript or a module for authors cannot have, because both are made of them.
fn named(description: &Description) -> Result<(), String> {
    if !is_contract_name(&description.contract, description.host) {
        return Err(format!("`{}` cannot be the name of a contract in JavaScript", description.contract));
    }
    if description.is_function && (description.guest || description.methods.len() != 1) {
        return Err("a global function is the only method of a contract that only the host implements: set `is_function` to \
                    false"
            .to_owned());
    }
    let mut known = std::collections::BTreeSet::new();
    for MethodDescription { name, is_async, is_cancellable, calls_back, .. } in &description.methods {
        if !is_method_name(name) {
            return Err(format!("`{name}` cannot be the name of a method in JavaScript"));
        }
        if *is_cancellable && !is_async {
            return Err(format!("`{name}` takes a cancellation and is not `async`: set `is_async` to true"));
        }
        if *calls_back && (!is_async || description.host) {
            return Err(format!(
                "`{name}` gives its result by a callback: set `is_async` to true, and `host` to false"
            ));
        }
        if !known.insert(name) {
            return Err(format!("two of its methods have the name `{name}`"));
        }
    }
    Ok(())
}

/// The checks of the values of the side to which the arguments go; `None` if that side cannot implement the contract.
fn checkers(description: &Description, args: CheckDirection) -> Result<Option<Vec<MethodCheckers>>, String> {
    let (can_implement, result) = match args {
        CheckDirection::ToGuest => (description.guest, CheckDirection::ToHost),
        CheckDirection::ToHost => (description.host, CheckDirection::ToGuest),
    };
    if !can_implement {
        return Ok(None);
    }
    let method = |method: &MethodDescription| {
        let place = |what: &str| format!("{}.{} → {what}", description.contract, method.name);
        let params = method.params.iter();
        let params = params.map(|param| checker(description, &param.schema, args, &place(&param.name)));
        let params = params.collect::<Result<_, String>>()?;
        let returns = checker(description, &method.returns, result, &place("result"))?;
        Ok(MethodCheckers { params, returns })
    };
    description.methods.iter().map(method).collect::<Result<_, String>>().map(Some)
}

/// The check of the values that go in a direction.
fn checker(
    description: &Description,
    of: &TypeDescription,
    direction: CheckDirection,
    place: &str,
) -> Result<Checker, String> {
    let (schema, defs, name) = match direction {
        CheckDirection::ToGuest => (&of.to_guest, &description.to_guest, "to_guest"),
        CheckDirection::ToHost => (&of.to_host, &description.to_host, "to_host"),
    };
    let schema = schema.as_ref().ok_or_else(|| format!("{place} has no schema `{name}`"))?;
    if let Some(wrong) = malformed(schema, defs) {
        return Err(format!("{place}: {wrong}"));
    }
    let checker = Checker::new(schema, defs, direction);
    if let Some(live) = checker.arena.nodes.iter().find_map(Node::live) {
        return Err(format!(
            "{place} is described with {live}, which a contract as data cannot have: give data instead, or use the \
             contract's trait"
        ));
    }
    match checker.unchecked().first() {
        Some(what) => Err(format!("{place} is described with {what}, which cannot be checked")),
        None => Ok(checker),
    }
}

/// The contract as the runtime knows contracts.
fn spec(description: &Description) -> ContractSpec {
    let methods = description.methods.iter().map(|method| {
        let params = method.params.iter().map(|param| param.name.clone()).collect();
        let mut spec = MethodSpec::owned(method.name.clone(), params);
        spec.docs = Cow::Owned(method.docs.clone());
        (spec.optional, spec.is_async, spec.max_calls) = (method.optional, method.is_async, method.max_calls);
        (spec.is_cancellable, spec.is_scoped) = (method.is_cancellable, method.is_scoped);
        spec.calls_back = method.calls_back;
        spec
    });
    let mut spec = ContractSpec::owned(description.contract.clone(), methods.collect());
    spec.docs = Cow::Owned(description.docs.clone());
    (spec.guest, spec.host) = (description.guest, description.host);
    spec.is_function = description.is_function;
    spec
}

#[cfg(test)]
mod tests;
