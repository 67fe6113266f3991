//! Makes the description of a contract from its spec.
//!
//! schemars makes the schemas. Two generators are used, because serde reads more than it writes.

use std::any::TypeId;
use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value as Json};

use super::description::{
    Description, HandleDescription, MethodDescription, ParamDescription, TypeDescription,
};
use super::functions::side_by_side;
use super::handles::{self, NotedContract};
use super::times;
use crate::spec::{Bound, Bounds, ContractSpec, MethodSpec, TypeSpec};

/// The description of a contract, with the schemas of the directions in which values go.
pub fn describe(spec: &ContractSpec) -> Description {
    let mut both = Generators::new();
    let methods = both.methods(spec);
    let mut handles = both.handles();
    // A sandbox refuses two contracts of one name; see `ContractChecks::of`.
    handles.sort_by(|a, b| a.contract.cmp(&b.contract));
    handles.dedup_by(|a, b| a.contract == b.contract);
    let [to_guest, to_host] = both.definitions();
    let of_handles = handles.iter().flat_map(|handle| &handle.methods);
    let all = methods.iter().chain(of_handles).flat_map(MethodDescription::types).collect::<Vec<_>>();
    let schemas = |direction: fn(&TypeDescription) -> Option<&Json>| {
        all.iter().copied().filter_map(direction).collect::<Vec<_>>()
    };
    let used = [schemas(|ty| ty.to_guest.as_ref()), schemas(|ty| ty.to_host.as_ref())];
    let [to_guest, to_host] = keep_used([to_guest, to_host], &used);
    let (contract, docs) = (spec.name.clone().into_owned(), spec.docs.clone().into_owned());
    let ContractSpec { guest, host, is_function, .. } = *spec;
    Description { contract, docs, guest, host, is_function, methods, handles, to_guest, to_host }
}

/// Refuses two contracts of one name among those whose handles cross: a guest and its author know them by the name.
pub(super) fn one_of_each_name(id: TypeId, spec: &ContractSpec) -> Result<(), String> {
    let mut both = Generators::new();
    both.methods(spec);
    both.handles();
    let mut known = BTreeMap::from([(&*spec.name, id)]);
    for contract in &both.noted {
        if *known.entry(&*contract.spec.name).or_insert(contract.id) != contract.id {
            return Err(format!(
                "handles of two contracts with the name `{0}` cross: give one of them another name by \
                 `#[sandbox_api(name = \"…\")]`",
                contract.spec.name
            ));
        }
    }
    Ok(())
}

/// The schemas of a method in both directions, with the definitions that they refer to.
pub fn method_schemas(method: &MethodSpec) -> (MethodDescription, [Map<String, Json>; 2]) {
    let mut both = Generators::new();
    let method = both.method(method);
    (method, both.definitions())
}

/// All schemas of a contract, in both directions, whether values go there or not.
pub(super) struct Generators {
    to_guest: SchemaGenerator,
    to_host: SchemaGenerator,
    /// The contracts whose handles occurred.
    pub(super) noted: Vec<NotedContract>,
}

impl Generators {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12;
        Self {
            to_guest: settings().for_serialize().into_generator(),
            to_host: settings().for_deserialize().into_generator(),
            noted: Vec::new(),
        }
    }

    /// The methods of a contract, with the schemas of the directions in which values go.
    fn methods(&mut self, spec: &ContractSpec) -> Vec<MethodDescription> {
        let mut methods = spec.methods.iter().map(|method| self.method(method)).collect::<Vec<_>>();
        for method in &mut methods {
            for param in &mut method.params {
                param.schema.keep(spec.guest, spec.host);
            }
            method.returns.keep(spec.host, spec.guest);
        }
        methods
    }

    /// The contracts whose handles occurred, and those that are reached through their methods.
    fn handles(&mut self) -> Vec<HandleDescription> {
        let mut handles = Vec::new();
        while let Some(NotedContract { spec, .. }) = self.noted.get(handles.len()).copied() {
            let (contract, docs) = (spec.name.clone().into_owned(), spec.docs.clone().into_owned());
            let methods = self.methods(spec);
            handles.push(HandleDescription { contract, docs, guest: spec.guest, host: spec.host, methods });
        }
        handles
    }

    pub(super) fn method(&mut self, method: &MethodSpec) -> MethodDescription {
        let params = method.params.iter().map(|param| ParamDescription {
            name: param.name.clone().into_owned(),
            schema: self.of(&param.ty),
        });
        MethodDescription {
            name: method.name.clone().into_owned(),
            docs: method.docs.clone().into_owned(),
            optional: method.optional,
            is_async: method.is_async,
            is_cancellable: method.is_cancellable,
            is_scoped: method.is_scoped,
            calls_back: method.calls_back,
            max_calls: method.max_calls,
            params: params.collect(),
            returns: self.of(&method.returns),
        }
    }

    fn of(&mut self, ty: &TypeSpec) -> TypeDescription {
        let Self { to_guest, to_host, noted } = self;
        let mut make = |generator: &mut _, opposite: &mut _| {
            let made = |schema| handles::noted(noted, || side_by_side(generator, opposite, schema));
            let mut schema = ty.schema.map_or_else(|| true.into(), made);
            bound(&mut schema, &ty.bounds);
            schema.to_value()
        };
        TypeDescription {
            to_guest: Some(make(&mut *to_guest, &mut *to_host)),
            to_host: Some(make(&mut *to_host, &mut *to_guest)),
        }
    }

    /// The definitions that the schemas refer to.
    pub(super) fn definitions(self) -> [Map<String, Json>; 2] {
        let Self { to_guest, to_host, .. } = self;
        [to_guest, to_host].map(|mut generator| {
            times::narrow(&mut generator);
            generator.take_definitions(true)
        })
    }
}

impl TypeDescription {
    fn keep(&mut self, to_guest: bool, to_host: bool) {
        self.to_guest = self.to_guest.take().filter(|_| to_guest);
        self.to_host = self.to_host.take().filter(|_| to_host);
    }
}

/// Adds a method's bounds to the schema of a type.
fn bound(schema: &mut Schema, bounds: &Bounds) {
    if bounds.is_none() {
        return;
    }
    let types = schema.get("type").cloned().unwrap_or(Json::Null);
    let may_be = |wanted: &str| match &types {
        Json::String(only) => only == wanted,
        Json::Array(any) => any.iter().any(|one| one == wanted),
        _ => true,
    };
    let number = |bound: Bound| match bound {
        Bound::Integer(integer) => Json::from(integer),
        Bound::Float(float) => Json::from(float),
    };
    let mut words = vec![("minimum", bounds.min.map(number)), ("maximum", bounds.max.map(number))];
    let lengths = [("string", "minLength", "maxLength"), ("array", "minItems", "maxItems")];
    for (kind, min, max) in lengths.into_iter().chain([("object", "minProperties", "maxProperties")]) {
        if may_be(kind) {
            words
                .extend([(min, bounds.min_length.map(Json::from)), (max, bounds.max_length.map(Json::from))]);
        }
    }
    words.push(("pattern", bounds.pattern.map(Json::from)));
    for (word, value) in words {
        if let Some(value) = value {
            schema.insert(word.to_owned(), value);
        }
    }
}

/// The definitions of both directions that some schemas refer to, directly or through others.
pub(super) fn keep_used(
    mut defs: [Map<String, Json>; 2],
    schemas: &[Vec<&Json>; 2],
) -> [Map<String, Json>; 2] {
    let mut wanted = [Vec::new(), Vec::new()];
    for (side, schemas) in schemas.iter().enumerate() {
        schemas.iter().for_each(|schema| references(schema, side, &mut wanted));
    }
    let mut at = [0, 0];
    while let Some(side) = (0..2).find(|side| at[*side] < wanted[*side].len()) {
        if let Some(def) = defs[side].get(&wanted[side][at[side]]) {
            references(def, side, &mut wanted);
        }
        at[side] += 1;
    }
    for (defs, wanted) in defs.iter_mut().zip(&wanted) {
        defs.retain(|name, _| wanted.contains(name));
    }
    defs
}

/// The names of the definitions of each direction that a schema of the direction `side` refers to, each once.
fn references(schema: &Json, side: usize, names: &mut [Vec<String>; 2]) {
    match schema {
        Json::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Json::as_str).and_then(definition)
                && !names[side].contains(&name)
            {
                names[side].push(name);
            }
            for (keyword, inner) in object {
                match (keyword.as_str(), is_function(object)) {
                    ("x-function", true) => {
                        let of = |part: &str| inner.get(part).unwrap_or(&Json::Null);
                        references(of("parameters"), 1 - side, names);
                        references(of("result"), side, names);
                    }
                    _ => references(inner, side, names),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|inner| references(inner, side, names)),
        _ => {}
    }
}

/// Whether a schema is that of a function, whose parameters go the other way.
pub(super) fn is_function(schema: &Map<String, Json>) -> bool {
    schema.get("x-js").is_some_and(|name| name == "Function")
}

/// The name in `#/$defs/Name`. The reference is a JSON Pointer with `~1` and `~0`, inside of a URI's fragment.
pub(super) fn definition(reference: &str) -> Option<String> {
    let name = reference.strip_prefix("#/$defs/")?;
    Some(percent_decoded(name).replace("~1", "/").replace("~0", "~"))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
