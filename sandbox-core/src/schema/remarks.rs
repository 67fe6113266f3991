//! The documentation of a schema beside its type: doc comments, ranges and constraints.
//!
//! `typescript` and `zod` write it as JSDoc.

use serde_json::Value as Json;

use super::walk::{Object, Type, TypePart, parts};

/// The keywords that become tags, in the order of writing.
const TAGS: [&str; 14] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "format",
    "default",
];

/// The documentation of a value.
#[derive(Default)]
pub(super) struct Remarks {
    /// A fact that the TypeScript type does not express, such as the range of an integer.
    pub kind: Option<String>,
    /// Constraints: the names of keywords, and their values.
    pub tags: Vec<(&'static str, String)>,
}

impl Remarks {
    pub(super) fn of(schema: &Json) -> Self {
        let Some(object) = schema.as_object() else { return Self::default() };
        let parts = parts(schema);
        let types: &[Type<'_>] = match &*parts {
            [TypePart::Types(types, _), ..] => types,
            _ => &[],
        };
        // The range of a date is that of its milliseconds.
        let is_date = types.iter().any(|of| matches!(of, Type::Date));
        let told = |keyword: &&str| {
            object.contains_key(*keyword)
                && !is_told(keyword, types, object)
                && !(is_date && keyword.ends_with("imum"))
        };
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut tags: Vec<_> =
            TAGS.into_iter().filter(told).map(|keyword| (keyword, text(&object[keyword]))).collect();
        if object.get("deprecated") == Some(&Json::Bool(true)) {
            tags.push(("deprecated", String::new()));
        }
        Self { kind: types.iter().find_map(kind), tags }
    }

    /// All in one line, for a parameter.
    fn line(&self) -> String {
        let tags = self.tags.iter().map(|(tag, text)| format!("{tag} {text}").trim().to_owned());
        self.kind.clone().into_iter().chain(tags).collect::<Vec<_>>().join("; ")
    }
}

fn kind(of: &Type<'_>) -> Option<String> {
    match of {
        Type::Integer(width) => Some(format!("integer, {} ({})", width.range(), width.name)),
        Type::Number { single: true } => Some("number in the range of f32".to_owned()),
        Type::List(items) => Remarks::of(items).kind.map(|kind| format!("of each: {kind}")),
        _ => None,
    }
}

/// Whether the type expresses the keyword already: the bounds of an integer type, the length of a tuple, the format
/// of a number.
fn is_told(keyword: &str, types: &[Type<'_>], object: &Object) -> bool {
    let bound = &object[keyword];
    types.iter().any(|of| match of {
        Type::Integer(width) => width.implies(keyword, bound) || keyword == "format",
        Type::Number { .. } => keyword == "format",
        Type::Tuple(_) => matches!(keyword, "minItems" | "maxItems"),
        _ => false,
    }) || (keyword == "default" && bound.is_null())
}

/// The lines of the documentation of a type or a field.
pub(super) fn lines(schema: &Json) -> Vec<String> {
    let docs = schema.get("description").and_then(Json::as_str).unwrap_or_default();
    let Remarks { kind, tags } = Remarks::of(schema);
    let mut lines: Vec<String> = docs.lines().map(str::to_owned).collect();
    // A paragraph of its own.
    lines.extend(kind.iter().filter(|_| !docs.is_empty()).map(|_| String::new()));
    lines.extend(kind);
    lines.extend(tags.into_iter().map(|(tag, text)| format!("@{tag} {text}").trim_end().to_owned()));
    lines
}

/// The documentation of a parameter or a result, in one line; empty without any.
pub(super) fn line(schema: &Json) -> String {
    Remarks::of(schema).line()
}

/// A doc comment with its indentation and a line break after it; nothing, if there are no lines.
pub(super) fn jsdoc<Line: AsRef<str>>(lines: &[Line], indent: usize) -> String {
    let pad = " ".repeat(indent);
    // A line of a keyword, such as a pattern, may have line breaks of its own.
    let texts = lines.iter().flat_map(|line| match line.as_ref() {
        "" => vec![""],
        line => line.lines().collect(),
    });
    let escaped: Vec<String> = texts.map(|line| line.trim_end().replace("*/", "*\\/")).collect();
    match &*escaped {
        [] => String::new(),
        [line] => format!("{pad}/** {line} */\n"),
        _ => {
            let body: String =
                escaped.iter().map(|line| format!("{}\n", format!("{pad} * {line}").trim_end())).collect();
            format!("{pad}/**\n{body}{pad} */\n")
        }
    }
}
