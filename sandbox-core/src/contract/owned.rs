//! [`OwnedContract`]: a contract that comes as data, and whose Rust types nobody has.
//!
//! The data are a [`Description`]. The names, the schemas and the checks of values are made of it, and are freed with the
//! last handle. Nothing is leaked.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::boundary::{CheckViolation, Step, ValueError};
use crate::error::{Error, Result};
use crate::schema::check::{CheckDirection, Checker};
use crate::schema::{Description, MethodDescription, TypeDescription, is_contract_name, is_method_name};
use crate::spec::{ContractSpec, MethodSpec};
use crate::value::JsValue;

use super::Contract;

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
    /// [`Error::Contract`] with the cause: text that is not the JSON of a description, a name that no method can have, or a
    /// schema that cannot be checked.
    pub fn from_json(json: &str) -> Result<Self> {
        let description = serde_json::from_str(json).map_err(|error| {
            let reason = format!("it is not the JSON of a description: {error}");
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
        let made = named(&description).and_then(|()| {
            let [guest, host] = [Implementer::Guest, Implementer::Host].map(|of| checkers(&description, of));
            Ok((guest?, host?))
        });
        let (guest, host) =
            made.map_err(|reason| Error::contract(description.contract.clone().into(), reason))?;
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
    /// [`Error::Contract`] that names the methods that the contract has.
    #[doc(hidden)]
    pub fn method(&self, name: &str) -> Result<usize> {
        let methods = &self.0.spec.methods;
        methods.iter().position(|method| method.name == name).ok_or_else(|| {
            let names = methods.iter().map(|method| format!("`{}`", method.name)).collect::<Vec<_>>();
            let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            self.unusable(format!("there is no method `{name}` in it; its methods are {has}"))
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
    /// [`Error::Contract`] when the contract has no such method, or when no guest can implement the contract.
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

    /// The error of a use that the contract does not allow. The call was not made.
    #[doc(hidden)]
    #[must_use]
    pub fn unusable(&self, reason: impl Into<String>) -> Error {
        Error::contract(self.0.spec.name.clone(), reason.into())
    }

    /// Checks the arguments of a guest's method.
    #[doc(hidden)]
    pub fn check_arguments(&self, method: usize, args: &[JsValue]) -> Result<(), ValueError> {
        let params = &self.0.spec.methods[method].params;
        if args.len() != params.len() {
            let (expected, found) = (count(params.len()), count(args.len()));
            return Err(ValueError::new(expected, found).inside("arguments"));
        }
        self.check_params(checks(&self.0.guest, method), method, args)
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
    pub fn host_result(&self, method: usize, value: JsValue) -> Result<JsValue, ValueError> {
        let Some(checks) = checks(&self.0.host, method) else { return Ok(value) };
        checks.result(&value)?;
        Ok(match value {
            JsValue::Null | JsValue::Undefined if checks.returns.arena.node(0).is_only_null() => {
                JsValue::Undefined
            }
            JsValue::Undefined => JsValue::Null,
            value => value,
        })
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

/// The violations of a value. All of the value goes to the other side, so a part that is no data is one of them, also where
/// the schema accepts anything.
fn violations(check: &Checker, value: &JsValue, name: &str) -> Vec<CheckViolation> {
    let mut found = check.violations_below(value, name);
    if found.is_empty() {
        not_data(value, &mut vec![Step::Field(name.to_owned())], &mut found);
    }
    found
}

/// Finds the first part of a value that is no data, or that is too much for a limit.
fn not_data(value: &JsValue, path: &mut Vec<Step>, found: &mut Vec<CheckViolation>) {
    let mut part = |step: Step, value: &JsValue| {
        if found.is_empty() {
            path.push(step);
            not_data(value, path, found);
            path.pop();
        }
    };
    match value {
        JsValue::Other(what) => {
            let expected = "a value that can cross".to_owned();
            found.push(CheckViolation { path: path.clone(), expected, found: what.to_string() });
        }
        JsValue::Array(items) | JsValue::Set(items) => {
            items.iter().enumerate().for_each(|(index, item)| part(Step::Index(index), item));
        }
        JsValue::Object(fields) => {
            fields.iter().for_each(|(name, value)| part(Step::Field(name.clone()), value));
        }
        JsValue::Map(entries) => entries.iter().enumerate().for_each(|(index, (key, value))| {
            part(Step::Key(index), key);
            part(Step::Index(index), value);
        }),
        JsValue::Error { rest, .. } => {
            rest.iter().for_each(|(name, value)| part(Step::Field((*name).to_owned()), value));
        }
        _ => {}
    }
}

fn all_of(violations: impl IntoIterator<Item = CheckViolation>) -> Result<(), ValueError> {
    ValueError::all(violations.into_iter().collect()).map_or(Ok(()), Err)
}

/// Refuses names that JavaScript or a module for authors cannot have, because both are made of them.
fn named(description: &Description) -> Result<(), String> {
    if !is_contract_name(&description.contract, description.host) {
        return Err(format!("`{}` cannot be the name of a contract in JavaScript", description.contract));
    }
    let mut known = std::collections::BTreeSet::new();
    for MethodDescription { name, .. } in &description.methods {
        if !is_method_name(name) {
            return Err(format!("`{name}` cannot be the name of a method in JavaScript"));
        }
        if !known.insert(name) {
            return Err(format!("two of its methods have the name `{name}`"));
        }
    }
    Ok(())
}

/// A side that can implement a contract.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Implementer {
    Guest,
    Host,
}

/// The checks of the values of a side that implements the contract; `None` if that side cannot.
fn checkers(description: &Description, of: Implementer) -> Result<Option<Vec<MethodCheckers>>, String> {
    let to_guest = (CheckDirection::ToGuest, &description.to_guest);
    let to_host = (CheckDirection::ToHost, &description.to_host);
    let (can, (into, into_defs), (out, out_defs)) = match of {
        Implementer::Guest => (description.guest, to_guest, to_host),
        Implementer::Host => (description.host, to_host, to_guest),
    };
    if !can {
        return Ok(None);
    }
    let method = |method: &MethodDescription| {
        let place = |what: &str| format!("{}.{} → {what}", description.contract, method.name);
        let params = method.params.iter();
        let params = params.map(|param| checker((&param.schema, into), into_defs, &place(&param.name)));
        let params = params.collect::<Result<_, String>>()?;
        let returns = checker((&method.returns, out), out_defs, &place("result"))?;
        Ok(MethodCheckers { params, returns })
    };
    description.methods.iter().map(method).collect::<Result<_, String>>().map(Some)
}

/// The check of the values that go in a direction.
fn checker(
    (schema, direction): (&TypeDescription, CheckDirection),
    defs: &Map<String, Json>,
    place: &str,
) -> Result<Checker, String> {
    let (schema, name) = match direction {
        CheckDirection::ToGuest => (&schema.to_guest, "to_guest"),
        CheckDirection::ToHost => (&schema.to_host, "to_host"),
    };
    let schema = schema.as_ref().ok_or_else(|| format!("{place} has no schema `{name}`"))?;
    let checker = Checker::new(schema, defs, direction);
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
        spec
    });
    let mut spec = ContractSpec::owned(description.contract.clone(), methods.collect());
    spec.docs = Cow::Owned(description.docs.clone());
    (spec.guest, spec.host) = (description.guest, description.host);
    spec
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{JsKind, Unrepresentable};

    const PRICE: &str = r#"{
        "contract": "Rule", "guest": true, "host": false,
        "methods": [{
            "name": "price",
            "params": [{ "name": "amount", "to_guest": { "type": "number", "minimum": 1 } }],
            "returns": { "to_host": { "type": "number" } }
        }]
    }"#;

    fn refused(change: impl FnOnce(&mut Json)) -> String {
        let mut json = serde_json::from_str(PRICE).expect("it is JSON");
        change(&mut json);
        OwnedContract::from_json(&json.to_string()).expect_err("it cannot be used").to_string()
    }

    #[test]
    fn a_contract_is_freed_with_its_last_handle() {
        let contract = OwnedContract::from_json(PRICE).expect("it is a contract");
        let (other, spec) = (contract.clone(), Arc::downgrade(contract.spec()));
        drop(contract);
        assert!(spec.upgrade().is_some(), "a handle is left");
        drop(other);
        assert!(spec.upgrade().is_none());
    }

    #[test]
    fn a_description_that_is_none_is_refused_with_its_cause() {
        let error = OwnedContract::from_json("{").expect_err("it is no JSON").to_string();
        assert!(
            error.starts_with("the contract of this JSON cannot be used: it is not the JSON of"),
            "{error}"
        );
        for name in ["a b", "", "1", "new", "then", "__proto__", "f(){};globalThis.x=1;g"] {
            let error = refused(|json| json["methods"][0]["name"] = name.into());
            assert!(error.contains("cannot be the name of a method"), "{name}: {error}");
        }
        for name in ["a b", "", "new", "Array", "constructor", "WebAssembly", "undefined"] {
            let error = refused(|json| (json["contract"], json["host"]) = (name.into(), true.into()));
            assert!(error.contains("cannot be the name of a contract"), "{name}: {error}");
        }
        // TypeScript knows these names, and JavaScript does not.
        for name in ["Record", "Partial", "any"] {
            let mut description: Description = serde_json::from_str(PRICE).expect("it is a description");
            (description.contract, description.guest) = (name.to_owned(), true);
            let contract = OwnedContract::new(description).expect("a guest can implement it");
            contract.of_host().expect_err("no host can");
        }
        let error = refused(|json| {
            let method = json["methods"][0].clone();
            json["methods"].as_array_mut().expect("a list").push(method);
        });
        assert!(error.ends_with("two of its methods have the name `price`"), "{error}");
        let error = refused(|json| json["methods"][0]["returns"] = Json::Object(Map::new()));
        assert!(error.ends_with("Rule.price → result has no schema `to_host`"), "{error}");
        let error = refused(|json| json["methods"][0]["returns"]["to_host"]["pattern"] = "(?=a)".into());
        assert!(error.contains("which cannot be checked"), "{error}");
    }

    #[test]
    fn values_are_checked_by_the_schemas() {
        let contract = OwnedContract::from_json(PRICE).expect("it is a contract");
        let price = contract.method("price").expect("there is one");
        contract.check_arguments(price, &[JsValue::Number(1.0)]).expect("it is allowed");
        contract.check_result(price, &JsValue::Number(0.5)).expect("it is allowed");
        let text = |error: ValueError| {
            let place = crate::error::Place::new("Rule", "price");
            error.into_error(&place, crate::error::Direction::ToGuest).to_string()
        };
        for (args, expected) in [
            (vec![JsValue::Number(0.0)], "amount: expected "),
            (vec![JsValue::Null], "amount: expected "),
            (vec![], "arguments: expected 1 argument, got 0 arguments"),
            (vec![JsValue::Null; 2], "arguments: expected 1 argument, got 2 arguments"),
        ] {
            let error = text(contract.check_arguments(price, &args).expect_err("it is refused"));
            assert!(error.contains(expected), "{error}");
        }
        let anything = r#"{"contract": "Any", "guest": true, "host": true, "methods": [{
            "name": "of", "params": [{ "name": "a", "to_guest": true, "to_host": true }],
            "returns": { "to_guest": true, "to_host": true }
        }]}"#;
        let contract_of_anything = OwnedContract::from_json(anything).expect("it is a contract");
        let function = JsValue::Other(Unrepresentable::Kind(JsKind::Function));
        let inner = JsValue::Object(vec![("b".into(), vec![JsValue::Null, function].into())]);
        for (error, place) in [
            (contract_of_anything.check_arguments(0, std::slice::from_ref(&inner)).map(drop), "a.b[1]"),
            (contract_of_anything.check_result(0, &inner), "result.b[1]"),
            (contract_of_anything.host_arguments(0, vec![inner.clone()]).map(drop), "a.b[1]"),
            (contract_of_anything.host_result(0, inner.clone()).map(drop), "result.b[1]"),
        ] {
            let error = text(error.expect_err("it is no data"));
            assert!(
                error.ends_with(&format!("{place}: expected a value that can cross, got a function")),
                "{error}"
            );
        }
        let error = text(contract.check_result(price, &JsValue::Null).expect_err("it is refused"));
        assert!(error.contains("result: expected a number"), "{error}");
        let error = contract.method("prize").expect_err("there is none").to_string();
        assert!(error.ends_with("there is no method `prize` in it; its methods are `price`"), "{error}");
    }
}
