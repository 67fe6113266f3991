//! Every kind of change between types as schemars describes them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value as Json;

use super::super::check::malformed;
use super::super::description::{Description, MethodDescription, ParamDescription, TypeDescription};
use super::{Breaks, Compatibility, compat, fingerprint};

mod methods;
mod properties;
#[allow(unreachable_pub, reason = "each is compared with another by a macro that writes `pub`")]
mod types;
mod values;

const GUESTS: Breaks = Breaks { guests: true, hosts: false };
const HOSTS: Breaks = Breaks { guests: false, hosts: true };
const BOTH: Breaks = Breaks { guests: true, hosts: true };
const NOBODY: Breaks = Breaks { guests: false, hosts: false };

/// Builds a description as the runtime does: with all schemas of a direction from one generator.
struct Contract {
    description: Description,
    to_guest: SchemaGenerator,
    to_host: SchemaGenerator,
}

impl Contract {
    fn new(guest: bool, host: bool) -> Self {
        let description = Description {
            contract: "Rule".to_owned(),
            docs: String::new(),
            guest,
            host,
            is_function: false,
            methods: Vec::new(),
            handles: Vec::new(),
            to_guest: serde_json::Map::new(),
            to_host: serde_json::Map::new(),
        };
        let settings = SchemaSettings::draft2020_12();
        let to_guest = settings.clone().for_serialize().into_generator();
        Self { description, to_guest, to_host: settings.for_deserialize().into_generator() }
    }

    fn guest() -> Self {
        Self::new(true, false)
    }

    fn host() -> Self {
        Self::new(false, true)
    }

    fn schema<T: JsonSchema>(&mut self, to_guest: bool, to_host: bool) -> TypeDescription {
        TypeDescription {
            to_guest: to_guest.then(|| self.to_guest.subschema_for::<T>().to_value()),
            to_host: to_host.then(|| self.to_host.subschema_for::<T>().to_value()),
        }
    }

    /// Adds a method that returns an `R`.
    fn method<R: JsonSchema>(mut self, name: &str) -> Self {
        let (guest, host) = (self.description.guest, self.description.host);
        let returns = self.schema::<R>(host, guest);
        let method = MethodDescription {
            name: name.to_owned(),
            docs: String::new(),
            optional: false,
            is_async: false,
            is_cancellable: false,
            is_scoped: false,
            calls_back: false,
            max_calls: None,
            params: Vec::new(),
            returns,
        };
        self.description.methods.push(method);
        self
    }

    /// Makes the last method optional.
    fn optional(mut self) -> Self {
        self.description.methods.last_mut().expect("a method").optional = true;
        self
    }

    /// Makes the last method `async`.
    fn asynchronous(mut self) -> Self {
        self.description.methods.last_mut().expect("a method").is_async = true;
        self
    }

    /// Gives the last method a cancellation.
    fn cancellable(mut self) -> Self {
        self.description.methods.last_mut().expect("a method").is_cancellable = true;
        self.asynchronous()
    }

    /// Gives the last method a parameter.
    fn param<P: JsonSchema>(mut self, name: &str) -> Self {
        let (guest, host) = (self.description.guest, self.description.host);
        let schema = self.schema::<P>(guest, host);
        let method = self.description.methods.last_mut().expect("a method");
        method.params.push(ParamDescription { name: name.to_owned(), schema });
        self
    }

    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.description.contract);
        self
    }

    fn done(mut self) -> Description {
        self.description.to_guest = self.to_guest.take_definitions(true);
        self.description.to_host = self.to_host.take_definitions(true);
        self.is_well_formed();
        self.description
    }

    /// No schema that schemars makes has a keyword that a contract as data is refused for.
    fn is_well_formed(&self) {
        let Description { methods, to_guest, to_host, .. } = &self.description;
        for of in methods.iter().flat_map(MethodDescription::types) {
            for (schema, defs) in [(&of.to_guest, to_guest), (&of.to_host, to_host)] {
                assert_eq!(schema.as_ref().and_then(|schema| malformed(schema, defs)), None);
            }
        }
    }
}

/// A contract in which a `T` goes to the guest.
fn to_guest<T: JsonSchema>() -> Description {
    Contract::guest().method::<()>("run").param::<T>("value").done()
}

/// A contract in which a `T` comes from the guest.
fn to_host<T: JsonSchema>() -> Description {
    Contract::guest().method::<T>("run").done()
}

/// The changes, without the common prefix of their paths.
fn found(compatibility: &Compatibility, prefix: &str) -> Vec<(String, String, Breaks)> {
    let change = |change: &super::Change| {
        let path = change.path.strip_prefix(prefix).expect("the prefix").to_owned();
        (path, change.what.clone(), change.breaks)
    };
    compatibility.changes.iter().map(change).collect()
}

fn expected(changes: &[(&str, &str, Breaks)]) -> Vec<(String, String, Breaks)> {
    changes.iter().map(|(path, what, breaks)| ((*path).to_owned(), (*what).to_owned(), *breaks)).collect()
}
