//! The fingerprint: a hash of all parts of a contract that matter for compatibility.
//!
//! `compat` and this module agree: equal fingerprints mean no change that matters.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::super::description::{Description, HandleDescription, MethodDescription};
use super::graph::{Graph, NodeId};
use super::methods::{ROLES, Role, Version};

/// A SHA-256, in hexadecimal digits, of all parts that matter for compatibility.
///
/// Two descriptions have the same fingerprint if and only if [`compat`](super::compat()) finds no change between them.
/// New names of parameters, and of a contract that only guests implement, are excepted. So docs, titles, the names of
/// types, and the order of methods, properties and alternatives do not matter.
///
/// # Examples
///
/// ```ignore
/// // Kept beside a script when it is stored, and compared before it is run again.
/// if stored.fingerprint != fingerprint(&current) {
///     check(compat(&stored.description, &current))?;
/// }
/// ```
#[must_use]
pub(in super::super) fn fingerprint(description: &Description) -> String {
    let own = own(description);
    // A contract without handles keeps the fingerprint that it had in versions before handles.
    if description.handles.is_empty() {
        return own;
    }
    let of_handle =
        |handle: &HandleDescription| (handle.contract.clone(), self::own(&description.of_handle(handle)));
    let handles = description.handles.iter().map(of_handle).collect::<BTreeSet<_>>();
    hexadecimal(&Sha256::digest(json!([own, handles]).to_string()))
}

/// The fingerprint of a contract without those of its handles.
fn own(description: &Description) -> String {
    let mut graph = Graph::default();
    let mut version = Version::new(description);
    let roles = ROLES.into_iter().filter(|role| role.is_played(description)).collect::<Vec<_>>();
    let mut methods: Vec<(&MethodDescription, Vec<NodeId>)> = Vec::new();
    for method in &description.methods {
        let nodes = roles.iter().flat_map(|role| version.nodes(method, *role, &mut graph)).collect();
        methods.push((method, nodes));
    }
    methods.sort_by_key(|(method, _)| &method.name);
    // The graph also has nodes that proved irrelevant.
    let reached = graph.reached(methods.iter().flat_map(|(_, nodes)| nodes.iter().copied()).collect());
    let numbers = graph.numbers(&reached);
    let method = |(method, nodes): &(&MethodDescription, Vec<NodeId>)| {
        let values: Vec<usize> = nodes.iter().map(|node| numbers[*node]).collect();
        let mut parts = vec![json!(method.name), json!(method.optional && description.guest), json!(values)];
        // A contract without `async` methods keeps the fingerprint that it had in versions before `async`.
        parts.extend(method.is_async.then(|| json!("async")));
        parts.extend(method.is_cancellable.then(|| json!("signal")));
        parts.extend(method.is_scoped.then(|| json!("scoped")));
        parts.extend(method.calls_back.then(|| json!("callback")));
        parts
    };
    let methods: Vec<Vec<Json>> = methods.iter().map(method).collect();
    let texts = graph.texts(&reached, &numbers);
    let structure: BTreeSet<(usize, String)> = reached.iter().map(|node| numbers[*node]).zip(texts).collect();
    let name = &description.contract;
    // A contract without a global function keeps the fingerprint that it had in versions before these.
    let global = if description.is_function { json!([name, "function"]) } else { json!(name) };
    let global = Role::Host.is_played(description).then_some(global);
    hexadecimal(&Sha256::digest(json!([description.guest, global, methods, structure]).to_string()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
