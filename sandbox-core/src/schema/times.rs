//! The bounds of `Duration` and `SystemTime`, which serde sets and schemars leaves out.
//!
//! serde reads both from two numbers, refuses further properties, and refuses what does not fit the type. The schemas of schemars allow
//! more. They are narrowed here, so that the boundary and every description agree. serde would add a second for each 1,000,000,000
//! nanoseconds. Whether that fits depends on both numbers, which no description can say; so nanoseconds are less than a second.

use std::time::{Duration, SystemTime};

use schemars::{JsonSchema, SchemaGenerator};

use super::generate::definition;

const NANOS: u64 = 999_999_999;

/// Narrows the definitions of both types, whatever their names are.
pub(super) fn narrow(generator: &mut SchemaGenerator) {
    narrow_one::<Duration>(generator, [("secs", u64::MAX), ("nanos", NANOS)]);
    // The seconds of the system's `timespec` are an `i64`.
    let seconds = i64::MAX.unsigned_abs();
    narrow_one::<SystemTime>(generator, [("secs_since_epoch", seconds), ("nanos_since_epoch", NANOS)]);
}

fn narrow_one<T: JsonSchema>(generator: &mut SchemaGenerator, bounds: [(&str, u64); 2]) {
    let Some(name) = defined::<T>(generator) else { return };
    let definition = generator.definitions_mut().get_mut(&name);
    let Some(schema) = definition.and_then(|schema| schema.as_object_mut()) else { return };
    schema.insert("additionalProperties".into(), false.into());
    let Some(properties) = schema.get_mut("properties") else { return };
    for (name, most) in bounds {
        if let Some(property) = properties.get_mut(name).and_then(|property| property.as_object_mut()) {
            property.insert("maximum".into(), most.into());
        }
    }
}

/// The name of the definition of a type, if a schema refers to it.
///
/// The generator knows a type by its id. A type of the application that has the same name has another definition.
fn defined<T: JsonSchema>(generator: &mut SchemaGenerator) -> Option<String> {
    let known = generator.definitions().len();
    let name = definition(generator.subschema_for::<T>().get("$ref")?.as_str()?)?;
    if generator.definitions().len() == known {
        return Some(name);
    }
    // No schema refers to a definition that was made by asking.
    generator.definitions_mut().remove(&name);
    None
}

#[cfg(test)]
mod tests {
    use schemars::generate::SchemaSettings;
    use serde_json::json;

    use super::*;

    /// A type of an application, whose schema is that of the other `Duration`.
    mod own {
        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema is of interest")]
        pub(super) struct Duration {
            secs: u64,
            nanos: u32,
        }
    }

    #[test]
    fn a_type_is_known_by_what_it_is_and_not_by_its_name() {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        generator.subschema_for::<own::Duration>();
        let before = generator.definitions().clone();
        narrow(&mut generator);
        assert_eq!(*generator.definitions(), before);
        generator.subschema_for::<Option<Duration>>();
        generator.subschema_for::<Vec<SystemTime>>();
        narrow(&mut generator);
        let definitions = generator.definitions();
        assert_eq!(definitions.keys().collect::<Vec<_>>(), ["Duration", "Duration2", "SystemTime"]);
        assert_eq!(definitions["Duration"], before["Duration"]);
        assert_eq!(definitions["Duration2"]["properties"]["nanos"]["maximum"], json!(NANOS));
        assert_eq!(definitions["Duration2"]["additionalProperties"], json!(false));
        assert_eq!(definitions["SystemTime"]["properties"]["secs_since_epoch"]["maximum"], json!(i64::MAX));
    }
}
