//! The TypeScript types of parameters, results, functions and streams.

use serde_json::Value as Json;

use super::TypeScriptWriter;
use crate::schema::code::TypeCode;
use crate::schema::walk::{FunctionType, SchemaDirection, admits_null, is_unit};

/// The names of the parameters of a function, which are those in messages of the boundary.
const PARAMETERS: [&str; 4] = ["first", "second", "third", "fourth"];

impl TypeScriptWriter<'_> {
    /// Parameters that go in the direction of this writer. A guest may leave out the last ones that can be null.
    pub(super) fn parameters(&self, params: &[(String, &Json)]) -> Vec<String> {
        let may_end = |(_, schema): &(String, &Json)| self.is_input() && admits_null(schema, self.types());
        let needed = params.iter().rposition(|param| !may_end(param)).map_or(0, |last| last + 1);
        let parameter = |(index, (name, schema)): (usize, &(String, &Json))| match self.is_input() {
            false => format!("{name}: {}", self.argument(schema)),
            true if index < needed => format!("{name}: {}", self.element(schema)),
            true => format!("{name}?: {}", self.code(schema)),
        };
        params.iter().enumerate().map(parameter).collect()
    }

    /// The type of an argument that goes to the guest.
    fn argument(&self, schema: &Json) -> TypeCode {
        if is_unit(schema, self.types()) { TypeCode::of("undefined") } else { self.code(schema) }
    }

    /// The type of a result. A guest that implements an `async` function may return a promise or the value.
    pub(super) fn result(&self, schema: &Json, is_async: bool) -> TypeCode {
        let result = match (is_unit(schema, self.types()), self.direction) {
            (true, SchemaDirection::ToGuest) => TypeCode::of("void"),
            // `void` alone would accept a function with any result.
            (true, SchemaDirection::ToHost) => TypeCode::of("void").or("null"),
            (false, _) => self.element(schema),
        };
        match (is_async, self.direction) {
            (false, _) => result,
            (true, SchemaDirection::ToGuest) => result.promised(),
            (true, SchemaDirection::ToHost) => result.or_promised(),
        }
    }

    /// The type of a function, whose parameters go the other way.
    pub(super) fn function(&self, function: &FunctionType<'_>) -> TypeCode {
        let arguments = Self { direction: self.direction.opposite(), ..*self };
        let name = |index: usize| match PARAMETERS.get(index) {
            Some(name) => (*name).to_owned(),
            None => format!("argument{}", index + 1),
        };
        let params = function.params.iter().enumerate().map(|(index, schema)| (name(index), schema));
        let params = arguments.parameters(&params.collect::<Vec<_>>()).join(", ");
        TypeCode::function(format!("({params}) => {}", self.result(function.result, function.is_async)))
    }

    /// The type of a stream. The stream of a host is iterated once, and is disposed.
    pub(super) fn stream(&self, items: &Json, is_async: bool) -> TypeCode {
        let items = self.element(items);
        let prefix = if is_async { "Async" } else { "" };
        match (self.direction, is_async) {
            (SchemaDirection::ToGuest, _) => {
                let disposable = self.names.disposable();
                TypeCode::compound(format!("{prefix}IterableIterator<{items}> & {disposable}"))
            }
            (SchemaDirection::ToHost, true) => {
                TypeCode::of(format!("AsyncIterable<{items}>")).or(&format!("Iterable<{items}>"))
            }
            (SchemaDirection::ToHost, false) => TypeCode::of(format!("Iterable<{items}>")),
        }
    }
}
