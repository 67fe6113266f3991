//! The types of a contract as an ECMAScript module of Zod schemas.

use serde_json::Value as Json;

use super::code::property;
use super::description::{Description, MethodDescription};
use super::names::Names;
use super::remarks::{jsdoc, lines};
use super::walk::{
    KeyKind, Object, SchemaDirection, Type, TypePart, Width, admits_null, fields, is_unit, key_kind, others,
    parts,
};

/// The part of a module that is equal for every contract. The part is a JavaScript file, so that tools can read it.
const HELPERS: &str = include_str!("zod_helpers.js");

/// The longest expression that stays on its line, in characters.
const LINE: usize = 90;

/// The greatest integer that is exact as a Number literal.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// An ECMAScript module with schemas for [Zod](https://zod.dev) 4. They accept the values that cross, and no others.
///
/// The module exports a schema for each named type. `guest` has the `arguments` and the `result` of each method of a
/// contract that guests implement. `host` has those of the methods that guests call. A type that reads more from a
/// guest than it gives has a second form, `…Input`, for the values that are read. A schema checks a value, and
/// returns it unchanged.
pub(super) fn module(description: &Description) -> String {
    let mut taken = vec!["z", "guest", "host", &*description.contract];
    taken.extend(helper_names());
    let names = Names::settle(description, &taken, |names, direction, name| {
        let writer = ZodWriter { description, names, direction, declared: &[] };
        writer.types().get(name).map(|schema| writer.schema(schema)).unwrap_or_default()
    });
    let mut module = format!(
        "// Zod schemas of the contract {}. This file is generated: do not edit it.\n\n\
         import {{ z }} from \"zod\";\n\n{HELPERS}",
        description.contract
    );
    let mut declared = Vec::new();
    for (direction, definition, name) in names.all(description) {
        let writer = ZodWriter { description, names: &names, direction, declared: &declared };
        module.push_str(&writer.named(definition, name));
        declared.push(name);
    }
    let methods = |name, docs, arguments, results| {
        let writer = |direction| ZodWriter { description, names: &names, direction, declared: &declared };
        methods(name, docs, writer(arguments), writer(results))
    };
    if description.guest {
        let docs = "The arguments and the result of each method, for a guest that implements the contract.";
        module.push_str(&methods("guest", docs, SchemaDirection::ToGuest, SchemaDirection::ToHost));
    }
    if description.host {
        let docs = "The arguments and the result of each method, for a guest that calls the host.";
        module.push_str(&methods("host", docs, SchemaDirection::ToHost, SchemaDirection::ToGuest));
    }
    module
}

/// The names of the helpers. No type can have these names.
fn helper_names<'a>() -> impl Iterator<Item = &'a str> {
    let declarations = HELPERS
        .lines()
        .filter_map(|line| line.strip_prefix("const ").or_else(|| line.strip_prefix("function ")));
    declarations.filter_map(|line| line.split([' ', '(']).next())
}

fn methods(name: &str, docs: &str, arguments: ZodWriter<'_>, results: ZodWriter<'_>) -> String {
    let method = |method: &MethodDescription| {
        let docs: Vec<&str> = method.docs.lines().collect();
        let entries = [
            format!("arguments: {}", arguments.arguments(method)),
            format!("result: {}", results.whole(results.direction.schema(&method.returns))),
        ];
        format!("{}  {}: {},\n", jsdoc(&docs, 2), key(&method.name), indented(&group("{ ", &entries, " }")))
    };
    let methods: String = arguments.description.methods.iter().map(method).collect();
    format!("\n{}export const {name} = {{\n{methods}}};\n", jsdoc(&[docs], 0))
}

/// The name of a property in an object. `__proto__` would be the prototype.
fn key(name: &str) -> String {
    if name == "__proto__" { "[\"__proto__\"]".to_owned() } else { property(name) }
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}

/// A list in brackets, in one line if it is short.
fn group(open: &str, items: &[String], close: &str) -> String {
    let line = format!("{open}{}{close}", items.join(", "));
    if items.is_empty() {
        return format!("{}{}", open.trim(), close.trim());
    }
    if line.len() <= LINE && !line.contains('\n') {
        return line;
    }
    let lines: String = items.iter().map(|item| format!("  {},\n", indented(item))).collect();
    format!("{}\n{lines}{}", open.trim_end(), close.trim_start())
}

fn call(function: &str, arguments: &[String]) -> String {
    match arguments {
        // A list that is the only argument needs no lines of its own.
        [only] if only.contains('\n') => format!("{function}({only})"),
        [first, rest @ ..] if first.starts_with("{\n") => {
            format!("{function}({})", [std::slice::from_ref(first), rest].concat().join(", "))
        }
        _ => group(&format!("{function}("), arguments, ")"),
    }
}

/// The keywords of a schema that a helper checks, as its last argument; empty without any.
fn limits(object: &Object, keywords: &[&str], implied: impl Fn(&str, &Json) -> bool) -> Option<String> {
    let limit = |keyword: &&str| {
        let value = object.get(*keyword).filter(|value| !implied(keyword, value))?;
        Some(format!("{keyword}: {}", limit(value)))
    };
    let limits: Vec<String> = keywords.iter().filter_map(limit).collect();
    (!limits.is_empty()).then(|| group("{ ", &limits, " }"))
}

/// A limit as JavaScript reads it without loss.
fn limit(value: &Json) -> String {
    match value.as_i64().map(i64::unsigned_abs).or(value.as_u64()) {
        Some(magnitude) if magnitude > MAX_SAFE => format!("{value}n"),
        _ => value.to_string(),
    }
}

const RANGE: [&str; 5] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const LENGTH: [&str; 3] = ["minLength", "maxLength", "pattern"];
const ITEMS: [&str; 2] = ["minItems", "maxItems"];
const PROPERTIES: [&str; 2] = ["minProperties", "maxProperties"];
/// The limits of a Map: JSON has it as an object, or as an array.
const ENTRIES: [&str; 4] = ["minItems", "maxItems", "minProperties", "maxProperties"];

/// Writes schemas for one direction.
#[derive(Clone, Copy)]
struct ZodWriter<'a> {
    description: &'a Description,
    names: &'a Names,
    direction: SchemaDirection,
    /// The types that are declared before this place of the module.
    declared: &'a [&'a str],
}

impl ZodWriter<'_> {
    fn types(&self) -> &Object {
        self.direction.types(self.description)
    }

    fn is_input(&self) -> bool {
        self.direction == SchemaDirection::ToHost
    }

    /// A helper, or its name for values of a guest.
    fn helper(&self, name: &str) -> String {
        if self.is_input() { format!("{name}Input") } else { name.to_owned() }
    }

    fn named(&self, definition: &str, name: &str) -> String {
        let Some(schema) = self.types().get(definition) else { return String::new() };
        format!("\n{}export const {name} = {};\n", jsdoc(&lines(schema), 0), self.schema(schema))
    }

    fn arguments(&self, method: &MethodDescription) -> String {
        let schemas: Vec<&Json> =
            method.params.iter().map(|param| self.direction.schema(&param.schema)).collect();
        let may_end = |schema: &&Json| self.is_input() && admits_null(schema, self.types());
        let needed = schemas.iter().rposition(|schema| !may_end(schema)).map_or(0, |last| last + 1);
        let argument = |(index, schema)| {
            let optional = if index < needed { "" } else { ".optional()" };
            format!("{}{optional}", self.whole(schema))
        };
        let arguments: Vec<String> = schemas.into_iter().enumerate().map(argument).collect();
        format!("z.tuple({})", group("[", &arguments, "]"))
    }

    /// The schema of an argument or a result. For `()`, a guest is given undefined.
    fn whole(&self, schema: &Json) -> String {
        match !self.is_input() && is_unit(schema, self.types()) {
            true => "z.undefined()".to_owned(),
            false => self.schema(schema),
        }
    }

    fn schema(&self, schema: &Json) -> String {
        let parts = parts(schema);
        match &*parts {
            [] => "data".to_owned(),
            [part] => self.part(part),
            _ => call("allOf", &parts.iter().map(|part| self.part(part)).collect::<Vec<_>>()),
        }
    }

    fn part(&self, part: &TypePart<'_>) -> String {
        match part {
            TypePart::Never => "z.never()".to_owned(),
            TypePart::Not(schema) => self.not(schema),
            TypePart::Reference(name) => self.reference(name),
            TypePart::Types(types, object) => {
                let nullable = types.iter().any(|of| matches!(of, Type::Null));
                let others = types.iter().filter(|of| !matches!(of, Type::Null));
                self.alternatives("anyOf", others.map(|of| self.of_type(of, object)).collect(), nullable)
            }
            TypePart::Literals(values, width) => self.literals(values, *width),
            TypePart::OneOf(options) => self.options("oneOf", options),
            TypePart::AnyOf(options) => self.options("anyOf", options),
        }
    }

    /// A helper with two versions, with the limits of the schema.
    fn limited<const N: usize>(
        &self,
        helper: &str,
        arguments: [String; N],
        object: &Object,
        keywords: &[&str],
    ) -> String {
        let arguments: Vec<String> =
            arguments.into_iter().chain(limits(object, keywords, |_, _| false)).collect();
        call(&self.helper(helper), &arguments)
    }

    fn reference(&self, definition: &str) -> String {
        match self.names.of(self.direction, definition) {
            Some(name) if self.declared.contains(&name) => name.to_owned(),
            Some(name) => format!("z.lazy(() => {name})"),
            None => "data".to_owned(),
        }
    }

    fn options(&self, helper: &str, options: &[Json]) -> String {
        let is_null = |option: &&Json| is_unit(option, &Object::new());
        let nullable = options.iter().any(|option| is_null(&option));
        let others = options.iter().filter(|option| !is_null(option));
        self.alternatives(helper, others.map(|option| self.schema(option)).collect(), nullable)
    }

    fn alternatives(&self, helper: &str, mut schemas: Vec<String>, nullable: bool) -> String {
        if schemas.is_empty() && nullable {
            return if self.is_input() { "nothingInput".to_owned() } else { "z.null()".to_owned() };
        }
        let schema = if schemas.len() == 1 { schemas.swap_remove(0) } else { call(helper, &schemas) };
        if nullable { call(&self.helper("nullable"), &[schema]) } else { schema }
    }

    fn literals(&self, values: &[&Json], width: Option<Width>) -> String {
        let (simple, nested): (Vec<&Json>, Vec<&Json>) =
            values.iter().filter(|value| !value.is_null()).partition(|v| !v.is_array() && !v.is_object());
        let mut schemas = Vec::new();
        if !simple.is_empty() {
            let texts: Vec<String> = simple.iter().flat_map(|value| self.literal(value, width)).collect();
            let [text] = &*texts else {
                let list = group("[", &texts, "]");
                schemas.push(format!("z.literal({list})"));
                return self.with_nested(schemas, &nested, values);
            };
            schemas.push(format!("z.literal({text})"));
        }
        self.with_nested(schemas, &nested, values)
    }

    fn with_nested(&self, mut schemas: Vec<String>, nested: &[&Json], values: &[&Json]) -> String {
        schemas.extend(nested.iter().map(|value| self.nested_literal(value)));
        self.alternatives("anyOf", schemas, values.iter().any(|value| value.is_null()))
    }

    /// The JavaScript values that a literal stands for.
    fn literal(&self, value: &Json, width: Option<Width>) -> Vec<String> {
        match (value, width) {
            (Json::Number(number), Some(width)) if width.is_big() && !number.is_f64() => {
                let big = format!("{number}n");
                if self.is_input() { vec![big, number.to_string()] } else { vec![big] }
            }
            _ => vec![value.to_string()],
        }
    }

    fn nested_literal(&self, value: &Json) -> String {
        match value {
            Json::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.literals(&[item], None)).collect();
                call(&self.helper("tuple"), &items)
            }
            Json::Object(fields) => {
                let field = |(name, value): (&String, &Json)| {
                    format!("{}: {}", key(name), self.literals(&[value], None))
                };
                let fields: Vec<String> = fields.iter().map(field).collect();
                call("struct", &[group("{ ", &fields, " }"), "{ rest: z.never() }".to_owned()])
            }
            scalar => format!("z.literal({scalar})"),
        }
    }

    /// Rust uses `not` for single values only, such as the zero of a `NonZeroI32`.
    fn not(&self, schema: &Json) -> String {
        match &*parts(schema) {
            [TypePart::Literals(values, _)] => {
                call("not", &values.iter().map(|value| value.to_string()).collect::<Vec<_>>())
            }
            _ => "data".to_owned(),
        }
    }

    fn of_type(&self, of: &Type<'_>, object: &Object) -> String {
        let plain = |helper: &str, keywords: &[&str]| {
            call(helper, &limits(object, keywords, |_, _| false).into_iter().collect::<Vec<_>>())
        };
        match of {
            Type::Null => "z.null()".to_owned(),
            Type::Boolean => "z.boolean()".to_owned(),
            Type::Number { single: false } => plain("number", &RANGE),
            Type::Number { single: true } => plain("float", &RANGE),
            Type::Integer(width) => self.integer(*width, object),
            Type::Text => plain("text", &LENGTH),
            Type::List(items) => self.limited("list", [self.schema(items)], object, &ITEMS),
            Type::Tuple(items) => {
                call(&self.helper("tuple"), &items.iter().map(|item| self.schema(item)).collect::<Vec<_>>())
            }
            Type::Date => "date".to_owned(),
            Type::Error => "error".to_owned(),
            // No schema can tell whose object it is.
            Type::Handle(contract) => {
                let expected = Json::from(format!("expected a {contract}"));
                format!("z.custom((value) => Object(value) === value, {expected})")
            }
            // A schema calls no function, and takes no item.
            Type::Function(_) => {
                "z.custom((value) => typeof value === \"function\", \"expected a function\")".to_owned()
            }
            Type::Stream(_, is_async) => self.stream(*is_async),
            Type::Bytes => self.limited("bytes", [], object, &ITEMS),
            Type::Set(items) => self.limited("set", [self.schema(items)], object, &ITEMS),
            Type::Map(key, value) => self.map(key, value, object),
            Type::Struct => self.structure(object),
            Type::Record => call(&self.helper("record"), &[self.others(object).unwrap_or("{}".to_owned())]),
        }
    }

    fn stream(&self, is_async: bool) -> String {
        let symbols: &[&str] = match (is_async, self.is_input()) {
            (true, true) => &["asyncIterator", "iterator"],
            (true, false) => &["asyncIterator"],
            (false, _) => &["iterator"],
        };
        let found = symbols.iter().map(|symbol| format!("Symbol.{symbol} in value")).collect::<Vec<_>>();
        let expected = if is_async { "expected an async iterable" } else { "expected an iterable" };
        format!("z.custom((value) => Object(value) === value && ({}), \"{expected}\")", found.join(" || "))
    }

    fn integer(&self, width: Width, object: &Object) -> String {
        let helper = if width.is_big() { self.helper("bigint") } else { "integer".to_owned() };
        let name = format!("{:?}", width.name);
        let limits = limits(object, &RANGE, |keyword, bound| width.implies(keyword, bound));
        call(&helper, &[name].into_iter().chain(limits).collect::<Vec<_>>())
    }

    fn structure(&self, object: &Object) -> String {
        let fields = fields(object).into_iter().map(|field| {
            let optional = if field.required { "" } else { ".optional()" };
            format!("{}: {}{optional}", key(field.name), self.schema(field.schema))
        });
        let fields = group("{ ", &fields.collect::<Vec<_>>(), " }");
        call("struct", &[fields].into_iter().chain(self.others(object)).collect::<Vec<_>>())
    }

    /// The schema of the properties that are no fields.
    fn others(&self, object: &Object) -> Option<String> {
        let others = others(object, self.types());
        let patterns: Vec<String> = others
            .patterns
            .iter()
            .map(|(pattern, schema)| format!("{}: {}", key(pattern), self.schema(schema)))
            .collect();
        let mut entries = Vec::new();
        entries.extend((!patterns.is_empty()).then(|| format!("patterns: {}", group("{ ", &patterns, " }"))));
        entries.extend(others.rest.map(|rest| format!("rest: {}", self.schema(rest))));
        let known: Vec<String> = others.known.into_iter().map(|name| Json::from(name).to_string()).collect();
        entries.extend((!known.is_empty()).then(|| format!("known: {}", group("[", &known, "]"))));
        let limit = |keyword: &&str| Some(format!("{keyword}: {}", limit(object.get(*keyword)?)));
        entries.extend(PROPERTIES.iter().filter_map(limit));
        (!entries.is_empty()).then(|| group("{ ", &entries, " }"))
    }

    fn map(&self, key: &Json, value: &Json, object: &Object) -> String {
        let named = match key_kind(key, self.types()) {
            Some(KeyKind::Text) => Some("String"),
            Some(KeyKind::Number) => Some("integerNamed(Number)"),
            Some(KeyKind::BigInt) => Some("integerNamed(BigInt)"),
            None => None,
        };
        let mut arguments = vec![self.schema(key), self.schema(value)];
        arguments.extend(limits(object, &ENTRIES, |_, _| false));
        if let Some(named) = named.filter(|_| self.is_input()) {
            arguments.resize(3, "{}".to_owned());
            arguments.push(named.to_owned());
        }
        call(&self.helper("map"), &arguments)
    }
}
