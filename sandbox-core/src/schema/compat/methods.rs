//! Compares contracts, methods and parameters, and finds which side a change breaks.

use serde_json::Value as Json;

use super::super::description::{Description, MethodDescription, ParamDescription, TypeDescription};
use super::graph::{Graph, NodeId, Types};
use super::values::{Effect, Pair, Side, Values};
use super::{Breaks, Compatibility};

/// Who implements the contract.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Guest,
    Host,
}

pub(super) const ROLES: [Role; 2] = [Role::Guest, Role::Host];

/// A description with the nodes of its schemas.
pub(super) struct Version<'a> {
    description: &'a Description,
    /// The types of values that go to the guest. The opposite ones are those of values that come from it.
    types: Types<'a>,
}

/// The result before any value is compared: a change, or a value to compare.
enum FoundMethod {
    Change(String, Breaks),
    Value(Pair),
}

struct Comparison<'a> {
    old: Version<'a>,
    new: Version<'a>,
    graph: Graph,
    found: Vec<(String, FoundMethod)>,
}

impl Role {
    pub(super) fn is_played(self, description: &Description) -> bool {
        match self {
            Self::Guest => description.guest,
            Self::Host => description.host,
        }
    }

    /// Which side gets the arguments: the implementor.
    fn arguments(self) -> Side {
        match self {
            Self::Guest => Side::Guest,
            Self::Host => Side::Host,
        }
    }

    /// Which side gets the result: the caller.
    fn result(self) -> Side {
        match self {
            Self::Guest => Side::Host,
            Self::Host => Side::Guest,
        }
    }

    /// Which side a method breaks that only the new version has. A host has a body for each optional method. A missing
    /// global breaks a guest, whatever its methods are.
    fn added(self, needed: bool) -> Breaks {
        match self {
            Self::Guest => Breaks::guests(needed),
            Self::Host => Breaks::hosts(true),
        }
    }

    /// Which side a result breaks that is a promise in the new version only. A guest that implements the method may
    /// return a promise or not. A guest that calls the method is written for one of them.
    fn promised(self) -> Breaks {
        match self {
            Self::Guest => Breaks::hosts(true),
            Self::Host => Breaks { guests: true, hosts: true },
        }
    }

    /// Which side a parameter breaks that only the new version has: none, if the parameter may be null.
    fn parameter_added(self, nullable: bool) -> Breaks {
        match self {
            Self::Guest => Breaks::hosts(!nullable),
            Self::Host => Breaks::guests(!nullable),
        }
    }
}

impl<'a> Version<'a> {
    pub(super) fn new(description: &'a Description) -> Self {
        Self { description, types: Types::new(&description.to_guest, &description.to_host) }
    }

    /// The nodes of the parameters, followed by the result's.
    pub(super) fn nodes(&mut self, method: &MethodDescription, role: Role, graph: &mut Graph) -> Vec<NodeId> {
        let params = method.params.iter().map(|param| (&param.schema, role.arguments()));
        let all = params.chain([(&method.returns, role.result())]);
        all.map(|(schema, side)| self.node(schema, side, graph)).collect()
    }

    fn node(&mut self, schema: &TypeDescription, side: Side, graph: &mut Graph) -> NodeId {
        let mut of = |schema: &Option<Json>, types: &mut Types<'_>| {
            graph.node(schema.as_ref().unwrap_or(&Json::Bool(true)), types)
        };
        match side {
            Side::Guest => of(&schema.to_guest, &mut self.types),
            Side::Host => self.types.opposite(|types| of(&schema.to_host, types)),
        }
    }

    fn method(&self, name: &str) -> Option<&'a MethodDescription> {
        self.description.methods.iter().find(|method| method.name == name)
    }
}

pub(super) fn compare(old: &Description, new: &Description) -> Compatibility {
    let mut compatibility = Compatibility::default();
    compare_one(old, new, &mut compatibility);
    // A contract of one version alone changed the type of a value, which was found there.
    for was in &old.handles {
        let is = new.handles.iter().find(|is| is.contract == was.contract);
        is.into_iter().for_each(|is| {
            compare_one(&old.of_handle(was), &new.of_handle(is), &mut compatibility);
        });
    }
    compatibility
}

/// Compares two versions of a contract without those of its handles.
fn compare_one(old: &Description, new: &Description, compatibility: &mut Compatibility) {
    let mut comparison = Comparison {
        old: Version::new(old),
        new: Version::new(new),
        graph: Graph::default(),
        found: Vec::new(),
    };
    comparison.contract();
    comparison.methods();
    let Comparison { graph, found, .. } = comparison;
    let values = Values::new(&graph);
    for (path, found) in found {
        match found {
            FoundMethod::Change(what, breaks) => compatibility.push(&path, what, breaks),
            FoundMethod::Value(pair) => {
                for difference in values.differences(pair, &path) {
                    compatibility.push(
                        &difference.path,
                        difference.what,
                        broken_by(difference.effect, pair.side),
                    );
                }
            }
        }
    }
}

/// A value breaks its receiver if the receiver's older version does not know the value.
fn broken_by(effect: Effect, receiver: Side) -> Breaks {
    let Effect { wider, narrower } = effect;
    match receiver {
        Side::Guest => Breaks { guests: wider, hosts: narrower },
        Side::Host => Breaks { guests: narrower, hosts: wider },
    }
}

impl Comparison<'_> {
    fn change(&mut self, path: &str, what: impl Into<String>, breaks: Breaks) {
        self.found.push((path.to_owned(), FoundMethod::Change(what.into(), breaks)));
    }

    fn contract(&mut self) {
        let (old, new) = (self.old.description, self.new.description);
        if old.contract != new.contract {
            let global = old.host && new.host;
            let what = format!("contract renamed to `{}`", new.contract);
            self.change(&old.contract, what, Breaks { guests: global, hosts: global });
        }
        if old.host && new.host && old.is_function != new.is_function {
            let what = if new.is_function { "a function" } else { "an object" };
            let both = Breaks { guests: true, hosts: true };
            self.change(&old.contract, format!("the global became {what}"), both);
        }
        for role in ROLES {
            let who = if role == Role::Guest { "guests" } else { "the host" };
            let needed =
                |description: &Description| description.methods.iter().any(|method| !method.optional);
            match (role.is_played(old), role.is_played(new)) {
                (true, false) => {
                    let breaks = role.added(needed(old)).swapped();
                    self.change(&old.contract, format!("{who} can no longer implement it"), breaks);
                }
                (false, true) => {
                    self.change(
                        &old.contract,
                        format!("{who} can now implement it"),
                        role.added(needed(new)),
                    );
                }
                _ => {}
            }
        }
    }

    /// Compares methods for the sides that implement both versions. The contract's changes report the other sides.
    fn methods(&mut self) {
        let (old, new) = (self.old.description, self.new.description);
        let roles: Vec<Role> =
            ROLES.into_iter().filter(|role| role.is_played(old) && role.is_played(new)).collect();
        for was in &old.methods {
            let path = format!("{}.{}", old.contract, was.name);
            for role in &roles {
                match self.new.method(&was.name) {
                    Some(is) => self.method(&path, was, is, *role),
                    None => {
                        self.change(&path, method_word(was, "removed"), role.added(!was.optional).swapped());
                    }
                }
            }
        }
        for is in new.methods.iter().filter(|is| old.methods.iter().all(|was| was.name != is.name)) {
            let path = format!("{}.{}", old.contract, is.name);
            for role in &roles {
                self.change(&path, method_word(is, "added"), role.added(!is.optional));
            }
        }
    }

    fn method(&mut self, path: &str, was: &MethodDescription, is: &MethodDescription, role: Role) {
        match (was.optional, is.optional) {
            (true, false) if role == Role::Guest => {
                self.change(path, "method became required", Breaks::guests(true));
            }
            (false, true) if role == Role::Guest => {
                self.change(path, "method became optional", Breaks::hosts(true));
            }
            _ => {}
        }
        match (was.is_async, is.is_async) {
            (false, true) => self.change(path, "method became asynchronous", role.promised()),
            (true, false) => self.change(path, "method became synchronous", role.promised().swapped()),
            _ => {}
        }
        match (was.is_cancellable, is.is_cancellable) {
            // A guest that calls the method may leave the signal out.
            (false, true) => self.change(path, "signal added", role.parameter_added(role == Role::Host)),
            (true, false) => {
                self.change(path, "signal removed", role.parameter_added(role == Role::Host).swapped());
            }
            _ => {}
        }
        if was.calls_back != is.calls_back {
            let what = if is.calls_back { "result is given by a callback" } else { "result is returned" };
            self.change(path, format!("{what} now"), Breaks { guests: true, hosts: true });
        }
        match (was.is_scoped, is.is_scoped) {
            // Scripts and hosts of the old version may keep the handles.
            (false, true) => self.change(path, "handles end with the call", Breaks::guests(true)),
            (true, false) => self.change(path, "handles outlive the call", Breaks::hosts(true)),
            _ => {}
        }
        for index in 0..was.params.len().max(is.params.len()) {
            self.param(path, was.params.get(index), is.params.get(index), role);
        }
        self.value(format!("{path} → result"), &was.returns, &is.returns, role.result());
    }

    /// Arguments are passed by position.
    fn param(
        &mut self,
        path: &str,
        was: Option<&ParamDescription>,
        is: Option<&ParamDescription>,
        role: Role,
    ) {
        let Some(name) = was.or(is).map(|param| &param.name) else { return };
        let path = format!("{path} → {name}");
        let side = role.arguments();
        match (was, is) {
            (Some(was), Some(is)) => {
                if was.name != is.name {
                    self.change(&path, format!("parameter renamed to `{}`", is.name), Breaks::default());
                }
                self.value(path, &was.schema, &is.schema, side);
            }
            (Some(was), None) => {
                let node = self.old.node(&was.schema, side, &mut self.graph);
                let breaks = role.parameter_added(self.graph.is_nullable(node)).swapped();
                self.change(&path, "parameter removed", breaks);
            }
            (None, Some(is)) => {
                let node = self.new.node(&is.schema, side, &mut self.graph);
                let breaks = role.parameter_added(self.graph.is_nullable(node));
                self.change(&path, "parameter added", breaks);
            }
            (None, None) => {}
        }
    }

    fn value(&mut self, path: String, was: &TypeDescription, is: &TypeDescription, side: Side) {
        let old = self.old.node(was, side, &mut self.graph);
        let new = self.new.node(is, side, &mut self.graph);
        self.found.push((path, FoundMethod::Value(Pair { old, new, side })));
    }
}

fn method_word(method: &MethodDescription, what: &str) -> String {
    format!("{}method {what}", if method.optional { "optional " } else { "" })
}
