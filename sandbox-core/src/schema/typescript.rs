//! The types of a contract as a TypeScript declaration module.

mod callable;

use serde_json::Value as Json;

use super::code::{LINE, TypeCode, indented, property};
use super::description::{Description, HandleDescription, MethodDescription};
use super::names::{Names, identifier, interface_name, is_reserved};
use super::remarks::{jsdoc, line, lines};
use super::signals;
use super::walk::{
    Field, Object, Others, SchemaDirection, Type, TypePart, Width, admits_null, fields, is_integral,
    key_kind, others, parts,
};

/// A TypeScript declaration module (`.d.ts`) with the types of a contract, for the authors of guests.
///
/// The module exports a type for each named type. Interfaces of the contract are exported too: one of the contract's
/// name for guests that implement it, and `…Host` for the global that guests call. Each contract whose handles cross has
/// an interface of its name, or `…Input` for objects of a guest where the host gives objects of the contract too. A type that reads more from a
/// guest than it gives has a second form, `…Input`, for the values that are read.
pub(super) fn module(description: &Description) -> String {
    let contract = interface_name(&description.contract);
    let host = format!("{contract}Host");
    let types = |names: &Names, direction, name: &str| {
        TypeScriptWriter { description, names, direction, comments: false }.named(name, "Type")
    };
    let names = Names::settle(description, &[&description.contract, &contract, &host], types);
    let mut sections = vec![format!(
        "// The types of the contract {}. This file is generated: do not edit it.\n",
        description.contract
    )];
    sections.extend(names.all(description).into_iter().map(|(direction, definition, name)| {
        TypeScriptWriter { description, names: &names, direction, comments: true }.named(definition, name)
    }));
    let of_handles = description.handles.iter().flat_map(|handle| &handle.methods);
    if description.methods.iter().chain(of_handles).any(|method| method.is_cancellable) {
        sections.push(signals::DECLARATIONS.to_owned());
    }
    sections.extend(description.handles.iter().map(|handle| handle_interfaces(description, &names, handle)));
    if description.guest {
        sections.push(guest_interface(description, &names, &contract));
    }
    if description.host {
        sections.push(host_interface(description, &names, &host));
    }
    if sections.len() == 1 {
        sections.push("export {};\n".to_owned());
    }
    if names.has_disposable() {
        sections.insert(1, "/// <reference lib=\"esnext.disposable\" />\n".to_owned());
    }
    sections.join("\n")
}

/// A declaration module with the globals that the results of a host's methods describe.
pub(super) fn globals(description: &Description, classes: &[String]) -> String {
    let types = |names: &Names, direction, name: &str| {
        TypeScriptWriter { description, names, direction, comments: false }.named(name, "Type")
    };
    let taken = description.methods.iter().map(|global| &global.name).chain(classes);
    let taken = taken.map(String::as_str).collect::<Vec<_>>();
    let names = Names::settle(description, &taken, types);
    let mut sections =
        vec!["// The types of the free globals. This file is generated: do not edit it.\n".to_owned()];
    sections.extend(names.all(description).into_iter().map(|(direction, definition, name)| {
        TypeScriptWriter { description, names: &names, direction, comments: true }.named(definition, name)
    }));
    let declared = description.methods.iter().map(|global| {
        let (_, of) = signature(description, &names, global, SchemaDirection::ToHost);
        format!("  const {}: {of};\n", global.name)
    });
    let classes = classes.iter().map(|name| format!("  class {name} extends Error {{}}\n"));
    sections.push(format!("declare global {{\n{}}}\n", declared.chain(classes).collect::<String>()));
    if sections.len() == 2 {
        sections.push("export {};\n".to_owned());
    }
    sections.join("\n")
}

/// The interface that a guest implements.
fn guest_interface(description: &Description, names: &Names, contract: &str) -> String {
    let method = description.methods.first();
    let name = method.map_or("method", |method| &method.name);
    let usage = format!(
        "A guest is a module that exports the methods. In TypeScript:\n\
         ```ts\n\
         import type {{ {contract} }} from \"./{contract}\";\n\
         export const {name}: {contract}[\"{name}\"] = ({params}) => {{ … }};\n\
         // or all in one:\n\
         export default {{ {name}({params}) {{ … }} }} satisfies {contract};\n\
         ```\n\
         In JavaScript, for an editor that checks it:\n\
         ```js\n\
         /** @type {{import(\"./{contract}\").{contract}[\"{name}\"]}} */\n\
         export const {name} = ({params}) => {{ … }};\n\
         ```",
        params = method.map(|method| param_names(method).join(", ")).unwrap_or_default(),
    );
    let docs = with_docs(&description.docs, &usage);
    let methods: String =
        description.methods.iter().map(|method| guest_method(description, names, method)).collect();
    format!("{}export interface {contract} {{\n{methods}}}\n", jsdoc(&docs, 0))
}

/// The interfaces of the objects that a contract stands for: those that the host gives, and those that a guest gives.
fn handle_interfaces(description: &Description, names: &Names, handle: &HandleDescription) -> String {
    let named = |direction| names.handle(direction, &handle.contract).unwrap_or_default();
    let [of_host, of_guest] = [SchemaDirection::ToGuest, SchemaDirection::ToHost].map(named);
    let interface = |usage: &str, head: &str, methods: String| {
        format!("{}export interface {head} {{\n{methods}}}\n", jsdoc(&with_docs(&handle.docs, usage), 0))
    };
    let mut interfaces = Vec::new();
    if handle.host {
        let usage =
            "The host gives objects of this interface. An object that is disposed can no longer be used.";
        let methods = handle.methods.iter().map(|method| handle_method(description, names, method)).collect();
        interfaces.push(interface(usage, &format!("{of_host} extends {}", names.disposable()), methods));
    }
    let is_exported = description.guest && description.contract == handle.contract;
    if handle.guest && !is_exported {
        let usage = "A guest gives objects of this interface. The host calls their methods.";
        let methods = handle.methods.iter().map(|method| guest_method(description, names, method)).collect();
        interfaces.push(interface(usage, of_guest, methods));
    }
    interfaces.join("\n")
}

/// The interface that a guest calls, and the global that has it.
fn host_interface(description: &Description, names: &Names, host: &str) -> String {
    if let (true, [method]) = (description.is_function, &*description.methods) {
        return host_function(description, names, method, host);
    }
    let usage = format!("The host implements this interface as the global `{}`.", description.contract);
    let docs = with_docs(&description.docs, &usage);
    let methods: String =
        description.methods.iter().map(|method| host_method(description, names, method)).collect();
    let contract = &description.contract;
    format!(
        "{}export interface {host} {{\n{methods}}}\n\n\
         declare global {{\n{}  const {contract}: {host};\n}}\n",
        jsdoc(&docs, 0),
        jsdoc(&doc_lines(&description.docs), 2),
    )
}

/// The type of a function that a guest calls, and the global that is it.
fn host_function(description: &Description, names: &Names, method: &MethodDescription, host: &str) -> String {
    let (params, result) = signature(description, names, method, SchemaDirection::ToHost);
    let usage = format!("The host implements this function as the global `{}`.", description.contract);
    let mut docs = with_docs(&description.docs, &usage);
    docs.extend(method_lines(method, SchemaDirection::ToHost, SchemaDirection::ToGuest));
    let contract = &description.contract;
    format!(
        "{}export type {host} = ({params}) => {result};\n\n\
         declare global {{\n{}  const {contract}: {host};\n}}\n",
        jsdoc(&docs, 0),
        jsdoc(&doc_lines(&description.docs), 2),
    )
}

fn doc_lines(docs: &str) -> Vec<String> {
    docs.lines().map(str::to_owned).collect()
}

fn with_docs(docs: &str, more: &str) -> Vec<String> {
    let mut lines = doc_lines(docs);
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.extend(doc_lines(more));
    lines
}

/// The names of parameters, each valid and once.
fn param_names(method: &MethodDescription) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for param in &method.params {
        let mut name = identifier(&param.name);
        while is_reserved(&name) || names.contains(&name) {
            name.push('_');
        }
        names.push(name);
    }
    names
}

/// The parameter of a method that takes a cancellation, after the others.
fn signal(method: &MethodDescription, mark: &str) -> Option<String> {
    let names = param_names(method);
    let mut name = "signal".to_owned();
    while names.contains(&name) {
        name.push('_');
    }
    method.is_cancellable.then(|| format!("{name}{mark}: AbortSignal"))
}

fn method_docs(method: &MethodDescription, arguments: SchemaDirection, results: SchemaDirection) -> String {
    jsdoc(&method_lines(method, arguments, results), 2)
}

fn method_lines(
    method: &MethodDescription,
    arguments: SchemaDirection,
    results: SchemaDirection,
) -> Vec<String> {
    let mut docs = doc_lines(&method.docs);
    if method.is_scoped {
        docs.push("Objects, functions and streams of this method end with the call of the guest.".to_owned());
    }
    for (name, param) in param_names(method).iter().zip(&method.params) {
        let remark = line(arguments.schema(&param.schema));
        docs.extend((!remark.is_empty()).then(|| format!("@param {name} - {remark}")));
    }
    let remark = line(results.schema(&method.returns));
    docs.extend((!remark.is_empty()).then(|| format!("@returns {remark}")));
    docs
}

fn guest_method(description: &Description, names: &Names, method: &MethodDescription) -> String {
    let (mut params, mut result) = signature(description, names, method, SchemaDirection::ToGuest);
    if method.calls_back {
        let write =
            TypeScriptWriter { description, names, direction: SchemaDirection::ToHost, comments: false };
        let value = write.result(SchemaDirection::ToHost.schema(&method.returns), false);
        let comma = if params.is_empty() { "" } else { ", " };
        params.push_str(&format!("{comma}callback: (error?: unknown, value?: {value}) => void"));
        result = TypeCode::of("void");
    }
    format!(
        "{}  {}{}({params}): {result};\n",
        method_docs(method, SchemaDirection::ToGuest, SchemaDirection::ToHost),
        property(&method.name),
        if method.optional { "?" } else { "" },
    )
}

fn host_method(description: &Description, names: &Names, method: &MethodDescription) -> String {
    let (params, result) = signature(description, names, method, SchemaDirection::ToHost);
    format!("{}  readonly {}: ({params}) => {result};\n", host_method_docs(method), property(&method.name))
}

/// A method of an object that the host gives.
fn handle_method(description: &Description, names: &Names, method: &MethodDescription) -> String {
    let (params, result) = signature(description, names, method, SchemaDirection::ToHost);
    format!("{}  {}({params}): {result};\n", host_method_docs(method), property(&method.name))
}

fn host_method_docs(method: &MethodDescription) -> String {
    method_docs(method, SchemaDirection::ToHost, SchemaDirection::ToGuest)
}

/// The parameters of a method, which go in the direction of `arguments`, and its result.
fn signature(
    description: &Description,
    names: &Names,
    method: &MethodDescription,
    arguments: SchemaDirection,
) -> (String, TypeCode) {
    let write = |direction| TypeScriptWriter { description, names, direction, comments: false };
    let params = param_names(method).into_iter().zip(&method.params);
    let params = params.map(|(name, param)| (name, arguments.schema(&param.schema))).collect::<Vec<_>>();
    let mut params = write(arguments).parameters(&params);
    // A guest that calls the method may leave the signal out.
    params.extend(signal(method, if arguments == SchemaDirection::ToHost { "?" } else { "" }));
    let results = arguments.opposite();
    let result = write(results).result(results.schema(&method.returns), method.is_async);
    (params.join(", "), result)
}

/// Writes types for one direction. Lines within a type are indented as at the start of a line.
#[derive(Clone, Copy)]
struct TypeScriptWriter<'a> {
    description: &'a Description,
    names: &'a Names,
    direction: SchemaDirection,
    comments: bool,
}

impl TypeScriptWriter<'_> {
    fn types(&self) -> &Object {
        self.direction.types(self.description)
    }

    fn is_input(&self) -> bool {
        self.direction == SchemaDirection::ToHost
    }

    /// The declaration of a named type.
    fn named(&self, definition: &str, name: &str) -> String {
        let Some(schema) = self.types().get(definition) else { return String::new() };
        let docs = if self.comments { jsdoc(&lines(schema), 0) } else { String::new() };
        let found = parts(schema);
        if let [TypePart::Types(types, object)] = &*found
            && let [Type::Struct] = &**types
        {
            return format!("{docs}export interface {name} {}\n", self.block(object));
        }
        format!("{docs}export type {name} ={};\n", self.code(schema).declared())
    }

    /// The type of a value that is no property, so that undefined is not the same as absent.
    fn element(&self, schema: &Json) -> TypeCode {
        match self.is_input() && admits_null(schema, self.types()) {
            true => self.code(schema).or("undefined"),
            false => self.code(schema),
        }
    }

    fn code(&self, schema: &Json) -> TypeCode {
        let mut found = parts(schema);
        found.retain(|part| !matches!(part, TypePart::Not(_)));
        match &*found {
            [] => TypeCode::of("unknown"),
            [part] => self.part(part),
            _ => self.intersection(&found),
        }
    }

    fn intersection(&self, parts: &[TypePart<'_>]) -> TypeCode {
        let mut texts: Vec<String> = Vec::new();
        for part in parts {
            let text = match (part, self.part(part)) {
                // `unknown` would hide the properties that the other alternatives allow.
                (TypePart::AnyOf(options), code) if code.to_string() == "unknown" => self.or_nothing(options),
                (_, code) => code.in_intersection(),
            };
            if text != "unknown" && text != "{}" && !texts.contains(&text) {
                texts.push(text);
            }
        }
        TypeCode::compound(texts.join(" & "))
    }

    /// The union of alternatives of which one is anything.
    fn or_nothing(&self, options: &[Json]) -> String {
        let options =
            options.iter().map(|option| self.code(option)).filter(|code| code.to_string() != "unknown");
        format!("({})", TypeCode::union(options).or("{}"))
    }

    fn part(&self, part: &TypePart<'_>) -> TypeCode {
        match part {
            TypePart::Never => TypeCode::of("never"),
            TypePart::Not(_) => TypeCode::of("unknown"),
            TypePart::Reference(name) => {
                TypeCode::of(self.names.of(self.direction, name).unwrap_or("unknown"))
            }
            TypePart::Types(types, object) => {
                TypeCode::union(types.iter().map(|of| self.of_type(of, object)))
            }
            TypePart::Literals(values, width) => {
                TypeCode::union(values.iter().map(|value| self.literal(value, *width)))
            }
            TypePart::OneOf(options) | TypePart::AnyOf(options) => {
                TypeCode::union(options.iter().map(|option| self.option(option)))
            }
        }
    }

    fn option(&self, schema: &Json) -> TypeCode {
        let mut code = self.code(schema);
        if let ([member], true) = (&mut *code.0, self.comments && schema.get("$ref").is_none()) {
            member.docs = lines(schema);
        }
        code
    }

    fn literal(&self, value: &Json, width: Option<Width>) -> TypeCode {
        match (value, width) {
            (Json::Number(number), Some(width)) if width.is_big() && !number.is_f64() => {
                let big = TypeCode::of(format!("{number}n"));
                if self.is_input() { big.or(&number.to_string()) } else { big }
            }
            (Json::Array(items), _) => {
                let items: Vec<String> =
                    items.iter().map(|item| self.literal(item, None).to_string()).collect();
                self.array(format!("[{}]", items.join(", ")))
            }
            (Json::Object(fields), _) => {
                let field = |(name, value): (&String, &Json)| {
                    format!("{}: {}", property(name), self.literal(value, None))
                };
                TypeCode::of(format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join("; ")))
            }
            _ => TypeCode::of(value.to_string()),
        }
    }

    /// An array or a tuple. A value from a guest may be `readonly`.
    fn array(&self, text: String) -> TypeCode {
        match self.is_input() {
            true => TypeCode::compound(format!("readonly {text}")),
            false => TypeCode::of(text),
        }
    }

    fn list(&self, items: &Json) -> TypeCode {
        self.array(format!("{}[]", self.element(items).in_parentheses()))
    }

    fn set(&self, items: &Json) -> TypeCode {
        let item = self.element(items);
        match self.is_input() {
            true => TypeCode::union([TypeCode::of(format!("ReadonlySet<{item}>")), self.list(items)]),
            false => TypeCode::of(format!("Set<{item}>")),
        }
    }

    fn map(&self, key: &Json, value: &Json) -> TypeCode {
        let (keys, values) = (self.element(key), self.element(value));
        if !self.is_input() {
            return TypeCode::of(format!("Map<{keys}, {values}>"));
        }
        let map = TypeCode::of(format!("ReadonlyMap<{keys}, {values}>"));
        match key_kind(key, self.types()) {
            Some(_) => TypeCode::union([
                map,
                TypeCode::of(format!("{{ [key: string]: {} }}", values.or("undefined"))),
            ]),
            None => map,
        }
    }

    fn of_type(&self, of: &Type<'_>, object: &Object) -> TypeCode {
        match of {
            Type::Null => TypeCode::of("null"),
            Type::Boolean => TypeCode::of("boolean"),
            Type::Number { .. } => TypeCode::of("number"),
            Type::Integer(width) if !width.is_big() => TypeCode::of("number"),
            Type::Integer(_) if self.is_input() => TypeCode::of("bigint").or("number"),
            Type::Integer(_) => TypeCode::of("bigint"),
            Type::Text => TypeCode::of("string"),
            Type::List(items) => self.list(items),
            Type::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|item| self.element(item).to_string()).collect();
                self.array(format!("[{}]", items.join(", ")))
            }
            Type::Struct => TypeCode::of(self.object(object)),
            Type::Record => self.record(object),
            Type::Date => TypeCode::of("Date"),
            Type::Error => TypeCode::of("Error"),
            Type::Handle(contract) => {
                TypeCode::of(self.names.handle(self.direction, contract).unwrap_or("object"))
            }
            Type::Function(function) => self.function(function),
            Type::Stream(items, is_async) => self.stream(items, *is_async),
            Type::Bytes if self.is_input() => {
                TypeCode::of("Uint8Array").or("Uint8ClampedArray").or("ArrayBuffer").or("DataView")
            }
            Type::Bytes => TypeCode::of("Uint8Array"),
            Type::Set(items) => self.set(items),
            Type::Map(key, value) => self.map(key, value),
        }
    }

    /// The type of the properties that are no fields.
    fn values(&self, others: &Others<'_>) -> TypeCode {
        let schemas = others.patterns.iter().map(|(_, schema)| *schema).chain(others.rest);
        let described = schemas.filter(|schema| **schema != Json::Bool(false));
        TypeCode::union(described.map(|schema| self.element(schema)))
    }

    fn record(&self, object: &Object) -> TypeCode {
        let others = others(object, self.types());
        let values = self.values(&others);
        if !self.is_input() {
            return TypeCode::of(format!("{{ [key: string]: {values} }}"));
        }
        let integral = others.patterns.iter().any(|(pattern, _)| is_integral(pattern));
        let keys = if integral { "number | bigint" } else { "string" };
        let map = format!("ReadonlyMap<{keys}, {values}>");
        TypeCode::union([
            TypeCode::of(format!("{{ [key: string]: {} }}", values.or("undefined"))),
            TypeCode::of(map),
        ])
    }

    /// The members of an object's type, with their doc comments.
    fn members(&self, object: &Object) -> Vec<(String, String)> {
        let fields = fields(object);
        let others = others(object, self.types());
        let mut members: Vec<_> = fields.iter().map(|field| self.field(field)).collect();
        let values = match (fields.is_empty(), others.rest, &*others.known) {
            // An empty type would accept everything. A type of unknown properties accepts objects only.
            (true, None, _) => TypeCode::of("unknown"),
            (true, Some(Json::Bool(false)), []) => TypeCode::of("never"),
            // Properties that other parts name have types of their own.
            (_, Some(rest), [_, ..]) if rest != &Json::Bool(false) => TypeCode::of("unknown"),
            _ => self.values(&others),
        };
        if !values.0.is_empty() {
            // TypeScript requires that the type of other properties includes those of all fields.
            let codes = fields.iter().map(|field| self.code(field.schema));
            let optional = fields.iter().any(|field| !field.required).then(|| TypeCode::of("undefined"));
            let values = TypeCode::union([values].into_iter().chain(codes).chain(optional));
            members.push((String::new(), format!("[key: string]: {values}")));
        }
        members
    }

    fn field(&self, field: &Field<'_>) -> (String, String) {
        let docs = if self.comments { jsdoc(&lines(field.schema), 2) } else { String::new() };
        let optional = if field.required { "" } else { "?" };
        (docs, format!("{}{optional}: {}", property(field.name), self.code(field.schema)))
    }

    /// The type of an object, in one line if it is short.
    fn object(&self, object: &Object) -> String {
        let members = self.members(object);
        let texts: Vec<&str> = members.iter().map(|(_, text)| text.as_str()).collect();
        let line = format!("{{ {} }}", texts.join("; "));
        if members.is_empty() {
            return "{}".to_owned();
        }
        let fits = line.len() <= LINE && !line.contains('\n');
        if fits && members.iter().all(|(docs, _)| docs.is_empty()) { line } else { self.block(object) }
    }

    /// The type of an object, with a line for each member.
    fn block(&self, object: &Object) -> String {
        let members = self.members(object);
        let members = members.iter().map(|(docs, text)| format!("{docs}  {};\n", indented(text)));
        format!("{{\n{}}}", members.collect::<String>())
    }
}
