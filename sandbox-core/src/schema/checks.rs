//! The checks of a contract's values, compiled from its description once a process.
//!
//! `isolate` and `site::wired` of `sandbox-runtime` check arguments and results with them. A check of a Rust value runs no code of a guest.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::check::{CheckDirection, Checker};
use super::description::TypeDescription;
use super::generate::{Generators, one_of_each_name};
use super::handles::given_by;
use crate::boundary::{CheckViolation, MOST, Step, ValueError, plain};
use crate::panic::text_of;
use crate::spec::{ContractSpec, GivenKinds, Rules, TypeSpec};
use crate::value::JsValue;

/// The checks of a contract.
pub struct ContractChecks {
    /// In the order of the methods.
    pub methods: Vec<MethodChecks>,
}

/// The checks of a method.
pub struct MethodChecks {
    /// In the order of the parameters.
    pub params: Vec<TypeCheck>,
    /// Whether any parameter has constraints.
    pub is_constrained: bool,
    /// Whether the schema for reading has constraints, for any parameter.
    pub is_read_constrained: bool,
    /// Whether any parameter has a description, by which a read value can be diagnosed.
    is_described: bool,
    pub returns: TypeCheck,
}

impl MethodChecks {
    /// Which arguments may be handles of a guest's objects.
    pub fn params_give(&self) -> GivenKinds {
        self.params.iter().map(|param| param.gives).max().unwrap_or_default()
    }

    /// Whether the bytes of buffers are kept in the observation of the arguments; `None` if no diagnosis can follow it.
    #[inline]
    pub fn observation(&self) -> Option<bool> {
        self.is_described.then_some(self.is_read_constrained)
    }
}

/// The checks of a parameter or a result.
#[doc(hidden)]
pub struct TypeCheck {
    /// The constraints beyond the type, checked on serde's output of a value; `None` without any.
    ///
    /// A value of the guest is checked too, after it became a Rust value. By then no getter can show one value to the
    /// check and another to the host.
    constraints: Option<Checker>,
    /// The schema for reading, which diagnoses a value that could not be read.
    readable: Checker,
    /// Whether the schema for reading has constraints, so that a value that was read is checked against it too. A
    /// field that is read and not written has constraints there only.
    pub is_read_constrained: bool,
    /// Whether a description for reading exists.
    is_described: bool,
    /// Which values for reading may be handles of a guest's objects. A type without a description may have them.
    pub gives: GivenKinds,
    rules: Option<Rules>,
}

impl ContractChecks {
    /// The checks of a contract, made once for each type that stands for one.
    pub fn of(contract: TypeId, spec: &'static ContractSpec) -> Result<Arc<Self>, String> {
        static MADE: Mutex<BTreeMap<TypeId, Arc<ContractChecks>>> = Mutex::new(BTreeMap::new());
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checks) = made.get(&contract) {
            return Ok(checks.clone());
        }
        // A `JsonSchema` is code of the application.
        let made_now = catch_unwind(|| Self::make(contract, spec)).unwrap_or_else(|panic| {
            Err(format!("the description (`JsonSchema`) of one of its types panicked: {}", text_of(panic)))
        });
        let checks = Arc::new(made_now?);
        made.insert(contract, checks.clone());
        Ok(checks)
    }

    /// No checks, for a contract whose values others check: another process, or an `OwnedContract`.
    pub fn elsewhere() -> Arc<Self> {
        Arc::new(Self { methods: Vec::new() })
    }

    fn make(id: TypeId, contract: &ContractSpec) -> Result<Self, String> {
        let mut generators = Generators::new();
        let described = contract.methods.iter().map(|method| generators.method(method)).collect::<Vec<_>>();
        if !generators.noted.is_empty() {
            one_of_each_name(id, contract)?;
        }
        let defs = generators.definitions();
        let mut methods = Vec::with_capacity(described.len());
        for (spec, method) in contract.methods.iter().zip(&described) {
            let place = |what: &str| format!("{}.{} → {what}", contract.name, spec.name);
            let params = spec.params.iter().zip(&method.params);
            let params = params
                .map(|(spec, param)| TypeCheck::new(&param.schema, &defs, &spec.ty, &place(&spec.name)));
            let returns = TypeCheck::new(&method.returns, &defs, &spec.returns, &place("result"))?;
            let params = params.collect::<Result<Vec<_>, _>>()?;
            let is_constrained = params.iter().any(TypeCheck::is_constrained);
            let is_read_constrained = params.iter().any(|param| param.is_read_constrained);
            let is_described = params.iter().any(|param| param.is_described);
            methods.push(MethodChecks { params, is_constrained, is_read_constrained, is_described, returns });
        }
        Ok(Self { methods })
    }
}

impl TypeCheck {
    fn new(
        schema: &TypeDescription,
        [to_guest, to_host]: &[Map<String, Json>; 2],
        spec: &TypeSpec,
        place: &str,
    ) -> Result<Self, String> {
        let anything = Json::Bool(true);
        let schema_of = |schema: &Option<Json>| schema.clone().unwrap_or(anything.clone());
        let written = Checker::new(&schema_of(&schema.to_guest), to_guest, CheckDirection::ToGuest);
        let readable = Checker::new(&schema_of(&schema.to_host), to_host, CheckDirection::ToHost);
        if let Some(what) = written.unchecked().iter().chain(readable.unchecked()).next() {
            return Err(format!(
                "{place} is described with {what}, which cannot be checked: a pattern is one of the crate `regex`, \
                 without look-around and backreferences"
            ));
        }
        let constraints = written.has_constraints().then_some(written);
        let is_read_constrained = readable.has_constraints();
        let is_described = schema.to_host.is_some();
        let gives = match (&schema.to_host, spec.schema) {
            (Some(schema), Some(_)) => given_by(schema, to_host),
            _ => GivenKinds::Objects,
        };
        let rules = spec.rules;
        Ok(Self { constraints, readable, is_read_constrained, is_described, gives, rules })
    }

    /// Whether the bytes of buffers are kept in the observation of a value; `None` if no diagnosis can follow it.
    #[inline]
    pub fn observation(&self) -> Option<bool> {
        self.is_described.then_some(self.is_read_constrained)
    }

    /// Whether values of the type have constraints.
    #[inline]
    pub fn is_constrained(&self) -> bool {
        self.constraints.is_some() || self.rules.is_some()
    }

    /// All violations of a Rust value of the right type, each below the name `root`.
    #[inline]
    pub fn enforce<T: Serialize + 'static>(&self, value: &T, root: &str) -> Result<(), ValueError> {
        match self.is_constrained() {
            true => self.enforce_all(value, root),
            false => Ok(()),
        }
    }

    fn enforce_all<T: Serialize + 'static>(&self, value: &T, root: &str) -> Result<(), ValueError> {
        let data = plain(value).map_err(|error| error.inside(root))?;
        let mut found = Vec::new();
        if let Some(constraints) = &self.constraints {
            found = constraints.violations(&data, MOST + 1);
        }
        if let Some(Err(report)) = self.rules.map(|rules| rules(value as &dyn Any)) {
            let ruled = report.iter().map(|(path, error)| ruled(&data, &path.to_string(), error.message()));
            for violation in ruled {
                if !found.iter().any(|other| other.path == violation.path) {
                    found.push(violation);
                }
            }
        }
        ValueError::all(found).map_or(Ok(()), |error| Err(error.inside(root)))
    }

    /// All violations of a value that could not be read, each below the name `root`.
    pub fn diagnose(&self, value: &JsValue, root: &str) -> Vec<CheckViolation> {
        self.readable.violations_below(value, root)
    }
}

/// The violation of a garde rule. garde names Rust's fields. The path names the fields of the data.
fn ruled(data: &JsValue, path: &str, message: &str) -> CheckViolation {
    let mut place = Some(data);
    let mut steps = Vec::new();
    for name in path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty())
    {
        let (step, inner) = match place {
            Some(JsValue::Array(items) | JsValue::Set(items)) => match name.parse() {
                Ok(index) => (Step::Index(index), items.get(index)),
                Err(_) => (Step::Field(name.to_owned()), None),
            },
            Some(JsValue::Object(fields)) => match fields.iter().find(|(field, _)| is_same(field, name)) {
                Some((field, value)) => (Step::Field(field.clone()), Some(value)),
                None => (Step::Field(name.to_owned()), None),
            },
            _ => (Step::Field(name.to_owned()), None),
        };
        steps.push(step);
        place = inner;
    }
    let found = place.map_or_else(|| "another".to_owned(), JsValue::describe);
    CheckViolation { path: steps, expected: format!("a value that passes its garde rule ({message})"), found }
}

/// Whether a JavaScript field is serde's name for a Rust field, under any `rename_all`.
fn is_same(field: &str, rust: &str) -> bool {
    let plain = |name: &str| {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    field == rust || plain(field) == plain(rust)
}
