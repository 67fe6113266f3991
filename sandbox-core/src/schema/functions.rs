//! The schemas of functions and streams, and the generators of both directions.
//!
//! The arguments of a function go the opposite way of the function itself. A schema is made with the generator of one direction,
//! so [`side_by_side`] keeps that of the other direction in a slot of the thread. Where schemars alone makes a schema, the slot
//! is empty, and one generator makes all.

use std::cell::RefCell;
use std::mem;

use schemars::{Schema, SchemaGenerator, json_schema};

thread_local! {
    static OPPOSITE: RefCell<Option<SchemaGenerator>> = const { RefCell::new(None) };
}

/// Runs `make` with a generator, while `opposite` is the generator of values that go the other way.
pub(super) fn side_by_side<R>(
    generator: &mut SchemaGenerator,
    opposite: &mut SchemaGenerator,
    make: impl FnOnce(&mut SchemaGenerator) -> R,
) -> R {
    let before = OPPOSITE.replace(Some(mem::take(opposite)));
    let _filled = FilledSlot { opposite, before };
    make(generator)
}

/// Gives the generator of the slot back to its owner, and the slot its former content, when `make` returns or panics.
struct FilledSlot<'a> {
    opposite: &'a mut SchemaGenerator,
    before: Option<SchemaGenerator>,
}

impl Drop for FilledSlot<'_> {
    fn drop(&mut self) {
        if let Some(back) = OPPOSITE.replace(self.before.take()) {
            *self.opposite = back;
        }
    }
}

/// Fills the slot again, when `make` returns or panics.
struct EmptiedSlot(Option<SchemaGenerator>);

impl Drop for EmptiedSlot {
    fn drop(&mut self) {
        OPPOSITE.set(self.0.take());
    }
}

/// Runs `make` with the generator of values that go the other way.
fn opposite<R>(generator: &mut SchemaGenerator, make: impl FnOnce(&mut SchemaGenerator) -> R) -> R {
    let mut emptied = EmptiedSlot(OPPOSITE.take());
    match &mut emptied.0 {
        Some(other) => side_by_side(other, generator, make),
        None => make(generator),
    }
}

/// The schema of a function that crosses, for an implementation of `JsonSchema`.
#[must_use]
pub fn function_schema(
    generator: &mut SchemaGenerator,
    is_async: bool,
    parameters: impl FnOnce(&mut SchemaGenerator) -> Vec<Schema>,
    result: impl FnOnce(&mut SchemaGenerator) -> Schema,
) -> Schema {
    let parameters = opposite(generator, parameters);
    let mut function = json_schema!({ "parameters": parameters, "result": result(generator) });
    if is_async {
        function.insert("async".into(), true.into());
    }
    json_schema!({ "type": "object", "x-js": "Function", "x-function": function })
}

/// The schema of a stream of values with the schema `items`, for an implementation of `JsonSchema`.
#[must_use]
pub fn stream_schema(is_async: bool, items: Schema) -> Schema {
    let name = if is_async { "AsyncIterable" } else { "Iterable" };
    json_schema!({ "type": "object", "x-js": name, "x-stream": { "items": items } })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;
    use serde_json::json;

    use super::*;

    /// A type that reads more than it writes, with a function that takes itself.
    struct Node;

    struct Visit;

    impl JsonSchema for Node {
        fn schema_name() -> Cow<'static, str> {
            "Node".into()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let is_read = generator.contract().is_deserialize();
            json_schema!({ "title": if is_read { "read" } else { "written" }, "visit": generator.subschema_for::<Visit>() })
        }
    }

    impl JsonSchema for Visit {
        fn inline_schema() -> bool {
            true
        }
        fn schema_name() -> Cow<'static, str> {
            "Visit".into()
        }
        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let parameters = |generator: &mut SchemaGenerator| vec![generator.subschema_for::<Node>()];
            function_schema(generator, false, parameters, |generator| generator.subschema_for::<u8>())
        }
    }

    #[test]
    fn the_parameters_of_a_function_are_of_the_other_direction() {
        let settings = SchemaSettings::draft2020_12;
        let mut write = settings().for_serialize().into_generator();
        let mut read = settings().for_deserialize().into_generator();
        let made = side_by_side(&mut write, &mut read, |write| write.subschema_for::<Visit>());
        let node = json!({ "$ref": "#/$defs/Node" });
        assert_eq!(made.as_value()["x-function"]["parameters"], json!([node]));
        // The function in the type that was read is made with the other generator again.
        for (generator, title) in [(&write, "written"), (&read, "read")] {
            let definition = &generator.definitions()["Node"];
            assert_eq!(definition["title"], title);
            assert_eq!(definition["visit"]["x-function"]["parameters"], json!([node]));
        }
        assert!(OPPOSITE.take().is_none());
    }

    /// An implementation of `JsonSchema` that panics leaves no generator behind, and takes none away.
    #[test]
    fn a_panic_leaves_the_slot_as_it_was() {
        let settings = SchemaSettings::draft2020_12;
        let mut write = settings().for_serialize().into_generator();
        let mut read = settings().for_deserialize().into_generator();
        let panics = |generator: &mut SchemaGenerator| {
            catch_unwind(AssertUnwindSafe(|| {
                function_schema(
                    generator,
                    false,
                    |read| {
                        read.subschema_for::<Node>();
                        panic!("a schema cannot be made")
                    },
                    |write| write.subschema_for::<u8>(),
                )
            }))
        };
        // The panic is caught inside, so the rest is made with both generators.
        let made = side_by_side(&mut write, &mut read, |write| {
            panics(write).expect_err("it panics");
            write.subschema_for::<Visit>()
        });
        assert_eq!(made.as_value()["x-function"]["parameters"], json!([{ "$ref": "#/$defs/Node" }]));
        assert_eq!(write.definitions()["Node"]["title"], "written");
        assert_eq!(read.definitions()["Node"]["title"], "read");
        // The panic leaves both.
        let outer = catch_unwind(AssertUnwindSafe(|| {
            side_by_side(&mut write, &mut read, |write| panics(write).map_err(resume_unwind))
        }));
        assert!(outer.is_err());
        assert!(OPPOSITE.take().is_none());
        assert_eq!(read.definitions()["Node"]["title"], "read");
    }

    #[test]
    fn schemars_alone_makes_all_with_one_generator() {
        let mut read = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let made = read.subschema_for::<Visit>();
        assert_eq!(made.as_value()["x-function"]["result"]["type"], "integer");
        assert_eq!(read.definitions()["Node"]["title"], "read");
    }
}
