//! The types of free globals, for the authors of scripts.

use schemars::JsonSchema;

use super::generate::describe;
use super::typescript;
use crate::spec::{ContractSpec, MethodSpec, TypeSpec};

/// The types of the free globals that scripts find, for their authors.
///
/// ```
/// use sandbox_runtime::{GlobalTypes, Script, schemars};
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Configuration { domain: String }
///
/// let types = GlobalTypes::new().value::<Configuration>("configuration").value::<f64>("rate");
/// let module = types.typescript();
/// assert!(module.contains("export interface Configuration {\n  domain: string;\n}"));
/// assert!(module.contains("declare global {\n  const configuration: Configuration;\n  const rate: number;\n}"));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "the types are written by `typescript`"]
pub struct GlobalTypes {
    values: Vec<MethodSpec>,
    classes: Vec<String>,
}

impl GlobalTypes {
    /// No globals.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the type of a value that `Script::global` or `Builder::global` gives.
    pub fn value<T: ?Sized + JsonSchema>(mut self, name: &str) -> Self {
        // A global is described as the result of a host's method without parameters, which has the type of the value.
        let mut global = MethodSpec::owned(name.to_owned(), Vec::new());
        global.returns = TypeSpec::new(Some(|generator| generator.subschema_for::<T>()), None);
        self.values.push(global);
        self
    }

    /// Adds a class of errors, which `Builder::error_class` gives.
    pub fn error_class(mut self, name: &str) -> Self {
        self.classes.push(name.to_owned());
        self
    }

    /// A TypeScript declaration module (`.d.ts`), which declares a constant for each global, and exports the named types.
    #[must_use]
    pub fn typescript(&self) -> String {
        let values = ContractSpec::owned("Globals".to_owned(), self.values.clone()).host_only();
        typescript::globals(&describe(&values), &self.classes)
    }
}
